"""Outcomes that can be compared between two patients, each a layer of a ranked list."""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_ROUNDING = 64 * np.finfo(float).eps  # a difference within this of the threshold is the threshold


class LayerError(ValueError):
    """An outcome that patients cannot be compared on."""


@dataclass(frozen=True, eq=False)
class Codes:
    """One layer in whole numbers, so that every comparison of two patients is exact.

    Patient i beats patient j where ``may_lose[j]`` and ``key[j] < beats_below[i]``, and loses to j
    where ``may_win[j]`` and ``key[j] >= loses_from[i]``.

    Attributes
    ----------
    key, beats_below, loses_from : ndarray of int, shape (n,)
        Between 0 and ``size``.
    may_win, may_lose : ndarray of bool, shape (n,)
        Whether anybody can lose to, or beat, the patient at all.
    size : int
        Upper bound of the codes.
    """

    key: Ints
    beats_below: Ints
    loses_from: Ints
    may_win: Bools
    may_lose: Bools
    size: int

    def take(self, index: NDArray[np.intp]) -> "Codes":
        """Return the codes of some patients, still comparable with those of the others."""
        return Codes(
            self.key[index],
            self.beats_below[index],
            self.loses_from[index],
            self.may_win[index],
            self.may_lose[index],
            self.size,
        )


class Layer(Protocol):
    """What the comparison of pairs needs to know of an outcome."""

    @property
    def name(self) -> str:
        """What the outcome is called in tables."""

    def __len__(self) -> int: ...

    def take(self, index: NDArray[np.intp]) -> Self:
        """Return the outcome of some patients, in the order of the index."""

    def codes(self) -> Codes:
        """Return the outcome in whole numbers."""


@dataclass(frozen=True, eq=False)
class TimeToEvent:
    """Time to an event that may not have been seen to happen.

    Two patients can be told apart where the one with the earlier time had the event: the other was
    then known to be free of it. Somebody last seen at the very time of the other's event was free
    of it then, as in Kaplan and Meier. All other pairs are open and go to the next layer.

    Attributes
    ----------
    time : ndarray, shape (n,)
        Time of the event or of the last contact, any unit.
    event : ndarray of bool, shape (n,)
        Whether the event happened.
    name : str
        For tables.
    later_is_better : bool
        True for death; False for an event one hopes for, such as recovery.

    Raises
    ------
    LayerError
        If the shapes differ, or a time is missing or infinite.
    """

    time: Floats
    event: Bools
    name: str = "survival"
    later_is_better: bool = True

    def __post_init__(self) -> None:
        time, event = np.asarray(self.time, float), np.asarray(self.event)
        if time.ndim != 1 or time.shape != event.shape:
            raise LayerError(
                f"{self.name}: time and event must be two columns of one length, "
                f"not of shapes {time.shape} and {event.shape}"
            )
        if not np.isfinite(time).all():
            raise LayerError(
                f"{self.name}: {int((~np.isfinite(time)).sum())} times are missing or infinite; "
                "a patient without the event needs the time of the last contact"
            )
        if not np.isin(event, (0, 1)).all():
            raise LayerError(f"{self.name}: event must be true or false (1 or 0) throughout")
        object.__setattr__(self, "time", time)
        object.__setattr__(self, "event", event.astype(bool))

    def __len__(self) -> int:
        return len(self.time)

    def take(self, index: NDArray[np.intp]) -> "TimeToEvent":
        """Return the times of some patients, in the order of the index."""
        return TimeToEvent(self.time[index], self.event[index], self.name, self.later_is_better)

    def codes(self) -> Codes:
        """Put the times in order, a censored one just after an event of the same time."""
        _, rank = np.unique(self.time, return_inverse=True)
        key = 2 * rank.astype(np.int64) + ~self.event
        size = int(key.max(initial=0)) + 1
        everybody = np.ones(len(key), dtype=bool)
        if self.later_is_better:
            return Codes(key, key, np.where(self.event, key + 1, size), everybody, self.event, size)
        # Turned round, the early event is high: who had it beats all who came later.
        key = size - 1 - key
        return Codes(key, np.where(self.event, key, 0), key + 1, self.event, everybody, size)


@dataclass(frozen=True, eq=False)
class Continuous:
    """A measurement.

    Attributes
    ----------
    value : ndarray, shape (n,)
        A missing value is open against every other and goes to the next layer.
    name : str
        For tables.
    higher_is_better : bool
        Which way is good.
    tie_within : float
        Two patients who differ by no more than this are tied; at least 0, unit of ``value``. Where
        a threshold is given, differences that equal it but for rounding count as equal.

    Raises
    ------
    LayerError
        If a value is infinite or ``tie_within`` is negative.
    """

    value: Floats
    name: str = "measurement"
    higher_is_better: bool = True
    tie_within: float = 0.0

    def __post_init__(self) -> None:
        value = np.asarray(self.value, float)
        if value.ndim != 1:
            raise LayerError(f"{self.name}: values must be one column, not shape {value.shape}")
        if np.isinf(value).any():
            raise LayerError(f"{self.name}: {int(np.isinf(value).sum())} values are infinite")
        if not (np.isfinite(self.tie_within) and self.tie_within >= 0):
            raise LayerError(f"{self.name}: tie_within must be 0 or more, not {self.tie_within}")
        object.__setattr__(self, "value", value)

    def __len__(self) -> int:
        return len(self.value)

    def take(self, index: NDArray[np.intp]) -> "Continuous":
        """Return the values of some patients, in the order of the index."""
        return Continuous(self.value[index], self.name, self.higher_is_better, self.tie_within)

    def codes(self) -> Codes:
        """Put the values in order and find, for each, where the clearly lower and higher begin."""
        measured = ~np.isnan(self.value)
        good = self.value if self.higher_is_better else -self.value
        distinct, rank = np.unique(good[measured], return_inverse=True)
        size = len(distinct)
        margin = self.tie_within
        if margin > 0:
            margin += _ROUNDING * float(np.abs(distinct).max(initial=0.0))
        key = np.zeros(len(good), dtype=np.int64)
        beats, loses = np.zeros_like(key), np.full_like(key, size)
        key[measured] = rank
        beats[measured] = _clearly_below(distinct, margin)[rank]
        # The mirror image of the same rule, so that one's win is always the other's loss.
        loses[measured] = size - _clearly_below(-distinct[::-1], margin)[::-1][rank]
        return Codes(key, beats, loses, measured, measured, size)


def _clearly_below(distinct: Floats, margin: float) -> Ints:
    """Count, for each sorted value, those it exceeds by more than the margin."""
    position = np.searchsorted(distinct, distinct - margin).astype(np.int64)
    last = len(distinct)
    while True:
        # distinct - margin is rounded; the difference of the two values decides.
        up = (position < last) & (distinct - distinct[np.minimum(position, last - 1)] > margin)
        down = (position > 0) & ~(distinct - distinct[np.maximum(position - 1, 0)] > margin)
        if not (up | down).any():
            return position
        position = position + up - down
