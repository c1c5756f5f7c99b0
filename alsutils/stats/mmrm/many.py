"""One mixed model fitted to many trials of the same shape at once.

A simulation fits the same small model thousands of times, and most of the time of each fit goes
into the interpreter, not into arithmetic. Here a stack of trials is fitted in step, every array
with the trial as its first axis. The covariance of a subject's visits is linear in its parameters
(unstructured, or random intercept and slope), so that Newton's steps on the restricted likelihood
need no second derivatives of the covariance; Kenward and Roger's covariance has no term R for the
same reason (``kenward-roger-linear`` of ``fit_mmrm``).

The design of subject i at visit v is ``loadings[v, c] * x[i, c]``: what varies with the visit times
what varies with the subject. Subjects with the same visits missing are summed up before the search.
In the comments b is the trial, p the pattern of visits seen, v and w visits, c and d columns of the
design, k and l parameters of the covariance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

_DECREMENT = 1e-12  # of the parameters, in squared standard errors
_SMALL = 1e-6  # a decrement below which rounding may hide that the likelihood rises
_MAX_STEPS = 60
_MAX_HALVINGS = 30
_SINGULAR = 1e-9  # eigenvalues of a correlation matrix below this are zero


@dataclass(frozen=True, eq=False)
class ManyFits:
    """Coefficients of a mixed model in many trials.

    Attributes
    ----------
    estimate, std_error, df, p_value, conf_low, conf_high : ndarray, shape (trials, coefficients)
        With Kenward and Roger's covariance and degrees of freedom; missing in trials whose
        likelihood has no maximum inside the space of covariance matrices.
    """

    estimate: Array
    std_error: Array
    df: Array
    p_value: Array
    conf_low: Array
    conf_high: Array


class _Stack:
    """Arrays with the trial as their first axis."""

    def take(self, trials: NDArray[np.intp] | Bools) -> Self:
        """Keep some of the trials."""
        kept = (getattr(self, field.name)[trials] for field in fields(self))  # type: ignore[arg-type]
        return type(self)(*kept)


@dataclass(frozen=True, eq=False)
class _Sums(_Stack):
    """Sums of products over the subjects of each pattern of visits."""

    mask: Array  # (b, p, v), 1 where the pattern has the visit
    n: Array  # (b, p)
    yy: Array  # (b, p, v, v)
    xy: Array  # (b, p, c, v)
    xx: Array  # (b, p, c, c)


@dataclass(frozen=True, eq=False)
class _Point(_Stack):
    """The restricted likelihood at some parameters, and what its slope is made of."""

    log_likelihood: Array  # (b,), -inf where the covariance is none
    inverse: Array  # (b, p, v, v), of each pattern's covariance, zero at visits not seen
    phi: Array  # (b, c, c), asymptotic covariance of the coefficients
    beta: Array  # (b, c)


@dataclass(frozen=True, eq=False)
class _Slope(_Stack):
    """Derivatives of the restricted likelihood."""

    gradient: Array  # (b, k)
    expected: Array  # (b, k, k), information
    observed: Array  # (b, k, k)
    tilt: Array  # (b, k, c, c), derivatives of the inverse of phi


@dataclass(frozen=True)
class _Model:
    """What all trials share."""

    loadings: Array  # (v, c)
    basis: Array  # (k, v, v)

    @property
    def flat(self) -> Array:
        """The basis with one row a parameter, shape (k, v * v)."""
        return self.basis.reshape(len(self.basis), -1)

    def design_form(self, middle: Array, xx: Array) -> Array:
        """Sum over a pattern's subjects of X' M X, shape (..., c, c), from M, (..., v, v)."""
        return (self.loadings.T @ middle @ self.loadings) * xx


def unstructured_basis(visits: int) -> Array:
    """Give a basis of all covariance matrices, shape (visits * (visits + 1) / 2, visits, visits).

    Parameters
    ----------
    visits : int
        How many.

    Returns
    -------
    ndarray
        One matrix a variance or covariance, with ones in its places.
    """
    rows, columns = np.tril_indices(visits)
    index = np.arange(len(rows))
    basis = np.zeros((len(rows), visits, visits))
    basis[index, rows, columns] = basis[index, columns, rows] = 1.0
    return basis


def random_slope_basis(times: Sequence[float]) -> Array:
    """Give the basis of the covariance that a random intercept and slope make, shape (4, v, v).

    Parameters
    ----------
    times : sequence of float
        Time of each visit.

    Returns
    -------
    ndarray
        Variance of the intercept, covariance, variance of the slope, residual variance.
    """
    t = np.asarray(times, dtype=float)
    one = np.ones_like(t)
    both = np.outer(one, t)
    return np.stack([np.outer(one, one), both + both.T, np.outer(t, t), np.eye(len(t))])


def fit_many(
    y: Array,
    x: Array,
    loadings: Array,
    basis: Array,
    coefficients: Sequence[int],
    conf_level: float = 0.95,
) -> ManyFits:
    """Fit one linear mixed model to many trials by restricted maximum likelihood.

    Parameters
    ----------
    y : ndarray, shape (trials, subjects, visits)
        Outcomes, missing as NaN (at random).
    x : ndarray, shape (trials, subjects, columns)
        What a subject contributes to each column of the design; complete.
    loadings : ndarray, shape (visits, columns)
        What a visit contributes; the design is the product of the two.
    basis : ndarray, shape (parameters, visits, visits)
        Symmetric matrices whose weighted sum is the covariance of a subject's visits. The identity
        and the matrix of ones must be among these sums.
    coefficients : sequence of int
        Columns whose coefficients are wanted.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    ManyFits
        What ``fit_mmrm(..., df="kenward-roger", vcov="kenward-roger-linear")`` gives where the
        covariance is unstructured. A random slope's variance may become negative, as long as the
        covariance of the visits is one.

    References
    ----------
    Kenward MG, Roger JH. Small sample inference for fixed effects from restricted maximum
    likelihood. Biometrics 1997;53:983-997. doi:10.2307/2533558
    """
    # In units of the outcome's own spread, so that one set of tolerances fits all.
    with np.errstate(all="ignore"):
        unit = np.nanstd(y, axis=(1, 2))
    unit = np.where(unit > 0, unit, 1.0)
    model = _Model(np.asarray(loadings, float), np.asarray(basis, float))
    sums = _sum_up(y / unit[:, None, None], x)
    wanted = np.asarray(coefficients)
    found = np.full((3, len(y), len(wanted)), np.nan)  # estimate, standard error, df

    trials = np.flatnonzero(_identified(sums, model))
    sums = sums.take(trials)
    theta = _start(sums, model) if len(trials) else np.empty((0, len(basis)))
    point = _evaluate(theta, sums, model)
    for _ in range(_MAX_STEPS if len(trials) else 0):
        slope = _differentiate(point, sums, model)
        step, decrement = _direction(slope)
        ended = decrement < _DECREMENT
        if ended.any():
            inferred = _infer(point.take(ended), slope.take(ended), sums.take(ended), model, wanted)
            found[:, trials[ended]] = inferred
        theta, point, moved = _search(theta, step, decrement, point, sums, model)
        going = moved & ~ended
        if not going.any():
            break
        trials, theta = trials[going], theta[going]
        sums, point = sums.take(going), point.take(going)
    return _tests(found[0] * unit[:, None], found[1] * unit[:, None], found[2], conf_level)


def _sum_up(y: Array, x: Array) -> _Sums:
    """Add up the products of each trial's subjects, pattern by pattern."""
    trials, visits = len(y), y.shape[2]
    seen = ~np.isnan(y)
    code = seen @ (1 << np.arange(visits))
    codes = np.unique(code[code > 0])
    filled = np.where(seen, y, 0.0)
    member = (code[:, :, None] == codes).astype(float)
    grouped = member.transpose(0, 2, 1)[:, :, None, :]  # (b, p, 1, i)
    by_subject = x.transpose(0, 2, 1)[:, None]  # (b, 1, c, i)
    own = grouped * by_subject
    mask = (codes[:, None] >> np.arange(visits)) & 1
    return _Sums(
        np.broadcast_to(mask.astype(float), (trials, *mask.shape)),
        member.sum(axis=1),
        (grouped * filled.transpose(0, 2, 1)[:, None]) @ filled[:, None],
        own @ filled[:, None],
        own @ x[:, None],
    )


