"""One mixed model fitted to many trials of the same shape at once.

A simulation fits the same small model thousands of times, and most of the time of each fit goes
into the interpreter, not into arithmetic. Here a stack of trials is fitted in step, every array
with the trial as its first axis. The covariance of a subject's visits is linear in its parameters
(unstructured, or random intercept and slope), so that Newton's steps on the restricted likelihood
need no second derivatives of the covariance; Kenward and Roger's covariance has no term R for the
same reason (``kenward-roger-linear`` of ``fit_mmrm``).

The design of subject i at visit v is ``loadings[v, c] * x[i, piece[c]]``: what varies with the
visit times what varies with the subject, of which several columns may share a piece. Subjects with
the same visits missing are summed up before the search, so that it costs the same for any number.
In the comments b is the trial, p the pattern of visits seen, v and w visits, c and d columns of the
design, q pieces, k and l parameters of the covariance.
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
_CHUNK = 1 << 22  # numbers held at once for the derivatives


@dataclass(frozen=True, eq=False)
class ManyFits:
    """Coefficients of a mixed model in many trials.

    Attributes
    ----------
    estimate, std_error, df, p_value, conf_low, conf_high : ndarray, shape (trials, coefficients)
        With Kenward and Roger's covariance and degrees of freedom; missing in trials whose
        likelihood has no maximum inside the space of covariance matrices.
    covariance : ndarray, shape (trials, visits, visits)
        Of a subject's visits; missing where the coefficients are.
    """

    estimate: Array
    std_error: Array
    df: Array
    p_value: Array
    conf_low: Array
    conf_high: Array
    covariance: Array


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
    xy: Array  # (b, p, q, v)
    xx: Array  # (b, p, q, q)


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

    spread: Array  # (q, v, c), the loadings of each piece
    basis: Array  # (k, v, v)
    entries: tuple[NDArray[np.intp], NDArray[np.intp]] | None  # places of an unstructured basis

    @classmethod
    def of(cls, loadings: Array, basis: Array, pieces: NDArray[np.intp]) -> Self:
        """Lay the loadings out by the pieces that they take."""
        visits = len(loadings)
        spread = np.zeros((pieces.max() + 1, *loadings.shape))
        spread[pieces, :, np.arange(len(pieces))] = loadings.T
        plain = len(basis) == visits * (visits + 1) // 2
        plain = plain and bool((basis == unstructured_basis(visits)).all())
        return cls(spread, basis, np.tril_indices(visits) if plain else None)

    @property
    def flat(self) -> Array:
        """The basis with one row a parameter, shape (k, v * v)."""
        return self.basis.reshape(len(self.basis), -1)

    @property
    def visits(self) -> int:
        """How many a subject may have."""
        return self.basis.shape[1]

    @property
    def columns(self) -> Array:
        """The loadings with one row a piece and visit, shape (q * v, c)."""
        return self.spread.reshape(-1, self.spread.shape[2])

    def design_form(self, middle: Array, xx: Array) -> Array:
        """Sum over all subjects X' M_k X, (b, k, c, c), from M, (b or 1, p, v, k, v)."""
        trials, q = len(xx), len(self.spread)
        patterns, visits, forms = middle.shape[1:4]
        by_pattern = xx.reshape(trials, patterns, q * q).swapaxes(1, 2)
        summed = by_pattern @ middle.reshape(len(middle), patterns, visits * forms * visits)
        summed = summed.reshape(trials, q, q, visits, forms, visits).transpose(0, 4, 1, 3, 2, 5)
        inner = summed.reshape(trials, forms, q * visits, q * visits)
        return np.asarray(self.columns.T @ inner @ self.columns)

    def fitted(self, beta: Array) -> Array:
        """Give what each piece adds at each visit, shape (b, 1, v, q), from (b, c)."""
        by_piece = (beta @ self.columns.T).reshape(len(beta), 1, len(self.spread), self.visits)
        return np.asarray(by_piece.swapaxes(-1, -2))


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
    pieces: Sequence[int] | NDArray[np.intp] | None = None,
) -> ManyFits:
    """Fit one linear mixed model to many trials by restricted maximum likelihood.

    Parameters
    ----------
    y : ndarray, shape (trials, subjects, visits)
        Outcomes, missing as NaN (at random).
    x : ndarray, shape (trials, subjects, pieces)
        What a subject contributes to the design; complete.
    loadings : ndarray, shape (visits, columns)
        What a visit contributes to each column; the design is the product of the two.
    basis : ndarray, shape (parameters, visits, visits)
        Symmetric matrices whose weighted sum is the covariance of a subject's visits. The identity
        and the matrix of ones must be among these sums.
    coefficients : sequence of int
        Columns whose coefficients are wanted.
    conf_level : float
        Between 0 and 1.
    pieces : sequence of int, optional
        Which of x each column takes; by default each its own.

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
    taken = np.arange(x.shape[2]) if pieces is None else np.asarray(pieces)
    model = _Model.of(np.asarray(loadings, float), np.asarray(basis, float), taken)
    sums = _sum_up(y / unit[:, None, None], x)
    wanted = np.asarray(coefficients)
    found = np.full((3, len(y), len(wanted)), np.nan)  # estimate, standard error, df
    ends = np.full((len(y), len(basis)), np.nan)

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
            ends[trials[ended]] = theta[ended]
        theta, point, moved = _search(theta, step, decrement, point, sums, model)
        going = moved & ~ended
        if not going.any():
            break
        trials, theta = trials[going], theta[going]
        sums, point = sums.take(going), point.take(going)
    covariance = np.tensordot(ends, model.basis, 1) * unit[:, None, None] ** 2
    estimate, error = found[:2] * unit[:, None]
    return _tests(estimate, error, found[2], covariance, conf_level)


def fit_known(
    y: Array,
    x: Array,
    loadings: Array,
    covariance: Array,
    coefficients: Sequence[int],
    conf_level: float = 0.95,
    pieces: Sequence[int] | NDArray[np.intp] | None = None,
) -> ManyFits:
    """Estimate the coefficients of many trials by generalised least squares.

    Parameters
    ----------
    y, x, loadings, coefficients, conf_level, pieces
        As for `fit_many`; in all trials the same outcomes are missing.
    covariance : ndarray, shape (visits, visits)
        Of a subject's visits, taken for known.

    Returns
    -------
    ManyFits
        With normal tests and intervals; missing where the covariance is, or where the design of a
        trial determines no coefficients.
    """
    taken = np.arange(x.shape[2]) if pieces is None else np.asarray(pieces)
    visits = len(loadings)
    model = _Model.of(np.asarray(loadings, float), unstructured_basis(visits), taken)
    sums = _sum_up(y, x)
    wanted = np.asarray(coefficients)
    usable = _identified(sums, model) & bool(np.isfinite(covariance).all())
    found = np.full((3, len(y), len(wanted)), np.nan)
    if usable.any():
        sums = sums.take(usable)
        both = sums.mask[:1, :, :, None] * sums.mask[:1, :, None, :]
        inverse = np.linalg.inv(covariance * both + np.eye(visits) * (1.0 - both)) * both
        phi = np.linalg.inv(model.design_form(inverse[..., None, :], sums.xx)[:, 0])
        right = (sums.xy @ inverse).sum(axis=1).reshape(len(phi), len(model.columns))
        beta = np.einsum("bcd,bd->bc", phi, right @ model.columns)
        error = np.sqrt(np.einsum("bcc->bc", phi))
        found[:2, usable] = beta[:, wanted], error[:, wanted]
        found[2, usable] = np.inf
    every = np.broadcast_to(covariance, (len(y), visits, visits))
    return _tests(found[0], found[1], found[2], every, conf_level)


def _sum_up(y: Array, x: Array) -> _Sums:
    """Add up the products of each trial's subjects, pattern by pattern."""
    trials, visits = len(y), y.shape[2]
    seen = ~np.isnan(y)
    code = seen @ (1 << np.arange(visits))
    filled = np.where(seen, y, 0.0)
    if (code == code[0]).all():
        return _sum_up_alike(filled, x, code[0])
    codes = np.unique(code[code > 0])
    member = (code[:, :, None] == codes).astype(float)
    grouped = member.transpose(0, 2, 1)[:, :, None, :]  # (b, p, 1, i)
    by_subject = x.transpose(0, 2, 1)[:, None]  # (b, 1, q, i)
    own = grouped * by_subject
    return _Sums(
        _masks(codes, visits, trials),
        member.sum(axis=1),
        (grouped * filled.transpose(0, 2, 1)[:, None]) @ filled[:, None],
        own @ filled[:, None],
        own @ x[:, None],
    )


