"""Which parameters could be the primary endpoint, and which way is better."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pandas as pd

from alsutils.book.findings.labels import labels_and_units
from alsutils.book.findings.tables import Source, with_one_record
from alsutils.book.findings.visits import Calendar
from alsutils.display.format import plural

_OTHER_KINDS = re.compile(r"adlb|adlab|adbm|advs|adeg")
_LOWER = re.compile(
    r"adas|hamd|ham-?d|hama\b|madrs|panss|ymrs|bdi\b|phq|gad-?7|npi|updrs|edss|nihss|rankin|\bmrs\b"
    r"|womac|das28|cdai|sledai|pasi|haq|hba1c|logmar|cibic|cgi|depress|anxi|pain|disab|sever"
    r"|symptom|fatigue|lesion|progression|relapse|exacerbat|seizure|death|mortal|viral load|tumou?r"
    r"|itch|prurit|impair|burden|swollen|tender|c-reactive|\bcrp\b|pressure|cholesterol",
    re.IGNORECASE,
)
_HIGHER = re.compile(
    r"acuity|letters|function|fvc|fev|vital capacity|walk|alsfrs|survival|quality|respon(se|der)"
    r"|remission|recover|improve|benefit|independen|mmse|moca|abilit|barthel|karnofsky|strength"
    r"|h(a)?emoglobin|titer|titre|seroconver|cd4",
    re.IGNORECASE,
)
_MEASURED = (
    ("instrument", re.compile(r"acuity|fvc|fev|capacity|walk|pressure|strength|grip", re.I)),
    ("self_report", re.compile(r"diary|patient|self|quality of life|eq-?5d|sf-?36|pro\b", re.I)),
    ("laboratory", re.compile(r"hba1c|viral|cholesterol|titer|titre|cd4|h(a)?emoglobin", re.I)),
)
_TOTAL = re.compile(r"tot|total|composite|overall score", re.IGNORECASE)
_PRIMARY = re.compile(r"primary", re.IGNORECASE)
_RESPONSE = re.compile(r"^(?!.*best).*\brespon(se|der)", re.IGNORECASE)
_STUDY_EYE = re.compile(r"study eye", re.IGNORECASE)
_AT_BASELINE = re.compile(r"at baseline|fellow eye", re.IGNORECASE)
_ITEM = re.compile(r"\bitem\b|\d\d[A-Z]?$", re.IGNORECASE)
_MOST_VISITS = 3  # to compare: each further one is another chance to find a difference
_REACHED = 0.25  # share of a candidate's subjects below which a visit is not offered


@dataclass(frozen=True)
class Candidate:
    """A parameter that could be the primary endpoint.

    Attributes
    ----------
    source : Source
        Its table, with the rows that count.
    code, label, unit : str
        PARAMCD, words and unit.
    value : str
        CHG or AVAL.
    has_base : bool
        Whether BASE is there to hold equal.
    visits : tuple of float
        Scheduled visits after the baseline.
    subjects : int
        Subjects with a value at one of them.
    low, high : float
        Least and greatest value.
    unnamed_visit : float or None
        Time that its one record a subject stands for where some of them name no visit.
    observed : str or None
        Query that leaves out values that were filled in.
    better : str or None
        higher or lower; None where no word tells.
    word : str
        The word that tells.
    measured_by : str
        Who or what takes the value, guessed.
    score : float
        The higher, the likelier.
    reasons : tuple of str
        What speaks for and against it.
    """

    source: Source
    code: str
    label: str
    unit: str
    value: str
    has_base: bool
    visits: tuple[float, ...]
    subjects: int
    low: float
    high: float
    unnamed_visit: float | None
    observed: str | None
    better: str | None
    word: str
    measured_by: str
    score: float
    reasons: tuple[str, ...]

    @property
    def primary_visits(self) -> tuple[float, ...]:
        """The visits to compare: all where they are few, else the last."""
        return self.visits if len(self.visits) <= _MOST_VISITS else self.visits[-1:]


def rank_candidates(
    sources: Iterable[Source], calendar: Calendar, randomised: frozenset[str]
) -> tuple[Candidate, ...]:
    """Rank the parameters of all tables by how much they look like a primary endpoint.

    Parameters
    ----------
    sources : iterable of Source
        Tables of parameters at visits.
    calendar : Calendar
        When the visits were.
    randomised : frozenset of str
        USUBJID of those with an arm.

    Returns
    -------
    tuple of Candidate
        The likeliest first; ties in the order of tables and parameters. Laboratory values and
        vital signs are looked at only where no other table has a parameter that fits.
    """
    tables = list(sources)
    others = [source for source in tables if not _OTHER_KINDS.match(source.role)]
    for chosen in (others, tables):
        found = [
            candidate
            for source in chosen
            for candidate in _of_table(calendar.applied(source), calendar, randomised)
        ]
        if found:
            return tuple(sorted(found, key=lambda c: -c.score))
    return ()


def _of_table(
    source: Source, calendar: Calendar, randomised: frozenset[str]
) -> Iterator[Candidate]:
    frame = source.frame[source.frame["USUBJID"].isin(randomised)]
    words = labels_and_units(frame)
    for code, rows in frame.groupby("PARAMCD", sort=False):
        rows = rows.assign(**{c: pd.to_numeric(rows[c], errors="coerce") for c in _numbers(rows)})
        # One result a subject without a visit, such as a best response, stands for the end.
        unnamed = None
        if rows["AVISITN"].isna().any() and not rows["USUBJID"].duplicated().any():
            unnamed = _end(frame, calendar)
            rows = rows.assign(AVISITN=unnamed, AVISIT=None)
        strange = calendar.unnamed(rows)
        chosen = with_one_record(Source(source.role, source.path, rows), [str(code)], strange)
        if chosen is None:
            continue
        kept = chosen.chosen
        later = kept[kept["AVISITN"].isin(calendar.later(kept)) & kept["AVAL"].notna()]
        if later.empty:
            continue
        label, unit = words[str(code)]
        place = Source(source.role, source.path, source.frame, chosen.records)
        found = _candidate(place, str(code), label, unit, kept, later, len(randomised))
        yield replace(found, unnamed_visit=unnamed)


def _numbers(rows: pd.DataFrame) -> list[str]:
    return [c for c in ("AVAL", "BASE", "CHG") if c in rows]


def _end(frame: pd.DataFrame, calendar: Calendar) -> float:
    """Give the last time that a table names, for results that name none."""
    later = calendar.later(frame)
    return later[-1] if later else calendar.baseline + 1


def _candidate(
    source: Source,
    code: str,
    label: str,
    unit: str,
    kept: pd.DataFrame,
    later: pd.DataFrame,
    patients: int,
) -> Candidate:
    counts = later.groupby("AVISITN")["USUBJID"].nunique()
    subjects = int(later["USUBJID"].nunique())
    visits = tuple(float(v) for v in counts.index if counts[v] >= _REACHED * subjects)
    changes = {"BASE", "CHG"} <= set(later.columns) and bool(later["CHG"].notna().any())
    imputed = "DTYPE" in kept and bool(kept["DTYPE"].notna().any())
    better, word = _direction(f"{code} {label} {source.role}")
    text = f"{label} {code}"
    measured = next((kind for kind, words in _MEASURED if words.search(text)), "rating")
    scores = dict(_signs(source.role, code, label, later, changes, imputed))
    share = subjects / patients
    reasons = [*scores, f"{plural(subjects, 'patient')} at {plural(len(visits), 'visit')}"]
    return Candidate(
        source=source,
        code=code,
        label=label,
        unit=unit,
        value="CHG" if changes else "AVAL",
        has_base="BASE" in later and bool(later["BASE"].notna().any()),
        visits=visits,
        subjects=subjects,
        low=float(kept["AVAL"].min()),
        high=float(kept["AVAL"].max()),
        unnamed_visit=None,
        observed="DTYPE.isna()" if imputed else None,
        better=better,
        word=word,
        measured_by=measured,
        score=sum(scores.values()) + 2 * share,
        reasons=tuple(reasons),
    )


def _signs(
    role: str, code: str, label: str, later: pd.DataFrame, changes: bool, imputed: bool
) -> Iterator[tuple[str, float]]:
    """Yield what speaks for or against a parameter, each with a weight."""
    text = f"{label} {code}"
    if _PRIMARY.search(text) or ("PARCAT1" in later and _PRIMARY.search(_first(later["PARCAT1"]))):
        yield "it is called primary", 6
    if _TOTAL.search(text):
        yield "a total", 3
    if _RESPONSE.search(label.partition("(")[0]):
        yield "a response", 1
    if _STUDY_EYE.search(text):
        yield "of the study eye", 1
    if changes:
        yield "with changes from baseline", 3
    if imputed:
        yield "missing values were filled in", 1
    if _OTHER_KINDS.match(role):
        yield "of a table of laboratory values or vital signs", -5
    if _AT_BASELINE.search(label):
        yield "about the start or the other eye", -3
    if _ITEM.search(text) and not _TOTAL.search(text):
        yield "perhaps a single item", -1
    if later["AVAL"].min() == later["AVAL"].max():
        yield "the same value in all patients", -8
    if _stands_for_words(later):
        yield "AVAL is a code for words in AVALC", -4


def _stands_for_words(rows: pd.DataFrame) -> bool:
    """Whether AVALC holds words other than yes and no, so that AVAL only numbers them."""
    if "AVALC" not in rows:
        return False
    texts = rows["AVALC"].dropna().astype("str")
    words = texts[pd.to_numeric(texts.str.lstrip("<>= "), errors="coerce").isna()]
    return len(words) > 0 and bool(set(words.str.upper()) - {"Y", "N", "YES", "NO"})


def _first(column: pd.Series) -> str:
    values = column.dropna()
    return str(values.iloc[0]) if len(values) else ""


def _direction(text: str) -> tuple[str | None, str]:
    """Guess which way is better for the patient, and the word that tells."""
    for better, words in (("lower", _LOWER), ("higher", _HIGHER)):
        found = words.search(text)
        if found:
            return better, found[0]
    return None, ""
