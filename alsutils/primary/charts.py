"""Pictures of the primary endpoint."""

import altair as alt
import pandas as pd

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.primary.analysis import AllAnalyses, Comparisons, Responders, Trajectory
from alsutils.study import Study


def trajectory(study: Study, result: Trajectory) -> Figure:
    """Draw a parameter's mean at each visit, a line an arm."""
    frame = result.frame
    title = f"{result.parameter} ({result.unit})" if result.unit else result.parameter
    chart = charts.profile(frame, study.arms, study.config.time.unit.capitalize(), f"Mean {title}")
    ends = []
    for arm in study.arms:
        rows = frame[frame["arm"] == arm].sort_values("visit")
        first, last = rows.iloc[0], rows.iloc[-1]
        ends.append(
            f"{arm} goes from {fmt.number(first['mean'], 1)} at {first['visit_label'].lower()} "
            f"to {fmt.number(last['mean'], 1)} at {last['visit_label'].lower()}"
        )
    level = fmt.percent(study.conf_level)
    return Figure(
        chart,
        f"Mean {result.parameter} over time by arm: {'; '.join(ends)}.",
        f"Mean with {level} interval of all patients seen at each visit. Who leaves is no longer "
        "in the mean, so that a line can bend because patients change or because they go.",
    )


def domains(study: Study, result: Trajectory | None) -> Figure | Prose:
    """Draw the parts of a score over time, a panel each."""
    if result is None:
        return Prose("This study does not split its endpoint into parts.")
    panels = list(dict.fromkeys(result.frame["parameter"]))
    base = alt.Chart(result.frame).encode(
        x=alt.X("visit:Q", title=study.config.time.unit.capitalize(), axis=alt.Axis(grid=False)),
        color=alt.Color("arm:N", scale=theme.arm_scale(study.arms), title=None),
        tooltip=[
            alt.Tooltip("parameter:N", title="Part"),
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("visit_label:N", title="Visit"),
            alt.Tooltip("mean:Q", title="Mean", format=".2f"),
            alt.Tooltip("n:Q", title="Patients"),
        ],
    )
    title = f"Mean ({result.unit})"
    y = alt.Y("mean:Q", title=title, scale=alt.Scale(zero=False))
    line = base.mark_line(strokeWidth=2).encode(y=y)
    point = base.mark_point(filled=True, size=40, opacity=1).encode(y=y)
    span = base.mark_rule().encode(y=alt.Y("conf_low:Q", title=title), y2="conf_high:Q")
    facet = alt.Facet("parameter:N", title=None, sort=panels)
    chart = alt.layer(line, span, point).properties(height=170).facet(facet, columns=2)
    level = fmt.percent(study.conf_level)
    return Figure(
        chart,
        f"Means over time by arm of {fmt.listed(panels)}.",
        f"Each part has its own panel; all share one scale. Means with {level} intervals.",
    )


def forest(study: Study, result: Comparisons | AllAnalyses) -> Figure:
    """Draw the differences of the primary endpoint, a row an analysis and contrast."""
    frame = result.frame.dropna(subset=["conf_low", "conf_high"])
    several = len(study.treated) > 1
    words = frame["analysis"] + (": " + frame["contrast"] if several else "")
    shown = frame.assign(row=words)
    colour = alt.Color(
        "treated:N",
        scale=theme.arm_scale(study.arms),
        title=None,
        legend=alt.Legend(values=list(study.treated)) if several else None,
    )
    about = study.parameter(study.primary.parameter)
    title = f"Difference from {study.control}, {about.label} ({favours(study)})"
    chart = charts.forest(shown, "row", title, colour=colour, row="visit")
    told = [
        f"{r['visit']}, {r['row']}: {fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in shown.to_dict("records")
    ]
    level = fmt.percent(study.conf_level)
    return Figure(
        chart,
        f"Differences of {about.label} with intervals. {'. '.join(told)}.",
        f"Points are estimates, lines {level} intervals; the dashed line is no difference.",
        result.frame,
    )


def favours(study: Study) -> str:
    """Say which side of a difference is better for the patient."""
    higher = study.parameter(study.primary.parameter).better == "higher"
    return "above 0 is better" if higher else "below 0 is better"


def responders(study: Study, result: Responders | None) -> Figure | Prose:
    """Draw the share of responders by arm at each threshold and visit."""
    if result is None:
        return Prose("This study defines no responders.")
    frame = result.shares
    about = study.parameter(result.parameter)
    arms = list(study.arms)
    base = alt.Chart(frame).encode(
        y=alt.Y("arm:N", sort=arms, title=None, axis=alt.Axis(ticks=False, domain=False)),
        color=alt.Color("arm:N", scale=theme.arm_scale(arms), legend=None),
        tooltip=[
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("threshold_label:N", title="Threshold"),
            alt.Tooltip("responders:Q", title="Responders"),
            alt.Tooltip("n:Q", title="of"),
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
        "Bars count the patients at or above each threshold, of those with a value.",
        result.frame,
    )


def _told(frame: pd.DataFrame) -> str:
    parts = [
        f"{r['threshold_label']}, {r['arm']}: {r['responders']:.0f} of {r['n']:.0f}"
        for r in frame.to_dict("records")
    ]
    return "; ".join(parts)
