"""Tables of the chapter on the design."""

from alsutils.design.tables.balance import baseline, lead_in
from alsutils.design.tables.course import attendance, facts, flow
from alsutils.design.tables.interim import (
    boundary_costs,
    conditional_power,
    interim_looks,
    interim_outcomes,
    reestimation,
)
from alsutils.design.tables.next_trial import beliefs, later_trials
from alsutils.design.tables.operating import operating, worlds
from alsutils.design.tables.power import detectable
from alsutils.design.tables.randomisation import randomisation_methods, randomisation_test
from alsutils.design.tables.sample_size import event_sizes, sample_sizes
from alsutils.design.tables.schedule import schedule

__all__ = [
    "attendance",
    "baseline",
    "beliefs",
    "boundary_costs",
    "conditional_power",
    "detectable",
    "event_sizes",
    "facts",
    "flow",
    "interim_looks",
    "interim_outcomes",
    "later_trials",
    "lead_in",
    "operating",
    "randomisation_methods",
    "randomisation_test",
    "reestimation",
    "sample_sizes",
    "schedule",
    "worlds",
]
