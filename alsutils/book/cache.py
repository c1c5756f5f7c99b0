"""Executed notebooks are kept and used again while nothing that they depend on has changed."""

import copy
import hashlib
import json
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from alsutils.book.chapters import PARAMETERS_TAG, Book, Page, code_cells
from alsutils.book.errors import BuildError
from alsutils.book.execute import INJECTED_TAG, Executed, tidied
from alsutils.book.reach import ROOT, Reach

_IGNORED = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}
LOCK = "requirements.txt"
_EXECUTION = ("execute.py", "kernels.py")
_KEPT = "alsbook"  # metadata of a kept notebook, which no published one has


def fingerprint(paths: Iterable[Path]) -> str:
    """Hash the content of files and of all files below folders, with their names.

    Parameters
    ----------
    paths : iterable of Path
        Files or folders; those that do not exist count as absent.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and not _IGNORED & set(file.parts):
                name = file.relative_to(path).as_posix() if path.is_dir() else file.name
                status = file.stat()
                digest.update(f"{name}\0{status.st_size}\0".encode())
                digest.update(_hash(file, status.st_mtime_ns, status.st_size))
    return digest.hexdigest()


@lru_cache(maxsize=4096)
def _hash(file: Path, _changed: int, _size: int) -> bytes:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").digest()


def package_fingerprint(files: Iterable[Path] | None = None) -> str:
    """Hash this Python and files of the package, or all of the package."""
    reached = [ROOT] if files is None else [*files, *(ROOT / "book" / name for name in _EXECUTION)]
    return hashlib.sha256(f"{sys.version}{fingerprint(reached)}".encode()).hexdigest()


def book_fingerprint(book: Book) -> str:
    """Hash the book's own source: its pages, pictures, contents, references and lock."""
    names = ("_config.yml", "_toc.yml", "references.bib", LOCK, "chapters")
    return fingerprint([*(book.folder / n for n in names), *(page.source for page in book.pages)])


def chapter_key(
    page: Page, notebook: Any, reached: Reach, parameters: dict[str, str], *ingredients: str
) -> str:
    """Give the key of a chapter's execution: all that its outputs depend on, and not its words.

    Parameters
    ----------
    page : Page
        The page.
    notebook : nbformat.NotebookNode
        Its cells, not executed.
    reached : Reach
        What its code imports and reads.
    parameters : dict of str to str
        Values of its parameters.
    *ingredients : str
        Hashes of whatever else it depends on.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    cells = [[cell.source, cell.metadata.get("tags", [])] for cell in code_cells(notebook)]
    package = [file for file in reached.files if file.is_relative_to(ROOT)]
    others = [file for file in reached.files if not file.is_relative_to(ROOT)]
    hashes = [package_fingerprint(package), fingerprint(others), *ingredients]
    content = json.dumps([page.name, cells, sorted(parameters.items()), hashes])
    return hashlib.sha256(content.encode()).hexdigest()


def with_outputs(notebook: Any, executed: Any) -> Any:
    """Put the outputs of an execution into a notebook with the same code and maybe other words."""
    ran = [cell for cell in code_cells(executed) if INJECTED_TAG not in _tags(cell)]
    injected = [cell for cell in code_cells(executed) if INJECTED_TAG in _tags(cell)]
    if [cell.source for cell in ran] != [cell.source for cell in code_cells(notebook)]:
        raise BuildError("a kept execution is of other code")  # the key rules that out
    whole, cells, done = copy.deepcopy(executed), [], iter(ran)
    for cell in notebook.cells:
        cells.append(next(done) if cell.cell_type == "code" else cell)
        if PARAMETERS_TAG in _tags(cell):
            cells += injected
    whole.cells = copy.deepcopy(cells)
    return tidied(whole)


def _tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", []))


class Cache:
    """A folder of executed notebooks, one file each, named by page and key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, page: str, key: str) -> Executed | None:
        """Give the execution, or None where there is none that can be read."""
        import nbformat

        path = self._path(page, key)
        try:
            notebook = nbformat.read(path, as_version=4)
            seconds = float(notebook.metadata.pop(_KEPT)["seconds"])
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            return None  # none, or half a file from a machine that stopped
        return Executed(notebook, seconds)

    def put(self, page: str, key: str, executed: Executed) -> None:
        """Keep an execution, in place of older ones of the same page."""
        import nbformat

        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(page, key)
        part = path.with_suffix(".part")
        kept = copy.copy(executed.notebook)
        kept["metadata"] = {**executed.notebook.metadata, _KEPT: {"seconds": executed.seconds}}
        nbformat.write(nbformat.from_dict(kept), part)
        part.replace(path)
        for old in self.folder.glob(f"{self._stem(page)}.*.ipynb"):
            if old != path:
                old.unlink()

    def _path(self, page: str, key: str) -> Path:
        return self.folder / f"{self._stem(page)}.{key[:24]}.ipynb"

    @staticmethod
    def _stem(page: str) -> str:
        return page.replace("/", "-")
