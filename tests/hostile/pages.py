"""What of a page acts, and what is only read."""

import json
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from typing import Any

from markdown_it import MarkdownIt
from myst_parser.config.main import MdParserConfig
from myst_parser.mdit_to_docutils.base import DocutilsRenderer
from myst_parser.parsers.mdit import create_md_parser

EXTENSIONS = ("amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath")
_ELEMENTS = {
    *("figure", "figcaption", "div", "script", "noscript", "img", "p", "a", "section", "strong"),
    *("table", "thead", "tbody", "tfoot", "tr", "th", "td", "span", "style", "br", "dl", "dt"),
    *("dd", "ul", "ol", "li", "svg", "g", "path", "circle", "rect", "line", "polygon", "text"),
    *("tspan", "polyline", "defs", "marker", "title", "desc", "caption", "colgroup", "col", "h3"),
}
_LINK = re.compile(r"#|data:text/plain;|\.\./")
_WORDS = {"text", "text_special", "softbreak"}
_FRAMES = {"paragraph", "strong", "bullet_list", "list_item"}


class _Reader(HTMLParser):
    """Collects elements that act or that no page of the book has, and JSON that does not parse."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.trouble: list[str] = []
        self.words: list[str] = []
        self._inside = ""
        self._json = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in _ELEMENTS:
            self.trouble.append(f"element {tag}")
        self.trouble += [f"{tag} has {name}" for name in given if name.startswith("on")]
        if tag == "script" and given.get("type") != "application/json":
            self.trouble.append(f"script {given}")
        if tag == "img" and not given.get("src", "").startswith("data:image/svg+xml;base64,"):
            self.trouble.append(f"img {given}")
        if not _LINK.match(given.get("href", "#")):
            self.trouble.append(f"link {given['href']}")
        self._inside = tag if tag in ("script", "style") else ""
        self._json = given.get("type") == "application/json"

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script" and self._json:
            json.loads(data)
        elif not self._inside:
            self.words.append(data)


def acting_html(page: str) -> list[str]:
    """List what in HTML acts, or is no element of the book's own.

    Parameters
    ----------
    page : str
        A piece of HTML.

    Returns
    -------
    list of str
        Empty where all that the data brought along is text.
    """
    return _read(page).trouble


def read_html(page: str) -> str:
    """Give the words that HTML shows."""
    return "".join(_read(page).words)


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader


@cache
def _parser() -> MarkdownIt:
    config = MdParserConfig(enable_extensions=set(EXTENSIONS) | {"substitution"})
    return create_md_parser(config, DocutilsRenderer)


def acting_markdown(text: str) -> list[str]:
    """List the tokens of MyST that are neither words, bold, a list nor a citation.

    Parameters
    ----------
    text : str
        What a cell gives as Markdown.

    Returns
    -------
    list of str
        Type and content of each.
    """
    return [f"{t.type}: {t.content[:60]}" for t in _tokens(text) if _acts(t)]


def read_markdown(text: str) -> str:
    """Give the words that a reader of the rendered Markdown sees, without spaces."""
    words = "".join(t.content for t in _tokens(text) if t.type in _WORDS)
    return "".join(words.split())


def _tokens(text: str) -> Iterator[Any]:
    for token in _parser().parse(text):
        yield from token.children if token.type == "inline" else [token]


def _acts(token: Any) -> bool:
    kind = token.type.removesuffix("_open").removesuffix("_close")
    if token.type == "myst_role":
        return token.meta["name"] != "cite:p" or not re.fullmatch(r"[\w-]+", token.content)
    return kind not in _FRAMES and token.type not in _WORDS
