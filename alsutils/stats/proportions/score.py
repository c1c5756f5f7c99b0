"""Approximate limits of risk differences and risk ratios, for many tables at once."""

from collections.abc import Callable

import numpy as np
from scipy import stats

from alsutils.stats.proportions.shares import Interval, wilson
from alsutils.stats.proportions.tables import Floats, Limits, Tables, solve

EDGE = 1e-10  # the score statistic is not defined at a difference of exactly -1 or 1
FAR = 40.0  # logarithm of a ratio larger than any that counts of patients can bound


def newcombe_limits(tables: Tables, alpha: float = 0.05) -> Limits:
    """Give Newcombe's hybrid score limits of risk differences (his method 10).

    Parameters
    ----------
    tables : Tables
        With patients in both arms.
    alpha : float
        Two-sided: the limits have level ``1 - alpha``.

    Returns
    -------
    Limits
        Of treated less control, within -1 and 1.

    References
    ----------
    Newcombe, Statistics in Medicine 1998;17:873-890.
    """
    p1, p0 = tables.x1 / tables.n1, tables.x0 / tables.n0
    low1, high1 = wilson(tables.x1, tables.n1, alpha)
    low0, high0 = wilson(tables.x0, tables.n0, alpha)
    gap = p1 - p0
    low = gap - np.hypot(p1 - low1, high0 - p0)
    high = gap + np.hypot(high1 - p1, p0 - low0)
    return Limits(np.maximum(low, -1.0), np.minimum(high, 1.0))


def agresti_caffo_limits(tables: Tables, alpha: float = 0.05) -> Limits:
    """Give Agresti and Caffo's limits of risk differences.

    The textbook interval after one patient with and one without the event was added to each arm.

    Parameters
    ----------
    tables : Tables
        With patients in both arms.
    alpha : float
        Two-sided: the limits have level ``1 - alpha``.

    Returns
    -------
    Limits
        Of treated less control, within -1 and 1.

    References
    ----------
    Agresti and Caffo, The American Statistician 2000;54:280-288.
    """
    p1, p0 = (tables.x1 + 1) / (tables.n1 + 2), (tables.x0 + 1) / (tables.n0 + 2)
    error = np.sqrt(p1 * (1 - p1) / (tables.n1 + 2) + p0 * (1 - p0) / (tables.n0 + 2))
    half = float(stats.norm.isf(alpha / 2)) * error
    return Limits(np.maximum(p1 - p0 - half, -1.0), np.minimum(p1 - p0 + half, 1.0))


def miettinen_nurminen_limits(tables: Tables, alpha: float = 0.05) -> Limits:
    """Give Miettinen and Nurminen's score limits of risk differences.

    The limits are the differences at which the score statistic, with the variance at the maximum
    likelihood shares under that difference and the factor N / (N - 1), reaches the normal quantile.

    Parameters
    ----------
    tables : Tables
        With patients in both arms.
    alpha : float
        Two-sided: the limits have level ``1 - alpha``.

    Returns
    -------
    Limits
        Of treated less control, within -1 and 1.

    References
    ----------
    Miettinen and Nurminen, Statistics in Medicine 1985;4:213-226.
    """
    gap = tables.x1 / tables.n1 - tables.x0 / tables.n0
    ends = np.full(len(tables), 1 - EDGE)
    return _where_statistic_is(difference_statistic, tables, alpha, (-ends, gap, ends), (-1.0, 1.0))


