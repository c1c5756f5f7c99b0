"""The tables of a folder: which there are, what they are called, and which rows count."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from alsutils.book.errors import BookError
from alsutils.study.readers import ENDINGS, UnreadableTableError, read_table

ARM_COLUMNS = ("TRT01P", "TRTP", "ARM", "ACTARM", "TRT01A", "TRTA", "TRT")
KEY = ["USUBJID", "PARAMCD", "AVISITN"]
_BASELINE_KEPT = 0.9  # share of baseline rows that a choice of rows must not lose
# Columns of a table of parameters that say something of a record and not of its subject.
_OF_RECORDS = re.compile(
    r"PARAM|PARCAT|A?VAL|BASE|P?CHG|A?VISIT|ADY|ADT|ATPT|ABLFL|ANL\d|DTYPE|CRIT|.*SEQ$|A[HL]?LO|A1"
)


@dataclass(frozen=True)
class Source:
    """One table of the folder.

    Attributes
    ----------
    role : str
        Name under ``datasets``.
    path : Path
        Its file.
    frame : DataFrame
        Its rows.
    records : str or None
        Query that leaves the rows that count, where not all do.
    """

    role: str
    path: Path
    frame: pd.DataFrame
    records: str | None = None

    @property
    def is_bds(self) -> bool:
        """Whether it has a row for each subject and parameter, and no times to events."""
        columns = set(self.frame.columns)
        return {"USUBJID", "PARAMCD", "AVAL"} <= columns and "CNSR" not in columns

    @property
    def chosen(self) -> pd.DataFrame:
        """The rows that count."""
        return self.frame.query(self.records, engine="python") if self.records else self.frame


def read_folder(folder: Path) -> dict[str, Source]:
    """Read the ADaM tables of a folder.

    Parameters
    ----------
    folder : Path
        Files whose names begin with ``ad``, in capitals or not, of any kind that a study may have.

    Returns
    -------
    dict of str to Source
        By role: the file's name without its ending, and without what follows ``_`` where no other
        table claims the shorter name, so that ``adtte_onco.parquet`` is ``adtte``.

    Raises
    ------
    BookError
        If there is no such folder, it holds no table, a table stands there twice, or cannot be
        read.
    """
    if not folder.is_dir():
        raise BookError(f"{folder} is not a folder; --from takes the folder of the ADaM tables")
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in ENDINGS and _is_adam(p))
    if not paths:
        kinds = ", ".join(ENDINGS)
        raise BookError(f"{folder} holds no ADaM table (a file adsl, adqs, ... ending in {kinds})")
    by_name: dict[str, Path] = {}
    for path in paths:
        other = by_name.setdefault(path.stem.lower(), path)
        if other is not path:
            raise BookError(f"{other.name} and {path.name} are the same table; keep one of them")
    found = {}
    for name in sorted(by_name, key=lambda n: ("_" in n, n)):
        short = name.partition("_")[0]
        role = re.sub(r"\W", "_", name if short in found else short)
        found[role] = Source(role, by_name[name], _read(by_name[name]))
    return found


def _is_adam(path: Path) -> bool:
    return path.stem.lower().startswith("ad") and path.is_file()


def _read(path: Path) -> pd.DataFrame:
    try:
        return read_table(path, ARM_COLUMNS)
    except UnreadableTableError as error:
        raise BookError(f"{path}: {error}") from error


def derive_subjects(sources: dict[str, Source], folder: Path) -> Source:
    """Make ADSL out of a table that names each subject's arm.

    Parameters
    ----------
    sources : dict of str to Source
        All tables; none is ADSL.
    folder : Path
        Where they stand, for the message.

    Returns
    -------
    Source
        ``adsl``, in a file ``adsl.csv`` that is not written yet: one row a subject with its arm in
        TRT01P, a flag RANDFL that is Y for whoever has one, and the columns that never change
        within a subject. It is made of the table with the most subjects.

    Raises
    ------
    BookError
        If no table has USUBJID beside an arm.
    """
    fitting = [
        (source, column)
        for source in sources.values()
        for column in ARM_COLUMNS
        if {"USUBJID", column} <= set(source.frame.columns)
    ]
    if not fitting:
        raise BookError(
            f"{folder} has no adsl, the table with one row a subject, and none of its tables "
            f"({', '.join(sources)}) has USUBJID beside an arm ({', '.join(ARM_COLUMNS)}) from "
            "which it could be made; add one"
        )
    source, arm = max(fitting, key=lambda pair: pair[0].frame["USUBJID"].nunique())
    frame = source.frame[source.frame["USUBJID"].notna()]
    steady = frame.groupby("USUBJID").nunique().max() <= 1
    kept = [str(c) for c in steady.index[steady] if not _OF_RECORDS.match(str(c)) and c != arm]
    adsl = frame.groupby("USUBJID", sort=True)[[*kept, arm]].first().reset_index()
    adsl = adsl.rename(columns={arm: "TRT01P", f"{arm}N": "TRT01PN"})
    adsl["RANDFL"] = adsl["TRT01P"].notna().map({True: "Y", False: "N"})
    return Source("adsl", folder / "adsl.csv", adsl)


def with_one_record(
    source: Source, codes: list[str] | None = None, without: Sequence[float] = ()
) -> Source | None:
    """Choose the rows so that a subject has one for each parameter and visit.

    Parameters
    ----------
    source : Source
        A table of parameters at visits, AVISITN being the time.
    codes : list of str or None
        The parameters that matter; all where None.
    without : sequence of float
        AVISITN that are no times, such as 99 for the end of treatment.

    Returns
    -------
    Source or None
        None where no usual flag tells the records apart.
    """
    frame = source.frame
    rows = frame if codes is None else frame[frame["PARAMCD"].isin(codes)]
    baseline = (rows["ABLFL"] == "Y") & rows["AVISITN"].notna() if "ABLFL" in rows else None
    second = None
    strange = [f"AVISITN != {visit:g}" for visit in without if (rows["AVISITN"] == visit).any()]
    for query in _choices(rows):
        parts = [*([f"({query})" if strange else query] if query else []), *strange]
        records = " and ".join(parts) or None
        chosen = rows.query(records, engine="python") if records else rows
        scheduled = chosen[chosen["AVISITN"].notna()]
        if scheduled.empty or scheduled.duplicated(KEY).any():
            continue
        found = replace(source, records=records)
        if baseline is None or baseline[chosen.index].sum() >= _BASELINE_KEPT * baseline.sum():
            return found
        second = second or found
    return second


def _choices(rows: pd.DataFrame) -> Iterator[str | None]:
    """Yield queries that commonly leave one record a visit, the least first."""
    yield None
    flags = sorted(c for c in rows.columns if re.fullmatch(r"ANL\d\dFL", str(c)))
    whole = ["DTYPE.isna()"] if "DTYPE" in rows and rows["DTYPE"].notna().any() else []
    for flag in flags:
        yield f'{flag} == "Y"'
        if "ABLFL" in rows:
            yield f'{flag} == "Y" or ABLFL == "Y"'
        for query in whole:
            yield f'{flag} == "Y" and {query}'
    yield from whole
    for column in ("BASETYPE", "ATPT"):
        counts = rows.get(column, pd.Series(dtype=object)).value_counts().sort_index()
        if len(counts) > 1:
            yield f"{column} == {counts.idxmax()!r}"
