"""What the chapter on the design finds, in words."""

from alsutils.design.sentences.balance import baseline, lead_in
from alsutils.design.sentences.course import allocation, attendance, departures, facts, flow
from alsutils.design.sentences.interim import (
    interim,
    interim_looks,
    interim_plan,
    peeking,
    reestimation,
    stopping_bias,
)
from alsutils.design.sentences.next_trial import later_trials, next_trial, open_label_bias
from alsutils.design.sentences.operating import operating
from alsutils.design.sentences.power import detectable
from alsutils.design.sentences.randomisation import (
    randomisation_methods,
    randomisation_test,
    redrawn,
)
from alsutils.design.sentences.sample_size import (
    event_sizes,
    sample_size_point,
    sample_sizes,
)
from alsutils.design.sentences.schedule import schedule
from alsutils.design.sentences.summary import key_points

__all__ = [
    "allocation",
    "attendance",
    "baseline",
    "departures",
    "detectable",
    "event_sizes",
    "facts",
    "flow",
    "interim",
    "interim_looks",
    "interim_plan",
    "key_points",
    "later_trials",
    "lead_in",
    "next_trial",
    "open_label_bias",
    "operating",
    "peeking",
    "randomisation_methods",
    "randomisation_test",
    "redrawn",
    "reestimation",
    "sample_size_point",
    "sample_sizes",
    "schedule",
    "stopping_bias",
]
