"""Run the code of every chapter on a study in this process, and keep what the pages would show."""

import ast
import html
import importlib
import inspect
import io
import json
import os
import re
import sys
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any
from unittest.mock import patch

import IPython.display

from alsutils.book.chapters import PARAMETERS_TAG, Page, read_notebook
from alsutils.display import Figure, Prose, Table

ROOT = Path(__file__).parents[2]
PAGES = tuple(
    Page(path.relative_to(ROOT).with_suffix("").as_posix(), path)
    for path in (ROOT / "index.md", *sorted((ROOT / "chapters").glob("0*.py")))
)
CHAPTERS = tuple(page.short_name for page in PAGES)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_MARKUP = re.compile(r"<(script|style|noscript)\b.*?</\1>|<[^>]*>", re.DOTALL)
# Parts of a chart's specification that name columns and types; no reader sees their text.
_UNSEEN = {
    *("field", "type", "groupby", "as", "from", "calculate", "expr", "name", "filter", "sort"),
    *("labelExpr", "test", "format", "$schema", "interpolate"),
}


@dataclass(frozen=True)
class Shown:
    """What one cell put on the page.

    Attributes
    ----------
    chapter, section : str
        Short name of the page, and the heading above the cell.
    cell : int
        Number of the code cell, from 1.
    source : str
        The cell's last line.
    kind : str
        Name of the class of what was shown.
    text : str
        All that a reader sees or hears of it, in one string: of a chart the description, the
        caption and every text of its specification.
    html : str
        As the page holds it; empty for charts (drawing them takes long) and for prose.
    spec : dict
        Specification of a chart; empty for all else.
    what : object
        The object itself.
    """

    chapter: str
    section: str
    cell: int
    source: str
    kind: str
    text: str
    html: str
    spec: dict[str, Any]
    what: Any

    @property
    def words(self) -> str:
        """The same shortened for reading: of a chart its description, caption and titles."""
        if not isinstance(self.what, Figure):
            return re.sub(r"\n\s*\n+", "\n", self.text)
        named = " | ".join(dict.fromkeys(titles(self.spec)))
        return f"{self.what.description}\n{self.what.caption}\nTitles: {named}"

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.chapter}, code cell {self.cell} ({self.source})"


@dataclass(frozen=True)
class Failure:
    """A cell that raised.

    Attributes
    ----------
    place : str
        Chapter, cell and its last line.
    error : str
        Type and message.
    trace : str
        The last lines of the traceback, from this package.
    """

    place: str
    error: str
    trace: str


@dataclass(frozen=True)
class Run:
    """All chapters on one study.

    Attributes
    ----------
    shown : tuple of Shown
        In reading order.
    failures : tuple of Failure
        Cells that raised; the cells that needed their names are not counted again.
    noise : tuple of str
        Warnings and lines on standard error, each with its place.
    sections : tuple of str
        Chapter and heading of each section that has code beyond the study's story.
    seconds : dict of str to float
        Time by chapter.
    """

    shown: tuple[Shown, ...]
    failures: tuple[Failure, ...]
    noise: tuple[str, ...]
    sections: tuple[str, ...]
    seconds: dict[str, float]

    def of(self, source: str) -> tuple[Shown, ...]:
        """Give what the cells that end in a certain call have shown."""
        return tuple(shown for shown in self.shown if source in shown.source)

    @property
    def text(self) -> str:
        """All shown text."""
        return "\n".join(shown.text for shown in self.shown)


# Draws and simulated trials of the slowest sections, as constants and as defaults of functions.
_FEWER = {
    "alsutils.design.operating": {"PATIENTS": 1000, "FEWEST": 10},
    "alsutils.primary.missing": {"IMPUTATIONS": 40},
}
_FEWER_BY_DEFAULT = {
    "alsutils.design.interim": {"interim_looks": 20, "stopping_bias": 2000},
    "alsutils.design.looks": {"peeking": 5000, "reestimation": 5000},
    "alsutils.design.randomisation": {"randomisation_methods": 200, "randomisation_test": 500},
    "alsutils.primary.dichotomy": {"cost_of_cutting": 500},
    "alsutils.mechanism.association": {"association": 200},
    "alsutils.mechanism.family": {"family": 200},
    "alsutils.mechanism.limits": {"substitution": 50},
    "alsutils.mechanism.pathways": {"pathway_power": 20},
    "alsutils.mechanism.selection": {"selection": 200, "forks": 50},
    "alsutils.mechanism.together": {"together": 200},
    "alsutils.appraisal.specifications": {"specifications": 19},
}


# Examples that look at no study: made once, and kept.
_KEPT = {"alsutils.survival": ("trap", "simulated_decline"), "alsutils": ("load_study",)}


