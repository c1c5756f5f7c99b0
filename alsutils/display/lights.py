"""Traffic lights that are told apart by shape as well as by colour."""

import html
from dataclasses import dataclass
from typing import Any, Literal

from alsutils.display.theme import BETTER, TREATED, WORSE

Level = Literal["low", "some", "high", "unknown"]

SIZE = 26
LEVEL_WORDS = {
    "low": "low risk",
    "some": "some concerns",
    "high": "high risk",
    "unknown": "not known",
}
_COLOURS = {"low": BETTER, "some": TREATED[4], "high": WORSE, "unknown": "currentColor"}
# A ring with a plus, a triangle with an exclamation mark, a square with a cross, a dashed ring.
_SHAPES = {
    "low": '<circle cx="13" cy="13" r="11"/><path d="M13 7.5v11M7.5 13h11"/>',
    "some": '<path d="M13 2.5 24.5 23h-23z"/><path d="M13 10v6M13 18.7v1"/>',
    "high": '<rect x="2.5" y="2.5" width="21" height="21"/><path d="M8 8l10 10M18 8 8 18"/>',
    "unknown": '<circle cx="13" cy="13" r="11" stroke-dasharray="4 3"/><path d="M9 13h8"/>',
}
LIGHTS_STYLE = (
    ".als-lights{list-style:none;margin:0 0 .5rem;padding:0}"
    ".als-lights li{display:flex;gap:.75rem;align-items:flex-start;margin:.5rem 0}"
    ".als-lights svg{flex:none;margin-top:.1rem}"
    "@media print{.als-lights li{break-inside:avoid}}"
)


@dataclass(frozen=True)
class Light:
    """One row: what is judged, how, and why."""

    name: str
    level: Level
    reason: str = ""


@dataclass(frozen=True)
class Lights:
    """A column of traffic lights with their reasons.

    Attributes
    ----------
    rows : tuple of Light
        From the top down.
    caption : str
        The line under them.
    """

    rows: tuple[Light, ...]
    caption: str = ""

    @property
    def description(self) -> str:
        """The rows as one text."""
        return " ".join(
            f"{row.name}: {LEVEL_WORDS[row.level]}. {row.reason}".strip() for row in self.rows
        )

    def icon(self, level: Level) -> str:
        """Draw one light."""
        return (
            f'<svg width="{SIZE}" height="{SIZE}" viewBox="0 0 26 26" aria-hidden="true" '
            f'focusable="false" xmlns="http://www.w3.org/2000/svg" fill="none" '
            f'stroke="{_COLOURS[level]}" stroke-width="2.4" stroke-linejoin="round" '
            f'stroke-linecap="round">{_SHAPES[level]}</svg>'
        )

    def to_html(self) -> str:
        """Write the lights as the site shows them; words wrap where the page is narrow."""
        rows = "".join(
            f"<li>{self.icon(row.level)}<span><strong>{html.escape(row.name)}: "
            f"{LEVEL_WORDS[row.level]}.</strong> {html.escape(row.reason)}</span></li>"
            for row in self.rows
        )
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>" if self.caption else ""
        return (
            f'<figure class="als-figure"><style>{LIGHTS_STYLE}</style>'
            f'<ul class="als-lights">{rows}</ul>{caption}</figure>'
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {"text/html": self.to_html(), "text/plain": self.description}
