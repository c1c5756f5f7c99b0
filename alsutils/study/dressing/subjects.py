"""ADSL: one row a subject, screen failures included, and the calendar that the others share."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alsutils.stats.patients import lead_in_slopes
from alsutils.study.cohort import DAYS_PER_MONTH, DEATH, Cohort

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_DAYS_BEFORE_TREATMENT = 30  # from randomisation to the baseline visit


@dataclass(frozen=True)
class Calendar:
    """When a simulated trial ran, and what its study is called.

    Attributes
    ----------
    study : str
        STUDYID.
    first, last : date
        First and last randomisation.
    until : date
        Survival is known to this day.
    screen_failures : int
        Subjects who consented and were not randomised.
    """

    study: str
    first: date
    last: date
    until: date
    screen_failures: int


@dataclass(frozen=True)
class Identity:
    """Who is who and when; the first axis is the randomised patient.

    Attributes
    ----------
    study : str
        STUDYID.
    subject : ndarray of str, shape (n,)
        USUBJID.
    randomised, baseline : ndarray of datetime64[D], shape (n,)
        Dates of randomisation and of the baseline visit.
    until : datetime64[D]
        Survival is known to this day.
    failures : ndarray of str, shape (screen failures,)
        USUBJID of those who were not randomised.
    failure_dates : ndarray of datetime64[D], shape (screen failures,)
        Their day of consent.
    consent : ndarray of datetime64[D], shape (n,)
        Day of consent of the randomised.
    """

    study: str
    subject: NDArray[np.str_]
    randomised: NDArray[np.datetime64]
    baseline: NDArray[np.datetime64]
    until: np.datetime64
    failures: NDArray[np.str_]
    failure_dates: NDArray[np.datetime64]
    consent: NDArray[np.datetime64]

    @property
    def randomised_day(self) -> Ints:
        """Days from baseline to randomisation (negative), shape (n,)."""
        return np.asarray((self.randomised - self.baseline).astype(np.int64))


def identify(cohort: Cohort, calendar: Calendar, rng: np.random.Generator) -> Identity:
    """Give patients dates within the enrolment period, and numbers in the order of consent.

    Parameters
    ----------
    cohort : Cohort
        Randomised patients.
    calendar : Calendar
        Enrolment period.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    Identity
        The first and the last patient are randomised on the first and last day of the period.
    """
    n, failures = cohort.n, calendar.screen_failures
    span = (calendar.last - calendar.first).days
    days = np.sort(rng.integers(0, span + 1, n))
    days[0], days[-1] = 0, span
    randomised = np.datetime64(calendar.first, "D") + days
    baseline = randomised + _DAYS_BEFORE_TREATMENT + rng.integers(-2, 3, n)
    consent = baseline + cohort.visit_day.min(axis=1) - rng.integers(1, 8, n)
    failed = np.datetime64(calendar.first, "D") + np.sort(rng.integers(-60, span - 80, failures))
    order = np.argsort(np.concatenate([consent, failed]), kind="stable")
    number = np.empty(n + failures, dtype=np.int64)
    number[order] = np.arange(1, n + failures + 1)
    subject = np.array([f"{calendar.study}-{i:03d}" for i in number])
    return Identity(
        study=calendar.study,
        subject=subject[:n],
        randomised=randomised,
        baseline=baseline,
        until=np.datetime64(calendar.until, "D"),
        failures=subject[n:],
        failure_dates=failed,
        consent=consent,
    )


def adsl(cohort: Cohort, who: Identity, rng: np.random.Generator) -> pd.DataFrame:
    """Build the subject-level table.

    Parameters
    ----------
    cohort : Cohort
        Randomised patients.
    who : Identity
        Their numbers and dates.
    rng : numpy.random.Generator
        Source of random numbers, for the screen failures only.

    Returns
    -------
    DataFrame
        One row a subject, sorted by USUBJID.
    """
    arm = np.asarray(cohort.arms)[cohort.arm]
    zero = cohort.column(0)
    later = cohort.months >= 4
    evaluable = ~np.isnan(cohort.score[:, later]).all(axis=1)
    death = who.baseline + cohort.death_day.astype(np.int64)
    known = known_until(cohort, who)
    died = death <= known
    lead_in = lead_in_slopes(cohort.score, cohort.months.astype(float))
    table = pd.DataFrame(
        {
            "USUBJID": who.subject,
            "TRT01P": arm,
            "TRT01A": arm,
            "RANDFL": "Y",
            "ITTFL": "Y",
            "SAFFL": "Y",
            "EFFFL": np.where(evaluable, "Y", "N"),
            "AGE": np.clip(np.rint(cohort.age), 25, 80),
            "SEX": np.where(cohort.male, "M", "F"),
            "ONSET": np.where(cohort.bulbar, "Bulbar", "Limb"),
            "DISDUR": np.round(np.clip(cohort.onset_months, 4, 60), 1),
            "FRSBL": cohort.score[:, zero],
            "FRSSLBL": np.round(lead_in, 2),
            "FVCBL": cohort.others["FVC"][:, zero],
            "AALSBL": cohort.others["AALS"][:, zero],
            "RFICDT": who.consent,
            "RANDDT": who.randomised,
            "TRTSDT": who.baseline,
            "INJN": _injections(cohort),
            "EOSSTT": np.where(np.asarray(cohort.reason) == "", "COMPLETED", "DISCONTINUED"),
            "DCSREAS": np.asarray(cohort.reason),
            "EOSDY": cohort.end_day + 1,
            "DTHFL": np.where(died, "Y", "N"),
            "DTHDT": np.where(died, death, np.datetime64("NaT")),
            "LSTALVDT": np.where(died, death, known),
        }
    )
    table = pd.concat([table, _screen_failures(who, rng)], ignore_index=True)
    table.insert(0, "STUDYID", who.study)
    table.insert(2, "SUBJID", table["USUBJID"].str.rsplit("-", n=1).str[-1])
    return table.sort_values("USUBJID", ignore_index=True)


def known_until(cohort: Cohort, who: Identity) -> NDArray[np.datetime64]:
    """Day to which it is known whether a patient lives: whoever leaves is not followed further."""
    reason = np.asarray(cohort.reason)
    left = (reason != "") & (reason != DEATH)
    end = who.baseline + cohort.end_day.astype(np.int64)
    return np.where(left, end, np.maximum(who.until, end))


def _injections(cohort: Cohort) -> Ints:
    """Two injections 26 days apart in the treated arms, unless the patient had left by then."""
    had = 1 + (cohort.end_day > 26).astype(np.int64)
    return np.where(cohort.arm == 0, 0, had)


def _screen_failures(who: Identity, rng: np.random.Generator) -> pd.DataFrame:
    n = len(who.failures)
    return pd.DataFrame(
        {
            "USUBJID": who.failures,
            "RANDFL": "N",
            "ITTFL": "N",
            "SAFFL": "N",
            "EFFFL": "N",
            "AGE": np.clip(np.rint(rng.normal(56, 10, n)), 25, 80),
            "SEX": np.where(rng.random(n) < 0.6, "M", "F"),
            "ONSET": np.where(rng.random(n) < 0.25, "Bulbar", "Limb"),
            "RFICDT": who.failure_dates,
            "EOSSTT": "DISCONTINUED",
            "DCSREAS": "Screen failure",
            "DTHFL": "N",
            "LSTALVDT": who.failure_dates + np.rint(rng.uniform(7, 80, n)).astype(np.int64),
        }
    )


def months_between(days: Floats) -> Floats:
    """Days as months of 30.4375 days, two decimals."""
    return np.asarray(np.round(days / DAYS_PER_MONTH, 2), dtype=float)
