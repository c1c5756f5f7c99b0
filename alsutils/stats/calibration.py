"""Samples that print as a given mean and standard deviation.

A published table gives a size, a mean and a standard deviation, both rounded, of numbers that lie
on a grid (whole points, tenths of a percent). Which samples can print so is a small problem in
whole numbers; moving a drawn sample onto such a solution is another. Both are general: they know
no trial.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SLACK = 1e-9
_RESTARTS = 40


class CalibrationError(ValueError):
    """No sample with the wanted moments was found."""


@dataclass(frozen=True)
class MomentSolutions:
    """The sums and sums of squares that print as a mean and a standard deviation.

    Attributes
    ----------
    n : int
        Size of the sample.
    unit : float
        Step of the grid the values lie on.
    sums, sums_of_squares : ndarray of int, shape (solutions,)
        In grid steps and squared grid steps.
    """

    n: int
    unit: float
    sums: Ints
    sums_of_squares: Ints

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a solution, in the units of the values, with unrounded mean and SD."""
        sums = self.sums * self.unit
        squares = self.sums_of_squares * self.unit**2
        spread = np.sqrt(np.maximum(squares - sums**2 / self.n, 0.0) / (self.n - 1))
        return pd.DataFrame(
            {
                "n": self.n,
                "sum": sums,
                "sum_of_squares": squares,
                "mean": sums / self.n,
                "sd": spread,
            }
        )


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


