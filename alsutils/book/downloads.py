"""What a reader takes home: notebooks that run elsewhere, and results and tables in one archive."""

import copy
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alsutils.book.chapters import PARAMETERS_TAG, Book, Page, read_notebook, takes_parameters
from alsutils.book.places import ALL
from alsutils.display.output import RESULTS_MIME, TABLE_MIME

_INJECTED = "injected-parameters"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that an archive can hold
_READABLE = 0o644 << 16
_OWN = "application/vnd.alsutils."
_DRAWN_BY_SCRIPT = re.compile(
    r'<script type="application/json">.*?</script>\s*<noscript>(<img .*?>)</noscript>', re.DOTALL
)
_KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_HOW = """\
This page as a notebook, with what it showed when the book was built. To run it, install the
package `alsutils` in Python 3.11 or newer{where}. `study_path` is the folder of a study: as it
stands, it is seen from the folder of this page in the book's source. Set it to where the study is
on your machine, or to a study of your own.
"""
_COLAB = """\
# Where this runs on Colab, get the book and its package; elsewhere they are there already.
import sys
from pathlib import Path

if "google.colab" in sys.modules:
    if not Path("/content/book").is_dir():
        !git clone --quiet --depth 1 --branch {branch} {repository} /content/book
        %pip install --quiet /content/book
    %cd -q /content/book/{folder}
"""


@dataclass(frozen=True)
class Offers:
    """What the pages of a site offer to download.

    Attributes
    ----------
    pages : dict of str to dict of str to str
        For each page's name what it offers, in words, and the file's name.
    chapters : tuple of str
        The pages that work on a study, but the front page.
    has_all : bool
        Whether there are results or tables at all.
    """

    pages: dict[str, dict[str, str]]
    chapters: tuple[str, ...]
    has_all: bool


def offers(book: Book, notebooks: dict[str, Any]) -> Offers:
    """Tell from executed notebooks what will be offered, before the files are written.

    Parameters
    ----------
    book : Book
        The book's source; its first page is the front page.
    notebooks : dict of str to nbformat.NotebookNode
        The executed notebooks by page name.

    Returns
    -------
    Offers
        The same whenever the pages show the same tables and results.
    """
    pages: dict[str, dict[str, str]] = {}
    front = book.pages[0]
    for page in book.notebooks:
        if page != front:
            notebook_name, archive_name = names_of(page)
            pages[page.name] = {"notebook": notebook_name}
            if _has_rows(notebooks[page.name]):
                pages[page.name]["results and tables"] = archive_name
    works = [p.name for p in book.notebooks if p != front and takes_parameters(notebooks[p.name])]
    return Offers(pages, tuple(works), any(_has_rows(each) for each in notebooks.values()))


def _has_rows(notebook: Any) -> bool:
    """Tell whether a notebook shows a table or a result."""
    kinds = {
        kind for c in notebook.cells for o in c.get("outputs", []) for kind in o.get("data", {})
    }
    return bool(kinds & {RESULTS_MIME, TABLE_MIME})


def names_of(page: Page) -> tuple[str, str]:
    """Give the file names of a page's notebook and of its results and tables."""
    return f"{page.short_name}.ipynb", f"{page.short_name}-results-and-tables.zip"


def portable(notebook: Any, study_path: str | None, repository: str = "") -> Any:
    """Copy an executed notebook so that it can be read and run away from its book.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        As it was executed.
    study_path : str or None
        Where its study is as seen from the page's source, which its reader is told; None where it
        works on no study.
    repository : str
        Where the book's source is; empty where nobody knows.

    Returns
    -------
    nbformat.NotebookNode
        The path of the study stands in one plain cell; charts are pictures beside what a notebook
        draws itself, and what only a build reads is left out.
    """
    import nbformat

    copied = copy.deepcopy(notebook)
    cells = []
    for cell in copied.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "raw" or _INJECTED in tags:
            continue
        if PARAMETERS_TAG in tags and study_path is not None:
            cell.source = f"study_path = {study_path!r}"
        cell.metadata = nbformat.from_dict({"tags": tags} if PARAMETERS_TAG in tags else {})
        for output in cell.get("outputs", []):
            output.metadata = {}
            _lighten(output.get("data", {}))
        cells.append(cell)
    if study_path is not None:
        where = f" (`pip install git+{repository}`)" if repository else ""
        cells.insert(1, _cell(nbformat.v4.new_markdown_cell(_HOW.format(where=where)), "how"))
    copied.cells = cells
    copied.metadata = nbformat.from_dict(_KERNEL)
    return copied


