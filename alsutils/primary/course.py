"""The whole course at once: a shared baseline, and a slope for every patient."""

from dataclasses import dataclass

import pandas as pd

from alsutils.primary.analysis import (
    ALL_RANDOMISED,
    AllAnalyses,
    Comparisons,
    adjusted,
    labelled,
    longitudinal,
    repeated_measures,
    stacked,
    unadjusted,
)
from alsutils.primary.arms import not_fitted, seen_arms
from alsutils.primary.telling import told
from alsutils.stats.longitudinal import constrained_analysis, random_slopes
from alsutils.study import ARM, Study
from alsutils.study.telling import why_not

CONSTRAINED = "cLDA, Kenward-Roger"
SLOPE = "random slopes after baseline"
BEND = "random slopes, change at baseline"


@dataclass(frozen=True)
class Slopes:
    """Differences in slope between the arms.

    Attributes
    ----------
    frame : DataFrame
        The result columns, one row an analysis and treated arm, in the endpoint's unit per unit of
        time; with ``treated``, ``better`` and ``unit``.
    notes : tuple of str
        What could not be fitted and why.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...]


def constrained(study: Study) -> Comparisons:
    """Compare the primary endpoint with the baseline as an outcome that the arms share (cLDA).

    Parameters
    ----------
    study : Study
        All randomised patients with any value count, whether or not they were seen again.

    Returns
    -------
    Comparisons
        At every visit after baseline; empty with a note where the model cannot be fitted.
    """
    endpoint = study.primary
    data = longitudinal(study, None, with_baseline=True)
    if not (data["AVISITN"] == study.config.time.baseline).any():
        return Comparisons(stacked([]), (f"{CONSTRAINED}: no value at baseline is known.",))
    covariates = [name for name in endpoint.covariates if name != "BASE"]
    data, left_out = seen_arms(study, data, ["AVAL", *covariates], "VISIT")
    notes = tuple(f"{CONSTRAINED}: {note}." for note in left_out)
    try:
        fit = constrained_analysis(
            data, "AVAL", "USUBJID", "VISIT", ARM, covariates, study.conf_level
        )
    except ValueError as error:
        return Comparisons(stacked([]), (*notes, not_fitted(study, CONSTRAINED, error)))
    seen = data.dropna(subset=["AVAL"]).groupby(["VISIT", ARM], observed=False).size()
    numbers = data.drop_duplicates("VISIT").set_index("VISIT")["AVISITN"]
    parts = []
    for row in fit.frame.to_dict("records"):
        visit, arm = row["visit"], row["arm"]
        counts = {"n_control": seen[visit, study.control], "n_treated": seen[visit, arm]}
        frame = pd.DataFrame([row | counts])
        parts.append(labelled(study, endpoint, frame, numbers[visit], CONSTRAINED, None))
    return Comparisons(stacked(parts), notes)


def all_analyses(study: Study) -> AllAnalyses:
    """Put the primary endpoint through every analysis of the chapter.

    Parameters
    ----------
    study : Study
        The trial.

    Returns
    -------
    AllAnalyses
        t-tests, ANCOVA with both errors, MMRM and cLDA, at the primary visits.
    """
    parameter, visits = study.primary.parameter, study.primary.visits
    results = [unadjusted(study, "pooled"), unadjusted(study, "welch")]
    results += [adjusted(study), repeated_measures(study), constrained(study)]
    frame = pd.concat([r.frame for r in results], ignore_index=True)
    keep = (frame["parameter"] == parameter) & frame["visit_number"].isin(visits)
    frame = frame[keep].sort_values("visit_number", kind="stable", ignore_index=True)
    return AllAnalyses(frame, tuple(note for r in results for note in r.notes))


def slopes(study: Study) -> Slopes:
    """Compare mean slopes, with and without what was seen before baseline.

    Parameters
    ----------
    study : Study
        With ``lead_in`` visits the second analysis lets each patient's line bend at baseline.

    Returns
    -------
    Slopes
        All randomised patients with any value.
    """
    endpoint, time = study.primary, study.config.time
    about = study.parameter(endpoint.parameter)
    data = study.records(endpoint.parameter, where=endpoint.observed)
    wanted: list[tuple[str, pd.DataFrame, float | None]] = [
        (SLOPE, data[data["AVISITN"] >= time.baseline], None)
    ]
    if study.config.lead_in:
        wanted.append((BEND, data, time.baseline))
    parts, notes = [], []
    for analysis, rows, break_at in wanted:
        try:
            fit = random_slopes(rows, "AVAL", "USUBJID", "AVISITN", ARM, break_at, study.conf_level)
        except ValueError as error:
            notes.append(f"{analysis}: {why_not(study, error)}.")
            continue
        counts = rows.dropna(subset=["AVAL"]).groupby(ARM, observed=False)["USUBJID"].nunique()
        named = fit.frame.assign(
            analysis=analysis,
            endpoint=f"{about.label}, slope",
            population=ALL_RANDOMISED,
            contrast=[f"{arm} vs {study.control}" for arm in fit.frame["arm"]],
            treated=fit.frame["arm"],
            n_control=counts[study.control],
            n_treated=[counts[arm] for arm in fit.frame["arm"]],
            better=about.better,
            unit=f"{about.unit} per {time.unit}".strip(),
        )
        parts.append(told(study, named))
    return Slopes(stacked(parts), tuple(notes))
