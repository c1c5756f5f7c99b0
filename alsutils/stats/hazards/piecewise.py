"""A hazard that is constant between given times."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from alsutils.stats.hazards.cox import (
    SEPARATED,
    check_estimable,
    prepare,
    refuse_runaways,
    wald_frame,
)
from alsutils.stats.hazards.newton import Place, climb
from alsutils.stats.hazards.partial import HazardFitError
from alsutils.stats.survival.times import Floats, TimesError, checked_times

_LARGEST = 300.0  # log hazard, beyond which a step has gone astray


@dataclass(frozen=True, eq=False)
class PiecewiseFit:
    """A proportional hazards model with a baseline in steps.

    Attributes
    ----------
    frame : DataFrame
        One row a term: ``term``, ``estimate`` (log hazard ratio), ``std_error``, ``statistic``,
        ``p_value``, ``conf_low``, ``conf_high``.
    baseline : DataFrame
        One row an interval: ``from_time``, ``to_time``, ``events``, ``time`` (people times time at
        risk), ``hazard`` (events per person and unit of time where all covariates are 0),
        ``conf_low``, ``conf_high`` (missing where there is no event).
    log_likelihood : float
    n, events : int
        People and events.
    """

    frame: pd.DataFrame
    baseline: pd.DataFrame
    log_likelihood: float
    n: int
    events: int


def quantile_cuts(time: ArrayLike, event: ArrayLike, pieces: int) -> Floats:
    """Cut time so that as many events fall into each piece.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        As in `alsutils.stats.survival.kaplan_meier`.
    pieces : int
        At least 1.

    Returns
    -------
    ndarray
        At most ``pieces - 1`` rising times, fewer where events are tied.
    """
    given = checked_times(time, event)
    when = given.time[given.event]
    if len(when) == 0:
        return np.zeros(0)
    cuts = np.unique(np.quantile(when, np.arange(1, pieces) / pieces))
    return cuts[(cuts > 0) & (cuts < when.max())]


def piecewise_exponential(
    time: ArrayLike,
    event: ArrayLike,
    design: pd.DataFrame,
    cuts: ArrayLike,
    conf_level: float = 0.95,
) -> PiecewiseFit:
    """Fit a proportional hazards model with a hazard that is constant between cuts.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        As in `alsutils.stats.survival.kaplan_meier`.
    design : DataFrame, shape (n, p)
        Numeric covariates without an intercept.
    cuts : array_like, shape (k,)
        Rising times above 0; an event at a cut belongs to the piece that it ends. None for one
        constant hazard.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    PiecewiseFit
        By the Poisson likelihood of the events in each piece.

    Raises
    ------
    TimesError
        If the times or the cuts cannot be used.
    HazardFitError
        If a hazard ratio has no estimate.

    References
    ----------
    Holford TR. The analysis of rates and of survivorship using log-linear models. Biometrics
    1980;36:299-305. Laird N, Olivier D. Covariance analysis of censored survival data using
    log-linear analysis techniques. J Am Stat Assoc 1981;76:231-240.
    """
    data = prepare(time, event, design, "breslow")
    check_estimable(data)
    t, e, X = data.given.time, data.given.event, data.X
    inner = np.asarray(cuts, float)
    if (inner <= 0).any() or (np.diff(inner) <= 0).any() or not np.isfinite(inner).all():
        raise TimesError("cuts must be rising times above 0")
    edges = np.concatenate([[0.0], inner, [np.inf]])
    exposure = np.clip(t[:, None] - edges[:-1], 0.0, np.diff(edges))
    piece = np.searchsorted(inner, t, side="left")
    died = np.zeros_like(exposure)
    died[e, piece[e]] = 1.0
    events, at_risk = died.sum(axis=0), exposure.sum(axis=0)
    used = events > 0
    beta, logs, information, value = _fit(X, exposure[:, used], died[:, used])
    covariance = np.linalg.inv(information)
    refuse_runaways(X, beta, np.sqrt(np.diag(covariance))[: X.shape[1]])
    p = X.shape[1]
    # From standardised covariates to those given, whose zero is another place.
    turn = np.eye(len(covariance))
    turn[:p, :p] = np.diag(1 / data.scale)
    turn[p:, :p] = -data.centre / data.scale
    covariance = turn @ covariance @ turn.T
    baseline = pd.DataFrame(
        {
            "from_time": edges[:-1],
            "to_time": np.append(inner, max(float(t.max()), inner[-1] if len(inner) else 0.0)),
            "events": events.astype(int),
            "time": at_risk,
            "hazard": np.where(at_risk > 0, 0.0, np.nan),
            "conf_low": np.nan,
            "conf_high": np.nan,
        }
    )
    level = logs - beta @ (data.centre / data.scale)
    half = stats.norm.ppf((1 + conf_level) / 2) * np.sqrt(np.diag(covariance)[p:])
    for name, values in (
        ("hazard", level),
        ("conf_low", level - half),
        ("conf_high", level + half),
    ):
        baseline.loc[used, name] = np.exp(values)
    of_terms = np.asarray(covariance[:p, :p], np.float64)
    frame = wald_frame(data.terms, beta / data.scale, of_terms, conf_level)
    return PiecewiseFit(frame, baseline, value, len(t), int(e.sum()))


def _fit(X: Floats, exposure: Floats, died: Floats) -> tuple[Floats, Floats, Floats, float]:
    """Find coefficients, log hazards, their information and the log-likelihood."""
    p = X.shape[1]
    events, total = died.sum(axis=0), died.sum(axis=1)
    if (exposure.sum(axis=0) <= 0).any():
        raise HazardFitError("events at time 0 only leave no time at risk for a hazard")
    theta = np.concatenate([np.zeros(p), np.log(events / exposure.sum(axis=0))])

    def evaluate(theta: Floats) -> Place:
        line = X @ theta[:p]
        expected = exposure * np.exp(np.minimum(line[:, None] + theta[p:], _LARGEST))
        own, mixed = expected.sum(axis=1), X.T @ expected
        value = float(total @ line + events @ theta[p:] - expected.sum())
        score = np.concatenate([X.T @ (total - own), events - expected.sum(axis=0)])
        blocks = [[X.T @ (own[:, None] * X), mixed], [mixed.T, np.diag(expected.sum(axis=0))]]
        return Place(value, score, np.block(blocks))

    top = climb(evaluate, theta, SEPARATED)
    return top.theta[:p], top.theta[p:], top.at.information, top.at.value
