"""A flow diagram of boxes and arrows as SVG: side by side where there is room, else stacked."""

import html
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from alsutils.display.output import RESULTS_MIME
from alsutils.stats.tidy import RESULT_COLUMNS, result_frame

FONT_SIZE = 14  # pixels
LINE_HEIGHT = 19
PADDING = 9
GAP = 28  # between boxes, room for an arrow and the name of a stage
GUTTER = 18  # between columns
WIDE, NARROW = 740, 350
NARROW_BELOW = 680  # pixels of the window
MOST_ABREAST = 4  # columns beside each other; more stand in a further row of columns
BUS = 8  # where the line to further columns runs down, from the left

_INDENT = 24  # of columns that the line passes on its way
_ARROW_HEAD = 5
_BOLD = 1.12  # width of bold letters to that of others
# Widths in units of the font size, those of a wide face (DejaVu Sans), so that words stay inside.
_WIDTHS = {
    **dict.fromkeys("il.,:;'|!jI ·", 0.35),
    **dict.fromkeys("ftr()[]-/", 0.43),
    **dict.fromkeys("mMWw@%", 0.97),
}
_CAPITAL, _LETTER, _FULL = 0.70, 0.63, 1.0
FLOW_STYLE = (
    ".als-flow svg{display:block;width:100%;height:auto;margin:0 auto;direction:ltr}"
    ".als-flow text{unicode-bidi:plaintext}"
    f".als-flow .als-flow-wide{{max-width:{WIDE}px}}"
    f".als-flow .als-flow-narrow{{display:none;max-width:{NARROW}px}}"
    f"@media (max-width:{NARROW_BELOW}px){{.als-flow .als-flow-wide{{display:none}}"
    ".als-flow .als-flow-narrow{display:block}}"
    "@media print{.als-flow{color:#000;break-inside:avoid}}"
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
    stages : tuple of str
        Names of the columns' rows of boxes, written above them where columns stand abreast.
    """

    trunk: tuple[Box, ...]
    aside: Box | None
    columns: tuple[tuple[Box, ...], ...]
    description: str
    caption: str = ""
    results: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*RESULT_COLUMNS]))
    stages: tuple[str, ...] = ()

    def to_svg(self, narrow: bool = False) -> str:
        """Draw the diagram: columns beside each other, or all boxes under each other.

        Lines and letters take the colour of the text around them, so that it is right on light
        and dark pages. Words of scripts that run from right to left stand at the right of a box.
        """
        canvas = Canvas()
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
            f'<figure class="als-figure"><style>{FLOW_STYLE}</style>'
            f'<div class="als-flow" role="img" aria-label="{words}">'
            f"{self.to_svg()}{self.to_svg(narrow=True)}</div>{caption}</figure>"
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/html": self.to_html(), "text/plain": self.description}
        if not self.results.empty:
            rows = result_frame(self.results).astype(object)
            bundle[RESULTS_MIME] = rows.where(rows.notna(), None).to_dict("records")
        return bundle

    def _draw_wide(self, canvas: "Canvas") -> None:
        trunk_width = 0.42 * WIDE
        left = (WIDE - trunk_width) / 2
        middle = WIDE / 2
        top = 1.0
        for i, box in enumerate(self.trunk):
            bottom = canvas.box(box, left, top, trunk_width)
            if i == 0 and self.aside is not None:
                start = left + trunk_width + GUTTER
                level = bottom + GAP / 2
                height = box_height(self.aside, WIDE - start - 1)
                # A tall box hangs down from its arrow, so that it never rises over the page.
                upper = max(1.0, level - height / 2)
                canvas.box(self.aside, start, upper, WIDE - start - 1)
                canvas.arrow([(middle, level), (start, level)])
                gap = max(GAP, upper + height - bottom + GAP / 2)
            else:
                gap = GAP
            if i + 1 < len(self.trunk):
                canvas.arrow([(middle, bottom), (middle, bottom + gap)])
                top = bottom + gap
        self._draw_rows_of_columns(canvas, bottom)

    def _draw_rows_of_columns(self, canvas: "Canvas", start: float) -> None:
        """Draw the columns, as many abreast as there is room for, the others below them."""
        count = len(self.columns)
        rows = -(-count // MOST_ABREAST)
        abreast = -(-count // rows)
        margin = 1 if rows == 1 else _INDENT
        # Where a line passes to the left, it keeps clear of the stages' names.
        lead = GAP if rows == 1 else GAP + 12
        fork, top = start + GAP / 2, start + lead
        canvas.line([(WIDE / 2, start), (WIDE / 2, fork)])
        source = WIDE / 2
        for first in range(0, count, abreast):
            columns = self.columns[first : first + abreast]
            bottom = self._draw_columns(canvas, columns, (source, fork), top, (margin, abreast))
            if first + abreast < count:
                below = bottom + GAP / 2
                canvas.line([(source, fork), (BUS, fork), (BUS, below)])
                source, fork, top = BUS, below, bottom + lead

    def _draw_columns(
        self,
        canvas: "Canvas",
        columns: tuple[tuple[Box, ...], ...],
        source: tuple[float, float],
        top: float,
        room: tuple[float, int],
    ) -> float:
        """Draw columns abreast, fed from a point above them, and give their lower edge.

        ``room`` is the free space at the left and how many columns it is cut for.
        """
        margin, abreast = room
        width = (WIDE - margin - 1 - GUTTER * (abreast - 1)) / abreast
        centres = [margin + width / 2 + i * (width + GUTTER) for i in range(len(columns))]
        ends = [source[0], *centres]
        canvas.line([(min(ends), source[1]), (max(ends), source[1])])
        for centre in centres:
            canvas.arrow([(centre, source[1]), (centre, top)])
        for row in range(len(columns[0])):
            boxes = [column[row] for column in columns]
            height = max(box_height(box, width) for box in boxes)
            if row < len(self.stages):
                canvas.stage(self.stages[row], margin, top - 6)
            for box, centre in zip(boxes, centres, strict=True):
                canvas.box(box, centre - width / 2, top, width, height)
                if row + 1 < len(columns[0]):
                    canvas.arrow([(centre, top + height), (centre, top + height + GAP)])
            bottom = top + height
            top = bottom + GAP
        return bottom

    def _draw_narrow(self, canvas: "Canvas") -> None:
        inside = NARROW - 2
        middle, top = NARROW / 2, 1.0
        first, *rest = self.trunk
        trunk = [first, *([self.aside] if self.aside else []), *rest]
        indent = 40
        for i, box in enumerate(trunk):
            if box is self.aside:
                height = box_height(box, inside - indent)
                canvas.box(box, 1 + indent, top, inside - indent)
                canvas.arrow([(20, top - GAP), (20, top + height / 2), (41, top + height / 2)])
                canvas.arrow([(20, top + height / 2), (20, top + height + GAP)])
                top += height + GAP
            else:
                top = canvas.box(box, 1, top, inside) + GAP
                if i + 1 < len(trunk) and trunk[i + 1] is not self.aside:
                    canvas.arrow([(middle, top - GAP), (middle, top)])
        start, centre = top - GAP, (NARROW + _INDENT) / 2
        for column in self.columns:
            entry = top + box_height(column[0], inside - _INDENT) / 2
            canvas.line([(BUS, start), (BUS, entry)])
            canvas.arrow([(BUS, entry), (1 + _INDENT, entry)])
            start = entry
            for i, box in enumerate(column):
                if i:
                    canvas.arrow([(centre, top - GAP), (centre, top)])
                top = canvas.box(box, 1 + _INDENT, top, inside - _INDENT) + GAP


class Canvas:
    """Pieces of SVG, and how far down they reach.

    Attributes
    ----------
    parts : list of str
        Elements in the order in which they are drawn.
    bottom : float
        The lowest point drawn to.
    """

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.bottom = 0.0

    def box(
        self, box: Box, left: float, top: float, width: float, height: float | None = None
    ) -> float:
        """Draw a box and give its lower edge."""
        height = box_height(box, width) if height is None else height
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
            x, anchor = left + PADDING + 3, ""
            if _runs_leftwards(words):
                x, anchor = left + width - PADDING, ' text-anchor="end"'
            self.parts.append(
                f'<text x="{x:g}" y="{baseline:g}"{weight}{anchor}>{html.escape(words)}</text>'
            )
            baseline += LINE_HEIGHT
        self.bottom = max(self.bottom, top + height)
        return top + height

    def stage(self, name: str, left: float, baseline: float) -> None:
        """Write the name of a stage above its row of boxes."""
        self.parts.append(
            f'<text x="{left:g}" y="{baseline:g}" font-size="{FONT_SIZE - 2}" '
            f'fill-opacity="0.75">{html.escape(name)}</text>'
        )

    def line(self, points: Sequence[tuple[float, float]]) -> None:
        """Draw a line through points."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self.parts.append(
            f'<polyline points="{path}" fill="none" stroke="currentColor" stroke-opacity="0.55"/>'
        )

    def arrow(self, points: Sequence[tuple[float, float]]) -> None:
        """Draw a line through points with a head at its end."""
        (_, y0), (x1, y1) = points[-2], points[-1]
        h = _ARROW_HEAD
        if y0 == y1:
            head = f"{x1:g},{y1:g} {x1 - h:g},{y1 - h:g} {x1 - h:g},{y1 + h:g}"
        else:
            head = f"{x1:g},{y1:g} {x1 - h:g},{y1 - h:g} {x1 + h:g},{y1 - h:g}"
        self.line(points)
        self.parts.append(f'<polygon points="{head}" fill="currentColor" fill-opacity="0.7"/>')
        self.bottom = max(self.bottom, y1)


