"""Every result that a chapter shows, as rows of a CSV file."""

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alsutils.book.errors import BuildError
from alsutils.display import RESULTS_MIME
from alsutils.display import format as fmt
from alsutils.stats.tidy import RESULT_COLUMNS

_COUNTS = ("n_control", "n_treated")


def collect_rows(notebook: Any) -> list[tuple[str, ...]]:
    """Collect the results that an executed notebook's outputs carry.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        An executed notebook.

    Returns
    -------
    list of tuple of str
        One row a result, its cells in the order of ``RESULT_COLUMNS``; rows in the order shown,
        exact duplicates dropped. Numbers have every digit that they need to be read back
        unchanged; a missing one is empty.

    Raises
    ------
    BuildError
        If an output has a column that is not one of ``RESULT_COLUMNS``.
    """
    rows: dict[tuple[str, ...], None] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            content = output.get("data", {}).get(RESULTS_MIME, [])
            for row in json.loads(content) if isinstance(content, str) else content:
                unknown = sorted(set(row) - set(RESULT_COLUMNS))
                if unknown:
                    raise BuildError(
                        f"a result has the columns {', '.join(unknown)}; "
                        f"known ones are {', '.join(RESULT_COLUMNS)}"
                    )
                rows[tuple(_cell(name, row.get(name)) for name in RESULT_COLUMNS)] = None
    return list(rows)


def write_rows(rows: Sequence[tuple[str, ...]], path: Path) -> None:
    """Write results as CSV, header first, with the same line ends on every machine."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(RESULT_COLUMNS)
        writer.writerows(rows)


def _cell(column: str, value: Any) -> str:
    """Write one value: floats with all their digits, counts as whole numbers, text as text."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if column in _COUNTS and float(value).is_integer():
        return str(int(value))
    return repr(value) if isinstance(value, int | float) else fmt.spreadsheet_text(str(value))
