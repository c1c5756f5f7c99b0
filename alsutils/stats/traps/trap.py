"""What a worked example of a trap is, and how often it misleads."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from alsutils.stats.batches import run_batches
from alsutils.stats.hazards import HazardFitError, cox
from alsutils.stats.survival import checked_times, kaplan_meier


@dataclass(frozen=True, eq=False)
class Look:
    """One analysis of the patients of a trap.

    Attributes
    ----------
    analysis : str
    right : bool
        Whether it stays out of the trap.
    time, event, group : array_like
        One a row; group is a name.
    treated : str
        The group whose hazard is the numerator.
    entry : array_like, optional
        Time at which a row comes under observation.
    covariates : DataFrame, optional
        Held equal.
    """

    analysis: str
    right: bool
    time: ArrayLike
    event: ArrayLike
    group: ArrayLike
    treated: str
    entry: ArrayLike | None = None
    covariates: pd.DataFrame | None = None


@dataclass(frozen=True, eq=False)
class Trap:
    """Simulated patients, and analyses of them that do and do not fall into the trap.

    Attributes
    ----------
    patients : DataFrame
        One row a simulated patient: ``time``, ``event`` and what the example needs besides.
    results : DataFrame
        One row an analysis: ``analysis``, ``right`` (whether it stays out of the trap), ``n``,
        ``events``, ``estimate`` (hazard ratio), ``conf_low``, ``conf_high``, ``p_value`` and
        ``truth`` (hazard ratio from which the patients were drawn); no figures where a ratio has
        no estimate.
    looks : tuple of Look
        What was analysed.
    """

    patients: pd.DataFrame
    results: pd.DataFrame
    looks: tuple[Look, ...]

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Steps of Kaplan-Meier curves: ``analysis``, ``group``, ``time``, ``estimate``."""
        return pd.concat([_curves(look) for look in self.looks], ignore_index=True)


def make_trap(patients: pd.DataFrame, looks: list[Look], truth: float) -> Trap:
    """Analyse the patients of a trap in every way.

    Parameters
    ----------
    patients : DataFrame
    looks : list of Look
    truth : float
        Hazard ratio.

    Returns
    -------
    Trap
    """
    results = pd.DataFrame([{**_ratio(look), "truth": truth} for look in looks])
    return Trap(patients, results, tuple(looks))


def repeat_trap(
    trap: Callable[[np.random.Generator], Trap],
    n_trials: int,
    seed: int,
    jobs: int = 1,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Fall into a trap many times.

    Parameters
    ----------
    trap : callable
        From a source of random numbers to a trap, such as ``immortal_time``; it goes to other
        processes by pickling where there is more than one job.
    n_trials : int
        Data sets.
    seed : int
        The same seed gives the same table, whatever the number of jobs.
    jobs : int
        Processes.
    alpha : float
        Level at which a difference counts as found.

    Returns
    -------
    DataFrame
        One row an analysis: ``analysis``, ``right``, ``trials`` (with an estimate), ``estimate``
        (geometric mean of the hazard ratios), ``low`` and ``high`` (between which the middle 95% of
        them lie), ``found`` (share with a significant difference), ``found_error`` (its Monte Carlo
        standard error) and ``truth``.
    """
    done = dict(run_batches(partial(_one, trap=trap, seed=seed), range(n_trials), jobs))
    every = pd.concat([done[i] for i in range(n_trials)]).dropna(subset=["estimate"])
    rows = []
    for analysis, group in every.groupby("analysis", sort=False):
        logs, found = np.log(group["estimate"]), float((group["p_value"] < alpha).mean())
        rows.append(
            {
                "analysis": analysis,
                "right": bool(group["right"].iloc[0]),
                "trials": len(group),
                "estimate": float(np.exp(logs.mean())),
                "low": float(np.exp(logs.quantile(0.025))),
                "high": float(np.exp(logs.quantile(0.975))),
                "found": found,
                "found_error": float(np.sqrt(found * (1 - found) / len(group))),
                "truth": float(group["truth"].iloc[0]),
            }
        )
    return pd.DataFrame(rows)


def landmark(time: ArrayLike, event: ArrayLike, at: float) -> pd.DataFrame:
    """Begin to watch at a landmark: those still at risk then, by what is known of them then.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        As in `alsutils.stats.survival.kaplan_meier`.
    at : float
        The landmark, chosen before the data were seen.

    Returns
    -------
    DataFrame
        One row a person at risk beyond it: ``person`` (row number), ``time`` (since the landmark),
        ``event``. Groups are to be made of what was known of them at the landmark.

    References
    ----------
    Anderson JR, Cain KC, Gelber RD. Analysis of survival by tumor response. J Clin Oncol
    1983;1:710-719. doi:10.1200/JCO.1983.1.11.710
    """
    given = checked_times(time, event)
    person = np.flatnonzero(given.time > at)
    return pd.DataFrame(
        {"person": person, "time": given.time[person] - at, "event": given.event[person]}
    )


def _one(number: int, trap: Callable[[np.random.Generator], Trap], seed: int) -> pd.DataFrame:
    return trap(np.random.default_rng([seed, number])).results


def _ratio(look: Look) -> dict[str, object]:
    """Fit a Cox model; a hazard ratio without figures where there is none."""
    treated = (np.asarray(look.group) == look.treated).astype(float)
    design = pd.DataFrame({"group": treated})
    if look.covariates is not None:
        design = pd.concat([design, look.covariates.reset_index(drop=True)], axis=1)
    event = np.asarray(look.event, bool)
    row: dict[str, object] = {"analysis": look.analysis, "right": look.right}
    row |= {"n": len(treated), "events": int(event.sum())}
    figures = dict.fromkeys(("estimate", "conf_low", "conf_high", "p_value"), np.nan)
    try:
        found = cox(look.time, event, design, entry=look.entry).frame.iloc[0]
    except HazardFitError:
        return row | figures
    limits = np.exp(found[["estimate", "conf_low", "conf_high"]].to_numpy(float))
    figures |= dict(zip(("estimate", "conf_low", "conf_high"), map(float, limits), strict=True))
    # The same test as the interval, for either side of the trap.
    figures["p_value"] = float(2 * stats.norm.sf(abs(found["statistic"])))
    return row | figures


def _curves(look: Look) -> pd.DataFrame:
    """Give the Kaplan-Meier curve of each group."""
    frame = pd.DataFrame({"time": look.time, "event": look.event, "group": look.group})
    frame["entry"] = 0.0 if look.entry is None else np.asarray(look.entry)
    parts = []
    for name, group in frame.groupby("group"):
        entry = None if look.entry is None else group["entry"]
        steps = kaplan_meier(group["time"], group["event"], entry=entry).frame
        columns = {"analysis": look.analysis, "group": name}
        parts.append(steps[["time", "estimate"]].assign(**columns))
    return pd.concat(parts, ignore_index=True)[["analysis", "group", "time", "estimate"]]