def _sum_up_alike(filled: Array, x: Array, code: NDArray[np.intp]) -> _Sums:
    """Do the same where the same values are missing in all trials, subject by subject once."""
    trials, _, visits = filled.shape
    codes, place = np.unique(code, return_inverse=True)
    order = np.argsort(place, kind="stable")
    ends = np.cumsum(np.bincount(place))
    members = [rows for key, rows in zip(codes, np.split(order, ends[:-1]), strict=True) if key]
    both = [(x[:, rows], filled[:, rows]) for rows in members]
    return _Sums(
        _masks(codes[codes > 0], visits, trials),
        np.broadcast_to(np.array([float(len(rows)) for rows in members]), (trials, len(members))),
        np.stack([v.swapaxes(1, 2) @ v for _, v in both], axis=1),
        np.stack([u.swapaxes(1, 2) @ v for u, v in both], axis=1),
        np.stack([u.swapaxes(1, 2) @ u for u, _ in both], axis=1),
    )


def _masks(codes: NDArray[np.intp], visits: int, trials: int) -> Array:
    """Write the patterns out, (b, p, v)."""
    mask = ((codes[:, None] >> np.arange(visits)) & 1).astype(float)
    return np.broadcast_to(mask, (trials, *mask.shape))


def _identified(sums: _Sums, model: _Model) -> Bools:
    """Say in which trials every coefficient can be estimated at all."""
    seen = sums.mask[..., :, None] * np.eye(sums.mask.shape[-1])
    crossed = model.design_form(seen[..., None, :], sums.xx)[:, 0]
    scale = np.sqrt(np.einsum("bcc->bc", crossed))
    usable = (scale > 0).all(axis=1)
    scale = np.where(scale > 0, scale, 1.0)
    least = np.linalg.eigvalsh(crossed / scale[:, :, None] / scale[:, None, :])[:, 0]
    return np.asarray(usable & (least > _SINGULAR), dtype=bool)


