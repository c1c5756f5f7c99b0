"""Pictures of what was measured: samples taken, values below a limit, spread and batches."""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.display.points import drawn
from alsutils.mechanism.analysis import Detection, Levels
from alsutils.mechanism.batches import Batches
from alsutils.mechanism.taken import Taken
from alsutils.mechanism.words import NO_BATCH, NO_WALL, NOT_TOLD
from alsutils.study import Study

FEW_VISITS = 5  # whose names fit beside each other under half a page
BOXES = 160  # pixels that the boxes of a panel may take
MOST_DOTS = 4_000  # in all panels together
MOST_COLUMNS = 8  # arms and visits that fit beside each other
_LOG_AXIS = alt.Axis(tickCount=4, format="~g", grid=False)


def taken(study: Study, result: Taken | None) -> Figure | Prose:
    """Draw every arm's patients as a wall in which samples never taken are holes."""
    if result is None:
        return Prose("")
    frame = result.patterns
    if frame.empty and result.patients and not study.disclosure.is_open:
        return Prose(NO_WALL)
    visits = list(dict.fromkeys(frame.sort_values("visit")["visit_label"]))
    base = alt.Chart(frame).encode(
        x=alt.X(
            "visit_label:N",
            sort=visits,
            title=None,
            axis=alt.Axis(labelAngle=0, grid=False),
            scale=alt.Scale(paddingInner=0.12, paddingOuter=0.08),
        ),
        y=alt.Y("first:Q", title="Patients", axis=alt.Axis(tickMinStep=1)),
        y2="last:Q",
        tooltip=[
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("visit_label:N", title="Visit"),
            alt.Tooltip("taken:N", title="Sample taken"),
            alt.Tooltip("n:Q", title="Patients with these visits"),
        ],
    )
    colour = alt.Color("arm:N", scale=theme.arm_scale(study.arms), legend=None)
    # A thin rim of the same colour hides the seams between layers.
    wall = base.transform_filter("datum.taken").mark_bar(opacity=1, strokeWidth=0.7)
    wall = wall.encode(
        color=colour, stroke=alt.Stroke("arm:N", scale=theme.arm_scale(study.arms), legend=None)
    )
    holes = base.transform_filter("!datum.taken").mark_bar(
        filled=False, strokeDash=[3, 3], strokeWidth=1, opacity=0.9
    )
    holes = holes.encode(stroke=alt.value(theme.CONTROL), color=colour)
    chart = (
        alt.layer(wall, holes)
        .properties(height=220)
        .facet(alt.Facet("arm:N", sort=list(study.arms), title=None), columns=2)
    )
    told = [
        f"{r['arm']} at {r['visit_label'].lower()} {r['told']} of {r['patients']}"
        for r in result.frame.to_dict("records")
    ]
    return Figure(
        chart,
        f"Samples taken, by arm and visit: {'; '.join(told)}.",
        "A patient is a thin layer of the wall, patients with the same visits lie together. What "
        "is filled was taken; a hole with a dashed rim never was.",
    )


