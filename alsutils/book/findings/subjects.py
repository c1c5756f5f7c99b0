"""What ADSL tells: the arms, the populations, the patients and what became of them."""

import re
from dataclasses import dataclass

import pandas as pd

from alsutils.book.errors import BookError
from alsutils.book.findings.tables import Source

_ARM_COLUMNS = ("TRT01P", "ARM", "ACTARM", "TRT01A")
_NO_ARM = re.compile(
    r"screen\s*-?fail|scrnfail|not?[ _-]*(assigned|treated|randomi)|unassigned|unplanned",
    re.IGNORECASE,
)
_CONTROL = (
    re.compile(r"placebo|\bpbo\b|sham|vehicle|dummy", re.IGNORECASE),
    re.compile(
        r"control|standard|usual care|\bsoc\b|best supportive|no (treatment|intervention)|"
        r"wait(ing)?[ -]?list|observation",
        re.IGNORECASE,
    ),
)
# The flag, the name and label in study.yml; the widest first.
_POPULATIONS = {
    "RANDFL": ("randomised", "All randomised patients"),
    "ITTFL": ("intention_to_treat", "Intention-to-treat population"),
    "FASFL": ("full_analysis", "Full analysis set"),
    "MITTFL": ("modified_intention_to_treat", "Modified intention-to-treat population"),
    "EFFFL": ("efficacy", "Efficacy population"),
    "SAFFL": ("safety", "Safety population"),
    "PPROTFL": ("per_protocol", "Per-protocol population"),
    "PPFL": ("per_protocol", "Per-protocol population"),
}
_CHARACTERISTICS = {
    "AGE": ("Age", "years"),
    "SEX": ("Sex", ""),
    "RACE": ("Race", ""),
    "ETHNIC": ("Ethnicity", ""),
    "EDUCLVL": ("Education", "years"),
    "HEIGHTBL": ("Height", "cm"),
    "WEIGHTBL": ("Weight", "kg"),
    "BMIBL": ("Body mass index", "kg/m²"),
    "DURDIS": ("Duration of disease", ""),
    "ECOGBL": ("ECOG performance status", ""),
    "MMSETOT": ("Mini-Mental State Examination", "points"),
}
_LEVELS = {
    "SEX": {"F": "Female", "M": "Male", "U": "Unknown"},
}
_COVARIATES = re.compile(r"SITEGR\d|REGION\d|STRAT?\w*\d|STRATA\w*|AGEGR\d|CENTER|COUNTRY")
_STOPPED = ("DCTREAS", "DCTREASC", "DCT01RS")
_REASONS = ("DCSREAS", "DCSREASC", "DCREASCD", "DCDECOD")
_SMALL_WORDS = ("or", "and", "of", "not", "the")
_MOST_LEVELS = 12


@dataclass(frozen=True)
class Arms:
    """The arms.

    Attributes
    ----------
    column : str
        Column of ADSL.
    values : tuple of str
        The likely control first.
    sizes : tuple of int
        Subjects of each.
    not_randomised : tuple of str
        Values that look like no arm at all.
    reason : str
        Why the first is taken for the control.
    """

    column: str
    values: tuple[str, ...]
    sizes: tuple[int, ...]
    not_randomised: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Characteristic:
    """A column of the baseline table: its name, words, unit and the words for its codes."""

    column: str
    label: str
    unit: str
    levels: dict[str, str]


@dataclass(frozen=True)
class Flow:
    """Columns that tell what became of each subject; None where there is none."""

    status: str
    completed: str
    reason: str | None
    received: str | None
    stopped: str | None


@dataclass(frozen=True)
class Subjects:
    """All that ADSL tells.

    Attributes
    ----------
    study : str or None
        STUDYID.
    arms : Arms
        The arms.
    populations : dict of str to (str, str)
        Name to flag and label, the widest first.
    characteristics : tuple of Characteristic
        Columns that describe the patients.
    flow : Flow or None
        None where no column tells who completed.
    covariates : tuple of str
        Columns that randomisation may have been stratified by.
    sites : int or None
        Number of sites.
    randomised : frozenset of str
        USUBJID of those with an arm.
    """

    study: str | None
    arms: Arms
    populations: dict[str, tuple[str, str]]
    characteristics: tuple[Characteristic, ...]
    flow: Flow | None
    covariates: tuple[str, ...]
    sites: int | None
    randomised: frozenset[str]

    def population(self, *preferred: str) -> str:
        """Name the first of the preferred populations that there is, else the widest."""
        return next((n for n in preferred if n in self.populations), next(iter(self.populations)))


