"""What the design, the patients' way and the arms at baseline come to, in words."""

import numpy as np
import pandas as pd

from alsutils.design.analysis import (
    BASELINE_ROWS,
    IMBALANCE,
    Baseline,
    Detectable,
    Facts,
    LeadIn,
)
from alsutils.design.course import Allocation, Attendance, PatientFlow
from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study

_JUDGED = {
    "rating": "a person's rating",
    "self_report": "the patient's own report",
    "instrument": "a measurement by an instrument",
    "laboratory": "a laboratory value",
}


def facts(_study: Study, result: Facts) -> Prose:
    """Say how far knowing the arm could colour the primary endpoint."""
    how = _JUDGED[result.measured_by]
    soft = result.measured_by in ("rating", "self_report")
    if result.masking is None:
        return Prose(
            f"study.yml does not say who knew which arm a patient was in. The primary endpoint is "
            f"{how}{', which such knowledge can colour' if soft else ''}."
        )
    if result.masking == "none":
        known = "Patients and staff knew the arm"
        if result.sham is False:
            known += ", and the control arm had no sham procedure"
        effect = (
            "Hope and expectation can move such a rating, and nothing in the data can take that "
            "part out again."
            if soft
            else "Expectation has less room there than in a rating, though care may still differ."
        )
        return Prose(f"{known}. The primary endpoint is {how}. {effect}")
    blind = "single" if result.masking == "single" else "double"
    return Prose(
        f"The trial was {blind} blind, and its primary endpoint is {how}. Blinding is only as good "
        "as it is kept: an effect or a side effect that can be felt may tell patients their arm."
    )


def flow(study: Study, result: PatientFlow) -> Prose:
    """Say how many were screened, randomised and analysed."""
    left_out = result.screened - result.randomised
    if left_out:
        start = (
            f"Of {fmt.plural(result.screened, 'patient')} screened, {result.randomised:,} were "
            f"randomised and {left_out:,} {'was' if left_out == 1 else 'were'} not."
        )
    else:
        start = (
            f"{fmt.plural(result.randomised, 'patient')} were randomised; the data hold nobody "
            "who was screened and not randomised."
        )
    visit = study.visit_label(study.primary.visits[-1])
    shares = [
        f"{result.count('primary', arm, visit)} of {result.count('randomised', arm)} in {arm}"
        for arm in result.arms
    ]
    carried = sum(result.count("carried_forward", arm, visit) for arm in result.arms)
    lent = (
        f" For {carried:,} of them that value was carried forward from an earlier visit."
        if carried
        else ""
    )
    return Prose(
        f"{start} At {visit.lower()} the primary endpoint is there for {fmt.listed(shares)}.{lent}"
    )


def departures(_study: Study, result: PatientFlow) -> Prose:
    """Say who left early and whether one arm lost more than the control."""
    if not (result.frame["kind"] == "left").any():
        return Prose("study.yml does not say who left the study, so reasons cannot be told.")
    left = {arm: result.count("left", arm) for arm in result.arms}
    sizes = {arm: result.count("randomised", arm) for arm in result.arms}
    if not any(left.values()):
        return Prose("Nobody left the study early.")
    shares = [f"{fmt.count_of(left[arm], sizes[arm])} in {arm}" for arm in result.arms]
    reasons = result.frame[result.frame["kind"] == "reason"]
    totals = reasons.groupby("step", sort=False)["n"].sum()
    most = totals[totals == totals.max()].index.tolist()
    verb = "is" if len(most) == 1 else "are"
    return Prose(
        f"Early leavers: {fmt.listed(shares)}. The commonest reason {verb} "
        f"{fmt.listed([f'“{w}”' for w in most])} ({totals.max():,} in all arms"
        f"{' each' if len(most) > 1 else ''}). Who leaves is not left to chance, so patients who "
        "stay are no longer the groups that randomisation made."
    )


def attendance(study: Study, result: Attendance) -> Prose:
    """Set the arms' attendance at the last primary visit beside the control's."""
    visit = study.primary.visits[-1]
    rows = result.frame[result.frame["visit"] == visit].set_index("arm")
    if rows.empty:
        return Prose(f"Nobody was seen at {study.visit_phrase(visit)}.")
    control = rows.loc[study.control]
    told = []
    for arm in study.treated:
        gap = 100 * (rows.loc[arm, "share"] - control["share"])
        if abs(gap) < 0.5:
            told.append(f"the same share in {arm}")
        else:
            points = fmt.plural(round(abs(gap)), "percentage point")
            told.append(f"{points} {'more' if gap > 0 else 'fewer'} in {arm}")
    return Prose(
        f"At {study.visit_phrase(visit)}, {fmt.count_of(control['n'], control['of'])} of the "
        f"patients randomised to {study.control} had a value; {fmt.listed(told)}."
    )


def allocation(_study: Study, result: Allocation | None) -> Prose:
    """Say how long enrolment took."""
    if result is None:
        return Prose("Whether both arms filled at the same pace has to be left open.")
    months = result.frame["month"].nunique()
    ends = result.frame[result.frame["month"] == result.frame["month"].max()]
    sizes = [f"{r['total']} to {r['arm']}" for _, r in ends.iterrows()]
    undated = f" {fmt.plural(result.undated, 'patient')} have no date." if result.undated else ""
    return Prose(
        f"Patients were randomised in {fmt.plural(months, 'calendar month')}, "
        f"{fmt.listed(sizes)}.{undated}"
    )


