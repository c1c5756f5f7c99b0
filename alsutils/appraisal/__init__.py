"""The whole trial weighed."""

from alsutils.appraisal import charts, sentences, tables
from alsutils.appraisal.analysis import exaggeration, exposure, forensics, scepticism, standardised

__all__ = [
    "charts",
    "exaggeration",
    "exposure",
    "forensics",
    "scepticism",
    "sentences",
    "standardised",
    "tables",
]
