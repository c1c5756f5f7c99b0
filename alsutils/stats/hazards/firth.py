"""The Cox model with Firth's penalty, for few events."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize, stats

from alsutils.stats.hazards.cox import CoxFit, Prepared, prepare
from alsutils.stats.hazards.partial import HazardFitError, Ties, likelihood, third_derivative
from alsutils.stats.survival.times import Floats

_STEPS = 100
_CLOSE = 1e-12  # squared distance to the maximum in standard errors
_APART = 1e-4  # of coefficients between which slopes are compared
_LONGEST = 2.0  # step of a standardised coefficient
_WIDEST = 60.0  # log hazard ratio of standardised covariates at which a limit is called infinite


@dataclass(frozen=True, eq=False)
class _Penalised:
    """Penalised log-likelihood, its slope, and the information."""

    value: float
    score: Floats
    information: Floats


def firth_cox(
    time: ArrayLike,
    event: ArrayLike,
    design: pd.DataFrame,
    conf_level: float = 0.95,
    *,
    ties: Ties = "breslow",
    strata: ArrayLike | None = None,
    entry: ArrayLike | None = None,
) -> CoxFit:
    """Fit a Cox model whose likelihood is multiplied by the root of the information.

    That removes the leading bias of the estimates and makes them finite even where a group has no
    event.

    Parameters
    ----------
    time, event, design, conf_level, strata, entry
        As in `alsutils.stats.hazards.cox`.
    ties : {"breslow", "efron"}
        As there; other programs offer the first.

    Returns
    -------
    CoxFit
        ``statistic`` is the chi-square of the penalised likelihood ratio with 1 degree of freedom
        and ``p_value`` its probability; the limits are those of the profile penalised likelihood,
        infinite where it does not come down. ``std_error`` is that of the information.

    Raises
    ------
    TimesError
        If times are missing, negative or not after entry.
    HazardFitError
        If there is no event, a covariate is the same for all at risk, or covariates repeat each
        other.

    References
    ----------
    Firth D. Bias reduction of maximum likelihood estimates. Biometrika 1993;80:27-38. Heinze G,
    Schemper M. A solution to the problem of monotone likelihood in Cox regression. Biometrics
    2001;57:114-119.
    """
    data = prepare(time, event, design, ties, strata, entry)
    p = len(data.terms)
    start = np.zeros(p)
    if len(data.sets.person) == 0:
        raise HazardFitError("there is no event, so no hazard ratio has an estimate")
    if np.linalg.matrix_rank(likelihood(data.sets, data.X, start).information) < p:
        raise HazardFitError(
            f"those at risk at the events do not differ in {', '.join(data.terms)}"
        )
    free = np.ones(p, bool)
    beta, at = _maximise(data, start, free)
    null = _penalised(data, start).value
    scale = data.scale
    covariance = np.linalg.inv(at.information) / np.outer(scale, scale)
    reach = float(stats.chi2.ppf(conf_level, 1)) / 2
    rows = []
    for j, term in enumerate(data.terms):
        statistic = 2 * (at.value - _profile(data, beta, j, 0.0))
        low, high = (_limit(data, beta, at, j, side, reach) for side in (-1, 1))
        rows.append(
            {
                "term": term,
                "estimate": beta[j] / scale[j],
                "std_error": np.sqrt(covariance[j, j]),
                "statistic": max(statistic, 0.0),
                "p_value": stats.chi2.sf(max(statistic, 0.0), 1),
                "conf_low": low / scale[j],
                "conf_high": high / scale[j],
            }
        )
    events = len(data.sets.person)
    n, frame = len(data.X), pd.DataFrame(rows)
    # The penalty depends on the units; in those of the design as other programs have it.
    units = float(np.log(scale).sum())
    return CoxFit(frame, at.value + units, null + units, n, events, ties, covariance)


def _penalised(data: Prepared, beta: Floats) -> _Penalised:
    """Evaluate the penalised likelihood and its slope."""
    at = likelihood(data.sets, data.X, beta)
    sign, log_det = np.linalg.slogdet(at.information)
    if sign <= 0:
        return _Penalised(-np.inf, at.score, at.information)
    inverse = np.linalg.inv(at.information)
    bend = np.einsum("ab,abc->c", inverse, third_derivative(data.sets, data.X, at))
    return _Penalised(at.value + 0.5 * float(log_det), at.score + 0.5 * bend, at.information)


def _maximise(data: Prepared, start: Floats, free: np.ndarray) -> tuple[Floats, _Penalised]:
    """Find the maximum over the free coefficients, the others staying as they are."""
    beta, at = start.copy(), _penalised(data, start)
    if not free.any():
        return beta, at
    for _ in range(_STEPS):
        step = np.zeros_like(beta)
        bend = _bend(data, beta, at, free)
        step[free] = np.linalg.solve(bend, at.score[free])
        step *= min(1.0, _LONGEST / max(np.abs(step).max(), 1e-300))
        new = _penalised(data, beta + step)
        while not new.value >= at.value - 1e-10 and np.abs(step).max() > 1e-10:
            step = step / 2
            new = _penalised(data, beta + step)
        beta, at = beta + step, new
        if float(step[free] @ bend @ step[free]) < _CLOSE:
            return beta, at
    raise HazardFitError("the penalised likelihood has no maximum that was found")


def _bend(data: Prepared, beta: Floats, at: _Penalised, free: np.ndarray) -> Floats:
    """Negative second derivative of the penalised likelihood, by differences of its slope.

    The information alone leaves out the penalty, which with few events is most of it.
    """
    columns = []
    for j in np.flatnonzero(free):
        aside = np.zeros_like(beta)
        aside[j] = _APART
        up, down = _penalised(data, beta + aside).score, _penalised(data, beta - aside).score
        columns.append((down - up)[free] / (2 * _APART))
    bend = (np.array(columns) + np.array(columns).T) / 2
    if np.linalg.eigvalsh(bend).min() > 0:
        return bend
    return at.information[np.ix_(free, free)]


def _profile(data: Prepared, beta: Floats, j: int, value: float) -> float:
    """Penalised likelihood with one coefficient held, the others at their best."""
    start, free = beta.copy(), np.arange(len(beta)) != j
    start[j] = value
    return _maximise(data, start, free)[1].value


def _limit(data: Prepared, beta: Floats, at: _Penalised, j: int, side: int, reach: float) -> float:
    """Where the profile has come down by half a quantile of the chi-square distribution."""

    def short(value: float) -> float:
        return at.value - _profile(data, beta, j, value) - reach

    width = float(np.sqrt(2 * reach * np.linalg.inv(at.information)[j, j]))
    inner, outer = float(beta[j]), float(beta[j] + side * width)
    while short(outer) < 0:
        inner, outer = outer, outer + side * width
        if abs(outer) > _WIDEST:
            return side * np.inf
    return float(optimize.brentq(short, inner, outer, xtol=1e-9))
