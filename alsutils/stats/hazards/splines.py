"""Cubic splines that run straight beyond their outer knots."""

import numpy as np

from alsutils.stats.survival.times import Floats


def natural_spline(x: Floats, knots: Floats, slope: bool = False) -> Floats:
    """Evaluate a basis of natural cubic splines.

    Parameters
    ----------
    x : ndarray, shape (n,)
    knots : ndarray, shape (k,)
        Rising, two or more.
    slope : bool
        Whether to give derivatives.

    Returns
    -------
    ndarray, shape (n, k)
        A column of ones, x itself less the first knot over the distance of the outer knots, and
        one column for each inner knot.
    """
    width = knots[-1] - knots[0]

    def beyond(knot: float) -> Floats:
        over = np.maximum((x - knot) / width, 0.0)
        return np.asarray(3 * over**2 / width if slope else over**3)

    level = np.zeros_like(x) if slope else np.ones_like(x)
    straight = np.full_like(x, 1 / width) if slope else (x - knots[0]) / width
    columns = [level, straight]
    for knot in knots[1:-1]:
        part = (knots[-1] - knot) / width
        columns.append(beyond(knot) - part * beyond(knots[0]) - (1 - part) * beyond(knots[-1]))
    return np.column_stack(columns)
