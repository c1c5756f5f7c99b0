"""What a big trial costs: seconds to check and to build, memory, and the weight of the pages.

    python benchmarks/scale.py [--patients 5000] [--observed] [--jobs 2] [--keep FOLDER]

Makes the trial of `big_trial.py`, checks it and builds its book, each by the command line in a
process of its own. Memory is the most that the process and all its descendants held at once, each
page of memory that several share counted for one of them only (Pss of Linux; elsewhere it is left
out). A page weighs what a browser reads for it: its HTML, and the scripts and styles that it names;
pictures, which only a printer or a reader without scripts asks for, are not among them. Prints one
row for benchmarks/README.md; times are those of the clock and of all processors.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from big_trial import write_trial

PROGRAM = "from alsutils.book.cli import app; app()"
ROOT = Path(__file__).parents[1]
EVERY = 0.2  # seconds between two looks at the memory
ASSET = re.compile(r'<(?:script|link)\b[^>]*?(?:src|href)="([^"#?]+\.(?:js|css))')


@dataclass(frozen=True)
class Run:
    """One command: seconds of the clock and of all processors, most MiB held at once, status."""

    seconds: float
    processor: float
    peak: float
    status: int


@dataclass(frozen=True)
class Weight:
    """One page: its name, bytes of its HTML, bytes with all scripts and styles."""

    name: str
    html: int
    whole: int


def run(*arguments: str) -> Run:
    """Run the command line and watch its memory."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    start, before = time.perf_counter(), worked()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    peaks = [0.0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(EVERY):
            peaks.append(held(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = process.wait()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    return Run(seconds, worked() - before, max(peaks), status)


def worked() -> float:
    """Seconds that processors have spent on the commands that ended, in the system too."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def held(root: int) -> float:
    """MiB held by a process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            # The name before the last bracket may hold anything.
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    tree, total = [root], 0
    while tree:
        process = tree.pop()
        tree += children.get(process, [])
        with suppress(OSError):
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1])
    return total / 1024


def weigh(html: Path) -> list[Weight]:
    """Weigh every page of a site, the heaviest first."""
    found = []
    for page in html.rglob("*.html"):
        text = page.read_text("utf-8")
        assets = {(page.parent / name).resolve() for name in ASSET.findall(text)}
        size = page.stat().st_size
        whole = size + sum(path.stat().st_size for path in assets if path.is_file())
        found.append(Weight(page.relative_to(html).as_posix(), size, whole))
    return sorted(found, key=lambda weight: -weight.whole)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=5000)
    parser.add_argument("--observed", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the study and the book")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.keep or Path(temporary)).resolve()
        study, out = folder / "study", folder / "book"
        write_trial(study, options.patients, options.seed, options.observed)
        checked = run("check", str(study))
        built = run("build", str(study), "--out", str(out), "--jobs", str(options.jobs), "--force")
        if checked.status or built.status:
            print(f"check ended with {checked.status}, build with {built.status}", file=sys.stderr)
            return 1
        pages = weigh(out / "html")
    for page in pages[:6]:
        print(f"  {page.html / 1e6:6.2f} MB {page.whole / 1e6:6.2f} MB with all  {page.name}")
    kind = "observed" if options.observed else "synthetic"
    print(
        f"| {options.patients:,} | {kind} "
        f"| {checked.seconds:.1f} / {checked.processor:.1f} s | {checked.peak:,.0f} MiB "
        f"| {built.seconds:.0f} / {built.processor:.0f} s | {built.peak:,.0f} MiB "
        f"| {max(page.html for page in pages) / 1e6:.2f} MB | {pages[0].whole / 1e6:.2f} MB |"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
