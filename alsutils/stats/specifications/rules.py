"""Rules for missing and for extreme values that look at no arm.

A rule that knows the arms would have to be applied anew to every way of giving them. These know
only the values, so that one application serves every way.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def carried_forward(values: ArrayLike) -> Floats:
    """Give each patient's last value that was seen.

    Parameters
    ----------
    values : array_like, shape (n, visits)
        Visits in order, up to the one that is compared; missing as NaN.

    Returns
    -------
    ndarray, shape (n,)
        Missing for who was never seen.
    """
    grid = np.asarray(values, dtype=float)
    last = grid.shape[1] - 1 - np.argmax(~np.isnan(grid[:, ::-1]), axis=1)
    return np.asarray(grid[np.arange(len(grid)), last])


def filled_with(values: ArrayLike, others: ArrayLike) -> Floats:
    """Put other values, such as no change at all, in the place of missing ones.

    Parameters
    ----------
    values : array_like, shape (n,)
        Missing as NaN.
    others : array_like, shape (n,) or one number
        What takes their place.

    Returns
    -------
    ndarray, shape (n,)
        A new array.
    """
    seen = np.asarray(values, dtype=float)
    return np.where(np.isnan(seen), np.asarray(others, dtype=float), seen)


def winsorised(values: ArrayLike, share: float = 0.05) -> Floats:
    """Draw extreme values in to the quantiles.

    Parameters
    ----------
    values : array_like, shape (n,) or (n, visits)
        Missing ones stay missing; each visit by its own quantiles.
    share : float
        Share at either end that is drawn in, below 0.5.

    Returns
    -------
    ndarray, same shape
        Values below the lower quantile are that quantile, and likewise above.

    References
    ----------
    Tukey JW. The future of data analysis. Ann Math Stat 1962;33:1-67. doi:10.1214/aoms/1177704711
    """
    seen = np.asarray(values, dtype=float)
    low, high = _limits(seen, share)
    return np.asarray(np.clip(seen, low, high))


def trimmed(values: ArrayLike, share: float = 0.05) -> Floats:
    """Leave out the values beyond the quantiles.

    Parameters
    ----------
    values : array_like, shape (n,) or (n, visits)
        Missing ones stay missing.
    share : float
        Share at either end, below 0.5.

    Returns
    -------
    ndarray, same shape
        NaN in the place of values below the lower or above the upper quantile.
    """
    seen = np.asarray(values, dtype=float)
    low, high = _limits(seen, share)
    return np.where((seen < low) | (seen > high), np.nan, seen)


def influential_left_out(values: ArrayLike, covariates: ArrayLike | None = None) -> Floats:
    """Leave out the values that move a regression most, by Cook's distance above 4 / n.

    Parameters
    ----------
    values : array_like, shape (n,)
        Missing ones stay missing.
    covariates : array_like, shape (n, q), optional
        Regressors beside the constant; a patient who lacks one is left as he is.

    Returns
    -------
    ndarray, shape (n,)
        NaN in the place of influential values. The regression has no term for the arm, so that
        nobody is left out for belonging to the better arm.

    References
    ----------
    Cook RD. Detection of influential observation in linear regression. Technometrics
    1977;19:15-18. Bollen KA, Jackman RW. Regression diagnostics. In: Modern Methods of Data
    Analysis. Sage 1990: the cut at 4 / n.
    """
    seen = np.asarray(values, dtype=float)
    design = np.ones((len(seen), 1))
    if covariates is not None:
        design = np.hstack([design, np.asarray(covariates, dtype=float).reshape(len(seen), -1)])
    used = ~np.isnan(seen) & ~np.isnan(design).any(axis=1)
    basis = orthonormal(design[used])
    n, width = basis.shape
    if n <= width:
        return seen.copy()
    leverage = (basis**2).sum(axis=1)
    residual = seen[used] - basis @ (basis.T @ seen[used])
    variance = float(residual @ residual) / (n - width)
    with np.errstate(all="ignore"):
        distance = residual**2 * leverage / (width * variance * (1 - leverage) ** 2)
    kept = seen.copy()
    kept[np.flatnonzero(used)[distance > 4 / n]] = np.nan
    return kept


def orthonormal(design: Floats) -> Floats:
    """Give an orthonormal basis of the columns, shape (n, rank)."""
    size = np.sqrt((design**2).sum(axis=0))
    left, values, _ = np.linalg.svd(design / np.where(size > 0, size, 1.0), full_matrices=False)
    return np.asarray(left[:, values > 1e-9 * values.max(initial=1e-300)])


def _limits(seen: Floats, share: float) -> tuple[Floats, Floats]:
    if not 0 <= share < 0.5:
        raise ValueError(f"share must lie between 0 and 0.5, not {share}")
    if np.isnan(seen).all():
        return np.asarray(np.nan), np.asarray(np.nan)
    low, high = np.nanquantile(seen, [share, 1 - share], axis=0)
    return np.asarray(low), np.asarray(high)
