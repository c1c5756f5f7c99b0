"""The specification curve: one question answered in every defensible way at once."""

from alsutils.stats.specifications.curve import (
    CurveTest,
    Specification,
    SpecificationCurve,
    distinct,
    specification_curve,
)
from alsutils.stats.specifications.models import (
    Fits,
    pairwise,
    pooled,
    repeated,
    spread_within,
    welch,
)
from alsutils.stats.specifications.rules import (
    carried_forward,
    filled_with,
    influential_left_out,
    trimmed,
    winsorised,
)

__all__ = [
    "CurveTest",
    "Fits",
    "Specification",
    "SpecificationCurve",
    "carried_forward",
    "distinct",
    "filled_with",
    "influential_left_out",
    "pairwise",
    "pooled",
    "repeated",
    "specification_curve",
    "spread_within",
    "trimmed",
    "welch",
    "winsorised",
]
