"""Rank comparison of two groups whose values may only be known to lie in an interval."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alsutils.stats.ranks.differences import ordered_differences

Floats = NDArray[np.float64]

_EXACT_BELOW = 50  # group size up to which the order statistics of the interval are exact, as in R


@dataclass(frozen=True)
class RankComparison:
    """Gehan's generalised Wilcoxon test and the Hodges-Lehmann shift.

    Attributes
    ----------
    estimate : float
        Median of all differences treated minus control. Where the bounds of the values leave it a
        finite range, the middle of the range; missing where they leave it open.
    conf_low, conf_high : float
        Limits for the shift, infinite where the data leave that side open.
    statistic : float
        Standard normal deviate of the test.
    p_value : float
        Two-sided.
    n_treated, n_control : int
        Sizes of the groups.
    """

    estimate: float
    conf_low: float
    conf_high: float
    statistic: float
    p_value: float
    n_treated: int
    n_control: int

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row in the columns of every estimate; a shift has no standard error."""
        return pd.DataFrame(
            {
                "estimate": [self.estimate],
                "std_error": np.nan,
                "statistic": self.statistic,
                "p_value": self.p_value,
                "conf_low": self.conf_low,
                "conf_high": self.conf_high,
            }
        )


def rank_comparison(
    treated_low: ArrayLike,
    treated_high: ArrayLike,
    control_low: ArrayLike,
    control_high: ArrayLike,
    conf_level: float = 0.95,
) -> RankComparison:
    """Compare two groups by ranks, each value given by the lowest and highest it can be.

    A pair of patients counts for the treated group where the treated value is surely higher, for
    the control where it is surely lower, and not at all where the intervals leave it open. With
    exact values the test is Wilcoxon's with the correction for ties, and the shift and its limits
    are those of Hodges and Lehmann.

    Parameters
    ----------
    treated_low, treated_high : array_like, shape (n_treated,)
        Bounds of each value; equal where it is known, infinite where a side is open.
    control_low, control_high : array_like, shape (n_control,)
        The same for the control group.
    conf_level : float
        Level of the interval.

    Returns
    -------
    RankComparison
        Shift (treated minus control), its interval and the test.

    Raises
    ------
    ValueError
        If a group is empty or a lower bound exceeds its upper bound.

    References
    ----------
    Gehan EA. A generalized two-sample Wilcoxon test for doubly censored data. Biometrika
    1965;52:650-653 (variance by permutation). Hodges JL, Lehmann EL. Estimates of location based
    on rank tests. Ann Math Stat 1963;34:598-611.
    """
    low_t, high_t = np.asarray(treated_low, float), np.asarray(treated_high, float)
    low_c, high_c = np.asarray(control_low, float), np.asarray(control_high, float)
    m, n = len(low_t), len(low_c)
    if m == 0 or n == 0:
        raise ValueError(f"both groups need a value; there are {m} treated and {n} control values")
    if (low_t > high_t).any() or (low_c > high_c).any():
        raise ValueError("a lower bound exceeds its upper bound; exchange them")
    outer = _outer(m, n, conf_level)
    middles = [(m * n - 1) // 2, m * n // 2]
    lowest = ordered_differences(low_t, high_c, [*middles, max(outer - 1, 0)])
    highest = ordered_differences(high_t, low_c, [*middles, min(m * n - outer, m * n - 1)])
    # infinite, or undefined where both sides are open
    with np.errstate(invalid="ignore"):
        middle = (lowest[:2].mean() + highest[:2].mean()) / 2
    z = _gehan(np.append(low_t, low_c), np.append(high_t, high_c), m)
    return RankComparison(
        estimate=float(middle) if np.isfinite(middle) else np.nan,
        conf_low=float(lowest[2]) if outer else -np.inf,
        conf_high=float(highest[2]) if outer else np.inf,
        statistic=z,
        p_value=float(2 * stats.norm.sf(abs(z))) if np.isfinite(z) else np.nan,
        n_treated=m,
        n_control=n,
    )


def _gehan(low: Floats, high: Floats, m: int) -> float:
    """Sum of pair scores of the first m over its permutation standard deviation."""
    size = len(low)
    if size < 2:
        return np.nan
    # Those surely lower less those surely higher.
    each = np.searchsorted(np.sort(high), low, side="left").astype(float)
    each -= size - np.searchsorted(np.sort(low), high, side="right")
    n = size - m
    variance = m * n * (each**2).sum() / (size * (size - 1))
    return float(each[:m].sum() / np.sqrt(variance)) if variance > 0 else np.nan


def _outer(m: int, n: int, conf_level: float) -> int:
    """Rank of the difference that is the lower limit, counted from 1; 0 where there is none."""
    tail = (1 - conf_level) / 2
    if max(m, n) >= _EXACT_BELOW:
        centre, spread = m * n / 2, np.sqrt(m * n * (m + n + 1) / 12)
        return int(max(0, np.floor(centre - stats.norm.ppf(1 - tail) * spread)))
    # The smallest count whose lower tail is above the level is R's qwilcox.
    return int(np.searchsorted(mann_whitney_cumulative(m, n), tail))


def mann_whitney_cumulative(m: int, n: int) -> Floats:
    """Give the chance of each Mann-Whitney count or a lower one, without ties.

    Parameters
    ----------
    m, n : int
        Sizes of the groups.

    Returns
    -------
    ndarray, shape (m * n + 1,)
        For the counts 0 to m * n.
    """
    # Number of arrangements for each count, by the generating function.
    counts = np.zeros(m * n + 1)
    counts[0] = 1
    for i in range(1, m + 1):
        times = counts.copy()
        times[n + i :] -= counts[: m * n + 1 - n - i]
        for start in range(i):
            times[start::i] = np.cumsum(times[start::i])
        counts = times
    return np.asarray(np.cumsum(counts) / counts.sum())
