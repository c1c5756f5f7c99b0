"""What interim looks would have shown in this trial, and what stopping does to its estimate."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from alsutils.design.course import ALLOCATION_DATE
from alsutils.design.looks import OBRIEN_FLEMING, POCOCK, POWER, planned_boundaries
from alsutils.stats.group_sequential import (
    Boundaries,
    LookEstimates,
    conditional_power,
    estimate_at_stopping,
    estimates_at_looks,
    model_matrix,
    predictive_power,
    simulate_paths,
    stop_trials,
    stopped_estimate,
)
from alsutils.stats.telling import significant
from alsutils.study import ARM, Study
from alsutils.study.config import DAYS
from alsutils.study.telling import coarse

RULES = (OBRIEN_FLEMING, POCOCK)
QUARTERS, HALVES = (0.25, 0.5, 0.75, 1.0), (0.5, 1.0)
LEAST_GROUP = 5  # new patients without whom no look is worth while, nor shows no single patient
LEAST_STEP = 0.01  # of the information; a look that brings less is left out
FUTILE = 0.2  # conditional power below which a trial is often given up
CURVE_POINTS = 61
_DATES = (ALLOCATION_DATE, "TRTSDT")
_ORDERS, _TRIALS = 1_000, 20_000
Order = Literal["randomisation", "first treatment", "order", "file"]


@dataclass(frozen=True)
class InterimLooks:
    """The primary comparison as it would have stood at earlier looks.

    Attributes
    ----------
    frame : DataFrame
        One row a treated arm and look: the result columns (limits are those of the repeated
        confidence interval), ``treated``, ``look``, ``share`` (of patients), ``fraction`` (of
        information), ``n`` (patients of all arms so far), ``randomised`` (by that day; missing
        without dates), ``z`` (positive where treatment does better), a column of boundaries for
        each of RULES, ``power_null``, ``power_effect``, ``power_trend`` (conditional power without
        an effect from there on, with the design's and with the trend so far), ``predictive``
        (missing at the end), ``z_low``, ``z_high`` (middle 95% over random orders).
    outcomes : DataFrame
        One row a treated arm and rule: the result columns (median-unbiased estimate, limits and
        p-value by stage-wise ordering), ``treated``, ``rule``, ``look`` at which the trial would
        have stopped, ``early``, ``favours`` (``treatment``, ``control`` or empty), ``n``,
        ``randomised``, ``naive``, ``naive_low``, ``naive_high``, ``orders_early`` (share of random
        orders that stop before the end).
    curves : DataFrame
        One row an interim look, kind of power and z: ``look``, ``share``, ``kind``, ``z``,
        ``power``, for the first treated arm.
    order : {"randomisation", "first treatment", "order", "file"}
        What patients were put in order by: a date, a column that sorts them, or ADSL as it is.
    undated : int
        Patients without a date, for whom dates were given up; 0 if they were used or there is none.
    total : int
        Patients randomised.
    planned : tuple of float or None
        Looks that study.yml says were planned, as shares; None where it does not say.
    important : float or None
        The design's effect where study.yml gives a least difference that matters; else the effect
        that the trial finds with power POWER.
    covariates : tuple of str
        What the comparison holds equal, in words.
    label, unit, visit, better : str
        Of the endpoint, the visit in words, and which way is better.
    n_orders : int
        Random orders.
    """

    frame: pd.DataFrame
    outcomes: pd.DataFrame
    curves: pd.DataFrame
    order: Order
    undated: int
    total: int
    planned: tuple[float, ...] | None
    important: float | None
    covariates: tuple[str, ...]
    label: str
    unit: str
    visit: str
    better: str
    n_orders: int

    @property
    def results(self) -> pd.DataFrame:
        """Result columns of every look and outcome."""
        return pd.concat([self.frame, self.outcomes], ignore_index=True)


@dataclass(frozen=True)
class StoppingBias:
    """Estimates of trials like this one that stop at a boundary in favour of treatment.

    Attributes
    ----------
    frame : DataFrame
        One row a treated arm, rule and truth: the result columns (``estimate`` is the mean
        estimate of simulated trials that stopped early in favour of treatment), ``treated``,
        ``rule``, ``truth`` (``none`` or ``observed``), ``true_difference``, ``stopped`` (share that
        did so), ``exact`` (the mean by integration), ``mean_all`` (of all trials, early or not).
    label, unit : str
        Of the endpoint.
    n_trials : int
        Simulated trials a row.
    """

    frame: pd.DataFrame
    label: str
    unit: str
    n_trials: int


@dataclass(frozen=True)
class _Queue:
    """The patients with the primary endpoint, in the order in which they reached its last visit."""

    patients: pd.DataFrame
    order: Order
    undated: int
    reached: NDArray[np.datetime64] | None
    enrolled: NDArray[np.datetime64] | None

    def randomised_by(self, size: int) -> float:
        """Count who had been randomised on the day the last of the first patients was seen."""
        if self.reached is None or self.enrolled is None:
            return math.nan
        return float((self.enrolled <= self.reached[size - 1]).sum())


def interim_looks(study: Study, seed: int = 1988, n_orders: int = _ORDERS) -> InterimLooks | None:
    """Look at the primary comparison after shares of the patients had reached the last visit.

    Patients come in the order of their dates of randomisation; where any lacks one, of first
    treatment, of the column that sorts them, or of the file. Each look repeats the comparison of
    the means at the last primary visit: a t-test, or with covariates where the main analysis has
    them. Information is counted by patients, n1 n0 / (n1 + n0). Random orders of the same patients
    are judged by boundaries for the shares themselves.

    Parameters
    ----------
    study : Study
        ``design: interim_looks`` gives the looks; quarters where it is absent or empty, halves
        where a quarter holds fewer than LEAST_GROUP patients.
    seed : int
        Of the random orders.
    n_orders : int
        Random orders.

    Returns
    -------
    InterimLooks or None
        None where there are too few patients to look early or the arms cannot be compared.
    """
    queue = _queue(study)
    shares = _shares(study, len(queue.patients))
    if shares is None:
        return None
    found = [
        _looks_of_arm(study, queue, shares, i, seed, n_orders) for i in range(1, len(study.arms))
    ]
    kept = [part for part in found if part is not None]
    if not kept:
        return None
    about, design = study.parameter(study.primary.parameter), study.config.design
    return InterimLooks(
        frame=_told(study, pd.concat([part.frame for part in kept], ignore_index=True)),
        outcomes=_told(study, pd.concat([part.outcomes for part in kept], ignore_index=True)),
        curves=kept[0].curves,
        order=queue.order,
        undated=queue.undated,
        total=len(study.subjects()),
        planned=None if design is None else design.interim_looks,
        important=_important(study),
        covariates=tuple(_in_words(study, name) for name in _covariates(study)),
        label=about.label,
        unit=about.unit,
        visit=study.visit_phrase(study.primary.visits[-1]),
        better=about.better,
        n_orders=n_orders,
    )


def stopping_bias(
    study: Study, looks: InterimLooks | None, seed: int = 1986, n_trials: int = _TRIALS
) -> StoppingBias | None:
    """Simulate trials with these looks that stop early, and see what they estimate.

    Parameters
    ----------
    study : Study
        Its level makes the boundaries.
    looks : InterimLooks or None
        The looks.
    seed : int
        Of the simulation.
    n_trials : int
        Trials for each rule and truth.

    Returns
    -------
    StoppingBias or None
        Without an effect and with that observed at the end; None without looks.
    """
    if looks is None:
        return None
    rows, sign = [], 1 if looks.better == "higher" else -1
    for i, (arm, path) in enumerate(looks.frame.groupby("treated", sort=False)):
        last = path.iloc[-1]
        unit = sign * last["estimate"] / last["z"] if last["z"] else last["std_error"]
        for j, rule in enumerate(RULES):
            boundaries = planned_boundaries(path["fraction"].to_numpy(), rule, study.alpha)
            for k, (truth, drift) in enumerate((("none", 0.0), ("observed", last["z"]))):
                rng = np.random.default_rng([seed, i, j, k])
                row = _simulated_stops(boundaries, float(drift), n_trials, rng)
                scaled = {name: row[name] * sign * unit for name in _IN_DRIFTS}
                words = _words(last) | {
                    "analysis": f"simulated estimate at early stop, {rule} boundary",
                    "treated": arm,
                    "rule": rule,
                    "truth": truth,
                    "true_difference": drift * sign * unit,
                    "std_error": row["error"] * unit,
                }
                rows.append(row | words | scaled)
    return StoppingBias(pd.DataFrame(rows), looks.label, looks.unit, n_trials)


_IN_DRIFTS = ("estimate", "exact", "mean_all")


def _simulated_stops(
    boundaries: Boundaries, drift: float, n_trials: int, rng: np.random.Generator
) -> dict[str, float]:
    """Give the mean estimate of trials that stopped early at the upper boundary."""
    trials = stop_trials(boundaries, simulate_paths(boundaries.fractions, drift, n_trials, rng))
    won = (trials.look < len(boundaries.fractions)) & trials.rejected & (trials.z > 0)
    chosen = trials.estimate[won]
    exact = estimate_at_stopping(boundaries, drift)
    return {
        "estimate": float(chosen.mean()) if len(chosen) else math.nan,
        "error": float(chosen.std(ddof=1) / math.sqrt(len(chosen)))
        if len(chosen) > 1
        else math.nan,
        "exact": exact.mean_upper,
        "stopped": float(won.mean()),
        "mean_all": float(trials.estimate.mean()),
    }


def _queue(study: Study) -> _Queue:
    """Put the patients with the endpoint in order."""
    endpoint = study.primary
    visit = endpoint.visits[-1]
    records = study.records(endpoint.parameter, endpoint.population, [visit])
    records = records.dropna(subset=[endpoint.value, *_covariates(study)])
    subjects = study.subjects()
    place = pd.Series(np.arange(len(subjects)), index=subjects["USUBJID"])
    records = records.assign(_PLACE=records["USUBJID"].map(place)).sort_values("_PLACE")
    undated = 0
    for column in _DATES:
        if column not in subjects:
            continue
        dates = pd.to_datetime(records[column], format="ISO8601", errors="coerce")
        if dates.notna().all() and len(dates):
            order: Order = "randomisation" if column == ALLOCATION_DATE else "first treatment"
            chosen = dates.sort_values(kind="stable")
            days = (visit - study.config.time.baseline) * DAYS[study.config.time.unit]
            every = pd.to_datetime(subjects[column], format="ISO8601", errors="coerce")
            reached = chosen + pd.Timedelta(days=days)
            return _Queue(records.loc[chosen.index], order, 0, reached.to_numpy(), every.to_numpy())
        undated = undated or int(dates.isna().sum())
    given = study.config.design.randomisation if study.config.design else None
    if given is not None and given.order:
        by_column = records.sort_values(given.order, kind="stable")
        return _Queue(by_column, "order", undated, None, None)
    return _Queue(records, "file", undated, None, None)


def _covariates(study: Study) -> tuple[str, ...]:
    """Give what the comparison holds equal: nothing where the main analysis is a t-test."""
    return () if study.primary.main_analysis == "t_test" else study.primary.covariates


def _in_words(study: Study, covariate: str) -> str:
    if covariate == "BASE":
        return "the value at baseline"
    labels = {known.column: known.label for known in study.config.baseline}
    return labels.get(covariate, covariate)


def _shares(study: Study, n: int) -> tuple[float, ...] | None:
    """Choose when to look."""
    design = study.config.design
    planned = None if design is None else design.interim_looks
    choices = [(*planned, 1.0)] if planned else []
    for shares in (*choices, QUARTERS, HALVES):
        if n * np.diff(shares, prepend=0.0).min() >= LEAST_GROUP:
            return shares
    return None


def _important(study: Study) -> float | None:
    design = study.config.design
    return None if design is None else design.minimal_important_difference


def _told(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out how many patients there were at each look, for few may come between two looks."""
    if study.disclosure.is_open:
        return frame
    counts = [c for c in ("n", "n_control", "n_treated", "randomised", "df") if c in frame]
    short = [c for c in ("fraction", "z", "naive", "naive_low", "naive_high") if c in frame]
    frame = coarse(frame, pd.Series(True, index=frame.index))
    frame = frame.assign(**{c: significant(frame[c], 3) for c in short})
    return frame.assign(**dict.fromkeys(counts, math.nan))


@dataclass(frozen=True)
class _ArmLooks:
    """One arm's part of InterimLooks."""

    frame: pd.DataFrame
    outcomes: pd.DataFrame
    curves: pd.DataFrame


def _looks_of_arm(
    study: Study,
    queue: _Queue,
    shares: tuple[float, ...],
    arm: int,
    seed: int,
    n_orders: int,
) -> _ArmLooks | None:
    """Follow one arm against the control; None where they cannot be compared at two looks."""
    n = len(queue.patients)
    sizes = [max(1, math.floor(share * n + 0.5)) for share in shares]
    rng = np.random.default_rng([seed, arm])
    shuffled = rng.permuted(np.tile(np.arange(n), (n_orders, 1)), axis=1)
    orders = np.vstack([np.arange(n), shuffled])
    found = _compared(study, queue.patients, arm, orders, sizes)
    sign = 1 if study.parameter(study.primary.parameter).better == "higher" else -1
    z = sign * found.z
    information = found.n_treated[0] * found.n_control[0]
    information = information / np.maximum(found.n_treated[0] + found.n_control[0], 1)
    seen = _usable(information, z[0])
    if len(seen) < 2:
        return None
    fractions = information[seen] / information[-1]
    bounds = {rule: planned_boundaries(fractions, rule, study.alpha) for rule in RULES}
    frame = _path(study, found, seen, arm, bounds[OBRIEN_FLEMING]).assign(
        share=np.array(shares)[seen],
        n=np.array(sizes)[seen],
        randomised=[queue.randomised_by(sizes[k]) for k in seen],
        fraction=fractions,
        z=z[0, seen],
        z_low=np.nanquantile(z[1:, seen], 0.025, axis=0),
        z_high=np.nanquantile(z[1:, seen], 0.975, axis=0),
        **{rule: bounds[rule].upper for rule in RULES},
    )
    error = found.estimate[0, -1] / found.z[0, -1] if found.z[0, -1] else found.std_error[0, -1]
    drift = _design_drift(study, float(error))
    frame = frame.assign(**_powers(bounds[OBRIEN_FLEMING], frame["z"].to_numpy(), drift))
    stops = pd.DataFrame(
        _outcome(study, frame, rule, bounds[rule])
        | {"orders_early": _early_share(np.array(shares), z[1:], rule, study.alpha)}
        for rule in RULES
    )
    return _ArmLooks(frame, stops, _curves(bounds[OBRIEN_FLEMING], frame, drift))


def _usable(information: NDArray[np.float64], z: NDArray[np.float64]) -> list[int]:
    """Choose the looks at which the arms can be compared and that bring something new.

    The last look is the trial's end; without it there is none.
    """
    kept: list[int] = []
    if not np.isfinite(z[-1]):
        return kept
    for k in range(len(z) - 1, -1, -1):
        later = information[kept[0]] if kept else math.inf
        step = LEAST_STEP * information[-1]
        if np.isfinite(z[k]) and step < information[k] < later - step:
            kept.insert(0, k)
    return kept


def _compared(
    study: Study, patients: pd.DataFrame, arm: int, orders: NDArray[np.int64], sizes: list[int]
) -> LookEstimates:
    """Repeat the comparison at every look and in every order."""
    outcome = patients[study.primary.value].to_numpy(dtype=float)
    covariates = _covariates(study)
    matrix, column, n_arms = model_matrix(patients, ARM, covariates), arm, len(study.arms)
    if study.primary.main_analysis == "t_test":
        # The t-test knows of its two arms alone.
        inside = patients[ARM].isin([study.control, study.arms[arm]]).to_numpy()
        matrix, column, n_arms = matrix[:, [0, arm]] * inside[:, None], 1, 2
    return estimates_at_looks(outcome, matrix, column, n_arms, orders, sizes)


def _path(
    study: Study, found: LookEstimates, seen: list[int], arm: int, bounds: Boundaries
) -> pd.DataFrame:
    """Give the result columns of the looks, with the repeated confidence interval."""
    df, error = found.df[0, seen], found.std_error[0, seen]
    # The boundary's tail, on the t distribution of that look.
    half = stats.t.isf(stats.norm.sf(bounds.upper), df) * error
    estimate = found.estimate[0, seen]
    return pd.DataFrame(
        {
            "endpoint": study.parameter(study.primary.parameter).label,
            "population": study.population_label(study.primary.population),
            "visit": study.visit_label(study.primary.visits[-1]),
            "contrast": f"{study.arms[arm]} vs {study.control}",
            "treated": study.arms[arm],
            "look": np.arange(1, len(seen) + 1),
            "n_control": found.n_control[0, seen],
            "n_treated": found.n_treated[0, seen],
            "estimate": estimate,
            "std_error": error,
            "df": df,
            "statistic": found.statistic[0, seen],
            "p_value": 2 * stats.t.sf(np.abs(found.statistic[0, seen]), df),
            "conf_low": estimate - half,
            "conf_high": estimate + half,
        }
    ).assign(analysis=lambda f: [f"look {k} of {len(f)}, repeated interval" for k in f["look"]])


def _design_drift(study: Study, error: float) -> float:
    """Give the design's effect as the expected z statistic at the end."""
    important = _important(study)
    if important is not None and error:
        return important / abs(error)
    return float(stats.norm.isf(study.alpha / 2) + stats.norm.ppf(POWER))


def _powers(boundaries: Boundaries, z: NDArray[np.float64], drift: float) -> dict[str, object]:
    """Give conditional and predictive power at each interim look; missing at the last."""
    looks = range(1, len(z))
    kinds = {
        "power_null": [conditional_power(boundaries, k, z[k - 1], 0.0)[0] for k in looks],
        "power_effect": [conditional_power(boundaries, k, z[k - 1], drift)[0] for k in looks],
        "power_trend": [conditional_power(boundaries, k, z[k - 1])[0] for k in looks],
        "predictive": [predictive_power(boundaries, k, z[k - 1])[0] for k in looks],
    }
    return {kind: [*map(float, values), math.nan] for kind, values in kinds.items()}


def _curves(boundaries: Boundaries, frame: pd.DataFrame, drift: float) -> pd.DataFrame:
    """Give the powers over all z statistics that an interim look might have shown."""
    low, high = min(-1.0, frame["z"].min()), max(3.0, frame["z"].max())
    z = np.linspace(math.floor(low), math.ceil(high), CURVE_POINTS).round(3)
    parts = []
    for look, share in zip(frame["look"].iloc[:-1], frame["share"].iloc[:-1], strict=True):
        kinds = {
            "No effect": conditional_power(boundaries, look, z, 0.0),
            "Design's effect": conditional_power(boundaries, look, z, drift),
            "Trend so far": conditional_power(boundaries, look, z),
            "Predictive": predictive_power(boundaries, look, z),
        }
        for kind, power in kinds.items():
            # Four decimals are more than a picture shows, and keep the page small.
            row = {"look": look, "share": share, "kind": kind, "z": z, "power": power.round(4)}
            parts.append(pd.DataFrame(row))
    return pd.concat(parts, ignore_index=True)


def _outcome(
    study: Study, frame: pd.DataFrame, rule: str, boundaries: Boundaries
) -> dict[str, object]:
    """Say where a rule would have stopped the trial, and estimate as the rule asks."""
    z, last = frame["z"].to_numpy(), len(frame) - 1
    crossed = np.abs(z) >= boundaries.upper
    at = int(np.argmax(crossed)) if crossed.any() else last
    row = frame.iloc[at]
    side = ("treatment" if z[at] > 0 else "control") if crossed[at] else ""
    # The standard error whose z statistic has the tail of this look's t statistic.
    sign = 1 if study.parameter(study.primary.parameter).better == "higher" else -1
    error = sign * row["estimate"] / z[at] if z[at] else row["std_error"]
    told = stopped_estimate(boundaries, at + 1, row["estimate"], error, study.conf_level)
    return _words(row) | {
        "analysis": f"median-unbiased after {rule} boundary",
        "treated": row["treated"],
        "rule": rule,
        "look": at + 1,
        "early": at < last,
        "favours": side,
        "share": row["share"],
        "n": row["n"],
        "randomised": row["randomised"],
        "estimate": told.estimate,
        "conf_low": told.conf_low,
        "conf_high": told.conf_high,
        "p_value": told.p_value,
        "naive": told.naive,
        "naive_low": told.naive_low,
        "naive_high": told.naive_high,
    }


def _early_share(
    shares: NDArray[np.float64], z: NDArray[np.float64], rule: str, alpha: float
) -> float:
    """Give the share of orders that cross a boundary before the end."""
    upper = planned_boundaries(shares, rule, alpha).upper
    return float((np.abs(z) >= upper)[:, :-1].any(axis=1).mean())


def _words(row: pd.Series) -> dict[str, object]:
    """Carry over what a row of results is about."""
    names = ("endpoint", "population", "visit", "contrast", "n_control", "n_treated")
    return {name: row[name] for name in names}
