"""Events per time under observation."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.safety.analysis import ANY, SERIOUS
from alsutils.safety.counting import PER_MONTHS, arm_sizes
from alsutils.safety.followup import DAYS_PER_MONTH, FollowUp, follow_up
from alsutils.stats.disclosure import is_small
from alsutils.stats.rates import EventRate, event_rate, rate_model, rate_ratio
from alsutils.stats.tidy import ESTIMATE_COLUMNS
from alsutils.study import ARM, Study
from alsutils.study.telling import coarse, hides_sizes

RATE = f"events per {PER_MONTHS} patient-months (robust)"
RATIO = "ratio of event rates (robust)"
MODEL = "ratio of event rates (negative binomial)"


@dataclass(frozen=True)
class Rates:
    """Events per 100 patient-months by arm, and their ratios.

    Attributes
    ----------
    frame : DataFrame
        Result columns, one row a kind of event and arm (``analysis`` RATE, ``contrast`` the arm)
        or treated arm (RATIO and MODEL); with ``name``, ``arm``, ``patients``, ``events`` and
        ``months`` (patient-months; these three missing in rows of ratios).
    followed : FollowUp
        Whose time was counted, from when to when.
    notes : tuple of str
        Where a negative binomial model could not be fitted, and what took its place.
    """

    frame: pd.DataFrame
    followed: FollowUp
    notes: tuple[str, ...]


def rates(study: Study) -> Rates | None:
    """Estimate events per 100 patient-months, which is fair where patients were watched unequally.

    Parameters
    ----------
    study : Study
        With an ``adverse_events`` block and times as ``follow_up`` needs them.

    Returns
    -------
    Rates or None
        None without adverse events or without a time for every arm.
    """
    block = study.config.adverse_events
    followed = follow_up(study)
    if block is None or followed is None:
        return None
    events = study.events(carry=())
    kinds = {ANY: events, SERIOUS: events[events["AESER"] == "Y"]}
    rows: list[dict[str, object]] = []
    notes: list[str] = []
    for name, chosen in kinds.items():
        counts = patient_counts(followed, chosen)
        rows += _arm_rates(study, name, counts)
        for arm in study.treated:
            rows += _ratios(study, name, arm, counts, notes)
    frame = pd.DataFrame(rows).assign(population=study.population_label(block.population))
    frame = _told(study, frame, arm_sizes(study, block))
    return Rates(frame, followed, tuple(dict.fromkeys(notes)))


def patient_counts(followed: FollowUp, events: pd.DataFrame) -> pd.DataFrame:
    """Count the events of each patient whose time is known.

    Parameters
    ----------
    followed : FollowUp
        Who was watched, and how long.
    events : DataFrame
        The events that count.

    Returns
    -------
    DataFrame
        One row a patient: ``USUBJID``, ``ARM``, ``events``, ``time`` (hundreds of months).
    """
    frame = followed.frame
    found = frame["USUBJID"].map(events["USUBJID"].value_counts()).fillna(0)
    return pd.DataFrame(
        {
            "USUBJID": frame["USUBJID"],
            ARM: frame[ARM],
            "events": found,
            "time": frame["last"] / DAYS_PER_MONTH / PER_MONTHS,
        }
    )


def _told(study: Study, frame: pd.DataFrame, sizes: dict[str, int]) -> pd.DataFrame:
    """Hide the rates of few patients with an event, and the ratios to or of them."""
    rule = study.disclosure
    watched = frame["n_control"].fillna(frame["n_treated"]).where(frame["analysis"] == RATE)
    # A bound tells of how many it is one, so it is of a number that may be told.
    arm_size = frame["arm"].map(sizes).where(watched.notna())
    watched = watched.mask(hides_sizes(study, frame["arm"], watched), arm_size)
    few = is_small(frame["patients"], rule.minimum)
    hidden = rule.hides(frame["patients"], watched)
    told = rule.masked(frame.assign(of=watched), hidden, "patients", of="of").drop(columns="of")
    if rule.is_open:
        return told
    small = frame[few].groupby("name")["arm"].agg(set).to_dict()
    pairs = zip(frame["name"], frame["arm"], frame["analysis"], strict=True)
    gone = [
        bool({arm, study.control if analysis != RATE else arm} & small.get(name, set()))
        for name, arm, analysis in pairs
    ]
    figures = ["events", *(c for c in ESTIMATE_COLUMNS if c in told)]
    told = told.assign(**{c: told[c].astype(float).mask(gone) for c in figures})
    arms = {"n_control": study.control, "n_treated": told["arm"]}
    untold = pd.Series(False, index=told.index)
    for column, arm in arms.items():
        named = pd.Series(arm, index=told.index)
        unknown = hides_sizes(study, named, told[column].astype(float))
        told[column] = told[column].astype(float).mask(unknown)
        untold |= unknown
    return coarse(told, untold)


def _arm_rate(study: Study, counts: pd.DataFrame, arm: str) -> EventRate:
    group = counts[counts[ARM] == arm]
    return event_rate(group["events"], group["time"], study.conf_level)


def _arm_rates(study: Study, name: str, counts: pd.DataFrame) -> list[dict[str, object]]:
    """Give the rate of one kind of event in each arm."""
    rows: list[dict[str, object]] = []
    for arm in study.arms:
        rate = _arm_rate(study, counts, arm)
        rows.append(
            {
                "analysis": RATE,
                "endpoint": name,
                "contrast": arm,
                "n_control" if arm == study.control else "n_treated": rate.n,
                "estimate": rate.estimate,
                "conf_low": rate.conf_low,
                "conf_high": rate.conf_high,
                "name": name,
                "arm": arm,
                "patients": int((counts.loc[counts[ARM] == arm, "events"] > 0).sum()),
                "events": rate.events,
                "months": PER_MONTHS * rate.time,
            }
        )
    return rows


def _ratios(
    study: Study, name: str, arm: str, counts: pd.DataFrame, notes: list[str]
) -> list[dict[str, object]]:
    """Compare one treated arm with the control: robust, and by the model that has a spread."""
    treated, control = (_arm_rate(study, counts, which) for which in (arm, study.control))
    ratio = rate_ratio(treated, control, study.conf_level)
    both = counts[counts[ARM].isin([arm, study.control])]
    common = {
        "endpoint": name,
        "contrast": f"{arm} vs {study.control}",
        "n_control": control.n,
        "n_treated": treated.n,
        "name": name,
        "arm": arm,
    }
    columns = ("estimate", "statistic", "p_value", "conf_low", "conf_high")
    rows = [{"analysis": RATIO, **common, **{c: getattr(ratio, c) for c in columns}}]
    if treated.events and control.events:
        model = rate_model(
            both["events"].to_numpy(),
            both["time"].to_numpy(),
            np.asarray(both[ARM] == arm),
            conf_level=study.conf_level,
        )
        if model.note:
            notes.append(f"{name}: {model.note}, so the model is Poisson's.")
        found = {column: getattr(model, column) for column in columns}
        rows.append({"analysis": MODEL, **common, "std_error": model.std_error, **found})
    return rows
