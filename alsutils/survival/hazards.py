"""Comparing hazards between the arms, and what the number of events could show."""

from typing import Any

import numpy as np
import pandas as pd

from alsutils.stats.hazards import (
    HazardFitError,
    cox,
    log_rank,
    proportionality_test,
)
from alsutils.stats.power import power_of_events
from alsutils.study import Study
from alsutils.survival.times import Figures, Times, names_of, times

SUPPOSED_RATIO = 0.7  # a hazard ratio that a trial would be glad to find
TARGET_POWER = 0.8
UNADJUSTED, ADJUSTED = "hazard ratio (Cox)", "hazard ratio (Cox, adjusted)"


def log_rank_tests(study: Study) -> Figures | None:
    """Test equal hazards, each treated arm against the control and all arms at once.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Figures or None
        One row a test, the global one only with more than two arms.
    """
    rows = []
    for data in times(study):
        pairs: list[tuple[tuple[str, ...], str]] = []
        pairs += [((study.control, arm), f"{arm} vs {study.control}") for arm in study.treated]
        if len(study.arms) > 2:
            pairs.append((study.arms, "All arms"))
        for arms, contrast in pairs:
            chosen = data.frame[data.frame["arm"].isin(arms)]
            row = {
                **names_of(study, data, arms[1], study.control),
                "analysis": "log-rank test",
                "contrast": contrast,
            }
            if len(arms) > 2:
                row["n_treated"] = len(chosen) - row["n_control"]
            if len(chosen):
                test = log_rank(chosen["time"], chosen["event"], chosen["arm"])
                row |= {"statistic": test.statistic, "df": test.df, "p_value": test.p_value}
            rows.append(row)
    return Figures(pd.DataFrame(rows)) if rows else None


def hazard_ratios(study: Study) -> Figures | None:
    """Fit Cox models, unadjusted and adjusted for the covariates of the event.

    Arms enter as one indicator each, so that a model with several arms has one baseline hazard.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Figures or None
        One row an event, treated arm and model: hazard ratio treated over control with its
        interval, ``std_error`` on the scale of the natural logarithm, and the p-value of the test
        of proportional hazards for that arm (``proportional_p``).
    """
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    for data in times(study):
        models: list[tuple[str, tuple[str, ...]]] = [(UNADJUSTED, ())]
        if data.endpoint.covariates:
            models.append((ADJUSTED, data.endpoint.covariates))
        for analysis, covariates in models:
            found = _cox_rows(study, data, analysis, covariates)
            rows += found.frame.to_dict("records")
            notes += found.notes
    return Figures(pd.DataFrame(rows), tuple(dict.fromkeys(notes))) if rows else None


def power(study: Study) -> Figures | None:
    """Say what the events could show: power for a hazard ratio, and the ratio they can find.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Figures or None
        One row an event and treated arm: ``events``, ``ratio`` (supposed), ``power``,
        ``detectable_ratio``, ``target``, ``events_needed``.
    """
    rows = []
    for data in times(study):
        for arm in study.treated:
            pair = data.frame[data.frame["arm"].isin([study.control, arm])]
            share = float((pair["arm"] == arm).mean()) if len(pair) else np.nan
            row = {
                **names_of(study, data, arm, study.control),
                "analysis": f"power of the log-rank test for a hazard ratio of {SUPPOSED_RATIO:g}",
                "contrast": f"{arm} vs {study.control}",
                "treated": arm,
                "events": int(pair["event"].sum()),
            }
            if 0 < share < 1:
                given = power_of_events(
                    row["events"], share, SUPPOSED_RATIO, study.alpha, TARGET_POWER
                )
                row |= given.frame.iloc[0].to_dict() | {"estimate": given.power}
            rows.append(row)
    return Figures(pd.DataFrame(rows)) if rows else None


def _cox_rows(study: Study, data: Times, analysis: str, covariates: tuple[str, ...]) -> Figures:
    """Fit one Cox model; a row a treated arm, with the reason where there is no estimate."""
    known = data.frame.dropna(subset=list(covariates))
    notes = []
    lost = len(data.frame) - len(known)
    if lost:
        notes.append(
            f"{data.endpoint.label}: {lost} of {len(data.frame)} patients lack a covariate and are "
            "not in the adjusted model."
        )
    base: dict[str, dict[str, Any]] = {
        arm: {
            **names_of(study, Times(data.endpoint, known, {}), arm, study.control),
            "analysis": analysis,
            "contrast": f"{arm} vs {study.control}",
            "treated": arm,
            "reason": "",
        }
        for arm in study.treated
    }
    silent = {arm for arm in study.arms if not known.loc[known["arm"] == arm, "event"].any()}
    arms = [arm for arm in study.treated if arm not in silent]
    for arm in study.treated:
        without = [a for a in (study.control, arm) if a in silent]
        if without:
            base[arm]["reason"] = f"no event in {' and '.join(without)}"
    if arms and study.control not in silent:
        kept = known[known["arm"].isin([study.control, *arms])].reset_index(drop=True)
        for arm, figures in _fitted(study, kept, arms, covariates).items():
            base[arm] |= figures
    for arm, row in base.items():
        if row["reason"]:
            notes.append(f"{data.endpoint.label}, {analysis}, {arm}: {row['reason']}.")
    return Figures(pd.DataFrame(list(base.values())), tuple(notes))


def _fitted(
    study: Study, frame: pd.DataFrame, arms: list[str], covariates: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """Fit the model and give each arm's ratio, or the reason why there is none."""
    design = pd.DataFrame({arm: (frame["arm"] == arm).astype(float) for arm in arms})
    if covariates:
        design = design.join(_coded(frame[list(covariates)]))
    try:
        fit = cox(frame["time"], frame["event"], design, study.conf_level)
    except HazardFitError as error:
        return {arm: {"reason": str(error)} for arm in arms}
    check = proportionality_test(frame["time"], frame["event"], design, fit).frame
    rows = fit.frame.set_index("term")
    proportional = check.set_index("term")["p_value"]
    found: dict[str, dict[str, Any]] = {}
    for arm in arms:
        row = rows.loc[arm]
        found[arm] = {
            "estimate": float(np.exp(row["estimate"])),
            "std_error": float(row["std_error"]),
            "statistic": float(row["statistic"]),
            "p_value": float(row["p_value"]),
            "conf_low": float(np.exp(row["conf_low"])),
            "conf_high": float(np.exp(row["conf_high"])),
            "events": fit.events,
            "proportional_p": float(proportional[arm]),
        }
    return found


def _coded(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn covariates into numbers: indicators for words, the commonest level as reference."""
    parts = []
    for name in frame:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column):
            parts.append(column.astype(float).to_frame())
            continue
        levels = column.astype(str).value_counts().index[1:]
        parts.append(
            pd.DataFrame({f"{name}: {v}": (column.astype(str) == v).astype(float) for v in levels})
        )
    return pd.concat(parts, axis=1)
