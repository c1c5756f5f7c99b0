"""Pictures of the time to an event."""

from alsutils.survival.charts.absence import beliefs, inside
from alsutils.survival.charts.checks import changing, fitting, forms
from alsutils.survival.charts.comparisons import gains
from alsutils.survival.charts.curves import curves
from alsutils.survival.charts.events import competing, definitions, states
from alsutils.survival.charts.hazards import covariates, hazard_ratios
from alsutils.survival.charts.joint import joint
from alsutils.survival.charts.published import read_back
from alsutils.survival.charts.traps import tipping, trap

__all__ = [
    "beliefs",
    "changing",
    "competing",
    "covariates",
    "curves",
    "definitions",
    "fitting",
    "forms",
    "gains",
    "hazard_ratios",
    "inside",
    "joint",
    "read_back",
    "states",
    "tipping",
    "trap",
]
