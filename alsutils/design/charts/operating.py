"""Pictures of what the trial's analyses would find in many trials like it."""

from typing import Literal

import altair as alt
import pandas as pd

from alsutils.design.operating import EFFECT, NOTHING, Operating
from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.study import Study


def operating(
    study: Study, result: Operating | None, measure: Literal["power", "type I error"]
) -> Figure | Prose:
    """Draw how often each analysis finds a difference in each world.

    ``measure`` is ``power`` (with the effect) or ``type I error`` (without one).
    """
    if result is None:
        return Prose("So there is no picture of simulated trials either.")
    rows = result.frame[result.frame["measure"] == measure]
    shown = rows[["world", "label", "treated", "estimate", "conf_low", "conf_high"]].copy()
    shown[["estimate", "conf_low", "conf_high"]] *= 100
    labels = list(dict.fromkeys(shown["label"]))
    several = len(study.treated) > 1
    title = {
        EFFECT: "Trials that find the effect (%)",
        NOTHING: "Trials that find what is not there (%)",
    }[measure]
    colour = alt.Color(
        "label:N",
        scale=alt.Scale(domain=labels, range=list(theme.SERIES[: len(labels)])),
        title=None,
        legend=alt.Legend(columns={"expr": "windowSize()[0] < 600 ? 2 : 0"}),
    )
    level = 100 * result.alpha
    chart = charts.forest(
        shown,
        "world",
        title,
        reference=level if measure == NOTHING else 80,
        colour=colour,
        digits=1,
        within="label",
        row="treated" if several else None,
        domain=(0, 100) if measure == EFFECT else None,
    )
    return Figure(
        chart,
        _told(result, rows, measure, several),
        _read(result, measure, level),
        rows,
    )


def _told(result: Operating, rows: pd.DataFrame, measure: str, several: bool) -> str:
    parts = []
    for world, own in rows.groupby("world", sort=False):
        found = [
            f"{r['label']}{' ' + r['treated'] if several else ''} {fmt.percent(r['estimate'])}"
            for r in own.to_dict("records")
        ]
        parts.append(f"{world}: {', '.join(found)}")
    return f"{fmt.capitalised(measure)} in {result.trials:,} simulated trials. {'. '.join(parts)}."


def _read(result: Operating, measure: str, level: float) -> str:
    line = (
        f"The dashed line is the {level:g}% that is promised."
        if measure == NOTHING
        else "The dashed line is the 80% that trials are usually planned for."
    )
    return (
        f"Points are the share of {result.trials:,} simulated trials, lines its 95% Monte Carlo "
        f"interval. {line}"
    )
