"""Whether new data contradict what was believed before."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


@dataclass(frozen=True)
class Conflict:
    """How far an observed estimate lies from where a prior let it be expected.

    Attributes
    ----------
    expected, spread : float
        Mean and standard deviation of the prior predictive distribution.
    z : float
        Observed less expected, in standard deviations.
    p_value : float
        Share of the prior predictive distribution whose density is no higher than at what was
        observed (two-sided).
    below : float
        Share of it that lies below what was observed.
    """

    expected: float
    spread: float
    z: float
    p_value: float
    below: float


def normal_conflict(
    observed: float, std_error: float, prior_mean: float, prior_sd: float
) -> Conflict:
    """Check a normal estimate against a normal prior of the effect.

    Parameters
    ----------
    observed, std_error : float
        The new estimate and its standard error, which is 0 or more.
    prior_mean, prior_sd : float
        What was believed of the effect; the standard deviation is 0 or more.

    Returns
    -------
    Conflict
        Before the data, the estimate is normal around the prior mean with both variances added.
        The estimate is its own sufficient statistic, so that Box's p-value and that of Evans and
        Moshonov are the same.

    Raises
    ------
    ValueError
        If a standard deviation is negative, or both are 0.

    References
    ----------
    Box GEP. Sampling and Bayes' inference in scientific modelling and robustness. J R Stat Soc A
    1980;143:383-430. Evans M, Moshonov H. Checking for prior-data conflict. Bayesian Anal
    2006;1:893-914.

    Examples
    --------
    >>> round(normal_conflict(0.0, 3.0, 10.0, 4.0).p_value, 4)
    0.0455
    """
    if std_error < 0 or prior_sd < 0 or std_error + prior_sd == 0:
        raise ValueError(
            f"standard deviations must be 0 or more, and one above 0: {std_error}, {prior_sd}"
        )
    spread = math.hypot(std_error, prior_sd)
    z = (observed - prior_mean) / spread
    return Conflict(
        prior_mean, spread, z, float(2 * stats.norm.sf(abs(z))), float(stats.norm.cdf(z))
    )


def box_p_value(log_density: ArrayLike, log_density_observed: float) -> float:
    """Give Box's p-value of an observation from draws of its prior predictive distribution.

    Parameters
    ----------
    log_density : array_like, shape (draws,)
        Log density of the prior predictive distribution at each of its own draws.
    log_density_observed : float
        The same at what was observed.

    Returns
    -------
    float
        (1 + draws whose density is no higher) / (1 + draws), which is never 0.

    Raises
    ------
    ValueError
        If there are no draws.

    References
    ----------
    Box GEP. Sampling and Bayes' inference in scientific modelling and robustness. J R Stat Soc A
    1980;143:383-430.
    """
    drawn = np.asarray(log_density, dtype=float)
    if drawn.size == 0:
        raise ValueError("a p-value from draws needs draws")
    return float((1 + np.count_nonzero(drawn <= log_density_observed)) / (1 + drawn.size))
