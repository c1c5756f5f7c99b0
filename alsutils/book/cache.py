"""Executed notebooks are kept and used again while nothing that they depend on has changed."""

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import alsutils

# Files of the book's source, beside a chapter itself, that a chapter may read or rest on.
_BOOK_INPUTS = ("requirements.txt", "tests/reference")
_IGNORED = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}


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
                digest.update(f"{name}\0{file.stat().st_size}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def package_fingerprint() -> str:
    """Hash what a chapter's code can reach: this Python and the package but for the pipeline."""
    root = Path(alsutils.__file__).parent
    rooms = sorted(p for p in root.iterdir() if p.name not in {"book", *_IGNORED})
    rooms.append(root / "book" / "execute.py")
    return hashlib.sha256(f"{sys.version}{fingerprint(rooms)}".encode()).hexdigest()


def book_fingerprint(folder: Path) -> str:
    """Hash the files of the book's source that any chapter may rest on."""
    return fingerprint(folder / name for name in _BOOK_INPUTS)


def notebook_key(source: str, parameters: dict[str, str], *ingredients: str) -> str:
    """Combine a chapter's source, its parameters and hashes into the key of its execution."""
    content = json.dumps([source, sorted(parameters.items()), *ingredients])
    return hashlib.sha256(content.encode()).hexdigest()


class Cache:
    """A folder of executed notebooks, one file each, named by page and key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, page: str, key: str) -> Any | None:
        """Give the executed notebook, or None where there is none that can be read."""
        import nbformat

        path = self._path(page, key)
        try:
            return nbformat.read(path, as_version=4) if path.is_file() else None
        except (ValueError, KeyError, AttributeError):  # half a file from a machine that stopped
            return None

    def put(self, page: str, key: str, notebook: Any) -> None:
        """Keep an executed notebook, in place of older ones of the same page."""
        import nbformat

        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(page, key)
        part = path.with_suffix(".part")
        nbformat.write(notebook, part)
        part.replace(path)
        for old in self.folder.glob(f"{self._stem(page)}.*.ipynb"):
            if old != path:
                old.unlink()

    def _path(self, page: str, key: str) -> Path:
        return self.folder / f"{self._stem(page)}.{key[:24]}.ipynb"

    @staticmethod
    def _stem(page: str) -> str:
        return page.replace("/", "-")
