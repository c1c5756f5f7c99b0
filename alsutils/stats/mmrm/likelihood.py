"""The (restricted) likelihood and its exact derivatives, from cross-products.

With V the covariance of all outcomes, P = V^-1 - V^-1 X (X'V^-1 X)^-1 X'V^-1, and subscripts
for derivatives in the covariance parameters, the restricted log-likelihood has

    gradient_i    = -1/2 [tr(P V_i) - y'P V_i P y]
    hessian_ij    =  1/2 [tr(P V_i P V_j) - tr(P V_ij) - 2 y'P V_i P V_j P y + y'P V_ij P y]
    information_ij = 1/2 tr(P V_i P V_j)

(Gilmour, Thompson and Cullis, Biometrics 51, 1995, 1440-1450). V is block diagonal over
subjects, so each trace is a sum over patterns of visits of products of m by m matrices.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alsutils.stats.mmrm.crossproducts import CrossProducts, Patterns
from alsutils.stats.mmrm.structures import Covariance, Structure

Array = NDArray[np.float64]
_LOG_2PI = float(np.log(2.0 * np.pi))
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Value:
    """The log-likelihood at one theta, and what was needed for it.

    All in the rotated, standardised coordinates of :class:`CrossProducts`.

    Attributes
    ----------
    log_likelihood : float
        In the units of the data.
    inverses : tuple of array, shape (S, m, m)
        For each group, the inverse covariance of each pattern, zero at missing visits.
    information : array, shape (p, p)
        X'V^-1 X.
    phi : array, shape (p, p)
        Its inverse, the asymptotic covariance of the coefficients.
    beta : array, shape (p,)
        Coefficients.
    """

    log_likelihood: float
    inverses: tuple[Array, ...]
    information: Array
    phi: Array
    beta: Array


@dataclass(frozen=True)
class Derivatives:
    """First and second derivatives of the log-likelihood at one theta.

    Attributes
    ----------
    gradient : array, shape (k,)
    hessian : array, shape (k, k)
        Of the log-likelihood; minus the observed information.
    information : array, shape (k, k)
        Expected information.
    slopes : array, shape (k, p, p)
        X'V^-1 V_i V^-1 X for each parameter i.
    """

    gradient: Array
    hessian: Array
    information: Array
    slopes: Array


def split(theta: Array, n_groups: int) -> list[Array]:
    """Return the parameters of each covariance group."""
    return np.split(theta, n_groups)


def _invert(sigma: Array, mask: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Inverse of the observed block of each pattern, and its log determinant."""
    pairs = mask[:, :, None] & mask[:, None, :]
    padded = np.where(pairs, sigma, np.eye(mask.shape[1]))
    factor = np.linalg.cholesky(padded)
    log_det = 2.0 * np.log(np.einsum("sjj->sj", factor)).sum(axis=1)
    return np.linalg.inv(padded) * pairs, log_det


def _contract(weights: Array, patterns: Patterns, loadings: Array) -> Array:
    """Sum over patterns and visit pairs of weights times the products, on the columns.

    weights is (a, S, m, m), one set for each of a matrices; returns (a, p + 1, p + 1).
    """
    a, n, m, _ = weights.shape
    width = loadings.shape[1]
    by_pair = np.ascontiguousarray(weights.reshape(a, n, m * m).transpose(2, 0, 1))
    summed = np.matmul(by_pair, patterns.products)
    inner = summed.reshape(m, m, a, width, width).transpose(2, 0, 3, 1, 4)
    flat = loadings.reshape(m * width, -1)
    return flat.T @ inner.reshape(a, m * width, m * width) @ flat


def _fold(outer: Array, patterns: Patterns, width: int) -> Array:
    """Sum over the entries of each product with given weights: (a, mQ, mQ) to (a, S, m, m)."""
    a, m = outer.shape[0], patterns.mask.shape[1]
    arranged = outer.reshape(a, m, width, m, width).transpose(1, 3, 2, 4, 0)
    flat = np.ascontiguousarray(arranged).reshape(m * m, width * width, a)
    summed = np.matmul(patterns.products, flat)
    return np.ascontiguousarray(summed.transpose(2, 1, 0)).reshape(a, -1, m, m)


