"""What the trial can and cannot say, in sentences that read the results."""

from alsutils.appraisal.sentences.afterwards import afterwards
from alsutils.appraisal.sentences.arithmetic import arithmetic
from alsutils.appraisal.sentences.bias import risk_of_bias
from alsutils.appraisal.sentences.checklist import checklist, checklist_summary
from alsutils.appraisal.sentences.forensics import forensics
from alsutils.appraisal.sentences.limits import limits
from alsutils.appraisal.sentences.plain import plain_summary
from alsutils.appraisal.sentences.scale import by_measurement
from alsutils.appraisal.sentences.scepticism import scepticism
from alsutils.appraisal.sentences.specifications import (
    curve_test,
    specifications,
    weightiest_choice,
)
from alsutils.appraisal.sentences.strength import beliefs, evidence
from alsutils.appraisal.sentences.summary import key_points
from alsutils.appraisal.sentences.worlds import (
    bias_needed,
    divergence,
    telling,
    world_curves,
    worlds,
)

__all__ = [
    "afterwards",
    "arithmetic",
    "beliefs",
    "bias_needed",
    "by_measurement",
    "checklist",
    "checklist_summary",
    "curve_test",
    "divergence",
    "evidence",
    "forensics",
    "key_points",
    "limits",
    "plain_summary",
    "risk_of_bias",
    "scepticism",
    "specifications",
    "telling",
    "weightiest_choice",
    "world_curves",
    "worlds",
]
