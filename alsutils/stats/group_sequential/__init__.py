"""Group-sequential and adaptive designs: boundaries, power, inference and conditional power."""

from alsutils.stats.group_sequential.adaptive import (
    PromisingZone,
    inverse_normal,
    reestimation_probabilities,
    simulate_reestimation,
)
from alsutils.stats.group_sequential.boundaries import (
    Boundaries,
    classical_boundaries,
    spending_boundaries,
    unadjusted_boundaries,
    with_futility,
)
from alsutils.stats.group_sequential.conditional import (
    conditional_power,
    conditional_power_futility,
    predictive_power,
)
from alsutils.stats.group_sequential.design import (
    Design,
    beta_spending_design,
    group_sequential_design,
    operating_characteristics,
)
from alsutils.stats.group_sequential.inference import (
    EstimateAtStopping,
    StoppedEstimate,
    estimate_at_stopping,
    repeated_intervals,
    stopped_estimate,
)
from alsutils.stats.group_sequential.integration import (
    Crossing,
    SequentialError,
    crossing_probabilities,
)
from alsutils.stats.group_sequential.monitoring import (
    LookEstimates,
    estimates_at_looks,
    model_matrix,
)
from alsutils.stats.group_sequential.simulation import (
    StoppedTrials,
    simulate_paths,
    stop_trials,
)
from alsutils.stats.group_sequential.spending import Spending

__all__ = [
    "Boundaries",
    "Crossing",
    "Design",
    "EstimateAtStopping",
    "LookEstimates",
    "PromisingZone",
    "SequentialError",
    "Spending",
    "StoppedEstimate",
    "StoppedTrials",
    "beta_spending_design",
    "classical_boundaries",
    "conditional_power",
    "conditional_power_futility",
    "crossing_probabilities",
    "estimate_at_stopping",
    "estimates_at_looks",
    "group_sequential_design",
    "inverse_normal",
    "model_matrix",
    "operating_characteristics",
    "predictive_power",
    "reestimation_probabilities",
    "repeated_intervals",
    "simulate_paths",
    "simulate_reestimation",
    "spending_boundaries",
    "stop_trials",
    "stopped_estimate",
    "unadjusted_boundaries",
    "with_futility",
]
