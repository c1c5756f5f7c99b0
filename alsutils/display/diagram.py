"""A flow diagram of boxes and arrows as SVG: side by side where there is room, else stacked."""

import html
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from alsutils.display.output import RESULTS_MIME
from alsutils.stats.tidy import RESULT_COLUMNS, result_frame

FONT_SIZE = 14  # pixels
CHARACTER = 0.56  # mean width of a letter in units of the font size
LINE_HEIGHT = 19
PADDING = 9
GAP = 26  # between boxes, room for an arrow
GUTTER = 18  # between columns
WIDE, NARROW = 740, 350
NARROW_BELOW = 680  # pixels of the window

_ARROW_HEAD = 5
_STYLE = (
    ".als-flow svg{display:block;width:100%;height:auto;margin:0 auto}"
    f".als-flow .als-flow-wide{{max-width:{WIDE}px}}"
    f".als-flow .als-flow-narrow{{display:none;max-width:{NARROW}px}}"
    f"@media (max-width:{NARROW_BELOW}px){{.als-flow .als-flow-wide{{display:none}}"
    ".als-flow .als-flow-narrow{display:block}}"
)


@dataclass(frozen=True)
class Box:
    """One box of a flow diagram.

    Attributes
    ----------
    title : str
        Its first line, in bold.
    lines : tuple of str
        What else stands in it; long lines are broken.
    colour : str or None
        Colour of a bar at its left side, e.g. the arm's.
    """

    title: str
    lines: tuple[str, ...] = ()
    colour: str | None = None


