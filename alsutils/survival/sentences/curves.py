"""What the curves show, in words."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.study.disclosure import LEFT_OUT
from alsutils.survival.analysis import MEAN, SIMULTANEOUS, Curves, FollowUp
from alsutils.survival.times import Figures
from alsutils.survival.words import NO_EVENT, SAID, includes, time_interval


def follow_up(result: FollowUp | None) -> Prose:
    """Say how many patients had each event, and how long the others were watched."""
    if result is None:
        return Prose(NO_EVENT)
    lines = []
    for endpoint, rows in result.frame.groupby("endpoint", sort=False):
        unit = rows["unit"].iloc[0]
        total, events = rows["n"].sum(), rows["events"].sum()
        line = f"**{endpoint}**: {_had_it(rows)} "
        watched = rows[rows["n"] > 0]
        parts = []
        for r in watched.dropna(subset=["longest"]).to_dict("records"):
            middle = (
                f"at least {fmt.number(r['longest'], 1)}"
                if math.isnan(r["follow_up"])
                else fmt.number(r["follow_up"], 1)
            )
            parts.append(f"{middle} {unit}s on {r['arm']}")
        line += f"Median follow-up was {fmt.listed(parts)}." if parts else "Nobody was watched."
        if events == total and total:
            line += " Everybody had the event, so the follow-up says only how long that took."
        empty = rows.loc[rows["n"] == 0, "arm"].tolist()
        if empty:
            line += f" There is no patient with a time on {fmt.listed(empty)}."
        lines.append(line)
    return Prose("\n".join(f"- {line}" for line in lines))


def _had_it(rows: pd.DataFrame) -> str:
    """Say how many patients had an event, in each arm where the total would tell of a few."""
    if rows[["n", "events"]].isna().any(axis=None):
        words = {LEFT_OUT: "a number not given"}
        parts = [
            f"{words.get(r['events_told'], r['events_told'])} of "
            f"{words.get(r['n_told'], r['n_told'])} on {r['arm']}"
            for r in rows.to_dict("records")
        ]
        return f"{fmt.listed(parts)} had the event."
    total, events = int(rows["n"].sum()), int(rows["events"].sum())
    if events == 0:
        return f"none of {total} patients had the event."
    return f"{fmt.count_of(events, total)} of {total} patients had the event."


def bands(result: Curves | None) -> Prose:
    """Say how much wider the bands for whole curves are than those for one time."""
    if result is None:
        return Prose(SAID)
    if result.frame.empty:
        return Prose("\n".join(f"- {note}" for note in result.notes))
    frame = result.frame.assign(width=result.frame["conf_high"] - result.frame["conf_low"])
    lines = []
    for endpoint, rows in frame.groupby("endpoint", sort=False):
        wide = rows.pivot_table(index=["arm", "time"], columns="band", values="width")
        equal = SIMULTANEOUS["equal precision"]
        if equal not in wide:
            continue
        pointwise = next(c for c in wide if c not in SIMULTANEOUS.values())
        known = wide.dropna(subset=[pointwise, equal])
        times = (known[equal] / known[pointwise]).median()
        lines.append(
            f"- **{endpoint}**: a band for the whole curve is about {fmt.number(times, 1)} times "
            "as wide as one for a single time."
        )
    return Prose("\n".join([*lines, *(f"- {note}" for note in result.notes)]))


def medians(study: Study, result: Figures | None) -> Prose:
    """State the median of each arm with its interval."""
    if result is None:
        return Prose(NO_EVENT)
    frame = result.frame[result.frame["measure"] == "median"]
    lines = []
    for endpoint, rows in frame.groupby("endpoint", sort=False):
        unit = rows["unit"].iloc[0]
        parts = [_median(r, unit) for r in rows.to_dict("records")]
        lines.append(f"**{endpoint}**, time by which half had the event: {fmt.listed(parts)}.")
    level = fmt.percent(study.conf_level)
    return Prose("\n".join([*(f"- {line}" for line in lines), "", f"Intervals are at {level}."]))


def _median(row: Mapping[str, Any], unit: str) -> str:
    if not row["told"]:
        return f"not told on {row['arm']}, where few had it"
    if math.isnan(row["estimate"]):
        return f"not reached on {row['arm']}"
    limits = time_interval(row["conf_low"], row["conf_high"])
    return f"{unit} {fmt.number(row['estimate'], 1)} on {row['arm']} ({limits})"


def differences(result: Figures | None) -> Prose:
    """State the differences in restricted mean time."""
    if result is None:
        return Prose(SAID)
    rows = result.frame[result.frame["measure"] == MEAN]
    lines = []
    for r in rows.to_dict("records"):
        head = f"- **{r['endpoint']}**, {r['contrast']}: "
        if math.isnan(r["estimate"]) or math.isnan(r["conf_low"]):
            lines.append(f"{head}cannot be compared, for want of patients or events.")
            continue
        unit = f"{r['unit']}s"
        more = "no more or fewer" if r["estimate"] == 0 else None
        amount = f"{fmt.number(abs(r['estimate']), 1)} {unit}"
        side = "more" if r["estimate"] > 0 else "fewer"
        inside = includes(r["conf_low"], r["conf_high"], 0)
        lines.append(
            f"{head}within the first {r['time']:.3g} {unit}, patients on {r['treated']} had "
            f"{more or f'{amount} {side}'} without the event on average (difference "
            f"{fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'], 1)}); the interval "
            f"{inside} no difference."
        )
    return Prose("\n".join(lines))
