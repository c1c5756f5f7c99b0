"""Pictures of how many patients a trial needs."""

import math
from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from alsutils.design.analysis import POWERS
from alsutils.design.sample_size import CHANGE, SampleSizes
from alsutils.display import Figure, Prose, theme
from alsutils.display import format as fmt
from alsutils.display.sliders import round_step, slider, t_power
from alsutils.stats.power import Level, MeanTest, sample_size
from alsutils.study import Study

PLAIN, HELD = "t-test", "Baseline held equal"
LEAST = 4  # patients analysed in an arm; below, the approximation of the t-test is poor
MOST_LOST, MOST_CORRELATED = 80, 0.95  # ends of sliders: per cent, and a correlation
MOST_POINTS = 1000  # of a curve; more patients are drawn in steps
_STYLE = {PLAIN: (theme.CONTROL, [1, 0]), HELD: (theme.ACCENT, [7, 4])}


@dataclass(frozen=True)
class _Start:
    """Where the sliders stand at first, each at one of its steps."""

    effect: float
    sd: float
    lost: int
    correlation: float
    step: float
    patients: int
    most: int
    patients_step: int


def power_sliders(study: Study, result: SampleSizes | None) -> Figure | Prose:
    """Draw power over the number of patients, with sliders for all that it rests on.

    The power is computed in the page from where the sliders stand. They begin at what the trial's
    own data say, with the patients that the t-test needs for the lower power.
    """
    if result is None:
        return Prose("No trial can be planned from these data, so there is no power to draw.")
    start = _start(result)
    names = [PLAIN] if np.isnan(start.correlation) else [PLAIN, HELD]
    x = alt.X(
        "n:Q",
        title="Patients randomised to each arm",
        scale=alt.Scale(domain=[0, start.most], nice=False),
        axis=alt.Axis(tickCount=5),
    )
    y = alt.Y(
        "power:Q",
        title="Power",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", tickCount=5),
    )
    line = alt.Legend(symbolType="stroke", symbolSize=400)
    colours = alt.Scale(domain=names, range=[_STYLE[name][0] for name in names])
    dashes = alt.Scale(domain=names, range=[_STYLE[name][1] for name in names])
    marks = {
        "x": x,
        "y": y,
        "color": alt.Color("analysis:N", title=None, scale=colours, legend=line),
        "tooltip": [
            alt.Tooltip("analysis:N", title="Analysis"),
            alt.Tooltip("n:Q", title="Randomised to each arm"),
            alt.Tooltip("power:Q", title="Power", format=".0%"),
        ],
    }
    every = alt.sequence(2, start.most + 1, start.patients_step, as_="n")
    along = _with_power(alt.Chart(every), names, result.alpha)
    here = alt.Chart(alt.sequence(1, 2, as_="row")).transform_calculate(n="patients")
    levels = alt.Chart(pd.DataFrame({"power": POWERS})).mark_rule(strokeDash=[4, 3])
    lines = along.mark_line(strokeWidth=2.5).encode(
        strokeDash=alt.StrokeDash("analysis:N", title=None, scale=dashes, legend=line), **marks
    )
    points = _with_power(here, names, result.alpha).mark_point(filled=True, size=110, opacity=1)
    layers = [
        levels.encode(y=y),
        here.mark_rule(strokeDash=[2, 2]).encode(x=x),
        lines,
        points.encode(**marks),
        *(_crossing(along, name, x, y) for name in names),
    ]
    chart = alt.layer(*layers).properties(height=300).add_params(*_sliders(result, start))
    return Figure(
        chart, _description(result, start), _caption(study, result, names), readout=_readout(result)
    )


def _start(result: SampleSizes) -> _Start:
    spread = result.spread
    step = round_step(spread.sd / 100)
    effect = max(step, round(round(result.effect / step) * step, 12))
    sd = round(round(spread.sd / step) * step, 12)
    lost = min(round(100 * spread.dropout), MOST_LOST)
    plan = MeanTest(sd, level=Level(result.alpha))
    needed = sample_size(plan, effect, min(POWERS), dropout=lost / 100).enrolled_control
    # Room for twice the patients needed, and for the trial's own.
    most = max(2 * needed, int(1.2 * result.randomised["n"].max()), 40)
    tens = round_step(most / 10)
    most = int(tens * math.ceil(most / tens))
    correlation = min(abs(spread.correlation), MOST_CORRELATED)
    along = 1 if most <= MOST_POINTS else int(round_step(most / MOST_POINTS))
    return _Start(effect, sd, lost, correlation, step, needed, most, along)


