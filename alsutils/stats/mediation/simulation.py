"""How often trials find a mediated effect, where there is one and where there is none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

_CELLS = 2_000_000  # numbers simulated at once


@dataclass(frozen=True)
class MediationSimulation:
    """Mediation analyses of many simulated trials.

    Attributes
    ----------
    frame : DataFrame
        One row a ``scenario`` and ``n_per_arm``: ``truth`` (the indirect effect, in standard
        deviations of the outcome's error), ``mean_estimate``, ``found`` (share of trials in which
        both paths, treatment to mediator and mediator to outcome, are below alpha), ``covered``
        (share of delta intervals that hold the truth) and ``total_found`` (share of trials in which
        the total effect is below alpha). Scenarios: "mediated"; "not mediated" (the mediator does
        nothing); "confounded" (it does nothing either, and an unmeasured cause moves both).
    n_trials : int
        Simulated trials of each kind.
    """

    frame: pd.DataFrame
    n_trials: int


def mediation_simulation(
    rng: np.random.Generator,
    n_per_arm: Sequence[int] = (30, 60, 120, 240, 480),
    treatment_on_mediator: float = 0.5,
    mediator_on_outcome: float = 0.3,
    direct: float = 0.3,
    confounding: float = 0.3,
    n_trials: int = 2000,
    alpha: float = 0.05,
) -> MediationSimulation:
    """Simulate trials with a mediator, analyse each and count what is found.

    Parameters
    ----------
    rng : Generator
        Source of random numbers.
    n_per_arm : sequence of int
        Sizes of the arms, 4 or more.
    treatment_on_mediator : float
        Effect on the mediator, in standard deviations.
    mediator_on_outcome : float
        Change in the outcome for one standard deviation of the mediator, in standard deviations of
        the outcome's error; 0 in the scenarios without mediation.
    direct : float
        Effect of treatment on the outcome around the mediator, in the same unit.
    confounding : float
        Correlation of the errors of mediator and outcome in the scenario "confounded".
    n_trials : int
        Trials of each kind.
    alpha : float
        Two-sided level of the tests.

    Returns
    -------
    MediationSimulation
        Models without interaction.

    Raises
    ------
    ValueError
        If an arm is too small or the correlation is not between -1 and 1.

    References
    ----------
    MacKinnon DP et al. A comparison of methods to test mediation and other intervening variable
    effects. Psychol Methods 2002;7:83-104 (joint significance). Fritz MS, MacKinnon DP. Required
    sample size to detect the mediated effect. Psychol Sci 2007;18:233-239.
    """
    if min(n_per_arm) < 4 or not abs(confounding) < 1:
        raise ValueError("arms need four patients or more, and confounding lies between -1 and 1")
    scenarios = {
        "mediated": (mediator_on_outcome, 0.0),
        "not mediated": (0.0, 0.0),
        "confounded": (0.0, confounding),
    }
    rows = []
    for scenario, (slope, rho) in scenarios.items():
        for n in n_per_arm:
            effects = (treatment_on_mediator, slope, direct)
            figures = _simulate(rng, n, effects, rho, n_trials, alpha)
            names = {"scenario": scenario, "n_per_arm": n, "truth": treatment_on_mediator * slope}
            rows.append({**names, **figures})
    return MediationSimulation(pd.DataFrame(rows), n_trials)


def _simulate(
    rng: np.random.Generator,
    n: int,
    effects: tuple[float, float, float],
    rho: float,
    n_trials: int,
    alpha: float,
) -> dict[str, float]:
    """Simulate and analyse trials of one kind."""
    step = max(1, _CELLS // (4 * n))
    parts = [
        _trials(rng, n, effects, rho, min(step, n_trials - start))
        for start in range(0, n_trials, step)
    ]
    a, a_error, b, b_error, total, total_error = np.concatenate(parts, axis=1)
    by_arm = float(stats.t.isf(alpha / 2, 2 * n - 2))
    by_slope = float(stats.t.isf(alpha / 2, 2 * n - 3))
    error = np.sqrt(a**2 * b_error**2 + b**2 * a_error**2)
    gap = np.abs(a * b - effects[0] * effects[1])
    found = (np.abs(a) > by_arm * a_error) & (np.abs(b) > by_slope * b_error)
    return {
        "mean_estimate": float((a * b).mean()),
        "found": float(found.mean()),
        "covered": float((gap <= stats.norm.isf(alpha / 2) * error).mean()),
        "total_found": float((np.abs(total) > by_arm * total_error).mean()),
    }


def _trials(
    rng: np.random.Generator, n: int, effects: tuple[float, float, float], rho: float, size: int
) -> Floats:
    """Effect on the mediator, slope on it and total effect, each with its error, (6, size)."""
    a, b, direct = effects
    mediator = rng.standard_normal((2, size, n))
    error = rho * mediator + np.sqrt(1 - rho**2) * rng.standard_normal((2, size, n))
    mediator[1] += a
    outcome = b * mediator + error
    outcome[1] += direct
    m_mean, y_mean = mediator.mean(axis=2), outcome.mean(axis=2)
    m, y = mediator - m_mean[:, :, None], outcome - y_mean[:, :, None]
    mm, my, yy = ((u * v).sum(axis=(0, 2)) for u, v in ((m, m), (m, y), (y, y)))
    slope = my / mm
    spread = (yy - slope * my) / (2 * n - 3)
    return np.stack(
        [
            m_mean[1] - m_mean[0],
            np.sqrt(mm / (2 * n - 2) * 2 / n),
            slope,
            np.sqrt(spread / mm),
            y_mean[1] - y_mean[0],
            np.sqrt(yy / (2 * n - 2) * 2 / n),
        ]
    )
