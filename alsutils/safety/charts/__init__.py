"""Pictures of adverse events."""

from alsutils.safety.charts.chance import shrinkage, unseen
from alsutils.safety.charts.incidence import dots, volcano
from alsutils.safety.charts.laboratory import hys_law
from alsutils.safety.charts.periods import since
from alsutils.safety.charts.severity import severity
from alsutils.safety.charts.times import course, first_events, timelines

__all__ = [
    "course",
    "dots",
    "first_events",
    "hys_law",
    "severity",
    "shrinkage",
    "since",
    "timelines",
    "unseen",
    "volcano",
]
