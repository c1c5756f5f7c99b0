"""Pictures for the appraisal."""

from alsutils.appraisal.charts.exaggeration import exaggeration
from alsutils.appraisal.charts.scale import standardised
from alsutils.appraisal.charts.scepticism import scepticism

__all__ = ["exaggeration", "scepticism", "standardised"]
