"""The patients of a simulated trial, between the model that makes them and the tables they fill."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alsutils.stats.patients import Patients

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DAYS_PER_MONTH = 30.4375
DEATH, WITHDRAWAL, LOST = "Death", "Withdrawal by subject", "Lost to follow-up"
_VISIT_WINDOW = 3
_TRACHEOSTOMIES = 0.2
_MONTHS_AFTER = 15.0  # mean life with a tracheostomy


@dataclass(frozen=True)
class Score:
    """How a score other than the ALSFRS-R follows it.

    Attributes
    ----------
    code : str
        PARAMCD.
    months : tuple of int
        Visits at which it is taken.
    low, high, unit : float
        Range of the scale, and the step between its values.
    mean, sd : float
        At baseline.
    per_point : float
        Change for each point of the ALSFRS-R, at baseline between patients and later within one.
    per_month : float
        Further change a month.
    noise : float
        Standard deviation of a change, beyond what follows the ALSFRS-R.
    """

    code: str
    months: tuple[int, ...]
    low: float
    high: float
    unit: float
    mean: float
    sd: float
    per_point: float
    per_month: float
    noise: float


AALS = Score("AALS", (-3, 0, 4), 30, 164, 1.0, 74, 12, -2.0, 1.5, 7.0)
SF36 = Score("SF36", (0, 4), 0, 100, 0.1, 56, 14, 1.0, -1.5, 11.0)
FVC = Score("FVC", (-3, 0, 4, 6), 20, 140, 0.1, 80, 15.5, 1.5, -1.2, 8.0)
OTHER_SCORES = (AALS, SF36, FVC)


@dataclass(frozen=True)
class Endings:
    """Days from baseline to tracheostomy (infinite without one) and to death, shape (n,)."""

    tracheostomy_day: Floats
    death_day: Floats


@dataclass(frozen=True)
class Cohort:
    """Randomised patients with all that happened to them; the first axis is the patient.

    Attributes
    ----------
    arms : tuple of str
        Arm values, the control first.
    arm : ndarray of int, shape (n,)
        Index into ``arms``.
    age, onset_months : ndarray, shape (n,)
        Years; months from first symptom to randomisation.
    male, bulbar : ndarray of bool, shape (n,)
        Sex, and bulbar onset.
    months : ndarray of int, shape (visits,)
        Planned visits.
    visit_day : ndarray of int, shape (n, visits)
        Days from the baseline visit (0) to each planned visit.
    score : ndarray, shape (n, visits)
        ALSFRS-R, NaN where the visit was missed.
    others : mapping of str to ndarray, shape (n, visits)
        The other scores by PARAMCD, NaN where not taken.
    death_day : ndarray, shape (n,)
        Days from baseline to death, were everybody followed for ever.
    tracheostomy_day : ndarray, shape (n,)
        Days from baseline to tracheostomy; infinite where death comes without one.
    end_day : ndarray, shape (n,)
        Days from baseline to the end of participation.
    reason : tuple of str, length n
        Why participation ended early, empty for those who completed the trial.
    carried : mapping of str to ndarray of bool, shape (n,)
        For each derived PARAMCD, whose month-4 value is carried forward to month 6.
    complete : ndarray, shape (n, visits), or None
        Of a twin: the ALSFRS-R that would have been rated had nobody left or died.
    """

    arms: tuple[str, ...]
    arm: Ints
    age: Floats
    onset_months: Floats
    male: Bools
    bulbar: Bools
    months: Ints
    visit_day: Ints
    score: Floats
    others: Mapping[str, Floats]
    death_day: Floats
    tracheostomy_day: Floats
    end_day: Floats
    reason: tuple[str, ...]
    carried: Mapping[str, Bools] = field(default_factory=dict)
    complete: Floats | None = None

    @property
    def n(self) -> int:
        """Randomised patients."""
        return len(self.arm)

    def column(self, month: int) -> int:
        """Column of a planned visit."""
        return int(np.flatnonzero(self.months == month)[0])


def cohort_from_model(patients: Patients, rng: np.random.Generator) -> Cohort:
    """Give patients of the model visit days, other scores and an end of participation.

    Parameters
    ----------
    patients : Patients
        Draws of the model.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    Cohort
        Nobody has a visit after death or after leaving.
    """
    scenario = patients.scenario
    months = np.asarray(scenario.months)
    visit_day = visit_days(months, patients.scenario.n, rng)
    final = visit_day[:, -1].astype(float)
    event_day = np.maximum(np.rint(patients.event_month * DAYS_PER_MONTH), 1.0)
    ends = endings(event_day, final, rng)
    leaving = np.maximum(np.rint(patients.dropout_month * DAYS_PER_MONTH), 1.0)
    end_day = np.minimum(np.minimum(ends.death_day, leaving), final)
    left = end_day < final
    withdrew = rng.random(scenario.n) < 0.6
    alive_reason = np.where(withdrew, WITHDRAWAL, LOST)
    reason = np.where(~left, "", np.where(ends.death_day <= leaving, DEATH, alive_reason))
    seen = (months[None, :] <= 0) | (visit_day < end_day[:, None]) | ~left[:, None]
    score = np.where(seen, patients.complete_score, np.nan)
    return Cohort(
        arms=scenario.arms,
        arm=patients.arm,
        age=patients.age,
        onset_months=patients.onset_months,
        male=patients.male,
        bulbar=patients.bulbar,
        months=months,
        visit_day=visit_day,
        score=score,
        others={kind.code: model_score(kind, score, months, rng) for kind in OTHER_SCORES},
        death_day=ends.death_day,
        tracheostomy_day=ends.tracheostomy_day,
        end_day=end_day,
        reason=tuple(str(word) for word in reason),
    )


def visit_days(months: Ints, n: int, rng: np.random.Generator) -> Ints:
    """Days from baseline to each planned visit, a few days early or late."""
    planned = np.rint(months * DAYS_PER_MONTH).astype(np.int64)
    late = rng.integers(-_VISIT_WINDOW, _VISIT_WINDOW + 1, (n, len(months)))
    return np.where(months[None, :] == 0, 0, planned[None, :] + late)


def model_score(kind: Score, score: Floats, months: Ints, rng: np.random.Generator) -> Floats:
    """Draw another score that follows the ALSFRS-R.

    Parameters
    ----------
    kind : Score
        How it follows.
    score : ndarray, shape (n, visits)
        ALSFRS-R, NaN where missed.
    months : ndarray, shape (visits,)
        Month of each column.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    ndarray, shape (n, visits)
        NaN where the visit was missed or the score is not planned.
    """
    at_zero = score[:, months == 0]
    start = other_baseline(kind, at_zero[:, 0], rng)
    path = start[:, None] + kind.per_point * (score - at_zero) + kind.per_month * months
    path = path + np.where(months == 0, 0.0, rng.normal(0.0, kind.noise, score.shape))
    planned = np.isin(months, kind.months)[None, :]
    return np.where(planned, on_scale(kind, path), np.nan)


def other_baseline(kind: Score, score: Floats, rng: np.random.Generator) -> Floats:
    """Baseline of another score, correlated with the ALSFRS-R at baseline."""
    centred = score - score.mean()
    return on_scale(
        kind, kind.mean + kind.per_point * centred + rng.normal(0.0, kind.sd, score.shape)
    )


def on_scale(kind: Score, values: Floats) -> Floats:
    """Round to the score's step and keep inside its range."""
    steps = np.rint(np.clip(values, kind.low, kind.high) / kind.unit)
    return np.asarray(np.round(steps * kind.unit, 6), dtype=float)


def endings(event_day: Floats, earliest: Floats, rng: np.random.Generator) -> Endings:
    """Say for each patient whether the model's event is a tracheostomy or the death itself.

    Parameters
    ----------
    event_day : ndarray, shape (n,)
        Days from baseline to death or tracheostomy.
    earliest : ndarray, shape (n,)
        Days from baseline before which there is no tracheostomy: the end of the trial.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    Endings
        About one event in five after the trial is a tracheostomy, and death follows it later.
    """
    chosen = (rng.random(len(event_day)) < _TRACHEOSTOMIES) & (event_day > earliest)
    lived_on = 1 + np.rint(rng.exponential(_MONTHS_AFTER * DAYS_PER_MONTH, len(event_day)))
    return Endings(
        tracheostomy_day=np.where(chosen, event_day, np.inf),
        death_day=np.where(chosen, event_day + lived_on, event_day),
    )
