"""What of the counts of events may be told where single patients must not be."""

import bisect
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alsutils.stats.disclosure import is_small
from alsutils.study.disclosure import Disclosure

Mask = NDArray[np.bool_]


def hidden_kinds(
    rule: Disclosure, counts: pd.DataFrame, within: Mapping[str, tuple[str, ...]]
) -> Mask:
    """Find the counts of kinds of events that must not be told.

    Parameters
    ----------
    rule : Disclosure
        The study's.
    counts : DataFrame
        One row a kind and arm: ``name``, ``arm``, ``patients``, ``total``.
    within : Mapping of str to tuple of str
        Kinds whose patients are among those of other kinds, these earlier in ``counts``.

    Returns
    -------
    ndarray of bool
        Rows of few patients, of all but few of the arm, or of all but few of a kind around it that
        is told.
    """
    hidden = pd.Series(rule.hides(counts["patients"], counts["total"]), index=counts.index)
    if rule.is_open:
        return hidden.to_numpy()
    place = {
        key: i
        for i, key in zip(
            counts.index, zip(counts["name"], counts["arm"], strict=True), strict=True
        )
    }
    for (name, arm), i in place.items():
        for around in within.get(name, ()):
            j = place.get((around, arm))
            if j is not None and not hidden[j]:
                more = counts.at[j, "patients"] - counts.at[i, "patients"]
                hidden[i] |= bool(is_small(more, rule.minimum))
    return hidden.to_numpy()


def next_told(p_values: pd.Series, told: Mask) -> pd.Series:
    """Replace each p-value that must not be told by the next larger one that may be.

    Parameters
    ----------
    p_values : Series of float
        Of a family of tests; missing ones stay so.
    told : ndarray of bool
        Those that may be told.

    Returns
    -------
    Series of float
        1 where none that may be told is as large. What is adjusted with these for the number of
        tests is no smaller than with all p-values, and tells no more of the hidden ones than
        between which others they lie.
    """
    known = np.append(np.sort(p_values[told].dropna().to_numpy(dtype=float)), 1.0)
    moved = known[np.searchsorted(known, p_values.to_numpy(dtype=float)).clip(max=len(known) - 1)]
    return p_values.where(told | p_values.isna(), pd.Series(moved, index=p_values.index))


def rare_names(rule: Disclosure, counts: pd.DataFrame) -> list[str]:
    """Name the events that fewer patients of each arm had than may be told."""
    if rule.is_open:
        return []
    most = counts.groupby("name", sort=False)["patients"].max()
    return [str(name) for name in most.index[most < rule.minimum]]


def hide_classes(rule: Disclosure, systems: pd.DataFrame, terms: pd.DataFrame) -> Mask:
    """Find the organ classes whose number of patients would give one of their events away.

    Parameters
    ----------
    rule : Disclosure
        The study's.
    systems, terms : DataFrame
        Counts with all numbers: ``name``, ``arm``, ``patients``, and of terms ``system`` and
        ``hidden``.

    Returns
    -------
    ndarray of bool
        Rows of ``systems`` in which an event that is hidden must have had more than one patient,
        for the others do not make up the class.
    """
    most = terms["patients"].mask(terms["hidden"], rule.minimum - 1)
    keys = [terms["system"], terms["arm"]]
    others = most.groupby(keys).transform("sum") - most
    members = systems.set_index(["name", "arm"])["patients"]
    of_class = members.reindex(pd.MultiIndex.from_arrays(keys)).to_numpy()
    few = terms["hidden"] & terms["patients"].between(1, rule.minimum - 1)
    given_away = few & (of_class - others > 1)
    telling = set(zip(terms.loc[given_away, "system"], terms.loc[given_away, "arm"], strict=True))
    pairs = zip(systems["name"], systems["arm"], strict=True)
    return np.array([pair in telling for pair in pairs], dtype=bool)


def hide_events(events: pd.Series, hidden: Mask, groups: list[pd.Series]) -> Mask:
    """Hide a second number of events where a single hidden one would follow from its total.

    Parameters
    ----------
    events : Series of float
        Numbers that add up to known totals within groups.
    hidden : ndarray of bool
        Those of few patients.
    groups : list of Series
        What makes the groups.

    Returns
    -------
    ndarray of bool
        The next larger one goes, too, where a group has a single hidden one.
    """
    counted = events > 0
    gone = pd.Series(hidden, index=events.index) & counted
    lone = gone.groupby(groups).transform("sum") == 1
    others = events.where(counted & ~gone & lone)
    smallest = others.groupby(groups).rank(method="first") == 1
    return np.asarray(hidden | smallest.to_numpy())


def told_days(
    events: Mapping[str, pd.DataFrame],
    candidates: Iterable[float],
    minimum: int,
) -> list[float]:
    """Choose days between which nobody, or enough patients, of each arm had an event.

    Parameters
    ----------
    events : Mapping of str to DataFrame
        The events of each arm, one row each: ``subject`` and ``day``.
    candidates : iterable of float
        Days that may be told, the most wanted first.
    minimum : int
        Least number of patients of whom anything is told.

    Returns
    -------
    list of float
        As many candidates as possible, in order: between each two of them, up to the first and
        after the last the events of each arm are those of nobody or of ``minimum`` patients.
    """
    chosen: list[float] = []

    def is_few(after: float, until: float) -> bool:
        return any(
            0
            < part.loc[(part["day"] > after) & (part["day"] <= until), "subject"].nunique()
            < minimum
            for part in events.values()
        )

    for day in candidates:
        place = bisect.bisect(chosen, day)
        before = chosen[place - 1] if place else -np.inf
        after = chosen[place] if place < len(chosen) else np.inf
        if day not in chosen and not is_few(before, day) and not is_few(day, after):
            chosen.insert(place, day)
    return chosen


def at_days(frame: pd.DataFrame, days: Sequence[float]) -> pd.DataFrame:
    """Read a curve off at some days.

    Parameters
    ----------
    frame : DataFrame
        One row a step: ``time`` and the curve's columns.
    days : sequence of float
        In order.

    Returns
    -------
    DataFrame
        One row a day that the curve reaches, without the numbers watched and left.
    """
    steps = frame.sort_values("time", kind="stable")
    place = np.searchsorted(steps["time"].to_numpy(), np.asarray(days), side="right") - 1
    within = (place >= 0) & (np.asarray(days) <= steps["time"].max())
    read = steps.iloc[place[within]].assign(time=np.asarray(days)[within])
    counts = [c for c in ("at_risk", "events", "competing", "other", "censored") if c in read]
    return read.assign(**dict.fromkeys(counts, np.nan)).reset_index(drop=True)
