"""Pictures of what counts as the event."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from alsutils.display import Figure, Prose, charts
from alsutils.display import format as fmt
from alsutils.display.diagram import Box
from alsutils.display.states import StateDiagram
from alsutils.study import Study
from alsutils.survival.charts.hazards import finite
from alsutils.survival.charts.paint import slim
from alsutils.survival.events import INCIDENCE, Competing, States
from alsutils.survival.times import Figures
from alsutils.survival.words import NO_KINDS, ONE_DEFINITION, nothing


def definitions(study: Study, result: Figures | None) -> Figure | Prose:
    """Draw the hazard ratio by every definition of the event in one forest."""
    if result is None:
        return nothing(study, ONE_DEFINITION)
    if len(set(result.frame["definition"])) < 2:
        return nothing(study, ONE_DEFINITION)
    several = len(study.treated) > 1
    rows = result.frame.to_dict("records")
    shown = result.frame.assign(row=[f"{r['definition']} ({r['events']})" for r in rows])
    title = f"Hazard ratio to {study.control} (below 1: fewer events)"
    panel = "treated" if several else None
    chart = charts.forest(finite(shown, "row", "treated"), "row", title, 1, log=True, row=panel)
    told = [
        f"{r['row']}{', ' + r['treated'] if several else ''}: "
        f"{fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in shown.to_dict("records")
    ]
    return Figure(
        chart,
        f"Hazard ratios by what counts as the event, with the numbers of events. "
        f"{'. '.join(told)}.",
        "In brackets the events of the arms compared. Each row is the same trial; only what counts "
        f"as the event differs. Lines are {fmt.percent(study.conf_level)} intervals.",
    )


def competing(study: Study, result: Competing | None) -> Figure | Prose:
    """Draw the cumulative incidence of each kind, a panel a kind."""
    if result is None:
        return nothing(study, NO_KINDS)
    several = len(set(result.curves["endpoint"])) > 1
    panels = []
    for (endpoint, kind), rows in result.curves.groupby(["endpoint", "kind"], sort=False):
        unit = rows["unit"].iloc[0].capitalize()
        columns = ["arm", "time", "estimate", "conf_low", "conf_high", "at_risk", "censored"]
        drawn = slim(rows, columns).assign(
            conf_low=rows["conf_low"].fillna(rows["estimate"]),
            conf_high=rows["conf_high"].fillna(rows["estimate"]),
        )
        sparse = not study.disclosure.is_open
        panel = charts.steps(drawn, study.arms, unit, "Have had it first", sparse=sparse)
        title = f"{endpoint}: {kind}" if several else str(kind)
        panels.append(panel.properties(height=200, title=title))
    at = result.frame[result.frame["analysis"] == INCIDENCE]
    told = [
        f"{r['kind']}, {r['arm']}: {fmt.percent(r['estimate'])}"
        for r in at.dropna(subset=["estimate"]).to_dict("records")
    ]
    when = f" By the horizon: {'; '.join(told)}." if told else ""
    return Figure(
        alt.vconcat(*panels),
        f"Cumulative incidence of each kind of event as the first, by arm.{when}",
        "Each curve climbs to the share of patients whose first event was of that kind; for one "
        f"arm the curves of all kinds add up. Bands are {fmt.percent(study.conf_level)} intervals "
        "for one time each.",
    )


def states(study: Study, found: Sequence[States]) -> list[StateDiagram]:
    """Draw who went from which state to which, a picture an event."""
    return [_states(study, one) for one in found]


def _states(study: Study, result: States) -> StateDiagram:
    """Draw one event's states."""
    start = [
        f"{r['arm']}: {r['n']} at first"
        + ("" if r["arm"] in result.hidden else f", {r['still']:.0f} when last seen")
        for r in result.start.to_dict("records")
    ]
    arms = [arm for arm in study.arms if arm not in result.hidden]
    middle, ends, told = [], [], []
    for kind, rows in result.first.groupby("kind", sort=False):
        counts = {r["arm"]: int(r["n"]) for r in rows.to_dict("records") if r["arm"] in arms}
        told.append(f"{kind} first: {_by_arm(arms, counts)}")
        if rows["last"].all():
            onward = result.onward[result.onward["to"] == kind]
            ends.append(Box(str(kind), _arrived(arms, counts, onward)))
            continue
        left = result.onward[result.onward["kind"] == kind]
        gone = left.groupby("arm")["n"].sum()
        lines = tuple(
            f"{arm}: {n}, of whom {gone.get(arm, 0):.0f} went on" for arm, n in counts.items()
        )
        middle.append(Box(str(kind), lines))
    known = {box.title for box in ends}
    for name, rows in result.onward.groupby("to", sort=False):
        if name not in known:
            ends.append(Box(str(name), _arrived(arms, dict.fromkeys(arms, 0), rows)))
    told += [
        f"{kind}, then {to}: {_by_arm(arms, dict(zip(rows['arm'], rows['n'], strict=True)))}"
        for (kind, to), rows in result.onward.groupby(["kind", "to"], sort=False)
    ]
    numbers = "the numbers are patients who came there."
    if result.hidden:
        told = told if arms else []
        numbers = f"numbers are patients. {result.note}"
    return StateDiagram(
        Box("Without any of these", tuple(start)),
        tuple(middle),
        tuple(ends),
        f"States of the patients, {'. '.join([result.endpoint, *told])}.",
        f"Boxes are states, arrows are ways between them; {numbers}",
    )


def _arrived(arms: Sequence[str], direct: dict[str, int], onward: pd.DataFrame) -> tuple[str, ...]:
    """Say how many came to an end, straight and by way of another state."""
    lines = []
    for arm in arms:
        straight = direct.get(arm, 0)
        parts = [
            f"{r['n']:.0f} after {fmt.lowered(r['kind'])}"
            for r in onward[onward["arm"] == arm].to_dict("records")
        ]
        total = straight + int(onward.loc[onward["arm"] == arm, "n"].sum())
        lines.append(f"{arm}: {total}" + (f", of whom {fmt.listed(parts)}" if parts else ""))
    return tuple(lines)


def _by_arm(arms: Sequence[str], counts: dict[str, int]) -> str:
    return fmt.listed([f"{counts.get(arm, 0):.0f} on {arm}" for arm in arms])
