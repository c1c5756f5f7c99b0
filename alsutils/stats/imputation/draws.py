"""Draws of the imputation model's parameters from an approximate posterior distribution."""

from dataclasses import dataclass

import numpy as np

from alsutils.stats.imputation.model import ImputationModel
from alsutils.stats.imputation.reml import evaluate, refit, weighted_sums
from alsutils.stats.imputation.trial import Array, ImputationError, Trial

# Samples drawn again for those that could not be fitted, before giving up.
_MAX_ROUNDS = 20
# A share of failures above which the model asks too much of the data.
_TOO_MANY = 0.5


@dataclass(frozen=True)
class Draws:
    """Parameters of B imputations.

    Attributes
    ----------
    sigma : array, shape (B, m, m)
        Covariance matrices, standardised.
    beta : array, shape (B, p)
        Rotated coefficients.
    n_redrawn : int
        Samples that had to be drawn again.
    """

    sigma: Array
    beta: Array
    n_redrawn: int


def bootstrap_draws(
    trial: Trial, model: ImputationModel, size: int, rng: np.random.Generator
) -> Draws:
    """Fit the model to bootstrap samples of the subjects, drawn within each arm.

    Subjects who never had an outcome are drawn like any other and add nothing to the fit.

    Parameters
    ----------
    trial, model
        The trial and its imputation model.
    size : int
        Number B of samples.
    rng : Generator
        Random numbers.

    Returns
    -------
    Draws

    Raises
    ------
    ImputationError
        If more than half of the samples cannot be fitted.
    """
    m, p = len(trial.visits), model.likelihood.loadings.shape[1] - 1
    sigma, beta = np.empty((size, m, m)), np.empty((size, p))
    pending, redrawn = np.arange(size), 0
    for attempt in range(_MAX_ROUNDS):
        weights = _resample(trial, pending.size, rng)[:, model.fitted]
        fits = refit(model.likelihood, weighted_sums(model.likelihood, weights))
        good = fits.converged
        sigma[pending[good]], beta[pending[good]] = fits.sigma[good], fits.beta[good]
        pending = pending[~good]
        if not pending.size:
            return Draws(sigma, beta, redrawn)
        redrawn += pending.size
        if attempt == 0 and pending.size > _TOO_MANY * size:
            break
    raise ImputationError(
        f"the imputation model could not be fitted to {redrawn} bootstrap samples; use a smaller "
        "formula, a simpler covariance such as 'toeph' or 'cs', or draw='normal'"
    )


def _resample(trial: Trial, size: int, rng: np.random.Generator) -> Array:
    """How often each subject is drawn, (size, n)."""
    weights = np.zeros((size, len(trial.subjects)))
    for arm in range(len(trial.arms)):
        members = np.flatnonzero(trial.arm == arm)
        shares = np.full(members.size, 1.0 / members.size)
        weights[:, members] = rng.multinomial(members.size, shares, size=size)
    return weights


def normal_draws(model: ImputationModel, size: int, rng: np.random.Generator) -> Draws:
    """Draw parameters around the fit: covariance parameters, then coefficients given these.

    Parameters
    ----------
    model : ImputationModel
        The imputation model.
    size : int
        Number B of draws.
    rng : Generator
        Random numbers.

    Returns
    -------
    Draws
    """
    optimum, structure = model.fit._inference.optimum, model.fit._structure
    spread = np.linalg.cholesky(optimum.theta_covariance)
    noise = rng.standard_normal((size, optimum.theta.size))
    sigma = np.stack([structure.sigma(theta) for theta in optimum.theta + noise @ spread.T])
    everyone = np.ones((1, model.fitted.size))
    sums = weighted_sums(model.likelihood, everyone).take(np.zeros(size, dtype=np.intp))
    value = evaluate(model.likelihood, sums, sigma)
    if not np.isfinite(value.log_likelihood).all():
        raise ImputationError(
            "a draw of the covariance parameters is no covariance matrix; there are too few "
            "subjects for a normal approximation: use draw='bootstrap'"
        )
    root = np.linalg.cholesky(value.phi)
    steps = rng.standard_normal(value.beta.shape)
    beta = value.beta + np.einsum("bij,bj->bi", root, steps)
    return Draws(sigma, beta, 0)
