"""ADAE: adverse events, with a wanted number of patients for each term and arm."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alsutils.study.cohort import DEATH, Cohort
from alsutils.study.dressing.scores import study_day
from alsutils.study.dressing.subjects import Identity

Ints = NDArray[np.int64]

SECOND_INJECTION = 26  # days after the first
_SECOND_RECORD = 0.2
_GENERAL = "General disorders and administration site conditions"
_MUSCLE = "Musculoskeletal and connective tissue disorders"
_NERVOUS = "Nervous system disorders"
_GUT = "Gastrointestinal disorders"
_INFECTIONS = "Infections and infestations"
_CHEST = "Respiratory, thoracic and mediastinal disorders"
_INJURY = "Injury, poisoning and procedural complications"
_MIND = "Psychiatric disorders"
_SKIN = "Skin and subcutaneous tissue disorders"
_KIDNEY = "Renal and urinary disorders"


@dataclass(frozen=True)
class EventKind:
    """One preferred term: reported words, organ class, share of patients by arm, cause.

    ``control`` and ``treated`` are the shares of patients with at least one such event;
    ``procedure`` is the share of a treated patient's events that an injection brings on.
    """

    term: str
    reported: str
    system: str
    control: float
    treated: float
    procedure: float = 0.0


KINDS = (
    EventKind("Back pain", "Low back pain", _MUSCLE, 0.19, 0.45, procedure=0.75),
    EventKind("Pyrexia", "Fever", _GENERAL, 0.06, 0.27, procedure=0.75),
    EventKind("Headache", "Headache", _NERVOUS, 0.06, 0.27, procedure=0.75),
    EventKind("Injection site pain", "Pain at injection site", _GENERAL, 0.0, 0.24, procedure=1.0),
    EventKind("Nausea", "Nausea", _GUT, 0.06, 0.12),
    EventKind("Constipation", "Constipation", _GUT, 0.13, 0.12),
    EventKind("Upper respiratory tract infection", "Common cold", _INFECTIONS, 0.19, 0.18),
    EventKind("Fall", "Fall", _INJURY, 0.16, 0.12),
    EventKind("Dyspnoea", "Shortness of breath", _CHEST, 0.10, 0.06),
    EventKind("Insomnia", "Difficulty sleeping", _MIND, 0.07, 0.07),
    EventKind("Muscle spasms", "Leg cramps", _MUSCLE, 0.07, 0.07),
    EventKind("Salivary hypersecretion", "Drooling", _GUT, 0.07, 0.04),
    EventKind("Dizziness", "Dizziness", _NERVOUS, 0.04, 0.07),
    EventKind("Pruritus", "Itching", _SKIN, 0.04, 0.04),
    EventKind("Urinary tract infection", "Cystitis", _KIDNEY, 0.04, 0.04),
    EventKind("Myalgia", "Muscle pain", _MUSCLE, 0.04, 0.07),
)
FATAL = EventKind("Respiratory failure", "Respiratory failure", _CHEST, 0.0, 0.0)
SERIOUS = (
    EventKind("Pneumonia", "Pneumonia, hospitalised", _INFECTIONS, 0.0, 0.0),
    EventKind("Pneumonia aspiration", "Aspiration pneumonia", _INFECTIONS, 0.0, 0.0),
    EventKind("Femur fracture", "Fracture of the femur", _INJURY, 0.0, 0.0),
)
BEFORE = EventKind("Nasopharyngitis", "Sore throat", _INFECTIONS, 0.0, 0.0)
_SERIOUS_SHARE = (0.18, 0.09)  # control, treated


@dataclass(frozen=True)
class EventCounts:
    """How many patients of each arm have each event.

    Attributes
    ----------
    by_term : mapping of str to tuple of int
        Patients by preferred term, one number an arm; terms not named are drawn.
    serious : tuple of int
        Patients with a serious event, deaths during the trial included, one number an arm.
    """

    by_term: Mapping[str, tuple[int, ...]]
    serious: tuple[int, ...]


def draw_counts(cohort: Cohort, rng: np.random.Generator) -> EventCounts:
    """Draw the numbers of patients with each event for a trial without wanted counts."""
    sizes = np.bincount(cohort.arm, minlength=len(cohort.arms))
    deaths = np.bincount(cohort.arm[_died(cohort)], minlength=len(cohort.arms))
    shares = (_SERIOUS_SHARE[0], *[_SERIOUS_SHARE[1]] * (len(sizes) - 1))
    serious = tuple(
        int(max(dead, rng.binomial(size, share)))
        for dead, size, share in zip(deaths, sizes, shares, strict=True)
    )
    return EventCounts({}, serious)


def adae(
    cohort: Cohort, who: Identity, counts: EventCounts, rng: np.random.Generator
) -> pd.DataFrame:
    """Build the adverse-event table.

    Parameters
    ----------
    cohort : Cohort
        Patients with their end of participation.
    who : Identity
        Their numbers.
    counts : EventCounts
        Patients wanted for each term and with a serious event.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    DataFrame
        One row an event, none after the end of participation. Deaths during the trial are fatal
        respiratory failure; no serious event is related to treatment.

    Raises
    ------
    ValueError
        If more patients are wanted than an arm has.
    """
    rows: list[dict[str, object]] = []
    died = _died(cohort)
    for arm in range(len(cohort.arms)):
        members = np.flatnonzero(cohort.arm == arm)
        for kind in KINDS:
            for i in _chosen(kind, arm, members, counts, rng):
                rows.append(_event(cohort, int(i), kind, rng))
                if rng.random() < _SECOND_RECORD:
                    rows.append(_event(cohort, int(i), kind, rng))
        rows += [_fatal(cohort, int(i), rng) for i in members[died[members]]]
        alive = members[~died[members]]
        wanted = counts.serious[arm] - int(died[members].sum())
        _check_wanted("a serious event", wanted, len(alive), cohort.arms[arm])
        for k, i in enumerate(rng.choice(alive, wanted, replace=False)):
            rows.append(_serious(cohort, int(i), SERIOUS[k % len(SERIOUS)], rng))
    for i in rng.choice(cohort.n, max(1, cohort.n // 16), replace=False):
        rows.append(_before_treatment(cohort, int(i), rng))
    return _numbered(pd.DataFrame(rows), who)


def _chosen(
    kind: EventKind, arm: int, members: Ints, counts: EventCounts, rng: np.random.Generator
) -> Ints:
    """Patients of one arm who have one kind of event."""
    if kind.term in counts.by_term:
        wanted = counts.by_term[kind.term][arm]
        _check_wanted(kind.term, wanted, len(members), str(arm))
    else:
        wanted = int(rng.binomial(len(members), kind.treated if arm else kind.control))
    return np.sort(rng.choice(members, wanted, replace=False))


def _check_wanted(what: str, wanted: int, most: int, arm: str) -> None:
    if not 0 <= wanted <= most:
        raise ValueError(
            f"{wanted} patients of arm {arm!r} cannot have {what}: 0 to {most} can. "
            "Mend the wanted counts."
        )


def _died(cohort: Cohort) -> NDArray[np.bool_]:
    return np.asarray(cohort.reason) == DEATH


def _event(cohort: Cohort, i: int, kind: EventKind, rng: np.random.Generator) -> dict[str, object]:
    """One event that is not serious."""
    last = int(cohort.end_day[i]) - 1
    brought_on = cohort.arm[i] > 0 and rng.random() < kind.procedure
    if brought_on:
        injection = SECOND_INJECTION if last > SECOND_INJECTION and rng.random() < 0.5 else 0
        start = min(injection + int(rng.integers(0, 4)), last)
        lasts = int(rng.integers(1, 8))
    else:
        start = int(rng.integers(1, max(last, 2)))
        lasts = int(rng.integers(2, 40))
    severity = "MODERATE" if rng.random() < 0.2 else "MILD"
    return _row(cohort, i, kind, start, start + lasts, severity=severity, related=brought_on)


def _serious(
    cohort: Cohort, i: int, kind: EventKind, rng: np.random.Generator
) -> dict[str, object]:
    last = max(int(cohort.end_day[i]) - 10, 1)
    start = int(rng.integers(min(20, last), last + 1))
    end = start + int(rng.integers(7, 25))
    return _row(cohort, i, kind, start, end, severity="SEVERE", serious=True)


def _fatal(cohort: Cohort, i: int, rng: np.random.Generator) -> dict[str, object]:
    end = int(cohort.end_day[i])
    start = max(end - int(rng.integers(0, 6)), 1)
    return _row(cohort, i, FATAL, start, end, severity="SEVERE", serious=True, fatal=True)


def _before_treatment(cohort: Cohort, i: int, rng: np.random.Generator) -> dict[str, object]:
    start = int(rng.integers(-80, -10))
    return _row(cohort, i, BEFORE, start, start + int(rng.integers(3, 10)), severity="MILD")


def _row(
    cohort: Cohort,
    i: int,
    kind: EventKind,
    start: int,
    end: int,
    *,
    severity: str,
    related: bool = False,
    serious: bool = False,
    fatal: bool = False,
) -> dict[str, object]:
    """One record; an event that outlasts participation has no end day."""
    ongoing = end > cohort.end_day[i]
    recovered = "NOT RECOVERED/NOT RESOLVED" if ongoing else "RECOVERED/RESOLVED"
    treated = cohort.arm[i] > 0 and start >= 0
    return {
        "patient": i,
        "AETERM": kind.reported,
        "AEDECOD": kind.term,
        "AEBODSYS": kind.system,
        "ASTDY": int(study_day(np.asarray(start))),
        "AENDY": np.nan if ongoing else int(study_day(np.asarray(end))),
        "AESEV": severity,
        "AESER": "Y" if serious else "N",
        "AEREL": "RELATED" if related else "NOT RELATED",
        "AEACN": "DOSE NOT CHANGED" if treated else "NOT APPLICABLE",
        "AEOUT": "FATAL" if fatal else recovered,
        "AESDTH": "Y" if fatal else "N",
        "TRTEMFL": "Y" if start >= 0 else "N",
    }


def _numbered(rows: pd.DataFrame, who: Identity) -> pd.DataFrame:
    """Sort by subject and day, number each subject's events."""
    table = rows.assign(USUBJID=who.subject[rows["patient"].to_numpy()])
    table = table.drop(columns="patient")
    table = table.sort_values(["USUBJID", "ASTDY", "AEDECOD"], kind="stable", ignore_index=True)
    table.insert(0, "STUDYID", who.study)
    table.insert(1, "USUBJID", table.pop("USUBJID"))
    table.insert(2, "AESEQ", table.groupby("USUBJID").cumcount() + 1)
    return table
