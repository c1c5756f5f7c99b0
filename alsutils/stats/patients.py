"""One generative model of an ALS patient in a trial.

A patient has a rate of decline before treatment (the lead-in) and a rate after it. The functional
score is a straight line in each period, seen at visits with noise, on a whole-number scale with a
floor and a ceiling. Patients whose score falls faster die sooner, and some leave the trial.

Nothing here knows a study, a file or a chart: power simulations and simulated studies draw from
the same model.
"""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_PER_ARM = ("slope_effect", "lead_in_decline", "log_hr_arm")
_POSITIVE = (
    "lead_in_shape",
    "lead_in_decline",
    "post_decline_sd",
    "baseline_sd",
    "survival_shape",
    "survival_median",
    "onset_median",
)
_NOT_NEGATIVE = ("noise_sd", "dropout_per_month", "age_sd", "onset_log_sd")
_SHARES = ("male", "bulbar")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Everything the patient model needs to know.

    Attributes
    ----------
    arms : tuple of str
        Names of the arms, the control first. Two or more.
    n_per_arm : tuple of int
        Patients in each arm.
    months : tuple of int
        Planned visits in months from the start of treatment. Zero is the baseline; negative
        months are the lead-in.
    slope_effect : tuple of float
        Decline the treatment removes, points a month, one value an arm (zero for the control).
    lead_in_decline : tuple of float
        Mean decline before treatment, points a month: one value an arm, or a single one for all.
    lead_in_shape : float
        Shape of the gamma distribution of the decline before treatment.
    post_decline : float
        Mean decline after month 0 without treatment, points a month.
    post_on_lead_in : float
        Points a month by which the later decline rises with each point a month of the earlier.
    post_decline_sd : float
        Standard deviation of the later decline among patients with the same earlier decline.
    noise_sd : float
        Standard deviation of one visit's score around the patient's line, points.
    baseline_mean, baseline_sd : float
        Score at month 0, points.
    baseline_range : tuple of int
        Lowest and highest score that may enter, points.
    floor, ceiling : int
        Ends of the scale, points.
    age_mean, age_sd : float
        Age in years.
    male, bulbar : float
        Share of men, share of patients whose first symptom was in speech or swallowing.
    onset_median, onset_log_sd : float
        Months from first symptom to randomisation, lognormal.
    onset_correlation : float
        Correlation of those (as a logarithm) with the lead-in decline (as a normal score): who
        declines fast comes early.
    randomised_month : float
        When patients are randomised, months from the start of treatment; zero or negative.
    survival_shape, survival_median : float
        Weibull shape, and the median in months from randomisation of an average patient.
    log_hr_slope, log_hr_bulbar, log_hr_age : float
        Log hazard ratio per standard deviation of faster lead-in decline, for bulbar onset, and
        per year of age.
    log_hr_arm : tuple of float
        Log hazard ratio of each arm: one value an arm, or a single one for all.
    dropout_per_month : float
        Hazard of leaving the trial alive, per month after month 0.

    Raises
    ------
    ValueError
        If a length, share or spread cannot be used; all such problems are listed at once.

    Examples
    --------
    >>> Scenario(n_per_arm=(50, 50), slope_effect=(0.0, 0.3)).n
    100
    """

    arms: tuple[str, ...] = ("CONTROL", "ACTIVE")
    n_per_arm: tuple[int, ...] = (32, 32)
    months: tuple[int, ...] = (-3, -2, -1, 0, 1, 2, 4, 6)
    slope_effect: tuple[float, ...] = (0.0, 0.5)
    lead_in_decline: tuple[float, ...] = (1.5,)
    lead_in_shape: float = 1.1
    post_decline: float = 1.2
    post_on_lead_in: float = 0.2
    post_decline_sd: float = 0.6
    noise_sd: float = 1.0
    baseline_mean: float = 36.0
    baseline_sd: float = 4.5
    baseline_range: tuple[int, int] = (20, 47)
    floor: int = 0
    ceiling: int = 48
    age_mean: float = 54.0
    age_sd: float = 10.0
    male: float = 0.60
    bulbar: float = 0.22
    onset_median: float = 18.0
    onset_log_sd: float = 0.55
    onset_correlation: float = -0.4
    randomised_month: float = -1.0
    survival_shape: float = 1.3
    survival_median: float = 30.0
    log_hr_slope: float = 0.45
    log_hr_bulbar: float = 0.35
    log_hr_age: float = 0.03
    log_hr_arm: tuple[float, ...] = (0.0,)
    dropout_per_month: float = 0.015

    def __post_init__(self) -> None:
        problems = _scenario_problems(self)
        if problems:
            raise ValueError("This scenario cannot be simulated: " + "; ".join(problems) + ".")

    @property
    def n(self) -> int:
        """Patients in all arms together."""
        return sum(self.n_per_arm)


@dataclass(frozen=True)
class Patients:
    """Simulated patients; the first axis of every array is the patient, arms in order.

    Attributes
    ----------
    scenario : Scenario
        What they were drawn from.
    arm : ndarray of int, shape (n,)
        Index into ``scenario.arms``.
    age : ndarray, shape (n,)
        Years at randomisation.
    male, bulbar : ndarray of bool, shape (n,)
        Sex, and onset in speech or swallowing.
    onset_months : ndarray, shape (n,)
        Months from first symptom to randomisation.
    lead_in_slope, post_slope : ndarray, shape (n,)
        True slopes before and after month 0, points a month; negative is decline.
    line : ndarray, shape (n, visits)
        The true score at each planned visit, points, before noise and rounding.
    complete_score : ndarray, shape (n, visits)
        Whole-number score at each planned visit, as if nobody died or left.
    event_month, dropout_month : ndarray, shape (n,)
        Months from month 0 to death, and to leaving the trial if death does not come first.
    """

    scenario: Scenario
    arm: Ints
    age: Floats
    male: Bools
    bulbar: Bools
    onset_months: Floats
    lead_in_slope: Floats
    post_slope: Floats
    line: Floats
    complete_score: Floats
    event_month: Floats
    dropout_month: Floats

    @property
    def score(self) -> Floats:
        """Scores as seen, shape (n, visits): missing after death or leaving."""
        last = np.minimum(self.event_month, self.dropout_month)
        seen = np.asarray(self.scenario.months)[None, :] < last[:, None]
        seen |= np.asarray(self.scenario.months)[None, :] <= 0
        return np.where(seen, self.complete_score, np.nan)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row for each patient and planned visit, with the baseline facts repeated."""
        patients, visits = self.complete_score.shape
        return pd.DataFrame(
            {
                "patient": np.repeat(np.arange(patients), visits),
                "arm": np.repeat(np.asarray(self.scenario.arms)[self.arm], visits),
                "month": np.tile(np.asarray(self.scenario.months), patients),
                "score": self.score.ravel(),
                "line": self.line.ravel(),
                "age": np.repeat(self.age, visits),
                "male": np.repeat(self.male, visits),
                "bulbar": np.repeat(self.bulbar, visits),
                "lead_in_slope": np.repeat(self.lead_in_slope, visits),
                "event_month": np.repeat(self.event_month, visits),
                "dropout_month": np.repeat(self.dropout_month, visits),
            }
        )


