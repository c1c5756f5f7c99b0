"""How alike two arms are at the start: descriptions and standardised mean differences."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

MOST_DECIMALS = 6  # with which values are taken to be recorded
SINGULAR = 1e-9  # share of the difference that may lie outside what the covariance spans


@dataclass(frozen=True)
class NumberSummary:
    """A quantity in one arm.

    Attributes
    ----------
    n, missing : int
        Values known and not known.
    mean, sd, median, q1, q3, minimum, maximum : float
        In the unit of the values; missing where there are none (``sd``: fewer than two).
    """

    n: int
    missing: int
    mean: float
    sd: float
    median: float
    q1: float
    q3: float
    minimum: float
    maximum: float


@dataclass(frozen=True)
class Imbalance:
    """Difference of two arms in units of their standard deviation.

    Attributes
    ----------
    estimate : float
        Treated less control; without a sign for three or more categories. Infinite where the arms
        differ in something that varies within neither; missing where an arm has too few values.
    std_error, conf_low, conf_high : float
        Large-sample standard error and limits; missing for three or more categories, whose
        distance has no sign.
    n_treated, n_control : int
        Values known in each arm.
    """

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    n_treated: int
    n_control: int


def summarise(values: ArrayLike) -> NumberSummary:
    """Describe a quantity.

    Parameters
    ----------
    values : array_like, shape (n,)
        Missing values are counted and left out.

    Returns
    -------
    NumberSummary
        Quartiles interpolate linearly between values (R's type 7).
    """
    array = np.asarray(values, dtype=float)
    known = array[~np.isnan(array)]
    n = len(known)
    if n == 0:
        return NumberSummary(0, len(array), *[math.nan] * 7)
    q1, median, q3 = (float(q) for q in np.quantile(known, [0.25, 0.5, 0.75]))
    sd = float(known.std(ddof=1)) if n > 1 else math.nan
    ends = float(known.min()), float(known.max())
    return NumberSummary(n, len(array) - n, float(known.mean()), sd, median, q1, q3, *ends)


def decimals(values: ArrayLike) -> int:
    """Give the decimals with which means, quartiles and standard deviations are worth printing.

    Parameters
    ----------
    values : array_like, shape (n,)
        The values as recorded, of all arms together; missing ones are left out.

    Returns
    -------
    int
        One more than the values have, but no more than shows the standard deviation to three
        digits, and for one between 2 and 200 no more than one.

    References
    ----------
    Cole TJ. Too many digits: the presentation of numerical data. Arch Dis Child 2015;100:608-609.

    Examples
    --------
    >>> decimals([61, 47, 55, 70])
    1
    >>> decimals([0.41, 0.52, 0.38])
    3
    """
    array = np.asarray(values, dtype=float)
    known = array[~np.isnan(array)]
    recorded = next(
        (d for d in range(MOST_DECIMALS) if np.allclose(known, np.round(known, d), rtol=0)),
        MOST_DECIMALS,
    )
    spread = float(known.std(ddof=1)) if len(known) > 1 else 0.0
    if spread == 0:
        return recorded + 1
    by_spread = 1 if 2 <= spread < 200 else max(0, 1 - math.floor(math.log10(spread / 2)))
    return min(recorded + 1, by_spread)


def standardised_mean_difference(
    treated: ArrayLike, control: ArrayLike, conf_level: float = 0.95
) -> Imbalance:
    """Give the standardised mean difference of a quantity.

    Parameters
    ----------
    treated, control : array_like
        Values of each arm; missing ones are left out.
    conf_level : float
        Level of the limits, between 0 and 1.

    Returns
    -------
    Imbalance
        Difference of means over the root mean square of the two standard deviations.

    References
    ----------
    Austin, Statistics in Medicine 2009;28:3083-3107.
    """
    one, zero = summarise(treated), summarise(control)
    if min(one.n, zero.n) < 2:
        return _unknown(one.n, zero.n)
    spread = math.sqrt((one.sd**2 + zero.sd**2) / 2)
    return _with_limits(_ratio(one.mean - zero.mean, spread), one.n, zero.n, conf_level)


def standardised_share_difference(
    treated: ArrayLike, control: ArrayLike, conf_level: float = 0.95
) -> Imbalance:
    """Give the standardised difference of a yes-or-no characteristic.

    Parameters
    ----------
    treated, control : array_like
        1 for yes, 0 for no; missing ones are left out.
    conf_level : float
        Level of the limits, between 0 and 1.

    Returns
    -------
    Imbalance
        Difference of the shares over the root mean of their two variances p(1 - p).

    References
    ----------
    Austin, Statistics in Medicine 2009;28:3083-3107.
    """
    one, zero = summarise(treated), summarise(control)
    if min(one.n, zero.n) < 1:
        return _unknown(one.n, zero.n)
    spread = math.sqrt((one.mean * (1 - one.mean) + zero.mean * (1 - zero.mean)) / 2)
    return _with_limits(_ratio(one.mean - zero.mean, spread), one.n, zero.n, conf_level)


def standardised_category_difference(treated: pd.Series, control: pd.Series) -> Imbalance:
    """Give the standardised distance of a characteristic with any number of categories.

    Parameters
    ----------
    treated, control : Series
        The category of each patient; missing ones are left out.

    Returns
    -------
    Imbalance
        Mahalanobis distance of the shares of all categories but one, with the mean of the arms'
        multinomial covariances; the one left out makes no difference. 0 or more.

    References
    ----------
    Yang and Dalton, SAS Global Forum 2012, paper 335.
    """
    treated, control = treated.dropna(), control.dropna()
    if min(len(treated), len(control)) < 1:
        return _unknown(len(treated), len(control))
    levels = sorted(set(treated) | set(control), key=str)[1:]
    one = np.array([(treated == level).mean() for level in levels])
    zero = np.array([(control == level).mean() for level in levels])
    spread = (_multinomial_covariance(one) + _multinomial_covariance(zero)) / 2
    gap = one - zero
    weights = np.linalg.pinv(spread) @ gap
    # Where the gap lies outside what varies, the arms differ by infinitely many standard deviations
    outside = np.abs(spread @ weights - gap).max(initial=0.0) > SINGULAR
    distance = math.inf if outside else math.sqrt(max(float(gap @ weights), 0.0))
    return Imbalance(distance, math.nan, math.nan, math.nan, len(treated), len(control))


def chance_of_imbalance(n_treated: int, n_control: int, threshold: float) -> float:
    """Give the probability that chance alone makes a standardised difference beyond a threshold.

    Parameters
    ----------
    n_treated, n_control : int
        Patients randomised to each arm.
    threshold : float
        Above 0; differences in either direction count.

    Returns
    -------
    float
        By the normal approximation, in which the difference has variance 1 / n1 + 1 / n0.

    Raises
    ------
    ValueError
        If an arm has nobody.

    Examples
    --------
    >>> round(chance_of_imbalance(32, 32, 0.1), 2)
    0.69
    """
    if min(n_treated, n_control) < 1:
        raise ValueError(f"both arms need patients; they have {n_treated} and {n_control}")
    return 2 * float(stats.norm.sf(threshold / math.sqrt(1 / n_treated + 1 / n_control)))


def _multinomial_covariance(shares: np.ndarray) -> np.ndarray:
    return np.diag(shares) - np.outer(shares, shares)


def _ratio(difference: float, spread: float) -> float:
    if spread > 0:
        return difference / spread
    return 0.0 if difference == 0 else math.copysign(math.inf, difference)


def _unknown(n_treated: int, n_control: int) -> Imbalance:
    return Imbalance(math.nan, math.nan, math.nan, math.nan, n_treated, n_control)


def _with_limits(estimate: float, n_treated: int, n_control: int, conf_level: float) -> Imbalance:
    """Add the large-sample error of Hedges and Olkin (1985) and the limits it gives."""
    if math.isinf(estimate):
        return Imbalance(estimate, math.nan, math.nan, math.nan, n_treated, n_control)
    total = n_treated + n_control
    error = math.sqrt(total / (n_treated * n_control) + estimate**2 / (2 * total))
    half = float(stats.norm.isf((1 - conf_level) / 2)) * error
    return Imbalance(estimate, error, estimate - half, estimate + half, n_treated, n_control)
