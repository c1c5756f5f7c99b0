"""When events happened: the first of a kind, all of them over time, and each patient's own."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.safety.analysis import ANY, SERIOUS, categories
from alsutils.safety.counting import arm_sizes, sentence_case
from alsutils.safety.followup import FollowUp, follow_up
from alsutils.safety.telling import at_days, told_days
from alsutils.stats.competing import (
    cumulative_incidence,
    gray_test,
    incidence_at,
    incidence_difference,
)
from alsutils.stats.recurrent import mean_at, mean_cumulative_events, mean_difference
from alsutils.stats.survival.telling import round_step, told_times
from alsutils.stats.tidy import ESTIMATE_COLUMNS
from alsutils.study import ARM, Study
from alsutils.study.config import DAYS
from alsutils.study.disclosure import INSTEAD
from alsutils.study.harms import AdverseEvents

INCIDENCE = "cumulative incidence (Aalen-Johansen)"
INCIDENCE_DIFFERENCE = "difference of cumulative incidences"
GRAY = "Gray's test"
MEAN = "mean cumulative events"
MEAN_DIFFERENCE = "difference of mean cumulative events"
MOST_PATIENTS, MOST_EVENTS = 80, 1_500  # drawn one by one


@dataclass(frozen=True)
class FirstEvents:
    """The time to the first event of each kind, with death competing.

    Attributes
    ----------
    curves : DataFrame
        One row a kind, arm and time: ``kind``, ``arm``, and the columns of the curve. Where single
        patients must not be told, times between which nobody or enough patients had an event.
    frame : DataFrame
        Result columns with ``kind`` and ``arm``: the incidence of each arm at the horizon, its
        difference from the control's, and Gray's test.
    counts : DataFrame
        One row a kind and arm: ``kind``, ``arm``, ``patients``, ``events``, ``deaths`` (before an
        event), and ``instead`` and ``deaths_instead`` (what stands in place of the events and
        deaths where these must not be told).
    horizon : float
        Study day at which incidences are compared: that of the last primary visit, or an earlier
        one where single patients must not be told and would follow from that.
    kinds : tuple of str
        In the order of the page.
    """

    curves: pd.DataFrame
    frame: pd.DataFrame
    counts: pd.DataFrame
    horizon: float
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Course:
    """All events over time.

    Attributes
    ----------
    curves : DataFrame
        One row an arm and day: ``arm``, ``time``, ``estimate`` (events per patient so far),
        ``conf_low``, ``conf_high``, ``at_risk``. Where single patients must not be told, days
        between which nobody or enough patients had an event, without ``at_risk``.
    frame : DataFrame
        Result columns with ``arm``: events per patient at the horizon, and the difference from the
        control.
    horizon : float
        Study day at which the arms are compared, chosen as that of first events.
    treatment_days : tuple of float
        Days of treatment; empty where the study names none.
    """

    curves: pd.DataFrame
    frame: pd.DataFrame
    horizon: float
    treatment_days: tuple[float, ...]


@dataclass(frozen=True)
class Timelines:
    """Each patient's events over time.

    Attributes
    ----------
    patients : DataFrame
        ``subject``, ``arm``, ``last``, ``death`` (study days), those with the gravest and the most
        events first.
    events : DataFrame
        ``subject``, ``arm``, ``day``, ``term``, ``severity``, ``serious`` (bool).
    left_out : int
        Patients who are not drawn, for want of room.
    """

    patients: pd.DataFrame
    events: pd.DataFrame
    left_out: int


def first_events(study: Study) -> FirstEvents | None:
    """Estimate the time to the first event of interest; who dies before it cannot have it any more.

    Parameters
    ----------
    study : Study
        With times as ``follow_up`` needs them. ``adverse_events: interest`` names the kinds; any
        and any serious event where it is absent.

    Returns
    -------
    FirstEvents or None
        None without adverse events or times.

    References
    ----------
    Aalen and Johansen, Scandinavian Journal of Statistics 1978;5:141-150. Gray, Annals of
    Statistics 1988;16:1141-1154.
    """
    block, followed = study.config.adverse_events, follow_up(study)
    if block is None or followed is None:
        return None
    events = study.events(carry=())
    curves, rows, counts = [], [], []
    kinds = _kinds(events, block)
    first = {kind: _first_times(followed, events[chosen]) for kind, chosen in kinds.items()}
    horizon = _told_horizon(study, list(first.values()))
    for kind, times in first.items():
        found = {
            arm: cumulative_incidence(group["time"], group["event"], conf_level=study.conf_level)
            for arm, group in times.groupby(ARM, observed=True)
        }
        told = _told_times(study, times, horizon)
        for arm in study.arms:
            whole = found[arm].frame
            curves.append(
                (whole if told is None else at_days(whole, told)).assign(kind=kind, arm=arm)
            )
            counts.append((kind, arm, found[arm].n, found[arm].events, found[arm].competing))
            at = incidence_at(found[arm], horizon)
            rows.append(_row(INCIDENCE, kind, arm, at, arm))
        for arm in study.treated:
            contrast = f"{arm} vs {study.control}"
            apart = incidence_difference(found[arm], found[study.control], horizon)
            rows.append(_row(INCIDENCE_DIFFERENCE, kind, arm, apart, contrast))
            pair = times[times[ARM].isin([arm, study.control])]
            test = gray_test(pair["time"], pair["event"], pair[ARM].astype("str"))
            tested = {"statistic": test.statistic, "df": test.df, "p_value": test.p_value}
            rows.append({**_keys(GRAY, kind, arm, contrast), **tested})
    columns = ["kind", "arm", "patients", "events", "deaths"]
    label = study.population_label(block.population)
    drawn = pd.concat(curves, ignore_index=True)
    frame = pd.DataFrame(rows).assign(population=label, visit=f"Day {horizon:g}")
    told_counts = _told_counts(
        study, pd.DataFrame(counts, columns=columns), arm_sizes(study, block)
    )
    return FirstEvents(
        curves=drawn,
        frame=_told_shares(study, frame, told_counts, drawn, horizon),
        counts=told_counts,
        horizon=horizon,
        kinds=tuple(kinds),
    )


def course(study: Study) -> Course | None:
    """Estimate how many events a patient has had by each day.

    Parameters
    ----------
    study : Study
        With times as ``follow_up`` needs them.

    Returns
    -------
    Course or None
        None without adverse events or times.

    References
    ----------
    Lawless and Nadeau, Technometrics 1995;37:158-168. Ghosh and Lin, Biometrics 2000;56:554-562.
    """
    block, followed = study.config.adverse_events, follow_up(study)
    if block is None or followed is None:
        return None
    events = study.events(carry=())
    events = events[events["ASTDY"] >= 1]
    days = None if study.disclosure.is_open else _told_days(study, followed, events)
    horizon = _horizon(study)
    if days is not None:
        horizon = max((day for day in days if 0 < day <= horizon), default=horizon)
    found = {}
    for arm in study.arms:
        mine = followed.frame[followed.frame[ARM] == arm]
        theirs = events[events["USUBJID"].isin(mine["USUBJID"])]
        found[arm] = mean_cumulative_events(
            theirs["USUBJID"].to_numpy(),
            theirs["ASTDY"].to_numpy(dtype=float),
            mine["USUBJID"].to_numpy(),
            mine["last"].to_numpy(dtype=float),
            died=mine["death"].notna().to_numpy(),
            conf_level=study.conf_level,
        )
    rows = []
    for arm, curve in found.items():
        rows.append(_row(MEAN, ANY, arm, mean_at(curve, horizon), arm))
        if arm != study.control:
            apart = mean_difference(curve, found[study.control], horizon)
            contrast = f"{arm} vs {study.control}"
            rows.append(_row(MEAN_DIFFERENCE, ANY, arm, apart, contrast))
    design = study.config.design
    frame = pd.DataFrame(rows).assign(
        population=study.population_label(block.population), visit=f"Day {horizon:g}"
    )
    curves = {arm: curve.frame for arm, curve in found.items()}
    if days is not None:
        curves = {arm: at_days(curve, days) for arm, curve in curves.items()}
        if horizon not in days:
            figures = [c for c in ESTIMATE_COLUMNS if c in frame]
            frame = frame.assign(**dict.fromkeys(figures, np.nan))
    return Course(
        pd.concat([curve.assign(arm=arm) for arm, curve in curves.items()], ignore_index=True),
        frame,
        horizon,
        tuple(design.treatment_days) if design else (),
    )


def timelines(study: Study) -> Timelines | None:
    """Give each patient's events over time, where the study may show single patients.

    Parameters
    ----------
    study : Study
        With times as ``follow_up`` needs them.

    Returns
    -------
    Timelines or None
        None where the study shows no single patients, or without adverse events or times.
    """
    block, followed = study.config.adverse_events, follow_up(study)
    if block is None or followed is None or not study.shows_subjects:
        return None
    events = study.events(carry=())
    events = events[events["ASTDY"] >= 1]
    serious = events["AESER"] == "Y"
    patients = followed.frame.rename(columns={"USUBJID": "subject", ARM: "arm"})
    patients = patients[["subject", "arm", "last", "death"]].assign(
        grave=patients["subject"].isin(events.loc[serious, "USUBJID"]),
        many=patients["subject"].map(events["USUBJID"].value_counts()).fillna(0),
    )
    order = ["grave", "many", "subject"]
    patients = patients.sort_values(order, ascending=[False, False, True])
    room = patients["many"].cumsum().iloc[1:] <= MOST_EVENTS
    most = min(MOST_PATIENTS, 1 + int(room.sum()))
    kept = patients.head(most).drop(columns=["grave", "many"])
    kept = kept.sort_values("arm", kind="stable", ignore_index=True).astype({"arm": "str"})
    drawn = events[events["USUBJID"].isin(kept["subject"])]
    shown = pd.DataFrame(
        {
            "subject": drawn["USUBJID"],
            "arm": drawn[ARM].astype("str"),
            "day": drawn["ASTDY"],
            "term": drawn[block.term].astype("str").map(sentence_case),
            "severity": drawn["AESEV"].fillna("Not graded").map(sentence_case),
            "serious": drawn["AESER"] == "Y",
        }
    ).reset_index(drop=True)
    return Timelines(kept, shown, len(patients) - len(kept))


def _horizon(study: Study) -> float:
    """Give the study day of the last primary visit, whole."""
    time = study.config.time
    return float(int((study.primary.visits[-1] - time.baseline) * DAYS[time.unit]))


def _kinds(events: pd.DataFrame, block: AdverseEvents) -> dict[str, pd.Series]:
    """Say which events belong to each kind whose first time is looked at."""
    if block.interest:
        return {
            kind.label: events[kind.column or block.term].isin(list(kind.values))
            for kind in block.interest
        }
    known = categories(events, block)
    return {ANY: known[ANY], **({SERIOUS: known[SERIOUS]} if SERIOUS in known else {})}


def _first_times(followed: FollowUp, events: pd.DataFrame) -> pd.DataFrame:
    """Give each patient's time to the first event, a death before it, or the end of watching."""
    frame = followed.frame
    counted = events[events["ASTDY"] >= 1]
    first = frame["USUBJID"].map(counted.groupby("USUBJID")["ASTDY"].min())
    happened = first.notna() & (first <= frame["last"])
    died = ~happened & frame["death"].notna()
    time = np.where(happened, first, np.where(died, frame["death"], frame["last"]))
    event = np.where(happened, 1, np.where(died, 2, 0))
    return pd.DataFrame({ARM: frame[ARM], "time": time.astype(float), "event": event})