def simulate_patients(scenario: Scenario, rng: np.random.Generator) -> Patients:
    """Draw the patients of one trial.

    Parameters
    ----------
    scenario : Scenario
        Arms, sizes, slopes, noise, deaths and drop-out.
    rng : numpy.random.Generator
        Source of all random numbers.

    Returns
    -------
    Patients
        Ordered by arm. The lead-in decline is gamma; the later decline is normal around a
        straight line in it, less the arm's ``slope_effect``; death is Weibull with proportional
        hazards, given that the patient lived to month 0.

    References
    ----------
    Bender R, Augustin T, Blettner M. Generating survival times to simulate Cox proportional
    hazards models. Stat Med 2005;24:1713-1723.

    Examples
    --------
    >>> patients = simulate_patients(Scenario(), np.random.default_rng(1))
    >>> patients.complete_score.shape
    (64, 8)
    """
    arm = np.repeat(np.arange(len(scenario.arms)), scenario.n_per_arm)
    n = scenario.n
    decline_means = _by_arm(scenario.lead_in_decline, arm)
    lead = rng.gamma(scenario.lead_in_shape, decline_means / scenario.lead_in_shape)
    lead = np.minimum(lead, _steepest_lead_in(scenario))
    post = (
        scenario.post_decline
        + scenario.post_on_lead_in * (lead - decline_means)
        - _by_arm(scenario.slope_effect, arm)
        + rng.normal(0.0, scenario.post_decline_sd, n)
    )
    baseline = baseline_scores(scenario, lead, rng)
    months = np.asarray(scenario.months, dtype=float)
    line = baseline[:, None] - np.where(months < 0, lead[:, None], post[:, None]) * months
    noisy = line + rng.normal(0.0, scenario.noise_sd, line.shape)
    age = rng.normal(scenario.age_mean, scenario.age_sd, n)
    male = rng.random(n) < scenario.male
    bulbar = rng.random(n) < scenario.bulbar
    onset = _onset_months(scenario, lead / decline_means, rng)
    event = event_months(
        scenario,
        log_hazard_ratios(scenario, lead_in_slope=-lead, age=age, bulbar=bulbar, arm=arm),
        alive_at=np.zeros(n),
        rng=rng,
    )
    return Patients(
        scenario=scenario,
        arm=arm,
        age=age,
        male=male,
        bulbar=bulbar,
        onset_months=onset,
        lead_in_slope=-lead,
        post_slope=-post,
        line=line,
        complete_score=np.clip(np.rint(noisy), scenario.floor, scenario.ceiling),
        event_month=event,
        dropout_month=_dropout(scenario, n, rng),
    )


