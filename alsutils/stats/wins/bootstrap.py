"""Bootstrap intervals for win statistics."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from alsutils.stats.wins.counting import count_pairs, encode, outcomes
from alsutils.stats.wins.layers import Bools, Floats, Layer
from alsutils.stats.wins.statistics import (
    MEASURES,
    Group,
    Weights,
    check_groups,
    stratum_weights,
)

_PAIRS_HELD = 4_000_000  # up to here the result of every pair is kept and only weighed anew


@dataclass(frozen=True, eq=False)
class WinBootstrap:
    """Percentile intervals from patients drawn again with replacement.

    Attributes
    ----------
    frame : DataFrame
        One row a measure: ``measure``, estimate (of the data as they are), std_error (standard
        deviation of the replicates, of those that are finite), conf_low, conf_high, ``undefined``
        (replicates left out because no pair was decided).
    replicates : DataFrame
        One row a replicate, one column a measure.
    """

    frame: pd.DataFrame
    replicates: pd.DataFrame


def bootstrap_wins(
    layers: Sequence[Layer],
    treated: ArrayLike,
    rng: np.random.Generator,
    strata: ArrayLike | None = None,
    weights: Weights = "mantel_haenszel",
    n_resamples: int = 2000,
    conf_level: float = 0.95,
) -> WinBootstrap:
    """Draw patients again within each arm (and stratum) and recompute the win statistics.

    Parameters
    ----------
    layers, treated, strata, weights, conf_level
        As for ``win_statistics``.
    rng : Generator
        Source of random numbers.
    n_resamples : int
        Number of replicates, 2 or more.

    Returns
    -------
    WinBootstrap
        Percentile intervals; a replicate without a loss has an infinite win ratio.

    Raises
    ------
    LayerError, StratumError
        As for ``win_statistics``.
    ValueError
        If there are fewer than two replicates.

    Notes
    -----
    Up to four million pairs the result of every pair is found once and a replicate only weighs it
    by how often its two patients were drawn. Beyond, each replicate is compared anew.

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman & Hall 1993, chapters 8, 13.
    """
    if n_resamples < 2:
        raise ValueError(f"n_resamples must be 2 or more, not {n_resamples}")
    arm, groups = check_groups(treated, strata)
    weight = stratum_weights([g.sizes(arm) for g in groups], weights)
    pairs = sum(int(g.sizes(arm).prod()) for g in groups)
    compare = _weighed if pairs <= _PAIRS_HELD else _recounted
    original = _measures(compare(layers, arm, groups, weight, [_as_they_are(arm, groups)]))
    draws = [_draw(arm, groups, rng) for _ in range(n_resamples)]
    replicates = pd.DataFrame(
        _measures(compare(layers, arm, groups, weight, draws)), columns=list(MEASURES)
    )
    tail = (1 - conf_level) / 2
    rows = []
    for k, measure in enumerate(MEASURES):
        values = replicates[measure].to_numpy()
        kept = values[~np.isnan(values)]
        # The inverse of the empirical distribution never averages a number with infinity.
        low, high = (
            np.quantile(kept, [tail, 1 - tail], method="inverted_cdf")
            if len(kept)
            else (np.nan, np.nan)
        )
        finite = kept[np.isfinite(kept)]
        rows.append(
            {
                "measure": measure,
                "estimate": original[0, k],
                "std_error": finite.std(ddof=1) if len(finite) > 1 else np.nan,
                "conf_low": low,
                "conf_high": high,
                "undefined": len(values) - len(kept),
            }
        )
    return WinBootstrap(pd.DataFrame(rows), replicates)


@dataclass(frozen=True, eq=False)
class _Draw:
    """How often each patient was drawn, for each stratum: treated and controls."""

    treated: list[NDArray[np.int64]]
    control: list[NDArray[np.int64]]


def _as_they_are(arm: Bools, groups: Sequence[Group]) -> _Draw:
    sizes = [g.sizes(arm) for g in groups]
    return _Draw(
        [np.ones(n, dtype=np.int64) for n, _ in sizes],
        [np.ones(n, dtype=np.int64) for _, n in sizes],
    )


def _draw(arm: Bools, groups: Sequence[Group], rng: np.random.Generator) -> _Draw:
    treated: list[NDArray[np.int64]] = []
    control: list[NDArray[np.int64]] = []
    for group in groups:
        for n, into in zip(group.sizes(arm), (treated, control), strict=True):
            into.append(np.bincount(rng.integers(n, size=n), minlength=n))
    return _Draw(treated, control)


def _weighed(
    layers: Sequence[Layer],
    arm: Bools,
    groups: Sequence[Group],
    weight: Floats,
    draws: Sequence[_Draw],
) -> Floats:
    """Weigh the pairs by how often both were drawn; shares won and lost, shape (draws, 2)."""
    shares = np.zeros((len(draws), 2))
    codes = encode(layers, len(arm))
    for s, group in enumerate(groups):
        first, second = group.members[arm[group.members]], group.members[~arm[group.members]]
        result = outcomes([c.take(first) for c in codes], [c.take(second) for c in codes])
        treated = np.array([d.treated[s] for d in draws], dtype=float)
        control = np.array([d.control[s] for d in draws], dtype=float)
        for column, sign in enumerate((1, -1)):
            pairs = treated @ (result == sign).astype(float)
            shares[:, column] += weight[s] * (pairs * control).sum(axis=1) / result.size
    return shares


def _recounted(
    layers: Sequence[Layer],
    arm: Bools,
    groups: Sequence[Group],
    weight: Floats,
    draws: Sequence[_Draw],
) -> Floats:
    """Compare the patients drawn anew; shares won and lost, shape (draws, 2)."""
    shares = np.zeros((len(draws), 2))
    for row, draw in enumerate(draws):
        for s, group in enumerate(groups):
            first, second = group.members[arm[group.members]], group.members[~arm[group.members]]
            index = np.concatenate(
                [np.repeat(first, draw.treated[s]), np.repeat(second, draw.control[s])]
            )
            count = count_pairs([layer.take(index) for layer in layers], arm[index]).treated
            pairs = len(first) * len(second)
            shares[row] += weight[s] * np.array([count.wins.sum(), count.losses.sum()]) / pairs
    return shares


def _measures(shares: Floats) -> Floats:
    """Turn shares won and lost into the columns of MEASURES."""
    won, lost = shares.T
    index = (1 + won - lost) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.column_stack([won / lost, index / (1 - index), won - lost, index])