def _start(sums: _Sums, model: _Model) -> Array:
    """Begin at the moments of the least-squares residuals, or near them."""
    visits = model.visits

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
    crossed = model.design_form(inverse[..., None, :], sums.xx)[:, 0]
    phi = np.linalg.inv(crossed)
    right = (sums.xy @ inverse).sum(axis=1).reshape(len(phi), len(model.columns)) @ model.columns
    beta = np.einsum("bcd,bd->bc", phi, right)
    squares = np.einsum("bpvw,bpvw->b", inverse, sums.yy) - np.einsum("bc,bc->b", beta, right)
    deviance = np.einsum("bp,bp->b", sums.n, log_det) + np.linalg.slogdet(crossed)[1] + squares
    log_likelihood = np.asarray(np.where(usable, -0.5 * deviance, -np.inf))
    return _Point(log_likelihood, inverse, np.asarray(phi, dtype=float), beta)


def _residual_products(point: _Point, sums: _Sums, model: _Model) -> Array:
    """Sum the products of residuals over each pattern's subjects, (b, p, v, v)."""
    both = sums.mask[..., :, None] * sums.mask[..., None, :]
    fitted = model.fitted(point.beta)
    mixed = fitted @ sums.xy
    products = sums.yy - mixed - mixed.swapaxes(-1, -2) + fitted @ sums.xx @ fitted.swapaxes(-1, -2)
    return np.asarray(products * both)


def _differentiate(point: _Point, sums: _Sums, model: _Model) -> _Slope:
    """Compute gradient and both kinds of information of the restricted likelihood."""
    inverse, phi = point.inverse, point.phi
    trials, patterns, visits = inverse.shape[:3]
    by_pattern = inverse.reshape(trials, patterns, -1)
    scored = (sums.xy - sums.xx @ model.fitted(point.beta).swapaxes(-1, -2)) @ inverse
    # Sums over patterns of A[v, x] (x e')[q, w], which each E_k[x, w] then meets.
    mixed = by_pattern.swapaxes(1, 2) @ scored.reshape(trials, patterns, -1)
    mixed = mixed.reshape(trials, visits, visits, -1, visits).transpose(0, 3, 1, 2, 4)
    pull = mixed.reshape(trials, -1, visits * visits) @ model.flat.T  # (b, q * v, k)
    pull = pull.swapaxes(1, 2) @ model.columns
    squares = inverse @ _residual_products(point, sums, model) @ inverse
    spread = _spread(phi, sums, model)
    leverage = inverse @ spread @ inverse
    counted = sums.n[..., None, None] * inverse
    total = (squares + leverage - counted).sum(axis=1).reshape(trials, -1)
    gradient = 0.5 * total @ model.flat.T
    tilt = _tilt(inverse, sums, model)
    leaning = phi[:, None] @ tilt
    flat = leaning.reshape(*leaning.shape[:2], -1)
    turned = leaning.swapaxes(-1, -2).reshape(flat.shape)
    traced = counted - 2.0 * leverage
    expected = 0.5 * (_pair_traces(inverse, traced, model) + flat @ turned.swapaxes(-1, -2))
    quadratic = _pair_traces(inverse, squares, model) - pull @ phi @ pull.swapaxes(-1, -2)
    return _Slope(gradient, expected, quadratic - expected, tilt)


