"""Times at which a curve may be told without telling of single people."""

import bisect
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alsutils.stats.disclosure import is_small


def round_step(end: float, most: int = 50) -> float:
    """Give the finest of the steps 1, 2 and 5 times a power of ten of which few reach an end.

    Parameters
    ----------
    end : float
        Longest time, above 0.
    most : int
        Steps at most.

    Returns
    -------
    float
        1 for 45.6 months: unlike a part of the longest time, it tells nobody's time.
    """
    ladder = (m * 10.0**k for k in range(-6, 7) for m in (1, 2, 5))
    return next((step for step in ladder if end / step <= most), end / most)


def rounded_up(times: ArrayLike, step: float) -> NDArray[np.float64]:
    """Round times up to whole steps; missing ones stay missing.

    Parameters
    ----------
    times : array_like of float
        Such as a median, which is the time of one person.
    step : float
        From `round_step`.

    Returns
    -------
    ndarray of float, shape of ``times``
        A share that has had the event by a time has had it by the rounded one too.
    """
    # A time on a step stays there, whatever its last binary digit.
    return np.round(np.ceil(np.asarray(times, dtype=float) / step - 1e-9) * step, 9)


def told_times(
    groups: Sequence[tuple[ArrayLike, ArrayLike]],
    candidates: Iterable[float],
    minimum: int,
    told: Iterable[float] = (),
) -> list[float]:
    """Choose times between which nobody, or enough people, had an event.

    Parameters
    ----------
    groups : sequence of (times, kinds)
        For each group of people how long each was watched, and the kind of event: 0 for none.
    candidates : iterable of float
        Times that may be told, the most wanted first.
    minimum : int
        Least number of people of whom anything is told.
    told : iterable of float
        Times that are told already.

    Returns
    -------
    list of float
        Those told and as many candidates as possible, in order: between each two of them, before
        the first and after the last there are in each group no or at least ``minimum`` events of
        every kind, and after each of them nobody or at least ``minimum`` people are still watched.
        So no height of a curve, nor the area under it between two times, tells of fewer.
    """
    counted = [_sorted(times, kinds) for times, kinds in groups]

    def counts(time: float) -> NDArray[np.int64]:
        return np.array([np.searchsorted(t, time, side="right") for own, _ in counted for t in own])

    def left(time: float) -> list[int]:
        return [len(own) - int(np.searchsorted(own, time, side="right")) for _, own in counted]

    chosen = sorted(told)
    known = {time: counts(time) for time in (-np.inf, np.inf, *chosen)}
    for time in candidates:
        if time in known:
            continue
        place = bisect.bisect(chosen, time)
        before = known[chosen[place - 1] if place else -np.inf]
        after = known[chosen[place] if place < len(chosen) else np.inf]
        here = counts(time)
        small = [is_small(part, minimum).any() for part in (here - before, after - here)]
        if not any(small) and not is_small(left(time), minimum).any():
            chosen.insert(place, time)
            known[time] = here
    return chosen


def _sorted(
    times: ArrayLike, kinds: ArrayLike
) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """Sort a group's times of each kind of event, and all of its times."""
    time, kind = np.asarray(times, dtype=float), np.asarray(kinds).astype(int)
    return [np.sort(time[kind == k]) for k in np.unique(kind[kind > 0])], np.sort(time)
