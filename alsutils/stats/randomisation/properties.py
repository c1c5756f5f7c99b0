"""What a method of randomisation does: how alike the arms become, and who can foresee them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from alsutils.stats.randomisation.schemes import Scheme, strata
from alsutils.stats.randomisation.sequences import EQUAL, Arms, Tally

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Guesses:
    """How well somebody foresees the arms who knows all arms given so far.

    Attributes
    ----------
    right : ndarray, shape (n_trials,)
        Share of the patients whose arm is guessed; a guess between equals counts by its chance.
    excess : ndarray, shape (n_trials,)
        Patients guessed beyond what independent draws in the ratio would let the same guesses
        hit: Blackwell and Hodges' excess selection bias.
    """

    right: Floats
    excess: Floats


@dataclass(frozen=True)
class Properties:
    """A method of randomisation over many simulated trials.

    Attributes
    ----------
    overall : ndarray, shape (n_trials,)
        Difference of the arms' sizes, in patients (see `imbalance`).
    within_categories : ndarray, shape (n_trials,)
        The same within a category of a factor, mean over all; missing without factors.
    within_strata : ndarray, shape (n_trials,)
        The same within a stratum, mean over all.
    by_totals : Guesses
        Of somebody who counts the arms of all patients.
    by_rule : Guesses
        Of somebody who counts as the method does: within the stratum, or by the same scores as
        minimisation.
    frame : DataFrame
        One row a quantity: ``quantity``, ``estimate`` (mean), ``std_error`` (of the simulation),
        ``high`` (95th percentile).
    """

    overall: Floats
    within_categories: Floats
    within_strata: Floats
    by_totals: Guesses
    by_rule: Guesses

    @property
    def frame(self) -> pd.DataFrame:
        """Means over the simulated trials."""
        values = {
            "imbalance of all patients": self.overall,
            "imbalance within a category": self.within_categories,
            "imbalance within a stratum": self.within_strata,
            "right guesses by totals": self.by_totals.right,
            "right guesses by the rule": self.by_rule.right,
            "excess selection bias by totals": self.by_totals.excess,
            "excess selection bias by the rule": self.by_rule.excess,
        }
        size = len(self.overall)
        rows = [
            {
                "quantity": name,
                "estimate": float(v.mean()),
                "std_error": float(v.std(ddof=1) / np.sqrt(size)) if size > 1 else np.nan,
                "high": float(np.quantile(v, 0.95)),
            }
            for name, v in values.items()
        ]
        return pd.DataFrame(rows)


def properties(
    scheme: Scheme, factors: ArrayLike, n_trials: int, rng: np.random.Generator
) -> Properties:
    """Draw the same patients' arms many times and see how alike and how foreseeable they are.

    Parameters
    ----------
    scheme : Scheme
        The method.
    factors : array_like, shape (n, f)
        Category of each patient in each factor, in the order in which they come.
    n_trials : int
        Trials to draw.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Properties
        Every quantity for every trial.

    References
    ----------
    Blackwell D, Hodges JL. Design for the control of selection bias. Ann Math Stat 1957;28:449-460.
    doi:10.1214/aoms/1177706973
    """
    table = np.asarray(factors)
    arms = scheme.draw(table, n_trials, rng)
    cells = strata(table)
    margins = [imbalance(arms, scheme.ratio, column) for column in table.T]
    return Properties(
        overall=imbalance(arms, scheme.ratio)[:, 0],
        within_categories=(
            np.hstack(margins).mean(axis=1) if margins else np.full(n_trials, np.nan)
        ),
        within_strata=imbalance(arms, scheme.ratio, cells).mean(axis=1),
        by_totals=convergence_guesses(arms, scheme.ratio),
        by_rule=rule_guesses(arms, scheme, table),
    )


def imbalance(arms: Arms, ratio: Sequence[int] = EQUAL, groups: ArrayLike | None = None) -> Floats:
    """Measure by how many patients the arms differ.

    Parameters
    ----------
    arms : ndarray of int, shape (n_trials, n)
        Arm of each patient, counted from 0.
    ratio : sequence of int, length k
        Shares of the arms. Unequal arms are brought to equal size before they are compared.
    groups : array_like, shape (n,), or None
        Within what the arms are compared; all patients together where None.

    Returns
    -------
    ndarray, shape (n_trials, number of groups)
        Size of the largest arm less that of the smallest, groups in sorted order.
    """
    names = np.zeros(arms.shape[1]) if groups is None else np.asarray(groups)
    found = []
    for name in np.unique(names):
        inside = arms[:, names == name]
        counts = [(inside == arm).sum(axis=1) / share for arm, share in enumerate(ratio)]
        found.append(np.max(counts, axis=0) - np.min(counts, axis=0))
    return np.stack(found, axis=1) * (sum(ratio) / len(ratio))


def convergence_guesses(
    arms: Arms, ratio: Sequence[int] = EQUAL, groups: ArrayLike | None = None
) -> Guesses:
    """Let somebody guess each next arm to be the one that is furthest behind its share.

    Parameters
    ----------
    arms : ndarray of int, shape (n_trials, n)
        Arm of each patient in the order in which they came, counted from 0.
    ratio : sequence of int, length k
        Shares of the arms.
    groups : array_like, shape (n,), or None
        Within what the guesser counts; all patients together where None.

    Returns
    -------
    Guesses
        Of every trial. Arms equally far behind are guessed with equal chance.

    References
    ----------
    Blackwell D, Hodges JL. Design for the control of selection bias. Ann Math Stat 1957;28:449-460.
    doi:10.1214/aoms/1177706973
    """
    names = np.zeros(arms.shape[1]) if groups is None else np.asarray(groups)
    behind = np.empty((len(ratio), *arms.shape), dtype=bool)
    steps = np.lcm.reduce(np.asarray(ratio)) // np.asarray(ratio)
    for name in np.unique(names):
        members = np.flatnonzero(names == name)
        inside = arms[:, members]
        given = np.stack([(inside == arm) * step for arm, step in enumerate(steps)])
        before = np.cumsum(given, axis=2, dtype=np.int32) - given
        behind[:, :, members] = before == before.min(axis=0)
    return _scored(behind, arms, ratio)


def rule_guesses(arms: Arms, scheme: Scheme, factors: ArrayLike) -> Guesses:
    """Let somebody guess who knows the method and counts as it does.

    Parameters
    ----------
    arms : ndarray of int, shape (n_trials, n)
        Arm of each patient in the order in which they came, drawn by the scheme.
    scheme : Scheme
        The method.
    factors : array_like, shape (n, f)
        Category of each patient in each factor.

    Returns
    -------
    Guesses
        Within strata for stratified blocks, the preferred arm for minimisation, and by the totals
        for the others.
    """
    table = np.asarray(factors)
    if scheme.method != "minimisation":
        cells = strata(table) if scheme.method == "stratified_blocks" else None
        return convergence_guesses(arms, scheme.ratio, cells)
    tally = Tally(table, len(arms), scheme.ratio, scheme.weights or None, scheme.measure)
    preferred = np.empty((len(scheme.ratio), *arms.shape), dtype=bool)
    for patient in range(arms.shape[1]):
        preferred[:, :, patient] = tally.preferred(patient)
        tally.add(patient, arms[:, patient])
    return _scored(preferred, arms, scheme.ratio)


def _scored(guessed: NDArray[np.bool_], arms: Arms, ratio: Sequence[int]) -> Guesses:
    """Count the guesses that hit; `guessed` marks the arms between which one is chosen."""
    size = guessed.sum(axis=0)
    hit = np.take_along_axis(guessed, arms[None], axis=0)[0] / size
    shares = np.asarray(ratio) / sum(ratio)
    by_chance = np.tensordot(shares, guessed, axes=1) / size
    return Guesses(right=hit.mean(axis=1), excess=(hit - by_chance).sum(axis=1))
