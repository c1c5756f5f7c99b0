"""What a common cause of mediator and outcome that nobody measured would do to the effects."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from alsutils.stats.mediation.models import Fits, Trial, fit_samples

Floats = NDArray[np.float64]

_RHOS = tuple(np.round(np.linspace(-0.95, 0.95, 39), 2).tolist())
_ARMS = {"indirect": 0.5, "indirect_control": 0.0, "indirect_treated": 1.0}


@dataclass(frozen=True)
class MediationSensitivity:
    """The indirect effect under more and more unmeasured confounding.

    Attributes
    ----------
    frame : DataFrame
        One row an ``effect`` ("indirect", "indirect_control", "indirect_treated") and ``rho``:
        ``estimate``, ``conf_low`` and ``conf_high`` (bootstrap percentiles).
    zero : DataFrame
        One row an ``effect``: ``rho`` at which it is 0, ``r2_residual`` (product of the shares of
        the two residual variances that the common cause would explain) and ``r2_total`` (of the two
        total variances).
    n : int
        Patients in the models.
    """

    frame: pd.DataFrame
    zero: pd.DataFrame
    n: int


def mediation_sensitivity(
    outcome: ArrayLike,
    mediator: ArrayLike,
    treated: ArrayLike,
    rng: np.random.Generator,
    covariates: ArrayLike | None = None,
    interaction: bool = True,
    rhos: Sequence[float] = _RHOS,
    n_resamples: int = 2000,
    conf_level: float = 0.95,
) -> MediationSensitivity:
    """Recompute the indirect effect were the errors of the two models correlated.

    A cause of both mediator and outcome that is in neither model makes the errors of the models go
    together, by a correlation rho that the data cannot tell. For each rho there is one indirect
    effect; at 0 it is that of `mediation`. The question is how large a rho takes it to nothing.

    Parameters
    ----------
    outcome, mediator, treated, covariates, interaction
        As in `mediation`.
    rng : Generator
        Source of random numbers.
    rhos : sequence of float
        Correlations between -1 and 1, limits not included.
    n_resamples : int
        Bootstrap samples, drawn within arms.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    MediationSensitivity
        The maximum-likelihood estimate at each rho, the same rho in both arms.

    Raises
    ------
    MediationError, ValueError
        As in `mediation`, or if a correlation is not between -1 and 1.

    References
    ----------
    Imai K, Keele L, Yamamoto T. Identification, inference and sensitivity analysis for causal
    mediation effects. Stat Sci 2010;25:51-71. doi:10.1214/10-STS321
    """
    grid = np.asarray(rhos, float)
    if not (np.abs(grid) < 1).all():
        raise ValueError("every rho must lie between -1 and 1")
    trial = Trial.read(outcome, mediator, treated, covariates, interaction)
    n = len(trial.outcome)
    fit = fit_samples(trial, np.arange(n)[None], interaction)
    samples = fit_samples(trial, trial.samples(rng, n_resamples), interaction)
    tails = [(1 - conf_level) / 2, (1 + conf_level) / 2]
    parts, zeros = [], []
    for effect, share in _ARMS.items():
        replicates = _indirect(samples, share, grid)
        known = np.isfinite(replicates).all(axis=1)
        low, high = np.quantile(replicates[known], tails, axis=0)
        parts.append(
            pd.DataFrame(
                {
                    "effect": effect,
                    "rho": grid,
                    "estimate": _indirect(fit, share, grid)[0],
                    "conf_low": low,
                    "conf_high": high,
                }
            )
        )
        zeros.append({"effect": effect, **_zero(trial, fit, share)})
    return MediationSensitivity(pd.concat(parts, ignore_index=True), pd.DataFrame(zeros), n)


def _indirect(fits: Fits, share: float, rhos: Floats) -> Floats:
    """Indirect effect of every sample at every rho; ``share`` is that of the interaction.

    Given the mediator, a correlation rho of the errors adds rho sd(outcome) / sd(mediator) to the
    slope, where the residual of the outcome has left sqrt(1 - rho^2) of its error's spread.
    """
    slope = fits.on_outcome[:, 2] + share * fits.on_outcome[:, 3]
    spread = fits.spread_outcome / fits.spread_mediator
    bias = rhos / np.sqrt(1 - rhos**2)
    return np.asarray(fits.on_mediator[:, 1, None] * (slope[:, None] - spread[:, None] * bias))


def _zero(trial: Trial, fit: Fits, share: float) -> dict[str, float]:
    """Where the indirect effect is 0, as a correlation and as shares of variance."""
    slope = float(fit.on_outcome[0, 2] + share * fit.on_outcome[0, 3])
    ratio = slope * float(fit.spread_mediator[0] / fit.spread_outcome[0])
    rho = ratio / np.sqrt(1 + ratio**2)
    left = (fit.spread_mediator[0] ** 2 / trial.mediator.var()) * (
        fit.spread_outcome[0] ** 2 / trial.outcome.var()
    )
    return {"rho": rho, "r2_residual": rho**2, "r2_total": float(rho**2 * left)}
