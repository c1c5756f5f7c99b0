"""Maximise the (restricted) likelihood by scoring.

Each step is Newton's with the exact second derivatives; where these are not negative definite
(far from the maximum) the expected information takes their place. Steps are halved until the
likelihood rises. The end is judged by the Newton decrement g'H^-1 g, twice the likelihood that
the next step could still gain: at 1e-10 the parameters are within 1e-5 of their standard
errors, and one last step makes that about 1e-10.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from alsutils.stats.mmrm.crossproducts import CrossProducts
from alsutils.stats.mmrm.errors import ConvergenceError
from alsutils.stats.mmrm.likelihood import Derivatives, Value, differentiate, evaluate
from alsutils.stats.mmrm.structures import Structure

Array = NDArray[np.float64]
_DECREMENT = 1e-10
_MAX_STEP = 2.0
_MAX_HALVINGS = 40
# Of the expected information in correlation form: below this a parameter is not identified.
_SINGULAR = 1e-11
# A correlation matrix this close to singular is a maximum on the boundary.
_BOUNDARY = 1e-9


@dataclass(frozen=True)
class Optimum:
    """The maximum of the likelihood.

    Attributes
    ----------
    theta : array, shape (k,)
        Parameters in units of the standardised outcome.
    value : Value
        Likelihood and coefficients there.
    derivatives : Derivatives
        Derivatives there.
    theta_covariance : array, shape (k, k)
        Inverse of the observed information.
    iterations : int
        Steps taken.
    decrement : float
        Newton decrement at the end.
    """

    theta: Array
    value: Value
    derivatives: Derivatives
    theta_covariance: Array
    iterations: int
    decrement: float


def maximise(
    products: CrossProducts, structure: Structure, reml: bool, max_iterations: int = 100
) -> Optimum:
    """Find the covariance parameters of greatest likelihood.

    Parameters
    ----------
    products : CrossProducts
        The data.
    structure : Structure
        The covariance structure.
    reml : bool
        Restricted likelihood if true, else full.
    max_iterations : int
        Steps allowed.

    Returns
    -------
    Optimum

    Raises
    ------
    ConvergenceError
        When there is no maximum inside the space of covariance matrices, or none is found.
    """
    reported, structure = structure, replace(structure, log_cholesky=structure.name == "us")
    theta = np.concatenate(
        [
            structure.start(moments, _typical_gap(patterns.times, patterns.mask))
            for moments, patterns in zip(products.moments, products.groups, strict=True)
        ]
    )
    value = evaluate(theta, products, structure, reml)
    if value is None:
        raise ConvergenceError(f"covariance {structure.name!r}: the starting matrix is singular")
    for iteration in range(1, max_iterations + 1):
        derivatives = differentiate(theta, value, products, structure, reml)
        step = _direction(derivatives)
        decrement = float(step @ derivatives.gradient)
        moved = _search(theta, step, decrement, value, products, structure, reml)
        if moved is None and decrement > 1e-6:
            raise ConvergenceError(
                f"covariance {structure.name!r}: no step raises the likelihood any more at "
                f"iteration {iteration} although the slope is not zero (decrement {decrement:.1g})"
            )
        if moved is not None:
            theta, value = moved
        if decrement < _DECREMENT:
            _refuse_boundary(theta, products, structure)
            if reported != structure:
                parts = np.split(theta, len(products.groups))
                theta = np.concatenate([reported.start(structure.sigma(part)) for part in parts])
            return _finish(theta, value, products, reported, reml, iteration)
        _refuse_boundary(theta, products, structure)
    raise ConvergenceError(
        f"covariance {structure.name!r}: no maximum of the likelihood in {max_iterations} steps "
        f"(decrement {decrement:.1g})"
    )


def _typical_gap(times: Array | None, mask: NDArray[np.bool_]) -> float:
    if times is None:
        return 1.0
    both = mask[:, 1:] & mask[:, :-1]
    gaps = np.diff(times, axis=1)[both]
    return float(np.median(gaps)) if gaps.size else 1.0


def _direction(derivatives: Derivatives) -> Array:
    observed = -derivatives.hessian
    for matrix in (observed, derivatives.information):
        size = np.sqrt(np.maximum(np.diag(matrix), 0.0))
        if (size <= 0).any():
            continue
        scaled = matrix / np.outer(size, size)
        try:
            factor = cho_factor(scaled, lower=True)
        except np.linalg.LinAlgError:
            continue
        if np.diag(factor[0]).min() ** 2 < _SINGULAR:
            continue
        return np.asarray(cho_solve(factor, derivatives.gradient / size)) / size
    # Both singular: a small ridge keeps the step uphill, and the end is refused in _finish.
    information = derivatives.information
    ridge = 1e-6 * max(float(np.trace(information)) / len(information), 1e-12)
    return np.asarray(
        np.linalg.solve(information + ridge * np.eye(len(information)), derivatives.gradient)
    )


def _search(
    theta: Array,
    step: Array,
    decrement: float,
    value: Value,
    products: CrossProducts,
    structure: Structure,
    reml: bool,
) -> tuple[Array, Value] | None:
    """Return the first point along the step where the likelihood has risen enough."""
    rounding = 1e-12 * (1.0 + abs(value.log_likelihood))
    # the factor of an unstructured matrix has entries of any size; all others are on log scales
    per_group = step.reshape(len(products.groups), -1)
    scales = per_group[:, : structure.n_sigma] if structure.name == "us" else per_group
    length = float(np.abs(scales).max())
    share = min(1.0, _MAX_STEP / max(length, _MAX_STEP))
    for _ in range(_MAX_HALVINGS):
        there = theta + share * step
        found = evaluate(there, products, structure, reml)
        if found is not None:
            gain = found.log_likelihood - value.log_likelihood
            if gain >= 1e-4 * share * decrement - rounding:
                return there, found
        share *= 0.5
    return None


def _refuse_boundary(theta: Array, products: CrossProducts, structure: Structure) -> None:
    for part, patterns in zip(np.split(theta, len(products.groups)), products.groups, strict=True):
        sigma = structure.sigma(part, patterns.times)
        variances = np.einsum("...jj->...j", sigma)
        root = np.sqrt(variances)
        correlation = sigma / (root[..., :, None] * root[..., None, :])
        if structure.spatial:
            pairs = patterns.mask[:, :, None] & patterns.mask[:, None, :]
            correlation = np.where(pairs, correlation, np.eye(structure.n_visits))
        smallest = float(np.linalg.eigvalsh(correlation)[..., 0].min())
        if smallest < _BOUNDARY or variances.min() < _BOUNDARY:
            raise ConvergenceError(
                f"covariance {structure.name!r}: the estimate runs to a singular matrix, so the "
                "data do not carry this structure. Use a simpler one, or give a list such as "
                "covariance=['us', 'toeph', 'ar1h', 'cs']"
            )


def _finish(
    theta: Array,
    value: Value,
    products: CrossProducts,
    structure: Structure,
    reml: bool,
    iterations: int,
) -> Optimum:
    derivatives = differentiate(theta, value, products, structure, reml)
    observed = -derivatives.hessian
    size = np.sqrt(np.maximum(np.diag(observed), 0.0))
    if (size <= 0).any() or np.linalg.eigvalsh(observed / np.outer(size, size))[0] < _SINGULAR:
        raise ConvergenceError(
            f"covariance {structure.name!r}: the likelihood is flat in some direction at its "
            "maximum, so a covariance parameter is not identified. Use a simpler structure"
        )
    scaled = np.linalg.inv(observed / np.outer(size, size)) / np.outer(size, size)
    covariance = 0.5 * (scaled + scaled.T)
    decrement = float(derivatives.gradient @ covariance @ derivatives.gradient)
    return Optimum(theta, value, derivatives, covariance, iterations, decrement)
