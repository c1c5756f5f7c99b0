"""The imputation model: a mixed model for repeated measures, ready to be refitted and drawn from.

Numbers are kept in the rotated and standardised form in which the mixed model computes; outcomes
come back in their own unit at the very end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.stats.imputation.reml import Likelihood
from alsutils.stats.imputation.trial import Array, ImputationError, IntArray, Trial
from alsutils.stats.mmrm import MMRMFit, fit_mmrm
from alsutils.stats.mmrm.structures import Structure


@dataclass(frozen=True)
class ImputationModel:
    """The fitted model with what imputation needs of it.

    Attributes
    ----------
    fit : MMRMFit
        The mixed model, fitted by restricted maximum likelihood.
    likelihood : Likelihood
        The same, for many weightings of the subjects.
    fitted : IntArray, shape (n_fit,)
        Positions in the trial of the subjects with at least one outcome, in the fit's order.
    incomplete : IntArray, shape (c,)
        Positions of the subjects with a missing outcome.
    rows : array, shape (a, c, m, p)
        Rotated design rows of those subjects, as if each were in each of the a arms.
    offset : array, shape (a, c, m)
        What the least-squares coefficients predict for these rows, standardised.
    scale : float
        Unit of the standardised outcome.
    """

    fit: MMRMFit
    likelihood: Likelihood
    fitted: IntArray
    incomplete: IntArray
    rows: Array
    offset: Array
    scale: float


def fit_model(
    trial: Trial, formula: str | None, covariance: str | Sequence[str]
) -> ImputationModel:
    """Fit the imputation model and lay out its mean for every incomplete subject in every arm.

    Parameters
    ----------
    trial : Trial
        The trial.
    formula : str, optional
        ``"outcome ~ terms"`` in the columns' own names; by default arm and every covariate, each
        with its interaction with visit.
    covariance : str or sequence of str
        As for :func:`alsutils.stats.mmrm.fit_mmrm`; a sequence is tried in turn.

    Returns
    -------
    ImputationModel
    """
    grid, names, formula = _grid(trial, formula)
    if "sp_exp" in ([covariance] if isinstance(covariance, str) else covariance):
        raise ImputationError("covariance 'sp_exp' works with times; imputation works with visits")
    fit = fit_mmrm(
        formula,
        grid,
        subject=names.subject,
        visit=names.visit,
        covariance=covariance,
        df="satterthwaite",
    )
    if tuple(fit._data.visits) != trial.visits:
        raise ImputationError(f"the imputation model saw the visits {fit._data.visits} only")
    products = fit._inference.products
    incomplete = np.flatnonzero(trial.missing.any(axis=1))
    n, m, p = len(trial.subjects), len(trial.visits), products.n_columns
    back = np.linalg.solve(products.rotation, np.eye(p))
    keep = np.repeat(trial.missing.any(axis=1), m)
    some = grid.loc[keep]
    shape = (len(incomplete), m)
    rows = np.empty((len(trial.arms), *shape, p))
    offset = np.empty((len(trial.arms), *shape))
    for index, label in enumerate(trial.arms):
        as_if = some.assign(
            **{names.arm: pd.Categorical([label] * len(some), categories=trial.arms)}
        )
        design = fit._data.design.matrix(as_if)
        rows[index] = (design @ back).reshape(*shape, p)
        offset[index] = (design @ products.start / products.scale).reshape(shape)
    fitted = pd.Index(np.arange(n)).get_indexer(pd.Index(fit._data.subjects))
    return ImputationModel(
        fit=fit,
        likelihood=_likelihood(fit),
        fitted=np.asarray(fitted, dtype=np.intp),
        incomplete=incomplete,
        rows=rows,
        offset=offset,
        scale=float(products.scale),
    )


@dataclass(frozen=True)
class _Names:
    subject: str
    visit: str
    arm: str


def _grid(trial: Trial, formula: str | None) -> tuple[pd.DataFrame, _Names, str]:
    """Lay out every subject at every visit; subjects are numbered, whatever they are called."""
    n, m = len(trial.subjects), len(trial.visits)
    own = trial.columns
    arm = pd.Categorical.from_codes(np.repeat(trial.arm, m), categories=list(trial.arms))
    visit = pd.Categorical.from_codes(np.tile(np.arange(m), n), categories=list(trial.visits))
    names = _Names("subject_number", own.visit, own.arm)
    if formula is not None:
        if own.arm not in formula:
            raise ImputationError(
                f"the formula {formula!r} does not contain the arm {own.arm!r}, without which "
                "imputed values pull the arms together"
            )
        frame = pd.concat(
            [trial.carried, trial.covariates.drop(columns=trial.carried.columns, errors="ignore")],
            axis=1,
        )
        grid = frame.loc[frame.index.repeat(m)].reset_index(drop=True)
        for name in trial.by_visit:
            grid[name] = np.tile(trial.by_visit[name].to_numpy(), n)
        outcome = own.outcome
    else:
        # The names of columns stay out of the formula, whatever they hold.
        names, outcome = _Names("subject_number", "visit", "arm"), "outcome"
        safe = {name: f"x{i}" for i, name in enumerate(trial.covariates)}
        frame = trial.covariates.rename(columns=safe)
        grid = frame.loc[frame.index.repeat(m)].reset_index(drop=True)
        times = " * visit" if m > 1 else ""
        varied = [x for x in frame if len(pd.unique(frame[x])) > 1]
        formula = "outcome ~ " + " + ".join(f"{x}{times}" for x in ("arm", *varied))
    grid[names.arm], grid[names.visit] = arm, visit
    grid[outcome] = trial.outcome.ravel()
    grid[names.subject] = np.repeat(np.arange(n), m)
    return grid, names, formula


def _likelihood(fit: MMRMFit) -> Likelihood:
    """Take the full fit as the place where every other fit starts."""
    products, optimum = fit._inference.products, fit._inference.optimum
    patterns = products.groups[0]
    m, width = products.loadings.shape[:2]
    structure, theta = fit._structure, optimum.theta
    if structure.name == "us":
        sigma = structure.sigma(theta)
        structure = Structure("us", m, log_cholesky=True)
        theta = structure.start(sigma)
    outer = []
    for rows in patterns.members:
        cells = products.cells[rows]
        pairs = np.einsum("njq,nkr->njkqr", cells, cells)
        outer.append(np.ascontiguousarray(pairs.reshape(len(rows), -1)))
    return Likelihood(
        structure=structure,
        theta=theta,
        loadings=products.loadings.reshape(m * width, -1),
        masks=patterns.mask,
        members=patterns.members,
        outer=tuple(outer),
    )
