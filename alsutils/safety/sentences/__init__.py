"""What the chapter on safety finds, in words."""

from alsutils.safety.sentences.chance import false_discovery, multiplicity, shrinkage, unseen
from alsutils.safety.sentences.exposure import rates
from alsutils.safety.sentences.incidence import incidence, overview
from alsutils.safety.sentences.laboratory import hys_law, laboratory, vital_signs
from alsutils.safety.sentences.measures import measures, stratified
from alsutils.safety.sentences.periods import ascertainment, periods
from alsutils.safety.sentences.serious import serious
from alsutils.safety.sentences.summary import key_points
from alsutils.safety.sentences.times import course, first_events

__all__ = [
    "ascertainment",
    "course",
    "false_discovery",
    "first_events",
    "hys_law",
    "incidence",
    "key_points",
    "laboratory",
    "measures",
    "multiplicity",
    "overview",
    "periods",
    "rates",
    "serious",
    "shrinkage",
    "stratified",
    "unseen",
    "vital_signs",
]
