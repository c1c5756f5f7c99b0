"""Many restricted-likelihood fits at once: the same trial with other weights of its subjects.

Leaving a subject out gives it the weight 0, a bootstrap sample gives it the number of times it
was drawn. All fits of a batch are worked on together, array by array, from the optimum of the
full data, by Newton's method in the covariance parameters. The formulas are those of the mixed
model in this package; here every array has the fit as its first axis.

References
----------
Lindstrom, M. J. and Bates, D. M. (1988) J. Am. Stat. Assoc. 83, 1014-1022.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alsutils.stats.mmrm.structures import Structure

Array = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.intp]

_DECREMENT = 1e-10
_MAX_ITERATIONS = 60
_MAX_HALVINGS = 30
_MAX_STEP = 2.0
# Of the cross-products in correlation form: below this a coefficient is not identified.
_SINGULAR = 1e-9
# Subjects from which on the search does without the second derivative of the restricted
# likelihood's determinant, a share of about the coefficients over the subjects: it takes most of
# the time of a step and saves a step at most.
_MANY = 500
# Smallest eigenvalue of a correlation matrix that is not taken for a boundary.
_BOUNDARY = 1e-8


@dataclass(frozen=True)
class Likelihood:
    """A trial with which weighted likelihoods can be computed.

    Attributes
    ----------
    structure : Structure
        Of the covariance, with the parameters in which the likelihood is maximised.
    theta : array, shape (k,)
        Parameters at the maximum of the unweighted likelihood.
    loadings : array, shape (m * Q, p + 1)
        See :class:`alsutils.stats.mmrm.crossproducts.CrossProducts`.
    masks : bool array, shape (S, m)
        Visits of each pattern.
    members : tuple of IntArray
        Subjects of each pattern.
    outer : tuple of array, shape (n_s, m * m * Q * Q)
        For each pattern, the products of each subject's numbers, by pair of visits.
    """

    structure: Structure
    theta: Array
    loadings: Array
    masks: BoolArray
    members: tuple[IntArray, ...]
    outer: tuple[Array, ...]

    @property
    def n_visits(self) -> int:
        """Number m of visits."""
        return int(self.masks.shape[1])

    @cached_property
    def whole(self) -> tuple[Array, ...]:
        """The products of each pattern's subjects together."""
        return tuple(outer.sum(axis=0) for outer in self.outer)

    @property
    def n_bytes(self) -> int:
        """Memory that one fit of a batch takes, roughly."""
        return 8 * 4 * len(self.outer) * int(self.outer[0].shape[1])


@dataclass(frozen=True)
class Sums:
    """Weighted cross-products of a batch: counts (B, S), products (B, m * m, S, Q * Q)."""

    counts: Array
    products: Array

    def take(self, rows: IntArray) -> "Sums":
        """Return some fits of the batch."""
        if rows.size == len(self.counts):
            return self
        return Sums(self.counts[rows], self.products[rows])


@dataclass(frozen=True)
class Value:
    """Restricted likelihoods of a batch.

    Attributes
    ----------
    log_likelihood : array, shape (B,)
        Up to a constant; minus infinity where the matrix is not positive definite.
    beta : array, shape (B, p)
        Generalised least-squares coefficients, rotated.
    phi : array, shape (B, p, p)
        Their covariance.
    inverse : array, shape (B, S, m, m)
        Inverse covariance of each pattern, zero where a visit is missing.
    """

    log_likelihood: Array
    beta: Array
    phi: Array
    inverse: Array


@dataclass(frozen=True)
class Refits:
    """Parameters at the maxima of a batch.

    Attributes
    ----------
    sigma : array, shape (B, m, m)
        Covariance matrices in units of the standardised outcome.
    beta : array, shape (B, p)
        Rotated coefficients.
    converged : bool array, shape (B,)
        False where the likelihood has no maximum inside the space of covariance matrices, or
        the weighted data do not identify every coefficient.
    """

    sigma: Array
    beta: Array
    converged: BoolArray


def weighted_sums(likelihood: Likelihood, weights: Array) -> Sums:
    """Return the cross-products of every pattern under weights of shape (B, n)."""
    m = likelihood.n_visits
    counts = np.stack([weights[:, rows].sum(axis=1) for rows in likelihood.members], axis=1)
    pairs = m * m
    size = likelihood.outer[0].shape[1] // pairs
    products = np.empty((len(weights), pairs, len(likelihood.members), size))
    parts = zip(likelihood.members, likelihood.outer, likelihood.whole, strict=True)
    for s, (rows, outer, whole) in enumerate(parts):
        # Most subjects have the weight 1 where some are left out.
        more = weights[:, rows] - 1.0
        some = np.flatnonzero(more.any(axis=0))
        products[:, :, s] = (whole + more[:, some] @ outer[some]).reshape(-1, pairs, size)
    return Sums(counts, products)


