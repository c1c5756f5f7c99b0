"""The Cox model."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from alsutils.stats.hazards.newton import climb
from alsutils.stats.hazards.partial import (
    HazardFitError,
    RiskSets,
    Ties,
    likelihood,
    risk_sets,
)
from alsutils.stats.survival.times import Bools, Floats, Times, checked_times

_FAR, _LOST = 10.0, 0.05  # a coefficient running away: logarithm of the hazard, standard errors

SEPARATED = (
    "a hazard ratio has no estimate: a covariate separates those with the event from the others, "
    "or covariates repeat each other among those at risk"
)


@dataclass(frozen=True)
class LikelihoodRatio:
    """A likelihood ratio test.

    Attributes
    ----------
    statistic, df, p_value : float
        Chi-square, its degrees of freedom and the probability beyond it.
    """

    statistic: float
    df: float
    p_value: float


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A proportional hazards model.

    Attributes
    ----------
    frame : DataFrame
        One row a term on the log scale: ``term``, ``estimate`` (log hazard ratio), ``std_error``,
        ``statistic`` (normal), ``p_value``, ``conf_low``, ``conf_high``.
    log_likelihood, null_log_likelihood : float
        Partial, at the maximum and without covariates; penalised for `firth_cox`.
    n, events : int
        People and events in the fit.
    ties : {"efron", "breslow"}
        How events at the same time were handled.
    covariance : ndarray, shape (p, p)
        Of the estimates.
    """

    frame: pd.DataFrame
    log_likelihood: float
    null_log_likelihood: float
    n: int
    events: int
    ties: Ties
    covariance: Floats

    @property
    def likelihood_ratio(self) -> LikelihoodRatio:
        """Test that no covariate has to do with the hazard."""
        statistic = 2 * (self.log_likelihood - self.null_log_likelihood)
        df = float(len(self.frame))
        return LikelihoodRatio(statistic, df, float(stats.chi2.sf(statistic, df)))


@dataclass(frozen=True, eq=False)
class Prepared:
    """Checked data of a model of hazards.

    Attributes
    ----------
    given : Times
    sets : RiskSets
    X : ndarray, shape (n, p)
        Covariates less their mean, over their standard deviation: steps are well scaled whatever
        the units.
    centre, scale : ndarray, shape (p,)
    terms : tuple of str
    """

    given: Times
    sets: RiskSets
    X: Floats
    centre: Floats
    scale: Floats
    terms: tuple[str, ...]


def cox(
    time: ArrayLike,
    event: ArrayLike,
    design: pd.DataFrame,
    conf_level: float = 0.95,
    *,
    ties: Ties = "efron",
    strata: ArrayLike | None = None,
    entry: ArrayLike | None = None,
) -> CoxFit:
    """Fit a Cox model.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        As in `alsutils.stats.survival.kaplan_meier`.
    design : DataFrame, shape (n, p)
        Numeric covariates without an intercept.
    conf_level : float
        Level of the intervals.
    ties : {"efron", "breslow"}
        How events at the same time are handled. Efron's is the better approximation; Breslow's
        understates effects where ties are many.
    strata : array_like, shape (n,), optional
        Each stratum has a baseline hazard of its own.
    entry : array_like, shape (n,), optional
        Time at which each person came under observation, before ``time``.

    Returns
    -------
    CoxFit
        Log hazard ratios.

    Raises
    ------
    TimesError
        If times are missing, negative or not after entry.
    HazardFitError
        If there are fewer events than covariates, covariates repeat each other, or a group has no
        event, so that a hazard ratio has no estimate.

    References
    ----------
    Cox DR. Regression models and life-tables. J R Stat Soc B 1972;34:187-220. Efron B. The
    efficiency of Cox's likelihood function for censored data. J Am Stat Assoc 1977;72:557-565.
    Breslow N. Covariance analysis of censored survival data. Biometrics 1974;30:89-99.
    """
    data = prepare(time, event, design, ties, strata, entry)
    check_estimable(data)
    start = np.zeros(len(data.terms))
    top = climb(lambda beta: likelihood(data.sets, data.X, beta), start, SEPARATED)
    inverse = np.linalg.inv(top.at.information)
    refuse_runaways(data.X, top.theta, np.sqrt(np.diag(inverse)))
    covariance = inverse / np.outer(data.scale, data.scale)
    frame = wald_frame(data.terms, top.theta / data.scale, covariance, conf_level)
    null = likelihood(data.sets, data.X, start).value
    sizes = (len(data.X), len(data.sets.person))
    return CoxFit(frame, top.at.value, null, *sizes, ties, covariance)


