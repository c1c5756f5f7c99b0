"""Two arms compared in many columns at once, for every way in which the arms could be given."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from alsutils.stats.permutation import Redraws

Floats = NDArray[np.float64]
Statistic = Literal["t", "welch", "rank"]


@dataclass(frozen=True)
class WayStatistics:
    """Statistics of every column for every way.

    Attributes
    ----------
    statistic : ndarray, shape (m, k)
        Student's t, Welch's t or the standardised rank sum, above 0 where the treated values are
        higher; missing where an arm has too few values; infinite where the arms are apart and
        neither varies.
    estimate : ndarray, shape (k,)
        Difference of means, of mean ranks for "rank", as the arms were given.
    n_treated, n_control : ndarray of int, shape (k,)
        Values of each arm as they were given.
    """

    statistic: Floats
    estimate: Floats
    n_treated: NDArray[np.int64]
    n_control: NDArray[np.int64]


def way_statistics(values: Floats, ways: Redraws, statistic: Statistic = "t") -> WayStatistics:
    """Compare the arms in every column for every way.

    Sums over the treated are products of two matrices, ways by patients and patients by columns; a
    column with missing values has its own numbers of patients in every way.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        A row a patient; missing values are left out of their column.
    ways : Redraws
        m ways, the first as the arms were given.
    statistic : {"t", "welch", "rank"}
        Student's t, Welch's t, or Wilcoxon's rank sum less its mean over its standard deviation.

    Returns
    -------
    WayStatistics
        All at once.

    Raises
    ------
    ValueError
        If the statistic is unknown, the shapes do not fit, or an arm is empty.
    """
    if statistic not in get_args(Statistic):
        raise ValueError(f"statistic must be one of {get_args(Statistic)}, not {statistic!r}")
    treated = ways.treated.astype(float)
    if values.ndim != 2 or treated.shape[1] != len(values):
        raise ValueError(f"values of {values.shape} do not fit ways of {treated.shape}")
    if treated[0].all() or not treated[0].any():
        raise ValueError("both arms need a patient")
    seen = ~np.isnan(values)
    y = rankdata(values, axis=0, nan_policy="omit") if statistic == "rank" else values
    # Around the mean of the column, so that rounding is relative to its spread.
    n = seen.sum(axis=0)
    centre = np.where(seen, y, 0.0).sum(axis=0) / np.maximum(n, 1)
    y = np.where(seen, y - centre, 0.0)
    n1 = _sizes(treated, seen)
    n0 = n - n1
    sums, squares = treated @ y, (y**2).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean1, mean0 = sums / n1, -sums / n0
        difference = mean1 - mean0
        if statistic == "rank":
            error = np.sqrt(squares / (n - 1) * (1 / n1 + 1 / n0))
        elif statistic == "t":
            within = squares - n1 * mean1**2 - n0 * mean0**2
            error = np.sqrt(_positive(within, squares) / (n - 2) * (1 / n1 + 1 / n0))
        else:
            squares1 = treated @ y**2
            within1 = _positive(squares1 - n1 * mean1**2, squares)
            within0 = _positive(squares - squares1 - n0 * mean0**2, squares)
            error = np.sqrt(within1 / (n1 - 1) / n1 + within0 / (n0 - 1) / n0)
        found = difference / error
    fewest = 1 if statistic == "rank" else 2
    found[np.broadcast_to((n1 < fewest) | (n0 < fewest), found.shape)] = np.nan
    numbers = n1[0].astype(int)
    return WayStatistics(found, difference[0], numbers, np.asarray(n - numbers))


def _sizes(treated: Floats, seen: NDArray[np.bool_]) -> Floats:
    """Treated patients seen, by way and column; one row where that is the same in all."""
    numbers = treated.sum(axis=1)
    if seen.all() and (numbers == numbers[0]).all():
        return np.full((1, seen.shape[1]), numbers[0])
    return np.asarray(treated @ seen)


def _positive(squares: Floats, scale: Floats) -> Floats:
    """Take a sum of squares that is only rounding as 0."""
    return np.where(squares > 1e-12 * scale, squares, 0.0)
