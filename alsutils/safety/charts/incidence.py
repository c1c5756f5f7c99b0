"""Pictures of adverse events."""

import math
import textwrap
from dataclasses import replace

import altair as alt
import numpy as np
import pandas as pd

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.display.points import MOST_ROWS, first_rows
from alsutils.safety.analysis import Incidence
from alsutils.safety.words import NOTHING, no_event, nothing_reached
from alsutils.study import Study

# Panels stand under each other below this window width, and then each needs its own row names.
STACKED_BELOW = 620
PANEL = 215
# Names as long as organ classes' are broken into lines, shorter ones where panels are stacked.
BREAK = (
    "split(trim(replace(truncate(datum.label, 120), "
    "regexp('(.{{1,{0}}})(\\\\s|$)', 'g'), '$1\\n')), '\\n')"
)
WIDE_LINE, NARROW_LINE, LINE_HEIGHT = 34, 24, 12
TOLD = 5


def dots(study: Study, result: Incidence | None) -> Figure | Prose:
    """Draw each event's share by arm beside its difference from the control."""
    if result is None:
        return Prose(NOTHING)
    if not result.shown:
        return Prose(
            f"{nothing_reached(result, f'No {_kind(result)}')}, so there is nothing to draw."
        )
    whole, result = result, replace(result, shown=result.shown[:MOST_ROWS])
    scale = theme.arm_scale(study.arms)
    several = len(study.treated) > 1
    lines = max(len(textwrap.wrap(name, NARROW_LINE)) for name in result.shown)
    room = max(24, LINE_HEIGHT * lines + 4, 15 * len(study.treated))
    height = alt.Step(room, **{"for": "position"})
    shares = _share_panel(result, scale, height)
    differences = _difference_panel(study, result, scale, height, several)
    chart = alt.hconcat(shares, differences, spacing=12)
    raised = result.shown_differences.sort_values("estimate", ascending=False, kind="stable")
    told = [
        f"{r['name']} in {fmt.count_of(r['events_treated'], r['n_treated'])} of {r['treated']} and "
        f"{fmt.count_of(r['events_control'], r['n_control'])} of {study.control}"
        for _, r in raised[raised["estimate"] > 0].head(TOLD).iterrows()
    ]
    most = f" Most raised under treatment: {'; '.join(told)}." if told else ""
    if len(raised) and not told:
        most = f" No {_kind(result)} was raised under treatment."
    hidden = f" {study.disclosure.why}" if result.shown_counts["share"].isna().any() else ""
    least = result.minimum_percent
    which = f", as far as {least:g}% of an arm had it" if least else ""
    return Figure(
        chart,
        f"Share of patients with each {_kind(result)} by arm{which}, and the difference from "
        f"{study.control} with its interval.{most}",
        f"Left: share of patients with the event in each arm. Right: difference from "
        f"{study.control} in percentage points, with Newcombe's "
        f"{fmt.percent(1 - result.alpha)} interval; to the right of the line more patients had it "
        f"under treatment. The most raised stand on top.{first_rows(len(whole.shown))}{hidden}",
        whole.frame,
    )


def volcano(study: Study, result: Incidence | None) -> Figure | Prose:
    """Draw every event by its difference and by how small its p-value is."""
    if result is None:
        return Prose("")
    if result.differences.empty:
        return Prose(f"{no_event(result)}, so there is nothing to draw.")
    rows = result.differences
    if result.hides:
        rows = rows.dropna(subset="estimate")
    if rows.empty:
        few = study.disclosure.few_patients
        return Prose(f"Each comparison rests on {few} of an arm, so none is drawn.")
    frame = pd.DataFrame(
        {
            "name": rows["name"],
            "arm": rows["treated"],
            "system": rows["name"].map(dict(result.systems)).fillna(""),
            "difference": 100 * rows["estimate"],
            "height": -np.log10(rows["p_value"]),
            "p": rows["p_value"],
            "adjusted": rows["p_adjusted"],
            "treated": _of(rows["events_treated"], rows["n_treated"]),
            "control": _of(rows["events_control"], rows["n_control"]),
            "patients": rows["events_treated"] + rows["events_control"],
        }
    )
    points = (
        alt.Chart(frame)
        .mark_point(filled=True, opacity=0.65)
        .encode(
            x=alt.X(
                "difference:Q",
                title="Difference (percentage points)",
                scale=alt.Scale(padding=12),
                axis=alt.Axis(tickCount=6),
            ),
            y=alt.Y("height:Q", title="Smallness of p (−log₁₀)", axis=alt.Axis(tickCount=5)),
            size=alt.Size("patients:Q", scale=alt.Scale(range=[18, 320]), title=None, legend=None),
            color=alt.Color(
                "arm:N",
                scale=theme.arm_scale(study.arms),
                title=None,
                legend=alt.Legend(values=list(study.treated), symbolOpacity=1),
            )
            if len(study.treated) > 1
            else alt.value(theme.ACCENT),
            tooltip=[
                alt.Tooltip("name:N", title=" "),
                alt.Tooltip("system:N", title="Organ class"),
                alt.Tooltip("arm:N", title="Arm"),
                alt.Tooltip("treated:N", title="Patients, treated"),
                alt.Tooltip("control:N", title="Patients, control"),
                alt.Tooltip("difference:Q", title="Difference (points)", format="+.1f"),
                alt.Tooltip("p:Q", title="Fisher's p", format=".3f"),
                alt.Tooltip("adjusted:Q", title="p, adjusted", format=".3f"),
            ],
        )
    )
    far = frame.sort_values("p", kind="stable").head(TOLD)
    told = [f"{r['name']} ({r['arm']}, {fmt.p_phrase(r['p'])})" for _, r in far.iterrows()]
    return Figure(
        alt.layer(*_levels(result.alpha), points).properties(height=320),
        f"Difference from {study.control} of every event against the smallness of its p-value, "
        f"{fmt.plural(len(frame), 'point')}. Highest: {fmt.listed(told)}.",
        f"Each point is an event{_rare(result)}, and larger where more patients had it. To "
        f"the right more patients had it under treatment than in {study.control}; the higher, the "
        "smaller p. Point at one to read what it is.",
    )


