"""One pass over the data: sums of products for every pattern of observed visits.

A subject's design rows at visit j hold only a few different non-zero entries: with
``BASE*AVISIT + TRT01P*AVISIT`` they are 1, BASE and the treatment indicator, whatever the
number p of columns. Call these q numbers u_ij, so that x_ij = u_ij S_j with a selection S_j.
Per visit they are turned into orthonormal w_ij = u_ij T_j^{-1} (a QR decomposition), and the
coefficients are rotated so that X'X is the identity: after that nothing depends on the unit or
the origin of a covariate. The outcome enters as the residual of least squares over its standard
deviation. For each pattern of observed visits, the sums over its subjects of
(w_ij, r_ij)(w_ik, r_ik)' are all that the likelihood and its derivatives need.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from alsutils.stats.mmrm.data import ModelData
from alsutils.stats.mmrm.design import Column, _evaluate
from alsutils.stats.mmrm.errors import ConstantOutcomeError, RankDeficientError, TooFewSubjectsError

Array = NDArray[np.float64]
IntArray = NDArray[np.signedinteger[Any]]
# A column is aliased when what the columns before it leave of it is this small, as in R's lm.
_ALIAS_TOLERANCE = 1e-7
_EXACT_FIT_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Patterns:
    """Cross-products of one covariance group.

    Attributes
    ----------
    mask : bool array, shape (S, m)
        The visits of each pattern.
    counts : array, shape (S,)
        Subjects of each pattern.
    products : array, shape (m * m, S, Q * Q)
        For visits j and k, the sum over subjects of the outer product of (w_j, r_j) and
        (w_k, r_k), with Q = q + 1.
    times : array, shape (S, m), or None
        Visit times of each pattern for the spatial structure.
    members : tuple of IntArray
        Subject numbers of each pattern.
    """

    mask: NDArray[np.bool_]
    counts: Array
    products: Array
    times: Array | None
    members: tuple[IntArray, ...]


@dataclass(frozen=True)
class CrossProducts:
    """Everything the likelihood needs.

    Attributes
    ----------
    groups : tuple of Patterns
        One for each covariance group.
    loadings : array, shape (m, Q, p + 1)
        Rows (w_ij, r_ij) times this give the rotated design row and, last, the outcome.
    cells : array, shape (n, m, Q)
        The numbers (w_ij, r_ij) of every subject, zero where a visit is missing.
    rotation : array, shape (p, p)
        Upper triangular R with beta = beta_start + scale * R^{-1} (rotated coefficients).
    start : array, shape (p,)
        Least-squares coefficients.
    scale : float
        Standard deviation of the least-squares residuals.
    n_observations : int
        Number N of rows.
    log_weight : float
        Sum of the logarithms of the weights.
    moments : tuple of (m, m) array
        Covariance of the least-squares residuals of each group, in units of ``scale`` squared.
    """

    groups: tuple[Patterns, ...]
    loadings: Array
    cells: Array
    rotation: Array
    start: Array
    scale: float
    n_observations: int
    log_weight: float
    moments: tuple[Array, ...]

    @property
    def n_columns(self) -> int:
        """Number p of design columns."""
        return self.start.size


def _keys_at(columns: tuple[Column, ...], visit: str | None, level: int) -> list[Column | None]:
    """Return what is left of each column in the rows of one visit; None where it is zero."""
    kept: list[Column | None] = []
    for column in columns:
        levels = [code for name, code in column.indicators if name == visit]
        if levels and levels[0] != level:
            kept.append(None)
            continue
        rest = tuple(pair for pair in column.indicators if pair[0] != visit)
        kept.append(Column("", 0, tuple(sorted(column.numerics)), tuple(sorted(rest))))
    return kept


@dataclass(frozen=True)
class _Recipe:
    """The pieces that are not zero in the rows of one visit, and the columns they feed."""

    pieces: tuple[Column, ...]
    select: Array


def _recipes(data: ModelData, visit: str) -> list[_Recipe]:
    columns = data.design.columns
    factor = data.design.factors.get(visit)
    recipes = []
    for label in data.visits:
        level = factor.levels.index(label) if factor is not None else -1
        kept = _keys_at(columns, visit if factor is not None else None, level)
        unique = tuple(dict.fromkeys(key for key in kept if key is not None))
        select = np.zeros((len(unique), len(columns)))
        for position, key in enumerate(kept):
            if key is not None:
                select[unique.index(key), position] = 1.0
        recipes.append(_Recipe(unique, select))
    return recipes


def _fill(
    data: ModelData, recipes: list[_Recipe], rows_of: list[IntArray], cells: Array
) -> list[Array]:
    """Write the orthonormal w of every visit into the cells; return T_j S_j of each."""
    blocks = []
    for j, (recipe, rows) in enumerate(zip(recipes, rows_of, strict=True)):
        pieces = {name: values[rows] for name, values in data.pieces.items()}
        codes = {name: values[rows] for name, values in data.codes.items()}
        block = np.empty((rows.size, len(recipe.pieces)))
        for position, key in enumerate(recipe.pieces):
            block[:, position] = _evaluate(key.numerics, key.indicators, pieces, codes, rows.size)
        if data.weight is not None:
            block *= np.sqrt(data.weight[rows])[:, None]
        basis, triangle = _orthonormal(block)
        cells[data.subject[rows], j, : basis.shape[1]] = basis
        blocks.append(triangle @ recipe.select)
    return blocks


def _orthonormal(block: Array) -> tuple[Array, Array]:
    """Return W, T with block = W T and W'W the identity, dropping what is dependent."""
    if block.shape[1] == 0:
        return block, np.zeros((0, 0))
    norms = np.linalg.norm(block, axis=0)
    scaled = block / np.where(norms > 0, norms, 1.0)
    if block.shape[0] >= block.shape[1]:
        basis, triangle = np.linalg.qr(scaled)
        if np.abs(np.diag(triangle)).min() > 1e-10:
            return basis, triangle * norms
    left, values, right = np.linalg.svd(scaled, full_matrices=False)
    kept = values > 1e-12 * values[0] if values[0] > 0 else np.zeros(values.size, dtype=bool)
    # A column of zeros stays one: rounding must not give a level without rows an effect.
    return left[:, kept], (values[kept, None] * right[kept]) * norms


