"""Colours and the look of charts, for light and dark pages alike."""

from collections.abc import Sequence
from typing import Any, Literal

import altair as alt

Mode = Literal["light", "dark"]

# Okabe and Ito's colours (2008), told apart by every kind of colour vision; these hold a contrast
# of 3:1 on white and on the dark page. The control is a neutral grey, treated arms are coloured.
CONTROL = "#7f868c"
TREATED = ("#0c8ad6", "#d55e00", "#009e73", "#b8679a", "#8a7a00", "#5b78c9")
BETTER, WORSE = "#009e73", "#d55e00"
ACCENT = TREATED[0]
SERIES = (*TREATED, CONTROL)
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif"

_INK = {"light": "#24292f", "dark": "#d8dee4"}
_SOFT = {"light": "#57606a", "dark": "#a5afb9"}
_GRID = {"light": "#e1e4e8", "dark": "#3a424b"}


def vega_config(mode: Mode) -> dict[str, Any]:
    """Give Vega-Lite's config for one colour mode; the background is the page's own.

    Parameters
    ----------
    mode : {"light", "dark"}
        The page's colour mode.

    Returns
    -------
    dict
        A Vega-Lite ``config`` object.
    """
    ink, soft, grid = _INK[mode], _SOFT[mode], _GRID[mode]
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": ink,
            "titleColor": ink,
            "domainColor": soft,
            "tickColor": soft,
            "gridColor": grid,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "labelLimit": 260,
            "titlePadding": 8,
        },
        "legend": {
            "labelColor": ink,
            "titleColor": ink,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "orient": "top",
            "labelLimit": 260,
            "symbolStrokeWidth": 2,
        },
        "header": {
            "labelColor": ink,
            "titleColor": ink,
            "labelFontSize": 12,
            "labelFontWeight": "bold",
            "titleFontSize": 12,
        },
        "title": {"color": ink, "subtitleColor": soft, "fontSize": 13, "anchor": "start"},
        "text": {"color": ink, "fontSize": 12},
        "rule": {"color": soft},
        "range": {"category": list(SERIES)},
    }


def arm_scale(arms: Sequence[str]) -> alt.Scale:
    """Colour the arms: the control grey, the others in the fixed order of the palette.

    Parameters
    ----------
    arms : sequence of str
        Labels of all the arms, the control first.

    Returns
    -------
    altair.Scale
        For ``alt.Color(..., scale=arm_scale(study.arms))``.
    """
    colours = [CONTROL, *(TREATED[i % len(TREATED)] for i in range(len(arms) - 1))]
    return alt.Scale(domain=list(arms), range=colours)
