"""Survival curves and what is read off them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]

_SAME = 1e-9  # shares that differ by less are one height of the curve


@dataclass(frozen=True)
class SurvivalCurve:
    """The Kaplan-Meier estimate of one group.

    Attributes
    ----------
    frame : DataFrame
        One row a time at which somebody had the event or left, after a first row at time 0:
        ``time``, ``estimate`` (share without the event after that time), ``std_error``
        (Greenwood's, of the share), ``conf_low`` and ``conf_high`` (log-log; missing where the
        share is 0 or 1), ``at_risk`` (just before that time), ``events`` and ``censored``.
    n, events : int
        People, and people with the event.
    conf_level : float
        Level of the intervals.
    """

    frame: pd.DataFrame
    n: int
    events: int
    conf_level: float

    @property
    def last(self) -> float:
        """Longest time observed."""
        return float(self.frame["time"].iloc[-1])


@dataclass(frozen=True)
class Quantile:
    """A time by which a share has had the event.

    Attributes
    ----------
    estimate, conf_low, conf_high : float
        Times; missing where the curve, or its limit, does not come down so far.
    """

    estimate: float
    conf_low: float
    conf_high: float


@dataclass(frozen=True)
class Estimate:
    """A figure of one group, or a difference between two.

    Attributes
    ----------
    estimate, std_error, conf_low, conf_high : float
        In the unit of the figure; missing where the data do not reach so far.
    p_value : float
        Two-sided, for a difference; missing for a figure of one group.
    """

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float = np.nan

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row in the columns of every estimate."""
        return pd.DataFrame([self.__dict__])


