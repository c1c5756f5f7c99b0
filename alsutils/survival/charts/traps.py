"""Pictures of traps, with simulated patients."""

import altair as alt
import numpy as np
import pandas as pd

from alsutils.display import Figure, theme
from alsutils.display import format as fmt
from alsutils.stats.censoring import CensoringTipping
from alsutils.survival.charts.paint import slim
from alsutils.survival.traps import Example, TrapName

_POINTS = 90  # of a curve
SIMULATED = "Simulated patients, not those of this study"
_TREATED: dict[TrapName, str] = {
    "immortal time": "3 doses or more",
    "external controls": "treated",
    "informative censoring": "treated",
    "left truncation": "late",
}
_HEADER = alt.Header(
    labelAlign="left",
    labelAnchor="start",
    labelExpr="split(datum.value, '|')",
    labelLineHeight=15,
)


def trap(example: Example) -> Figure:
    """Draw the curves of a wrong analysis and of a right one side by side."""
    results = example.trap.results
    wrong, right = (results[results["right"] == side].iloc[0] for side in (False, True))
    names = {
        wrong["analysis"]: f"The trap:|{wrong['analysis']}",
        right["analysis"]: f"The cure:|{right['analysis']}",
    }
    curves = example.trap.curves
    curves = curves[curves["analysis"].isin(names)]
    shown = _thinned(curves).assign(
        panel=lambda f: f["analysis"].map(names), group=lambda f: f["group"].map(fmt.capitalised)
    )
    shown = slim(shown, ["panel", "group", "time", "estimate"])
    treated = fmt.capitalised(_TREATED[example.name])
    others = [group for group in dict.fromkeys(shown["group"]) if group != treated]
    base = alt.Chart(shown).encode(
        x=alt.X(
            "time:Q",
            title="Month",
            scale=alt.Scale(nice=False),
            axis=alt.Axis(tickCount=6),
        ),
        y=alt.Y(
            "estimate:Q", title="Alive", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%")
        ),
        color=alt.Color(
            "group:N",
            title=None,
            scale=alt.Scale(
                domain=[*others, treated],
                range=[*[theme.CONTROL, theme.TREATED[2]][: len(others)], theme.ACCENT],
            ),
        ),
        tooltip=[
            alt.Tooltip("group:N", title=" "),
            alt.Tooltip("time:Q", title="Month", format=".1f"),
            alt.Tooltip("estimate:Q", title="Alive", format=".0%"),
        ],
    )
    chart = (
        base.mark_line(interpolate="step-after", strokeWidth=2)
        .properties(height=210)
        .facet(
            alt.Facet("panel:N", title=None, sort=list(names.values()), header=_HEADER), columns=2
        )
    )
    return Figure(
        chart,
        f"{SIMULATED}: {example.name}. Survival curves by the wrong analysis, {wrong['analysis']} "
        f"(hazard ratio {fmt.number(wrong['estimate'])}), and by a right one, {right['analysis']} "
        f"(hazard ratio {fmt.number(right['estimate'])}). The true ratio is "
        f"{fmt.number(right['truth'])}.",
        f"{SIMULATED}. Left, the trap; right, the same patients looked at as they should be.",
        _results(example),
    )


def tipping(result: CensoringTipping) -> Figure:
    """Draw the hazard ratio over how much worse those who left are taken to have fared."""
    frame = result.frame.assign(
        **{c: np.exp(result.frame[c]) for c in ("estimate", "conf_low", "conf_high")}
    )
    low, high = frame["conf_low"].min(), frame["conf_high"].max()
    x = alt.X(
        "delta:Q",
        title="Hazard after leaving, over that of those who stayed",
        scale=alt.Scale(nice=False),
    )
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    ticks = [t for t in (0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.2, 1.5, 2) if low <= t <= high]
    axis = alt.Axis(values=ticks, format="~r")
    base = alt.Chart(frame).encode(x=x)
    y = alt.Y("estimate:Q", title="Hazard ratio", scale=scale, axis=axis)
    tooltip = [
        alt.Tooltip("delta:Q", title="Multiple of the hazard"),
        alt.Tooltip("estimate:Q", title="Hazard ratio", format=".2f"),
        alt.Tooltip("p_value:Q", title="p", format=".3f"),
    ]
    layers = [
        base.mark_area(opacity=0.15, color=theme.ACCENT).encode(
            y=alt.Y("conf_low:Q", title="Hazard ratio", scale=scale), y2="conf_high:Q"
        ),
        base.mark_line(strokeWidth=2.5, color=theme.ACCENT).encode(y=y),
        base.mark_point(filled=True, size=45, opacity=1, color=theme.ACCENT).encode(
            y=y, tooltip=tooltip
        ),
        alt.Chart(frame.head(1)).mark_rule(strokeDash=[4, 3]).encode(y=alt.datum(1)),
    ]
    if np.isfinite(result.tipping):
        mark = alt.Chart(pd.DataFrame({"at": [result.tipping]}))
        layers.append(mark.mark_rule(strokeDash=[2, 2]).encode(x="at:Q"))
    ends = [
        f"{fmt.number(r['estimate'])} at {r['delta']:g}" for _, r in frame.iloc[[0, -1]].iterrows()
    ]
    return Figure(
        alt.layer(*layers).properties(height=240),
        f"{SIMULATED}. Hazard ratio over the hazard that treated patients who left are taken to "
        f"have had, as a multiple of that of those who stayed: {fmt.listed(ends)}.",
        f"{SIMULATED}. At 1 those who left fared like those who stayed. The upright line is where "
        "the finding tips over.",
    )


def _results(example: Example) -> pd.DataFrame:
    """Bring the analyses of a trap into the columns of results, marked as simulated."""
    results = example.trap.results
    return results.assign(
        endpoint=f"simulated: {example.name}", contrast=f"{_TREATED[example.name]} vs others"
    )


def _thinned(curves: pd.DataFrame) -> pd.DataFrame:
    """Give each curve at even times, with its first and last one."""
    parts = []
    for (analysis, group), rows in curves.groupby(["analysis", "group"], sort=False):
        time = rows["time"].to_numpy()
        grid = np.linspace(time[0], time[-1], _POINTS)
        height = rows["estimate"].to_numpy()[np.searchsorted(time, grid, side="right") - 1]
        part = pd.DataFrame({"time": grid, "estimate": height})
        parts.append(part.assign(analysis=analysis, group=group))
    return pd.concat(parts, ignore_index=True)