def ratio_score_limits(tables: Tables, alpha: float = 0.05, corrected: bool = True) -> Limits:
    """Give score limits of risk ratios, after Miettinen and Nurminen or after Koopman.

    Parameters
    ----------
    tables : Tables
        With patients in both arms.
    alpha : float
        Two-sided: the limits have level ``1 - alpha``.
    corrected : bool
        With the factor N / (N - 1) of Miettinen and Nurminen; without it these are Koopman's.

    Returns
    -------
    Limits
        Of treated over control: 0 below where no treated patient, infinite above where no control
        had the event.

    References
    ----------
    Miettinen and Nurminen, Statistics in Medicine 1985;4:213-226. Koopman, Biometrics
    1984;40:513-517.
    """

    def statistic(log_ratio: Floats, *counts: Floats) -> Floats:
        found = ratio_statistic(np.exp(log_ratio), *counts)
        total = counts[1] + counts[3]
        return found if corrected else found * np.sqrt(total / (total - 1))

    with np.errstate(divide="ignore", invalid="ignore"):
        middle = np.log(tables.x1 / tables.n1) - np.log(tables.x0 / tables.n0)
    middle = np.clip(np.nan_to_num(middle, nan=0.0), -FAR, FAR)
    ends = np.full(len(tables), FAR)
    logs = _where_statistic_is(statistic, tables, alpha, (-ends, middle, ends), (-np.inf, np.inf))
    low = np.where(tables.x1 == 0, 0.0, np.exp(logs.low))
    return Limits(low, np.where(tables.x0 == 0, np.inf, np.exp(logs.high)))


def ratio_wald_limits(tables: Tables, alpha: float = 0.05) -> Limits:
    """Give the textbook limits of risk ratios, symmetric on the log scale.

    Parameters
    ----------
    tables : Tables
        With patients in both arms.
    alpha : float
        Two-sided: the limits have level ``1 - alpha``.

    Returns
    -------
    Limits
        Of treated over control; missing where an arm has no event, for which there is no such
        interval.

    References
    ----------
    Katz, Baptista, Azen and Pike, Biometrics 1978;34:469-474.
    """
    some = (tables.x1 > 0) & (tables.x0 > 0)
    x1, x0 = (np.where(some, x, np.nan) for x in (tables.x1, tables.x0))
    ratio = (x1 / tables.n1) / (x0 / tables.n0)
    error = np.sqrt(1 / x1 - 1 / tables.n1 + 1 / x0 - 1 / tables.n0)
    factor = np.exp(float(stats.norm.isf(alpha / 2)) * error)
    return Limits(ratio / factor, ratio * factor)


def newcombe_interval(
    events_treated: int, n_treated: int, events_control: int, n_control: int, alpha: float = 0.05
) -> Interval:
    """Give Newcombe's limits of one risk difference.

    Parameters
    ----------
    events_treated, n_treated, events_control, n_control, alpha
        As in `risk_difference`.

    Returns
    -------
    Interval
        As `newcombe_limits`.
    """
    tables = Tables.one(events_treated, n_treated, events_control, n_control)
    return _first(newcombe_limits(tables, alpha))


def miettinen_nurminen_interval(
    events_treated: int, n_treated: int, events_control: int, n_control: int, alpha: float = 0.05
) -> Interval:
    """Give Miettinen and Nurminen's limits of one risk difference.

    Parameters
    ----------
    events_treated, n_treated, events_control, n_control, alpha
        As in `risk_difference`.

    Returns
    -------
    Interval
        As `miettinen_nurminen_limits`.

    Examples
    --------
    >>> limits = miettinen_nurminen_interval(56, 70, 48, 80)
    >>> round(limits.low, 4), round(limits.high, 4)
    (0.0528, 0.3382)
    """
    tables = Tables.one(events_treated, n_treated, events_control, n_control)
    return _first(miettinen_nurminen_limits(tables, alpha))


def difference_statistic(
    difference: Floats, x1: Floats, n1: Floats, x0: Floats, n0: Floats
) -> Floats:
    """Distance of the observed from a supposed difference, in standard errors under the latter."""
    gap = x1 / n1 - x0 / n0 - difference
    return standardised(gap, difference_variance(difference, x1, n1, x0, n0))


