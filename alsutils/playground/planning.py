"""What a trial can find, and what numbers that nobody measured do to what it finds."""

import math

import altair as alt

from alsutils.display import Figure, theme
from alsutils.display.sliders import limit_bias, slider, t_power

FEWEST, MOST = 5, 200  # patients an arm
WRITTEN = {"Half the limit": 0.5, "Limit / √2": math.sqrt(0.5), "The limit itself": 1.0}
MEASURED = 'Nothing, but "below"'
_HEIGHT = 260


def power() -> Figure:
    """Draw the power of a t-test over the number of patients, for a trial that sliders set.

    Returns
    -------
    Figure
        Two arms of as many patients each, at a two-sided level of 5%.
    """

    def chance(n: str) -> str:
        return t_power(f"gain / (sd * sqrt(2 / {n}))", f"(2 * {n} - 2)")

    x = alt.X("n:Q", title="Patients in each arm", scale=alt.Scale(domain=[0, MOST], nice=False))
    y = alt.Y("power:Q", title="Power", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"))
    tooltip = [
        alt.Tooltip("n:Q", title="Patients in each arm"),
        alt.Tooltip("power:Q", title="Power", format=".0%"),
    ]
    along = alt.Chart(alt.sequence(FEWEST, MOST + 1, as_="n")).transform_calculate(
        power=chance("datum.n")
    )
    here = alt.Chart(alt.sequence(1, 2, as_="row")).transform_calculate(
        n="patients", power=chance("patients")
    )
    layers = [
        alt.Chart(alt.sequence(0.8, 0.9, as_="power")).mark_rule(strokeDash=[4, 3]).encode(y=y),
        along.mark_line(strokeWidth=2.5, color=theme.ACCENT).encode(x=x, y=y, tooltip=tooltip),
        here.mark_point(filled=True, size=110, opacity=1, color=theme.WORSE).encode(
            x=x, y=y, tooltip=tooltip
        ),
    ]
    chart = alt.layer(*layers).add_params(
        slider("patients", "Patients in each arm", 60, FEWEST, MOST, 1),
        slider("gain", "True difference (points)", 2, 0, 6, 0.1),
        slider("sd", "Spread between patients (SD, points)", 4, 1, 10, 0.5),
    )
    return Figure(
        chart.properties(height=_HEIGHT),
        "Power of a comparison of two means over the number of patients in each arm, with a line "
        "at 80%. It rises steeply at first and then ever more slowly.",
        "The line is a power of 80%. Try it: find the patients for 80%, halve the true difference, "
        "and find them again. It takes four times as many. Then set the difference to 0: the trial "
        "claims one in 5 of 100 cases all the same.",
        readout=(
            "'With ' + patients + ' patients in each arm, a true difference of ' "
            "+ format(gain, '.1f') + ' points is found by ' "
            f"+ format({chance('patients')}, '.0%') + ' of such trials.'"
        ),
    )


def below_limit() -> Figure:
    """Draw the ratio found where a number is written for each value below a limit.

    Returns
    -------
    Figure
        Over the share of controls below the limit; sliders set the true ratio and the spread of
        lognormal values. Endless trials, so that nothing is left to chance.
    """
    rules = {f"rule{i}": share for i, share in enumerate(WRITTEN.values())}
    names = {"right": MEASURED, **dict(zip(rules, WRITTEN, strict=True))}
    ratios = {key: f"truth * (1 + {limit_bias(share)})" for key, share in rules.items()}
    named = "".join(f"datum.key === '{k}' ? '{v}' : " for k, v in names.items()) + "''"
    along = alt.Chart(alt.sequence(0.01, 0.851, 0.01, as_="share"))
    curves = (
        along.transform_calculate(right="truth", **ratios)
        .transform_fold(list(names), as_=["key", "ratio"])
        .transform_calculate(rule=named)
    )
    lines = curves.mark_line(strokeWidth=2.5).encode(
        x=alt.X(
            "share:Q",
            title="Control values below the limit",
            scale=alt.Scale(domain=[0, 0.85], nice=False),
            axis=alt.Axis(format="%", tickCount=5),
        ),
        y=alt.Y("ratio:Q", title="Ratio found", scale=alt.Scale(zero=False)),
        color=alt.Color(
            "rule:N",
            title="Written for a low value",
            scale=alt.Scale(
                domain=list(names.values()),
                range=[theme.ACCENT, theme.TREATED[1], theme.TREATED[2], theme.TREATED[3]],
            ),
        ),
        tooltip=[
            alt.Tooltip("rule:N", title="Written"),
            alt.Tooltip("share:Q", title="Below the limit", format=".0%"),
            alt.Tooltip("ratio:Q", title="Ratio found", format=".2f"),
        ],
    )
    chart = lines.add_params(
        slider("truth", "True ratio, treated over control", 0.7, 0.3, 2, 0.05),
        slider("spread", "Spread (SD of the natural logarithm)", 1, 0.2, 2, 0.1),
    )
    half = f"truth * (1 + {limit_bias(0.5, '0.5')})"
    return Figure(
        chart.properties(height=_HEIGHT),
        "Ratio of geometric means found, over the share of control values below the limit, for "
        "three numbers that may be written for a low value. A method that writes nothing finds "
        "the true ratio; each of the others strays from it, and not all to the same side.",
        "Try it: at a true ratio of 1 all lines are one. Move it away from 1, then change the "
        "spread: a number that does little harm here does much there, and nobody knows the "
        "spread below the limit.",
        readout=(
            "'With half of the control values below the limit and half the limit written, a true "
            f"ratio of ' + format(truth, '.2f') + ' is found as ' + format({half}, '.2f') + '.'"
        ),
    )
