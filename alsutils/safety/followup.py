"""How long each patient was watched for events, and how that time divides around the treatment."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.study import ARM, Study

DAYS_PER_MONTH = 30.4375
# Where ADSL says when participation ended, the best known first; dates are counted from TRTSDT.
_LAST_DATES = {
    "EOSDT": "from the start of treatment to the end of participation",
    "RFENDT": "from the start of treatment to the end of participation",
    "RFENDTC": "from the start of treatment to the end of participation",
    "TRTEDT": "from the first to the last day of treatment",
}
_BY_DAY = "from the start to the end of participation"


@dataclass(frozen=True)
class FollowUp:
    """The days on which each patient was watched.

    Attributes
    ----------
    frame : DataFrame
        One row a patient with a known time: ``USUBJID``, ``ARM``, ``last`` (last study day of
        participation, 1 or more), ``death`` (study day of a death by then, missing otherwise),
        ``treated_to`` (last study day of treatment; missing where it is not known).
    basis : str
        From when to when the time was counted, in words.
    left_out : int
        Patients of the population without a time.
    extended : int
        Patients with an event after the end of their time, who count as watched until that event.
    """

    frame: pd.DataFrame
    basis: str
    left_out: int
    extended: int

    def days(self, arm: str) -> float:
        """Sum up the days of one arm's patients."""
        return float(self.frame.loc[self.frame[ARM] == arm, "last"].sum())

    def months(self, arm: str) -> float:
        """Sum up the months (30.4375 days) of one arm's patients."""
        return self.days(arm) / DAYS_PER_MONTH


def follow_up(study: Study) -> FollowUp | None:
    """Find out how long each patient of the safety population was watched.

    Parameters
    ----------
    study : Study
        With an ``adverse_events`` block, and in ADSL either EOSDY (study day of the last contact)
        or TRTSDT with one of EOSDT, RFENDT, RFENDTC and TRTEDT. A death is known from DTHDT or from
        the day of a fatal event.

    Returns
    -------
    FollowUp or None
        None without adverse events, or where an arm has nobody with a time.
    """
    block = study.config.adverse_events
    if block is None:
        return None
    subjects = study.subjects(block.population)
    last, basis = _last_days(subjects)
    events = study.events(carry=())
    latest = subjects["USUBJID"].map(events.groupby("USUBJID")["ASTDY"].max())
    beyond = (latest > last) & (last > 0)
    frame = pd.DataFrame(
        {
            "USUBJID": subjects["USUBJID"],
            ARM: subjects[ARM],
            "last": last.where(~beyond, latest),
            "death": _death_days(subjects, events),
            "treated_to": _day_of(subjects, "TRTEDT"),
        }
    )
    frame = frame[frame["last"] > 0].reset_index(drop=True)
    if set(frame[ARM].unique()) != set(study.arms):
        return None
    # What happens after the last day belongs to no one's time.
    frame["death"] = frame["death"].where(frame["death"] <= frame["last"])
    return FollowUp(frame, basis, len(subjects) - len(frame), int(beyond.sum()))


def _last_days(subjects: pd.DataFrame) -> tuple[pd.Series, str]:
    """Give each patient's last day under observation, and how it was found."""
    if "EOSDY" in subjects:
        days = pd.to_numeric(subjects["EOSDY"], errors="coerce").astype(float)
        if days.notna().any():
            return days, _BY_DAY
    for column, words in _LAST_DATES.items():
        days = _day_of(subjects, column)
        if days.notna().any():
            return days, words
    return pd.Series(np.nan, index=subjects.index), ""


def _day_of(subjects: pd.DataFrame, column: str) -> pd.Series:
    """Count a date in study days: the day of the first treatment is day 1."""
    if not {"TRTSDT", column} <= set(subjects.columns):
        return pd.Series(np.nan, index=subjects.index)
    start, date = (
        pd.to_datetime(subjects[name], format="ISO8601", errors="coerce")
        for name in ("TRTSDT", column)
    )
    return (date - start).dt.days + 1.0


def _death_days(subjects: pd.DataFrame, events: pd.DataFrame) -> pd.Series:
    """Give the study day of each death: its date, else the end or start of a fatal event."""
    days = _day_of(subjects, "DTHDT")
    if "AESDTH" not in events:
        return days
    fatal = events[events["AESDTH"] == "Y"]
    ends = fatal["ASTDY"]
    if "AENDY" in fatal:
        ends = pd.to_numeric(fatal["AENDY"], errors="coerce").fillna(ends)
    return days.fillna(subjects["USUBJID"].map(ends.groupby(fatal["USUBJID"]).max()))
