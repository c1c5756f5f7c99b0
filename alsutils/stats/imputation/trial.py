"""A trial laid out for imputation: one row a subject, one column a visit."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]

STRATEGIES = {
    "MAR": "missing at random: as similar patients of the same arm went on",
    "J2R": "jump to reference: from the event on, at the mean of the reference arm",
    "CR": "copy reference: as a patient of the reference arm throughout",
    "CIR": "copy increments in reference: changes from the event on as in the reference arm",
}
NO_EVENT = -1


class ImputationError(ValueError):
    """Data or options with which nothing can be imputed."""


@dataclass(frozen=True)
class Columns:
    """Names of the columns that say who, when, in which arm and what."""

    subject: str
    visit: str
    arm: str
    outcome: str

    @property
    def names(self) -> list[str]:
        """All four."""
        return [self.subject, self.visit, self.arm, self.outcome]


@dataclass(frozen=True)
class Trial:
    """Outcomes and covariates of n subjects at m visits.

    Attributes
    ----------
    columns : Columns
        Names in the frame that was given.
    subjects : Index, length n
        Sorted, so that the order of the rows that were given does not matter.
    visits, arms : tuple
        Labels in order; the first arm is the control.
    arm : IntArray, shape (n,)
        Position of each subject's arm.
    outcome : array, shape (n, m)
        NaN where missing.
    event : IntArray, shape (n,)
        Position of the first visit of the final run of missing values; -1 without one.
    covariates : DataFrame, n rows
        Those of the analysis, complete.
    carried : DataFrame, n rows
        Further subject-level columns that a model formula uses.
    by_visit : DataFrame, m rows
        Visit-level columns that a model formula uses.
    """

    columns: Columns
    subjects: pd.Index
    visits: tuple[Any, ...]
    arms: tuple[Any, ...]
    arm: IntArray
    outcome: Array
    event: IntArray
    covariates: pd.DataFrame
    carried: pd.DataFrame
    by_visit: pd.DataFrame

    @property
    def missing(self) -> BoolArray:
        """Where the outcome is missing, (n, m)."""
        return np.isnan(self.outcome)

    @property
    def after_event(self) -> BoolArray:
        """Where a visit is at or after the subject's event, (n, m)."""
        later = np.arange(len(self.visits))[None, :] >= self.event[:, None]
        return later & (self.event != NO_EVENT)[:, None]


def first_missing_to_the_end(missing: BoolArray) -> IntArray:
    """Return the first visit of each subject's final run of missing values.

    Parameters
    ----------
    missing : bool array, shape (n, m)
        Where the outcome is missing.

    Returns
    -------
    IntArray, shape (n,)
        Position of the visit; -1 for a subject whose last outcome is observed.
    """
    m = missing.shape[1]
    run = np.cumprod(missing[:, ::-1], axis=1).sum(axis=1)
    return np.where(run > 0, m - run, NO_EVENT).astype(np.intp)


