"""Pictures of when events happened."""

from typing import Literal

import altair as alt
import pandas as pd

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.display.points import thinned
from alsutils.safety.grades import SEVERITIES, UNGRADED
from alsutils.safety.times import MEAN, Course, FirstEvents, Timelines
from alsutils.safety.words import NO_SUBJECTS, NO_TIMES
from alsutils.study import Study

_ROW = 9  # pixels of a patient's line
_SHADES = {UNGRADED: "#8d979f", "Mild": "#e0a45c", "Moderate": "#e5741f", "Severe": "#bf2f00"}


def first_events(study: Study, result: FirstEvents | None) -> Figure | Prose:
    """Draw the share of patients who have had a first event, kind by kind."""
    if result is None:
        return Prose(NO_TIMES)
    panels = []
    sparse = not study.disclosure.is_open
    for kind in result.kinds:
        curves = thinned(result.curves[result.curves["kind"] == kind])
        drawn = charts.steps(curves, study.arms, "Study day", "With a first event", sparse=sparse)
        panels.append(drawn.properties(height=260, title=kind))
    chart = panels[0] if len(panels) == 1 else alt.vconcat(*panels)
    told = [
        f"{kind}: "
        + fmt.listed(
            [
                f"{r['arm']} {r['instead'] or fmt.number(r['events'], 0)} of "
                f"{fmt.number(r['patients'], 0)}"
                for _, r in result.counts[result.counts["kind"] == kind].iterrows()
            ]
        )
        for kind in result.kinds
    ]
    return Figure(
        chart,
        f"Share of patients with a first event over study days by arm, with death competing. "
        f"Patients with an event: {'; '.join(told)}.",
        f"{_marks(study)} Who died before it is counted as somebody who cannot have it any more.",
        result.frame,
    )


def _marks(study: Study) -> str:
    """Say what the marks of a curve mean."""
    if study.disclosure.is_open:
        return (
            "A step up is a patient's first event of the kind; bands are intervals, and small "
            "marks are patients who left without it."
        )
    least = study.disclosure.minimum
    return (
        "The points are the share of patients who have had a first event of the kind, with its "
        f"interval, at days between which nobody or at least {least} patients had it."
    )


def course(study: Study, result: Course | None) -> Figure | Prose:
    """Draw how many events a patient of each arm has had by each day."""
    if result is None:
        return Prose(NO_TIMES)
    everybody = study.disclosure.is_open
    join: Literal["step-after", "linear"] = "step-after" if everybody else "linear"
    x = alt.X("time:Q", title="Study day", scale=alt.Scale(nice=False))
    y_title = "Events per patient so far"
    base = alt.Chart(thinned(result.curves)).encode(
        x=x,
        color=alt.Color(
            "arm:N",
            scale=theme.arm_scale(study.arms),
            title=None,
            legend=alt.Legend(symbolOpacity=1),
        ),
    )
    band = base.mark_area(interpolate=join, opacity=0.15).encode(
        y=alt.Y("conf_low:Q", title=y_title), y2="conf_high:Q"
    )
    line = base.mark_line(interpolate=join, strokeWidth=2).encode(
        y=alt.Y("estimate:Q", title=y_title)
    )
    target = base.mark_point(
        filled=True, opacity=0 if everybody else 1, size=120 if everybody else 40
    ).encode(
        y="estimate:Q",
        tooltip=[
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("time:Q", title="Study day"),
            alt.Tooltip("estimate:Q", title=y_title, format=".2f"),
            alt.Tooltip("conf_low:Q", title="Lower limit", format=".2f"),
            alt.Tooltip("conf_high:Q", title="Upper limit", format=".2f"),
            *([alt.Tooltip("at_risk:Q", title="Watched")] if everybody else []),
        ],
    )
    layers = [band, line, target]
    days = ""
    if result.treatment_days:
        given = pd.DataFrame({"at": list(result.treatment_days)})
        layers.insert(0, alt.Chart(given).mark_rule(strokeDash=[4, 3]).encode(x="at:Q"))
        days = " Dashed lines are days of treatment."
    means = result.frame[result.frame["analysis"] == MEAN].dropna(subset="estimate")
    told = [f"{fmt.number(r['estimate'])} in {r['arm']}" for _, r in means.iterrows()]
    by = f"; by day {result.horizon:g} {fmt.listed(told)}" if told else ""
    return Figure(
        alt.layer(*layers).properties(height=300),
        f"Mean number of events per patient over study days by arm{by}.",
        f"Where a line is steep, events were many.{days} Bands are intervals that allow for "
        "patients who have many events.",
        result.frame,
    )


