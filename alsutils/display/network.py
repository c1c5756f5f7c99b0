"""Circles and arrows as SVG: hypotheses that hand their level on, causes and what they cause."""

import html
from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot
from typing import Any

RADIUS = 38  # pixels
ACROSS = 150  # between the centres of neighbours in a row
DOWN = 138  # between the centres of rows
TITLE = 26  # above the circles of a row
HEAD = 9
GROUND = "var(--pst-color-background, var(--jp-layout-color0, Canvas))"  # hides arrows behind
BEND = 0.16  # how far an arrow bows, as a share of its length
_DASHES = ' stroke-dasharray="5 4"'


@dataclass(frozen=True)
class Node:
    """A circle of the diagram.

    Attributes
    ----------
    row, column : int
        Where it stands, from 0.
    lines : tuple of str
        What stands in it, the first line in bold; short, for it is not broken.
    colour : str or None
        Colour of its rim, e.g. the arm's.
    dashed : bool
        Whether the rim is dashed, for what nobody has seen.
    """

    row: int
    column: int
    lines: tuple[str, ...]
    colour: str | None = None
    dashed: bool = False


@dataclass(frozen=True)
class Arrow:
    """An arrow between two nodes, given by their places in the tuple of nodes."""

    source: int
    target: int
    label: str
    dashed: bool = False


@dataclass(frozen=True)
class NetworkDiagram:
    """Circles in rows, arrows between them, and the words that replace and explain them.

    Attributes
    ----------
    nodes : tuple of Node
        The circles.
    arrows : tuple of Arrow
        The arrows.
    rows : tuple of str
        Title of each row; empty where it needs none.
    description : str
        What a reader who cannot see the diagram needs to know; read by screen readers.
    caption : str
        The line under the diagram.
    """

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    rows: tuple[str, ...]
    description: str
    caption: str = ""

    def to_svg(self) -> str:
        """Draw the diagram in the colour of the text around it, for light and dark pages."""
        columns = 1 + max(node.column for node in self.nodes)
        width = ACROSS * columns
        height = DOWN * len(self.rows) + TITLE / 2
        parts = [*self._titles(), *self._arrows(), *self._circles()]
        return (
            f'<svg viewBox="0 0 {width} {height:g}" xmlns="http://www.w3.org/2000/svg" '
            'aria-hidden="true" focusable="false" font-size="14" fill="currentColor" '
            f'style="display:block;width:100%;max-width:{width}px;height:auto;margin:0 auto">'
            f"{''.join(parts)}</svg>"
        )

    def to_html(self) -> str:
        """Write the diagram as the site shows it."""
        words = html.escape(self.description, quote=True)
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>" if self.caption else ""
        return (
            f'<figure class="als-figure"><div role="img" aria-label="{words}">{self.to_svg()}</div>'
            f"{caption}</figure>"
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {"text/html": self.to_html(), "text/plain": self.description}

    def _titles(self) -> Iterator[str]:
        for row, words in enumerate(self.rows):
            y = DOWN * row + TITLE / 2 + 4
            yield f'<text x="4" y="{y:g}" font-weight="600">{html.escape(words)}</text>'

    def _circles(self) -> Iterator[str]:
        for node in self.nodes:
            x, y = _centre(node)
            yield (
                f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}" style="fill:{GROUND}" '
                f'stroke-width="2.5" stroke="{node.colour or "currentColor"}"'
                f"{_DASHES if node.dashed else ''}/>"
            )
            top = y + 5 - 9 * (len(node.lines) - 1)
            for i, words in enumerate(node.lines):
                weight = ' font-weight="600"' if i == 0 else ""
                yield (
                    f'<text x="{x:g}" y="{top + 18 * i:g}" text-anchor="middle"{weight}>'
                    f"{html.escape(words)}</text>"
                )

    def _arrows(self) -> Iterator[str]:
        for arrow in self.arrows:
            (x0, y0), (x1, y1) = (_centre(self.nodes[k]) for k in (arrow.source, arrow.target))
            length = hypot(x1 - x0, y1 - y0)
            # Arrows bow to their left, so that those of two directions part.
            bow_x = (x0 + x1) / 2 + BEND * (y1 - y0)
            bow_y = (y0 + y1) / 2 - BEND * (x1 - x0)
            start_x, start_y = _towards(x0, y0, bow_x, bow_y, RADIUS + 2)
            end_x, end_y = _towards(x1, y1, bow_x, bow_y, RADIUS + 3)
            # The head lies along the last piece of the curve.
            dx, dy = end_x - bow_x, end_y - bow_y
            size = hypot(dx, dy)
            dx, dy = dx / size * HEAD, dy / size * HEAD
            head = (
                f"{end_x:.1f},{end_y:.1f} {end_x - dx - dy / 2:.1f},{end_y - dy + dx / 2:.1f} "
                f"{end_x - dx + dy / 2:.1f},{end_y - dy - dx / 2:.1f}"
            )
            # Near its start, where the label of a long arrow is clear of the circles between.
            share = 0.35 * min(1, ACROSS / length) ** 1.2
            label_x = _along(start_x, bow_x, end_x, share) + 12 * (y1 - y0) / length
            label_y = _along(start_y, bow_y, end_y, share) - 12 * (x1 - x0) / length
            yield (
                f'<path d="M{start_x:.1f},{start_y:.1f} Q{bow_x:.1f},{bow_y:.1f} '
                f'{end_x:.1f},{end_y:.1f}" fill="none" stroke="currentColor" '
                f'stroke-opacity="0.6" stroke-width="1.5"{_DASHES if arrow.dashed else ""}/>'
                f'<polygon points="{head}"/>'
                f'<text x="{label_x:.1f}" y="{label_y + 4:.1f}" text-anchor="middle" '
                f'font-size="12">{html.escape(arrow.label)}</text>'
            )


def _centre(node: Node) -> tuple[float, float]:
    return ACROSS * (node.column + 0.5), DOWN * node.row + TITLE + RADIUS + 8


def _towards(x: float, y: float, to_x: float, to_y: float, distance: float) -> tuple[float, float]:
    """Give the point at a distance from one point on the way to another."""
    share = distance / hypot(to_x - x, to_y - y)
    return x + share * (to_x - x), y + share * (to_y - y)


def _along(start: float, bow: float, end: float, share: float) -> float:
    """Give one coordinate of the point that lies a share of the way along a quadratic curve."""
    rest = 1 - share
    return rest * rest * start + 2 * rest * share * bow + share * share * end
