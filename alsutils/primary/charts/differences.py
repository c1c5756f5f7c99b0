"""Differences between the arms."""

from typing import Any

import altair as alt

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.primary.analysis import AllAnalyses, Comparisons
from alsutils.study import Study


def forest(study: Study, result: Comparisons | AllAnalyses) -> Figure | Prose:
    """Draw the differences of the primary endpoint, a row an analysis."""
    shown = result.frame.dropna(subset=["conf_low", "conf_high"])
    if shown.empty:
        return Prose("No analysis has a difference with an interval, so there is nothing to draw.")
    about = study.parameter(study.primary.parameter)
    title = f"Difference from {study.control}, {about.label} ({favours(study)})"
    chart = charts.forest(
        shown, "analysis", title, colour=arm_colour(study), row="visit", within=arm_column(study)
    )
    told = [f"{row['visit']}, {estimated(study, row)}" for row in shown.to_dict("records")]
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


def arm_column(study: Study) -> str | None:
    """Name the column that tells the estimates of one row apart, where there are several."""
    return "treated" if len(study.treated) > 1 else None


def arm_colour(study: Study) -> alt.Color:
    """Colour the estimates by their arm, where there are several."""
    return alt.Color(
        "treated:N",
        scale=theme.arm_scale(study.arms),
        title=None,
        legend=alt.Legend(values=list(study.treated)) if arm_column(study) else None,
    )


def estimated(study: Study, row: dict[str, Any]) -> str:
    """Say an estimate aloud, with its contrast where there are several."""
    who = f", {row['contrast']}" if arm_column(study) else ""
    interval = fmt.estimate(row["estimate"], row["conf_low"], row["conf_high"])
    return f"{row['analysis']}{who}: {interval}"
