"""From executed notebooks to a web site that needs no other server."""

import ast
import copy
import errno
import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from html import escape
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any

import yaml

from alsutils.book import cache as caching
from alsutils.book.chapters import CONFIG_FILE, TOC_FILE, Book, Page
from alsutils.book.downloads import Offers
from alsutils.book.errors import BuildError
from alsutils.book.execute import ENVIRONMENT
from alsutils.book.exports import FOLDER, find_tables
from alsutils.book.manifest import DURATIONS, PAGE
from alsutils.book.places import CARD, DOWNLOADS
from alsutils.book.sharing import Sharing, card, complete
from alsutils.book.weight import PICTURES, lighten, remove_unused, write_styles
from alsutils.display import format as fmt
from alsutils.study import Study

STATIC = Path(__file__).parent / "static"
ASSETS = "_assets"
BIBLIOGRAPHY, STUDY_BIBLIOGRAPHY = "references.bib", "study-references.bib"
_EXPORTS = "window.vegaEmbed = vegaEmbed;"
_PICTURES = {".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp"}
_TOLD = 20  # lines
_TEXTS = {".ipynb", ".md"}
_WHOLE = "_build/whole"
# It ends soon and needs little memory: to look for garbage would take a fifth of its time.
_PROGRAM = """
import gc, os, threading
gc.disable()
threading.Thread(target=lambda: os.read(0, 1) or os._exit(1), daemon=True).start()
from jupyter_book.cli.main import main
main()
"""
_MOST_TITLE = 200  # letters under the logo
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class SiteSource:
    """A folder that Jupyter Book can build, and what was built from it."""

    folder: Path

    @property
    def html(self) -> Path:
        """Where the site is after the build."""
        return self.folder / "_build" / "html"


def assemble(
    book: Book,
    study: Study,
    notebooks: dict[str, Any],
    folder: Path,
    *,
    made: str,
    library: str,
    pictures: Path,
    offers: Offers,
    sharing: Sharing,
) -> SiteSource:
    """Put everything that the site is made of into one folder.

    Parameters
    ----------
    book : Book
        The book's source.
    study : Study
        The study it is built on: its title, its banner, its bibliography.
    notebooks : dict of str to nbformat.NotebookNode
        The executed notebooks by page name.
    folder : Path
        An empty folder to fill.
    made : str
        The page on how the book was made, in MyST Markdown.
    library : str
        The drawing library, of ``drawing_library``.
    pictures : Path
        An empty folder for the charts' pictures, which ``add_files`` puts into the site.
    offers : Offers
        What there will be to download.
    sharing : Sharing
        Where the site will stand.

    Returns
    -------
    SiteSource
        The folder, ready for ``build_site``.
    """
    import nbformat

    for page in book.pages:
        target = folder / page.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if page.name in notebooks:
            shown = _for_the_page(notebooks[page.name], page)
            lighten(shown, page, pictures)
            nbformat.write(shown, target.with_suffix(".ipynb"))
        else:
            shutil.copyfile(page.source, target.with_suffix(".md"))
    _add_page(book, made, folder)
    _copy_pictures(book.folder / "chapters", folder / "chapters")
    _copy_bibliographies(book, study, folder)
    _write_assets(folder / ASSETS, library)
    if sharing.url:
        (folder / ASSETS / CARD).write_bytes(card(study, STATIC / "logo.svg"))
    config = _site_config(book, study, offers, sharing)
    (folder / CONFIG_FILE).write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    return SiteSource(folder)


def build_site(source: SiteSource, kept: Path) -> SiteSource:
    """Run Jupyter Book; its every warning is an error.

    Parameters
    ----------
    source : SiteSource
        An assembled folder.
    kept : Path
        Folder to build in. Where it holds an earlier build that differs in the text of pages alone,
        only these pages are read again.

    Returns
    -------
    SiteSource
        The kept folder, which now holds the site.

    Raises
    ------
    BuildError
        With the warnings, if there is any.
    """
    site, whole, mark = SiteSource(kept), kept / _WHOLE, _mark()
    goes_on = whole.is_file() and whole.read_text("utf-8") == mark
    # Whatever interrupts this build, the next one starts anew.
    whole.unlink(missing_ok=True)
    if goes_on and _carried_over(source.folder, kept):
        # Pages name their scripts by what they found there when they were written.
        shutil.rmtree(site.html / "_static", ignore_errors=True)
    else:
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(source.folder, kept)
    _run(site)
    whole.write_text(mark, "utf-8")
    return site


