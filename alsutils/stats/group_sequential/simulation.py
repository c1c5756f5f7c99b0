"""Trials with repeated looks, simulated."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alsutils.stats.group_sequential.boundaries import Boundaries
from alsutils.stats.group_sequential.integration import Floats, checked_fractions


@dataclass(frozen=True, eq=False)
class StoppedTrials:
    """Where simulated trials stopped.

    Attributes
    ----------
    look : ndarray of int, shape (n,)
        Look at which each stopped, from 1.
    z : ndarray, shape (n,)
        Its z statistic there.
    estimate : ndarray, shape (n,)
        Its estimate of the drift: z over the root of the information fraction.
    rejected : ndarray of bool, shape (n,)
        Whether the null hypothesis was rejected, on either side of a two-sided test.
    """

    look: NDArray[np.int64]
    z: Floats
    estimate: Floats
    rejected: NDArray[np.bool_]


def simulate_paths(
    fractions: ArrayLike, drift: float, n_trials: int, rng: np.random.Generator
) -> Floats:
    """Draw the z statistics of trials at their looks.

    Parameters
    ----------
    fractions : array_like, shape (k,)
        Information fractions.
    drift : float
        Expected z statistic at fraction 1.
    n_trials : int
        Trials.
    rng : Generator
        Source of random numbers.

    Returns
    -------
    ndarray, shape (n_trials, k)
        Sums of independent normal steps, over the root of their number.
    """
    times = checked_fractions(fractions)
    steps = np.diff(times, prepend=0.0)
    moved = rng.standard_normal((n_trials, len(times))) * np.sqrt(steps) + drift * steps
    paths: Floats = np.cumsum(moved, axis=1) / np.sqrt(times)
    return paths


def stop_trials(boundaries: Boundaries, paths: Floats) -> StoppedTrials:
    """Stop each trial at the first look at which it crosses a boundary, or at the last.

    Parameters
    ----------
    boundaries : Boundaries
        Of the same looks.
    paths : ndarray, shape (n, k)
        z statistics.

    Returns
    -------
    StoppedTrials
        Each trial once.
    """
    above = paths >= boundaries.upper
    below = paths <= boundaries.lower
    stops = above | below
    stops[:, -1] = True
    at = stops.argmax(axis=1)
    row = np.arange(len(paths))
    z = paths[row, at]
    rejected = above[row, at] | (below[row, at] & (boundaries.sided == 2))
    return StoppedTrials(at + 1, z, z / np.sqrt(boundaries.fractions[at]), rejected)
