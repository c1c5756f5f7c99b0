"""Pictures of what the trial could have found."""

import altair as alt
import pandas as pd

from alsutils.design.analysis import Detectable
from alsutils.display import Figure, Prose
from alsutils.display import format as fmt
from alsutils.study import Study


def detectable(study: Study, result: Detectable) -> Figure | Prose:
    """Draw the power of the primary comparison over true differences."""
    if result.curve.empty:
        return Prose("Too few values of the primary endpoint are there to draw its power.")
    several = len(study.treated) > 1
    unit = f" ({result.unit})" if result.unit else ""
    visits = list(dict.fromkeys(result.curve["visit"]))
    lines = (
        alt.Chart(result.curve)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("difference:Q", title=f"True difference in {result.label}{unit}"),
            y=alt.Y(
                "power:Q",
                title="Power",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%"),
            ),
            color=alt.Color("visit:N", sort=visits, title=None),
            detail="contrast:N",
            tooltip=[
                alt.Tooltip("visit:N", title="Visit"),
                alt.Tooltip("contrast:N", title="Contrast"),
                alt.Tooltip("difference:Q", title="True difference", format=".2f"),
                alt.Tooltip("power:Q", title="Power", format=".0%"),
            ],
        )
    )
    if several:
        legend = alt.Legend(orient="bottom", columns=1)
        dash = alt.StrokeDash(
            "contrast:N",
            sort=[f"{arm} vs {study.control}" for arm in study.treated],
            title=None,
            legend=legend,
        )
        lines = lines.encode(strokeDash=dash)
    levels = sorted(result.frame["power"].unique())
    marks = alt.Chart(pd.DataFrame({"power": levels})).mark_rule(strokeDash=[4, 3])
    layers = [marks.encode(y="power:Q"), lines]
    if result.minimal_important is not None:
        matter = alt.Chart(pd.DataFrame({"difference": [result.minimal_important]}))
        layers.append(matter.mark_rule(strokeDash=[2, 2]).encode(x="difference:Q"))
    told = [
        f"{r['visit']}, {r['contrast']}: {fmt.number(r['estimate'])}"
        for r in result.frame.dropna(subset=["estimate"]).to_dict("records")
        if r["power"] == levels[0]
    ]
    caption = f"Dashed lines at {fmt.listed([fmt.percent(p) for p in levels])} power."
    if result.minimal_important is not None:
        caption += " The upright line is the least difference that matters to a patient."
    return Figure(
        alt.layer(*layers).properties(height=300),
        f"Power to find a true difference in {result.label}. Found with "
        f"{fmt.percent(levels[0])} power: {'; '.join(told)}.",
        caption,
        result.frame,
    )
