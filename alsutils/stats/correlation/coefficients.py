"""Correlations with intervals, and the difference between two of them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

Kind = Literal["pearson", "spearman"]

SMALLEST = 4  # pairs below which Fisher's z has no standard error


@dataclass(frozen=True)
class Correlation:
    """A correlation with its interval and test.

    Attributes
    ----------
    kind : {"pearson", "spearman"}
        Of values or of ranks.
    estimate : float
        -1 to 1; missing with fewer than four pairs or where a variable does not vary.
    std_error : float
        On Fisher's z scale.
    statistic, p_value : float
        Test of no correlation: Student's t on n - 2 degrees of freedom.
    conf_low, conf_high : float
        Limits by Fisher's z.
    n : int
        Pairs.
    """

    kind: Kind
    estimate: float
    std_error: float
    df: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float
    n: int

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row in the columns of every estimate."""
        return pd.DataFrame([self.__dict__])


@dataclass(frozen=True)
class CorrelationDifference:
    """First correlation minus second, from two independent groups.

    Attributes
    ----------
    estimate : float
        Difference of the correlations.
    std_error : float
        Of the difference on Fisher's z scale.
    statistic, p_value : float
        Fisher's test that they are equal: standard normal deviate, two-sided p.
    conf_low, conf_high : float
        Limits for the difference of the correlations.
    """

    estimate: float
    std_error: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row in the columns of every estimate."""
        return pd.DataFrame([self.__dict__])


def correlation(
    x: ArrayLike, y: ArrayLike, kind: Kind = "pearson", conf_level: float = 0.95
) -> Correlation:
    """Correlate two variables.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Finite values, a pair each.
    kind : {"pearson", "spearman"}
        Of the values, or of their ranks.
    conf_level : float
        Level of the interval.

    Returns
    -------
    Correlation
        Every figure is missing with fewer than four pairs or where a variable does not vary.

    Raises
    ------
    ValueError
        If the lengths differ, a value is missing or the kind is unknown.

    References
    ----------
    Fisher RA. On the "probable error" of a coefficient of correlation. Metron 1921;1:3-32.
    Bonett DG, Wright TA. Sample size requirements for estimating Pearson, Kendall and Spearman
    correlations. Psychometrika 2000;65:23-28 (standard error of Spearman's on the z scale).
    """
    a, b = np.asarray(x, float), np.asarray(y, float)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"x and y must be two lists of one length; they are {a.shape}, {b.shape}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("x and y must be finite; leave out pairs with a missing value")
    if kind not in ("pearson", "spearman"):
        raise ValueError(f"kind must be 'pearson' or 'spearman', not {kind!r}")
    n = len(a)
    if n < SMALLEST or np.ptp(a) == 0 or np.ptp(b) == 0:
        nan = np.nan
        return Correlation(kind, nan, nan, nan, nan, nan, nan, nan, n)
    if kind == "spearman":
        a, b = stats.rankdata(a), stats.rankdata(b)
    r = float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1))
    spread = 1 + r**2 / 2 if kind == "spearman" else 1.0
    std_error = float(np.sqrt(spread / (n - 3)))
    df = n - 2
    if abs(r) > 1 - 1e-12:
        return Correlation(kind, r, std_error, df, np.copysign(np.inf, r), 0.0, r, r, n)
    t = r * np.sqrt(df / (1 - r**2))
    reach = stats.norm.ppf((1 + conf_level) / 2) * std_error
    low, high = np.tanh(np.arctanh(r) + np.array([-reach, reach]))
    p = 2 * stats.t.sf(abs(t), df)
    return Correlation(
        kind, r, std_error, float(df), float(t), float(p), float(low), float(high), n
    )


def correlation_difference(first: Correlation, second: Correlation) -> CorrelationDifference:
    """Compare the correlations of two groups of different people.

    Parameters
    ----------
    first, second : Correlation
        Of the same kind and with intervals of the same level.

    Returns
    -------
    CorrelationDifference
        First minus second. Every figure is missing where a correlation is missing or is exactly
        1 or -1.

    References
    ----------
    Fisher RA. Statistical Methods for Research Workers. 1925, section 35 (test). Zou GY. Toward
    using confidence intervals to compare correlations. Psychol Methods 2007;12:399-413 (interval).
    """
    r1, r2 = first.estimate, second.estimate
    if not (abs(r1) < 1 and abs(r2) < 1):
        return CorrelationDifference(*[np.nan] * 6)
    std_error = float(np.hypot(first.std_error, second.std_error))
    z = float((np.arctanh(r1) - np.arctanh(r2)) / std_error)
    low = r1 - r2 - np.hypot(r1 - first.conf_low, second.conf_high - r2)
    high = r1 - r2 + np.hypot(first.conf_high - r1, r2 - second.conf_low)
    p = float(2 * stats.norm.sf(abs(z)))
    return CorrelationDifference(r1 - r2, std_error, z, p, float(low), float(high))
