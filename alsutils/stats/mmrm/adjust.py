"""Adjust p-values and intervals for several comparisons."""

import numpy as np
import pandas as pd
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, stdtrit

from alsutils.stats.mmrm.errors import OptionError

Array = NDArray[np.float64]
ADJUSTMENTS = ("holm", "bonferroni", "dunnett")
_LATTICE = 4099
_SHIFTS = 8


def adjust_table(
    table: pd.DataFrame, covariance: Array, family: NDArray[np.intp], adjust: str, conf_level: float
) -> pd.DataFrame:
    """Return a table of t tests adjusted within families of comparisons.

    Parameters
    ----------
    table : DataFrame, r rows
        Unadjusted estimates, standard errors, degrees of freedom, tests and intervals.
    covariance : array, shape (r, r)
        Covariance of the estimates.
    family : array of int, shape (r,)
        Rows that share a number are one family.
    adjust : {"holm", "bonferroni", "dunnett"}
        Holm changes p-values alone. Bonferroni divides alpha by the size of the family. Dunnett
        uses the joint t distribution of the comparisons with their estimated correlations and
        each row's own degrees of freedom.
    conf_level : float
        Joint coverage of a family's intervals.

    Returns
    -------
    DataFrame
    """
    if adjust not in ADJUSTMENTS:
        raise OptionError(
            f"unknown adjust {adjust!r}; choose None or one of {', '.join(ADJUSTMENTS)}"
        )
    adjusted = table.copy()
    p = table["p_value"].to_numpy().copy()
    error, df = table["std_error"].to_numpy(), table["df"].to_numpy()
    critical = stdtrit(df, 0.5 + conf_level / 2.0)
    for number in np.unique(family):
        rows = np.flatnonzero(family == number)
        if adjust == "holm":
            p[rows] = _holm(p[rows])
        elif adjust == "bonferroni":
            p[rows] = np.minimum(1.0, rows.size * p[rows])
            critical[rows] = stdtrit(df[rows], 1.0 - (1.0 - conf_level) / (2.0 * rows.size))
        else:
            block = covariance[np.ix_(rows, rows)]
            root = np.sqrt(np.diag(block))
            correlation = block / np.outer(root, root)
            for row in rows:
                statistic = abs(table["statistic"].iloc[row])
                p[row] = 1.0 - equicoordinate(statistic, df[row], correlation)
            degrees, place = np.unique(df[rows], return_inverse=True)
            found = [_dunnett_critical(each, correlation, conf_level) for each in degrees]
            critical[rows] = np.array(found)[place]
    adjusted["p_value"] = p
    adjusted["conf_low"] = table["estimate"] - critical * error
    adjusted["conf_high"] = table["estimate"] + critical * error
    return adjusted


def _holm(p: Array) -> Array:
    order = np.argsort(p, kind="stable")
    factor = np.arange(p.size, 0, -1)
    stepped = np.minimum(1.0, np.maximum.accumulate(factor * p[order]))
    adjusted = np.empty(p.size)
    adjusted[order] = stepped
    return adjusted


def _dunnett_critical(df: float, correlation: Array, conf_level: float) -> float:
    size = len(correlation)
    low = float(stdtrit(df, 0.5 + conf_level / 2.0))
    high = float(stdtrit(df, 1.0 - (1.0 - conf_level) / (2.0 * size)))
    if size == 1:
        return low

    def excess(bound: float) -> float:
        return equicoordinate(bound, df, correlation) - conf_level

    # The joint critical value lies between the single one and Bonferroni's, and at one of them, but
    # for the error of the integration, where comparisons are the same or have nothing in common.
    if excess(low) >= 0:
        return low
    if excess(high) <= 0:
        return high
    return float(brentq(excess, low, high, xtol=1e-9))


def equicoordinate(bound: float, df: float, correlation: Array) -> float:
    """Return P(max |T_i| <= bound) for a multivariate t.

    Parameters
    ----------
    bound : float
        The bound, not negative.
    df : float
        Degrees of freedom.
    correlation : array, shape (c, c)
        Correlations. Up to two comparisons are integrated exactly; more by Genz's separation of
        variables on a fixed lattice (Genz and Bretz, Computation of Multivariate Normal and t
        Probabilities, 2009), to about 1e-4.

    Returns
    -------
    float
    """
    scales, weights = _chi_nodes(df)
    if len(correlation) == 1:
        return float(weights @ (2.0 * ndtr(bound * scales) - 1.0))
    if len(correlation) == 2:
        return float(weights @ _bivariate(bound * scales, float(correlation[0, 1])))
    return float(weights @ _genz(bound * scales, correlation))


def _chi_nodes(df: float) -> tuple[Array, Array]:
    """Quadrature nodes and weights for the distribution of sqrt(chi-square / df)."""
    nodes, weights = leggauss(64)
    spread = 8.0 / np.sqrt(2.0 * df)
    low, high = max(0.0, 1.0 - spread), 1.0 + max(spread, 1.0 if df < 10 else 0.0)
    s = low + (high - low) * (nodes + 1.0) / 2.0
    log_density = (df - 1.0) * np.log(s) - 0.5 * df * s**2  # but for a constant
    mass = weights * np.exp(log_density - log_density.max())
    return s, mass / mass.sum()


def _bivariate(bounds: Array, rho: float) -> Array:
    """Return P(|Z1| <= b, |Z2| <= b) for correlated standard normals, for each b."""
    nodes, weights = leggauss(96)
    reach = np.minimum(bounds, 9.0)
    x = reach[:, None] * nodes
    root = np.sqrt(max(1.0 - rho**2, 1e-16))
    inside = ndtr((bounds[:, None] - rho * x) / root) - ndtr((-bounds[:, None] - rho * x) / root)
    density = np.exp(-0.5 * x**2) / np.sqrt(2.0 * np.pi)
    return np.asarray(reach * ((density * inside) @ weights))


def _genz(bounds: Array, correlation: Array) -> Array:
    """Return P(all |Z_i| <= b) for each b, on a Korobov-like lattice with fixed shifts."""
    c = len(correlation)
    factor = np.linalg.cholesky(correlation + 1e-12 * np.eye(c))
    primes = np.array([2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0, 23.0, 29.0, 31.0, 37.0])
    steps = np.sqrt(np.resize(primes, c - 1) + 41.0 * (np.arange(c - 1) // primes.size))
    points = np.arange(1, _LATTICE + 1)[:, None] * steps
    shifts = np.random.default_rng(20080123).random((_SHIFTS, c - 1))
    uniform = np.abs(2.0 * np.mod(points[None] + shifts[:, None], 1.0) - 1.0).reshape(-1, c - 1)
    values = np.empty(bounds.size)
    for index, bound in enumerate(bounds):
        low, high = ndtr(-bound / factor[0, 0]), ndtr(bound / factor[0, 0])
        mass = np.full(len(uniform), high - low)
        drawn = np.empty((len(uniform), c - 1))
        for i in range(1, c):
            share = np.clip(low + uniform[:, i - 1] * (high - low), 1e-300, 1.0 - 1e-16)
            drawn[:, i - 1] = ndtri(share)
            centre = drawn[:, :i] @ factor[i, :i]
            low = ndtr((-bound - centre) / factor[i, i])
            high = ndtr((bound - centre) / factor[i, i])
            mass = mass * (high - low)
        values[index] = mass.mean()
    return values
