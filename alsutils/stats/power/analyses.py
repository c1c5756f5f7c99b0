"""The analyses of a trial's end, each of a whole stack of simulated trials at once.

Each gives what its twin for one data set gives (``mean_difference``, ``ancova``, ``fit_mmrm``,
``random_slopes`` with Kenward and Roger's inference, ``joint_rank``, lifelines' log-rank test); the
tests hold them to that.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from alsutils.stats.mmrm.many import (
    ManyFits,
    fit_many,
    random_slope_basis,
    unstructured_basis,
)
from alsutils.stats.power.trials import Trials, Truth
from alsutils.stats.wins.counting import encode, tally
from alsutils.stats.wins.layers import Continuous, TimeToEvent

Floats = NDArray[np.float64]

_MANY_DEATHS = 200  # in a trial; from here on sorting is faster than comparing


@dataclass(frozen=True, eq=False)
class Estimates:
    """One analysis of many trials; missing where a trial does not allow it.

    Attributes
    ----------
    estimate, std_error, p_value, conf_low, conf_high : ndarray, shape (trials, treated arms)
        Each treated arm less the control.
    n : ndarray, shape (trials,)
        Patients who enter the analysis.
    """

    estimate: Floats
    std_error: Floats
    p_value: Floats
    conf_low: Floats
    conf_high: Floats
    n: Floats


@dataclass(frozen=True)
class Analysis:
    """How a trial may be analysed.

    Attributes
    ----------
    label : str
        Words for a page.
    unit : str
        Unit of its estimates.
    estimate : callable
        From ``Trials`` and a confidence level to ``Estimates``.
    truth : callable
        What it should find, out of a ``Truth``.
    least_visits : int
        Visits after baseline that it needs.
    """

    label: str
    unit: str
    estimate: Callable[[Trials, float], Estimates]
    truth: Callable[[Truth], float]
    least_visits: int = 1


def t_test(trials: Trials, conf_level: float = 0.95) -> Estimates:
    """Compare the changes at the last visit by Student's t-test.

    Parameters
    ----------
    trials : Trials
        Of those seen at the last visit only.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        In points.
    """
    change = trials.change[:, :, -1]
    sums = [_moments(change[:, trials.arm == arm]) for arm in (0, *trials.treated)]
    n0, mean0, squares0 = sums[0]
    estimate, error, df = [], [], []
    with np.errstate(all="ignore"):
        for n, mean, squares in sums[1:]:
            freedom = n + n0 - 2
            pooled = (squares + squares0) / np.where((n > 1) & (n0 > 1), freedom, np.nan)
            estimate.append(mean - mean0)
            error.append(np.sqrt(pooled * (1 / n + 1 / n0)))
            df.append(freedom)
    seen = np.sum([n for n, _, _ in sums], axis=0)
    return _with_tests(np.stack(estimate, 1), np.stack(error, 1), np.stack(df, 1), seen, conf_level)


def ancova(trials: Trials, conf_level: float = 0.95) -> Estimates:
    """Compare the changes at the last visit with the baseline held equal.

    Parameters
    ----------
    trials : Trials
        Of those seen at the last visit only.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        In points.
    """
    return _least_squares(trials.change[:, :, -1], trials, conf_level)


def mmrm(trials: Trials, conf_level: float = 0.95) -> Estimates:
    """Fit the mixed model for repeated measures and compare the arms at the last visit.

    Parameters
    ----------
    trials : Trials
        All changes that were seen.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        In points. Unstructured covariance, baseline by visit and arm by visit, Kenward-Roger.
    """
    change, visits = trials.change, len(trials.months)
    subject = _design(trials)
    width = subject.shape[2]
    fits = fit_many(
        change,
        subject,
        np.repeat(np.eye(visits), width, axis=1),
        unstructured_basis(visits),
        [(visits - 1) * width + 2 + k for k in range(len(trials.treated))],
        conf_level,
        np.tile(np.arange(width), visits),
    )
    return _from_fits(fits, np.asarray(~np.isnan(change).all(axis=2)))


def slope_model(trials: Trials, conf_level: float = 0.95) -> Estimates:
    """Give each patient a line of their own and compare the arms' mean slopes.

    Parameters
    ----------
    trials : Trials
        All scores that were seen, the baseline among them.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        In points a month. Random intercept and slope, Kenward-Roger.
    """
    times = np.array([0.0, *trials.months])
    score = np.concatenate([trials.baseline[:, :, None], trials.score], axis=2)
    arms = _dummies(trials)
    columns = [np.ones((len(trials.arm), 2)), np.repeat(arms, 2, axis=1)]
    subject = np.broadcast_to(
        np.concatenate(columns, axis=1), (len(trials), len(trials.arm), 2 + 2 * arms.shape[1])
    )
    loadings = np.tile(np.stack([np.ones_like(times), times], axis=1), 1 + arms.shape[1])
    wanted = [3 + 2 * k for k in range(arms.shape[1])]
    fits = fit_many(
        score, subject, loadings, random_slope_basis(times.tolist()), wanted, conf_level
    )
    return _from_fits(fits, np.ones(score.shape[:2], dtype=bool))


def joint_rank(trials: Trials, conf_level: float = 0.95) -> Estimates:
    """Rank patients by survival and then by their last change, and compare the ranks.

    Parameters
    ----------
    trials : Trials
        Everybody; deaths up to the last visit count.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        Difference in mean rank, baseline held equal.
    """
    horizon = trials.months[-1]
    time = np.minimum(trials.time, horizon)
    died = trials.died & (trials.time <= horizon)
    scores = _joint_scores(time, died, _last_seen(trials.change))
    return _least_squares(stats.rankdata(scores, axis=1), trials, conf_level)


def log_rank(trials: Trials, conf_level: float = 0.95) -> Estimates:
    """Compare times to death.

    Parameters
    ----------
    trials : Trials
        Everybody, to the end of follow-up; no two deaths at the same time.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        Log hazard ratio by Peto's one step, observed less expected deaths over their variance.

    References
    ----------
    Yusuf S, Peto R, Lewis J, Collins R, Sleight P. Beta blockade during and after myocardial
    infarction: an overview of the randomized trials. Prog Cardiovasc Dis 1985;27:335-371.
    """
    excess, variance = [], []
    for arm in trials.treated:
        pair = (trials.arm == 0) | (trials.arm == arm)
        order = np.argsort(trials.time[:, pair], axis=1)[:, ::-1]  # the last first
        died = np.take_along_axis(trials.died[:, pair], order, axis=1)
        treated = (trials.arm[pair] == arm)[order]
        share = np.cumsum(treated, axis=1) / np.arange(1, order.shape[1] + 1)
        excess.append(((treated - share) * died).sum(axis=1))
        variance.append((share * (1 - share) * died).sum(axis=1))
    with np.errstate(all="ignore"):
        error = 1 / np.sqrt(np.stack(variance, 1))
        error[np.isinf(error)] = np.nan
        estimate = np.stack(excess, 1) * error**2
        half = ndtri(0.5 + conf_level / 2) * error
        p_value = 2 * ndtr(-np.abs(estimate / error))
    n = np.full(len(trials), float(len(trials.arm)))
    return Estimates(estimate, error, p_value, estimate - half, estimate + half, n)


ANALYSES: dict[str, Analysis] = {
    "t_test": Analysis("t-test", "points", t_test, lambda t: t.difference),
    "ancova": Analysis("ANCOVA", "points", ancova, lambda t: t.difference),
    "mmrm": Analysis("MMRM", "points", mmrm, lambda t: t.difference),
    "slope": Analysis("Random slopes", "points a month", slope_model, lambda t: t.slope, 2),
    "joint_rank": Analysis("Joint rank", "ranks", joint_rank, lambda t: t.rank),
    "log_rank": Analysis("Log-rank", "log hazard ratio", log_rank, lambda t: t.log_hazard_ratio),
}


def _moments(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Count, mean and sum of squares about it of each trial's values."""
    seen = ~np.isnan(values)
    n = seen.sum(axis=1).astype(float)
    with np.errstate(all="ignore"):
        mean = np.where(seen, values, 0.0).sum(axis=1) / n
    about = np.where(seen, values - mean[:, None], 0.0)
    return n, mean, (about**2).sum(axis=1)