def baseline_scores(scenario: Scenario, decline: Floats, rng: np.random.Generator) -> Floats:
    """Draw scores at month 0 that leave room for the decline before it.

    Parameters
    ----------
    scenario : Scenario
        Mean, spread and range at baseline, and the ceiling of the scale.
    decline : ndarray, shape (n,)
        Points a month lost in the lead-in.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    ndarray, shape (n,)
        Normal, cut off to the range and to what keeps the first visit under the ceiling: someone
        who lost 12 points in the lead-in cannot have more than 36 left of 48.
    """
    low, high = scenario.baseline_range
    top = np.minimum(high, scenario.ceiling + decline * min(scenario.months))
    a = (low - scenario.baseline_mean) / scenario.baseline_sd
    b = (np.maximum(top, low + 1.0) - scenario.baseline_mean) / scenario.baseline_sd
    share = rng.random(np.shape(decline))
    quantile = stats.norm.ppf(stats.norm.cdf(a) + share * (stats.norm.cdf(b) - stats.norm.cdf(a)))
    return scenario.baseline_mean + scenario.baseline_sd * np.asarray(quantile, dtype=float)


def log_hazard_ratios(
    scenario: Scenario, *, lead_in_slope: Floats, age: Floats, bulbar: Bools, arm: Ints
) -> Floats:
    """Log hazard ratio of death of each patient against an average one.

    Parameters
    ----------
    scenario : Scenario
        The coefficients, and the averages they are taken from.
    lead_in_slope : ndarray, shape (n,)
        Points a month; negative is decline.
    age : ndarray, shape (n,)
        Years.
    bulbar : ndarray of bool, shape (n,)
        Onset in speech or swallowing.
    arm : ndarray of int, shape (n,)
        Index into ``scenario.arms``.

    Returns
    -------
    ndarray, shape (n,)
        Zero for a control patient of average age, share of bulbar onset and lead-in decline.
    """
    mean = float(np.mean(scenario.lead_in_decline))
    sd = mean / np.sqrt(scenario.lead_in_shape)
    return np.asarray(
        scenario.log_hr_slope * (-lead_in_slope - mean) / sd
        + scenario.log_hr_bulbar * (bulbar - scenario.bulbar)
        + scenario.log_hr_age * (age - scenario.age_mean)
        + _by_arm(scenario.log_hr_arm, arm),
        dtype=float,
    )


