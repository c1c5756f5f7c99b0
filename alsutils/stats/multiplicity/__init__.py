"""Many tests at once: p-values adjusted for their number."""

from alsutils.stats.multiplicity.adjustments import (
    AdjustedPValues,
    DoubleFdr,
    adjust_p_values,
    double_fdr,
)

__all__ = ["AdjustedPValues", "DoubleFdr", "adjust_p_values", "double_fdr"]
