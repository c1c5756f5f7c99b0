"""Survival curves, what is read off them, and tests that compare them."""

from alsutils.stats.survival.bands import (
    Band,
    BandError,
    band_critical_value,
    simultaneous_band,
)
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
from alsutils.stats.survival.lost import restricted_time_lost, restricted_time_lost_difference
from alsutils.stats.survival.means import (
    common_horizon,
    restricted_mean,
    restricted_mean_difference,
    restricted_mean_ratio,
)
from alsutils.stats.survival.permutation import SurvivalPermutation, permutation_test
from alsutils.stats.survival.reconstruction import (
    Reconstruction,
    ReconstructionError,
    click_curve,
    reconstruct,
)
from alsutils.stats.survival.times import Estimate, Times, TimesError, checked_times
from alsutils.stats.survival.weighted import (
    LogRank,
    MaxCombo,
    log_rank,
    max_combo,
    weighted_log_rank,
)

__all__ = [
    "Band",
    "BandError",
    "Estimate",
    "LogRank",
    "MaxCombo",
    "Quantile",
    "Quantiles",
    "Reconstruction",
    "ReconstructionError",
    "SurvivalCurve",
    "SurvivalPermutation",
    "Times",
    "TimesError",
    "at_risk",
    "band_critical_value",
    "checked_times",
    "click_curve",
    "common_horizon",
    "kaplan_meier",
    "log_rank",
    "max_combo",
    "median_follow_up",
    "permutation_test",
    "quantile",
    "quantiles",
    "reconstruct",
    "restricted_mean",
    "restricted_mean_difference",
    "restricted_mean_ratio",
    "restricted_time_lost",
    "restricted_time_lost_difference",
    "reverse_kaplan_meier",
    "simultaneous_band",
    "survival_at",
    "survival_difference",
    "survival_differences",
    "weighted_log_rank",
]
