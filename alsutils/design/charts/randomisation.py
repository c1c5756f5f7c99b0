"""Pictures of how arms can be drawn and of the test that draws them again."""

import altair as alt
import pandas as pd

from alsutils.design.randomisation import METHODS, RandomisationMethods, RandomisationTests
from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.study import Study


def randomisation_methods(_study: Study, result: RandomisationMethods) -> Figure:
    """Draw how far the arms of each method differ against how well they are foreseen."""
    fixed = result.points[result.points["tuned"]].reset_index(drop=True)
    differ = "category" if result.factors else "overall"
    ends = ~fixed["method"].duplicated() | ~fixed["method"].duplicated(keep="last")
    frame = fixed[["method", "setting", "by_rule"]].assign(
        differ=fixed[differ], order=fixed.index, name=fixed["setting"].where(ends, "")
    )
    where = "within a category" if result.factors else "of all patients"
    base = alt.Chart(frame).encode(
        x=alt.X(
            "differ:Q",
            title=f"Patients by which arms differ{', in a category' if result.factors else ''}",
            scale=alt.Scale(domainMin=0, padding=8),
            axis=alt.Axis(tickCount=6),
        ),
        y=alt.Y(
            "by_rule:Q",
            title="Arms guessed right",
            axis=alt.Axis(format="%"),
            scale=alt.Scale(zero=False, padding=12),
        ),
        color=alt.Color(
            "method:N",
            sort=list(METHODS.values()),
            title=None,
            legend=alt.Legend(columns=2, orient="top"),
        ),
        tooltip=[
            alt.Tooltip("method:N", title="Method"),
            alt.Tooltip("setting:N", title="Block size or coin"),
            alt.Tooltip("differ:Q", title="Arms differ by", format=".1f"),
            alt.Tooltip("by_rule:Q", title="Guessed right", format=".0%"),
        ],
    )
    line = base.mark_line(strokeWidth=1.5).encode(order="order:Q")
    point = base.mark_point(filled=True, size=70, opacity=1)
    name = base.mark_text(align="left", dx=8, fontSize=12).encode(text="name:N")
    told = [
        f"{r['method'].lower()}{_of(r)} {fmt.number(r[differ], 1)} patients and "
        f"{fmt.percent(r['by_rule'])}"
        for _, r in result.points[result.points["usual"]].iterrows()
    ]
    caption = (
        "Best is low on the left: arms alike and not foreseen. Points along a line are settings of "
        "one method, the first and the last named: the size of a block"
    )
    if result.factors:
        listed = fmt.listed([fmt.lowered(f) for f in result.factors])
        caption += ", or the chance that minimisation's coin follows the rule"
        caption += f". A category is a level of {listed}"
    return Figure(
        alt.layer(line, point, name).properties(height=320),
        f"Mean difference between the arms' sizes {where} against the share of arms that can be "
        f"guessed, by method of randomisation: {'; '.join(told)}.",
        f"{caption}.",
        result.frame,
    )


def randomisation_test(study: Study, result: RandomisationTests) -> Figure | Prose:
    """Draw the differences of means of all draws, with the one observed."""
    if result.bars.empty:
        return Prose("Too few values of the primary endpoint are there to draw the arms again.")
    rows = _last(result)
    unit = f" ({result.unit})" if result.unit else ""
    title = f"Difference in {result.label}{unit}"
    several = len(rows) > 1
    colours = alt.Scale(domain=[False, True], range=[theme.CONTROL, theme.WORSE])
    base = alt.Chart()
    bar = base.mark_bar(binSpacing=1).encode(
        x=alt.X("low:Q", title=title, bin="binned"),
        x2="high:Q",
        y=alt.Y("share:Q", title="Share of draws", axis=alt.Axis(format="%")),
        color=alt.Color("beyond:N", scale=colours, legend=None),
        tooltip=[
            alt.Tooltip("low:Q", title="From", format=".2f"),
            alt.Tooltip("high:Q", title="To", format=".2f"),
            alt.Tooltip("share:Q", title="Share", format=".2%"),
        ],
    )
    line = base.mark_rule(strokeWidth=2, color=theme.WORSE).encode(x="min(observed):Q")
    chart = alt.layer(bar, line, data=result.bars).properties(height=170 if several else 240)
    if several:
        facet = alt.Facet("treated:N", sort=list(study.treated), title=None)
        chart = chart.facet(facet, columns=1)
    told = [
        f"{r['contrast']}, observed {fmt.number(r['estimate'])}, as far out in {r['tail']:,} of "
        f"{r['n_ways']:,}"
        for _, r in rows.iterrows()
    ]
    return Figure(
        chart,
        f"Differences of means in {result.label} at {result.visit.lower()} over draws of the arms "
        f"in which the treatment does nothing: {'; '.join(told)}.",
        "Grey: what the lottery alone brings. The upright line is the difference observed, and "
        "coloured bars are draws at least as far out on its side.",
        rows,
    )


def _last(result: RandomisationTests) -> pd.DataFrame:
    """Pick the tests of means at the last primary visit."""
    frame = result.frame
    return frame[(frame["visit"] == result.visit) & (frame["compared"] == "Means")]


def _of(row: pd.Series) -> str:
    if not row["setting"]:
        return ""
    return (
        f" with a coin of {row['setting']}"
        if row["method"] == METHODS["minimisation"]
        else (f" of {row['setting']}")
    )
