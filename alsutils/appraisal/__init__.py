"""The whole trial weighed."""

from alsutils.appraisal import charts, sentences, tables
from alsutils.appraisal.analysis import exaggeration, forensics, scepticism, standardised

__all__ = [
    "charts",
    "exaggeration",
    "forensics",
    "scepticism",
    "sentences",
    "standardised",
    "tables",
]
