"""The two linear models of a mediation analysis, fitted to the data and to samples of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class MediationError(ValueError):
    """The data do not determine the effects."""


@dataclass(frozen=True)
class Trial:
    """Complete patients of a trial of two arms.

    Attributes
    ----------
    outcome, mediator, treated : ndarray, shape (n,)
        Outcome and mediator around their means, and 1 for the treated.
    covariates : ndarray, shape (n, q)
        Around their means.
    n_dropped : int
        Patients left out for a missing value.
    """

    outcome: Floats
    mediator: Floats
    treated: Floats
    covariates: Floats
    n_dropped: int

    @classmethod
    def read(
        cls,
        outcome: ArrayLike,
        mediator: ArrayLike,
        treated: ArrayLike,
        covariates: ArrayLike | None,
        interaction: bool,
    ) -> "Trial":
        """Take the complete patients, or say why they are too few."""
        y, m = np.asarray(outcome, float), np.asarray(mediator, float)
        on = np.asarray(treated, bool)
        x = np.empty((len(y), 0)) if covariates is None else np.asarray(covariates, float)
        x = x[:, None] if x.ndim == 1 else x
        if not len(y) == len(m) == len(on) == len(x):
            raise ValueError(
                f"there are {len(y)} outcomes, {len(m)} mediators, {len(on)} arms and {len(x)} "
                "rows of covariates; give one of each a patient"
            )
        kept = np.isfinite(y) & np.isfinite(m) & np.isfinite(x).all(axis=1)
        y, m, on, x = y[kept], m[kept], on[kept], x[kept]
        width = 3 + interaction + x.shape[1]
        for name, side in (("treated", on), ("control", ~on)):
            # Two values give a slope within the arm, and one is left for the spread.
            if len(np.unique(m[side])) < (3 if interaction else 2):
                raise MediationError(
                    f"too few different values of the mediator in the {name} arm "
                    f"({int(side.sum())} complete patients)"
                )
        if len(np.unique(y)) < 2:
            raise MediationError("the outcome is the same in all complete patients")
        if len(y) <= width + 1:
            raise MediationError(f"{len(y)} complete patients are too few for {width} coefficients")
        trial = cls(
            y - y.mean(), m - m.mean(), on.astype(float), x - x.mean(axis=0), int((~kept).sum())
        )
        if np.linalg.matrix_rank(trial.design(interaction)) < width:
            raise MediationError(
                "mediator, arm and covariates determine each other; leave a covariate out"
            )
        return trial

    def design(self, interaction: bool) -> Floats:
        """Design of the outcome: constant, arm, mediator, their product, covariates."""
        columns = [np.ones(len(self.outcome)), self.treated, self.mediator]
        if interaction:
            columns.append(self.treated * self.mediator)
        return np.column_stack([*columns, self.covariates])

    def mediator_design(self) -> Floats:
        """Design of the mediator: constant, arm, covariates."""
        return np.column_stack([np.ones(len(self.outcome)), self.treated, self.covariates])

    def samples(self, rng: np.random.Generator, size: int) -> NDArray[np.intp]:
        """Draw patients again within each arm, shape (size, n)."""
        drawn = np.empty((size, len(self.outcome)), dtype=np.intp)
        for side in (self.treated == 1, self.treated == 0):
            members = np.flatnonzero(side)
            drawn[:, members] = members[rng.integers(len(members), size=(size, len(members)))]
        return drawn


@dataclass(frozen=True)
class Fits:
    """Coefficients of both models in every sample, first axis b.

    Attributes
    ----------
    on_mediator : ndarray, shape (b, p)
        Constant, arm and covariates in the model of the mediator.
    on_outcome : ndarray, shape (b, 4)
        Constant, arm, mediator and product (0 without one) in that of the outcome.
    spread_mediator, spread_outcome : ndarray, shape (b,)
        Residual standard deviations by maximum likelihood.
    """

    on_mediator: Floats
    on_outcome: Floats
    spread_mediator: Floats
    spread_outcome: Floats


def fit_samples(trial: Trial, samples: NDArray[np.intp], interaction: bool) -> Fits:
    """Fit both models to samples of the patients.

    Parameters
    ----------
    trial : Trial
        The patients.
    samples : ndarray of int, shape (b, n)
        Positions of those in each sample.
    interaction : bool
        Whether the mediator's slope may differ between the arms.

    Returns
    -------
    Fits
        Missing in samples that do not determine the coefficients.
    """
    n = len(trial.outcome)
    weights = np.stack([np.bincount(row, minlength=n) for row in samples]).astype(float)
    first, spread_mediator = _weighted(trial.mediator_design(), trial.mediator, weights)
    second, spread_outcome = _weighted(trial.design(interaction), trial.outcome, weights)
    product = second[:, 3] if interaction else np.zeros(len(second))
    on_outcome = np.column_stack([second[:, :3], product])
    return Fits(first, on_outcome, spread_mediator, spread_outcome)


def _weighted(X: Floats, y: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Least squares with the weights of each row: coefficients (b, p) and spread (b,)."""
    n, p = X.shape
    products = (X[:, :, None] * X[:, None, :]).reshape(n, p * p)
    left = (weights @ products).reshape(-1, p, p)
    right = weights @ (X * y[:, None])
    scale = np.sqrt(np.diagonal(left, axis1=1, axis2=2))
    safe = np.where(scale > 0, scale, 1.0)
    matrix = left / (safe[:, :, None] * safe[:, None, :])
    open_ = np.linalg.eigvalsh(matrix)[:, 0] < 1e-10
    matrix[open_] = np.eye(p)
    beta = np.linalg.solve(matrix, (right / safe)[:, :, None])[:, :, 0] / safe
    beta[open_] = np.nan
    residual = weights @ y**2 - (right * beta).sum(axis=1)
    return beta, np.sqrt(np.maximum(residual, 0.0) / weights.sum(axis=1))
