"""Correlations with intervals, and the difference between two of them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Kind = Literal["pearson", "spearman", "kendall"]

Floats = NDArray[np.float64]

SMALLEST = 4  # pairs below which Fisher's z has no standard error
_EXACT_BELOW = 50  # pairs up to which Kendall's p is exact where nothing is tied, as in R


@dataclass(frozen=True)
class Correlation:
    """A correlation with its interval and test.

    Attributes
    ----------
    kind : {"pearson", "spearman", "kendall"}
        Of values, of ranks, or pairs of people in the same order less pairs in opposite order.
    estimate : float
        -1 to 1; missing with fewer than four pairs or where a variable does not vary.
    std_error : float
        On Fisher's z scale.
    df, statistic, p_value : float
        Test of no correlation: Student's t on n - 2 degrees of freedom; for Kendall's, a standard
        normal deviate, with the exact p-value for fewer than 50 pairs without ties.
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
    kind : {"pearson", "spearman", "kendall"}
        Of the values, of their ranks, or Kendall's tau-b.
    conf_level : float
        Level of the interval.

    Returns
    -------
    Correlation
        Every figure is missing with fewer than four pairs or where a variable does not vary; the
        interval of Kendall's with fewer than five.

    Raises
    ------
    ValueError
        If the lengths differ, a value is missing or the kind is unknown.

    References
    ----------
    Fisher RA. On the "probable error" of a coefficient of correlation. Metron 1921;1:3-32.
    Bonett DG, Wright TA. Sample size requirements for estimating Pearson, Kendall and Spearman
    correlations. Psychometrika 2000;65:23-28 (standard error of Spearman's on the z scale). Fieller
    EC, Hartley HO, Pearson ES. Tests for rank correlation coefficients. I. Biometrika
    1957;44:470-481 (that of Kendall's).
    """
    a, b = checked_pairs(x, y, kind)
    n = len(a)
    if n < SMALLEST or np.ptp(a) == 0 or np.ptp(b) == 0:
        return _unknown(kind, n)
    if kind == "kendall":
        return _kendall(a, b, conf_level)
    if kind == "spearman":
        a, b = stats.rankdata(a), stats.rankdata(b)
    return with_interval(kind, float(np.corrcoef(a, b)[0, 1]), n, 0, conf_level)


def partial_correlation(
    x: ArrayLike,
    y: ArrayLike,
    given: ArrayLike,
    kind: Kind = "pearson",
    conf_level: float = 0.95,
) -> Correlation:
    """Correlate what is left of two variables once others are held equal.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Finite values, a pair each.
    given : array_like, shape (n,) or (n, q)
        Variables to hold equal, such as the arm or the baseline, as numbers.
    kind : {"pearson", "spearman"}
        Of the values, or of the ranks of all variables.
    conf_level : float
        Level of the interval.

    Returns
    -------
    Correlation
        With q fewer degrees of freedom. Every figure is missing where fewer than one is left for
        the interval, or where the others determine a variable.

    Raises
    ------
    ValueError
        As in `correlation`, or if the kind is Kendall's.

    References
    ----------
    Fisher RA. The distribution of the partial correlation coefficient. Metron 1924;3:329-332.
    """
    a, b = checked_pairs(x, y, kind)
    if kind == "kendall":
        raise ValueError("a partial correlation is 'pearson' or 'spearman', not 'kendall'")
    others = np.asarray(given, float)
    others = others[:, None] if others.ndim == 1 else others
    n = len(a)
    if len(others) != n or not np.isfinite(others).all():
        raise ValueError(f"given needs {n} rows of finite numbers, a row a pair")
    if kind == "spearman":
        a, b, others = stats.rankdata(a), stats.rankdata(b), stats.rankdata(others, axis=0)
    X = np.column_stack([np.ones(n), others - others.mean(axis=0)]) if n else np.empty((0, 1))
    held = int(np.linalg.matrix_rank(X)) - 1 if n else 0
    if n - 3 - held < 1:
        return _unknown(kind, n)
    pair = np.column_stack([a - a.mean(), b - b.mean()])
    left = pair - X @ np.linalg.lstsq(X, pair, rcond=None)[0]
    if ((left**2).sum(axis=0) <= 1e-20 * np.maximum((pair**2).sum(axis=0), 1e-300)).any():
        return _unknown(kind, n)
    return with_interval(kind, float(np.corrcoef(left.T)[0, 1]), n, held, conf_level)


def checked_pairs(x: ArrayLike, y: ArrayLike, kind: str) -> tuple[Floats, Floats]:
    """Give both variables as arrays, or say what is wrong with them or with the kind."""
    a, b = np.asarray(x, float), np.asarray(y, float)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"x and y must be two lists of one length; they are {a.shape}, {b.shape}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("x and y must be finite; leave out pairs with a missing value")
    if kind not in get_args(Kind):
        raise ValueError(f"kind must be one of {get_args(Kind)}, not {kind!r}")
    return a, b


def _unknown(kind: Kind, n: int) -> Correlation:
    nan = np.nan
    return Correlation(kind, nan, nan, nan, nan, nan, nan, nan, n)


def with_interval(kind: Kind, r: float, n: int, held: int, conf_level: float) -> Correlation:
    """Test a correlation of n pairs and give its limits, with ``held`` variables held equal."""
    r = float(np.clip(r, -1, 1))
    spread = 1 + r**2 / 2 if kind == "spearman" else 1.0
    std_error = float(np.sqrt(spread / (n - 3 - held)))
    df = float(n - 2 - held)
    if abs(r) > 1 - 1e-12:
        return Correlation(kind, r, std_error, df, np.copysign(np.inf, r), 0.0, r, r, n)
    t = float(r * np.sqrt(df / (1 - r**2)))
    low, high = _limits(r, std_error, conf_level)
    p = float(2 * stats.t.sf(abs(t), df))
    return Correlation(kind, r, std_error, df, t, p, low, high, n)


def _kendall(a: Floats, b: Floats, conf_level: float) -> Correlation:
    n = len(a)
    tied = min(len(np.unique(a)), len(np.unique(b))) < n
    method = "exact" if n < _EXACT_BELOW and not tied else "asymptotic"
    tau, p = stats.kendalltau(a, b, method=method)
    tau = float(np.clip(tau, -1, 1))
    normal_p = stats.kendalltau(a, b, method="asymptotic").pvalue
    z = float(np.copysign(stats.norm.isf(normal_p / 2), tau))
    std_error = float(np.sqrt(0.437 / (n - 4))) if n > 4 else np.nan
    inside = abs(tau) < 1 - 1e-12
    low, high = _limits(tau, std_error, conf_level) if inside else (tau, tau)
    return Correlation("kendall", tau, std_error, np.inf, z, float(p), low, high, n)


def _limits(r: float, std_error: float, conf_level: float) -> tuple[float, float]:
    """Limits by Fisher's z."""
    reach = stats.norm.ppf((1 + conf_level) / 2) * std_error
    low, high = np.tanh(np.arctanh(r) + np.array([-reach, reach]))
    return float(low), float(high)


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
