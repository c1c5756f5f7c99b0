"""Regression with competing events: cause-specific hazards, and those of the subdistribution."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from alsutils.stats.hazards.cox import (
    SEPARATED,
    CoxFit,
    Prepared,
    check_estimable,
    cox,
    prepare,
    refuse_runaways,
    wald_frame,
)
from alsutils.stats.hazards.newton import climb
from alsutils.stats.hazards.partial import Ties
from alsutils.stats.survival.times import Bools, Floats, Ints, TimesError


def cause_specific(
    time: ArrayLike,
    event: ArrayLike,
    design: pd.DataFrame,
    cause: int = 1,
    conf_level: float = 0.95,
    *,
    ties: Ties = "efron",
    strata: ArrayLike | None = None,
) -> CoxFit:
    """Fit a Cox model of one cause, the others ending observation as censoring does.

    Parameters
    ----------
    time : array_like, shape (n,)
        As in `alsutils.stats.survival.kaplan_meier`.
    event : array_like of int, shape (n,)
        0 for nobody's event, 1, 2, ... for causes.
    design, conf_level, ties, strata
        As in `alsutils.stats.hazards.cox`.
    cause : int
        The cause of interest.

    Returns
    -------
    CoxFit
        The rate among those still without any event: what acts on the cause itself.

    References
    ----------
    Prentice RL et al. The analysis of failure times in the presence of competing risks.
    Biometrics 1978;34:541-554.
    """
    happened = np.asarray(event) == cause
    return cox(time, happened, design, conf_level, ties=ties, strata=strata)


def fine_gray(
    time: ArrayLike,
    event: ArrayLike,
    design: pd.DataFrame,
    cause: int = 1,
    conf_level: float = 0.95,
) -> CoxFit:
    """Fit a proportional hazards model of the subdistribution of one cause.

    Who had another event stays at risk, with a weight that falls as people are censored.

    Parameters
    ----------
    time : array_like, shape (n,)
        As in `alsutils.stats.survival.kaplan_meier`.
    event : array_like of int, shape (n,)
        0 for nobody's event, 1, 2, ... for causes.
    design : DataFrame, shape (n, p)
        Numeric covariates without an intercept.
    cause : int
        The cause of interest.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    CoxFit
        Log subdistribution hazard ratios: what acts on the share who have had the event by a time.
        Standard errors are robust and count the estimated weights, as R's ``cmprsk::crr`` has
        them; ties as Breslow. The log-likelihoods are weighted ones.

    Raises
    ------
    TimesError
        If times are missing or negative.
    HazardFitError
        If a ratio has no estimate.

    References
    ----------
    Fine JP, Gray RJ. A proportional hazards model for the subdistribution of a competing risk. J
    Am Stat Assoc 1999;94:496-509.
    """
    kinds = np.asarray(event)
    data = prepare(time, kinds == cause, design, "breslow")
    if kinds.shape != data.given.time.shape:
        raise TimesError("event must say of each person 0 or which cause")
    check_estimable(data)
    weights = _weights(data, kinds, cause)
    start = np.zeros(len(data.terms))
    top = climb(lambda beta: _evaluate(weights, data.X, beta), start, SEPARATED)
    inverse = np.linalg.inv(top.at.information)
    refuse_runaways(data.X, top.theta, np.sqrt(np.diag(inverse)))
    parts = _influence(weights, data.X, top.at) @ inverse
    covariance = parts.T @ parts / np.outer(data.scale, data.scale)
    frame = wald_frame(data.terms, top.theta / data.scale, covariance, conf_level)
    null = _evaluate(weights, data.X, start).value
    sizes = (len(kinds), len(data.sets.person))
    return CoxFit(frame, top.at.value, null, *sizes, "breslow", covariance)


@dataclass(frozen=True, eq=False)
class _Weights:
    """Times of the events of interest and the weights of those who had another one.

    ``free`` is the share not yet censored just before each event time; ``own`` that just before
    each person's own time. ``first`` is where in ``order`` (people by time) those begin whose time
    is not before the event time.
    """

    time: Floats
    count: Floats
    free: Floats
    own: Floats
    order: Ints
    first: Ints
    last: Ints
    died: Bools
    other: Bools
    censored: Bools
    at: Floats


@dataclass(frozen=True, eq=False)
class _Evaluated:
    value: float
    score: Floats
    information: Floats
    risk: Floats
    total: Floats
    means: Floats


def _weights(data: Prepared, kinds: Ints, cause: int) -> _Weights:
    t = data.given.time
    died, censored = kinds == cause, kinds == 0
    moments, count = np.unique(t[died], return_counts=True)
    order = np.argsort(t, kind="stable")
    ordered = t[order]
    # Share not censored: a Kaplan-Meier curve of censoring, in which who dies then stays at risk.
    leaving, gone = np.unique(t[censored], return_counts=True)
    at_risk = len(t) - np.searchsorted(ordered, leaving, side="left")
    free = np.append(1.0, np.cumprod(1 - gone / at_risk))
    before = np.searchsorted(leaving, moments, side="left")
    own = np.searchsorted(leaving, t, side="left")
    return _Weights(
        moments,
        count.astype(float),
        free[before],
        free[own],
        order,
        np.searchsorted(ordered, moments, side="left"),
        np.searchsorted(moments, t, side="right"),
        died,
        ~died & ~censored,
        censored,
        t,
    )


def _sums(w: _Weights, amounts: Floats) -> Floats:
    """Add amounts of people over the weighted risk set of each event time."""
    ahead = amounts[w.order]
    zero = np.zeros_like(ahead[:1])
    later = np.concatenate([np.cumsum(ahead[::-1], axis=0)[::-1], zero])[w.first]
    share = w.other / w.own
    past = np.concatenate([zero, np.cumsum((amounts.T * share).T[w.order], axis=0)])[w.first]
    return later + (past.T * w.free).T


def _evaluate(w: _Weights, X: Floats, beta: Floats) -> _Evaluated:
    """Give the weighted partial likelihood, Breslow's ties, and its derivatives."""
    line = X @ beta
    risk = np.exp(line)
    total = _sums(w, risk)
    means = _sums(w, risk[:, None] * X) / total[:, None]
    squares = _sums(w, risk[:, None, None] * X[:, :, None] * X[:, None]) / total[:, None, None]
    value = float(line[w.died].sum() - w.count @ np.log(total))
    score = X[w.died].sum(axis=0) - w.count @ means
    information = np.tensordot(w.count, squares, 1) - means.T @ (w.count[:, None] * means)
    return _Evaluated(value, score, information, risk, total, means)


