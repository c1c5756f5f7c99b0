"""A printed table from a small YAML file, checked for ``alsbook forensics``."""

from pathlib import Path

import pandas as pd
import yaml
from pydantic import Field, ValidationError

from alsutils.book.errors import BookError
from alsutils.stats.forensics import (
    CountCell,
    CountRow,
    MeanCell,
    MeanRow,
    TableChecks,
    TotalRow,
    check_table,
)
from alsutils.study.block import Block, Name

LARGEST = 1_000_000  # bytes


class _Mean(Block):
    n: int = Field(ge=1)
    mean: float
    sd: float | None = Field(default=None, ge=0)


class _Count(Block):
    count: int = Field(ge=0)
    of: int = Field(ge=1)
    percent: float | None = None


class _MeanRow(Block):
    row: Name
    treated: _Mean
    control: _Mean
    difference: float | None = None
    se: float | None = None
    ci: tuple[float, float] | None = None
    p: str | None = Field(default=None, pattern=r"^\s*[<>=]?\s*\d*\.?\d+\s*$")
    whole: bool = False
    digits: int | None = Field(default=None, ge=0)


class _CountRow(Block):
    row: Name
    treated: _Count
    control: _Count
    p: str | None = Field(default=None, pattern=r"^\s*[<>=]?\s*\d*\.?\d+\s*$")
    digits: int = Field(default=0, ge=0)


class _TotalRow(Block):
    row: Name
    parts: tuple[int, ...] = Field(min_length=1)
    total: int


class _Table(Block):
    title: Name = "Printed table"
    digits: int = Field(default=2, ge=0)
    conf_level: float = Field(default=0.95, gt=0, lt=1)
    means: tuple[_MeanRow, ...] = ()
    counts: tuple[_CountRow, ...] = ()
    totals: tuple[_TotalRow, ...] = ()


def check_file(path: Path) -> TableChecks:
    """Check the printed table of a file.

    Parameters
    ----------
    path : Path
        YAML with ``means``, ``counts`` and ``totals``, each a list of rows, and ``digits`` and
        ``conf_level`` for all of them.

    Returns
    -------
    TableChecks
        In the order of the file.

    Raises
    ------
    BookError
        If the file cannot be read or a field cannot be used; every problem is listed.
    """
    table = _read(path)
    rows: list[MeanRow | CountRow | TotalRow] = []
    for mean in table.means:
        rows.append(
            MeanRow(
                mean.row,
                MeanCell(**mean.treated.model_dump()),
                MeanCell(**mean.control.model_dump()),
                mean.difference,
                mean.se,
                mean.ci,
                mean.p,
                mean.whole,
                table.digits if mean.digits is None else mean.digits,
            )
        )
    for count in table.counts:
        treated, control = (CountCell(**c.model_dump()) for c in (count.treated, count.control))
        rows.append(CountRow(count.row, treated, control, count.p, count.digits))
    rows += [TotalRow(total.row, total.parts, total.total) for total in table.totals]
    try:
        return check_table(rows, table.conf_level)
    except ValueError as error:
        raise BookError(f"{path}: {error}") from error


def report(checks: TableChecks) -> pd.DataFrame:
    """Lay out the checks as the terminal shows them."""
    frame = checks.frame
    verdict = ["adds up" if agrees else "does not add up" for agrees in frame["agrees"]]
    return pd.DataFrame(
        {
            "Row": frame["row"].where(frame["row"] != frame["row"].shift(), ""),
            "Figure": frame["check"],
            "Printed": frame["printed"],
            "Other figures give": frame["possible"],
            "By": frame["by"],
            "Verdict": verdict,
        }
    )


def _read(path: Path) -> _Table:
    try:
        if path.stat().st_size > LARGEST:
            raise BookError(f"{path} is larger than a table of figures can be")
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BookError(f"{path} cannot be read as YAML: {error}") from error
    if not isinstance(content, dict):
        raise BookError(f"{path}: expected fields such as means and counts")
    try:
        # YAML has lists where the table has tuples, and whole numbers where it has fractions.
        return _Table.model_validate(content, strict=False)
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise BookError("\n".join([f"{path}:", *lines])) from error
