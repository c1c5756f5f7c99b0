"""Estimated marginal means, their contrasts, and type 3 tests, as rows of numbers.

A marginal mean averages the model's predictions over all combinations of the other factors'
levels, each with equal weight, with every numeric covariate at its mean over the used rows (SAS's
LSMEANS; R's emmeans).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alsutils.stats.mmrm.design import Design
from alsutils.stats.mmrm.errors import OptionError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """Marginal means as linear functions of the coefficients.

    Attributes
    ----------
    labels : DataFrame, r rows
        One column for each factor asked for.
    contrasts : array, shape (r, p)
        The linear functions.
    """

    labels: pd.DataFrame
    contrasts: Array


def as_names(value: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return a name or names as a tuple."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def marginal_cells(
    design: Design,
    factors: Sequence[str],
    by: Sequence[str],
    covariates: Mapping[str, float],
) -> Cells:
    """Return the linear functions of marginal means.

    Parameters
    ----------
    design : Design
        Recipe of the design matrix.
    factors, by : sequence of str
        Factors whose combinations get a mean; ``by`` varies slowest.
    covariates : dict of str to float
        Value of each numeric variable.
    """
    wanted = [*by, *factors]
    for name in wanted:
        if name not in design.factors:
            raise OptionError(
                f"{name!r} is no factor of the model; its factors are "
                f"{', '.join(design.factors) or 'none'}"
            )
    if not factors or len(set(wanted)) < len(wanted):
        raise OptionError("name at least one factor, and none of them twice")
    others = [name for name in design.factors if name not in wanted]
    order = [*wanted, *others]
    displays = [design.factors[name].display for name in order]
    grid = np.indices([len(display) for display in displays]).reshape(len(order), -1)
    codes = {
        name: np.array([design.factors[name].levels.index(level) for level in display])[at]
        for name, display, at in zip(order, displays, grid, strict=True)
    }
    point = pd.DataFrame({name: [covariates[name]] for name in design.numeric_variables}, index=[0])
    n_rows = grid.shape[1]
    pieces = {name: np.repeat(value, n_rows) for name, value in design.pieces(point).items()}
    matrix = design.rows(pieces, codes, n_rows)
    n_cells = int(np.prod([len(display) for display in displays[: len(wanted)]]))
    labels = pd.DataFrame(
        {
            name: pd.Categorical.from_codes(at[:: n_rows // n_cells], categories=list(display))
            for name, display, at in zip(order, displays, grid, strict=True)
            if name in wanted
        }
    )
    return Cells(labels, matrix.reshape(n_cells, -1, matrix.shape[1]).mean(axis=1))


def check_covariates(
    design: Design, means: Mapping[str, float], at: Mapping[str, float] | None
) -> dict[str, float]:
    """Return the covariate values of a reference grid, the means unless told otherwise."""
    values = dict(means)
    for name, value in (at or {}).items():
        if name not in values:
            raise OptionError(
                f"at= names {name!r}, which is no numeric variable of the model; they are "
                f"{', '.join(design.numeric_variables) or 'none'}"
            )
        values[name] = float(value)
    return values


@dataclass(frozen=True)
class Differences:
    """Each level less the reference, within each combination of the ``by`` factors.

    Attributes
    ----------
    labels : DataFrame, r rows
        ``contrast`` and the ``by`` columns.
    contrasts : array, shape (r, p)
        The linear functions.
    family : array of int, shape (r,)
        Rows that share a number are adjusted together.
    """

    labels: pd.DataFrame
    contrasts: Array
    family: NDArray[np.intp]


def differences(
    design: Design,
    factor: str,
    by: Sequence[str],
    reference: Any,
    covariates: Mapping[str, float],
) -> Differences:
    """Return the linear functions of each level of a factor less the reference level."""
    cells = marginal_cells(design, [factor], by, covariates)
    levels = design.factors[factor].display
    base = design.factors[factor].reference if reference is None else reference
    if base not in levels:
        raise OptionError(
            f"reference {base!r} is not a level of {factor!r}; its levels are "
            f"{', '.join(map(str, levels))}"
        )
    if len(levels) < 2:
        raise OptionError(f"{factor!r} has only the level {base!r}, so there is nothing to compare")
    at = levels.index(base)
    others = [i for i in range(len(levels)) if i != at]
    blocks = cells.contrasts.reshape(-1, len(levels), cells.contrasts.shape[1])
    rows = (blocks[:, others] - blocks[:, [at]]).reshape(-1, blocks.shape[2])
    labels = pd.DataFrame({"contrast": [f"{levels[i]} - {base}" for i in others] * len(blocks)})
    for name in by:
        values = cells.labels[name].iloc[:: len(levels)]
        labels[name] = values.repeat(len(others)).reset_index(drop=True)
    return Differences(labels, rows, np.repeat(np.arange(len(blocks)), len(others)))


def type3_rows(design: Design, term: int) -> Array:
    """Return the type 3 hypothesis of one term as independent rows, shape (c, p).

    The hypothesis is on equally weighted cell means: differences between the levels of the
    term's factors, averaged over the levels of every other factor, in the part of the model
    that carries the same numeric pieces as the term.
    """
    own = set(design.term_factors[term])
    pieces = sorted(
        {column.numerics for column in design.columns if column.term == term},
    )
    others = [name for name in design.factors if name not in own]
    ordered = [*design.term_factors[term], *others]
    sizes = [len(design.factors[name].levels) for name in ordered]
    weights: Array = np.ones((1, 1))
    for name in ordered:
        size = len(design.factors[name].levels)
        if name in own:
            rows = np.hstack([-np.ones((size - 1, 1)), np.eye(size - 1)])
        else:
            rows = np.full((1, size), 1.0 / size)
        weights = np.asarray(np.kron(weights, rows))
    codes = np.array(list(product(*(range(size) for size in sizes)))).reshape(-1, len(ordered))
    at = {name: codes[:, i] for i, name in enumerate(ordered)}
    blocks = []
    for numerics in pieces:
        cell = np.zeros((weights.shape[1], len(design.columns)))
        for position, column in enumerate(design.columns):
            if tuple(sorted(column.numerics)) == tuple(sorted(numerics)):
                values = np.ones(len(cell))
                for name, level in column.indicators:
                    values = values * (at[name] == level)
                cell[:, position] = values
        blocks.append(weights @ cell)
    return np.vstack([np.zeros((0, len(design.columns))), *blocks])
