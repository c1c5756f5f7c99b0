"""Fit a mixed model for repeated measures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from alsutils.stats.mmrm.crossproducts import CrossProducts, Patterns, accumulate
from alsutils.stats.mmrm.data import Columns, ModelData, prepare
from alsutils.stats.mmrm.errors import (
    ConstantOutcomeError,
    ConvergenceError,
    MMRMError,
    OptionError,
    TooFewSubjectsError,
)
from alsutils.stats.mmrm.inference import Inference, choose_vcov
from alsutils.stats.mmrm.optimise import Optimum, maximise
from alsutils.stats.mmrm.result import Attempt, MMRMFit
from alsutils.stats.mmrm.structures import Structure

Array = NDArray[np.float64]
# Of the overall residual variance.
_NO_VARIATION = 1e-18


def fit_mmrm(
    formula: str,
    data: pd.DataFrame,
    subject: str,
    visit: str,
    covariance: str | Sequence[str] = "us",
    group: str | None = None,
    weights: str | ArrayLike | None = None,
    reml: bool = True,
    df: str = "kenward-roger",
    vcov: str | None = None,
    reference: Mapping[str, Any] | None = None,
    conf_level: float = 0.95,
) -> MMRMFit:
    """Fit a mixed model for repeated measures.

    Each subject's outcomes are normal with a mean linear in the design and one covariance matrix
    across visits; subjects are independent; a subject with missing visits contributes those it
    has, which is valid when the missing ones depend on nothing beyond what was observed.

    Parameters
    ----------
    formula : str
        ``"outcome ~ terms"`` in Wilkinson notation, ``"CHG ~ BASE*AVISIT + TRT01P*AVISIT"``.
        Strings, categories and booleans are factors, as is a number inside ``C()``; factors are
        treatment coded.
    data : DataFrame
        One row a subject and visit; never changed. Rows whose outcome (or a covariate) is
        missing are left out and counted.
    subject, visit : str
        Columns that name the subject and the visit. An unordered string sorts; a category keeps
        the order of its levels. For ``"sp_exp"`` the visit is a number, the time.
    covariance : str or sequence of str
        ``us`` (unstructured), ``toep``, ``toeph``, ``ar1``, ``ar1h``, ``ad``, ``adh`` (SAS's
        ANTE(1)), ``cs``, ``csh`` or ``sp_exp`` (spatial exponential); a trailing h gives each
        visit its own variance. A sequence is tried in turn until one converges.
    group : str, optional
        Column whose levels each get a covariance matrix of their own.
    weights : str or array, optional
        Positive weights, one a row: an observation's variance is divided by its weight.
    reml : bool
        Restricted maximum likelihood (the default) or maximum likelihood.
    df : {"kenward-roger", "satterthwaite", "between-within", "residual"}
        Degrees of freedom.
    vcov : str, optional
        Covariance of the coefficients. None takes the one that belongs to ``df``: asymptotic for
        satterthwaite and between-within, empirical for residual (R mmrm's choice), and
        Kenward and Roger's for theirs. ``"kenward-roger"`` has the second-order term in the
        parameters of R's mmrm, ``"kenward-roger-sas"`` in SAS's, ``"kenward-roger-linear"`` has
        none; for an unstructured matrix the last two are the same, SAS's ``DDFM=KR``, and the
        better choice in a small trial (see Notes). Also ``"asymptotic"``, ``"empirical"``,
        ``"empirical-jackknife"`` and ``"empirical-bias-reduced"``.
    reference : dict, optional
        Reference level of a factor, ``{"TRT01P": "Placebo"}``; its first level otherwise.
    conf_level : float
        Coverage of confidence intervals.

    Returns
    -------
    MMRMFit

    Raises
    ------
    MMRMError
        A subclass that names what is wrong: see :mod:`alsutils.stats.mmrm.errors`.

    Notes
    -----
    In 2,000 simulated trials of 12 patients an arm and four visits with drop-out
    (``benchmarks/mmrm_coverage.py``), 95 % intervals for the last visit of an unstructured fit
    covered 95.5 % with ``"kenward-roger-linear"``, 94.9 % with ``df="satterthwaite"``, 93.2 % with
    ``"kenward-roger"``, whose second-order term in R's parameters takes back most of the
    correction, and 92.7 % with the asymptotic interval.

    References
    ----------
    Mallinckrodt, C. H. et al. (2008) Drug Information Journal 42, 303-319.
    Kenward, M. G. and Roger, J. H. (1997) Biometrics 53, 983-997.
    Fai, A. H. and Cornelius, P. L. (1996) J. Stat. Comput. Simul. 54, 363-378.
    """
    if not isinstance(data, pd.DataFrame):
        raise OptionError(f"data must be a pandas DataFrame, not {type(data).__name__}")
    if not 0.0 < conf_level < 1.0:
        raise OptionError(f"conf_level must lie between 0 and 1, as in 0.95; got {conf_level!r}")
    kind = choose_vcov(df, vcov, reml)
    names = _structures(covariance)
    spatial = Structure(names[0], 1).spatial
    used = prepare(formula, data, Columns(subject, visit, group, weights), reference, spatial)
    products = accumulate(used, visit, spatial)
    structure, optimum, attempts = _first_that_fits(names, used, products, reml)
    inference = Inference(
        products=products,
        optimum=optimum,
        structure=structure,
        df=df,
        kind=kind,
        coefficient_df=_between_within(used) if df == "between-within" else np.zeros(0),
        residual_df=float(products.n_observations - products.n_columns),
    )
    minus_2 = -2.0 * optimum.value.log_likelihood
    k, n = optimum.theta.size, len(used.subjects)
    return MMRMFit(
        formula=formula,
        structure=structure.name,
        fallback=attempts,
        reml=reml,
        df_method=df,
        vcov_method=kind,
        conf_level=conf_level,
        minus_2_log_likelihood=minus_2,
        aic=minus_2 + 2.0 * k,
        bic=minus_2 + k * float(np.log(n)),
        n_observations=products.n_observations,
        n_subjects=n,
        n_visits=len(used.visits),
        n_missing_outcome=used.n_missing_outcome,
        n_missing_covariate=used.n_missing_covariate,
        iterations=optimum.iterations,
        _data=used,
        _inference=inference,
        _structure=structure,
        _visit=visit,
        _group=group,
        _subject=subject,
    )


def _structures(covariance: str | Sequence[str]) -> list[str]:
    """Names of the structures to try, in turn."""
    names = [covariance] if isinstance(covariance, str) else list(covariance)
    if not names or len({Structure(name, 1).spatial for name in names}) > 1:
        raise OptionError(
            "covariance must be a structure or a list of structures, and 'sp_exp' cannot share a "
            f"list with the others because its visits are times; got {covariance!r}"
        )
    return names


def _first_that_fits(
    names: Sequence[str], data: ModelData, products: CrossProducts, reml: bool
) -> tuple[Structure, Optimum, tuple[Attempt, ...]]:
    attempts: list[Attempt] = []
    for position, name in enumerate(names):
        structure = Structure(name, len(data.visits))
        try:
            _require_subjects(structure, data, products)
            return structure, maximise(products, structure, reml), tuple(attempts)
        except (ConvergenceError, TooFewSubjectsError) as error:
            if position == len(names) - 1:
                if not attempts:
                    raise
                tried = "; ".join(f"{a.covariance}: {a.reason}" for a in attempts)
                raise ConvergenceError(
                    f"none of {', '.join(names)} could be fitted. {tried}; {name}: {error}"
                ) from error
            attempts.append(Attempt(name, str(error)))
    raise MMRMError("no covariance structure was given")  # pragma: no cover


def _require_subjects(structure: Structure, data: ModelData, products: CrossProducts) -> None:
    """Refuse a structure that the number of subjects cannot identify."""
    m = structure.n_visits
    columns = int((products.loadings[:, :-1, :-1] != 0).any(axis=2).sum(axis=1).max())
    n = len(data.subjects)
    if n <= columns:
        raise TooFewSubjectsError(
            f"{n} subjects cannot estimate the {columns} coefficients that act at one visit; "
            "use a smaller formula"
        )
    for label, patterns in zip(data.groups, products.groups, strict=True):
        size = int(patterns.counts.sum())
        which = "" if len(data.groups) == 1 else f" of group {label!r}"
        spare = columns if len(data.groups) == 1 else 1
        if structure.name == "us" and size - spare < m:
            raise TooFewSubjectsError(
                f"an unstructured covariance of {m} visits has {structure.n_parameters} parameters "
                f"and needs at least {m + spare} subjects; there are {size}{which}. Use fewer "
                "visits, or a simpler covariance such as 'toeph', 'ar1h' or 'cs'"
            )
        if size < 2:
            raise TooFewSubjectsError(f"there is only {size} subject{which}; a covariance needs 2")
        seen = np.asarray(patterns.mask.sum(axis=0) > 0)
        if not structure.spatial and not seen.all():
            gone = ", ".join(str(data.visits[j]) for j in np.flatnonzero(~seen))
            raise TooFewSubjectsError(f"no subject{which} has a row at {gone}")
        if structure.name == "us":
            _require_pairs(patterns.mask, data, which)
        if structure.n_sigma > 1:
            _require_variation(patterns, data, which)


def _require_variation(patterns: Patterns, data: ModelData, which: str) -> None:
    """Refuse a visit without residual variation where each visit has its own variance."""
    m = patterns.mask.shape[1]
    squares = patterns.products[:: m + 1, :, -1].sum(axis=1)
    flat = np.flatnonzero(squares <= _NO_VARIATION * patterns.counts.sum())
    if flat.size:
        names = ", ".join(str(data.visits[j]) for j in flat)
        raise ConstantOutcomeError(
            f"the outcome {data.design.outcome!r} does not vary at visit {names}{which} beyond "
            "what the design explains, so its variance there is zero; leave that visit out "
            "(at baseline there is no change from baseline)"
        )


def _require_pairs(mask: NDArray[np.bool_], data: ModelData, which: str) -> None:
    together = mask.astype(float).T @ mask
    never = np.argwhere(np.triu(together == 0, 1))
    if never.size:
        one, two = data.visits[never[0, 0]], data.visits[never[0, 1]]
        raise TooFewSubjectsError(
            f"no subject{which} was seen at both {one} and {two}, so an unstructured covariance "
            "cannot be estimated; use a structured one such as 'toeph', 'ar1h' or 'cs'"
        )


def _between_within(data: ModelData) -> Array:
    """Degrees of freedom of each coefficient by the between-within rule, as R's mmrm has it.

    A coefficient whose column is constant within every subject is tested between subjects, any
    other, and the intercept, within (Schluchter and Elashoff 1990).
    """
    n_rows, n = data.outcome.size, len(data.subjects)
    order = np.argsort(data.subject, kind="stable")
    starts = np.searchsorted(data.subject[order], np.arange(n))
    between = np.zeros(len(data.design.columns), dtype=bool)
    for index, column in enumerate(data.design.columns):
        if column.name == "Intercept":
            continue
        values = np.ones(n_rows)
        for name in column.numerics:
            values = values * data.pieces[name]
        for name, level in column.indicators:
            values = values * (data.codes[name] == level)
        sorted_values = values[order]
        low = np.minimum.reduceat(sorted_values, starts)
        between[index] = bool((np.maximum.reduceat(sorted_values, starts) == low).all())
    intercept = np.array([column.name == "Intercept" for column in data.design.columns])
    n_between = int(between.sum())
    n_within = len(between) - n_between - int(intercept.sum())
    df_between = n - (int(intercept.any()) + n_between)
    df_within = n_rows - (n + n_within)
    return np.where(between, float(df_between), float(df_within))
