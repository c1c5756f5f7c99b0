"""Simulated trials in which decline and death hang together."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.stats.patients import Scenario, simulate_patients

# Straight lines without floors or rounding, Weibull deaths, and a hazard that depends on a
# patient's own slope and nothing else: what the joint model supposes.
LINKED = Scenario(
    n_per_arm=(60, 60),
    months=(0, 1, 2, 3, 4, 6, 8, 10, 12, 15, 18),
    slope_effect=(0.0, 0.3),
    post_decline=1.2,
    post_on_lead_in=0.0,
    post_decline_sd=0.6,
    noise_sd=1.5,
    baseline_range=(-1000, 1000),
    floor=-1000,
    ceiling=1000,
    step=0.0,
    randomised_month=0.0,
    survival_median=14.0,
    log_hr_slope=0.0,
    log_hr_bulbar=0.0,
    log_hr_age=0.0,
    log_hr_decline=1.2,
    dropout_per_month=0.01,
)


@dataclass(frozen=True, eq=False)
class DeclineAndDeath:
    """A simulated trial, as `joint_model` takes it.

    Attributes
    ----------
    scores : DataFrame
        ``subject``, ``time``, ``value``: scores until death or leaving.
    patients : DataFrame
        ``subject``, ``arm``, ``time``, ``event`` and one indicator a treated arm, by its name.
    terms : tuple of str
        Names of the treated arms.
    truth : DataFrame
        ``part``, ``term``, ``truth``: what the fits of the joint model should find.
    """

    scores: pd.DataFrame
    patients: pd.DataFrame
    terms: tuple[str, ...]
    truth: pd.DataFrame


def simulate_decline_and_death(
    rng: np.random.Generator, scenario: Scenario = LINKED
) -> DeclineAndDeath:
    """Simulate scores and deaths from the model of a patient.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all random numbers.
    scenario : Scenario
        ``log_hr_decline`` links death to the slope after month 0. The truth is exact where lines
        are straight and nothing else but the arm acts on the hazard, as in the default.

    Returns
    -------
    DeclineAndDeath
    """
    drawn = simulate_patients(scenario, rng)
    months = np.asarray(scenario.months, float)
    end = months[-1] if scenario.follow_up is None else scenario.follow_up
    time = np.minimum(np.minimum(drawn.event_month, drawn.dropout_month), end)
    names = np.asarray(scenario.arms)[drawn.arm]
    patients = pd.DataFrame(
        {
            "subject": np.arange(scenario.n),
            "arm": names,
            "time": time,
            "event": drawn.event_month <= time,
        }
    )
    for k, arm in enumerate(scenario.arms[1:], start=1):
        patients[arm] = (drawn.arm == k).astype(float)
    score, shown = drawn.score, months >= 0
    subject, visit = np.nonzero(~np.isnan(score) & shown)
    scores = pd.DataFrame(
        {"subject": subject, "time": months[visit], "value": score[subject, visit]}
    )
    scores = scores[scores["time"] <= time[subject]].reset_index(drop=True)
    return DeclineAndDeath(scores, patients, scenario.arms[1:], _truth(scenario))


def _truth(scenario: Scenario) -> pd.DataFrame:
    """Tabulate what the model should find."""
    link = -scenario.log_hr_decline
    own = np.broadcast_to(scenario.log_hr_arm, len(scenario.arms))
    rows = [("course", "slope", -scenario.post_decline)]
    for arm, effect, log_hr in zip(
        scenario.arms[1:], scenario.slope_effect[1:], own[1:] - own[0], strict=True
    ):
        rows.append(("course", f"{arm} (slope)", effect))
        rows.append(("hazard", arm, float(log_hr + link * effect)))
    rows.append(("association", "slope", link))
    rows.append(("spread", "slope", scenario.post_decline_sd))
    rows.append(("spread", "residual", scenario.noise_sd))
    return pd.DataFrame(rows, columns=["part", "term", "truth"])