def _sliders(result: SampleSizes, start: _Start) -> list[alt.Parameter]:
    unit = f" ({result.unit})" if result.unit else ""
    wide = 1.5 * max(start.sd, start.effect)
    sliders = [
        slider("effect", f"True difference{unit}", start.effect, start.step, wide, start.step),
        slider("sd", f"Standard deviation{unit}", start.sd, start.sd / 4, 2 * start.sd, start.step),
        slider(
            "patients",
            "Patients randomised to each arm",
            start.patients,
            2,
            start.most,
            start.patients_step,
        ),
        slider("lost", "Drop-out (%)", start.lost, 0, MOST_LOST, 1),
    ]
    if not np.isnan(start.correlation):
        label = "Correlation with the baseline"
        sliders.append(slider("correlation", label, start.correlation, 0, MOST_CORRELATED, 0.05))
    return sliders


def _power(name: str, n: str, alpha: float) -> str:
    """Write the power of an analysis with ``n`` patients randomised to each arm."""
    kept = f"({n} * (1 - lost / 100))"
    drift, df = f"effect / sd * sqrt({kept} / 2)", f"2 * {kept} - 2"
    if name == PLAIN:
        return t_power(drift, df, alpha)
    # A covariate whose means differ by chance costs one degree of freedom and a little drift.
    noise = f"sqrt(({df}) / ({df} + 1) / (1 - correlation * correlation))"
    return t_power(f"{drift} * {noise}", f"{df} - 1", alpha)


def _with_power(chart: alt.Chart, names: list[str], alpha: float) -> alt.Chart:
    """Compute the power at ``n`` patients an arm from the sliders; a row an analysis."""
    enough = f"datum.n * (1 - lost / 100) >= {LEAST}"
    powers = {name: _power(name, "datum.n", alpha) for name in names}
    computed = chart.transform_filter(enough).transform_calculate(**powers)
    return computed.transform_fold([*names], as_=["analysis", "power"])


def _crossing(along: alt.Chart, name: str, x: alt.X, y: alt.Y) -> alt.Chart:
    """Write the patients with which an analysis reaches the lower power beside its curve."""
    left = name == HELD
    reached = f"datum.analysis === '{name}' && datum.power >= {min(POWERS)}"
    first = along.transform_filter(reached).transform_aggregate(n="min(n)")
    first = first.transform_filter("isValid(datum.n)")
    first = first.transform_calculate(power=f"{min(POWERS)}", words="'n = ' + datum.n")
    return first.mark_text(
        align="right" if left else "left",
        baseline="bottom" if left else "top",
        dx=-6 if left else 6,
        dy=-6 if left else 6,
        fontWeight="bold",
    ).encode(x=x, y=y, text="words:N")


def _readout(result: SampleSizes) -> str:
    """Write the sentence under the sliders as a Vega expression."""
    kept = "patients * (1 - lost / 100)"
    power = {name: f"format({_power(name, 'patients', result.alpha)}, '.0%')" for name in _STYLE}
    words = (
        f"'With ' + patients + ' patients randomised to each arm, ' + format({kept}, '.0f') + "
        f"' of them analysed, the power is ' + {power[PLAIN]} + ' by the t-test'"
    )
    if not np.isnan(result.spread.correlation):
        words += f" + ' and ' + {power[HELD]} + ' with the baseline held equal'"
    return f"{kept} < {LEAST} ? 'Too few patients would be analysed.' : {words} + '.'"


def _description(result: SampleSizes, start: _Start) -> str:
    unit = f" {result.unit}" if result.unit else ""
    return (
        "Power over the number of patients randomised to each arm, with sliders for the true "
        "difference, the standard deviation, the patients and the drop-out. At the start, with a "
        f"difference of {start.effect:g}{unit} and a standard deviation of {start.sd:g}{unit}, the "
        f"t-test reaches {fmt.percent(min(POWERS))} power with "
        f"{fmt.plural(start.patients, 'patient')} an arm."
    )


def _caption(study: Study, result: SampleSizes, names: list[str]) -> str:
    what = "change from baseline" if result.compared == CHANGE else "value"
    lines = (
        f"The sliders begin at this trial's own figures for the {what} at {result.visit.lower()}. "
        f"The n beside a curve is where it reaches {fmt.percent(min(POWERS))} power."
    )
    if len(study.arms) > 2:
        lines += f" Each treated arm is compared with {study.control}."
    lines += " Try it: halve the standard deviation and see what becomes of the patients needed"
    if HELD in names:
        return f"{lines}; then raise the correlation until the two curves part."
    return f"{lines}."
