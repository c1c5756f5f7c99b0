"""How often each analysis is right, wrong and how far off, over many simulated trials."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from alsutils.stats.batches import run_batches
from alsutils.stats.patients import Scenario
from alsutils.stats.power.analyses import ANALYSES
from alsutils.stats.power.store import BatchStore
from alsutils.stats.power.trials import (
    Truth,
    is_null,
    simulate_trials,
    true_differences,
)

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

PATIENTS = 4_000  # simulated together; part of what a seed means, like the order of the draws
# Patients in an arm from whom the truth is found: its error must be small beside that of the bias.
FEWEST, PER_TRIAL = 20_000, 20
_KEPT = ("estimate", "std_error", "p_value", "conf_low", "conf_high")
_INTERVAL = float(stats.norm.ppf(0.975))


@dataclass(frozen=True, eq=False)
class OperatingCharacteristics:
    """What a scenario's trials come to under each analysis.

    Attributes
    ----------
    frame : DataFrame
        One row an analysis, contrast and measure: ``analysis`` (key), ``label``, ``contrast``,
        ``arm``, ``measure``, ``estimate``, ``std_error`` (Monte Carlo), ``conf_low``, ``conf_high``
        (95% Monte Carlo interval), ``trials`` (that were simulated) and ``failed`` (those in which
        the analysis gave nothing; they count as not significant, and not at all in the other
        measures). Measures are ``type I error`` where the arm's treatment does nothing, else
        ``power`` (p at or below alpha); ``bias`` and ``coverage`` against ``true difference``;
        ``mean estimate``, ``SD of estimates``, ``mean standard error``; ``expected n`` (patients
        who enter the analysis).
    scenario : Scenario
        What was simulated.
    alpha : float
        Two-sided level.
    trials : ndarray, shape (trials, analyses, treated arms, 5)
        ``estimate``, ``std_error``, ``p_value``, ``conf_low`` and ``conf_high`` of every trial.
    """

    frame: pd.DataFrame
    scenario: Scenario
    alpha: float
    trials: Floats

    def measure(self, analysis: str, measure: str, arm: str | None = None) -> pd.Series:
        """Give the row of one measure; of the first treated arm where no arm is named."""
        rows = self.frame[(self.frame["analysis"] == analysis) & (self.frame["measure"] == measure)]
        if arm is not None:
            rows = rows[rows["arm"] == arm]
        if rows.empty:
            raise KeyError(f"no {measure!r} of {analysis!r} here")
        return rows.iloc[0]


@dataclass(frozen=True)
class _Plan:
    """All that a batch depends on beside its number."""

    scenario: Scenario
    analyses: tuple[str, ...]
    seed: int
    alpha: float

    @property
    def batch(self) -> int:
        """Trials simulated together."""
        return max(1, PATIENTS // self.scenario.n)

    @property
    def key(self) -> str:
        """Name the batches of this plan, and of this version of the code, in a store."""
        settings = (asdict(self.scenario), self.analyses, self.seed, self.alpha, self.batch)
        return hashlib.sha256(repr((version("alsutils"), settings)).encode()).hexdigest()


def operating_characteristics(
    scenario: Scenario,
    analyses: Sequence[str] = tuple(ANALYSES),
    n_trials: int = 10_000,
    seed: int = 1,
    *,
    alpha: float = 0.05,
    jobs: int = 1,
    cluster: str | None = None,
    store: Path | None = None,
    progress: Progress | None = None,
) -> OperatingCharacteristics:
    """Simulate a scenario's trials and analyse each in several ways.

    Parameters
    ----------
    scenario : Scenario
        One trial.
    analyses : sequence of str
        Keys of ``ANALYSES``: ``t_test``, ``ancova``, ``mmrm``, ``slope``, ``joint_rank``,
        ``log_rank``.
    n_trials : int
        Trials to simulate.
    seed : int
        0 or more. The same seed gives the same rows, wherever and by however many workers they are
        made; more trials begin with the same ones.
    alpha : float
        Two-sided level of the tests; intervals have the level 1 - alpha.
    jobs : int
        Processes on this machine.
    cluster : str or None
        Address of a Dask scheduler that takes the place of this machine's processes.
    store : Path or None
        File that keeps finished batches, from which a stopped run goes on.
    progress : callable or None
        Called with the trials done and the trials in all after each batch.

    Returns
    -------
    OperatingCharacteristics
        With a Monte Carlo error beside each figure.

    Raises
    ------
    ValueError
        If an analysis is unknown or needs more visits, or a number cannot be used.
    ClusterError
        If the cluster cannot be used.

    References
    ----------
    Morris TP, White IR, Crowther MJ. Using simulation studies to evaluate statistical methods. Stat
    Med 2019;38:2074-2102. doi:10.1002/sim.8086
    """
    _check(scenario, analyses, n_trials, seed, alpha)
    plan = _Plan(scenario, tuple(analyses), seed, alpha)
    numbers = range(-(-n_trials // plan.batch))
    with BatchStore(store, plan.key) as kept:
        missing = sorted(set(numbers) - kept.numbers())
        done = len(numbers) - len(missing)
        for number, batch in run_batches(partial(_simulated, plan), missing, jobs, cluster):
            kept.add(number, batch)
            done += 1
            if progress is not None:
                progress(min(done * plan.batch, n_trials), n_trials)
        trials = np.concatenate(list(kept.batches(numbers)))[:n_trials]
    truths = true_differences(scenario, seed, max(FEWEST, PER_TRIAL * n_trials))
    return OperatingCharacteristics(
        _summary(plan, trials, truths), scenario, alpha, trials[..., : len(_KEPT)]
    )


def _check(
    scenario: Scenario, analyses: Sequence[str], n_trials: int, seed: int, alpha: float
) -> None:
    unknown = [name for name in analyses if name not in ANALYSES]
    if unknown or not analyses:
        raise ValueError(
            f"analyses must be some of {', '.join(ANALYSES)}; got {', '.join(unknown) or 'none'}"
        )
    if len(set(analyses)) < len(analyses):
        raise ValueError(f"analyses must be named once each, got {', '.join(analyses)}")
    visits = sum(month > 0 for month in scenario.months)
    for name in analyses:
        if visits < ANALYSES[name].least_visits:
            raise ValueError(
                f"{name} needs {ANALYSES[name].least_visits} visits after baseline, and this "
                f"scenario has {visits}"
            )
    if n_trials < 1:
        raise ValueError(f"n_trials must be 1 or more, not {n_trials}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, not {seed}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")


def _simulated(plan: _Plan, number: int) -> Floats:
    """Simulate and analyse one batch, shape (trials, analyses, treated arms, columns and n)."""
    rng = np.random.default_rng(np.random.SeedSequence(plan.seed, spawn_key=(number,)))
    trials = simulate_trials(plan.scenario, plan.batch, rng)
    found = []
    for name in plan.analyses:
        estimates = ANALYSES[name].estimate(trials, 1 - plan.alpha)
        columns = [getattr(estimates, column) for column in _KEPT]
        columns.append(np.broadcast_to(estimates.n[:, None], columns[0].shape))
        found.append(np.stack(columns, axis=-1))
    return np.stack(found, axis=1)


def _summary(plan: _Plan, trials: Floats, truths: Sequence[Truth]) -> pd.DataFrame:
    """Sum up the trials of each analysis and arm in tidy rows."""
    control, *treated = plan.scenario.arms
    rows = []
    for i, name in enumerate(plan.analyses):
        for j, arm in enumerate(treated):
            null = is_null(plan.scenario, j + 1)
            truth = ANALYSES[name].truth(truths[j])
            own = trials[:, i, j]
            shared: dict[str, object] = {
                "analysis": name,
                "label": ANALYSES[name].label,
                "contrast": f"{arm} vs {control}",
                "arm": arm,
                "trials": len(own),
                "failed": int(np.isnan(own[:, 2]).sum()),
            }
            measured = _measures(own, truth, plan.alpha, "type I error" if null else "power")
            rows += [shared | row for row in measured]
    frame = pd.DataFrame(rows)
    half = _INTERVAL * frame["std_error"]
    frame["conf_low"], frame["conf_high"] = frame["estimate"] - half, frame["estimate"] + half
    shares = frame["measure"].isin(["power", "type I error", "coverage"])
    limits = ["conf_low", "conf_high"]
    frame.loc[shares, limits] = [
        _share_limits(row.estimate, row.valid) for row in frame[shares].itertuples()
    ]
    order = ["analysis", "label", "contrast", "arm", "measure", "estimate", "std_error", *limits]
    return frame[[*order, "trials", "failed"]]


def _measures(own: Floats, truth: float, alpha: float, power: str) -> list[dict[str, object]]:
    """Sum up one analysis of one arm; own has the columns kept and n."""
    estimate, error, p_value, low, high, n = own.T
    valid = ~np.isnan(p_value)
    found = estimate[valid]
    spread = float(found.std(ddof=1)) if len(found) > 1 else np.nan
    rows: dict[str, dict[str, object]] = {
        power: _share(np.where(valid, p_value, 1.0) <= alpha),
        "bias": _mean(found - truth),
        "coverage": _share((low[valid] <= truth) & (truth <= high[valid])),
        "true difference": {"estimate": truth, "std_error": np.nan},
        "mean estimate": _mean(found),
        "SD of estimates": {
            "estimate": spread,
            "std_error": spread / np.sqrt(2 * max(len(found) - 1, 1)),
        },
        "mean standard error": _mean(error[valid]),
        "expected n": _mean(n),
    }
    if np.isnan(truth):
        rows["coverage"] = _share(valid[:0])
    return [{"measure": measure, **row} for measure, row in rows.items()]


def _mean(values: Floats) -> dict[str, object]:
    """Give a mean with its error; missing without values."""
    if not len(values):
        return {"estimate": np.nan, "std_error": np.nan}
    spread = float(values.std(ddof=1)) if len(values) > 1 else np.nan
    return {"estimate": float(values.mean()), "std_error": spread / np.sqrt(len(values))}


def _share(hits: NDArray[np.bool_]) -> dict[str, object]:
    if not len(hits):
        return {"estimate": np.nan, "std_error": np.nan, "valid": 0}
    share, n = float(hits.mean()), len(hits)
    return {"estimate": share, "std_error": float(np.sqrt(share * (1 - share) / n)), "valid": n}


def _share_limits(share: float, n: float) -> tuple[float, float]:
    """Give Wilson's limits, which do not shrink to nothing at a share of 0 or 1."""
    if not n > 0:
        return np.nan, np.nan
    low, high = proportion_confint(share * n, n, method="wilson")
    return float(low), float(high)
