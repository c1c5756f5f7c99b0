"""Adverse events: who had them, how the arms compare, and what may have gone unseen."""

from alsutils.safety import charts, sentences, tables
from alsutils.safety.analysis import incidence, overview
from alsutils.safety.chance import false_discovery, multiplicity, unseen
from alsutils.safety.exposure import rates
from alsutils.safety.followup import follow_up
from alsutils.safety.grades import serious_listing, severity
from alsutils.safety.laboratory import hys_law, laboratory, vital_signs
from alsutils.safety.measures import measures, stratified
from alsutils.safety.periods import ascertainment, periods
from alsutils.safety.shrinkage import shrinkage
from alsutils.safety.times import course, first_events, timelines
from alsutils.safety.vital import vital_status

__all__ = [
    "ascertainment",
    "charts",
    "course",
    "false_discovery",
    "first_events",
    "follow_up",
    "hys_law",
    "incidence",
    "laboratory",
    "measures",
    "multiplicity",
    "overview",
    "periods",
    "rates",
    "sentences",
    "serious_listing",
    "severity",
    "shrinkage",
    "stratified",
    "tables",
    "timelines",
    "unseen",
    "vital_signs",
    "vital_status",
]
