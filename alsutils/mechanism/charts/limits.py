"""Pictures of values below a limit, and of what is written in their place."""

import math

import altair as alt
import numpy as np
import pandas as pd

from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.display.sliders import limit_bias, slider
from alsutils.mechanism.analysis import IMPUTED, MAIN, NAIVE, RANKS, Changes, Detection
from alsutils.mechanism.limits import Distributions, Substitution
from alsutils.mechanism.words import NO_BIOMARKERS
from alsutils.study import Study

METHODS = {
    MAIN: "Censored regression",
    IMPUTED: "Multiple imputation",
    RANKS: "Ranks",
    NAIVE: "Half the limit",
}
_COLOURS = (theme.TREATED[0], theme.TREATED[2], theme.CONTROL, theme.WORSE)
_RULES = {"half": "Half the limit", "root": "Limit / √2", "limit": "The limit itself"}
_SHARES = {"half": 0.5, "root": math.sqrt(0.5), "limit": 1.0}
_RULE_COLOURS = (theme.WORSE, theme.TREATED[4], theme.TREATED[3])
_SIGNED = "datum.value === 0 ? '0%' : format(datum.value, '+.0%')"
_HEIGHT = 300  # pixels
TOBIT = "Censored regression"


def distributions(study: Study, result: Distributions | None) -> Figure | Prose:
    """Draw the share of values below each value, by the flipped Kaplan-Meier estimate."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    if result.curve.empty or result.curve["arm"].nunique() < len(study.arms):
        return Prose(
            "No analyte has values on both sides of its limit in every arm, so there is no curve."
        )
    parts = []
    for arm, rows in result.curve.groupby("arm", sort=False):
        # Where a curve is told at some values only, it is not told where it ends.
        end = rows.iloc[[-1]].assign(value=rows["value"].max() * 1.15, estimate=1.0)
        end = end if study.disclosure.is_open else end.head(0)
        parts.append(pd.concat([rows, end]).assign(arm=arm))
    frame = pd.concat(parts, ignore_index=True)
    title = f"{result.shown}{', ' + result.unit if result.unit else ''}"
    base = alt.Chart(frame).encode(
        x=alt.X(
            "value:Q",
            title=title,
            scale=alt.Scale(type="log", nice=False, padding=8),
            axis=alt.Axis(format="~g", tickCount=5, grid=False),
        ),
        # The bands are faint; the key is not.
        color=alt.Color(
            "arm:N",
            scale=theme.arm_scale(study.arms),
            title=None,
            legend=alt.Legend(symbolOpacity=1),
        ),
        tooltip=[
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("value:Q", title=result.shown, format=".3~g"),
            alt.Tooltip("estimate:Q", title="Share below", format=".0%"),
        ],
    )
    scale, axis = alt.Scale(domain=[0, 1]), alt.Axis(format="%")
    line = base.mark_line(interpolate="step-before", strokeWidth=2).encode(
        y=alt.Y("estimate:Q", title="Share of patients below", scale=scale, axis=axis)
    )
    band = base.mark_area(interpolate="step-before", opacity=0.12).encode(
        y=alt.Y("conf_low:Q", scale=scale), y2="conf_high:Q"
    )
    half = alt.Chart(frame.head(1)).mark_rule(strokeDash=[4, 3]).encode(y=alt.datum(0.5))
    own = result.frame[result.frame["endpoint"] == result.shown]
    told = [
        f"{r['arm']} {fmt.number(r['estimate'])}"
        if np.isfinite(r["estimate"])
        else f"{r['arm']} below the limit"
        for r in own.to_dict("records")
    ]
    return Figure(
        alt.layer(half, band, line).properties(height=280),
        f"Share of patients whose {result.shown} at {result.visit.lower()} lies below each value. "
        f"Medians: {', '.join(told)}.",
        "Where a curve crosses the dashed line is the median. To the left of the lowest limit "
        "nothing is known but the height at which the curve ends.",
    )


def methods(study: Study, result: Changes | None) -> Figure | Prose:
    """Draw the ratio of every analyte by each of the four methods."""
    if result is None:
        return Prose(NO_BIOMARKERS)
    frame = result.frame[result.frame["visit_number"] == result.frame["visit_number"].max()]
    frame = frame.replace([np.inf, -np.inf, 0.0], np.nan).dropna(subset=["estimate"])
    touched = frame.loc[frame["touched"], "endpoint"]
    frame = frame[frame["endpoint"].isin(touched)]
    if frame.empty:
        return Prose(
            "No analyte that could be compared has a value below its limit, so that the methods "
            "for such values do not differ."
        )
    several = len(study.treated) > 1
    words = list(METHODS.values())
    place = {
        name: i
        for i, name in enumerate([*study.treated, *dict.fromkeys(frame["endpoint"]), *words])
    }
    shown = frame.assign(method=frame["analysis"].map(METHODS))
    shown = shown.sort_values(["treated", "endpoint", "method"], key=lambda names: names.map(place))
    colour = alt.Color(
        "method:N",
        scale=alt.Scale(domain=words, range=list(_COLOURS)),
        title=None,
    )
    visit = shown["visit"].iloc[0]
    chart = charts.forest(
        shown,
        "endpoint",
        f"Ratio to {study.control}, {visit.lower()}",
        1,
        colour,
        log=True,
        row="treated" if several else None,
        within="method",
    )
    told = [
        f"{name}{', ' + arm if several else ''}: "
        + ", ".join(f"{r['method']} {fmt.number(r['estimate'])}" for r in rows.to_dict("records"))
        for (arm, name), rows in shown.groupby(["treated", "endpoint"], sort=False)
    ]
    return Figure(
        chart,
        f"Change from baseline by four methods, ratios at {visit.lower()}. {'. '.join(told)}.",
        "Only analytes with values below the limit. By ranks there is no point where the median "
        "lies among the values below, and no line where its limit does.",
    )


def substitution(
    _study: Study, result: Substitution | None, found: Detection | None
) -> Figure | Prose:
    """Draw the bias of each rule over the share below the limit, with sliders for the truth."""
    if result is None or found is None:
        return Prose(NO_BIOMARKERS)
    x = alt.X(
        "share:Q",
        title="Control values below the limit",
        scale=alt.Scale(domain=[0, 0.85], nice=False),
        axis=alt.Axis(format="%", tickCount=5),
    )
    y = alt.Y("bias:Q", title="Bias of the ratio", axis=alt.Axis(labelExpr=_SIGNED, tickCount=6))
    colour = alt.Color(
        "rule:N",
        title=None,
        scale=alt.Scale(domain=[TOBIT, *_RULES.values()], range=[theme.ACCENT, *_RULE_COLOURS]),
        legend=alt.Legend(symbolType="stroke", symbolSize=300),
    )
    layers = [
        _endless().mark_line(strokeWidth=2.5).encode(x=x, y=y, color=colour),
        _simulated(result).encode(x=x, y=y, color=colour),
    ]
    ticks = _own(found)
    if len(ticks):
        tooltip = [
            alt.Tooltip("endpoint:N", title="Analyte"),
            alt.Tooltip("share:Q", title="Below the limit", format=".0%"),
        ]
        rug = alt.Chart(ticks).mark_tick(
            orient="vertical", thickness=2, size=14, color=theme.CONTROL
        )
        layers.append(rug.encode(x=x, y=alt.value(_HEIGHT - 7), tooltip=tooltip))
    chart = alt.layer(*layers).properties(height=_HEIGHT)
    chart = chart.add_params(
        slider("truth", "True ratio, treated over control", result.ratio, 0.3, 2.0, 0.05),
        slider("spread", "Spread (SD of the natural logarithm)", result.log_sd, 0.2, 2.0, 0.1),
    )
    middle = result.frame[np.isclose(result.frame["share_below"], 0.5)].set_index("rule")
    told = [
        f"{name} {fmt.percent(middle.at[rule, 'bias'])}"
        for rule, name in {"tobit": TOBIT, **_RULES}.items()
    ]
    return Figure(
        chart,
        "Bias of a ratio of geometric means over the share of values below the limit, for each "
        f"number written. At a true ratio of {result.ratio:g} with half below: {', '.join(told)}.",
        f"Curves are of endless trials. Points are {result.n_trials:,} simulated trials of "
        f"{result.n_per_arm} patients an arm each, at the first settings. Marks at the foot are "
        "this study's analytes at the last visit. Try it: widen the spread, and move the true "
        "ratio to the other side of 1.",
        result.results,
        readout=_readout(),
    )


def _endless() -> alt.Chart:
    """Compute each rule's bias in endless trials from the sliders; a row a share and rule."""
    names = {"b_tobit": TOBIT, **{f"b_{rule}": words for rule, words in _RULES.items()}}
    biases = {"b_tobit": "0", **{f"b_{rule}": limit_bias(share) for rule, share in _SHARES.items()}}
    words = "".join(f"datum.key === '{k}' ? '{v}' : " for k, v in names.items()) + "''"
    along = alt.Chart(alt.sequence(0.01, 0.851, 0.01, as_="share")).transform_calculate(**biases)
    folded = along.transform_fold(list(names), as_=["key", "bias"])
    return folded.transform_calculate(rule=words)


