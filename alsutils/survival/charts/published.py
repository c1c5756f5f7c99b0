"""Pictures of patients read back out of a printed curve."""

import altair as alt

from alsutils.display import Figure, Prose
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.charts.paint import arm_colour, slim
from alsutils.survival.published import OWN, READ, ReadBack
from alsutils.survival.words import NO_CURVE, nothing


def read_back(study: Study, result: ReadBack | None) -> Figure | Prose:
    """Draw the curve of the patients and that of those read back."""
    if result is None:
        return nothing(study, NO_CURVE)
    unit = result.unit
    style = alt.StrokeDash(
        "source:N",
        title=None,
        scale=alt.Scale(domain=[OWN, READ], range=[[1, 0], [3, 3]]),
        legend=alt.Legend(symbolType="stroke", symbolSize=400),
    )
    y_title = f"Without: {fmt.lowered(result.endpoint)}"
    chart = (
        alt.Chart(slim(result.curves, ["arm", "source", "time", "estimate"]))
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("time:Q", title=unit.capitalize(), scale=alt.Scale(nice=False)),
            y=alt.Y(
                "estimate:Q",
                title=y_title,
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%"),
            ),
            color=arm_colour(study),
            strokeDash=style,
            tooltip=[
                alt.Tooltip("arm:N", title="Arm"),
                alt.Tooltip("source:N", title="Curve"),
                alt.Tooltip("time:Q", title=unit.capitalize(), format=".1f"),
                alt.Tooltip("estimate:Q", title=y_title, format=".0%"),
            ],
        )
        .properties(height=300)
    )
    told = [f"{r['arm']} {fmt.percent(r['gap'], 1)}" for r in result.frame.to_dict("records")]
    return Figure(
        chart,
        f"Kaplan-Meier curves of the patients, {result.endpoint}, and of patients reconstructed "
        f"from points clicked on them; largest difference at those points: "
        f"{fmt.listed(told)}.",
        "Full lines are the curves, dotted ones those of the patients read back out of them.",
    )
