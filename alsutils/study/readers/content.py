"""Whether a file is of the kind that its ending says."""

from pathlib import Path

from alsutils.study.readers.errors import UnreadableTableError

_SAS_MAGIC = bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011")
_HEAD = 64
# What some files begin with, at which byte, and what they are.
_SIGNS = (
    (b"PAR1", 0, "a Parquet file", ".parquet"),
    (b"HEADER RECORD*******", 0, "a SAS transport file", ".xpt"),
    (_SAS_MAGIC, 12, "a SAS dataset", ".sas7bdat"),
    (b"\x1f\x8b", 0, "a gzip file", ".gz"),
    (b"PK\x03\x04", 0, "a zip file or Excel workbook", ".zip"),
    (b"\xd0\xcf\x11\xe0", 0, "an old Excel workbook", ".xls"),
    (b"%PDF", 0, "a PDF", ".pdf"),
)
MOST_ROWS = 50_000_000  # far more than a trial has
_BINARY = (".parquet", ".xpt", ".sas7bdat")


def check_rows(rows: int, most: int = MOST_ROWS) -> None:
    """Refuse a number of rows that a broken or hostile file claims to have, before it is read.

    Parameters
    ----------
    rows : int
        As the file says.
    most : int
        How many it can have.

    Raises
    ------
    UnreadableTableError
        If it says more.
    """
    if not 0 <= rows <= min(most, MOST_ROWS):
        message = f"says that it has {rows:,} rows, which cannot be; export it again"
        raise UnreadableTableError(message)


def check_content(path: Path) -> None:
    """Refuse a file that is empty or of another kind than its ending says.

    Parameters
    ----------
    path : Path
        An existing file with an ending that a reader takes.

    Raises
    ------
    UnreadableTableError
        Saying what the file is.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    ending = path.suffix.lower()
    if not head:
        raise UnreadableTableError("is empty; export it again")
    for sign, start, words, own in _SIGNS:
        if head[start : start + len(sign)] == sign:
            if own == ending:
                return
            mend = f"rename it to {path.stem}{own}" if own in _BINARY else "save a table from it"
            raise UnreadableTableError(f"is {words}, not what its ending says; {mend}")
    if ending in _BINARY:
        kind = next(words for _, _, words, own in _SIGNS if own == ending)
        raise UnreadableTableError(f"is not {kind}, as its ending says; export it again")
