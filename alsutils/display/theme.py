"""Colours and the look of charts, for light and dark pages alike."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import altair as alt

Mode = Literal["light", "dark"]

# Okabe and Ito's colours (2008), told apart by every kind of colour vision; these hold a contrast
# of 3:1 on white and on the dark page. The control is a neutral grey, treated arms are coloured.
CONTROL = "#7f868c"
TREATED = ("#0c8ad6", "#d55e00", "#009e73", "#b8679a", "#8a7a00", "#5b78c9")
BETTER, WORSE = "#009e73", "#d55e00"
ACCENT = TREATED[0]
SERIES = (*TREATED, CONTROL)
# Each colour has a shape, a dash and a shade of its own: nothing hangs on seeing colours.
SHAPES = dict(
    zip(
        SERIES,
        ("circle", "triangle-up", "square", "cross", "triangle-down", "triangle-left", "diamond"),
        strict=True,
    )
)
DASHES = dict(
    zip(
        SERIES,
        ([1, 0], [9, 4], [2, 3], [9, 3, 2, 3], [9, 2, 2, 2, 2, 2], [16, 3], [5, 3]),
        strict=True,
    )
)
SHADES = dict(zip(SERIES, (1, 0.4, 0.6, 0.15, 0.8, 0.5, 0.25), strict=True))
WIDTHS = dict(zip(SERIES, (2.4, 3.6, 1.8, 4.2, 3, 4.8, 1.2), strict=True))
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


def arm_scale(arms: Sequence[str]) -> "alt.Scale":
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
    import altair as alt

    colours = [CONTROL, *(TREATED[i % len(TREATED)] for i in range(len(arms) - 1))]
    return alt.Scale(domain=list(arms), range=colours)


def arm_shapes(arms: Sequence[str]) -> "alt.Scale":
    """Give the arms the shapes of their colours, where colour has another meaning.

    Parameters
    ----------
    arms : sequence of str
        Labels of all the arms, the control first.

    Returns
    -------
    altair.Scale
        For ``alt.Shape(..., scale=arm_shapes(study.arms))``.
    """
    import altair as alt

    shapes = companions(arm_scale(arms).to_dict()["range"], SHAPES)
    return alt.Scale(domain=list(arms), range=shapes)


def companions(colours: Sequence[str] | None, kinds: dict[str, Any]) -> list[Any]:
    """Give the shapes, dashes, shades or widths that go with colours.

    Parameters
    ----------
    colours : sequence of str or None
        The range of a scale; the palette where None.
    kinds : dict
        SHAPES, DASHES, SHADES or WIDTHS.

    Returns
    -------
    list
        One for each colour. A colour that comes again, or is not of the palette, gets one that is
        not in use, as long as there is one.
    """
    wanted = colours if isinstance(colours, list | tuple) else SERIES
    free = [kinds[colour] for colour in SERIES if colour not in wanted]
    given: list[Any] = []
    for place, colour in enumerate(wanted):
        kind = kinds.get(colour)
        if kind is None or kind in given:
            kind = free.pop(0) if free else list(kinds.values())[place % len(kinds)]
        given.append(kind)
    return given


def see_through(colour: str, share: float) -> str:
    """Give a colour that lets the page through.

    Parameters
    ----------
    colour : str
        Of the form ``#rrggbb``.
    share : float
        How much of the colour is left, from 0 to 1.

    Returns
    -------
    str
        The colour itself where all of it is left.

    Examples
    --------
    >>> see_through("#0c8ad6", 0.3)
    'rgba(12,138,214,0.3)'
    """
    if share >= 1:
        return colour
    parts = [str(int(colour[i : i + 2], 16)) for i in (1, 3, 5)]
    return f"rgba({','.join(parts)},{share:g})"
