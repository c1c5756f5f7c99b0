"""Correlations that appear because of who was chosen to be looked at."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

_CELLS = 2_000_000  # numbers simulated at once


@dataclass(frozen=True)
class SelectedCorrelation:
    """What is found among those who did well, over many simulated trials.

    Attributes
    ----------
    frame : DataFrame
        One row a group ("everybody", "selected", "others"): ``n``, ``mean_correlation`` and
        ``found`` (share of trials whose test of no correlation is below alpha).
    claimed : float
        Share of trials in which it is found in the selected and not in the others.
    difference_found : float
        Share of trials in which Fisher's test finds that the two groups' correlations differ.
    expected : float
        Correlation among the selected of an endless trial, by a closed form; missing where the arms
        differ.
    correlations : ndarray, shape (n_trials,)
        Correlation among the selected in every trial.
    n_trials : int
        Simulated trials.
    """

    frame: pd.DataFrame
    claimed: float
    difference_found: float
    expected: float
    correlations: Floats
    n_trials: int


def selected_correlation(
    rng: np.random.Generator,
    n: int = 60,
    share: float = 0.25,
    load_x: float = 0.5,
    load_y: float = 0.5,
    arm_on_x: float = 0.0,
    arm_on_y: float = 0.0,
    arm_on_outcome: float = 0.0,
    true_correlation: float = 0.0,
    n_trials: int = 10_000,
    alpha: float = 0.05,
) -> SelectedCorrelation:
    """Correlate two variables among the patients with the best outcome, in trials made up.

    Within each arm x and y go together by ``true_correlation`` alone. Both may move with the
    outcome, and the treatment may move all three. Then those with the best outcome are picked, as
    responders are.

    Parameters
    ----------
    rng : Generator
        Source of random numbers.
    n : int
        Patients, half of them treated.
    share : float
        Share of the patients who are picked, by the outcome.
    load_x, load_y : float
        Correlation of the outcome with x and with y within an arm.
    arm_on_x, arm_on_y, arm_on_outcome : float
        Effects of the treatment, in standard deviations within an arm.
    true_correlation : float
        Of x with y within an arm; 0 where nothing is true.
    n_trials : int
        Simulated trials.
    alpha : float
        Two-sided level of each test.

    Returns
    -------
    SelectedCorrelation
        Pearson's correlations and their tests.

    Raises
    ------
    ValueError
        If a group has fewer than four patients, or the correlations are impossible together.

    References
    ----------
    Berkson J. Limitations of the application of fourfold table analysis to hospital data.
    Biometrics 1946;2:47-53. Hernán MA, Hernández-Díaz S, Robins JM. A structural approach to
    selection bias. Epidemiology 2004;15:615-625. doi:10.1097/01.ede.0000135174.63482.43
    """
    picked = round(share * n)
    if min(picked, n - picked) < 4:
        raise ValueError(f"{picked} of {n} patients are picked; each group needs four or more")
    root = _root(load_x, load_y, true_correlation)
    effects = np.array([arm_on_x, arm_on_y, arm_on_outcome])
    arm = (np.arange(n) % 2).astype(float)
    found = {name: np.empty(n_trials) for name in ("everybody", "selected", "others")}
    step = max(1, _CELLS // (3 * n))
    for start in range(0, n_trials, step):
        size = min(step, n_trials - start)
        values = rng.standard_normal((size, n, 3)) @ root.T + arm[:, None] * effects
        order = np.argsort(-values[:, :, 2], axis=1)
        ranked = np.take_along_axis(values[:, :, :2], order[:, :, None], axis=1)
        here = slice(start, start + size)
        found["everybody"][here] = _correlate(ranked)
        found["selected"][here] = _correlate(ranked[:, :picked])
        found["others"][here] = _correlate(ranked[:, picked:])
    sizes = {"everybody": n, "selected": picked, "others": n - picked}
    seen = {
        name: np.abs(r) >= critical_correlation(sizes[name], alpha) for name, r in found.items()
    }
    frame = pd.DataFrame(
        {
            "group": list(found),
            "n": list(sizes.values()),
            "mean_correlation": [float(r.mean()) for r in found.values()],
            "found": [float(s.mean()) for s in seen.values()],
        }
    )
    gap = np.arctanh(found["selected"]) - np.arctanh(found["others"])
    apart = np.abs(gap) >= stats.norm.isf(alpha / 2) * np.hypot(
        1 / np.sqrt(picked - 3), 1 / np.sqrt(n - picked - 3)
    )
    plain = not effects.any()
    return SelectedCorrelation(
        frame=frame,
        claimed=float((seen["selected"] & ~seen["others"]).mean()),
        difference_found=float(apart.mean()),
        expected=truncated_correlation(load_x, load_y, share, true_correlation)
        if plain
        else np.nan,
        correlations=found["selected"],
        n_trials=n_trials,
    )


def truncated_correlation(
    load_x: float, load_y: float, share: float, true_correlation: float = 0.0
) -> float:
    """Give the correlation of x and y among those with the highest outcome.

    Parameters
    ----------
    load_x, load_y : float
        Correlation of the outcome with x and with y among everybody.
    share : float
        Share with the highest outcome, between 0 and 1.
    true_correlation : float
        Of x with y among everybody.

    Returns
    -------
    float
        For normal variables.

    References
    ----------
    Pearson K. On the influence of natural selection on the variability and correlation of organs.
    Philos Trans R Soc A 1903;200:1-66.
    """
    cut = stats.norm.isf(share)
    mean = stats.norm.pdf(cut) / share
    # By how much picking lowers the variance of the outcome.
    lost = mean * (mean - cut)
    spread = np.sqrt((1 - lost * load_x**2) * (1 - lost * load_y**2))
    return float((true_correlation - lost * load_x * load_y) / spread)


def critical_correlation(n: int, alpha: float) -> float:
    """Give the smallest correlation of n pairs that Student's two-sided test finds at a level."""
    t = float(stats.t.isf(alpha / 2, n - 2))
    return t / float(np.sqrt(n - 2 + t**2))


def _root(load_x: float, load_y: float, rho: float) -> Floats:
    """Give a root of the correlation matrix of x, y and the outcome."""
    matrix = np.array([[1, rho, load_x], [rho, 1, load_y], [load_x, load_y, 1]], dtype=float)
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < -1e-12:
        raise ValueError("the outcome cannot go with x and y as closely as that; lower the loads")
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))


def _correlate(pairs: Floats) -> Floats:
    """Pearson's correlation in every trial; pairs has trials, patients and two variables."""
    u, v = np.moveaxis(pairs - pairs.mean(axis=1, keepdims=True), 2, 0)
    return np.asarray(
        np.einsum("tn,tn->t", u, v)
        / np.sqrt(np.einsum("tn,tn->t", u, u) * np.einsum("tn,tn->t", v, v))
    )
