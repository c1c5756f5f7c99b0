"""Responders, and what a cut costs."""

import altair as alt
import pandas as pd

from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.primary.dichotomy import MEANS, POWER, CutCost
from alsutils.primary.responders import Responders
from alsutils.study import Study


def responders(study: Study, result: Responders | None) -> Figure | Prose:
    """Draw the share of responders by arm at each threshold and visit."""
    if result is None:
        return Prose("This study defines no responders.")
    gone = result.shares["share"].isna().any()
    frame = result.shares.dropna(subset=["share"])
    if frame.empty:
        return Prose(f"No share of responders is shown. {study.disclosure.why}")
    about = study.parameter(result.parameter)
    arms = list(study.arms)
    base = alt.Chart(frame).encode(
        y=alt.Y("arm:N", sort=arms, title=None, axis=alt.Axis(ticks=False, domain=False)),
        color=alt.Color("arm:N", scale=theme.arm_scale(arms), legend=None),
        tooltip=[
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("threshold_label:N", title="Threshold"),
            alt.Tooltip("responders:Q", title="Responders"),
            alt.Tooltip("n:Q", title="Of"),
            alt.Tooltip("share:Q", title="Share", format=".0%"),
        ],
    )
    x = alt.X("share:Q", title="Share of patients", axis=alt.Axis(format="%", tickCount=4))
    bars = base.mark_bar(height=14).encode(x=x.scale(domain=[0, 1]))
    text = base.mark_text(align="left", dx=5).encode(x="share:Q", text="count_text:N")
    order = list(dict.fromkeys(frame["threshold_label"]))
    panels = alt.Row("threshold_label:N", sort=order, title=None).header(
        labelAngle=0, labelOrient="top", labelAnchor="start"
    )
    chart = alt.layer(bars, text).properties(height=alt.Step(24))
    chart = chart.facet(row=panels, spacing=10)
    told = _told(frame)
    return Figure(
        chart,
        f"Responders by {about.label}: {told}.",
        "Bars count the patients at or above each threshold, of those with a value."
        + (f" {study.disclosure.why}" if gone and not study.disclosure.is_open else ""),
        result.frame,
    )


def _told(frame: pd.DataFrame) -> str:
    parts = [
        f"{r['threshold_label']}, {r['arm']}: {r['count_text']}" for r in frame.to_dict("records")
    ]
    return "; ".join(parts)


def cost_of_cutting(study: Study, result: CutCost | None) -> Figure | Prose:
    """Draw the power of a test of means and of responders over true differences."""
    if result is None:
        return Prose("The arms are too small for a simulation of what a cut costs.")
    about = study.parameter(study.primary.parameter)
    unit = f" ({about.unit})" if about.unit else ""
    cuts = list(dict.fromkeys(result.cuts["cut"]))
    order = [MEANS, *cuts]
    colours = alt.Scale(domain=order, range=[theme.CONTROL, *theme.TREATED][: len(order)])
    chart = (
        alt.Chart(result.curves)
        .mark_line(point=alt.OverlayMarkDef(filled=True, size=40), strokeWidth=2)
        .encode(
            x=alt.X("difference:Q", title=f"True difference of {about.label}{unit}"),
            y=alt.Y("power:Q", title="Share of trials that find it").axis(format="%"),
            color=alt.Color(
                "analysis:N",
                scale=colours,
                title=None,
                legend=alt.Legend(columns=1),
            ),
            tooltip=[
                alt.Tooltip("analysis:N", title="Compared"),
                alt.Tooltip("difference:Q", title="True difference", format=".2f"),
                alt.Tooltip("power:Q", title="Trials that find it", format=".0%"),
            ],
        )
        .properties(height=260)
    )
    if len(result.difference) > 1:
        chart = chart.facet(alt.Facet("treated:N", sort=list(study.treated), title=None), columns=2)
    told = [
        f"{r['treated']}, {r['cut']}: {fmt.percent(r['fisher'])}"
        for r in result.cuts.to_dict("records")
    ]
    return Figure(
        chart,
        f"Power over true differences. Where the t-test finds {fmt.percent(POWER)}, Fisher's exact "
        f"test of responders finds, {'; '.join(told)}.",
        f"Each point is {result.n_trials:,} simulated trials of this size and spread. Means by the "
        "t-test, responders by Fisher's exact test.",
        result.frame,
    )
