"""The primary and secondary endpoints."""

from alsutils.primary import charts, sentences, tables
from alsutils.primary.analysis import (
    TESTS,
    adjusted,
    all_analyses,
    beside_print,
    domains,
    published_analysis,
    repeated_measures,
    responders,
    trajectory,
    unadjusted,
)

__all__ = [
    "TESTS",
    "adjusted",
    "all_analyses",
    "beside_print",
    "charts",
    "domains",
    "published_analysis",
    "repeated_measures",
    "responders",
    "sentences",
    "tables",
    "trajectory",
    "unadjusted",
]
