"""What Sphinx writes over and around a page: how long it takes, what it offers, what links say."""

import re
from html import escape, unescape
from pathlib import Path
from typing import Any

from docutils import nodes  # type: ignore[import-untyped]
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from alsutils.book.chapters import Page
from alsutils.book.places import ALL, CARD, CARD_SIZE, DOWNLOADS, NOT_FOUND, PDF, SLIDES

WORDS_A_MINUTE = 200  # of a text that is thought about
MINUTES_A_FIGURE = 0.5  # a chart or a table
_ROUND = 5  # minutes
_SHOWN = re.compile(r'class="(als-chart|als-table)\b')
_TAG = re.compile(r"<[^>]+>")
_WORD = re.compile(r"\w[\w'’-]*")
_LONGEST = 200  # letters of a description
_NOT_READ = (nodes.literal_block, nodes.raw, nodes.comment, nodes.math_block, nodes.citation)
_MISSING = """\
<h1>This page was not found</h1>
<p>Its address may have changed. The <a href="{index}">front page</a> leads to everything, and the
<a href="{search}">search</a> looks through all pages.</p>
"""


class offers(nodes.General, nodes.Element):  # noqa: N801
    """The downloads of the whole book; nodes of documents have lower-case names."""


class Offers(SphinxDirective):
    """``{downloads}``: a list of what there is of the whole book to download."""

    def run(self) -> list[nodes.Node]:
        """Leave the place, which is filled when the page is written."""
        return [offers()]


def setup(app: Sphinx) -> None:
    """Register the settings, the directive and what is added to each page."""
    app.add_config_value("alsbook_downloads", {}, "html", dict)
    app.add_config_value("alsbook_chapters", [], "html", list)
    app.add_config_value("alsbook_all", False, "html", bool)
    app.add_config_value("alsbook_pdf", False, "html", bool)
    app.add_node(offers, html=(_write_offers, None))
    app.add_directive("downloads", Offers)
    app.connect("html-page-context", add_to_page, priority=850)
    app.connect("html-collect-pages", _missing_page)


def reading_time(doctree: nodes.document, body: str) -> int:
    """Estimate the minutes that a page takes, in steps of five.

    Parameters
    ----------
    doctree : document
        The page; its sentences are counted, and code is not.
    body : str
        The same as HTML; charts and tables in it are counted.

    Returns
    -------
    int
        At least five.
    """
    words = 0
    for text in doctree.findall(nodes.Text):
        parent = text.parent
        while parent is not None and not isinstance(parent, _NOT_READ):
            parent = parent.parent
        if parent is None:
            words += len(_WORD.findall(text.astext()))
    minutes = words / WORDS_A_MINUTE + MINUTES_A_FIGURE * len(_SHOWN.findall(body))
    return max(_ROUND, _ROUND * round(minutes / _ROUND))


def add_to_page(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Write the line under a page's title, and what is told to whoever links to it."""
    if page == NOT_FOUND:
        to = context["pathto"]
        root = to(app.config.root_doc)
        context["body"] = _MISSING.format(index=root, search=to("search"))
    if doctree is None:
        return
    context["metatags"] = context.get("metatags", "") + _metatags(app, page, context, doctree)
    line = _line(app, page, context, doctree)
    if line:
        context["body"] = context["body"].replace("</h1>", f"</h1>\n{line}", 1)


def _line(app: Sphinx, page: str, context: dict[str, Any], doctree: nodes.document) -> str:
    """Write how long a chapter takes, and links to what a page offers."""
    parts = []
    if page in app.config.alsbook_chapters:
        minutes = reading_time(doctree, context["body"])
        parts.append(f"<span>About {minutes} minutes to read</span>")
        deck = f"{SLIDES}/{Page(page, Path(page)).short_name}.html"
        parts.append(f'<span><a href="{context["pathto"](deck, 1)}">Slides</a></span>')
    links = [
        f'<a href="{context["pathto"](f"{DOWNLOADS}/{file}", 1)}" download>{escape(words)}</a>'
        for words, file in app.config.alsbook_downloads.get(page, {}).items()
    ]
    if links:
        parts.append(f"<span>Download: {', '.join(links)}</span>")
    return f'<p class="als-page-line">{" ".join(parts)}</p>' if parts else ""


def _metatags(app: Sphinx, page: str, context: dict[str, Any], doctree: nodes.document) -> str:
    """Write a page's title, description and picture as Open Graph has them."""
    base = app.config.html_baseurl
    title = unescape(_TAG.sub("", context.get("title", "")))
    said = _description(doctree)
    tags = {"og:title": title, "og:type": "website", "og:site_name": app.config.html_title}
    if page != app.config.root_doc:
        tags["og:type"] = "article"
    if said:
        tags["og:description"] = said
    if base:
        tags["og:url"] = base + ("" if page == app.config.root_doc else f"{page}.html")
        tags["og:image"] = f"{base}_static/{CARD}"
        tags["og:image:alt"] = app.config.html_title
        tags["og:image:width"], tags["og:image:height"] = map(str, CARD_SIZE)
    lines = [
        f'<meta property="{name}" content="{escape(str(content))}" />'
        for name, content in tags.items()
    ]
    if said:
        lines.append(f'<meta name="description" content="{escape(said)}" />')
    if base:
        lines.append('<meta name="twitter:card" content="summary_large_image" />')
    return "\n".join(["", *lines, ""])


def _description(doctree: nodes.document) -> str:
    """Give the first paragraph of a page, cut where it is long."""
    for paragraph in doctree.findall(nodes.paragraph):
        words = " ".join(paragraph.astext().split())
        if words:
            if len(words) <= _LONGEST:
                return words
            return words[: _LONGEST - 1].rpartition(" ")[0] + "…"
    return ""


def _missing_page(_app: Sphinx) -> list[tuple[str, dict[str, Any], str]]:
    """Have a page written that a server shows for what it does not find."""
    return [(NOT_FOUND, {"title": "Page not found", "body": ""}, "page.html")]


def _write_offers(self: Any, _node: offers) -> None:
    """List the files of the whole book."""
    config = self.builder.config
    place = "../" * self.builder.current_docname.count("/") + DOWNLOADS
    files = {}
    if config.alsbook_pdf:
        files["The whole book as a PDF"] = PDF
    if config.alsbook_all:
        files["All results and tables, as CSV and RTF (.zip)"] = ALL
    items = "".join(
        f'<li><a href="{place}/{file}" download>{words}</a></li>' for words, file in files.items()
    )
    if items:
        self.body.append(f'<ul class="als-offers simple">{items}</ul>')
    raise nodes.SkipNode
