"""Groups compared by ranks, with ties, strata and values below a limit."""

from alsutils.stats.ranks.comparison import RankComparison, rank_comparison
from alsutils.stats.ranks.limits import RankTest, generalised_wilcoxon, wilcoxon_at_limit
from alsutils.stats.ranks.shift import Shift, hodges_lehmann
from alsutils.stats.ranks.stratified import VanElteren, van_elteren

__all__ = [
    "RankComparison",
    "RankTest",
    "Shift",
    "VanElteren",
    "generalised_wilcoxon",
    "hodges_lehmann",
    "rank_comparison",
    "van_elteren",
    "wilcoxon_at_limit",
]
