"""Comparing hazards: log-rank test, Cox model, check of proportional hazards."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from lifelines.exceptions import ConvergenceError, ConvergenceWarning
from lifelines.statistics import multivariate_logrank_test
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alsutils.stats.survival import checked_times

Floats = NDArray[np.float64]

_TIME, _EVENT = "__time__", "__event__"
# lifelines stops at the first of these; its defaults leave an error in the sixth decimal
_UNTIL = {"precision": 1e-10, "r_precision": 1e-15}


class HazardFitError(ValueError):
    """A Cox model cannot be fitted to the data."""


@dataclass(frozen=True)
class LogRank:
    """The log-rank test of equal hazards.

    Attributes
    ----------
    statistic : float
        Chi-square; missing where there is no event or only one group.
    df : float
        Groups less one.
    p_value : float
        Of the chi-square distribution.
    """

    statistic: float
    df: float
    p_value: float


@dataclass(frozen=True)
class CoxFit:
    """A proportional hazards model.

    Attributes
    ----------
    frame : DataFrame
        One row a term on the log scale: ``term``, ``estimate`` (log hazard ratio), ``std_error``,
        ``statistic`` (normal), ``p_value``, ``conf_low``, ``conf_high``.
    log_likelihood : float
        Partial, at the maximum.
    n, events : int
        People and events in the fit.
    """

    frame: pd.DataFrame
    log_likelihood: float
    n: int
    events: int


@dataclass(frozen=True)
class ProportionalityTest:
    """Test that hazard ratios stay the same over time.

    Attributes
    ----------
    frame : DataFrame
        One row a term and one, ``GLOBAL``, for all of them: ``term``, ``statistic``, ``df``,
        ``p_value``.
    """

    frame: pd.DataFrame


def log_rank(time: ArrayLike, event: ArrayLike, group: ArrayLike) -> LogRank:
    """Test whether groups have the same hazard at every time.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        As in `alsutils.stats.survival.kaplan_meier`.
    group : array_like, shape (n,)
        Group of each person; two or more.

    Returns
    -------
    LogRank
        Figures missing where there is no event or only one group.

    References
    ----------
    Peto R, Peto J. Asymptotically efficient rank invariant test procedures. J R Stat Soc A
    1972;135:185-207.
    """
    given = checked_times(time, event)
    t, e = given.time, given.event
    groups = np.asarray(group).astype(str)
    number = len(np.unique(groups))
    if number < 2 or not e.any():
        return LogRank(np.nan, float(max(number - 1, 0)), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = multivariate_logrank_test(t, groups, e)
    return LogRank(float(test.test_statistic), float(number - 1), float(test.p_value))


def cox(
    time: ArrayLike, event: ArrayLike, design: pd.DataFrame, conf_level: float = 0.95
) -> CoxFit:
    """Fit a Cox model with Efron's handling of ties.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        As in `alsutils.stats.survival.kaplan_meier`.
    design : DataFrame, shape (n, p)
        Numeric covariates without an intercept.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    CoxFit
        Log hazard ratios.

    Raises
    ------
    HazardFitError
        If there are fewer events than covariates, covariates repeat each other, or a group has no
        event, so that a hazard ratio has no estimate.

    References
    ----------
    Cox DR. Regression models and life-tables. J R Stat Soc B 1972;34:187-220. Efron B. The
    efficiency of Cox's likelihood function for censored data. J Am Stat Assoc 1977;72:557-565.
    """
    given = checked_times(time, event)
    t, e = given.time, given.event
    X = design.to_numpy(float)
    _check_design(X, e, list(design.columns))
    # Standardised columns keep Newton's steps well scaled whatever the units.
    centre, scale = X.mean(axis=0), X.std(axis=0)
    data = pd.DataFrame((X - centre) / scale, columns=design.columns)
    data[_TIME], data[_EVENT] = t, e
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", ConvergenceWarning)
            fit = CoxPHFitter().fit(data, _TIME, _EVENT, fit_options=_UNTIL)
    except (ConvergenceError, ConvergenceWarning) as error:
        raise HazardFitError(
            "the Cox model has no estimate: a covariate separates those with the event from the "
            f"others, or covariates repeat each other ({str(error).splitlines()[0]})"
        ) from error
    estimate = fit.params_.to_numpy() / scale
    std_error = fit.standard_errors_.to_numpy() / scale
    reach = stats.norm.ppf((1 + conf_level) / 2) * std_error
    frame = pd.DataFrame(
        {
            "term": list(design.columns),
            "estimate": estimate,
            "std_error": std_error,
            "statistic": estimate / std_error,
            "p_value": 2 * stats.norm.sf(np.abs(estimate / std_error)),
            "conf_low": estimate - reach,
            "conf_high": estimate + reach,
        }
    )
    return CoxFit(frame, float(fit.log_likelihood_), len(t), int(e.sum()))


def proportionality_test(
    time: ArrayLike, event: ArrayLike, design: pd.DataFrame, fit: CoxFit
) -> ProportionalityTest:
    """Test whether hazard ratios change over time.

    The model is given, for each term, a second one that grows with time (one minus the share
    without the event); the test is the score test that its coefficient is zero, the exact form of
    the test on scaled Schoenfeld residuals.

    Parameters
    ----------
    time, event, design
        What `cox` was fitted to.
    fit : CoxFit
        Its result.

    Returns
    -------
    ProportionalityTest
        Chi-square tests, as R's ``cox.zph(fit, transform = "km", terms = FALSE)`` gives.

    References
    ----------
    Grambsch PM, Therneau TM. Proportional hazards tests and diagnostics based on weighted
    residuals. Biometrika 1994;81:515-526. Therneau TM. Package survival 3.0, cox.zph (2020).
    """
    given = checked_times(time, event)
    t, e = given.time, given.event
    X, p = design.to_numpy(float), design.shape[1]
    steps = _efron_steps(t, e, X, fit.frame["estimate"].to_numpy())
    growth = steps.growth - steps.growth.mean()
    score = np.concatenate([np.zeros(p), growth @ steps.score])
    blocks = [np.tensordot(growth**power, steps.information, 1) for power in (0, 1, 2)]
    whole = np.block([[blocks[0], blocks[1]], [blocks[1], blocks[2]]])
    rows = []
    for j, term in [*enumerate(design.columns), (None, "GLOBAL")]:
        keep = [*range(p), *([p + j] if j is not None else range(p, 2 * p))]
        statistic = _quadratic(whole[np.ix_(keep, keep)], score[keep])
        df = 1.0 if j is not None else float(p)
        rows.append((str(term), statistic, df, float(stats.chi2.sf(statistic, df))))
    return ProportionalityTest(pd.DataFrame(rows, columns=["term", "statistic", "df", "p_value"]))


def _check_design(X: Floats, event: NDArray[np.bool_], terms: list[str]) -> None:
    """Refuse covariates whose hazard ratio has no estimate."""
    events, p = int(event.sum()), X.shape[1]
    if len(X) != len(event) or not np.isfinite(X).all():
        raise ValueError("design must have one row a person and no missing value")
    for j, term in enumerate(terms):
        levels = np.unique(X[:, j])
        if len(levels) < 2:
            raise HazardFitError(f"everybody has the same {term}; leave it out")
        if len(levels) == 2:
            for level in levels:
                if not event[X[:, j] == level].any():
                    raise HazardFitError(
                        f"nobody with {term} = {level:g} had the event, so its hazard ratio has "
                        "no estimate"
                    )
    if events <= p:
        raise HazardFitError(
            f"there are {events} events for {p} covariates; at least one more event is needed"
        )
    if np.linalg.matrix_rank(X - X.mean(axis=0)) < p:
        raise HazardFitError(f"some of {', '.join(terms)} say the same; leave one out")


@dataclass(frozen=True)
class _Steps:
    """One entry an event: its score and information, and the time scale of the test."""

    score: Floats
    information: Floats
    growth: Floats


def _efron_steps(t: Floats, e: NDArray[np.bool_], X: Floats, beta: Floats) -> _Steps:
    """Score and information of each event at given coefficients, ties handled as Efron does."""
    risk = np.exp((X - X.mean(axis=0)) @ beta)
    score, information, growth = [], [], []
    surviving = 1.0
    for moment in np.unique(t[e]):
        at_risk, dying = t >= moment, e & (t == moment)
        d = int(dying.sum())
        sums = [_moments(X[rows], risk[rows]) for rows in (at_risk, dying)]
        for k in range(d):
            s0, s1, s2 = (a - k / d * b for a, b in zip(*sums, strict=True))
            mean = s1 / s0
            score.append(X[dying].mean(axis=0) - mean)
            information.append(s2 / s0 - np.outer(mean, mean))
            growth.append(1 - surviving)
        surviving *= 1 - d / at_risk.sum()
    return _Steps(np.array(score), np.array(information), np.array(growth))


def _moments(X: Floats, risk: Floats) -> list[Floats]:
    """Add up the risks, and X and its squares weighted by them."""
    weighted = X * risk[:, None]
    return [np.asarray(risk.sum()), weighted.sum(axis=0), weighted.T @ X]


def _quadratic(information: Floats, score: Floats) -> float:
    """Score test; missing where the information is singular, as with a single event time."""
    if np.linalg.matrix_rank(information) < len(score):
        return np.nan
    return float(score @ np.linalg.solve(information, score))
