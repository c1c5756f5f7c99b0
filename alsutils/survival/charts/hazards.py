"""Pictures of hazard ratios."""

import altair as alt
import numpy as np
import pandas as pd

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.charts.paint import slim
from alsutils.survival.hazards import ALONE, WORDS
from alsutils.survival.times import Figures
from alsutils.survival.words import NO_COVARIATES, NO_EVENT, NO_RATIO, nothing

_ALONE, _TOGETHER = "Alone", "Together"
_FURTHEST = 10.0  # how many times as far as the others an endless interval is drawn


def hazard_ratios(study: Study, result: Figures | None) -> Figure | Prose:
    """Draw the hazard ratios, a panel an event."""
    if result is None:
        return Prose(NO_EVENT)
    if "estimate" not in result.frame or result.frame["estimate"].isna().all():
        return Prose(NO_RATIO)
    frame = result.frame.dropna(subset=["estimate"])
    several = len(study.treated) > 1
    words = [WORDS[a] for a in frame["analysis"]]
    if several:
        words = [f"{t}, {fmt.lowered(w)}" for t, w in zip(frame["treated"], words, strict=True)]
    shown = frame.assign(row=words)
    one = len(set(shown["endpoint"])) == 1
    title = f"Hazard ratio to {study.control} (below 1: fewer events)"
    chart = charts.forest(
        finite(shown, "row", "endpoint"), "row", title, 1, log=True, row=None if one else "endpoint"
    )
    told = [
        f"{r['endpoint']}, {r['row']}: {fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in shown.to_dict("records")
    ]
    level = fmt.percent(study.conf_level)
    return Figure(
        chart,
        f"Hazard ratios with {level} intervals. {'. '.join(told)}.",
        f"Points are hazard ratios, lines {level} intervals; the dashed line is no difference.",
        result.frame,
    )


def covariates(study: Study, result: Figures | None) -> Figure | Prose:
    """Draw the hazard ratio of each covariate, alone and with the others, a panel an event."""
    if result is None:
        return nothing(study, NO_COVARIATES)
    models = [_ALONE if a == ALONE else _TOGETHER for a in result.frame["analysis"]]
    shown = result.frame.assign(model=models)
    one = len(set(shown["endpoint"])) == 1
    colour = alt.Color(
        "model:N",
        scale=alt.Scale(domain=[_ALONE, _TOGETHER], range=[theme.CONTROL, theme.ACCENT]),
        title=None,
    )
    title = "Hazard ratio (above 1: more events)"
    chart = charts.forest(
        finite(shown, "short", "model", "endpoint"),
        "short",
        title,
        1,
        colour=colour,
        log=True,
        row=None if one else "endpoint",
        within="model",
    )
    together = shown[shown["model"] == _TOGETHER]
    told = [
        f"{r['endpoint']}, {r['term']}: "
        f"{fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in together.to_dict("records")
    ]
    return Figure(
        chart,
        f"Hazard ratios of the covariates, each alone and all together with the arms. Together: "
        f"{'. '.join(told)}.",
        "Grey: each alone; blue: all together, with the arms. A number counts by its standard "
        f"deviation. Lines are {fmt.percent(study.conf_level)} intervals.",
        result.frame,
    )


def finite(frame: pd.DataFrame, *words: str) -> pd.DataFrame:
    """Keep ratios and the columns of words, and cut endless intervals off to be drawn."""
    frame = slim(frame, [*words, "estimate", "conf_low", "conf_high"])
    known = frame[["estimate", "conf_low", "conf_high"]].to_numpy()
    known = known[np.isfinite(known) & (known > 0)]
    low, high = known.min() / _FURTHEST, known.max() * _FURTHEST
    return frame.assign(
        conf_low=frame["conf_low"].where(frame["conf_low"] > 0, low),
        conf_high=frame["conf_high"].where(np.isfinite(frame["conf_high"]), high),
    )
