"""A table as its file holds it, before its columns are brought into one form."""

from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

Moment = Literal["date", "datetime", "time"]


@dataclass(frozen=True)
class Raw:
    """Columns of one file.

    Attributes
    ----------
    names : tuple of str
        Names of the columns; they may be empty or stand twice.
    columns : tuple of ChunkedArray
        Their values, all of one length.
    labels : dict of str to str
        Labels of the columns that have one.
    moments : dict of str to str
        Columns of numbers that stand for dates (days), datetimes or times (seconds), counted as
        SAS counts them, from 1960.
    first_row : int
        Number that the file's reader would give to the first row.
    typeless : bool
        Whether the file holds nothing but text, so that its numbers have to be recognised.
    decimal_comma : bool
        Whether a comma may be the decimal mark.
    """

    names: tuple[str, ...]
    columns: tuple[pa.ChunkedArray, ...]
    labels: dict[str, str] = field(default_factory=dict)
    moments: dict[str, Moment] = field(default_factory=dict)
    first_row: int = 1
    typeless: bool = False
    decimal_comma: bool = False
