"""How far one group's values are shifted against another's, by ranks."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alsutils.stats.ranks.comparison import mann_whitney_cumulative
from alsutils.stats.ranks.differences import ordered_differences

Floats = NDArray[np.float64]
ShiftMethod = Literal["auto", "exact", "asymptotic"]

EXACT_BELOW = 50
"""Group size up to which "auto" is exact where nothing is tied, as in R."""


@dataclass(frozen=True)
class Shift:
    """The Hodges-Lehmann shift with Wilcoxon's test.

    Attributes
    ----------
    estimate : float
        Median of all differences between a treated and a control value, in the unit of the values.
    conf_low, conf_high : float
        Limits for the shift; infinite where the groups are too small for the level.
    statistic : float
        Pairs in which the treated value is higher, ties counting half (R's W).
    p_value : float
        Two-sided.
    exact : bool
        Whether by the exact distribution of the ranks.
    achieved_level : float
        Chance with which the exact interval holds the shift; missing for the asymptotic one.
    n_treated, n_control : int
        Sizes of the groups.
    """

    estimate: float
    conf_low: float
    conf_high: float
    statistic: float
    p_value: float
    exact: bool
    achieved_level: float
    n_treated: int
    n_control: int

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row in the columns of every estimate; a shift has no standard error."""
        return pd.DataFrame([{**self.__dict__, "std_error": np.nan}])


def hodges_lehmann(
    treated: ArrayLike,
    control: ArrayLike,
    conf_level: float = 0.95,
    method: ShiftMethod = "auto",
) -> Shift:
    """Estimate the shift between two groups and test that there is none.

    Parameters
    ----------
    treated, control : array_like, shape (n_treated,), (n_control,)
        Values; missing ones are left out.
    conf_level : float
        Level of the interval.
    method : {"auto", "exact", "asymptotic"}
        The exact distribution of the rank sum given the ties, the normal one with the corrections
        for ties and for continuity, or the former for groups under 50 without ties.

    Returns
    -------
    Shift
        Treated less control. The exact interval includes its limits, and with ties holds the level
        or more.

    Raises
    ------
    ValueError
        If a group has no value or the method is unknown.

    References
    ----------
    Hodges JL, Lehmann EL. Estimates of location based on rank tests. Ann Math Stat 1963;34:598-611.
    Bauer DF. Constructing confidence sets using rank statistics. J Am Stat Assoc 1972;67:687-690.
    Streitberg B, Röhmel J. Exact distributions for permutation and rank tests. Stat Softw Newsl
    1986;12:10-17.
    """
    if method not in get_args(ShiftMethod):
        raise ValueError(f"method must be one of {get_args(ShiftMethod)}, not {method!r}")
    x, y = np.asarray(treated, float), np.asarray(control, float)
    x, y = x[~np.isnan(x)], y[~np.isnan(y)]
    m, n = len(x), len(y)
    if m == 0 or n == 0:
        raise ValueError(f"both groups need a value; there are {m} treated and {n} control values")
    ranks = stats.rankdata(np.append(x, y))
    tied = len(np.unique(ranks)) < m + n
    exact = method == "exact" or (method == "auto" and max(m, n) < EXACT_BELOW and not tied)
    w = float(ranks[:m].sum() - m * (m + 1) / 2)
    if exact:
        p, outer, level = _exact(ranks, m, (1 - conf_level) / 2)
    else:
        p, outer = _asymptotic(x, y, w, (1 - conf_level) / 2)
        level = np.nan
    middle = [(m * n - 1) // 2, m * n // 2]
    limits = [outer - 1, m * n - outer] if outer else []
    differences = ordered_differences(x, y, [*middle, *limits])
    return Shift(
        estimate=float(differences[:2].mean()),
        conf_low=float(differences[2]) if outer else -np.inf,
        conf_high=float(differences[3]) if outer else np.inf,
        statistic=w,
        p_value=p,
        exact=exact,
        achieved_level=level,
        n_treated=m,
        n_control=n,
    )


def rank_sum_counts(ranks: ArrayLike, size: int) -> Floats:
    """Count the subsets of ranks by their sum.

    Parameters
    ----------
    ranks : array_like, shape (n,)
        Ranks; those of ties are multiples of one half.
    size : int
        Members of a subset.

    Returns
    -------
    ndarray, shape (2 * sum(ranks) + 1,)
        How many subsets have half the index as their sum; as floats, for there are many.
    """
    doubled = np.rint(2 * np.asarray(ranks, float)).astype(int)
    counts = np.zeros((size + 1, int(doubled.sum()) + 1))
    counts[0, 0] = 1
    for i, rank in enumerate(np.sort(doubled)):
        most = min(i, size - 1)
        counts[1 : most + 2, rank:] += counts[: most + 1, : counts.shape[1] - rank].copy()
    return np.asarray(counts[size])


def _exact(ranks: Floats, m: int, tail: float) -> tuple[float, int, float]:
    """Two-sided p, rank of the difference that is the limit (0 for none), level achieved."""
    counts = rank_sum_counts(ranks, m)
    chance = counts / counts.sum()
    at = round(2 * float(ranks[:m].sum()))
    p = min(1.0, 2 * min(float(chance[: at + 1].sum()), float(chance[at:].sum())))
    # The interval rests on the distribution without ties, at worst too wide with them.
    below = mann_whitney_cumulative(m, len(ranks) - m)
    outer = int(np.searchsorted(below, tail))
    level = 1 - 2 * float(below[outer - 1]) if outer else 1.0
    return p, outer, level


def _asymptotic(x: Floats, y: Floats, w: float, tail: float) -> tuple[float, int]:
    """Two-sided p with both corrections, and the rank of the difference that is the limit."""
    m, n = len(x), len(y)
    spread = _spread([np.append(x, y)], m, n)
    gap = w - m * n / 2
    z = (gap - np.sign(gap) * 0.5) / spread if spread > 0 else np.nan
    p = float(min(1.0, 2 * stats.norm.sf(abs(z)))) if spread > 0 else np.nan
    # Between two differences a shift ties nothing across the groups.
    apart = _spread([x, y], m, n)
    outer = int(np.floor(m * n / 2 - 0.5 - stats.norm.isf(tail) * apart)) + 1
    return p, max(0, outer)


def _spread(tied_in: list[Floats], m: int, n: int) -> float:
    """Give the standard deviation of the Mann-Whitney count with ties within some sets."""
    size = m + n
    sets = [np.unique(values, return_counts=True)[1].astype(float) for values in tied_in]
    ties = sum(float((t**3 - t).sum()) for t in sets)
    return float(np.sqrt(m * n / 12 * (size + 1 - ties / (size * (size - 1)))))
