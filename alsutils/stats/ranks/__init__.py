"""Groups compared by ranks, with ties, strata and values below a limit."""

from alsutils.stats.ranks.comparison import RankComparison, rank_comparison

__all__ = ["RankComparison", "rank_comparison"]
