"""All that a folder of ADaM tables tells of a trial."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from alsutils.book.findings.endpoints import Candidate, rank_candidates
from alsutils.book.findings.events import Harms, Time, find_harms, find_times
from alsutils.book.findings.measures import (
    Panel,
    Watched,
    find_laboratory,
    find_panel,
    find_vital_signs,
)
from alsutils.book.findings.subjects import Subjects, read_subjects
from alsutils.book.findings.tables import Source, derive_subjects, read_folder
from alsutils.book.findings.visits import Calendar, read_calendar

# Exposure, concentrations, medication, history: no chapter reads them.
_NOT_USED = re.compile(r"adex|adpc|adpp|adcm|admh|adab|adis|adpop|adpetx|adpr")


@dataclass(frozen=True)
class Findings:
    """All that was found; guesses that a person has to confirm.

    Attributes
    ----------
    sources : dict of str to Source
        All tables by role, ADSL among them.
    made : Source or None
        ADSL, where it was made out of another table and has to be written.
    subjects : Subjects
        What ADSL tells.
    calendar : Calendar
        When the visits were.
    candidates : tuple of Candidate
        Possible primary endpoints, the likeliest first.
    panel : Panel or None
        Biomarkers.
    laboratory, vital_signs : Watched or None
        Values with limits of normal.
    times : tuple of Time
        Times to events.
    harms : Harms or None
        How to read the adverse events.
    left_out : dict of str to str
        File or parameter, and why the draft does not use it.
    """

    sources: dict[str, Source]
    made: Source | None
    subjects: Subjects
    calendar: Calendar
    candidates: tuple[Candidate, ...]
    panel: Panel | None
    laboratory: Watched | None
    vital_signs: Watched | None
    times: tuple[Time, ...]
    harms: Harms | None
    left_out: dict[str, str]


def find(folder: Path) -> Findings:
    """Look through a folder of ADaM tables.

    Parameters
    ----------
    folder : Path
        Holds ADSL, or one table that names each subject's arm, and other datasets as files of any
        kind that a study may have.

    Returns
    -------
    Findings
        Guesses; a person has to confirm them.

    Raises
    ------
    BookError
        If there is no such folder, no table in it tells who was in which arm, or a table cannot
        be read.
    """
    sources = read_folder(folder)
    made = None if "adsl" in sources else derive_subjects(sources, folder)
    if made is not None:
        sources["adsl"] = made
    subjects = read_subjects(sources["adsl"])
    known = set(sources["adsl"].frame["USUBJID"].astype("str"))
    usable, left_out = {}, {}
    for role, source in sources.items():
        why = _why_not(source, known)
        if why:
            left_out[source.path.name] = why
        else:
            usable[role] = source
    measured = [s for r, s in usable.items() if s.is_bds and r not in {"adsl", "adae"}]
    calendar = read_calendar(measured)
    candidates = rank_candidates(measured, calendar, subjects.randomised)
    visits = candidates[0].primary_visits if candidates else ()
    times, without = find_times(usable.get("adtte"), subjects.randomised)
    harms, lack = find_harms(usable.get("adae"))
    if without:
        left_out["times of adtte"] = without
    if lack:
        left_out["adverse events"] = lack
    others = _not_the_endpoint(measured, candidates)
    return Findings(
        sources=usable,
        made=made,
        subjects=subjects,
        calendar=calendar,
        candidates=candidates,
        panel=find_panel(others, calendar, visits),
        laboratory=find_laboratory(measured),
        vital_signs=find_vital_signs(measured),
        times=times,
        harms=harms,
        left_out=left_out,
    )


def _why_not(source: Source, known: set[str]) -> str:
    """Say why a table is of no use; empty where it is."""
    if _NOT_USED.match(source.role):
        return "no chapter reads such a table"
    if "USUBJID" not in source.frame:
        return "it has no USUBJID"
    strangers = set(source.frame["USUBJID"].dropna().astype("str")) - known
    if strangers:
        return f"{len(strangers)} of its subjects are not in adsl"
    if source.frame.empty:
        return "it has no rows"
    return ""


def _not_the_endpoint(
    measured: Iterable[Source], candidates: tuple[Candidate, ...]
) -> list[Source]:
    """Leave out the table of the primary endpoint."""
    first = candidates[0].source.role if candidates else None
    return [source for source in measured if source.role != first]
