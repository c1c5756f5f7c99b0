"""Pictures of what "no difference" excludes."""

import altair as alt
import numpy as np
import pandas as pd

from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.absence import TARGET_POWER, Beliefs, Inside
from alsutils.survival.charts.paint import slim, treated_colour
from alsutils.survival.words import NO_RATIO, SAID, nothing

_TICKS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20)
_WORDS = {"prior": "Before", "trial": "The trial alone", "posterior": "After"}
_HEADER = alt.Header(labelAlign="left", labelAnchor="start")


def inside(study: Study, result: Inside | None) -> Figure | Prose:
    """Draw the power for each ratio that the interval holds, a panel an event."""
    if result is None:
        return nothing(study, NO_RATIO)
    panels = []
    for endpoint, rows in result.curve.groupby("endpoint", sort=False):
        shown = slim(rows, ["treated", "ratio", "power", "events_needed"])
        # At a ratio of 1 there is no number of events.
        shown = shown.assign(events_needed=shown["events_needed"].where(shown["ratio"] != 1))
        base = alt.Chart(shown).encode(
            x=_ratio_axis(rows["ratio"], "Hazard ratio inside the interval"),
            y=alt.Y(
                "power:Q",
                title="Power of this trial",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%", tickCount=5),
            ),
            color=treated_colour(study),
            tooltip=[
                alt.Tooltip("treated:N", title="Arm"),
                alt.Tooltip("ratio:Q", title="Hazard ratio", format=".2f"),
                alt.Tooltip("power:Q", title="Power", format=".0%"),
                alt.Tooltip("events_needed:Q", title="Events needed", format=",.0f"),
            ],
        )
        target = alt.Chart(shown.head(1)).mark_rule(strokeDash=[4, 3])
        layers = [
            target.encode(y=alt.datum(TARGET_POWER)),
            base.mark_line(strokeWidth=2.5),
            base.mark_point(opacity=0, size=90),
        ]
        panels.append(alt.layer(*layers).properties(height=200, title=str(endpoint)))
    told = [
        f"{r['endpoint']}, {r['treated']}: {fmt.percent(r['power'])} at a ratio of "
        f"{fmt.number(r['ratio'])}"
        for _, pair in result.frame.groupby(["endpoint", "treated"], sort=False)
        for r in (pair.iloc[0], pair.iloc[-1])
    ]
    return Figure(
        panels[0] if len(panels) == 1 else alt.vconcat(*panels),
        f"Power of the trial's events for each hazard ratio inside the interval. "
        f"{'. '.join(told)}.",
        f"The line ends where the interval ends. Where it stays under the dashed line of "
        f"{fmt.percent(TARGET_POWER)}, the trial was unlikely to find such a ratio, and cannot "
        "exclude it either.",
    )


def beliefs(study: Study, result: Beliefs | None) -> Figure | Prose:
    """Draw what each believed before and should believe after, a panel a person and event."""
    if result is None:
        return Prose(SAID)
    several = len(study.treated) > 1
    names = {"no opinion": "No opinion", "sceptical": "Sceptic", "enthusiastic": "Enthusiast"}
    curves = result.curves.assign(
        words=result.curves["which"].map(_WORDS),
        panel=[
            f"{names[r['prior']]}\n{r['endpoint']}" + (f", {r['treated']}" if several else "")
            for r in result.curves.to_dict("records")
        ],
    )
    first = curves["prior"] == "no opinion"  # its posterior is the trial alone
    shown = slim(curves[~first], ["words", "panel", "ratio", "density"])
    panels = list(dict.fromkeys(shown["panel"]))
    colour = alt.Color(
        "words:N",
        title=None,
        scale=alt.Scale(
            domain=list(_WORDS.values()), range=[theme.CONTROL, theme.TREATED[1], theme.ACCENT]
        ),
        legend=alt.Legend(symbolType="stroke", symbolSize=300),
    )
    base = alt.Chart(shown)
    line = base.mark_line(strokeWidth=2.5).encode(
        x=_ratio_axis(shown["ratio"], f"Hazard ratio to {study.control}"),
        y=alt.Y("density:Q", title=None, axis=None),
        color=colour,
        tooltip=[
            alt.Tooltip("words:N", title=" "),
            alt.Tooltip("ratio:Q", title="Hazard ratio", format=".2f"),
        ],
    )
    one = base.mark_rule(strokeDash=[4, 3]).encode(x=alt.datum(1))
    lines = r"split(datum.value, '\n')"
    header = alt.Header(labelAlign="left", labelAnchor="start", labelExpr=lines)
    chart = (
        alt.layer(one, line)
        .properties(height=150)
        .facet(alt.Facet("panel:N", title=None, sort=panels, header=header), columns=2)
    )
    told = [
        f"{r['endpoint']}, {r['treated']}, {names[r['prior']].lower()}: "
        f"{fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in result.frame.to_dict("records")
    ]
    return Figure(
        chart,
        f"What a sceptic and an enthusiast believed of the hazard ratio before the trial, what "
        f"the trial says, and what each should believe after it. After it, {'. '.join(told)}.",
        "The higher a line, the more is believed of that ratio. Each belief is drawn towards the "
        "trial, the more so the more events the trial has.",
    )


def _ratio_axis(values: pd.Series, title: str) -> alt.X:
    """Make a logarithmic axis of ratios with round ticks."""
    low, high = float(np.min(values)), float(np.max(values))
    return alt.X(
        "ratio:Q",
        title=title,
        scale=alt.Scale(type="log", domain=[low, high], nice=False),
        axis=alt.Axis(values=[t for t in _TICKS if low <= t <= high], format="~r"),
    )
