"""Missing outcomes: who misses what, and what the comparison says if they are filled in.

Nothing in the data says whether patients who left went on as those who stayed. Each analysis here
answers under one assumption about it, so that the answers can be laid side by side::

    from alsutils.stats.imputation import conditional_mean_imputation

    result = conditional_mean_imputation(
        data, outcome="CHG", subject="USUBJID", visit="AVISIT", arm="TRT01P",
        covariates=["BASE"], strategy="J2R",
    )
    result.frame
"""

from alsutils.stats.imputation.comparators import (
    SimpleAnalysis,
    available_cases,
    completers,
    last_observation_carried_forward,
)
from alsutils.stats.imputation.conditional_mean import (
    ConditionalMeanImputation,
    conditional_mean_imputation,
)
from alsutils.stats.imputation.multiple import MultipleImputation, multiple_imputation
from alsutils.stats.imputation.patterns import MissingPatterns, missing_patterns
from alsutils.stats.imputation.rubin import Pooled, rubins_rules
from alsutils.stats.imputation.tipping import TippingPoint, tipping_point
from alsutils.stats.imputation.trial import STRATEGIES, ImputationError

__all__ = [
    "STRATEGIES",
    "ConditionalMeanImputation",
    "ImputationError",
    "MissingPatterns",
    "MultipleImputation",
    "Pooled",
    "SimpleAnalysis",
    "TippingPoint",
    "available_cases",
    "completers",
    "conditional_mean_imputation",
    "last_observation_carried_forward",
    "missing_patterns",
    "multiple_imputation",
    "rubins_rules",
    "tipping_point",
]
