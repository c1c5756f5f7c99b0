"""Where a site will stand and where its source is kept, and what follows from knowing that."""

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from alsutils.book.errors import BookError
from alsutils.book.places import CARD_SIZE, NOT_FOUND
from alsutils.display import format as fmt
from alsutils.study import Study

BRANCH = "notebooks"  # where the workflow puts the chapters as notebooks
_CARD_FONT = "Helvetica, Arial, Liberation Sans, sans-serif"
_CARD_LINE, _CARD_LINES = 32, 4  # letters a line, lines
_NO_CONTENT = (f"{NOT_FOUND}.html", "search.html", "genindex.html", "_static/")
_CANONICAL = re.compile(r'<link rel="canonical"[^>]*>')
_REPOSITORY = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+")
# Links of a page at the root of the site that are neither absolute nor within the page.
_RELATIVE = re.compile(r'( (?:href|src|action|data-content_root)=")(?![a-z]+:|[/#"])(?:\./)?')


@dataclass(frozen=True)
class Sharing:
    """What a site is told of the world around it; nothing by default.

    Attributes
    ----------
    url : str
        Address of the site's front page; empty where nobody knows it.
    repository : str
        Address of the repository on GitHub that holds the book's source; empty where there is none.
    pdf : bool
        Whether the site offers the whole book as a PDF.
    """

    url: str = ""
    repository: str = ""
    pdf: bool = False

    def __post_init__(self) -> None:
        url, repository = self.url.strip(), self.repository.strip().removesuffix("/")
        repository = repository.removesuffix(".git")
        if url and not (urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc):
            raise BookError(f"--url {url} is no address of a site; write https://host/path/")
        if repository and not _REPOSITORY.fullmatch(repository):
            raise BookError(
                f"--repository {repository} is no repository of GitHub, from which Binder and "
                "Colab open notebooks; write https://github.com/owner/name"
            )
        object.__setattr__(self, "url", f"{url.rstrip('/')}/" if url else "")
        object.__setattr__(self, "repository", repository)

    @property
    def prefix(self) -> str:
        """The path of the site on its server."""
        return urlsplit(self.url).path or "/"

    def theme_options(self) -> dict[str, Any]:
        """Give the theme's options for buttons that open a page's notebook elsewhere."""
        if not self.repository:
            return {}
        return {
            "repository_url": self.repository,
            "repository_branch": BRANCH,
            "launch_buttons": {
                "notebook_interface": "jupyterlab",
                "binderhub_url": "https://mybinder.org",
                "colab_url": "https://colab.research.google.com",
                "thebe": False,
            },
        }


def complete(html: Path, sharing: Sharing) -> None:
    """Finish what of a built site depends on where it will stand.

    A page that is not found is shown at any address, so that its links begin at the root of the
    server. Where the address is known, a sitemap lists all pages.

    Parameters
    ----------
    html : Path
        The built site.
    sharing : Sharing
        Where it will stand.
    """
    path = html / f"{NOT_FOUND}.html"
    if path.is_file():
        text = _CANONICAL.sub("", path.read_text("utf-8"))
        text = _RELATIVE.sub(rf"\g<1>{sharing.prefix}", text)
        path.write_text(text, "utf-8")
    if sharing.url:
        found = (path.relative_to(html).as_posix() for path in html.rglob("*.html"))
        pages = sorted(name for name in found if not name.startswith(_NO_CONTENT))
        (html / "sitemap.xml").write_text(sitemap(pages, sharing.url), "utf-8")


def sitemap(pages: Iterable[str], url: str) -> str:
    """Write the list of a site's pages, given by their files, for search engines."""
    places = [url if name == "index.html" else f"{url}{name}" for name in pages]
    lines = "".join(f"<url><loc>{escape(place)}</loc></url>\n" for place in places)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{lines}</urlset>\n'
    )


def card(study: Study, logo: Path) -> bytes:
    """Draw the picture that stands beside links to the site, as PNG.

    Parameters
    ----------
    study : Study
        Its title is the picture's.
    logo : Path
        The site's logo, as SVG.

    Returns
    -------
    bytes
        A picture of ``CARD_SIZE``.
    """
    import vl_convert

    width, height = CARD_SIZE
    title = fmt.on_one_line(study.config.title)
    lines = textwrap.wrap(title, _CARD_LINE, max_lines=_CARD_LINES, placeholder=" …")
    words = "".join(
        f'<text x="90" y="{305 + 74 * i}" font-size="62" font-weight="700">{escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    source = "Synthetic data" if study.is_synthetic else "From the patients up"
    drawn = re.sub(
        r"<svg ", '<svg x="75" y="60" width="250" height="150" ', logo.read_text(), count=1
    )
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{_CARD_FONT}" '
        f'fill="#1d2733"><rect width="{width}" height="{height}" fill="#ffffff"/>'
        f'<rect width="24" height="{height}" fill="#1257b8"/>{drawn}{words}'
        f'<text x="90" y="580" font-size="30" fill="#5a6673">Trial statistics · {source}</text>'
        "</svg>"
    )
    return bytes(vl_convert.svg_to_png(picture, scale=1))
