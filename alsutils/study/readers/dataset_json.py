"""Tables from CDISC Dataset-JSON 1.1, as one JSON text or as lines of it."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from alsutils.study.readers.errors import UnreadableTableError
from alsutils.study.readers.raw import Moment, Raw
from alsutils.study.readers.sas import moment_of

_NUMBERS = {"integer": pa.int64(), "float": pa.float64(), "double": pa.float64()}
_MOMENTS: dict[str, Moment] = {"date": "date", "datetime": "datetime", "time": "time"}
_TEXTS = ("string", "URI", *_MOMENTS)
_TYPES = (*_NUMBERS, "decimal", "boolean", *_TEXTS)


def read_json(path: Path) -> Raw:
    """Read a Dataset-JSON file.

    Parameters
    ----------
    path : Path
        A JSON object with ``datasetJSONVersion``, ``columns`` and ``rows``.

    Returns
    -------
    Raw
        Its columns; dates that it holds as numbers count as SAS counts them.

    Raises
    ------
    UnreadableTableError
        If it is not Dataset-JSON 1.1, or its rows do not fit its columns.
    """
    content = _parsed(path.read_bytes(), None)
    if not isinstance(content, dict):
        raise UnreadableTableError("is JSON but no Dataset-JSON: it must be an object with columns")
    rows = content.get("rows", [])
    if not isinstance(rows, list):
        raise UnreadableTableError("rows must be a list of lists")
    return _dataset(content, rows, first_row=1)


def read_ndjson(path: Path) -> Raw:
    """Read a Dataset-JSON file of lines: the metadata, then one row a line.

    Parameters
    ----------
    path : Path
        The file; each line is JSON.

    Returns
    -------
    Raw
        As of `read_json`, with rows numbered by their lines.

    Raises
    ------
    UnreadableTableError
        If it is not Dataset-JSON 1.1, or its rows do not fit its columns.
    """
    lines = path.read_bytes().splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    about: dict[str, Any] = {}
    begin = 0
    for begin, line in enumerate(lines):
        content = _parsed(line, begin + 1)
        if not isinstance(content, dict):
            break
        about |= content
    else:
        begin = len(lines)
    # All rows as one JSON text: a fifth of the time of a parse for each line.
    try:
        rows = json.loads(b"[" + b",".join(lines[begin:]) + b"]")
    except (ValueError, RecursionError):
        rows = [_parsed(line, number) for number, line in enumerate(lines[begin:], begin + 1)]
    return _dataset(about, rows, first_row=begin + 1)


def _parsed(data: bytes, row: int | None) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UnreadableTableError("is not UTF-8, as JSON must be; export it again", row) from error
    except ValueError as error:
        raise UnreadableTableError(f"is not readable JSON: {error}", row) from error
    except RecursionError as error:
        raise UnreadableTableError("is nested too deeply to be Dataset-JSON", row) from error


def _dataset(about: dict[str, Any], rows: list[Any], *, first_row: int) -> Raw:
    version = about.get("datasetJSONVersion")
    if not isinstance(version, str) or not re.fullmatch(r"1\.1(\.\d+)?", version):
        found = "clinicalData" in about or "referenceData" in about
        told = "Dataset-JSON 1.0" if found else f"datasetJSONVersion {version!r}"
        raise UnreadableTableError(f"is {told}; convert it to Dataset-JSON 1.1")
    columns = about.get("columns")
    if not isinstance(columns, list) or not columns or not all(map(_is_column, columns)):
        message = f"columns must list name and dataType ({', '.join(_TYPES)}) of each column"
        raise UnreadableTableError(message)
    said = about.get("records", len(rows))
    if said != len(rows):
        message = f"says that it has {said} records and has {len(rows)}; export it again"
        raise UnreadableTableError(message)
    for place, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(columns):
            have = f"{len(row)} values" if isinstance(row, list) else "no list of values"
            message = f"has {have} where there are {len(columns)} columns"
            raise UnreadableTableError(message, first_row + place)
    values = zip(*rows, strict=True) if rows else [()] * len(columns)
    arrays, moments = [], {}
    for column, cells in zip(columns, values, strict=True):
        arrays.append(_array(column, cells, first_row))
        moment = moment_of(column.get("displayFormat")) or _MOMENTS.get(column["dataType"])
        if moment:
            moments[column["name"].strip()] = moment
    return Raw(
        tuple(column["name"].strip() for column in columns),
        tuple(arrays),
        {c["name"].strip(): str(c["label"]) for c in columns if c.get("label")},
        moments,
        first_row=first_row,
    )


def _is_column(column: object) -> bool:
    if not isinstance(column, dict) or column.get("dataType") not in _TYPES:
        return False
    shown = column.get("displayFormat")
    return isinstance(column.get("name"), str) and (shown is None or isinstance(shown, str))


def _array(column: dict[str, Any], cells: Iterable[Any], first_row: int) -> pa.ChunkedArray:
    """Make an array of the column's type; of text where a cell does not fit it."""
    cells = list(cells)
    kind = column["dataType"]
    for place, cell in enumerate(cells):
        if isinstance(cell, list | dict):
            message = "holds a list or an object where one value belongs"
            raise UnreadableTableError(message, first_row + place, column["name"])
    try:
        if kind == "decimal" or column.get("targetDataType") == "decimal":
            return pa.chunked_array([pa.array([_decimal(cell) for cell in cells], pa.float64())])
        if kind == "boolean":
            return pa.chunked_array([pa.array(cells, pa.bool_())])
        if kind in _NUMBERS or (kind in _MOMENTS and all(map(_is_number, cells))):
            return pa.chunked_array([pa.array(cells, _NUMBERS.get(kind, pa.float64()))])
    except (ValueError, TypeError, OverflowError, pa.ArrowException):
        pass  # the checks of the table name the row
    texts = [None if cell is None else cell if isinstance(cell, str) else json.dumps(cell)
             for cell in cells]  # fmt: skip
    return pa.chunked_array([pa.array(texts, pa.string())])


def _is_number(cell: object) -> bool:
    return cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool))


def _decimal(cell: object) -> float | None:
    """Read a decimal; thousands may be parted by commas."""
    if cell is None or cell == "":
        return None
    return float(cell.replace(",", "") if isinstance(cell, str) else cell)  # type: ignore[arg-type]
