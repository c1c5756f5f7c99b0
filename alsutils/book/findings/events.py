"""Times to events, and adverse events."""

import re
from dataclasses import dataclass

import pandas as pd

from alsutils.book.findings.labels import labels_and_units
from alsutils.book.findings.tables import Source
from alsutils.study.config import DAYS, TimeUnit
from alsutils.study.conventions import EVENT_DETAILS, TOXICITY

_DEATH = re.compile(r"death|overall survival|mortal|died", re.IGNORECASE)
_GOOD = re.compile(
    r"respon(se|der)|remission|recover|heal|discharge|cure|improve|resolution|clearance|pregnan",
    re.IGNORECASE,
)
_LASTING = re.compile(r"duration of|free", re.IGNORECASE)
_RELATED = re.compile(r"^(?!.*\b(not|un|non|unlikely))(.*(related|possibl|probabl|definit))", re.I)
_YES = re.compile(r"y(es)?", re.IGNORECASE)
_WITHDRAWN = re.compile(r"(drug|dose|treatment|study drug).*(withdrawn|discontinu|stopped)", re.I)
_MOST_TIMES = 4
_FEW = 0.5  # share of the patients below which a time to event is of a part of them only
_LANDMARKS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Time:
    """A time to an event.

    Attributes
    ----------
    code, label : str
        PARAMCD and the event in words.
    unit : str
        Unit of AVAL.
    unit_reason : str
        What the unit was read off.
    is_death : bool
        Whether the event is death of any cause.
    is_composite : bool
        Whether death is among other events that count.
    hoped_for : bool
        Whether the event is good for the patient.
    landmarks : tuple of float
        Quarters of the longest follow-up.
    events, subjects : int
        How many had it, of how many.
    """

    code: str
    label: str
    unit: TimeUnit
    unit_reason: str
    is_death: bool
    is_composite: bool
    hoped_for: bool
    landmarks: tuple[float, ...]
    events: int
    subjects: int


@dataclass(frozen=True)
class Harms:
    """How to read ADAE.

    Attributes
    ----------
    term, system : str
        Columns of names and body systems.
    emergent : str or None
        Flag of events that count.
    related, withdrawn : tuple of str
        Words of AEREL and AEACN that mean related, and treatment stopped.
    words : tuple of str
        All words of AEREL.
    groups : dict of str to tuple of str
        Columns of groups of events (CQ01NAM, ...) and the groups in them.
    notes : tuple of str
        What the table lacks.
    """

    term: str
    system: str
    emergent: str | None
    related: tuple[str, ...]
    withdrawn: tuple[str, ...]
    words: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]


def find_times(source: Source | None, randomised: frozenset[str]) -> tuple[tuple[Time, ...], str]:
    """Find the times to events.

    Parameters
    ----------
    source : Source or None
        ADTTE.
    randomised : frozenset of str
        USUBJID of those with an arm.

    Returns
    -------
    tuple of Time
        Death first, then in the order of the table; at most four.
    str
        What was left out, and why; empty where nothing was.
    """
    if source is None:
        return (), ""
    frame = source.frame
    lacks = [c for c in ("USUBJID", "PARAMCD", "AVAL", "CNSR") if c not in frame]
    if lacks:
        return (), f"{source.path.name} lacks {', '.join(lacks)}"
    frame = frame[frame["USUBJID"].isin(randomised)]
    found, left_out = [], []
    for code, (label, unit) in labels_and_units(frame).items():
        rows = frame[frame["PARAMCD"] == code]
        if rows["USUBJID"].duplicated().any():
            left_out.append(f"{code} (several records of a subject)")
        elif len(rows) < _FEW * len(randomised):
            left_out.append(f"{code} ({len(rows)} patients only)")
        elif rows[["AVAL", "CNSR"]].isna().any(axis=None):
            left_out.append(f"{code} (AVAL or CNSR is empty in some records)")
        else:
            found.append(_time(rows, code, label, unit))
    found.sort(key=lambda t: not t.is_death)
    left_out += [t.code for t in found[_MOST_TIMES:]]
    return tuple(found[:_MOST_TIMES]), ", ".join(left_out)