def text_width(words: str, bold: bool = False) -> float:
    """Estimate how wide words are at the diagram's size, rather too much than too little.

    Parameters
    ----------
    words : str
        Of any script; letters of East Asian scripts take a full square.
    bold : bool
        Whether they are in bold.

    Returns
    -------
    float
        Pixels.
    """
    total = 0.0
    for letter in words:
        if unicodedata.combining(letter):
            continue
        if letter in _WIDTHS:
            total += _WIDTHS[letter]
        elif unicodedata.east_asian_width(letter) in "WF":
            total += _FULL
        else:
            total += _CAPITAL if letter.isupper() else _LETTER
    return total * FONT_SIZE * (_BOLD if bold else 1)


def _lines(box: Box, width: float) -> Iterator[tuple[str, bool]]:
    """Break a box's words into lines that fit, each with whether it is bold."""
    room = width - 2 * PADDING - 3
    for words in _broken(box.title, room, True):
        yield words, True
    for line in box.lines:
        for words in _broken(line, room, False):
            yield words, False


def _broken(words: str, room: float, bold: bool) -> Iterator[str]:
    """Break words into lines; a word that fits into no line is cut. Lines but the first step in."""
    line, indent = "", ""
    for word in words.split():
        joined = f"{line} {word}" if line.strip("\u2007") else line + word
        if text_width(joined, bold) <= room:
            line = joined
            continue
        if line.strip("\u2007"):
            yield line
            indent = "" if bold else "\u2007"
            line = indent
        for letter in word:
            if text_width(line + letter, bold) > room and line != indent:
                yield line
                indent = "" if bold else "\u2007"
                line = indent
            line += letter
    yield line


def _runs_leftwards(words: str) -> bool:
    """Say whether the first letter with a direction is of a script that runs to the left."""
    for letter in words:
        direction = unicodedata.bidirectional(letter)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def box_height(box: Box, width: float) -> float:
    """Give the height of a box of a width, whose lines are broken to fit."""
    return 2 * PADDING + LINE_HEIGHT * sum(1 for _ in _lines(box, width))
