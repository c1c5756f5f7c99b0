"""Analysis of covariance at every visit, for many completed data sets at once.

The design is the same at every visit and in every data set: intercept, one indicator for each arm
but the first, and the covariates. Only imputed outcomes differ.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.stats.imputation.trial import (
    Array,
    BoolArray,
    ImputationError,
    IntArray,
    Trial,
)

# Of the design in correlation form.
_SINGULAR = 1e-9


@dataclass(frozen=True)
class AnalysisDesign:
    """The design of the analysis.

    Attributes
    ----------
    matrix : array, shape (n, q)
        Intercept, indicators of arms 1 to a - 1, covariates centred at their means.
    crossed : array, shape (q, q)
        Its cross-products.
    inverse : array, shape (q, q)
        Their inverse.
    n_arms : int
        Number a of arms.
    """

    matrix: Array
    crossed: Array
    inverse: Array
    n_arms: int

    @property
    def df(self) -> float:
        """Residual degrees of freedom, n - q."""
        return float(self.matrix.shape[0] - self.matrix.shape[1])

    @property
    def treated(self) -> slice:
        """Columns of the arms that are compared with the control."""
        return slice(1, self.n_arms)

    def mean_rows(self, centre: Array | None = None) -> Array:
        """Rows (a, q) that give each arm's mean at the average covariates."""
        rows = np.zeros((self.n_arms, self.matrix.shape[1]))
        rows[:, 0] = 1.0
        rows[1:, self.treated] = np.eye(self.n_arms - 1)
        if centre is not None:
            rows[:, self.n_arms :] = centre
        return rows


def analysis_design(trial: Trial, rows: BoolArray | None = None) -> AnalysisDesign:
    """Make the design of the analysis of covariance.

    Parameters
    ----------
    trial : Trial
        The trial; a covariate that is not a number enters as a factor.
    rows : bool array, shape (n,), optional
        Subjects to analyse; all by default.

    Returns
    -------
    AnalysisDesign
    """
    used = np.ones(len(trial.subjects), dtype=bool) if rows is None else rows
    n, a = int(used.sum()), len(trial.arms)
    columns = [np.ones(n), *(trial.arm[used] == k for k in range(1, a))]
    for name in trial.covariates:
        values = trial.covariates[name][used]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            pieces = [values.to_numpy(dtype=float)]
        else:
            levels = sorted(pd.unique(values).tolist(), key=str)
            pieces = [(values == level).to_numpy(dtype=float) for level in levels[1:]]
        columns += [piece for piece in pieces if np.ptp(piece) > 0]
    matrix = np.column_stack(columns).astype(float)
    matrix[:, a:] -= matrix[:, a:].mean(axis=0)
    if n <= matrix.shape[1]:
        raise ImputationError(
            f"{n} subjects are too few for an analysis with {matrix.shape[1]} parameters"
        )
    crossed = matrix.T @ matrix
    size = np.sqrt(np.diag(crossed))
    if np.linalg.eigvalsh(crossed / np.outer(size, size))[0] < _SINGULAR:
        raise ImputationError(
            f"the covariates {list(trial.covariates)} determine each other or the arm; leave one "
            "out of the analysis"
        )
    return AnalysisDesign(matrix, crossed, np.linalg.inv(crossed), a)


@dataclass(frozen=True)
class VisitHoles:
    """The missing outcomes of one visit: their subjects, and their numbers among all holes."""

    subject: IntArray
    number: IntArray

    def indicators(self, trial: Trial) -> Array:
        """Columns (n, a) with 1 where a subject of that arm has an imputed outcome here."""
        marks = np.zeros((len(trial.subjects), len(trial.arms)))
        marks[self.subject, trial.arm[self.subject]] = 1.0
        return marks


def holes_by_visit(trial: Trial) -> tuple[VisitHoles, ...]:
    """Sort the missing outcomes by visit; they are numbered by subject, then by visit."""
    subject, visit = np.nonzero(trial.missing)
    return tuple(
        VisitHoles(subject[visit == j], np.flatnonzero(visit == j))
        for j in range(len(trial.visits))
    )


def completed(trial: Trial, visit: int, holes: VisitHoles, filled: Array) -> Array:
    """Outcomes of one visit with the holes filled: (B, n) from imputed values (B, h)."""
    outcome = np.tile(trial.outcome[:, visit], (len(filled), 1))
    outcome[:, holes.subject] = filled[:, holes.number]
    return outcome
