"""Fourfold tables in bulk: patients with and without an event in two arms."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import elementwise

from alsutils.stats.proportions.shares import check_counts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COUNT_COLUMNS = ("events_treated", "n_treated", "events_control", "n_control")


@dataclass(frozen=True)
class Tables:
    """Many fourfold tables.

    Attributes
    ----------
    x1, n1, x0, n0 : ndarray of int, shape (m,)
        Patients with the event and all patients, in the treated and in the control arm.
    """

    x1: Ints
    n1: Ints
    x0: Ints
    n0: Ints

    @classmethod
    def read(cls, counts: pd.DataFrame) -> "Tables":
        """Take the COUNT_COLUMNS of a frame; an arm may have no patients.

        Parameters
        ----------
        counts : DataFrame
            One row a table.

        Returns
        -------
        Tables
            In the order of the rows.

        Raises
        ------
        ValueError
            If a column is missing, or a count impossible.
        """
        lacking = [name for name in COUNT_COLUMNS if name not in counts]
        if lacking:
            raise ValueError(f"counts lack the columns {lacking}; expected {list(COUNT_COLUMNS)}")
        x1, n1, x0, n0 = (counts[name].to_numpy(np.int64) for name in COUNT_COLUMNS)
        check_counts(x1, n1, least=0)
        check_counts(x0, n0, least=0)
        return cls(x1, n1, x0, n0)

    @classmethod
    def one(cls, x1: int, n1: int, x0: int, n0: int) -> "Tables":
        """Make a single table, of arms with at least one patient each."""
        check_counts(x1, n1)
        check_counts(x0, n0)
        return cls(*(np.array([value], dtype=np.int64) for value in (x1, n1, x0, n0)))

    def __len__(self) -> int:
        return len(self.x1)

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Whether both arms have patients."""
        return (self.n1 > 0) & (self.n0 > 0)

    def take(self, rows: NDArray[np.bool_] | Ints | slice) -> "Tables":
        """Keep some of the tables."""
        return Tables(self.x1[rows], self.n1[rows], self.x0[rows], self.n0[rows])

    def unique(self) -> tuple["Tables", Ints]:
        """Give each different table once, and for every table the place of its like."""
        cells = np.column_stack([self.x1, self.n1, self.x0, self.n0])
        different, place = np.unique(cells, axis=0, return_inverse=True)
        return Tables(*different.T), place.reshape(-1)


@dataclass(frozen=True)
class Limits:
    """Lower and upper limits of many estimates.

    Attributes
    ----------
    low, high : ndarray, shape (m,)
        In the unit of what was estimated.
    """

    low: Floats
    high: Floats


def solve(
    function: Callable[..., Floats],
    low: Floats,
    high: Floats,
    args: tuple[NDArray, ...] = (),
    tolerance: float = 1e-13,
) -> Floats:
    """Find where a function is zero in each row, between limits where its signs differ.

    Parameters
    ----------
    function : callable
        Of points (k,) and of each of ``args`` (k,), for any subset of the rows.
    low, high : ndarray, shape (m,)
        With values of opposite sign.
    args : tuple of ndarray, shape (m,)
        What belongs to each row.
    tolerance : float
        How close the roots must be, absolutely and relatively.

    Returns
    -------
    ndarray, shape (m,)
        Roots; missing where the signs do not differ.
    """
    if len(low) == 0:
        return np.empty(0)
    # Chandrupatla's method on all rows together; rows that are done drop out.
    found = elementwise.find_root(
        function, (low, high), args=args, tolerances={"xatol": tolerance, "xrtol": tolerance}
    )
    return np.where(found.success, found.x, np.nan)
