"""Natural direct and indirect effects of a randomised treatment."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alsutils.stats.mediation.models import Fits, MediationError, Trial, fit_samples

Floats = NDArray[np.float64]
Interval = Literal["delta", "bootstrap"]

EFFECTS = (
    "total",
    "indirect",
    "direct",
    "proportion",
    "indirect_control",
    "indirect_treated",
    "direct_control",
    "direct_treated",
)
"""Effects in the order of the table."""

__all__ = ["EFFECTS", "Mediation", "MediationError", "mediation"]


@dataclass(frozen=True)
class Mediation:
    """How much of a treatment's effect goes by way of a mediator, if nothing was overlooked.

    Attributes
    ----------
    frame : DataFrame
        One row an ``effect``, in the unit of the outcome but for the proportion: "total";
        "indirect" (by way of the mediator) and "direct" (the rest), each the mean of its two forms;
        "proportion" (indirect over total); "indirect_control" (what the mediator's change would do
        to patients on control), "indirect_treated", "direct_control" (what treatment would do were
        the mediator as it is on control), "direct_treated". ``estimate``, ``std_error``,
        ``statistic``, ``p_value``, ``conf_low``, ``conf_high``.
    paths : DataFrame
        One row a ``path`` of the two regressions: "treatment on mediator", "mediator on outcome"
        (in the control arm, where there is an interaction), "treatment by mediator" (missing
        without one) and "treatment on outcome" (at the mean of the mediator), with Student's t.
    interval : {"delta", "bootstrap"}
        How errors and limits were found.
    n, n_dropped : int
        Patients in the models, and patients left out for a missing value.
    undefined : int
        Bootstrap samples left out because they determine no effects.
    """

    frame: pd.DataFrame
    paths: pd.DataFrame
    interval: Interval
    n: int
    n_dropped: int
    undefined: int


def mediation(
    outcome: ArrayLike,
    mediator: ArrayLike,
    treated: ArrayLike,
    covariates: ArrayLike | None = None,
    interaction: bool = True,
    interval: Interval = "delta",
    rng: np.random.Generator | None = None,
    n_resamples: int = 4000,
    conf_level: float = 0.95,
    resamples: ArrayLike | None = None,
) -> Mediation:
    """Split the effect of a treatment into a part by way of a mediator and a part around it.

    Two linear models: the mediator on the arm, the outcome on the arm, the mediator and their
    product; both with the covariates. Randomisation protects the effect on the mediator and the
    total effect. The split rests on more: that nothing else moves both mediator and outcome, and
    nothing that treatment changes. No trial can check that; see `mediation_sensitivity`.

    Parameters
    ----------
    outcome, mediator : array_like, shape (n,)
        Such as the change in function and the log change of an analyte.
    treated : array_like of bool, shape (n,)
        Who is in the treated arm.
    covariates : array_like, shape (n, q), optional
        From before the treatment, as numbers.
    interaction : bool
        Whether the slope on the mediator may differ between the arms.
    interval : {"delta", "bootstrap"}
        Errors by the delta method and normal limits, or percentiles of samples drawn within arms.
    rng : Generator
        For "bootstrap".
    n_resamples : int
        For "bootstrap".
    conf_level : float
        Level of the intervals.
    resamples : array_like of int, shape (b, n), optional
        Samples to use instead, as positions from 0 among the complete patients.

    Returns
    -------
    Mediation
        Effects are those of a patient with the mean covariates.

    Raises
    ------
    MediationError
        If the complete patients are too few, or mediator, arm and covariates determine each other.
    ValueError
        If the lengths differ or an argument does not fit.

    References
    ----------
    Imai K, Keele L, Tingley D. A general approach to causal mediation analysis. Psychol Methods
    2010;15:309-334. doi:10.1037/a0020761. VanderWeele TJ, Vansteelandt S. Conceptual issues
    concerning mediation, interventions and composition. Stat Interface 2009;2:457-468. Pearl J.
    Direct and indirect effects. Proc 17th Conf Uncertainty in Artificial Intelligence 2001:411-420.
    """
    if interval not in get_args(Interval):
        raise ValueError(f"interval must be one of {get_args(Interval)}, not {interval!r}")
    if interval == "bootstrap" and rng is None and resamples is None:
        raise ValueError("the bootstrap needs random numbers: give rng=numpy.random.default_rng(1)")
    trial = Trial.read(outcome, mediator, treated, covariates, interaction)
    n = len(trial.outcome)
    fit = fit_samples(trial, np.arange(n)[None], interaction)
    estimate = _effects(fit)[0]
    undefined = 0
    if interval == "delta":
        std_error = _delta_errors(trial, fit, interaction)
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = estimate / std_error
        reach = stats.norm.ppf((1 + conf_level) / 2) * std_error
        low, high = estimate - reach, estimate + reach
        p = 2 * stats.norm.sf(np.abs(statistic))
    else:
        samples = np.asarray(resamples, dtype=np.intp) if resamples is not None else None
        if samples is None:
            assert rng is not None
            samples = trial.samples(rng, n_resamples)
        replicates = _effects(fit_samples(trial, samples, interaction))
        defined = np.isfinite(replicates).all(axis=1)
        replicates, undefined = replicates[defined], int((~defined).sum())
        std_error = replicates.std(axis=0, ddof=1)
        statistic = np.full(len(EFFECTS), np.nan)
        tails = [(1 - conf_level) / 2, (1 + conf_level) / 2]
        low, high = np.quantile(replicates, tails, axis=0)
        p = _bootstrap_p(replicates)
    frame = pd.DataFrame(
        {
            "effect": EFFECTS,
            "estimate": estimate,
            "std_error": std_error,
            "statistic": statistic,
            "p_value": p,
            "conf_low": low,
            "conf_high": high,
        }
    )
    paths = _paths(trial, interaction, conf_level)
    return Mediation(frame, paths, interval, n, trial.n_dropped, undefined)


def _effects(fits: Fits) -> Floats:
    """Effects of every sample in the order of EFFECTS, shape (b, 8)."""
    a0, a1 = fits.on_mediator[:, 0], fits.on_mediator[:, 1]
    _, b1, b2, b3 = fits.on_outcome.T
    indirect = [a1 * b2, a1 * (b2 + b3)]
    direct = [b1 + b3 * a0, b1 + b3 * (a0 + a1)]
    total = direct[0] + indirect[1]
    mean_indirect, mean_direct = sum(indirect) / 2, sum(direct) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        share = mean_indirect / total
    return np.column_stack([total, mean_indirect, mean_direct, share, *indirect, *direct])


def _delta_errors(trial: Trial, fit: Fits, interaction: bool) -> Floats:
    """Give standard errors from the covariances of the two models, which are independent."""
    a0, a1 = fit.on_mediator[0, :2]
    _, b1, b2, b3 = fit.on_outcome[0]
    # Derivatives by a0, a1 and by b1, b2, b3.
    indirect = np.array([[0, b2, 0, a1, 0], [0, b2 + b3, 0, a1, a1]])
    direct = np.array([[b3, 0, 1, 0, a0], [b3, b3, 1, 0, a0 + a1]])
    total = direct[0] + indirect[1]
    value = b1 + b3 * a0 + a1 * (b2 + b3)
    mean_indirect = a1 * (b2 + b3 / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (indirect.mean(axis=0) - mean_indirect / value * total) / value
    gradient = np.vstack(
        [total, indirect.mean(axis=0), direct.mean(axis=0), share, indirect, direct]
    )
    first = _covariance(trial.mediator_design(), trial.mediator)[:2, :2]
    second = np.zeros((3, 3))
    width = 3 if interaction else 2
    second[:width, :width] = _covariance(trial.design(interaction), trial.outcome)[
        1 : 1 + width, 1 : 1 + width
    ]
    left, right = gradient[:, :2], gradient[:, 2:]
    variance = ((left @ first) * left).sum(axis=1) + ((right @ second) * right).sum(axis=1)
    return np.asarray(np.sqrt(variance))


def _covariance(X: Floats, y: Floats) -> Floats:
    """Covariance of least-squares coefficients."""
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    spread = ((y - X @ beta) ** 2).sum() / (len(y) - X.shape[1])
    return np.asarray(spread * np.linalg.inv(X.T @ X))


def _paths(trial: Trial, interaction: bool, conf_level: float) -> pd.DataFrame:
    """Give the coefficients that the effects are made of."""
    wanted = [
        ("treatment on mediator", trial.mediator_design(), trial.mediator, 1),
        ("mediator on outcome", trial.design(interaction), trial.outcome, 2),
        ("treatment by mediator", trial.design(interaction), trial.outcome, 3),
        ("treatment on outcome", trial.design(interaction), trial.outcome, 1),
    ]
    rows: list[dict[str, object]] = []
    for name, X, y, at in wanted:
        if at == 3 and not interaction:
            rows.append({"path": name})
            continue
        beta = np.linalg.lstsq(X, y, rcond=None)[0][at]
        error = float(np.sqrt(_covariance(X, y)[at, at]))
        df = len(y) - X.shape[1]
        t = float(beta / error) if error > 0 else np.nan
        reach = float(stats.t.ppf((1 + conf_level) / 2, df)) * error
        rows.append(
            {
                "path": name,
                "estimate": float(beta),
                "std_error": error,
                "df": float(df),
                "statistic": t,
                "p_value": float(2 * stats.t.sf(abs(t), df)),
                "conf_low": float(beta - reach),
                "conf_high": float(beta + reach),
            }
        )
    return pd.DataFrame(rows)


def _bootstrap_p(replicates: Floats) -> Floats:
    """Twice the smaller share of replicates beyond 0, never 0."""
    size = len(replicates) + 1
    tails = [((replicates <= 0).sum(axis=0) + 1) / size, ((replicates >= 0).sum(axis=0) + 1) / size]
    return np.asarray(np.minimum(1.0, 2 * np.minimum(*tails)))
