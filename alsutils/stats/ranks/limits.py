"""Two groups compared by ranks where values lie below a limit."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alsutils.stats.ranks.comparison import RankComparison, rank_comparison

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Weight = Literal["peto", "logrank"]


@dataclass(frozen=True)
class RankTest:
    """A test of two groups by ranks, without an estimate.

    Attributes
    ----------
    statistic : float
        Standard normal deviate, above 0 where the treated values are higher.
    p_value : float
        Two-sided; missing where nothing can be told apart.
    n_treated, n_control : int
        Sizes of the groups.
    """

    statistic: float
    p_value: float
    n_treated: int
    n_control: int

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row in the columns of every estimate."""
        return pd.DataFrame([self.__dict__])


def wilcoxon_at_limit(
    values: ArrayLike, below: ArrayLike, treated: ArrayLike, conf_level: float = 0.95
) -> RankComparison:
    """Compare two groups by Wilcoxon's test, everything below the highest limit tied.

    With one limit this is what the data say, and Gehan's test. With several, measured values that
    lie under the highest limit count as below it too: order is lost, but no pair is left out.

    Parameters
    ----------
    values : array_like, shape (n,)
        Measured values; for those below, their limit.
    below, treated : array_like of bool, shape (n,)
        Whether the value is below its limit, and whether the patient is in the treated group.
    conf_level : float
        Level of the interval of the shift.

    Returns
    -------
    RankComparison
        Wilcoxon's test with the correction for ties, and the Hodges-Lehmann shift as far as the
        limit leaves it known.

    Raises
    ------
    ValueError
        If a group is empty, a value is missing or the lengths differ.

    References
    ----------
    Helsel DR. Statistics for Censored Environmental Data Using Minitab and R. 2nd ed. Wiley 2012,
    chapter 9.
    """
    y, low, group = _checked(values, below, treated)
    limit = y[low].max(initial=-np.inf)
    tied = low | (y < limit)
    high = np.where(tied, np.nextafter(limit, -np.inf), y)
    bottom = np.where(tied, -np.inf, y)
    return rank_comparison(bottom[group], high[group], bottom[~group], high[~group], conf_level)


def generalised_wilcoxon(
    values: ArrayLike, below: ArrayLike, treated: ArrayLike, weight: Weight = "peto"
) -> RankTest:
    """Compare two groups whose values may lie below a limit, value by value from the highest down.

    At each measured value the groups' shares among the values up to it are compared. Peto's weight,
    the estimated share of values up to it, makes the test Wilcoxon's where nothing is below a
    limit, but for its variance; the weight 1 makes it the log-rank test of the flipped values,
    which looks most at the lowest values. Limits may differ between the groups, which Gehan's test
    (`rank_comparison`) does not bear as well.

    Parameters
    ----------
    values, below, treated
        As in `wilcoxon_at_limit`.
    weight : {"peto", "logrank"}
        Weight of each value.

    Returns
    -------
    RankTest
        Missing figures where no value was measured.

    Raises
    ------
    ValueError
        As in `wilcoxon_at_limit`, or if the weight is unknown.

    References
    ----------
    Peto R, Peto J. Asymptotically efficient rank invariant test procedures. J R Stat Soc A
    1972;135:185-207. Harrington DP, Fleming TR. A class of rank test procedures for censored
    survival data. Biometrika 1982;69:553-566.
    """
    if weight not in get_args(Weight):
        raise ValueError(f"weight must be one of {get_args(Weight)}, not {weight!r}")
    y, low, group = _checked(values, below, treated)
    events = np.unique(y[~low])[::-1]
    # A value below its limit is known to be under every value down to that limit, and then leaves.
    n, n_treated = _up_to(y, events), _up_to(y[group], events)
    d, d_treated = _equal(y[~low], events), _equal(y[~low & group], events)
    share = np.cumprod(np.append(1.0, 1 - d / n))[:-1]
    w = share if weight == "peto" else np.ones(len(events))
    expected = d * n_treated / n
    several = n > 1
    variance = np.where(
        several, expected * (1 - n_treated / n) * (n - d) / np.maximum(n - 1, 1), 0.0
    )
    total = float((w**2 * variance).sum())
    z = float((w * (d_treated - expected)).sum() / np.sqrt(total)) if total > 0 else np.nan
    p = float(2 * stats.norm.sf(abs(z)))
    return RankTest(z, p, int(group.sum()), int((~group).sum()))


def _up_to(
    y: Floats, events: Floats, side: Literal["left", "right"] = "right"
) -> NDArray[np.int64]:
    """Count the values up to each event, or with "left" under it."""
    return np.searchsorted(np.sort(y), events, side)


def _equal(y: Floats, events: Floats) -> NDArray[np.int64]:
    """Count the values at each event."""
    return _up_to(y, events) - _up_to(y, events, "left")


def _checked(
    values: ArrayLike, below: ArrayLike, treated: ArrayLike
) -> tuple[Floats, Flags, Flags]:
    """Give values, flags and groups as arrays, or say what is wrong with them."""
    y, low = np.asarray(values, float), np.asarray(below, bool)
    group = np.asarray(treated, bool)
    if not len(y) == len(low) == len(group):
        raise ValueError(
            f"there are {len(y)} values, {len(low)} flags and {len(group)} groups; give one of "
            "each a sample"
        )
    if not np.isfinite(y).all():
        raise ValueError("values must be finite; give a value below its limit as the limit")
    if group.all() or not group.any():
        raise ValueError("both groups need a value")
    return y, low, group
