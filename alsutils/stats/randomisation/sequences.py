"""Drawing the arms of many trials at once: coins, blocks, strata and minimisation."""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Arms = NDArray[np.int8]
Measure = Literal["range", "variance"]

EQUAL = (1, 1)
_ROUNDING = 1e-9


def simple(n: int, n_trials: int, rng: np.random.Generator, ratio: Sequence[int] = EQUAL) -> Arms:
    """Draw every patient's arm by itself, as a coin or a die does.

    Parameters
    ----------
    n : int
        Patients.
    n_trials : int
        Sequences to draw.
    rng : numpy.random.Generator
        Source of randomness.
    ratio : sequence of int, length k
        Shares of the arms, such as (1, 2).

    Returns
    -------
    ndarray of int8, shape (n_trials, n)
        Arm of each patient, counted from 0 in the order of ``ratio``.
    """
    edges = np.cumsum(ratio)[:-1] / sum(ratio)
    return np.searchsorted(edges, rng.random((n_trials, n)), side="right").astype(np.int8)


def permuted_blocks(
    n: int,
    n_trials: int,
    rng: np.random.Generator,
    ratio: Sequence[int] = EQUAL,
    blocks: Sequence[int] = (4,),
) -> Arms:
    """Draw arms in blocks, each of which holds every arm in the ratio, in random order.

    Parameters
    ----------
    n : int
        Patients; the last block may stay unfinished.
    n_trials : int
        Sequences to draw.
    rng : numpy.random.Generator
        Source of randomness.
    ratio : sequence of int, length k
        Shares of the arms.
    blocks : sequence of int
        Block sizes, each a multiple of the sum of the ratio. Of several, one is drawn with equal
        chance for each block.

    Returns
    -------
    ndarray of int8, shape (n_trials, n)
        Arm of each patient.

    Raises
    ------
    ValueError
        If a block does not hold the ratio a whole number of times.
    """
    check_blocks(blocks, ratio)
    longest, shortest = max(blocks), min(blocks)
    # Long enough that no block with a patient in it is cut off.
    width = n + longest - 1
    sizes = rng.choice(np.asarray(blocks), (n_trials, -(-width // shortest)))
    starts = np.cumsum(sizes, axis=1) - sizes
    opens = np.zeros((n_trials, width), dtype=np.int32)
    trial, block = np.nonzero(starts < width)
    opens[trial, starts[trial, block]] = 1
    number = np.cumsum(opens, axis=1) - 1
    within = np.arange(width) - np.take_along_axis(starts, number, axis=1)
    round_of_arms = np.repeat(np.arange(len(ratio), dtype=np.int8), ratio)
    filled = round_of_arms[within % len(round_of_arms)]
    # Sorting by the block's number and a random fraction shuffles each block within itself.
    order = np.argsort(number + rng.random(number.shape), axis=1)
    return np.take_along_axis(filled, order, axis=1)[:, :n]


def stratified_blocks(
    strata: ArrayLike,
    n_trials: int,
    rng: np.random.Generator,
    ratio: Sequence[int] = EQUAL,
    blocks: Sequence[int] = (4,),
) -> Arms:
    """Draw arms in permuted blocks, each stratum with blocks of its own.

    Parameters
    ----------
    strata : array_like, shape (n,)
        Stratum of each patient, in the order in which they come.
    n_trials, rng, ratio, blocks
        As in `permuted_blocks`.

    Returns
    -------
    ndarray of int8, shape (n_trials, n)
        Arm of each patient.
    """
    _, codes = np.unique(np.asarray(strata), return_inverse=True)
    arms = np.empty((n_trials, len(codes)), dtype=np.int8)
    for stratum in range(codes.max(initial=-1) + 1):
        members = np.flatnonzero(codes == stratum)
        arms[:, members] = permuted_blocks(len(members), n_trials, rng, ratio, blocks)
    return arms


def minimisation(
    factors: ArrayLike,
    n_trials: int,
    rng: np.random.Generator,
    ratio: Sequence[int] = EQUAL,
    probability: float = 0.8,
    weights: Sequence[float] | None = None,
    measure: Measure = "range",
) -> Arms:
    """Draw arms by Pocock and Simon's minimisation.

    Each patient is put, on trial, into every arm. The arm that leaves the counts of the patient's
    own categories most alike is preferred, and a biased coin decides whether the patient gets it.

    Parameters
    ----------
    factors : array_like, shape (n, f)
        Category of each patient in each factor, in the order in which they come.
    n_trials : int
        Sequences to draw.
    rng : numpy.random.Generator
        Source of randomness.
    ratio : sequence of int, length k
        Shares of the arms; counts are divided by them before they are compared.
    probability : float
        Chance that the preferred arm is given, where it is the arm with the smallest share. A
        larger arm i is given with 1 - (1 - probability) (R - r_i) / (R - r_min), where R is the sum
        of the ratio, and the other arms in proportion to their shares, so that arms preferred in
        the ratio are given in the ratio. With equal shares it is ``probability`` for every arm.
    weights : sequence of float, length f, or None
        Importance of the factors; equal where None.
    measure : {"range", "variance"}
        Of the counts of the arms within a category.

    Returns
    -------
    ndarray of int8, shape (n_trials, n)
        Arm of each patient.

    Raises
    ------
    ValueError
        If the probability is not between 0 and 1, or the weights do not fit the factors.

    References
    ----------
    Pocock SJ, Simon R. Sequential treatment assignment with balancing for prognostic factors in the
    controlled clinical trial. Biometrics 1975;31:103-115. doi:10.2307/2529712. Han B, Enas NH,
    McEntegart D. Randomization by minimization for unbalanced treatment allocation. Stat Med
    2009;28:3329-3346 (the coin with unequal shares).
    """
    coin = np.cumsum(biased_coin(ratio, probability), axis=1)
    tally = Tally(factors, n_trials, ratio, weights, measure)
    shares = np.asarray(ratio, dtype=float)[:, None]
    arms = np.empty((tally.n, n_trials), dtype=np.int8)
    for patient in range(tally.n):
        ties, toss = rng.random((2, n_trials))
        tickets = np.cumsum(tally.preferred(patient) * shares, axis=0)
        first = (ties * tickets[-1] >= tickets[:-1]).sum(axis=0)
        arms[patient] = (toss >= coin[first, :-1].T).sum(axis=0)
        tally.add(patient, arms[patient])
    return np.ascontiguousarray(arms.T)


def biased_coin(ratio: Sequence[int], probability: float) -> NDArray[np.float64]:
    """Give the chance of each arm (column) where another or itself (row) is preferred.

    Parameters
    ----------
    ratio : sequence of int, length k
        Shares of the arms.
    probability : float
        Chance that the arm with the smallest share is given where it is preferred.

    Returns
    -------
    ndarray, shape (k, k)
        Each row sums to 1.

    Raises
    ------
    ValueError
        If the probability is not between 0 and 1.
    """
    if not 0 <= probability <= 1:
        raise ValueError(f"the probability must lie between 0 and 1, not {probability}")
    shares = np.asarray(ratio, dtype=float)
    others = (1 - probability) / (shares.sum() - shares.min())
    chances = np.tile(others * shares, (len(shares), 1))
    np.fill_diagonal(chances, 1 - others * (shares.sum() - shares))
    return chances


class Tally:
    """Counts of the arms in every category of minimisation, for many trials side by side.

    Parameters
    ----------
    factors : array_like, shape (n, f)
        Category of each patient in each factor.
    n_trials : int
        Trials.
    ratio, weights, measure
        As in `minimisation`.
    """

    def __init__(
        self,
        factors: ArrayLike,
        n_trials: int,
        ratio: Sequence[int] = EQUAL,
        weights: Sequence[float] | None = None,
        measure: Measure = "range",
    ) -> None:
        table = np.asarray(factors)
        if table.ndim != 2:
            raise ValueError(f"factors need one row a patient, one column a factor: {table.shape}")
        self.n, f = table.shape
        self._weights = [1.0] * f if weights is None else list(weights)
        if len(self._weights) != f:
            raise ValueError(f"{f} factors need {f} weights, not {len(self._weights)}")
        if measure not in ("range", "variance"):
            raise ValueError(f"measure must be 'range' or 'variance', not {measure!r}")
        self._measure = measure
        # Counts over shares are compared as whole numbers, so that a tie is a tie.
        self._step = [math.lcm(*ratio) // share for share in ratio]
        self._arms = np.arange(len(ratio), dtype=np.int8)[:, None]
        self._codes = [np.unique(column, return_inverse=True)[1] for column in table.T]
        self._counts = [
            np.zeros((codes.max(initial=-1) + 1, len(ratio), n_trials), dtype=np.int32)
            for codes in self._codes
        ]

    def preferred(self, patient: int) -> NDArray[np.bool_]:
        """Say which arms would leave the patient's categories most alike; shape (k, n_trials)."""
        shape = self._counts[0].shape[1:] if self._counts else (len(self._step), 1)
        scores = np.zeros(shape)
        for weight, codes, counts in zip(self._weights, self._codes, self._counts, strict=True):
            here = counts[codes[patient]]
            for arm, step in enumerate(self._step):
                moved = here.copy()
                moved[arm] += step
                scores[arm] += weight * self._spread(moved)
        least = scores.min(axis=0)
        return np.asarray(scores <= least + _ROUNDING * (1 + least))

    def add(self, patient: int, arms: Arms) -> None:
        """Count the patient in the arm that each trial gave, shape (n_trials,)."""
        given = (arms == self._arms) * np.asarray(self._step, dtype=np.int32)[:, None]
        for codes, counts in zip(self._codes, self._counts, strict=True):
            counts[codes[patient]] += given

    def _spread(self, counts: NDArray[np.int32]) -> NDArray[np.int64]:
        if self._measure == "range":
            return np.asarray(counts.max(axis=0) - counts.min(axis=0))
        return np.asarray(len(counts) * (counts**2).sum(axis=0) - counts.sum(axis=0) ** 2)


def check_blocks(blocks: Sequence[int], ratio: Sequence[int]) -> None:
    """Refuse block sizes that do not hold the ratio a whole number of times."""
    wrong = [size for size in blocks if size <= 0 or size % sum(ratio)]
    if wrong or not blocks:
        found = ", ".join(map(str, wrong)) or "none"
        raise ValueError(
            f"a block must hold {sum(ratio)} patients or a multiple of it for the ratio "
            f"{':'.join(map(str, ratio))}, not {found}"
        )
