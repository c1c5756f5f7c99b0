"""The folder that a build fills: never somebody else's, and changed only when all of it worked."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alsutils.book.errors import BookError

MARKER = ".alsbook"
PRODUCTS = ("html", "notebooks", "results", "tables")


class Output:
    """Where a build puts its site, notebooks and results.

    Parameters
    ----------
    folder : Path
        The folder; it need not exist.
    sources : tuple of Path
        Folders that are read and must not be written into: the study and the book's chapters.

    Raises
    ------
    BookError
        If the folder holds something that no build put there, or is part of a source.
    """

    def __init__(self, folder: Path, sources: tuple[Path, ...] = ()) -> None:
        self.folder = folder.resolve()
        for source in map(Path.resolve, sources):
            if self.folder == source or source in self.folder.parents:
                raise BookError(
                    f"{folder} is part of {source}, which is read; choose another --out"
                )
        if self.folder.exists() and not self.folder.is_dir():
            raise BookError(f"{folder} is a file; choose another --out")
        if not _is_build(self.folder) and (foreign := _foreign(self.folder)):
            raise BookError(
                f"{folder} is not empty and was not made by alsbook (it holds {foreign}); "
                "choose another --out, or empty it yourself"
            )

    @property
    def cache(self) -> Path:
        """Folder of executed notebooks that later builds may use again."""
        return self.folder / ".cache"

    def prepare(self) -> None:
        """Make the folder and mark it as a build's own."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / MARKER).write_text(json.dumps({"made_by": "alsbook"}) + "\n", "utf-8")
        except OSError as error:
            raise BookError(f"{self.folder} cannot be written: {error.strerror}") from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for one build; a second one is told to wait."""
        if os.name != "posix":
            yield
            return
        import fcntl

        with (self.folder / MARKER).open("r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BookError(
                    f"another build is writing to {self.folder}; "
                    "wait for it, or choose another --out"
                ) from error
            yield

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Give a folder on the same disk to build in; it is gone afterwards."""
        for stale in self.folder.glob(".work-*"):
            shutil.rmtree(stale, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=".work-", dir=self.folder) as work:
            yield Path(work)

    def publish(self, staged: Path) -> None:
        """Put the staged products in place of the last ones, each by a rename.

        Parameters
        ----------
        staged : Path
            A folder from ``staging`` that holds all of ``PRODUCTS``.
        """
        retired = staged / "retired"
        retired.mkdir()
        for name in PRODUCTS:
            current = self.folder / name
            if current.exists():
                current.rename(retired / name)
            (staged / name).rename(current)


def _is_build(folder: Path) -> bool:
    return (folder / MARKER).is_file()


def _foreign(folder: Path) -> str:
    """Name the first thing in a folder that is not itself a build; empty where there is none."""
    if not folder.is_dir():
        return ""
    names = sorted(path.name for path in folder.iterdir() if not _is_build(path))
    return names[0] if names else ""
