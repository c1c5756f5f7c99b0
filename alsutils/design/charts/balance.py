"""Pictures of how alike the arms were at baseline."""

import altair as alt
import numpy as np
import pandas as pd

from alsutils.design.analysis import IMBALANCE, Baseline
from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.study import Study

SIGNED = "datum.value == 0 ? '0' : format(datum.value, '+.1~f')"


def love(study: Study, result: Baseline | None) -> Figure | Prose:
    """Draw the standardised difference of each characteristic, the largest on top."""
    if result is None:
        return Prose("So there is no picture of the balance either.")
    finite = result.balance[np.isfinite(result.balance["estimate"].astype(float))]
    if finite.empty:
        return Prose("No characteristic is known well enough to set the arms against each other.")
    shown = finite.assign(size=finite["estimate"].abs())
    order = shown.groupby("endpoint")["size"].max().sort_values(ascending=False).index.tolist()
    several = len(study.treated) > 1
    colour = alt.Color(
        "treated:N",
        scale=theme.arm_scale(study.arms),
        title=None,
        legend=alt.Legend(values=list(study.treated)) if several else None,
    )
    columns = ["endpoint", "treated", "estimate", "conf_low", "conf_high", "size"]
    base = alt.Chart(shown[columns]).encode(
        y=alt.Y("endpoint:N", sort=order, title=None, axis=alt.Axis(grid=True, ticks=False)),
        color=colour,
        tooltip=[
            alt.Tooltip("endpoint:N", title=" "),
            alt.Tooltip("treated:N", title="Arm"),
            alt.Tooltip("estimate:Q", title="Standardised difference", format=".2f"),
        ],
    )
    if several:
        base = base.encode(yOffset=alt.YOffset("treated:N", sort=list(study.treated)))
    title = f"Standardised difference from {study.control}"
    x = alt.X("estimate:Q", title=title, axis=alt.Axis(labelExpr=SIGNED, tickCount=7))
    point = base.mark_point(filled=True, size=80, opacity=1).encode(x=x)
    span = base.mark_rule(strokeWidth=1.5).encode(
        x=alt.X("conf_low:Q", title=title), x2="conf_high:Q"
    )
    lines = alt.Chart(pd.DataFrame({"at": [-IMBALANCE, 0, IMBALANCE], "kind": ["b", "z", "b"]}))
    rules = lines.mark_rule().encode(
        x="at:Q",
        strokeDash=alt.StrokeDash("kind:N", scale=alt.Scale(range=[[2, 3], [1, 0]]), legend=None),
    )
    largest = shown.loc[shown["size"].idxmax()]
    for_rows = {"for": "position"} if several else {}
    height = alt.Step(12 + 13 * len(study.treated), **for_rows)
    of_whom = f" ({largest['contrast']})" if several else ""
    return Figure(
        alt.layer(rules, span, point).properties(height=height),
        f"Standardised differences between the arms at baseline; the largest is "
        f"{fmt.number(largest['estimate'])} for {largest['endpoint']}{of_whom}.",
        f"In units of the standard deviation, with {fmt.percent(study.conf_level)} intervals. "
        f"Dotted lines at ±{IMBALANCE:g}, below which a difference is usually called negligible. "
        "Characteristics with three or more categories have a distance without sign or interval.",
        result.balance,
    )