def detection(study: Study, result: Detection | None) -> Figure | Prose:
    """Draw the share of values below the limit, a row an analyte, a column a visit and arm."""
    if result is None:
        return Prose("")
    if not result.analytes["any"].any():
        return Prose("No value lies below a limit, so there is no picture of them.")
    frame = result.frame.assign(
        cell=[fmt.percent(share) for share in result.frame["share_below"]],
        dark=result.frame["share_below"] > 0.5,
    )
    visits = list(dict.fromkeys(frame["visit_label"]))
    across = len(visits) if len(visits) * len(study.arms) <= MOST_COLUMNS else 2
    base = alt.Chart(frame).encode(
        x=alt.X("arm:N", sort=list(study.arms), title=None, axis=alt.Axis(labelAngle=-40)),
        y=alt.Y("endpoint:N", sort=list(dict.fromkeys(frame["endpoint"])), title=None),
        tooltip=[
            alt.Tooltip("endpoint:N", title="Analyte"),
            alt.Tooltip("visit_label:N", title="Visit"),
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("n:Q", title="Samples"),
            alt.Tooltip("n_below:Q", title="Below the limit"),
            alt.Tooltip("limit_high:Q", title="Limit"),
        ],
    )
    shade = alt.Color(
        "share_below:Q",
        title="Below the limit",
        scale=alt.Scale(domain=[0, 1], range=["#eef4f8", "#0b4f7a"]),
        legend=alt.Legend(format="%", orient="bottom", gradientLength=160),
    )
    box = base.mark_rect().encode(color=shade)
    text = base.mark_text().encode(text="cell:N", color=ink("datum.dark", "share_below"))
    chart = (
        alt.layer(box, text)
        .properties(height=alt.Step(24))
        .facet(alt.Facet("visit_label:N", sort=visits, title=None), columns=across)
    )
    return Figure(
        chart,
        f"Share of values below the limit of quantification. {_mostly_below(result)}",
        "The darker a cell, the more of its values are only known to lie below the limit."
        + (f" {NOT_TOLD}" if frame["n_below"].isna().any() else ""),
    )


def ink(strong: str, field: str) -> Any:
    """Colour the words of a cell: white where it is strong, the page's own where it is empty."""
    dark = alt.when(strong).then(alt.value("#ffffff"))
    shaded = dark.when(f"isValid(datum.{field})").then(alt.value("#1b2730"))
    return shaded.otherwise(alt.value(theme.CONTROL))


def _mostly_below(result: Detection) -> str:
    """Name the analytes of which more than half the values are below the limit."""
    most = [
        r["endpoint"] + ("" if np.isnan(r["share"]) else f" ({fmt.percent(r['share'])})")
        for r in result.analytes[result.analytes["mostly"]].to_dict("records")
    ]
    return f"More than half below: {fmt.listed(most)}." if most else "No analyte is mostly below."


