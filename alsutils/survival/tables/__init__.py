"""Tables of the time to an event."""

from alsutils.survival.tables.absence import beliefs, inside, power
from alsutils.survival.tables.checks import changing, groups
from alsutils.survival.tables.comparisons import curve_tests
from alsutils.survival.tables.curves import follow_up, means, summaries
from alsutils.survival.tables.events import competing, definitions, incidence
from alsutils.survival.tables.hazards import covariates, hazard_ratios, models
from alsutils.survival.tables.joint import joint
from alsutils.survival.tables.published import clicks, read_back

__all__ = [
    "beliefs",
    "changing",
    "clicks",
    "competing",
    "covariates",
    "curve_tests",
    "definitions",
    "follow_up",
    "groups",
    "hazard_ratios",
    "incidence",
    "inside",
    "joint",
    "means",
    "models",
    "power",
    "read_back",
    "summaries",
]
