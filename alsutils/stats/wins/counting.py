"""Wins and losses of each patient against many others, without looking at every pair.

With one or two layers the cost grows as n log n. The pairs that the first layer leaves open are,
for each patient, a run of consecutive others once these are sorted by the first layer; among the
run, those who are better or worse on the second layer are counted by halving the range of values
(a wavelet matrix). With three or more layers every pair is looked at, a block at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alsutils.stats.wins.layers import Bools, Codes, Ints, Layer, LayerError

_BLOCK = 1 << 21  # pairs held at once where every pair is looked at


@dataclass(frozen=True, eq=False)
class Tally:
    """Wins and losses of each of n patients against the same others.

    Attributes
    ----------
    wins, losses : ndarray of int, shape (layers, n)
        Pairs decided by each layer for and against the patient.
    opponents : int
        Number of others; what is neither won nor lost is tied.
    """

    wins: Ints
    losses: Ints
    opponents: int


@dataclass(frozen=True, eq=False)
class PairCounts:
    """Every treated patient compared with every control.

    Attributes
    ----------
    treated, control : Tally
        The same pairs seen from either side.
    """

    treated: Tally
    control: Tally


def count_pairs(layers: Sequence[Layer], treated: Bools) -> PairCounts:
    """Compare every treated patient with every control on a ranked list of outcomes.

    Parameters
    ----------
    layers : sequence of Layer
        The outcomes, the most important first; a layer only speaks where those before it are tied
        or open. Each holds all n patients.
    treated : ndarray of bool, shape (n,)
        Who is treated; the others are the controls.

    Returns
    -------
    PairCounts
        In the order of the patients within each arm.

    Raises
    ------
    LayerError
        If there is no layer, or a layer has another length.

    References
    ----------
    Buyse M. Generalized pairwise comparisons of prioritized outcomes in the two-sample problem.
    Stat Med 2010;29:3245-3257. doi:10.1002/sim.3923. Claude F, Navarro G, Ordóñez A. The wavelet
    matrix: an efficient wavelet tree for large alphabets. Inf Syst 2015;47:15-32.
    """
    codes = encode(layers, len(treated))
    first, second = np.flatnonzero(treated), np.flatnonzero(~np.asarray(treated))
    these, those = [c.take(first) for c in codes], [c.take(second) for c in codes]
    return PairCounts(tally(these, those), tally(those, these))


def encode(layers: Sequence[Layer], n: int) -> list[Codes]:
    """Turn the outcomes of n patients into codes, comparable within this one list only."""
    if len(layers) == 0:
        raise LayerError("give at least one outcome to compare patients on")
    for layer in layers:
        if len(layer) != n:
            raise LayerError(f"{layer.name} has {len(layer)} values for {n} patients")
    return [layer.codes() for layer in layers]


def tally(these: Sequence[Codes], those: Sequence[Codes]) -> Tally:
    """Count wins and losses of each of these patients against all of those."""
    opponents = len(those[0].key)
    if len(these) > 2:
        wins, losses = _all_pairs(these, those)
        return Tally(wins, losses, opponents)
    won, lost = _first(these[0], those[0])
    if len(these) == 1:
        return Tally(won[None, :], lost[None, :], opponents)
    won2, lost2 = _second(these, those)
    return Tally(np.stack([won, won2]), np.stack([lost, lost2]), opponents)


def _first(these: Codes, those: Codes) -> tuple[Ints, Ints]:
    """Count over all opponents at once."""
    losers, winners = np.sort(those.key[those.may_lose]), np.sort(those.key[those.may_win])
    won = np.searchsorted(losers, these.beats_below).astype(np.int64)
    lost = (len(winners) - np.searchsorted(winners, these.loses_from)).astype(np.int64)
    return won, lost


def _second(these: Sequence[Codes], those: Sequence[Codes]) -> tuple[Ints, Ints]:
    """Count on the second layer over the opponents whom the first leaves open."""
    first, second = these
    won = np.zeros(len(first.key), dtype=np.int64)
    lost = won.copy()
    for may_win in (False, True):
        for may_lose in (False, True):
            members = np.flatnonzero(
                (those[0].may_win == may_win) & (those[0].may_lose == may_lose)
            )
            if not len(members):
                continue
            order = members[np.argsort(those[0].key[members], kind="stable")]
            keys = those[0].key[order]
            # Open are those neither beaten (below) nor lost to (from there on).
            start = np.searchsorted(keys, first.beats_below) if may_lose else np.zeros_like(won)
            stop = (
                np.searchsorted(keys, first.loses_from)
                if may_win
                else np.full_like(won, len(order))
            )
            low = those[1].take(order)
            never = low.size
            won += _count_less(
                np.where(low.may_lose, low.key, never), start, stop, second.beats_below
            )
            # key >= loses_from, counted from the top
            lost += _count_less(
                np.where(low.may_win, low.size - 1 - low.key, never),
                start,
                stop,
                low.size - second.loses_from,
            )
    return won, lost


def _count_less(values: Ints, start: NDArray[np.intp], stop: NDArray[np.intp], bound: Ints) -> Ints:
    """Count, for each query, the values[start:stop] below a bound; all of them from 0 up."""
    highest = max(int(values.max(initial=0)), int(bound.max(initial=0)))
    count = np.zeros(len(bound), dtype=np.int64)
    left, right = start.astype(np.int64), stop.astype(np.int64)
    for bit in reversed(range(highest.bit_length())):
        zero = (values >> bit) & 1 == 0
        zeros_before = np.concatenate([[0], np.cumsum(zero)])
        zeros = zeros_before[-1]
        left0, right0 = zeros_before[left], zeros_before[right]
        high = (bound >> bit) & 1 == 1
        count += np.where(high, right0 - left0, 0)
        left = np.where(high, zeros + left - left0, left0)
        right = np.where(high, zeros + right - right0, right0)
        values = np.concatenate([values[zero], values[~zero]])
    return count


def outcomes(these: Sequence[Codes], those: Sequence[Codes]) -> NDArray[np.int8]:
    """Give each pair its result, shape (these, those): 1 won, -1 lost, 0 tied on every layer."""
    result = np.zeros((len(these[0].key), len(those[0].key)), dtype=np.int8)
    for this, that in zip(these, those, strict=True):
        won, lost = _decide(this, that)
        tied = result == 0
        result[tied & won] = 1
        result[tied & lost] = -1
    return result


def _decide(this: Codes, that: Codes) -> tuple[Bools, Bools]:
    """Compare every pair on one layer."""
    won = that.may_lose & (that.key < this.beats_below[:, None])
    lost = that.may_win & (that.key >= this.loses_from[:, None])
    return won, lost


def _all_pairs(these: Sequence[Codes], those: Sequence[Codes]) -> tuple[Ints, Ints]:
    """Count over every pair, some of these patients at a time."""
    n, opponents = len(these[0].key), len(those[0].key)
    wins = np.zeros((len(these), n), dtype=np.int64)
    losses = np.zeros_like(wins)
    step = max(1, _BLOCK // max(1, opponents))
    for low in range(0, n, step):
        rows = np.arange(low, min(n, low + step))
        tied = np.ones((len(rows), opponents), dtype=bool)
        for k, (this, that) in enumerate(zip(these, those, strict=True)):
            won, lost = _decide(this.take(rows), that)
            wins[k, rows] = (won & tied).sum(axis=1)
            losses[k, rows] = (lost & tied).sum(axis=1)
            tied &= ~(won | lost)
    return wins, losses
