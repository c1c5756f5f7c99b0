"""The command line: ``alsbook build``, ``check``, ``new`` and ``simulate``."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from alsutils.book.errors import BookError, BuildError

FAILED, WRONG_INPUT = 1, 2

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Build the book of a trial from its ADaM tables.",
)
out_console = Console(soft_wrap=True)
error_console = Console(stderr=True, soft_wrap=True)

StudyArgument = Annotated[
    Path, typer.Argument(help="Folder that holds study.yml and the ADaM tables.")
]


@app.command()
def build(
    study: StudyArgument = Path("data/oh2018"),
    out: Annotated[Path, typer.Option(help="Folder for the site, notebooks, results.")] = Path(
        "_build"
    ),
    jobs: Annotated[
        int, typer.Option(min=1, help="Chapters executed at the same time.", show_default="cores")
    ] = os.cpu_count() or 1,
    force: Annotated[
        bool, typer.Option("--force", help="Execute chapters that have not changed, too.")
    ] = False,
    book: Annotated[
        Path, typer.Option(help="Folder of the book's source (_config.yml, _toc.yml).")
    ] = Path(),
) -> None:
    """Execute the chapters on a study, collect the results and build the site."""
    from alsutils.book.build import build_book
    from alsutils.book.progress import TerminalReporter

    with _told(), TerminalReporter(error_console) as reporter:
        report = build_book(
            study,
            out,
            book_folder=book,
            jobs=jobs,
            force=force,
            reporter=lambda: reporter,
        )
    for warning in report.warnings:
        _say(f"Warning: {warning}")
    typer.echo(f"{len(report.executed)} chapters executed, {len(report.reused)} reused")
    typer.echo(f"Site: {_shown(report.site)}")
    for path in report.results:
        typer.echo(f"Results: {_shown(path)}")


@contextmanager
def _told() -> Iterator[None]:
    """Turn errors into words and an exit status; a traceback is for what nobody foresaw."""
    from alsutils.study import StudyError

    try:
        yield
    except (StudyError, BookError) as error:
        _say(str(error))
        raise typer.Exit(WRONG_INPUT) from error
    except BuildError as error:
        _say(f"The build failed; the last good site is untouched.\n{error}")
        raise typer.Exit(FAILED) from error
    except KeyboardInterrupt as error:
        _say("Stopped; the last good site is untouched.")
        raise typer.Exit(130) from error


def _say(words: str) -> None:
    typer.echo(words, err=True)


def _shown(path: Path) -> str:
    """Path as seen from the current folder, where it lies below it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


@app.command()
def check(study: StudyArgument) -> None:
    """Load a study, list every problem with it, and say what its book will hold."""
    from alsutils.book.summary import summarise
    from alsutils.study import load_study

    with _told():
        summary = summarise(load_study(study))
    typer.echo(summary.text())
