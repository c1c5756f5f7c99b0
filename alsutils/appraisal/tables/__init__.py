"""Tables for the appraisal."""

from alsutils.appraisal.tables.forensics import forensics
from alsutils.appraisal.tables.scepticism import scepticism

__all__ = ["forensics", "scepticism"]
