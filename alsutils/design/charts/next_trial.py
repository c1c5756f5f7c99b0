"""Pictures of what this trial lets expect of the next one."""

from collections.abc import Mapping

import altair as alt
import pandas as pd
from scipy import stats

from alsutils.design.next_trial import WANTED, NextTrial
from alsutils.display import Figure, Prose, charts, theme
from alsutils.display import format as fmt
from alsutils.display.sliders import round_step, slider
from alsutils.study import Study

AS_MEASURED, LESS_BIAS = "As measured", "Less the bias of an open label"
MOST_DOUBT = 0.9  # of all information that a sceptic's counts for
LEAST, MOST_SLIDER = 4, 2000  # patients an arm
ROW = {name: f"datum.{name}" for name in ("estimate", "std_error", "sd")}


def beliefs(study: Study, result: NextTrial | None) -> Figure | Prose:
    """Draw the effect as it is believed in different ways, with its interval."""
    if result is None:
        return Prose(
            "Too few values were seen to weigh the difference, so "
            "there is nothing to believe of it."
        )
    frame = _named(result.beliefs)
    states = list(dict.fromkeys(frame["state"]))
    colour = alt.Color(
        "state:N",
        sort=states,
        scale=alt.Scale(domain=[AS_MEASURED, LESS_BIAS], range=[theme.ACCENT, theme.WORSE]),
        title=None,
        legend=alt.Legend(values=states) if len(states) > 1 else None,
    )
    unit = f", {result.unit}" if result.unit else ""
    title = f"True effect on {result.label} (above 0 is better{unit})"
    several = len(result.start) > 1
    chart = charts.forest(
        frame,
        "belief",
        title,
        colour=colour,
        row="treated" if several else None,
        within="state" if len(states) > 1 else None,
    )
    told = [
        f"{_who(row, several)}: {fmt.estimate(row['estimate'], row['conf_low'], row['conf_high'])}"
        for row in frame.to_dict("records")
    ]
    return Figure(
        chart,
        f"The effect at {result.visit} as it is believed in different ways. {'; '.join(told)}.",
        f"Means with {fmt.percent(study.conf_level)} intervals; the dashed line is no effect.",
    )


def assurance(study: Study, result: NextTrial | None) -> Figure | Prose:
    """Draw the probability of success over the size of the next trial."""
    if result is None:
        return Prose("So the next trial's chances cannot be drawn either.")
    frame = _named(result.curve)
    several = len(result.start) > 1
    frame = frame.assign(panel=frame["treated"] if several else frame["state"], wanted=WANTED)
    if several and frame["less_bias"].any():
        frame["panel"] = frame["treated"] + ": " + frame["state"].str.lower()
    beliefs_, panels = (list(dict.fromkeys(frame[key])) for key in ("belief", "panel"))
    x = alt.X("n:Q", title="Patients analysed in each arm", scale=alt.Scale(nice=False))
    y = alt.Y(
        "assurance:Q",
        title="Probability of success",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", tickCount=5),
    )
    base = alt.Chart(frame).encode(
        x=x,
        y=y,
        color=alt.Color(
            "belief:N",
            scale=alt.Scale(domain=beliefs_, range=list(theme.SERIES[: len(beliefs_)])),
            title=None,
            legend=alt.Legend(orient="bottom", columns=1, symbolType="stroke", symbolSize=300),
        ),
        tooltip=[
            alt.Tooltip("belief:N", title="Belief"),
            alt.Tooltip("n:Q", title="Patients an arm", format=",.0f"),
            alt.Tooltip("assurance:Q", title="Success", format=".0%"),
        ],
    )
    wanted = alt.Chart(frame).mark_rule(strokeDash=[4, 3]).encode(y="mean(wanted):Q")
    target = base.mark_point(opacity=0, size=80)
    layers = alt.layer(wanted, base.mark_line(strokeWidth=2), target).properties(height=230)
    chart = layers.facet(alt.Facet("panel:N", sort=panels, title=None), columns=min(2, len(panels)))
    last = frame[frame["n"] == frame.groupby(["panel", "belief"])["n"].transform("max")]
    told = [
        f"{row['panel']}, {row['belief'].lower()}: {fmt.percent(row['assurance'])}"
        for row in last.to_dict("records")
    ]
    return Figure(
        chart,
        f"Probability that the next trial succeeds, over its size; with {frame['n'].max():,.0f} "
        f"patients an arm: {'; '.join(told)}.",
        f"Success is a p-value below {study.alpha:g} in favour of treatment. The dashed line is "
        f"{fmt.percent(WANTED)}.",
    )