def difference_variance(
    difference: Floats, x1: Floats, n1: Floats, x0: Floats, n0: Floats
) -> Floats:
    """Variance of the difference of shares, were the true one as supposed, with N / (N - 1)."""
    p0 = restricted_control_share(difference, x1, n1, x0, n0)
    p1 = np.clip(p0 + difference, 0.0, 1.0)
    total = n1 + n0
    # One patient in each of two arms is the least that is possible, so total - 1 is never 0.
    return (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * total / (total - 1)


def ratio_statistic(ratio: Floats, x1: Floats, n1: Floats, x0: Floats, n0: Floats) -> Floats:
    """Distance of the observed from a supposed ratio, in standard errors under the latter."""
    total, events = n1 + n0, x1 + x0
    # The control share at which the likelihood is greatest solves a quadratic; this form of its
    # smaller root loses no digits where the ratio is far from one.
    b = n1 * ratio + x1 + n0 + x0 * ratio
    root = np.sqrt(np.maximum(b * b - 4 * total * ratio * events, 0.0))
    p0 = 2 * events / (b + root)
    p1 = np.minimum(ratio * p0, 1.0)
    variance = (p1 * (1 - p1) / n1 + ratio**2 * p0 * (1 - p0) / n0) * total / (total - 1)
    return standardised(x1 / n1 - ratio * x0 / n0, variance)


def restricted_control_share(
    difference: Floats, x1: Floats, n1: Floats, x0: Floats, n0: Floats
) -> Floats:
    """Maximum likelihood share of the control arm, given the difference (closed form)."""
    total, events = n1 + n0, x1 + x0
    a3 = total
    a2 = (n1 + 2 * n0) * difference - total - events
    a1 = (n0 * difference - total - 2 * x0) * difference + events
    a0 = x0 * difference * (1 - difference)
    q = (a2 / (3 * a3)) ** 3 - a1 * a2 / (6 * a3**2) + a0 / (2 * a3)
    p = np.copysign(np.sqrt(np.maximum((a2 / (3 * a3)) ** 2 - a1 / (3 * a3), 0.0)), q)
    cosine = np.clip(q / np.where(p == 0, 1.0, p) ** 3, -1.0, 1.0)
    cosine = np.where(p == 0, 0.0, cosine)
    share = 2 * p * np.cos((np.pi + np.arccos(cosine)) / 3) - a2 / (3 * a3)
    return np.clip(share, np.maximum(0.0, -difference), np.minimum(1.0, 1 - difference))


def _where_statistic_is(
    statistic: Callable[..., Floats],
    tables: Tables,
    alpha: float,
    points: tuple[Floats, Floats, Floats],
    beyond: tuple[float, float],
) -> Limits:
    """Find where a falling statistic is the quantile, left and right of the middle point.

    Where it never comes so far, the limit lies at the end of the scale, ``beyond``.
    """
    quantile = float(stats.norm.isf(alpha / 2))
    counts = (tables.x1, tables.n1, tables.x0, tables.n0)
    args = tuple(cells.astype(float) for cells in counts)
    start, middle, end = points
    found = []
    for shift, edge, bracket, default in (
        (quantile, start, (start, middle), beyond[0]),
        (-quantile, end, (middle, end), beyond[1]),
    ):
        reached = np.sign(shift) * (statistic(edge, *args) - shift) > 0
        limits = np.full(len(tables), default)
        limits[reached] = solve(
            lambda point, *cells, shift=shift: statistic(point, *cells) - shift,
            bracket[0][reached],
            bracket[1][reached],
            tuple(cells[reached] for cells in args),
        )
        found.append(limits)
    return Limits(*found)


def standardised(gap: Floats, variance: Floats) -> Floats:
    """Divide by the standard error; without one only the direction is known."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(
            variance > 0, gap / np.sqrt(variance), np.where(gap == 0, 0.0, np.sign(gap) * np.inf)
        )


def _first(limits: Limits) -> Interval:
    return Interval(float(limits.low[0]), float(limits.high[0]))
