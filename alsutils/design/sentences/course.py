"""What the design and the patients' way come to, in words."""

import pandas as pd

from alsutils.design.analysis import (
    Facts,
)
from alsutils.design.course import NO_REASON, Allocation, Attendance, PatientFlow
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
    if result.screened is None:
        start = (
            f"{fmt.plural(result.randomised, 'patient')} were randomised, and "
            f"{study.disclosure.few_patients} were screened and not randomised."
        )
    elif left_out := result.screened - result.randomised:
        start = (
            f"Of {fmt.plural(result.screened, 'patient')} screened, {result.randomised:,} were "
            f"randomised and {left_out:,} {'was' if left_out == 1 else 'were'} not."
        )
    else:
        start = (
            f"{fmt.plural(result.randomised, 'patient')} were randomised; the data hold nobody "
            "who was screened and not randomised."
        )
    start += _received(study, result)
    visit = study.visit_label(study.primary.visits[-1])
    shares = [
        f"{_phrase(study, result, 'primary', arm, visit)} of {result.told('randomised', arm)} in "
        f"{arm}"
        for arm in result.arms
    ]
    carried = sum(result.count("carried_forward", arm, visit) for arm in result.arms)
    lent = (
        f" For {carried:,.0f} of them that value was carried forward from an earlier visit."
        if carried > 0
        else ""
    )
    return Prose(
        f"{start} At {visit.lower()} the primary endpoint is there for {fmt.listed(shares)}.{lent}"
    )


def _phrase(study: Study, result: PatientFlow, kind: str, arm: str, step: str | None = None) -> str:
    """Say one count, or what stands in its place."""
    told = result.told(kind, arm, step)
    hidden = pd.isna(result.count(kind, arm, step))
    return study.disclosure.phrase(told) if hidden else told


def _received(study: Study, result: PatientFlow) -> str:
    """Say who did not receive the treatment of the arm, where that is known."""
    if not (result.frame["kind"] == "received").any():
        return ""
    without = {arm: result.count("not_received", arm) for arm in result.arms}
    if not any(without.values()):
        return " All who were randomised received the treatment of their arm."
    told = fmt.listed(
        [f"{_phrase(study, result, 'not_received', a)} in {a}" for a, n in without.items() if n]
    )
    return f" The treatment of the arm was not received by {told}."


def departures(study: Study, result: PatientFlow) -> Prose:
    """Say who left early and whether one arm lost more than the control."""
    if not (result.frame["kind"] == "left").any():
        return Prose("study.yml does not say who left the study, so reasons cannot be told.")
    left = {arm: result.count("left", arm) for arm in result.arms}
    sizes = {arm: result.count("randomised", arm) for arm in result.arms}
    if not any(left.values()):
        return Prose("Nobody left the study early.")
    shares = [
        f"{_phrase(study, result, 'left', arm)} in {arm}"
        if pd.isna(left[arm])
        else f"{fmt.count_of(left[arm], sizes[arm])} in {arm}"
        for arm in result.arms
    ]
    reasons = result.frame[result.frame["kind"] == "reason"]
    totals = reasons.groupby("step", sort=False)["n"].sum()
    untold = reasons["n"].isna().any()
    if untold and not (totals > 0).any():
        return Prose(f"Early leavers: {fmt.listed(shares)}. Their reasons are too rare to be told.")
    most = totals[totals == totals.max()].index.tolist()
    why = (
        f"The commonest {'reason is' if len(most) == 1 else 'reasons are'} "
        f"{fmt.listed([f'“{w}”' for w in most])} ({'at least ' if untold else ''}"
        f"{totals.max():,.0f} in all arms"
        f"{' each' if len(most) > 1 else ''})."
    )
    if list(totals.index) == [NO_REASON]:
        why = "The data give no reasons."
    return Prose(
        f"Early leavers: {fmt.listed(shares)}. {why} Who leaves is not left to chance, so patients "
        "who stay are no longer the groups that randomisation made."
    )


def attendance(study: Study, result: Attendance) -> Prose:
    """Set the arms' attendance at the last primary visit beside the control's."""
    visit = study.primary.visits[-1]
    rows = result.frame[result.frame["visit"] == visit].set_index("arm")
    if rows.empty:
        return Prose(f"Nobody was seen at {study.visit_phrase(visit)}.")
    control = rows.loc[study.control]
    if rows["n"].isna().any():
        shares = [
            f"{study.disclosure.phrase(r['instead'])} of {r['of']:,}"
            if r["instead"]
            else fmt.count_of(r["n"], r["of"])
            for _, r in rows.loc[list(study.arms)].iterrows()
        ]
        seen = [f"{words} in {arm}" for words, arm in zip(shares, study.arms, strict=True)]
        return Prose(f"At {study.visit_phrase(visit)} a value is there for {fmt.listed(seen)}.")
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
        return Prose("Whether the arms filled at the same pace has to be left open.")
    if result.first is None or result.last is None:
        return Prose(
            f"Patients were randomised in {fmt.plural(result.months, 'calendar month')}; dates are "
            "not told."
        )
    ends = result.frame[result.frame["month"] == result.frame["month"].max()]
    sizes = [f"{r['total']} to {r['arm']}" for _, r in ends.iterrows()]
    undated = f" {fmt.plural(result.undated, 'patient')} have no date." if result.undated else ""
    first, last = (f"{d.day} {d:%B %Y}" for d in (result.first, result.last))
    return Prose(
        f"Patients were randomised from {first} to {last}, in "
        f"{fmt.plural(result.months, 'calendar month')}: {fmt.listed(sizes)}.{undated}"
    )
