"""Sample size and power: closed forms, and operating characteristics by simulation.

A plan is an object that says what a test measures and how much patients scatter: `MeanTest` (made
by hand or by `ancova`, `change_score`, `mmrm`, `mean_of_visits`, `slope_test`), `ShareTest` or
`HazardTest`. Its method ``power`` takes the effect and the arms; `sample_size` and
`detectable_effect` turn the question round::

    plan = ancova(sd=4, correlation=0.5)
    plan.power(effect=2, n_control=30, n_treated=30)
    sample_size(plan, effect=2, power=0.9, dropout=0.15)
    detectable_effect(plan, n_control=30, n_treated=30)

`operating_characteristics` simulates the trials of a scenario and analyses each in several ways.
"""

from alsutils.stats.power.analyses import ANALYSES
from alsutils.stats.power.events import (
    EventPower,
    HazardTest,
    events_needed,
    events_power,
    power_of_events,
)
from alsutils.stats.power.level import Level
from alsutils.stats.power.means import MeanTest, ancova, change_score, pooled_sd
from alsutils.stats.power.operating import OperatingCharacteristics, operating_characteristics
from alsutils.stats.power.planning import (
    Effects,
    Plan,
    SampleSize,
    detectable_effect,
    sample_size,
)
from alsutils.stats.power.proportions import ShareTest
from alsutils.stats.power.repeated import compound_symmetry, given_baseline, mean_of_visits, mmrm
from alsutils.stats.power.slopes import SlopeSpread, slope_spread, slope_test

__all__ = [
    "ANALYSES",
    "Effects",
    "EventPower",
    "HazardTest",
    "Level",
    "MeanTest",
    "OperatingCharacteristics",
    "Plan",
    "SampleSize",
    "ShareTest",
    "SlopeSpread",
    "ancova",
    "change_score",
    "compound_symmetry",
    "detectable_effect",
    "events_needed",
    "events_power",
    "given_baseline",
    "mean_of_visits",
    "mmrm",
    "operating_characteristics",
    "pooled_sd",
    "power_of_events",
    "sample_size",
    "slope_spread",
    "slope_test",
]