def evaluate(
    theta: Array, products: CrossProducts, structure: Structure, reml: bool
) -> Value | None:
    """Return the log-likelihood at theta, or None where a matrix is not positive definite.

    Parameters
    ----------
    theta : array, shape (k,)
        Covariance parameters of all groups, in units of the standardised outcome.
    products : CrossProducts
        The data.
    structure : Structure
        The covariance structure.
    reml : bool
        Restricted likelihood if true, else full.
    """
    p = products.n_columns
    total = np.zeros((p + 1, p + 1))
    inverses, log_det = [], 0.0
    try:
        with np.errstate(over="raise", invalid="raise"):
            for part, patterns in zip(
                split(theta, len(products.groups)), products.groups, strict=True
            ):
                inverse, log_dets = _invert(structure.sigma(part, patterns.times), patterns.mask)
                log_det += float(patterns.counts @ log_dets)
                total += _contract(inverse[None], patterns, products.loadings)[0]
                inverses.append(inverse)
            factor = np.linalg.cholesky(total[:p, :p])
    except (np.linalg.LinAlgError, FloatingPointError):
        return None
    back = np.linalg.solve(factor, np.eye(p))
    phi = back.T @ back
    beta = phi @ total[:p, p]
    squares = total[p, p] - total[p, :p] @ beta
    free = products.n_observations - (p if reml else 0)
    value = log_det - products.log_weight + squares + free * _LOG_2PI
    value += 2.0 * free * np.log(products.scale)
    if reml:
        value += 2.0 * np.log(np.diag(factor)).sum()
        value += 2.0 * np.log(np.abs(np.diag(products.rotation))).sum()
    if not np.isfinite(value):
        return None
    return Value(-0.5 * float(value), tuple(inverses), total[:p, :p], phi, beta)


def differentiate(
    theta: Array, value: Value, products: CrossProducts, structure: Structure, reml: bool
) -> Derivatives:
    """Return the exact derivatives of the log-likelihood at an evaluated theta.

    Parameters
    ----------
    theta : array, shape (k,)
        Covariance parameters.
    value : Value
        From :func:`evaluate` at the same theta.
    products, structure, reml
        As for :func:`evaluate`.
    """
    p = products.n_columns
    residual = np.append(-value.beta, 1.0)
    blocks = [
        _group_derivatives(part, inverse, patterns, structure, products, value.phi, residual, reml)
        for part, inverse, patterns in zip(
            split(theta, len(products.groups)), value.inverses, products.groups, strict=True
        )
    ]
    slopes = np.concatenate([block.slopes for block in blocks])
    gradient = np.concatenate([block.gradient for block in blocks])
    hessian = _block_diagonal([block.hessian for block in blocks])
    information = _block_diagonal([block.information for block in blocks])
    fixed = slopes[:, :p, :p]
    tilt = slopes[:, :p] @ residual
    hessian += tilt @ value.phi @ tilt.T
    if reml:
        rotated = fixed @ value.phi
        crossed = (
            rotated.reshape(len(rotated), -1)
            @ np.swapaxes(rotated, 1, 2).reshape(len(rotated), -1).T
        )
        hessian += 0.5 * crossed
        information += 0.5 * crossed
    return Derivatives(gradient, hessian, information, fixed)