def _simulated(result: Substitution) -> alt.Chart:
    """Draw the simulated trials while the sliders stand at their truth."""
    frame = pd.DataFrame(
        {
            "share": result.frame["share_below"],
            "bias": result.frame["bias"],
            "coverage": result.frame["coverage"],
            "rule": result.frame["rule"].map({"tobit": TOBIT, **_RULES}),
        }
    )
    here = f"truth == {result.ratio:g} && spread == {result.log_sd:g}"
    points = alt.Chart(frame).transform_filter(here).mark_point(filled=True, size=55, opacity=1)
    return points.encode(
        tooltip=[
            alt.Tooltip("rule:N", title="Written"),
            alt.Tooltip("share:Q", title="Below the limit", format=".0%"),
            alt.Tooltip("bias:Q", title="Bias", format="+.1%"),
            alt.Tooltip("coverage:Q", title="Intervals that hold the truth", format=".0%"),
        ]
    )


def _readout() -> str:
    """Write the sentence under the sliders."""
    bias = limit_bias(_SHARES["half"], "0.5")
    return (
        "'With half of the control values below the limit and half the limit written, a true ratio "
        f"of ' + format(truth, '.2f') + ' is found as ' + format(truth * (1 + {bias}), '.2f') + '.'"
    )


def _own(found: Detection) -> pd.DataFrame:
    """Share below the limit of each analyte at the last visit, over all arms."""
    last = found.frame[found.frame["visit"] == found.frame["visit"].max()]
    cells = last.groupby("endpoint", sort=False)[["n", "n_below", "share_below"]]
    sums, means = cells.agg(lambda c: c.sum(skipna=False)), cells.mean()
    known = cells.count()["share_below"] == cells.size()
    # Where the numbers are not told, each arm counts alike.
    shares = (sums["n_below"] / sums["n"].where(sums["n"] > 0)).fillna(
        means["share_below"].where(known)
    )
    shares = shares.dropna()
    shares = shares[(shares > 0) & (shares <= 0.85)]
    return pd.DataFrame({"endpoint": shares.index, "share": shares.to_numpy()})
