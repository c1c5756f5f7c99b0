"""The partial likelihood of a proportional hazards model, its derivatives and its sums.

Everything is a sum over events of sums over the people at risk. People are sorted by time within
strata, so that the sums at all events are read off one running sum, and the sums that a person
takes part in off another; nothing grows with events times people.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alsutils.stats.survival.times import Floats, Ints, Times, checked_groups

Ties = Literal["efron", "breslow"]


class HazardFitError(ValueError):
    """A model of hazards that cannot be fitted to the data."""


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Who is at risk at which event.

    Events are sorted by stratum and time, one entry an event, tied ones next to each other.

    Attributes
    ----------
    person : ndarray of int, shape (e,)
        Who had the event.
    time : ndarray, shape (e,)
        When.
    fraction : ndarray, shape (e,)
        Part of the weight of the tied people that is left out of the sums (Efron): 0, 1/d, 2/d, ...
        for d tied events; 0 throughout for Breslow.
    tie_start, tie_end : ndarray of int, shape (e,)
        First event, and one past the last, at the same time in the stratum.
    by_time : ndarray of int, shape (n,)
        People by stratum and time.
    first, stop : ndarray of int, shape (e,)
        Range in ``by_time`` of those whose time is not before the event's.
    by_entry : ndarray of int, shape (n,), or None
        People by stratum and entry; None where all are at risk from the start.
    entering : ndarray of int, shape (e,)
        Where in ``by_entry`` those begin who have not come in yet at the event.
    low, high : ndarray of int, shape (n,)
        Range of the events at which each person is at risk.
    """

    person: Ints
    time: Floats
    fraction: Floats
    tie_start: Ints
    tie_end: Ints
    by_time: Ints
    first: Ints
    stop: Ints
    by_entry: Ints | None
    entering: Ints
    low: Ints
    high: Ints

    def sums(self, amounts: Floats) -> Floats:
        """Add amounts of people, shape (n, ...), over those at risk at each event, (e, ...)."""
        running = _from_the_end(amounts[self.by_time])
        found = running[self.first] - running[self.stop]
        if self.by_entry is not None:
            running = _from_the_end(amounts[self.by_entry])
            found = found - (running[self.entering] - running[self.stop])
        if self.fraction.any():
            running = _from_the_start(amounts[self.person])
            tied = running[self.tie_end] - running[self.tie_start]
            found = found - _stretch(self.fraction, tied) * tied
        return found

    def cumulated(self, amounts: Floats) -> Floats:
        """Add amounts of events, shape (e, ...), over those at which each person is at risk."""
        running = _from_the_start(amounts)
        found = running[self.high] - running[self.low]
        if self.fraction.any():
            running = _from_the_start(_stretch(self.fraction, amounts) * amounts)
            found[self.person] -= running[self.tie_end] - running[self.tie_start]
        return found

    def tied_mean(self, amounts: Floats) -> Floats:
        """Average amounts of events over those tied with each."""
        running = _from_the_start(amounts)
        size = self.tie_end - self.tie_start
        return (running[self.tie_end] - running[self.tie_start]) / _stretch(size, amounts)


@dataclass(frozen=True, eq=False)
class Likelihood:
    """The log partial likelihood at given coefficients.

    Attributes
    ----------
    value : float
    score : ndarray, shape (p,)
    information : ndarray, shape (p, p)
        Negative second derivative.
    risk : ndarray, shape (n,)
        Each person's hazard over that of somebody with covariates of 0.
    total : ndarray, shape (e,)
        Sum of the risks at each event.
    means : ndarray, shape (e, p)
        Mean covariates of those at risk, weighted by risk.
    hazard : ndarray, shape (n,)
        Cumulative baseline hazard that each person went through.
    """

    value: float
    score: Floats
    information: Floats
    risk: Floats
    total: Floats
    means: Floats
    hazard: Floats


