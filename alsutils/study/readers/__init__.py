"""Tables from files, in one form whatever the file's: no row is dropped and no value guessed.

Text is text and an empty cell missing; whole numbers without a gap are integers, other numbers
floats; dates and times are ISO 8601 text; yes and no are Y and N.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from alsutils.study.readers.canonical import canonical
from alsutils.study.readers.columnar import read_parquet
from alsutils.study.readers.content import check_content
from alsutils.study.readers.dataset_json import read_json, read_ndjson
from alsutils.study.readers.delimited import read_csv
from alsutils.study.readers.errors import UnreadableTableError
from alsutils.study.readers.raw import Raw
from alsutils.study.readers.sas import read_sas7bdat, read_xport

__all__ = ["ENDINGS", "TableFile", "UnreadableTableError", "read_file", "read_table"]

# ADaM character variables that look like numbers in many trials, so nothing may be guessed.
_TEXT = ("STUDYID", "USUBJID", "SUBJID", "SITEID", "PARAMCD", "PARAM", "AVISIT", "AVALC", "DTYPE")
_READERS: dict[str, Callable[[Path], Raw]] = {
    ".csv": read_csv,
    ".parquet": read_parquet,
    ".xpt": read_xport,
    ".sas7bdat": read_sas7bdat,
    ".json": read_json,
    ".ndjson": read_ndjson,
}
ENDINGS = tuple(_READERS)


@dataclass(frozen=True)
class TableFile:
    """A dataset as it was read.

    Attributes
    ----------
    table : DataFrame
        All rows and columns; the index counts from 0 in file order.
    labels : dict of str to str
        Label of each column that has one in the file.
    first_row : int
        Number that the file's reader would give to the first data row: its line in a file of
        lines, 1 elsewhere.
    """

    table: pd.DataFrame
    labels: dict[str, str]
    first_row: int


def read_file(path: Path, text_columns: tuple[str, ...] = ()) -> TableFile:
    """Read one dataset with its labels.

    Parameters
    ----------
    path : Path
        A ``.csv``, ``.parquet``, ``.xpt`` (SAS transport 5 or 8), ``.sas7bdat``, or CDISC
        Dataset-JSON 1.1 file (``.json`` or ``.ndjson``). Encoding, delimiter and decimal mark of a
        CSV file are found out; its header stands in the first line.
    text_columns : tuple of str
        Columns to keep as text beside ADaM's identifiers, e.g. the arm.

    Returns
    -------
    TableFile
        The table in one form, whatever the file's.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnreadableTableError
        If the ending is not a known one or the content is no table.

    References
    ----------
    CDISC Dataset-JSON Specification, version 1.1 (2024). SAS Institute, The Record Layout of a Data
    Set in SAS Transport (XPORT) Format, versions 5 and 8.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UnreadableTableError(f"files end in {', '.join(_READERS)}; not in {path.suffix!r}")
    if path.is_dir():
        raise UnreadableTableError("is a folder, not a file; name the table within it")
    if path.exists() and not path.is_file():
        raise UnreadableTableError("is a pipe or a device, not a file; copy the table into a file")
    if not path.is_file():
        raise FileNotFoundError(path)
    try:
        check_content(path)
        raw = reader(path)
        table = _assembled(raw, (*_TEXT, *text_columns))
    except UnreadableTableError:
        raise
    except PermissionError as error:
        raise UnreadableTableError("may not be read by you; change its permissions") from error
    except (ValueError, OSError, pa.ArrowException, RecursionError, OverflowError) as error:
        kind = path.suffix[1:].lower()
        said = " ".join(str(error).split())[:300]
        message = f"is not a readable {kind} table; export it again ({said})"
        raise UnreadableTableError(message) from error
    return TableFile(table, raw.labels, raw.first_row)


def read_table(path: Path, text_columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read one dataset, as `read_file` does; its labels are in ``attrs["labels"]``.

    Parameters
    ----------
    path : Path
        The file.
    text_columns : tuple of str
        Columns to keep as text beside ADaM's identifiers.

    Returns
    -------
    DataFrame
        All rows and columns.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnreadableTableError
        If the ending is not a known one or the content is no table.
    """
    file = read_file(path, text_columns)
    file.table.attrs["labels"] = file.labels
    return file.table


def _assembled(raw: Raw, text: tuple[str, ...]) -> pd.DataFrame:
    """Bring every column into its one form and put them together."""
    names = list(raw.names)
    for name in names:
        if not name:
            place = names.index(name) + 1
            raise UnreadableTableError(f"column {place} has no name; name it or remove it")
        if names.count(name) > 1:
            raise UnreadableTableError("two columns have this name; remove one", column=name)
    columns = [
        canonical(name, values, raw, keep_text=name in text)
        for name, values in zip(names, raw.columns, strict=True)
    ]
    return pa.Table.from_arrays(columns, names=names).to_pandas()


def first_row_number(path: Path) -> int:
    """Give the number that a reader of the file would give its first data row."""
    return 2 if path.suffix.lower() in {".csv", ".ndjson"} else 1
