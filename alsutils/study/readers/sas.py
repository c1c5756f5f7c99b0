"""Tables from SAS transport files and SAS datasets."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from alsutils.study.readers.content import check_rows
from alsutils.study.readers.raw import Moment, Raw

_ISO = "(?:E|B|IS)8601"
_FORMATS: dict[Moment, re.Pattern[str]] = {
    "date": re.compile(
        r"DATE|WEEKDAT[EX]|WORDDAT[EX]|JULIAN|MONYY|YYMON|NLDATE|EURDFD[DE]"
        rf"|(?:YYMMDD|MMDDYY|DDMMYY)[BCDNPS]?|{_ISO}DA"
    ),
    "datetime": re.compile(rf"DATETIME|DATEAMPM|MDYAMPM|DTDATE|NLDATM|EURDFDT|{_ISO}D[TNZ]"),
    "time": re.compile(rf"TIME(?:AMPM)?|TOD|HHMM|NLTIME|{_ISO}TM"),
}
_WESTERN = "WINDOWS-1252"


def moment_of(display_format: str | None) -> Moment | None:
    """Tell what a number stands for from its SAS format.

    Parameters
    ----------
    display_format : str or None
        Such as ``DATE9.`` or ``E8601DT19``.

    Returns
    -------
    str or None
        ``date``, ``datetime``, ``time``, or None for a plain number.
    """
    name = re.sub(r"\d*\.?\d*$", "", (display_format or "").strip().upper())
    return next((moment for moment, words in _FORMATS.items() if words.fullmatch(name)), None)


def read_xport(path: Path) -> Raw:
    """Read a SAS transport file, version 5 or 8.

    Parameters
    ----------
    path : Path
        The file; it does not say in which encoding it is, so that UTF-8 is tried and then
        Windows-1252.

    Returns
    -------
    Raw
        Its first dataset.
    """
    import pyreadstat  # loaded where a SAS file is read

    return _read(path, pyreadstat.read_xport)


def read_sas7bdat(path: Path) -> Raw:
    """Read a SAS dataset.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Raw
        Its columns; special missing values (.A to .Z) are missing.
    """
    import pyreadstat

    return _read(path, pyreadstat.read_sas7bdat, counts_rows=True)


def _read(path: Path, reader: Callable, *, counts_rows: bool = False) -> Raw:
    """Read with numbers in place of dates, which are made afterwards in one way for all files."""
    import pyreadstat

    options = {"disable_datetime_conversion": True, "output_format": "dict"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # it renames a column that stands twice
            if counts_rows:  # and makes room for them all, be they ever so many
                _, about = reader(path, metadataonly=True)
                check_rows(about.number_rows or 0, most=path.stat().st_size)
            try:
                columns, about = reader(path, **options)
            except (UnicodeDecodeError, pyreadstat.ReadstatError):
                columns, about = reader(path, encoding=_WESTERN, **options)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, Warning) as error:
        raise ValueError(str(error)) from error
    moments: dict[str, Moment] = {}
    for name, display in about.original_variable_types.items():
        moment = moment_of(display)
        if moment:
            moments[_name(name)] = moment
    return Raw(
        tuple(map(_name, columns)),
        tuple(_array(values) for values in columns.values()),
        {_name(n): label for n, label in about.column_names_to_labels.items() if label},
        moments,
    )


def _name(name: str | None) -> str:
    return (name or "").strip()


def _array(values: np.ndarray | list) -> pa.ChunkedArray:
    """Make one array of a column; what is no number is missing."""
    return pa.chunked_array([pa.array(values, from_pandas=True)])
