"""Pictures of the curves."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.analysis import POINTWISE, SIMULTANEOUS, Curves
from alsutils.survival.charts.paint import slim
from alsutils.survival.words import NO_EVENT

_HEIGHT = 340  # of the curves, in pixels
_BELOW, _LINE = 56, 17  # from the axis to the numbers at risk, and between their lines
_CHOICE = "drawnband"  # the reader's choice of a band, as a parameter of the chart
_MEANING = {
    POINTWISE: "The bands hold at any one time that was chosen beforehand",
    SIMULTANEOUS["equal precision"]: "The bands hold for the whole curve at once; they are as many "
    "times as wide as those for one time everywhere",
    SIMULTANEOUS["Hall-Wellner"]: "The bands hold for the whole curve at once; they favour its "
    "middle and are wide at its ends",
}


def curves(study: Study, result: Curves | None) -> Sequence[Figure | Prose]:
    """Draw the curves of every event with the numbers at risk under them, a figure an event.

    The reader chooses between pointwise and simultaneous bands.
    """
    if result is None:
        return [Prose(NO_EVENT)]
    return [
        _curve(study, rows, result.at_risk[result.at_risk["endpoint"] == endpoint], result.least)
        for endpoint, rows in result.frame.groupby("endpoint", sort=False)
    ]


def _curve(study: Study, rows: pd.DataFrame, risk: pd.DataFrame, least: int) -> Figure:
    """Draw one event's curves."""
    endpoint, unit = rows["endpoint"].iloc[0], rows["unit"].iloc[0]
    # Without an interval (share 0 or 1) the band has no width.
    columns = ["arm", "band", "time", "estimate", "conf_low", "conf_high", "at_risk", "censored"]
    drawn = slim(rows, columns).assign(
        conf_low=rows["conf_low"].fillna(rows["estimate"]),
        conf_high=rows["conf_high"].fillna(rows["estimate"]),
    )
    without = f"Without: {fmt.lowered(endpoint)}"
    ticks = sorted(set(risk["time"]))
    sparse = least > 1
    steps = charts.steps(drawn, study.arms, unit.capitalize(), without, ticks, sparse=sparse)
    kinds = list(dict.fromkeys(rows["band"]))
    steps = steps.transform_filter(f"datum.band == {_CHOICE}")
    # Room for the numbers at risk, which stand outside the plot.
    chart = alt.layer(steps, *_numbers_at_risk(study, risk)).properties(height=_HEIGHT)
    choice = alt.binding_select(options=kinds, name="Bands that hold")
    chart = chart.add_params(alt.param(name=_CHOICE, value=POINTWISE, bind=choice))
    ends = []
    for arm, curve in rows.groupby("arm", sort=False):
        last = curve.iloc[-1]
        ends.append(
            f"on {arm} {fmt.percent(last['estimate'])} are without it after "
            f"{last['time']:.3g} {unit}s"
        )
    marks = "Ticks are patients whose observation ended. " if study.shows_subjects else ""
    rough = "."
    if sparse:
        marks = (
            f"Points stand at times between which nobody or at least {least} patients had the "
            "event. "
        )
        rough = f", to the nearest {least}."
    return Figure(
        chart,
        f"Kaplan-Meier curves of the time to the event, {endpoint}, by arm: {fmt.listed(ends)}.",
        f"{marks}Bands are {fmt.percent(study.conf_level)} intervals. Under the axis: patients "
        f"still watched and without the event{rough}",
        readout=_readout(kinds),
    )


def _readout(kinds: list[str]) -> str:
    """Write what the chosen band means as a Vega expression."""
    words = f"'{_MEANING[kinds[-1]]}.'"
    for kind in reversed(kinds[:-1]):
        words = f"{_CHOICE} == '{kind}' ? '{_MEANING[kind]}.' : {words}"
    return words


def _numbers_at_risk(study: Study, risk: pd.DataFrame) -> list[alt.Chart]:
    """Write the numbers at risk under the axis, two lines an arm: its name and its numbers."""
    layers: list[alt.Chart] = []
    arms = [arm for arm in study.arms if (risk["arm"] == arm).any()]
    for i, arm in enumerate(arms):
        rows = risk[risk["arm"] == arm].assign(name=f"At risk: {arm}")
        y = _HEIGHT + _BELOW + 2 * i * _LINE
        colour = alt.Color("arm:N", scale=theme.arm_scale(study.arms), title=None)
        name = alt.Chart(rows.head(1)).mark_text(
            align="left", fontWeight="bold", limit=alt.ExprRef("width")
        )
        layers.append(name.encode(x=alt.value(0), y=alt.value(y), text="name:N", color=colour))
        numbers = alt.Chart(rows).mark_text(align="center")
        # The axis of all layers is one: each has to ask for a label at every number.
        axis = alt.Axis(values=sorted(set(risk["time"])), labelOverlap=False)
        x = alt.X("time:Q", axis=axis)
        layers.append(numbers.encode(x=x, y=alt.value(y + _LINE), text="at_risk:Q"))
    return layers
