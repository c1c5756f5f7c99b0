"""Kill builds at random moments, and see that the last good site is whole and the next build right.

    python tests/book/killing.py [MOMENTS]

A book of two pages is built in turn with two texts. Each build is killed at a random moment and the
products looked at: each must be whole, that of the one text or of the other. Then the book is built
to the end and must be the one expected. No process may be left at any time.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

MARK = "ALSBOOK_BUILD_MARK"
# A shell that runs the tests in the background has all they start ignore Ctrl-C.
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from alsutils.book.cli import app
app()
"""
ALSBOOK = (sys.executable, "-c", PROGRAM)
DURATIONS = "als-durations.js"
STUDY = """\
title: A tiny trial
short_title: Tiny trial
description: Two arms, one score.
provenance: synthetic
arms: [{value: P, label: Placebo}, {value: A, label: Active}]
populations: {all: {flag: ITTFL, label: All patients}}
time: {unit: week, baseline: 0}
datasets: {adsl: {file: adsl.csv}, adqs: {file: adqs.csv}}
parameters: {SCORE: {dataset: adqs, label: Score, better: higher}}
primary: {parameter: SCORE, visits: [8], population: all}
"""
ADSL = "USUBJID,TRT01P,ITTFL\n" + "".join(f"S{i},{'PA'[i % 2]},Y\n" for i in range(8))
ADQS = "USUBJID,PARAMCD,AVISITN,AVAL,BASE,CHG\n" + "".join(
    f"S{i},SCORE,8,{20 + i},20,{i}\n" for i in range(8)
)
CONFIG = """\
title: Tiny
author: Nobody
only_build_toc_files: true
execute: {execute_notebooks: "off"}
launch_buttons: {notebook_interface: "", thebe: false}
sphinx: {config: {nb_render_markdown_format: myst}}
"""
TOC = "format: jb-book\nroot: index\nchapters:\n  - file: chapters/01_first\n"
CHAPTER = '# %% [markdown]\n"""\n# First\n"""\n\n# %%\nCODE\n'


def write_book(folder: Path) -> Path:
    """Write a book whose one page of code needs nothing of the package."""
    (folder / "chapters").mkdir(parents=True)
    (folder / "study").mkdir()
    files = {
        "_config.yml": CONFIG,
        "_toc.yml": TOC,
        "index.md": "# Tiny\n",
        "study/study.yml": STUDY,
        "study/adsl.csv": ADSL,
        "study/adqs.csv": ADQS,
    }
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    write_chapter(folder, '"one"')
    return folder


def write_chapter(folder: Path, code: str) -> None:
    """Write the page of code."""
    (folder / "chapters" / "01_first.py").write_text(CHAPTER.replace("CODE", code), "utf-8")


class Build:
    """A build in a process of its own, whose every descendant is known by a mark."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        command: str = "build",
        env: dict[str, str] | None = None,
    ) -> None:
        self.mark = uuid.uuid4().hex
        self.process = subprocess.Popen(
            [*ALSBOOK, command, "study", "--out", "out", *options],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            env={**(os.environ if env is None else env), MARK: self.mark},
            start_new_session=True,
        )

    def finish(self) -> str:
        """Wait for its end and give what it said."""
        return self.process.communicate()[0]

    def left(self) -> list[int]:
        """Give the processes of this build that are still there, after a while for them to end."""
        pids: list[int] = []
        for _ in range(100):
            pids = list(marked(self.mark))
            if not pids:
                break
            time.sleep(0.1)
        return pids


def marked(mark: str) -> Iterator[int]:
    """Yield the processes with a mark in their environment."""
    wanted = f"{MARK}={mark}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)
        except OSError:
            continue


def products(out: Path, names: Sequence[str] = ("html", "notebooks", "results", "tables")) -> dict:
    """Give the content of each product."""
    return {
        name: {
            path.relative_to(out).as_posix(): path.read_bytes()
            for path in (out / name).rglob("*")
            if path.is_file() and path.name != DURATIONS
        }
        for name in names
    }


def built(folder: Path, code: str) -> dict:
    """Build with a text to the end."""
    write_chapter(folder, code)
    build = Build(folder)
    said = build.finish()
    assert build.process.returncode == 0, said
    assert not build.left()
    return products(folder / "out")


def kill_builds(folder: Path, moments: int, seed: int = 1) -> None:
    """Kill as many builds at random moments and look at what they leave."""
    generator = random.Random(seed)
    texts = ('"one"', '"two"')
    started = time.monotonic()
    good = {text: built(folder, text) for text in texts}
    longest = (time.monotonic() - started) / 2
    now = texts[1]
    for _ in range(moments):
        now, last = (texts[0], texts[1]) if now == texts[1] else (texts[1], texts[0])
        write_chapter(folder, now)
        build = Build(folder)
        try:
            build.process.wait(generator.uniform(0, longest))
        except subprocess.TimeoutExpired:
            build.process.send_signal(signal.SIGKILL)
        build.finish()
        assert not build.left(), "processes are left"
        for name, content in products(folder / "out").items():
            assert content in (good[now][name], good[last][name]), f"{name} is not whole"
        assert built(folder, now) == good[now], "the next build is not right"
        assert not list((folder / "out").glob(".work-*"))


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    with tempfile.TemporaryDirectory() as place:
        kill_builds(write_book(Path(place) / "book"), count)
    print(f"{count} builds killed: each left whole products, and the next one was right")