def event_months(
    scenario: Scenario, log_hr: Floats, *, alive_at: Floats, rng: np.random.Generator
) -> Floats:
    """Draw the month of death, given survival so far.

    Parameters
    ----------
    scenario : Scenario
        Weibull shape and median, and when patients are randomised.
    log_hr : ndarray, shape (n,)
        Log hazard ratio of each patient.
    alive_at : ndarray, shape (n,)
        Month, counted from the start of treatment, at which each patient is known to be alive.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    ndarray, shape (n,)
        Month of death from the start of treatment, later than ``alive_at``.
    """
    shape = scenario.survival_shape
    scale = scenario.survival_median / np.log(2.0) ** (1.0 / shape)
    lived = np.asarray(alive_at, dtype=float) - scenario.randomised_month
    ahead = rng.standard_exponential(np.shape(log_hr)) * np.exp(-np.asarray(log_hr, dtype=float))
    from_randomisation = scale * ((lived / scale) ** shape + ahead) ** (1.0 / shape)
    return np.asarray(from_randomisation + scenario.randomised_month, dtype=float)


def lead_in_slopes(scores: Floats, months: Floats) -> Floats:
    """Least-squares slope of each patient over the visits up to and including month 0.

    Parameters
    ----------
    scores : ndarray, shape (n, visits)
        Scores in points, missing as NaN.
    months : ndarray, shape (visits,)
        Month of each column.

    Returns
    -------
    ndarray, shape (n,)
        Points a month; NaN for a patient with fewer than two lead-in scores.

    Examples
    --------
    >>> lead_in_slopes(np.array([[40.0, 38.0, 37.0, 35.0, 10.0]]), np.array([-3, -2, -1, 0, 4]))
    array([-1.6])
    """
    before = np.asarray(months, dtype=float) <= 0
    y = np.asarray(scores, dtype=float)[:, before]
    x = np.where(np.isnan(y), np.nan, np.asarray(months, dtype=float)[before])
    seen = (~np.isnan(y)).sum(axis=1)
    enough = seen >= 2
    slopes = np.full(len(y), np.nan)
    centred = x[enough] - np.nanmean(x[enough], axis=1, keepdims=True)
    slopes[enough] = np.nansum(centred * y[enough], axis=1) / np.nansum(centred**2, axis=1)
    return slopes


def slope_improvement(lead_in: Floats, post: Floats) -> Floats:
    """Share of the earlier decline that is gone, in percent.

    Parameters
    ----------
    lead_in, post : ndarray, shape (n,)
        Slopes before and after treatment, points a month; negative is decline.

    Returns
    -------
    ndarray, shape (n,)
        100 when the decline has stopped, 50 when it has halved, 0 when it goes on as before,
        negative when it is faster. A patient who did not decline in the lead-in (slope zero or
        positive) had no decline to remove and gets 0, so never counts as a responder.

    Examples
    --------
    >>> slope_improvement(np.array([-2.0, -2.0, 0.0]), np.array([-1.0, 0.5, 0.5]))
    array([ 50., 125.,   0.])
    """
    lead_in, post = np.broadcast_arrays(np.asarray(lead_in, float), np.asarray(post, float))
    declining = lead_in < 0
    share = np.zeros(lead_in.shape)
    # In this form a decline that has stopped is exactly 100, without a rounding error.
    share[declining] = 100.0 * (1.0 - post[declining] / lead_in[declining])
    share[np.isnan(lead_in) | np.isnan(post)] = np.nan
    return share


