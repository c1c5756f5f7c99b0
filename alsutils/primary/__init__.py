"""The primary and secondary endpoints."""

from alsutils.primary import charts, sentences, tables
from alsutils.primary.analysis import (
    TESTS,
    adjusted,
    beside_print,
    domains,
    published_analysis,
    repeated_measures,
    trajectory,
    unadjusted,
)
from alsutils.primary.course import all_analyses, constrained, slopes
from alsutils.primary.dichotomy import cost_of_cutting, past_and_future
from alsutils.primary.estimands import estimands
from alsutils.primary.missing import assumptions, patterns, tipping
from alsutils.primary.multiplicity import multiplicity
from alsutils.primary.responders import responders
from alsutils.primary.scale import courses, extremes, items, stages
from alsutils.primary.together import together

__all__ = [
    "TESTS",
    "adjusted",
    "all_analyses",
    "assumptions",
    "beside_print",
    "charts",
    "constrained",
    "cost_of_cutting",
    "courses",
    "domains",
    "estimands",
    "extremes",
    "items",
    "multiplicity",
    "past_and_future",
    "patterns",
    "published_analysis",
    "repeated_measures",
    "responders",
    "sentences",
    "slopes",
    "stages",
    "tables",
    "tipping",
    "together",
    "trajectory",
    "unadjusted",
]
