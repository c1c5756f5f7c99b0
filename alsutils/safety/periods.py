"""Events by period, and how far the days around a treatment explain the arms' difference."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alsutils.safety.analysis import ANY
from alsutils.safety.counting import PER_MONTHS
from alsutils.safety.followup import DAYS_PER_MONTH, FollowUp, follow_up
from alsutils.safety.telling import hide_events
from alsutils.stats.disclosure import is_small
from alsutils.stats.windows import events_since
from alsutils.study import ARM, Study

_UNTOLD = ("events", "ratio", "ratio_low", "ratio_high", "p_value")
WEEK, BETWEEN = "Around a treatment", "Between treatments"
UNDER, AFTER = "Under treatment", "Afterwards"
PERIOD_RATE = f"events per {PER_MONTHS} patient-months"
SINCE = "events within days of a treatment over events at other times"
_OF_EVENTS = ("events", "rate", "per_patient")
MOST_DAYS = 28  # days since a treatment that are shown one by one


@dataclass(frozen=True)
class Periods:
    """Events by the period in which they began.

    Attributes
    ----------
    frame : DataFrame
        One row a period and arm: ``period``, ``arm``, ``patients`` (with an event that began in
        it), ``watched`` (patients watched for a day of it), ``events``, ``days`` (patient-days),
        ``rate`` (events per 100 patient-months), ``per_patient`` (events per patient of the arm),
        ``instead`` (what stands in place of ``patients`` where these must not be told).
    window : int or None
        Days, that of the treatment included, that count to it; None where the study names no days.
    treatment_days : tuple of float
        The days of treatment; empty where the study names none.
    population : str
        Label of the population.
    """

    frame: pd.DataFrame
    window: int | None
    treatment_days: tuple[float, ...]
    population: str

    @property
    def meaning(self) -> str:
        """What the periods are, in words."""
        if self.window is None:
            return f"{UNDER}: to the last day of treatment. {AFTER}: later."
        days = [f"{day:g}" for day in self.treatment_days]
        listed = f"days {', '.join(days[:-1])} and {days[-1]}" if days[1:] else f"day {days[0]}"
        known = set(self.frame["period"])
        between = f"{BETWEEN}: other days until the last of these. " if BETWEEN in known else ""
        week = f"{WEEK}: the {self.window} days from {listed}, in every arm. "
        return f"{week}{between}{AFTER}: later."

    @property
    def results(self) -> pd.DataFrame:
        """Result columns: the rate of each period and arm."""
        return self.frame.assign(
            analysis=PERIOD_RATE,
            endpoint=ANY,
            population=self.population,
            visit=self.frame["period"],
            contrast=self.frame["arm"],
            estimate=self.frame["rate"],
        )


@dataclass(frozen=True)
class Ascertainment:
    """Whether events cluster around treatment, and what of the arms' difference lies there.

    Attributes
    ----------
    frame : DataFrame
        One row a treated arm: ``arm``, ``contrast``, ``excess`` (events per patient more than in
        the control), ``excess_around`` (of these, begun around a treatment), ``share`` (the latter
        as a share of the former; missing unless both are above 0 and the share at most 1).
    windows : DataFrame
        Result columns, one row an arm: events per day around a treatment over those at other times
        of the same arm (in the control on the same days), with ``arm``, ``events``,
        ``events_other``, ``days``, ``days_other``.
    since : DataFrame
        One row a day since the last treatment and arm: ``day``, ``arm``, ``events``, ``days``
        (patient-days), ``rate`` (events per 100 patient-days); days whose events are those of few
        patients are left out where these must not be told.
    periods : Periods
        The periods that this rests on.
    """

    frame: pd.DataFrame
    windows: pd.DataFrame
    since: pd.DataFrame
    periods: Periods


def periods(study: Study) -> Periods | None:
    """Count events by the period in which they began.

    Parameters
    ----------
    study : Study
        With times as ``follow_up`` needs them, and either ``design: treatment_days`` in study.yml
        or TRTEDT in ADSL, which ends the treatment.

    Returns
    -------
    Periods or None
        None where the data do not tell when treatment was given.
    """
    block, followed = study.config.adverse_events, follow_up(study)
    if block is None or followed is None:
        return None
    given = _treatment_days(study)
    if not given and followed.frame["treated_to"].isna().all():
        return None
    patients, events = followed.frame, _known_events(study, followed)
    around = _around(given, block.window, int(patients["last"].max()))
    end = patients["treated_to"].fillna(0)
    if given:
        end = pd.Series(max(given) + block.window - 1, index=patients.index)
    until = np.minimum(patients["last"], end).to_numpy(dtype=int)
    in_weeks = np.cumsum(around)[patients["last"].to_numpy(dtype=int)]
    days = {
        WEEK: in_weeks,
        BETWEEN if given else UNDER: until - np.cumsum(around)[until],
        AFTER: patients["last"].to_numpy() - np.maximum(until, 0),
    }
    ends = patients.assign(end=end).set_index("USUBJID")["end"]
    start = events["ASTDY"].to_numpy(dtype=int)
    second = np.where(start <= events["USUBJID"].map(ends), BETWEEN if given else UNDER, AFTER)
    events = events.assign(period=np.where(around[start], WEEK, second))
    frame = _by_period(study, patients, events, days)
    label = study.population_label(block.population)
    return Periods(frame, block.window if given else None, given, label)


def ascertainment(study: Study) -> Ascertainment | None:
    """Look for events that follow the treatment's days, where only treated arms had such days.

    Parameters
    ----------
    study : Study
        With ``design: treatment_days``.

    Returns
    -------
    Ascertainment or None
        None where the study names no days of treatment.
    """
    block, found, followed = study.config.adverse_events, periods(study), follow_up(study)
    if block is None or found is None or followed is None or not found.treatment_days:
        return None
    events = _known_events(study, followed)
    per_patient = found.frame.pivot_table(index="period", columns="arm", values="per_patient")
    rows = []
    for arm in study.treated:
        excess = per_patient[arm] - per_patient[study.control]
        whole, around = float(excess.sum(skipna=False)), float(excess[WEEK])
        share = around / whole if 0 < around <= whole else np.nan
        rows.append((arm, f"{arm} vs {study.control}", whole, around, share))
    frame = pd.DataFrame(rows, columns=["arm", "contrast", "excess", "excess_around", "share"])
    gaps = np.diff(sorted(found.treatment_days))
    most = int(min([MOST_DAYS, *gaps, max(1, followed.frame["last"].max() - 1)]))
    windows, since = [], []
    for arm in study.arms:
        mine = followed.frame[followed.frame[ARM] == arm]
        theirs = events[events[ARM] == arm]
        windows.append(_window_row(study, found, arm, mine, theirs))
        each = _each_day(found.treatment_days, arm, mine, theirs, most)
        since.append(each[~_untold_days(study, found, each, theirs)])
    return Ascertainment(
        frame,
        pd.DataFrame(windows).assign(population=found.population),
        pd.concat(since, ignore_index=True),
        found,
    )


def _treatment_days(study: Study) -> tuple[float, ...]:
    design = study.config.design
    return tuple(sorted(design.treatment_days)) if design else ()


def _untold_days(
    study: Study,
    found: Periods,
    each: pd.DataFrame,
    events: pd.DataFrame,
) -> NDArray[np.bool_]:
    """Find the days since a treatment whose events are those of few patients."""
    rule = study.disclosure
    if rule.is_open:
        return np.zeros(len(each), dtype=bool)
    given = np.array(sorted(found.treatment_days))
    place = np.searchsorted(given, events["ASTDY"].to_numpy(), side="right") - 1
    since = np.where(place >= 0, events["ASTDY"] - given[place.clip(min=0)], -1)
    people = events["USUBJID"].groupby(since).nunique().reindex(each["day"], fill_value=0)
    few = is_small(people, rule.minimum)
    return hide_events(each["events"], few, [each["arm"]])


def _known_events(study: Study, followed: FollowUp) -> pd.DataFrame:
    """Give the events that began on a day on which their patient was watched."""
    events = study.events(carry=())
    last = events["USUBJID"].map(followed.frame.set_index("USUBJID")["last"])
    return events[(events["ASTDY"] >= 1) & (events["ASTDY"] <= last)].reset_index(drop=True)


def _around(days: Sequence[float], window: int, last: int) -> NDArray[np.bool_]:
    """Mark the study days, from 0 to the last, that lie around a treatment."""
    marked = np.zeros(last + 1, dtype=bool)
    for day in days:
        marked[max(int(day), 0) : int(day) + window] = True
    return marked


def _by_period(
    study: Study, patients: pd.DataFrame, events: pd.DataFrame, days: dict[str, NDArray[np.float64]]
) -> pd.DataFrame:
    """Count events, patients and days of each period and arm."""
    sizes = patients[ARM].value_counts()
    rows = []
    for period, each in days.items():
        if not each.any():
            continue
        mine = events[events["period"] == period]
        for arm in study.arms:
            theirs = mine[mine[ARM] == arm]
            time = each[(patients[ARM] == arm).to_numpy()]
            rows.append(
                {
                    "period": period,
                    "arm": arm,
                    "patients": theirs["USUBJID"].nunique(),
                    "watched": int((time > 0).sum()),
                    "events": len(theirs),
                    "days": float(time.sum()),
                    "per_patient": len(theirs) / sizes[arm],
                }
            )
    frame = pd.DataFrame(rows)
    months = frame["days"].replace(0, np.nan) / DAYS_PER_MONTH
    return _told(study, frame.assign(rate=PER_MONTHS * frame["events"] / months), sizes)


def _told(study: Study, frame: pd.DataFrame, sizes: pd.Series) -> pd.DataFrame:
    """Hide the events of few patients, and of others from which theirs would follow."""
    rule = study.disclosure
    hidden = rule.hides(frame["patients"], frame["watched"])
    told = rule.masked(frame, hidden, "patients", of="watched")
    if rule.is_open:
        return told
    few = hide_events(frame["events"], is_small(frame["patients"], rule.minimum), [frame["arm"]])
    left = rule.hides(frame["watched"], frame["arm"].map(sizes.to_dict()))
    told = told.assign(**{c: told[c].astype(float).mask(few) for c in _OF_EVENTS})
    return told.assign(watched=told["watched"].astype(float).mask(left))


def _since(
    days: Sequence[float],
    patients: pd.DataFrame,
    events: pd.DataFrame,
    windows: Sequence[tuple[int, int]],
    conf_level: float,
) -> pd.DataFrame:
    """Count events and days by the time since the last treatment of each patient."""
    watched = pd.DataFrame({"subject": patients["USUBJID"], "first": 1, "last": patients["last"]})
    given = watched.merge(pd.DataFrame({"day": list(days)}), how="cross")
    given = given.loc[given["day"] <= given["last"], ["subject", "day"]]
    begun = pd.DataFrame({"subject": events["USUBJID"], "day": events["ASTDY"]})
    return events_since(watched, given, begun, windows, conf_level).frame


def _window_row(
    study: Study, found: Periods, arm: str, patients: pd.DataFrame, events: pd.DataFrame
) -> dict[str, object]:
    """Set the events around a treatment beside those at other times of the same arm."""
    window = found.window or 1
    both = _since(found.treatment_days, patients, events, [(0, window - 1)], study.conf_level)
    near, other = both.iloc[0], both.iloc[-1]
    if _few_behind(study, found, arm):
        near, other = (row.mask(row.index.isin(_UNTOLD)) for row in (near, other))
    return {
        "analysis": SINCE,
        "endpoint": ANY,
        "contrast": arm,
        "n_control" if arm == study.control else "n_treated": len(patients),
        "estimate": near["ratio"],
        "conf_low": near["ratio_low"],
        "conf_high": near["ratio_high"],
        "p_value": near["p_value"],
        "arm": arm,
        "events": near["events"],
        "events_other": other["events"],
        "days": float(near["days"]),
        "days_other": float(other["days"]),
    }


def _few_behind(study: Study, found: Periods, arm: str) -> bool:
    """Tell whether events around treatment, or at other times, are not told for an arm."""
    mine = found.frame[found.frame["arm"] == arm]
    return not study.disclosure.is_open and bool(mine["events"].isna().any())


def _each_day(
    days: Sequence[float], arm: str, patients: pd.DataFrame, events: pd.DataFrame, most: int
) -> pd.DataFrame:
    """Count the events of one arm on each day since the last treatment."""
    single = _since(days, patients, events, [(k, k) for k in range(most)], 0.95).iloc[:-1]
    time = single["days"].replace(0, np.nan)
    return pd.DataFrame(
        {
            "day": single["day_from"].astype(int),
            "arm": arm,
            "events": single["events"].astype(int),
            "days": single["days"],
            "rate": 100 * single["events"] / time,
        }
    )