def _by_arm(values: tuple[float, ...], arm: Ints) -> Floats:
    """One value for each patient from one value an arm or a single value."""
    spread = np.asarray(values, dtype=float)
    return spread[arm] if len(spread) > 1 else np.full(arm.shape, spread[0])


def _onset_months(scenario: Scenario, decline: Floats, rng: np.random.Generator) -> Floats:
    """Months since onset, shorter for those who decline fast; decline is a multiple of its mean."""
    shape, rho = scenario.lead_in_shape, scenario.onset_correlation
    rank = np.clip(stats.gamma.cdf(decline, shape, scale=1 / shape), 1e-9, 1 - 1e-9)
    z = rho * stats.norm.ppf(rank) + np.sqrt(1 - rho**2) * rng.normal(size=len(decline))
    return np.asarray(scenario.onset_median * np.exp(scenario.onset_log_sd * z), dtype=float)


def _steepest_lead_in(scenario: Scenario) -> float:
    """Decline beyond which nobody could be over the lowest baseline score at month 0."""
    span = scenario.ceiling - scenario.baseline_range[0] - 1.0
    return span / max(-min(scenario.months), 1)


def _dropout(scenario: Scenario, n: int, rng: np.random.Generator) -> Floats:
    draws = rng.standard_exponential(n)
    if scenario.dropout_per_month == 0:
        return np.full(n, np.inf)
    return np.asarray(draws / scenario.dropout_per_month, dtype=float)


def _scenario_problems(scenario: Scenario) -> list[str]:
    """Every reason why a scenario cannot be used, in words."""
    arms, problems = len(scenario.arms), []
    if arms < 2 or len(set(scenario.arms)) < arms:
        problems.append(f"arms must be two or more different names, got {scenario.arms}")
    if len(scenario.n_per_arm) != arms or min(scenario.n_per_arm, default=0) < 1:
        problems.append(f"n_per_arm needs {arms} whole numbers above 0, got {scenario.n_per_arm}")
    if len(scenario.slope_effect) != arms:
        problems.append(f"slope_effect needs {arms} values, got {scenario.slope_effect}")
    for name in _PER_ARM[1:]:
        if len(getattr(scenario, name)) not in (1, arms):
            problems.append(f"{name} needs 1 or {arms} values, got {getattr(scenario, name)}")
    if 0 not in scenario.months or list(scenario.months) != sorted(set(scenario.months)):
        problems.append(f"months must rise and include 0, got {scenario.months}")
    low, high = scenario.baseline_range
    if not scenario.floor <= low < high <= scenario.ceiling:
        problems.append(
            f"baseline_range {scenario.baseline_range} must lie inside the scale, "
            f"{scenario.floor} to {scenario.ceiling}"
        )
    if scenario.randomised_month > 0:
        problems.append(f"randomised_month must be 0 or less, got {scenario.randomised_month}")
    for name in (field.name for field in fields(scenario)):
        value = np.atleast_1d(getattr(scenario, name))
        if name in _POSITIVE and np.any(value <= 0):
            problems.append(f"{name} must be above 0, got {getattr(scenario, name)}")
        if name in _NOT_NEGATIVE and np.any(value < 0):
            problems.append(f"{name} must be 0 or more, got {getattr(scenario, name)}")
        if name == "onset_correlation" and abs(value[0]) > 1:
            problems.append(f"{name} must be between -1 and 1, got {value[0]}")
        if name in _SHARES and not 0 <= getattr(scenario, name) <= 1:
            problems.append(f"{name} must be between 0 and 1, got {getattr(scenario, name)}")
    return problems