def _dummies(trials: Trials) -> Floats:
    """One column a treated arm, shape (patients, treated arms)."""
    return (trials.arm[:, None] == np.asarray(trials.treated)).astype(float)


def _design(trials: Trials) -> Floats:
    """Intercept, centred baseline and arms, shape (trials, patients, 2 + treated arms)."""
    shape = (len(trials), len(trials.arm))
    centred = trials.baseline - trials.baseline.mean(axis=1, keepdims=True)
    arms = np.broadcast_to(_dummies(trials), (*shape, len(trials.treated)))
    return np.concatenate([np.ones((*shape, 1)), centred[:, :, None], arms], axis=2)


def _least_squares(outcome: Floats, trials: Trials, conf_level: float) -> Estimates:
    """Regress an outcome on arm and baseline in each trial, shape of outcome (trials, patients)."""
    design = _design(trials)
    seen = ~np.isnan(outcome)
    y = np.where(seen, outcome, 0.0)
    x = design * seen[:, :, None]
    crossed = x.swapaxes(1, 2) @ x
    scale = np.sqrt(np.einsum("bcc->bc", crossed))
    usable = (scale > 0).all(axis=1)
    safe = np.where(scale > 0, scale, 1.0)
    scaled = crossed / safe[:, :, None] / safe[:, None, :]
    n, width = seen.sum(axis=1), x.shape[2]
    usable &= (np.linalg.eigvalsh(scaled)[:, 0] > 1e-10) & (n > width)
    scaled = np.where(usable[:, None, None], scaled, np.eye(width))
    inverse = np.linalg.inv(scaled) / safe[:, :, None] / safe[:, None, :]
    beta = (inverse @ (x.swapaxes(1, 2) @ y[:, :, None]))[:, :, 0]
    residual = y - (x @ beta[:, :, None])[:, :, 0]
    df = np.where(usable, n - width, np.nan)[:, None]
    variance = (residual**2).sum(axis=1)[:, None] / df
    error = np.sqrt(variance * np.einsum("bcc->bc", inverse)[:, 2:])
    return _with_tests(np.where(usable[:, None], beta[:, 2:], np.nan), error, df, n, conf_level)


