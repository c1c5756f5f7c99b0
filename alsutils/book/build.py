"""Build a book on a study: the one function behind ``alsbook build``."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pyarrow

from alsutils.book import cache as caching
from alsutils.book import manifest as manifests
from alsutils.book.chapters import (
    PARAMETERS_TAG,
    Book,
    Page,
    code_cells,
    find_book,
    read_notebook,
    takes_parameters,
)
from alsutils.book.downloads import offers, write_downloads
from alsutils.book.errors import BuildError, require_book_packages
from alsutils.book.execute import HELD_BACK, Executed, Task, error_outputs, execute_all
from alsutils.book.exports import write_tables
from alsutils.book.output import FOLDERS, Output
from alsutils.book.pdf import find_browser, write_pdf
from alsutils.book.places import DOWNLOADS, PDF
from alsutils.book.privacy import (
    Secrets,
    check_files,
    check_privacy,
    is_private,
    secrets_of,
    without_messages,
)
from alsutils.book.reach import ROOT, Reach, forget, reach
from alsutils.book.results import collect_rows, write_rows
from alsutils.book.sharing import Sharing
from alsutils.book.site import add_files, assemble, build_site, drawing_library
from alsutils.book.slides import write_slides
from alsutils.study import Study, load_study

_WINGS = {"design", "safety", "primary", "mechanism", "survival", "appraisal"}
_OF_WINGS = ("statsmodels.api", "lifelines")  # what many of their functions import


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
class _Plan:
    """The book's source and the study, and what each execution depends on.

    Attributes
    ----------
    sources : dict of Page to nbformat.NotebookNode
        The pages with code, not executed.
    reached : dict of Page to Reach
        What their code imports and reads.
    keys : dict of Page to str
        The keys of their executions.
    parts : dict of str to str
        Hashes of what the book is made of.
    sharing : Sharing
        Where the site will stand.
    """

    book: Book
    study: Study
    sources: dict[Page, Any]
    reached: dict[Page, Reach]
    keys: dict[Page, str]
    parts: dict[str, str]
    sharing: Sharing

    @property
    def inputs(self) -> str:
        """One hash of all that the build depends on."""
        files = {file for r in self.reached.values() for file in r.files}
        named = sorted(file for file in files if not file.is_relative_to(ROOT))
        return manifests.combined({**self.parts, "sharing": repr(self.sharing)}, named)


def build_book(
    study_path: Path,
    out: Path,
    *,
    book_folder: Path,
    jobs: int,
    force: bool,
    reporter: Callable[[], Reporter],
    timeout: float | None = None,
    sharing: Sharing = Sharing(),  # noqa: B008
) -> BuildReport:
    """Execute the chapters on a study and build the site.

    Parameters
    ----------
    study_path : Path
        Folder of the study.
    out : Path
        Folder to fill with ``html``, ``notebooks``, ``results``, ``tables`` and the manifest.
    book_folder : Path
        Folder that holds ``_config.yml`` and ``_toc.yml``.
    jobs : int
        How many chapters are executed at the same time.
    force : bool
        Do everything anew although nothing has changed.
    reporter : callable
        Makes the reporter; called once the inputs are found good.
    timeout : float or None
        Seconds that a chapter may take.
    sharing : Sharing
        Where the site will stand, and whether the book is printed as well.

    Returns
    -------
    BuildReport
        What was made. Only now has anything but the cache changed in ``out``.

    Raises
    ------
    BookError
        If there is no book, a package or the browser that prints is missing, or ``out`` is not a
        build's own.
    StudyError
        If anything is wrong with the study. In both cases nothing has been written.
    BuildError
        If a chapter or the site failed; the last good build is untouched.
    """
    require_book_packages()
    if sharing.pdf:
        find_browser()
    book = find_book(book_folder)
    study = load_study(study_path)
    plan = _plan(book, replace(study, tables={}), sharing)
    output = Output(out, (study.folder, book.folder / "chapters"))
    output.prepare()
    with output.locked(), _named_errors(), output.staging() as work:
        told = reporter()
        last = {} if force else manifests.read(output.folder)
        if last.get("inputs") == plan.inputs and _holds(last, output.folder):
            for page in plan.keys:
                told.chapter(page.name, 0, reused=True)
            return _report(output, last, executed=())
        if force:
            shutil.rmtree(output.site, ignore_errors=True)
        secrets = secrets_of(study, _written(book, study))
        # The chapters read the tables themselves; a copy here would stand beside theirs.
        del study
        pyarrow.default_memory_pool().release_unused()
        store = caching.Cache(output.cache)
        reused = {} if force else _reusable(plan, store)
        tasks = _tasks(plan, reused, last.get("last", {}).get("seconds", {}))
        with ThreadPoolExecutor(1) as aside:
            library = aside.submit(drawing_library, output.cache)
            executions = _execute(plan, tasks, reused, store, jobs, told, timeout)
            made = _make(plan, secrets, executions, library.result(), output.site, work, told)
        manifests.write(made, work)
        output.publish(work)
    return _report(output, made, executed=tuple(task.name for task in tasks))


@contextmanager
def _named_errors() -> Iterator[None]:
    """Turn what the system refuses, such as a full disk, into a failure of the build."""
    try:
        yield
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise BuildError(f"{place}{error.strerror or error}") from error


def _report(output: Output, made: dict[str, Any], executed: tuple[str, ...]) -> BuildReport:
    chapters = made["chapters"]
    files = [name for entry in chapters.values() for name in entry.get("results", {})]
    return BuildReport(
        site=output.folder / "html" / "index.html",
        results=tuple(output.folder / "results" / name for name in files),
        executed=executed,
        reused=tuple(name for name in chapters if name not in executed),
        warnings=tuple(made["last"]["warnings"]),
    )


def _holds(made: dict[str, Any], folder: Path) -> bool:
    """Tell whether the products of the last build are what it made."""
    products = made.get("last", {}).get("products", {})
    hashes = {name: caching.fingerprint([folder / name]) for name in FOLDERS}
    return bool(products == hashes)


def _plan(book: Book, study: Study, sharing: Sharing = Sharing()) -> _Plan:  # noqa: B008
    """Find out what each execution depends on."""
    sources = {page: read_notebook(page) for page in book.notebooks}
    parts = manifests.ingredients(book, study)
    reached, keys = {}, {}
    forget()
    for page, notebook in sources.items():
        cells = [
            c for c in code_cells(notebook) if PARAMETERS_TAG not in c.metadata.get("tags", [])
        ]
        folder = page.source.parent
        reached[page] = reach("\n".join(cell.source for cell in cells), folder)
        given = _parameters(page, notebook, study)
        known = [parts["lock"], parts["data"] if given else ""]
        keys[page] = caching.chapter_key(page, notebook, reached[page], given, *known)
    return _Plan(book, study, sources, reached, keys, parts, sharing)


def _parameters(page: Page, notebook: Any, study: Study) -> dict[str, str]:
    if not takes_parameters(notebook):
        return {}
    return {"study_path": _relative(study.folder, page.source.parent)}


def _reusable(plan: _Plan, store: caching.Cache) -> dict[str, Executed]:
    """Look for executions that still hold, and give their pages the words of today."""
    found = {}
    for page, key in plan.keys.items():
        kept = store.get(page.name, key)
        if kept is not None:
            notebook = caching.with_outputs(plan.sources[page], kept.notebook)
            found[page.name] = Executed(notebook, kept.seconds)
    return found


def _tasks(plan: _Plan, reused: dict[str, Executed], seconds: dict[str, float]) -> list[Task]:
    """Give the executions that are needed; what is new or known to be slow weighs most."""
    tasks = []
    for page, notebook in plan.sources.items():
        if page.name not in reused:
            weight = seconds.get(page.name, 1000.0 + len(code_cells(notebook)))
            given = _parameters(page, notebook, plan.study)
            private = is_private(plan.study) and bool(given)
            tasks.append(Task(page.name, notebook, page.source.parent, given, private, weight))
    return tasks


def _execute(
    plan: _Plan,
    tasks: list[Task],
    reused: dict[str, Executed],
    store: caching.Cache,
    jobs: int,
    told: Reporter,
    timeout: float | None,
) -> dict[Page, Executed]:
    """Execute what has to be, and keep each execution as soon as it is done."""
    for name, kept in reused.items():
        told.chapter(name, len(kept.notebook.cells), reused=True)
    for task in tasks:
        told.chapter(task.name, len(task.notebook.cells) + bool(task.parameters), reused=False)
    keys = {page.name: key for page, key in plan.keys.items()}
    names = {task.name for task in tasks}
    found = [m for page, r in plan.reached.items() if page.name in names for m in r.modules]
    shared = _OF_WINGS if any(_WINGS & set(module.split(".")) for module in found) else ()
    modules = list(dict.fromkeys([*found, *shared]))
    done = dict(reused)

    def keep(name: str, executed: Executed) -> None:
        store.put(name, keys[name], executed)
        done[name] = executed

    errors = execute_all(tasks, jobs, told.cell, keep, modules=modules, timeout=timeout)
    if errors:
        raise BuildError("\n".join(str(error) for error in errors))
    return {page: done[page.name] for page in plan.keys}


def _make(
    plan: _Plan,
    secrets: Secrets | None,
    executions: dict[Page, Executed],
    library: str,
    kept: Path,
    work: Path,
    told: Reporter,
) -> dict[str, Any]:
    """Make all products of executed notebooks in a folder, and give the manifest of the book."""
    notebooks = {page.name: executed.notebook for page, executed in executions.items()}
    warnings = _warnings(plan.study, notebooks)
    without_messages(plan.study, notebooks)
    check_privacy(secrets, notebooks)
    told.step("Collecting the results")
    _write_results(plan.book, notebooks, work / "results")
    chapters = {page: (key, plan.reached[page]) for page, key in plan.keys.items()}
    made = manifests.describe(plan.study, plan.parts, work / "results", chapters)
    told.step("Building the site")
    source, pictures = work / "source", work / "pictures"
    source.mkdir()
    pictures.mkdir()
    text = manifests.page_text(made)
    site = assemble(
        plan.book,
        plan.study,
        notebooks,
        source,
        made=text,
        library=library,
        pictures=pictures,
        offers=offers(plan.book, notebooks),
        sharing=plan.sharing,
    )
    with ThreadPoolExecutor(1) as aside:  # Jupyter Book keeps but one core busy
        written = aside.submit(_write_files, plan, notebooks, work)
        built = build_site(site, kept)
        written.result()
    shutil.copytree(built.html, work / "html")
    seconds = {page.name: round(done.seconds, 3) for page, done in executions.items()}
    durations = manifests.durations_script(seconds)
    folders = (work / "tables", pictures, work / "downloads")
    add_files(work / "html", *folders, durations, plan.sharing)
    write_slides(plan.book, plan.study, source, work / "html")
    if plan.sharing.pdf:
        told.step("Printing the book")
        names = [*(page.name for page in plan.book.pages), manifests.PAGE]
        write_pdf(work / "html", names, work / "html" / DOWNLOADS / PDF)
    check_files(secrets, work, FOLDERS)
    products = {name: caching.fingerprint([work / name]) for name in FOLDERS}
    last = {"seconds": seconds, "warnings": warnings, "products": products}
    return {**made, "inputs": plan.inputs, "last": last}


def _warnings(study: Study, notebooks: dict[str, Any]) -> tuple[str, ...]:
    """Give what chapters wrote to standard error; of private data, that they did."""
    texts = [(name, text) for name, nb in notebooks.items() for text in error_outputs(nb)]
    if not is_private(study):
        return tuple(f"{name}: {text}" for name, text in texts)
    names = dict.fromkeys(name for name, _ in texts)
    return tuple(
        f"{name}: wrote to standard error; {HELD_BACK.format(what='it')}" for name in names
    )


def _written(book: Book, study: Study) -> Iterator[str]:
    """Give the texts that were written by hand, dates in which are not those of patients."""
    package = Path(__file__).parents[1]
    places = [
        *(page.source for page in book.pages),
        *book.folder.glob("*.*"),
        *study.folder.glob("*.yml"),
        *study.folder.glob("story/*"),
        *package.rglob("*.py"),
    ]
    for path in dict.fromkeys(places):
        if path.is_file():
            yield path.read_text("utf-8", errors="replace")


def _write_results(book: Book, notebooks: dict[str, Any], folder: Path) -> None:
    """Write one CSV file for each chapter that shows a result."""
    folder.mkdir()
    for page in book.notebooks:
        try:
            rows = collect_rows(notebooks[page.name])
        except BuildError as error:
            raise BuildError(f"{page.name}: {error}") from error
        if rows:
            write_rows(rows, folder / f"{page.short_name}.csv")


def _write_files(plan: _Plan, notebooks: dict[str, Any], work: Path) -> None:
    """Write executed notebooks, each page's tables into a folder of their own, and downloads."""
    import nbformat

    pages = plan.book.notebooks
    for page in pages:
        path = work / "notebooks" / f"{page.name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebooks[page.name], path)
    (work / "tables").mkdir()
    for page in pages:
        write_tables(notebooks[page.name], work / "tables" / page.short_name)
    write_downloads(
        plan.book,
        notebooks,
        work / "downloads",
        results=work / "results",
        tables=work / "tables",
        place=lambda page: _public_place(plan, page),
        repository=plan.sharing.repository,
    )


def _public_place(plan: _Plan, page: Page) -> str:
    """Give the study's path as seen from a page; of one outside the book but the name."""
    folder = plan.study.folder
    if folder.is_relative_to(plan.book.folder.resolve()):
        return _relative(folder, page.source.parent)
    return folder.name


def _relative(path: Path, start: Path) -> str:
    """Path as seen from a folder, so that no notebook names a place on this machine."""
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:  # another drive on Windows
        return path.as_posix()
