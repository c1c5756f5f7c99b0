"""Pictures of the time to an event."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.analysis import Curves
from alsutils.survival.sentences import NO_EVENT
from alsutils.survival.times import Figures

_HEIGHT = 340  # of the curves, in pixels
_BELOW, _LINE = 56, 17  # from the axis to the numbers at risk, and between their lines


def curves(study: Study, result: Curves | None) -> Sequence[Figure | Prose]:
    """Draw the curves of every event with the numbers at risk under them, a figure an event."""
    if result is None:
        return [Prose(NO_EVENT)]
    return [
        _curve(study, rows, result.at_risk[result.at_risk["endpoint"] == endpoint])
        for endpoint, rows in result.frame.groupby("endpoint", sort=False)
    ]


def _curve(study: Study, rows: pd.DataFrame, risk: pd.DataFrame) -> Figure:
    """Draw one event's curves."""
    endpoint, unit = rows["endpoint"].iloc[0], rows["unit"].iloc[0]
    # Without an interval (share 0 or 1) the band has no width.
    drawn = rows.assign(
        conf_low=rows["conf_low"].fillna(rows["estimate"]),
        conf_high=rows["conf_high"].fillna(rows["estimate"]),
    )
    without = f"Without: {endpoint[:1].lower()}{endpoint[1:]}"
    steps = charts.steps(drawn, study.arms, unit.capitalize(), without)
    layers = [steps, *_numbers_at_risk(study, risk)]
    # Room for the numbers at risk, which stand outside the plot.
    chart = alt.layer(*layers).properties(height=_HEIGHT)
    ends = []
    for arm, curve in rows.groupby("arm", sort=False):
        last = curve.iloc[-1]
        ends.append(
            f"on {arm} {fmt.percent(last['estimate'])} are without it after "
            f"{last['time']:.3g} {unit}s"
        )
    marks = "Ticks are patients whose observation ended. " if study.shows_subjects else ""
    return Figure(
        chart,
        f"Kaplan-Meier curves of the time to the event, {endpoint}, by arm: {fmt.listed(ends)}.",
        f"{marks}Bands are pointwise {fmt.percent(study.conf_level)} intervals. Under the axis: "
        "patients still watched and without the event.",
    )


def _numbers_at_risk(study: Study, risk: pd.DataFrame) -> list[alt.Chart]:
    """Write the numbers at risk under the axis, two lines an arm: its name and its numbers."""
    layers: list[alt.Chart] = []
    arms = [arm for arm in study.arms if (risk["arm"] == arm).any()]
    for i, arm in enumerate(arms):
        rows = risk[risk["arm"] == arm]
        y = _HEIGHT + _BELOW + 2 * i * _LINE
        colour = alt.Color("arm:N", scale=theme.arm_scale(study.arms), title=None)
        name = alt.Chart(rows.head(1)).mark_text(align="left", fontWeight="bold")
        layers.append(name.encode(x=alt.value(0), y=alt.value(y), text="arm:N", color=colour))
        numbers = alt.Chart(rows).mark_text(align="center")
        layers.append(numbers.encode(x="time:Q", y=alt.value(y + _LINE), text="at_risk:Q"))
    return layers


def hazard_ratios(study: Study, result: Figures | None) -> Figure | Prose:
    """Draw the hazard ratios, a panel an event."""
    if result is None:
        return Prose(NO_EVENT)
    if "estimate" not in result.frame or result.frame["estimate"].isna().all():
        return Prose("No hazard ratio could be estimated, so there is no picture of them.")
    frame = result.frame.dropna(subset=["estimate"])
    several = len(study.treated) > 1
    words = ["Adjusted" if "adjusted" in a else "Unadjusted" for a in frame["analysis"]]
    if several:
        words = [f"{t}, {w.lower()}" for t, w in zip(frame["treated"], words, strict=True)]
    shown = frame.assign(row=words)
    one = len(set(shown["endpoint"])) == 1
    title = f"Hazard ratio to {study.control} (below 1: fewer events)"
    chart = charts.forest(shown, "row", title, 1, log=True, row=None if one else "endpoint")
    told = [
        f"{r['endpoint']}, {r['row'].lower() if not several else r['row']}: "
        f"{fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in shown.to_dict("records")
    ]
    level = fmt.percent(study.conf_level)
    return Figure(
        chart,
        f"Hazard ratios with {level} intervals. {'. '.join(told)}.",
        f"Points are hazard ratios, lines {level} intervals; the dashed line is no difference.",
        result.frame,
    )