def _identified(sums: _Sums, model: _Model) -> Bools:
    """Say in which trials every coefficient can be estimated at all."""
    seen = sums.mask[..., :, None] * np.eye(sums.mask.shape[-1])
    crossed = model.design_form(seen, sums.xx).sum(axis=1)
    scale = np.sqrt(np.einsum("bcc->bc", crossed))
    usable = (scale > 0).all(axis=1)
    scale = np.where(scale > 0, scale, 1.0)
    least = np.linalg.eigvalsh(crossed / scale[:, :, None] / scale[:, None, :])[:, 0]
    return np.asarray(usable & (least > _SINGULAR), dtype=bool)


def _start(sums: _Sums, model: _Model) -> Array:
    """Begin at the moments of the least-squares residuals, or near them."""
    visits = model.loadings.shape[0]

    def nearest(covariance: Array) -> Array:
        flat = covariance.reshape(-1, visits**2)
        solved = np.linalg.lstsq(model.flat.T, flat.T)[0]
        return np.asarray(solved.T, dtype=float)

    alike = np.broadcast_to(np.eye(visits), (len(sums.n), visits, visits))
    least_squares = _evaluate(nearest(alike), sums, model)
    products = _residual_products(least_squares, sums, model).sum(axis=1)
    pairs = np.einsum("bp,bpv,bpw->bvw", sums.n, sums.mask, sums.mask)
    moments = products / np.maximum(pairs, 1.0)
    theta = nearest(moments)
    usable = _definite(np.tensordot(theta, model.basis, 1))
    variance = np.einsum("bvv->b", moments) / visits
    exchangeable = 0.5 * variance[:, None, None] * (np.eye(visits) + np.ones((visits, visits)))
    return np.where(usable[:, None], theta, nearest(exchangeable))


