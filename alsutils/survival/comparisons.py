"""Comparing whole curves: tests, weighted and by shuffling, and the time gained by each horizon."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alsutils.stats.survival import (
    common_horizon,
    log_rank,
    max_combo,
    permutation_test,
    restricted_mean_difference,
    restricted_mean_ratio,
    weighted_log_rank,
)
from alsutils.stats.survival.permutation import SurvivalStatistic
from alsutils.study import Study
from alsutils.survival.telling import horizon_of, telling
from alsutils.survival.times import Figures, Pair, few_arms, names_of, pairs, times

LOG_RANK, STRATIFIED, COMBO = "log-rank test", "log-rank test, stratified", "max-combo test"
WEIGHTS: dict[tuple[float, float], str] = {
    (1.0, 0.0): "early",
    (1.0, 1.0): "middle",
    (0.0, 1.0): "late",
}
SHUFFLED: dict[SurvivalStatistic, str] = {
    "log-rank": "log-rank test by shuffling",
    "max-combo": "max-combo test by shuffling",
    "restricted mean": "restricted mean time by shuffling",
}
MOST_SHUFFLED = 300  # patients; with more, shuffling tells nothing new
SHUFFLES = 4000
SEED = 2018
_POINTS = 40  # horizons at which the time gained is computed


@dataclass(frozen=True)
class CurveTests:
    """CurveTests of equal curves.

    Attributes
    ----------
    frame : DataFrame
        One row an event, contrast and test, with ``family``: ``all patients``, ``weighted``,
        ``combined`` or ``shuffled``; ``p_error`` is the standard error of a p-value by shuffling.
    correlation : DataFrame
        One row an event and contrast: ``endpoint``, ``contrast``, ``lowest`` and ``highest``
        correlation of the statistics that max-combo chooses from.
    shuffled : bool
        Whether the trial is small enough to be shuffled.
    """

    frame: pd.DataFrame
    correlation: pd.DataFrame
    shuffled: bool


@dataclass(frozen=True)
class Gains:
    """The difference of restricted means over the horizon.

    Attributes
    ----------
    frame : DataFrame
        One row an event, treated arm and horizon: ``endpoint``, ``unit``, ``treated``, ``time``,
        ``estimate``, ``conf_low``, ``conf_high`` (difference), ``ratio``.
    chosen : DataFrame
        The row of the horizon that was named beforehand, per event and arm.
    """

    frame: pd.DataFrame
    chosen: pd.DataFrame


def log_rank_tests(study: Study) -> Figures | None:
    """Test equal hazards, each treated arm against the control and all arms at once.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Figures or None
        One row a test, the global one only with more than two arms.
    """
    rows = []
    for data in times(study):
        for pair in pairs(study, data):
            tested = {} if pair.few else _log_rank(pair.frame)
            rows.append({**pair.names, "analysis": LOG_RANK, **tested})
        if len(study.arms) > 2:
            names = names_of(study, data, study.treated[0], study.control)
            names["n_treated"] = len(data.frame) - names["n_control"]
            tested = {} if few_arms(study, data.frame) else _log_rank(data.frame)
            rows.append({**names, "analysis": LOG_RANK, "contrast": "All arms", **tested})
    return Figures(pd.DataFrame(rows)) if rows else None


def curve_tests(study: Study) -> CurveTests | None:
    """Test equal curves by weighted tests, by the best of them and by shuffling the arms.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    CurveTests or None
        None where the study names no event. An arm without patients, or curves without an event,
        give no row.

    References
    ----------
    Fleming TR, Harrington DP. A class of hypothesis tests for one and two sample censored survival
    data. Commun Stat Theory Methods 1981;10:763-794. Lin RS et al. Alternative analysis methods
    for time to event endpoints under nonproportional hazards. Stat Biopharm Res 2020;12:187-198.
    """
    if not study.config.time_to_event:
        return None
    rows: list[dict[str, Any]] = []
    together: list[dict[str, Any]] = []
    shuffled = False
    for data in times(study):
        horizon = horizon_of(study, data)
        for pair in pairs(study, data):
            if not pair.is_whole or not pair.frame["event"].any():
                continue
            rows += [{**pair.names, **row} for row in _weighted(pair)]
            found = max_combo(pair.frame["time"], pair.frame["event"], pair.treated)
            combined = {"statistic": found.statistic, "p_value": found.p_value}
            rows.append({**pair.names, "analysis": COMBO, "family": "combined", **combined})
            apart = found.correlation[np.triu_indices(len(found.correlation), 1)]
            ends = {"lowest": apart.min(), "highest": apart.max()}
            keys = ("endpoint", "contrast")
            together.append({key: pair.names[key] for key in keys} | ends)
            if len(pair.frame) <= MOST_SHUFFLED:
                shuffled = True
                rows += [{**pair.names, **row} for row in _by_shuffling(pair, horizon)]
    return CurveTests(pd.DataFrame(rows), pd.DataFrame(together), shuffled)


def gains(study: Study) -> Gains | None:
    """Give the difference of restricted means for every horizon up to which all curves reach.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    Gains or None
        None where the study names no event or nothing can be compared.
    """
    parts, chosen = [], []
    for data in times(study):
        told = telling(study, data)
        for pair in pairs(study, data):
            treated, control = pair.treated_curve, pair.control_curve
            if treated is None or control is None or not pair.frame["event"].any() or pair.few:
                continue
            end = common_horizon([treated, control], [])
            named = horizon_of(study, data)
            names = {key: pair.names[key] for key in ("endpoint", "unit", "treated", "contrast")}
            longest = max(curve.last for curve in data.curves.values())
            grid = {*np.linspace(0, longest, _POINTS + 1), named}
            # The area between two horizons tells of the patients with an event between them.
            for horizon in sorted(grid if told is None else {*told.together, named}):
                if not 0 < horizon <= end:
                    continue
                gap = restricted_mean_difference(treated, control, horizon)
                ratio = restricted_mean_ratio(treated, control, horizon).estimate
                row = {**names, "time": horizon, **gap.__dict__, "ratio": ratio}
                parts.append(row)
                if horizon == named:
                    chosen.append(row)
    return Gains(pd.DataFrame(parts), pd.DataFrame(chosen)) if chosen else None


def _log_rank(frame: pd.DataFrame) -> dict[str, float]:
    """Test equal hazards of the arms of a frame; nothing without patients."""
    if frame.empty:
        return {}
    test = log_rank(frame["time"], frame["event"], frame["arm"])
    return {"statistic": test.statistic, "df": test.df, "p_value": test.p_value}


def _weighted(pair: Pair) -> Iterator[dict[str, Any]]:
    """Test with every weight, and within strata where the study has them."""
    time, event, treated = pair.frame["time"], pair.frame["event"], pair.treated
    plain = log_rank(time, event, treated)
    whole = {"family": "all patients"}
    yield {"analysis": LOG_RANK, **whole, "statistic": plain.z, "p_value": plain.p_value}
    if pair.frame["stratum"].notna().any():
        within = log_rank(time, event, treated, strata=pair.frame["stratum"].fillna(""))
        yield {"analysis": STRATIFIED, **whole, "statistic": within.z, "p_value": within.p_value}
    for (rho, gamma), when in WEIGHTS.items():
        test = weighted_log_rank(time, event, treated, rho, gamma)
        name = f"Fleming-Harrington test ({rho:g}, {gamma:g})"
        figures = {"statistic": test.z, "p_value": test.p_value}
        yield {"analysis": name, "family": "weighted", "when": when, **figures}


def _by_shuffling(pair: Pair, horizon: float) -> Iterator[dict[str, Any]]:
    """Shuffle who was treated and see how often chance does as much."""
    rng = np.random.default_rng(SEED)
    for statistic, name in SHUFFLED.items():
        if statistic == "restricted mean" and not horizon > 0:
            continue
        found = permutation_test(
            pair.frame["time"],
            pair.frame["event"],
            pair.treated,
            rng,
            statistic,
            horizon=horizon,
            n_draws=SHUFFLES,
        )
        figures = {"p_value": found.p_value, "p_error": found.p_error}
        yield {"analysis": name, "family": "shuffled", **figures}