def _rotation(stacked: Array, names: tuple[str, ...]) -> Array:
    """Upper triangular R with R'R = X'X, from rows that have the same cross-products."""
    norms = np.linalg.norm(stacked, axis=0)
    safe = np.where(norms > 0, norms, 1.0)
    padded = np.vstack([stacked / safe, np.zeros((max(0, len(names) - len(stacked)), len(names)))])
    basis = np.zeros((padded.shape[0], len(names)))
    aliased: list[str] = []
    for index, name in enumerate(names):
        left = padded[:, index].copy()
        for _ in range(2):
            left -= basis[:, :index] @ (basis[:, :index].T @ left)
        size = float(np.linalg.norm(left))
        if size < _ALIAS_TOLERANCE:
            aliased.append(name)
        else:
            basis[:, index] = left / size
    if aliased:
        raise RankDeficientError(
            f"{len(aliased)} of {len(names)} design columns are sums of the columns before them, "
            f"so their effects cannot be estimated: {', '.join(aliased)}. Drop a term, or merge "
            "the levels that have no rows",
            tuple(aliased),
        )
    return np.asarray(np.triu(basis.T @ padded) * safe)


def accumulate(data: ModelData, visit: str, spatial: bool) -> CrossProducts:
    """Make the one pass over the data.

    Parameters
    ----------
    data : ModelData
        Checked rows.
    visit : str
        Name of the visit column.
    spatial : bool
        Whether rows are placed by rank of time rather than by visit.
    """
    p, m, n_rows = len(data.design.columns), len(data.visits), data.outcome.size
    if n_rows <= p:
        raise TooFewSubjectsError(
            f"{n_rows} rows cannot estimate {p} coefficients and a covariance; "
            "use a smaller formula or more subjects"
        )
    order = np.argsort(data.position, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(data.position, minlength=m))])
    rows_of = [order[a:b] for a, b in pairwise(ends)]
    recipes = _recipes(data, "" if spatial else visit)
    q = max(len(recipe.pieces) for recipe in recipes)
    cells = np.zeros((len(data.subjects), m, q + 1))
    inner = _fill(data, recipes, rows_of, cells)
    rotation = _rotation(np.vstack(inner), data.design.names)
    back = solve_triangular(rotation, np.eye(p))
    loadings = np.zeros((m, q + 1, p + 1))
    for j, block in enumerate(inner):
        loadings[j, : len(block), :p] = block @ back
    loadings[:, q, p] = 1.0
    start, scale = _least_squares(data, rows_of, cells, loadings)
    groups = tuple(_patterns(data, cells, group, spatial, m) for group in range(len(data.groups)))
    ranks = np.array([len(block) for block in inner])
    return CrossProducts(
        groups=groups,
        loadings=loadings,
        cells=cells,
        rotation=rotation,
        start=back @ start,
        scale=scale,
        n_observations=n_rows,
        log_weight=0.0 if data.weight is None else float(np.log(data.weight).sum()),
        moments=tuple(_moments(group, ranks) for group in groups),
    )


