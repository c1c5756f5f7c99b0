"""Curves of the time to an event, and what is read off them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alsutils.stats.survival import (
    Band,
    BandError,
    Estimate,
    Quantile,
    SurvivalCurve,
    at_risk,
    median_follow_up,
    quantile,
    restricted_mean,
    restricted_mean_difference,
    restricted_mean_ratio,
    simultaneous_band,
    survival_at,
    survival_difference,
)
from alsutils.stats.survival.bands import BandKind
from alsutils.study import Study
from alsutils.study.config import TimeToEvent
from alsutils.study.disclosure import LEFT_OUT
from alsutils.study.telling import hides_size, why_not
from alsutils.survival.telling import Telling, horizon_of, own_times, telling
from alsutils.survival.times import Figures, few_arms, names_of, pairs, times

POINTWISE = "At one time each"
SIMULTANEOUS: dict[BandKind, str] = {
    "equal precision": "Whole curve (equal precision)",
    "Hall-Wellner": "Whole curve (Hall-Wellner)",
}
QUARTILES = {
    "lower quartile": 0.25,
    "median": 0.5,
    "upper quartile": 0.75,
}
MEAN, MEAN_RATIO = "restricted mean", "ratio of restricted means"
MOST_DRAWN = 1000  # patients
MOST_STEPS, CELLS = 400, 200  # of a curve; one with more steps is drawn on a grid


@dataclass(frozen=True)
class FollowUp:
    """Patients, events and how long they were watched, for every event.

    Attributes
    ----------
    frame : DataFrame
        One row an event and arm: ``endpoint``, ``arm``, ``n``, ``events``, ``censored`` (missing
        where they may not be told), the same in words (``n_told``, ``events_told``,
        ``censored_told``), ``follow_up`` (median by the reverse Kaplan-Meier method) with its
        limits ``follow_up_low`` and ``follow_up_high``, ``longest`` and ``unit``. Times are rounded
        up where they are a patient's own that may not be told.
    notes : tuple of str
        What is not told, and why.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Curves:
    """Kaplan-Meier curves of every event.

    Attributes
    ----------
    frame : DataFrame
        One row a step and band: ``endpoint``, ``unit``, ``arm``, ``band`` (POINTWISE or a
        simultaneous one), ``time``, ``estimate``, ``conf_low``, ``conf_high`` (missing where the
        band does not reach), ``at_risk``, ``events``, ``censored``. Where an arm has very many
        patients, the curve is given at the times of a fine grid alone; where the study does not
        show subjects, at times between which nobody or enough patients had the event.
    at_risk : DataFrame
        One row an arm and time of a coarse grid: ``endpoint``, ``arm``, ``time``, ``at_risk``, to
        the nearest ``least`` where single patients may not be told.
    notes : tuple of str
        Why an arm has no simultaneous band, or no curve.
    least : int
        Of how many patients at least the figures tell; 1 where of each.
    """

    frame: pd.DataFrame
    at_risk: pd.DataFrame
    notes: tuple[str, ...]
    least: int = 1


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
            row = {"endpoint": data.endpoint.label, "unit": data.endpoint.unit, "arm": arm}
            rows.append(row | _watched(study, group) | {"end": data.frame["time"].max()})
    if not rows:
        return None
    frame = pd.DataFrame(rows)
    own = ["longest", "follow_up", "follow_up_low", "follow_up_high"]
    parts = [own_times(study, f, own, end) for end, f in frame.groupby("end", dropna=False)]
    frame = pd.concat(parts).sort_index().drop(columns="end")
    hidden = frame[["n", "events", "censored"]].isna().any(axis=None)
    return FollowUp(frame, (study.disclosure.why,) if hidden else ())


def _watched(study: Study, group: pd.DataFrame) -> dict[str, Any]:
    """Count an arm's patients and events, as far as they may be told."""
    n, events, rule = len(group), int(group["event"].sum()), study.disclosure
    few, unsized = bool(rule.hides(n)), bool(n and hides_size(study, group["arm"].iloc[0], n))
    # A bound would tell of how many, and the rest of few who tell the event from another one.
    lost = unsized or bool(group["silent"].any() and not rule.hides(events, n))
    row: dict[str, Any] = {"n": np.nan if unsized else n}
    row |= {"n_told": rule.few if few else LEFT_OUT if unsized else rule.count(n)}
    told = {"events": rule.count_of(events, n), "censored": rule.count(n - events, n)}
    for name, count in (("events", events), ("censored", n - events)):
        row[name] = np.nan if lost or rule.hides(count, n) else count
        row[f"{name}_told"] = rule.few if few else LEFT_OUT if lost else told[name]
    watched = Quantile(*[np.nan] * 3)
    if n and not few and not lost and not rule.hides(n - events):
        watched = median_follow_up(group["time"], group["event"], study.conf_level)
    limits = {"follow_up_low": watched.conf_low, "follow_up_high": watched.conf_high}
    longest = np.nan if few else group["time"].max()
    return row | {"longest": longest, "follow_up": watched.estimate, **limits}


