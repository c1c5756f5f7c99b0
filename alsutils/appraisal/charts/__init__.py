"""Pictures for the appraisal."""

from alsutils.appraisal.charts.bias import risk_of_bias
from alsutils.appraisal.charts.exaggeration import exaggeration
from alsutils.appraisal.charts.scale import standardised
from alsutils.appraisal.charts.scepticism import scepticism
from alsutils.appraisal.charts.specifications import specifications
from alsutils.appraisal.charts.strength import beliefs
from alsutils.appraisal.charts.worlds import telling

__all__ = [
    "beliefs",
    "exaggeration",
    "risk_of_bias",
    "scepticism",
    "specifications",
    "standardised",
    "telling",
]