def _definite(covariance: Array) -> Bools:
    """Say which covariance matrices are positive definite, and not just about so."""
    variance = np.einsum("bvv->bv", covariance)
    positive = (variance > 0).all(axis=1)
    scale = np.sqrt(np.where(variance > 0, variance, 1.0))
    least = np.linalg.eigvalsh(covariance / scale[:, :, None] / scale[:, None, :])[:, 0]
    return np.asarray(positive & (least > _SINGULAR), dtype=bool)


def _evaluate(theta: Array, sums: _Sums, model: _Model) -> _Point:
    """Compute the restricted likelihood (without its constant) and the coefficients."""
    covariance = np.tensordot(theta, model.basis, 1)
    usable = _definite(covariance)
    identity = np.eye(covariance.shape[-1])
    covariance = np.where(usable[:, None, None], covariance, identity)
    both = sums.mask[..., :, None] * sums.mask[..., None, :]
    own = covariance[:, None] * both + identity * (1.0 - both)
    inverse = np.linalg.inv(own) * both
    log_det = np.linalg.slogdet(own)[1]
    crossed = model.design_form(inverse, sums.xx).sum(axis=1)
    phi = np.linalg.inv(crossed)
    weighted = inverse @ model.loadings  # (b, p, v, c)
    right = np.einsum("bpvc,bpcv->bc", weighted, sums.xy)
    beta = np.einsum("bcd,bd->bc", phi, right)
    squares = np.einsum("bpvw,bpvw->b", inverse, sums.yy) - np.einsum("bc,bc->b", beta, right)
    log_likelihood = -0.5 * (
        np.einsum("bp,bp->b", sums.n, log_det) + np.linalg.slogdet(crossed)[1] + squares
    )
    return _Point(np.where(usable, log_likelihood, -np.inf), inverse, phi, beta)


