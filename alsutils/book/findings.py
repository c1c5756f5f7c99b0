"""What a folder of ADaM tables holds, guessed from ADaM's own names."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alsutils.book.errors import BookError
from alsutils.study.config import DAYS
from alsutils.study.readers import UnreadableTableError, read_table

_ENDINGS = (".csv", ".parquet", ".xpt", ".sas7bdat", ".json")
_ARM_COLUMNS = ("TRT01P", "ARM", "ACTARM")
_NO_ARM = re.compile(r"screen\s*fail|not (assigned|treated|randomi)", re.IGNORECASE)
_CONTROL = re.compile(r"placebo|control|sham|vehicle|standard|usual|best supportive", re.IGNORECASE)
_POPULATIONS = {
    "RANDFL": ("randomised", "All randomised patients"),
    "ITTFL": ("intention_to_treat", "Intention-to-treat population"),
    "FASFL": ("full_analysis", "Full analysis set"),
    "EFFFL": ("efficacy", "Efficacy population"),
    "SAFFL": ("safety", "Safety population"),
    "PPROTFL": ("per_protocol", "Per-protocol population"),
}
_CHARACTERISTICS = {
    "AGE": ("Age", "years"),
    "SEX": ("Sex", ""),
    "RACE": ("Race", ""),
    "ETHNIC": ("Ethnicity", ""),
    "HEIGHTBL": ("Height", "cm"),
    "WEIGHTBL": ("Weight", "kg"),
    "BMIBL": ("Body mass index", "kg/m²"),
}
_LABORATORY = re.compile(r"adlb|adlab|adbm|adbio", re.IGNORECASE)
_NOT_EFFICACY = re.compile(
    r"adlb|adlab|adbm|adab|adis|advs|adeg|adex|adpc|adpp|adcm|admh", re.IGNORECASE
)
_RELATED = re.compile(r"^(?!.*\b(not|un|non)).*(related|possibl|probabl|definit)|^y(es)?$", re.I)
_MOST_ANALYTES, _MOST_TIMES = 8, 4


@dataclass(frozen=True)
class Bds:
    """A table with one row a subject, parameter and visit.

    Attributes
    ----------
    role, file : str
        Name under ``datasets``, and file name.
    table : DataFrame
        Its rows, after ``records``.
    records : str or None
        Query that leaves one row a subject, parameter and visit, where one is needed.
    """

    role: str
    file: str
    table: pd.DataFrame
    records: str | None


@dataclass(frozen=True)
class Findings:
    """All that was found.

    Attributes
    ----------
    files : dict of str to Path
        Role to file, for the tables that the study uses.
    arm_column : str
        Column of ADSL with the arms.
    arms : tuple of str
        Its values, the likely control first.
    arms_records : str or None
        Query that leaves out subjects who were not randomised, where ADSL has any.
    populations : dict of str to (str, str)
        Name to flag and label.
    unit : str
        Unit of AVISITN.
    baseline_visit : float
        AVISITN of the baseline.
    characteristics : tuple of (str, str, str)
        Column, label and unit of each column of the baseline table.
    flow : (str, str) or None
        Columns with each subject's end of study and its reason.
    endpoint : Endpoint or None
        The likely primary endpoint.
    laboratory : Panel or None
        A panel of laboratory values.
    times : tuple of (str, str, str)
        PARAMCD, label and unit of each time to event.
    events : Events or None
        How to read the adverse events.
    """

    files: dict[str, Path]
    arm_column: str
    arms: tuple[str, ...]
    arms_records: str | None
    populations: dict[str, tuple[str, str]]
    unit: str
    baseline_visit: float
    characteristics: tuple[tuple[str, str, str], ...]
    flow: tuple[str, str] | None
    endpoint: "FoundEndpoint | None"
    laboratory: "FoundPanel | None"
    times: tuple[tuple[str, str, str], ...]
    events: "FoundEvents | None"


@dataclass(frozen=True)
class FoundEndpoint:
    """A parameter that looks like the primary endpoint, and others of its table."""

    source: Bds
    code: str
    label: str
    visits: tuple[float, ...]
    others: tuple[tuple[str, str], ...]
    observed: str | None


@dataclass(frozen=True)
class FoundPanel:
    """Analytes of a laboratory table with values at the visits."""

    source: Bds
    visits: tuple[float, ...]
    analytes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FoundEvents:
    """Columns and words of ADAE."""

    system: str
    emergent: str | None
    related: tuple[str, ...]


def find(folder: Path) -> Findings:
    """Look through a folder of ADaM tables.

    Parameters
    ----------
    folder : Path
        Holds ``adsl`` and other datasets as files of any kind that a study may have.

    Returns
    -------
    Findings
        Guesses; a person has to confirm them.

    Raises
    ------
    BookError
        If there is no such folder, no ADSL in it, or no arm in ADSL.
    """
    if not folder.is_dir():
        raise BookError(f"{folder} is not a folder; --from takes the folder of the ADaM tables")
    files = _files(folder)
    if "adsl" not in files:
        held = ", ".join(sorted(files)) or "no table"
        raise BookError(f"{folder} has no adsl ({held}); a study needs one row a subject")
    adsl = _read(files["adsl"])
    arm_column, arms, records = _arms(adsl, files["adsl"])
    if records:
        adsl = adsl.query(records, engine="python")
    tables = [_bds(role, path) for role, path in files.items() if role not in {"adsl", "adae"}]
    sources = [source for source in tables if source is not None]
    unit, baseline = _time(sources)
    endpoint = _endpoint(sources, baseline)
    laboratory = _laboratory(sources, baseline, endpoint)
    times = _times(files)
    events = _events(files)
    used = {"adsl"} | {f.source.role for f in (endpoint, laboratory) if f is not None}
    used |= {role for role, there in (("adtte", times), ("adae", events)) if there}
    columns = set(adsl.columns)
    reason = next((c for c in ("DCSREAS", "DCREASCD", "DCDECOD") if c in columns), None)
    return Findings(
        files={role: files[role] for role in ("adsl", *sorted(used - {"adsl"}))},
        arm_column=arm_column,
        arms=arms,
        arms_records=records,
        populations=_populations(adsl, arm_column, arms),
        unit=unit,
        baseline_visit=baseline,
        characteristics=tuple(
            (column, *words) for column, words in _CHARACTERISTICS.items() if column in columns
        ),
        flow=("EOSSTT", reason) if "EOSSTT" in columns and reason else None,
        endpoint=endpoint,
        laboratory=laboratory,
        times=times,
        events=events,
    )


def _files(folder: Path) -> dict[str, Path]:
    """Give the tables of a folder by lower-case name; of two kinds of one table, the first."""
    found: dict[str, Path] = {}
    for ending in _ENDINGS:
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() == ending and path.stem.lower().startswith("ad"):
                found.setdefault(path.stem.lower(), path)
    return found


def _read(path: Path) -> pd.DataFrame:
    try:
        return read_table(path, _ARM_COLUMNS)
    except UnreadableTableError as error:
        raise BookError(f"{path}: {error}") from error


def _arms(adsl: pd.DataFrame, path: Path) -> tuple[str, tuple[str, ...], str | None]:
    """Find the arms, the likely control first, and leave out subjects not randomised."""
    column = next((c for c in _ARM_COLUMNS if c in adsl and adsl[c].notna().any()), None)
    if column is None:
        raise BookError(f"{path.name} has none of {', '.join(_ARM_COLUMNS)}; who was in which arm?")
    values = [str(v) for v in adsl[column].dropna().unique()]
    unassigned = sorted(v for v in values if _NO_ARM.search(v))
    arms = [v for v in values if v not in unassigned]
    number = f"{column}N"
    order = adsl.groupby(column)[number].min() if number in adsl else None
    arms.sort(key=lambda v: (not _CONTROL.search(v), order[v] if order is not None else 0, v))
    if len(arms) < 2:
        raise BookError(f"{path.name} has {len(arms)} arm in {column}; a comparison needs two")
    return column, tuple(arms), f"{column} not in {unassigned}" if unassigned else None


def _populations(
    adsl: pd.DataFrame, arm_column: str, arms: Iterable[str]
) -> dict[str, tuple[str, str]]:
    """Find the flags that mark somebody in every arm."""
    found = {}
    for flag, (name, label) in _POPULATIONS.items():
        if flag in adsl and set(adsl[flag].dropna()) <= {"Y", "N"}:
            members = set(adsl.loc[adsl[flag] == "Y", arm_column])
            if set(arms) <= members:
                found[name] = (flag, label)
    return found


def _bds(role: str, path: Path) -> Bds | None:
    """Read a table of parameters at visits; None for any other."""
    try:
        table = read_table(path)
    except UnreadableTableError:
        return None
    if not {"USUBJID", "PARAMCD", "AVISITN", "AVAL"} <= set(table.columns):
        return None
    key = ["USUBJID", "PARAMCD", "AVISITN"]
    for records in _candidate_records(table):
        chosen = table.query(records, engine="python") if records else table
        scheduled = chosen[chosen["AVISITN"].notna()]
        if len(scheduled) and not scheduled.duplicated(key).any():
            return Bds(role, path.name, chosen, records)
    return None


def _candidate_records(table: pd.DataFrame) -> Iterator[str | None]:
    """Yield queries that commonly leave one record a visit, the least first."""
    yield None
    if "ANL01FL" in table:
        yield 'ANL01FL == "Y"'
        if "DTYPE" in table:
            yield 'ANL01FL == "Y" and DTYPE.isna()'
    if "DTYPE" in table:
        yield "DTYPE.isna()"


def _time(sources: list[Bds]) -> tuple[str, float]:
    """Read the unit of AVISITN and the baseline visit off the names of the visits."""
    unit, baseline = "week", 0.0
    names = [
        s.table[["AVISIT", "AVISITN"]].drop_duplicates() for s in sources if "AVISIT" in s.table
    ]
    if not names:
        return unit, baseline
    visits = pd.concat(names).dropna()
    text = visits["AVISIT"].astype("str").str.lower()
    counts = {u: int(text.str.contains(rf"\b{u}\b").sum()) for u in DAYS}
    if any(counts.values()):
        unit = max(counts, key=lambda u: counts[u])
    at_baseline = visits.loc[text.str.contains("baseline"), "AVISITN"]
    return unit, float(at_baseline.mode().iloc[0]) if len(at_baseline) else baseline


def _later_visits(table: pd.DataFrame, baseline: float) -> tuple[float, ...]:
    """Scheduled visits after baseline whose name holds their number."""
    visits = table[table["AVISITN"] > baseline]
    if "AVISIT" in visits:
        visits = visits[visits["AVISIT"].astype("str").str.contains(r"\d")]
    return tuple(sorted(float(v) for v in visits["AVISITN"].unique()))


def _endpoint(sources: list[Bds], baseline: float) -> FoundEndpoint | None:
    """Choose a total score of a table that holds neither laboratory nor vital signs."""
    fitting = [s for s in sources if {"BASE", "CHG"} <= set(s.table.columns)]
    fitting.sort(key=lambda s: bool(_NOT_EFFICACY.match(s.role)))
    for source in fitting:
        labels = _parameters(source.table)
        total = re.compile(r"tot|total", re.IGNORECASE)
        ranked = sorted(labels, key=lambda c: not total.search(f"{c} {labels[c]}"))
        for code in ranked:
            rows = source.table[(source.table["PARAMCD"] == code) & source.table["CHG"].notna()]
            visits = _later_visits(rows, baseline)
            if visits:
                others = tuple((c, labels[c]) for c in ranked if c != code)
                imputed = "DTYPE" in rows and rows["DTYPE"].notna().any()
                observed = "DTYPE.isna()" if imputed else None
                return FoundEndpoint(source, code, labels[code], visits, others, observed)
    return None


def _laboratory(
    sources: list[Bds], baseline: float, endpoint: FoundEndpoint | None
) -> FoundPanel | None:
    """Choose a laboratory table and the analytes that most subjects have."""
    for source in sources:
        if not _LABORATORY.match(source.role) or "BASE" not in source.table:
            continue
        table = source.table[source.table["AVAL"].notna()]
        visits = _later_visits(table, baseline)
        if endpoint and set(visits) & set(endpoint.visits):
            visits = tuple(v for v in visits if v in endpoint.visits)
        if visits:
            labels = _parameters(table)
            counts = table[table["AVISITN"].isin(visits)]["PARAMCD"].value_counts()
            chosen = [c for c in labels if counts.get(c, 0) > 0][:_MOST_ANALYTES]
            return FoundPanel(source, visits, tuple((c, labels[c]) for c in chosen))
    return None


def _times(files: dict[str, Path]) -> tuple[tuple[str, str, str], ...]:
    """Find the times to events, one row a subject each."""
    if "adtte" not in files:
        return ()
    table = _read(files["adtte"])
    if not {"USUBJID", "PARAMCD", "AVAL", "CNSR"} <= set(table.columns):
        return ()
    if table.duplicated(["USUBJID", "PARAMCD"]).any():
        return ()
    found = []
    for code, label in list(_parameters(table).items())[:_MOST_TIMES]:
        rows = table[table["PARAMCD"] == code]
        found.append((code, re.sub(r"\s*\(\w+\)$", "", label), _time_unit(rows, label)))
    return tuple(found)


def _time_unit(rows: pd.DataFrame, label: str) -> str:
    """Read the unit of AVAL off AVALU, the label, or the dates that it was made from."""
    words = f"{rows['AVALU'].iloc[0]} {label}" if "AVALU" in rows else label
    named = next((u for u in DAYS if re.search(rf"\b{u}s?\b", words, re.IGNORECASE)), None)
    if named or not {"STARTDT", "ADT"} <= set(rows.columns):
        return named or "day"
    start, end = (pd.to_datetime(rows[c], errors="coerce") for c in ("STARTDT", "ADT"))
    ratio = ((end - start).dt.days / rows["AVAL"].astype(float)).median()
    return min(DAYS, key=lambda u: abs(DAYS[u] - ratio)) if pd.notna(ratio) else "day"


def _events(files: dict[str, Path]) -> FoundEvents | None:
    """Find the columns of ADAE that the safety chapter needs."""
    if "adae" not in files:
        return None
    table = _read(files["adae"])
    columns = set(table.columns)
    system = next((c for c in ("AEBODSYS", "AESOC") if c in columns), None)
    needed = {"USUBJID", "AEDECOD", "AESER", "AESEV", "AEREL", "ASTDY"}
    if system is None or not needed <= columns or table["AEDECOD"].isna().any():
        return None
    words = sorted(str(w) for w in table["AEREL"].dropna().unique())
    related = tuple(w for w in words if _RELATED.search(w))
    return FoundEvents(system, "TRTEMFL" if "TRTEMFL" in columns else None, related)


def _parameters(table: pd.DataFrame) -> dict[str, str]:
    """Label of each PARAMCD, in the order of PARAMN where there is one."""
    if "PARAMN" in table:
        table = table.sort_values("PARAMN", kind="stable")
    labels = table["PARAM"] if "PARAM" in table else table["PARAMCD"]
    pairs = zip(table["PARAMCD"], labels, strict=True)
    return {str(code): str(label) for code, label in dict(pairs).items() if pd.notna(code)}
