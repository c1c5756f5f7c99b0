"""What the times of events come to, in words."""

import pandas as pd

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.safety.times import (
    GRAY,
    INCIDENCE,
    INCIDENCE_DIFFERENCE,
    MEAN,
    MEAN_DIFFERENCE,
    Course,
    FirstEvents,
)
from alsutils.study import Study


def first_events(study: Study, result: FirstEvents | None) -> Prose:
    """Say how many had a first event by one day, and how the arms differ."""
    if result is None:
        return Prose("")
    parts = []
    for kind in result.kinds:
        rows = result.frame[result.frame["kind"] == kind].set_index("arm")
        shares, apart = (
            rows[rows["analysis"] == words] for words in (INCIDENCE, INCIDENCE_DIFFERENCE)
        )
        known = shares[shares["estimate"].notna()]
        if known.empty and not study.disclosure.is_open:
            parts.append(
                f"{kind}: shares by day {result.horizon:g} are not told, for nobody was "
                f"watched so long, or {study.disclosure.few_patients} had one by then or later."
            )
            continue
        if known.empty:
            parts.append(
                f"{kind}: nobody was watched to day {result.horizon:g}, so shares by "
                "then are not known."
            )
            continue
        told = [f"{fmt.percent(r['estimate'])} in {arm}" for arm, r in known.iterrows()]
        parts.append(
            f"{kind}: patients who had had a first one by day {result.horizon:g}: "
            f"{fmt.listed(told)}."
        )
        tests = rows.loc[rows["analysis"] == GRAY, "p_value"]
        if not study.disclosure.is_open:
            apart = apart.dropna(subset="estimate")
        parts += [_apart(study, arm, r, tests[arm]) for arm, r in apart.iterrows()]
    return Prose(" ".join(parts))


def course(study: Study, result: Course | None) -> Prose:
    """Say how many events a patient had had by one day."""
    if result is None:
        return Prose("")
    frame = result.frame.set_index("arm")
    means = frame[(frame["analysis"] == MEAN) & frame["estimate"].notna()]
    if means.empty and not study.disclosure.is_open:
        return Prose(
            f"Events by day {result.horizon:g} are not told: too few patients were watched so "
            f"long, or {study.disclosure.few_patients} of an arm had one by then or later."
        )
    if means.empty:
        return Prose(f"Nobody was watched to day {result.horizon:g}.")
    told = [f"{fmt.number(r['estimate'])} in {arm}" for arm, r in means.iterrows()]
    parts = [f"Mean number of events per patient by day {result.horizon:g}: {fmt.listed(told)}."]
    for arm, row in frame[frame["analysis"] == MEAN_DIFFERENCE].iterrows():
        if pd.isna(row["estimate"]):
            continue
        inside = row["conf_low"] <= 0 <= row["conf_high"]
        parts.append(
            f"The difference of {arm} from {study.control} is {fmt.number(row['estimate'])} "
            f"(interval {fmt.interval(row['conf_low'], row['conf_high'])}, which "
            f"{'includes' if inside else 'excludes'} no difference)."
        )
    return Prose(" ".join(parts))


def _apart(study: Study, arm: object, row: pd.Series, p: float) -> str:
    test = "" if pd.isna(p) else f"; over all days, {fmt.p_phrase(p)} by Gray's test"
    if pd.isna(row["estimate"]):
        return f"The share in {arm} cannot be set beside that in {study.control} by then{test}."
    points = 100 * row[["estimate", "conf_low", "conf_high"]].astype(float)
    limits = fmt.interval(points["conf_low"], points["conf_high"], 1)
    return (
        f"The difference of {arm} from {study.control} is {fmt.number(points['estimate'], 1)} "
        f"percentage points (interval {limits}){test}."
    )
