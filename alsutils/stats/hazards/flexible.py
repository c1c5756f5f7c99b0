"""Flexible parametric models: a spline for the logarithm of the cumulative hazard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from alsutils.stats.hazards.cox import (
    Prepared,
    check_estimable,
    prepare,
    refuse_runaways,
    wald_frame,
)
from alsutils.stats.hazards.newton import Place, climb
from alsutils.stats.hazards.partial import HazardFitError
from alsutils.stats.hazards.splines import natural_spline
from alsutils.stats.survival.times import Bools, Floats

_LARGEST = 300.0  # log cumulative hazard, beyond which a step has gone astray


@dataclass(frozen=True, eq=False)
class FlexibleFit:
    """A model whose log cumulative hazard is a natural cubic spline of log time.

    Attributes
    ----------
    frame : DataFrame
        One row a term: ``term``, ``estimate`` (log ratio of cumulative hazards: the log hazard
        ratio of a term that does not change), ``std_error``, ``statistic``, ``p_value``,
        ``conf_low``, ``conf_high``. A changing term has a second row, `` x log time``.
    knots : ndarray
        Of the spline, in log time.
    log_likelihood : float
        With all constants.
    aic : float
        Twice the number of parameters less twice the log-likelihood.
    conf_level : float
    terms : tuple of str
        Columns of the design.
    changing : tuple of str
        Those whose ratio changes.
    centre : ndarray, shape (p,)
        Means of the columns, at which the spline stands.
    theta : ndarray, shape (q,)
        Spline, terms, changes.
    covariance : ndarray, shape (q, q)
    """

    frame: pd.DataFrame
    knots: Floats
    log_likelihood: float
    aic: float
    conf_level: float
    terms: tuple[str, ...]
    changing: tuple[str, ...]
    centre: Floats
    theta: Floats
    covariance: Floats

    def survival(self, person: Mapping[str, float], times: ArrayLike) -> pd.DataFrame:
        """Give the share without the event among people with given covariates.

        Parameters
        ----------
        person : mapping of str to float
            A value for every term.
        times : array_like, shape (k,)
            Above 0.

        Returns
        -------
        DataFrame
            ``time``, ``estimate``, ``conf_low``, ``conf_high`` (by the log-log share).
        """
        t = np.asarray(times, float)
        rows = self._rows(person, t)
        line = rows @ self.theta
        half = self._half(rows)
        shares = {
            name: np.exp(-np.exp(value))
            for name, value in (
                ("estimate", line),
                ("conf_low", line + half),
                ("conf_high", line - half),
            )
        }
        return pd.DataFrame({"time": t, **shares})

    def hazard_ratio(self, term: str, times: ArrayLike) -> pd.DataFrame:
        """Give the log hazard ratio of one unit of a term, the other covariates at their means.

        Parameters
        ----------
        term : str
            A column of the design.
        times : array_like, shape (k,)
            Above 0.

        Returns
        -------
        DataFrame
            ``time``, ``estimate``, ``std_error``, ``conf_low``, ``conf_high``; missing where the
            cumulative hazard that the spline gives somebody would fall.
        """
        t = np.asarray(times, float)
        people = [dict(zip(self.terms, self.centre, strict=True)) for _ in range(2)]
        people[0][term], people[1][term] = 0.0, 1.0
        estimate, slope = np.zeros_like(t), np.zeros((len(t), len(self.theta)))
        for sign, person in ((-1, people[0]), (1, people[1])):
            rows, slopes = self._rows(person, t), self._rows(person, t, slope=True)
            steepness = slopes @ self.theta
            steepness = np.where(steepness > 0, steepness, np.nan)
            estimate += sign * (rows @ self.theta + np.log(steepness))
            slope += sign * (rows + slopes / steepness[:, None])
        std_error = np.sqrt(np.einsum("ij,jk,ik->i", slope, self.covariance, slope))
        half = stats.norm.ppf((1 + self.conf_level) / 2) * std_error
        limits = {"conf_low": estimate - half, "conf_high": estimate + half}
        return pd.DataFrame({"time": t, "estimate": estimate, "std_error": std_error, **limits})

    def _rows(self, person: Mapping[str, float], t: Floats, slope: bool = False) -> Floats:
        x = np.array([float(person[term]) for term in self.terms]) - self.centre
        places = [self.terms.index(term) for term in self.changing]
        return _rows(np.log(t), np.tile(x, (len(t), 1)), self.knots, places, slope)

    def _half(self, rows: Floats) -> Floats:
        spread = np.sqrt(np.einsum("ij,jk,ik->i", rows, self.covariance, rows))
        return np.asarray(stats.norm.ppf((1 + self.conf_level) / 2) * spread)


def royston_parmar(
    time: ArrayLike,
    event: ArrayLike,
    design: pd.DataFrame,
    df: int = 3,
    conf_level: float = 0.95,
    *,
    changing: Sequence[str] = (),
) -> FlexibleFit:
    """Fit a flexible parametric model of proportional hazards.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        As in `alsutils.stats.survival.kaplan_meier`; an event needs a time above 0.
    design : DataFrame, shape (n, p)
        Numeric covariates without an intercept.
    df : int
        1 for a Weibull model; each further one adds a knot. Knots lie at the quantiles of the log
        times of events, the outer ones at the first and the last.
    conf_level : float
        Level of the intervals.
    changing : sequence of str
        Columns whose log ratio of cumulative hazards is a straight line in log time.

    Returns
    -------
    FlexibleFit
        By maximum likelihood.

    Raises
    ------
    TimesError
        If times cannot be used.
    HazardFitError
        If an event is at time 0, there are too few different times of events, or a ratio has no
        estimate.

    References
    ----------
    Royston P, Parmar MKB. Flexible parametric proportional-hazards and proportional-odds models
    for censored survival data. Stat Med 2002;21:2175-2197. doi:10.1002/sim.1203
    """
    data = prepare(time, event, design, "breslow")
    check_estimable(data)
    seen = data.given.time > 0
    if (data.given.event & ~seen).any():
        raise HazardFitError("an event at time 0 has no logarithm of time; a spline cannot have it")
    x = (data.X * data.scale)[seen]
    logs, died = np.log(data.given.time[seen]), data.given.event[seen]
    knots = np.unique(np.quantile(logs[died], np.linspace(0, 1, max(df, 1) + 1)))
    if len(knots) < 2:
        raise HazardFitError("events at one time only leave no curve to fit")
    places = [data.terms.index(str(term)) for term in changing]
    Z, slopes = (_rows(logs, x, knots, places, s) for s in (False, True))
    theta, covariance, value = _fit(Z, slopes[died], died, logs, knots, data)
    names = (*data.terms, *(f"{term} x log time" for term in changing))
    k = len(knots)
    p = len(data.terms)
    refuse_runaways(x, theta[k : k + p], np.sqrt(np.diag(covariance))[k : k + p])
    frame = wald_frame(names, theta[k:], covariance[k:, k:], conf_level)
    aic = 2 * len(theta) - 2 * value
    fixed = (data.terms, tuple(str(term) for term in changing), data.centre)
    return FlexibleFit(frame, knots, value, aic, conf_level, *fixed, theta, covariance)


def _rows(logs: Floats, x: Floats, knots: Floats, places: list[int], slope: bool) -> Floats:
    """Rows of the design of the log cumulative hazard, or of its slope in log time."""
    terms = np.zeros_like(x) if slope else x
    moved = x[:, places] if slope else x[:, places] * logs[:, None]
    return np.column_stack([natural_spline(logs, knots, slope), terms, moved])


def _fit(
    Z: Floats, slopes: Floats, died: Bools, logs: Floats, knots: Floats, data: Prepared
) -> tuple[Floats, Floats, float]:
    """Find the parameters, their covariance and the log-likelihood, which is concave."""
    theta = np.zeros(Z.shape[1])
    # Start from one constant hazard.
    theta[0] = np.log(died.sum() / np.exp(logs).sum()) + knots[0]
    theta[1] = knots[-1] - knots[0]
    constant = float(logs[died].sum())

    def evaluate(theta: Floats) -> Place:
        steep, line = slopes @ theta, Z @ theta
        if steep.min() <= 0 or line.max() > _LARGEST:
            return Place(-np.inf, theta, np.full((len(theta), len(theta)), np.nan))
        part, hazard = slopes / steep[:, None], np.exp(line)
        value = float(np.log(steep).sum() + line[died].sum() - hazard.sum()) - constant
        score = part.sum(axis=0) + Z[died].sum(axis=0) - Z.T @ hazard
        return Place(value, score, part.T @ part + Z.T @ (hazard[:, None] * Z))

    top = climb(
        evaluate,
        theta,
        f"a spline with {len(knots)} knots and {', '.join(data.terms)} has no estimate here; "
        "try fewer",
    )
    return top.theta, np.asarray(np.linalg.inv(top.at.information), float), top.at.value
