"""Counts of so few people that a table must not show them, and what else must go with them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def is_small(counts: ArrayLike, minimum: int, of: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Find the counts that tell of a few people.

    Parameters
    ----------
    counts : array_like of float
        Numbers of people; missing ones tell nothing.
    minimum : int
        Smallest number that may be shown; 1 hides nothing.
    of : array_like of float or None
        Of how many, where that is shown too: then all but a few are as telling as a few.

    Returns
    -------
    ndarray of bool, shape of ``counts``
        True for 1 to ``minimum`` - 1, and where ``of`` less the count is that. Nobody is not few:
        zero describes no one.
    """
    counts = np.asarray(counts, dtype=float)
    small = (counts > 0) & (counts < minimum)
    if of is not None:
        rest = np.asarray(of, dtype=float) - counts
        small = small | ((rest > 0) & (rest < minimum))
    return small


def tells_counts(values: ArrayLike, groups: ArrayLike, minimum: int, most: int = 3) -> bool:
    """Say whether a mean and a standard deviation tell how many few people had some value.

    Parameters
    ----------
    values : array_like of float
        One a person; missing ones are passed over.
    groups : array_like
        The group of each person.
    minimum : int
        Smallest number that may be told; 1 hides nothing.
    most : int
        Different values from which counts follow: n times the mean of zeros and ones is the count
        of ones, and with three values the standard deviation gives the third.

    Returns
    -------
    bool
        True where there are so few different values, and a few people of a group had one of them.
    """
    known = ~np.isnan(np.asarray(values, dtype=float))
    found, place = np.unique(np.asarray(values, dtype=float)[known], return_inverse=True)
    if minimum <= 1 or not 1 < len(found) <= most:
        return False
    _, group = np.unique(np.asarray(groups).astype(str)[known], return_inverse=True)
    counts = np.bincount(group * len(found) + place, minlength=(group.max() + 1) * len(found))
    return bool(is_small(counts, minimum).any())


def close(counts: ArrayLike, minimum: int, hidden: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Hide as many cells of a table that no hidden one follows from its margins.

    Parameters
    ----------
    counts : array_like of float, shape (r,) or (r, c)
        Cells that add up to known totals: down each column and, in a table, along each row.
    minimum : int
        Smallest number that may be shown.
    hidden : array_like of bool or None
        Cells to hide at first; the small ones where None.

    Returns
    -------
    ndarray of bool, shape of ``counts``
        The cells to hide: in each line with a hidden cell that somebody is in so many that, with
        the others and the total known, a small one may still be any number from 1 to
        ``minimum`` - 1. Of others it may be known that they are not small. The smallest cells go
        first. Where a line has too few people for that, all of it is hidden.

    References
    ----------
    Hundepool A et al. Statistical Disclosure Control. Wiley; 2012, chapter 4.
    """
    cells = np.asarray(counts, dtype=float)
    mask = is_small(cells, minimum) if hidden is None else np.array(hidden, dtype=bool)
    if cells.ndim == 1:
        return _closed_line(cells, mask, minimum)
    # What is hidden for a column's sake may open a row; each pass hides more, so this ends.
    while True:
        before = mask.copy()
        for j in range(cells.shape[1]):
            mask[:, j] = _closed_line(cells[:, j], mask[:, j], minimum)
        if cells.shape[1] > 1:
            for i in range(cells.shape[0]):
                mask[i] = _closed_line(cells[i], mask[i], minimum)
        if (mask == before).all():
            return mask


def _closed_line(
    cells: NDArray[np.float64], mask: NDArray[np.bool_], minimum: int
) -> NDArray[np.bool_]:
    mask = mask.copy()
    if not (mask & (cells > 0)).any():
        return mask
    for position in np.argsort(cells, kind="stable"):
        if _is_closed(cells[mask & (cells > 0)], minimum):
            break
        if cells[position] > 0:
            mask[position] = True
    return mask


def _is_closed(hidden: NDArray[np.float64], minimum: int) -> bool:
    """Tell whether each small cell may be any small number, given the sum of the hidden ones."""
    most, large = minimum - 1, int((hidden >= minimum).sum())
    small, total = len(hidden) - large, hidden.sum()
    if len(hidden) < 2 or total < minimum:
        return False
    lowest = 1 if large else total - (small - 1) * most
    highest = total - max(small - 1, 0) - large * minimum
    return small == 0 or (lowest <= 1 and highest >= most)
