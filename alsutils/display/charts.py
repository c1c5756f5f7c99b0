"""Building blocks of charts, shared by the wings."""

import itertools
from collections.abc import Sequence
from typing import Literal

import altair as alt
import pandas as pd

from alsutils.display import theme

Chart = alt.LayerChart | alt.FacetChart

ROW_HEIGHT = 26
CLOSE = 14  # pixels between estimates of one row


def forest(
    frame: pd.DataFrame,
    label: str,
    axis_title: str,
    reference: float = 0,
    colour: alt.Color | None = None,
    log: bool = False,
    row: str | None = None,
    digits: int = 2,
    within: str | None = None,
    domain: tuple[float, float] | None = None,
) -> Chart:
    """Draw estimates with their intervals, one a row, around a line of no difference.

    Parameters
    ----------
    frame : DataFrame
        Columns ``estimate``, ``conf_low``, ``conf_high``, and those named by ``label`` and ``row``;
        rows in the order in which they are drawn.
    label : str
        Column with the words beside each row.
    axis_title : str
        What the axis measures and which side favours whom.
    reference : float
        Where there is no difference: 0 for differences, 1 for ratios.
    colour : altair.Color or None
        Colour by a column; one colour where None.
    log : bool
        Logarithmic axis, for ratios.
    row : str or None
        Column that splits the rows into panels, one below the other.
    digits : int
        Decimals in the tooltip.
    within : str or None
        Column that tells the estimates of one row apart, such as the arm; they lie close below
        each other.
    domain : tuple of float or None
        Ends of the axis; those of the intervals where None.

    Returns
    -------
    altair chart
        Without theme; show it in a Figure.
    """
    scale = alt.Scale(type="log", nice=False, padding=8) if log else alt.Scale(zero=False)
    if domain is not None:
        scale = alt.Scale(domain=list(domain), nice=False)
    axis = alt.Axis(values=_ratio_ticks(frame), format="~r") if log else alt.Axis()
    order = list(dict.fromkeys(frame[label]))
    y = alt.Y(
        f"{label}:N",
        sort=order,
        title=None,
        axis=alt.Axis(grid=False, ticks=False, domain=False, labelPadding=8),
    )
    paint = colour if colour is not None else alt.value(theme.ACCENT)
    number = f",.{digits}f"
    tooltip = [
        alt.Tooltip(f"{label}:N", title=" "),
        alt.Tooltip("estimate:Q", title="Estimate", format=number),
        alt.Tooltip("conf_low:Q", title="Lower limit", format=number),
        alt.Tooltip("conf_high:Q", title="Upper limit", format=number),
    ]
    base = alt.Chart(frame).encode(y=y, tooltip=tooltip)
    height = alt.Step(ROW_HEIGHT)
    if within is not None:
        beside = list(dict.fromkeys(frame[within]))
        tooltip.insert(1, alt.Tooltip(f"{within}:N", title=" "))
        base = base.encode(yOffset=alt.YOffset(f"{within}:N", sort=beside), tooltip=tooltip)
        height = alt.Step(CLOSE, **{"for": "offset"})
    span = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("conf_low:Q", title=axis_title, scale=scale, axis=axis),
        x2="conf_high:Q",
        color=paint,
    )
    point = base.mark_point(filled=True, size=80, opacity=1).encode(x="estimate:Q", color=paint)
    line = alt.Chart(frame.head(1) if row is None else frame).mark_rule(strokeDash=[4, 3])
    line = line.encode(x=alt.datum(reference))
    chart = alt.layer(line, span, point).properties(height=height)
    if row is None:
        return chart
    panels = list(dict.fromkeys(frame[row]))
    header = alt.Header(labelAngle=0, labelAlign="left", labelOrient="top", labelAnchor="start")
    return chart.facet(
        row=alt.Row(f"{row}:N", sort=panels, title=None, header=header), spacing=14
    ).resolve_scale(y="independent")


def _ratio_ticks(frame: pd.DataFrame) -> list[float]:
    """Choose round ratios within the intervals, so that a log axis has labels near 1."""
    low, high = frame["conf_low"].min(), frame["conf_high"].max()
    close = [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.6, 1.8, 2]
    wide = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]
    ladder = close if low >= 0.45 and high <= 2.2 else wide
    return [tick for tick in ladder if low <= tick <= high]


