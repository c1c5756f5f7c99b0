"""Two arms compared by one model under every way in which the arms could have been given.

Each gives, for each way, what its twin for one data set gives (``mean_difference``, ``ancova``,
``win_statistics``, ``fit_mmrm``); the tests hold them to that. What does not depend on the way is
done once: least squares need one projection for all ways, pairs are compared once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit
from scipy.stats import rankdata

from alsutils.stats.mmrm.many import fit_known, fit_many, unstructured_basis
from alsutils.stats.specifications.rules import orthonormal

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_TOGETHER = 256  # ways whose mixed models are fitted in one stack


@dataclass(frozen=True, eq=False)
class Fits:
    """One comparison, treated less control, under each of m ways.

    Attributes
    ----------
    estimate, std_error, df, p_value, conf_low, conf_high : ndarray, shape (m,)
        Missing where a way does not allow the model.
    n_treated, n_control : ndarray, shape (m,)
        Patients analysed.
    """

    estimate: Floats
    std_error: Floats
    df: Floats
    p_value: Floats
    conf_low: Floats
    conf_high: Floats
    n_treated: Floats
    n_control: Floats

    def divided(self, spread: Floats) -> "Fits":
        """Express estimates, errors and limits in units of a spread, shape (m,)."""
        with np.errstate(all="ignore"):
            unit = np.where(spread > 0, spread, np.nan)
        return Fits(
            self.estimate / unit,
            self.std_error / unit,
            self.df,
            self.p_value,
            self.conf_low / unit,
            self.conf_high / unit,
            self.n_treated,
            self.n_control,
        )


def spread_within(values: ArrayLike, treated: Flags) -> Floats:
    """Pool the standard deviations of the two arms under each way.

    Parameters
    ----------
    values : array_like, shape (n,)
        Missing ones are left out.
    treated : ndarray of bool, shape (m, n)
        Ways of giving the arms.

    Returns
    -------
    ndarray, shape (m,)
        Missing with fewer than three values or an empty arm.
    """
    y = np.asarray(values, dtype=float)
    used = ~np.isnan(y)
    one, two = (_moments(y[used], on) for on in _sides(treated[:, used]))
    with np.errstate(all="ignore"):
        return np.asarray(np.sqrt((one[2] + two[2]) / (one[0] + two[0] - 2)))


def pooled(
    values: ArrayLike, covariates: ArrayLike, treated: Flags, conf_level: float = 0.95
) -> Fits:
    """Compare means by least squares with covariates held equal; without any, by Student's t-test.

    Parameters
    ----------
    values : array_like, shape (n,)
        Missing ones are left out.
    covariates : array_like, shape (n, q)
        Numbers; patients who lack one are left out. q may be 0.
    treated : ndarray of bool, shape (m, n)
        Ways of giving the arms.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Fits
        Under each way the coefficient of the arm.

    References
    ----------
    Frisch R, Waugh FV. Partial time regressions as compared with individual trends. Econometrica
    1933;1:387-401: the coefficient is that of what the covariates leave of the arm.
    """
    y, held = np.asarray(values, dtype=float), np.asarray(covariates, dtype=float)
    used = ~np.isnan(y) & ~np.isnan(held).any(axis=1)
    basis = orthonormal(np.hstack([np.ones((int(used.sum()), 1)), held[used]]))
    on = treated[:, used].astype(float)
    left = on - (on @ basis) @ basis.T
    rest = y[used] - basis @ (basis.T @ y[used])
    squares = (left**2).sum(axis=1)
    n, df = int(used.sum()), int(used.sum()) - basis.shape[1] - 1
    with np.errstate(all="ignore"):
        squares = np.where(squares > 1e-9 * max(n, 1), squares, np.nan)
        estimate = left @ rest / squares
        residual = np.maximum(float(rest @ rest) - estimate**2 * squares, 0.0)
        error = np.sqrt(residual / (df if df > 0 else np.nan) / squares)
    return _tested(estimate, error, np.full(len(on), float(max(df, 0))), on, conf_level)


def welch(values: ArrayLike, treated: Flags, conf_level: float = 0.95) -> Fits:
    """Compare means by Welch's t-test under each way.

    Parameters
    ----------
    values : array_like, shape (n,)
        Missing ones are left out.
    treated : ndarray of bool, shape (m, n)
        Ways of giving the arms.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Fits
        Missing where an arm has fewer than two values.
    """
    y = np.asarray(values, dtype=float)
    used = ~np.isnan(y)
    on, off = _sides(treated[:, used])
    with np.errstate(all="ignore"):
        (n1, mean1, squares1), (n0, mean0, squares0) = _moments(y[used], on), _moments(y[used], off)
        share1, share0 = squares1 / (n1 - 1) / n1, squares0 / (n0 - 1) / n0
        error = np.where((n1 > 1) & (n0 > 1), np.sqrt(share1 + share0), np.nan)
        df = (share1 + share0) ** 2 / (share1**2 / (n1 - 1) + share0**2 / (n0 - 1))
    return _tested(mean1 - mean0, error, df, on, conf_level)


def pairwise(values: ArrayLike, treated: Flags, conf_level: float = 0.95) -> Fits:
    """Compare every treated patient with every control: the win odds, in standard deviations.

    Parameters
    ----------
    values : array_like, shape (n,)
        Higher is better; missing ones are left out.
    treated : ndarray of bool, shape (m, n)
        Ways of giving the arms.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Fits
        The win odds' test. The chance p of a win goes with a difference of sqrt(2) times the
        normal quantile of p between two normal groups of one spread; estimate and limits are
        carried over so, and the error by the delta method. Missing where all pairs go one way.

    References
    ----------
    Brunner E, Vandemeulebroecke M, Mütze T. Win odds: an adaptation of the win ratio to include
    ties. Stat Med 2021;40:3367-3384. doi:10.1002/sim.8967
    """
    y = np.asarray(values, dtype=float)
    y = y[used := ~np.isnan(y)]
    on, off = _sides(treated[:, used])
    n1, n0 = on.sum(axis=1), off.sum(axis=1)
    with np.errstate(all="ignore"):
        over_control, over_treated = _beaten(y, off) / n0[:, None], _beaten(y, on) / n1[:, None]
        index = (over_control * on).sum(axis=1) / n1
        spread1 = ((over_control - index[:, None]) ** 2 * on).sum(axis=1) / (n1 - 1) / n1
        spread0 = ((over_treated - 1 + index[:, None]) ** 2 * off).sum(axis=1) / (n0 - 1) / n0
        error = np.sqrt(spread1 + spread0)
        inside = (index > 0) & (index < 1) & (error > 1e-12)
        index, error = np.where(inside, index, np.nan), np.where(inside, error, np.nan)
        log_odds, log_error = np.log(index / (1 - index)), error / (index * (1 - index))
        half = ndtri(0.5 + conf_level / 2) * log_error
        p_value = 2 * ndtr(-np.abs(log_odds / log_error))
        middle = ndtri(index)
        slope = np.sqrt(2) / (np.exp(-(middle**2) / 2) / np.sqrt(2 * np.pi))
        low, high = (ndtri(1 / (1 + np.exp(-x))) for x in (log_odds - half, log_odds + half))
    return Fits(
        np.sqrt(2) * middle,
        slope * error,
        np.full(len(index), np.inf),
        p_value,
        np.sqrt(2) * low,
        np.sqrt(2) * high,
        n1,
        n0,
    )


def repeated(
    values: ArrayLike,
    by_visit: ArrayLike,
    alike: ArrayLike,
    treated: Flags,
    at: Sequence[int],
    conf_level: float = 0.95,
    once: bool = False,
) -> list[Fits]:
    """Compare the arms at some visits by a mixed model of all visits, under each way.

    Parameters
    ----------
    values : array_like, shape (n, visits)
        Missing as NaN, at random.
    by_visit, alike : array_like, shapes (n, q) and (n, r)
        Covariates that act on each visit in their own way, and on all alike.
    treated : ndarray of bool, shape (m, n)
        Ways of giving the arms.
    at : sequence of int
        Positions of the visits at which the arms are compared.
    conf_level : float
        Between 0 and 1.
    once : bool
        Estimate the covariance once for all ways, from the patients of both arms together, and
        take it for known; for large trials.

    Returns
    -------
    list of Fits
        One for each of ``at``. Unstructured covariance, Kenward-Roger; missing where the model
        cannot be fitted.
    """
    grid = np.asarray(values, dtype=float)
    own, common = np.asarray(by_visit, dtype=float), np.asarray(alike, dtype=float)
    used = ~np.isnan(grid).all(axis=1) & ~np.isnan(np.hstack([own, common])).any(axis=1)
    grid, on = grid[used], treated[:, used].astype(float)
    # Centred: the coefficient of the arm stays the same and the arithmetic keeps its digits.
    own, common = (x[used] - x[used].mean(axis=0) for x in (own, common))
    n, visits = grid.shape
    parts = [np.ones((n, 1)), own]
    width = 2 + own.shape[1]
    loadings = np.hstack(
        [np.repeat(np.eye(visits), width, axis=1), np.ones((visits, common.shape[1]))]
    )
    pieces = np.array([*np.tile(np.arange(width), visits), *range(width, width + common.shape[1])])
    wanted = [visit * width + width - 1 for visit in at]
    basis = unstructured_basis(visits)
    if once:
        x = np.hstack([*parts, common])
        arm = pieces == width - 1
        shared = pieces[~arm] - (pieces[~arm] > width - 1)
        null = fit_many(grid[None], x[None], loadings[:, ~arm], basis, [0], conf_level, shared)
    found = []
    for start in range(0, len(on), _TOGETHER):
        arms = on[start : start + _TOGETHER]
        fixed = np.broadcast_to(np.hstack(parts), (len(arms), n, width - 1))
        last = np.broadcast_to(common, (len(arms), *common.shape))
        x = np.concatenate([fixed, arms[:, :, None], last], axis=2)
        y = np.broadcast_to(grid, (len(arms), n, visits))
        if once:
            fit = fit_known(y, x, loadings, null.covariance[0], wanted, conf_level, pieces)
        else:
            fit = fit_many(y, x, loadings, basis, wanted, conf_level, pieces)
        columns = (fit.estimate, fit.std_error, fit.df, fit.p_value, fit.conf_low, fit.conf_high)
        found.append(np.stack(columns))
    n1, n0 = on.sum(axis=1), (1 - on).sum(axis=1)
    every = np.concatenate(found, axis=1)  # figures, ways, visits
    return [Fits(*(column[:, k] for column in every), n1, n0) for k in range(len(at))]  # type: ignore[call-arg]


def ranked(values: ArrayLike) -> Floats:
    """Give the ranks of the values, ties sharing theirs; missing ones stay missing."""
    return np.asarray(rankdata(np.asarray(values, dtype=float), nan_policy="omit"))


def _beaten(y: Floats, side: Floats) -> Floats:
    """Count under each way whom of one side each patient wins over, ties as halves, (m, n)."""
    _, place, sizes = np.unique(y, return_inverse=True, return_counts=True)
    if not len(y):
        return np.zeros_like(side)
    first = np.cumsum(sizes) - sizes
    level = np.add.reduceat(side[:, np.argsort(place, kind="stable")], first, axis=1)
    below = np.cumsum(level, axis=1) - 0.5 * level
    return np.asarray(below[:, place])


def _sides(treated: Flags) -> tuple[Floats, Floats]:
    on = treated.astype(float)
    return on, 1.0 - on


def _moments(y: Floats, on: Floats) -> tuple[Floats, Floats, Floats]:
    """Count, mean and sum of squares about it of one side under each way."""
    centred = y - y.mean() if len(y) else y  # so that squares do not swallow small differences
    n = on.sum(axis=1)
    with np.errstate(all="ignore"):
        mean = on @ centred / n
    squares = np.maximum(on @ centred**2 - n * mean**2, 0.0)
    return n, mean + (y.mean() if len(y) else 0.0), squares


def _tested(estimate: Floats, error: Floats, df: Floats, on: Floats, conf_level: float) -> Fits:
    """Add t tests and intervals; without any spread there is nothing to test."""
    with np.errstate(all="ignore"):
        error = np.where(error > 0, error, np.nan)
        half = stdtrit(df, 0.5 + conf_level / 2) * error
        p_value = 2 * stdtr(df, -np.abs(estimate / error))
    n1 = on.sum(axis=1)
    n0 = on.shape[1] - n1
    return Fits(estimate, error, df, p_value, estimate - half, estimate + half, n1, n0)
