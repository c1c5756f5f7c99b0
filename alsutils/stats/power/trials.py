"""Many simulated trials of one scenario, side by side."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from alsutils.stats.patients import Patients, Scenario, simulate_patients

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Trials:
    """Trials of the same size and visits; the first axis is the trial, the second the patient.

    Attributes
    ----------
    arm : ndarray of int, shape (patients,)
        Index of each patient's arm, 0 for the control; the same in every trial.
    months : ndarray, shape (visits,)
        Visits after baseline.
    baseline : ndarray, shape (trials, patients)
        Score at month 0.
    score : ndarray, shape (trials, patients, visits)
        Scores after baseline; missing after death or leaving.
    time : ndarray, shape (trials, patients)
        Months from month 0 to death, leaving or the end of follow-up, whichever comes first.
    died : ndarray of bool, shape (trials, patients)
        Whether that was death.
    """

    arm: Ints
    months: Floats
    baseline: Floats
    score: Floats
    time: Floats
    died: Bools

    @property
    def change(self) -> Floats:
        """Change from baseline, shape (trials, patients, visits)."""
        return self.score - self.baseline[:, :, None]

    @property
    def treated(self) -> range:
        """Indices of the arms that are compared with the control."""
        return range(1, int(self.arm[-1]) + 1)

    def __len__(self) -> int:
        return len(self.baseline)


@dataclass(frozen=True)
class Truth:
    """What an unbiased rater would find if nobody died or left, however many patients there were.

    Attributes
    ----------
    difference : float
        Treated less control in the mean score at the last visit, points.
    slope : float
        In the mean of the patients' least-squares slopes, points a month.
    rank : float
        In the mean joint rank of survival and function among the scenario's own patients; those
        who died by the last visit are ranked by their time of death.
    log_hazard_ratio : float
        Of death; missing where hazards differ between patients of one arm, so that no single ratio
        holds for the arms.
    """

    difference: float
    slope: float
    rank: float
    log_hazard_ratio: float


def simulate_trials(scenario: Scenario, n_trials: int, rng: np.random.Generator) -> Trials:
    """Draw trials of one scenario.

    Parameters
    ----------
    scenario : Scenario
        Of one trial.
    n_trials : int
        How many.
    rng : numpy.random.Generator
        Source of all random numbers.

    Returns
    -------
    Trials
        Patients do not depend on each other, so that many trials are one large one dealt out.
    """
    together = replace(scenario, n_per_arm=tuple(n * n_trials for n in scenario.n_per_arm))
    patients = simulate_patients(together, rng)
    sizes = scenario.n_per_arm
    months = np.asarray(scenario.months, dtype=float)
    end = months[-1] if scenario.follow_up is None else scenario.follow_up
    score = _dealt(patients.score[:, months >= 0], sizes, n_trials)
    last = np.minimum(patients.dropout_month, end)
    return Trials(
        arm=np.repeat(np.arange(len(sizes)), sizes),
        months=months[months > 0],
        baseline=score[:, :, 0],
        score=score[:, :, 1:],
        time=_dealt(np.minimum(patients.event_month, last), sizes, n_trials),
        died=_dealt(patients.event_month <= last, sizes, n_trials),
    )


def _dealt(values: NDArray, sizes: tuple[int, ...], n_trials: int) -> NDArray:
    """Deal patients, who are ordered by arm, out to trials: (trials, patients, ...)."""
    ends = np.cumsum(np.asarray(sizes) * n_trials)[:-1]
    arms = np.split(values, ends)
    return np.concatenate(
        [own.reshape(n_trials, n, *values.shape[1:]) for own, n in zip(arms, sizes, strict=True)],
        axis=1,
    )


def true_differences(scenario: Scenario, seed: int, patients: int) -> list[Truth]:
    """Find the true differences of each treated arm from the control.

    Parameters
    ----------
    scenario : Scenario
        Its raters' bias and its drop-out are left aside, and so is any difference between the
        patients of its arms: the same patients are drawn for each.
    seed : int
        Of all random numbers, which the arms share, so that a treatment without effect has none.
    patients : int
        Simulated in each arm.

    Returns
    -------
    list of Truth
        One an arm after the control.
    """
    alike = (float(np.mean(scenario.lead_in_decline)),)
    fair = replace(scenario, rater_bias=(0.0,), dropout_per_month=0.0, lead_in_decline=alike)
    arms = [_as_arm(fair, arm, seed, patients) for arm in range(len(scenario.arms))]
    months = np.asarray(scenario.months, dtype=float)
    after = months >= 0
    last = [own.complete_score[:, -1].mean() for own in arms]
    centred = months[after] - months[after].mean()
    slopes = [own.complete_score[:, after] @ centred / (centred @ centred) for own in arms]
    keys = [_order(own, months[-1]) for own in arms]
    ranks = [
        sum(n * _share_above(key, other) for n, other in zip(scenario.n_per_arm, keys, strict=True))
        for key in keys
    ]
    return [
        Truth(
            float(last[arm] - last[0]),
            float(slopes[arm].mean() - slopes[0].mean()),
            float(ranks[arm] - ranks[0]),
            _log_hazard_ratio(scenario, arm),
        )
        for arm in range(1, len(arms))
    ]


def is_null(scenario: Scenario, arm: int) -> bool:
    """Say whether treatment does nothing in an arm; patients, raters and drop-out may differ."""
    return all(
        _of_arm(values, arm) == _of_arm(values, 0)
        for values in (scenario.slope_effect, scenario.log_hr_arm)
    )


def _of_arm(values: tuple[float, ...], arm: int) -> float:
    """One arm's value of a setting that may be given once for all."""
    return values[arm] if len(values) > 1 else values[0]


def _as_arm(scenario: Scenario, arm: int, seed: int, patients: int) -> Patients:
    """Draw patients who all belong to one arm."""
    alone = replace(
        scenario,
        arms=("some", "rest"),
        n_per_arm=(patients - 1, 1),
        slope_effect=(_of_arm(scenario.slope_effect, arm),) * 2,
        log_hr_arm=(_of_arm(scenario.log_hr_arm, arm),),
        dropout_log_hr_arm=(0.0,),
    )
    return simulate_patients(alone, np.random.default_rng(seed))


def _order(patients: Patients, horizon: float) -> Floats:
    """Give each patient a number that orders them: death before function, the later the better."""
    start = patients.scenario.months.index(0)
    change = patients.complete_score[:, -1] - patients.complete_score[:, start]
    below = change.min() - 1.0
    died = patients.event_month <= horizon
    return np.where(died, below + patients.event_month - horizon, change)


def _share_above(own: Floats, other: Floats) -> float:
    """Give the probability that one of these ranks above one of the others, ties halved."""
    ordered = np.sort(other)
    beaten = np.searchsorted(ordered, own, "left") + np.searchsorted(ordered, own, "right")
    return float(beaten.mean() / 2 / len(ordered))


def _log_hazard_ratio(scenario: Scenario, arm: int) -> float:
    """Give the log hazard ratio of an arm, if a single one holds for its patients."""
    ratio = _of_arm(scenario.log_hr_arm, arm) - _of_arm(scenario.log_hr_arm, 0)
    if is_null(scenario, arm) and len(set(scenario.lead_in_decline)) == 1:
        return 0.0
    links = ("log_hr_slope", "log_hr_bulbar", "log_hr_age", "log_hr_decline")
    return ratio if all(getattr(scenario, name) == 0 for name in links) else np.nan
