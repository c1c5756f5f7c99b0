"""Pictures of two changes that go together, and of what chance and choice make of them."""

import altair as alt
import numpy as np

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.display.points import drawn, size_of
from alsutils.mechanism.association import PARTIAL, PEARSON, SPEARMAN, Associations
from alsutils.mechanism.responders import GOOD, OTHERS
from alsutils.mechanism.selection import Forks, Selection
from alsutils.mechanism.words import NO_CHOICE, NO_PAIR
from alsutils.study import Study

GROUPS = (GOOD, OTHERS, "Not classified")
GROUP_COLOURS = (theme.BETTER, theme.CONTROL, theme.ACCENT)
_KINDS = (PEARSON, SPEARMAN, PARTIAL)


def group_scale(present: list[str]) -> alt.Scale:
    """Colour responders, others and those of whom it is not known."""
    colours = dict(zip(GROUPS, GROUP_COLOURS, strict=True))
    return alt.Scale(domain=present, range=[colours[group] for group in present])


def arm_shapes(study: Study) -> alt.Shape:
    """Tell the arms apart by shape, with a key that is seen on light and dark pages."""
    grey = alt.Legend(symbolFillColor=theme.CONTROL, symbolStrokeColor=theme.CONTROL)
    return alt.Shape("arm:N", title=None, scale=theme.arm_shapes(study.arms), legend=grey)


def scatter(study: Study, result: Associations | None) -> Figure | Prose:
    """Draw one change against the other, a point a patient, where patients may be shown."""
    if result is None:
        return Prose(NO_PAIR)
    if result.points.empty:
        why = "no patient has both" if study.shows_subjects else "single patients are not shown"
        return Prose(f"There is no picture here, because {why}; the table holds the figures.")
    present = [g for g in GROUPS if (result.points["group"] == g).any()]
    shown = drawn(result.points, of="patient")
    base = alt.Chart(shown.frame)
    axis = alt.Axis(format="~g", tickCount=5)
    log = alt.Scale(type="log", zero=False, nice=False, padding=12)
    points = base.mark_point(filled=True, size=size_of(len(shown.frame), 70), opacity=0.85).encode(
        x=alt.X("x:Q", title=f"{result.x}, ratio to baseline", scale=log, axis=axis),
        y=alt.Y("y:Q", title=f"{result.y}, ratio to baseline", scale=log, axis=axis),
        color=alt.Color("group:N", title=None, scale=group_scale(present)),
        shape=arm_shapes(study),
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
        for r in result.frame[result.frame["kind"] == PEARSON].to_dict("records")
    ]
    return Figure(
        alt.layer(*lines, points).properties(height=340),
        f"Change of {result.y} against change of {result.x} at {result.visit.lower()}, a point a "
        f"patient. Pearson correlations: {', '.join(told)}.",
        "Dashed lines are no change from baseline. The axes are logarithmic: equal steps are equal "
        f"ratios.{shown.words}",
    )


def correlations(study: Study, result: Associations | None) -> Figure | Prose:
    """Draw every group's correlation with its interval, by three kinds."""
    if result is None:
        return Prose("")
    frame = result.frame[result.frame["kind"].isin(_KINDS)].dropna(subset=["estimate"])
    if frame.empty:
        return Prose("No group has patients enough for a correlation.")
    shown = frame.assign(
        row=[
            f"{g} (n {n:.0f})" if n == n else g
            for g, n in zip(frame["group"], frame["n"], strict=True)
        ]
    )
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=list(_KINDS), range=list(theme.TREATED[:3])),
        title=None,
    )
    chart = charts.forest(shown, "row", "Correlation", 0, colour, within="kind", domain=(-1.0, 1.0))
    told = [
        f"{r['row']}: {fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in shown[shown["kind"] == PEARSON].to_dict("records")
    ]
    level = fmt.percent(study.conf_level)
    return Figure(
        chart,
        f"Correlation of the change of {result.x} with that of {result.y}, with {level} intervals; "
        f"Pearson's: {'. '.join(told)}.",
        f"Lines are {level} intervals by Fisher's z. Pearson is of the values, Spearman of their "
        "ranks; the partial correlation holds both baselines and the arm equal.",
        result.frame,
    )


