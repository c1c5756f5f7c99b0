"""Tables of the chapter on the design."""

from alsutils.design.tables.balance import baseline, lead_in
from alsutils.design.tables.course import attendance, facts, flow
from alsutils.design.tables.next_trial import beliefs, later_trials
from alsutils.design.tables.power import detectable
from alsutils.design.tables.randomisation import randomisation_methods, randomisation_test
from alsutils.design.tables.sample_size import event_sizes, sample_sizes
from alsutils.design.tables.schedule import schedule

__all__ = [
    "attendance",
    "baseline",
    "beliefs",
    "detectable",
    "event_sizes",
    "facts",
    "flow",
    "later_trials",
    "lead_in",
    "randomisation_methods",
    "randomisation_test",
    "sample_sizes",
    "schedule",
]
