"""Two means: a t-test, with the baseline held equal, subtracted, or neither."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from alsutils.stats.power.level import TWO_SIDED, Floats, Level, normal_power, t_power
from alsutils.stats.power.planning import Effects

Statistic = Literal["pooled", "welch", "normal"]


@dataclass(frozen=True)
class MeanTest:
    """A comparison of two means in a plan.

    Analyses of covariance, repeated measures and slopes come down to it: each says how much one
    patient's contribution scatters.

    Attributes
    ----------
    sd : float
        Standard deviation of what a patient contributes, in the unit of the endpoint; where it is
        missing, so is the power.
    sd_treated : float or None
        The same in the treated arm; as in the control where None.
    covariates : int
        Normal covariates that the model holds equal; ``sd`` is what they leave.
    statistic : {"pooled", "welch", "normal"}
        Student's t, Welch's t (whose degrees of freedom are Satterthwaite's at the true standard
        deviations), or a normal test as if ``sd`` were known.
    level : Level
        Of the test.
    """

    sd: float
    sd_treated: float | None = None
    covariates: int = 0
    statistic: Statistic = "pooled"
    level: Level = TWO_SIDED

    def __post_init__(self) -> None:
        if self.sd < 0 or (self.sd_treated is not None and self.sd_treated < 0):
            raise ValueError("a standard deviation cannot be negative")
        if self.statistic == "pooled" and self.sd_treated not in (None, self.sd):
            raise ValueError("a pooled test has one standard deviation; use statistic='welch'")

    @property
    def effects(self) -> Effects:
        """Differences of means; none is 0."""
        return Effects(-math.inf, 0.0, math.inf)

    @property
    def steady(self) -> bool:
        """More patients never mean less power."""
        return True

    def power(self, effect: ArrayLike, n_control: ArrayLike, n_treated: ArrayLike) -> Floats:
        """Give the probability to find a difference.

        Parameters
        ----------
        effect : array_like
            True difference of the means, in the unit of ``sd``.
        n_control, n_treated : array_like
            Patients analysed in each arm, at least two.

        Returns
        -------
        ndarray
            The shape of the arguments together; missing where the arms are too small or nothing
            scatters.
        """
        n0, n1 = np.asarray(n_control, float), np.asarray(n_treated, float)
        sd1 = self.sd if self.sd_treated is None else self.sd_treated
        with np.errstate(divide="ignore", invalid="ignore"):
            share0, share1 = self.sd**2 / n0, sd1**2 / n1
            error = np.where((share0 + share1 > 0) & (np.minimum(n0, n1) >= 2), 1.0, np.nan)
            error = error * np.sqrt(share0 + share1)
            drift = np.asarray(effect, float) / error
            if self.statistic == "normal":
                return normal_power(drift, self.level)
            df = n0 + n1 - 2.0
            if self.statistic == "welch":
                df = (share0 + share1) ** 2 / (share0**2 / (n0 - 1) + share1**2 / (n1 - 1))
        return t_power(drift, df - self.covariates, self.level, self.covariates)


def ancova(
    sd: float, correlation: float, covariates: int = 1, level: Level = TWO_SIDED
) -> MeanTest:
    """Plan an analysis of covariance.

    Parameters
    ----------
    sd : float
        Standard deviation of the endpoint within the arms.
    correlation : float
        Within the arms, of the endpoint with its best prediction from the covariates; with one
        covariate, its correlation with the endpoint, of either sign.
    covariates : int
        How many they are.
    level : Level
        Of the test.

    Returns
    -------
    MeanTest
        The variance is what the covariates leave, 1 - correlation squared. The endpoint may be the
        value or its change from the baseline: with the baseline as covariate both give the same.

    References
    ----------
    Borm GF, Fransen J, Lemmens WAJG. A simple sample size formula for analysis of covariance in
    randomized clinical trials. J Clin Epidemiol 2007;60:1234-1238.
    doi:10.1016/j.jclinepi.2007.02.006

    Examples
    --------
    >>> from alsutils.stats.power import MeanTest, sample_size
    >>> [sample_size(t, effect=2).n_control for t in (MeanTest(4), ancova(4, correlation=0.6))]
    [64, 42]
    """
    _check_correlation(correlation)
    return MeanTest(sd * math.sqrt(1 - correlation**2), covariates=covariates, level=level)


def change_score(
    sd: float, sd_baseline: float, correlation: float, level: Level = TWO_SIDED
) -> MeanTest:
    """Plan a t-test of the change from baseline.

    Parameters
    ----------
    sd, sd_baseline : float
        Standard deviations, within the arms, of the value at the end and at the baseline.
    correlation : float
        Between the two.
    level : Level
        Of the test.

    Returns
    -------
    MeanTest
        Subtracting the baseline helps where the correlation is above half the ratio of the
        baseline's standard deviation to that at the end, and harms below; holding the baseline
        equal is never worse in large arms.

    References
    ----------
    Frison L, Pocock SJ. Repeated measures in clinical trials: analysis using mean summary
    statistics and its implications for design. Stat Med 1992;11:1685-1704.
    doi:10.1002/sim.4780111304
    """
    _check_correlation(correlation)
    variance = sd**2 + sd_baseline**2 - 2 * correlation * sd * sd_baseline
    return MeanTest(math.sqrt(max(variance, 0.0)), level=level)


def pooled_sd(*groups: ArrayLike) -> float:
    """Pool the standard deviation within groups.

    Parameters
    ----------
    *groups : array_like
        Values of each group; missing ones are left out.

    Returns
    -------
    float
        Missing where no group has two values.
    """
    known = [np.asarray(g, dtype=float) for g in groups]
    known = [g[~np.isnan(g)] for g in known]
    freedom = sum(max(len(g) - 1, 0) for g in known)
    if freedom == 0:
        return math.nan
    squares = sum(float(((g - g.mean()) ** 2).sum()) for g in known if len(g))
    return math.sqrt(squares / freedom)


def _check_correlation(correlation: float) -> None:
    if not -1 <= correlation <= 1:
        raise ValueError(f"correlation must lie between -1 and 1, not {correlation:g}")
