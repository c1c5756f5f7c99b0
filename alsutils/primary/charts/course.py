"""The course of the endpoint over time."""

import altair as alt
import pandas as pd

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.display.points import MOST_LINES, drawn
from alsutils.primary.analysis import Trajectory
from alsutils.primary.scale import Courses
from alsutils.study import Study


def trajectory(study: Study, result: Trajectory) -> Figure | Prose:
    """Draw a parameter's mean at each visit, a line an arm."""
    frame = result.frame
    if frame.empty:
        return _no_mean(study)
    title = f"{result.parameter} ({result.unit})" if result.unit else result.parameter
    chart = charts.profile(frame, study.arms, study.config.time.unit.capitalize(), f"Mean {title}")
    ends = []
    for arm in study.arms:
        rows = frame[frame["arm"] == arm].sort_values("visit")
        if rows.empty:
            continue
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


def _no_mean(study: Study) -> Prose:
    """Say why there is no picture of means."""
    if study.disclosure.is_open:
        return Prose("No value was seen, so there is no mean to draw.")
    return Prose(f"No mean is drawn. {study.disclosure.why}")


def domains(study: Study, result: Trajectory | None) -> Figure | Prose:
    """Draw the parts of a score over time, a panel each."""
    if result is None:
        return Prose("This study does not split its endpoint into parts.")
    if result.frame.empty:
        return _no_mean(study)
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


def courses(study: Study, result: Courses | None) -> Figure | Prose:
    """Draw every patient's course, an arm a panel, with the mean of those seen."""
    if result is None:
        return Prose("The patients of this study are not shown one by one.")
    about = study.parameter(study.primary.parameter)
    title = f"{about.label} ({about.unit})" if about.unit else about.label
    x = alt.X("visit:Q", title=study.config.time.unit.capitalize(), axis=alt.Axis(grid=False))
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False))
    colour = alt.Color("arm:N", scale=theme.arm_scale(study.arms), legend=None)
    some = drawn(result.frame[["arm", "patient"]].drop_duplicates(), MOST_LINES, "patient")
    frame = result.frame[result.frame["patient"].isin(some.frame["patient"])]
    means = result.frame.groupby(["arm", "visit"], as_index=False, observed=True)["value"].mean()
    base = alt.Chart(pd.concat([frame, means])).encode(x=x, y=y, color=colour)
    thin = base.transform_filter("isValid(datum.patient)")
    lines = thin.mark_line(strokeWidth=1, opacity=0.4).encode(detail="patient:N")
    mean = base.transform_filter("!isValid(datum.patient)").mark_line(strokeWidth=4)
    facet = alt.Facet("arm:N", sort=list(study.arms), title=None)
    chart = alt.layer(lines, mean).properties(height=260).facet(facet, columns=2)
    counts = result.frame.groupby("arm")["patient"].nunique()
    told = fmt.listed([f"{fmt.plural(counts[arm], 'patient')} on {arm}" for arm in study.arms])
    return Figure(
        chart,
        f"Course of {about.label} of {told}, a line a patient, with the mean of those seen.",
        "Thin lines are patients, thick lines the mean of those seen at each visit." + some.words,
    )