def _residual_products(point: _Point, sums: _Sums, model: _Model) -> Array:
    """Sum the products of residuals over each pattern's subjects, (b, p, v, v)."""
    both = sums.mask[..., :, None] * sums.mask[..., None, :]
    fitted = (model.loadings * point.beta[:, None, :])[:, None]
    mixed = fitted @ sums.xy
    products = sums.yy - mixed - mixed.swapaxes(-1, -2) + fitted @ sums.xx @ fitted.swapaxes(-1, -2)
    return np.asarray(products * both)


def _differentiate(point: _Point, sums: _Sums, model: _Model) -> _Slope:
    """Compute gradient and both kinds of information of the restricted likelihood."""
    inverse, phi, basis = point.inverse, point.phi, model.basis
    moved = inverse[:, :, None] @ basis  # A E_k, (b, p, k, v, v)
    tilt = -sum(
        model.design_form(moved[:, p] @ inverse[:, p, None], sums.xx[:, p, None])
        for p in range(inverse.shape[1])
    )
    fitted = (model.loadings * point.beta[:, None, :])[:, None]
    scored = (sums.xy - sums.xx @ fitted.swapaxes(-1, -2)) @ inverse  # x e', (b, p, c, v)
    pull = np.einsum("vc,bpkvw,bpcw->bkc", model.loadings, moved, scored, optimize=True)
    squares = inverse @ _residual_products(point, sums, model) @ inverse
    leaning = phi[:, None] @ tilt
    gradient = 0.5 * (
        squares.sum(axis=1).reshape(len(phi), -1) @ model.flat.T
        - np.einsum("bp,bpkvv->bk", sums.n, moved)
        - np.einsum("bkcc->bk", leaning)
    )
    spread = model.loadings @ (phi[:, None] * sums.xx) @ model.loadings.T
    traced = sums.n[..., None, None] * inverse - 2.0 * inverse @ spread @ inverse
    flat = leaning.reshape(*leaning.shape[:2], -1)
    turned = leaning.swapaxes(-1, -2).reshape(flat.shape)
    expected = 0.5 * (_pair_traces(inverse, traced, model) + flat @ turned.swapaxes(-1, -2))
    quadratic = _pair_traces(inverse, squares, model) - pull @ phi @ pull.swapaxes(-1, -2)
    return _Slope(gradient, expected, quadratic - expected, np.asarray(tilt))


def _pair_traces(inverse: Array, middle: Array, model: _Model) -> Array:
    """Sum over patterns of tr(E_k A E_l M), made symmetric, (b, k, k)."""
    kernel = np.einsum("bpwx,bpyv->bvwxy", inverse, middle, optimize=True)
    squared = model.flat.shape[1]
    pairs = model.flat @ kernel.reshape(len(kernel), squared, squared) @ model.flat.T
    return np.asarray(0.5 * (pairs + pairs.swapaxes(-1, -2)))


def _direction(slope: _Slope) -> tuple[Array, Array]:
    """Give Newton's step, or that of scoring where Newton's does not climb, and its decrement."""
    with np.errstate(all="ignore"):
        step = _solve(slope.observed, slope.gradient)
        decrement = np.einsum("bk,bk->b", step, slope.gradient)
        falls = ~(decrement >= 0)
        if falls.any():
            step[falls] = _solve(slope.expected[falls], slope.gradient[falls])
            decrement[falls] = np.einsum("bk,bk->b", step[falls], slope.gradient[falls])
    return step, np.where(np.isfinite(decrement), decrement, np.inf)


