"""Samples that print as a given mean and standard deviation.

A published table gives a size, a mean and a standard deviation, both rounded, of numbers that lie
on a grid (whole points, tenths of a percent). Moving a drawn sample onto such figures is a small
search in whole numbers; where several conditions are tied to each other, simulated annealing does
it. Both are general: they know no trial.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SLACK = 1e-9
_RESTARTS = 40


class CalibrationError(ValueError):
    """No sample with the wanted moments was found."""


@dataclass(frozen=True)
class Calibrated:
    """A sample moved onto wanted moments.

    Attributes
    ----------
    values : ndarray, shape (n,)
        On the grid, in the order of the draw they came from.
    mean, sd : float
        Unrounded moments of ``values`` (SD with divisor n - 1).
    moved : float
        Root mean square distance from the draw, after that was shifted and scaled.
    """

    values: Floats
    mean: float
    sd: float
    moved: float


@dataclass(frozen=True)
class Annealed:
    """Where a simulated annealing ended.

    Attributes
    ----------
    state : ndarray of int
        The best state met.
    cost : float
        Its cost.
    steps : int
        Proposals made.
    """

    state: Ints
    cost: float
    steps: int


def calibrate_moments(
    draw: ArrayLike,
    mean: float,
    sd: float,
    *,
    rng: np.random.Generator,
    unit: float = 1.0,
    decimals: int = 2,
    offset: ArrayLike = 0.0,
    lower: ArrayLike = -np.inf,
    upper: ArrayLike = np.inf,
) -> Calibrated:
    """Move a sample as little as needed so that it prints as a given mean and SD.

    The draw is shifted and scaled, rounded to the grid, and then single values are moved by one
    step (to mend the sum) and pairs by one step in opposite directions (to mend the sum of
    squares) until both moments print as wanted.

    Parameters
    ----------
    draw : array_like, shape (n,)
        The sample that gives the shape and the order.
    mean, sd : float
        Wanted moments as printed (SD with divisor n - 1).
    rng : numpy.random.Generator
        Used only when the first attempt ends in a dead end.
    unit : float
        Step of the grid.
    decimals : int
        Decimals to which both moments must agree.
    offset : array_like
        Where each value's grid starts: the values are ``offset + unit * whole number``.
    lower, upper : array_like
        Bounds of each value.

    Returns
    -------
    Calibrated
        The moved sample.

    Raises
    ------
    ValueError
        If the sample is too short, or bounds leave a value nowhere to go.
    CalibrationError
        If no such sample was found, with the nearest moments reached.

    References
    ----------
    Anaya J. The GRIMMER test: a method for testing the validity of reported measures of
    variability. PeerJ Preprints 2016;4:e2400v1 (why only few sums of squares are possible).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> found = calibrate_moments(rng.normal(size=32), -1.69, 2.51, rng=rng)
    >>> found.values.sum(), (found.values**2).sum()
    (np.float64(-54.0), np.float64(286.0))
    """
    shape = np.asarray(draw, dtype=float)
    _check_moments(len(shape), sd, unit)
    if not np.isfinite(shape).all():
        raise ValueError("The draw holds missing or infinite values; draw a number for each.")
    grid = _grid(len(shape), unit, offset, lower, upper)
    half = 0.5 * 10.0**-decimals
    _check_reachable(mean, decimals, half, grid)
    # A twentieth of a step, or a hundredth of the SD, more with every attempt.
    jitter = max(0.05 * unit / (sd or 1.0), 0.01) * (shape.std(ddof=1) or 1.0)
    best, ideal, nearest = shape, shape, np.inf
    for attempt in range(_RESTARTS):
        shaken = shape + rng.normal(0.0, jitter * attempt, shape.shape) if attempt else shape
        aim = mean + sd * _standardised(shaken)
        values = _mend_squares(_mend_sum(grid.nearest(aim), aim, mean, grid), aim, sd, half, grid)
        miss = max(abs(values.mean() - mean), abs(values.std(ddof=1) - sd))
        if miss < nearest:
            best, ideal, nearest = values, aim, miss
        if nearest < half - _SLACK:
            break
    # A moment exactly halfway between two printed figures will do when nothing nearer was found.
    if nearest <= half + _SLACK:
        moved = float(np.sqrt(np.mean((best - ideal) ** 2)))
        return Calibrated(best, float(best.mean()), float(best.std(ddof=1)), moved)
    raise CalibrationError(
        f"No {len(shape)} values in steps of {unit:g} within their bounds were found with mean "
        f"{mean:.{decimals}f} and SD {sd:.{decimals}f}; the nearest have mean {best.mean():.4f} "
        f"and SD {best.std(ddof=1):.4f}. Widen the bounds, or check whether "
        "such a sample can exist at all (the GRIMMER check in alsutils.stats.forensics)."
    )


def anneal(
    start: Ints,
    cost: Callable[[Ints], float],
    propose: Callable[[Ints, np.random.Generator], Ints],
    rng: np.random.Generator,
    *,
    steps: int = 100_000,
    temperature: float = 1.0,
    cooling: float = 1e-3,
) -> Annealed:
    """Search by simulated annealing, until the cost is zero or the steps are used up.

    Parameters
    ----------
    start : ndarray of int
        First state; not changed.
    cost : callable
        Cost of a state, zero when every condition holds.
    propose : callable
        A new state from a state; it must not change its argument.
    rng : numpy.random.Generator
        Source of random numbers.
    steps : int
        Most proposals to make.
    temperature : float
        Rise in cost that is accepted with probability 1/e at the start.
    cooling : float
        Temperature at the end as a share of the start; it falls geometrically.

    Returns
    -------
    Annealed
        The best state met.

    References
    ----------
    Kirkpatrick S, Gelatt CD, Vecchi MP. Optimization by simulated annealing. Science
    1983;220:671-680.
    """
    state, here = start, cost(start)
    best, lowest = state, here
    factor = cooling ** (1.0 / max(steps, 1))
    for step in range(steps):
        if lowest <= 0.0:
            return Annealed(best, lowest, step)
        candidate = propose(state, rng)
        there = cost(candidate)
        if there <= here or rng.random() < exp((here - there) / temperature):
            state, here = candidate, there
            if here < lowest:
                best, lowest = state, here
        temperature *= factor
    return Annealed(best, lowest, steps)


@dataclass(frozen=True)
class _Grid:
    """Where each value may lie: ``offset + unit * k`` with k from ``lowest`` to ``highest``."""

    unit: float
    offset: Floats
    lowest: Floats
    highest: Floats

    def nearest(self, ideal: Floats) -> Floats:
        steps = np.rint((ideal - self.offset) / self.unit)
        return self.offset + self.unit * np.clip(steps, self.lowest, self.highest)

    def may_rise(self, values: Floats) -> NDArray[np.bool_]:
        return np.rint((values - self.offset) / self.unit) < self.highest

    def may_fall(self, values: Floats) -> NDArray[np.bool_]:
        return np.rint((values - self.offset) / self.unit) > self.lowest


def _grid(n: int, unit: float, offset: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> _Grid:
    start, low, high = (
        np.broadcast_to(np.asarray(values, dtype=float), (n,)) for values in (offset, lower, upper)
    )
    lowest = np.ceil((low - start) / unit - _SLACK)
    highest = np.floor((high - start) / unit + _SLACK)
    closed = np.flatnonzero(lowest > highest)
    if len(closed):
        raise ValueError(
            f"Value {closed[0]} has no step of {unit:g} between its bounds {low[closed[0]]:g} and "
            f"{high[closed[0]]:g}; widen them."
        )
    return _Grid(unit, start, lowest, highest)


def _check_moments(n: int, sd: float, unit: float) -> None:
    if n < 2:
        raise ValueError(f"A mean and an SD need two values or more, got n = {n}.")
    if sd < 0:
        raise ValueError(f"An SD is zero or more, got {sd}.")
    if unit <= 0:
        raise ValueError(f"The unit, the step between possible values, is above 0, got {unit}.")


def _check_reachable(mean: float, decimals: int, half: float, grid: _Grid) -> None:
    n, start = len(grid.offset), grid.offset.sum()
    nearest = (start + grid.unit * np.rint((n * mean - start) / grid.unit)) / n
    if abs(nearest - mean) > half + _SLACK:
        raise CalibrationError(
            f"{n} values in steps of {grid.unit:g} cannot have a mean that prints as "
            f"{mean:.{decimals}f}; the nearest is {nearest:.4f}."
        )


def _standardised(values: Floats) -> Floats:
    spread = values.std(ddof=1)
    return np.asarray((values - values.mean()) / (spread if spread > 0 else 1.0), dtype=float)


def _mend_sum(values: Floats, ideal: Floats, mean: float, grid: _Grid) -> Floats:
    """Move single values by one step until the sum is within half a step of the wanted one."""
    values = values.copy()
    total = len(values) * mean
    while abs(gap := total - values.sum()) > 0.5 * grid.unit + _SLACK:
        allowed = grid.may_rise(values) if gap > 0 else grid.may_fall(values)
        if not allowed.any():
            break
        step = np.copysign(grid.unit, gap)
        strain = np.where(allowed, np.abs(values + step - ideal), np.inf)
        values[np.argmin(strain)] += step
    return values


def _mend_squares(values: Floats, ideal: Floats, sd: float, half: float, grid: _Grid) -> Floats:
    """Move pairs by one step apart or together until the SD prints as wanted."""
    values, unit, n = values.copy(), grid.unit, len(values)
    for _ in range(50 * n):
        if abs(values.std(ddof=1) - sd) < half - _SLACK:
            break
        gap = (n - 1) * (sd**2 - values.var(ddof=1))
        left = np.abs(gap - 2 * unit * (values[:, None] - values[None, :]) - 2 * unit**2)
        strain_up = np.abs(values + unit - ideal) - np.abs(values - ideal)
        strain_down = np.abs(values - unit - ideal) - np.abs(values - ideal)
        worth = left + 1e-3 * unit * (strain_up[:, None] + strain_down[None, :])
        worth[~(grid.may_rise(values)[:, None] & grid.may_fall(values)[None, :])] = np.inf
        np.fill_diagonal(worth, np.inf)
        up, down = np.unravel_index(np.argmin(worth), worth.shape)
        if left[up, down] >= abs(gap):
            break
        values[up] += unit
        values[down] -= unit
    return values