def moment_solutions(
    n: int, mean: float, sd: float, *, unit: float = 1.0, decimals: int = 2
) -> MomentSolutions:
    """List every sum and sum of squares that print as a mean and an SD.

    Parameters
    ----------
    n : int
        Size of the sample, two or more.
    mean, sd : float
        As printed.
    unit : float
        Step of the grid: 1 for whole numbers, 0.1 for one decimal.
    decimals : int
        Decimals both were printed with.

    Returns
    -------
    MomentSolutions
        Empty when no sample on the grid can print so: then the printed figures contradict
        themselves.

    References
    ----------
    Brown NJL, Heathers JAJ. The GRIM test. Soc Psychol Personal Sci 2017;8:363-369.
    Anaya J. The GRIMMER test. PeerJ Preprints 2016;4:e2400v1.

    Examples
    --------
    >>> moment_solutions(25, -6.48, 4.53).frame[["sum", "sum_of_squares"]].values.tolist()
    [[-162.0, 1542.0]]
    """
    _check_moments(n, sd, unit)
    half = 0.5 * 10.0**-decimals
    sums: list[int] = []
    squares: list[int] = []
    lowest_sum = ceil(n * (mean - half) / unit - _SLACK)
    for total in range(lowest_sum, floor(n * (mean + half) / unit + _SLACK) + 1):
        rest = total % n
        least = (total**2 + rest * (n - rest)) // n
        low = (n - 1) * max(sd - half, 0.0) ** 2 / unit**2 + total**2 / n
        high = (n - 1) * (sd + half) ** 2 / unit**2 + total**2 / n
        for square in range(max(ceil(low - _SLACK), least), floor(high + _SLACK) + 1):
            # A whole number and its square are odd together, so the two sums are as well.
            if (square - total) % 2 == 0:
                sums.append(total)
                squares.append(square)
    return MomentSolutions(n, unit, np.asarray(sums, np.int64), np.asarray(squares, np.int64))


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
    CalibrationError
        If no such sample was found, with the nearest moments reached.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> found = calibrate_moments(rng.normal(size=32), -1.69, 2.51, rng=rng)
    >>> found.values.sum(), (found.values**2).sum()
    (np.float64(-54.0), np.float64(286.0))
    """
    shape = np.asarray(draw, dtype=float)
    _check_moments(len(shape), sd, unit)
    grid = np.broadcast_to(np.asarray(offset, dtype=float), shape.shape)
    low = np.broadcast_to(np.asarray(lower, dtype=float), shape.shape)
    high = np.broadcast_to(np.asarray(upper, dtype=float), shape.shape)
    half = 0.5 * 10.0**-decimals
    best = np.full(shape.shape, np.nan)
    nearest = np.inf
    for attempt in range(_RESTARTS):
        shaken = shape + rng.normal(0.0, 0.05 * attempt * unit, shape.shape) if attempt else shape
        ideal = mean + sd * _standardised(shaken)
        values = _to_grid(ideal, grid, unit, low, high)
        values = _mend_sum(values, ideal, len(shape) * mean, unit, low, high)
        values = _mend_squares(values, ideal, sd, half, unit, low, high)
        miss = max(abs(values.mean() - mean), abs(values.std(ddof=1) - sd))
        if miss < nearest:
            best, nearest, target = values, miss, ideal
        if nearest < half - _SLACK:
            moved = float(np.sqrt(np.mean((best - target) ** 2)))
            return Calibrated(best, float(best.mean()), float(best.std(ddof=1)), moved)
    raise CalibrationError(
        f"No {len(shape)} values in steps of {unit:g} within their bounds were found with mean "
        f"{mean:.{decimals}f} and SD {sd:.{decimals}f}; the nearest have mean {best.mean():.4f} "
        f"and SD {best.std(ddof=1):.4f}. Widen the bounds, or check with moment_solutions "
        "whether the two figures are possible together."
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
        if there <= here or rng.random() < np.exp((here - there) / temperature):
            state, here = candidate, there
            if here < lowest:
                best, lowest = state, here
        temperature *= factor
    return Annealed(best, lowest, steps)


def _check_moments(n: int, sd: float, unit: float) -> None:
    if n < 2:
        raise ValueError(f"A mean and an SD need two values or more, got n = {n}.")
    if sd < 0:
        raise ValueError(f"An SD is zero or more, got {sd}.")
    if unit <= 0:
        raise ValueError(f"The unit, the step between possible values, is above 0, got {unit}.")


def _standardised(values: Floats) -> Floats:
    spread = values.std(ddof=1)
    return np.asarray((values - values.mean()) / (spread if spread > 0 else 1.0), dtype=float)


def _to_grid(ideal: Floats, grid: Floats, unit: float, low: Floats, high: Floats) -> Floats:
    """The nearest grid values inside the bounds."""
    lowest = np.ceil((low - grid) / unit - _SLACK)
    highest = np.floor((high - grid) / unit + _SLACK)
    steps = np.clip(np.rint((ideal - grid) / unit), lowest, highest)
    return np.asarray(grid + unit * steps, dtype=float)


def _mend_sum(
    values: Floats, ideal: Floats, total: float, unit: float, low: Floats, high: Floats
) -> Floats:
    """Move single values by one step until the sum is within half a step of the wanted one."""
    values = values.copy()
    while abs(gap := total - values.sum()) > 0.5 * unit + _SLACK:
        step = np.copysign(unit, gap)
        after = values + step
        allowed = (after >= low - _SLACK) & (after <= high + _SLACK)
        if not allowed.any():
            break
        strain = np.where(allowed, np.abs(after - ideal), np.inf)
        values[np.argmin(strain)] += step
    return values


def _mend_squares(
    values: Floats,
    ideal: Floats,
    sd: float,
    half: float,
    unit: float,
    low: Floats,
    high: Floats,
) -> Floats:
    """Move pairs by one step apart or together until the SD prints as wanted."""
    values = values.copy()
    n = len(values)
    for _ in range(50 * n):
        if abs(values.std(ddof=1) - sd) < half - _SLACK:
            break
        gap = (n - 1) * (sd**2 - values.var(ddof=1))
        change = 2 * unit * (values[:, None] - values[None, :]) + 2 * unit**2
        up = values + unit <= high + _SLACK
        down = values - unit >= low - _SLACK
        left = np.abs(gap - change)
        strain = (np.abs(values + unit - ideal) - np.abs(values - ideal))[:, None] + (
            np.abs(values - unit - ideal) - np.abs(values - ideal)
        )[None, :]
        worth = left + 1e-3 * unit * strain
        worth[~(up[:, None] & down[None, :]) | np.eye(n, dtype=bool)] = np.inf
        pair = np.unravel_index(np.argmin(worth), worth.shape)
        if left[pair] >= abs(gap):
            break
        values[pair[0]] += unit
        values[pair[1]] -= unit
    return values
