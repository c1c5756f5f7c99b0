"""Tables for the appraisal."""

from alsutils.appraisal.tables.afterwards import afterwards
from alsutils.appraisal.tables.arithmetic import arithmetic
from alsutils.appraisal.tables.forensics import forensics
from alsutils.appraisal.tables.scepticism import scepticism
from alsutils.appraisal.tables.specifications import choices, curve_test
from alsutils.appraisal.tables.strength import beliefs, evidence, fragility, outlook
from alsutils.appraisal.tables.worlds import worlds

__all__ = [
    "afterwards",
    "arithmetic",
    "beliefs",
    "choices",
    "curve_test",
    "evidence",
    "forensics",
    "fragility",
    "outlook",
    "scepticism",
    "worlds",
]
