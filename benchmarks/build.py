"""What a build costs, beside plain Jupyter Book on the same chapters.

    python benchmarks/build.py [ROUNDS]

Builds a copy of the book with ``alsbook build`` from nothing, without a change, after a change
of one chapter's words and after a change of one chapter's code. The peer is ``jupyter-book build``
with ``execute_notebooks: force``: the same pages as notebooks, the same data and configuration, on
the same package. It executes page after page, writes no results, tables or manifest, and makes
no page of how the book was made. Gives wall time and processor time of each, all processes
included, the shortest of the rounds; the load of the machine at the start tells how far the former
can be trusted. Prints the seconds of each page as well, and writes the table that it prints.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import jupytext
import pandas as pd
import yaml

from alsutils.book import site
from alsutils.book.chapters import find_book, read_notebook
from alsutils.book.downloads import Offers
from alsutils.book.sharing import Sharing
from alsutils.study import load_study

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "tests" / "reference" / "build" / "speed.csv"
BOOK = ("_config.yml", "_toc.yml", "index.md", "references.bib", "requirements.txt", "chapters")
BOOK += ("data/oh2018", "data/oh2018-no-effect", "data/cdisc-pilot", "tests/reference")
CHANGED = "chapters/02_safety.py"
ALSBOOK = "from alsutils.book.cli import app; app()"
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"


def copy_book(target: Path) -> Path:
    """Copy what a book is made of, so that a change of it changes nothing else."""
    for name in BOOK:
        source, place = ROOT / name, target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place)
        elif source.is_file():
            shutil.copyfile(source, place)
    return target


def plain_book(folder: Path) -> Path:
    """Turn the copy of a book into one that Jupyter Book builds by itself."""
    book, study = find_book(folder), load_study(folder / "data" / "oh2018")
    for page in book.notebooks:
        notebook = read_notebook(page)
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        target = (folder / page.name).with_suffix(".ipynb")
        page.source.unlink()
        jupytext.write(notebook, target)
    config = site._site_config(book, study, Offers({}, (), has_all=False), Sharing())
    config["execute"] = {"execute_notebooks": "force", "timeout": -1, "stderr_output": "remove"}
    (folder / "_config.yml").write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    site._copy_bibliographies(book, study, folder)
    site._write_assets(folder / site.ASSETS, site.drawing_library(folder))
    return folder


def timed(program: str, *arguments: object) -> tuple[float, float]:
    """Run a program and give its wall time and the processor time of it and all it started."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    before, started = _processor(), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - started, _processor() - before


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(place: Path) -> tuple[dict[str, tuple[float, float]], dict[str, float]]:
    """Time builds of a book in the four situations; give the seconds of each page, too."""
    book = copy_book(place / "ours")
    out = place / "out"
    call = ("build", book / "data" / "oh2018", "--book", book, "--out", out)
    times = {"alsbook build, from nothing": timed(ALSBOOK, *call)}
    pages = json.loads((out / "manifest.json").read_text("utf-8"))["last"]["seconds"]
    times["alsbook build, nothing changed"] = timed(ALSBOOK, *call)
    text = (book / CHANGED).read_text("utf-8")
    words = text.replace('\n"""\n\n', '\nThese words are new.\n"""\n\n', 1)
    (book / CHANGED).write_text(words, "utf-8")
    times["alsbook build, words of one page changed"] = timed(ALSBOOK, *call)
    (book / CHANGED).write_text(f"{words}\n# %%\n1 + 1\n", "utf-8")
    times["alsbook build, code of one page changed"] = timed(ALSBOOK, *call)
    return times, pages


def peer(place: Path) -> dict[str, tuple[float, float]]:
    """Time plain Jupyter Book on the same pages."""
    folder = plain_book(copy_book(place / "plain"))
    return {"jupyter-book build, force": timed(JUPYTER_BOOK, "build", folder, "--quiet")}


def main(rounds: Sequence[int]) -> None:
    """Time both in turn and print and write the shortest of each."""
    load = os.getloadavg()[0]
    rows, pages = [], {}
    for _ in rounds:
        with tempfile.TemporaryDirectory() as folder:
            times, pages = ours(Path(folder))
            for name, (wall, processor) in {**times, **peer(Path(folder))}.items():
                rows.append({"build": name, "wall": wall, "processor": processor})
                print(f"{name}: {wall:.1f} s, processor {processor:.1f} s", flush=True)
    table = pd.DataFrame(rows).groupby("build", sort=False).min().round(1)
    for measure in ("wall", "processor"):
        table[f"{measure}_ratio"] = (table[measure] / table[measure].iloc[-1]).round(2)
    print(table.to_string())
    print(pd.Series(pages).round(1).to_string())
    print(f"{os.cpu_count()} cores, load {load:.1f} at the start, Python {sys.version.split()[0]}")
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    table.assign(cores=os.cpu_count(), load=round(load, 1)).to_csv(OUTPUT, lineterminator="\n")


if __name__ == "__main__":
    main(range(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
