"""Shares of patients: limits, differences and ratios between two arms, and what chance brings.

Every method takes one fourfold table or thousands at once::

    from alsutils.stats.proportions import compare_risks, share_limits

    compare_risks(counts)           # a row a term: differences, ratios, odds ratios, tests
    share_limits(events, n).frame   # shares of one arm with exact and Wilson limits
    stratified_risks(counts, "term")    # Mantel-Haenszel, a row a stratum
"""

from alsutils.stats.proportions.boschloo import boschloo_tests
from alsutils.stats.proportions.comparison import (
    COMPARISON_COLUMNS,
    RiskDifference,
    compare_risks,
    risk_difference,
)
from alsutils.stats.proportions.exact import (
    FisherTests,
    OddsRatios,
    fisher_attainable_level,
    fisher_tests,
    odds_ratios,
)
from alsutils.stats.proportions.score import (
    agresti_caffo_limits,
    miettinen_nurminen_interval,
    miettinen_nurminen_limits,
    newcombe_interval,
    newcombe_limits,
    ratio_score_limits,
    ratio_wald_limits,
)
from alsutils.stats.proportions.shares import (
    Interval,
    Shares,
    ZeroEventLimit,
    exact_interval,
    share_limits,
    zero_event_limit,
)
from alsutils.stats.proportions.stratified import STRATIFIED_COLUMNS, stratified_risks
from alsutils.stats.proportions.tables import COUNT_COLUMNS, Limits, Tables

__all__ = [
    "COMPARISON_COLUMNS",
    "COUNT_COLUMNS",
    "STRATIFIED_COLUMNS",
    "FisherTests",
    "Interval",
    "Limits",
    "OddsRatios",
    "RiskDifference",
    "Shares",
    "Tables",
    "ZeroEventLimit",
    "agresti_caffo_limits",
    "boschloo_tests",
    "compare_risks",
    "exact_interval",
    "fisher_attainable_level",
    "fisher_tests",
    "miettinen_nurminen_interval",
    "miettinen_nurminen_limits",
    "newcombe_interval",
    "newcombe_limits",
    "odds_ratios",
    "ratio_score_limits",
    "ratio_wald_limits",
    "risk_difference",
    "share_limits",
    "stratified_risks",
    "zero_event_limit",
]
