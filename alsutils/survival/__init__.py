"""Time to an event."""

from alsutils.survival import charts, sentences, tables
from alsutils.survival.absence import beliefs, inside, power, second_generation
from alsutils.survival.analysis import curves, differences, follow_up, summaries
from alsutils.survival.checks import changing, fitting
from alsutils.survival.comparisons import curve_tests, gains, log_rank_tests
from alsutils.survival.events import competing, definitions, states
from alsutils.survival.hazards import covariates, hazard_ratios, models
from alsutils.survival.joint import decline_and_death, simulated_decline
from alsutils.survival.published import read_back
from alsutils.survival.times import times
from alsutils.survival.traps import doubted_censoring, trap

__all__ = [
    "beliefs",
    "changing",
    "charts",
    "competing",
    "covariates",
    "curve_tests",
    "curves",
    "decline_and_death",
    "definitions",
    "differences",
    "doubted_censoring",
    "fitting",
    "follow_up",
    "gains",
    "hazard_ratios",
    "inside",
    "log_rank_tests",
    "models",
    "power",
    "read_back",
    "second_generation",
    "sentences",
    "simulated_decline",
    "states",
    "summaries",
    "tables",
    "times",
    "trap",
]