def _grid(last: float, horizon: float) -> list[float]:
    """Give the days at which curves may be told, the most wanted first."""
    step = round_step(last) if last > 0 else 1.0
    grid = [round(step * i, 9) for i in range(1, int(last / step + 1e-9) + 1)]
    halves = sorted(range(len(grid)), key=lambda i: (-((i + 1) & -(i + 1)), i))
    return [horizon, *(grid[i] for i in halves)]


def _told_times(study: Study, times: pd.DataFrame, horizon: float) -> list[float] | None:
    """Choose the days at which the curves of first events are told; None where all may be."""
    if study.disclosure.is_open:
        return None
    candidates = _grid(float(times["time"].max()), horizon)
    return [0.0, *told_times(_groups(times), candidates, study.disclosure.minimum)]


def _groups(times: pd.DataFrame) -> list[tuple[pd.Series, pd.Series]]:
    """Give the times and events of each arm; deaths are not told, so they count as leaving."""
    arms = times.groupby(ARM, observed=True)
    return [(group["time"], (group["event"] == 1).astype(int)) for _, group in arms]


def _told_horizon(study: Study, kinds: list[pd.DataFrame]) -> float:
    """Give the last day, up to the last primary visit, at which every kind may be told."""
    planned = _horizon(study)
    if study.disclosure.is_open:
        return planned
    groups = [group for times in kinds for group in _groups(times)]
    days = _until(planned, min(float(times["time"].max()) for times in kinds))
    told = told_times(groups, days, study.disclosure.minimum)
    return max(told, default=planned)