def profile(
    frame: pd.DataFrame,
    arms: Sequence[str],
    x_title: str,
    y_title: str,
    zero_line: bool = False,
) -> Chart:
    """Draw a mean with its interval over visits, a line an arm.

    Parameters
    ----------
    frame : DataFrame
        Columns ``arm``, ``visit`` (number), ``mean``, ``conf_low``, ``conf_high`` and ``n``.
    arms : sequence of str
        All arms, the control first.
    x_title, y_title : str
        What the axes measure.
    zero_line : bool
        Draw the line of no change.

    Returns
    -------
    altair.LayerChart
        Intervals stand beside each other, so that no arm hides another.
    """
    visits = sorted(frame["visit"].unique())
    gaps = [later - earlier for earlier, later in itertools.pairwise(visits)]
    nudge = 0.12 * min(gaps, default=1)
    middle = (len(arms) - 1) / 2
    shift = {arm: (i - middle) * nudge for i, arm in enumerate(arms)}
    placed = frame.assign(at=frame["visit"] + frame["arm"].astype("str").map(shift).astype(float))
    colour = alt.Color("arm:N", scale=theme.arm_scale(arms), title=None)
    # The arms of a single visit would else be spread over the whole width.
    alone = alt.Scale(domain=[visits[0] - 1, visits[0] + 1]) if not gaps else alt.Undefined
    axis = alt.Axis(values=visits, format="~g", grid=False)
    base = alt.Chart(placed).encode(
        x=alt.X("at:Q", title=x_title, axis=axis, scale=alone),
        color=colour,
        tooltip=[
            alt.Tooltip("arm:N", title="Arm"),
            alt.Tooltip("visit:Q", title=x_title),
            alt.Tooltip("n:Q", title="Patients"),
            alt.Tooltip("mean:Q", title="Mean", format=".2f"),
            alt.Tooltip("conf_low:Q", title="Lower limit", format=".2f"),
            alt.Tooltip("conf_high:Q", title="Upper limit", format=".2f"),
        ],
    )
    y = alt.Y("mean:Q", title=y_title, scale=alt.Scale(zero=False))
    line = base.mark_line(strokeWidth=2).encode(y=y)
    span = base.mark_rule(strokeWidth=1.5).encode(
        y=alt.Y("conf_low:Q", title=y_title), y2="conf_high:Q"
    )
    point = base.mark_point(filled=True, size=60, opacity=1).encode(y=y)
    layers = [line, span, point]
    if zero_line:
        zero = alt.Chart(placed.head(1)).mark_rule(strokeDash=[4, 3]).encode(y=alt.datum(0))
        layers.insert(0, zero)
    return alt.layer(*layers).properties(height=320)


def steps(
    frame: pd.DataFrame,
    arms: Sequence[str],
    x_title: str,
    y_title: str,
    ticks: Sequence[float] = (),
    *,
    sparse: bool = False,
) -> Chart:
    """Draw step curves with interval bands and censoring marks, a curve an arm.

    Parameters
    ----------
    frame : DataFrame
        Columns ``arm``, ``time``, ``estimate``, ``conf_low``, ``conf_high`` (shares), ``at_risk``
        and ``censored`` (number censored at that time).
    arms : sequence of str
        All arms, the control first.
    x_title, y_title : str
        What the axes measure.
    ticks : sequence of float
        Times that the axis names; round ones of its own choice where empty.
    sparse : bool
        The curve is known at some times only: points are drawn, joined by straight lines.

    Returns
    -------
    altair.LayerChart
        Shares from 0 to 1.
    """
    marked = alt.Axis(values=list(ticks), labelOverlap=False) if len(ticks) else alt.Axis()
    x = alt.X("time:Q", title=x_title, scale=alt.Scale(nice=False), axis=marked)
    scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(format="%")
    # The bands are faint; the key is not.
    key = alt.Legend(symbolOpacity=1)
    colour = alt.Color("arm:N", scale=theme.arm_scale(arms), title=None, legend=key)
    tooltip = [
        alt.Tooltip("arm:N", title="Arm"),
        alt.Tooltip("time:Q", title=x_title, format=".1f"),
        alt.Tooltip("estimate:Q", title=y_title, format=".0%"),
        alt.Tooltip("conf_low:Q", title="Lower limit", format=".0%"),
        alt.Tooltip("conf_high:Q", title="Upper limit", format=".0%"),
        alt.Tooltip("at_risk:Q", title="At risk"),
    ]
    base = alt.Chart(frame).encode(x=x, color=colour)
    join: Literal["linear", "step-after"] = "linear" if sparse else "step-after"
    y = alt.Y("estimate:Q", title=y_title, scale=scale, axis=axis)
    band = base.mark_area(interpolate=join, opacity=0.15).encode(
        y=alt.Y("conf_low:Q", title=y_title, scale=scale, axis=axis), y2="conf_high:Q"
    )
    curve = base.mark_line(interpolate=join, strokeWidth=2).encode(y=y)
    tick = (
        base.transform_filter("datum.censored > 0")
        .mark_tick(thickness=1.5, size=10, orient="vertical")
        .encode(y=y, tooltip=tooltip)
    )
    dots = base.mark_point(filled=True, opacity=int(sparse), size=40 if sparse else 120)
    target = dots.encode(y=y, tooltip=tooltip)
    return alt.layer(band, curve, tick, target).properties(height=340)
