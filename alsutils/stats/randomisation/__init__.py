"""Randomisation: drawing the arms of a trial, and what each way of drawing them brings."""

from alsutils.stats.randomisation.properties import (
    Guesses,
    Properties,
    convergence_guesses,
    imbalance,
    properties,
    rule_guesses,
)
from alsutils.stats.randomisation.schemes import Method, Scheme, strata
from alsutils.stats.randomisation.sequences import (
    Arms,
    Measure,
    minimisation,
    permuted_blocks,
    simple,
    stratified_blocks,
)

__all__ = [
    "Arms",
    "Guesses",
    "Measure",
    "Method",
    "Properties",
    "Scheme",
    "convergence_guesses",
    "imbalance",
    "minimisation",
    "permuted_blocks",
    "properties",
    "rule_guesses",
    "simple",
    "strata",
    "stratified_blocks",
]