def _rare(result: Incidence) -> str:
    return " that may be told" if result.hides else ", rare ones included"


def _levels(alpha: float) -> list[alt.Chart]:
    """Mark no difference and the level of the test."""
    zero = alt.Chart(pd.DataFrame({"at": [0]})).mark_rule(strokeDash=[4, 3]).encode(x="at:Q")
    level = pd.DataFrame({"at": [-math.log10(alpha)], "words": [f"p = {alpha:g}"]})
    line = alt.Chart(level).mark_rule(strokeDash=[2, 3]).encode(y="at:Q")
    label = (
        alt.Chart(level)
        .mark_text(align="left", baseline="bottom", dx=4, dy=-3)
        .encode(y="at:Q", x=alt.value(0), text="words:N")
    )
    return [zero, line, label]


def _of(events: pd.Series, total: pd.Series) -> list[str]:
    return [f"{n:,.0f} of {all_:,.0f}" for n, all_ in zip(events, total, strict=True)]


def _kind(result: Incidence) -> str:
    return {"term": "event", "system": "organ class", "category": "kind of event"}[result.level]


def _share_panel(result: Incidence, scale: alt.Scale, height: alt.Step) -> alt.Chart:
    columns = ["name", "arm", "patients", "total", "share"]
    legend = alt.Legend(columns={"expr": f"windowSize()[0] < {STACKED_BELOW} ? 1 : 0"})
    base = alt.Chart(result.shown_counts[columns].dropna(subset="share")).encode(
        y=_row_axis(result, BREAK.format(WIDE_LINE)),
        x=alt.X(
            "share:Q",
            title="Patients with the event",
            scale=alt.Scale(padding=7),
            axis=alt.Axis(format="%", tickCount=4, labelFlush=False),
        ),
        color=alt.Color("arm:N", scale=scale, title=None, legend=legend),
        tooltip=[
            alt.Tooltip("name:N", title=" "),
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("patients:Q", title="Patients"),
            alt.Tooltip("total:Q", title="Of"),
        ],
    )
    return base.mark_point(filled=True, size=60, opacity=0.9).properties(width=PANEL, height=height)


def _difference_panel(
    study: Study, result: Incidence, scale: alt.Scale, height: alt.Step, several: bool
) -> charts.Chart:
    columns = ["name", "treated", "estimate", "newcombe_low", "newcombe_high", "p_value"]
    frame = result.shown_differences[columns].rename(columns={"treated": "arm"})
    points = frame.assign(
        difference=100 * frame["estimate"],
        low=100 * frame["newcombe_low"],
        high=100 * frame["newcombe_high"],
    ).drop(columns=["estimate", "newcombe_low", "newcombe_high"])
    base = alt.Chart(points).encode(
        y=_row_axis(result, "''"),
        color=alt.Color("arm:N", scale=scale, title=None),
        tooltip=[
            alt.Tooltip("name:N", title=" "),
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("difference:Q", title="Difference (points)", format="+.1f"),
            alt.Tooltip("low:Q", title="Lower limit", format="+.1f"),
            alt.Tooltip("high:Q", title="Upper limit", format="+.1f"),
            alt.Tooltip("p_value:Q", title="Fisher's p", format=".3f"),
        ],
    )
    if several:
        base = base.encode(yOffset=alt.YOffset("arm:N", sort=list(study.treated)))
    title = "Difference (percentage points)"
    span = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", title=title, axis=alt.Axis(tickCount=5)), x2="high:Q"
    )
    dot = base.mark_point(filled=True, size=60, opacity=1).encode(x="difference:Q")
    zero = alt.Chart(pd.DataFrame({"at": [0]})).mark_rule(strokeDash=[4, 3]).encode(x="at:Q")
    return alt.layer(zero, span, dot).properties(width=PANEL, height=height)


def _row_axis(result: Incidence, wide: str) -> alt.Y:
    """Name the rows; where panels are stacked, both name them and in shorter lines."""
    narrow = BREAK.format(NARROW_LINE)
    axis = alt.Axis(
        grid=True,
        ticks=False,
        domain=False,
        labelExpr=f"windowSize()[0] < {STACKED_BELOW} ? {narrow} : {wide}",
        labelLimit=230,
        labelLineHeight=LINE_HEIGHT,
    )
    return alt.Y("name:N", sort=list(result.shown), title=None, axis=axis)