def levels(study: Study, result: Levels | None) -> Figure | Prose:
    """Draw quantile boxes by visit and arm, a panel an analyte."""
    if result is None:
        return Prose("")
    frame = result.frame.dropna(subset=["median"])
    if frame.empty:
        return Prose("No group has samples enough to draw how the values spread.")
    panels = list(dict.fromkeys(frame["endpoint"]))
    visits = list(dict.fromkeys(frame.sort_values("visit")["visit_label"]))
    shown = drawn(result.points, MOST_DOTS, "measurement")
    points = shown.frame
    # One frame for all layers, as a faceted chart needs.
    both = frame.assign(kind="box")
    if len(points):
        dots_only = points[["endpoint", "visit_label", "arm", "bound"]].assign(kind="point")
        both = pd.concat([both, dots_only.astype({"arm": "str"})], ignore_index=True)
    angle = 0 if len(visits) <= FEW_VISITS else -60
    x = alt.X("visit_label:N", sort=visits, title=None, axis=alt.Axis(labelAngle=angle, grid=False))
    wide = max(2, min(9, BOXES // (len(visits) * len(study.arms))))
    base = alt.Chart(both).encode(
        x=x,
        xOffset=alt.XOffset("arm:N", sort=list(study.arms)),
        color=alt.Color("arm:N", scale=theme.arm_scale(study.arms), title=None),
    )
    scale = alt.Scale(type="log", zero=False, nice=False, padding=6)
    boxes = base.transform_filter("datum.kind == 'box'").encode(
        tooltip=[
            alt.Tooltip("endpoint:N", title="Analyte"),
            alt.Tooltip("visit_label:N", title="Visit"),
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("n:Q", title="Samples"),
            alt.Tooltip("q25:Q", title="Quarter below", format=".3~g"),
            alt.Tooltip("median:Q", title="Half below", format=".3~g"),
            alt.Tooltip("q75:Q", title="Three quarters below", format=".3~g"),
        ],
    )
    span = boxes.mark_rule().encode(
        y=alt.Y("p10:Q", title=None, scale=scale, axis=_LOG_AXIS), y2="p90:Q"
    )
    box = boxes.mark_bar(size=wide, opacity=0.55).encode(y=alt.Y("q25:Q", scale=scale), y2="q75:Q")
    middle = boxes.mark_tick(size=wide + 3, thickness=2.5, orient="horizontal").encode(
        y=alt.Y("median:Q", scale=scale)
    )
    dots = (
        base.transform_filter("datum.kind == 'point'")
        .mark_circle(size=10, opacity=0.5)
        .encode(y=alt.Y("bound:Q", scale=scale))
    )
    layers = [span, box, middle, *([dots] if len(points) else [])]
    chart = (
        alt.layer(*layers)
        .properties(height=140)
        .facet(alt.Facet("endpoint:N", sort=panels, title=None), columns=2)
        .resolve_scale(y="independent")
    )
    return Figure(
        chart,
        f"Spread of {fmt.listed(panels)} by visit and arm. {_medians(frame)}",
        "Boxes hold the middle half of the values, thin lines the middle 80%, the mark inside is "
        "the median. Values below the limit stand at the limit"
        f"{', dots are single patients' if len(points) else ''}. Axes are logarithmic; each panel "
        f"has its own.{shown.words}",
    )


def _medians(frame: pd.DataFrame) -> str:
    """Tell the medians at the last visit."""
    last = frame[frame["visit"] == frame["visit"].max()]
    parts = []
    for name, rows in last.groupby("endpoint", sort=False):
        cells = [f"{r['arm']} {r['median']:.3g}" for r in rows.to_dict("records")]
        parts.append(f"{name} {', '.join(cells)}")
    return f"Medians at {last['visit_label'].iloc[0].lower()}: {'; '.join(parts)}."


def batches(study: Study, result: Batches | None) -> Figure | Prose:
    """Draw how far each batch lies from the rest, a panel an analyte."""
    if result is None:
        return Prose(NO_BATCH if study.config.biomarkers else "")
    frame = result.spread.dropna(subset=["median"])
    if frame.empty:
        return Prose("No batch has measurements enough to draw how its values spread.")
    panels = list(dict.fromkeys(frame["endpoint"]))
    order = sorted(set(frame["batch"]))
    base = alt.Chart(frame).encode(
        x=alt.X("batch:N", sort=order, title="Batch", axis=alt.Axis(labelAngle=-40, grid=False)),
        tooltip=[
            alt.Tooltip("endpoint:N", title="Analyte"),
            alt.Tooltip("batch:N", title="Batch"),
            alt.Tooltip("n:Q", title="Measurements"),
            alt.Tooltip("median:Q", title="Median ratio", format=".2f"),
        ],
    )
    scale = alt.Scale(type="log", zero=False, nice=False, padding=6)
    box = base.mark_bar(opacity=0.5, color=theme.ACCENT).encode(
        y=alt.Y("q25:Q", title=None, scale=scale, axis=_LOG_AXIS), y2="q75:Q"
    )
    middle = base.mark_tick(thickness=2.5, color=theme.ACCENT).encode(y="median:Q")
    line = alt.Chart(frame).mark_rule(strokeDash=[4, 3]).encode(y=alt.datum(1))
    chart = (
        alt.layer(line, box, middle)
        .properties(height=140)
        .facet(alt.Facet("endpoint:N", sort=panels, title=None), columns=2)
    )
    far = frame.loc[np.log(frame["median"]).abs().idxmax()]
    return Figure(
        chart,
        "Ratio of each measurement to the geometric mean of its arm and visit, by batch. Farthest "
        f"from 1: {far['endpoint']} in batch {far['batch']}, median {far['median']:.2f}.",
        "Boxes hold the middle half of a batch's values, the mark inside is the median. Without "
        "any difference between batches all lie around the dashed line.",
    )
