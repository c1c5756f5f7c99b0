"""Figures that are a single person's value, and how they may be told."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def significant(values: ArrayLike, digits: int = 2) -> NDArray[np.float64]:
    """Round to significant digits, so that a median is no longer anybody's exact value.

    Parameters
    ----------
    values : array_like of float
        Missing and infinite ones stay as they are.
    digits : int
        How many.

    Returns
    -------
    ndarray of float, shape of ``values``

    Examples
    --------
    >>> significant([453.8, 0.0864]).tolist()
    [450.0, 0.086]
    """
    values = np.asarray(values, dtype=float)
    known = np.isfinite(values) & (values != 0)
    size = np.floor(np.log10(np.abs(np.where(known, values, 1.0))))
    places = (digits - 1 - size).astype(int)
    scale = 10.0 ** np.abs(places)
    # Dividing by a whole power of ten gives the number that is written so.
    rounded = np.where(
        places >= 0, np.round(values * scale) / scale, np.round(values / scale) * scale
    )
    return np.where(known, rounded, values)


def quantile_is_told(n: ArrayLike, share: ArrayLike, minimum: int) -> NDArray[np.bool_]:
    """Say whether enough people lie on either side of a quantile for it to be told.

    Parameters
    ----------
    n : array_like of float
        People of a group.
    share : array_like of float
        Share of them below the quantile, between 0 and 1.
    minimum : int
        Least number of people of whom anything is told.

    Returns
    -------
    ndarray of bool
        Of the shape that both have together.
    """
    share = np.asarray(share, dtype=float)
    return np.asarray(n, dtype=float) * np.minimum(share, 1 - share) >= minimum - 1e-9
