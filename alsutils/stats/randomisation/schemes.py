"""A method of randomisation with its settings, as one thing that can be drawn again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alsutils.stats.randomisation.sequences import (
    EQUAL,
    Arms,
    Measure,
    biased_coin,
    check_blocks,
    minimisation,
    permuted_blocks,
    simple,
    stratified_blocks,
)

Method = Literal["simple", "blocks", "stratified_blocks", "minimisation"]


@dataclass(frozen=True)
class Scheme:
    """How the arms of a trial are drawn.

    Attributes
    ----------
    method : {"simple", "blocks", "stratified_blocks", "minimisation"}
        The procedure.
    ratio : tuple of int, length k
        Shares of the arms, the control first.
    blocks : tuple of int
        Block sizes of the two kinds of blocks; of several, one is drawn for each block.
    probability : float
        Chance of the preferred arm under minimisation.
    weights : tuple of float
        Importance of the factors under minimisation; equal where empty.
    measure : {"range", "variance"}
        How minimisation measures imbalance.

    Raises
    ------
    ValueError
        If the settings do not fit each other.
    """

    method: Method
    ratio: tuple[int, ...] = EQUAL
    blocks: tuple[int, ...] = ()
    probability: float = 0.8
    weights: tuple[float, ...] = ()
    measure: Measure = "range"

    def __post_init__(self) -> None:
        if len(self.ratio) < 2 or min(self.ratio) < 1:
            raise ValueError(f"the ratio needs two or more whole numbers from 1, not {self.ratio}")
        if self.method in ("blocks", "stratified_blocks"):
            check_blocks(self.blocks, self.ratio)
        elif self.method == "minimisation":
            biased_coin(self.ratio, self.probability)
        elif self.method != "simple":
            raise ValueError(f"there is no method {self.method!r}")

    def draw(self, factors: ArrayLike, n_trials: int, rng: np.random.Generator) -> Arms:
        """Draw the arms of the same patients in many trials.

        Parameters
        ----------
        factors : array_like, shape (n, f)
            Category of each patient in each factor, in the order in which they come; their
            combinations are the strata. f may be 0 for the methods that ask for none.
        n_trials : int
            Trials.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        ndarray of int8, shape (n_trials, n)
            Arm of each patient, counted from 0 in the order of ``ratio``.
        """
        table = np.asarray(factors)
        n = len(table)
        if self.method == "simple":
            return simple(n, n_trials, rng, self.ratio)
        if self.method == "blocks":
            return permuted_blocks(n, n_trials, rng, self.ratio, self.blocks)
        if self.method == "stratified_blocks":
            return stratified_blocks(strata(table), n_trials, rng, self.ratio, self.blocks)
        return minimisation(
            table, n_trials, rng, self.ratio, self.probability, self.weights or None, self.measure
        )

    def between(self, arms: Sequence[int]) -> "Scheme":
        """Give the scheme as it acts on the patients of some arms only.

        Parameters
        ----------
        arms : sequence of int
            Positions of the arms in ``ratio``.

        Returns
        -------
        Scheme
            Their shares, and blocks as large as their part of a block. For blocks whose last is
            full this is the exact distribution of those patients' arms, given who is in the
            others; minimisation no longer counts the other arms.
        """
        ratio = tuple(self.ratio[arm] for arm in arms)
        blocks = tuple(size * sum(ratio) // sum(self.ratio) for size in self.blocks)
        return Scheme(self.method, ratio, blocks, self.probability, self.weights, self.measure)


def strata(factors: ArrayLike) -> NDArray[np.int64]:
    """Give each combination of categories a number, shape (n,); one for all without factors."""
    table = np.asarray(factors)
    if table.shape[1] == 0:
        return np.zeros(len(table), dtype=np.int64)
    codes = np.stack([np.unique(column, return_inverse=True)[1] for column in table.T], axis=1)
    return np.asarray(np.unique(codes, axis=0, return_inverse=True)[1].ravel(), dtype=np.int64)
