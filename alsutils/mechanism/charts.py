"""Pictures of the biomarkers."""

import altair as alt
import numpy as np
import pandas as pd

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.mechanism.analysis import Changes, Detection, Levels
from alsutils.mechanism.association import Associations
from alsutils.mechanism.sentences import NO_BIOMARKERS, NO_PAIR
from alsutils.study import Study

MOST_COLUMNS = 8  # arms and visits that fit beside each other
MOST_ROWS = 40  # of the forest; beyond that it shows the last visit alone
_LOG_AXIS = alt.Axis(tickCount=4, format="~g", grid=False)
_CURVED = "The axes are logarithmic: equal steps are equal ratios."


def detection(study: Study, result: Detection | None) -> Figure | Prose:
    """Draw the share of values below the limit, a row an analyte, a column a visit and arm."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    if not (result.frame["n_below"] > 0).any():
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
            alt.Tooltip("limit:Q", title="Limit"),
        ],
    )
    shade = alt.Color(
        "share_below:Q",
        title="Below the limit",
        scale=alt.Scale(domain=[0, 1], range=["#eef4f8", "#0b4f7a"]),
        legend=alt.Legend(format="%", orient="bottom", gradientLength=160),
    )
    box = base.mark_rect().encode(color=shade)
    ink = alt.condition("datum.dark", alt.value("#ffffff"), alt.value("#1b2730"))
    text = base.mark_text().encode(text="cell:N", color=ink)
    chart = (
        alt.layer(box, text)
        .properties(height=alt.Step(24))
        .facet(alt.Facet("visit_label:N", sort=visits, title=None), columns=across)
    )
    return Figure(
        chart,
        f"Share of values below the limit of quantification. {_mostly_below(frame)}",
        "The darker a cell, the more of its values are only known to lie below the limit.",
    )


def _mostly_below(frame: pd.DataFrame) -> str:
    """Name the analytes of which more than half the values are below the limit."""
    sums = frame.groupby("endpoint", sort=False)[["n", "n_below"]].sum()
    shares = (sums["n_below"] / sums["n"].where(sums["n"] > 0)).dropna()
    most = [f"{name} ({fmt.percent(s)})" for name, s in shares[shares > 0.5].items()]
    return f"More than half below: {fmt.listed(most)}." if most else "No analyte is mostly below."


def levels(study: Study, result: Levels | None) -> Figure | Prose:
    """Draw quantile boxes by visit and arm, a panel an analyte."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    frame = result.frame.dropna(subset=["median"])
    if frame.empty:
        return Prose("No group has samples enough to draw how the values spread.")
    panels = list(dict.fromkeys(frame["endpoint"]))
    visits = list(dict.fromkeys(frame.sort_values("visit")["visit_label"]))
    points = result.points
    # One frame for all layers, as a faceted chart needs.
    both = frame.assign(kind="box")
    if len(points):
        dots_only = points[["endpoint", "visit_label", "arm", "bound"]].assign(kind="point")
        both = pd.concat([both, dots_only], ignore_index=True)
    x = alt.X("visit_label:N", sort=visits, title=None, axis=alt.Axis(labelAngle=0, grid=False))
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
    box = boxes.mark_bar(size=9, opacity=0.55).encode(y=alt.Y("q25:Q", scale=scale), y2="q75:Q")
    middle = boxes.mark_tick(size=12, thickness=2.5, orient="horizontal").encode(
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
        "has its own.",
    )


def _medians(frame: pd.DataFrame) -> str:
    """Tell the medians at the last visit."""
    last = frame[frame["visit"] == frame["visit"].max()]
    parts = []
    for name, rows in last.groupby("endpoint", sort=False):
        cells = [f"{r['arm']} {r['median']:.3g}" for r in rows.to_dict("records")]
        parts.append(f"{name} {', '.join(cells)}")
    return f"Medians at {last['visit_label'].iloc[0].lower()}: {'; '.join(parts)}."


