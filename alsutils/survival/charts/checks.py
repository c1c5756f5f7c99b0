"""Pictures of whether the Cox model holds."""

import altair as alt
import numpy as np
import pandas as pd

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.charts.paint import arm_colour, slim, treated_colour
from alsutils.survival.checks import RESIDUALS, SPLINE, Changing, Fitting
from alsutils.survival.words import NO_NUMBERS, NO_RATIO, SAID, nothing

_TICKS = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]
_DASHES = {RESIDUALS: [1, 0], SPLINE: [7, 4]}
_HEADER = alt.Header(labelAngle=0, labelAlign="left", labelOrient="top", labelAnchor="start")


def changing(study: Study, result: Changing | None) -> Figure | Prose:
    """Draw the hazard ratio over time, a panel an event."""
    if result is None:
        return nothing(study, NO_RATIO)
    if result.lines.empty:
        return Prose("There are too few events to draw the hazard ratio over time.")
    panels = [_over_time(study, result, endpoint) for endpoint in _events(result.lines)]
    chart = panels[0] if len(panels) == 1 else alt.vconcat(*panels)
    told = [
        f"{r['endpoint']}, {r['treated']}: one ratio {fmt.number(r['estimate'])}"
        for r in result.constant.to_dict("records")
    ]
    dots = " A dot stands for one event." if len(result.points) else ""
    return Figure(
        chart,
        f"Hazard ratio to {study.control} over time, by scaled Schoenfeld residuals and by a "
        f"spline model, with the Cox model's one ratio. {'. '.join(told)}.",
        "Where one ratio is enough, the lines run level, near the dotted one of the Cox model."
        f"{dots} The band belongs to the full line, at {fmt.percent(study.conf_level)} for each "
        "time.",
    )


def _over_time(study: Study, result: Changing, endpoint: str) -> charts.Chart:
    """Draw one event's panel."""
    lines, constant = (f[f["endpoint"] == endpoint] for f in (result.lines, result.constant))
    unit = lines["unit"].iloc[0]
    lines = slim(lines, ["treated", "method", "time", "estimate", "conf_low", "conf_high"])
    constant = slim(constant, ["treated", "estimate"])
    points = result.points
    if len(points):
        points = slim(points[points["endpoint"] == endpoint], ["treated", "time", "estimate"])
    middle = pd.concat([f["estimate"] for f in (lines, constant, points) if len(f)])
    low, high = (
        float(np.clip(end, _TICKS[0], _TICKS[-1]))
        for end in (min(0.2, middle.min() / 1.5), max(5.0, middle.max() * 1.5))
    )
    y = alt.Y(
        "estimate:Q",
        title="Hazard ratio",
        scale=alt.Scale(type="log", domain=[low, high], nice=False),
        axis=alt.Axis(values=[t for t in _TICKS if low <= t <= high], format="~r"),
    )
    x = alt.X("time:Q", title=f"Time ({unit}s)", scale=alt.Scale(domainMin=0, nice=False))
    colour = treated_colour(study)
    style = alt.StrokeDash(
        "method:N",
        title=None,
        scale=alt.Scale(domain=list(_DASHES), range=list(_DASHES.values())),
        legend=alt.Legend(symbolType="stroke", symbolSize=400),
    )
    tooltip = [
        alt.Tooltip("treated:N", title="Arm"),
        alt.Tooltip("method:N", title="By"),
        alt.Tooltip("time:Q", title=f"Time ({unit}s)", format=".1f"),
        alt.Tooltip("estimate:Q", title="Hazard ratio", format=".2f"),
        alt.Tooltip("conf_low:Q", title="Lower limit", format=".2f"),
        alt.Tooltip("conf_high:Q", title="Upper limit", format=".2f"),
    ]
    layers: list[alt.Chart] = [
        alt.Chart(lines.head(1)).mark_rule(strokeDash=[4, 3]).encode(y=alt.datum(1)),
        alt.Chart(constant).mark_rule(strokeDash=[2, 3], strokeWidth=2).encode(y=y, color=colour),
        alt.Chart(lines)
        .transform_filter(f"datum.method == '{RESIDUALS}'")
        .mark_area(opacity=0.13, clip=True)
        .encode(x=x, y=alt.Y("conf_low:Q", title="Hazard ratio"), y2="conf_high:Q", color=colour),
        alt.Chart(lines)
        .mark_line(strokeWidth=2, clip=True)
        .encode(x=x, y=y, color=colour, strokeDash=style),
        alt.Chart(lines)
        .mark_point(opacity=0, size=90)
        .encode(x=x, y=y, color=colour, tooltip=tooltip),
    ]
    if len(points):
        dots = alt.Chart(points).mark_point(size=28, opacity=0.7, clip=True)
        layers.insert(2, dots.encode(x=x, y=y, color=colour))
    return alt.layer(*layers).properties(height=240, title=endpoint)


