"""The picture of many p-values at once."""

import altair as alt
import numpy as np
import pandas as pd

from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.mechanism.family import Family
from alsutils.mechanism.words import NO_COMPARISON
from alsutils.study import Study

_LINES = ("One test", "Benjamini-Hochberg", "Benjamini-Yekutieli", "Holm")
_TOLD = 4


def ladder(study: Study, result: Family | None) -> Figure | Prose:
    """Draw the p-values from the smallest up, with the step that each must stay under."""
    if result is None:
        return Prose("")
    if result.tests == 0:
        return Prose(NO_COMPARISON)
    rows = result.frame.dropna(subset=["p_value"]).sort_values("p_value", kind="stable")
    m = result.tests
    lines = _steps(m, study.alpha)
    least = max(min(float(rows["p_value"].min()), float(lines["p"].min())) / 1.5, 1e-6)
    several = len(study.treated) > 1
    names = rows["endpoint"] + ", " + rows["visit"].str.lower()
    names += (", " + rows["treated"]) if several else ""
    points = rows.assign(rank=range(1, m + 1), p=rows["p_value"].clip(lower=least), name=names)
    x = alt.X(
        "rank:Q",
        title="Tests, from the smallest p-value up",
        scale=alt.Scale(domain=[0.5, m + 0.5], nice=False),
        axis=alt.Axis(tickMinStep=1, grid=False, format="d"),
    )
    y = alt.Y(
        "p:Q",
        title="p-value",
        scale=alt.Scale(type="log", domain=[least, 1], nice=False),
        axis=alt.Axis(values=[1e-5, 1e-4, 0.001, 0.01, 0.05, 0.2, 1], format="~g"),
    )
    colours = [theme.CONTROL, theme.TREATED[2], theme.TREATED[3], theme.TREATED[1]]
    colour = alt.Color(
        "line:N",
        title=None,
        scale=alt.Scale(domain=list(_LINES), range=colours),
        legend=alt.Legend(symbolType="stroke", symbolSize=300),
    )
    drawn = alt.Chart(lines).mark_line(strokeWidth=2, point=m == 1)
    dots = alt.Chart(points).mark_point(filled=True, size=60, opacity=1, color=theme.ACCENT)
    dots = dots.encode(
        x=x,
        y=y,
        tooltip=[
            alt.Tooltip("name:N", title=" "),
            alt.Tooltip("p_value:Q", title="p", format=".3~g"),
            alt.Tooltip("p_holm:Q", title="Holm", format=".3f"),
            alt.Tooltip("p_benjamini_hochberg:Q", title="BH", format=".3f"),
            alt.Tooltip("p_max_t:Q", title="maxT", format=".3f"),
        ],
    )
    named = alt.Chart(points.head(1)).mark_text(
        align="left", dx=8, dy=5, limit=alt.ExprRef("width / 2")
    )
    text = named.encode(x=x, y=y, text="name:N")
    told = [f"{n} {fmt.p_phrase(p)}" for n, p in zip(names, rows["p_value"], strict=True)]
    return Figure(
        alt.layer(drawn.encode(x=x, y=y, color=colour), dots, text).properties(height=320),
        f"{fmt.plural(m, 'p-value')} in order. The smallest: {'; '.join(told[:_TOLD])}.",
        "A finding is a point below its line. Holm asks from the left and stops at the first point "
        "that lies above; the two false discovery rates take all points up to the last one below. "
        "The axis is logarithmic.",
        result.results,
    )


def _steps(m: int, alpha: float) -> pd.DataFrame:
    """Give the step that each of m ordered p-values must stay under, a row a rank and rule."""
    rank = np.arange(1, m + 1)
    harmonic = float((1 / rank).sum())
    steps = (
        np.full(m, alpha),
        alpha * rank / m,
        alpha * rank / m / harmonic,
        alpha / (m - rank + 1),
    )
    parts = [
        pd.DataFrame({"rank": rank, "p": step, "line": name})
        for name, step in zip(_LINES, steps, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)
