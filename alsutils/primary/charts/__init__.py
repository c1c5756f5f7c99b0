"""Pictures of the primary endpoint."""

from alsutils.primary.charts.course import courses, domains, trajectory
from alsutils.primary.charts.differences import forest
from alsutils.primary.charts.family import level_graph
from alsutils.primary.charts.missing import assumptions, missing_patterns, tipping
from alsutils.primary.charts.responders import cost_of_cutting, responders
from alsutils.primary.charts.scale import extremes, items, stages
from alsutils.primary.charts.slopes import past_and_future, thirds
from alsutils.primary.charts.together import pairs

__all__ = [
    "assumptions",
    "cost_of_cutting",
    "courses",
    "domains",
    "extremes",
    "forest",
    "items",
    "level_graph",
    "missing_patterns",
    "pairs",
    "past_and_future",
    "responders",
    "stages",
    "thirds",
    "tipping",
    "trajectory",
]
