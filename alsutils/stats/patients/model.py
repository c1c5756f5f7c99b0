"""Patients drawn from a scenario."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from alsutils.stats.patients.scenario import Scenario

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


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
        The true score at each planned visit, points, before noise, raters, floors and rounding.
    complete_score : ndarray, shape (n, visits)
        Score at each planned visit, as if nobody died or left.
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
        hazards, given that the patient lived to month 0; the hazard of leaving is constant
        between visits.

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
    line += _bend(scenario, arm, months)
    noisy = line + rng.normal(0.0, scenario.noise_sd, line.shape)
    age = rng.normal(scenario.age_mean, scenario.age_sd, n)
    male = rng.random(n) < scenario.male
    bulbar = rng.random(n) < scenario.bulbar
    onset = _onset_months(scenario, lead / decline_means, rng)
    log_hr = log_hazard_ratios(scenario, lead_in_slope=-lead, age=age, bulbar=bulbar, arm=arm)
    log_hr += scenario.log_hr_decline * (post - scenario.post_decline)
    event = event_months(scenario, log_hr, alive_at=np.zeros(n), rng=rng)
    leaving = rng.standard_exponential(n)
    # What only some scenarios need is drawn last, so that all the rest is the same without it.
    if scenario.items:
        noisy += _shown_by_items(scenario, baseline, line, rng) - line
    noisy += _by_arm(scenario.rater_bias, arm)[:, None] * (months > 0)
    score = _on_scale(scenario, noisy)
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
        complete_score=score,
        event_month=event,
        dropout_month=_dropout(scenario, arm, score, leaving),
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


def _bend(scenario: Scenario, arm: Ints, months: Floats) -> Floats:
    """Departure of the score from a straight line after month 0, shape (n, visits)."""
    after = np.maximum(months, 0.0)
    bend = np.broadcast_to(scenario.curvature * after**2, (len(arm), len(months))).copy()
    if np.isfinite(scenario.effect_half_life):
        bend -= np.outer(_by_arm(scenario.slope_effect, arm), after - _effective(scenario, after))
    return bend


def _effective(scenario: Scenario, months: Floats) -> Floats:
    """Months at the full effect that do as much as those under a waning one."""
    rate = np.log(2.0) / scenario.effect_half_life
    return np.asarray(-np.expm1(-rate * months) / rate, dtype=float)


def _on_scale(scenario: Scenario, score: Floats) -> Floats:
    """Round to the steps of the scale and cut off at its ends."""
    if scenario.step:
        score = scenario.step * np.rint(score / scenario.step)
    return np.clip(score, scenario.floor, scenario.ceiling)


def _shown_by_items(
    scenario: Scenario, baseline: Floats, line: Floats, rng: np.random.Generator
) -> Floats:
    """Give what the items show of each patient's line, shape (n, visits).

    Each item takes a fixed share of every loss. At month 0 the shares are scaled so that the items,
    none below its floor, add up to the baseline; from then on a loss that falls on an item at its
    floor is not seen, nor is a gain of one at its ceiling.
    """
    length = (scenario.ceiling - scenario.floor) / scenario.items
    shares = rng.dirichlet(np.full(scenario.items, scenario.item_evenness), len(baseline))
    lost = scenario.ceiling - baseline
    at_start = _fill(shares, lost, length)
    shown = np.empty_like(line)
    for visit in range(line.shape[1]):
        since = (baseline - line[:, visit])[:, None]
        shown[:, visit] = np.clip(at_start + shares * since, 0.0, length).sum(axis=1)
    return scenario.ceiling - shown


def _fill(shares: Floats, total: Floats, most: float) -> Floats:
    """Share out a total by the shares, none getting more than the most, shape (n, items)."""
    given = np.zeros_like(shares)
    # Each round fills at least one item or hands out all that is left.
    for _ in range(shares.shape[1]):
        room = given < most
        left = total - given.sum(axis=1)
        open_shares = np.where(room, shares, 0.0)
        scale = left / np.maximum(open_shares.sum(axis=1), np.finfo(float).tiny)
        given = np.minimum(given + scale[:, None] * open_shares, most)
    return given


def _dropout(scenario: Scenario, arm: Ints, score: Floats, draws: Floats) -> Floats:
    """Month of leaving: when the hazard, constant between visits, has used up a unit draw."""
    if scenario.dropout_per_month == 0:
        return np.full(len(arm), np.inf)
    log_hr = _by_arm(scenario.dropout_log_hr_arm, arm)
    if scenario.dropout_log_hr_seen == scenario.dropout_log_hr_unseen == 0:
        return np.asarray(draws / scenario.dropout_per_month / np.exp(log_hr), dtype=float)
    months = np.asarray(scenario.months, dtype=float)
    start = int(np.flatnonzero(months == 0)[0])
    lost = score[:, [start]] - score[:, start:]
    # After the last visit the hazard stays as it was on the way to it.
    interval = scenario.dropout_log_hr_seen * lost[:, :-1]
    interval = interval + scenario.dropout_log_hr_unseen * lost[:, 1:] + log_hr[:, None]
    hazard = scenario.dropout_per_month * np.exp(interval)
    spent = np.cumsum(hazard * np.diff(months[start:]), axis=1)
    which = np.minimum((spent <= draws[:, None]).sum(axis=1), hazard.shape[1] - 1)
    rows = np.arange(len(arm))
    begin, length = months[start:-1], np.diff(months[start:])
    already = spent[rows, which] - hazard[rows, which] * length[which]
    return np.asarray(begin[which] + (draws - already) / hazard[rows, which], dtype=float)
