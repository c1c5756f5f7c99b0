"""Correlations tested by drawing again who goes with whom."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alsutils.stats.correlation.coefficients import SMALLEST, Kind, checked_pairs
from alsutils.stats.permutation import shuffles

Floats = NDArray[np.float64]

EXACT_UP_TO = 50_000
"""Orders that are listed instead of drawn: those of up to eight pairs."""
_ROUNDING = 1e-9
_CELLS = 4_000_000  # numbers held at once for Kendall's


@dataclass(frozen=True)
class PermutedCorrelation:
    """A correlation with its permutation test.

    Attributes
    ----------
    kind : {"pearson", "spearman", "kendall"}
        Which correlation.
    estimate : float
        Missing with fewer than three pairs or where a variable does not vary.
    p_value : float
        Share of orders with a correlation at least as far from 0.
    p_error : float
        Standard error of the p-value by the number of draws; 0 where all orders were listed.
    n, n_ways : int
        Pairs, and orders looked at.
    exact : bool
        Whether all orders were listed.
    """

    kind: Kind
    estimate: float
    p_value: float
    p_error: float
    n: int
    n_ways: int
    exact: bool

    @property
    def frame(self) -> pd.DataFrame:
        """One row in the columns of every estimate."""
        return pd.DataFrame([self.__dict__])


@dataclass(frozen=True)
class PermutedDifference:
    """The difference of two groups' correlations with its permutation test.

    Attributes
    ----------
    kind : {"pearson", "spearman"}
        Which correlation.
    estimate : float
        First group's less second group's; missing where a group has fewer than four pairs or a
        variable does not vary in it.
    p_value, p_error : float
        Share of ways with a difference on Fisher's scale at least as far from 0, and its standard
        error by the number of draws.
    n_first, n_second, n_ways : int
        Pairs of each group, and ways looked at.
    exact : bool
        Whether all ways were listed.
    """

    kind: Kind
    estimate: float
    p_value: float
    p_error: float
    n_first: int
    n_second: int
    n_ways: int
    exact: bool

    @property
    def frame(self) -> pd.DataFrame:
        """One row in the columns of every estimate."""
        return pd.DataFrame([self.__dict__])


def permuted_correlation(
    x: ArrayLike,
    y: ArrayLike,
    rng: np.random.Generator,
    kind: Kind = "pearson",
    n_draws: int = 10_000,
) -> PermutedCorrelation:
    """Test a correlation by putting one variable into every other order.

    With up to eight pairs all orders are listed, so that the p-value is exact however the values
    are distributed; with more, orders are drawn.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Finite values, a pair each.
    rng : Generator
        Source of random numbers.
    kind : {"pearson", "spearman", "kendall"}
        Which correlation.
    n_draws : int
        Orders to draw where there are too many to list.

    Returns
    -------
    PermutedCorrelation
        The order seen is among those counted, so that the p-value is never 0.

    Raises
    ------
    ValueError
        As in `correlation`.

    References
    ----------
    Pitman EJG. Significance tests which may be applied to samples from any populations. II. The
    correlation coefficient test. J R Stat Soc Suppl 1937;4:225-232.
    """
    a, b = checked_pairs(x, y, kind)
    n = len(a)
    if n < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return PermutedCorrelation(kind, np.nan, np.nan, np.nan, n, 0, False)
    exact = math.factorial(n) <= EXACT_UP_TO
    if exact:
        orders = np.array(list(itertools.permutations(range(n))))
    else:
        orders = rng.permuted(np.tile(np.arange(n), (n_draws + 1, 1)), axis=1)
        orders[0] = np.arange(n)
    found = _kendalls(a, b, orders) if kind == "kendall" else _products(a, b, orders, kind)
    p = float((np.abs(found) >= abs(found[0]) - _ROUNDING).mean())
    error = 0.0 if exact else math.sqrt(p * (1 - p) / len(orders))
    return PermutedCorrelation(kind, float(found[0]), p, error, n, len(orders), exact)


def permuted_difference(
    x: ArrayLike,
    y: ArrayLike,
    group: ArrayLike,
    rng: np.random.Generator,
    kind: Kind = "pearson",
    n_draws: int = 10_000,
) -> PermutedDifference:
    """Test whether two groups have the same correlation by drawing the groups again.

    Each variable is first brought to mean 0 and standard deviation 1 within each group, so that
    groups that differ in these do not look as if they differed in the correlation.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Finite values, a pair each.
    group : array_like of bool, shape (n,)
        Who is in the first group.
    rng : Generator
        Source of random numbers.
    kind : {"pearson", "spearman"}
        Of the values, or of their ranks within each group.
    n_draws : int
        Ways to draw where there are too many to list.

    Returns
    -------
    PermutedDifference
        First group less second.

    Raises
    ------
    ValueError
        As in `correlation`, or if the kind is Kendall's.

    References
    ----------
    Good PI. Permutation, Parametric and Bootstrap Tests of Hypotheses. 3rd ed. Springer 2005.
    """
    a, b = checked_pairs(x, y, kind)
    first = np.asarray(group, bool)
    if kind == "kendall" or first.shape != a.shape:
        raise ValueError("the kind must be 'pearson' or 'spearman', and group one flag a pair")
    sizes = int(first.sum()), int((~first).sum())
    parts = [(v[side], side) for v in (a, b) for side in (first, ~first)]
    if min(sizes) < SMALLEST or any(np.ptp(values) == 0 for values, _ in parts):
        return PermutedDifference(kind, np.nan, np.nan, np.nan, *sizes, 0, False)
    u, v = np.empty(len(a)), np.empty(len(a))
    for target, source in ((u, a), (v, b)):
        for side in (first, ~first):
            part = stats.rankdata(source[side]) if kind == "spearman" else source[side]
            target[side] = (part - part.mean()) / part.std()
    ways = shuffles(first, n_draws, rng)
    columns = np.column_stack([u, v, u * u, v * v, u * v])
    sums = ways.treated.astype(float) @ columns
    r1 = _from_sums(sums, sizes[0])
    r2 = _from_sums(columns.sum(axis=0) - sums, sizes[1])
    gap = np.abs(np.arctanh(r1) - np.arctanh(r2))
    p = float((gap >= gap[0] - _ROUNDING).mean())
    error = 0.0 if ways.exact else math.sqrt(p * (1 - p) / len(gap))
    return PermutedDifference(kind, float(r1[0] - r2[0]), p, error, *sizes, len(gap), ways.exact)


def _products(a: Floats, b: Floats, orders: NDArray[np.intp], kind: Kind) -> Floats:
    """Pearson's correlation, of values or of ranks, for every order of b."""
    if kind == "spearman":
        a, b = stats.rankdata(a), stats.rankdata(b)
    a, b = a - a.mean(), b - b.mean()
    return np.asarray(b[orders] @ a / np.sqrt((a**2).sum() * (b**2).sum()))


def _kendalls(a: Floats, b: Floats, orders: NDArray[np.intp]) -> Floats:
    """Kendall's tau-b for every order of b."""
    i, j = np.triu_indices(len(a), 1)
    first = np.sign(a[i] - a[j])
    scale = np.sqrt((first != 0).sum() * (b[i] != b[j]).sum())
    found = np.empty(len(orders))
    step = max(1, _CELLS // len(i))
    for start in range(0, len(orders), step):
        mixed = b[orders[start : start + step]]
        found[start : start + step] = np.sign(mixed[:, i] - mixed[:, j]) @ first
    return found / scale


def _from_sums(sums: Floats, n: int) -> Floats:
    """Correlation from sums of u, v, u squared, v squared and u v, short of 1 by a rounding."""
    su, sv, suu, svv, suv = sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (suv - su * sv / n) / np.sqrt((suu - su**2 / n) * (svv - sv**2 / n))
    limit = 1 - 1e-12
    # A way in which a variable does not vary within a group says nothing.
    return np.asarray(np.clip(np.nan_to_num(r, nan=0.0), -limit, limit))