def _until(planned: float, last: float) -> list[float]:
    """Give the days up to a planned one, the latest first."""
    step = round_step(planned) if planned > 0 else 1.0
    days = [planned, *(round(step * i, 9) for i in range(int(planned / step + 1e-9), 0, -1))]
    return [day for day in days if day <= last]


def _told_days(study: Study, followed: FollowUp, events: pd.DataFrame) -> list[float]:
    """Choose the days at which the curves of all events are told, the horizon first."""
    known = events[events["USUBJID"].isin(followed.frame["USUBJID"])]
    begun = pd.DataFrame({"subject": known["USUBJID"], "day": known["ASTDY"], "arm": known[ARM]})
    by_arm = {str(arm): part for arm, part in begun.groupby("arm", observed=True)}
    reached = followed.frame.groupby(ARM, observed=True)["last"]
    least = study.disclosure.minimum
    # Where fewer are watched, the curve would be theirs.
    ends = reached.apply(lambda days: days.nlargest(least).min())
    last = float(ends.min())
    told = told_days(by_arm, _until(_horizon(study), last), least)
    candidates = [day for day in _grid(last, max(told, default=last)) if day <= last]
    return [0.0, *told_days(by_arm, candidates, least)]


def _told_counts(study: Study, counts: pd.DataFrame, sizes: dict[str, int]) -> pd.DataFrame:
    """Hide small numbers of patients with an event, or who died first."""
    rule = study.disclosure
    deaths = rule.masked(
        counts, rule.hides(counts["deaths"], counts["patients"]), "deaths", of="patients"
    ).rename(columns={INSTEAD: f"deaths_{INSTEAD}"})
    hidden = rule.hides(deaths["events"], deaths["patients"])
    told = rule.masked(deaths, hidden, "events", of="patients")
    untold = rule.hides(told["patients"], told["arm"].map(sizes))
    return told.assign(patients=told["patients"].where(~untold)) if untold.any() else told


