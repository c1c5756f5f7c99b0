"""Four traps of survival analysis, each with patients on whom nothing acts."""

from dataclasses import replace

import numpy as np
import pandas as pd

from alsutils.stats.patients import Patients, Scenario, simulate_patients
from alsutils.stats.traps.trap import Look, Trap, landmark, make_trap

MONTHS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21, 24)
# Patients of the usual course, watched for two years; nothing in the arms acts.
PLAIN = Scenario(months=MONTHS, slope_effect=(0.0, 0.0), survival_median=18.0, follow_up=24.0)

TREATED, CONTROL, EARLIER = "treated", "control", "earlier decade"


def immortal_time(
    rng: np.random.Generator, n: int = 200, doses: int = 3, given: float = 0.25
) -> Trap:
    """Group patients by how many doses they came to get.

    Each month every living patient gets a dose with the same probability, and it does
    nothing. Who gets many must have lived to get them.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    n : int
        Patients.
    doses : int
        From which a patient counts as having got many.
    given : float
        Probability of a dose in each month.

    Returns
    -------
    Trap
        From the start by what came later (wrong); from a landmark; and with each patient in the
        second group only from the last of these doses on.

    References
    ----------
    Suissa S. Immortal time bias in pharmacoepidemiology. Am J Epidemiol 2008;167:492-499.
    doi:10.1093/aje/kwm324
    """
    drawn = _patients(rng, replace(PLAIN, n_per_arm=(n - n // 2, n // 2)))
    time, event = drawn["time"].to_numpy(), drawn["event"].to_numpy()
    taken = np.cumsum(rng.random((n, 24)) < given, axis=1)
    # Month of the last of these doses, had the patient lived to get it.
    reached = np.where(taken[:, -1] >= doses, (taken < doses).sum(axis=1), np.inf)
    many, few = f"{doses} doses or more", "fewer"
    ever = np.where(reached < time, many, few)
    patients = drawn.assign(reached=np.where(reached < time, reached, np.nan), group=ever)
    at = float(np.ceil(doses / given))
    later = landmark(time, event, at)
    known = np.where(reached[later["person"]] <= at, many, few)
    # Each patient is in the first group until the dose and in the second one after it.
    moved = reached < time
    starts = np.concatenate([np.zeros(n), reached[moved]])
    stops = np.concatenate([np.minimum(time, reached), time[moved]])
    happened = np.concatenate([event & ~moved, event[moved]])
    groups = np.concatenate([np.full(n, few), np.full(int(moved.sum()), many)])
    seen = stops > starts
    looks = [
        Look("from the start, by doses ever", False, time, event, ever, many),
        Look(
            f"from month {at:g}, by doses so far",
            True,
            later["time"],
            later["event"],
            known,
            many,
        ),
        Look(
            "each from the dose on",
            True,
            stops[seen],
            happened[seen],
            groups[seen],
            many,
            entry=starts[seen],
        ),
    ]
    return make_trap(patients, looks, 1.0)


def external_controls(rng: np.random.Generator, n: int = 100, gain: float = 0.65) -> Trap:
    """Compare treated patients with others of an earlier decade.

    Care has become better since, so that the hazard is ``gain`` of what it was; the treatment does
    nothing. Age, onset and the decline before are measured alike and can be held equal, care not.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    n : int
        Patients in each group.
    gain : float
        Hazard of today over that of the earlier decade.

    Returns
    -------
    Trap
        Against the earlier decade, plain and adjusted (wrong), and against the trial's own control
        arm.

    References
    ----------
    Pocock SJ. The combination of randomized and historical controls in clinical trials. J Chronic
    Dis 1976;29:175-188. doi:10.1016/0021-9681(76)90044-8
    """
    trial = _patients(rng, replace(PLAIN, n_per_arm=(n, n)))
    trial["group"] = np.where(trial["arm"] == 1, TREATED, CONTROL)
    shape = PLAIN.survival_shape
    worse = replace(
        PLAIN, n_per_arm=(n - 1, 1), survival_median=PLAIN.survival_median * gain ** (1 / shape)
    )
    earlier = _patients(rng, worse).assign(group=EARLIER)
    patients = pd.concat([trial, earlier], ignore_index=True)
    outside = patients[patients["group"] != CONTROL]
    inside = patients[patients["group"] != EARLIER]
    measured = ["age", "bulbar", "lead_in_slope", "onset_months"]
    looks = [
        Look(name, right, d["time"], d["event"], d["group"], TREATED, covariates=c)
        for name, right, d, c in (
            ("against an earlier decade", False, outside, None),
            ("the same, patients made alike", False, outside, outside[measured]),
            ("against the trial's own controls", True, inside, None),
        )
    ]
    return make_trap(patients, looks, 1.0)


def informative_censoring(
    rng: np.random.Generator, n: int = 200, leaving: float = 2.0, by_decline: float = 0.4
) -> Trap:
    """Let treated patients leave the trial when they get worse.

    The treatment does nothing to decline or death, but its visits are a burden: those treated
    leave more often, and those who have lost more points leave first. Who declines fast also dies
    soon.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    n : int
        Patients in each arm.
    leaving : float
        Log hazard ratio of leaving, treated over control.
    by_decline : float
        Log hazard ratio of leaving per point lost by the visit that is missed.

    Returns
    -------
    Trap
        Censored on leaving (wrong), and followed to the end all the same. ``patients`` has for
        each both times.

    References
    ----------
    Leung KM, Elashoff RM, Afifi AA. Censoring issues in survival analysis. Annu Rev Public Health
    1997;18:83-104. doi:10.1146/annurev.publhealth.18.1.83
    """
    scenario = replace(
        PLAIN,
        n_per_arm=(n, n),
        post_decline_sd=1.0,
        log_hr_decline=1.5,
        dropout_per_month=0.004,
        dropout_log_hr_arm=(0.0, leaving),
        dropout_log_hr_unseen=by_decline,
    )
    patients = _patients(rng, scenario)
    patients["group"] = np.where(patients["arm"] == 1, TREATED, CONTROL)
    group = patients["group"]
    looks = [
        Look("censored on leaving", False, patients["time"], patients["event"], group, TREATED),
        Look(
            "followed to the end",
            True,
            patients["full_time"],
            patients["full_event"],
            group,
            TREATED,
        ),
    ]
    return make_trap(patients, looks, 1.0)


def left_truncation(
    rng: np.random.Generator, n: int = 200, early: float = 9.0, late: float = 20.0
) -> Trap:
    """Count survival from the first symptom, of patients who had to live to be enrolled.

    Two centres see the same disease. One enrols its patients soon after onset, the other late; who
    died before is in neither. Counted from onset, the late centre's patients seem to live longer.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    n : int
        People with the disease for each centre, whether they live to be enrolled or not.
    early, late : float
        Median months from onset to enrolment.

    Returns
    -------
    Trap
        From onset as if all had been watched since (wrong), with each at risk from enrolment only,
        and of everybody with the disease. ``patients`` has those never enrolled as well.

    References
    ----------
    Keiding N. Independent delayed entry. In: Klein JP, Goel PK, eds. Survival Analysis: State of
    the Art. Kluwer 1992:309-326.
    """
    centre = np.repeat(["early", "late"], n)
    death = 36.0 * (rng.standard_exponential(2 * n) / np.log(2)) ** (1 / 1.4)
    median = np.where(centre == "early", early, late)
    entry = median * np.exp(0.5 * rng.standard_normal(2 * n))
    end = np.maximum(entry, 0) + 30.0
    enrolled = entry < death
    patients = pd.DataFrame(
        {
            "group": centre,
            "entry": entry,
            "time": np.minimum(death, end),
            "event": death <= end,
            "enrolled": enrolled,
            "death": death,
        }
    )
    seen = patients[enrolled]
    given = (seen["time"], seen["event"], seen["group"], "late")
    looks = [
        Look("from onset, as if watched since", False, *given),
        Look("from onset, at risk once enrolled", True, *given, entry=seen["entry"]),
        Look("everybody with the disease", True, death, np.ones(2 * n, bool), centre, "late"),
    ]
    return make_trap(patients, looks, 1.0)


def _patients(rng: np.random.Generator, scenario: Scenario) -> pd.DataFrame:
    """Draw patients with their times as seen, and as they would be without leaving."""
    drawn: Patients = simulate_patients(scenario, rng)
    end = float(scenario.follow_up or scenario.months[-1])
    full = np.minimum(drawn.event_month, end)
    seen = np.minimum(full, drawn.dropout_month)
    return pd.DataFrame(
        {
            "arm": drawn.arm,
            "time": seen,
            "event": drawn.event_month <= seen,
            "full_time": full,
            "full_event": drawn.event_month <= end,
            "left": (drawn.dropout_month < full),
            "age": drawn.age,
            "bulbar": drawn.bulbar.astype(float),
            "lead_in_slope": drawn.lead_in_slope,
            "onset_months": drawn.onset_months,
            "post_slope": drawn.post_slope,
        }
    )
