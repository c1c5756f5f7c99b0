"""How likely the next trial is to succeed, averaged over what is believed of the true effect."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from alsutils.stats.power.level import TWO_SIDED, Level

Floats = NDArray[np.float64]
Success = Literal["better", "either"]
Statistic = Literal["t", "normal"]

# Trapezoid rules over a normal variable: a coarse one for smooth functions, and one for steps.
_Z = np.arange(-8, 8.125, 0.25)
_WEIGHT = np.exp(-(_Z**2) / 2) / np.exp(-(_Z**2) / 2).sum()
_FINE = np.arange(-8, 8.01, 0.02)
_FINE_WEIGHT = np.exp(-(_FINE**2) / 2) / np.exp(-(_FINE**2) / 2).sum()

CELLS = 20  # of a grid, to one standard error
REACH = 10  # standard errors that a grid goes beyond the estimate
MOST_PATIENTS = 1_000_000  # in the control arm

# Table 1 of van Zwet, Schwab and Senn (2021): true effects, in standard errors of their trials,
# of 23,551 trials of the Cochrane Database; a mixture of normal distributions around 0.
RECORD_WEIGHTS = (0.32, 0.31, 0.30, 0.07)
RECORD_SDS = (0.61, 1.42, 2.16, 5.64)


@dataclass(frozen=True)
class Belief:
    """What is believed of a true effect: a mixture of normal distributions.

    Attributes
    ----------
    weights : ndarray, shape (k,)
        Of the parts; they add up to 1.
    means, sds : ndarray, shape (k,)
        In the unit of the effect, above 0 is better. A standard deviation of 0 is a point, such as
        no effect at all.
    """

    weights: Floats
    means: Floats
    sds: Floats

    def __post_init__(self) -> None:
        parts = [np.atleast_1d(np.asarray(a, float)) for a in (self.weights, self.means, self.sds)]
        if len({part.shape for part in parts}) != 1 or parts[0].ndim != 1 or not len(parts[0]):
            raise ValueError("weights, means and sds need the same number of parts, at least one")
        if (parts[0] < 0).any() or (parts[2] < 0).any() or not parts[0].sum() > 0:
            raise ValueError("weights and standard deviations must not be negative")
        names = ("weights", "means", "sds")
        for name, part in zip(names, (parts[0] / parts[0].sum(), *parts[1:]), strict=True):
            object.__setattr__(self, name, part)

    @classmethod
    def normal(cls, mean: float, sd: float) -> "Belief":
        """Give a normal belief; an estimate and its error are what the data say by themselves."""
        return cls(np.array([1.0]), np.array([mean]), np.array([sd]))

    @property
    def mean(self) -> float:
        """Expected effect."""
        return float(self.weights @ self.means)

    @property
    def sd(self) -> float:
        """Standard deviation of the effect."""
        return math.sqrt(float(self.weights @ (self.sds**2 + (self.means - self.mean) ** 2)))

    def probability_above(self, threshold: ArrayLike = 0.0) -> Floats:
        """Give the probability of an effect above a threshold; half of a point upon it counts."""
        gap = self.means - np.asarray(threshold, float)[..., None]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            standing = np.where(gap == 0, 0.0, gap / self.sds)
        return np.asarray(special.ndtr(standing) @ self.weights)

    def quantile(self, share: float) -> float:
        """Give the effect below which a share of the belief lies."""
        spread = 9 * self.sds.max() + 1e-9
        ends = float(self.means.min() - spread), float(self.means.max() + spread)
        below = lambda x: 1 - float(self.probability_above(x)) - share  # noqa: E731
        return float(optimize.brentq(below, *ends, xtol=1e-10))

    def interval(self, conf_level: float = 0.95) -> tuple[float, float]:
        """Give the limits of the central interval."""
        tail = (1 - conf_level) / 2
        return self.quantile(tail), self.quantile(1 - tail)

    def plus(self, shift: float, sd: float = 0.0) -> "Belief":
        """Add something normal and independent, such as the error of a trial or a bias."""
        return Belief(self.weights, self.means + shift, np.sqrt(self.sds**2 + sd**2))


def record_of_trials(std_error: float) -> Belief:
    """Give what past trials let expect before the data: most effects are small beside their error.

    Parameters
    ----------
    std_error : float
        Standard error of the trial's estimate, above 0.

    Returns
    -------
    Belief
        The distribution of true effects among the trials of the Cochrane Database, scaled to the
        precision of this one.

    References
    ----------
    van Zwet E, Schwab S, Senn S. The statistical properties of RCTs and a proposal for shrinkage.
    Stat Med 2021;40:6107-6117. doi:10.1002/sim.9173
    """
    return Belief(
        np.array(RECORD_WEIGHTS), np.zeros(len(RECORD_SDS)), std_error * np.array(RECORD_SDS)
    )


def posterior(prior: Belief, estimate: float, std_error: float) -> Belief:
    """Learn from a trial.

    Parameters
    ----------
    prior : Belief
        Before it. A part without spread at 0 is the share of candidate treatments that do nothing.
    estimate, std_error : float
        Of the trial, above 0.

    Returns
    -------
    Belief
        Each part is updated by the conjugate formula and weighted by how well it foretold the
        estimate. If treatments come from the prior, then this is right also for those that were
        chosen for their estimate: the choice is part of the data.

    Raises
    ------
    ValueError
        If ``std_error`` is not above 0.

    References
    ----------
    Dawid AP. Selection paradoxes of Bayesian inference. In: Multivariate Analysis and Its
    Applications, IMS Lecture Notes 1994;24:211-220.
    """
    _check_error(std_error)
    total = prior.sds**2 + std_error**2
    fit = -0.5 * (estimate - prior.means) ** 2 / total - 0.5 * np.log(total)
    weights = prior.weights * np.exp(fit - fit.max())
    shrink = prior.sds**2 / total
    means = prior.means + shrink * (estimate - prior.means)
    return Belief(weights, means, std_error * np.sqrt(shrink))


def given_significance(estimate: float, std_error: float, level: Level = TWO_SIDED) -> Belief:
    """Say what an estimate tells that is only known because it was significant.

    Parameters
    ----------
    estimate, std_error : float
        Of the trial.
    level : Level
        At which the trial had to succeed to be carried on.

    Returns
    -------
    Belief
        The likelihood of the estimate, given that the test rejects (in either direction if it is
        two-sided), over all true effects alike; on a grid of points, none of which is 0.

    Raises
    ------
    ValueError
        If the estimate is not significant, so that it cannot have been chosen for that.

    References
    ----------
    Zhong H, Prentice RL. Bias-reduced estimators and confidence intervals for odds ratios in
    genome-wide association studies. Biostatistics 2008;9:621-634.
    """
    _check_error(std_error)
    # What no test would have let pass is likely only where the estimate is not far from 0.
    low, high = sorted((0.0 if abs(estimate) < REACH * std_error else estimate, estimate))
    step = std_error / CELLS
    first = math.floor((low - REACH * std_error) / step)
    cells = np.arange(first, math.ceil((high + REACH * std_error) / step))
    effects = np.asarray(step * (cells + 0.5), dtype=np.float64)
    likelihood = _log_likelihood(effects, estimate, std_error, level)
    return Belief(np.exp(likelihood - likelihood.max()), effects, np.zeros_like(effects))


def conditional_estimate(estimate: float, std_error: float, level: Level = TWO_SIDED) -> float:
    """Estimate the effect of a trial that is only known because it was significant.

    Parameters
    ----------
    estimate, std_error, level
        As in `given_significance`.

    Returns
    -------
    float
        The effect of greatest conditional likelihood; of a two-sided level between 0 and the
        estimate.

    Raises
    ------
    ValueError
        If the estimate is not significant.

    References
    ----------
    Zhong H, Prentice RL. Biostatistics 2008;9:621-634 (their first estimator).

    Examples
    --------
    >>> round(conditional_estimate(2.1, 1.0), 2), round(conditional_estimate(5.0, 1.0), 2)
    (0.56, 5.0)
    """

    def against(effect: float) -> float:
        return -float(_log_likelihood(np.array([effect]), estimate, std_error, level)[0])

    low, high = sorted((0.0 if level.sides == 2 else estimate - REACH * std_error, estimate))
    found = optimize.minimize_scalar(
        against, bounds=(low, high), method="bounded", options={"xatol": 1e-9 * std_error}
    )
    return float(found.x)


def assurance(
    belief: Belief,
    sd: float,
    n_control: ArrayLike,
    n_treated: ArrayLike,
    level: Level = TWO_SIDED,
    success: Success = "better",
    statistic: Statistic = "t",
) -> Floats:
    """Give the probability that a trial of two arms succeeds, over what is believed of the effect.

    Parameters
    ----------
    belief : Belief
        Of the true difference.
    sd : float
        Standard deviation within the arms, same unit, above 0.
    n_control, n_treated : array_like
        Patients analysed in each arm, at least 2.
    level : Level
        Of the test.
    success : {"better", "either"}
        A significant difference in favour of treatment, or in either direction.
    statistic : {"t", "normal"}
        Student's t-test, or a test that knows ``sd``.

    Returns
    -------
    ndarray
        The shape of the sizes. With a known standard deviation each part of the belief gives
        Phi((m - z r) / sqrt(r^2 + s^2)), r being the standard error of the next trial; for the
        t-test its mean over the distribution of the estimated standard deviation.

    Raises
    ------
    ValueError
        If ``sd`` is not above 0 or an arm has fewer than 2 patients.

    References
    ----------
    O'Hagan A, Stevens JW, Campbell MJ. Assurance in clinical trial design. Pharm Stat
    2005;4:187-201. doi:10.1002/pst.175. Spiegelhalter DJ, Freedman LS. A predictive approach to
    selecting the size of a clinical trial. Stat Med 1986;5:1-13. doi:10.1002/sim.4780050103

    Examples
    --------
    >>> sure, unsure = Belief.normal(2, 0), Belief.normal(2, 1)
    >>> [round(float(assurance(b, sd=4, n_control=64, n_treated=64)), 2) for b in (sure, unsure)]
    [0.8, 0.69]
    """
    n0, n1 = np.broadcast_arrays(np.asarray(n_control, float), np.asarray(n_treated, float))
    if not sd > 0 or (np.minimum(n0, n1) < 2).any():
        raise ValueError(f"sd must be above 0 and arms have at least 2 patients: {sd}, {n0}, {n1}")
    error = sd * np.sqrt(1 / n0 + 1 / n1)
    if statistic == "normal":
        critical, weight = np.array([-special.ndtri(level.tail)]), np.array([1.0])
    else:
        df = (n0 + n1 - 2)[..., None]
        # How many times too large the estimated standard deviation comes out.
        factor = np.sqrt(2 * special.gammaincinv(df / 2, special.ndtr(_Z)) / df)
        critical, weight = -special.stdtrit(df, level.tail) * factor, _WEIGHT
    needed = error[..., None] * critical
    spread = np.sqrt(belief.sds**2 + error[..., None, None] ** 2)
    chance = special.ndtr((belief.means - needed[..., None]) / spread)
    if success == "either":
        chance = chance + special.ndtr((-belief.means - needed[..., None]) / spread)
    return np.asarray(np.einsum("...ck,c,k->...", chance, weight, belief.weights))


def assurance_limit(belief: Belief, level: Level = TWO_SIDED) -> float:
    """Give the assurance of a trial without end: the probability that the effect is a good one.

    Parameters
    ----------
    belief : Belief
        Of the true effect.
    level : Level
        Of the test, which errs for a treatment without any effect too.

    Returns
    -------
    float
        No trial in favour of treatment can promise more, however large.
    """
    idle = (belief.means == 0) & (belief.sds == 0)
    share = float(belief.weights[idle].sum())
    return float(belief.probability_above()) - share / 2 + share * level.tail


@dataclass(frozen=True)
class SizeForAssurance:
    """The trial that is needed for a wanted assurance.

    Attributes
    ----------
    n_control, n_treated : float
        Patients analysed in each arm; missing where no trial of MOST_PATIENTS does.
    assurance : float
        What that trial has; missing likewise.
    limit : float
        The assurance of a trial without end.
    """

    n_control: float
    n_treated: float
    assurance: float
    limit: float


def size_for_assurance(
    belief: Belief, sd: float, wanted: float = 0.8, ratio: float = 1.0, level: Level = TWO_SIDED
) -> SizeForAssurance:
    """Find the smallest trial with a wanted probability of success.

    Parameters
    ----------
    belief : Belief
        Of the true difference.
    sd : float
        Standard deviation within the arms.
    wanted : float
        Probability of a significant difference in favour of treatment, between 0 and 1.
    ratio : float
        Treated patients for each control.
    level : Level
        Of the t-test.

    Returns
    -------
    SizeForAssurance
        Without a size where the wanted assurance is beyond the limit.
    """
    arms = lambda n0: (n0, np.maximum(2.0, np.ceil(ratio * n0)))  # noqa: E731
    reached = lambda n0: assurance(belief, sd, *arms(n0), level)  # noqa: E731
    limit = assurance_limit(belief, level)
    none = SizeForAssurance(math.nan, math.nan, math.nan, limit)
    ladder = np.unique(np.ceil(np.geomspace(2, MOST_PATIENTS, 30)))
    enough = np.flatnonzero(reached(ladder) >= wanted)
    if not len(enough):
        return none
    high = ladder[enough[0]]
    low = ladder[enough[0] - 1] if enough[0] else 1.0
    while high - low > 1:
        middle = math.floor((low + high) / 2)
        low, high = (low, middle) if reached(middle) >= wanted else (middle, high)
    n0, n1 = arms(float(high))
    return SizeForAssurance(float(n0), float(n1), float(reached(high)), limit)


@dataclass(frozen=True)
class ArmsAssurance:
    """Success of a trial in which several arms share a control.

    Attributes
    ----------
    each : ndarray, shape (k,)
        Probability of success of each arm.
    at_least_one, every : float
        Probability that one arm or more, and that all of them, succeed.
    """

    each: Floats
    at_least_one: float
    every: float


def arms_assurance(
    belief: Belief,
    sd: float,
    n_control: int,
    n_treated: Sequence[int],
    level: Level = TWO_SIDED,
    alike: float = 1.0,
) -> ArmsAssurance:
    """Give the probability that arms of one trial succeed, each against the common control.

    Parameters
    ----------
    belief : Belief
        Of the true effect of every arm.
    sd : float
        Standard deviation within the arms, taken as known by the test.
    n_control : int
        Patients in the control arm.
    n_treated : sequence of int
        Patients in each treated arm.
    level : Level
        Of each test.
    alike : float
        Correlation of the arms' true effects within a part of the belief, from 0 to 1; 1 where
        all arms have the same effect.

    Returns
    -------
    ArmsAssurance
        The arms' estimates are correlated by the control they share and by the effect they have
        in common; given both they are independent, so that one integral is enough.

    References
    ----------
    Dunnett CW. A multiple comparison procedure for comparing several treatments with a control.
    J Am Stat Assoc 1955;50:1096-1121. doi:10.1080/01621459.1955.10501294
    """
    if not 0 <= alike <= 1:
        raise ValueError(f"alike must lie between 0 and 1, not {alike}")
    n1 = np.asarray(n_treated, float)[:, None, None]
    needed = -special.ndtri(level.tail) * sd * np.sqrt(1 / n_control + 1 / n1)
    variance = belief.sds[None, :, None] ** 2
    common = np.sqrt(sd**2 / n_control + alike * variance) * _FINE
    own = np.sqrt(sd**2 / n1 + (1 - alike) * variance)
    succeeds = special.ndtr((belief.means[None, :, None] + common - needed) / own)
    average = lambda chance: float(belief.weights @ (chance @ _FINE_WEIGHT))  # noqa: E731
    return ArmsAssurance(
        np.array([average(arm) for arm in succeeds]),
        1 - average((1 - succeeds).prod(axis=0)),
        average(succeeds.prod(axis=0)),
    )


def _log_likelihood(effects: Floats, estimate: float, std_error: float, level: Level) -> Floats:
    """Give the log density of a significant estimate under each true effect, up to a constant."""
    _check_error(std_error)
    critical = -special.ndtri(level.tail)
    standing = estimate / std_error
    if not (standing if level.sides == 1 else abs(standing)) > critical:
        raise ValueError(
            f"an estimate of {standing:.3g} standard errors is not significant at the level "
            f"{level.alpha:g}, so it was not chosen for that"
        )
    size = effects / std_error
    chosen = special.log_ndtr(size - critical)
    if level.sides == 2:
        chosen = np.logaddexp(chosen, special.log_ndtr(-size - critical))
    return np.asarray(-0.5 * (standing - size) ** 2 - chosen)


def _check_error(std_error: float) -> None:
    if not std_error > 0:
        raise ValueError(f"std_error must be above 0, not {std_error}")