def _least_squares(
    data: ModelData, rows_of: list[IntArray], cells: Array, loadings: Array
) -> tuple[Array, float]:
    """Rotated least-squares coefficients; writes the standardised residuals into the cells."""
    p, n_rows, largest, squares = loadings.shape[2] - 1, data.outcome.size, 0.0, 0.0
    coefficients = np.zeros(p)
    for j, rows in enumerate(rows_of):
        y = data.outcome[rows]
        if data.weight is not None:
            y = y * np.sqrt(data.weight[rows])
        largest = max(largest, float(np.abs(y).max(initial=0.0)))
        at = data.subject[rows]
        cells[at, j, -1] = y
        coefficients += loadings[j, :-1, :p].T @ (cells[at, j, :-1].T @ y)
    for j, rows in enumerate(rows_of):
        at = data.subject[rows]
        cells[at, j, -1] -= cells[at, j, :-1] @ (loadings[j, :-1, :p] @ coefficients)
        squares += float((cells[at, j, -1] ** 2).sum())
    scale = float(np.sqrt(squares / (n_rows - p)))
    if scale <= _EXACT_FIT_TOLERANCE * largest:
        raise ConstantOutcomeError(
            f"the design explains the outcome {data.design.outcome!r} exactly, so no variance is "
            "left to estimate; is the outcome constant, or a sum of the covariates?"
        )
    cells[:, :, -1] /= scale
    return coefficients, scale


def _patterns(data: ModelData, cells: Array, group: int, spatial: bool, m: int) -> Patterns:
    n = len(data.subjects)
    seen = np.zeros((n, m), dtype=bool)
    seen[data.subject, data.position] = True
    members = np.flatnonzero(data.group == group)
    if spatial:
        times = np.zeros((n, m))
        times[data.subject, data.position] = data.time
        signature = np.where(seen, times, np.inf)[members]
        _, first, inverse = np.unique(signature, axis=0, return_index=True, return_inverse=True)
    else:
        packed = np.packbits(seen[members], axis=1)
        bits = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel()
        _, first, inverse = np.unique(bits, return_index=True, return_inverse=True)
    inverse = inverse.ravel()
    order = np.argsort(inverse, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(inverse, minlength=first.size))])
    blocks = tuple(members[order[a:b]] for a, b in pairwise(ends))
    width = cells.shape[2]
    products = np.empty((first.size, m * width, m * width))
    for s, block in enumerate(blocks):
        rows = cells[block].reshape(block.size, m * width)
        np.matmul(rows.T, rows, out=products[s])
    arranged = products.reshape(first.size, m, width, m, width).transpose(1, 3, 0, 2, 4)
    return Patterns(
        mask=seen[members[first]],
        counts=np.diff(ends).astype(float),
        products=np.ascontiguousarray(arranged).reshape(m * m, first.size, width * width),
        times=times[members[first]] if spatial else None,
        members=blocks,
    )


def _moments(patterns: Patterns, ranks: NDArray[np.intp]) -> Array:
    """Pairwise covariance of least-squares residuals, made positive definite."""
    m = patterns.mask.shape[1]
    sums = patterns.products[:, :, -1].sum(axis=1).reshape(m, m)
    together = np.einsum("s,sj,sk->jk", patterns.counts, patterns.mask, patterns.mask)
    lost = np.sqrt(np.outer(ranks, ranks))
    divisor = np.where(together > 2 * lost, together - lost, np.maximum(together, 1.0))
    covariance = sums / divisor
    variance = np.maximum(np.diag(covariance), 1e-6)
    sd = np.sqrt(variance)
    correlation = np.where(together > 1, covariance, 0.0) / np.outer(sd, sd)
    np.fill_diagonal(correlation, 1.0)
    values, vectors = np.linalg.eigh(correlation)
    if values[0] < 0.02:
        correlation = (vectors * np.maximum(values, 0.02)) @ vectors.T
        root = np.sqrt(np.diag(correlation))
        correlation = correlation / np.outer(root, root)
    return correlation * np.outer(sd, sd)
