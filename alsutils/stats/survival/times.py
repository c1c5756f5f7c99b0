"""Times to an event: what they must be, and how many are at risk when."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

SAME = 1e-9  # shares that differ by less are one height of the curve


class TimesError(ValueError):
    """Times to an event that no method can use."""


@dataclass(frozen=True)
class Times:
    """Times, whether the event happened then, and when each person came under observation.

    Attributes
    ----------
    time : ndarray, shape (n,)
        At least 0.
    event : ndarray of bool, shape (n,)
        Whether the event happened then.
    entry : ndarray, shape (n,), or None
        Time from which each was watched, before ``time``; None where all were from the start.
    """

    time: Floats
    event: Bools
    entry: Floats | None = None


@dataclass(frozen=True)
class Counts:
    """What happened at each distinct time, in rising order.

    Attributes
    ----------
    time : ndarray, shape (k,)
        Distinct times at which somebody had the event or left.
    at_risk, events, censored : ndarray of int, shape (k,)
        Watched just before, with the event then, and gone then without it.
    """

    time: Floats
    at_risk: Ints
    events: Ints
    censored: Ints


@dataclass(frozen=True)
class Groups:
    """Groups of people.

    Attributes
    ----------
    codes : ndarray of int, shape (n,)
        Group of each person.
    names : ndarray of str, shape (k,)
        Of the groups.
    """

    codes: Ints
    names: NDArray[np.str_]


@dataclass(frozen=True)
class Estimate:
    """A figure of one group, or a difference between two.

    Attributes
    ----------
    estimate, std_error, conf_low, conf_high : float
        In the unit of the figure; missing where the data do not reach so far.
    p_value : float
        Two-sided, for a difference; missing for a figure of one group.
    """

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float = np.nan

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row in the columns of every estimate."""
        return pd.DataFrame([self.__dict__])


def checked_times(time: ArrayLike, event: ArrayLike, entry: ArrayLike | None = None) -> Times:
    """Give times and events as arrays, or say what is wrong with them.

    Parameters
    ----------
    time : array_like, shape (n,)
        Known and at least 0.
    event : array_like of bool, shape (n,)
        One a person.
    entry : array_like, shape (n,), optional
        At least 0 and before ``time``.

    Returns
    -------
    Times

    Raises
    ------
    TimesError
        If there is nobody, the lengths differ, or a time is missing, negative or not after entry.
    """
    t, e = np.asarray(time, float), np.asarray(event, bool)
    if len(t) == 0 or len(t) != len(e):
        raise TimesError(f"there are {len(t)} times and {len(e)} events; give one of each a person")
    if not np.isfinite(t).all() or (t < 0).any():
        raise TimesError("times must be known and at least 0; leave out people without one")
    if entry is None:
        return Times(t, e)
    start = np.asarray(entry, float)
    if len(start) != len(t) or not np.isfinite(start).all() or (start < 0).any():
        raise TimesError("entry must be a known time of at least 0 for each person")
    late = int((start >= t).sum())
    if late:
        raise TimesError(
            f"{late} of {len(t)} people came under observation at or after their time; leave them "
            "out, for nothing was seen of them"
        )
    return Times(t, e, start)


def checked_groups(group: ArrayLike, n: int) -> Groups:
    """Give each group a number from 0, in order: numbers by size, all else by name."""
    given = np.asarray(group)
    if given.ndim != 1 or len(given) != n:
        raise TimesError(f"there are {n} times and groups of the shape {given.shape}")
    values = given if given.dtype.kind in "biuf" else given.astype(str)
    names, codes = np.unique(values, return_inverse=True)
    return Groups(codes.astype(np.int64), names.astype(str))


def counts(given: Times) -> Counts:
    """Count at each distinct time who was at risk, had the event and left."""
    order = np.argsort(given.time, kind="stable")
    t, e = given.time[order], given.event[order].astype(np.int64)
    first = np.flatnonzero(np.append(True, t[1:] > t[:-1]))
    moments, events = t[first], np.add.reduceat(e, first)
    leaving = np.diff(np.append(first, len(t)))
    at_risk = len(t) - first
    if given.entry is not None:
        # Who comes in at a moment is not yet at risk then.
        at_risk = at_risk - (len(t) - np.searchsorted(np.sort(given.entry), moments, side="left"))
    return Counts(moments, at_risk.astype(np.int64), events, leaving - events)


def error_of_both(first: float, second: float) -> float:
    """Join the standard errors of two groups; missing where one is 0, which no patients show."""
    return float(np.hypot(first, second)) if min(first, second) > 0 else np.nan


def reach(std_error: float, conf_level: float) -> float:
    """Give half the width of a normal interval; missing where there is no spread."""
    return float(stats.norm.ppf((1 + conf_level) / 2) * std_error) if std_error > 0 else np.nan


def difference(estimate: float, std_error: float, low: float, high: float) -> Estimate:
    """Give a difference with a normal test of zero; no test where there is no spread."""
    p = 2 * stats.norm.sf(abs(estimate) / std_error) if std_error > 0 else np.nan
    return Estimate(float(estimate), float(std_error), float(low), float(high), float(p))