def lay_out(
    data: pd.DataFrame,
    columns: Columns,
    covariates: Sequence[str] = (),
    formula: str | None = None,
) -> Trial:
    """Check a long frame and lay it out by subject and visit.

    Parameters
    ----------
    data : DataFrame
        One row a subject and visit; a visit without a row counts as missing. Never changed.
    columns : Columns
        Who, when, in which arm and what. The arm is a category with the control first.
    covariates : sequence of str
        Constant within a subject and complete.
    formula : str, optional
        Model formula whose further columns have to be kept.

    Returns
    -------
    Trial

    Raises
    ------
    ImputationError
        Naming the column, subject or visit that is wrong.
    """
    _require(data, columns, covariates)
    visits = _visits(data, columns.visit)
    arms = tuple(data[columns.arm].cat.remove_unused_categories().cat.categories)
    if len(arms) < 2:
        raise ImputationError(f"{columns.arm!r} has the one arm {arms}; a comparison needs two")
    by_subject = data.groupby(columns.subject, observed=True, sort=True)
    subjects = pd.Index(by_subject.size().index)
    arm = _constant(data, columns.subject, columns.arm, "subject")
    outcome = np.full((len(subjects), len(visits)), np.nan)
    row = subjects.get_indexer(pd.Index(data[columns.subject]))
    column = pd.Index(visits).get_indexer(pd.Index(data[columns.visit]))
    outcome[row, column] = data[columns.outcome].to_numpy(dtype=float)
    for j, label in enumerate(visits):
        if np.isnan(outcome[:, j]).all():
            raise ImputationError(f"nobody has {columns.outcome} at {label}; leave that visit out")
    kept = pd.DataFrame(
        {name: _constant(data, columns.subject, name, "subject") for name in covariates},
        index=subjects,
    )
    carried, by_visit = _carried(data, columns, subjects, visits, formula)
    return Trial(
        columns=columns,
        subjects=subjects,
        visits=visits,
        arms=arms,
        arm=np.asarray(pd.Index(arms).get_indexer(pd.Index(arm)), dtype=np.intp),
        outcome=outcome,
        event=first_missing_to_the_end(np.isnan(outcome)),
        covariates=kept,
        carried=carried,
        by_visit=by_visit,
    )


def _require(data: pd.DataFrame, columns: Columns, covariates: Sequence[str]) -> None:
    if not isinstance(data, pd.DataFrame):
        raise ImputationError(f"data must be a pandas DataFrame, not {type(data).__name__}")
    absent = [name for name in (*columns.names, *covariates) if name not in data]
    if absent:
        raise ImputationError(
            f"the data have no column {', '.join(map(repr, absent))}; "
            f"they have {', '.join(map(str, data.columns))}"
        )
    if not isinstance(data[columns.arm].dtype, pd.CategoricalDtype):
        raise ImputationError(
            f"{columns.arm!r} must be a category with the control first: "
            f"data[{columns.arm!r}].astype(pd.CategoricalDtype([control, treated]))"
        )
    values = data[columns.outcome]
    if not pd.api.types.is_numeric_dtype(values):
        raise ImputationError(f"the outcome {columns.outcome!r} must be numeric: {values.dtype}")
    if np.isinf(values.to_numpy(dtype=float)).any():
        raise ImputationError(f"the outcome {columns.outcome!r} is infinite in some row")
    for name in (columns.subject, columns.visit, columns.arm, *covariates):
        gone = data[name].isna().to_numpy()
        if gone.any():
            raise ImputationError(
                f"{name!r} is missing in row {data.index[gone][0]!r}; only the outcome may be "
                "missing here, so fill it in or drop that subject"
            )
    twice = data.duplicated([columns.subject, columns.visit]).to_numpy()
    if twice.any():
        first = data.loc[twice, [columns.subject, columns.visit]].iloc[0]
        raise ImputationError(
            f"subject {first.iloc[0]!r} has more than one row at visit {first.iloc[1]!r}; "
            "keep one row a subject and visit"
        )


def _visits(data: pd.DataFrame, visit: str) -> tuple[Any, ...]:
    values = data[visit]
    if isinstance(values.dtype, pd.CategoricalDtype):
        return tuple(values.cat.remove_unused_categories().cat.categories)
    return tuple(sorted(pd.unique(values).tolist()))


def _constant(data: pd.DataFrame, key: str, name: str, what: str) -> pd.Series:
    """Return a column's one value for each subject or visit, in sorted order."""
    grouped = data.groupby(key, observed=True, sort=True)[name]
    changing = _distinct(data, key, name) > 1
    if changing.any():
        raise ImputationError(
            f"{name!r} changes within {what} {changing.index[changing.to_numpy()][0]!r}; "
            f"it must have one value for each {what}"
        )
    return grouped.first()


def _distinct(data: pd.DataFrame, key: str, name: str) -> pd.Series:
    """Count the different values that a column has for each subject or visit."""
    pairs = data[[key, name]].drop_duplicates()
    return pairs.groupby(key, observed=True, sort=True).size()


