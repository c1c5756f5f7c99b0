"""No single patient of an observed study leaves its data."""

import base64
import binascii
import html
import io
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from alsutils.book.errors import BuildError
from alsutils.study import Study

# Columns whose values name a patient, in ADaM and SDTM and as they are called elsewhere.
_NAMES_PATIENTS = re.compile(r"SUBJID|SUBJECT_?ID|PATIENT_?ID|^(PAT|PT|SUBJ?)_?(ID|NO)$", re.I)
# An identifier that is a short number alone could be any count on the page.
_TELLING = re.compile(r"^(?=.*\D).{5,}$|^\d{6,}$")
_WORD = re.compile(r"\w[\w.\-]*")
_ENDS = ".-_"

_DATE_NAME = re.compile(r"(DT|DTC|DTM|DATE)$", re.I)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = f"(?:{'|'.join(_MONTHS)})[a-z]*"
# Dates that are one word: 2014-01-02, 02-01-2014, 02.01.2014, 20140102, 02JAN2014, milliseconds.
_ONE_WORD = re.compile(
    r"(?P<iso>\d{4}[-.]\d{1,2}[-.]\d{1,2})(?:t.*)?"
    r"|(?P<numbers>\d{1,2}[-.]\d{1,2}[-.]\d{4})"
    rf"|(?P<letters>\d{{1,2}}-?{_MONTH}-?\d{{4}})"
    r"|(?P<compact>(?:19|20)\d{6})(?:t\d*)?"
    r"|(?P<epoch>\d{12,13})"
)
# Dates that are more: 2014/1/2, 02/01/2014, 2 January 2014, January 2, 2014.
_MORE_WORDS = re.compile(
    rf"(?<![\d.])\d{{1,4}}(?:/\d{{1,2}}/\d{{1,4}}|(?:st|nd|rd|th)?[\s-]{_MONTH}\.?,?[\s-]\d{{4}})(?!\d)"
    rf"|{_MONTH}\.?\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}(?!\d)"
)
_EPOCH_MS_PER_DAY = 86_400_000

_BASE64 = re.compile(r"data:[\w/+.;=\-]*;base64,([A-Za-z0-9+/=]+)")
_RTF_LETTER = re.compile(r"\\u(-?\d+)\s?\??")
_JSON_LETTER = re.compile(r"\\u([0-9a-fA-F]{4})")
_TEXT_FILES = {".html", ".js", ".json", ".ipynb", ".csv", ".rtf", ".txt", ".xml", ".svg", ".md"}
_TEXT_FILES |= {".css", ".map", ".py", ".rst", ".bib", ""}
_VENDORED = "_static"  # files of the theme and of Vega, which no study is written into


@dataclass(frozen=True)
class Secrets:
    """What must not be seen of an observed study.

    Attributes
    ----------
    words : dict of str to tuple of (str, str)
        The first word of each identifier, in small letters, to the whole of it and its column.
    days : dict of str to str
        Each date of a patient, as ``2014-01-02``, to its column.
    """

    words: dict[str, tuple[tuple[str, str], ...]]
    days: dict[str, str]


def is_private(study: Study) -> bool:
    """Tell whether no single patient of a study may be seen."""
    return not study.is_synthetic and not study.shows_subjects


def secrets_of(study: Study, written: Iterable[str] = ()) -> Secrets | None:
    """Gather the identifiers and dates of a study's patients.

    Parameters
    ----------
    study : Study
        Its data.
    written : iterable of str
        Texts of the book and of the study that were written by hand; dates in them are no secret.

    Returns
    -------
    Secrets or None
        From the columns of all tables; None where single patients may be seen.
    """
    if not is_private(study):
        return None
    words: dict[str, dict[str, str]] = {}
    days: dict[str, str] = {}
    for role, table in study.tables.items():
        for column in table:
            place = f"{column} ({role})"
            if _NAMES_PATIENTS.search(str(column)):
                for value in table[column].dropna().astype("str").unique():
                    word = _WORD.search(value)
                    if word and _TELLING.match(value):
                        first = word.group().rstrip(_ENDS).lower()
                        words.setdefault(first, {}).setdefault(value.lower(), place)
            for day in _days_of(table[column], str(column)):
                days.setdefault(day, place)
    for text in written:
        lowered = text.lower()
        for day in _told_days(lowered, set(_WORD.findall(lowered))):
            days.pop(day, None)
    return Secrets({first: tuple(each.items()) for first, each in words.items()}, days)


def check_privacy(secrets: Secrets | None, notebooks: dict[str, Any]) -> None:
    """Search what the chapters show, charts' data included, for single patients.

    Parameters
    ----------
    secrets : Secrets or None
        What must not be seen; nothing is searched where None.
    notebooks : dict of str to nbformat.NotebookNode
        The executed notebooks by page name.

    Raises
    ------
    BuildError
        If a page shows an identifier or a date of a patient; all such pages are named with the
        columns, and no value is.
    """
    if secrets is None:
        return
    shown = (
        # Decoded text, for JSON writes other letters than ASCII as numbers.
        (name, json.dumps([cell.get("outputs", []) for cell in nb.cells], ensure_ascii=False))
        for name, nb in notebooks.items()
    )
    _raise_for(secrets, shown)


def check_files(secrets: Secrets | None, folder: Path, products: Iterable[str]) -> None:
    """Search everything that is about to be published for single patients.

    Parameters
    ----------
    secrets : Secrets or None
        What must not be seen; nothing is searched where None.
    folder : Path
        Where they lie.
    products : iterable of str
        Folders in it that are published: the site, the notebooks, the results and the tables. Files
        are read as the text that they show: archives are opened, and pictures that are written into
        pages, Sphinx's inventory and the escapes of HTML, JSON and RTF are decoded. A printed book
        shows what its pages show.

    Raises
    ------
    BuildError
        As for `check_privacy`, with the files' names.
    """
    if secrets is None:
        return
    files = sorted(
        path for name in products for path in (folder / name).rglob("*") if path.is_file()
    )
    names = ((path.relative_to(folder).as_posix(), path) for path in files)
    texts = (part for name, path in names for part in texts_of(name, path.read_bytes()))
    _raise_for(secrets, texts)


