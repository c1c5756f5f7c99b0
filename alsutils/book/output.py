"""The folder that a build fills: never somebody else's, and changed only when all of it worked."""

import ctypes
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alsutils.book.errors import BookError

MARKER = ".alsbook"
# In the order in which they are put in place: the manifest last, which vouches for the others.
FOLDERS = ("results", "tables", "notebooks", "html")
PRODUCTS = (*FOLDERS, "manifest.json")
RETIRED = "retired"
_EXCHANGE, _HERE = 2, -100  # RENAME_EXCHANGE and AT_FDCWD of renameat2(2)


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

    @property
    def site(self) -> Path:
        """Folder in which the site is built, kept for the next build to go on from."""
        return self.cache / "site"

    def prepare(self) -> None:
        """Make the folder and that of its cache, and mark it as a build's own."""
        self.claim()
        self.cache.mkdir(exist_ok=True)

    def claim(self) -> None:
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
            self._restore(stale / RETIRED)
            shutil.rmtree(stale, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=".work-", dir=self.folder) as work:
            yield Path(work)

    def _restore(self, retired: Path) -> None:
        """Bring back what a build that was killed had set aside and not yet replaced."""
        for name in PRODUCTS:
            if (retired / name).exists() and not (self.folder / name).exists():
                (retired / name).rename(self.folder / name)

    def publish(self, staged: Path) -> None:
        """Put the staged products in place of the last ones.

        Each changes from old to new in one step where the system can exchange two names, so that
        not even a kill leaves it missing.

        Parameters
        ----------
        staged : Path
            A folder from ``staging``; of ``PRODUCTS`` it holds those that are new.
        """
        retired = staged / RETIRED
        retired.mkdir()
        for name in PRODUCTS:
            new, current = staged / name, self.folder / name
            if not new.exists():
                continue
            if current.exists() and not _exchanged(new, current):
                current.rename(retired / name)
            if not current.exists():
                new.rename(current)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system cannot."""
    if sys.platform != "linux":
        return False
    try:
        rename = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError):
        return False
    return rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0


def _is_build(folder: Path) -> bool:
    return (folder / MARKER).is_file()


def _foreign(folder: Path) -> str:
    """Name the first thing in a folder that is not itself a build; empty where there is none."""
    if not folder.is_dir():
        return ""
    names = sorted(path.name for path in folder.iterdir() if not _is_build(path))
    return names[0] if names else ""
