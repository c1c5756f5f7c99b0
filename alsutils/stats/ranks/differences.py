"""Places in the order of all differences between two groups, without listing them all."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LISTED = 100_000  # pairs; up to here all are listed
_PROBED = 40_000  # random pairs that tell where to look
_SEED = 1963


def ordered_differences(x: Floats, y: Floats, places: Sequence[int]) -> Floats:
    """Give some of the sorted differences between each of one group and each of another.

    Parameters
    ----------
    x, y : ndarray, shape (m,), (n,)
        Values; they may be infinite, not missing.
    places : sequence of int
        Places in the ascending order of all x - y, counted from 0.

    Returns
    -------
    ndarray, shape (places,)
        The differences at these places, exactly those that a sorted list of all would have;
        undefined ones (infinite less infinite) come last.
    """
    at = np.asarray(places, dtype=np.int64)
    total = len(x) * len(y)
    known_x, known_y = np.sort(x[np.isfinite(x)]), np.sort(y[np.isfinite(y)])
    known = len(known_x) * len(known_y)
    lowest = not (np.isposinf(x).any() or np.isneginf(y).any())
    highest = not (np.isneginf(x).any() or np.isposinf(y).any())
    if total <= _LISTED or known <= _LISTED or not (lowest or highest):
        with np.errstate(invalid="ignore"):
            every = np.subtract.outer(x, y).ravel()
        return np.asarray(np.partition(every, np.unique(at))[at])
    # With open sides to one end alone, all infinite differences lie at that end.
    below = total - known if lowest else 0
    found = np.full(len(at), -np.inf if lowest else np.inf)
    inside = (at >= below) & (at < below + known)
    found[inside] = [_select(known_x, known_y, int(place) - below) for place in at[inside]]
    return found


def _select(x: Floats, y: Floats, place: int) -> float:
    """Find one difference of sorted values: bracket it by some pairs, then list those between."""
    total = len(x) * len(y)
    rng = np.random.default_rng(_SEED)
    probe = np.sort(rng.choice(x, _PROBED) - rng.choice(y, _PROBED))
    middle, reach = place / total * _PROBED, 3 * np.sqrt(_PROBED)
    while True:
        low, high = int(np.floor(middle - reach)), int(np.ceil(middle + reach))
        bottom = probe[low] if low >= 0 else x[0] - y[-1]
        top = probe[high] if high < _PROBED else x[-1] - y[0]
        # Rounding must not put a pair on the wrong side of the bracket.
        hair = 1e-12 * max(abs(x[0]), abs(x[-1]), abs(y[0]), abs(y[-1]))
        first = np.searchsorted(y, x - top - hair, side="left")
        last = np.searchsorted(y, x - bottom + hair, side="right")
        under = int((len(y) - last).sum())
        counts = last - first
        if under <= place < under + counts.sum():
            start = np.repeat(first - np.cumsum(counts) + counts, counts)
            between = np.repeat(x, counts) - y[start + np.arange(counts.sum())]
            found = float(np.partition(between, place - under)[place - under])
            if bottom <= found <= top:
                return found
        reach *= 2
