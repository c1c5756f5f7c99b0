"""Restricted means: areas under survival curves."""

import numpy as np

from alsutils.stats.survival.curves import SurvivalCurve
from alsutils.stats.survival.times import (
    SAME,
    Estimate,
    TimesError,
    difference,
    error_of_both,
    reach,
)


def restricted_mean(curve: SurvivalCurve, horizon: float) -> Estimate:
    """Give the mean time without the event within a horizon: the area under the curve.

    Parameters
    ----------
    curve : SurvivalCurve
        From `kaplan_meier`.
    horizon : float
        In the unit of time, at least 0; no longer than the longest observation unless the curve
        is at 0.

    Returns
    -------
    Estimate
        With a normal interval; without one where nothing varies, as when there is no event.

    Raises
    ------
    TimesError
        If the curve is not known up to the horizon, or the horizon is negative.

    References
    ----------
    Royston P, Parmar MKB. Restricted mean survival time. BMC Med Res Methodol 2013;13:152.
    Klein JP, Moeschberger ML. Survival Analysis. 2nd ed. 2003, section 4.5 (variance).
    """
    frame = curve.frame
    if not horizon >= 0:
        raise TimesError(f"a horizon must be at least 0, not {horizon:g}")
    if horizon > curve.last and frame["estimate"].iloc[-1] > SAME:
        raise TimesError(
            f"the curve is known up to {curve.last:g}, not up to {horizon:g}; "
            "choose a shorter horizon"
        )
    inside = frame["time"].to_numpy() < horizon
    heights = frame["estimate"].to_numpy()[inside]
    areas = heights * np.diff(np.append(frame["time"].to_numpy()[inside], horizon))
    after = np.cumsum(areas[::-1])[::-1]  # area from each time to the horizon
    weight = np.diff(curve.growth[inside], prepend=0.0)
    mean, std_error = float(areas.sum()), float(np.sqrt((after**2 * weight).sum()))
    half = reach(std_error, curve.conf_level)
    return Estimate(mean, std_error, mean - half, mean + half)


def restricted_mean_difference(
    treated: SurvivalCurve, control: SurvivalCurve, horizon: float
) -> Estimate:
    """Compare mean times without the event within a horizon, treated minus control.

    Parameters
    ----------
    treated, control : SurvivalCurve
        With intervals of the same level.
    horizon : float
        As in `restricted_mean`.

    Returns
    -------
    Estimate
        With a normal interval and test; without them where nothing varies in a group, as where
        nobody of it had the event, for no data of few patients show that nobody ever has.

    References
    ----------
    Uno H et al. Moving beyond the hazard ratio. J Clin Oncol 2014;32:2380-2385.
    """
    a, b = restricted_mean(treated, horizon), restricted_mean(control, horizon)
    gap, std_error = a.estimate - b.estimate, error_of_both(a.std_error, b.std_error)
    half = reach(std_error, treated.conf_level)
    return difference(gap, std_error, gap - half, gap + half)


def restricted_mean_ratio(
    treated: SurvivalCurve, control: SurvivalCurve, horizon: float
) -> Estimate:
    """Compare mean times without the event within a horizon, treated over control.

    Parameters
    ----------
    treated, control : SurvivalCurve
        With intervals of the same level.
    horizon : float
        As in `restricted_mean`.

    Returns
    -------
    Estimate
        A ratio with limits; ``std_error`` and test are those of its natural logarithm. Missing
        where a mean is 0, and without limits where nothing varies in a group.

    References
    ----------
    Uno H et al. Moving beyond the hazard ratio. J Clin Oncol 2014;32:2380-2385.
    """
    a, b = restricted_mean(treated, horizon), restricted_mean(control, horizon)
    if not (a.estimate > 0 and b.estimate > 0):
        return Estimate(*[np.nan] * 4)
    log_ratio = float(np.log(a.estimate / b.estimate))
    std_error = error_of_both(a.std_error / a.estimate, b.std_error / b.estimate)
    half = reach(std_error, treated.conf_level)
    logs = difference(log_ratio, std_error, log_ratio - half, log_ratio + half)
    ratio, low, high = np.exp([logs.estimate, logs.conf_low, logs.conf_high])
    return Estimate(float(ratio), std_error, float(low), float(high), logs.p_value)


def common_horizon(curves: list[SurvivalCurve], wanted: list[float]) -> float:
    """Choose the horizon of a restricted mean: the latest wanted time that all curves reach.

    Parameters
    ----------
    curves : list of SurvivalCurve
        At least one.
    wanted : list of float
        Times named before the data were seen; may be empty.

    Returns
    -------
    float
        The latest of them within every group's longest observation; that observation where none
        is.
    """
    ends = [c.last for c in curves if c.frame["estimate"].iloc[-1] > SAME]
    reached = min(ends, default=max(c.last for c in curves))
    return max((t for t in wanted if t <= reached), default=reached)
