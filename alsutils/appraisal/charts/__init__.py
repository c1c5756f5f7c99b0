"""Pictures for the appraisal."""

from alsutils.appraisal.charts.exaggeration import exaggeration
from alsutils.appraisal.charts.scale import standardised
from alsutils.appraisal.charts.scepticism import scepticism
from alsutils.appraisal.charts.worlds import telling

__all__ = [
    "exaggeration",
    "scepticism",
    "standardised",
    "telling",
]
