"""What the times to an event show, in sentences that read the results."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.analysis import FollowUp
from alsutils.survival.hazards import SUPPOSED_RATIO, UNADJUSTED
from alsutils.survival.times import Figures

NOTHING_TO_CHECK = (
    "There is nothing to check: no hazard ratio was estimated, or all events fall on one time."
)
NO_EVENT = "This study names no time to an event, so this section is empty."


def follow_up(result: FollowUp | None) -> Prose:
    """Say how many patients had each event, and how long the others were watched."""
    if result is None:
        return Prose(NO_EVENT)
    lines = []
    for endpoint, rows in result.frame.groupby("endpoint", sort=False):
        unit = rows["unit"].iloc[0]
        total, events = int(rows["n"].sum()), int(rows["events"].sum())
        line = f"**{endpoint}**: {fmt.count_of(events, total)} of {total} patients had the event. "
        if events == 0:
            line = f"**{endpoint}**: none of {total} patients had the event. "
        watched = rows[rows["n"] > 0]
        parts = []
        for r in watched.to_dict("records"):
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


def medians(study: Study, result: Figures | None) -> Prose:
    """State the median of each arm with its interval."""
    if result is None:
        return Prose(NO_EVENT)
    frame = result.frame[result.frame["measure"] == "median"]
    lines = []
    for endpoint, rows in frame.groupby("endpoint", sort=False):
        unit = rows["unit"].iloc[0]
        parts = [_median(r, unit) for r in rows.to_dict("records")]
        lines.append(f"**{endpoint}**: half the patients had the event by {fmt.listed(parts)}.")
    level = fmt.percent(study.conf_level)
    return Prose("\n".join([*(f"- {line}" for line in lines), "", f"Intervals are at {level}."]))


def _median(row: Mapping[str, Any], unit: str) -> str:
    if math.isnan(row["estimate"]):
        return f"a time not reached on {row['arm']}"
    low, high = row["conf_low"], row["conf_high"]
    if math.isnan(low) and math.isnan(high):
        limits = "no interval"
    elif math.isnan(high):
        limits = f"{fmt.number(low, 1)} or later"
    elif math.isnan(low):
        limits = f"{fmt.number(high, 1)} or earlier"
    else:
        limits = fmt.interval(low, high, 1)
    return f"{unit} {fmt.number(row['estimate'], 1)} on {row['arm']} ({limits})"


def log_rank(result: Figures | None) -> Prose:
    """State the log-rank tests."""
    if result is None:
        return Prose(NO_EVENT)
    lines = []
    for endpoint, rows in result.frame.groupby("endpoint", sort=False):
        parts = []
        for r in rows.to_dict("records"):
            p = r.get("p_value", math.nan)
            chi = f"chi-square {fmt.number(r['statistic'], 2)} on {r['df']:.0f} df"
            words = f"{r['contrast']}: {chi}, {fmt.p_phrase(p)}"
            if math.isnan(p):
                words = f"{r['contrast']}: no test, for want of events or patients"
            parts.append(words)
        lines.append(f"- **{endpoint}**: {'; '.join(parts)}.")
    return Prose("\n".join(lines))


def differences(result: Figures | None) -> Prose:
    """State the differences in restricted mean time."""
    if result is None:
        return Prose(NO_EVENT)
    rows = result.frame[result.frame["measure"] == "restricted mean"]
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
        inside = _includes(r["conf_low"], r["conf_high"], 0)
        lines.append(
            f"{head}within the first {r['time']:g} {unit}, patients on {r['treated']} had "
            f"{more or f'{amount} {side}'} without the event on average (difference "
            f"{fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'], 1)}); the interval "
            f"{inside} no difference."
        )
    return Prose("\n".join(lines))


def hazard_ratios(result: Figures | None) -> Prose:
    """State the hazard ratios and what their intervals exclude."""
    if result is None:
        return Prose(NO_EVENT)
    lines = [f"- {_ratio(r)}" for r in result.frame.to_dict("records")]
    return Prose("\n".join([*lines, *(f"- {note}" for note in result.notes)]))


def _ratio(row: Mapping[str, Any]) -> str:
    """Word one hazard ratio."""
    kind = "unadjusted" if row["analysis"] == UNADJUSTED else "adjusted"
    head = f"**{row['endpoint']}**, {row['contrast']}, {kind}: "
    estimate = row.get("estimate", math.nan)
    if math.isnan(estimate):
        return f"{head}no hazard ratio can be estimated."
    low, high = row["conf_low"], row["conf_high"]
    return (
        f"{head}hazard ratio {fmt.estimate(estimate, low, high)}, "
        f"{fmt.p_phrase(row['p_value'])}; the interval {_includes(low, high, 1)} no difference."
    )


def proportionality(study: Study, result: Figures | None) -> Prose:
    """Say whether the hazard ratios seem to change over time."""
    if result is None:
        return Prose(NO_EVENT)
    lines = []
    for r in result.frame.to_dict("records"):
        p = r.get("proportional_p", math.nan)
        if math.isnan(p):
            continue
        kind = "unadjusted" if r["analysis"] == UNADJUSTED else "adjusted"
        verdict = (
            "the hazard ratio seems to change over time, so that one number does not describe it"
            if p < study.alpha
            else "no sign that the hazard ratio changes over time, which a small trial would "
            "hardly show"
        )
        head = f"- **{r['endpoint']}**, {r['contrast']}, {kind}"
        lines.append(f"{head}: {verdict} ({fmt.p_phrase(p)}).")
    return Prose("\n".join(lines) or NOTHING_TO_CHECK)


def exclusions(study: Study, ratios: Figures | None, power: Figures | None) -> Prose:
    """Say what the interval of each hazard ratio leaves possible, and the power behind it."""
    if ratios is None or power is None:
        return Prose(NO_EVENT)
    lines = []
    plain = ratios.frame[ratios.frame["analysis"] == UNADJUSTED]
    for r, w in zip(plain.to_dict("records"), power.frame.to_dict("records"), strict=True):
        head = f"- **{r['endpoint']}**, {r['contrast']}: "
        lines.append(head + " ".join([*_possible(study, r), _power(w)]))
    return Prose("\n".join(lines))


def _possible(study: Study, row: Mapping[str, Any]) -> list[str]:
    """Word what an interval leaves possible."""
    low, high = row.get("conf_low", math.nan), row.get("conf_high", math.nan)
    if math.isnan(low):
        return ["no interval."]
    fewer = f"{fmt.percent(1 - low)} lower" if low < 1 else f"{fmt.percent(low - 1)} higher"
    more = f"{fmt.percent(high - 1)} higher" if high > 1 else f"{fmt.percent(1 - high)} lower"
    inside = low <= SUPPOSED_RATIO <= high
    return [
        f"the {fmt.percent(study.conf_level)} interval leaves open a hazard from {fewer} to {more} "
        f"than on {study.control}.",
        f"A true ratio of {SUPPOSED_RATIO:g} is {'left open' if inside else 'excluded'}.",
    ]


def _power(row: Mapping[str, Any]) -> str:
    """Word what the number of events could show."""
    power = row.get("power", math.nan)
    if math.isnan(power):
        return "Without patients in both arms there is no power."
    text = (
        f"With {fmt.plural(row['events'], 'event')}, a trial has {fmt.percent(power)} power for a "
        f"ratio of {SUPPOSED_RATIO:g}; {row['events_needed']:.0f} events give "
        f"{fmt.percent(row['target'])}"
    )
    if math.isnan(row["detectable_ratio"]):
        return f"{text}."
    return (
        f"{text}. These events give {fmt.percent(row['target'])} power only for a ratio of "
        f"{fmt.number(row['detectable_ratio'])} or smaller, or its reciprocal or larger."
    )


def key_points(
    watched: FollowUp | None,
    ratios: Figures | None,
    power: Figures | None,
) -> Prose:
    """Sum up the chapter in a list."""
    if watched is None or ratios is None or power is None:
        return Prose(NO_EVENT)
    lines = str(follow_up(watched)).splitlines()
    plain = ratios.frame[ratios.frame["analysis"] == UNADJUSTED]
    lines += [f"- {_ratio(r)}" for r in plain.to_dict("records")]
    uncertain = _wide(plain)
    if uncertain:
        lines.append(
            f"- For {fmt.listed(uncertain)} the interval holds both no difference and a hazard "
            f"ratio of {SUPPOSED_RATIO:g}: not finding a difference is not finding that there is "
            "none."
        )
    return Prose("\n".join(lines))


def _wide(frame: pd.DataFrame) -> list[str]:
    """Name the comparisons whose interval holds both no difference and the supposed ratio."""
    if "conf_low" not in frame:
        return []
    both = frame[(frame["conf_low"] <= SUPPOSED_RATIO) & (frame["conf_high"] >= 1)]
    return [f"{r['endpoint']} ({r['contrast']})" for r in both.to_dict("records")]


def _includes(low: float, high: float, value: float) -> str:
    return "includes" if low <= value <= high else "excludes"