@contextmanager
def fewer_draws() -> Iterator[None]:
    """Let the slowest simulations take a few draws, where only their words are looked at.

    A study is loaded once for all chapters, and the book's own examples once for all studies.
    """
    with ExitStack() as stack:
        for name, kept in _KEPT.items():
            module = importlib.import_module(name)
            for key in kept:
                stack.enter_context(patch.object(module, key, _kept(getattr(module, key))))
        for name, values in _FEWER.items():
            module = importlib.import_module(name)
            for key, value in values.items():
                stack.enter_context(patch.object(module, key, value))
        for name, values in _FEWER_BY_DEFAULT.items():
            module = importlib.import_module(name)
            for key, value in values.items():
                function = getattr(module, key)
                stack.enter_context(patch.object(function, "__defaults__", _with(function, value)))
        yield


@cache
def _kept(function: Any) -> Any:
    return cache(function)


def _with(function: FunctionType, value: int) -> tuple[Any, ...]:
    """Give a function's defaults with that of its number of draws (``n_...``) replaced."""
    given = function.__defaults__ or ()
    names = list(inspect.signature(function).parameters)[-len(given) :]
    found = [value if name.startswith("n_") else d for name, d in zip(names, given, strict=True)]
    assert found != list(given), function
    return tuple(found)


def run_chapters(study: str | Path, chapters: Sequence[str] = CHAPTERS) -> Run:
    """Run chapters on a study folder.

    Parameters
    ----------
    study : str or Path
        Folder with a study.yml.
    chapters : sequence of str
        Short names, such as ``"design"``; all pages that take a study by default.

    Returns
    -------
    Run
        What was shown, what failed and what was said on standard error. A failing cell does not
        stop its chapter.
    """
    log = _Log([], [], [], {})
    seconds = {}
    folder = str(Path(study).resolve())  # before the working directory changes
    for page in PAGES:
        if page.short_name in chapters:
            start = time.perf_counter()
            with _working_in(page.source.parent):
                _run_page(page, folder, log)
            seconds[page.short_name] = time.perf_counter() - start
    return Run(
        tuple(log.shown), tuple(log.failures), tuple(log.noise), tuple(log.sections), seconds
    )


@dataclass(frozen=True)
class _Log:
    """What happened so far; sections are the keys of a dict, which keeps their order."""

    shown: list[Shown]
    failures: list[Failure]
    noise: list[str]
    sections: dict[str, None]


def _run_page(page: Page, study: str, log: _Log) -> None:
    """Run the cells of one page, one after the other."""
    seen: list[Any] = []
    space = {"__name__": "__main__"}
    lost: set[str] = set()
    section, number = "", 0
    for cell in _cells(page):
        if cell.cell_type != "code":
            section = (_HEADING.findall(cell.source) or [section])[-1]
            continue
        number += 1
        if PARAMETERS_TAG in cell.metadata.get("tags", []):
            space["study_path"] = study
            continue
        tree = ast.parse(cell.source)
        last = ast.unparse(tree.body[-1])
        place = f"{page.short_name}, code cell {number} ({last})"
        if not last.startswith("story("):
            log.sections[f"{page.short_name}, {section}"] = None
        if _names(tree) & lost:
            lost |= _assigned(tree)
            continue
        seen.clear()
        with _listening(place, log.noise), _collecting(seen):
            try:
                seen.extend(_executed(tree, space))
                where = (page.short_name, section, number, last)
                log.shown.extend(_seen(where, thing) for thing in seen)
            except Exception as error:
                words = f"{type(error).__name__}: {error}"
                log.failures.append(Failure(place, words, _trace(error)))
                lost |= _assigned(tree)


@cache
def _cells(page: Page) -> tuple[Any, ...]:
    return tuple(read_notebook(page).cells)


def _executed(tree: ast.Module, space: dict[str, Any]) -> list[Any]:
    """Execute a cell; give the value of its last expression, if it has one to show."""
    *body, final = tree.body
    exec(compile(ast.Module(body, []), "<cell>", "exec"), space)
    if not isinstance(final, ast.Expr):
        exec(compile(ast.Module([final], []), "<cell>", "exec"), space)
        return []
    value = eval(compile(ast.Expression(final.value), "<cell>", "eval"), space)
    return [] if value is None else [value]


