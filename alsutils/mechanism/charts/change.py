"""Pictures of the change from baseline by arm."""

import altair as alt
import numpy as np
import pandas as pd

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.mechanism.analysis import Changes
from alsutils.mechanism.charts.samples import ink
from alsutils.mechanism.together import Together
from alsutils.mechanism.words import NO_BIOMARKERS, NO_COMPARISON
from alsutils.study import Study

_LOWER, _MIDDLE, _HIGHER = "#1f6fb2", "#eef2f5", "#c4530f"


def heat(study: Study, result: Changes | None) -> Figure | Prose:
    """Draw the ratio of every analyte at every visit, a panel an arm."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    frame = result.main
    if frame["estimate"].isna().all():
        return Prose(NO_COMPARISON)
    apart = (frame["conf_low"] > 1) | (frame["conf_high"] < 1)
    doublings = np.log2(frame["estimate"])
    most = max(0.5, float(doublings.abs().max()))
    shown = frame.assign(
        doublings=doublings,
        cell=[
            fmt.number(r) + ("*" if a else "")
            for r, a in zip(frame["estimate"], apart, strict=True)
        ],
        strong=doublings.abs() > 0.65 * most,
    )
    visits = list(dict.fromkeys(shown["visit"]))
    base = alt.Chart(shown).encode(
        x=alt.X("visit:N", sort=visits, title=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("endpoint:N", sort=list(dict.fromkeys(shown["endpoint"])), title=None),
        tooltip=[
            alt.Tooltip("endpoint:N", title="Analyte"),
            alt.Tooltip("visit:N", title="Visit"),
            alt.Tooltip("contrast:N", title=" "),
            alt.Tooltip("estimate:Q", title="Ratio", format=".2f"),
            alt.Tooltip("conf_low:Q", title="Lower limit", format=".2f"),
            alt.Tooltip("conf_high:Q", title="Upper limit", format=".2f"),
        ],
    )
    shade = alt.Color(
        "doublings:Q",
        title="Ratio",
        scale=alt.Scale(
            domain=[-most, 0, most], range=[_LOWER, _MIDDLE, _HIGHER], interpolate="rgb"
        ),
        legend=alt.Legend(
            orient="bottom",
            gradientLength=160,
            labelExpr="format(pow(2, datum.value), '.2~f')",
            tickCount=3,
        ),
    )
    box = base.mark_rect().encode(color=shade)
    text = base.mark_text().encode(text="cell:N", color=ink("datum.strong", "estimate"))
    chart: alt.LayerChart | alt.FacetChart = alt.layer(box, text).properties(height=alt.Step(26))
    if len(study.treated) > 1:
        chart = chart.facet(alt.Facet("treated:N", sort=list(study.treated), title=None), columns=2)
    level = fmt.percent(study.conf_level)
    return Figure(
        chart,
        f"Ratio to {study.control} of the change of each analyte at each visit. Intervals that "
        f"exclude 1: {'; '.join(_apart(study, shown[apart])) or 'none'}.",
        f"Blue is lower than under {study.control}, orange higher, a dash what could not be "
        f"compared. A star marks a {level} interval that excludes 1, not adjusted for the number "
        "of cells.",
        frame,
    )


def _apart(study: Study, rows: pd.DataFrame) -> list[str]:
    """Tell the ratios of some cells."""
    several = len(study.treated) > 1
    return [
        f"{r['endpoint']} at {r['visit'].lower()}"
        + (f", {r['treated']}" if several else "")
        + f" {fmt.number(r['estimate'])}"
        for r in rows.to_dict("records")
    ]


def forest(study: Study, result: Changes | None) -> Figure | Prose:
    """Draw the ratio of every analyte, a panel a role or, where there are several, an arm."""
    if result is None:
        return Prose("")
    whole = result.main.replace([np.inf, -np.inf], np.nan)
    main = whole.dropna(subset=["estimate", "conf_low", "conf_high"])
    if main.empty:
        return Prose(NO_COMPARISON)
    visits = list(dict.fromkeys(main.sort_values("visit_number")["visit"]))
    main = main.sort_values("role", kind="stable")
    several = len(study.treated) > 1
    shown = main.assign(panel=main["treated"] if several else main["role"].map(fmt.capitalised))
    if several:
        order = {arm: i for i, arm in enumerate(study.treated)}
        shown = shown.sort_values("panel", key=lambda arms: arms.map(order), kind="stable")
    colour = alt.Color(
        "visit:N",
        scale=alt.Scale(domain=visits, range=[*theme.TREATED, theme.CONTROL][: len(visits)]),
        title=None,
        legend=alt.Legend() if len(visits) > 1 else None,
    )
    title = f"Ratio to {study.control} of the change from baseline"
    one = len(set(shown["panel"])) == 1
    chart = charts.forest(
        shown,
        "endpoint",
        title,
        1,
        colour,
        log=True,
        row=None if one else "panel",
        within="visit" if len(visits) > 1 else None,
    )
    told = [
        f"{r['endpoint']} at {r['visit'].lower()}{', ' + r['treated'] if several else ''}: "
        f"{fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in shown.to_dict("records")
    ]
    level = fmt.percent(study.conf_level)
    return Figure(
        chart,
        f"Ratios of geometric means, treated over {study.control}, with {level} intervals. "
        f"{'. '.join(told)}.",
        f"Left of the dashed line the analyte is lower than under {study.control}, right of it "
        f"higher. Lines are {level} intervals, not adjusted for their number.",
        whole,
    )


def composite(study: Study, result: Together | None) -> Figure | Prose:
    """Draw the difference of the composite score, a row a visit."""
    if result is None:
        return Prose("")
    if not result.directed:
        return Prose(
            "No analyte of this study has a role that says which way is good, so there is no "
            "composite score."
        )
    frame = result.composite.dropna(subset=["conf_low"])
    if frame.empty:
        return Prose("No arm has patients enough with a composite score.")
    several = len(study.treated) > 1
    colour = alt.Color(
        "treated:N",
        scale=theme.arm_scale(study.arms),
        title=None,
        legend=alt.Legend(values=list(study.treated)) if several else None,
    )
    reach = 1.08 * float(frame[["conf_low", "conf_high"]].abs().max().max())
    chart = charts.forest(
        frame,
        "visit",
        f"Score less that of {study.control} (right: better)",
        0,
        colour,
        within="treated" if several else None,
        domain=(-reach, reach),
    )
    told = [
        f"{r['treated']} at {r['visit'].lower()}: "
        f"{fmt.estimate(r['estimate'], r['conf_low'], r['conf_high'])}"
        for r in frame.to_dict("records")
    ]
    return Figure(
        chart,
        f"Difference of the composite score from {study.control}. {'. '.join(told)}.",
        "In standard deviations of a single analyte's change. To the right of the dashed line the "
        "panel moved the good way under treatment.",
        result.composite,
    )
