"""Check the rows of a trial and lay them out by subject and visit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from alsutils.stats.mmrm import design as designs
from alsutils.stats.mmrm.design import Design, Factor, Parsed
from alsutils.stats.mmrm.errors import (
    ConstantOutcomeError,
    DuplicateVisitError,
    FormulaError,
    GroupError,
    InfiniteValueError,
    MissingValueError,
    OptionError,
    UnknownVisitError,
    WeightError,
    show,
)

Array = NDArray[np.float64]
IntArray = NDArray[np.signedinteger[Any]]


@dataclass(frozen=True)
class ModelData:
    """The used rows of a trial, checked.

    Attributes
    ----------
    design : Design
        Recipe of the design matrix.
    index : Index, length N
        Labels of the used rows in the frame that was given.
    outcome : array, shape (N,)
        The outcome.
    subject : IntArray, shape (N,)
        Subject number, 0 to n - 1.
    position : IntArray, shape (N,)
        Visit number, 0 to m - 1; for the spatial structure the rank of the row's time within
        its subject.
    time : array, shape (N,)
        Visit times for the spatial structure, else empty.
    weight : array, shape (N,), or None
        Weights, where there are any.
    group : IntArray, shape (n,)
        Covariance group of each subject.
    subjects : Index, length n
        Subject identifiers.
    visits : tuple
        Visit labels, length m.
    groups : tuple
        Labels of the covariance groups, ``("all",)`` where there is one.
    pieces, codes : dict
        Numeric pieces and level positions of the used rows.
    covariate_means : dict
        Mean of each numeric variable over the used rows.
    n_missing_outcome, n_missing_covariate : int
        Rows left out because the outcome, or with an outcome a covariate, was missing.
    """

    design: Design
    index: pd.Index
    outcome: Array
    subject: IntArray
    position: IntArray
    time: Array
    weight: Array | None
    group: IntArray
    subjects: pd.Index
    visits: tuple[Any, ...]
    groups: tuple[Any, ...]
    pieces: Mapping[str, Array]
    codes: Mapping[str, IntArray]
    covariate_means: Mapping[str, float]
    n_missing_outcome: int
    n_missing_covariate: int


@dataclass(frozen=True)
class Columns:
    """Which columns of the frame play which part."""

    subject: str
    visit: str
    group: str | None
    weights: str | ArrayLike | None


def prepare(
    formula: str,
    data: pd.DataFrame,
    columns: Columns,
    reference: Mapping[str, Any] | None,
    spatial: bool,
) -> ModelData:
    """Check a frame against a formula and lay out the used rows.

    Parameters
    ----------
    formula : str
        Model formula.
    data : DataFrame
        One row a subject and visit; never changed.
    columns : Columns
        Names of the subject, visit, group and weight columns.
    reference : dict, optional
        Reference level of each factor that should not use its first.
    spatial : bool
        Whether visits are times on a line.
    """
    parsed = designs.parse(formula)
    outcome, variables = parsed.outcome, parsed.variables
    _require_columns(data, [outcome, *variables, columns.subject, columns.visit, columns.group])
    _require_keys(data, columns, outcome)
    used, n_outcome, n_covariate = _used_rows(data, outcome, variables)
    keep = list(dict.fromkeys([*variables, columns.subject, columns.visit, outcome]))
    if columns.group is not None and columns.group not in keep:
        keep.append(columns.group)
    rows = np.flatnonzero(used)
    frame = data[keep] if rows.size == len(data) else data[keep].iloc[rows]
    _check_finite(frame, [outcome, *variables])
    weight = _weights(data, columns.weights, rows)
    y = frame[outcome].to_numpy(dtype=float)
    if np.ptp(y) == 0.0:
        raise ConstantOutcomeError(
            f"the outcome {outcome!r} is {y[0]:g} in every one of the {y.size} used rows; "
            "there is nothing to explain"
        )
    model = _build_design(parsed, frame, reference)
    subject, subjects = _subjects(frame, columns)
    position, time, visits = _visits(frame, columns, model, subject, spatial)
    group, groups = _groups(frame, columns.group, subject, len(subjects), model)
    return ModelData(
        design=model,
        index=frame.index,
        outcome=y,
        subject=subject,
        position=position,
        time=time,
        weight=weight,
        group=group,
        subjects=subjects,
        visits=visits,
        groups=groups,
        pieces=model.pieces(frame),
        codes=model.codes(frame),
        covariate_means={v: float(frame[v].mean()) for v in model.numeric_variables},
        n_missing_outcome=n_outcome,
        n_missing_covariate=n_covariate,
    )


def _require_columns(data: pd.DataFrame, names: Sequence[str | None]) -> None:
    absent = [name for name in dict.fromkeys(names) if name is not None and name not in data]
    if absent:
        raise FormulaError(
            f"the data have no column {', '.join(map(repr, absent))}; "
            f"they have {', '.join(map(str, data.columns))}"
        )


def _require_keys(data: pd.DataFrame, columns: Columns, outcome: str) -> None:
    """Refuse a row with an outcome but without a subject, visit or group."""
    for name in (columns.subject, columns.visit, columns.group):
        if name is None:
            continue
        lost = (data[name].isna() & data[outcome].notna()).to_numpy()
        if lost.any():
            kind = UnknownVisitError if name == columns.visit else MissingValueError
            raise kind(
                f"column {name!r} is missing in row {show(data.index[lost][0])}, which has an "
                "outcome; fill it in or drop the row"
            )


def _used_rows(
    data: pd.DataFrame, outcome: str, variables: list[str]
) -> tuple[NDArray[np.bool_], int, int]:
    if not pd.api.types.is_numeric_dtype(data[outcome]):
        raise FormulaError(f"the outcome {outcome!r} must be numeric, not {data[outcome].dtype}")
    observed = data[outcome].notna().to_numpy()
    complete = observed.copy()
    for name in variables:
        complete &= data[name].notna().to_numpy()
    if not complete.any():
        raise MissingValueError(
            f"no row has both the outcome {outcome!r} and all of {', '.join(variables) or 'it'}"
        )
    return complete, int((~observed).sum()), int((observed & ~complete).sum())


def _check_finite(frame: pd.DataFrame, names: list[str]) -> None:
    for name in names:
        if pd.api.types.is_float_dtype(frame[name]):
            bad = np.isinf(frame[name].to_numpy(dtype=float))
            if bad.any():
                raise InfiniteValueError(
                    f"column {name!r} is infinite in row {show(frame.index[bad][0])} "
                    f"and {int(bad.sum()) - 1} more; give a finite value or leave it missing"
                )


def _weights(data: pd.DataFrame, weights: str | ArrayLike | None, rows: IntArray) -> Array | None:
    if weights is None:
        return None
    if isinstance(weights, str):
        _require_columns(data, [weights])
        values = data[weights].to_numpy(dtype=float)
    else:
        values = np.asarray(weights, dtype=float)
        if values.shape != (len(data),):
            raise WeightError(
                f"weights must have one value a row ({len(data)}), not {values.shape}"
            )
    values = values[rows]
    bad = ~(np.isfinite(values) & (values > 0))
    if bad.any():
        raise WeightError(
            f"weights must be positive and finite; row {show(data.index[rows][bad][0])} has "
            f"{values[bad][0]}"
        )
    return values


def _build_design(
    parsed: Parsed, frame: pd.DataFrame, reference: Mapping[str, Any] | None
) -> Design:
    reference = dict(reference or {})
    names = [v for v in parsed.variables if v in parsed.categorical or designs.is_factor(frame[v])]
    unknown = [name for name in reference if name not in names]
    if unknown:
        raise OptionError(
            f"reference names {', '.join(map(repr, unknown))}, which is no factor of the formula; "
            f"its factors are {', '.join(names) or 'none'}"
        )
    factors: dict[str, Factor] = {
        name: designs.make_factor(frame[name], reference.get(name)) for name in names
    }
    return designs.build(parsed, frame, factors)


def _subjects(frame: pd.DataFrame, columns: Columns) -> tuple[IntArray, pd.Index]:
    codes, subjects = pd.factorize(frame[columns.subject])
    return codes.astype(np.int32), pd.Index(subjects)


def _visits(
    frame: pd.DataFrame,
    columns: Columns,
    model: Design,
    subject: IntArray,
    spatial: bool,
) -> tuple[IntArray, Array, tuple[Any, ...]]:
    if spatial:
        return _times(frame, columns, subject)
    values = frame[columns.visit]
    factor = model.factors.get(columns.visit) or designs.make_factor(values)
    visits = factor.display
    order = pd.Index(visits).get_indexer(pd.Index(factor.levels)).astype(np.int16)
    position = order[factor.codes(values)]
    cell = subject.astype(np.int64) * len(visits) + position
    _refuse_duplicates(cell, frame, columns)
    return position, np.zeros(0), visits


def _times(
    frame: pd.DataFrame, columns: Columns, subject: IntArray
) -> tuple[IntArray, Array, tuple[Any, ...]]:
    values = frame[columns.visit]
    if designs.is_factor(values):
        raise OptionError(
            f"covariance 'sp_exp' needs numeric visit times, but {columns.visit!r} is "
            f"{values.dtype}; give the column of visit times as visit="
        )
    time = values.to_numpy(dtype=float)
    order = np.lexsort((time, subject))
    starts = np.searchsorted(subject[order], np.arange(subject.max() + 1))
    position = np.empty(time.size, dtype=np.intp)
    position[order] = np.arange(time.size) - starts[subject[order]]
    repeated = np.zeros(time.size, dtype=bool)
    repeated[order[1:]] = (np.diff(time[order]) == 0) & (np.diff(subject[order]) == 0)
    if repeated.any():
        _duplicate(frame, columns, int(np.flatnonzero(repeated)[0]), int(repeated.sum()))
    return position, time, tuple(range(1, int(position.max()) + 2))


def _refuse_duplicates(cell: IntArray, frame: pd.DataFrame, columns: Columns) -> None:
    counts = np.bincount(cell)
    if counts.max() > 1:
        row = int(np.flatnonzero(counts[cell] > 1)[0])
        _duplicate(frame, columns, row, int((counts > 1).sum()))


def _duplicate(frame: pd.DataFrame, columns: Columns, row: int, count: int) -> None:
    raise DuplicateVisitError(
        f"subject {show(frame[columns.subject].iloc[row])} has more than one row at visit "
        f"{show(frame[columns.visit].iloc[row])} ({count} such in all); keep one row a subject and "
        "visit"
    )


def _groups(
    frame: pd.DataFrame, name: str | None, subject: IntArray, n_subjects: int, model: Design
) -> tuple[IntArray, tuple[Any, ...]]:
    if name is None:
        return np.zeros(n_subjects, dtype=np.intp), ("all",)
    factor = model.factors.get(name) or designs.make_factor(frame[name])
    codes = pd.Index(factor.display).get_indexer(pd.Index(frame[name]))
    group = np.empty(n_subjects, dtype=np.intp)
    group[subject] = codes
    mixed = group[subject] != codes
    if mixed.any():
        raise GroupError(
            f"the covariance group {name!r} changes within a subject "
            f"(row {show(frame.index[mixed][0])}); it must be the same at every visit of a subject"
        )
    return group, factor.display