def _time(rows: pd.DataFrame, code: str, label: str, written: str) -> Time:
    unit, reason = _time_unit(rows, label, written)
    happened = rows["CNSR"].astype(float) == 0
    kinds = rows.loc[happened, "EVNTDESC"].dropna().unique() if "EVNTDESC" in rows else []
    deadly = [bool(_DEATH.search(str(kind))) for kind in kinds]
    is_death = all(deadly) if deadly else bool(_DEATH.search(f"{code} {label}"))
    last = float(rows["AVAL"].astype(float).max())
    days = last * DAYS[unit]
    words = re.sub(r"^time (from \w+ )?to( the)?\s+", "", label, flags=re.IGNORECASE)
    words = re.sub(r"[- ]free survival", " or death", words, flags=re.IGNORECASE)
    return Time(
        code=code,
        label="Death" if is_death else (words[:1].upper() + words[1:]) or code,
        unit=unit,
        unit_reason=reason,
        is_death=is_death,
        is_composite=any(deadly) and not is_death,
        hoped_for=bool(_GOOD.search(label)) and not _LASTING.search(label),
        landmarks=tuple(float(f"{s * last:.2g}") for s in _LANDMARKS) if days >= 1 else (),
        events=int(happened.sum()),
        subjects=len(rows),
    )


def _time_unit(rows: pd.DataFrame, label: str, written: str) -> tuple[TimeUnit, str]:
    """Read the unit of AVAL off AVALU, the label, or the dates that it was made from."""
    words = f"{written} {label}"
    for unit in DAYS:
        if re.search(rf"\b{unit}s?\b", words, re.IGNORECASE):
            return unit, f"{words.strip()!r} names it"
    if {"STARTDT", "ADT"} <= set(rows.columns):
        start, end = (pd.to_datetime(rows[c], errors="coerce") for c in ("STARTDT", "ADT"))
        lasting = (end - start).dt.days
        ratio = (lasting / rows["AVAL"].astype(float))[lasting > 1].median()
        if pd.notna(ratio) and ratio > 0:
            return min(DAYS, key=lambda u: abs(DAYS[u] - ratio)), "dates from STARTDT to ADT"
    return "day", "nothing in the data names it"


def find_harms(source: Source | None) -> tuple[Harms | None, str]:
    """Find the columns and words of ADAE that the chapter on safety needs.

    Parameters
    ----------
    source : Source or None
        ADAE.

    Returns
    -------
    Harms or None
        None without a table, or where it has no terms.
    str
        Why there is none; empty where there is.
    """
    if source is None:
        return None, ""
    frame, name = source.frame, source.path.name
    if "USUBJID" not in frame:
        return None, f"{name} has no USUBJID"
    term = _whole(frame, ("AEDECOD", "AETERM", "AELLT"))
    if term is None:
        return None, f"{name} has no column of terms without a gap (AEDECOD or AETERM)"
    system = _whole(frame, ("AEBODSYS", "AESOC")) or term
    notes = [f"{name} has no column {c}" for c in EVENT_DETAILS if c not in frame]
    if "AESEV" not in frame and TOXICITY in frame:
        notes.append(f"{TOXICITY} stands in for AESEV: grade 3 and above is severe")
    if system == term:
        notes.append("no column of body systems without a gap; the terms stand in for it")
    words = _words(frame, "AEREL")
    related = tuple(w for w in words if _RELATED.search(w) or _YES.fullmatch(w))
    withdrawn = tuple(w for w in _words(frame, "AEACN") if _WITHDRAWN.search(w))
    flags = ("TRTEMFL", "AETRTEM")
    emergent = next((c for c in flags if c in frame and frame[c].eq("Y").any()), None)
    groups = {
        str(c): _words(frame, str(c))
        for c in frame.columns
        if re.fullmatch(r"(CQ|SMQ)\d\dNAM", str(c))
    }
    groups = {c: values for c, values in groups.items() if values}
    return Harms(term, system, emergent, related, withdrawn, words, groups, tuple(notes)), ""


def _whole(frame: pd.DataFrame, columns: tuple[str, ...]) -> str | None:
    """Name the first column that is there without a gap."""
    return next((c for c in columns if c in frame and frame[c].notna().all()), None)


def _words(frame: pd.DataFrame, column: str) -> tuple[str, ...]:
    return tuple(sorted(str(w) for w in frame[column].dropna().unique())) if column in frame else ()