def _solve(matrices: Array, vectors: Array) -> Array:
    """Solve each system; one that has no solution gives NaN and leaves the others alone."""
    singular = np.abs(np.linalg.slogdet(matrices)[0]) != 1
    safe = np.where(singular[:, None, None], np.eye(matrices.shape[-1]), matrices)
    solved = np.linalg.solve(safe, vectors[..., None])[..., 0]
    return np.asarray(np.where(singular[:, None], np.nan, solved))


def _search(
    theta: Array, step: Array, decrement: Array, point: _Point, sums: _Sums, model: _Model
) -> tuple[Array, _Point, Bools]:
    """Take each trial's step, halved until the likelihood rises; say which trials moved."""
    moved = np.zeros(len(theta), dtype=bool)
    parts = [getattr(point, field.name).copy() for field in fields(point)]
    theta = theta.copy()
    waiting = np.flatnonzero(np.isfinite(step).all(axis=1))
    size = 1.0
    for _ in range(_MAX_HALVINGS):
        tried = theta[waiting] + size * step[waiting]
        found = _evaluate(tried, sums.take(waiting), model)
        before = point.log_likelihood[waiting]
        better = (found.log_likelihood > before) | (decrement[waiting] < _SMALL)
        better &= np.isfinite(found.log_likelihood)
        chosen = waiting[better]
        theta[chosen] = tried[better]
        for part, field in zip(parts, fields(found), strict=True):
            part[chosen] = getattr(found, field.name)[better]
        moved[chosen] = True
        waiting = waiting[~better]
        if not len(waiting):
            break
        size /= 2.0
    return theta, _Point(*parts), moved


def _infer(
    point: _Point, slope: _Slope, sums: _Sums, model: _Model, wanted: NDArray[np.intp]
) -> Array:
    """Give estimate, Kenward-Roger standard error and df, shape (3, trials, wanted)."""
    visits = model.loadings.shape[0]
    usable = _definite(slope.observed)
    identity = np.eye(slope.observed.shape[-1])
    weight = np.linalg.inv(np.where(usable[:, None, None], slope.observed, identity))
    inverse, phi = point.inverse, point.phi
    kernel = (model.flat.T @ weight @ model.flat).reshape(-1, visits, visits, visits, visits)
    middle = np.einsum("bvxyw,bpxy->bpvw", kernel, inverse, optimize=True)
    inner = model.design_form(inverse @ middle @ inverse, sums.xx).sum(axis=1)
    shape = slope.tilt.shape
    weighted = (weight @ slope.tilt.reshape(*shape[:2], -1)).reshape(shape)
    inner -= (slope.tilt @ phi[:, None] @ weighted).sum(axis=1)
    adjusted = phi + 2.0 * phi @ inner @ phi
    error = np.einsum("bcc->bc", adjusted)[:, wanted]
    plain = np.einsum("bcc->bc", phi)[:, wanted]
    rows = phi[:, wanted]
    forms = np.einsum("bwc,bkcd,bwd->bwk", rows, slope.tilt, rows, optimize=True)
    spread = np.einsum("bwk,bkl,bwl->bw", forms, weight, forms, optimize=True)
    with np.errstate(all="ignore"):
        df = 2.0 * plain**2 / spread
        inferred = np.stack([point.beta[:, wanted], np.sqrt(error), df])
    usable = usable & np.isfinite(inferred).all(axis=(0, 2))
    return np.asarray(np.where(usable[None, :, None], inferred, np.nan))


def _tests(estimate: Array, error: Array, df: Array, conf_level: float) -> ManyFits:
    """Add t tests and intervals."""
    with np.errstate(all="ignore"):
        half = stdtrit(df, 0.5 + conf_level / 2.0) * error
        p_value = 2.0 * stdtr(df, -np.abs(estimate / error))
    return ManyFits(estimate, error, df, p_value, estimate - half, estimate + half)
