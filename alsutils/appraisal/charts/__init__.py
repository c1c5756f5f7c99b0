"""Pictures for the appraisal."""

from alsutils.appraisal.charts.bias import risk_of_bias
from alsutils.appraisal.charts.exaggeration import exaggeration
from alsutils.appraisal.charts.scale import standardised
from alsutils.appraisal.charts.scepticism import scepticism
from alsutils.appraisal.charts.worlds import telling

__all__ = [
    "exaggeration",
    "risk_of_bias",
    "scepticism",
    "standardised",
    "telling",
]
