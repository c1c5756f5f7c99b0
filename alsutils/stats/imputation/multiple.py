"""Multiple imputation by approximate Bayesian draws."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alsutils.stats.imputation.conditional import Imputer
from alsutils.stats.imputation.conditional_mean import imputed_frame
from alsutils.stats.imputation.covariance_analysis import (
    AnalysisDesign,
    analysis_design,
    completed,
    holes_by_visit,
)
from alsutils.stats.imputation.draws import Draws, bootstrap_draws, normal_draws
from alsutils.stats.imputation.model import ImputationModel, fit_model
from alsutils.stats.imputation.rubin import check_level
from alsutils.stats.imputation.shift import RubinShift, contrast_frame, mean_frame
from alsutils.stats.imputation.trial import (
    Array,
    Columns,
    ImputationError,
    Trial,
    delta_of,
    lay_out,
    reference_of,
    strategy_of,
)

DrawMethod = Literal["bootstrap", "normal"]
# Fixed, so that the same numbers come out whatever the number of workers.
_BATCH = 125


@dataclass(frozen=True)
class MultipleImputation:
    """Arms compared after multiple imputation.

    Attributes
    ----------
    frame : DataFrame
        One row a visit and treated arm: ``visit``, ``arm``, ``estimate`` (arm less control),
        ``std_error`` (Rubin), ``df`` (Barnard and Rubin; those of the complete data at a visit
        where nothing is missing), ``statistic``, ``p_value``, ``conf_low``, ``conf_high``,
        ``method``.
    means : DataFrame
        The same columns for the mean of each arm at average covariates.
    imputed : DataFrame
        One row a missing outcome: ``subject``, ``arm``, ``visit``, ``strategy``, ``after_event``
        (false for a gap), ``value`` (mean of its imputed values, delta included).
    draws : DataFrame
        One row an imputation, visit and treated arm: ``imputation``, ``visit``, ``arm``,
        ``estimate`` (delta included).
    n_subjects, n_imputed, n_imputations : int
        Subjects analysed, missing outcomes, completed data sets.
    n_redrawn : int
        Bootstrap samples that were drawn again because the model could not be fitted to them.
    conf_level : float
        Coverage of the intervals.
    """

    frame: pd.DataFrame
    means: pd.DataFrame
    imputed: pd.DataFrame
    draws: pd.DataFrame
    n_subjects: int
    n_imputed: int
    n_imputations: int
    n_redrawn: int
    conf_level: float
    _trial: Trial = field(repr=False)
    _shift: RubinShift = field(repr=False)
    _delta: Array = field(repr=False)
    _method: str = field(repr=False)
    _filled: Array = field(repr=False)

    def completed(self, imputation: int) -> pd.DataFrame:
        """Return one completed data set: subject, arm, visit, value, imputed (whether it is).

        Parameters
        ----------
        imputation : int
            1 to the number of imputations.

        Returns
        -------
        DataFrame
            One row a subject and visit.
        """
        if not 1 <= imputation <= self.n_imputations:
            raise ImputationError(
                f"imputations are numbered 1 to {self.n_imputations}; got {imputation}"
            )
        trial = self._trial
        n, m = trial.outcome.shape
        value, gone = trial.outcome.copy(), trial.missing
        who, when = np.nonzero(gone)
        value[gone] = self._filled[imputation - 1] + self._delta[trial.arm[who], when]
        return pd.DataFrame(
            {
                "subject": np.repeat(trial.subjects.to_numpy(), m),
                "arm": pd.Categorical.from_codes(np.repeat(trial.arm, m), list(trial.arms)),
                "visit": pd.Categorical.from_codes(
                    np.tile(np.arange(m), n), list(trial.visits), ordered=True
                ),
                "value": value.ravel(),
                "imputed": gone.ravel(),
            }
        )


def multiple_imputation(
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
    n_imputations: int = 1000,
    draw: DrawMethod = "bootstrap",
    seed: int = 1,
    workers: int = 1,
    conf_level: float = 0.95,
) -> MultipleImputation:
    """Impute missing outcomes many times, analyse each completed data set, and pool.

    Each imputation first draws the parameters of the imputation model, then the missing outcomes
    given these parameters, the observed outcomes and the strategy. Every completed data set is
    analysed by analysis of covariance at each visit; Rubin's rules make one answer of them.

    Two ways to draw the parameters approximate their posterior distribution:

    ``"bootstrap"``
        Subjects are drawn with replacement within each arm and the model is fitted to them by
        restricted maximum likelihood (Little and Rubin's approximate Bayesian bootstrap of the
        parameters; ``method_approxbayes`` of R's rbmi). It makes no assumption on the shape of
        the posterior, and costs one fit an imputation.
    ``"normal"``
        The covariance parameters (logarithms of standard deviations and a factor of the
        correlation, so that any draw is a covariance matrix) come from the normal distribution
        around their estimate with the inverse observed information as covariance, and the
        coefficients from their exact normal posterior given that matrix. It needs one fit in
        all. Justified where the likelihood of the covariance parameters is about normal: with
        some ten subjects for each of them. It understates the right tail of variances below that.

    With reference-based strategies Rubin's standard error does not estimate the spread over
    repeated trials but keeps the information lost to missing data that MAR would have lost
    ("information-anchored"); the jackknife of :func:`conditional_mean_imputation` does estimate
    that spread, and is mostly the smaller of the two.

    Parameters
    ----------
    data, outcome, subject, visit, arm, covariates, strategy, reference, delta, formula, covariance
        As for :func:`conditional_mean_imputation`.
    n_imputations : int
        Number m of completed data sets, at least 2.
    draw : {"bootstrap", "normal"}
        How parameters are drawn.
    seed : int
        Of the random numbers. The same seed gives the same result whatever the number of
        workers, the order of the rows and the names of the arms.
    workers : int
        Threads.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    MultipleImputation

    Raises
    ------
    ImputationError
        Naming what is wrong with the data or an option, or if the model cannot be fitted to most
        bootstrap samples.
    MMRMError
        If the imputation model cannot be fitted at all.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG. Analysis of longitudinal trials with protocol deviation.
    J Biopharm Stat 2013;23:1352-1371. doi:10.1080/10543406.2013.834911
    Little RJA, Rubin DB. Statistical Analysis with Missing Data. Wiley 2002, section 10.2.3.
    Cro S, Carpenter JR, Kenward MG. Information-anchored sensitivity analysis. J R Stat Soc A
    2019;182:623-645. doi:10.1111/rssa.12423
    """
    check_level(conf_level)
    if n_imputations < 2 or workers < 1:
        raise ImputationError(
            f"n_imputations must be at least 2 and workers at least 1; got {n_imputations} and "
            f"{workers}"
        )
    if draw not in ("bootstrap", "normal"):
        raise ImputationError(f"draw must be 'bootstrap' or 'normal'; got {draw!r}")
    trial = lay_out(data, Columns(subject, visit, arm, outcome), covariates, formula)
    kinds = strategy_of(trial, strategy)
    added = delta_of(trial, delta)
    design = analysis_design(trial)
    model = fit_model(trial, formula, covariance)
    imputer = Imputer.of(trial, model, kinds, reference_of(trial, reference))
    filled, redrawn = _fill_all(trial, model, imputer, n_imputations, draw, seed, workers)
    shift = _analyse(trial, design, filled)
    named = strategy if isinstance(strategy, str) else "by subject"
    method = f"multiple imputation, {named}"
    return MultipleImputation(
        frame=contrast_frame(trial, shift, added, conf_level, method),
        means=mean_frame(trial, shift, added, conf_level, method),
        imputed=imputed_frame(trial, kinds, filled.mean(axis=0), added),
        draws=_draws_frame(trial, shift, added),
        n_subjects=len(trial.subjects),
        n_imputed=imputer.n_holes,
        n_imputations=n_imputations,
        n_redrawn=redrawn,
        conf_level=conf_level,
        _trial=trial,
        _shift=shift,
        _delta=added,
        _method=method,
        _filled=filled,
    )


def _fill_all(
    trial: Trial,
    model: ImputationModel,
    imputer: Imputer,
    n_imputations: int,
    draw: DrawMethod,
    seed: int,
    workers: int,
) -> tuple[Array, int]:
    """Impute everything, (m, h), batch by batch; each batch has its own random numbers."""
    sizes = [min(_BATCH, n_imputations - at) for at in range(0, n_imputations, _BATCH)]
    seeds = np.random.SeedSequence(seed).spawn(len(sizes))

    def one(size: int, own: np.random.SeedSequence) -> tuple[Array, int]:
        rng = np.random.default_rng(own)
        drawn: Draws
        if draw == "bootstrap":
            drawn = bootstrap_draws(trial, model, size, rng)
        else:
            drawn = normal_draws(model, size, rng)
        noise = rng.standard_normal((size, imputer.n_holes))
        return imputer.impute(drawn.sigma, drawn.beta, noise), drawn.n_redrawn

    if not imputer.n_holes:
        return np.zeros((n_imputations, 0)), 0
    if workers == 1:
        parts = [one(size, own) for size, own in zip(sizes, seeds, strict=True)]
    else:
        with ThreadPoolExecutor(workers) as pool:
            parts = list(pool.map(one, sizes, seeds))
    return np.concatenate([part[0] for part in parts]), sum(part[1] for part in parts)


def _analyse(trial: Trial, design: AnalysisDesign, filled: Array) -> RubinShift:
    """Analysis of covariance of every completed data set, and its answer to deltas."""
    size, m, a = len(filled), len(trial.visits), len(trial.arms)
    x = design.matrix
    means = design.mean_rows()
    rows = np.concatenate([means[1:] - means[0], means])
    solve = design.inverse @ x.T
    estimates = np.empty((size, m, len(rows)))
    slope = np.empty((m, len(rows), a))
    squares, crossed = np.empty((size, m)), np.empty((size, m, a))
    curvature = np.empty((m, a, a))
    counts: NDArray[np.float64] = np.zeros(m)
    for j, holes in enumerate(holes_by_visit(trial)):
        marks = holes.indicators(trial)
        y = completed(trial, j, holes, filled)
        coefficients = y @ solve.T
        residual = y - coefficients @ x.T
        estimates[:, j] = coefficients @ rows.T
        slope[j] = rows @ (solve @ marks)
        squares[:, j] = np.einsum("bi,bi->b", residual, residual)
        crossed[:, j] = residual @ marks
        curvature[j] = marks.T @ (marks - x @ (solve @ marks))
        counts[j] = holes.number.size
    return RubinShift(
        estimates=estimates,
        slope=slope,
        squares=squares,
        crossed=crossed,
        curvature=curvature,
        leverage=np.einsum("kq,qr,kr->k", rows, design.inverse, rows),
        df=design.df,
        n_holes=counts,
    )


def _draws_frame(trial: Trial, shift: RubinShift, delta: Array) -> pd.DataFrame:
    """List the estimate of every imputation, visit and treated arm."""
    size, m, _ = shift.estimates.shape
    k = len(trial.arms) - 1
    values = shift.estimates[:, :, :k] + np.einsum("vka,av->vk", shift.slope[:, :k], delta)
    visit = np.tile(np.repeat(np.arange(m), k), size)
    return pd.DataFrame(
        {
            "imputation": np.repeat(np.arange(1, size + 1), m * k),
            "visit": pd.Categorical.from_codes(visit, list(trial.visits), ordered=True),
            "arm": pd.Categorical.from_codes(
                np.tile(np.arange(1, k + 1), size * m), list(trial.arms)
            ),
            "estimate": values.ravel(),
        }
    )