def timelines(study: Study, result: Timelines | None) -> Figure | Prose:
    """Draw each patient's time in the study and the events in it."""
    if result is None:
        return Prose(NO_SUBJECTS if not study.shows_subjects else NO_TIMES)
    if result.events.empty:
        return Prose("There was no event, so there is nothing to draw.")
    header = alt.Header(labelAngle=0, labelAlign="left", labelOrient="top", labelAnchor="start")
    arms = [arm for arm in study.arms if arm in set(result.patients["arm"])]
    chart = (
        _lines(result)
        .properties(height=alt.Step(_ROW))
        .facet(row=alt.Row("arm:N", sort=arms, title=None, header=header), spacing=12)
        .resolve_scale(y="independent")
    )
    left_out = (
        f" {fmt.plural(result.left_out, 'patient')} with fewer events are not drawn."
        if result.left_out
        else ""
    )
    many = fmt.plural(len(result.patients), "patient")
    grave = fmt.plural(int(result.events["serious"].sum()), "serious event")
    return Figure(
        chart,
        f"Events of {many} over study days, a line a patient, by arm; {grave} among "
        f"{len(result.events):,}.",
        "Each line is a patient, from the first to the last day; a mark is the start of an event, "
        f"the darker the worse. Diamonds are serious events, grey crosses deaths.{left_out}",
    )


def _lines(result: Timelines) -> charts.Chart:
    """Draw a line a patient with marks on it, from one table, so that arms can be split."""
    y = alt.Y("subject:N", sort=list(result.patients["subject"]), title=None, axis=None)
    base = alt.Chart(_stacked(result)).encode(y=y)
    line = (
        base.transform_filter("datum.layer == 'line'")
        .mark_rule(strokeWidth=1, opacity=0.6)
        .encode(x=alt.X("day:Q", title="Study day", scale=alt.Scale(nice=False)), x2="last:Q")
    )
    grades = [g for g in (UNGRADED, *SEVERITIES) if (result.events["severity"] == g).any()]
    dots = (
        base.transform_filter("datum.layer == 'event'")
        .mark_point(filled=True, opacity=0.9, size=42)
        .encode(
            x="day:Q",
            color=alt.Color(
                "severity:N",
                scale=alt.Scale(domain=grades, range=[_SHADES[g] for g in grades]),
                title=None,
            ),
            shape=alt.Shape(
                "mark:N",
                scale=alt.Scale(
                    domain=["Not serious", "Serious", "Death"],
                    range=["circle", "diamond", "cross"],
                ),
                title=None,
                legend=alt.Legend(symbolFillColor=theme.CONTROL, symbolStrokeColor=theme.CONTROL),
            ),
            tooltip=[
                alt.Tooltip("subject:N", title="Patient"),
                alt.Tooltip("term:N", title="Event"),
                alt.Tooltip("day:Q", title="Study day"),
                alt.Tooltip("severity:N", title="Severity"),
                alt.Tooltip("mark:N", title=" "),
            ],
        )
    )
    cross = (
        base.transform_filter("datum.layer == 'death'")
        .mark_point(filled=True, size=70, shape="cross", color=theme.CONTROL)
        .encode(x="day:Q", tooltip=[alt.Tooltip("subject:N", title="Died")])
    )
    return alt.layer(line, dots, cross)


def _stacked(result: Timelines) -> pd.DataFrame:
    """Put patients, events and deaths into one table."""
    patients = result.patients.assign(day=1.0)
    mark = result.events["serious"].map({True: "Serious", False: "Not serious"})
    events = result.events.assign(mark=mark, layer="event").drop(columns="serious")
    deaths = patients[patients["death"].notna()]
    deaths = deaths.assign(day=deaths["death"], mark="Death", layer="death")
    return pd.concat([patients.assign(layer="line"), events, deaths], ignore_index=True)
