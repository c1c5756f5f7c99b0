"""How the trial was run: its patients, the balance of its arms, and what it could have found."""

from alsutils.design import charts, sentences, tables
from alsutils.design.analysis import baseline, detectable, facts, lead_in
from alsutils.design.course import allocation, attendance, flow
from alsutils.design.randomisation import randomisation_methods, randomisation_test
from alsutils.design.schedule import schedule

__all__ = [
    "allocation",
    "attendance",
    "baseline",
    "charts",
    "detectable",
    "facts",
    "flow",
    "lead_in",
    "randomisation_methods",
    "randomisation_test",
    "schedule",
    "sentences",
    "tables",
]
