"""When events happened: the first of a kind, all of them over time, and each patient's own."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.safety.analysis import ANY, SERIOUS, categories, sentence_case
from alsutils.safety.followup import FollowUp, follow_up
from alsutils.stats.competing import (
    cumulative_incidence,
    gray_test,
    incidence_at,
    incidence_difference,
)
from alsutils.stats.recurrent import mean_at, mean_cumulative_events, mean_difference
from alsutils.study import ARM, Study
from alsutils.study.config import DAYS
from alsutils.study.harms import AdverseEvents

INCIDENCE = "cumulative incidence (Aalen-Johansen)"
INCIDENCE_DIFFERENCE = "difference of cumulative incidences"
GRAY = "Gray's test"
MEAN = "mean cumulative events"
MEAN_DIFFERENCE = "difference of mean cumulative events"
MOST_PATIENTS = 80  # drawn one by one


@dataclass(frozen=True)
class FirstEvents:
    """The time to the first event of each kind, with death competing.

    Attributes
    ----------
    curves : DataFrame
        One row a kind, arm and time: ``kind``, ``arm``, and the columns of the curve.
    frame : DataFrame
        Result columns with ``kind`` and ``arm``: the incidence of each arm at the horizon, its
        difference from the control's, and Gray's test.
    counts : DataFrame
        One row a kind and arm: ``kind``, ``arm``, ``patients``, ``events``, ``deaths`` (before an
        event).
    horizon : float
        Study day at which incidences are compared.
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
        ``conf_low``, ``conf_high``, ``at_risk``.
    frame : DataFrame
        Result columns with ``arm``: events per patient at the horizon, and the difference from the
        control.
    horizon : float
        Study day at which the arms are compared.
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
    horizon = _horizon(study)
    curves, rows, counts = [], [], []
    kinds = _kinds(events, block)
    for kind, chosen in kinds.items():
        times = _first_times(followed, events[chosen])
        found = {
            arm: cumulative_incidence(group["time"], group["event"], conf_level=study.conf_level)
            for arm, group in times.groupby(ARM, observed=True)
        }
        for arm in study.arms:
            curves.append(found[arm].frame.assign(kind=kind, arm=arm))
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
    return FirstEvents(
        curves=pd.concat(curves, ignore_index=True),
        frame=pd.DataFrame(rows).assign(population=label, visit=f"Day {horizon:g}"),
        counts=pd.DataFrame(counts, columns=columns),
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
    horizon = _horizon(study)
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
    return Course(
        pd.concat([curve.frame.assign(arm=arm) for arm, curve in found.items()], ignore_index=True),
        pd.DataFrame(rows).assign(
            population=study.population_label(block.population), visit=f"Day {horizon:g}"
        ),
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
    kept = patients.head(MOST_PATIENTS).drop(columns=["grave", "many"])
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
