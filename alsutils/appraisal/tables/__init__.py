"""Tables for the appraisal."""

from alsutils.appraisal.tables.afterwards import afterwards
from alsutils.appraisal.tables.forensics import forensics
from alsutils.appraisal.tables.scepticism import scepticism
from alsutils.appraisal.tables.worlds import worlds

__all__ = [
    "afterwards",
    "forensics",
    "scepticism",
    "worlds",
]