def selection(_study: Study, result: Selection | None) -> Figure | Prose:
    """Draw how the correlation among responders spreads where there is none."""
    if result is None:
        return Prose(NO_CHOICE)
    worlds = list(result.frame["world"])
    bars = (
        alt.Chart(result.spread)
        .mark_bar(color=theme.CONTROL)
        .encode(
            x=alt.X(
                "low:Q",
                bin="binned",
                title="Correlation among the responders of a trial",
                scale=alt.Scale(domain=[-1, 1]),
                axis=alt.Axis(tickCount=5),
            ),
            x2="high:Q",
            y=alt.Y("share:Q", title=None, axis=None),
            tooltip=[
                alt.Tooltip("low:Q", title="From", format=".2f"),
                alt.Tooltip("high:Q", title="To", format=".2f"),
                alt.Tooltip("share:Q", title="Share of trials", format=".1%"),
            ],
        )
    )
    zero = alt.Chart(result.spread).mark_rule(strokeDash=[4, 3]).encode(x=alt.datum(0))
    layers = [bars, zero]
    seen = ""
    if np.isfinite(result.seen):
        line = alt.Chart(result.spread).mark_rule(strokeWidth=2.5, color=theme.WORSE)
        layers.append(line.encode(x=alt.datum(result.seen)))
        seen = f" The coloured line is the correlation in this study, {fmt.number(result.seen)}."
    header = alt.Header(labelAngle=0, labelAlign="left", labelOrient="top", labelAnchor="start")
    chart = (
        alt.layer(*layers)
        .properties(height=80)
        .facet(row=alt.Row("world:N", sort=worlds, title=None, header=header), spacing=10)
    )
    told = [
        f"{r['world'].lower()}: mean {fmt.number(r['mean_selected'])}, found in responders and not "
        f"in the others in {fmt.percent(r['claimed'])} of trials"
        for r in result.frame.to_dict("records")
    ]
    return Figure(
        chart,
        f"Correlation among the responders of {result.n_trials:,} simulated trials in which the "
        f"two analytes do not act on each other. {'. '.join(fmt.capitalised(t) for t in told)}.",
        f"In no trial do the two analytes have anything to do with each other.{seen}",
        result.results,
    )


def forks(_study: Study, result: Forks | None) -> Figure | Prose:
    """Draw the chance of any finding, a row a further way of looking."""
    if result is None:
        return Prose(NO_CHOICE)
    rows = result.frame.assign(
        row=[
            f"{fmt.capitalised(r['step'])} ({fmt.plural(r['paths'], 'test')})"
            for r in result.frame.to_dict("records")
        ]
    )
    base = alt.Chart(rows).encode(
        y=alt.Y("row:N", sort=list(rows["row"]), title=None, axis=alt.Axis(grid=False)),
        tooltip=[
            alt.Tooltip("row:N", title=" "),
            alt.Tooltip("found:Q", title="Any finding", format=".0%"),
            alt.Tooltip("if_independent:Q", title="Were tests independent", format=".0%"),
            alt.Tooltip("mean_findings:Q", title="Findings, on average", format=".1f"),
        ],
    )
    x = alt.X(
        "found:Q",
        title="Studies of nothing with a finding",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", tickCount=5),
    )
    bar = base.mark_bar(color=theme.ACCENT, height=16).encode(x=x)
    tick = base.mark_tick(thickness=3, size=24, color=theme.WORSE).encode(x="if_independent:Q")
    told = [
        f"{r['row']}: {fmt.percent(r['found'])}, {fmt.number(r['mean_findings'], 1)} on average"
        for r in rows.to_dict("records")
    ]
    return Figure(
        alt.layer(bar, tick).properties(height=alt.Step(charts.ROW_HEIGHT + 4)),
        f"Share of {result.n_studies:,} simulated studies, in which nothing is true, that find a "
        f"correlation at {result.alpha:g}. {'. '.join(told)}.",
        "Each row allows all the choices of the rows above it and one more. Orange marks: the "
        "share if the tests had nothing to do with each other.",
        result.results,
    )
