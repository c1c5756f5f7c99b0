"""Probabilities of crossing boundaries at repeated looks, by recursive numerical integration."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]

NODES = 16  # of each Gauss-Legendre panel
PANEL = 3.0  # a panel's width in standard deviations of the shortest step between looks
REACH = 9.0  # standard deviations of the score that are integrated over; beyond lies 1e-19
LEAST_STEP = 1e-3  # of the information so far; closer looks would need grids without end
LARGEST_DRIFT = 28.0  # in standard deviations at a look; further out the null density vanishes
LARGEST_RATIO = 700.0  # logarithm of a ratio of densities

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(NODES)


class SequentialError(ValueError):
    """Looks, levels or boundaries that make no group-sequential test."""


@dataclass(frozen=True, eq=False)
class Crossing:
    """Probabilities of stopping at each look.

    Attributes
    ----------
    drifts : ndarray, shape (d,)
        Expected z statistic at information fraction 1.
    upper, lower : ndarray, shape (d, k)
        Probability of getting to a look and being at or above its upper, at or below its lower
        boundary there. Of m beginnings all shapes have m before.
    """

    drifts: Floats
    upper: Floats
    lower: Floats

    @property
    def stopped(self) -> Floats:
        """Probability of stopping at each look, in the shape of ``upper``."""
        stops: Floats = self.upper + self.lower
        return stops


@dataclass(frozen=True, eq=False)
class Continuing:
    """Where the score can be once a trial has gone past a look.

    The score is the z statistic times the root of the information fraction; without drift it is a
    Brownian motion, and a drift only weighs its paths.

    Attributes
    ----------
    time : float
        Information fraction.
    origin_time : float
        Information fraction at which the paths begin; 0 for a whole trial.
    origin : ndarray, shape (m,)
        Score there, one for each of m paths' beginnings.
    nodes : ndarray, shape (n,)
        Scores.
    mass : ndarray, shape (m, n)
        Probability without drift of having gone on and being there.
    """

    time: float
    origin_time: float
    origin: Floats
    nodes: Floats
    mass: Floats

    def weighted(self, drifts: Floats) -> Floats:
        """Give the mass under drifts, shapes (m, d) to (m, d, n), by the ratio of likelihoods."""
        travelled = self.nodes - self.origin[:, None]
        elapsed = self.time - self.origin_time
        exponent = drifts[:, :, None] * travelled[:, None, :]
        exponent -= drifts[:, :, None] ** 2 * elapsed / 2
        # Where the ratio is larger than any number, the mass without drift is 0.
        weighted: Floats = self.mass[:, None, :] * np.exp(np.minimum(exponent, LARGEST_RATIO))
        return weighted

    def beyond(self, z: float | Floats, time: float, drifts: Floats, above: bool = True) -> Floats:
        """Give the probability of going on and being beyond a value at the next look.

        Parameters
        ----------
        z : float or ndarray, shape (m, 1)
            Value of the z statistic.
        time : float
            Information fraction of the next look.
        drifts : ndarray, shape (m, d)
            Drifts.
        above : bool
            At or above the value, or at or below it.

        Returns
        -------
        ndarray, shape (m, d)
        """
        step = time - self.time
        value = np.asarray(z, dtype=float)[..., None] * math.sqrt(time)
        distance = (value - self.nodes - drifts[:, :, None] * step) / math.sqrt(step)
        tail = ndtr(-distance) if above else ndtr(distance)
        total: Floats = (self.weighted(drifts) * tail).sum(axis=-1)
        return total

    def advance(
        self, time: float, lower: float, upper: float, following: float, reach: Floats
    ) -> "Continuing":
        """Go past the next look.

        Parameters
        ----------
        time : float
            Its information fraction.
        lower, upper : float
            Boundaries of its z statistic; infinite for none.
        following : float
            Information fraction of the look after it.
        reach : ndarray
            Drifts that will be asked for.

        Returns
        -------
        Continuing
            With nodes between the boundaries.
        """
        step, root = time - self.time, math.sqrt(time)
        elapsed = time - self.origin_time
        around = np.concatenate([[0.0], reach.ravel()]) * elapsed
        spread = REACH * math.sqrt(elapsed)
        low = max(lower * root, self.origin.min() + around.min() - spread)
        high = min(upper * root, self.origin.max() + around.max() + spread)
        if high <= low:
            return Continuing(time, self.origin_time, self.origin, np.zeros(1), self._nothing())
        width = PANEL * math.sqrt(min(step, following - time))
        grid = panels(low, high, width)
        kernel = _normal_density((grid.nodes - self.nodes[:, None]) / math.sqrt(step))
        mass = self.mass @ kernel * (grid.weights / math.sqrt(step))
        return Continuing(time, self.origin_time, self.origin, grid.nodes, mass)

    def _nothing(self) -> Floats:
        return np.zeros((len(self.origin), 1))


def beginning(time: float = 0.0, scores: ArrayLike = 0.0) -> Continuing:
    """Begin at a known score: 0 at no information, or what an interim look has shown.

    Parameters
    ----------
    time : float
        Information fraction.
    scores : array_like, shape (m,)
        z statistic times the root of ``time``.

    Returns
    -------
    Continuing
        With all mass of each path at its beginning.
    """
    origin = np.atleast_1d(np.asarray(scores, dtype=float))
    return Continuing(time, time, origin, origin, np.eye(len(origin)))


def crossing_probabilities(
    fractions: ArrayLike, upper: ArrayLike, lower: ArrayLike, drifts: ArrayLike = 0.0
) -> Crossing:
    """Give the probability of first crossing each boundary at each look.

    Parameters
    ----------
    fractions : array_like, shape (k,)
        Information fractions of the looks, increasing, above 0.
    upper, lower : array_like, shape (k,)
        Boundaries of the z statistic; infinite for none.
    drifts : array_like, shape (d,)
        Expected z statistic at fraction 1: 0 under the null hypothesis.

    Returns
    -------
    Crossing
        Accurate to about 1e-12.

    Raises
    ------
    SequentialError
        If fractions do not increase or lie too close together, or a boundary lacks a look.

    References
    ----------
    Armitage P, McPherson CK, Rowe BC. Repeated significance tests on accumulating data. J R Stat
    Soc A 1969;132:235-244. doi:10.2307/2343787. Jennison C, Turnbull BW. Group Sequential Methods
    with Applications to Clinical Trials. Chapman & Hall/CRC 2000, chapter 19.
    """
    times = checked_fractions(fractions)
    tops, bottoms = (np.asarray(b, dtype=float) for b in (upper, lower))
    if tops.shape != times.shape or bottoms.shape != times.shape:
        raise SequentialError(
            f"{len(times)} looks need as many boundaries, "
            f"not {tops.size} upper and {bottoms.size} lower"
        )
    rows = np.atleast_1d(np.asarray(drifts, dtype=float))
    whole = remaining_probabilities(beginning(), times, tops, bottoms, rows[None, :])
    return Crossing(rows, whole.upper[0], whole.lower[0])


def remaining_probabilities(
    state: Continuing, times: Floats, upper: Floats, lower: Floats, drifts: Floats
) -> Crossing:
    """Give the probabilities of first crossing at each look still to come.

    Parameters
    ----------
    state : Continuing
        Where the trial is.
    times, upper, lower : ndarray, shape (k,)
        Information fractions and boundaries of the looks to come.
    drifts : ndarray, shape (m, d)
        Drifts for each beginning of ``state``.

    Returns
    -------
    Crossing
        Of each beginning.
    """
    above, below = [], []
    for i, (time, top, bottom) in enumerate(zip(times, upper, lower, strict=True)):
        above.append(state.beyond(top, time, drifts))
        below.append(state.beyond(bottom, time, drifts, above=False))
        if i + 1 < len(times):
            _check_drift(drifts, top, bottom, time - state.origin_time)
            state = state.advance(time, bottom, top, times[i + 1], drifts)
    return Crossing(drifts, np.stack(above, axis=-1), np.stack(below, axis=-1))


def checked_fractions(fractions: ArrayLike) -> Floats:
    """Give information fractions as an array.

    Raises
    ------
    SequentialError
        If there are none, they do not increase from above 0, or two lie too close together.
    """
    times = np.atleast_1d(np.asarray(fractions, dtype=float))
    steps = np.diff(times, prepend=0.0)
    if times.ndim != 1 or times.size == 0 or not np.isfinite(times).all() or not (steps > 0).all():
        raise SequentialError(
            f"information fractions must increase from above 0, not {times.tolist()}"
        )
    if (steps < LEAST_STEP * times).any():
        raise SequentialError(
            f"looks must lie at least {LEAST_STEP:g} of the information apart, "
            f"not at {times.tolist()}; leave one out"
        )
    return times


def _check_drift(drifts: Floats, upper: float, lower: float, elapsed: float) -> None:
    """Refuse a drift that carries the paths to where the null density has no digits left."""
    furthest = float(np.abs(drifts).max()) * math.sqrt(elapsed)
    if furthest > LARGEST_DRIFT and not (np.isfinite(upper) and np.isfinite(lower)):
        raise SequentialError(
            f"a drift of {np.abs(drifts).max():g} is too large for looks without a boundary"
        )


@dataclass(frozen=True, eq=False)
class Quadrature:
    """Where to evaluate a function, and what each value counts in its integral, shape (n,)."""

    nodes: Floats
    weights: Floats


def panels(low: float, high: float, width: float) -> Quadrature:
    """Lay Gauss-Legendre panels of at most a width over an interval."""
    edges = np.linspace(low, high, max(1, math.ceil((high - low) / width)) + 1)
    half = (edges[1:] - edges[:-1])[:, None] / 2
    nodes = (edges[1:] + edges[:-1])[:, None] / 2 + half * _POINTS
    return Quadrature(nodes.ravel(), (half * _WEIGHTS).ravel())


def _normal_density(z: Floats) -> Floats:
    density: Floats = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return density
