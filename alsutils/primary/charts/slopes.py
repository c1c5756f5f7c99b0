"""Slopes before and after baseline."""

import altair as alt
import pandas as pd

from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.display.points import drawn
from alsutils.primary.dichotomy import THIRDS, PastAndFuture
from alsutils.study import Study

_NOISE = "by noise alone"


def thirds(study: Study, result: PastAndFuture | None) -> Figure | Prose:
    """Draw the mean slope before and after baseline in thirds of the slope before."""
    if result is None:
        return Prose(
            "This study has no visits before treatment from which each patient's earlier slope "
            "could be known."
        )
    if result.thirds.empty:
        return Prose("Too few patients have both slopes to show them in groups.")
    about = study.parameter(study.primary.parameter)
    unit = f"{about.unit} per {study.config.time.unit}".strip()
    when = {"before": "before baseline", "after": "after baseline"}
    long = result.thirds.melt(["arm", "third", "n"], list(when), "when", "slope")
    long["when"] = long["when"].map(when)
    sort = list(THIRDS)
    y = alt.Y("third:N", sort=sort, title=None, axis=alt.Axis(grid=False, ticks=False))
    title = f"Mean slope of {about.label} ({unit})"
    x = alt.X("slope:Q", title=title, scale=alt.Scale(zero=False, padding=12))
    colours = alt.Scale(domain=list(when.values()), range=[theme.CONTROL, theme.ACCENT])
    base = alt.Chart(long).encode(y=y)
    line = base.mark_line(strokeWidth=2, color=theme.CONTROL).encode(x=x, detail="third:N")
    point = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=x,
        color=alt.Color("when:N", scale=colours, sort=list(when.values()), title=None),
        tooltip=[
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("third:N", title="Patients"),
            alt.Tooltip("n:Q", title="Number"),
            alt.Tooltip("when:N", title="Slope"),
            alt.Tooltip("slope:Q", title="Mean", format=".2f"),
        ],
    )
    facet = alt.Facet("arm:N", sort=list(study.arms), title=None)
    chart = alt.layer(line, point).properties(height=alt.Step(34)).facet(facet, columns=1)
    told = [
        f"{r['arm']}, {r['third']}"
        + (f" ({fmt.plural(r['n'], 'patient')}): " if r["n"] == r["n"] else ": ")
        + f"{fmt.number(r['before'])}, then {fmt.number(r['after'])}"
        for r in result.thirds.to_dict("records")
    ]
    return Figure(
        chart,
        f"Mean slope of {about.label} before and after baseline, {unit}. {'; '.join(told)}.",
        "All patients are ranked by their slope before baseline and cut into thirds. Lines join "
        "the same patients before and after.",
    )


def past_and_future(study: Study, result: PastAndFuture | None) -> Figure | Prose:
    """Draw the change of slope against the slope before, with what noise alone would give."""
    if result is None:
        return Prose("")
    about = study.parameter(study.primary.parameter)
    unit = f"{about.unit} per {study.config.time.unit}".strip()
    patients = result.change.patients
    shown = drawn(patients, of="patient")
    low, high = patients["before"].quantile([0.05, 0.95])
    if not study.shows_subjects:
        low, high = round(low, 1), round(high, 1)
    lines = []
    for row in result.change.frame.to_dict("records"):
        for words, slope in (("found", row["estimate"]), (_NOISE, result.change.by_noise)):
            for at in (low, high):
                change = row["mean_change"] + slope * (at - row["mean_before"])
                lines.append({"arm": row["group"], "line": words, "before": at, "change": change})
    x = alt.X(
        "before:Q", title=f"Slope before baseline ({unit})", scale=alt.Scale(zero=False, padding=8)
    )
    y = alt.Y("change:Q", title="Change of slope")
    scale = alt.Scale(domain=["found", _NOISE], range=[theme.ACCENT, theme.WORSE])
    both = pd.DataFrame(lines)
    if study.shows_subjects:
        dots = shown.frame.rename(columns={"group": "arm"})[["arm", "before", "change"]]
        dots = dots.assign(line="", arm=dots["arm"].astype("str"))
        both = pd.concat([both, dots], ignore_index=True)
    base = alt.Chart(both).encode(x=x, y=y)
    line = base.transform_filter("datum.line != ''").mark_line(strokeWidth=3)
    line = line.encode(
        color=alt.Color("line:N", scale=scale, title="Slope of the line"),
        strokeDash=alt.StrokeDash(
            "line:N",
            scale=alt.Scale(domain=["found", _NOISE], range=[[1, 0], [6, 4]]),
            title="Slope of the line",
        ),
    )
    dot = base.transform_filter("datum.line == ''").mark_point(
        filled=True, size=35, opacity=0.6, color=theme.CONTROL
    )
    facet = alt.Facet("arm:N", sort=list(study.arms), title=None)
    chart = alt.layer(dot, line).properties(height=260).facet(facet, columns=2)
    told = [
        f"{r['group']}: {fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in result.change.frame.to_dict("records")
    ]
    points = f"Each point is a patient.{shown.words} " if study.shows_subjects else ""
    return Figure(
        chart,
        f"Change of slope against the slope before baseline. Slope of the line, {'; '.join(told)}; "
        f"by noise alone {fmt.number(result.change.by_noise)}.",
        f"{points}The dashed line is what would be seen if every patient kept one true slope and "
        "only the measurements scattered.",
        result.frame,
    )
