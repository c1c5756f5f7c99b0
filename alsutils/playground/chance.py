"""What chance alone does, and what may be believed after it."""

import altair as alt
import numpy as np
import pandas as pd
from scipy import stats

from alsutils.display import Figure, theme
from alsutils.display.sliders import slider

ALPHA = 0.05
ESTIMATE, STD_ERROR = 3.0, 0.8  # of the trial that the priors meet
_Z = float(stats.norm.isf(ALPHA / 2))
_HEIGHT = 260
_SHARE = alt.Axis(format="%")
_SECOND = theme.TREATED[1]
_NODES = 41  # of the quadrature over what all analyses share
_MOST_ANALYSES = 100


def p_values() -> Figure:
    """Draw how p-values scatter for an effect that a slider sets.

    Returns
    -------
    Figure
        Shares of trials in bins of width 0.05; the two-sided p of a normal statistic.
    """
    ends = np.linspace(0, 1, 21)
    # Beyond 40 standard errors nothing is left; infinity has no place in JSON.
    z = np.minimum(stats.norm.isf(ends / 2), 40)
    bins = pd.DataFrame({"start": ends[:-1], "end": ends[1:], "near": z[1:], "far": z[:-1]})
    share = (
        "cumulativeNormal(datum.far - effect) - cumulativeNormal(datum.near - effect) "
        "+ cumulativeNormal(-datum.near - effect) - cumulativeNormal(-datum.far - effect)"
    )
    bars = alt.Chart(bins).transform_calculate(share=share).mark_bar(orient="vertical")
    bars = bars.encode(
        x=alt.X(
            "start:Q", title="p-value", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(grid=False)
        ),
        x2="end:Q",
        y=alt.Y("share:Q", title="Share of trials", scale=alt.Scale(zero=True), axis=_SHARE),
        color=alt.condition(
            f"datum.start < {ALPHA / 2}", alt.value(theme.ACCENT), alt.value(theme.CONTROL)
        ),
        tooltip=[
            alt.Tooltip("start:Q", title="From", format=".2f"),
            alt.Tooltip("end:Q", title="To", format=".2f"),
            alt.Tooltip("share:Q", title="Share of trials", format=".1%"),
        ],
    )
    chart = bars.add_params(slider("effect", "True effect (standard errors)", 0, 0, 4, 0.1))
    below = f"cumulativeNormal(effect - {_Z:.10g}) + cumulativeNormal(-effect - {_Z:.10g})"
    return Figure(
        chart.properties(height=_HEIGHT),
        "Shares of trials whose p-value falls into each twentieth between 0 and 1. Without an "
        "effect all twenty bars are alike; the larger the effect, the more trials have small ones.",
        "Try it: start at no effect and count the bars. Then move to 2 standard errors: half of "
        "such trials are significant, and the rest have any p-value at all.",
        readout=(
            "'With a true effect of ' + format(effect, '.1f') + ' standard errors, ' "
            f"+ format({below}, '.0%') + ' of trials have a p-value below {ALPHA:g}.'"
        ),
    )


def forks() -> Figure:
    """Draw the chance that one of many analyses is significant where nothing is there.

    Returns
    -------
    Figure
        Over the number of analyses; a slider sets how strongly they go together.

    Notes
    -----
    All pairs of analyses have one correlation. Given the part that they share, they are
    independent; the chance is averaged over it by Gauss-Hermite quadrature.
    """
    x, weight = np.polynomial.hermite_e.hermegauss(_NODES)
    nodes = pd.DataFrame({"x": x, "weight": weight / weight.sum()})
    counts = np.unique(np.round(np.geomspace(1, _MOST_ANALYSES, 30)))
    rows = nodes.merge(pd.DataFrame({"analyses": counts}), how="cross")
    silent = _silent("datum.x")
    line = (
        alt.Chart(rows.round(8))
        .transform_calculate(none=f"datum.weight * pow({silent}, datum.analyses)")
        .transform_aggregate(none="sum(none)", groupby=["analyses"])
        .transform_calculate(chance="1 - datum.none")
    )
    y = alt.Y(
        "chance:Q",
        title="At least one significant",
        scale=alt.Scale(domain=[0, 1]),
        axis=_SHARE,
    )
    axis = alt.X("analyses:Q", title="Analyses", scale=alt.Scale(domain=[0, _MOST_ANALYSES]))
    drawn = line.mark_line(strokeWidth=2.5, color=theme.ACCENT).encode(
        x=axis,
        y=y,
        tooltip=[
            alt.Tooltip("analyses:Q", title="Analyses"),
            alt.Tooltip("chance:Q", title="At least one", format=".0%"),
        ],
    )
    at = alt.Chart(pd.DataFrame({"row": [0]})).transform_calculate(analyses="number")
    rule = at.mark_rule(strokeDash=[4, 3], color=theme.CONTROL).encode(x="analyses:Q")
    chart = alt.layer(drawn, rule).add_params(
        slider("number", "Analyses", 20, 1, _MOST_ANALYSES, 1),
        slider("together", "Correlation between analyses", 0, 0, 0.95, 0.05),
    )
    none = " + ".join(
        f"{w:.6g} * pow({_silent(f'({v:.6g})')}, number)"
        for v, w in nodes.itertuples(index=False)
        if w > 1e-9
    )
    return Figure(
        chart.properties(height=_HEIGHT),
        "Chance that at least one of a number of analyses has p below 0.05 although nothing is "
        "there. With 20 independent analyses it is 64%; the more they go together, the smaller.",
        "Try it: how many independent analyses does it take for an even chance? Then let them go "
        "together as analyses of the same patients do, at 0.8. The chance falls, but not to 5%.",
        readout=(
            "'Of ' + number + (number == 1 ? ' analysis' : ' analyses') + ', at least one is "
            f"significant in ' + format(1 - ({none}), '.0%') "
            "+ ' of trials in which nothing is there.'"
        ),
    )


