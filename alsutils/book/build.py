"""Build a book on a study: the one function behind ``alsbook build``."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from alsutils.book import cache as caching
from alsutils.book.chapters import Book, Page, find_book, read_notebook, takes_parameters
from alsutils.book.errors import BuildError, require_book_packages
from alsutils.book.execute import Task, error_outputs, execute_all
from alsutils.book.exports import write_tables
from alsutils.book.output import Output
from alsutils.book.privacy import check_privacy
from alsutils.book.results import collect_rows, write_rows
from alsutils.book.site import assemble, build_site
from alsutils.study import Study, load_study
from alsutils.study.world import counterpart_folder


class Reporter(Protocol):
    """Who is told how a build goes."""

    def chapter(self, name: str, cells: int, reused: bool) -> None:
        """Hear of a chapter with so many cells that is to be executed, or is reused."""

    def cell(self, name: str) -> None:
        """Hear that one more cell of a chapter is done."""

    def step(self, words: str) -> None:
        """Hear that something else begins that takes a while."""


@dataclass(frozen=True)
class BuildReport:
    """What a build made.

    Attributes
    ----------
    site : Path
        First page of the site.
    results : tuple of Path
        CSV files of results, one a chapter that shows any.
    executed, reused : tuple of str
        Pages that were executed, and pages whose last execution still held.
    warnings : tuple of str
        What chapters wrote to standard error, after the page's name; it is not in the site.
    """

    site: Path
    results: tuple[Path, ...]
    executed: tuple[str, ...]
    reused: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Prepared:
    """Notebooks that are to be executed, and those that need not be."""

    tasks: tuple[Task, ...]
    keys: dict[str, str]
    reused: dict[str, Any]


def build_book(
    study_path: Path,
    out: Path,
    *,
    book_folder: Path,
    jobs: int,
    force: bool,
    reporter: Callable[[], Reporter],
) -> BuildReport:
    """Execute the chapters on a study and build the site.

    Parameters
    ----------
    study_path : Path
        Folder of the study.
    out : Path
        Folder to fill with ``html``, ``notebooks``, ``results`` and ``tables``.
    book_folder : Path
        Folder that holds ``_config.yml`` and ``_toc.yml``.
    jobs : int
        How many chapters are executed at the same time.
    force : bool
        Execute every chapter although nothing has changed.
    reporter : callable
        Makes the reporter; called once the inputs are found good.

    Returns
    -------
    BuildReport
        What was made. Only now has anything but the cache changed in ``out``.

    Raises
    ------
    BookError
        If there is no book, a package is missing or ``out`` is not a build's own.
    StudyError
        If anything is wrong with the study. In both cases nothing has been written.
    BuildError
        If a chapter or the site failed; the last good build is untouched.
    """
    require_book_packages()
    book = find_book(book_folder)
    study = load_study(study_path)
    sources = {page: read_notebook(page) for page in book.notebooks}
    output = Output(out, (study.folder, book.folder / "chapters"))
    output.prepare()
    with output.locked(), output.staging() as work:
        told = reporter()
        store = caching.Cache(output.cache)
        prepared = _prepare(book, sources, study, None if force else store)
        notebooks = _execute(prepared, store, jobs, told)
        check_privacy(study, notebooks)
        told.step("Collecting the results")
        results = _write_results(book, notebooks, work / "results")
        _write_tables(book, notebooks, work / "tables")
        _write_notebooks(notebooks, work / "notebooks")
        told.step("Building the site")
        source = work / "source"
        source.mkdir()
        site = assemble(book, study, notebooks, work / "tables", source)
        build_site(site)
        shutil.move(site.html, work / "html")
        output.publish(work)
    return BuildReport(
        site=output.folder / "html" / "index.html",
        results=tuple(output.folder / "results" / name for name in results),
        executed=tuple(task.name for task in prepared.tasks),
        reused=tuple(prepared.reused),
        warnings=tuple(
            f"{name}: {text}" for name, nb in notebooks.items() for text in error_outputs(nb)
        ),
    )


def _prepare(
    book: Book, sources: dict[Page, Any], study: Study, store: caching.Cache | None
) -> _Prepared:
    """Look for the notebooks whose last execution still holds; the others are tasks."""
    tasks, keys, reused = [], {}, {}
    package, files = caching.package_fingerprint(), caching.book_fingerprint(book.folder)
    other = counterpart_folder(study)
    data = caching.fingerprint([study.folder, *([other] if other else [])])
    for page, notebook in sources.items():
        folder = page.source.parent
        parameters, ingredients = {}, [package, files]
        if takes_parameters(notebook):
            parameters["study_path"] = _relative(study.folder, folder)
            ingredients.append(data)
        key = caching.notebook_key(page.source.read_text("utf-8"), parameters, *ingredients)
        keys[page.name] = key
        kept = store.get(page.name, key) if store else None
        if kept is None:
            tasks.append(Task(page.name, notebook, folder, parameters))
        else:
            reused[page.name] = kept
    return _Prepared(tuple(tasks), keys, reused)


def _execute(
    prepared: _Prepared, store: caching.Cache, jobs: int, told: Reporter
) -> dict[str, Any]:
    """Execute what has to be, and keep each notebook as soon as it is done."""
    for name, notebook in prepared.reused.items():
        told.chapter(name, len(notebook.cells), reused=True)
    for task in prepared.tasks:
        told.chapter(task.name, len(task.notebook.cells) + bool(task.parameters), reused=False)
    done = dict(prepared.reused)

    def keep(name: str, notebook: Any) -> None:
        store.put(name, prepared.keys[name], notebook)
        done[name] = notebook

    errors = execute_all(prepared.tasks, jobs, told.cell, keep)
    if errors:
        raise BuildError("\n".join(str(error) for error in errors))
    return {name: done[name] for name in prepared.keys}


def _write_results(book: Book, notebooks: dict[str, Any], folder: Path) -> list[str]:
    """Write one CSV file for each chapter that shows a result."""
    folder.mkdir()
    names = []
    for page in book.notebooks:
        try:
            rows = collect_rows(notebooks[page.name])
        except BuildError as error:
            raise BuildError(f"{page.name}: {error}") from error
        if rows:
            names.append(f"{page.short_name}.csv")
            write_rows(rows, folder / names[-1])
    return names


def _write_tables(book: Book, notebooks: dict[str, Any], folder: Path) -> None:
    """Write the tables of each page into a folder of its own."""
    folder.mkdir()
    for page in book.notebooks:
        write_tables(notebooks[page.name], folder / page.short_name)


def _write_notebooks(notebooks: dict[str, Any], folder: Path) -> None:
    """Write the executed notebooks under the names that their pages have."""
    import nbformat

    folder.mkdir()
    for name, notebook in notebooks.items():
        path = folder / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)


def _relative(path: Path, start: Path) -> str:
    """Path as seen from a folder, so that no notebook names a place on this machine."""
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:  # another drive on Windows
        return path.as_posix()
