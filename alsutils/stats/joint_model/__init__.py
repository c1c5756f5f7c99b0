"""Decline and death in one model: what drop-out by death does to slopes, and how to undo it."""

from alsutils.stats.joint_model.apart import (
    JOINT,
    NAIVE,
    TWO_STAGE,
    compare_models,
    naive_model,
    two_stage,
)
from alsutils.stats.joint_model.data import JointModelError
from alsutils.stats.joint_model.fit import JointFit, joint_model
from alsutils.stats.joint_model.simulate import (
    LINKED,
    DeclineAndDeath,
    simulate_decline_and_death,
)

__all__ = [
    "JOINT",
    "LINKED",
    "NAIVE",
    "TWO_STAGE",
    "DeclineAndDeath",
    "JointFit",
    "JointModelError",
    "compare_models",
    "joint_model",
    "naive_model",
    "simulate_decline_and_death",
    "two_stage",
]
