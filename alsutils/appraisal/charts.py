"""Pictures for the appraisal."""

import altair as alt
import pandas as pd

from alsutils.appraisal.analysis import Exaggeration, Scepticism, Standardised
from alsutils.display import Figure, charts, theme
from alsutils.display import format as fmt
from alsutils.study import Study


def standardised(study: Study, result: Standardised) -> Figure:
    """Draw every endpoint on one scale, in panels by who or what measured it."""
    frame = result.frame.dropna(subset=["conf_low"])
    several = len(study.treated) > 1
    shown = frame.assign(row=frame["endpoint"] + ", " + frame["visit"].str.lower())
    colour = alt.Color(
        "treated:N",
        scale=theme.arm_scale(study.arms),
        title=None,
        legend=alt.Legend(values=list(study.treated)) if several else None,
    )
    title = "Difference in standard deviations (above 0 is better for the patient)"
    within = "treated" if several else None
    chart = charts.forest(shown, "row", title, colour=colour, row="measured_by", within=within)
    who = shown["row"] + (", " + shown["treated"] if several else "")
    told = [
        f"{name}: {fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for name, r in zip(who, shown.to_dict("records"), strict=True)
    ]
    return Figure(
        chart,
        f"Standardised differences of every endpoint. {'. '.join(told)}.",
        f"Hedges' g with {fmt.percent(study.conf_level)} intervals; the dashed line is no "
        "difference. Panels go by who or what took the measurement.",
        result.frame,
    )


def scepticism(study: Study, result: Scepticism) -> Figure:
    """Draw the posterior of the main result against the width of a sceptic's prior."""
    about = study.parameter(study.primary.parameter)
    frame = result.frame.assign(panel=_panel(study, result.frame))
    x = alt.X("prior_sd:Q", title=f"Standard deviation of the sceptic's prior ({about.unit})")
    y_title = f"Difference in {about.label}"
    tooltip = [
        alt.Tooltip("prior_sd:Q", title="Prior SD", format=".2f"),
        alt.Tooltip("estimate:Q", title="Posterior mean", format=".2f"),
        alt.Tooltip("conf_low:Q", title="Lower limit", format=".2f"),
        alt.Tooltip("conf_high:Q", title="Upper limit", format=".2f"),
        alt.Tooltip("probability_better:Q", title="P(better)", format=".3f"),
    ]
    base = alt.Chart(frame).encode(x=x)
    band = base.mark_area(opacity=0.25, color=theme.ACCENT).encode(
        y=alt.Y("conf_low:Q", title=y_title), y2="conf_high:Q"
    )
    line = base.mark_line(color=theme.ACCENT).encode(y=alt.Y("estimate:Q", title=y_title))
    target = base.mark_point(opacity=0, size=80).encode(y="estimate:Q", tooltip=tooltip)
    zero = alt.Chart(frame).mark_rule(strokeDash=[4, 3]).encode(y=alt.datum(0))
    layers = alt.layer(zero, band, line, target).properties(height=220)
    chart = layers.facet(_by_panel(frame), columns=min(2, frame["panel"].nunique()))
    told = []
    for row in result.limits.to_dict("records"):
        where = f"{row['visit']}, {row['contrast']}"
        if row["prior_sd"] == row["prior_sd"]:
            told.append(
                f"{where}: the band reaches 0 at a prior SD of {fmt.number(row['prior_sd'])}"
            )
        else:
            told.append(f"{where}: the band holds 0 throughout")
    return Figure(
        chart,
        f"Posterior difference against the width of a sceptical prior. {'; '.join(told)}.",
        "To the left stands a sceptic who takes large effects to be all but impossible, to the "
        f"right one who lets the data speak. The band is the {fmt.percent(study.conf_level)} "
        "credible interval.",
    )


def exaggeration(study: Study, result: Exaggeration) -> Figure:
    """Draw how far a trial of this precision exaggerates, against the true effect."""
    about = study.parameter(study.primary.parameter)
    frame = result.frame[result.frame["power"] > study.alpha * 1.05]
    frame = frame.assign(panel=_panel(study, frame))
    tooltip = [
        alt.Tooltip("effect:Q", title="True effect", format=".2f"),
        alt.Tooltip("power:Q", title="Power", format=".0%"),
        alt.Tooltip("exaggeration:Q", title="Exaggeration", format=".2f"),
        alt.Tooltip("wrong_sign:Q", title="Wrong sign", format=".1%"),
    ]
    base = alt.Chart(frame).encode(
        x=alt.X("effect:Q", title=f"True effect ({about.unit})"), tooltip=tooltip
    )
    y = alt.Y("exaggeration:Q", title="Exaggeration", scale=alt.Scale(type="log", nice=False))
    line = base.mark_line(color=theme.ACCENT, strokeWidth=2).encode(y=y)
    target = base.mark_point(opacity=0, size=80).encode(y=y)
    seen = base.mark_rule(strokeDash=[4, 3]).encode(x="mean(observed):Q", tooltip=alt.value(None))
    layers = alt.layer(seen, line, target).properties(height=220)
    chart = layers.facet(_by_panel(frame), columns=min(2, frame["panel"].nunique()))
    told = []
    for panel, rows in frame.groupby("panel", sort=False):
        half = rows.iloc[(rows["effect"] - rows["observed"] / 2).abs().argmin()]
        told.append(
            f"{panel}: were the true effect {fmt.number(half['effect'], 1)}, half of what was "
            f"seen, power would be {fmt.percent(half['power'])}, and trials whose interval "
            "excludes no difference would show it "
            f"{fmt.number(half['exaggeration'], 1)} times too large"
        )
    return Figure(
        chart,
        f"Exaggeration against the true effect. {'. '.join(told)}.",
        "How many times too large the estimate is, on average, in those trials of this precision "
        "whose interval excludes no difference. The dashed line is the effect that was seen.",
    )


def _panel(study: Study, frame: pd.DataFrame) -> pd.Series:
    """Name a panel by visit, and by arm where there are several."""
    several = len(study.treated) > 1
    return frame["visit"] + (": " + frame["treated"] if several else "")


def _by_panel(frame: pd.DataFrame) -> alt.Facet:
    """Give a panel to each visit and arm, in the order of the frame."""
    return alt.Facet("panel:N", sort=list(dict.fromkeys(frame["panel"])), title=None)