def _with_tests(
    estimate: Floats, error: Floats, df: Floats, n: Floats, conf_level: float
) -> Estimates:
    """Add t tests and intervals; without any spread there is nothing to test."""
    with np.errstate(all="ignore"):
        error = np.where(error > 0, error, np.nan)
        half = stdtrit(df, 0.5 + conf_level / 2) * error
        p_value = 2 * stdtr(df, -np.abs(estimate / error))
    return Estimates(
        estimate, error, p_value, estimate - half, estimate + half, np.asarray(n, dtype=float)
    )


def _from_fits(fits: ManyFits, entered: NDArray[np.bool_]) -> Estimates:
    return Estimates(
        fits.estimate,
        fits.std_error,
        fits.p_value,
        fits.conf_low,
        fits.conf_high,
        entered.sum(axis=1).astype(float),
    )


def _joint_scores(time: Floats, died: NDArray[np.bool_], change: Floats) -> Floats:
    """Count the patients that each one is better than, less those he is worse than.

    Of all pairs those that survival decides, in which one has died, are few: all are compared by
    their ranks in function first, and the few are then put right.
    """
    most = int(died.sum(axis=1).max())
    if most > _MANY_DEATHS:
        return np.stack([_sorted_scores(*one) for one in zip(time, died, change, strict=True)])
    known = ~np.isnan(change)
    ranks = stats.rankdata(np.where(known, change, np.inf), axis=1)
    score = np.where(known, 2 * ranks - 1 - known.sum(axis=1, keepdims=True), 0.0)
    dead = np.argsort(~died, axis=1, kind="stable")[:, :most]
    their_time = np.take_along_axis(time, dead, axis=1)[:, :, None]
    their_change = np.take_along_axis(change, dead, axis=1)[:, :, None]
    really = np.take_along_axis(died, dead, axis=1)[:, :, None]
    later = (their_time < time[:, None]) | ((their_time == time[:, None]) & ~died[:, None])
    outlived = really & later
    with np.errstate(invalid="ignore"):
        above = their_change > change[:, None]
        below = their_change < change[:, None]
    moved = np.where(outlived, 1.0 + above - below, 0.0)
    score += moved.sum(axis=1)
    np.put_along_axis(
        score, dead, np.take_along_axis(score, dead, axis=1) - moved.sum(axis=2), axis=1
    )
    return score


def _sorted_scores(time: Floats, died: NDArray[np.bool_], change: Floats) -> Floats:
    """Count the same of one trial without a look at every pair, shape (patients,)."""
    codes = encode([TimeToEvent(time, died), Continuous(change)], len(time))
    count = tally(codes, codes)
    return np.asarray((count.wins - count.losses).sum(axis=0), dtype=float)


def _last_seen(change: Floats) -> Floats:
    """Give each patient's last change that was seen, shape (trials, patients)."""
    last = change.shape[2] - 1 - np.argmax(~np.isnan(change[:, :, ::-1]), axis=2)
    return np.take_along_axis(change, last[:, :, None], axis=2)[:, :, 0]
