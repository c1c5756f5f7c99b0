"""Events per time observed, with errors from how much patients differ."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


@dataclass(frozen=True)
class EventRate:
    """Events per unit of time in one arm.

    Attributes
    ----------
    events : float
        Number of events.
    time : float
        Time observed, summed over patients.
    n : int
        Patients.
    estimate, conf_low, conf_high : float
        Events per unit of time and its limits; without an event the exact Poisson limits.
    log_error : float
        Standard error of the log rate, from the variation between patients; missing without an
        event.
    """

    events: float
    time: float
    n: int
    estimate: float
    conf_low: float
    conf_high: float
    log_error: float


@dataclass(frozen=True)
class RateRatio:
    """Rate of the treated arm over that of the control arm.

    Attributes
    ----------
    estimate, conf_low, conf_high : float
        Ratio and limits; missing where an arm has no event.
    log_error, statistic, p_value : float
        Standard error of the log ratio, its Wald statistic and two-sided p-value.
    """

    estimate: float
    conf_low: float
    conf_high: float
    log_error: float
    statistic: float
    p_value: float


@dataclass(frozen=True)
class RateDifference:
    """Rate of the treated arm less that of the control arm.

    Attributes
    ----------
    estimate, conf_low, conf_high : float
        Difference and limits, events per unit of time.
    """

    estimate: float
    conf_low: float
    conf_high: float


def event_rate(events: ArrayLike, time: ArrayLike, conf_level: float = 0.95) -> EventRate:
    """Estimate a rate from the events and the time of each patient.

    The events of one patient hang together, so the error comes from how much patients differ and
    not from counting events as if each were its own (the sandwich of a Poisson regression).

    Parameters
    ----------
    events, time : array_like, shape (n,)
        Number of events and time observed (above 0) of each patient.
    conf_level : float
        Level of the limits, between 0 and 1.

    Returns
    -------
    EventRate
        Events per unit of ``time``.

    Raises
    ------
    ValueError
        If the arrays differ in length, are empty, or a time is not above 0.

    References
    ----------
    White, Econometrica 1982;50:1-25; Zou, American Journal of Epidemiology 2004;159:702-706.
    """
    counts, at_risk = np.asarray(events, dtype=float), np.asarray(time, dtype=float)
    if counts.shape != at_risk.shape or counts.size == 0:
        raise ValueError(
            f"events {counts.shape} and time {at_risk.shape}: expected one of each a patient"
        )
    if not (at_risk > 0).all():
        raise ValueError("every patient's time must be above 0; leave the others out")
    total, exposure = float(counts.sum()), float(at_risk.sum())
    rate = total / exposure
    if total == 0:
        highest = -math.log((1 - conf_level) / 2) / exposure
        return EventRate(0.0, exposure, counts.size, 0.0, 0.0, highest, math.nan)
    error = math.sqrt(float(((counts - rate * at_risk) ** 2).sum())) / total
    factor = math.exp(float(stats.norm.isf((1 - conf_level) / 2)) * error)
    return EventRate(total, exposure, counts.size, rate, rate / factor, rate * factor, error)


def rate_ratio(treated: EventRate, control: EventRate, conf_level: float = 0.95) -> RateRatio:
    """Compare two rates of different patients.

    Parameters
    ----------
    treated, control : EventRate
        The arms' rates.
    conf_level : float
        Level of the limits, between 0 and 1.

    Returns
    -------
    RateRatio
        Treated over control.
    """
    if treated.events == 0 or control.events == 0:
        return RateRatio(*[math.nan] * 6)
    ratio = treated.estimate / control.estimate
    error = math.hypot(treated.log_error, control.log_error)
    if error == 0:
        return RateRatio(ratio, ratio, ratio, 0.0, math.nan, math.nan)
    factor = math.exp(float(stats.norm.isf((1 - conf_level) / 2)) * error)
    statistic = math.log(ratio) / error
    p_value = 2 * float(stats.norm.sf(abs(statistic)))
    return RateRatio(ratio, ratio / factor, ratio * factor, error, statistic, p_value)


def rate_difference(treated: EventRate, control: EventRate) -> RateDifference:
    """Subtract two rates of different patients.

    The limits of the two rates are put together so that the difference keeps their asymmetry and
    has limits even where an arm has no event.

    Parameters
    ----------
    treated, control : EventRate
        The arms' rates; the limits of the difference have the level of theirs.

    Returns
    -------
    RateDifference
        Treated less control.

    References
    ----------
    Zou and Donner, Statistics in Medicine 2008;27:1693-1702.
    """
    gap = treated.estimate - control.estimate
    low = math.hypot(treated.estimate - treated.conf_low, control.conf_high - control.estimate)
    high = math.hypot(treated.conf_high - treated.estimate, control.estimate - control.conf_low)
    return RateDifference(gap, gap - low, gap + high)
