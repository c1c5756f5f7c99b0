"""The good studies that are broken, and what loading a broken one may come to."""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alsutils.study import Study, StudyError, load_study
from tests.hostile.mutations import Mutation, mutations
from tests.hostile.texts import ROOT
from tests.trials.runner import CHAPTERS, fewer_draws, run_chapters
from tests.trials.shapes import DOSES, Shape, bare, write

SUBJECTS = 16  # of the default study, so that its chapters run fast
_NOT_WORDS = re.compile(
    r"Traceback|0x[0-9a-f]{6}|<class|dtype|\bSeries\b|\bnp\.|Timestamp\(|pydantic|type=|"
    r"input_value|Errno|\bC error|\w+Error\b|object at|NoneType|\binf\b \d|lambda|pandera"
)
_READERS = {
    "adae": ("index", "safety", "appraisal"),
    "adlc": ("index", "safety"),
    "adtte": ("index", "primary", "survival", "appraisal"),
    "adlb": ("index", "mechanism", "appraisal"),
}
_BASES = (
    bare(sizes=(7,)),
    Shape(
        name="weeks",
        arms=DOSES,
        sizes=(8,),
        visits=(4, 8),
        compared=(4, 8),
        lead_in=True,
        responders=True,
        death=True,
        secondary=True,
        laboratory=True,
        profile=True,
        n_biomarkers=2,
        provenance="observed",
    ),
)


@dataclass(frozen=True)
class Outcome:
    """What became of a broken study.

    Attributes
    ----------
    study : Study or None
        If it is still one.
    error : StudyError or None
        Else its problems.
    """

    study: Study | None
    error: StudyError | None


def write_bases(folder: Path) -> list[Path]:
    """Write the good studies: one of a single endpoint, one of all kinds of data, the default's.

    Parameters
    ----------
    folder : Path
        Where their folders are made.

    Returns
    -------
    list of Path
        The folders.
    """
    return [*(write(shape, folder) for shape in _BASES), _default(folder / "oh2018")]


def _default(folder: Path) -> Path:
    """Copy some patients of the default study, without its story."""
    shutil.copytree(ROOT / "data" / "oh2018", folder, ignore=lambda *_: ["story", "truth.csv"])
    adsl = pd.read_csv(folder / "adsl.csv", dtype=str, keep_default_na=False)
    drawn = adsl[adsl["TRT01P"] != ""]
    kept = set(drawn.groupby("TRT01P").head(SUBJECTS // 2)["USUBJID"])
    for path in folder.glob("*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        table[table["USUBJID"].isin(kept)].to_csv(path, index=False, lineterminator="\n")
    text = (folder / "study.yml").read_text("utf-8")
    (folder / "study.yml").write_text(text.partition("\nworld:")[0] + "\n", "utf-8")
    return folder


def broken(
    base: Path, folder: Path, chosen: Callable[[Mutation], bool] = lambda _: True
) -> Iterator[tuple[Mutation, Path]]:
    """Break a study in each way, one after the other.

    Parameters
    ----------
    base : Path
        A good study.
    folder : Path
        Where the copies are made; each is gone before the next one comes.
    chosen : callable
        Which ways to take; all by default.

    Yields
    ------
    tuple of (Mutation, Path)
        What was done, and the folder of the copy.
    """
    for number, mutation in enumerate(filter(chosen, mutations(base))):
        place = folder / f"{base.name}-{number}"
        shutil.copytree(base, place)
        mutation.change(place)
        yield mutation, place
        shutil.rmtree(place, ignore_errors=True)


def load(folder: Path) -> Outcome:
    """Load a study that may be broken; anything but a StudyError goes on."""
    try:
        return Outcome(load_study(folder), None)
    except StudyError as error:
        return Outcome(None, error)


def chapters_for(mutation: Mutation) -> tuple[str, ...]:
    """Name the chapters that look at what a mutation changes; all where it may be any."""
    return _READERS.get(mutation.touches, CHAPTERS)


def run(folder: Path, chapters: Sequence[str] = CHAPTERS) -> list[str]:
    """Run chapters on a study, with few draws in the slowest simulations.

    Parameters
    ----------
    folder : Path
        A study.
    chapters : sequence of str
        Short names.

    Returns
    -------
    list of str
        Each cell that failed, and how.
    """
    with fewer_draws():
        done = run_chapters(folder, chapters)
    return [f"{f.place}\n  {f.error}\n  {f.trace}" for f in done.failures]


def malformed(error: StudyError) -> list[str]:
    """List what of a study's problems is not fit to be read by its analyst.

    Parameters
    ----------
    error : StudyError
        As it was raised.

    Returns
    -------
    list of str
        Empty where each problem names its file and says in words what to do.
    """
    bad = [] if error.problems else ["no problem"]
    for problem in error.problems:
        words = re.findall(r"[A-Za-z]{2,}", problem.message)
        if not problem.file or len(words) < 2:
            bad.append(f"wordless: {problem}")
        if _NOT_WORDS.search(problem.message):
            bad.append(f"in no user's words: {problem}")
        if problem.value is not None and len(problem.value) > 300:
            bad.append(f"long: {str(problem)[:300]}")
        if "\n" in str(problem) or "\x00" in str(problem):
            bad.append(f"more than a line: {str(problem)[:300]!r}")
    return bad
