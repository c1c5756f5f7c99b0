"""Many tests at once: p-values adjusted for their number."""

from alsutils.stats.multiplicity.adjustments import (
    AdjustedPValues,
    DoubleFdr,
    adjust_p_values,
    double_fdr,
)
from alsutils.stats.multiplicity.storey import QValues, storey_q
from alsutils.stats.multiplicity.ways import WayStatistics, way_statistics
from alsutils.stats.multiplicity.westfall_young import WestfallYoung, westfall_young

__all__ = [
    "AdjustedPValues",
    "DoubleFdr",
    "QValues",
    "WayStatistics",
    "WestfallYoung",
    "adjust_p_values",
    "double_fdr",
    "storey_q",
    "way_statistics",
    "westfall_young",
]
