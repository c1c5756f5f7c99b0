"""Slopes of patients from their scores."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def lead_in_slopes(scores: Floats, months: Floats) -> Floats:
    """Least-squares slope of each patient over the visits up to and including month 0.

    Parameters
    ----------
    scores : ndarray, shape (n, visits)
        Scores in points, missing as NaN.
    months : ndarray, shape (visits,)
        Month of each column.

    Returns
    -------
    ndarray, shape (n,)
        Points a month; NaN for a patient with fewer than two lead-in scores.

    Examples
    --------
    >>> lead_in_slopes(np.array([[40.0, 38.0, 37.0, 35.0, 10.0]]), np.array([-3, -2, -1, 0, 4]))
    array([-1.6])
    """
    before = np.asarray(months, dtype=float) <= 0
    y = np.asarray(scores, dtype=float)[:, before]
    x = np.where(np.isnan(y), np.nan, np.asarray(months, dtype=float)[before])
    seen = (~np.isnan(y)).sum(axis=1)
    enough = seen >= 2
    slopes = np.full(len(y), np.nan)
    centred = x[enough] - np.nanmean(x[enough], axis=1, keepdims=True)
    slopes[enough] = np.nansum(centred * y[enough], axis=1) / np.nansum(centred**2, axis=1)
    return slopes


def slope_improvement(lead_in: Floats, post: Floats) -> Floats:
    """Share of the earlier decline that is gone, in percent.

    Parameters
    ----------
    lead_in, post : ndarray, shape (n,)
        Slopes before and after treatment, points a month; negative is decline.

    Returns
    -------
    ndarray, shape (n,)
        100 when the decline has stopped, 50 when it has halved, 0 when it goes on as before,
        negative when it is faster. A patient who did not decline in the lead-in (slope zero or
        positive) had no decline to remove and gets 0, so never counts as a responder.

    Examples
    --------
    >>> slope_improvement(np.array([-2.0, -2.0, 0.0]), np.array([-1.0, 0.5, 0.5]))
    array([ 50., 125.,   0.])
    """
    lead_in, post = np.broadcast_arrays(np.asarray(lead_in, float), np.asarray(post, float))
    declining = lead_in < 0
    share = np.zeros(lead_in.shape)
    # In this form a decline that has stopped is exactly 100, without a rounding error.
    share[declining] = 100.0 * (1.0 - post[declining] / lead_in[declining])
    share[np.isnan(lead_in) | np.isnan(post)] = np.nan
    return share
