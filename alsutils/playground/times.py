"""What a horizon and a group that had to live to exist do to times to an event."""

import math

import altair as alt

from alsutils.display import Figure, theme
from alsutils.display.sliders import slider

MEAN_TIME = 30.0  # months without the event, under control
DELAY, LATER_MEAN = 6.0, 60.0  # months until the treatment works, and the mean time from then
END = 60.0
IMMORTAL_MEAN = 20.0
RESPOND = 0.4  # share of those alive who are called responders
SEEN_AT = 24.0
_HEIGHT = 260
_SHARE = alt.Axis(format="%")


def horizon() -> Figure:
    """Draw the mean time gained within a horizon that a slider sets.

    Returns
    -------
    Figure
        Two curves, of a treatment that works after a delay, with the area between them.
    """
    control = f"exp(-datum.time / {MEAN_TIME:g})"
    held = math.exp(-DELAY / MEAN_TIME)
    late = f"{held:.10g} * exp(-(datum.time - {DELAY:g}) / {LATER_MEAN:g})"
    times = alt.Chart(alt.sequence(0, END + 0.1, 0.5, as_="time")).transform_calculate(
        control=control, treated=f"datum.time <= {DELAY:g} ? {control} : {late}"
    )
    x = alt.X("time:Q", title="Months", scale=alt.Scale(domain=[0, END]))
    y = alt.Y("share:Q", title="Without the event", scale=alt.Scale(domain=[0, 1]), axis=_SHARE)
    words = ["Treated", "Control"]
    folded = times.transform_fold(["treated", "control"], as_=["key", "share"])
    lines = folded.transform_calculate(arm="datum.key === 'treated' ? 'Treated' : 'Control'")
    lines = lines.mark_line(strokeWidth=2.5).encode(
        x=x,
        y=y,
        color=alt.Color(
            "arm:N",
            title=None,
            scale=alt.Scale(domain=words, range=[theme.ACCENT, theme.CONTROL]),
            legend=alt.Legend(symbolType="stroke", symbolSize=300),
        ),
    )
    between = times.transform_filter("datum.time <= until").mark_area(
        opacity=0.25, color=theme.ACCENT
    )
    chart = alt.layer(between.encode(x=x, y=alt.Y("control:Q"), y2="treated:Q"), lines)
    chart = chart.add_params(slider("until", "Horizon (months)", 24, 1, END, 1))
    under_control = f"{MEAN_TIME:g} * (1 - exp(-until / {MEAN_TIME:g}))"
    first = MEAN_TIME * (1 - held)
    then = f"{held * LATER_MEAN:.10g} * (1 - exp(-(until - {DELAY:g}) / {LATER_MEAN:g}))"
    treated = f"(until <= {DELAY:g} ? {under_control} : {first:.10g} + {then})"
    return Figure(
        chart.properties(height=_HEIGHT),
        "Share without the event over five years, with the area between the curves up to the "
        f"horizon. The curves are one for {DELAY:g} months and then part.",
        "The shaded area is the time gained. Try it: within half a year nothing is gained; the "
        "longer one looks, the more. A mean time within a horizon means nothing without it.",
        readout=(
            "'Within ' + until + (until == 1 ? ' month' : ' months') + ', a treated patient has on "
            f"average ' + format({treated}, '.1f') + ' months without the event, a control ' "
            f"+ format({under_control}, '.1f') + ': ' + format({treated} - {under_control}, '.1f') "
            "+ ' gained.'"
        ),
    )


def immortal_time() -> Figure:
    """Draw the curves of responders and others, counted from the first day, where nothing works.

    Returns
    -------
    Figure
        A slider sets the month at which responders are told from others.
    """
    alive = f"exp(-known / {IMMORTAL_MEAN:g})"
    others = f"(1 - {RESPOND:g} * {alive})"
    now = f"exp(-datum.time / {IMMORTAL_MEAN:g})"
    responders = f"datum.time <= known ? 1 : exp(-(datum.time - known) / {IMMORTAL_MEAN:g})"
    rest = (
        f"datum.time <= known ? ({now} - {RESPOND:g} * {alive}) / {others} "
        f": {1 - RESPOND:g} * {now} / {others}"
    )
    words = ["Responders", "All others"]
    lines = (
        alt.Chart(alt.sequence(0, 48.1, 0.5, as_="time"))
        .transform_calculate(responders=responders, rest=rest)
        .transform_fold(["responders", "rest"], as_=["key", "share"])
        .transform_calculate(group="datum.key === 'responders' ? 'Responders' : 'All others'")
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("time:Q", title="Months from the first day", scale=alt.Scale(domain=[0, 48])),
            y=alt.Y("share:Q", title="Alive", scale=alt.Scale(domain=[0, 1]), axis=_SHARE),
            color=alt.Color(
                "group:N",
                title=None,
                scale=alt.Scale(domain=words, range=[theme.ACCENT, theme.CONTROL]),
                legend=alt.Legend(symbolType="stroke", symbolSize=300),
            ),
        )
    )
    chart = lines.add_params(slider("known", "Responders are known at month", 6, 0, 18, 0.5))
    late = f"exp(-({SEEN_AT:g} - known) / {IMMORTAL_MEAN:g})"
    left = f"{1 - RESPOND:g} * {math.exp(-SEEN_AT / IMMORTAL_MEAN):.10g} / {others}"
    return Figure(
        chart.properties(height=_HEIGHT),
        "Share alive of responders and of all others, counted from the first day. Nobody's "
        "survival depends on responding; responders had to live until they could be told.",
        f"{RESPOND:.0%} of those alive are called responders, by lot. Try it: known from the first "
        "day, the curves are one. The later they are known, the further apart the curves. Counted "
        "from the month at which they are known, they are one again.",
        readout=(
            f"'At month {SEEN_AT:g}, ' + format({late}, '.0%') + ' of responders and ' "
            f"+ format({left}, '.0%') + ' of all others are alive, although nothing works. Counted "
            f"from month ' + known + ', both are at ' + format({late}, '.0%') + '.'"
        ),
    )