def without_messages(study: Study, notebooks: dict[str, Any]) -> None:
    """Take what a private study's chapters wrote to standard error out of their notebooks."""
    if not is_private(study):
        return
    for notebook in notebooks.values():
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell["outputs"] = [o for o in cell.get("outputs", []) if not _is_message(o)]


def _is_message(output: Any) -> bool:
    return bool(output.get("output_type") == "stream" and output.get("name") == "stderr")


def _raise_for(secrets: Secrets, texts: Iterable[tuple[str, str]]) -> None:
    """Name the pages on which a patient is seen, and the columns."""
    problems = []
    for name, text in texts:
        found = Counter(_found(secrets, text, dates=_VENDORED not in name.split("/")))
        told = [f"{n:,} of {place}" for place, n in sorted(found.items())]
        if told:
            problems.append(f"{name} shows values that name single patients: {', '.join(told)}")
    if problems:
        raise BuildError(
            "\n".join(problems) + "\nThe data are observed, and a page may hold summaries only. "
            "The values are not repeated here; study.yml's publish_subject_data lets single "
            "patients be shown"
        )


def _found(secrets: Secrets, text: str, dates: bool) -> Iterator[str]:
    """Give the column of each identifier and date that a text shows, each value once."""
    lowered = text.lower()
    words = {word.rstrip(_ENDS) for word in set(_WORD.findall(lowered))}
    for first in words & secrets.words.keys():
        for value, place in secrets.words[first]:
            # A value with a space or a slash is more than the word it starts with.
            if value == first or value in lowered:
                yield place
    if dates and secrets.days:
        for day in set(_told_days(lowered, words)) & secrets.days.keys():
            yield secrets.days[day]


def _days_of(values: pd.Series, name: str) -> set[str]:
    """Give the days in a column of dates, as ``2014-01-02``; none where it has none."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return set(values.dropna().dt.strftime("%Y-%m-%d").unique())
    if pd.api.types.is_numeric_dtype(values.dtype):
        return set()
    texts = values.dropna().astype("str").unique()
    if _DATE_NAME.search(name):
        lowered = "\n".join(texts).lower()
        return set(_told_days(lowered, set(_WORD.findall(lowered))))
    return {text[:10] for text in texts if _ISO_DATE.match(text)}


def _told_days(lowered: str, words: set[str]) -> Iterator[str]:
    """Give each day that a text in small letters may mean, in whatever form it is written."""
    for word in words:
        match = _ONE_WORD.fullmatch(word)
        if match is None:
            continue
        if match["compact"]:
            yield from _as_day(int(word[:4]), int(word[4:6]), int(word[6:8]))
        elif match["epoch"]:
            # Only midnights are dates; other numbers of as many digits are something else.
            if int(word) % _EPOCH_MS_PER_DAY == 0:
                yield str(pd.Timestamp(int(word), unit="ms").date())
        else:
            yield from _as_days(match["iso"] or word)
    for words_of_date in set(_MORE_WORDS.findall(lowered)):
        yield from _as_days(words_of_date)


def _as_days(words: str) -> Iterator[str]:
    """Give the days that a date of three parts may mean."""
    numbers = [int(n) for n in re.findall(r"\d+", words)]
    named = re.search(_MONTH, words)
    if named:
        yield from _as_day(numbers[-1], _MONTHS.index(named.group()[:3]) + 1, numbers[0])
    elif numbers[0] > 31:
        yield from _as_day(*numbers)
    else:  # which of both is the month depends on the country
        day, month, year = numbers
        yield from _as_day(year, month, day)
        yield from _as_day(year, day, month)


def _as_day(year: int, month: int, day: int) -> Iterator[str]:
    if 1 <= month <= 12 and 1 <= day <= 31:
        yield f"{year:04d}-{month:02d}-{day:02d}"


def texts_of(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """Read a file as what it shows.

    Parameters
    ----------
    name : str
        Its path, for messages; its ending says how it is read.
    content : bytes
        What is in it.

    Yields
    ------
    tuple of (str, str)
        Name and text, of an archive those of each file in it; nothing of pictures and fonts.
    """
    ending = PurePosixPath(name).suffix.lower()
    if ending == ".zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for inside in archive.namelist():
                yield from texts_of(f"{name}/{inside}", archive.read(inside))
    elif PurePosixPath(name).name == "objects.inv":
        terms = zlib.decompress(content.split(b"\n", 4)[4])
        yield name, terms.decode("utf-8", errors="replace")
    elif ending in _TEXT_FILES:
        yield name, _shown(content.decode("utf-8", errors="replace"), ending)


def _shown(text: str, ending: str) -> str:
    """Decode the escapes of a text and the pictures in it."""
    if ending == ".rtf":
        return _RTF_LETTER.sub(lambda m: chr(int(m.group(1)) % 65536), text)
    if ending in (".json", ".ipynb", ".js", ".html"):
        text = _JSON_LETTER.sub(lambda m: chr(int(m.group(1), 16)), text)
    pictures = [_decoded(match.group(1)) for match in _BASE64.finditer(text)]
    return "\n".join([html.unescape(text), *pictures])


def _decoded(letters: str) -> str:
    try:
        return base64.b64decode(letters).decode("utf-8", errors="replace")
    except (ValueError, binascii.Error):
        return ""