def evaluate(likelihood: Likelihood, sums: Sums, sigma: Array) -> Value:
    """Evaluate the restricted likelihoods at covariance matrices of shape (B, m, m)."""
    masks = likelihood.masks
    m, p = likelihood.n_visits, likelihood.loadings.shape[1] - 1
    size = len(sigma)
    both = masks[:, :, None] & masks[:, None, :]
    _, valid = _cholesky(sigma)
    sigma = np.where(valid[:, None, None], sigma, np.eye(m))
    filled = np.where(both[None], sigma[:, None], np.eye(m))
    sign, log_det = np.linalg.slogdet(filled)
    inverse = np.where(both[None], np.linalg.inv(filled), 0.0)
    # (B, m, m, Q, Q): the cross-products of all patterns, weighted by their inverse covariance
    across = inverse.transpose(0, 2, 3, 1).reshape(size, m * m, 1, -1) @ sums.products
    full = _between(_arranged(across[:, :, 0], m), likelihood.loadings)
    normal, right = full[:, :p, :p], full[:, :p, p]
    scale = np.sqrt(np.maximum(np.einsum("bii->bi", normal), 1e-300))
    triangle, identified = _cholesky(normal / (scale[:, :, None] * scale[:, None, :]))
    pivot = np.einsum("bii->bi", triangle)
    identified &= pivot.min(axis=1, initial=1.0) ** 2 > _SINGULAR
    good = identified & valid & (sign > 0).all(axis=1)
    triangle = np.where(good[:, None, None], triangle, np.eye(p))
    root = np.linalg.inv(triangle) / scale[:, None, :]
    phi = root.swapaxes(1, 2) @ root
    beta = np.einsum("bij,bj->bi", phi, right)
    squares = full[:, p, p] - np.einsum("bi,bi->b", beta, right)
    log_det_normal = 2.0 * np.log(np.einsum("bii->bi", triangle) * scale).sum(axis=1)
    value = -0.5 * (np.einsum("bs,bs->b", sums.counts, log_det) + log_det_normal + squares)
    return Value(np.where(good, value, -np.inf), beta, phi, inverse)


def refit(likelihood: Likelihood, sums: Sums) -> Refits:
    """Maximise every restricted likelihood of a batch, starting at the full data's maximum."""
    size = len(sums.counts)
    theta = np.tile(likelihood.theta, (size, 1))
    beta = np.zeros((size, likelihood.loadings.shape[1] - 1))
    converged = np.zeros(size, dtype=bool)
    active = np.arange(size)
    value = evaluate(likelihood, sums, _sigma(likelihood.structure, theta))
    keep = np.isfinite(value.log_likelihood)
    active, value, part = active[keep], _take(value, keep), sums.take(active[keep])
    for _ in range(_MAX_ITERATIONS):
        if not active.size:
            break
        gradient, hessian = _derivatives(likelihood, part, value, theta[active])
        step = _direction(gradient, hessian)
        decrement = np.einsum("bk,bk->b", step, gradient)
        moved, found, risen = _search(likelihood, part, value, theta[active], step, decrement)
        theta[active] = moved
        done = decrement < _DECREMENT
        converged[active[done]] = True
        beta[active] = found.beta
        keep = ~done & risen
        active, value = active[keep], _take(found, keep)
        part = part.take(np.flatnonzero(keep))
    sigma = _sigma(likelihood.structure, theta)
    converged &= _inside(sigma)
    return Refits(sigma, beta, converged)


def _cholesky(matrices: Array) -> tuple[Array, BoolArray]:
    """Factor what can be factored; the identity and False for the rest."""
    valid: BoolArray = np.asarray(np.isfinite(matrices).all(axis=(1, 2)))
    eye = np.eye(matrices.shape[1])
    try:
        return np.linalg.cholesky(np.where(valid[:, None, None], matrices, eye)), valid
    except np.linalg.LinAlgError:
        factors = np.tile(eye, (len(matrices), 1, 1))
    for b in np.flatnonzero(valid):
        try:
            factors[b] = np.linalg.cholesky(matrices[b])
        except np.linalg.LinAlgError:
            valid[b] = False
    return factors, valid


def _arranged(blocks: Array, m: int) -> Array:
    """Turn (..., m * m, Q * Q) into (..., m * Q, m * Q)."""
    lead = blocks.shape[:-2]
    q = round(np.sqrt(blocks.shape[-1]))
    split = blocks.reshape(*lead, m, m, q, q)
    return np.moveaxis(split, -2, -3).reshape(*lead, m * q, m * q)


def _between(matrices: Array, loadings: Array) -> Array:
    return loadings.T @ matrices @ loadings


