"""Conditional-mean imputation with the jackknife: reference-based estimates without chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from alsutils.stats.imputation.conditional import Imputer
from alsutils.stats.imputation.covariance_analysis import (
    AnalysisDesign,
    analysis_design,
    completed,
    holes_by_visit,
)
from alsutils.stats.imputation.model import ImputationModel, fit_model
from alsutils.stats.imputation.reml import refit, weighted_sums
from alsutils.stats.imputation.rubin import check_level
from alsutils.stats.imputation.shift import JackknifeShift, contrast_frame, mean_frame
from alsutils.stats.imputation.trial import (
    Array,
    Columns,
    ImputationError,
    IntArray,
    Trial,
    delta_of,
    lay_out,
    reference_of,
    strategy_of,
)

# Of one batch of refits.
_BATCH_BYTES = 64_000_000
MOST_LEFT_OUT_ALONE = 1_000  # subjects; beyond, the jackknife leaves out groups
_GROUPS = 250


@dataclass(frozen=True)
class Repeated:
    """The imputation model fitted to all subjects, and again without some.

    Attributes
    ----------
    model : ImputationModel
        Fitted to all.
    left_out : array, shape (G, n)
        1 for who is left out of a repetition, else 0.
    sigma, beta : arrays, shape (1 + C, m, m) and (1 + C, p)
        Parameters with all subjects, then of each repetition that leaves out somebody with an
        outcome.
    changed : array, shape (C,)
        Which repetitions those are.
    """

    model: ImputationModel
    left_out: Array
    sigma: Array
    beta: Array
    changed: IntArray


@dataclass(frozen=True)
class ConditionalMeanImputation:
    """Arms compared after conditional-mean imputation.

    Attributes
    ----------
    frame : DataFrame
        One row a visit and treated arm: ``visit``, ``arm``, ``estimate`` (arm less control),
        ``std_error`` (jackknife), ``df`` (infinite), ``statistic``, ``p_value``, ``conf_low``,
        ``conf_high``, ``method``.
    means : DataFrame
        The same columns for the mean of each arm at average covariates.
    imputed : DataFrame
        One row a missing outcome: ``subject``, ``arm``, ``visit``, ``strategy``, ``after_event``
        (false for a gap), ``value`` (delta included).
    n_subjects : int
        Subjects analysed: all.
    n_imputed : int
        Missing outcomes filled in.
    conf_level : float
        Coverage of the intervals.
    """

    frame: pd.DataFrame
    means: pd.DataFrame
    imputed: pd.DataFrame
    n_subjects: int
    n_imputed: int
    conf_level: float
    _trial: Trial = field(repr=False)
    _shift: JackknifeShift = field(repr=False)
    _delta: Array = field(repr=False)
    _method: str = field(repr=False)
    _repeated: Repeated = field(repr=False)


def conditional_mean_imputation(
    data: pd.DataFrame,
    outcome: str,
    subject: str,
    visit: str,
    arm: str,
    covariates: Sequence[str] = (),
    strategy: str | Mapping[Any, str] = "MAR",
    reference: Any = None,
    delta: Mapping[Any, Any] | None = None,
    formula: str | None = None,
    covariance: str | Sequence[str] = "us",
    conf_level: float = 0.95,
    like: ConditionalMeanImputation | None = None,
) -> ConditionalMeanImputation:
    """Impute each missing outcome by its conditional mean, and compare the arms at each visit.

    A mixed model for repeated measures, common to all arms but for their means, is fitted to what
    was observed by restricted maximum likelihood. Each missing outcome becomes its mean given the
    subject's observed ones, under the chosen strategy. An analysis of covariance at each visit
    then compares the arms. Its own standard error would take imputed numbers for observed ones;
    instead all of it, the model included, is repeated with each subject left out (jackknife),
    which gives the standard error of the estimate over repeated trials. Of more than
    ``MOST_LEFT_OUT_ALONE`` subjects a group at a time is left out, each with its share of every
    arm, which estimates the same error from fewer repetitions.

    Parameters
    ----------
    data : DataFrame
        One row a subject and visit; a visit without a row counts as missing. Never changed.
    outcome, subject, visit, arm : str
        Columns. The arm is a category with the control first; visits sort, or keep the order of
        their categories.
    covariates : sequence of str
        Held equal in the analysis; complete and constant within a subject.
    strategy : {"MAR", "J2R", "CR", "CIR"} or mapping of subject to one of them
        What is imputed from the intercurrent event on, the first visit of a subject's final run
        of missing values: missing at random, jump to reference, copy reference, copy increments
        in reference. A subject without such a run has gaps only, which are imputed under MAR, as
        are subjects that a mapping does not name. A gap before the event is imputed under MAR by
        J2R and CIR; CR takes the reference arm's distribution at every visit.
    reference : label, or mapping of arm to label
        Arm that is jumped to or copied; the control by default. An arm that refers to itself is
        imputed under MAR.
    delta : mapping of arm to number, or to a mapping of visit to number
        Added to every imputed outcome of an arm, gaps included.
    formula : str, optional
        Imputation model, ``"CHG ~ BASE*AVISIT + TRT01P*AVISIT"``; by default arm and each
        covariate, with their interactions with visit.
    covariance : str or sequence of str
        Of a subject's outcomes, as in :func:`alsutils.stats.mmrm.fit_mmrm`.
    conf_level : float
        Between 0 and 1.
    like : ConditionalMeanImputation, optional
        Of the same data and model under another strategy: its fits serve again.

    Returns
    -------
    ConditionalMeanImputation
        With normal tests and intervals.

    Raises
    ------
    ImputationError
        Naming what is wrong with the data or an option, or the subject without whom the model
        cannot be fitted.
    MMRMError
        If the imputation model cannot be fitted at all.

    References
    ----------
    Wolbers M, Noci A, Delmar P, Gower-Page C, Yiu S, Bartlett JW. Standard and reference-based
    conditional mean imputation. Pharm Stat 2022;21:1246-1257. doi:10.1002/pst.2234
    Carpenter JR, Roger JH, Kenward MG. Analysis of longitudinal trials with protocol deviation.
    J Biopharm Stat 2013;23:1352-1371. doi:10.1080/10543406.2013.834911
    Kott PS. The delete-a-group jackknife. J Off Stat 2001;17:521-526.
    """
    check_level(conf_level)
    trial = lay_out(data, Columns(subject, visit, arm, outcome), covariates, formula)
    kinds = strategy_of(trial, strategy)
    added = delta_of(trial, delta)
    design = analysis_design(trial)
    if like is None:
        repeated = _repeated(trial, fit_model(trial, formula, covariance))
    else:
        _check_same(trial, like._trial)
        repeated = like._repeated
    imputer = Imputer.of(trial, repeated.model, kinds, reference_of(trial, reference))
    filled, replicates = _filled(imputer, repeated)
    shift = _estimates(trial, design, filled, replicates, repeated.left_out)
    named = strategy if isinstance(strategy, str) else "by subject"
    method = f"conditional mean, {named}"
    return ConditionalMeanImputation(
        frame=contrast_frame(trial, shift, added, conf_level, method),
        means=mean_frame(trial, shift, added, conf_level, method),
        imputed=imputed_frame(trial, kinds, filled[0], added),
        n_subjects=len(trial.subjects),
        n_imputed=imputer.n_holes,
        conf_level=conf_level,
        _trial=trial,
        _shift=shift,
        _delta=added,
        _method=method,
        _repeated=repeated,
    )


def imputed_frame(trial: Trial, strategy: Any, value: Array, delta: Array) -> pd.DataFrame:
    """List the missing outcomes with what was put in their place."""
    who, when = np.nonzero(trial.missing)
    after = trial.after_event[who, when]
    visits = pd.Categorical.from_codes(when, categories=list(trial.visits), ordered=True)
    return pd.DataFrame(
        {
            "subject": trial.subjects.to_numpy()[who],
            "arm": pd.Categorical.from_codes(trial.arm[who], categories=list(trial.arms)),
            "visit": visits,
            "strategy": np.where(trial.event[who] >= 0, strategy[who], "MAR"),
            "after_event": after,
            "value": value + delta[trial.arm[who], when],
        }
    )


def _left_out(trial: Trial) -> Array:
    """Give who is left out of each repetition: 1 or 0, shape (G, n)."""
    n = len(trial.subjects)
    if n <= MOST_LEFT_OUT_ALONE:
        return np.eye(n)
    # Dealt round arm by arm, so that each group has its share of every arm.
    group = np.empty(n, dtype=int)
    group[np.argsort(trial.arm, kind="stable")] = np.arange(n) % _GROUPS
    return (group == np.arange(_GROUPS)[:, None]).astype(float)


def _check_same(trial: Trial, other: Trial) -> None:
    """Refuse fits of other data."""
    same = trial.subjects.equals(other.subjects) and np.array_equal(
        trial.outcome, other.outcome, equal_nan=True
    )
    if not same:
        raise ImputationError("`like` is a result of other data; leave it out")


def _repeated(trial: Trial, model: ImputationModel) -> Repeated:
    """Fit the model to all subjects and without each group."""
    likelihood, left_out = model.likelihood, _left_out(trial)
    full = refit(likelihood, weighted_sums(likelihood, np.ones((1, model.fitted.size))))
    modelled = left_out[:, model.fitted]
    # A subject who never had an outcome is not in the model, which stays as it is.
    changed = np.flatnonzero(modelled.any(axis=1)) if trial.missing.any() else np.zeros(0, np.intp)
    sigma, beta = [full.sigma], [full.beta]
    step = max(1, min(len(changed), _BATCH_BYTES // likelihood.n_bytes))
    for start in range(0, len(changed), step):
        some = changed[start : start + step]
        fits = refit(likelihood, weighted_sums(likelihood, 1.0 - modelled[some]))
        if not fits.converged.all():
            who = trial.subjects[int(np.argmax(left_out[some[~fits.converged][0]]))]
            raise ImputationError(
                f"without subject {who!r} the imputation model cannot be fitted, so there is no "
                "jackknife; use a smaller formula, or a simpler covariance such as 'toeph' or 'cs'"
            )
        sigma.append(fits.sigma)
        beta.append(fits.beta)
    return Repeated(model, left_out, np.concatenate(sigma), np.concatenate(beta), changed)


def _filled(imputer: Imputer, repeated: Repeated) -> tuple[Array, Array]:
    """Impute with all subjects (1, h), and with each group left out of the model (G, h)."""
    n_groups = len(repeated.left_out)
    if not imputer.n_holes:
        return np.zeros((1, 0)), np.zeros((n_groups, 0))
    every = imputer.impute(repeated.sigma, repeated.beta)
    replicates = np.tile(every[:1], (n_groups, 1))
    replicates[repeated.changed] = every[1:]
    return every[:1], replicates


def _estimates(
    trial: Trial, design: AnalysisDesign, filled: Array, replicates: Array, left_out: Array
) -> JackknifeShift:
    n, m, a, g = len(trial.subjects), len(trial.visits), len(trial.arms), len(left_out)
    x = design.matrix
    k, q = 2 * a - 1, x.shape[1]
    estimate, slope = np.empty((m, k)), np.empty((m, k, a))
    replicate, replicate_slope = np.empty((g, m, k)), np.empty((g, m, k, a))
    rows = _functionals(design)
    squares = (x[:, :, None] * x[:, None, :]).reshape(n, -1)
    without = design.crossed - (left_out @ squares).reshape(g, q, q)
    if np.linalg.cond(without).max() > 1e14:
        group = int(np.argmax(np.linalg.cond(without)))
        who = trial.subjects[int(np.argmax(left_out[group]))]
        raise ImputationError(
            f"without subject {who!r} the analysis cannot be made: nobody else has the same "
            "covariate level or arm; merge levels of the covariate"
        )
    # Covariates are centred at the mean of all; the others' mean is minus the sum of those left
    # out over the number of the others.
    means = np.repeat(rows[None], g, axis=0)
    others_n = n - left_out.sum(axis=1)
    means[:, a - 1 :, a:] = -(left_out @ x[:, a:] / others_n[:, None])[:, None, :]
    for j, holes in enumerate(holes_by_visit(trial)):
        marks = holes.indicators(trial)
        y = completed(trial, j, holes, filled)[0]
        estimate[j] = rows @ (design.inverse @ (x.T @ y))
        slope[j] = rows @ (design.inverse @ (x.T @ marks))
        others = completed(trial, j, holes, replicates) * (1.0 - left_out)
        own = (x[:, :, None] * marks[:, None, :]).reshape(n, -1)
        marked = (x.T @ marks)[None] - (left_out @ own).reshape(g, q, -1)
        right = np.concatenate([(others @ x)[:, :, None], marked], axis=2)
        solved = means @ np.linalg.solve(without, right)
        replicate[:, j], replicate_slope[:, j] = solved[:, :, 0], solved[:, :, 1:]
    return JackknifeShift(estimate, slope, replicate, replicate_slope)


def _functionals(design: AnalysisDesign) -> Array:
    """Rows (2a - 1, q): contrasts against the control, then means."""
    means = design.mean_rows()
    return np.concatenate([means[1:] - means[0], means])
