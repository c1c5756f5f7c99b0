"""Biomarkers, laboratory values and vital signs."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from alsutils.book.findings.labels import labels_and_units
from alsutils.book.findings.tables import Source, with_one_record
from alsutils.book.findings.visits import Calendar

_BIOMARKERS = re.compile(r"adbm|adbio|adpd")
_LABORATORY = re.compile(r"adlb|adlab")
_VITAL = re.compile(r"advs")
_WATCHED = ("ALT", "AST", "ALP", "BILI", "CREAT", "BUN", "GLUC", "CHOL", "HGB", "WBC", "PLAT")
_LIVER = {"alt": ("ALT", "SGPT"), "ast": ("AST", "SGOT"), "bilirubin": ("BILI", "TBILI", "BILTOT")}
_VITALS = ("SYSBP", "DIABP", "PULSE", "HR", "TEMP", "RESP")
# Usual limits of adults at rest, offered where the data have none.
_LIMITS: dict[str, tuple[float, float]] = {
    "SYSBP": (90, 160),
    "DIABP": (50, 100),
    "PULSE": (50, 100),
    "HR": (50, 100),
    "TEMP": (35, 38),
    "RESP": (12, 24),
}
_MOST_BIOMARKERS, _MOST_WATCHED = 40, 8
_OVERLAP = 0.5  # share of a table's parameters that another one has: it is the same table again


@dataclass(frozen=True)
class Analyte:
    """A PARAMCD with its words and unit."""

    code: str
    label: str
    unit: str


@dataclass(frozen=True)
class Panel:
    """Analytes at visits, with the table that holds them and why it was chosen."""

    source: Source
    visits: tuple[float, ...]
    analytes: tuple[Analyte, ...]
    reason: str


@dataclass(frozen=True)
class Watched:
    """Values that are held against their limits of normal.

    Attributes
    ----------
    sources : tuple of Source
        Tables, with all of their rows.
    analytes : tuple of Analyte
        Parameters, in order.
    liver : dict of str to str or None
        PARAMCDs of ALT, AST and bilirubin, where all three are there.
    limits : dict of str to (float, float)
        Usual limits by PARAMCD, where the data have none.
    """

    sources: tuple[Source, ...]
    analytes: tuple[Analyte, ...]
    liver: dict[str, str] | None
    limits: dict[str, tuple[float, float]]


def find_panel(
    sources: Iterable[Source], calendar: Calendar, visits: tuple[float, ...]
) -> Panel | None:
    """Choose the biomarkers: those with limits of quantification, else laboratory values.

    Parameters
    ----------
    sources : iterable of Source
        Tables of parameters at visits.
    calendar : Calendar
        When the visits were.
    visits : tuple of float
        Visits of the primary endpoint, which go first.

    Returns
    -------
    Panel or None
        None where no table fits.
    """
    ranked = []
    for source in sources:
        limited = _has_limits_of_quantification(source.frame)
        kind = 3 * limited + 2 * bool(_BIOMARKERS.match(source.role))
        kind += bool(_LABORATORY.match(source.role))
        if kind and "BASE" in source.frame:
            ranked.append((kind, source))
    for kind, source in sorted(ranked, key=lambda pair: -pair[0]):
        timed = calendar.applied(source)
        chosen = with_one_record(timed, without=calendar.unnamed(timed.frame))
        if chosen is None:
            continue
        rows = chosen.chosen
        rows = rows[pd.to_numeric(rows["AVAL"], errors="coerce").notna() | _below(rows)]
        later = calendar.later(rows)
        later = tuple(v for v in later if v in visits) or later
        found = rows[rows["AVISITN"].isin(later)]
        if found.empty:
            continue
        biomarkers = kind > 1
        analytes = _analytes(found, biomarkers)
        reason = "values below a limit of quantification" if kind > 2 else f"the name {source.role}"
        place = Source(source.role, source.path, timed.frame, chosen.records)
        return Panel(place, later, analytes, reason)
    return None


def _has_limits_of_quantification(frame: pd.DataFrame) -> bool:
    if "LBLLOQ" in frame and frame["LBLLOQ"].notna().any():
        return True
    return bool(_below(frame).any())


def _below(frame: pd.DataFrame) -> pd.Series:
    """Mark values that are given as below a limit."""
    if "AVALC" not in frame:
        return pd.Series(False, index=frame.index)
    return frame["AVALC"].astype("str").str.startswith("<").fillna(False).astype(bool)


def _analytes(found: pd.DataFrame, biomarkers: bool) -> tuple[Analyte, ...]:
    """All biomarkers, or the laboratory values that are watched most."""
    words = labels_and_units(found)
    codes = [code for code in words if not code.startswith("_")]
    if not biomarkers:
        codes.sort(key=lambda c: _WATCHED.index(c) if c in _WATCHED else len(_WATCHED))
    most = _MOST_BIOMARKERS if biomarkers else _MOST_WATCHED
    return tuple(Analyte(code, *words[code]) for code in codes[:most])


def find_laboratory(sources: Iterable[Source]) -> Watched | None:
    """Choose the laboratory tables whose values have limits of normal.

    Parameters
    ----------
    sources : iterable of Source
        Tables of parameters.

    Returns
    -------
    Watched or None
        None where no table has ANRIND or A1LO and A1HI. A table that holds the parameters of
        another one again is left out.
    """
    chosen: list[Source] = []
    analytes: dict[str, Analyte] = {}
    for source in sources:
        if not _LABORATORY.match(source.role) or not _has_normal_limits(source.frame):
            continue
        words = labels_and_units(source.frame)
        new = [code for code in words if not code.startswith("_")]
        if sum(code in analytes for code in new) >= _OVERLAP * len(new):
            continue
        chosen.append(Source(source.role, source.path, source.frame))
        analytes |= {c: Analyte(c, *words[c]) for c in new if c not in analytes}
    if not chosen:
        return None
    liver = {name: next((c for c in codes if c in analytes), "") for name, codes in _LIVER.items()}
    whole = liver if all(liver.values()) else None
    return Watched(tuple(chosen), tuple(analytes.values()), whole, {})


def find_vital_signs(sources: Iterable[Source]) -> Watched | None:
    """Choose the vital signs.

    Parameters
    ----------
    sources : iterable of Source
        Tables of parameters.

    Returns
    -------
    Watched or None
        Blood pressure, pulse, temperature and breathing; None where no table has them.
    """
    for source in sources:
        if not _VITAL.match(source.role):
            continue
        words = labels_and_units(source.frame)
        codes = [code for code in _VITALS if code in words]
        if codes:
            analytes = tuple(Analyte(code, *words[code]) for code in codes)
            own = _has_normal_limits(source.frame)
            limits = {} if own else {code: _LIMITS[code] for code in codes}
            place = Source(source.role, source.path, source.frame)
            return Watched((place,), analytes, None, limits)
    return None


def _has_normal_limits(frame: pd.DataFrame) -> bool:
    if "ANRIND" in frame and frame["ANRIND"].notna().any():
        return True
    return {"A1LO", "A1HI"} <= set(frame.columns) and bool(frame["A1HI"].notna().any())