def _influence(w: _Weights, X: Floats, at: _Evaluated) -> Floats:
    """Give what each person adds to the score, by way of the weights too, shape (n, p)."""
    hazard = w.count / at.total
    zero = np.zeros((1, X.shape[1]))
    sum0 = np.append(0.0, np.cumsum(hazard))
    sum1 = np.concatenate([zero, np.cumsum(hazard[:, None] * at.means, axis=0)])
    seen0, seen1 = sum0[w.last], sum1[w.last]
    weighted = np.append(0.0, np.cumsum(w.free * hazard))
    weighted1 = np.concatenate([zero, np.cumsum((w.free * hazard)[:, None] * at.means, axis=0)])
    # Beyond their own time, those with another event go through the weighted hazard.
    share = w.other / w.own
    seen0 = seen0 + share * (weighted[-1] - weighted[w.last])
    seen1 = seen1 + share[:, None] * (weighted1[-1] - weighted1[w.last])
    parts = -at.risk[:, None] * (X * seen0[:, None] - seen1)
    place = np.searchsorted(w.time, w.at[w.died])
    parts[w.died] += X[w.died] - at.means[place]
    return parts + _of_weights(w, X, at, weighted, weighted1)


def _of_weights(
    w: _Weights, X: Floats, at: _Evaluated, weighted: Floats, weighted1: Floats
) -> Floats:
    """Give the influence of each person by way of the estimated share not censored."""
    leaving, gone = np.unique(w.at[w.censored], return_counts=True)
    if len(leaving) == 0:
        return np.zeros_like(X)
    ordered = w.at[w.order]
    before = np.searchsorted(ordered, leaving, side="left")
    at_risk = len(ordered) - before
    amount = (w.other / w.own * at.risk)[w.order]
    past0 = np.append(0.0, np.cumsum(amount))[before]
    running = np.cumsum(amount[:, None] * X[w.order], axis=0)
    past1 = np.concatenate([np.zeros((1, X.shape[1])), running])[before]
    later = np.searchsorted(w.time, leaving, side="left")
    ahead0, ahead1 = weighted[-1] - weighted[later], weighted1[-1] - weighted1[later]
    moved = (past1 * ahead0[:, None] - past0[:, None] * ahead1) / at_risk[:, None]
    passed = np.cumsum(moved * (gone / at_risk)[:, None], axis=0)
    passed = np.concatenate([np.zeros((1, X.shape[1])), passed])
    parts = -passed[np.searchsorted(leaving, w.at, side="right")]
    parts[w.censored] += moved[np.searchsorted(leaving, w.at[w.censored])]
    return parts