def _take(value: Value, rows: BoolArray) -> Value:
    if rows.all():
        return value
    return Value(value.log_likelihood[rows], value.beta[rows], value.phi[rows], value.inverse[rows])


def _sigma(structure: Structure, theta: Array) -> Array:
    if structure.name == "us":
        factor = _factor(structure, theta)
        return factor @ factor.swapaxes(1, 2)
    return np.stack([structure.sigma(row) for row in theta])


def _factor(structure: Structure, theta: Array) -> Array:
    m = structure.n_visits
    factor = np.zeros((len(theta), m, m))
    rows, columns = np.tril_indices(m, -1)
    factor[:, rows, columns] = theta[:, m:]
    factor[:, np.arange(m), np.arange(m)] = np.exp(theta[:, :m])
    return factor


def _slopes(structure: Structure, theta: Array, weight: Array) -> tuple[Array, Array]:
    """Give derivatives of sigma (B, k, m, m), and tr(weight d2 sigma) (B, k, k)."""
    if structure.name != "us":
        parts = [structure.derivatives(row) for row in theta]
        first = np.stack([part.first for part in parts])
        second = [
            np.einsum("ab,ijab->ij", w, part.second) for w, part in zip(weight, parts, strict=True)
        ]
        return first, np.stack(second)
    m, k = structure.n_visits, structure.n_parameters
    factor = _factor(structure, theta)
    lower = np.tril_indices(m, -1)
    rows = np.concatenate([np.arange(m), lower[0]])
    columns = np.concatenate([np.arange(m), lower[1]])
    speed = np.concatenate([np.exp(theta[:, :m]), np.ones((len(theta), k - m))], axis=1)
    # dL = speed e_r e_c', so d(L L') = speed e_r (column c of L)' and its transpose
    half = np.zeros((len(theta), k, m, m))
    half[:, np.arange(k), rows] = speed[:, :, None] * factor[:, :, columns].swapaxes(1, 2)
    first = half + half.swapaxes(2, 3)
    shared = (columns[:, None] == columns[None, :]) * weight[:, rows[:, None], rows[None, :]]
    bend = 2.0 * shared * speed[:, :, None] * speed[:, None, :]
    at = np.arange(m)
    bend[:, at, at] += np.einsum("bxy,bkxy->bk", weight, first[:, :m])
    return first, bend


def _derivatives(
    likelihood: Likelihood, sums: Sums, value: Value, theta: Array
) -> tuple[Array, Array]:
    """Gradient (B, k) and Hessian (B, k, k) of the restricted likelihoods."""
    size, m = len(theta), likelihood.n_visits
    p = value.beta.shape[1]
    q = likelihood.loadings.shape[0] // m
    residual = np.concatenate([-value.beta, np.ones((size, 1))], axis=1)
    error = residual @ likelihood.loadings.T
    fixed = likelihood.loadings[:, :p]
    spread = np.stack([error[:, :, None] * error[:, None, :], fixed @ value.phi @ fixed.T], axis=1)
    blocks = spread.reshape(size, 2, m, q, m, q).transpose(0, 2, 4, 3, 5, 1)
    # (B, m * m, S, 2): sums of squares of residuals, and of what the coefficients took up
    folded = sums.products @ blocks.reshape(size, m * m, q * q, 2)
    middle = folded.transpose(0, 3, 2, 1).reshape(size, 2, -1, m, m)
    inverse = value.inverse
    squares, leverage = np.moveaxis(inverse[:, None] @ middle @ inverse[:, None], 1, 0)
    expected = sums.counts[:, :, None, None] * inverse
    weight = (expected - squares - leverage).sum(axis=1)
    weight = 0.5 * (weight + weight.swapaxes(1, 2))
    first, bend = _slopes(likelihood.structure, theta, weight)
    k = first.shape[1]
    flat = first.reshape(size, k, m * m)
    gradient = -0.5 * np.einsum("bkx,bx->bk", flat, weight.reshape(size, m * m))
    curvature = (expected - 2.0 * squares - 2.0 * leverage).reshape(size, -1, m * m)
    kernel = inverse.reshape(size, -1, m * m).swapaxes(1, 2) @ curvature
    turned = kernel.reshape(size, m, m, m, m).transpose(0, 4, 1, 2, 3).reshape(size, m * m, m * m)
    form = flat @ turned @ flat.swapaxes(1, 2)
    hessian = 0.25 * (form + form.swapaxes(1, 2)) - 0.5 * bend
    if sums.counts.sum(axis=1).min() > _MANY:
        tilt = _tilt(inverse, flat, sums, error) @ fixed
        return gradient, hessian + tilt @ value.phi @ tilt.swapaxes(1, 2)
    slopes = _between(_arranged(_pulled(inverse, first, sums), m), likelihood.loadings)
    tilt = np.einsum("bkpr,br->bkp", slopes[:, :, :p], residual)
    hessian += tilt @ value.phi @ tilt.swapaxes(1, 2)
    rotated = slopes[:, :, :p, :p] @ value.phi[:, None]
    left = rotated.reshape(size, k, p * p)
    right = rotated.swapaxes(2, 3).reshape(size, k, p * p)
    hessian += 0.5 * left @ right.swapaxes(1, 2)
    return gradient, hessian


