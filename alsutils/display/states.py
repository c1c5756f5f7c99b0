"""States and the ways between them as SVG: a beginning, states on the way, and ends."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alsutils.display.diagram import (
    FLOW_STYLE,
    FONT_SIZE,
    GAP,
    GUTTER,
    NARROW,
    Box,
    Canvas,
    box_height,
)

WIDE = 600  # pixels
LANE = 34  # at the left, for the way from the beginning straight to an end


@dataclass(frozen=True)
class StateDiagram:
    """A multi-state picture with the words that replace and explain it.

    Attributes
    ----------
    start : Box
        Where all begin.
    middle : tuple of Box
        States from which one may still go on.
    ends : tuple of Box
        States in which one stays.
    description : str
        What a reader who cannot see the diagram needs to know; read by screen readers.
    caption : str
        The line under the diagram.
    """

    start: Box
    middle: tuple[Box, ...]
    ends: tuple[Box, ...]
    description: str
    caption: str = ""

    def to_svg(self, narrow: bool = False) -> str:
        """Draw the diagram in the colour of the text around it, for light and dark pages."""
        canvas, width = Canvas(), NARROW if narrow else WIDE
        bottom = canvas.box(self.start, 1, 1, width - 2)
        if self.middle and self.ends:
            left, room, top = 1 + LANE, width - 2 - LANE, bottom + GAP
            lower = _row(canvas, self.middle, left, top, room)
            centres = _centres(self.middle, left, room)
            for centre in centres:
                canvas.arrow([(centre, bottom), (centre, top)])
                canvas.line([(centre, lower), (centre, lower + GAP / 2)])
            canvas.line([(LANE / 2, bottom), (LANE / 2, lower + GAP / 2)])
            self._enter(canvas, lower, width, [LANE / 2, *centres])
        else:
            # A short way down to the line that feeds the boxes.
            canvas.line([(width / 2, bottom), (width / 2, bottom + GAP / 2)])
            self._enter(canvas, bottom, width, [width / 2])
        name = "narrow" if narrow else "wide"
        return (
            f'<svg class="als-flow-{name}" viewBox="0 0 {width} {canvas.bottom + 2:g}" '
            'xmlns="http://www.w3.org/2000/svg" aria-hidden="true" focusable="false" '
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
        return {"text/html": self.to_html(), "text/plain": self.description}

    def _enter(self, canvas: Canvas, above: float, width: float, sources: Sequence[float]) -> None:
        """Draw the last row of boxes and a line that feeds them from all above."""
        boxes = self.ends or self.middle
        centres = _centres(boxes, 1, width - 2)
        level, top = above + GAP / 2, above + GAP
        reach = [*sources, *centres]
        canvas.line([(min(reach), level), (max(reach), level)])
        for centre in centres:
            canvas.arrow([(centre, level), (centre, top)])
        _row(canvas, boxes, 1, top, width - 2)


def _centres(boxes: Sequence[Box], left: float, room: float) -> list[float]:
    """Give the middles of boxes beside each other."""
    width = (room - GUTTER * (len(boxes) - 1)) / len(boxes)
    return [left + width / 2 + i * (width + GUTTER) for i in range(len(boxes))]


def _row(canvas: Canvas, boxes: Sequence[Box], left: float, top: float, room: float) -> float:
    """Draw boxes of one height beside each other and give their lower edge."""
    width = (room - GUTTER * (len(boxes) - 1)) / len(boxes)
    height = max(box_height(box, width) for box in boxes)
    for box, centre in zip(boxes, _centres(boxes, left, room), strict=True):
        canvas.box(box, centre - width / 2, top, width, height)
    return top + height
