"""How strong one estimate is as evidence, seen from several sides."""

from alsutils.stats.strength.bias import EValue, e_value, e_value_of_difference
from alsutils.stats.strength.errors import DesignErrors, design_errors
from alsutils.stats.strength.false_positive import FalsePositiveRisk, false_positive_risk
from alsutils.stats.strength.fragility import (
    ContinuousFragility,
    Fragility,
    continuous_fragility,
    fragility_index,
)
from alsutils.stats.strength.priors import (
    Posterior,
    intrinsic_p,
    normal_posterior,
    sceptical_prior_sd,
)
from alsutils.stats.strength.replication import Replication, replication

__all__ = [
    "ContinuousFragility",
    "DesignErrors",
    "EValue",
    "FalsePositiveRisk",
    "Fragility",
    "Posterior",
    "Replication",
    "continuous_fragility",
    "design_errors",
    "e_value",
    "e_value_of_difference",
    "false_positive_risk",
    "fragility_index",
    "intrinsic_p",
    "normal_posterior",
    "replication",
    "sceptical_prior_sd",
]