def curves(study: Study) -> Curves | None:
    """Give the Kaplan-Meier curves with pointwise log-log intervals and simultaneous bands.

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
    risk: list[pd.DataFrame] = []
    notes: list[str] = []
    for data in times(study):
        end = max((c.last for c in data.curves.values()), default=0.0)
        names = {"endpoint": data.endpoint.label, "unit": data.endpoint.unit}
        grid = round_times(end, data.endpoint.unit)
        told = telling(study, data)
        for arm, curve in data.curves.items():
            known = at_risk(curve, grid)
            counts = {"time": grid, "at_risk": _roughly(study, arm, curve.n, known)}
            risk.append(pd.DataFrame(counts).assign(endpoint=data.endpoint.label, arm=arm))
            shown = shown_steps(study, curve.frame, end, told, arm)
            if shown.empty:
                few = study.disclosure.few_patients
                notes.append(
                    f"{data.endpoint.label}, {arm}: no curve is drawn, for {few} had the event, "
                    "are left when others have had it, or tell it from another event."
                )
                continue
            steps.append(shown.assign(band=POINTWISE, arm=arm, **names))
            for kind, words in SIMULTANEOUS.items():
                try:
                    band = simultaneous_band(curve, kind)
                except BandError as error:
                    notes.append(f"{data.endpoint.label}, {arm}: {why_not(study, error)}.")
                    continue
                steps.append(_within(band, shown).assign(band=words, arm=arm, **names))
    if not risk:
        return None
    return Curves(
        pd.concat(steps, ignore_index=True) if steps else pd.DataFrame(columns=["endpoint"]),
        pd.concat(risk, ignore_index=True),
        tuple(dict.fromkeys(notes)),
        study.disclosure.minimum,
    )


def _roughly(study: Study, arm: str, n: int, counts: Sequence[int] | np.ndarray) -> np.ndarray:
    """Round numbers at risk but that of all patients, where their differences tell of a few."""
    counts, least = np.asarray(counts), study.disclosure.minimum
    rough = np.floor(counts / least + 0.5) * least
    return np.where((counts == n) & (not hides_size(study, arm, n)), counts, rough).astype(int)


def summaries(study: Study) -> Figures | None:
    """Read quartiles, shares at the landmarks and restricted means off each arm's curve.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Figures or None
        One row an event, arm and ``measure``, and whether it may be ``told``; None where the study
        names no event.
    """
    parts, hidden = [], False
    for data in times(study):
        rows = []
        told, silent = telling(study, data), few_arms(study, data.frame)
        for arm in study.arms:
            names = names_of(study, data, arm, study.control)
            other = "n_treated" if arm == study.control else "n_control"
            about = {**names, other: np.nan, "contrast": arm, "arm": arm}
            curve = data.curves.get(arm)
            for what in _measures(data.endpoint, horizon_of(study, data)):
                if what.measure == MEAN_RATIO:
                    continue
                known = arm not in silent and what.is_told(told.arms.get(arm, ()) if told else None)
                hidden |= curve is not None and not known
                figures = _of_arm(curve if known else None, what)
                rows.append({**about, **what.names, **figures, "told": known})
        parts.append(_own_quartiles(study, pd.DataFrame(rows), data.frame["time"].max()))
    notes = (study.disclosure.why,) if hidden else ()
    return Figures(pd.concat(parts, ignore_index=True), notes) if parts else None


def _own_quartiles(study: Study, figures: pd.DataFrame, end: float) -> pd.DataFrame:
    """Round quartiles up, for each is the time of one patient."""
    times_ = figures["measure"].isin(QUARTILES)
    own = own_times(study, figures[times_], ["estimate", "conf_low", "conf_high"], end)
    return pd.concat([own, figures[~times_]]).sort_index()


def differences(study: Study) -> Figures | None:
    """Compare shares at the landmarks and restricted means between the arms.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Figures or None
        One row an event, contrast and ``measure``, treated minus control, for the ratio of
        restricted means treated over control; None where the study names no event.
    """
    compare = {
        "share": survival_difference,
        MEAN: restricted_mean_difference,
        MEAN_RATIO: restricted_mean_ratio,
    }
    rows, hidden = [], False
    for data in times(study):
        told = telling(study, data)
        for pair in pairs(study, data):
            for what in _measures(data.endpoint, horizon_of(study, data)):
                if what.measure not in compare:
                    continue
                figures = Estimate(*[np.nan] * 4)
                known = not pair.few and what.is_told(told.together if told else None)
                hidden |= not known
                if known and pair.treated_curve is not None and pair.control_curve is not None:
                    compared = compare[what.measure]
                    figures = compared(pair.treated_curve, pair.control_curve, what.time)
                row = {**pair.names, **what.names, **figures.frame.iloc[0].to_dict()}
                if what.measure != MEAN_RATIO:
                    row["analysis"] = f"difference in {what.analysis}"
                rows.append(row)
    notes = (study.disclosure.why,) if hidden else ()
    return Figures(pd.DataFrame(rows), notes) if rows else None


@dataclass(frozen=True)
class _Measure:
    """What is read off a curve, when, and what the analysis is called."""

    measure: str
    time: float
    analysis: str

    @property
    def names(self) -> dict[str, object]:
        return {"measure": self.measure, "time": self.time, "analysis": self.analysis}

    def is_told(self, times: Sequence[float] | None) -> bool:
        """Say whether it may be told where only certain times may.

        A quartile is rounded, and one mean of many patients is nobody's time.
        """
        return times is None or self.measure != "share" or self.time in times


def _measures(endpoint: TimeToEvent, horizon: float) -> list[_Measure]:
    """List what is read off a curve."""
    unit = endpoint.unit
    until = f"restricted mean time to {unit} {horizon:g}"
    share = "share without the event at {} {:g} (Kaplan-Meier)"
    return [
        *(_Measure(name, np.nan, f"{name} of the time (Kaplan-Meier)") for name in QUARTILES),
        *(_Measure("share", t, share.format(unit, t)) for t in endpoint.landmarks),
        _Measure(MEAN, horizon, until),
        _Measure(MEAN_RATIO, horizon, f"ratio of {until}"),
    ]


def _of_arm(curve: SurvivalCurve | None, what: _Measure) -> dict[str, float]:
    """One figure of one arm; missing without patients."""
    if curve is None:
        return {"estimate": np.nan, "conf_low": np.nan, "conf_high": np.nan, "std_error": np.nan}
    if what.measure in QUARTILES:
        return dict(quantile(curve, QUARTILES[what.measure]).__dict__)
    share = what.measure == "share"
    figures = survival_at(curve, what.time) if share else restricted_mean(curve, what.time)
    row: dict[str, float] = figures.frame.drop(columns="p_value").iloc[0].to_dict()
    return row


def round_times(end: float, unit: str, most: int = 8) -> list[float]:
    """Give a regular grid of round times from 0, of at most ``most`` steps.

    Parameters
    ----------
    end : float
        Longest time; the grid ends at it or before.
    unit : str
        Of time; months have steps that make years.
    most : int
        Steps at most.

    Returns
    -------
    list of float
    """
    steps = sorted(m * 10.0**k for k in range(-2, 5) for m in (1, 2, 5))
    if unit == "month":
        steps = [1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 36.0, 60.0, 120.0]
    step = next((s for s in steps if end / s <= most), max(end, 1.0))
    return [step * i for i in range(int(end / step + 1e-9) + 1)]


def draws_subjects(study: Study, patients: int) -> bool:
    """Say whether patients may be drawn one by one, and are few enough to be told apart.

    Parameters
    ----------
    study : Study
        Says whether single patients may be shown.
    patients : int
        How many there would be.

    Returns
    -------
    bool
    """
    return study.shows_subjects and patients <= MOST_DRAWN


def shown_steps(
    study: Study, frame: pd.DataFrame, end: float, told: Telling | None, arm: str
) -> pd.DataFrame:
    """Give a curve as a page may show it.

    Parameters
    ----------
    study : Study
        Says how small a number at risk may be told.
    frame : DataFrame
        Steps of the curve of one arm: ``time``, ``estimate``, ``at_risk`` and further columns.
    end : float
        Longest time of all arms.
    told : Telling or None
        Times that may be told; all where None.
    arm : str
        Whose curve it is.

    Returns
    -------
    DataFrame
        The same columns: all steps, or the heights at the times of a grid or at those told.
    """
    if told is None and len(frame) <= MOST_STEPS:
        return frame
    time = frame["time"].to_numpy()
    if told is None:
        grid = np.linspace(0, max(end, 1e-9), CELLS + 1)
        grid = grid[grid <= max(time[-1], grid[1])]
    else:
        grid = np.array(told.arms.get(arm, ()))
    shown = frame.iloc[np.searchsorted(time, grid, side="right") - 1].reset_index(drop=True)
    watched = np.append(frame["at_risk"].to_numpy(), 0)[np.searchsorted(time, grid)]
    watched = _roughly(study, arm, int(frame["at_risk"].iloc[0]), watched)
    return shown.assign(time=grid, censored=0, events=0, at_risk=watched)


def _within(band: Band, shown: pd.DataFrame) -> pd.DataFrame:
    """Give the limits of a band in the place of the pointwise ones."""
    time = shown["time"].to_numpy()
    at = np.searchsorted(band.frame["time"].to_numpy(), time, side="right") - 1
    outside = (at < 0) | (time > band.high)
    limits = band.frame[["conf_low", "conf_high"]].to_numpy()[np.maximum(at, 0)]
    limits[outside] = np.nan
    return shown.assign(conf_low=limits[:, 0], conf_high=limits[:, 1])
