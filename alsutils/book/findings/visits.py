"""When visits were: the unit of time, the baseline, and what the names of visits say."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from alsutils.book.findings.tables import Source
from alsutils.study.config import DAYS, TimeUnit

_UNITS: dict[str, TimeUnit] = {
    "day": "day",
    "d": "day",
    "week": "week",
    "wk": "week",
    "w": "week",
    "month": "month",
    "mth": "month",
    "mo": "month",
    "m": "month",
    "year": "year",
    "yr": "year",
    "y": "year",
}
_LONG = "|".join(u for u in _UNITS if len(u) > 1)
_NUMBER = r"(?P<number>[-−]?\d+(?:\.\d+)?)"
_NAMES = (
    rf"(?:visit\s*\d+\s*[:(,-]*\s*)?(?P<unit>{_LONG})s?\W?\s*{_NUMBER}\)?(?:\s*[(/].*)?",
    rf"{_NUMBER}\s*(?P<unit>{_LONG})s?",
    rf"(?P<unit>[dwmy])\s*{_NUMBER}",
)
_BASELINE = re.compile(r"\bbaseline\b|^bl$", re.IGNORECASE)
_COUNTED = re.compile(r"(visit|v)\W?\s*\d+(\.0)?", re.IGNORECASE)
_SAME_AS_BASE = 0.95  # share of values that equal BASE at a visit that must be the baseline
_SHORT_TRIAL, _LONG_TRIAL = 28, 1000  # days: below visits are in days, above in months


@dataclass(frozen=True)
class Calendar:
    """How the trial counts its visits.

    Attributes
    ----------
    unit : str
        day, week, month or year.
    baseline : float
        AVISITN of the baseline.
    times : dict of str to float
        Time of each AVISIT, where AVISITN is not the time itself; else empty.
    names : frozenset of str
        AVISITs whose time is known; empty where no table names its visits.
    reason : str
        What the unit was read off.
    is_guess : bool
        Whether nothing in the data names the unit.
    """

    unit: TimeUnit
    baseline: float
    times: dict[str, float]
    names: frozenset[str]
    reason: str
    is_guess: bool = False

    def applied(self, source: Source) -> Source:
        """Put the time of each visit into AVISITN, as the loaded study will have it."""
        frame = source.frame
        if self.times and "AVISIT" in frame:
            frame = frame.assign(AVISITN=frame["AVISIT"].map(self.times).astype(float))
        elif "AVISITN" in frame:
            frame = frame.assign(AVISITN=pd.to_numeric(frame["AVISITN"], errors="coerce"))
        else:
            frame = frame.assign(AVISITN=float("nan"))
        return Source(source.role, source.path, frame, source.records)

    def unnamed(self, frame: pd.DataFrame) -> tuple[float, ...]:
        """Numbers of visits that no name gives a time to, such as 99 for the end of treatment."""
        if "AVISIT" not in frame or not self.names:
            return ()
        named = frame["AVISITN"].notna() & frame["AVISIT"].notna()
        strange = frame[named & ~frame["AVISIT"].isin(self.names)]
        known = set(frame.loc[frame["AVISIT"].isin(self.names), "AVISITN"])
        return tuple(sorted(float(v) for v in set(strange["AVISITN"]) - known))

    def later(self, rows: pd.DataFrame) -> tuple[float, ...]:
        """Scheduled visits after the baseline, in order."""
        visits = set(rows.loc[rows["AVISITN"] > self.baseline, "AVISITN"])
        return tuple(sorted(float(v) for v in visits - set(self.unnamed(rows))))


def read_calendar(sources: Iterable[Source]) -> Calendar:
    """Read the visits of all tables.

    Parameters
    ----------
    sources : iterable of Source
        Tables of parameters at visits.

    Returns
    -------
    Calendar
        AVISITN is the time wherever the names of visits bear it out, or where there are none.
    """
    columns = ["AVISIT", "AVISITN", "ADY", "ABLFL", "PARAMCD", "AVAL", "BASE"]
    frames = [s.frame.reindex(columns=columns) for s in sources if _has_visits(s.frame)]
    if not frames:
        return Calendar("week", 0.0, {}, frozenset(), "no table has visits", is_guess=True)
    rows = pd.concat([f.astype(object) for f in frames], ignore_index=True)
    for column in ("AVISITN", "ADY", "AVAL", "BASE"):
        rows[column] = pd.to_numeric(rows[column], errors="coerce")
    parsed = {str(name): _parsed(str(name)) for name in rows["AVISIT"].dropna().unique()}
    read = {name: found for name, found in parsed.items() if found}
    if not read:
        return _without_names(rows)
    units = [unit for unit, _ in read.values()]
    unit = max(DAYS, key=lambda u: (units.count(u), u == "week"))
    times = {name: _in_unit(number, own, unit) for name, (own, number) in read.items()}
    start = [name for name in parsed if _BASELINE.search(name) and name not in read]
    numbers = rows[rows["AVISIT"].isin(times)]
    agree = (numbers["AVISITN"] == numbers["AVISIT"].map(times)).all()
    reason = f"the visits are called {', '.join(sorted(read, key=lambda n: times[n])[:3])}"
    names = frozenset([*times, *start])
    if agree:
        return Calendar(unit, _baseline_number(rows, start), {}, names, reason)
    flagged = rows.loc[rows["ABLFL"] == "Y", "AVISIT"].dropna()
    if not start and len(flagged):
        first = str(flagged.mode().iloc[0])
        if first in times:
            return Calendar(unit, times[first], _sorted(times), names, reason)
        start = [first]
    times |= dict.fromkeys(start, 0.0)
    return Calendar(unit, 0.0, _sorted(times), names | set(start), reason)


def _has_visits(frame: pd.DataFrame) -> bool:
    return any(c in frame and frame[c].notna().any() for c in ("AVISIT", "AVISITN"))


def _parsed(name: str) -> tuple[TimeUnit, float] | None:
    """Read unit and number off the name of a visit; None for baseline and other names."""
    if _BASELINE.search(name):
        return None
    for pattern in _NAMES:
        found = re.fullmatch(pattern, name.strip(), re.IGNORECASE)
        if found:
            number = float(found["number"].replace("−", "-"))
            return _UNITS[found["unit"].lower()], number
    return None


def _in_unit(number: float, own: TimeUnit, unit: TimeUnit) -> float:
    """Give a time in the unit of most visits; day 1 is the day of the baseline."""
    if own == unit:
        return number
    days = number - 1 if own == "day" and number > 0 else number * DAYS[own]
    return float(round(days / DAYS[unit], 1 if unit in ("month", "year") else 0))


def _baseline_number(rows: pd.DataFrame, names: list[str]) -> float:
    """AVISITN of the visit that is called, flagged or looks like the baseline; 0 where none is."""
    for chosen in (rows["AVISIT"].isin(names), rows["ABLFL"] == "Y"):
        numbers = rows.loc[chosen, "AVISITN"].dropna()
        if len(numbers):
            return float(numbers.mode().iloc[0])
    rows = rows.dropna(subset=["AVAL", "BASE", "AVISITN"])
    same = rows["AVAL"] == rows["BASE"]
    moving = ~same.groupby(rows["PARAMCD"]).transform("all")  # a constant tells nothing
    shares = same[moving].groupby(rows["AVISITN"]).mean()
    looks = shares[shares >= _SAME_AS_BASE]
    return float(looks.index.max()) if 0 < len(looks) < len(shares) else 0.0


def _sorted(times: dict[str, float]) -> dict[str, float]:
    return dict(sorted(times.items(), key=lambda item: (item[1], item[0])))


def _without_names(rows: pd.DataFrame) -> Calendar:
    """Read what can be read where no visit's name holds a time: the study days, if there are."""
    start = [str(n) for n in rows["AVISIT"].dropna().unique() if _BASELINE.search(str(n))]
    counted = rows[rows["AVISIT"].astype("str").str.fullmatch(_COUNTED) & rows["ADY"].notna()]
    days = counted.groupby("AVISIT")["ADY"].median().sort_values()
    last = float(days.max()) if len(days) else float("nan")
    unit: TimeUnit = "week"
    if pd.notna(last):
        unit = "day" if last <= _SHORT_TRIAL else "week" if last <= _LONG_TRIAL else "month"
        times = {str(n): _in_unit(float(d), "day", unit) for n, d in days.items()}
        if len(set(times.values())) == len(times):
            times |= dict.fromkeys(start, 0.0)
            reason = "the study days (ADY) at each visit"
            return Calendar(unit, 0.0, _sorted(times), frozenset(times), reason, is_guess=True)
    reason = "nothing in the data names the unit"
    baseline = _baseline_number(rows, start)
    ratios = (rows["ADY"] / (rows["AVISITN"] - baseline))[rows["AVISITN"] > baseline]
    if ratios.notna().any():
        ratio = float(ratios.median())
        unit = min(DAYS, key=lambda u: abs(DAYS[u] - ratio))
        reason = f"a unit of AVISITN is {ratio:.3g} study days (ADY)"
    return Calendar(unit, baseline, {}, frozenset(), reason, is_guess=True)