def _lighten(data: dict[str, Any]) -> None:
    """Take out of an output what only a build reads; show charts without the site's scripts."""
    for kind in [kind for kind in data if kind.startswith(_OWN)]:
        del data[kind]
    if "text/html" in data:
        data["text/html"] = _DRAWN_BY_SCRIPT.sub(r"\1", data["text/html"])


def _cell(cell: Any, name: str) -> Any:
    cell["id"] = name  # nbformat draws one by chance
    return cell


def launchable(page: Page, repository: str, branch: str) -> Any:
    """Make of a page's source the notebook that Binder and Colab open, not executed.

    Parameters
    ----------
    page : Page
        A page with code.
    repository, branch : str
        Where Colab, which opens nothing but the notebook, gets all else.

    Returns
    -------
    nbformat.NotebookNode
        A first cell gets the book and its package where they are missing.
    """
    import nbformat

    notebook = read_notebook(page)
    folder = page.name.rpartition("/")[0]
    code = _COLAB.format(repository=repository, branch=branch, folder=folder).rstrip()
    first = _cell(nbformat.v4.new_code_cell(code), "setup")
    notebook.cells = [first, *(cell for cell in notebook.cells if cell.cell_type != "raw")]
    for cell in notebook.cells:
        cell.pop("attachments", None)
        cell.metadata = nbformat.from_dict({})
    notebook.metadata = nbformat.from_dict(_KERNEL)
    return notebook


def write_launchable(book: Book, folder: Path, repository: str, branch: str) -> list[Path]:
    """Write each page with code as the notebook that Binder and Colab open.

    Parameters
    ----------
    book : Book
        The book's source.
    folder : Path
        Where to: each page under its own name, as ``chapters/01_design.ipynb``.
    repository, branch : str
        As for ``launchable``.

    Returns
    -------
    list of Path
        The files.
    """
    import nbformat

    paths = []
    for page in book.notebooks:
        path = folder / f"{page.name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(launchable(page, repository, branch), path)
        paths.append(path)
    return paths


def write_downloads(
    book: Book,
    notebooks: dict[str, Any],
    folder: Path,
    *,
    results: Path,
    tables: Path,
    place: Callable[[Page], str],
    repository: str = "",
) -> None:
    """Write what each page offers, and the results and tables of all pages in one archive.

    Parameters
    ----------
    book : Book
        The book's source.
    notebooks : dict of str to nbformat.NotebookNode
        The executed notebooks by page name.
    folder : Path
        Where to; made here.
    results, tables : Path
        Folders of the results, a file a page, and of the tables, a folder a page.
    place : callable
        Gives the path of the study as seen from a page's source.
    repository : str
        Where the book's source is; empty where nobody knows.
    """
    import nbformat

    folder.mkdir()
    front, whole = book.pages[0], dict[str, Path]()
    for page in book.notebooks:
        files = _files_of(page, results, tables)
        whole |= {f"{page.short_name}/{name}": path for name, path in files.items()}
        if page == front:
            continue
        notebook_name, archive_name = names_of(page)
        notebook = notebooks[page.name]
        seen = place(page) if takes_parameters(notebook) else None
        nbformat.write(portable(notebook, seen, repository), folder / notebook_name)
        if files:
            write_archive(folder / archive_name, files)
    if whole:
        write_archive(folder / ALL, whole)


def _files_of(page: Page, results: Path, tables: Path) -> dict[str, Path]:
    """Give the files of a page's results and tables by their names in an archive."""
    files = {f"tables/{path.name}": path for path in (tables / page.short_name).glob("*")}
    result = results / f"{page.short_name}.csv"
    return {"results.csv": result, **files} if result.is_file() else files


def write_archive(path: Path, files: dict[str, Path]) -> None:
    """Write files into an archive that is the same to the last byte whenever they are."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = _READABLE
            info.create_system = 3  # Unix, wherever it is made
            archive.writestr(info, files[name].read_bytes())
