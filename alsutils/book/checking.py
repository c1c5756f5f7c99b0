"""A study looked through: its datasets, what its book will hold, and what is wrong or odd."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console, JustifyMethod
from rich.markup import escape
from rich.table import Table

from alsutils.book.summary import Summary, summarise
from alsutils.study.contract import Source, listed
from alsutils.study.errors import Problem
from alsutils.study.loading import Examination, examine
from alsutils.study.plausibility import Concern, find_concerns
from alsutils.study.world import counterpart_folder

NARROW = 70  # columns of a terminal below which a table becomes lines
_HEADINGS = ("Role", "File", "Rows", "Subjects", "Parameters", "Visits")


@dataclass(frozen=True)
class DatasetFacts:
    """One dataset in short.

    Attributes
    ----------
    role, file : str
        Key under ``datasets``, and file in the study folder.
    rows : int
        Rows of the file.
    rows_kept : int or None
        Rows that ``records`` of study.yml leaves; None where the columns are wrong.
    subjects : int or None
        Subjects in it; None without USUBJID.
    parameters : tuple of str or None
        PARAMCDs in the order of the file; None without the column.
    visits : tuple of float or None
        AVISITN, rising; None without the column.
    """

    role: str
    file: str
    rows: int
    rows_kept: int | None
    subjects: int | None
    parameters: tuple[str, ...] | None
    visits: tuple[float, ...] | None


@dataclass(frozen=True)
class CheckReport:
    """All that `alsbook check` says.

    Attributes
    ----------
    study : str
        The folder as it was named.
    title, provenance : str or None
        What study.yml says, where it can be read.
    datasets : tuple of DatasetFacts
        The tables that could be read.
    summary : Summary or None
        What the book will hold; None where it cannot be built.
    problems : tuple of Problem
        What must be mended.
    warnings : tuple of Concern
        What deserves a look.
    """

    study: str
    title: str | None
    provenance: str | None
    datasets: tuple[DatasetFacts, ...]
    summary: Summary | None
    problems: tuple[Problem, ...]
    warnings: tuple[Concern, ...]

    @property
    def ok(self) -> bool:
        """Whether the book can be built."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """Give the report as plain values for JSON.

        Returns
        -------
        dict
            ``ok`` (bool), ``study``, ``title``, ``provenance``, ``facts`` (name and value),
            ``datasets`` (the fields of `DatasetFacts`), ``book`` (chapter, complete, lacks),
            ``problems`` (the fields of `Problem`) and ``warnings`` (those of `Concern`). What is
            not known is None.
        """
        facts = self.summary.facts if self.summary else ()
        sections = self.summary.sections if self.summary else ()
        return {
            "ok": self.ok,
            "study": self.study,
            "title": self.title,
            "provenance": self.provenance,
            "facts": [{"name": name, "value": value} for name, value in facts],
            "datasets": [asdict(facts) for facts in self.datasets],
            "book": [
                {"chapter": c, "complete": lack is None, "lacks": lack} for c, lack in sections
            ],
            "problems": [asdict(problem) for problem in self.problems],
            "warnings": [asdict(warning) for warning in self.warnings],
        }


def check_study(path: Path) -> CheckReport:
    """Look a study folder through, reading each file once.

    Parameters
    ----------
    path : Path
        The folder.

    Returns
    -------
    CheckReport
        Its datasets, problems and warnings.
    """
    found = examine(path)
    problems = [*found.problems, *_of_counterpart(found)]
    return CheckReport(
        study=found.name,
        title=None if found.config is None else found.config.title,
        provenance=None if found.config is None else found.config.provenance,
        datasets=tuple(_facts(found)),
        summary=None if found.study is None else summarise(found.study),
        problems=tuple(problems),
        warnings=tuple(find_concerns(found)),
    )


def print_datasets(report: CheckReport, console: Console) -> None:
    """Print the table of datasets; as lines where the terminal is narrow.

    Parameters
    ----------
    report : CheckReport
        What was found.
    console : Console
        Where to.
    """
    if not report.datasets:
        return
    rows = [_cells(facts) for facts in report.datasets]
    if console.is_terminal and console.width < NARROW:
        for cells in rows:
            words = [f"{heading.lower()} {cell}" for heading, cell in
                     zip(_HEADINGS[2:], cells[2:], strict=True) if cell]  # fmt: skip
            console.print(escape(f"{cells[0]} ({cells[1]}): {'; '.join(words)}"), highlight=False)
        return
    table = Table(box=None, pad_edge=False)
    for place, heading in enumerate(_HEADINGS):
        last = place == len(_HEADINGS) - 1
        side: JustifyMethod = "right" if place > 1 and not last else "left"
        table.add_column(heading, justify=side, overflow="fold", no_wrap=not last)
    for cells in rows:
        table.add_row(*map(escape, cells))
    console.print(table, soft_wrap=False)


def _of_counterpart(found: Examination) -> Iterator[Problem]:
    """Look through the same trial in another world, which the appraisal reads too."""
    folder = None if found.study is None else counterpart_folder(found.study)
    for problem in examine(folder).problems if folder else ():
        yield replace(problem, file=f"../{folder.name}/{problem.file}")  # type: ignore[union-attr]


def _facts(found: Examination) -> Iterator[DatasetFacts]:
    for role, source in found.sources.items():
        kept = found.kept.get(role)
        chosen = kept or source
        yield DatasetFacts(
            role=role,
            file=source.file,
            rows=len(source.table),
            rows_kept=None if kept is None else len(kept.table),
            subjects=len(chosen.subjects.distinct) if "USUBJID" in chosen.table else None,
            parameters=_parameters(chosen),
            visits=_visits(chosen.table),
        )


def _parameters(source: Source) -> tuple[str, ...] | None:
    return tuple(map(str, source.parameters.distinct)) if "PARAMCD" in source.table else None


def _visits(table: pd.DataFrame) -> tuple[float, ...] | None:
    if "AVISITN" not in table:
        return None
    numbers = pd.to_numeric(table["AVISITN"], errors="coerce").unique()
    return tuple(sorted(float(visit) for visit in numbers if np.isfinite(visit)))


def _cells(facts: DatasetFacts) -> tuple[str, ...]:
    rows = f"{facts.rows:,}"
    if facts.rows_kept not in (None, facts.rows):
        rows = f"{facts.rows_kept:,} of {rows}"
    return (
        facts.role,
        facts.file,
        rows,
        "" if facts.subjects is None else f"{facts.subjects:,}",
        "" if facts.parameters is None else f"{len(facts.parameters):,}",
        "" if facts.visits is None else listed(facts.visits),
    )
