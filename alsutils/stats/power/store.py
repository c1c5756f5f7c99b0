"""Simulated batches kept in a file, so that a run that was stopped goes on where it was."""

import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_TABLE = """
CREATE TABLE IF NOT EXISTS batch (
    plan TEXT NOT NULL, number INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (plan, number)
)
"""


class BatchStore:
    """A file of batches: each is written whole or not at all, and never twice.

    Parameters
    ----------
    path : Path or None
        A new file or one made before; None for a store in memory.
    plan : str
        What the batches are of; batches of other plans in the same file are left alone.

    Raises
    ------
    ValueError
        If the file is there and is no such store, or cannot be written.
    """

    def __init__(self, path: Path | None, plan: str) -> None:
        self._plan = plan
        self._path = ":memory:" if path is None else str(path)
        try:
            self._database = sqlite3.connect(self._path)
            with self._database:
                self._database.execute(_TABLE)
        except sqlite3.Error as error:
            raise ValueError(
                f"{path} cannot hold simulated trials ({error}); name a new file"
            ) from error

    def __enter__(self) -> "BatchStore":
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def numbers(self) -> set[int]:
        """Give the numbers of the batches that are there."""
        query = "SELECT number FROM batch WHERE plan = ?"
        with closing(self._database.execute(query, (self._plan,))) as rows:
            return {number for (number,) in rows}

    def add(self, number: int, batch: NDArray[np.float64]) -> None:
        """Keep a batch; one that is there already stays."""
        content = io.BytesIO()
        np.save(content, batch, allow_pickle=False)
        with self._database:
            self._database.execute(
                "INSERT OR IGNORE INTO batch VALUES (?, ?, ?)",
                (self._plan, number, content.getvalue()),
            )

    def batches(self, numbers: range) -> Iterator[NDArray[np.float64]]:
        """Give batches in order."""
        query = "SELECT content FROM batch WHERE plan = ? AND number = ?"
        for number in numbers:
            with closing(self._database.execute(query, (self._plan, number))) as rows:
                (content,) = rows.fetchone()
            yield np.load(io.BytesIO(content), allow_pickle=False)
