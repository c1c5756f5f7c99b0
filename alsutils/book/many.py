"""Books of several studies, and a page that leads to them."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from alsutils.book.build import build_book
from alsutils.book.errors import BookError, BuildError
from alsutils.book.output import Output
from alsutils.stats.batches import ClusterError, run_batches
from alsutils.study import StudyError, load_study


@dataclass(frozen=True)
class Outcome:
    """What became of one study.

    Attributes
    ----------
    study : Path
        Its folder.
    name : str
        The folder of its book below that of all books.
    title : str
        Its title; its folder where it could not be read.
    error : str
        Why it has no new book; empty where it has one.
    """

    study: Path
    name: str
    title: str
    error: str


class _Silence:
    """A reporter for builds that run side by side."""

    def chapter(self, name: str, cells: int, reused: bool) -> None:
        """Say nothing."""

    def cell(self, name: str) -> None:
        """Say nothing."""

    def step(self, words: str) -> None:
        """Say nothing."""


def build_books(
    studies: Sequence[Path],
    out: Path,
    *,
    book_folder: Path,
    jobs: int,
    cluster: str | None,
    force: bool,
    timeout: float | None,
    report: Callable[[Outcome], None],
) -> list[Outcome]:
    """Build a book for each study, and a page with a link to each.

    Parameters
    ----------
    studies : sequence of Path
        Their folders, each with another name.
    out : Path
        Folder to fill: a folder with a book for each study, and ``index.html``.
    book_folder : Path
        Folder that holds ``_config.yml`` and ``_toc.yml``.
    jobs : int
        Processes on this machine, shared by the books.
    cluster : str or None
        Address of a Dask scheduler that builds them instead; its workers see the same folders.
    force : bool
        Do everything anew.
    timeout : float or None
        Seconds that a chapter may take.
    report : callable
        Called with each outcome as it comes.

    Returns
    -------
    list of Outcome
        In the order of ``studies``. A study that fails does not stop the others.

    Raises
    ------
    BookError
        If two studies have one name, ``out`` is not a build's own or no cluster answers.
    """
    folders = [study.resolve() for study in studies]
    names = [folder.name for folder in folders]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BookError(f"several studies are in a folder of the name {', '.join(twice)}")
    output = Output(out, (*folders, book_folder.resolve() / "chapters"))
    output.claim()
    at_once = 1 if cluster else min(jobs, len(folders))
    build = partial(
        _built,
        folders,
        output.folder,
        book_folder=book_folder.resolve(),
        jobs=max(1, jobs // at_once),
        force=force,
        timeout=timeout,
    )
    done: dict[int, Outcome] = {}
    with output.locked():
        try:
            for number, outcome in run_batches(build, range(len(folders)), at_once, cluster):
                done[number] = outcome
                report(outcome)
        except ClusterError as error:
            raise BookError(str(error)) from error
        outcomes = [done[number] for number in range(len(folders))]
        _write_index(outcomes, output.folder)
    return outcomes


def _built(
    folders: Sequence[Path],
    out: Path,
    number: int,
    *,
    book_folder: Path,
    jobs: int,
    force: bool,
    timeout: float | None,
) -> Outcome:
    """Build one book, maybe in another process or on another machine."""
    study, title, error = folders[number], folders[number].name, ""
    try:
        title = load_study(study).config.title
        build_book(
            study,
            out / study.name,
            book_folder=book_folder,
            jobs=jobs,
            force=force,
            reporter=_Silence,
            timeout=timeout,
        )
    except (StudyError, BookError, BuildError) as problem:
        error = str(problem)
    except Exception as problem:  # one study's surprise is not to stop the others
        error = f"{type(problem).__name__}: {problem}"
    return Outcome(study, study.name, title, error)


def _write_index(outcomes: Sequence[Outcome], out: Path) -> None:
    """Write the page that leads to the books, in place of the last one in one step."""
    items = "\n".join(_item(outcome, out) for outcome in outcomes)
    part = out / "index.html.part"
    part.write_text(_INDEX.format(items=items), "utf-8")
    part.replace(out / "index.html")


def _item(outcome: Outcome, out: Path) -> str:
    title = html.escape(outcome.title)
    site = Path(outcome.name) / "html" / "index.html"
    link = f'<a href="{html.escape(site.as_posix())}">{title}</a>'
    if not outcome.error:
        return f"<li>{link}</li>"
    if (out / site).is_file():
        return f"<li>{link} (the last build failed; this book is older)</li>"
    return f"<li>{title} (could not be built)</li>"


_INDEX = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Books of several trials</title>
<style>
:root {{ color-scheme: light dark; font: 1.1rem/1.6 system-ui, sans-serif; }}
body {{ max-width: 40rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }}
</style>
</head>
<body>
<main>
<h1>Books of several trials</h1>
<p>Each trial has a book of its own, made by the same chapters from its own data.</p>
<ul>
{items}
</ul>
</main>
</body>
</html>
"""
