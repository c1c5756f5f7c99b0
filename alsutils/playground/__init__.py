"""Charts to play with: what methods do to made-up patients while sliders move."""

from alsutils.playground.chance import forks, p_values, priors
from alsutils.playground.patients import carried_forward, regression_to_mean, ties
from alsutils.playground.planning import below_limit, power
from alsutils.playground.times import horizon, immortal_time

__all__ = [
    "below_limit",
    "carried_forward",
    "forks",
    "horizon",
    "immortal_time",
    "p_values",
    "power",
    "priors",
    "regression_to_mean",
    "ties",
]
