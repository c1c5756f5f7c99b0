"""The whole trial weighed."""

from alsutils.appraisal import charts, sentences, tables
from alsutils.appraisal.afterwards import afterwards
from alsutils.appraisal.analysis import exaggeration, exposure, forensics, scepticism, standardised
from alsutils.appraisal.arithmetic import arithmetic
from alsutils.appraisal.bias import risk_of_bias
from alsutils.appraisal.checklist import checklist
from alsutils.appraisal.plain import plain_facts
from alsutils.appraisal.specifications import specifications
from alsutils.appraisal.strength import strength
from alsutils.appraisal.worlds import divergence, world_curves, worlds

__all__ = [
    "afterwards",
    "arithmetic",
    "charts",
    "checklist",
    "divergence",
    "exaggeration",
    "exposure",
    "forensics",
    "plain_facts",
    "risk_of_bias",
    "scepticism",
    "sentences",
    "specifications",
    "standardised",
    "strength",
    "tables",
    "world_curves",
    "worlds",
]
