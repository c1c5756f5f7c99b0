"""Survival curves, what is read off them, and tests that compare them."""

from alsutils.stats.survival.curves import (
    Quantile,
    Quantiles,
    SurvivalCurve,
    at_risk,
    kaplan_meier,
    median_follow_up,
    quantile,
    quantiles,
    reverse_kaplan_meier,
    survival_at,
    survival_difference,
    survival_differences,
)
from alsutils.stats.survival.means import (
    common_horizon,
    restricted_mean,
    restricted_mean_difference,
    restricted_mean_ratio,
)
from alsutils.stats.survival.times import Estimate, Times, TimesError, checked_times

__all__ = [
    "Estimate",
    "Quantile",
    "Quantiles",
    "SurvivalCurve",
    "Times",
    "TimesError",
    "at_risk",
    "checked_times",
    "common_horizon",
    "kaplan_meier",
    "median_follow_up",
    "quantile",
    "quantiles",
    "restricted_mean",
    "restricted_mean_difference",
    "restricted_mean_ratio",
    "reverse_kaplan_meier",
    "survival_at",
    "survival_difference",
    "survival_differences",
]