def _silent(shared: str) -> str:
    """Write the chance that one analysis is not significant, given the part that all share."""
    own = "sqrt(1 - together)"
    high = f"cumulativeNormal(({_Z:.8g} - sqrt(together) * {shared}) / {own})"
    low = f"cumulativeNormal((-{_Z:.8g} - sqrt(together) * {shared}) / {own})"
    return f"({high} - {low})"


def priors() -> Figure:
    """Draw what a prior that sliders set makes of a result.

    Returns
    -------
    Figure
        Densities of the prior, of the result alone, and of what is believed after it.
    """
    precision = f"(1 / pow(doubt, 2) + {1 / STD_ERROR**2:.10g})"
    mean = f"((before / pow(doubt, 2) + {ESTIMATE / STD_ERROR**2:.10g}) / {precision})"
    sd = f"sqrt(1 / {precision})"
    names = {
        "prior": "Prior",
        "result": "Result",
        "posterior": "Posterior",
    }
    curves = alt.Chart(alt.sequence(-4, 8.01, 0.05, as_="effect")).transform_calculate(
        prior="densityNormal(datum.effect, before, doubt)",
        result=f"densityNormal(datum.effect, {ESTIMATE}, {STD_ERROR})",
        posterior=f"densityNormal(datum.effect, {mean}, {sd})",
    )
    named = "".join(f"datum.key === '{k}' ? '{v}' : " for k, v in names.items()) + "''"
    curves = curves.transform_fold(list(names), as_=["key", "density"])
    curves = curves.transform_calculate(curve=named)
    words = list(names.values())
    lines = curves.mark_line(strokeWidth=2.5).encode(
        x=alt.X("effect:Q", title="Effect"),
        y=alt.Y("density:Q", title="Density", axis=alt.Axis(labels=False, ticks=False)),
        color=alt.Color(
            "curve:N",
            title=None,
            scale=alt.Scale(domain=words, range=[theme.CONTROL, _SECOND, theme.ACCENT]),
            legend=alt.Legend(symbolType="stroke", symbolSize=300),
        ),
    )
    chart = lines.add_params(
        slider("before", "Prior: expected effect", 0, -2, 4, 0.1),
        slider("doubt", "Prior: standard deviation", 1, 0.2, 5, 0.1),
    )
    return Figure(
        chart.properties(height=_HEIGHT),
        f"A prior, a result of {ESTIMATE:g} with a standard error of {STD_ERROR:g}, and what is "
        "believed after it. The last lies between the two, nearer to the narrower one.",
        "Try it: how narrow must a prior around 0 be for the interval to reach 0 again? That is "
        "how sceptical a reader may be and still shrug. Then widen it: a prior that says little "
        "leaves the result as it is.",
        readout=(
            f"'Believed after: ' + format({mean}, '.2f') + ' (95% interval ' "
            f"+ format({mean} - {_Z:.8g} * {sd}, '.2f') + ' to ' "
            f"+ format({mean} + {_Z:.8g} * {sd}, '.2f') + '). Chance of an effect above 0: ' "
            f"+ format(cumulativeNormal({mean} / {sd}), '.1%') + '.'"
        ),
    )
