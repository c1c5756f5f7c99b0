"""How many points a chart can hold before they hide each other."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST_POINTS = 1_500  # of a chart
MOST_ROWS = 40  # of a chart with a row for each of something
MOST_LINES = 300  # of a chart, a patient each
MOST_STEPS = 400  # of a curve
_SEED = 1948


@dataclass(frozen=True)
class Points:
    """Points as they are drawn.

    Attributes
    ----------
    frame : DataFrame
        All of them, or as many as a chart can hold; in their order.
    words : str
        A sentence on those that are left out, with a space before it; empty where none is.
    """

    frame: pd.DataFrame
    words: str


def drawn(
    frame: pd.DataFrame,
    most: int = MOST_POINTS,
    of: str = "point",
    always: pd.Series | None = None,
) -> Points:
    """Choose points at random where there are too many to be told apart.

    Parameters
    ----------
    frame : DataFrame
        One row a point.
    most : int
        Rows that a chart can hold.
    of : str
        What one of them is, in the singular.
    always : Series of bool or None
        Rows that must be drawn, as far as there is room; it shares the index of ``frame``.

    Returns
    -------
    Points
        The same of the same frame, whoever asks.

    Examples
    --------
    >>> drawn(pd.DataFrame({"x": range(9)}), most=4, of="patient").words
    ' Of 9 patients 4 are drawn, chosen at random.'
    """
    if len(frame) <= most:
        return Points(frame, "")
    rank = np.random.default_rng(_SEED).random(len(frame))
    forced = 0
    if always is not None:
        kept = always.to_numpy(dtype=bool)
        forced = min(int(kept.sum()), most)
        rank = rank - kept
    places = np.sort(np.argsort(rank, kind="stable")[:most])
    how = ", chosen at random" if not forced else ", those outside the limits and others at random"
    words = f" Of {len(frame):,} {of}s {most:,} are drawn{how}."
    return Points(frame.iloc[places], words)


def first_rows(count: int) -> str:
    """Say that a chart draws its first rows only, with a space before it; empty where it has all.

    Parameters
    ----------
    count : int
        Rows that there are.

    Returns
    -------
    str
        A sentence.

    Examples
    --------
    >>> first_rows(100), first_rows(5)
    (' Of 100 rows the first 40 are drawn.', '')
    """
    return f" Of {count:,} rows the first {MOST_ROWS} are drawn." if count > MOST_ROWS else ""


def size_of(count: int, largest: int) -> int:
    """Give the area of each of so many points: many are small, so that they hide less."""
    return largest if count <= MOST_POINTS // 5 else max(12, largest // 4)


def thinned(curves: pd.DataFrame, by: str = "arm", most: int = MOST_STEPS) -> pd.DataFrame:
    """Leave out steps of curves that no page is wide enough to show.

    Parameters
    ----------
    curves : DataFrame
        One row a step, those of a curve in the order of time.
    by : str
        Column that tells the curves apart.
    most : int
        Steps of a curve.

    Returns
    -------
    DataFrame
        Of each curve as many steps, evenly spread and with the first and the last; each where and
        as high as it was.
    """
    place = curves.groupby(by, sort=False, observed=True).cumcount().to_numpy()
    size = curves.groupby(by, sort=False, observed=True)[by].transform("size").to_numpy()
    wanted, gaps = np.minimum(most, size) - 1, np.maximum(size - 1, 1)
    # A step stays where it brings the share of the curve behind it to a further one of those due.
    due, before = place * wanted // gaps, (place - 1) * wanted // gaps
    return curves[(place == 0) | (due != before)]