def forest(study: Study, result: Changes | None) -> Figure | Prose:
    """Draw the ratio of geometric means of every analyte, a panel a role."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    whole = result.main.replace([np.inf, -np.inf], np.nan)
    main = whole.dropna(subset=["estimate", "conf_low", "conf_high"])
    if main.empty:
        return Prose("No analyte has values enough above its limit to compare the arms.")
    visits = list(dict.fromkeys(main["visit"]))
    if len(main) > MOST_ROWS:
        visits = visits[-1:]
    main = main[main["visit"].isin(visits)].sort_values("role", kind="stable")
    several = len(study.treated) > 1
    shown = main.assign(
        row=main["endpoint"]
        + (", " + main["treated"] if several else "")
        + (", " + main["visit"].str.lower() if len(visits) > 1 else ""),
        panel=main["role"].map(fmt.capitalised),
    )
    colours = list(theme.TREATED[: len(visits)])
    colour = alt.Color(
        "visit:N",
        scale=alt.Scale(domain=visits, range=colours),
        title=None,
        legend=alt.Legend() if len(visits) > 1 else None,
    )
    title = f"Ratio to {study.control} of the change from baseline"
    one = len(set(shown["panel"])) == 1
    chart = charts.forest(shown, "row", title, 1, colour, log=True, row=None if one else "panel")
    told = [
        f"{r['row']}: {fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in shown.to_dict("records")
    ]
    level = fmt.percent(study.conf_level)
    only = "" if len(visits) > 1 else f" {visits[0]} only; the table has every visit."
    return Figure(
        chart,
        f"Ratios of geometric means, treated over {study.control}, with {level} intervals. "
        f"{'. '.join(told)}.",
        f"Left of the dashed line the analyte is lower than under {study.control}, right of it "
        f"higher. Lines are {level} intervals, not adjusted for their number.{only}",
        whole,
    )


def scatter(study: Study, result: Associations | None) -> Figure | Prose:
    """Draw one change against the other, a point a patient, where patients may be shown."""
    if result is None:
        return Prose(NO_PAIR)
    if result.points.empty:
        why = "no patient has both" if study.shows_subjects else "single patients are not shown"
        return Prose(f"There is no picture here, because {why}; the table holds the figures.")
    groups = ["Good responders", "Other patients", "Not classified"]
    present = [g for g in groups if (result.points["group"] == g).any()]
    colours = dict(zip(groups, [theme.BETTER, theme.CONTROL, theme.ACCENT], strict=True))
    scale = alt.Scale(domain=present, range=[colours[g] for g in present])
    base = alt.Chart(result.points)
    axis = alt.Axis(format="~g", tickCount=5)
    log = alt.Scale(type="log", zero=False, nice=False, padding=12)
    points = base.mark_point(filled=True, size=70, opacity=0.85).encode(
        x=alt.X("x:Q", title=f"{result.x}, ratio to baseline", scale=log, axis=axis),
        y=alt.Y("y:Q", title=f"{result.y}, ratio to baseline", scale=log, axis=axis),
        color=alt.Color("group:N", title=None, scale=scale),
        shape=alt.Shape("arm:N", title=None, sort=list(study.arms)),
        tooltip=[
            alt.Tooltip("group:N", title="Group"),
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("x:Q", title=result.x, format=".2f"),
            alt.Tooltip("y:Q", title=result.y, format=".2f"),
        ],
    )
    lines = [
        alt.Chart(result.points.head(1)).mark_rule(strokeDash=[4, 3]).encode(x=alt.datum(1)),
        alt.Chart(result.points.head(1)).mark_rule(strokeDash=[4, 3]).encode(y=alt.datum(1)),
    ]
    told = [
        f"{r['group']} {fmt.number(r['estimate'])} (n {r['n']:.0f})"
        for r in result.frame[result.frame["kind"] == "Pearson"].to_dict("records")
        if r["group"] != "Difference"
    ]
    return Figure(
        alt.layer(*lines, points).properties(height=340),
        f"Change of {result.y} against change of {result.x} at {result.visit.lower()}, a point a "
        f"patient. Pearson correlations: {', '.join(told)}.",
        f"Dashed lines are no change from baseline. {_CURVED}",
    )


def correlations(study: Study, result: Associations | None) -> Figure | Prose:
    """Draw every group's correlation with its interval."""
    if result is None:
        return Prose(NO_PAIR)
    frame = result.frame[result.frame["kind"] == "Pearson"].dropna(subset=["estimate"])
    if frame.empty:
        return Prose("No group has patients enough for a correlation.")
    shown = frame.assign(
        row=[
            "Difference: good responders less the others"
            if g == "Difference"
            else f"{g} (n {n:.0f})"
            for g, n in zip(frame["group"], frame["n"], strict=True)
        ]
    )
    chart = charts.forest(shown, "row", "Correlation, or difference of correlations")
    told = [
        f"{r['row']}: {fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in shown.to_dict("records")
    ]
    level = fmt.percent(study.conf_level)
    return Figure(
        chart,
        f"Pearson correlation of the change of {result.x} with that of {result.y}, with {level} "
        f"intervals. {'. '.join(told)}.",
        f"Lines are {level} intervals. Only the last row, where there is one, compares good "
        "responders with the others.",
        result.frame,
    )