def risk_sets(given: Times, ties: Ties = "efron", strata: ArrayLike | None = None) -> RiskSets:
    """Sort people and events.

    Parameters
    ----------
    given : Times
        Checked times, with or without entry.
    ties : {"efron", "breslow"}
        How events at the same time are handled.
    strata : array_like, shape (n,), optional
        People are at risk in their own stratum only.

    Returns
    -------
    RiskSets
    """
    n = len(given.time)
    stratum = np.zeros(n, np.int64) if strata is None else checked_groups(strata, n).codes
    entry = given.time if given.entry is None else given.entry
    # One whole number for stratum and time together, so that one search finds both.
    moments = np.unique(np.concatenate([given.time, entry]))
    times = stratum * len(moments) + np.searchsorted(moments, given.time)
    by_time = np.argsort(times, kind="stable")
    ordered = times[by_time]
    person = by_time[given.event[by_time]]
    when = times[person]
    new = np.append(True, np.diff(when) != 0)[: len(person)]
    starts = np.flatnonzero(new)
    group = np.cumsum(new) - 1
    tie_start, tie_end = starts[group], np.append(starts[1:], len(person))[group]
    rank = np.arange(len(person)) - tie_start
    fraction = rank / (tie_end - tie_start) if ties == "efron" else np.zeros(len(person))
    first = np.searchsorted(ordered, when, side="left")
    stop = np.searchsorted(stratum[by_time], stratum[person], side="right")
    by_entry, entering = None, stop
    low = np.searchsorted(stratum[person], stratum, side="left")
    if given.entry is not None:
        entries = stratum * len(moments) + np.searchsorted(moments, entry)
        by_entry = np.argsort(entries, kind="stable")
        entering = np.searchsorted(entries[by_entry], when, side="left")
        low = np.searchsorted(when, entries, side="right")
    high = np.searchsorted(when, times, side="right")
    ranges = (first, stop, by_entry, entering, low, high)
    return RiskSets(person, given.time[person], fraction, tie_start, tie_end, by_time, *ranges)


def likelihood(sets: RiskSets, X: Floats, beta: Floats) -> Likelihood:
    """Evaluate the log partial likelihood and its first two derivatives.

    Parameters
    ----------
    sets : RiskSets
        From `risk_sets`.
    X : ndarray, shape (n, p)
        Covariates, best centred.
    beta : ndarray, shape (p,)
        Coefficients.

    Returns
    -------
    Likelihood
    """
    line = X @ beta
    risk = np.exp(line - line.max())
    total = sets.sums(risk)
    means = sets.sums(risk[:, None] * X) / total[:, None]
    hazard = sets.cumulated(1 / total)
    died = X[sets.person]
    weight = risk * hazard
    information = X.T @ (weight[:, None] * X) - means.T @ means
    value = float((line[sets.person] - line.max() - np.log(total)).sum())
    score = (died - means).sum(axis=0)
    return Likelihood(value, score, information, risk, total, means, hazard)


def third_derivative(sets: RiskSets, X: Floats, at: Likelihood) -> Floats:
    """Give the derivative of the information by each coefficient, shape (p, p, p)."""
    weighted = at.risk[:, None] * X
    passed = sets.cumulated(at.means / at.total[:, None])
    cubes = np.einsum("i,ia,ib,ic->abc", at.hazard, weighted, X, X, optimize=True)
    mixed = np.einsum("ia,ib,ic->abc", weighted, X, passed, optimize=True)
    means = np.einsum("ea,eb,ec->abc", at.means, at.means, at.means, optimize=True)
    return cubes - mixed - mixed.transpose(0, 2, 1) - mixed.transpose(2, 1, 0) + 2 * means


def _from_the_end(amounts: Floats) -> Floats:
    """Add up from the end, one longer than the amounts."""
    return np.concatenate([np.cumsum(amounts[::-1], axis=0)[::-1], _nothing(amounts)])


def _from_the_start(amounts: Floats) -> Floats:
    """Add up from the start, one longer than the amounts."""
    return np.concatenate([_nothing(amounts), np.cumsum(amounts, axis=0)])


def _nothing(like: Floats) -> Floats:
    return np.zeros((1, *like.shape[1:]))


def _stretch(values: NDArray[np.generic], like: Floats) -> Floats:
    """Give one value an event the dimensions of amounts."""
    return np.asarray(values, float).reshape((-1,) + (1,) * (like.ndim - 1))