def _pulled(inverse: Array, first: Array, sums: Sums) -> Array:
    """Sum over patterns of (V^-1 dV V^-1) times the cross-products: (B, k, m * m, Q * Q)."""
    size, k, m, _ = first.shape
    between = inverse[:, None] @ first[:, :, None] @ inverse[:, None]
    arranged = between.reshape(size, k, -1, m * m).transpose(0, 3, 1, 2)
    return (arranged @ sums.products).swapaxes(1, 2)


def _tilt(inverse: Array, flat: Array, sums: Sums, error: Array) -> Array:
    """Sum w' V^-1 dV V^-1 e over all subjects, (B, k, m * Q), from dV, (B, k, m * m)."""
    size, patterns, m, _ = inverse.shape
    q = error.shape[1] // m
    products = sums.products.reshape(size, m, m, patterns * q, q)
    by_error = products @ error.reshape(size, 1, m, q, 1)  # (B, j, l, s * a, 1)
    by_error = by_error.reshape(size, m, m, patterns, q).transpose(0, 3, 1, 4, 2)
    weighted = by_error.reshape(size, patterns, m * q, m) @ inverse  # (B, s, j * a, y)
    weighted = weighted.reshape(size, patterns, m, q * m).swapaxes(1, 2)
    met = inverse.transpose(0, 2, 3, 1) @ weighted  # (B, j, x, a * y)
    met = met.reshape(size, m, m, q, m).transpose(0, 2, 4, 1, 3)
    return np.asarray(flat @ met.reshape(size, m * m, m * q))


def _direction(gradient: Array, hessian: Array) -> Array:
    """Newton's step, with the curvature turned round where it points to a minimum."""
    scale = np.sqrt(np.maximum(np.abs(np.einsum("bii->bi", hessian)), 1e-8))
    values, vectors = np.linalg.eigh(-hessian / (scale[:, :, None] * scale[:, None, :]))
    floor = 1e-8 * np.abs(values).max(axis=1, keepdims=True)
    values = np.maximum(np.abs(values), floor)
    along = np.einsum("bij,bi->bj", vectors, gradient / scale) / values
    return np.asarray(np.einsum("bij,bj->bi", vectors, along) / scale)


def _search(
    likelihood: Likelihood, sums: Sums, value: Value, theta: Array, step: Array, decrement: Array
) -> tuple[Array, Value, BoolArray]:
    """Go along each step until the likelihood has risen enough; say where it has."""
    n_scales = likelihood.structure.n_sigma
    length = np.abs(step[:, :n_scales]).max(axis=1)
    share = np.minimum(1.0, _MAX_STEP / np.maximum(length, _MAX_STEP))
    rounding = 1e-11 * (1.0 + np.abs(value.log_likelihood))
    moved, found = theta.copy(), Value(*(np.copy(item) for item in vars(value).values()))
    pending = np.arange(len(theta))
    for _ in range(_MAX_HALVINGS):
        there = theta[pending] + share[pending, None] * step[pending]
        tried = evaluate(likelihood, sums.take(pending), _sigma(likelihood.structure, there))
        gain = tried.log_likelihood - value.log_likelihood[pending]
        enough = gain >= 1e-4 * share[pending] * decrement[pending] - rounding[pending]
        rows = pending[enough]
        moved[rows] = there[enough]
        for name in vars(found):
            getattr(found, name)[rows] = getattr(tried, name)[enough]
        pending = pending[~enough]
        if not pending.size:
            break
        share[pending] *= 0.5
    risen = np.ones(len(theta), dtype=bool)
    risen[pending] = False
    return moved, found, risen


def _inside(sigma: Array) -> BoolArray:
    """Whether each correlation matrix keeps clear of the boundary."""
    variance = np.einsum("bii->bi", sigma)
    safe = np.isfinite(sigma).all(axis=(1, 2)) & (variance > _BOUNDARY).all(axis=1)
    sigma = np.where(safe[:, None, None], sigma, np.eye(sigma.shape[1]))
    root = np.sqrt(np.einsum("bii->bi", sigma))
    correlation = sigma / (root[:, :, None] * root[:, None, :])
    return np.asarray(safe & (np.linalg.eigvalsh(correlation)[:, 0] > _BOUNDARY))
