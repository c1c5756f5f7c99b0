"""The source of the book: which pages there are, and each as a notebook."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from alsutils.book.errors import BookError

CONFIG_FILE = "_config.yml"
TOC_FILE = "_toc.yml"
PARAMETERS_TAG = "parameters"
_CELL_FENCE = "```{code-cell}"


@dataclass(frozen=True)
class Page:
    """One page of the book.

    Attributes
    ----------
    name : str
        Path below the book without ending, as the table of contents has it.
    source : Path
        The file it is written in.
    """

    name: str
    source: Path

    @property
    def is_notebook(self) -> bool:
        """Whether the page has code to execute."""
        return self.source.suffix == ".py" or _CELL_FENCE in self.source.read_text("utf-8")

    @property
    def short_name(self) -> str:
        """Name without folder and number: ``primary`` for ``chapters/03_primary``."""
        stem = self.name.rsplit("/", 1)[-1]
        number, _, rest = stem.partition("_")
        return rest if number.isdigit() and rest else stem


@dataclass(frozen=True)
class Book:
    """The book's source folder and its pages, in reading order."""

    folder: Path
    pages: tuple[Page, ...]

    @property
    def notebooks(self) -> tuple[Page, ...]:
        """The pages that are executed."""
        return tuple(page for page in self.pages if page.is_notebook)


def find_book(folder: Path) -> Book:
    """Find the pages of a book.

    Parameters
    ----------
    folder : Path
        The folder that holds ``_config.yml`` and ``_toc.yml``.

    Returns
    -------
    Book
        Its pages in the order of the table of contents.

    Raises
    ------
    BookError
        If either file is missing or unreadable, or a page named there does not exist.
    """
    missing = [name for name in (CONFIG_FILE, TOC_FILE) if not (folder / name).is_file()]
    if missing:
        raise BookError(
            f"{folder} holds no book: {' and '.join(missing)} not found; run alsbook in the folder "
            "of the book's source, or name it with --book"
        )
    try:
        toc = yaml.safe_load((folder / TOC_FILE).read_text("utf-8"))
    except yaml.YAMLError as error:
        raise BookError(f"{folder / TOC_FILE} is not readable YAML: {error}") from error
    pages, absent = [], []
    for name in _page_names(toc):
        source = _source(folder, name)
        if source is None:
            absent.append(name)
        else:
            pages.append(Page(name, source))
    if absent:
        raise BookError(
            f"{TOC_FILE} names pages that are not there: {', '.join(absent)}; "
            "write them as .py or .md, or remove them from it"
        )
    return Book(folder, tuple(pages))


def read_notebook(page: Page) -> Any:
    """Read a page as a notebook with cell ids that do not change from build to build.

    Parameters
    ----------
    page : Page
        A page with code.

    Returns
    -------
    nbformat.NotebookNode
        Its cells, not executed.

    Raises
    ------
    BookError
        If it has more than one cell tagged ``parameters``.
    """
    import jupytext
    import nbformat

    text = page.source.read_text("utf-8")
    form = "py:percent" if page.source.suffix == ".py" else "md:myst"
    notebook = nbformat.v4.upgrade(jupytext.reads(text, fmt=form))
    notebook.metadata = nbformat.from_dict({})
    count = 0
    for position, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{position}"
        count += PARAMETERS_TAG in cell.metadata.get("tags", [])
    if count > 1:
        raise BookError(f"{page.source} has {count} cells tagged {PARAMETERS_TAG!r}; keep one")
    return notebook


def takes_parameters(notebook: Any) -> bool:
    """Tell whether a notebook has a cell tagged ``parameters``."""
    return any(PARAMETERS_TAG in cell.metadata.get("tags", []) for cell in notebook.cells)


def code_cells(notebook: Any) -> list[Any]:
    """Give a notebook's cells of code."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _page_names(node: Any) -> Iterator[str]:
    """Yield the pages below one node of the table of contents, in order."""
    if isinstance(node, list):
        for item in node:
            yield from _page_names(item)
    elif isinstance(node, dict):
        for key in ("root", "file"):
            if key in node:
                yield str(node[key])
        for key in ("parts", "chapters", "sections"):
            yield from _page_names(node.get(key))


def _source(folder: Path, name: str) -> Path | None:
    """Find the file of a page."""
    candidates = (folder / f"{name}{ending}" for ending in (".py", ".md"))
    return next((path for path in candidates if path.is_file()), None)