def assurance_sliders(study: Study, result: NextTrial | None) -> Figure | Prose:
    """Draw the assurance with sliders for doubt, bias and the size of the next trial.

    The closed form is computed in the page, for a test that knows the standard deviation.
    """
    if result is None:
        return Prose("There is nothing to try out.")
    z = float(stats.norm.isf(study.alpha / 2))
    most = int(min(MOST_SLIDER, result.curve["n"].max()))
    arms = result.start[["treated", "estimate", "std_error", "sd"]]
    x = alt.X(
        "n:Q",
        title="Patients analysed in each arm",
        scale=alt.Scale(domain=[0, most], nice=False),
    )
    y = alt.Y(
        "success:Q",
        title="Probability of success",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", tickCount=5),
    )
    colour = alt.Color(
        "treated:N",
        scale=theme.arm_scale(study.arms),
        title=None,
        legend=alt.Legend(values=list(arms["treated"])) if len(arms) > 1 else None,
    )
    tooltip = [
        alt.Tooltip("treated:N", title="Arm"),
        alt.Tooltip("n:Q", title="Patients an arm", format=",.0f"),
        alt.Tooltip("success:Q", title="Success", format=".0%"),
    ]
    grid = pd.DataFrame({"n": sorted({*range(LEAST, most + 1, max(1, most // 150)), most})})
    along = alt.Chart(arms.merge(grid, how="cross")).transform_calculate(
        success=chance(ROW, "datum.n", z)
    )
    here = alt.Chart(arms).transform_calculate(n="patients")
    chosen = here.transform_calculate(success=chance(ROW, "datum.n", z))
    ceiling = alt.Chart(arms).transform_calculate(success=limit(ROW))
    marks = {"y": y, "color": colour}
    layers = [
        ceiling.mark_rule(strokeDash=[4, 3]).encode(**marks),
        here.mark_rule(strokeDash=[2, 2]).encode(x=x),
        along.mark_line(strokeWidth=2.5).encode(x=x, tooltip=tooltip, **marks),
        chosen.mark_point(filled=True, size=110, opacity=1).encode(x=x, tooltip=tooltip, **marks),
    ]
    chart = alt.layer(*layers).properties(height=280).add_params(*_settings(result, most))
    return Figure(
        chart,
        "Probability that the next trial succeeds over its size, for a weight of scepticism, a "
        "bias and a size that the reader sets.",
        "A sceptic whose weight is a half counts like a trial of the same size that found nothing. "
        "The point is the size chosen; the dashed line is the most that any size can promise.",
        readout=_readout(result, z),
    )


def chance(row: Mapping[str, object], n: str, z: float) -> str:
    """Write the closed form of the assurance as a Vega expression.

    Parameters
    ----------
    row : Mapping
        ``estimate``, ``std_error`` and ``sd``, as numbers or expressions.
    n : str
        Expression of the patients in each arm.
    z : float
        Critical value.

    Returns
    -------
    str
        Phi((m - z r) / sqrt(r^2 + s^2)) in which the signal ``leaning`` is taken off the mean and
        the signal ``doubt``, the sceptic's share of all information, draws it to 0.
    """
    error = f"({row['sd']} * sqrt(2 / ({n})))"
    spread = f"sqrt(pow({error}, 2) + (1 - doubt) * pow({row['std_error']}, 2))"
    return f"cumulativeNormal(({_mean(row)} - {z:.10g} * {error}) / {spread})"


def limit(row: Mapping[str, object]) -> str:
    """Write the probability of an effect above 0 as a Vega expression; see `chance`."""
    return f"cumulativeNormal({_mean(row)} / (sqrt(1 - doubt) * {row['std_error']}))"


def _mean(row: Mapping[str, object]) -> str:
    return f"((1 - doubt) * ({row['estimate']} - leaning))"


def _settings(result: NextTrial, most: int) -> list[alt.Parameter]:
    start = result.start
    unit = f" ({result.unit})" if result.unit else ""
    step = round_step(float(start["sd"].max()) / 50)
    patients = max(LEAST, int(start[["n_treated", "n_control"]].to_numpy().mean()))
    return [
        slider(
            "doubt",
            "Weight of a sceptic (0: none; 0.5: as much as the trial)",
            0.0,
            0.0,
            MOST_DOUBT,
            0.05,
        ),
        slider(
            "leaning",
            f"Bias in favour of treatment{unit}",
            0.0,
            0.0,
            float(start["sd"].max()),
            step,
        ),
        slider("patients", "Patients analysed in each arm", min(patients, most), LEAST, most, 1),
    ]


def _readout(result: NextTrial, z: float) -> str:
    """Write the sentence under the sliders."""
    several = len(result.start) > 1
    parts = []
    for row in result.start.to_dict("records"):
        now = f"format({chance(row, 'patients', z)}, '.0%')"
        end = f"format({limit(row)}, '.0%')"
        who = f"{row['treated']}: " if several else ""
        words = f"'{_quoted(who)}probability of success ' + {now} + ', with ever more ' + {end}"
        parts.append(words)
    told = " + '; ' + ".join(parts)
    return f"'With ' + format(patients, ',') + ' patients in each arm: ' + {told} + '.'"


def _quoted(words: str) -> str:
    return words.replace("\\", "\\\\").replace("'", "\\'")


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    state = frame["less_bias"].map({False: AS_MEASURED, True: LESS_BIAS})
    return frame.assign(state=state)


def _who(row: dict[str, object], several: bool) -> str:
    words = f"{row['belief']}, {str(row['state']).lower()}"
    return f"{row['treated']}, {words.lower()}" if several else words
