"""Events per time under observation."""

from dataclasses import dataclass

import pandas as pd

from alsutils.safety.analysis import ANY
from alsutils.stats.rates import EventRate, event_rate, rate_ratio
from alsutils.study import ARM, Study

DAYS_PER_YEAR = 365.25
RATE = "events per patient-year (robust)"
RATIO = "ratio of event rates (robust)"


@dataclass(frozen=True)
class Rates:
    """Events per patient-year by arm, and their ratios.

    Attributes
    ----------
    frame : DataFrame
        Result columns, one row a kind of event and arm (``analysis`` RATE, ``contrast`` the arm)
        or treated arm (RATIO); with ``name``, ``arm``, ``events`` and ``years`` (patient-years;
        both missing in rows of ratios).
    basis : str
        From when to when the time was counted, in words.
    left_out : int
        Patients of the population without a time.
    """

    frame: pd.DataFrame
    basis: str
    left_out: int


def rates(study: Study) -> Rates | None:
    """Estimate events per patient-year, which is fair where patients were watched unequally long.

    Parameters
    ----------
    study : Study
        With an ``adverse_events`` block, and in ADSL either TRTSDT and TRTEDT (dates of the first
        and the last treatment) or EOSDY (study day of the last contact).

    Returns
    -------
    Rates or None
        None without adverse events or without a time for every arm.
    """
    block = study.config.adverse_events
    if block is None:
        return None
    subjects = study.subjects(block.population)
    days, basis = _days(subjects)
    watched = subjects.assign(years=days / DAYS_PER_YEAR)
    watched = watched[watched["years"] > 0]
    if set(watched[ARM].unique()) != set(study.arms):
        return None
    events = study.events()
    kinds = {ANY: events, "Serious": events[events["AESER"] == "Y"]}
    rows = []
    for name, chosen in kinds.items():
        counted = chosen["USUBJID"].value_counts()
        known = watched.assign(count=watched["USUBJID"].map(counted).fillna(0))
        found = {
            arm: event_rate(group["count"], group["years"], study.conf_level)
            for arm in study.arms
            for group in [known[known[ARM] == arm]]
        }
        rows += _rows(study, name, found)
    frame = pd.DataFrame(rows).assign(population=study.population_label(block.population))
    return Rates(frame, basis, len(subjects) - len(watched))


def _days(subjects: pd.DataFrame) -> tuple[pd.Series, str]:
    """Give each patient's days under observation, and how they were counted."""
    if {"TRTSDT", "TRTEDT"} <= set(subjects.columns):
        first, last = (
            pd.to_datetime(subjects[column], format="ISO8601", errors="coerce")
            for column in ("TRTSDT", "TRTEDT")
        )
        if last.notna().any():
            return (last - first).dt.days + 1.0, "from the first to the last day of treatment"
    if "EOSDY" in subjects:
        days = pd.to_numeric(subjects["EOSDY"], errors="coerce")
        return days.astype(float), "from the start to the end of participation"
    return pd.Series(float("nan"), index=subjects.index), ""


def _rows(study: Study, name: str, found: dict[str, EventRate]) -> list[dict[str, object]]:
    """Give the rates of one kind of event, and their ratios to the control's."""
    rows: list[dict[str, object]] = []
    for arm, rate in found.items():
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
                "events": rate.events,
                "years": rate.time,
            }
        )
    control = found[study.control]
    for arm in study.treated:
        ratio = rate_ratio(found[arm], control, study.conf_level)
        rows.append(
            {
                "analysis": RATIO,
                "endpoint": name,
                "contrast": f"{arm} vs {study.control}",
                "n_control": control.n,
                "n_treated": found[arm].n,
                "estimate": ratio.estimate,
                "statistic": ratio.statistic,
                "p_value": ratio.p_value,
                "conf_low": ratio.conf_low,
                "conf_high": ratio.conf_high,
                "name": name,
                "arm": arm,
            }
        )
    return rows
