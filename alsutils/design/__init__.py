"""How the trial was run: its patients, the balance of its arms, and what it could have found."""

from alsutils.design import charts, sentences, tables
from alsutils.design.analysis import baseline, detectable, facts, lead_in
from alsutils.design.course import allocation, attendance, flow
from alsutils.design.interim import interim_looks, stopping_bias
from alsutils.design.looks import boundary_choices, peeking, reestimation
from alsutils.design.next_trial import next_trial
from alsutils.design.operating import operating
from alsutils.design.randomisation import (
    randomisation_methods,
    randomisation_test,
    redrawn_arms,
)
from alsutils.design.sample_size import event_sizes, sample_sizes
from alsutils.design.schedule import schedule

__all__ = [
    "allocation",
    "attendance",
    "baseline",
    "boundary_choices",
    "charts",
    "detectable",
    "event_sizes",
    "facts",
    "flow",
    "interim_looks",
    "lead_in",
    "next_trial",
    "operating",
    "peeking",
    "randomisation_methods",
    "randomisation_test",
    "redrawn_arms",
    "reestimation",
    "sample_sizes",
    "schedule",
    "sentences",
    "stopping_bias",
    "tables",
]
