"""Time to an event."""

from alsutils.survival import charts, sentences, tables
from alsutils.survival.analysis import curves, differences, follow_up, summaries
from alsutils.survival.hazards import hazard_ratios, log_rank_tests, power
from alsutils.survival.times import times

__all__ = [
    "charts",
    "curves",
    "differences",
    "follow_up",
    "hazard_ratios",
    "log_rank_tests",
    "power",
    "sentences",
    "summaries",
    "tables",
    "times",
]
