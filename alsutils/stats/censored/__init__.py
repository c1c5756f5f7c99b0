"""Measurements of which some are only known to lie below a limit of quantification.

A regression that takes such a value as just that (`censored_regression`, `interval_regression`),
the distribution without a model (`flipped_kaplan_meier`), imputation (`impute_censored`), the ratio
of geometric means between arms (`geometric_ratio`; at several visits `repeated_ratio`), and what
writing a number in place of the value does (`substitution_bias`).
"""

from alsutils.stats.censored.distribution import LowCurve, flipped_kaplan_meier
from alsutils.stats.censored.imputation import CensoredImputations, impute_censored
from alsutils.stats.censored.ratio import GeometricRatio, geometric_ratio
from alsutils.stats.censored.regression import (
    CensoredFit,
    CensoredFitError,
    ManyCensoredFits,
    censored_regression,
    interval_regression,
    many_censored_fits,
)
from alsutils.stats.censored.repeated import RepeatedRatio, repeated_ratio
from alsutils.stats.censored.substitution import (
    SUBSTITUTES,
    SubstitutionBias,
    substitute,
    substitution_bias,
)

__all__ = [
    "SUBSTITUTES",
    "CensoredFit",
    "CensoredFitError",
    "CensoredImputations",
    "GeometricRatio",
    "LowCurve",
    "ManyCensoredFits",
    "RepeatedRatio",
    "SubstitutionBias",
    "censored_regression",
    "flipped_kaplan_meier",
    "geometric_ratio",
    "impute_censored",
    "interval_regression",
    "many_censored_fits",
    "repeated_ratio",
    "substitute",
    "substitution_bias",
]
