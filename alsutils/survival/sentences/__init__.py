"""What the times to an event show, in words."""

from alsutils.survival.sentences.absence import beliefs, exclusions, second_generation
from alsutils.survival.sentences.checks import changing, fitting, proportionality
from alsutils.survival.sentences.comparisons import curve_tests, gains, log_rank
from alsutils.survival.sentences.curves import bands, differences, follow_up, medians
from alsutils.survival.sentences.events import competing, definitions
from alsutils.survival.sentences.hazards import covariates, hazard_ratios, models
from alsutils.survival.sentences.joint import joint
from alsutils.survival.sentences.published import read_back
from alsutils.survival.sentences.summary import key_points
from alsutils.survival.sentences.traps import tipping, trap

__all__ = [
    "bands",
    "beliefs",
    "changing",
    "competing",
    "covariates",
    "curve_tests",
    "definitions",
    "differences",
    "exclusions",
    "fitting",
    "follow_up",
    "gains",
    "hazard_ratios",
    "joint",
    "key_points",
    "log_rank",
    "medians",
    "models",
    "proportionality",
    "read_back",
    "second_generation",
    "tipping",
    "trap",
]
