"""The comparison of arms among the first patients of a trial, in the order given or in many."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from alsutils.stats.group_sequential.integration import Floats

RANK = 1e-9  # of the largest eigenvalue; below it a direction holds nobody
ROUNDING = 1e-20  # of the squared values; residuals below are what rounding leaves of none
BLOCK = 4_000_000  # numbers held at once


@dataclass(frozen=True, eq=False)
class LookEstimates:
    """One arm against the control among the first patients, in m orders at k looks.

    All arrays have shape (m, k); where the arms cannot be compared yet, what is not a count is
    missing.

    Attributes
    ----------
    n_treated, n_control : ndarray of int
        Patients so far in the two arms.
    estimate, std_error, df, statistic : ndarray
        Difference (treated minus control), its standard error, and t with its degrees of freedom.
    z : ndarray
        Normal quantile with the tail of t, which boundaries are made for.
    """

    n_treated: NDArray[np.int64]
    n_control: NDArray[np.int64]
    estimate: Floats
    std_error: Floats
    df: Floats
    statistic: Floats
    z: Floats


def model_matrix(data: pd.DataFrame, arm: str, covariates: Sequence[str]) -> Floats:
    """Code arms and covariates for least squares.

    Parameters
    ----------
    data : DataFrame
        One row a subject, complete. ``arm`` is a category, the control first; a covariate that is
        not numeric enters as a factor.
    arm : str
        Column.
    covariates : sequence of str
        Columns.

    Returns
    -------
    ndarray, shape (n, p)
        A column of ones, one column each arm after the control, then the covariates; quantities
        are standardised.
    """
    codes = data[arm].cat.codes.to_numpy()
    columns = [np.ones(len(data))]
    columns += [(codes == i).astype(float) for i in range(1, len(data[arm].cat.categories))]
    for name in covariates:
        values = data[name]
        if pd.api.types.is_numeric_dtype(values.dtype):
            numbers = values.to_numpy(dtype=float)
            spread = numbers.std() or 1.0
            columns.append((numbers - numbers.mean()) / spread)
        else:
            factor = pd.factorize(values)[0]
            columns += [(factor == i).astype(float) for i in range(1, factor.max() + 1)]
    return np.column_stack(columns)


def estimates_at_looks(
    outcome: Floats,
    matrix: Floats,
    arm_column: int,
    n_arms: int,
    orders: NDArray[np.int64],
    sizes: Sequence[int],
) -> LookEstimates:
    """Compare an arm with the control at each look by least squares on the patients so far.

    Parameters
    ----------
    outcome : ndarray, shape (n,)
        Values.
    matrix : ndarray, shape (n, p)
        From ``model_matrix``; a row of zeros counts as nobody.
    arm_column : int
        Column of the arm, from 1.
    n_arms : int
        Arms, the control included.
    orders : ndarray of int, shape (m, n)
        Rows of the data in each order in which patients may have come.
    sizes : sequence of int, length k
        Patients at each look.

    Returns
    -------
    LookEstimates
        Without covariates and with two arms, Student's t-test.
    """
    shape = (len(orders), len(sizes))
    found = {name: np.full(shape, np.nan) for name in ("estimate", "std_error", "df")}
    counts = np.zeros((2, *shape), dtype=np.int64)
    treated = matrix[:, arm_column] > 0
    control = (matrix[:, 0] > 0) & ~(matrix[:, 1:n_arms] > 0).any(axis=1)
    for k, size in enumerate(sizes):
        step = max(1, BLOCK // (size * matrix.shape[1]))
        for start in range(0, len(orders), step):
            rows = slice(start, start + step)
            chosen = orders[rows, :size]
            counts[0, rows, k] = treated[chosen].sum(axis=1)
            counts[1, rows, k] = control[chosen].sum(axis=1)
            fitted = _least_squares(matrix[chosen], outcome[chosen], arm_column)
            for name, values in zip(found, fitted, strict=True):
                found[name][rows, k] = values
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(found["std_error"] > 0, found["estimate"] / found["std_error"], np.nan)
    z = np.sign(statistic) * -special.ndtri(stats.t.sf(np.abs(statistic), found["df"]))
    return LookEstimates(counts[0], counts[1], **found, statistic=statistic, z=z)


def _least_squares(X: Floats, y: Floats, column: int) -> tuple[Floats, Floats, Floats]:
    """Give one coefficient, its standard error and the degrees of freedom, for each of m fits."""
    values, vectors = np.linalg.eigh(np.swapaxes(X, 1, 2) @ X)
    kept = values > RANK * values[:, -1:]
    inverse = np.where(kept, 1 / np.where(kept, values, 1), 0)
    moments = np.einsum("mnp,mn->mp", X, y)
    direction = vectors[:, column, :]
    # The coefficient is known only if its direction lies wholly in what the patients span.
    known = (direction**2 * kept).sum(axis=1) > 1 - 1e-6
    rotated = np.einsum("mpq,mp->mq", vectors, moments)
    estimate = (direction * inverse * rotated).sum(axis=1)
    df = X[:, :, 0].sum(axis=1) - kept.sum(axis=1)
    coefficients = np.einsum("mpq,mq->mp", vectors, inverse * rotated)
    fitted = np.einsum("mnp,mp->mn", X, coefficients)
    values_seen = y * X[:, :, 0]
    residual = ((values_seen - fitted) ** 2).sum(axis=1)
    residual[residual < ROUNDING * (values_seen**2).sum(axis=1)] = 0.0
    known &= df > 0
    variance = residual / np.where(known, df, 1) * (direction**2 * inverse).sum(axis=1)
    missing = np.where(known, 0.0, np.nan)
    return estimate + missing, np.sqrt(variance) + missing, df + missing
