"""What is still to be expected from a trial that has got to an interim look."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from alsutils.stats.group_sequential.boundaries import Boundaries, with_futility
from alsutils.stats.group_sequential.integration import (
    LARGEST_DRIFT,
    PANEL,
    Floats,
    SequentialError,
    beginning,
    panels,
    remaining_probabilities,
)

SPAN = 8.0  # standard deviations of the belief about the drift that are integrated over


def conditional_power(
    boundaries: Boundaries, look: int, z: ArrayLike, drift: ArrayLike | None = None
) -> Floats:
    """Give the probability that a trial will yet cross its upper boundary.

    Parameters
    ----------
    boundaries : Boundaries
        All looks still to come count.
    look : int
        The interim look, from 1, before the last.
    z : array_like, shape (m,)
        Its z statistic; a trial that goes on whatever it is.
    drift : array_like or None
        Drift from there on, one or m; the current trend, z over the root of the information
        fraction, where None. 0 is the null hypothesis.

    Returns
    -------
    ndarray, shape (m,)
        Probabilities.

    Raises
    ------
    SequentialError
        If there is no such look with another one after it.

    References
    ----------
    Lan KKG, Wittes J. The B-value: a tool for monitoring data. Biometrics 1988;44:579-585.
    doi:10.2307/2531870
    """
    statistics = np.atleast_1d(np.asarray(z, dtype=float))
    time = _time_of(boundaries, look)
    trend = statistics / math.sqrt(time)
    drifts = (
        trend if drift is None else np.broadcast_to(np.asarray(drift, dtype=float), trend.shape)
    )
    return _to_come(boundaries, look, statistics, drifts[:, None])[:, 0]


def predictive_power(
    boundaries: Boundaries,
    look: int,
    z: ArrayLike,
    prior_mean: float = 0.0,
    prior_fraction: float = 0.0,
) -> Floats:
    """Average the conditional power over what may be believed of the drift at an interim look.

    Parameters
    ----------
    boundaries : Boundaries
        All looks still to come count.
    look : int
        The interim look, from 1, before the last.
    z : array_like, shape (m,)
        Its z statistic.
    prior_mean : float
        Drift that was expected before the trial.
    prior_fraction : float
        How much that expectation counts, as information: 0 for not at all (a flat prior), 1 for as
        much as the whole trial.

    Returns
    -------
    ndarray, shape (m,)
        Probabilities.

    Raises
    ------
    SequentialError
        If there is no such look with another one after it, or the prior's weight is below 0.

    References
    ----------
    Spiegelhalter DJ, Freedman LS, Blackburn PR. Monitoring clinical trials: conditional or
    predictive power? Control Clin Trials 1986;7:8-17. doi:10.1016/0197-2456(86)90003-6
    """
    if prior_fraction < 0:
        raise SequentialError(f"the prior cannot count less than nothing ({prior_fraction})")
    statistics = np.atleast_1d(np.asarray(z, dtype=float))
    time = _time_of(boundaries, look)
    precision = time + prior_fraction
    centre = (statistics * math.sqrt(time) + prior_fraction * prior_mean) / precision
    # Power rises from 0 to 1 over a range of drifts that is narrow beside a vague belief.
    width = PANEL * math.sqrt(precision / (boundaries.fractions[-1] - time))
    grid = panels(-SPAN, SPAN, min(PANEL, width))
    drifts = centre[:, None] + grid.nodes / math.sqrt(precision)
    belief = grid.weights * np.exp(-(grid.nodes**2) / 2) / math.sqrt(2 * math.pi)
    return _to_come(boundaries, look, statistics, drifts) @ belief


def conditional_power_futility(
    boundaries: Boundaries, least: float, drift: float | None = None, binding: bool = False
) -> Boundaries:
    """Stop for futility where the conditional power falls below a threshold.

    Parameters
    ----------
    boundaries : Boundaries
        One-sided.
    least : float
        Conditional power below which the trial stops, between 0 and 1. Only the last look counts
        in it, so that the rule is the usual closed form.
    drift : float or None
        Drift from there on; the current trend where None.
    binding : bool
        Count on the lower boundary in p-values and intervals.

    Returns
    -------
    Boundaries
        With a lower boundary at every interim look.

    Raises
    ------
    SequentialError
        If the threshold is out of range, the test two-sided or success and futility overlap.

    References
    ----------
    Lan KKG, Simon R, Halperin M. Stochastically curtailed tests in long-term clinical trials.
    Commun Stat C 1982;1:207-219. doi:10.1080/07474948208836014
    """
    if not 0 < least < 1:
        raise SequentialError(f"conditional power lies between 0 and 1, not at {least}")
    last = boundaries.fractions[-1]
    time = boundaries.fractions[:-1]
    left = last - time
    # The score at the end has to reach the critical value with that probability.
    needed = boundaries.upper[-1] * math.sqrt(last) + ndtri(least) * np.sqrt(left)
    score = needed * time / last if drift is None else needed - drift * left
    return with_futility(boundaries, score / np.sqrt(time), binding)


def _time_of(boundaries: Boundaries, look: int) -> float:
    if not 1 <= look < len(boundaries.fractions):
        raise SequentialError(f"look {look} has no look after it among {len(boundaries.fractions)}")
    return float(boundaries.fractions[look - 1])


def _to_come(boundaries: Boundaries, look: int, z: Floats, drifts: Floats) -> Floats:
    """Give the probability of crossing upwards after a look, shapes (m,) and (m, d) to (m, d)."""
    time = float(boundaries.fractions[look - 1])
    state = beginning(time, z * math.sqrt(time))
    # Beyond such a drift the trial is won or lost to the last digit.
    certain = LARGEST_DRIFT / math.sqrt(boundaries.fractions[-1] - time)
    crossing = remaining_probabilities(
        state,
        boundaries.fractions[look:],
        boundaries.upper[look:],
        boundaries.lower[look:],
        np.clip(drifts, -certain, certain),
    )
    found: Floats = crossing.upper.sum(axis=-1)
    return found
