"""Time to an event."""

from alsutils.survival import charts, sentences, tables
from alsutils.survival.absence import power
from alsutils.survival.analysis import curves, differences, follow_up, summaries
from alsutils.survival.checks import changing, fitting
from alsutils.survival.comparisons import curve_tests, gains, log_rank_tests
from alsutils.survival.events import competing, definitions, states
from alsutils.survival.hazards import covariates, hazard_ratios, models
from alsutils.survival.times import times

__all__ = [
    "changing",
    "charts",
    "competing",
    "covariates",
    "curve_tests",
    "curves",
    "definitions",
    "differences",
    "fitting",
    "follow_up",
    "gains",
    "hazard_ratios",
    "log_rank_tests",
    "models",
    "power",
    "sentences",
    "states",
    "summaries",
    "tables",
    "times",
]
