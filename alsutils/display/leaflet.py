"""A page in plain language that a reader can take along."""

import html
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True)
class Leaflet:
    """A page of questions with short answers.

    Attributes
    ----------
    title : str
        Its heading.
    parts : tuple of (str, tuple of str)
        Each question with the sentences that answer it.
    file : str
        Name of the file that a reader can take along.
    """

    title: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    file: str = "summary.txt"

    @property
    def sentences(self) -> tuple[str, ...]:
        """All sentences, without the questions."""
        return tuple(sentence for _, answer in self.parts for sentence in answer)

    @property
    def text(self) -> str:
        """The whole page as plain text."""
        blocks = [f"{question}\n{' '.join(answer)}" for question, answer in self.parts]
        return "\n\n".join([self.title, *blocks]) + "\n"

    def to_html(self) -> str:
        """Write the page, with a link under it that saves it as a file."""
        body = "".join(
            f"<dt><strong>{html.escape(question)}</strong></dt>"
            f"<dd>{html.escape(' '.join(answer))}</dd>"
            for question, answer in self.parts
        )
        link = f"data:text/plain;charset=utf-8,{quote(self.text)}"
        return (
            f'<section class="als-leaflet" aria-label="{html.escape(self.title, quote=True)}">'
            f"<p><strong>{html.escape(self.title)}</strong></p><dl>{body}</dl></section>"
            f'<p class="als-downloads">Download <a href="{link}" download="{self.file}">'
            "this page as text</a></p>"
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {"text/html": self.to_html(), "text/plain": self.text}