def prepare(
    time: ArrayLike,
    event: ArrayLike,
    design: pd.DataFrame,
    ties: Ties = "efron",
    strata: ArrayLike | None = None,
    entry: ArrayLike | None = None,
) -> Prepared:
    """Check and standardise the data of a model, and sort its risk sets.

    Parameters
    ----------
    time, event, design, ties, strata, entry
        As in `cox`.

    Returns
    -------
    Prepared

    Raises
    ------
    HazardFitError
        If a covariate is the same for everybody, or covariates repeat each other.
    """
    given = checked_times(time, event, entry)
    X = design.to_numpy(float)
    terms = tuple(str(term) for term in design.columns)
    if X.shape[0] != len(given.time) or X.shape[1] == 0 or not np.isfinite(X).all():
        raise ValueError("design must have a covariate, one row a person and no missing value")
    for j, term in enumerate(terms):
        if np.ptp(X[:, j]) == 0:
            raise HazardFitError(f"everybody has the same {term}; leave it out")
    centre, scale = X.mean(axis=0), X.std(axis=0)
    standard = (X - centre) / scale
    if np.linalg.matrix_rank(standard) < len(terms):
        raise HazardFitError(f"some of {', '.join(terms)} say the same; leave one out")
    return Prepared(given, risk_sets(given, ties, strata), standard, centre, scale, terms)


def check_estimable(data: Prepared) -> None:
    """Refuse covariates whose hazard ratio has no estimate for want of events."""
    events, p = len(data.sets.person), len(data.terms)
    for j, term in enumerate(data.terms):
        column = data.X[:, j] * data.scale[j] + data.centre[j]
        low, high = column.min(), column.max()
        if not ((column == low) | (column == high)).all():
            continue
        for level in (low, high):
            if not (column[data.sets.person] == level).any():
                raise HazardFitError(
                    f"nobody with {term} = {level:g} had the event, so its hazard ratio has "
                    "no estimate"
                )
    if events <= p:
        raise HazardFitError(
            f"there are {events} events for {p} covariates; at least one more event is needed"
        )


def wald_frame(
    terms: tuple[str, ...], estimate: Floats, covariance: Floats, conf_level: float
) -> pd.DataFrame:
    """Tabulate estimates with normal tests of zero and intervals."""
    std_error = np.sqrt(np.diag(covariance))
    half = stats.norm.ppf((1 + conf_level) / 2) * std_error
    return pd.DataFrame(
        {
            "term": list(terms),
            "estimate": estimate,
            "std_error": std_error,
            "statistic": estimate / std_error,
            "p_value": 2 * stats.norm.sf(np.abs(estimate / std_error)),
            "conf_low": estimate - half,
            "conf_high": estimate + half,
        }
    )


def refuse_runaways(X: Floats, beta: Floats, std_error: Floats) -> None:
    """Refuse coefficients that grew until the likelihood no longer noticed.

    Parameters
    ----------
    X : ndarray, shape (n, p)
        Centred covariates.
    beta, std_error : ndarray, shape (p,)
        Their coefficients, on the same scale.

    Raises
    ------
    HazardFitError
        If one is both far from 0 and lost in its own standard error.
    """
    widest = np.abs(X).max(axis=0) * np.abs(beta)
    away: Bools = (widest > _FAR) & (np.abs(beta) < _LOST * std_error)
    if away.any():
        raise HazardFitError(SEPARATED)
