"""A study and a book small enough to be built in seconds, and the real book's site."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from alsutils.book import build, cache
from alsutils.book import site as pages
from alsutils.book.cli import app
from alsutils.book.output import PRODUCTS

ROOT = Path(__file__).parents[2]

STUDY = """\
title: A small trial
short_title: Small trial
description: Two arms, one score.
provenance: synthetic
arms: [{value: P, label: Placebo}, {value: A, label: Active}]
populations: {all: {flag: ITTFL, label: All patients}}
time: {unit: week, baseline: 0}
datasets: {adsl: {file: adsl.csv}, adqs: {file: adqs.csv}}
parameters: {SCORE: {dataset: adqs, label: Score, better: higher}}
primary: {parameter: SCORE, visits: [8], population: all}
"""
CONFIG = """\
title: Trial statistics
author: Nobody
copyright: "2026"
only_build_toc_files: true
execute: {execute_notebooks: "off", stderr_output: remove}
parse: {myst_enable_extensions: [amsmath, colon_fence, dollarmath]}
launch_buttons: {notebook_interface: "", thebe: false}
sphinx: {config: {nb_render_markdown_format: myst, html_copy_source: false}}
"""
TOC = """\
format: jb-book
root: index
chapters:
  - file: chapters/01_first
  - file: chapters/plain
"""
INDEX = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {name: python3, display_name: Python 3}
---
# A small book

```{code-cell}
:tags: [parameters]
study_path = "study"
```

```{code-cell}
from alsutils import load_study
study = load_study(study_path)
study.config.title
```
"""
FIRST = '''\
# %% [markdown]
r"""
# The first chapter

A mean is $\\bar y = \\frac{1}{n} \\sum_i y_i$.
"""

# %% tags=["parameters"]
study_path = "../study"

# %%
import altair as alt
import pandas as pd
from alsutils import load_study
from alsutils.display import Figure, tables

study = load_study(study_path)
frame = pd.DataFrame({"x": [1, 2, 3], "y": [2.0, 1.0, 3.0]})
chart = alt.Chart(frame).mark_line().encode(x="x", y="y")

# %%
row = {"analysis": "t test", "visit": "Week 8", "n_control": 3.0, "estimate": 0.1 + 0.2}
results = pd.DataFrame([row])
Figure(chart, "A line goes up.", "Read it from left to right.", results)

# %%
Figure(chart, "The same line.", results=results)

# %%
terms = pd.DataFrame({"event": ["Cough", "=1+1", "<b>Fall</b>"], "n": ["2", "10", "1"]})
tables.table(terms, "Events {all}", {"event": "Event", "n": "Patients"}, sortable=True)
'''


def _write_study(folder: Path) -> Path:
    """Write a study that loads without a problem."""
    folder.mkdir(parents=True, exist_ok=True)
    subjects = [f"S{i:02d}" for i in range(1, 13)]
    adsl = pd.DataFrame({"USUBJID": subjects, "TRT01P": ["P", "A"] * 6, "ITTFL": "Y"})
    rng = np.random.default_rng(1)
    base = rng.integers(20, 30, 12)
    change = rng.integers(-5, 5, 12)
    rows = {"USUBJID": subjects, "PARAMCD": "SCORE", "AVISITN": 8, "AVAL": base + change}
    adqs = pd.DataFrame({**rows, "BASE": base, "CHG": change})
    adsl.to_csv(folder / "adsl.csv", index=False)
    adqs.to_csv(folder / "adqs.csv", index=False)
    (folder / "study.yml").write_text(STUDY, "utf-8")
    return folder


def _write_book(folder: Path) -> Path:
    """Write a book of three pages and, in it, the study of ``_write_study``."""
    chapters = folder / "chapters"
    chapters.mkdir(parents=True)
    (folder / "_config.yml").write_text(CONFIG, "utf-8")
    (folder / "_toc.yml").write_text(TOC, "utf-8")
    (folder / "index.md").write_text(INDEX, "utf-8")
    (chapters / "01_first.py").write_text(FIRST, "utf-8")
    (chapters / "plain.md").write_text("# A plain page\n\nWords.\n", "utf-8")
    _write_study(folder / "study")
    return folder


@pytest.fixture
def write_study() -> Callable[[Path], Path]:
    return _write_study


@pytest.fixture
def write_book() -> Callable[[Path], Path]:
    return _write_book


@pytest.fixture
def small_book(tmp_path: Path) -> Path:
    """The folder of a small book, not built."""
    return _write_book(tmp_path / "book")


@pytest.fixture(scope="session")
def finished_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small book with its build in ``_build``, for tests that change nothing."""
    folder = _write_book(tmp_path_factory.mktemp("built") / "book")
    with pytest.MonkeyPatch.context() as patch:
        _fix_package(patch)
        result = _run("build", folder / "study", "--book", folder, "--out", folder / "_build")
    assert result.exit_code == 0, result.output
    return folder


def _fix_package(patch: pytest.MonkeyPatch) -> None:
    """Let the package count as unchanged while somebody works on it."""
    patch.setattr(cache, "package_fingerprint", lambda *_: "package")


@pytest.fixture(scope="session", autouse=True)
def one_drawing_library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Make the script that draws charts once for all books, which takes as long as a small book."""
    kept = tmp_path_factory.mktemp("library")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "drawing_library", lambda _: pages.drawing_library(kept))
        yield


@pytest.fixture
def built_book(finished_book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a small book with its build in ``_build``, for one test to change."""
    _fix_package(monkeypatch)
    return Path(shutil.copytree(finished_book, tmp_path / "book"))


@pytest.fixture(scope="session")
def run() -> Callable[..., Result]:
    return _run


def _run(*arguments: object) -> Result:
    """Call alsbook in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole book, built; what has not changed since ``make book`` is used again."""
    out = tmp_path_factory.mktemp("site") / "out"
    for name in (".alsbook", ".cache", *PRODUCTS):
        made = ROOT / "_build" / name
        if made.is_dir():
            shutil.copytree(made, out / name)
        elif made.is_file():
            out.mkdir(exist_ok=True)
            shutil.copy(made, out / name)
    result = _run("build", ROOT / "data" / "oh2018", "--book", ROOT, "--out", out)
    assert result.exit_code == 0, result.output
    return out
