"""The whole book as one PDF, printed by headless Chromium from the pages of its site."""

import os
import posixpath
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from alsutils.book.errors import BookError, BuildError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
STYLE, SCRIPT = "als-book.css", "als-book.js"
PATIENCE = 600  # seconds
_SOURCE = "als-book.html"  # beside the pages, so that their pictures and styles are found
_ARTICLE = re.compile(r'<article class="bd-article">(.*)</article>', re.DOTALL)
_STYLES = re.compile(r'<link [^>]*rel="stylesheet"[^>]*>')
_TITLE = re.compile(r'<meta property="og:site_name" content="([^"]*)"')
_LEFT_OUT = re.compile(
    r'<script\b.*?</script>|<a class="headerlink".*?</a>|</?noscript>| loading="lazy"'
    r'|<p class="als-(?:page-line|downloads)">.*?</p>',
    re.DOTALL,
)
_TABLE = re.compile(r'(<div class="als-table".*?</table>)', re.DOTALL)
_ID = re.compile(r'(?<= id=")([^"]+)(?=")')
_LINK = re.compile(r' href="([^"]*)"')
_PICTURE = re.compile(r'(?<= src=")([^"]+)(?=")')
_DETAILS = re.compile(r'<details\b(?: name="[^"]*")?')
_HEADING = re.compile(r"<h([12])[^>]*>(.*?)</h\1>", re.DOTALL)
_SECTION = re.compile(r'<section[^>]* id="([^"]+)"[^>]*>\s*<h2[^>]*>(.*?)</h2>', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_KIDS = re.compile(rb"/Kids \[([^\]]*)\]")
_KIND = re.compile(rb"(?m)^(\d+) 0 obj\n<</Type /(Pages?)\b")
_PLACE = re.compile(rb"/([^\s/\[\]]+) \[(\d+) 0 R /XYZ")
_DATE = re.compile(rb"(?<=Date \(D:)\d{14}")
_MADE = b"20000101000000"


@dataclass(frozen=True)
class _Part:
    """A page of the site as a part of the printed book.

    Attributes
    ----------
    name : str
        The page's name.
    title : str
        Its heading.
    sections : tuple of (str, str)
        Anchor and heading of each of its sections.
    body : str
        Its HTML, with links to where things stand in the whole.
    """

    name: str
    title: str
    sections: tuple[tuple[str, str], ...]
    body: str


def find_browser() -> str:
    """Find the program that prints.

    Returns
    -------
    str
        Its path.

    Raises
    ------
    BookError
        If there is none.
    """
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    raise BookError(
        f"the PDF is printed by Chromium, and none of {', '.join(BROWSERS)} is on the path; "
        "install it (Debian: apt-get install chromium), or build without --pdf"
    )


def write_pdf(html: Path, pages: Sequence[str], target: Path) -> None:
    """Print the pages of a site as one PDF with a title, contents, bookmarks and page numbers.

    Parameters
    ----------
    html : Path
        The built site.
    pages : sequence of str
        Names of the pages in reading order, the front page first.
    target : Path
        The file to write.

    Raises
    ------
    BookError
        If there is no browser.
    BuildError
        If it prints nothing.
    """
    browser = find_browser()
    source = html / _SOURCE
    try:
        # The contents name pages, which are known once the book has been printed without.
        source.write_text(whole_book(html, pages), "utf-8")
        _print(browser, source, target, "--disable-pdf-tagging")
        numbers = page_numbers(target.read_bytes())
        source.write_text(whole_book(html, pages, numbers), "utf-8")
        _print(browser, source, target, "--generate-pdf-document-outline")
    finally:
        source.unlink(missing_ok=True)
    # The same book is the same file, whenever it is printed.
    target.write_bytes(_DATE.sub(_MADE, target.read_bytes()))


def page_numbers(pdf: bytes) -> dict[str, int]:
    """Read from a PDF of Chromium's on which page each place is that a link leads to.

    Parameters
    ----------
    pdf : bytes
        The file; its objects are written in the open, as Chromium does.

    Returns
    -------
    dict of str to int
        Page numbers, from 1, by the name of the place.
    """
    leaves = [found[1].split(b" 0 R") for found in _KIDS.finditer(pdf)]
    kinds = {found[1]: found[2] for found in _KIND.finditer(pdf)}
    ordered = [kid.strip() for kids in leaves for kid in kids if kinds.get(kid.strip()) == b"Page"]
    number = {kid: place for place, kid in enumerate(ordered, start=1)}
    return {
        unquote(found[1].decode("ascii").replace("#", "%")): number[found[2]]
        for found in _PLACE.finditer(pdf)
        if found[2] in number
    }


def whole_book(html: Path, pages: Sequence[str], numbers: Mapping[str, int] | None = None) -> str:
    """Write the pages of a site as one, for the printer.

    Parameters
    ----------
    html : Path
        The built site.
    pages : sequence of str
        Names of the pages in reading order, the front page first.
    numbers : mapping of str to int, optional
        The page of the print on which a place is; without it the contents keep room for it.

    Returns
    -------
    str
        An HTML document that belongs into the site's folder.
    """
    front = (html / f"{pages[0]}.html").read_text("utf-8")
    styles = "\n".join(_STYLES.findall(front))
    title = _TITLE.search(front)
    name = unescape(title[1]) if title else "The book"
    parts = [_part(html, page, pages) for page in pages]
    heads = "\n".join(
        f"@page part{i} {{ @top-right {{ content: {_css_text(part.title)}; }} }}\n"
        f".als-part-{i} {{ page: part{i}; }}"
        for i, part in enumerate(parts)
    )
    articles = "\n".join(
        f'<article class="bd-article als-part als-part-{i}" id="{_anchor(part.name)}">'
        f"{part.body}</article>"
        for i, part in enumerate(parts)
    )
    banner = _banner(front)
    return (
        '<!DOCTYPE html>\n<html lang="en" data-theme="light" data-mode="light"><head>'
        f'<meta charset="utf-8"><title>{escape(name)}</title>\n{styles}\n'
        f'<link rel="stylesheet" href="_static/{STYLE}">\n<style>{heads}</style>\n'
        f'<script defer src="_static/{SCRIPT}"></script></head>\n'
        f'<body class="als-book"><header class="als-cover"><img alt="" src="_static/logo.svg">'
        f'<p class="als-cover-title">{escape(name)}</p>{banner}</header>\n'
        f"{_contents(parts, numbers or {})}\n{articles}\n</body></html>\n"
    )


def _banner(front: str) -> str:
    """Give the words over the site's pages, if there are any, for the cover."""
    found = re.search(r'class="bd-header-announcement__content">(.*?)</div>', front, re.DOTALL)
    words = re.sub(r"<a\b.*?</a>", "", found[1], flags=re.DOTALL) if found else ""
    return f'<p class="als-cover-banner">{words.strip()}</p>' if words.strip() else ""


def _contents(parts: Sequence[_Part], numbers: Mapping[str, int]) -> str:
    def line(place: str, words: str) -> str:
        return f'<a href="#{place}"><span>{words}</span><b>{numbers.get(place, "")}</b></a>'

    lines = []
    for part in parts:
        sections = "".join(f"<li>{line(at, words)}</li>" for at, words in part.sections)
        below = f"<ul>{sections}</ul>" if sections else ""
        lines.append(f"<li>{line(_anchor(part.name), escape(part.title))}{below}</li>")
    return f'<nav class="als-contents"><h1>Contents</h1><ol>{"".join(lines)}</ol></nav>'


def _part(html: Path, name: str, pages: Sequence[str]) -> _Part:
    text = (html / f"{name}.html").read_text("utf-8")
    found = _ARTICLE.search(text)
    body = _LEFT_OUT.sub("", found[1] if found else "")
    body = _DETAILS.sub("<details open", body)
    folder = posixpath.dirname(name)
    body = _PICTURE.sub(lambda m: _resolved(m[1], folder), body)
    body = _LINK.sub(lambda m: _linked(m[1], name, pages), body)
    pieces = _TABLE.split(body)
    # Tables bring a style for their own names, and nothing links to what is in them.
    pieces[::2] = [_ID.sub(lambda m: _anchor(name, m[1]), piece) for piece in pieces[::2]]
    body = "".join(pieces)
    heading = _HEADING.search(body)
    sections = tuple((m[1], _TAG.sub("", m[2]).strip()) for m in _SECTION.finditer(body))
    title = unescape(_TAG.sub("", heading[2])).strip() if heading else name
    return _Part(name, title, sections, body)


def _anchor(page: str, place: str = "") -> str:
    """Name a place of a page within the whole book."""
    name = page.replace("/", ".")
    return f"{name}--{place}" if place else name


def _resolved(address: str, folder: str) -> str:
    """Give the address of a file of the site as seen from its root."""
    if urlsplit(address).scheme:
        return address
    return posixpath.normpath(posixpath.join(folder, address))


def _linked(address: str, page: str, pages: Sequence[str]) -> str:
    """Point a link to its place in the book; one to a file of the site is none on paper."""
    address = unescape(address)
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return f' href="{escape(address)}"'
    place = unquote(parts.fragment)
    if not parts.path:
        return f' href="#{escape(_anchor(page, place))}"'
    target = _resolved(parts.path, posixpath.dirname(page)).removesuffix(".html")
    return f' href="#{escape(_anchor(target, place))}"' if target in pages else ""


def _css_text(words: str) -> str:
    """Write text as a string of CSS within HTML."""
    safe = words.replace("\\", "\\\\").replace('"', '\\"').replace("<", "\\3c ")
    return f'"{" ".join(safe.split())}"'


def _print(browser: str, source: Path, target: Path, option: str) -> None:
    """Have a browser print a page that asks for nothing over the network."""
    with tempfile.TemporaryDirectory() as profile:
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--hide-scrollbars",
            "--allow-file-access-from-files",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={profile}",
            "--no-pdf-header-footer",
            option,
            f"--print-to-pdf={target}",
        ]
        if os.name == "posix" and os.geteuid() == 0:
            command.append("--no-sandbox")  # which Chromium does not have for root
        try:
            done = subprocess.run(
                [*command, source.as_uri()],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=PATIENCE,
            )
        except subprocess.TimeoutExpired as error:
            raise BuildError(f"{browser} has not printed the book in {PATIENCE} s") from error
    if not target.is_file():
        told = done.stderr.decode("utf-8", errors="replace").strip().splitlines()[-5:]
        raise BuildError("\n  ".join([f"{browser} printed no PDF:", *told]))
