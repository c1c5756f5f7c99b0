"""Pictures of the time gained."""

import altair as alt
import pandas as pd

from alsutils.display import Figure, Prose, charts
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.charts.paint import slim, treated_colour
from alsutils.survival.comparisons import Gains
from alsutils.survival.words import NOT_COMPARED, nothing


def gains(study: Study, result: Gains | None) -> Figure | Prose:
    """Draw the difference of restricted means over the horizon, a panel an event."""
    if result is None:
        return nothing(study, NOT_COMPARED)
    panels = [
        _panel(study, rows, result.chosen[result.chosen["endpoint"] == endpoint])
        for endpoint, rows in result.frame.groupby("endpoint", sort=False)
    ]
    chart = panels[0] if len(panels) == 1 else alt.vconcat(*panels)
    told = [
        f"{r['endpoint']}, {r['treated']}: {fmt.number(r['estimate'], 1)} {r['unit']}s within "
        f"{r['time']:.3g} {r['unit']}s"
        for r in result.chosen.to_dict("records")
    ]
    return Figure(
        chart,
        f"Mean time without the event gained over {study.control}, over the horizon. "
        f"{'. '.join(told)}.",
        f"Above the dashed line patients had more time without the event than on {study.control}. "
        f"Bands are {fmt.percent(study.conf_level)} intervals for one horizon each; the point is "
        "the horizon of the table.",
    )


def _panel(study: Study, rows: pd.DataFrame, chosen: pd.DataFrame) -> charts.Chart:
    """Draw one event's panel."""
    unit = rows["unit"].iloc[0]
    y_title = f"Time gained ({unit}s)"
    x = alt.X("time:Q", title=f"Horizon ({unit}s)", scale=alt.Scale(domainMin=0, nice=False))
    tooltip = [
        alt.Tooltip("treated:N", title="Arm"),
        alt.Tooltip("time:Q", title="Horizon", format=".1f"),
        alt.Tooltip("estimate:Q", title=y_title, format=".2f"),
        alt.Tooltip("conf_low:Q", title="Lower limit", format=".2f"),
        alt.Tooltip("conf_high:Q", title="Upper limit", format=".2f"),
        alt.Tooltip("ratio:Q", title="Ratio of the means", format=".2f"),
    ]
    colour = treated_colour(study)
    columns = ["treated", "time", "estimate", "conf_low", "conf_high", "ratio"]
    shown = slim(rows, columns).assign(
        conf_low=rows["conf_low"].fillna(rows["estimate"]),
        conf_high=rows["conf_high"].fillna(rows["estimate"]),
    )
    base = alt.Chart(shown).encode(x=x, color=colour)
    layers = [
        alt.Chart(shown.head(1)).mark_rule(strokeDash=[4, 3]).encode(y=alt.datum(0)),
        base.mark_area(opacity=0.15).encode(y=alt.Y("conf_low:Q", title=y_title), y2="conf_high:Q"),
        base.mark_line(strokeWidth=2).encode(y="estimate:Q"),
        base.mark_point(opacity=0, size=120).encode(y="estimate:Q", tooltip=tooltip),
        alt.Chart(slim(chosen, columns))
        .mark_point(filled=True, size=90, opacity=1)
        .encode(x=x, y="estimate:Q", color=colour, tooltip=tooltip),
    ]
    return alt.layer(*layers).properties(height=220, title=rows["endpoint"].iloc[0])
