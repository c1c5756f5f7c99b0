"""The whole trial weighed."""

from alsutils.appraisal import charts, sentences, tables
from alsutils.appraisal.afterwards import afterwards
from alsutils.appraisal.analysis import exaggeration, exposure, forensics, scepticism, standardised
from alsutils.appraisal.worlds import divergence, worlds

__all__ = [
    "afterwards",
    "charts",
    "divergence",
    "exaggeration",
    "exposure",
    "forensics",
    "scepticism",
    "sentences",
    "standardised",
    "tables",
    "worlds",
]
