"""Pictures of all endpoints on one scale."""

import altair as alt

from alsutils.appraisal.analysis import Standardised
from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.study import Study


def standardised(study: Study, result: Standardised) -> Figure | Prose:
    """Draw every endpoint on one scale, in panels by who or what measured it."""
    frame = result.frame.dropna(subset=["conf_low"])
    if frame.empty:
        return Prose(
            "No endpoint has values in both arms of a comparison that differ between patients."
        )
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
