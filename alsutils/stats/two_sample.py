"""Two means compared: pooled and Welch's t, from data or from printed figures."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

Variance = Literal["pooled", "welch"]


@dataclass(frozen=True)
class Sample:
    """What a comparison of means needs to know of one group.

    Attributes
    ----------
    n : int
        Number of values.
    mean, sd : float
        Mean and standard deviation (divisor n - 1); NaN where there are too few values.
    """

    n: int
    mean: float
    sd: float

    @classmethod
    def of(cls, values: ArrayLike) -> "Sample":
        """Summarise the values of one group, shape (n,); missing ones are left out."""
        observed = np.asarray(values, dtype=float)
        observed = observed[~np.isnan(observed)]
        n = len(observed)
        mean = float(observed.mean()) if n else math.nan
        return cls(n, mean, float(observed.std(ddof=1)) if n > 1 else math.nan)


@dataclass(frozen=True)
class MeanInterval:
    """A mean with its t interval.

    Attributes
    ----------
    sample : Sample
        The group.
    conf_low, conf_high : float
        Limits, in the unit of the values; NaN with fewer than two values.
    """

    sample: Sample
    conf_low: float
    conf_high: float


def mean_interval(sample: Sample, conf_level: float = 0.95) -> MeanInterval:
    """Give the t interval of one mean.

    Parameters
    ----------
    sample : Sample
        The group.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    MeanInterval
        Student's interval with n - 1 degrees of freedom.
    """
    if sample.n < 2:
        return MeanInterval(sample, math.nan, math.nan)
    quantile = float(stats.t.ppf((1 + conf_level) / 2, sample.n - 1))
    half = quantile * sample.sd / math.sqrt(sample.n)
    return MeanInterval(sample, sample.mean - half, sample.mean + half)


@dataclass(frozen=True)
class MeanDifference:
    """Difference of two means, treated minus control, with its t-test.

    Attributes
    ----------
    treated, control : Sample
        The groups.
    estimate, std_error : float
        Difference and its standard error, in the unit of the values.
    df, statistic, p_value : float
        Degrees of freedom, t and its two-sided p.
    conf_low, conf_high : float
        Limits of the confidence interval.
    """

    treated: Sample
    control: Sample
    estimate: float
    std_error: float
    df: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float

    @property
    def frame(self) -> pd.DataFrame:
        """One row: the counts and the tidy columns of the estimate."""
        row = {
            "n_control": self.control.n,
            "n_treated": self.treated.n,
            "estimate": self.estimate,
            "std_error": self.std_error,
            "df": self.df,
            "statistic": self.statistic,
            "p_value": self.p_value,
            "conf_low": self.conf_low,
            "conf_high": self.conf_high,
        }
        return pd.DataFrame([row])


def mean_difference(
    treated: Sample, control: Sample, variance: Variance = "pooled", conf_level: float = 0.95
) -> MeanDifference:
    """Compare two means by Student's (pooled) or Welch's t-test.

    Parameters
    ----------
    treated, control : Sample
        The groups; ``Sample.of(values)`` makes one from data, ``Sample(n, mean, sd)`` from print.
    variance : {"pooled", "welch"}
        One variance for both groups, or one each with Welch-Satterthwaite degrees of freedom.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    MeanDifference
        With fewer than two values in a group, or no spread in either, what cannot be computed is
        NaN.

    Raises
    ------
    ValueError
        If ``variance`` or ``conf_level`` is none of the allowed values.

    References
    ----------
    Welch BL. The generalization of "Student's" problem when several different population
    variances are involved. Biometrika 1947;34:28-35. doi:10.1093/biomet/34.1-2.28
    """
    if variance not in ("pooled", "welch"):
        raise ValueError(f"variance must be 'pooled' or 'welch', not {variance!r}")
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level must lie between 0 and 1, not {conf_level}")
    estimate = treated.mean - control.mean
    nan = math.nan
    if min(treated.n, control.n) < 2:
        return MeanDifference(treated, control, estimate, nan, nan, nan, nan, nan, nan)
    shares = [treated.sd**2 / treated.n, control.sd**2 / control.n]
    df: float = treated.n + control.n - 2
    if variance == "pooled":
        pooled = ((treated.n - 1) * treated.sd**2 + (control.n - 1) * control.sd**2) / df
        std_error = math.sqrt(pooled * (1 / treated.n + 1 / control.n))
    else:
        std_error = math.sqrt(sum(shares))
        if std_error > 0:
            parts = shares[0] ** 2 / (treated.n - 1) + shares[1] ** 2 / (control.n - 1)
            df = sum(shares) ** 2 / parts
    if std_error == 0:
        return MeanDifference(treated, control, estimate, 0.0, df, nan, nan, nan, nan)
    statistic = estimate / std_error
    half = float(stats.t.ppf((1 + conf_level) / 2, df)) * std_error
    p_value = 2 * float(stats.t.sf(abs(statistic), df))
    return MeanDifference(
        treated,
        control,
        estimate,
        std_error,
        df,
        statistic,
        p_value,
        estimate - half,
        estimate + half,
    )


@dataclass(frozen=True)
class StandardisedDifference:
    """A difference of means in standard deviations (Hedges' g) with its interval.

    Attributes
    ----------
    estimate, std_error : float
        Hedges' g, treated minus control, and its large-sample standard error.
    conf_low, conf_high : float
        Limits of the normal-theory interval.
    """

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float


def hedges_g(treated: Sample, control: Sample, conf_level: float = 0.95) -> StandardisedDifference:
    """Standardise a difference of means by the pooled standard deviation.

    Parameters
    ----------
    treated, control : Sample
        The groups.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    StandardisedDifference
        NaN throughout where a group has fewer than two values or nothing varies.

    References
    ----------
    Hedges LV, Olkin I. Statistical Methods for Meta-Analysis. Academic Press 1985, chapter 5:
    the exact small-sample correction and the variance of equation 5.15 at the corrected value.
    """
    df = treated.n + control.n - 2
    nan = math.nan
    if min(treated.n, control.n) < 2:
        return StandardisedDifference(nan, nan, nan, nan)
    pooled = math.sqrt(((treated.n - 1) * treated.sd**2 + (control.n - 1) * control.sd**2) / df)
    if pooled == 0:
        return StandardisedDifference(nan, nan, nan, nan)
    correction = math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)
    g = correction * (treated.mean - control.mean) / pooled
    total = treated.n + control.n
    std_error = math.sqrt(total / (treated.n * control.n) + g**2 / (2 * total))
    half = float(stats.norm.ppf((1 + conf_level) / 2)) * std_error
    return StandardisedDifference(g, std_error, g - half, g + half)
