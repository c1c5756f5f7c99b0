"""The command line, ``alsbook``: from building a book to recomputing a printed table."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from alsutils.book.errors import BookError, BuildError

FAILED, WRONG_INPUT = 1, 2
WIDE = 120  # columns
CORES = os.cpu_count() or 1

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
OutOption = Annotated[Path, typer.Option(help="Folder for the site, notebooks, results.")]
JobsOption = Annotated[
    int, typer.Option(min=1, help="Chapters executed at the same time.", show_default="cores")
]
TimeoutOption = Annotated[float, typer.Option(min=1, help="Seconds that a chapter may take.")]
BookOption = Annotated[
    Path, typer.Option(help="Folder of the book's source (_config.yml, _toc.yml).")
]
UrlOption = Annotated[
    str, typer.Option(help="Address that the site will have, for previews and a sitemap.")
]
RepositoryOption = Annotated[
    str, typer.Option(help="Address on GitHub of the book's source, for launch buttons.")
]


@app.command()
def build(
    studies: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[STUDY]...",
            help="Folder that holds study.yml and the ADaM tables; several for a book each.",
            show_default="data/oh2018",
        ),
    ] = None,
    out: OutOption = Path("_build"),
    jobs: JobsOption = CORES,
    force: Annotated[
        bool, typer.Option("--force", help="Execute chapters that have not changed, too.")
    ] = False,
    timeout: TimeoutOption = 3600,
    cluster: Annotated[
        str | None,
        typer.Option(help="Address of a Dask scheduler that builds the books of several studies."),
    ] = None,
    book: BookOption = Path(),
    url: UrlOption = "",
    repository: RepositoryOption = "",
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Print the whole book as a PDF, too; needs Chromium.")
    ] = False,
) -> None:
    """Execute the chapters on a study, collect the results and build the site.

    Of several studies each gets a book of its own in a folder below OUT, and OUT/index.html leads
    to them.
    """
    from alsutils.book.build import build_book
    from alsutils.book.progress import TerminalReporter
    from alsutils.book.sharing import Sharing

    chosen = studies or [Path("data/oh2018")]
    if len(chosen) > 1:
        if url or repository or pdf:
            raise typer.BadParameter("--url, --repository and --pdf are for one study")
        _build_several(chosen, out, book, jobs, cluster, force, timeout)
        return
    if cluster is not None:
        raise typer.BadParameter("a cluster is for several studies", param_hint="--cluster")
    with _told(), TerminalReporter(error_console) as reporter:
        report = build_book(
            chosen[0],
            out,
            book_folder=book,
            jobs=jobs,
            force=force,
            timeout=timeout,
            reporter=lambda: reporter,
            sharing=Sharing(url, repository, pdf),
        )
    for warning in report.warnings:
        _say(f"Warning: {warning}")
    typer.echo(f"{len(report.executed)} chapters executed, {len(report.reused)} reused")
    typer.echo(f"Site: {_shown(report.site)}")
    for path in report.results:
        typer.echo(f"Results: {_shown(path)}")


def _build_several(
    studies: list[Path],
    out: Path,
    book: Path,
    jobs: int,
    cluster: str | None,
    force: bool,
    timeout: float,
) -> None:
    """Build a book for each study and say what became of each."""
    from alsutils.book.many import Outcome, build_books

    def tell(outcome: Outcome) -> None:
        typer.echo(f"{outcome.name}: {'failed' if outcome.error else 'built'}")

    with _told():
        outcomes = build_books(
            studies,
            out,
            book_folder=book,
            jobs=jobs,
            cluster=cluster,
            force=force,
            timeout=timeout,
            report=tell,
        )
    typer.echo(f"Books: {_shown(out.resolve() / 'index.html')}")
    failed = [outcome for outcome in outcomes if outcome.error]
    for outcome in failed:
        _say(f"{outcome.study} has no new book:\n{outcome.error}")
    if failed:
        raise typer.Exit(FAILED)


@app.command()
def watch(
    study: StudyArgument = Path("data/oh2018"),
    out: OutOption = Path("_build"),
    jobs: JobsOption = CORES,
    timeout: TimeoutOption = 3600,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the site is served.")] = 8000,
    book: BookOption = Path(),
) -> None:
    """Serve the site on this machine; build it again on every save and reload the page."""
    from alsutils.book.watch import watch_book

    with _told():
        watch_book(
            study,
            out,
            book_folder=book,
            port=port,
            options=["--jobs", str(jobs), "--timeout", str(timeout)],
            say=lambda words: typer.echo(words, err=True),
        )


@contextmanager
def _told() -> Iterator[None]:
    """Turn errors into words and an exit status; a traceback is for what nobody foresaw."""
    from alsutils.study import StudyError

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    # A request to end is heard as Ctrl-C is, so that nothing is left running.
    with suppress(ValueError):  # elsewhere than in the main thread
        signal.signal(signal.SIGTERM, stop)
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
def check(
    study: StudyArgument,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all of it as one JSON object, for machines.")
    ] = False,
) -> None:
    """Look a study through: its datasets, what the book will hold, problems and warnings."""
    import json

    from alsutils.book.checking import check_study, print_datasets
    from alsutils.study import StudyError

    report = check_study(study)
    if as_json:
        typer.echo(json.dumps(report.as_dict(), allow_nan=False))
    else:
        # A pipe has no width; a table that is cut to the usual one would be no use in it.
        print_datasets(report, Console(width=None if sys.stdout.isatty() else WIDE))
        if report.summary:
            typer.echo(report.summary.text())
        for warning in report.warnings:
            typer.echo(f"Warning: {warning}")
        if report.problems:
            _say(str(StudyError(report.study, report.problems)))
    if not report.ok:
        raise typer.Exit(WRONG_INPUT)


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="Folder of the new study.")],
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Folder of ADaM tables to copy and read the answers from."),
    ] = None,
) -> None:
    """Write a study.yml to finish by hand, filled in as far as ADaM tables tell."""
    from alsutils.book.template import write_template
    from alsutils.study import StudyError, load_study

    with _told():
        path = write_template(folder, source)
    typer.echo(f"Written: {path} and its tables")
    if source is None:
        typer.echo(
            f"Next: change every line and fill the tables, as {folder}/README.md says, then "
            f"alsbook check {folder}"
        )
        return
    decisions = path.read_text("utf-8").count("# DECIDE:")
    typer.echo(f"Next: settle the {decisions} lines marked DECIDE, then alsbook check {folder}")
    try:
        load_study(folder)
    except StudyError as error:
        _say(f"As it stands it does not load yet.\n{error}")


@app.command()
def notebooks(
    folder: Annotated[Path, typer.Argument(help="Folder to write them into.")],
    repository: RepositoryOption,
    branch: Annotated[str, typer.Option(help="Branch that will hold them.")] = "notebooks",
    book: BookOption = Path(),
) -> None:
    """Write the chapters as the notebooks that Binder and Colab open."""
    from alsutils.book.chapters import find_book
    from alsutils.book.downloads import write_launchable
    from alsutils.book.sharing import Sharing

    with _told():
        address = Sharing(repository=repository).repository
        paths = write_launchable(find_book(book), folder, address, branch)
    typer.echo(f"Written: {len(paths)} notebooks below {folder}")


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(help="Folder of the simulated study.")],
    n_per_arm: Annotated[int, typer.Option(min=2, help="Patients in each arm.")] = 32,
    effect: Annotated[
        float, typer.Option(help="Decline that treatment removes, points a month.")
    ] = 0.5,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 1,
    like: Annotated[
        Path, typer.Option(help="Study whose study.yml is taken over, without what was printed.")
    ] = Path("data/oh2018"),
) -> None:
    """Simulate a trial with a known effect: its tables and its study.yml."""
    from alsutils.book.simulation import write_simulation

    with _told():
        path = write_simulation(folder, like, n_per_arm=n_per_arm, effect=effect, seed=seed)
    typer.echo(f"Written: {path} and its tables")
    typer.echo(f"Next: alsbook build {folder} --out {folder.name}-book")


@app.command()
def power(
    scenarios: Annotated[
        Path | None,
        typer.Argument(help="YAML file of scenarios; a trial of 32 patients an arm where none."),
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Trials simulated in each scenario.")] = 2000,
    analyses: Annotated[
        str, typer.Option(help="Names, separated by commas.")
    ] = "t_test,ancova,mmrm,slope,joint_rank,log_rank",
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random numbers.")] = 1,
    alpha: Annotated[float, typer.Option(help="Two-sided level of the tests.")] = 0.05,
    null: Annotated[
        bool, typer.Option(help="Simulate each scenario without its effect, too.")
    ] = True,
    jobs: Annotated[
        int, typer.Option(min=1, help="Processes on this machine.", show_default="cores")
    ] = os.cpu_count() or 1,
    cluster: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler to send the work to.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="File that keeps finished batches, to go on from later.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="CSV file for every measure with its Monte Carlo error.")
    ] = None,
) -> None:
    """Simulate trials: power, type I error, bias, coverage and patients of each analysis."""
    from rich.table import Table

    from alsutils.book.power import power_table, read_scenarios, simulate_scenarios
    from alsutils.book.progress import TrialBars

    if out is not None and not out.parent.is_dir():
        raise typer.BadParameter(f"{out.parent} is no folder", param_hint="--out")
    with _told(), TrialBars(error_console) as bars:
        frame = simulate_scenarios(
            read_scenarios(scenarios),
            [name.strip() for name in analyses.split(",") if name.strip()],
            trials,
            seed,
            alpha=alpha,
            without_effect=null,
            jobs=jobs,
            cluster=cluster,
            store=store,
            report=bars.done,
        )
    shown = power_table(frame)
    title = f"{trials:,} trials a scenario, seed {seed}; Monte Carlo errors in brackets"
    table = Table(*shown.columns, title=title)
    for row in shown.itertuples(index=False):
        table.add_row(*row)
    out_console.print(table)
    if out is not None:
        frame.to_csv(out, index=False, lineterminator="\n")
        typer.echo(f"Written: {out}")


@app.command("class")
def class_(
    folder: Annotated[Path, typer.Argument(help="Folder of the class; new or empty.")],
    students: Annotated[
        Path, typer.Option(help="CSV file with a column student (an id each) and maybe name.")
    ],
    seed: Annotated[int, typer.Option(min=0, help="Seed of all trials; keep it to yourself.")],
    patients: Annotated[int, typer.Option(min=10, help="Patients in each arm of a trial.")] = 60,
    jobs: Annotated[
        int, typer.Option(min=1, help="Processes on this machine.", show_default="cores")
    ] = os.cpu_count() or 1,
    like: Annotated[
        Path, typer.Option(help="Study of two arms whose study.yml says how trials are run.")
    ] = Path("data/oh2018"),
) -> None:
    """Make a trial of their own for every student, a hand-out, and an answer key."""
    from alsutils.book.progress import TrialBars
    from alsutils.classroom import set_class

    with _told(), TrialBars(error_console) as bars:
        made = set_class(
            folder,
            students,
            seed=seed,
            like=like,
            n_per_arm=patients,
            jobs=jobs,
            report=lambda done, total: bars.done("students", done, total),
        )
    typer.echo(f"Students: {made.students}. Questions to all: {made.questions}.")
    typer.echo(f"Written: {_shown(made.folder)}")
    typer.echo(f"Next: see {_shown(made.folder / 'README.md')}, then alsbook grade {folder}")


@app.command()
def grade(
    folder: Annotated[Path, typer.Argument(help="Folder that `alsbook class` made.")],
) -> None:
    """Grade the answers that students handed in, with a note to each."""
    from rich.table import Table

    from alsutils.classroom import grade_class

    with _told():
        grades = grade_class(folder)
    laid = Table("Question", "Answered", "Right", "Commonest trouble")
    for row in grades.questions.itertuples(index=False):
        laid.add_row(str(row.question), str(row.answered), str(row.correct), str(row.commonest))
    out_console.print(laid)
    for note in grades.notes:
        _say(f"Note: {note}")
    handed_in = int(grades.students["handed_in"].sum())
    typer.echo(f"{handed_in} of {len(grades.students)} students handed in.")
    typer.echo(f"Written: {_shown(folder / 'grades')}")


@app.command()
def forensics(
    table: Annotated[Path, typer.Argument(help="YAML file of a printed table.")],
) -> None:
    """Recompute a printed table from its own cells and say what adds up."""
    from rich.table import Table

    from alsutils.book.forensics import check_file, report

    with _told():
        checks = check_file(table)
    shown = report(checks)
    laid = Table(*shown.columns)
    for row in shown.itertuples(index=False):
        laid.add_row(*row)
    out_console.print(laid)
    typer.echo(f"{checks.n_agree} of {len(checks.frame)} checks add up.")
    if checks.n_agree < len(checks.frame):
        typer.echo("A figure that does not add up can have a harmless reason; it is worth asking.")
