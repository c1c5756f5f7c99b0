"""Tables from files, as they are: no row is dropped and no value guessed."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

# ADaM character variables that look like numbers in many trials, so pandas must not guess.
_TEXT = ("STUDYID", "USUBJID", "SUBJID", "SITEID", "PARAMCD", "PARAM", "AVISIT", "AVALC", "DTYPE")


class UnreadableTableError(ValueError):
    """A file that is there but is not a table of its kind."""


def read_table(path: Path, text_columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read one dataset.

    Parameters
    ----------
    path : Path
        A ``.csv`` (UTF-8, header in the first line, empty cell = missing), ``.parquet``, ``.xpt``
        (SAS transport) or ``.sas7bdat`` file.
    text_columns : tuple of str
        Columns to keep as text beside ADaM's identifiers, e.g. the arm.

    Returns
    -------
    DataFrame
        All rows and columns; numbers that the file stores as text stay text.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnreadableTableError
        If the ending is not a known one or the content does not parse.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UnreadableTableError(f"files end in {', '.join(_READERS)}; not in {path.suffix!r}")
    if not path.is_file():
        raise FileNotFoundError(path)
    text = (*_TEXT, *text_columns)
    try:
        table = reader(path, text)
    except (ValueError, OSError) as error:  # pandas and pyarrow parse errors are ValueErrors
        raise UnreadableTableError(f"is not a readable {path.suffix[1:]} table: {error}") from error
    for column in table.columns.intersection(list(text)):
        if not pd.api.types.is_string_dtype(table[column].dtype):
            table[column] = table[column].map(_as_text, na_action="ignore").astype("str")
    return table


def first_row_number(path: Path) -> int:
    """Give the number that a reader of the file would give its first data row."""
    return 2 if path.suffix.lower() == ".csv" else 1


def _as_text(value: object) -> str:
    """Text of a code: a whole number without the decimal point that a float column adds."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _read_csv(path: Path, text: tuple[str, ...]) -> pd.DataFrame:
    header = pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns
    dtypes = dict.fromkeys(header.intersection(list(text)), "str")
    return pd.read_csv(
        path,
        dtype=dtypes,
        keep_default_na=False,  # "NA", "None" and "null" are words in a trial's data
        na_values=[""],
        encoding="utf-8-sig",
        low_memory=False,
    )


def _read_sas(path: Path, _text: tuple[str, ...]) -> pd.DataFrame:
    import pyreadstat  # loaded where a SAS file is read

    read = pyreadstat.read_xport if path.suffix.lower() == ".xpt" else pyreadstat.read_sas7bdat
    try:
        table, _ = read(path)
    except pyreadstat.ReadstatError as error:
        raise ValueError(str(error)) from error
    # SAS has no missing text: an empty cell is how it writes one.
    return table.replace({"": None})


def _read_parquet(path: Path, _text: tuple[str, ...]) -> pd.DataFrame:
    return pd.read_parquet(path)


_READERS: dict[str, Callable[[Path, tuple[str, ...]], pd.DataFrame]] = {
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    ".xpt": _read_sas,
    ".sas7bdat": _read_sas,
}
