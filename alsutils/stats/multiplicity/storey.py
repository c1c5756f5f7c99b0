"""Storey's q-values: the false discovery rate with the share of true null hypotheses estimated."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from alsutils.stats.multiplicity.adjustments import checked_p_values

Floats = NDArray[np.float64]
PiMethod = Literal["smoother", "bootstrap", "fixed"]

_GRID = np.asarray(np.arange(1, 20) * 0.05, dtype=np.float64)
_FREEDOM = 3.0  # degrees of freedom of the smoothing spline, as in R's qvalue


@dataclass(frozen=True)
class QValues:
    """The p-values of a family with their q-values.

    Attributes
    ----------
    p_value : ndarray, shape (n,)
        As given; a missing one is no test.
    q_value : ndarray, shape (n,)
        Expected share of false findings among this test and all with a smaller p-value.
    pi0 : float
        Estimated share of tests without an effect, at most 1.
    pi0_curve : DataFrame
        One row a threshold: ``at``, ``pi0`` (p-values at or above it over the number expected
        there if no test had an effect) and ``smooth`` (the spline through these; missing for the
        other methods).
    method : {"smoother", "bootstrap", "fixed"}
        How pi0 was estimated.
    size : int
        Tests that were made.
    """

    p_value: Floats
    q_value: Floats
    pi0: float
    pi0_curve: pd.DataFrame
    method: PiMethod
    size: int

    @property
    def frame(self) -> pd.DataFrame:
        """One row a test, in the order given."""
        return pd.DataFrame({"p_value": self.p_value, "q_value": self.q_value})


def storey_q(p_values: ArrayLike, method: PiMethod = "smoother", at: float = 0.5) -> QValues:
    """Adjust p-values by the false discovery rate, given how many tests seem to have no effect.

    Where there is no effect, p-values spread evenly. So those above a threshold are nearly all of
    that kind, and their number tells how many there are in all. Multiplying Benjamini and
    Hochberg's adjustment by that share gives the q-values. With few tests the share is a rough
    guess, least so with a fixed threshold.

    Parameters
    ----------
    p_values : array_like, shape (n,)
        Between 0 and 1, or missing where there was no test.
    method : {"smoother", "bootstrap", "fixed"}
        Read the share off a spline at the threshold 0.95, choose the threshold of smallest
        estimated error, or take the threshold ``at``.
    at : float
        Threshold for "fixed", from 0 to under 1; with 0 the q-values are Benjamini and Hochberg's.

    Returns
    -------
    QValues
        Where the estimated share is not above 0, as with no p-value above the threshold, it is
        taken as 1, and the q-values are Benjamini and Hochberg's.

    Raises
    ------
    ValueError
        If a p-value is below 0 or above 1, or an argument is impossible.

    References
    ----------
    Storey JD. A direct approach to false discovery rates. J R Stat Soc B 2002;64:479-498. Storey
    JD, Tibshirani R. Statistical significance for genomewide studies. Proc Natl Acad Sci USA
    2003;100:9440-9445 (smoother). Storey JD, Taylor JE, Siegmund D. Strong control, conservative
    point estimation and simultaneous conservative consistency of false discovery rates. J R Stat
    Soc B 2004;66:187-205.
    """
    if method not in get_args(PiMethod):
        raise ValueError(f"method must be one of {get_args(PiMethod)}, not {method!r}")
    if not 0 <= at < 1:
        raise ValueError(f"at must lie from 0 to under 1, not {at}")
    p = checked_p_values(p_values)
    tested = ~np.isnan(p)
    size = int(tested.sum())
    grid = np.array([at], dtype=float) if method == "fixed" else _GRID
    q = np.full(p.shape, np.nan)
    if size == 0:
        curve = pd.DataFrame({"at": grid, "pi0": np.nan, "smooth": np.nan})
        return QValues(p, q, np.nan, curve, method, 0)
    above = (p[tested] >= grid[:, None]).sum(axis=1)
    shares = above / (size * (1 - grid))
    smooth = _spline(grid, shares) if method == "smoother" else np.full(len(grid), np.nan)
    chosen = smooth[-1] if method == "smoother" else shares[_least_error(grid, shares, above, size)]
    pi0 = float(min(chosen, 1.0)) if chosen > 0 else 1.0
    order = np.argsort(p[tested])
    raw = pi0 * size * p[tested][order] / np.arange(1, size + 1)
    found = np.empty(size)
    found[order] = np.minimum.accumulate(raw[::-1])[::-1]
    q[tested] = found
    curve = pd.DataFrame({"at": grid, "pi0": shares, "smooth": smooth})
    return QValues(p, q, pi0, curve, method, size)


def _least_error(grid: Floats, shares: Floats, above: NDArray[np.int64], size: int) -> int:
    """Give the threshold whose share has the smallest mean squared error, in closed form."""
    variance = above / (size**2 * (1 - grid) ** 2) * (1 - above / size)
    return int(np.argmin(variance + (shares - np.quantile(shares, 0.1)) ** 2))


def _spline(x: Floats, y: Floats) -> Floats:
    """Fit the cubic smoothing spline with three degrees of freedom at its own, even, points.

    Reinsch's form: the fit is y over 1 plus the penalty's eigenvalues, in its eigenvectors.
    """
    h = x[1] - x[0]
    n = len(x)
    second = np.zeros((n, n - 2))
    band = np.zeros((n - 2, n - 2))
    for j in range(n - 2):
        second[j : j + 3, j] = 1 / h, -2 / h, 1 / h
        band[j, j] = 2 * h / 3
        if j:
            band[j, j - 1] = band[j - 1, j] = h / 6
    values, vectors = np.linalg.eigh(second @ np.linalg.solve(band, second.T))
    values[:2] = 0.0  # straight lines carry no penalty

    def freedom(log_weight: float) -> float:
        return float((1 / (1 + np.exp(log_weight) * values)).sum() - _FREEDOM)

    weight = np.exp(brentq(freedom, -40.0, 40.0, xtol=1e-13))
    return np.asarray(vectors @ ((vectors.T @ y) / (1 + weight * values)))