def _seen(where: tuple[str, str, int, str], what: Any) -> Shown:
    """Word what was shown."""
    spec: dict[str, Any] = {}
    page = ""
    if isinstance(what, Figure):
        spec = what.spec()
        text = "\n".join([what.description, what.caption, *_texts(spec)])
    elif isinstance(what, Prose):
        text = what.text
    elif isinstance(what, Table):
        page = what.to_html()
        text = "\n".join([what.name, json.dumps(what.sheet.notes), _plain(page)])
    else:
        bundle = what._repr_mimebundle_()
        page = bundle.get("text/html", "")
        text = "\n".join([bundle.get("text/plain", ""), _plain(page)])
        text += "\n" + bundle.get("text/markdown", "")
    return Shown(*where, type(what).__name__, text, page, spec, what)


def _plain(page: str) -> str:
    """Take the tags off HTML."""
    return html.unescape(_MARKUP.sub("\n", page))


def _texts(node: Any, key: str = "") -> Iterator[str]:
    """Yield each text of a chart's specification that may be drawn, its data's texts included."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name not in _UNSEEN:
                yield from _texts(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value, key)
    elif isinstance(node, str) and not node.startswith(("#", "http")):
        yield node


def titles(spec: Any) -> Iterator[str]:
    """Yield the titles of axes, legends and tooltips of a chart; a column's name where untitled.

    Parameters
    ----------
    spec : dict
        A Vega-Lite specification.

    Yields
    ------
    str
        One for each channel that draws a title.
    """
    if isinstance(spec, list):
        for value in spec:
            yield from titles(value)
    elif isinstance(spec, dict) and ("layer" in spec or "mark" in spec):
        yield from _of_view(spec)
    elif isinstance(spec, dict):
        for name, value in spec.items():
            if name not in ("data", "datasets"):
                yield from titles(value)


def _of_view(view: dict[str, Any]) -> Iterator[str]:
    """Yield the titles of one view; its layers share axes, so that one of them names an axis."""
    by_channel: dict[str, list[dict[str, Any]]] = {}
    for encoding in _encodings(view):
        for channel, value in encoding.items():
            for part in value if isinstance(value, list) else [value]:
                if channel == "tooltip" and isinstance(part, dict):
                    yield part.get("title") or part.get("field", "")
                elif channel in _TITLED and isinstance(part, dict) and "field" in part:
                    by_channel.setdefault(channel, []).append(part)
    for channel, parts in by_channel.items():
        side = "axis" if channel in ("x", "y") else "legend"
        given = [p[k] for p in parts for k in ("title",) if k in p]
        given += [p[side]["title"] for p in parts if "title" in (p.get(side) or {})]
        hidden = any(side in p and p[side] is None for p in parts)
        for title in given if given or hidden else [p["field"] for p in parts]:
            if title is not None:
                yield title if isinstance(title, str) else " ".join(title)


def _encodings(view: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the encodings of a view and of its layers."""
    yield view.get("encoding", {})
    for layer in view.get("layer", ()):
        yield from _encodings(layer)


_TITLED = ("x", "y", "color", "shape", "size", "opacity", "strokeDash", "fill")


def _names(tree: ast.AST) -> set[str]:
    """Names that code reads."""
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _assigned(tree: ast.AST) -> set[str]:
    """Names that code sets."""
    return {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


def _trace(error: Exception) -> str:
    """Give the way to an error, the innermost last."""
    frames = traceback.extract_tb(error.__traceback__)
    near = [f for f in frames if "alsutils" in f.filename][-4:] + frames[-1:]
    return "\n".join(f"{Path(f.filename).name}:{f.lineno} {f.name}: {f.line}" for f in near)


@contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    """Work in the page's own folder, as the book does."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _collecting(seen: list[Any]) -> Iterator[None]:
    """Keep what a cell hands to `display`."""
    before = IPython.display.display
    IPython.display.display = lambda *things, **_: seen.extend(things)
    try:
        yield
    finally:
        IPython.display.display = before


@contextmanager
def _listening(place: str, noise: list[str]) -> Iterator[None]:
    """Keep warnings and what goes to standard error, as a reader of the page would see them."""
    said = io.StringIO()
    with warnings.catch_warnings(record=True) as caught, redirect_stderr(said):
        warnings.simplefilter("always")
        # What Python itself does not show; a ResourceWarning may come from what ran before.
        for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", kind)
        yield
    # One cell's own code is __main__, whose deprecations Python shows; the wings' it does not.
    for warning in caught:
        where = f"{Path(warning.filename).name}:{warning.lineno}"
        noise.append(f"{place}: {warning.category.__name__} at {where}: {warning.message}")
    if said.getvalue().strip():
        noise.append(f"{place}: {said.getvalue().strip()}")


if __name__ == "__main__":
    result = run_chapters(sys.argv[1], sys.argv[2:] or CHAPTERS)
    for failure in result.failures:
        print(f"{failure.place}\n  {failure.error}\n  {failure.trace}")
    print(*result.noise, result.seconds, sep="\n")
