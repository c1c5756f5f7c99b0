"""Generalised pairwise comparisons: who wins, treated or control, on a ranked list of outcomes.

Every treated patient is compared with every control, first on the outcome that matters most, and
only where that does not tell them apart on the next::

    from alsutils.stats.wins import Continuous, TimeToEvent, win_statistics

    result = win_statistics([TimeToEvent(days, died), Continuous(change)], treated)
    result.frame     # win ratio, win odds, net benefit, probabilistic index
    result.layers    # wins, losses and ties by outcome
"""

from alsutils.stats.wins.bootstrap import WinBootstrap, bootstrap_wins
from alsutils.stats.wins.counting import PairCounts, Tally, count_pairs
from alsutils.stats.wins.index import ProbabilisticIndex, probabilistic_index
from alsutils.stats.wins.layers import Continuous, Layer, LayerError, TimeToEvent
from alsutils.stats.wins.statistics import (
    MEASURES,
    StratumError,
    WinStatistics,
    win_statistics,
)

__all__ = [
    "MEASURES",
    "Continuous",
    "Layer",
    "LayerError",
    "PairCounts",
    "ProbabilisticIndex",
    "StratumError",
    "Tally",
    "TimeToEvent",
    "WinBootstrap",
    "WinStatistics",
    "bootstrap_wins",
    "count_pairs",
    "probabilistic_index",
    "win_statistics",
]
