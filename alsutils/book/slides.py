"""Slides of a chapter: its question, each figure with how to read it, its quick questions.

The slides need what the site holds anyway, the drawing library and the data of the charts, and
reveal.js, which lies beside them. They need no network.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from alsutils.book.chapters import Book, Page, takes_parameters
from alsutils.book.places import SLIDES
from alsutils.book.quiz import read_answers
from alsutils.study import Study

_FIGURE = 'class="als-figure"'
_ASKED, _KEPT = "The question", "Key points"
_HEADING = re.compile(r"^(#{1,3}) +(.+?)\s*$")
_QUESTION = re.compile(r"^```\{question\} (.+?)\n(.*?)^```\s*$", re.DOTALL | re.MULTILINE)
_BLOCK = re.compile(r"^(```|~~~).*?^\1\s*$", re.DOTALL | re.MULTILINE)
_CITATION = re.compile(r"\s*\{cite:?\w*\}`[^`]*`")
_ROLE = re.compile(r"\{\w+\}`([^`<]*?)(?:\s*<[^`]*>)?`")
_DECK = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: slides</title>
<link rel="icon" href="../_static/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="../_static/reveal/reveal.css">
<link rel="stylesheet" href="../_static/als.css">
<link rel="stylesheet" href="../_static/als-slides.css">
<script src="../_static/reveal/reveal.js" defer></script>
<script src="../_static/vega.js" defer></script>
<script src="../_static/als-themes.js" defer></script>
<script src="../_static/als-slides.js" defer></script>
<script src="../_static/als-charts.js" defer></script>
</head>
<body>
<main class="reveal"><div class="slides">
{slides}
</div></main>
<footer class="als-foot">{banner}<a href="../{page}.html">{title}</a>
<span>Arrow keys: move. D: dark or light. O: overview. ?: all keys.</span></footer>
</body>
</html>
"""
_BANNER = "<strong>Synthetic data: every patient is invented.</strong> "


@dataclass
class _Section:
    """What is to be shown of one section of a chapter.

    Attributes
    ----------
    title : str
        Its heading, in Markdown.
    text : str
        Its prose, in Markdown.
    figures : list of tuple of str
        The heading that each figure stands under, in Markdown, and its HTML.
    """

    title: str
    text: str
    figures: list[tuple[str, str]]


def write_slides(book: Book, study: Study, source: Path, html: Path) -> None:
    """Write slides of the pages on a study, but the front page.

    Parameters
    ----------
    book : Book
        The book's source; its first page is the front page.
    study : Study
        The study that the book is on.
    source : Path
        The folder that the site was built from, with the pages as the site shows them.
    html : Path
        The folder of the site; the slides get a folder of their own in it.
    """
    import nbformat

    folder = html / SLIDES
    folder.mkdir()
    for page in book.notebooks:
        path = (source / page.name).with_suffix(".ipynb")
        if page != book.pages[0] and takes_parameters(notebook := nbformat.read(path, 4)):
            deck = _deck(page, notebook, study)
            (folder / f"{page.short_name}.html").write_text(deck, "utf-8")


def _deck(page: Page, notebook: Any, study: Study) -> str:
    first, *sections = _sections(notebook) or [_Section(page.short_name, "", [])]
    title = _inline(first.title)
    slides = [
        f'<p class="als-study">{escape(study.config.title)}</p>\n<h1>{title}</h1>\n'
        f"{_html(first.text)}"
    ]
    for section in sections:
        slides += _slides(section)
    parts = [f'<section tabindex="0">\n{slide}\n</section>' for slide in slides]
    banner = _BANNER if study.is_synthetic else ""
    return _DECK.format(title=title, slides="\n".join(parts), banner=banner, page=page.name)


def _slides(section: _Section) -> Iterator[str]:
    """Yield the inside of each slide of a section."""
    title = f"<h2>{_inline(section.title)}</h2>"
    if section.title in (_ASKED, _KEPT):
        yield f'{title}\n<div class="als-told">{_html(section.text)}</div>'
        return
    for heading, figure in section.figures:
        yield f"<h2>{_inline(heading)}</h2>\n{figure}"
    for asked, content in _QUESTION.findall(section.text):
        yield f"{title}\n{_quiz(asked, content.splitlines())}"


def _quiz(asked: str, lines: list[str]) -> str:
    """Write a question with its answers; what is to be said comes at the next key."""
    answers = read_answers(lines)
    choices = "\n".join(f"<li>{_inline(answer.text)}</li>" for answer in answers)
    place, right = next((i, a) for i, a in enumerate(answers) if a.is_right)
    return (
        f'<p class="als-asked">{_inline(asked)}</p>\n<ol type="A">\n{choices}\n</ol>\n'
        f'<p class="fragment"><strong>{chr(ord("A") + place)}.</strong> '
        f"{_inline(right.feedback)}</p>"
    )


def _sections(notebook: Any) -> list[_Section]:
    """Take a notebook apart at its headings."""
    found: list[_Section] = []
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for line in _split(cell.source):
                start = _HEADING.match(line)
                if start is None:
                    if found:
                        found[-1].text += line
                    continue
                heading = start[2]
                if len(start[1]) < 3:
                    found.append(_Section(heading, "", []))
        elif found:
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                if _FIGURE in (html := data.get("text/html", "")):
                    found[-1].figures.append((heading, html))
                elif "text/markdown" in data and found[-1].title == _KEPT:
                    found[-1].text += f"\n{data['text/markdown']}\n"
    return found


def _split(source: str) -> Iterator[str]:
    """Yield the lines of a cell; a fenced block is one."""
    end = 0
    for block in _BLOCK.finditer(source):
        yield from source[end : block.start()].splitlines(keepends=True)
        yield block[0] + "\n"
        end = block.end()
    yield from source[end:].splitlines(keepends=True)
    yield "\n\n"


def _plain(text: str) -> str:
    """Take out of MyST what Markdown does not know."""
    return _ROLE.sub(r"\1", _CITATION.sub("", _QUESTION.sub("", text)))


def _html(text: str) -> str:
    return str(_markdown().render(_plain(text))).strip()


def _inline(text: str) -> str:
    return str(_markdown().renderInline(_plain(text)))


@functools.cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False})