def read_subjects(adsl: Source) -> Subjects:
    """Read ADSL.

    Parameters
    ----------
    adsl : Source
        One row a subject.

    Returns
    -------
    Subjects
        What was found.

    Raises
    ------
    BookError
        If it has no USUBJID, fewer than two arms, or no flag of a population.
    """
    frame, name = adsl.frame, adsl.path.name
    if "USUBJID" not in frame:
        raise BookError(f"{name} has no column USUBJID; it must have one row a subject")
    arms = _arms(frame, name)
    randomised = frame[frame[arms.column].isin(arms.values)]
    populations = _populations(randomised, arms)
    if not populations:
        raise BookError(
            f"{name} has no flag of a population with Y in every arm ({', '.join(_POPULATIONS)}); "
            "add one that is Y or N for each subject, such as RANDFL"
        )
    studies = frame["STUDYID"].dropna().unique() if "STUDYID" in frame else []
    covariates = [
        str(c)
        for c in frame.columns
        if _COVARIATES.fullmatch(str(c)) and 2 <= randomised[c].nunique() <= _MOST_LEVELS
    ]
    return Subjects(
        study=str(studies[0]) if len(studies) else None,
        arms=arms,
        populations=populations,
        characteristics=tuple(_characteristics(randomised)),
        flow=_flow(randomised),
        covariates=tuple(covariates),
        sites=int(randomised["SITEID"].nunique()) if "SITEID" in frame else None,
        randomised=frozenset(randomised["USUBJID"].astype("str")),
    )


def _arms(adsl: pd.DataFrame, name: str) -> Arms:
    column = next((c for c in _ARM_COLUMNS if c in adsl and adsl[c].notna().any()), None)
    if column is None:
        raise BookError(f"{name} has none of {', '.join(_ARM_COLUMNS)}; who was in which arm?")
    sizes = adsl[column].dropna().astype("str").value_counts()
    none = sorted(value for value in sizes.index if _NO_ARM.search(value))
    values = sorted(set(sizes.index) - set(none))
    if len(values) < 2:
        held = ", ".join(values) or "none"
        raise BookError(f"{name} has fewer than two arms in {column} ({held}); nothing to compare")
    number = f"{column}N"
    order = dict.fromkeys(values, 0.0)
    if number in adsl:
        numbers = pd.to_numeric(adsl[number], errors="coerce")
        order |= numbers.groupby(adsl[column].astype("str")).min().fillna(0).to_dict()

    def place(value: str) -> tuple[float, float, float, str]:
        kind = next((i for i, words in enumerate(_CONTROL) if words.search(value)), len(_CONTROL))
        return kind, order[value], _dose(value), value

    values.sort(key=place)
    if place(values[0])[0] < len(_CONTROL):
        reason = f"{values[0]!r} sounds like a control"
    elif number in adsl:
        reason = f"it has the lowest {number}"
    else:
        reason = "it comes first by name, and no name sounds like a control"
    return Arms(column, tuple(values), tuple(int(sizes[v]) for v in values), tuple(none), reason)


def _dose(arm: str) -> float:
    """Order arms that differ in their dose: by low, middle and high, or by the first number."""
    for place, words in enumerate((r"\blow", r"\b(medium|middle|mid)", r"\bhigh")):
        if re.search(words, arm, re.IGNORECASE):
            return float(place)
    number = re.search(r"\d+(\.\d+)?", arm)
    return float(number[0]) if number else 0.0


def _populations(randomised: pd.DataFrame, arms: Arms) -> dict[str, tuple[str, str]]:
    """Find the flags of Y and N that mark somebody in every arm."""
    found: dict[str, tuple[str, str]] = {}
    for flag, (name, label) in _POPULATIONS.items():
        if name in found or flag not in randomised or set(randomised[flag].dropna()) - {"Y", "N"}:
            continue
        members = set(randomised.loc[randomised[flag] == "Y", arms.column])
        if set(arms.values) <= members:
            found[name] = (flag, label)
    return found


def _characteristics(randomised: pd.DataFrame) -> list[Characteristic]:
    found = []
    for column, (label, unit) in _CHARACTERISTICS.items():
        if column not in randomised or randomised[column].nunique() < 2:
            continue
        values = randomised[column].dropna()
        levels: dict[str, str] = {}
        if not pd.api.types.is_numeric_dtype(values):
            codes = values.astype("str").value_counts()
            if len(codes) > _MOST_LEVELS:
                continue
            words = _LEVELS.get(column, {})
            levels = {str(code): words.get(str(code), _worded(str(code))) for code in codes.index}
        found.append(Characteristic(column, label, unit, levels))
    return found


def _worded(code: str) -> str:
    """Set a code in capitals throughout in small letters, as a name."""
    if not code.isupper() or len(code) < 4:
        return code
    words = code.lower().split()
    text = " ".join(w if w in _SMALL_WORDS else w.title() for w in words)
    return text[:1].upper() + text[1:]


def _flow(randomised: pd.DataFrame) -> Flow | None:
    columns = set(randomised.columns)
    if "EOSSTT" not in columns:
        return None
    words = randomised["EOSSTT"].dropna().astype("str").value_counts().index
    completed = next((str(w) for w in words if re.match(r"complete", str(w), re.IGNORECASE)), None)
    if completed is None:
        return None
    return Flow(
        "EOSSTT",
        completed,
        next((c for c in _REASONS if c in columns and randomised[c].notna().any()), None),
        "SAFFL" if "SAFFL" in columns and randomised["SAFFL"].isin(["Y", "N"]).any() else None,
        next((c for c in _STOPPED if c in columns and randomised[c].notna().any()), None),
    )
