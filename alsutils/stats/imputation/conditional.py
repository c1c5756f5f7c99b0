"""What the model says of missing outcomes, given the observed ones and a strategy.

A subject's m outcomes are normal with a mean vector and a covariance matrix. The strategy sets
the mean: the subject's own arm's (MAR), the reference arm's from the event on (J2R), the
reference arm's throughout (CR), or the own mean just before the event continued by the reference
arm's increments (CIR). Missing outcomes then follow the normal distribution given the observed
ones (Carpenter, Roger and Kenward 2013, section 4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsutils.stats.imputation.model import ImputationModel
from alsutils.stats.imputation.trial import NO_EVENT, Array, BoolArray, IntArray, Trial


@dataclass(frozen=True)
class Holes:
    """Every missing outcome, in the order of :attr:`cells`.

    Attributes
    ----------
    subject, visit : IntArray, shape (h,)
        Where each missing outcome is: by subject, then by visit.
    arm : IntArray, shape (h,)
        The subject's arm.
    """

    subject: IntArray
    visit: IntArray
    arm: IntArray

    @classmethod
    def of(cls, trial: Trial) -> "Holes":
        """Find them."""
        subject, visit = np.nonzero(trial.missing)
        return cls(subject, visit, trial.arm[subject])


@dataclass(frozen=True)
class _Pattern:
    """Incomplete subjects that miss the same visits."""

    who: IntArray
    seen: IntArray
    gone: IntArray
    holes: IntArray
    outcome: Array


@dataclass(frozen=True)
class Imputer:
    """From parameters to imputed values.

    Attributes
    ----------
    model : ImputationModel
        The model.
    own, other : arrays, shape (c, m, p)
        Design rows of the incomplete subjects in their own arm and in its reference arm.
    own_offset, other_offset : arrays, shape (c, m)
        What least squares predicts there.
    after : bool array, shape (c, m)
        At or after the event.
    event : IntArray, shape (c,)
        Position of the event, -1 without one.
    strategy : array of str, shape (c,)
        Strategy of each.
    patterns : tuple
        Incomplete subjects by the visits they miss.
    n_holes : int
        Number h of missing outcomes.
    """

    model: ImputationModel
    own: Array
    other: Array
    own_offset: Array
    other_offset: Array
    after: BoolArray
    event: IntArray
    strategy: NDArray[np.str_]
    patterns: Sequence[Any]
    n_holes: int

    @classmethod
    def of(
        cls,
        trial: Trial,
        model: ImputationModel,
        strategy: NDArray[np.str_],
        reference: IntArray,
    ) -> "Imputer":
        """Lay out the incomplete subjects.

        Parameters
        ----------
        trial, model
            The trial and its imputation model.
        strategy : array of str, shape (n,)
            Strategy of each subject.
        reference : IntArray, shape (a,)
            Reference arm of each arm.
        """
        who = model.incomplete
        arm, place = trial.arm[who], np.arange(who.size)
        return cls(
            model=model,
            own=model.rows[arm, place],
            other=model.rows[reference[arm], place],
            own_offset=model.offset[arm, place],
            other_offset=model.offset[reference[arm], place],
            after=trial.after_event[who],
            event=trial.event[who],
            strategy=strategy[who],
            patterns=_patterns(trial, model),
            n_holes=int(trial.missing.sum()),
        )

    def means(self, beta: Array) -> Array:
        """Mean vectors under each strategy, (B, c, m), from rotated coefficients (B, p)."""
        own = self.own_offset + _times(self.own, beta)
        kind = self.strategy
        if (kind == "MAR").all():
            return own
        other = self.other_offset + _times(self.other, beta)
        before = np.maximum(self.event - 1, 0)
        at = np.arange(before.size)
        step = (own[:, at, before] - other[:, at, before])[:, :, None]
        # an event at the first visit leaves nothing to start from but the reference itself
        lift = np.where((self.event > 0)[None, :, None], step, 0.0)
        jump = self.after & np.isin(kind, ["J2R", "CIR"])[:, None]
        copied = (kind == "CR") & (self.event != NO_EVENT)
        moved = other + np.where((kind == "CIR")[None, :, None], lift, 0.0)
        return np.where(jump | copied[:, None], moved, own)

    def impute(self, sigma: Array, beta: Array, noise: Array | None = None) -> Array:
        """Fill the holes.

        Parameters
        ----------
        sigma : array, shape (B, m, m)
            Covariance matrices, standardised.
        beta : array, shape (B, p)
            Rotated coefficients.
        noise : array, shape (B, h), optional
            Standard normal numbers for draws; conditional means without.

        Returns
        -------
        array, shape (B, h)
            In the unit of the outcome.
        """
        means = self.means(beta)
        filled = np.empty((len(beta), self.n_holes))
        for part in self.patterns:
            centre = means[:, part.who]
            value = centre[:, :, part.gone]
            rest = sigma[:, part.gone[:, None], part.gone[None, :]]
            if part.seen.size:
                across = sigma[:, part.seen[:, None], part.gone[None, :]]
                within = sigma[:, part.seen[:, None], part.seen[None, :]]
                slope = np.linalg.solve(within, across)
                value = value + (part.outcome - centre[:, :, part.seen]) @ slope
                rest = rest - across.swapaxes(1, 2) @ slope
            if noise is not None:
                factor = np.linalg.cholesky(0.5 * (rest + rest.swapaxes(1, 2)))
                drawn = noise[:, part.holes].reshape(value.shape)
                value = value + drawn @ factor.swapaxes(1, 2)
            filled[:, part.holes] = value.reshape(len(beta), -1)
        return filled * self.model.scale


def _times(rows: Array, beta: Array) -> Array:
    """Design rows (c, m, p) by coefficients (B, p): (B, c, m)."""
    c, m, p = rows.shape
    return np.asarray((beta @ rows.reshape(c * m, p).T).reshape(len(beta), c, m))


def _patterns(trial: Trial, model: ImputationModel) -> tuple[_Pattern, ...]:
    missing = trial.missing[model.incomplete]
    number = np.full(trial.outcome.shape, -1)
    number[trial.missing] = np.arange(int(trial.missing.sum()))
    if not len(missing):
        return ()
    kinds, which = np.unique(missing, axis=0, return_inverse=True)
    parts = []
    for index, kind in enumerate(kinds):
        who = np.flatnonzero(which.ravel() == index)
        seen, gone = np.flatnonzero(~kind), np.flatnonzero(kind)
        rows = model.incomplete[who]
        parts.append(
            _Pattern(
                who=who,
                seen=seen,
                gone=gone,
                holes=number[np.ix_(rows, gone)].ravel(),
                outcome=trial.outcome[np.ix_(rows, seen)] / model.scale,
            )
        )
    return tuple(parts)
