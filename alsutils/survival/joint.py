"""Decline and death together, against each on its own."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from alsutils.display import format as fmt
from alsutils.stats.hazards import HazardFitError
from alsutils.stats.joint_model import (
    JOINT,
    LINKED,
    NAIVE,
    TWO_STAGE,
    JointModelError,
    compare_models,
    simulate_decline_and_death,
)
from alsutils.stats.survival import TimesError
from alsutils.study import Study
from alsutils.study.telling import why_not
from alsutils.survival.hazards import indicators
from alsutils.survival.times import Times, few_arms, names_of, times

SLOPE, DIFFERENCE = "slope on control", "difference in slope"
RATIO, LINK = "hazard ratio", "hazard ratio for a slope one SD worse"
ANALYSES = {NAIVE: "Each alone", TWO_STAGE: "One after the other", JOINT: "Joint model"}
SEED = 2018
_MANY = 120  # simulated patients an arm
_LINK = 2.0  # log hazard ratio of a simulated patient whose slope is one point a month worse


@dataclass(frozen=True)
class Joint:
    """Three analyses of decline and death.

    Attributes
    ----------
    frame : DataFrame
        One row an analysis, ``quantity`` (SLOPE, DIFFERENCE, RATIO or LINK) and treated arm, with
        ``method`` in words and ``truth`` (missing for a study).
    unit : str
        Of the slopes.
    reason : str
        Why there is nothing; empty where there is.
    simulated : bool
        Whether the patients are simulated.
    """

    frame: pd.DataFrame
    unit: str
    reason: str
    simulated: bool


def decline_and_death(study: Study) -> Joint:
    """Fit the course of the primary endpoint and the time to death together.

    Parameters
    ----------
    study : Study
        ``primary: death`` names the event.

    Returns
    -------
    Joint
        Of all patients with a time and a score from baseline on. Scores after the end of a
        patient's time do not count.
    """
    data = next((d for d in times(study) if d.endpoint.parameter == study.primary.death), None)
    about = study.parameter(study.primary.parameter)
    unit = f"{about.unit or 'units'} per {study.config.time.unit}"
    if data is None:
        reason = (
            "study.yml names no death beside the primary endpoint, so its course and death are not "
            "modelled together."
        )
        return Joint(pd.DataFrame(), unit, reason, simulated=False)
    arms = indicators(data.frame, study.treated)
    columns = ["subject", "arm", "time", "event", "silent"]
    patients = pd.concat([data.frame[columns], arms], axis=1)
    patients = patients[patients["time"] > 0]
    few = few_arms(study, patients)
    if few:
        reason = (
            f"Course and death are not modelled together: {study.disclosure.few_patients} of "
            f"{' and '.join(few)} had the event or have a time, or what is told of another event "
            "would tell of so few."
        )
        return Joint(pd.DataFrame(), unit, reason, simulated=False)
    spared = _without_event(study, patients)
    if spared:
        reason = (
            f"Course and death cannot be modelled together: nobody of {fmt.listed(spared)} had the "
            "event, so that a hazard ratio has no estimate."
        )
        return Joint(pd.DataFrame(), unit, reason, simulated=False)
    there = [arm for arm in study.treated if 0 < patients[arm].sum() < len(patients)]
    try:
        found = compare_models(_scores(study, patients), patients, there)
    except (JointModelError, TimesError, HazardFitError) as error:
        reason = f"Course and death cannot be modelled together: {why_not(study, error)}."
        return Joint(pd.DataFrame(), unit, reason, simulated=False)
    except np.linalg.LinAlgError:
        reason = "Course and death cannot be modelled together: levels or slopes hardly differ."
        return Joint(pd.DataFrame(), unit, reason, simulated=False)
    names = {
        arm: {
            **names_of(study, Times(data.endpoint, patients, {}), arm, study.control),
            "endpoint": f"{about.label} and {fmt.lowered(data.endpoint.label)}",
            "contrast": f"{arm} vs {study.control}",
            "treated": arm,
        }
        for arm in there
    }
    frame = _quantities(found, names, worse=-1.0 if about.better == "higher" else 1.0)
    return Joint(frame.assign(truth=np.nan), unit, "", simulated=False)


def simulated_decline() -> Joint:
    """Fit the three analyses to simulated patients whose steep decline brings death near.

    Returns
    -------
    Joint
        About no study, with the truth beside.
    """
    scenario = replace(LINKED, n_per_arm=(_MANY, _MANY), log_hr_decline=_LINK)
    drawn = simulate_decline_and_death(np.random.default_rng(SEED), scenario)
    [arm] = drawn.terms
    found = compare_models(drawn.scores, drawn.patients, drawn.terms)
    names = {arm: {"endpoint": "simulated decline and death", "contrast": "treated vs control"}}
    truth = _quantities(
        drawn.truth.rename(columns={"truth": "estimate"}).assign(analysis=JOINT), names, -1.0
    ).set_index("quantity")["estimate"]
    frame = _quantities(found, names, -1.0).assign(treated="treated")
    return Joint(
        frame.assign(truth=frame["quantity"].map(truth)), "points per month", "", simulated=True
    )


def _without_event(study: Study, patients: pd.DataFrame) -> list[str]:
    """Name the arms that have patients, but none with the event."""
    events = patients.groupby("arm")["event"].sum()
    return [arm for arm in study.arms if arm in events and events[arm] == 0]


def _scores(study: Study, patients: pd.DataFrame) -> pd.DataFrame:
    """Give the primary endpoint of patients from baseline to the end of their time."""
    endpoint = study.primary
    records = study.records(endpoint.parameter, where=endpoint.observed)
    frame = pd.DataFrame(
        {
            "subject": records["USUBJID"].astype(str),
            "time": records["AVISITN"].astype(float) - study.config.time.baseline,
            "value": records["AVAL"].astype(float),
        }
    ).dropna()
    end = frame["subject"].map(patients.set_index("subject")["time"])
    return frame[(frame["time"] >= 0) & (frame["time"] <= end)].reset_index(drop=True)


def _quantities(
    found: pd.DataFrame, names: dict[str, dict[str, Any]], worse: float
) -> pd.DataFrame:
    """Pick what is compared; ``worse`` is the sign of a slope in the bad direction."""
    rows = []
    for analysis, part in found.groupby("analysis", sort=False):
        by = part.set_index(["part", "term"])
        for i, (arm, about) in enumerate(names.items()):
            wanted = {
                DIFFERENCE: ("course", f"{arm} (slope)"),
                RATIO: ("hazard", arm),
                **({SLOPE: ("course", "slope"), LINK: ("association", "slope")} if i == 0 else {}),
            }
            for quantity, key in wanted.items():
                if key not in by.index:
                    continue
                own = {str(c): value for c, value in by.loc[key].items()}
                if quantity in (RATIO, LINK):
                    step = (
                        1.0 if quantity == RATIO else worse * by.at[("spread", "slope"), "estimate"]
                    )
                    own = _as_ratio(own, step)
                method = ANALYSES[str(analysis)]
                label = {"quantity": quantity, "method": method}
                rows.append({**own, **about, **label, "analysis": f"{quantity}, {method.lower()}"})
    return pd.DataFrame(rows)


def _as_ratio(figures: dict[str, Any], step: float) -> dict[str, Any]:
    """Turn a log hazard ratio of one unit into the ratio of a step, with the error of its log."""
    turned = figures | {"estimate": float(np.exp(step * figures["estimate"]))}
    if "conf_low" not in figures:
        return turned
    low, high = sorted(float(np.exp(step * figures[c])) for c in ("conf_low", "conf_high"))
    return turned | {
        "conf_low": low,
        "conf_high": high,
        "std_error": abs(step) * figures["std_error"],
        "statistic": np.sign(step) * figures["statistic"],
    }