def kaplan_meier(time: ArrayLike, event: ArrayLike, conf_level: float = 0.95) -> SurvivalCurve:
    """Estimate the share without the event over time.

    Parameters
    ----------
    time : array_like, shape (n,)
        Time to the event or to the end of observation, at least 0.
    event : array_like of bool, shape (n,)
        Whether the event happened then.
    conf_level : float
        Level of the pointwise intervals.

    Returns
    -------
    SurvivalCurve
        The steps with log-log intervals.

    Raises
    ------
    ValueError
        If there is nobody, or a time is missing or negative.

    References
    ----------
    Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481. Kalbfleisch JD, Prentice RL. The
    Statistical Analysis of Failure Time Data. 2nd ed. 2002, section 1.4 (log-log interval).
    """
    given = checked_times(time, event)
    t, e = given.time, given.event
    fit = KaplanMeierFitter(alpha=1 - conf_level).fit(t, e)
    table = fit.event_table
    estimate = fit.survival_function_.iloc[:, 0].to_numpy()
    at_risk, deaths = table["at_risk"].to_numpy(float), table["observed"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.cumsum(np.where(deaths > 0, deaths / (at_risk * (at_risk - deaths)), 0.0))
        std_error = np.where(estimate > 0, estimate * np.sqrt(growth), 0.0)
    inside = (estimate > _SAME) & (estimate < 1 - _SAME)
    limits = fit.confidence_interval_.to_numpy()
    frame = pd.DataFrame(
        {
            "time": table.index.to_numpy(float),
            "estimate": estimate,
            "std_error": std_error,
            "conf_low": np.where(inside, limits[:, 0], np.nan),
            "conf_high": np.where(inside, limits[:, 1], np.nan),
            "at_risk": at_risk.astype(int),
            "events": deaths.astype(int),
            "censored": table["censored"].to_numpy(int),
        }
    )
    return SurvivalCurve(frame, len(t), int(e.sum()), conf_level)


def reverse_kaplan_meier(
    time: ArrayLike, event: ArrayLike, conf_level: float = 0.95
) -> SurvivalCurve:
    """Estimate how long people were watched, had none of them had the event.

    Parameters
    ----------
    time, event, conf_level
        As in `kaplan_meier`.

    Returns
    -------
    SurvivalCurve
        Of the time to the end of observation; the event ends it early, as censoring does in a
        curve of survival. Its median is the median follow-up.

    References
    ----------
    Schemper M, Smith TL. A note on quantifying follow-up in studies of failure time. Control Clin
    Trials 1996;17:343-346.
    """
    given = checked_times(time, event)
    return kaplan_meier(given.time, ~given.event, conf_level)


def quantile(curve: SurvivalCurve, share: float = 0.5) -> Quantile:
    """Give the time by which a share has had the event, with its interval.

    Parameters
    ----------
    curve : SurvivalCurve
        From `kaplan_meier`.
    share : float
        0.5 for the median.

    Returns
    -------
    Quantile
        Where the curve runs exactly at that height, the middle of the stretch.

    References
    ----------
    Brookmeyer R, Crowley J. A confidence interval for the median survival time. Biometrics
    1982;38:29-41, with the log-log interval of the curve.
    """
    frame = curve.frame
    drops = frame[(frame["events"] > 0)]
    times = drops["time"].to_numpy()
    return Quantile(
        *(
            _crossing(times, drops[column].to_numpy(), 1 - share, curve.last)
            for column in ("estimate", "conf_low", "conf_high")
        )
    )


def survival_at(curve: SurvivalCurve, time: float) -> Estimate:
    """Give the share without the event at one time.

    Parameters
    ----------
    curve : SurvivalCurve
        From `kaplan_meier`.
    time : float
        Missing figures come out beyond the longest observation, unless the curve is at 0.

    Returns
    -------
    Estimate
        Share with Greenwood's standard error and its log-log interval. Where the share is 1 or 0,
        where that interval does not exist, the exact binomial one with those then at risk.
    """
    frame = curve.frame
    row = frame[frame["time"] <= time].iloc[-1]
    share, tail = float(row["estimate"]), (1 - curve.conf_level) / 2
    if time > curve.last and share > _SAME:
        return Estimate(*[np.nan] * 4)
    bound = tail ** (1 / row["at_risk"])
    low, high = float(row["conf_low"]), float(row["conf_high"])
    if share >= 1 - _SAME:
        low, high = bound, 1.0
    elif share <= _SAME:
        low, high = 0.0, 1 - bound
    return Estimate(share, float(row["std_error"]), low, high)


def survival_difference(treated: SurvivalCurve, control: SurvivalCurve, time: float) -> Estimate:
    """Compare the shares without the event at one time.

    Parameters
    ----------
    treated, control : SurvivalCurve
        With intervals of the same level.
    time : float
        Fixed before the data were seen.

    Returns
    -------
    Estimate
        Treated minus control; interval by combining those of the two shares, p by the normal
        approximation with Greenwood's standard errors.

    References
    ----------
    Zou GY, Donner A. Construction of confidence limits about effect measures. Stat Med
    2008;27:1693-1702.
    """
    a, b = survival_at(treated, time), survival_at(control, time)
    difference = a.estimate - b.estimate
    low = difference - np.hypot(a.estimate - a.conf_low, b.conf_high - b.estimate)
    high = difference + np.hypot(a.conf_high - a.estimate, b.estimate - b.conf_low)
    return _difference(difference, float(np.hypot(a.std_error, b.std_error)), low, high)


def restricted_mean(curve: SurvivalCurve, horizon: float) -> Estimate:
    """Give the mean time without the event within a horizon: the area under the curve.

    Parameters
    ----------
    curve : SurvivalCurve
        From `kaplan_meier`.
    horizon : float
        In the unit of time; no longer than the longest observation unless the curve is at 0.

    Returns
    -------
    Estimate
        With a normal interval; without one where nothing varies, as when there is no event.

    Raises
    ------
    ValueError
        If the curve is not known up to the horizon.

    References
    ----------
    Royston P, Parmar MKB. Restricted mean survival time. BMC Med Res Methodol 2013;13:152.
    Klein JP, Moeschberger ML. Survival Analysis. 2nd ed. 2003, section 4.5 (variance).
    """
    frame = curve.frame
    if horizon > curve.last and frame["estimate"].iloc[-1] > _SAME:
        raise ValueError(
            f"the curve is known up to {curve.last:g}, not up to {horizon:g}; "
            "choose a shorter horizon"
        )
    inside = frame[frame["time"] < horizon]
    heights = inside["estimate"].to_numpy()
    widths = np.diff(np.append(inside["time"].to_numpy(), horizon))
    areas = heights * widths
    after = np.cumsum(areas[::-1])[::-1]  # area from each time to the horizon
    d, n = inside["events"].to_numpy(float), inside["at_risk"].to_numpy(float)
    weight = np.divide(d, n * (n - d), out=np.zeros_like(d), where=(d > 0) & (n > d))
    mean, std_error = float(areas.sum()), float(np.sqrt((after**2 * weight).sum()))
    reach = _reach(std_error, curve.conf_level)
    return Estimate(mean, std_error, mean - reach, mean + reach)


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
        With a normal interval and test.

    References
    ----------
    Uno H et al. Moving beyond the hazard ratio. J Clin Oncol 2014;32:2380-2385.
    """
    a, b = restricted_mean(treated, horizon), restricted_mean(control, horizon)
    difference, std_error = a.estimate - b.estimate, float(np.hypot(a.std_error, b.std_error))
    reach = _reach(std_error, treated.conf_level)
    return _difference(difference, std_error, difference - reach, difference + reach)


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
    ends = [c.last for c in curves if c.frame["estimate"].iloc[-1] > _SAME]
    reached = min(ends, default=max(c.last for c in curves))
    return max((t for t in wanted if t <= reached), default=reached)


@dataclass(frozen=True)
class Times:
    """Times and whether the event happened then, each of shape (n,)."""

    time: Floats
    event: NDArray[np.bool_]


def checked_times(time: ArrayLike, event: ArrayLike) -> Times:
    """Give times and events as arrays, or say what is wrong with them."""
    t, e = np.asarray(time, float), np.asarray(event, bool)
    if len(t) == 0 or len(t) != len(e):
        raise ValueError(f"there are {len(t)} times and {len(e)} events; give one of each a person")
    if not np.isfinite(t).all() or (t < 0).any():
        raise ValueError("times must be known and at least 0; leave out people without one")
    return Times(t, e)


def _reach(std_error: float, conf_level: float) -> float:
    """Give half the width of a normal interval; missing where there is no spread."""
    return float(stats.norm.ppf((1 + conf_level) / 2) * std_error) if std_error > 0 else np.nan


def _difference(estimate: float, std_error: float, low: float, high: float) -> Estimate:
    p = 2 * stats.norm.sf(abs(estimate) / std_error) if std_error > 0 else np.nan
    return Estimate(float(estimate), std_error, float(low), float(high), float(p))


def _crossing(times: Floats, heights: Floats, level: float, last: float) -> float:
    """Time at which a falling step curve, drawn up to the last time, comes down to a level."""
    reached = np.flatnonzero(heights <= level + _SAME)
    if len(reached) == 0:
        return np.nan
    first = reached[0]
    if abs(heights[first] - level) > _SAME:
        return float(times[first])
    return float((times[first] + np.append(times, last)[first + 1]) / 2)
