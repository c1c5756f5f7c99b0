"""Pictures of the time to an event."""

from alsutils.survival.charts.checks import changing, fitting, forms
from alsutils.survival.charts.comparisons import gains
from alsutils.survival.charts.curves import curves
from alsutils.survival.charts.events import competing, definitions, states
from alsutils.survival.charts.hazards import covariates, hazard_ratios

__all__ = [
    "changing",
    "competing",
    "covariates",
    "curves",
    "definitions",
    "fitting",
    "forms",
    "gains",
    "hazard_ratios",
    "states",
]
