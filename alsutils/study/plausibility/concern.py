"""Something in the data that is worth a second look."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.study.contract import Source, shown

EXAMPLES = 3  # subjects named


@dataclass(frozen=True)
class Concern:
    """Data that may be right and look wrong. The book can be built; a person should look.

    Attributes
    ----------
    rule : str
        Short name of the rule, such as ``visit_window``.
    file : str
        File name in the study folder.
    message : str
        What is odd, and what to do if it is wrong.
    column : str or None
        Column, where one is meant.
    row : int or None
        One such row, as the file's reader numbers it.
    value : str or None
        What stands there.
    records : int
        Number of such rows; 0 where the concern is not about rows.
    subjects : int
        Number of subjects they belong to.
    examples : tuple of str
        The first of these subjects.
    """

    rule: str
    file: str
    message: str
    column: str | None = None
    row: int | None = None
    value: str | None = None
    records: int = 0
    subjects: int = 0
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = [self.file]
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.column is not None:
            place.append(self.column)
        found = "" if self.value is None else f" (found {self.value!r})"
        named = ", ".join(self.examples) + (", ..." if self.subjects > len(self.examples) else "")
        who = f" [{_several(self.subjects, 'subject')}: {named}]" if self.examples else ""
        if self.records > self.subjects:
            who = who.replace("[", f"[{_several(self.records, 'record')} of ", 1)
        return f"{', '.join(place)}: {self.message}{found}{who}"


def odd_rows(
    source: Source,
    odd: np.ndarray | pd.Series,
    rule: str,
    message: str,
    column: str,
    shown_place: int | None = None,
) -> Iterator[Concern]:
    """Yield one concern for all rows of a table that are odd in one way; none where none is.

    Parameters
    ----------
    source : Source
        The table.
    odd : array of bool, shape (n,)
        True for the rows.
    rule, message : str
        What is odd.
    column : str
        The column whose value is shown.
    shown_place : int or None
        Position of the row to show; the first where None.

    Yields
    ------
    Concern
        At most one.
    """
    places = np.flatnonzero(np.asarray(odd, dtype=bool))
    if not len(places):
        return
    who = pd.unique(source.subjects.codes[places])
    first = source.table.index[places[0] if shown_place is None else shown_place]
    value = source.table.at[first, column]
    yield Concern(
        rule=rule,
        file=source.file,
        message=message,
        column=column,
        row=int(first) + source.first_row,
        value=None if pd.isna(value) else shown(value),
        records=len(places),
        subjects=len(who),
        examples=tuple(str(source.subjects.distinct[code]) for code in who[:EXAMPLES]),
    )


def missing_subjects(
    source: Source, subjects: pd.Series, rule: str, message: str
) -> Iterator[Concern]:
    """Yield one concern for subjects that a table lacks; none where it lacks none.

    Parameters
    ----------
    source : Source
        The table.
    subjects : Series of str
        Those who are not in it.
    rule, message : str
        What is odd.

    Yields
    ------
    Concern
        At most one.
    """
    if len(subjects):
        yield Concern(
            rule=rule,
            file=source.file,
            message=message,
            column="USUBJID",
            subjects=len(subjects),
            examples=tuple(map(str, subjects[:EXAMPLES])),
        )


def days(column: pd.Series) -> pd.Series:
    """Read a column of ISO dates; what is none is missing.

    Parameters
    ----------
    column : Series
        Texts such as ``2014-01-02``.

    Returns
    -------
    Series of datetime64
        On the same index.
    """
    codes, values = pd.factorize(column)
    texts = pd.Series(values).astype("str").str.slice(0, len("YYYY-MM-DD"))
    known = pd.to_datetime(texts, format="%Y-%m-%d", errors="coerce").to_numpy("datetime64[s]")
    return pd.Series(np.append(known, np.datetime64("NaT"))[codes], index=column.index)


def _several(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