@dataclass(frozen=True)
class FlowDiagram:
    """A trunk of boxes that splits into columns, with the words that replace and explain it.

    Attributes
    ----------
    trunk : tuple of Box
        From the top down.
    aside : Box or None
        Who leaves between the first and the last box of the trunk.
    columns : tuple of tuple of Box
        One column an arm, each with the same number of boxes.
    description : str
        What a reader who cannot see the diagram needs to know; read by screen readers.
    caption : str
        The line under the diagram.
    results : DataFrame
        Estimates that it shows, for the table of all results.
    """

    trunk: tuple[Box, ...]
    aside: Box | None
    columns: tuple[tuple[Box, ...], ...]
    description: str
    caption: str = ""
    results: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*RESULT_COLUMNS]))

    def to_svg(self, narrow: bool = False) -> str:
        """Draw the diagram: columns beside each other, or all boxes under each other.

        Lines and letters take the colour of the text around them, so that it is right on light
        and dark pages.
        """
        canvas = _Canvas()
        if narrow:
            self._draw_narrow(canvas)
        else:
            self._draw_wide(canvas)
        width, name = (NARROW, "narrow") if narrow else (WIDE, "wide")
        return (
            f'<svg class="als-flow-{name}" viewBox="0 0 {width} {canvas.bottom + 2:g}" '
            f'xmlns="http://www.w3.org/2000/svg" aria-hidden="true" focusable="false" '
            f'font-size="{FONT_SIZE}" fill="currentColor" stroke="none">'
            f"{''.join(canvas.parts)}</svg>"
        )

    def to_html(self) -> str:
        """Write the diagram as the site shows it, wide and narrow; the page's width chooses."""
        words = html.escape(self.description, quote=True)
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>" if self.caption else ""
        return (
            f'<figure class="als-figure"><style>{_STYLE}</style>'
            f'<div class="als-flow" role="img" aria-label="{words}">'
            f"{self.to_svg()}{self.to_svg(narrow=True)}</div>{caption}</figure>"
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/html": self.to_html(), "text/plain": self.description}
        if not self.results.empty:
            rows = result_frame(self.results).astype(object)
            bundle[RESULTS_MIME] = rows.where(rows.notna(), None).to_dict("records")
        return bundle

    def _draw_wide(self, canvas: "_Canvas") -> None:
        trunk_width = 0.42 * WIDE
        left = (WIDE - trunk_width) / 2
        middle = WIDE / 2
        top = 1.0
        for i, box in enumerate(self.trunk):
            bottom = canvas.box(box, left, top, trunk_width)
            if i == 0 and self.aside is not None:
                start = left + trunk_width + GUTTER
                level = bottom + GAP / 2
                height = _height(self.aside, WIDE - start - 1)
                canvas.box(self.aside, start, level - height / 2, WIDE - start - 1)
                canvas.arrow([(middle, level), (start, level)])
                gap = max(GAP, level + height / 2 - bottom + GAP / 2)
            else:
                gap = GAP
            if i + 1 < len(self.trunk):
                canvas.arrow([(middle, bottom), (middle, bottom + gap)])
                top = bottom + gap
        self._draw_columns(canvas, bottom)

    def _draw_columns(self, canvas: "_Canvas", start: float) -> None:
        count = len(self.columns)
        width = (WIDE - GUTTER * (count - 1) - 2) / count
        centres = [1 + width / 2 + i * (width + GUTTER) for i in range(count)]
        top, fork = start + GAP, start + GAP / 2
        for centre in centres:
            canvas.arrow([(WIDE / 2, start), (WIDE / 2, fork), (centre, fork), (centre, top)])
        for row in range(len(self.columns[0])):
            boxes = [column[row] for column in self.columns]
            height = max(_height(box, width) for box in boxes)
            for box, centre in zip(boxes, centres, strict=True):
                canvas.box(box, centre - width / 2, top, width, height)
                if row + 1 < len(self.columns[0]):
                    canvas.arrow([(centre, top + height), (centre, top + height + GAP)])
            top += height + GAP

    def _draw_narrow(self, canvas: "_Canvas") -> None:
        inside = NARROW - 2
        middle, top = NARROW / 2, 1.0
        first, *rest = self.trunk
        trunk = [first, *([self.aside] if self.aside else []), *rest]
        indent = 40
        for i, box in enumerate(trunk):
            if box is self.aside:
                height = _height(box, inside - indent)
                canvas.box(box, 1 + indent, top, inside - indent)
                canvas.arrow([(20, top - GAP), (20, top + height / 2), (41, top + height / 2)])
                canvas.arrow([(20, top + height / 2), (20, top + height + GAP)])
                top += height + GAP
            else:
                top = canvas.box(box, 1, top, inside) + GAP
                if i + 1 < len(trunk) and trunk[i + 1] is not self.aside:
                    canvas.arrow([(middle, top - GAP), (middle, top)])
        for column in self.columns:
            for i, box in enumerate(column):
                if i:
                    canvas.arrow([(middle, top - GAP), (middle, top)])
                top = canvas.box(box, 1, top, inside) + GAP


class _Canvas:
    """Pieces of SVG, and how far down they reach."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.bottom = 0.0

    def box(
        self, box: Box, left: float, top: float, width: float, height: float | None = None
    ) -> float:
        """Draw a box and give its lower edge."""
        height = _height(box, width) if height is None else height
        self.parts.append(
            f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="4" '
            'fill="none" stroke="currentColor" stroke-opacity="0.55"/>'
        )
        if box.colour:
            self.parts.append(
                f'<rect x="{left:g}" y="{top:g}" width="5" height="{height:g}" rx="2" '
                f'fill="{box.colour}"/>'
            )
        baseline = top + PADDING + FONT_SIZE
        for words, bold in _lines(box, width):
            weight = ' font-weight="600"' if bold else ""
            self.parts.append(
                f'<text x="{left + PADDING + 3:g}" y="{baseline:g}"{weight}>'
                f"{html.escape(words)}</text>"
            )
            baseline += LINE_HEIGHT
        self.bottom = max(self.bottom, top + height)
        return top + height

    def arrow(self, points: Sequence[tuple[float, float]]) -> None:
        """Draw a line through points with a head at its end."""
        (_, y0), (x1, y1) = points[-2], points[-1]
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        h = _ARROW_HEAD
        if y0 == y1:
            head = f"{x1:g},{y1:g} {x1 - h:g},{y1 - h:g} {x1 - h:g},{y1 + h:g}"
        else:
            head = f"{x1:g},{y1:g} {x1 - h:g},{y1 - h:g} {x1 + h:g},{y1 - h:g}"
        self.parts.append(
            f'<polyline points="{path}" fill="none" stroke="currentColor" stroke-opacity="0.55"/>'
            f'<polygon points="{head}" fill="currentColor" fill-opacity="0.7"/>'
        )
        self.bottom = max(self.bottom, y1)


def _lines(box: Box, width: float) -> Iterator[tuple[str, bool]]:
    """Break a box's words into lines that fit, each with whether it is bold."""
    room = (width - 2 * PADDING - 3) / (CHARACTER * FONT_SIZE)
    # Bold letters are wider.
    for words in textwrap.wrap(box.title, max(8, int(room / 1.06))):
        yield words, True
    for line in box.lines:
        for words in textwrap.wrap(line, max(8, int(room)), subsequent_indent="\u2007"):
            yield words, False


def _height(box: Box, width: float) -> float:
    return 2 * PADDING + LINE_HEIGHT * sum(1 for _ in _lines(box, width))
