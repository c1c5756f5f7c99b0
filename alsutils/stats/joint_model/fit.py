"""Fitting decline and death together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from alsutils.stats.joint_model.data import Floats, JointData, JointModelError, joint_data
from alsutils.stats.joint_model.hazard import Baseline, BaselineKind, baseline_hazard
from alsutils.stats.joint_model.likelihood import LINKS, Association, JointLikelihood
from alsutils.stats.joint_model.lines import (
    Course,
    Moments,
    course_size,
    fit_lines,
    inverted,
    mean_lines,
    polish,
    unpack_course,
)

_ROUNDS = 6  # of putting the points where they belong
_SETTLED = 1e-5  # of the log-likelihood between two rounds


@dataclass(frozen=True, eq=False)
class JointFit:
    """Lines of scores and hazards of death.

    Attributes
    ----------
    frame : DataFrame
        One row a parameter: ``part``, ``term``, ``estimate``, ``std_error``, ``statistic``,
        ``p_value``, ``conf_low``, ``conf_high``. Parts: ``course`` (``level`` where all covariates
        are at their means, what each covariate adds to it; ``slope`` where all terms are 0, what
        each term adds to it), ``hazard`` (log hazard ratios), ``association`` (log hazard ratio of
        one unit of a patient's own ``slope``, ``level`` or current ``value``) and ``spread``
        (standard deviations ``level``, ``slope`` and ``residual``, ``correlation``; no test).
    slopes : DataFrame
        One row a patient: ``subject``, ``slope`` (expected, all known) and ``std_error``.
    log_likelihood : float
        Of scores and times; of both parts added where they were fitted apart.
    n, scores, events : int
        Patients, scores and events.
    """

    frame: pd.DataFrame
    slopes: pd.DataFrame
    log_likelihood: float
    n: int
    scores: int
    events: int


def joint_model(
    scores: pd.DataFrame,
    patients: pd.DataFrame,
    terms: Sequence[str] = (),
    covariates: Sequence[str] = (),
    *,
    association: Association = "slope",
    baseline: BaselineKind = "weibull",
    pieces: int = 4,
    nodes: int = 7,
    conf_level: float = 0.95,
) -> JointFit:
    """Fit decline and death together, linked by each patient's own line.

    A mixed model of the scores takes it that what is not seen after death would have gone on as the
    scores before it said. Here the time of death says something of the line as well: who died
    early had, as a rule, a steeper one.

    Parameters
    ----------
    scores : DataFrame
        One row a score: ``subject``, ``time`` (at least 0), ``value``.
    patients : DataFrame
        One row a patient: ``subject``, ``time`` (above 0), ``event``, and the columns below.
    terms : sequence of str
        Columns, such as indicators of treated arms, that change the slope and the hazard.
    covariates : sequence of str
        Columns that change the level and the hazard.
    association : {"slope", "level and slope", "value"}
        What the hazard depends on: the deviation of a patient's slope (or level and slope) from
        that expected, or the current value of the patient's line (less the mean of all scores).
    baseline : {"weibull", "piecewise"}
        Hazard over time.
    pieces : int
        Of a piecewise constant hazard, at most.
    nodes : int
        Of Gauss-Hermite, in each direction.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    JointFit
        By maximum likelihood. The slopes are those of scores that death would not have ended.

    Raises
    ------
    JointModelError
        If data do not fit together, there are fewer than three events, or there is no maximum.

    References
    ----------
    Wulfsohn MS, Tsiatis AA. A joint model for survival and longitudinal data measured with error.
    Biometrics 1997;53:330-339. Rizopoulos D. Fast fitting of joint models for longitudinal and
    event time data using a pseudo-adaptive Gaussian quadrature rule. Comput Stat Data Anal
    2012;56:491-501. doi:10.1016/j.csda.2011.09.007
    """
    if association not in LINKS:
        raise JointModelError(f"association must be one of {tuple(LINKS)}, not {association!r}")
    data = joint_data(scores, patients, terms, covariates)
    if data.event.sum() < 3:
        raise JointModelError(
            f"there are {int(data.event.sum())} events; course and death cannot be linked by them"
        )
    base = baseline_hazard(data, baseline, pieces)
    lines = fit_lines(data)
    empty = JointLikelihood(data, base, association, np.empty((0, data.n, 2)), np.empty(0))
    model = empty.around(lines.mean, lines.spread, nodes)
    theta = np.zeros(model.size)
    theta[: course_size(data)] = lines.course.packed
    theta[course_size(data) : course_size(data) + len(base.start)] = base.start
    last = np.inf
    for _ in range(_ROUNDS):
        found = optimize.minimize(
            model.negative, theta, jac=True, method="BFGS", options={"gtol": 1e-3, "maxiter": 300}
        )
        theta = found.x
        mean, spread = model.posterior(theta)
        model = model.around(mean, spread, nodes)
        if abs(found.fun - last) < _SETTLED:
            break
        last = found.fun
    theta, bend = polish(model.negative, theta)
    covariance = inverted(bend)
    frame = _joint_frame(data, base, association, theta, covariance, conf_level)
    mean, spread = model.posterior(theta)
    slopes = own_slopes(data, unpack_course(data, theta), mean, spread)
    value = -model.negative(theta)[0]
    return JointFit(frame, slopes, value, data.n, int(data.number.sum()), int(data.event.sum()))


def own_slopes(data: JointData, course: Course, mean: Floats, spread: Moments) -> pd.DataFrame:
    """Tabulate the slope expected of each patient."""
    _, slope = mean_lines(data, course)
    columns = {"slope": slope + mean[:, 1], "std_error": np.sqrt(spread[:, 1, 1])}
    return pd.DataFrame({"subject": data.subjects, **columns})


def course_rows(
    data: JointData, theta: Floats, covariance: Floats, conf_level: float
) -> pd.DataFrame:
    """Tabulate the parameters of the lines: ``course`` rows, then ``spread`` rows."""
    a = 1 + data.C.shape[1]
    names = ["level", *data.covariates, "slope", *data.terms]
    k = len(names)
    estimate = theta[:k].copy()
    estimate[0] += data.origin
    kinds = [f"{n} (level)" for n in names[1:a]] + [f"{n} (slope)" for n in names[a + 1 :]]
    shown = ["level", *kinds[: a - 1], "slope", *kinds[a - 1 :]]
    course = estimate_rows("course", shown, estimate, covariance[:k, :k], conf_level)
    spread, turn = _spreads(theta[k : k + 4])
    of_spread = turn @ covariance[k : k + 4, k : k + 4] @ turn.T
    rows = estimate_rows(
        "spread", ["residual", "level", "slope", "correlation"], spread, of_spread, conf_level
    )
    rows[["statistic", "p_value"]] = np.nan
    return pd.concat([course, rows], ignore_index=True)


def estimate_rows(
    part: str, names: Sequence[str], estimate: Floats, covariance: Floats, conf_level: float
) -> pd.DataFrame:
    """Tabulate estimates with normal tests and intervals."""
    std_error = np.sqrt(np.diag(covariance))
    half = stats.norm.ppf((1 + conf_level) / 2) * std_error
    return pd.DataFrame(
        {
            "part": part,
            "term": list(names),
            "estimate": estimate,
            "std_error": std_error,
            "statistic": estimate / std_error,
            "p_value": 2 * stats.norm.sf(np.abs(estimate / std_error)),
            "conf_low": estimate - half,
            "conf_high": estimate + half,
        }
    )


def _joint_frame(
    data: JointData,
    base: Baseline,
    association: Association,
    theta: Floats,
    covariance: Floats,
    conf_level: float,
) -> pd.DataFrame:
    lines = course_rows(data, theta, covariance, conf_level)
    first = course_size(data) + len(base.start)
    k = len(data.terms) + len(data.covariates)
    parts = [lines[lines["part"] == "course"]]
    for part, names, rows in (
        ("hazard", [*data.terms, *data.covariates], slice(first, first + k)),
        ("association", LINKS[association], slice(first + k, None)),
    ):
        parts.append(estimate_rows(part, names, theta[rows], covariance[rows, rows], conf_level))
    parts.append(lines[lines["part"] == "spread"])
    return pd.concat(parts, ignore_index=True)


def _spreads(raw: Floats) -> tuple[Floats, Floats]:
    """Turn the parameters of the spread into standard deviations and a correlation, with slopes."""

    def turned(values: Floats) -> Floats:
        log_sd, first, second, below = values
        slope = np.hypot(below, np.exp(second))
        return np.array([np.exp(log_sd), np.exp(first), slope, below / slope])

    columns = []
    for j in range(4):
        aside = np.zeros(4)
        aside[j] = 1e-6
        columns.append((turned(raw + aside) - turned(raw - aside)) / 2e-6)
    return turned(raw), np.array(columns).T
