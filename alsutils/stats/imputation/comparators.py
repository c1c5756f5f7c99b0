"""What used to be done with missing outcomes, and should not be: to see what it does.

Carrying the last value forward holds that a patient who left has not changed since, which no
progressive disease allows, and then takes the made-up numbers for measured ones. Analysing those
who completed compares patients whom randomisation did not make comparable (National Research
Council 2010; Molenberghs et al. 2004).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.stats.imputation.covariance_analysis import analysis_design
from alsutils.stats.imputation.rubin import check_level, interval_frame
from alsutils.stats.imputation.trial import (
    Array,
    BoolArray,
    Columns,
    ImputationError,
    Trial,
    lay_out,
)


@dataclass(frozen=True)
class SimpleAnalysis:
    """Arms compared at each visit, with missing outcomes filled by a rule or left out.

    Attributes
    ----------
    frame : DataFrame
        One row a visit and treated arm: ``visit``, ``arm``, ``n_control``, ``n_treated`` (subjects
        analysed), ``estimate``, ``std_error``, ``df``, ``statistic``, ``p_value``, ``conf_low``,
        ``conf_high``, ``method``.
    n_subjects, n_used : int
        In the data, and in the analysis of at least one visit.
    n_filled : int
        Missing outcomes that a number was made up for.
    """

    frame: pd.DataFrame
    n_subjects: int
    n_used: int
    n_filled: int


def last_observation_carried_forward(
    data: pd.DataFrame,
    outcome: str,
    subject: str,
    visit: str,
    arm: str,
    covariates: Sequence[str] = (),
    start: float | None = None,
    conf_level: float = 0.95,
) -> SimpleAnalysis:
    """Put the last observed outcome in the place of every missing one after it.

    Parameters
    ----------
    data : DataFrame
        One row a subject and visit; a visit without a row counts as missing. Never changed.
    outcome, subject, visit, arm : str
        Columns; the arm is a category with the control first.
    covariates : sequence of str
        Held equal in the analysis of covariance at each visit.
    start : float, optional
        Outcome before the first visit, 0 for a change from baseline; without, visits before a
        subject's first outcome stay missing and are left out.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    SimpleAnalysis

    References
    ----------
    Molenberghs G, Thijs H, Jansen I, et al. Analyzing incomplete longitudinal clinical trial
    data. Biostatistics 2004;5:445-464. doi:10.1093/biostatistics/kxh001
    """
    trial = lay_out(data, Columns(subject, visit, arm, outcome), covariates)
    filled = pd.DataFrame(trial.outcome).ffill(axis=1)
    if start is not None:
        filled = filled.fillna(float(start))
    values = filled.to_numpy()
    return _compare(trial, values, ~np.isnan(values), conf_level, "LOCF")


def completers(
    data: pd.DataFrame,
    outcome: str,
    subject: str,
    visit: str,
    arm: str,
    covariates: Sequence[str] = (),
    conf_level: float = 0.95,
) -> SimpleAnalysis:
    """Compare only the subjects who have an outcome at every visit.

    Parameters
    ----------
    data, outcome, subject, visit, arm, covariates, conf_level
        As for :func:`last_observation_carried_forward`.

    Returns
    -------
    SimpleAnalysis

    References
    ----------
    National Research Council. The Prevention and Treatment of Missing Data in Clinical Trials.
    National Academies Press 2010. doi:10.17226/12955
    """
    trial = lay_out(data, Columns(subject, visit, arm, outcome), covariates)
    whole = ~trial.missing.any(axis=1)
    used = np.tile(np.asarray(whole)[:, None], len(trial.visits))
    return _compare(trial, trial.outcome, used, conf_level, "completers")


def available_cases(
    data: pd.DataFrame,
    outcome: str,
    subject: str,
    visit: str,
    arm: str,
    covariates: Sequence[str] = (),
    conf_level: float = 0.95,
) -> SimpleAnalysis:
    """Compare at each visit the subjects who have an outcome there.

    Parameters
    ----------
    data, outcome, subject, visit, arm, covariates, conf_level
        As for :func:`last_observation_carried_forward`.

    Returns
    -------
    SimpleAnalysis
    """
    trial = lay_out(data, Columns(subject, visit, arm, outcome), covariates)
    return _compare(trial, trial.outcome, ~trial.missing, conf_level, "available cases")


def _compare(
    trial: Trial, values: Array, used: BoolArray, conf_level: float, method: str
) -> SimpleAnalysis:
    check_level(conf_level)
    parts = []
    for j, visit in enumerate(trial.visits):
        rows = np.asarray(used[:, j])
        counts = np.bincount(trial.arm[rows], minlength=len(trial.arms))
        for label, count in zip(trial.arms, counts, strict=True):
            if not count:
                raise ImputationError(f"{method}: nobody in arm {label!r} is left at {visit}")
        design = analysis_design(trial, rows)
        y = values[rows, j]
        beta = design.inverse @ (design.matrix.T @ y)
        residual = y - design.matrix @ beta
        variance = float(residual @ residual) / design.df * np.diag(design.inverse)
        at = design.treated
        table = interval_frame(beta[at], np.sqrt(variance[at]), design.df, conf_level)
        table.insert(0, "visit", [visit] * len(table))
        table.insert(1, "arm", trial.arms[1:])
        table.insert(2, "n_control", int(counts[0]))
        table.insert(3, "n_treated", counts[1:])
        parts.append(table)
    frame = pd.concat(parts, ignore_index=True)
    frame["visit"] = pd.Categorical(frame["visit"], list(trial.visits), ordered=True)
    frame["arm"] = pd.Categorical(frame["arm"], list(trial.arms))
    return SimpleAnalysis(
        frame=frame.assign(method=method),
        n_subjects=len(trial.subjects),
        n_used=int(used.any(axis=1).sum()),
        n_filled=int((used & trial.missing).sum()),
    )
