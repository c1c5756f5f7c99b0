"""Adverse events: who had them, how the arms compare, and what may have gone unseen."""

from alsutils.safety import charts, sentences, tables
from alsutils.safety.analysis import (
    incidence,
    overview,
    serious_listing,
    severity,
)
from alsutils.safety.chance import multiplicity, unseen
from alsutils.safety.exposure import rates

__all__ = [
    "charts",
    "incidence",
    "multiplicity",
    "overview",
    "rates",
    "sentences",
    "serious_listing",
    "severity",
    "tables",
    "unseen",
]
