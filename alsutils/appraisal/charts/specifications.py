"""The specification curve above its choices."""

import re

import altair as alt
import numpy as np
import pandas as pd

from alsutils.appraisal.specifications import CHOICES, Specifications
from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.stats.specifications import SpecificationCurve
from alsutils.study import Study

WIDTH = 400  # pixels where scripts are off
BINS = 64  # columns of the panel of choices
_ROW = 15  # pixels
_BETTER, _WORSE, _NEITHER = "Better", "Worse", "Includes no difference"


def specifications(study: Study, result: Specifications) -> Figure | Prose:
    """Draw every estimate in order, and below it how often each choice stands at its place."""
    if not result.curves:
        return Prose("No endpoint can be compared between the arms.")
    panels: list[charts.Chart | alt.Chart] = []
    told = []
    for arm, curve in result.curves.items():
        title = f"{arm} against {study.control}" if len(study.treated) > 1 else ""
        panels += [_estimates(study, curve, title), _choices(curve)]
        told.append(
            f"{arm}: {curve.n} specifications from {fmt.number(curve.frame['estimate'].min())} to "
            f"{fmt.number(curve.frame['estimate'].max())}, median {fmt.number(curve.median)}; "
            f"{fmt.percent(curve.share_significant)} exclude no difference"
        )
    return Figure(
        alt.vconcat(*panels, spacing=8),
        f"Specification curve. {'. '.join(told)}.",
        "Above: every specification is a point with its interval, from the least to the greatest "
        "estimate. Below: the darker a field, the more of the specifications right above it made "
        "that choice.",
        result.frame,
    )


def _estimates(study: Study, curve: SpecificationCurve, title: str) -> charts.Chart:
    frame = curve.frame
    side = np.where(frame["estimate"] > 0, _BETTER, _WORSE)
    shown = pd.DataFrame(
        {
            "place": np.arange(len(frame)),
            "estimate": frame["estimate"].round(3),
            "low": frame["conf_low"].round(3),
            "high": frame["conf_high"].round(3),
            "verdict": np.where(frame["p_value"] < study.alpha, side, _NEITHER),
        }
    )
    colour = alt.Color(
        "verdict:N",
        title=None,
        scale=alt.Scale(
            domain=[_BETTER, _NEITHER, _WORSE], range=[theme.BETTER, theme.CONTROL, theme.WORSE]
        ),
    )
    x = alt.X(
        "place:Q",
        axis=None,
        scale=alt.Scale(domain=[-0.5, len(frame) - 0.5], nice=False),
    )
    base = alt.Chart(shown).encode(x=x, color=colour)
    heading = ["Difference in standard", "deviations, above 0 is better"]
    y = alt.Y("low:Q", title=heading)
    tooltip = [
        alt.Tooltip("estimate:Q", title="Estimate (SD)", format=".2f"),
        alt.Tooltip("low:Q", title="Lower limit", format=".2f"),
        alt.Tooltip("high:Q", title="Upper limit", format=".2f"),
    ]
    layers = alt.layer(
        base.mark_rule(opacity=0.3, strokeWidth=1, aria=False).encode(y=y, y2="high:Q"),
        base.mark_circle(size=9, opacity=1, aria=False).encode(
            y=alt.Y("estimate:Q", title=heading), tooltip=tooltip
        ),
        alt.Chart(shown.head(1)).mark_rule(strokeDash=[4, 3]).encode(y=alt.datum(0)),
    )
    return layers.properties(width=WIDTH, height=200, title=title)


def _choices(curve: SpecificationCurve) -> alt.Chart:
    """Shade the share of each choice among the specifications of each column."""
    frame = curve.frame
    n = len(frame)
    count = min(BINS, n)
    column = np.arange(n) * count // n
    rows, order = [], []
    for name, words in CHOICES.items():
        options = list(dict.fromkeys(frame[name]))
        if len(options) < 2:
            continue
        order.append(f"{name}\n{words.upper()}")
        order += [f"{name}\n{option}" for option in sorted(options, key=_counted)]
        each = pd.DataFrame({"column": column, "option": frame[name], "share": 1.0})
        each["share"] /= np.bincount(column)[column]
        long = each.groupby(["column", "option"], as_index=False)["share"].sum()
        rows.append(long.assign(row=f"{name}\n" + long["option"].astype("str")))
    shown = pd.concat(rows, ignore_index=True)[["column", "row", "share"]]
    edges = np.array([np.flatnonzero(column == k)[[0, -1]] for k in range(count)])
    shown = shown.assign(
        start=edges[shown["column"], 0] - 0.5,
        end=edges[shown["column"], 1] + 0.5,
        share=shown["share"].round(2),
    ).drop(columns="column")
    axis = alt.Axis(
        title=None,
        labelExpr=r"split(datum.label, '\n')[1]",
        labelFontSize=11,
        ticks=False,
        domain=False,
    )
    tooltip = [
        alt.Tooltip("share:Q", title="Share of the specifications above", format=".0%"),
    ]
    return (
        alt.Chart(shown)
        .mark_rect(color=theme.ACCENT, aria=False)
        .encode(
            x=alt.X("start:Q", axis=None, scale=alt.Scale(domain=[-0.5, n - 0.5], nice=False)),
            x2="end:Q",
            y=alt.Y("row:N", sort=order, axis=axis, scale=alt.Scale(domain=order)),
            opacity=alt.Opacity(
                "share:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[0.06, 1])
            ),
            tooltip=tooltip,
        )
        .properties(width=WIDTH, height=_ROW * len(order))
    )


def _counted(option: str) -> str:
    """Give what sorts week 8 before week 16."""
    return re.sub(r"\d+", lambda digits: digits.group().zfill(9), option)
