"""Curves of the time to an event, and what is read off them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alsutils.stats.survival import (
    Estimate,
    SurvivalCurve,
    common_horizon,
    quantile,
    restricted_mean,
    restricted_mean_difference,
    reverse_kaplan_meier,
    survival_at,
    survival_difference,
)
from alsutils.study import Study
from alsutils.study.config import TimeToEvent
from alsutils.survival.times import Figures, Times, names_of, times


@dataclass(frozen=True)
class FollowUp:
    """Patients, events and how long they were watched, for every event.

    Attributes
    ----------
    frame : DataFrame
        One row an event and arm: ``endpoint``, ``arm``, ``n``, ``events``, ``censored``,
        ``follow_up`` (median by the reverse Kaplan-Meier method), ``longest`` and ``unit``.
    """

    frame: pd.DataFrame


@dataclass(frozen=True)
class Curves:
    """Kaplan-Meier curves of every event.

    Attributes
    ----------
    frame : DataFrame
        One row a step: ``endpoint``, ``unit``, ``arm``, ``time``, ``estimate``, ``conf_low``,
        ``conf_high``, ``at_risk``, ``events``, ``censored``. Where the study does not show
        subjects the curve is given at the times of a fine grid alone, so that no patient's own
        time is in it.
    at_risk : DataFrame
        One row an arm and time of a coarse grid: ``endpoint``, ``arm``, ``time``, ``at_risk``.
    """

    frame: pd.DataFrame
    at_risk: pd.DataFrame


def follow_up(study: Study) -> FollowUp | None:
    """Count events and give the median follow-up by arm.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    FollowUp or None
        None where the study names no event.
    """
    rows = []
    for data in times(study):
        for arm in study.arms:
            group = data.frame[data.frame["arm"] == arm]
            row: dict[str, Any] = {"endpoint": data.endpoint.label, "unit": data.endpoint.unit}
            row |= {"arm": arm, "n": len(group), "events": int(group["event"].sum())}
            row |= {"censored": row["n"] - row["events"], "follow_up": np.nan, "longest": np.nan}
            if len(group):
                watched = reverse_kaplan_meier(group["time"], group["event"], study.conf_level)
                row |= {"follow_up": quantile(watched).estimate, "longest": watched.last}
            rows.append(row)
    return FollowUp(pd.DataFrame(rows)) if rows else None


def curves(study: Study) -> Curves | None:
    """Give the Kaplan-Meier curves with log-log pointwise intervals.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Curves or None
        None where the study names no event, or nobody has a time.
    """
    steps: list[pd.DataFrame] = []
    risk: list[dict[str, Any]] = []
    for data in times(study):
        end = max((c.last for c in data.curves.values()), default=0.0)
        names = {"endpoint": data.endpoint.label, "unit": data.endpoint.unit}
        for arm, curve in data.curves.items():
            frame = curve.frame if study.shows_subjects else _on_grid(curve, end)
            steps.append(frame.assign(arm=arm, **names))
            risk += [
                {"endpoint": data.endpoint.label, "arm": arm, "time": t, "at_risk": _left(curve, t)}
                for t in _grid(end, data.endpoint.unit)
            ]
    return Curves(pd.concat(steps, ignore_index=True), pd.DataFrame(risk)) if steps else None


def summaries(study: Study) -> Figures | None:
    """Read medians, shares at the landmarks and restricted means off each arm's curve.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Figures or None
        One row an event, arm and ``measure``; None where the study names no event.
    """
    rows = []
    for data in times(study):
        horizon = _horizon(data)
        for arm in study.arms:
            curve = data.curves.get(arm)
            for measure, time, analysis in _measures(data.endpoint, horizon):
                figures = _of_arm(curve, measure, time)
                names = names_of(study, data, arm, study.control)
                other = "n_treated" if arm == study.control else "n_control"
                rows.append(
                    {
                        **names,
                        other: np.nan,
                        "analysis": analysis,
                        "contrast": arm,
                        "arm": arm,
                        "measure": measure,
                        "time": time,
                        **figures,
                    }
                )
    return Figures(pd.DataFrame(rows)) if rows else None


def differences(study: Study) -> Figures | None:
    """Compare shares at the landmarks and restricted means between the arms.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Figures or None
        One row an event, contrast and ``measure``, treated minus control; None where the study
        names no event.
    """
    rows = []
    for data in times(study):
        horizon = _horizon(data)
        control = data.curves.get(study.control)
        for arm in study.treated:
            curve = data.curves.get(arm)
            for measure, time, analysis in _measures(data.endpoint, horizon)[1:]:
                figures = Estimate(*[np.nan] * 4)
                if curve is not None and control is not None:
                    mean = measure == "restricted mean"
                    compare = restricted_mean_difference if mean else survival_difference
                    figures = compare(curve, control, time)
                rows.append(
                    {
                        **names_of(study, data, arm, study.control),
                        "analysis": f"difference in {analysis}",
                        "contrast": f"{arm} vs {study.control}",
                        "treated": arm,
                        "measure": measure,
                        "time": time,
                        **figures.frame.iloc[0].to_dict(),
                    }
                )
    return Figures(pd.DataFrame(rows)) if rows else None


def _horizon(data: Times) -> float:
    """Horizon of the restricted means; missing where nobody was watched."""
    if not data.curves:
        return np.nan
    return common_horizon(list(data.curves.values()), list(data.endpoint.landmarks))


def _measures(endpoint: TimeToEvent, horizon: float) -> list[tuple[str, float, str]]:
    """List what is read off a curve: measure, time and the name of the analysis."""
    unit = endpoint.unit
    landmarks = [
        ("share", t, f"share without the event at {unit} {t:g} (Kaplan-Meier)")
        for t in endpoint.landmarks
    ]
    mean = ("restricted mean", horizon, f"restricted mean time to {unit} {horizon:g}")
    return [("median", np.nan, "median time (Kaplan-Meier)"), *landmarks, mean]


def _of_arm(curve: SurvivalCurve | None, measure: str, time: float) -> dict[str, float]:
    """One figure of one arm; missing without patients."""
    if curve is None:
        return {"estimate": np.nan, "conf_low": np.nan, "conf_high": np.nan, "std_error": np.nan}
    if measure == "median":
        middle = quantile(curve)
        return {
            "estimate": middle.estimate,
            "conf_low": middle.conf_low,
            "conf_high": middle.conf_high,
        }
    figures = survival_at(curve, time) if measure == "share" else restricted_mean(curve, time)
    row: dict[str, float] = figures.frame.drop(columns="p_value").iloc[0].to_dict()
    return row


def _grid(end: float, unit: str, most: int = 8) -> list[float]:
    """Give a regular grid of round times from 0, of at most ``most`` steps."""
    steps = sorted(m * 10.0**k for k in range(-2, 5) for m in (1, 2, 5))
    if unit == "month":
        steps = [1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 36.0, 60.0, 120.0]
    step = next((s for s in steps if end / s <= most), max(end, 1.0))
    return [step * i for i in range(int(end / step + 1e-9) + 1)]


def _on_grid(curve: SurvivalCurve, end: float, cells: int = 40) -> pd.DataFrame:
    """Give a curve at the times of a grid, without any patient's own time."""
    frame = curve.frame
    grid = np.linspace(0, max(end, 1e-9), cells + 1)
    grid = grid[grid <= max(curve.last, grid[1])]
    at = np.searchsorted(frame["time"].to_numpy(), grid, side="right") - 1
    shown = frame.iloc[at].reset_index(drop=True).assign(time=grid, censored=0, events=0)
    return shown.assign(at_risk=[_left(curve, t) for t in grid])


def _left(curve: SurvivalCurve, time: float) -> int:
    """Count the patients still watched and without the event just before a time."""
    before = curve.frame[curve.frame["time"] < time]
    return curve.n - int(before["events"].sum() + before["censored"].sum())