def _block_diagonal(blocks: Sequence[Array]) -> Array:
    size = sum(len(block) for block in blocks)
    whole = np.zeros((size, size))
    at = 0
    for block in blocks:
        whole[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    return whole


def _group_derivatives(
    theta: Array,
    inverse: Array,
    patterns: Patterns,
    structure: Structure,
    products: CrossProducts,
    phi: Array,
    residual: Array,
    reml: bool,
) -> Derivatives:
    """Sum what one covariance group adds, without the products across parameters' slopes."""
    m, width = products.loadings.shape[:2]
    flat = products.loadings.reshape(m * width, -1)
    fixed = flat[:, :-1]
    errors = flat @ residual
    outer = np.stack([np.outer(errors, errors), fixed @ phi @ fixed.T])
    squares, leverage = inverse @ _fold(outer, patterns, width) @ inverse
    counts = patterns.counts[:, None, None]
    weight = counts * inverse - squares
    if reml:
        weight = weight - leverage
    covariance = structure.derivatives(theta, patterns.times)
    curvature = counts * inverse - 2.0 * squares
    expected = counts * inverse
    if reml:
        curvature = curvature - 2.0 * leverage
        expected = expected - 2.0 * leverage
    if structure.spatial:
        gradient = -0.5 * np.einsum("sab,siab->i", weight, covariance.first)
        bend = np.einsum("sab,sijab->ij", weight, covariance.second)
        quadratic = _quadratic_spatial(inverse, (curvature, expected), covariance)
    else:
        total = weight.sum(axis=0)
        gradient = -0.5 * np.einsum("ab,iab->i", total, covariance.first)
        bend = np.einsum("ab,ijab->ij", total, covariance.second)
        quadratic = _quadratic(inverse, (curvature, expected), covariance)
    slopes = slope_matrices(inverse, patterns, products.loadings, covariance, structure)
    return Derivatives(gradient, 0.5 * (quadratic[0] - bend), 0.5 * quadratic[1], slopes)


def _quadratic(inverse: Array, weights: Sequence[Array], covariance: Covariance) -> list[Array]:
    """Sum over patterns of tr(V_i G V_j M) for each given M, symmetrised."""
    n, m, _ = inverse.shape
    k = covariance.first.shape[0]
    left = inverse.reshape(n, m * m)
    flat = covariance.first.reshape(k, m * m)
    results = []
    for weight in weights:
        # [c, d] from G and [b, a] from M, to be met by V_i[a, c] and V_j[d, b]
        kernel = (left.T @ weight.reshape(n, m * m)).reshape(m, m, m, m)
        arranged = kernel.transpose(3, 0, 1, 2).reshape(m * m, m * m)
        form = flat @ arranged @ flat.T
        results.append(0.5 * (form + form.T))
    return results


def _quadratic_spatial(
    inverse: Array, weights: Sequence[Array], covariance: Covariance
) -> list[Array]:
    moved = covariance.first @ inverse[:, None]
    results = []
    for weight in weights:
        form = np.einsum("siab,sjba->ij", moved, covariance.first @ weight[:, None])
        results.append(0.5 * (form + form.T))
    return results


def slope_matrices(
    inverse: Array,
    patterns: Patterns,
    loadings: Array,
    covariance: Covariance,
    structure: Structure,
) -> Array:
    """Return [X y]'V^-1 V_i V^-1 [X y] for each parameter: (k, p + 1, p + 1)."""
    n, m, _ = inverse.shape
    first = covariance.first
    if structure.name == "us" and m > 1:
        return _slopes_by_entry(inverse, patterns, loadings, first)
    k = structure.n_parameters
    size = loadings.shape[2]
    slopes = np.zeros((k, size, size))
    step = max(1, _CHUNK // (k * m * m))
    for at in range(0, n, step):
        part = inverse[at : at + step, None]
        own = first[at : at + step] if structure.spatial else first[None]
        chunk = _slice(patterns, at, at + step)
        slopes += _contract(
            np.ascontiguousarray((part @ own @ part).swapaxes(0, 1)), chunk, loadings
        )
    return slopes


def _slice(patterns: Patterns, start: int, stop: int) -> Patterns:
    if start == 0 and stop >= len(patterns.counts):
        return patterns
    return Patterns(
        patterns.mask[start:stop],
        patterns.counts[start:stop],
        patterns.products[:, start:stop],
        None,
        (),
    )


def _slopes_by_entry(inverse: Array, patterns: Patterns, loadings: Array, first: Array) -> Array:
    """Do the same through the m (m + 1) / 2 entries of an unstructured matrix."""
    n, m, _ = inverse.shape
    row, column = np.triu_indices(m)
    size = loadings.shape[2]
    entries = np.zeros((row.size, size, size))
    step = max(1, _CHUNK // (row.size * m * m))
    for at in range(0, n, step):
        part = inverse[at : at + step]
        left = part[:, row, :].transpose(1, 0, 2)
        right = part[:, column, :].transpose(1, 0, 2)
        weights = left[:, :, :, None] * right[:, :, None, :]
        entries += _contract(weights, _slice(patterns, at, at + step), loadings)
    entries += np.swapaxes(entries, 1, 2)
    take = first[:, row, column] * np.where(row == column, 0.5, 1.0)
    return (take @ entries.reshape(row.size, -1)).reshape(-1, size, size)
