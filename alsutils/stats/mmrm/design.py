"""From a formula and a frame to the columns of the design, kept as recipes.

Each design column is a product of numeric pieces and of indicators of factor levels. Keeping
the recipe instead of the numbers means that the rows of one visit need only the few pieces
that are not zero there, and that a row for any combination of levels can be written down for
estimated marginal means and type 3 tests.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from formulaic import Formula
from formulaic.errors import FormulaicError
from numpy.typing import NDArray

from alsutils.stats.mmrm.errors import FormulaError, OptionError, UnknownLevelError, show

Array = NDArray[np.float64]
_FACTOR_CALL = re.compile(r"\bC\(\s*([A-Za-z_]\w*)\s*\)")
_TOKEN = re.compile(r"v(\d+)(?:\[(T\.)?c(\d+)\])?$")


@dataclass(frozen=True)
class Factor:
    """A categorical variable of the model.

    Attributes
    ----------
    name : str
        Column of the data.
    levels : tuple
        Levels that occur, in model order: the reference first.
    display : tuple
        The same levels in the order of the data's categories, for tables.
    unused : tuple
        Categories that no used row has; they are left out.
    """

    name: str
    levels: tuple[Any, ...]
    display: tuple[Any, ...]
    unused: tuple[Any, ...] = ()

    @property
    def reference(self) -> Any:
        """The level that the others are compared with."""
        return self.levels[0]

    def codes(self, values: pd.Series) -> NDArray[np.int16]:
        """Return the position of each value among ``levels``; unknown levels are refused."""
        levels = pd.Index(self.levels)
        if isinstance(values.dtype, pd.CategoricalDtype):
            known = np.append(levels.get_indexer(pd.Index(values.cat.categories)), -1)
            codes = known.astype(np.int16)[values.cat.codes.to_numpy()]
        else:
            codes = levels.get_indexer(pd.Index(values)).astype(np.int16)
        if (codes < 0).any():
            odd = values[codes < 0].iloc[0]
            raise UnknownLevelError(
                f"column {self.name!r} has {show(odd)} (row {show(values.index[codes < 0][0])}), "
                f"which is none of the model's levels: {', '.join(map(str, self.levels))}"
            )
        return codes


@dataclass(frozen=True)
class Column:
    """One column of the design.

    Attributes
    ----------
    name : str
        As printed, ``"BASE:AVISIT[T.Month 2]"``.
    term : int
        Index of its term.
    numerics : tuple of str
        Names of the numeric pieces multiplied together.
    indicators : tuple of (str, int)
        Factor name and level position, for each indicator multiplied in.
    """

    name: str
    term: int
    numerics: tuple[str, ...]
    indicators: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Design:
    """The recipe of a design matrix.

    Attributes
    ----------
    formula : str
        As given.
    outcome : str
        Left-hand side.
    terms : tuple of str
        Names of the terms, the intercept (``"1"``) included where the model has one.
    term_factors : tuple of tuple of str
        The factors in each term.
    term_numerics : tuple of tuple of str
        The numeric expressions in each term.
    columns : tuple of Column
        The p columns.
    factors : dict of str to Factor
        The categorical variables.
    numeric_variables : tuple of str
        Data columns that enter as numbers.
    """

    formula: str
    outcome: str
    terms: tuple[str, ...]
    term_factors: tuple[tuple[str, ...], ...]
    term_numerics: tuple[tuple[str, ...], ...]
    columns: tuple[Column, ...]
    factors: Mapping[str, Factor]
    numeric_variables: tuple[str, ...]
    _transforms: Any = field(default=None, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def has_intercept(self) -> bool:
        """Whether there is a column of ones."""
        return "1" in self.terms

    @property
    def variables(self) -> tuple[str, ...]:
        """Every data column on the right-hand side."""
        return (*self.factors, *self.numeric_variables)

    def pieces(self, frame: pd.DataFrame) -> dict[str, Array]:
        """Return every numeric piece evaluated on a frame: name to (n,) array."""
        plain = {
            name: frame[name].to_numpy(dtype=float)
            for name in self.numeric_variables
            if any(name in column.numerics for column in self.columns)
        }
        if self._transforms is not None:
            matrix = self._transforms.get_model_matrix(frame, na_action="ignore")
            plain |= {str(name): matrix[name].to_numpy(dtype=float) for name in matrix.columns}
        return plain

    def codes(self, frame: pd.DataFrame) -> dict[str, NDArray[np.int16]]:
        """Return the level positions of every factor: name to (n,) array."""
        return {name: factor.codes(frame[name]) for name, factor in self.factors.items()}

    def matrix(self, frame: pd.DataFrame) -> Array:
        """Return the design matrix of a frame, shape (n, p)."""
        return self.rows(self.pieces(frame), self.codes(frame), len(frame))

    def rows(
        self, pieces: Mapping[str, Array], codes: Mapping[str, NDArray[np.int16]], n: int
    ) -> Array:
        """Return the design matrix of n rows of numeric pieces and level positions, (n, p)."""
        matrix = np.empty((n, len(self.columns)))
        for position, column in enumerate(self.columns):
            matrix[:, position] = _evaluate(column.numerics, column.indicators, pieces, codes, n)
        return matrix


def _evaluate(
    numerics: tuple[str, ...],
    indicators: tuple[tuple[str, int], ...],
    pieces: Mapping[str, Array],
    codes: Mapping[str, NDArray[np.int16]],
    n: int,
) -> Array:
    values = np.ones(n)
    for name in numerics:
        values = values * pieces[name]
    for name, level in indicators:
        values = values * (codes[name] == level)
    return values


@dataclass(frozen=True)
class Parsed:
    """A formula as read.

    Attributes
    ----------
    text : str
        As the user wrote it.
    terms : formulaic formula
        The right-hand side.
    outcome : str
        The column on the left-hand side.
    categorical : tuple of str
        Variables that ``C()`` asks to be treated as factors.
    """

    text: str
    terms: Any
    outcome: str
    categorical: tuple[str, ...]

    @property
    def variables(self) -> list[str]:
        """Data columns on the right-hand side, sorted."""
        return sorted(str(name) for name in self.terms.required_variables)


@lru_cache(maxsize=64)
def parse(formula: str) -> Parsed:
    """Read a formula."""
    if not isinstance(formula, str) or "~" not in formula:
        raise FormulaError(
            f"the formula must read 'outcome ~ terms', as in 'CHG ~ BASE*AVISIT'; got {formula!r}"
        )
    categorical = tuple(_FACTOR_CALL.findall(formula))
    try:
        parsed = Formula(_FACTOR_CALL.sub(r"\1", formula))
        right, left = parsed.rhs, list(parsed.lhs)
    except (FormulaicError, AttributeError) as error:
        raise FormulaError(f"the formula {formula!r} cannot be read: {error}") from error
    simple = len(left) == 1 and len(left[0].factors) == 1
    if not simple or left[0].factors[0].eval_method.value != "lookup":
        raise FormulaError(
            "the left-hand side must be one column of the data; compute a transformed outcome "
            f"as a column first (got {formula.split('~')[0].strip()!r})"
        )
    return Parsed(formula, right, left[0].factors[0].expr, categorical)


def is_factor(values: pd.Series) -> bool:
    """Whether a column is a category, a string or a boolean and so becomes a factor."""
    return not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)


def make_factor(values: pd.Series, reference: Any = None) -> Factor:
    """Return the factor of a column: categories in their order, anything else sorted."""
    name = str(values.name)
    if isinstance(values.dtype, pd.CategoricalDtype):
        categories = tuple(values.cat.categories)
        used = np.zeros(len(categories), dtype=bool)
        codes = values.cat.codes.to_numpy()
        used[np.unique(codes[codes >= 0])] = True
        display = tuple(level for level, kept in zip(categories, used, strict=True) if kept)
        unused = tuple(level for level, kept in zip(categories, used, strict=True) if not kept)
    else:
        try:
            display, unused = tuple(sorted(pd.unique(values.dropna()).tolist())), ()
        except TypeError as error:
            raise FormulaError(
                f"column {name!r} mixes types that cannot be sorted; make it a string or category"
            ) from error
    if reference is not None and reference not in display:
        raise OptionError(
            f"reference {show(reference)} is not a level of {name!r} that occurs in the used rows; "
            f"its levels are {', '.join(map(str, display))}"
        )
    first = display[0] if reference is None and display else reference
    levels = (first, *(level for level in display if level != first))
    return Factor(name, levels, display, unused)


def build(
    parsed: Parsed,
    frame: pd.DataFrame,
    factors: Mapping[str, Factor],
) -> Design:
    """Write down the columns of the design.

    Which factors lose their reference level follows formulaic's full-rank rule, found by
    letting formulaic build the matrix of a few made-up rows with the same factors.

    Parameters
    ----------
    parsed : Parsed
        The formula.
    frame : DataFrame
        The used rows.
    factors : dict of str to Factor
        The categorical variables; the others are numbers.
    """
    numeric_variables = tuple(v for v in parsed.variables if v not in factors)
    expressions: list[str] = []
    term_parts: list[list[int]] = []
    for term in parsed.terms:
        parts = [item.expr for item in term.factors if item.expr != "1"]
        for part in parts:
            if part not in expressions:
                expressions.append(part)
        term_parts.append([expressions.index(part) for part in parts])
    transforms, expansions = _expand(expressions, frame, factors, numeric_variables)
    sizes = tuple(len(factors[e].levels) if e in factors else 0 for e in expressions)
    columns: list[Column] = []
    for name, term_index in _sample_columns(sizes, tuple(map(tuple, term_parts))):
        columns += _columns(name, term_index, expressions, factors, expansions)
    names = tuple(":".join(expressions[i] for i in parts) or "1" for parts in term_parts)
    return Design(
        formula=parsed.text,
        outcome=parsed.outcome,
        terms=names,
        term_factors=tuple(
            tuple(expressions[i] for i in parts if expressions[i] in factors)
            for parts in term_parts
        ),
        term_numerics=tuple(
            tuple(expressions[i] for i in parts if expressions[i] not in factors)
            for parts in term_parts
        ),
        columns=tuple(columns),
        factors=dict(factors),
        numeric_variables=numeric_variables,
        _transforms=transforms,
    )


def _expand(
    expressions: list[str],
    frame: pd.DataFrame,
    factors: Mapping[str, Factor],
    numeric_variables: tuple[str, ...],
) -> tuple[Any, dict[str, list[str]]]:
    """Fit the transforms such as log(BASE) or bs(BASE, df=3) and name the pieces of each."""
    calls = [e for e in expressions if e not in factors and e not in numeric_variables]
    expansions = {e: [e] for e in expressions}
    if not calls:
        return None, expansions
    try:
        matrix = Formula("0 + " + " + ".join(calls)).get_model_matrix(frame, na_action="ignore")
    except Exception as error:
        raise FormulaError(f"cannot compute {', '.join(calls)} on the data: {error}") from error
    spec = matrix.model_spec
    if spec.factor_contrasts:
        raise FormulaError(
            f"{', '.join(map(str, spec.factor_contrasts))} makes a factor inside the formula; "
            "give the column itself (strings and categories become factors) or use C(column)"
        )
    for term, names in spec.term_indices.items():
        expansions[str(term)] = [str(matrix.columns[i]) for i in names]
    return spec, expansions


@lru_cache(maxsize=64)
def _sample_columns(
    sizes: tuple[int, ...], term_parts: tuple[tuple[int, ...], ...]
) -> tuple[tuple[str, int], ...]:
    """Name and term of each design column, from formulaic's matrix of a few made-up rows.

    ``sizes`` has the number of levels of each expression, 0 for a number.
    """
    length = max([*sizes, 2])
    sample = {}
    for index, size in enumerate(sizes):
        if size:
            labels = [f"c{i}" for i in range(size)]
            codes = np.arange(length) % size
            sample[f"v{index}"] = pd.Series(pd.Categorical.from_codes(codes, categories=labels))
        else:
            sample[f"v{index}"] = pd.Series(np.arange(1.0, length + 1.0))
    right = [":".join(f"v{i}" for i in parts) or "1" for parts in term_parts]
    if "1" not in right:
        right.insert(0, "0")
    frame = pd.DataFrame(sample, index=range(length))
    matrix = Formula(" + ".join(right)).get_model_matrix(frame, na_action="ignore")
    wanted = {frozenset(f"v{i}" for i in parts): t for t, parts in enumerate(term_parts)}
    owners = [0] * matrix.shape[1]
    for term, indices in matrix.model_spec.term_indices.items():
        key = frozenset(item.expr for item in term.factors if item.expr != "1")
        for index in indices:
            owners[index] = wanted[key]
    return tuple((str(name), owner) for name, owner in zip(matrix.columns, owners, strict=True))


def _columns(
    name: str,
    term: int,
    expressions: list[str],
    factors: Mapping[str, Factor],
    expansions: Mapping[str, list[str]],
) -> list[Column]:
    if name == "Intercept":
        return [Column("Intercept", term, (), ())]
    numeric_parts: list[list[str]] = []
    indicators: list[tuple[str, int]] = []
    printed: list[list[str]] = []
    for token in name.split(":"):
        match = _TOKEN.match(token)
        if match is None:  # pragma: no cover - the names are our own
            raise FormulaError(f"cannot read the design column {name!r}")
        expression = expressions[int(match.group(1))]
        if expression in factors:
            level = int(match.group(3))
            indicators.append((expression, level))
            label = factors[expression].levels[level]
            printed.append([f"{expression}[{match.group(2) or ''}{label}]"])
        else:
            numeric_parts.append(expansions[expression])
            printed.append(expansions[expression])
    return [
        Column(":".join(labels), term, numerics, tuple(indicators))
        for labels, numerics in zip(product(*printed), product(*numeric_parts), strict=True)
    ]
