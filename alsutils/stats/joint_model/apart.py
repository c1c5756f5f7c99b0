"""Decline and death fitted apart: each as if the other were not there, or one after the other."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alsutils.stats.hazards import (
    FlexibleFit,
    PiecewiseFit,
    piecewise_exponential,
    quantile_cuts,
    royston_parmar,
)
from alsutils.stats.joint_model.data import JointData, JointModelError, joint_data
from alsutils.stats.joint_model.fit import JointFit, course_rows, joint_model, own_slopes
from alsutils.stats.joint_model.hazard import BaselineKind
from alsutils.stats.joint_model.likelihood import LINKS, Association
from alsutils.stats.joint_model.lines import fit_lines

NAIVE, TWO_STAGE, JOINT = "apart", "one after the other", "together"


def naive_model(
    scores: pd.DataFrame,
    patients: pd.DataFrame,
    terms: Sequence[str] = (),
    covariates: Sequence[str] = (),
    *,
    baseline: BaselineKind = "weibull",
    pieces: int = 4,
    conf_level: float = 0.95,
) -> JointFit:
    """Fit a mixed model of the scores and a hazard model of the times that know nothing of another.

    Parameters
    ----------
    scores, patients, terms, covariates, baseline, pieces, conf_level
        As in `joint_model`.

    Returns
    -------
    JointFit
        Without association; without hazard where there are no terms and covariates.

    Raises
    ------
    JointModelError
        If the data do not fit together.
    HazardFitError
        If a hazard ratio has no estimate.
    """
    data = joint_data(scores, patients, terms, covariates)
    return _apart(data, (), baseline, pieces, conf_level)


def two_stage(
    scores: pd.DataFrame,
    patients: pd.DataFrame,
    terms: Sequence[str] = (),
    covariates: Sequence[str] = (),
    *,
    association: Association = "slope",
    baseline: BaselineKind = "weibull",
    pieces: int = 4,
    conf_level: float = 0.95,
) -> JointFit:
    """Fit lines to the scores, then take each patient's own slope for known in a hazard model.

    The slopes of those who died early rest on few scores and are drawn towards the mean; taking
    them for known makes the association too weak, and its interval too short.

    Parameters
    ----------
    scores, patients, terms, covariates, baseline, pieces, conf_level
        As in `joint_model`.
    association : {"slope", "level and slope"}
        Which deviations enter the hazard model.

    Returns
    -------
    JointFit

    Raises
    ------
    JointModelError
        If the data do not fit together, or the association is with the current value.
    HazardFitError
        If a hazard ratio has no estimate.

    References
    ----------
    Tsiatis AA, Davidian M. Joint modeling of longitudinal and time-to-event data: an overview.
    Stat Sin 2004;14:809-834.
    """
    if association not in ("slope", "level and slope"):
        raise JointModelError("one after the other, only slope or level and slope can be linked")
    data = joint_data(scores, patients, terms, covariates)
    return _apart(data, LINKS[association], baseline, pieces, conf_level)


def compare_models(
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
) -> pd.DataFrame:
    """Fit decline and death apart, one after the other, and together.

    Parameters
    ----------
    scores, patients, terms, covariates, association, baseline, pieces, nodes, conf_level
        As in `joint_model`; two stages are left out where the association is with the value.

    Returns
    -------
    DataFrame
        The rows of `JointFit.frame` with a first column ``analysis``.
    """
    data = joint_data(scores, patients, terms, covariates)
    fits = [(NAIVE, _apart(data, (), baseline, pieces, conf_level))]
    if association != "value":
        fits.append((TWO_STAGE, _apart(data, LINKS[association], baseline, pieces, conf_level)))
    together = joint_model(
        scores,
        patients,
        terms,
        covariates,
        association=association,
        baseline=baseline,
        pieces=pieces,
        nodes=nodes,
        conf_level=conf_level,
    )
    fits.append((JOINT, together))
    frames = []
    for name, fit in fits:
        frames.append(fit.frame.copy())
        frames[-1].insert(0, "analysis", name)
    return pd.concat(frames, ignore_index=True)


def _apart(
    data: JointData, links: tuple[str, ...], baseline: BaselineKind, pieces: int, conf_level: float
) -> JointFit:
    """Fit the lines, then the hazard with the deviations named."""
    lines = fit_lines(data)
    design = pd.DataFrame(
        np.column_stack([data.X, data.C]), columns=[*data.terms, *data.covariates]
    )
    for link in links:
        design[f" {link}"] = lines.mean[:, -1 if link == "slope" else 0]
    rows = course_rows(data, lines.course.packed, lines.covariance, conf_level)
    parts = [rows[rows["part"] == "course"]]
    value = lines.log_likelihood
    if design.shape[1]:
        fit: FlexibleFit | PiecewiseFit
        if baseline == "weibull":
            fit = royston_parmar(data.time, data.event, design, 1, conf_level)
        else:
            cuts = quantile_cuts(data.time, data.event, pieces)
            fit = piecewise_exponential(data.time, data.event, design, cuts, conf_level)
        value += fit.log_likelihood
        found = fit.frame.copy()
        linked = found["term"].str.startswith(" ")
        found.insert(0, "part", np.where(linked, "association", "hazard"))
        found["term"] = found["term"].str.removeprefix(" ")
        parts.append(found)
    parts.append(rows[rows["part"] == "spread"])
    slopes = own_slopes(data, lines.course, lines.mean, lines.spread)
    frame = pd.concat(parts, ignore_index=True)
    sizes = (data.n, int(data.number.sum()), int(data.event.sum()))
    return JointFit(frame, slopes, value, *sizes)