def _told_shares(
    study: Study,
    frame: pd.DataFrame,
    counts: pd.DataFrame,
    curves: pd.DataFrame,
    horizon: float,
) -> pd.DataFrame:
    """Hide shares at the horizon that few make up, and the tests of arms with few events."""
    rule = study.disclosure
    if rule.is_open:
        return frame
    at = curves[curves["time"] == horizon]
    reached = set(zip(at["kind"], at["arm"], strict=True))
    few = counts[counts[INSTEAD] == rule.few]
    small = set(zip(few["kind"], few["arm"], strict=True))
    gone = []
    for kind, arm, analysis in zip(frame["kind"], frame["arm"], frame["analysis"], strict=True):
        arms = [arm] if analysis == INCIDENCE else [arm, study.control]
        lost = any((kind, one) in small for one in arms)
        short = analysis != GRAY and any((kind, one) not in reached for one in arms)
        gone.append(lost or short)
    figures = [c for c in ESTIMATE_COLUMNS if c in frame]
    return frame.assign(**{c: frame[c].astype(float).mask(gone) for c in figures})


def _keys(analysis: str, kind: str, arm: str, contrast: str) -> dict[str, object]:
    return {
        "analysis": analysis,
        "endpoint": kind,
        "kind": kind,
        "arm": arm,
        "contrast": contrast,
    }


def _row(analysis: str, kind: str, arm: str, estimate: object, contrast: str) -> dict[str, object]:
    """Turn an estimate at a time into a row of results."""
    columns = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")
    known = {c: getattr(estimate, c) for c in columns if hasattr(estimate, c)}
    return {**_keys(analysis, kind, arm, contrast), **known}