def _spread(phi: Array, sums: _Sums, model: _Model) -> Array:
    """Sum X phi X' over each pattern's subjects, (b, p, v, v)."""
    trials, q, visits = len(phi), len(model.spread), model.visits
    each = (model.columns @ phi @ model.columns.T).reshape(trials, q, visits, q, visits)
    each = each.transpose(0, 1, 3, 2, 4).reshape(trials, q * q, -1)
    summed = sums.xx.reshape(trials, -1, q * q) @ each
    return np.asarray(summed.reshape(trials, -1, visits, visits))


def _tilt(inverse: Array, sums: _Sums, model: _Model) -> Array:
    """Sum -X'A E_k A X over all subjects, (b, k, c, c), some patterns at a time."""
    trials, patterns, visits = inverse.shape[:3]
    step = max(1, _CHUNK // (trials * len(model.basis) * visits**2))
    found: Array | float = 0.0
    for start in range(0, patterns, step):
        part = inverse[:, start : start + step]
        xx = sums.xx[:, start : start + step]
        if model.entries is None:
            by_form = model.basis.transpose(1, 0, 2).reshape(visits, -1)
            turned = (part @ by_form).reshape(*part.shape[:2], -1, visits) @ part
            turned = turned.reshape(*part.shape[:3], -1, visits)
        else:
            # A column times a row; the entry across the diagonal gives the transpose.
            rows, columns = model.entries
            turned = part[..., rows, None] * part[:, :, None, columns]
        found = found - model.design_form(turned, xx)
    tilt = np.asarray(found)
    if model.entries is None:
        return tilt
    share = np.where(np.equal(*model.entries), 0.5, 1.0)
    return np.asarray(share[:, None, None] * (tilt + tilt.swapaxes(-1, -2)))


def _pair_traces(inverse: Array, middle: Array, model: _Model) -> Array:
    """Sum over patterns of tr(E_k A E_l M), made symmetric, (b, k, k)."""
    trials, patterns, visits = inverse.shape[:3]
    squared = visits**2
    left = inverse.reshape(trials, patterns, squared).swapaxes(1, 2)
    kernel = left @ middle.reshape(trials, patterns, squared)  # (b, w x, y v)
    kernel = kernel.reshape(-1, visits, visits, visits, visits).transpose(0, 4, 1, 2, 3)
    pairs = model.flat @ kernel.reshape(trials, squared, squared) @ model.flat.T
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
    trials, visits = len(point.phi), model.visits
    usable = _definite(slope.observed)
    identity = np.eye(slope.observed.shape[-1])
    weight = np.linalg.inv(np.where(usable[:, None, None], slope.observed, identity))
    inverse, phi = point.inverse, point.phi
    kernel = (model.flat.T @ weight @ model.flat).reshape(-1, visits, visits, visits, visits)
    kernel = kernel.transpose(0, 2, 3, 1, 4).reshape(trials, visits**2, visits**2)
    middle = (inverse.reshape(trials, -1, visits**2) @ kernel).reshape(inverse.shape)
    turned = inverse @ middle @ inverse
    inner = model.design_form(turned[..., None, :], sums.xx)[:, 0]
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


def _tests(
    estimate: Array, error: Array, df: Array, covariance: Array, conf_level: float
) -> ManyFits:
    """Add t tests and intervals."""
    with np.errstate(all="ignore"):
        half = stdtrit(df, 0.5 + conf_level / 2.0) * error
        p_value = 2.0 * stdtr(df, -np.abs(estimate / error))
    low, high = estimate - half, estimate + half
    return ManyFits(estimate, error, df, p_value, low, high, covariance)
