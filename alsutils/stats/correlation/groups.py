"""Two variables related within groups, and within people."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from alsutils.stats.correlation.coefficients import checked_pairs, with_interval


@dataclass(frozen=True)
class Interaction:
    """Whether the slope of one variable on another differs between two groups.

    Attributes
    ----------
    slope_first, slope_second : float
        Change in y for one unit of x in each group.
    estimate, std_error : float
        First slope less second, and its standard error from the common residual variance.
    df, statistic, p_value : float
        Student's t test that the slopes are equal.
    conf_low, conf_high : float
        Limits for the difference.
    n : int
        Pairs.
    """

    slope_first: float
    slope_second: float
    estimate: float
    std_error: float
    df: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float
    n: int

    @property
    def frame(self) -> pd.DataFrame:
        """One row in the columns of every estimate."""
        return pd.DataFrame([self.__dict__])


@dataclass(frozen=True)
class RepeatedCorrelation:
    """How two variables go together within people who were measured several times.

    Attributes
    ----------
    estimate : float
        Correlation of the deviations from each person's own means.
    slope : float
        Change in y for one unit of x within people, the same for all.
    std_error : float
        On Fisher's z scale.
    df, statistic, p_value : float
        Student's t test of no correlation.
    conf_low, conf_high : float
        Limits by Fisher's z.
    n, n_subjects : int
        Pairs, and people with two or more of them.
    """

    estimate: float
    slope: float
    std_error: float
    df: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float
    n: int
    n_subjects: int

    @property
    def frame(self) -> pd.DataFrame:
        """One row in the columns of every estimate."""
        return pd.DataFrame([self.__dict__])


def slope_interaction(
    x: ArrayLike, y: ArrayLike, group: ArrayLike, conf_level: float = 0.95
) -> Interaction:
    """Regress y on x, the group and their product.

    A slope is not a correlation: groups with the same slope differ in the correlation where their
    spread differs. Both questions are asked of "found here, not found there".

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Finite values, a pair each.
    group : array_like of bool, shape (n,)
        Who is in the first group.
    conf_level : float
        Level of the interval.

    Returns
    -------
    Interaction
        Every figure is missing where x does not vary in a group or fewer than five pairs are there.

    Raises
    ------
    ValueError
        If the lengths differ or a value is missing.
    """
    a, b = checked_pairs(x, y, "pearson")
    first = np.asarray(group, bool)
    if first.shape != a.shape:
        raise ValueError(f"there are {len(a)} pairs and {first.size} groups; give one each")
    n, df, nan = len(a), len(a) - 4, np.nan
    sides = [(a[side], b[side]) for side in (first, ~first)]
    if df < 1 or any(len(u) < 2 or np.ptp(u) == 0 for u, _ in sides):
        return Interaction(nan, nan, nan, nan, nan, nan, nan, nan, nan, n)
    slopes, weights, residual = [], [], 0.0
    for u, v in sides:
        u, v = u - u.mean(), v - v.mean()
        weights.append(float(u @ u))
        slopes.append(float(u @ v) / weights[-1])
        residual += float(((v - slopes[-1] * u) ** 2).sum())
    estimate = slopes[0] - slopes[1]
    error = float(np.sqrt(residual / df * (1 / weights[0] + 1 / weights[1])))
    t = estimate / error if error > 0 else np.nan
    reach = float(stats.t.ppf((1 + conf_level) / 2, df)) * error
    p = float(2 * stats.t.sf(abs(t), df))
    low, high = estimate - reach, estimate + reach
    return Interaction(slopes[0], slopes[1], estimate, error, float(df), t, p, low, high, n)


def repeated_correlation(
    x: ArrayLike, y: ArrayLike, subject: ArrayLike, conf_level: float = 0.95
) -> RepeatedCorrelation:
    """Correlate two variables within people measured several times.

    Taking every visit of every patient as a pair of its own counts patients several times over and
    mixes what distinguishes patients with what moves within them. Here each patient has a level of
    their own and all share one slope.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Values; pairs with a missing one are left out.
    subject : array_like, shape (n,)
        Whose they are.
    conf_level : float
        Level of the interval.

    Returns
    -------
    RepeatedCorrelation
        Every figure is missing where fewer than three degrees of freedom are left or nothing varies
        within people.

    Raises
    ------
    ValueError
        If the lengths differ.

    References
    ----------
    Bland JM, Altman DG. Calculating correlation coefficients with repeated observations: Part 1 -
    correlation within subjects. BMJ 1995;310:446. Bakdash JZ, Marusich LR. Repeated measures
    correlation. Front Psychol 2017;8:456. doi:10.3389/fpsyg.2017.00456
    """
    a, b = np.asarray(x, float), np.asarray(y, float)
    code, names = pd.factorize(np.asarray(subject, object), use_na_sentinel=False)
    if not len(a) == len(b) == len(code):
        raise ValueError(f"there are {len(a)}, {len(b)} and {len(code)} entries; give one of each")
    seen = ~(np.isnan(a) | np.isnan(b))
    visits = np.bincount(code[seen], minlength=len(names))
    seen &= visits[code] > 1
    a, b, code = a[seen], b[seen], code[seen]
    n, people = len(a), int((visits > 1).sum())
    df, nan = n - people - 1, np.nan
    u, v = (w - (np.bincount(code, w, len(names)) / np.maximum(visits, 1))[code] for w in (a, b))
    if df < 2 or u @ u <= 1e-20 * (a @ a) or v @ v <= 1e-20 * (b @ b):
        return RepeatedCorrelation(nan, nan, nan, nan, nan, nan, nan, nan, n, people)
    slope = float(u @ v / (u @ u))
    r = float(u @ v / np.sqrt((u @ u) * (v @ v)))
    # A partial correlation with the person's level, one variable less than people, held equal.
    c = with_interval("pearson", r, n, people - 1, conf_level)
    test = (c.std_error, c.df, c.statistic, c.p_value, c.conf_low, c.conf_high)
    return RepeatedCorrelation(c.estimate, slope, *test, n, people)
