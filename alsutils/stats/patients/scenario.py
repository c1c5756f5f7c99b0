"""What the model of a patient needs to know."""

from dataclasses import dataclass, fields, replace

import numpy as np

_PER_ARM = ("slope_effect", "lead_in_decline", "log_hr_arm", "rater_bias", "dropout_log_hr_arm")
_POSITIVE = (
    "lead_in_shape",
    "lead_in_decline",
    "baseline_sd",
    "survival_shape",
    "survival_median",
    "onset_median",
    "effect_half_life",
    "item_evenness",
)
_NOT_NEGATIVE = (
    "post_decline_sd",
    "noise_sd",
    "dropout_per_month",
    "age_sd",
    "onset_log_sd",
    "step",
    "items",
)
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
    months : tuple of float
        Planned visits in months from the start of treatment. Zero is the baseline; negative
        months are the lead-in. (Any other unit of time does, if every rate is in it.)
    slope_effect : tuple of float
        Decline the treatment removes, points a month, one value an arm (zero for the control).
    effect_half_life : float
        Months after which the treatment removes half as much decline a month as at the start;
        infinite for an effect that does not wane.
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
    curvature : float
        Points a month squared by which the later decline slows down (above zero) or speeds up.
    noise_sd : float
        Standard deviation of one visit's score around the patient's line, points.
    rater_bias : tuple of float
        Points that a rater who knows the arm adds to every score after month 0: one value an arm,
        or a single one for all.
    baseline_mean, baseline_sd : float
        Score at month 0, points.
    baseline_range : tuple of float
        Lowest and highest score that may enter, points.
    floor, ceiling : float
        Ends of the scale, points.
    step : float
        Scores are rounded to multiples of it; zero for a scale without steps.
    items : int
        Items of equal length that add up to the score, each with a floor of its own: an item that
        has nothing left to lose hides its share of the decline. Zero for a floor of the total only.
    item_evenness : float
        Concentration of the symmetric Dirichlet distribution by which a patient's loss is shared
        out among the items: at 1 a few items take most of it, at 100 all take the same.
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
    log_hr_decline : float
        Log hazard ratio of death per point a month of faster decline after month 0, by which an
        effect on the slope reaches survival.
    log_hr_arm : tuple of float
        Log hazard ratio of each arm: one value an arm, or a single one for all.
    follow_up : float or None
        Months after month 0 for which deaths are known; until the last visit where None.
    dropout_per_month : float
        Hazard of leaving the trial alive, per month after month 0, of a control patient who has
        not changed.
    dropout_log_hr_arm : tuple of float
        Log hazard ratio of leaving of each arm: one value an arm, or a single one for all.
    dropout_log_hr_seen : float
        Log hazard ratio of leaving per point lost by the last visit (missing at random).
    dropout_log_hr_unseen : float
        Log hazard ratio of leaving per point lost by the visit that is missed (missing not at
        random).

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
    months: tuple[float, ...] = (-3, -2, -1, 0, 1, 2, 4, 6)
    slope_effect: tuple[float, ...] = (0.0, 0.5)
    effect_half_life: float = np.inf
    lead_in_decline: tuple[float, ...] = (1.5,)
    lead_in_shape: float = 1.1
    post_decline: float = 1.2
    post_on_lead_in: float = 0.2
    post_decline_sd: float = 0.6
    curvature: float = 0.0
    noise_sd: float = 1.0
    rater_bias: tuple[float, ...] = (0.0,)
    baseline_mean: float = 36.0
    baseline_sd: float = 4.5
    baseline_range: tuple[float, float] = (20, 47)
    floor: float = 0
    ceiling: float = 48
    step: float = 1.0
    items: int = 0
    item_evenness: float = 4.0
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
    log_hr_decline: float = 0.0
    log_hr_arm: tuple[float, ...] = (0.0,)
    follow_up: float | None = None
    dropout_per_month: float = 0.015
    dropout_log_hr_arm: tuple[float, ...] = (0.0,)
    dropout_log_hr_seen: float = 0.0
    dropout_log_hr_unseen: float = 0.0

    def __post_init__(self) -> None:
        problems = _scenario_problems(self)
        if problems:
            raise ValueError("This scenario cannot be simulated: " + "; ".join(problems) + ".")

    @property
    def n(self) -> int:
        """Patients in all arms together."""
        return sum(self.n_per_arm)

    @property
    def without_effect(self) -> "Scenario":
        """The same trial with a treatment that does nothing; raters, drop-out and all else stay."""
        nothing = (0.0,) * len(self.arms)
        return replace(self, slope_effect=nothing, log_hr_arm=nothing)


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
    elif scenario.months[-1] == 0:
        problems.append(f"months needs a visit after 0, got {scenario.months}")
    low, high = scenario.baseline_range
    if not scenario.floor <= low < high <= scenario.ceiling:
        problems.append(
            f"baseline_range {scenario.baseline_range} must lie inside the scale, "
            f"{scenario.floor} to {scenario.ceiling}"
        )
    if scenario.follow_up is not None and scenario.follow_up < scenario.months[-1]:
        problems.append(
            f"follow_up must be no shorter than to the last visit, got {scenario.follow_up}"
        )
    if scenario.randomised_month > 0:
        problems.append(f"randomised_month must be 0 or less, got {scenario.randomised_month}")
    for name in (field.name for field in fields(scenario)):
        value = np.atleast_1d(getattr(scenario, name))
        if value.dtype.kind == "f" and np.isnan(value).any():
            problems.append(f"{name} must be a number, got {getattr(scenario, name)}")
        if name in _POSITIVE and np.any(value <= 0):
            problems.append(f"{name} must be above 0, got {getattr(scenario, name)}")
        if name in _NOT_NEGATIVE and np.any(value < 0):
            problems.append(f"{name} must be 0 or more, got {getattr(scenario, name)}")
        if name == "onset_correlation" and abs(value[0]) > 1:
            problems.append(f"{name} must be between -1 and 1, got {value[0]}")
        if name in _SHARES and not 0 <= getattr(scenario, name) <= 1:
            problems.append(f"{name} must be between 0 and 1, got {getattr(scenario, name)}")
    return problems