def add_files(
    html: Path, tables: Path, pictures: Path, downloads: Path, durations: str, sharing: Sharing
) -> None:
    """Add the files that pages offer or load and that no page's own text depends on."""
    shutil.copytree(tables, html / "_static" / FOLDER)
    shutil.copytree(pictures, html / "_static" / PICTURES)
    shutil.copytree(downloads, html / DOWNLOADS)
    complete(html, sharing)
    remove_unused(html)
    (html / "_static" / DURATIONS).write_text(durations, "utf-8")


def _mark() -> str:
    """Name what, beside its source, decides how a site comes out."""
    here = Path(__file__).parent
    names = (
        "site.py", "extension.py", "glossary.py", "places.py", "question.py", "quiz.py",
        "reading.py", "sharing.py", "weight.py", "templates",
    )  # fmt: skip
    files = [here / name for name in names]
    known = (package.metadata for package in distributions())
    packages = sorted(f"{data['Name']}=={data['Version']}" for data in known)
    return f"{sys.version}\n{caching.fingerprint(files)}\n" + "\n".join(packages)


def _carried_over(source: Path, kept: Path) -> bool:
    """Copy what changed into the kept folder; False if that is more than the text of pages."""
    files = _files(source)
    if files != _files(kept):
        return False
    changed = [p for p in files if not filecmp.cmp(source / p, kept / p, shallow=False)]
    if any(path.suffix not in _TEXTS for path in changed):
        return False
    for path in changed:
        shutil.copyfile(source / path, kept / path)
    return True


def _files(folder: Path) -> set[Path]:
    """Give the files of a site's source, and not those that were built from it."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path for path in paths if path.parts[0] != "_build"}


def _run(site: SiteSource) -> None:
    """Run Jupyter Book on a folder, in a process that ends when this one does."""
    environment = {**os.environ, **ENVIRONMENT}
    command = [sys.executable, "-c", _PROGRAM, "build", str(site.folder)]
    command += ["--warningiserror", "--keep-going", "--quiet"]
    reading, writing = os.pipe()  # nothing is ever written: it closes when this process ends
    try:
        done = subprocess.run(
            command,
            stdin=reading,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            env=environment,
        )
    finally:
        os.close(reading)
        os.close(writing)
    spoken = _ANSI.sub("", done.stderr).replace(f"{site.folder}/", "")
    # Jupyter Book ends with a traceback of its own that seldom says more.
    told, _, trace = spoken.partition("Traceback (most recent call last)")
    lines = [line for line in told.splitlines() if line.strip()] or trace.splitlines()
    trouble = [line for line in lines if "WARNING" in line or "ERROR" in line]
    if done.returncode != 0 or trouble or not (site.html / "index.html").is_file():
        if (full := os.strerror(errno.ENOSPC)) in spoken:
            raise OSError(errno.ENOSPC, full, str(site.folder))
        shown = trouble or lines[-_TOLD:] or [f"jupyter-book ended with {done.returncode}"]
        if len(shown) > _TOLD:
            shown = [*shown[:_TOLD], f"and {len(shown) - _TOLD} more"]
        raise BuildError("the site has warnings, which count as errors:\n  " + "\n  ".join(shown))


def _add_page(book: Book, made: str, folder: Path) -> None:
    """Write the page on how the book was made, and the contents with it at their end."""
    contents = yaml.safe_load((book.folder / TOC_FILE).read_text("utf-8"))
    last = contents["parts"][-1] if contents.get("parts") else contents
    pages = "sections" if "sections" in last else "chapters"
    last.setdefault(pages, []).append({"file": PAGE})
    (folder / TOC_FILE).write_text(yaml.safe_dump(contents, allow_unicode=True), "utf-8")
    path = (folder / PAGE).with_suffix(".md")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(made, "utf-8")


def _for_the_page(notebook: Any, page: Page) -> Any:
    """Copy a notebook with links to its tables' files and without what no page can show.

    The latter are rows of results, live charts, and outputs that are empty for this study, such as
    a sentence on published results where there are none; a cell that does nothing else goes, too.
    """
    copied = copy.deepcopy(notebook)
    _add_downloads(copied, page)
    for cell in copied.cells:
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            data = output.get("data", {})
            for mimetype in [name for name in data if name.startswith("application/vnd.")]:
                del data[mimetype]
        shown = [output for output in cell.outputs if not _is_empty(output)]
        if not shown and _only_shows(cell.source):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "remove-cell"]
        cell.outputs = shown
    return copied


def _add_downloads(notebook: Any, page: Page) -> None:
    """Put links to its files under each table."""
    place = f"{'../' * page.name.count('/')}_static/{FOLDER}/{page.short_name}"
    for output, table in find_tables(notebook):
        name = escape(table.name)
        links = " ".join(
            f'<a href="{place}/{table.slug}.{ending}" download '
            f'aria-label="{name}, as {ending.upper()}">{ending.upper()}</a>'
            for ending in ("csv", "rtf")
        )
        output["data"]["text/html"] += f'\n<p class="als-downloads">Download {links}</p>'


def _is_empty(output: Any) -> bool:
    """Tell whether an output is of text alone, and none of it."""
    data = output.get("data")
    return data is not None and not any(str(content).strip() for content in data.values())


def _only_shows(source: str) -> bool:
    """Tell whether code has but expressions, so that nothing after it rests on it."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a command of IPython's own
        return False
    return all(isinstance(statement, ast.Expr) for statement in statements)