def baseline(study: Study, result: Baseline | None) -> Prose:
    """Say how many characteristics differ beyond what is called negligible, and the largest."""
    if result is None:
        return Prose("Nothing can be said about the balance of the arms.")
    parts = []
    for arm in study.treated:
        rows = result.balance[result.balance["treated"] == arm].dropna(subset="estimate")
        if rows.empty:
            parts.append(f"Nothing can be set against {study.control} for {arm}.")
            continue
        size = rows["estimate"].abs()
        largest = rows.loc[size.idxmax()]
        beyond = int((size > IMBALANCE).sum())
        verb = "differs" if beyond == 1 else "differ"
        parts.append(
            f"{beyond} of {fmt.plural(len(rows), 'characteristic')} {verb} by more than "
            f"{IMBALANCE:g} standard deviations between {arm} and {study.control}, the most in "
            f"{largest['endpoint']} ({_sized(largest)})."
        )
    often = list(dict.fromkeys(map(fmt.percent, result.balance["chance_beyond"])))
    parts.append(
        f"In arms of this size chance alone brings a difference beyond {IMBALANCE:g} in "
        f"{fmt.listed(often, 'or')} of characteristics."
    )
    return Prose(" ".join(parts))


def detectable(study: Study, result: Detectable) -> Prose:
    """Say what the trial could have found at its last primary visit."""
    visit = study.visit_label(study.primary.visits[-1])
    rows = result.frame[result.frame["visit"] == visit]
    rows = rows[rows["power"] == rows["power"].min()].dropna(subset="estimate")
    if rows.empty:
        return Prose("Too few values are there to say what the trial could have found.")
    unit = f" {result.unit}" if result.unit else ""
    told = []
    for _, row in rows.iterrows():
        arm = f" between {row['treated']} and {study.control}" if len(study.treated) > 1 else ""
        told.append(f"{fmt.number(row['estimate'])}{unit}{arm}")
    text = (
        f"With {fmt.percent(rows['power'].iloc[0])} power the trial could find a true difference "
        f"in {result.label} at {visit.lower()} of {fmt.listed(told)}. Smaller true differences "
        "would more often have been missed, so that a result without a clear difference does not "
        "show that there is none."
    )
    least = result.minimal_important
    if least is not None:
        able = rows[rows["estimate"] <= least]
        verdict = (
            "at or above that for every contrast"
            if len(able) == len(rows)
            else "below that for at least one contrast"
        )
        text += f" The least difference that matters, {fmt.number(least)}{unit}, is {verdict}."
    return Prose(text)


def lead_in(study: Study, result: LeadIn | None) -> Prose:
    """Say which arm had the better course before treatment."""
    if result is None:
        return Prose("Which arm was on the better course at the start has to be left open.")
    means = result.frame[result.frame["analysis"] != BASELINE_ROWS]
    told = []
    for _, row in means.iterrows():
        if np.isnan(row["estimate"]):
            told.append(f"The slopes of {row['treated']} and {study.control} cannot be compared.")
            continue
        told.append(
            f"Before treatment the mean slope of {result.label} was "
            f"{fmt.number(row['mean_treated'])} in {row['treated']} and "
            f"{fmt.number(row['mean_control'])} in {study.control} ({result.unit}), "
            f"{_course(row, result.better)}: the difference is {fmt.number(row['estimate'])}, and "
            f"its interval, {fmt.interval(row['conf_low'], row['conf_high'])}, {_about_zero(row)}."
        )
    told.append(
        "A difference that was there before treatment is not an effect of treatment; an endpoint "
        "that subtracts the slope before treatment, or a model that adjusts for it, takes it up "
        "in different ways."
    )
    return Prose(" ".join(told))


def key_points(
    study: Study,
    followed: PatientFlow,
    balance: Baseline | None,
    power: Detectable,
    before: LeadIn | None,
) -> Prose:
    """Give the chapter's results as a list."""
    points = [flow(study, followed), departures(study, followed), baseline(study, balance)]
    points.append(detectable(study, power))
    if before is not None:
        points.append(lead_in(study, before))
    return Prose("\n".join(f"- {point.text}" for point in points))


def _sized(row: pd.Series) -> str:
    size = fmt.number(row["estimate"])
    if pd.isna(row["conf_low"]):
        return size
    return f"{size}, interval {fmt.interval(row['conf_low'], row['conf_high'])}"


def _course(row: pd.Series, better: str) -> str:
    """Say whose course was better; a slope is better in the direction of the endpoint."""
    if row["estimate"] == 0:
        return "the same course"
    ahead = (row["estimate"] > 0) == (better == "higher")
    return f"a {'better' if ahead else 'worse'} course in {row['treated']}"


def _about_zero(row: pd.Series) -> str:
    if np.isnan(row["conf_low"]):
        return "cannot be given"
    inside = row["conf_low"] <= 0 <= row["conf_high"]
    return f"{'includes' if inside else 'excludes'} no difference"