def _carried(
    data: pd.DataFrame,
    columns: Columns,
    subjects: pd.Index,
    visits: tuple[Any, ...],
    formula: str | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep what a formula names beside the four columns: one value a subject, or one a visit."""
    words = set(re.findall(r"[A-Za-z_]\w*", formula or ""))
    names = [str(n) for n in data.columns if str(n) in words and n not in columns.names]
    carried, by_visit = pd.DataFrame(index=subjects), pd.DataFrame(index=pd.Index(visits))
    for name in names:
        if data[name].isna().any():
            raise ImputationError(
                f"{name!r}, which the imputation model uses, is missing in row "
                f"{data.index[data[name].isna()][0]!r}; fill it in or drop that subject"
            )
        per_visit = data.groupby(columns.visit, observed=True, sort=True)[name]
        once = bool((_distinct(data, columns.visit, name) == 1).all())
        if not (_distinct(data, columns.subject, name) == 1).all() and once:
            by_visit[name] = per_visit.first().reindex(list(visits))
        else:
            carried[name] = _constant(data, columns.subject, name, "subject")
    return carried, by_visit


def strategy_of(trial: Trial, strategy: str | Mapping[Any, str]) -> NDArray[np.str_]:
    """Return each subject's strategy.

    Parameters
    ----------
    trial : Trial
        The trial.
    strategy : str or mapping
        One of STRATEGIES for all, or by subject; a subject that is not named gets MAR.

    Returns
    -------
    array of str, shape (n,)
    """
    if isinstance(strategy, str):
        named: Mapping[Any, str] = {}
        chosen = np.full(len(trial.subjects), strategy, dtype="<U3")
        used = {strategy}
    else:
        named = dict(strategy)
        chosen = np.full(len(trial.subjects), "MAR", dtype="<U3")
        used = set(named.values())
    odd = sorted(str(item) for item in used - set(STRATEGIES))
    if odd:
        raise ImputationError(
            f"unknown strategy {', '.join(odd)}; choose one of {', '.join(STRATEGIES)}"
        )
    for subject, name in named.items():
        if subject not in trial.subjects:
            raise ImputationError(f"strategy names the subject {subject!r}, who is not in the data")
        chosen[trial.subjects.get_loc(subject)] = name
    return chosen


def reference_of(trial: Trial, reference: Any) -> IntArray:
    """Return the position of the reference arm of each arm.

    Parameters
    ----------
    trial : Trial
        The trial.
    reference : label, mapping of arm to label, or None
        The arm that the others jump to or copy; the control by default. An arm that a mapping
        does not name refers to the control.

    Returns
    -------
    IntArray, shape (a,)
    """
    pairs = dict(reference) if isinstance(reference, Mapping) else {}
    default = trial.arms[0] if reference is None or pairs else reference
    for label in (*pairs, *pairs.values(), default):
        if label not in trial.arms:
            raise ImputationError(f"no arm is called {label!r}; there are {list(trial.arms)}")
    labels = [pairs.get(arm, default) for arm in trial.arms]
    return np.array([trial.arms.index(label) for label in labels], dtype=np.intp)


def delta_of(trial: Trial, delta: Mapping[Any, Any] | None) -> Array:
    """Return what is added to imputed outcomes of each arm at each visit, (a, m)."""
    added = np.zeros((len(trial.arms), len(trial.visits)))
    for arm, value in (delta or {}).items():
        if arm not in trial.arms:
            raise ImputationError(
                f"delta names {arm!r}, which is none of the arms {list(trial.arms)}"
            )
        row = trial.arms.index(arm)
        if not isinstance(value, Mapping):
            added[row] = float(value)
            continue
        for visit, amount in value.items():
            if visit not in trial.visits:
                raise ImputationError(
                    f"delta names visit {visit!r}; there are {list(trial.visits)}"
                )
            added[row, trial.visits.index(visit)] = float(amount)
    if not np.isfinite(added).all():
        raise ImputationError("every delta must be a finite number")
    return added