def _copy_pictures(source: Path, target: Path) -> None:
    """Copy the pictures that pages link to."""
    for path in source.rglob("*") if source.is_dir() else ():
        if path.suffix.lower() in _PICTURES:
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


def _copy_bibliographies(book: Book, study: Study, folder: Path) -> None:
    """Copy the book's references and the study's own; an absent file becomes an empty one."""
    shared, own = book.folder / "references.bib", study.folder / "story" / "references.bib"
    entries = _entries(own)
    # The study's wording of a reference goes before the book's.
    kept = {key: text for key, text in _entries(shared).items() if key not in entries}
    (folder / BIBLIOGRAPHY).write_text("".join(kept.values()), "utf-8")
    (folder / STUDY_BIBLIOGRAPHY).write_text("".join(entries.values()), "utf-8")


def _entries(path: Path) -> dict[str, str]:
    """Split a BibTeX file into its entries by key."""
    text = path.read_text("utf-8") if path.is_file() else ""
    parts = re.split(r"^(?=@\w+\s*\{)", text, flags=re.MULTILINE)[1:]
    return {part.partition("{")[2].partition(",")[0].strip(): part for part in parts}


def drawing_library(kept: Path) -> str:
    """Give the script that draws charts; it takes seconds to make, so that it is kept in a file."""
    import vl_convert

    file = kept / f"vega-{version('vl-convert-python')}.js"
    if not file.is_file():
        # A plain script, not a module: browsers refuse modules in pages opened from a folder.
        # The function around it keeps its hundreds of short names out of the page's.
        bundle = vl_convert.javascript_bundle(_EXPORTS)
        part = file.with_suffix(".part")
        part.write_text(f"(() => {{\n{bundle}\n}})();\n", "utf-8")
        part.replace(file)
    return file.read_text("utf-8")


def _write_assets(folder: Path, library: str) -> None:
    """Write the style, the scripts and the drawing library that the pages load."""
    from alsutils.display.theme import vega_config

    shutil.copytree(STATIC, folder)
    write_styles(folder)
    (folder / "vega.js").write_text(library, "utf-8")
    themes = {"light": vega_config("light"), "dark": vega_config("dark")}
    colours = f"window.alsThemes = {json.dumps(themes, sort_keys=True)};\n"
    (folder / "als-themes.js").write_text(colours, "utf-8")


def _site_config(book: Book, study: Study, offers: Offers, sharing: Sharing) -> dict[str, Any]:
    """Complete the book's configuration with what the study decides."""
    config: dict[str, Any] = yaml.safe_load((book.folder / CONFIG_FILE).read_text("utf-8"))
    config["title"] = study.config.title
    config["logo"] = f"{ASSETS}/logo.svg"
    config["bibtex_bibfiles"] = [BIBLIOGRAPHY, STUDY_BIBLIOGRAPHY]
    html = config.setdefault("html", {})
    html["favicon"] = f"{ASSETS}/favicon.svg"
    sphinx = config.setdefault("sphinx", {})
    extensions = sphinx.setdefault("extra_extensions", [])
    extensions.append("alsutils.book.extension")
    sphinx.setdefault("config", {})["html_static_path"] = [ASSETS]
    theme = sphinx["config"].setdefault("html_theme_options", {})
    # The theme's template writes it as HTML.
    theme |= sharing.theme_options()
    theme["logo"] = {"text": escape(fmt.shortened(study.config.title, _MOST_TITLE))}
    sphinx["config"]["alsbook_synthetic"] = study.is_synthetic
    sphinx["config"]["alsbook_downloads"] = offers.pages
    sphinx["config"]["alsbook_chapters"] = list(offers.chapters)
    sphinx["config"]["alsbook_all"] = offers.has_all
    sphinx["config"]["alsbook_pdf"] = sharing.pdf
    html["baseurl"] = sharing.url
    return config