def fitting(study: Study, result: Fitting | None) -> Figure | Prose:
    """Draw how surprising each patient is and how much each moves the ratio, or counts of them."""
    if result is None:
        return nothing(study, NO_RATIO)
    furthest = [
        f"{r['endpoint']}, {r['treated']}: {fmt.number(r['estimate'])}, between "
        f"{fmt.number(r['lowest'])} and {fmt.number(r['highest'])} without any one patient"
        for r in result.influence.to_dict("records")
    ]
    told = f"Hazard ratio of {'. '.join(furthest)}."
    if result.patients.empty:
        return Figure(
            _counts(result),
            f"Numbers of patients by deviance residual. {told}",
            "Patients to the right had the event earlier than the model expected, those to the "
            "left later or not yet. Beyond 2 or 3 on either side a patient is a surprise."
            + (" Bars of a few patients are left out." if result.counts["n"].isna().any() else ""),
        )
    several = len(study.treated) > 1
    panel = [f"{r['endpoint']}: {r['treated']}" for r in result.patients.to_dict("records")]
    shown = result.patients.assign(panel=panel if several else result.patients["endpoint"])
    chart = (
        alt.Chart(shown)
        .mark_point(filled=True, size=45, opacity=0.75)
        .encode(
            x=alt.X(
                "without:Q",
                title="Hazard ratio without this patient",
                scale=alt.Scale(zero=False),
                axis=alt.Axis(tickCount=5),
            ),
            y=alt.Y("deviance:Q", title="Deviance residual"),
            color=arm_colour(study),
            tooltip=[
                alt.Tooltip("arm:N", title="Arm"),
                alt.Tooltip("without:Q", title="Hazard ratio without", format=".3f"),
                alt.Tooltip("deviance:Q", title="Deviance residual", format=".2f"),
            ],
        )
        .properties(height=220)
        .facet(row=alt.Row("panel:N", title=None, header=_HEADER, sort=_panels(shown)), spacing=14)
        .resolve_scale(x="independent")
    )
    return Figure(
        chart,
        f"Deviance residual of each patient over the hazard ratio without that patient. {told}",
        "Each dot is a patient. High dots had the event earlier than the model expected, low ones "
        "later or not yet; a dot far from the others to either side moves the hazard ratio.",
    )


def _counts(result: Fitting) -> alt.FacetChart:
    """Draw bars of patients by deviance residual."""
    base = alt.Chart(result.counts.dropna()).mark_rect(color=theme.ACCENT)
    return (
        base.encode(
            x=alt.X(
                "low:Q",
                title="Deviance residual",
                scale=alt.Scale(nice=False),
                axis=alt.Axis(tickCount=6),
            ),
            x2="high:Q",
            y=alt.Y("n:Q", title="Patients"),
            y2=alt.datum(0),
            tooltip=[
                alt.Tooltip("low:Q", title="From"),
                alt.Tooltip("high:Q", title="To"),
                alt.Tooltip("n:Q", title="Patients"),
            ],
        )
        .properties(height=180)
        .facet(row=alt.Row("endpoint:N", title=None, header=_HEADER, sort=_events(result.counts)))
    )


def forms(result: Fitting | None) -> Figure | Prose:
    """Draw martingale residuals over each number among the covariates."""
    if result is None:
        return Prose(SAID)
    if result.form_lines.empty:
        return Prose(NO_NUMBERS)
    whole = pd.concat([result.form_lines, result.form_points], ignore_index=True)
    whole = whole.assign(panel=whole["covariate"] + "\n" + whole["endpoint"])
    whole = slim(whole, ["panel", "value", "estimate", "residual"])
    x = alt.X("value:Q", title=None, scale=alt.Scale(zero=False, nice=False))
    base = alt.Chart(whole)
    points = base.transform_filter("isValid(datum.residual)")
    lines = base.transform_filter("isValid(datum.estimate)")
    layers = [
        points.mark_point(filled=True, size=24, opacity=0.45, color=theme.CONTROL).encode(
            x=x, y=alt.Y("residual:Q", title="Martingale residual")
        ),
        lines.mark_line(strokeWidth=2.5, color=theme.ACCENT).encode(
            x=x, y=alt.Y("estimate:Q", title="Martingale residual")
        ),
    ]
    if "residual" not in whole:
        layers = layers[1:]
    two_lines = r"split(datum.value, '\n')"
    header = alt.Header(labelAlign="left", labelAnchor="start", labelExpr=two_lines)
    told = [panel.replace("\n", " (") + ")" for panel in _panels(whole)]
    chart = (
        alt.layer(*layers)
        .properties(height=150)
        .facet(
            facet=alt.Facet("panel:N", title=None, header=header, sort=_panels(whole)), columns=2
        )
        .resolve_scale(x="independent")
    )
    return Figure(
        chart,
        f"Martingale residuals of a model without each covariate, over its values: "
        f"{fmt.listed(told)}.",
        "The line is a smooth of the residuals. A straight line says that the covariate may enter "
        "as it is; a bend says that its effect is not the same everywhere.",
    )


def _events(frame: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(frame["endpoint"]))


def _panels(frame: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(frame["panel"]))
