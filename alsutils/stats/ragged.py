"""Runs of whole numbers of unequal length, laid end to end for arrays to work on all at once."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CHUNK = 2_000_000  # numbers held at once: about 16 MB for each array of floats


@dataclass(frozen=True)
class Runs:
    """Whole numbers from a first to a last, for each row, end to end.

    Attributes
    ----------
    numbers : ndarray, shape (total,)
        The numbers: first to last of row 0, then of row 1, and so on.
    row : ndarray, shape (total,)
        The row of each.
    starts : ndarray, shape (rows,)
        Where each row begins.
    """

    numbers: Ints
    row: Ints
    starts: Ints

    def total(self, amounts: Floats) -> Floats:
        """Add up within each row."""
        return np.add.reduceat(amounts, self.starts)

    def softmax(self, logs: Floats) -> Floats:
        """Turn logarithms into shares that add up to one within each row."""
        largest = np.maximum.reduceat(logs, self.starts)
        weights = np.exp(logs - largest[self.row])
        return weights / self.total(weights)[self.row]


def runs(first: Ints, last: Ints) -> Runs:
    """Lay out the numbers from first to last of each row.

    Parameters
    ----------
    first, last : ndarray of int, shape (rows,)
        With ``first <= last``: no row is empty.

    Returns
    -------
    Runs
        The numbers of all rows, end to end.
    """
    lengths = last - first + 1
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    row = np.repeat(np.arange(len(lengths)), lengths)
    return Runs(np.arange(lengths.sum()) - starts[row] + first[row], row, starts)


def by_chunks(
    function: Callable[[slice], tuple[Floats, ...]], lengths: Ints, columns: int, most: int = CHUNK
) -> list[Floats]:
    """Work on stretches of rows whose lengths together stay near ``most``, and join the results.

    Parameters
    ----------
    function : callable
        Of a slice of consecutive rows; gives as many arrays as there are ``columns``, each with a
        number for every row of the slice.
    lengths : ndarray of int, shape (rows,)
        Length of each row.
    columns : int
        Number of results.
    most : int
        A stretch ends with the row that reaches this; memory grows with it.

    Returns
    -------
    list of ndarray, shape (rows,)
        The results for all rows.
    """
    which = np.cumsum(lengths) // most
    edges = [0, *(np.flatnonzero(np.diff(which)) + 1), len(lengths)]
    parts = [
        function(slice(int(start), int(stop))) for start, stop in pairwise(edges) if stop > start
    ]
    return [np.concatenate([part[i] for part in parts] or [np.empty(0)]) for i in range(columns)]
