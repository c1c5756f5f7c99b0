"""Tables from text files whose encoding, delimiter and decimal mark nobody told us."""

import codecs
import csv
import io
import re
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv

from alsutils.study.readers.errors import UnreadableTableError
from alsutils.study.readers.raw import Raw

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DELIMITERS = (",", ";", "\t", "|")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)  # Excel's own first line
_BEYOND_ASCII = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")
_HEADER_AT_MOST = 1_000_000
_BLOCK = 1 << 24  # bytes, the longest row


def read_csv(path: Path) -> Raw:
    """Read a delimited text file.

    Parameters
    ----------
    path : Path
        UTF-8, UTF-16 or UTF-32 with their marks, or Windows-1252; fields separated by commas,
        semicolons, tabs or bars, whichever its header has most of; the header in the first line.
        In files not separated by commas a comma may be the decimal mark. An empty cell is missing,
        and ``NA`` where the file puts its texts in quotes, as R does.

    Returns
    -------
    Raw
        Its columns as text.

    Raises
    ------
    UnreadableTableError
        Naming the row, if a row has another number of fields than the header, a NUL character, or
        bytes of another encoding than the rest.
    """
    text = _decoded(path.read_bytes())
    first_row = 2
    head = text[:_HEADER_AT_MOST].decode("utf-8", errors="ignore")
    told = _SEPARATOR_LINE.match(head)
    if told:
        text = text[len(told[0].encode()) :]
        head, first_row = head[told.end() :], 3
    delimiter = told[1] if told else _delimiter(head)
    names, quoted = _header(head, delimiter)
    missing = ["", "NA"] if quoted else [""]
    rows = _rows(text, delimiter, len(names), missing, first_row - 1).slice(1)
    _check_end(rows, text, first_row)
    names, columns = _without_leftovers([name.strip() for name in names], rows.columns)
    return Raw(
        tuple(names),
        tuple(columns),
        first_row=first_row,
        typeless=True,
        decimal_comma=delimiter != ",",
    )


def _decoded(data: bytes) -> bytes:
    """Give the content as UTF-8 without a mark of its order of bytes."""
    mark, encoding = next((b for b in _BOMS if data.startswith(b[0])), (b"", "utf-8"))
    data = data[len(mark) :]
    if encoding == "utf-8":
        nul = data.find(b"\0")
        if nul >= 0:
            message = "has a NUL character here; save it again as UTF-8 text"
            raise UnreadableTableError(message, data.count(b"\n", 0, nul) + 1)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise UnreadableTableError(
                f"is not {encoding}, as it begins; save it as UTF-8"
            ) from error
        return _western(data, error)
    return data if encoding == "utf-8" else text.encode("utf-8")


def _western(data: bytes, error: UnicodeDecodeError) -> bytes:
    """Read bytes that are no UTF-8 as Windows-1252, unless the rest of the file is UTF-8."""
    if _BEYOND_ASCII.search(data, 0, error.start) or _BEYOND_ASCII.search(data, error.end):
        byte = data[error.start : error.start + 1].hex().upper()
        message = "has two encodings: UTF-8, and another one here; save it again as UTF-8"
        row = data.count(b"\n", 0, error.start) + 1
        raise UnreadableTableError(message, row, value=f"byte 0x{byte}") from error
    try:
        return data.decode("cp1252").encode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1").encode("utf-8")


def _delimiter(head: str) -> str:
    """Choose the delimiter that the header has most of, outside quotes."""
    line = re.split(r"[\r\n]", re.sub(r'"(?:[^"]|"")*"', "", head).lstrip("\r\n"), maxsplit=1)[0]
    counts = Counter({mark: line.count(mark) for mark in _DELIMITERS})
    return counts.most_common(1)[0][0]


def _header(head: str, delimiter: str) -> tuple[list[str], bool]:
    """Give the names of the columns, and whether all of them stand in quotes."""
    try:
        names = next((row for row in csv.reader(io.StringIO(head), delimiter=delimiter) if row), [])
    except csv.Error as error:
        raise UnreadableTableError(f"has no readable header: {error}", 1) from error
    if not any(name.strip() for name in names):
        raise UnreadableTableError("has no header; its first line must name the columns", 1)
    start = head.lstrip("\r\n")
    return names, all(
        start.startswith(f'"{name}"') or f'{delimiter}"{name}"' in start for name in names
    )


def _rows(text: bytes, delimiter: str, width: int, missing: list[str], first_row: int) -> pa.Table:
    """Read all rows, the header too, as text."""
    names = [str(place) for place in range(width)]
    uneven: list[pc_csv.InvalidRow] = []

    def keep(row: pc_csv.InvalidRow) -> str:
        uneven.append(row)
        return "skip"

    def read(*, threads: bool) -> pa.Table:
        return pc_csv.read_csv(
            pa.BufferReader(text),
            pc_csv.ReadOptions(column_names=names, use_threads=threads, block_size=_BLOCK),
            pc_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=keep
            ),
            pc_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=missing,
                strings_can_be_null=True,
                quoted_strings_can_be_null=len(missing) == 1,
            ),
        )

    try:
        table = read(threads=True)
        if uneven:
            uneven.clear()
            read(threads=False)  # only then are rows numbered
    except pa.ArrowInvalid as error:
        said = " ".join(str(error).split())[:200]
        message = f"does not parse; look for a quote that is not closed ({said})"
        raise UnreadableTableError(message) from error
    if uneven:
        first = uneven[0]
        more = f"; {len(uneven) - 1} more rows like this" if len(uneven) > 1 else ""
        raise UnreadableTableError(
            f"has {first.actual_columns} fields where the header has {first.expected_columns}; "
            f"look for a delimiter that stands in no quotes, or a line break{more}",
            None if first.number is None else first.number + first_row - 1,
            value=first.text[:60],
        )
    return table


def _check_end(rows: pa.Table, text: bytes, first_row: int) -> None:
    """Refuse a table whose last cell is the rest of the file, because its quote is not closed."""
    if not len(rows) or text.count(b'"') % 2 == 0:
        return
    last = rows.column(rows.num_columns - 1)[-1].as_py()
    if last and "\n" in last:
        row = first_row + len(rows) - 1
        raise UnreadableTableError("has a quote that is not closed", row, value=last[:60])


def _without_leftovers(
    names: list[str], columns: list[pa.ChunkedArray]
) -> tuple[list[str], list[pa.ChunkedArray]]:
    """Drop what spreadsheets and R add: columns without name and content, and numbers of rows."""
    kept = []
    for place, (name, values) in enumerate(zip(names, columns, strict=True)):
        if not name:
            if values.null_count == len(values):
                continue
            if place == 0 and _counts(values):
                continue
        kept.append(place)
    return [names[place] for place in kept], [columns[place] for place in kept]


def _counts(values: pa.ChunkedArray) -> bool:
    """Tell whether a column is 1, 2, 3, ..."""
    expected = pa.array(range(1, len(values) + 1)).cast(pa.string())
    return bool(pc.all(pc.equal(values, expected), skip_nulls=False).as_py())
