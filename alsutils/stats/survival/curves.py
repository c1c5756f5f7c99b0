"""Kaplan-Meier curves and what is read off them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from alsutils.stats.survival.times import (
    SAME,
    Estimate,
    Floats,
    Ints,
    TimesError,
    checked_times,
    counts,
    difference,
    error_of_both,
)

IntervalKind = Literal["log-log", "log", "plain"]


@dataclass(frozen=True)
class SurvivalCurve:
    """The Kaplan-Meier estimate of one group.

    Attributes
    ----------
    frame : DataFrame
        One row a time at which somebody had the event or left, after a first row at time 0:
        ``time``, ``estimate`` (share without the event after that time), ``std_error``
        (Greenwood's, of the share), ``conf_low`` and ``conf_high`` (missing where the share is 0
        or 1), ``at_risk`` (just before that time), ``events`` and ``censored``.
    n, events : int
        People, and people with the event.
    conf_level : float
        Level of the intervals.
    interval : {"log-log", "log", "plain"}
        Scale on which the intervals are symmetric.
    """

    frame: pd.DataFrame
    n: int
    events: int
    conf_level: float
    interval: IntervalKind = "log-log"

    @property
    def last(self) -> float:
        """Longest time observed."""
        return float(self.frame["time"].iloc[-1])

    @property
    def growth(self) -> Floats:
        """Greenwood's sum at each row: the squared standard error over the squared share."""
        d, n = self.frame["events"].to_numpy(float), self.frame["at_risk"].to_numpy(float)
        # Where the share falls to 0 the sum has no end; it stays as it was, for nothing uses it.
        parts = np.divide(d, n * (n - d), out=np.zeros_like(d), where=(d > 0) & (n > d))
        return np.cumsum(parts)


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
class Quantiles:
    """Times by which several shares have had the event.

    Attributes
    ----------
    frame : DataFrame
        One row a share: ``share``, ``estimate``, ``conf_low``, ``conf_high``, as in `Quantile`.
    """

    frame: pd.DataFrame


def kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    conf_level: float = 0.95,
    *,
    entry: ArrayLike | None = None,
    interval: IntervalKind = "log-log",
) -> SurvivalCurve:
    """Estimate the share without the event over time.

    Parameters
    ----------
    time : array_like, shape (n,)
        Time to the event or to the end of observation, at least 0.
    event : array_like of bool, shape (n,)
        Whether the event happened then.
    conf_level : float
        Level of the pointwise intervals.
    entry : array_like, shape (n,), optional
        Time at which each came under observation, before ``time``. Who comes in late counts as at
        risk from then on only (delayed entry). With few people at risk early, the curve may fall
        to 0 at once and stay there.
    interval : {"log-log", "log", "plain"}
        Scale on which the intervals are symmetric; the last two are cut off at 0 and 1.

    Returns
    -------
    SurvivalCurve
        The steps with their intervals.

    Raises
    ------
    TimesError
        If there is nobody, or a time is missing, negative or not after entry.

    References
    ----------
    Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481. Kalbfleisch JD, Prentice RL. The
    Statistical Analysis of Failure Time Data. 2nd ed. 2002, section 1.4 (log-log interval).

    Examples
    --------
    >>> kaplan_meier([1, 2, 3, 4], [True, False, True, False]).frame["estimate"].tolist()
    [1.0, 0.75, 0.75, 0.375, 0.375]
    """
    if interval not in get_args(IntervalKind):
        raise TimesError(f"interval must be one of {get_args(IntervalKind)}, not {interval!r}")
    given = checked_times(time, event, entry)
    steps = counts(given)
    start = len(given.time) if given.entry is None else int((given.entry == 0).sum())
    first = [[0.0], [start], [0], [0]] if steps.time[0] > 0 else [[]] * 4
    columns = (steps.time, steps.at_risk, steps.events, steps.censored)
    t, n, d, c = (
        np.concatenate([np.asarray(a, dtype=b.dtype), b])
        for a, b in zip(first, columns, strict=True)
    )
    estimate = np.cumprod(np.divide(n - d, n, out=np.ones(len(n)), where=n > 0))
    frame = pd.DataFrame({"time": t, "estimate": estimate, "std_error": 0.0})
    frame = frame.assign(conf_low=np.nan, conf_high=np.nan, at_risk=n, events=d, censored=c)
    curve = SurvivalCurve(frame, len(given.time), int(given.event.sum()), conf_level, interval)
    spread = np.sqrt(curve.growth)
    frame["std_error"] = np.where(estimate > 0, estimate * spread, 0.0)
    inside = (estimate > SAME) & (estimate < 1 - SAME)
    width = special.ndtri((1 + conf_level) / 2) * spread[inside]
    low, high = limits(estimate[inside], width, interval)
    frame.loc[inside, "conf_low"], frame.loc[inside, "conf_high"] = low, high
    return curve


def limits(share: Floats, width: Floats, kind: IntervalKind) -> tuple[Floats, Floats]:
    """Give limits of shares between 0 and 1 from the half widths of their logarithms."""
    if kind == "log-log":
        stretch = np.exp(width / -np.log(share))
        return share**stretch, share ** (1 / stretch)
    if kind == "log":
        return share * np.exp(-width), np.minimum(share * np.exp(width), 1.0)
    return np.maximum(share * (1 - width), 0.0), np.minimum(share * (1 + width), 1.0)


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


def median_follow_up(time: ArrayLike, event: ArrayLike, conf_level: float = 0.95) -> Quantile:
    """Give the median time that people were watched, by the reverse Kaplan-Meier method.

    Parameters
    ----------
    time, event, conf_level
        As in `kaplan_meier`.

    Returns
    -------
    Quantile
        Missing where fewer than half were censored while others were still watched.
    """
    return quantile(reverse_kaplan_meier(time, event, conf_level))


def at_risk(curve: SurvivalCurve, times: ArrayLike) -> Ints:
    """Count who was still watched and without the event just before given times.

    Parameters
    ----------
    curve : SurvivalCurve
        From `kaplan_meier`; with delayed entry the count is that of the next step of the curve.
    times : array_like, shape (k,)
        In the unit of the curve.

    Returns
    -------
    ndarray of int, shape (k,)
        0 beyond the longest observation.
    """
    at = np.searchsorted(curve.frame["time"].to_numpy(), np.asarray(times, float), side="left")
    return np.append(curve.frame["at_risk"].to_numpy(np.int64), 0)[at]


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
    1982;38:29-41, with the interval of the curve.
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


def quantiles(curve: SurvivalCurve, shares: Sequence[float] = (0.25, 0.5, 0.75)) -> Quantiles:
    """Give the times by which several shares have had the event.

    Parameters
    ----------
    curve : SurvivalCurve
        From `kaplan_meier`.
    shares : sequence of float
        The quartiles by default.

    Returns
    -------
    Quantiles
        One row a share, in the order given.
    """
    rows = [{"share": share, **quantile(curve, share).__dict__} for share in shares]
    return Quantiles(pd.DataFrame(rows))


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
        Share with Greenwood's standard error and the interval of the curve. Where the share is 1
        or 0, where that interval does not exist, the exact binomial one with those then at risk.
    """
    frame = curve.frame
    row = frame.iloc[np.searchsorted(frame["time"].to_numpy(), time, side="right") - 1]
    share, tail = float(row["estimate"]), (1 - curve.conf_level) / 2
    if time < 0 or (time > curve.last and share > SAME):
        return Estimate(*[np.nan] * 4)
    bound = tail ** (1 / row["at_risk"]) if row["at_risk"] > 0 else 0.0
    low, high = float(row["conf_low"]), float(row["conf_high"])
    if share >= 1 - SAME:
        low, high = bound, 1.0
    elif share <= SAME:
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
        approximation with Greenwood's standard errors, where neither is 0.

    References
    ----------
    Zou GY, Donner A. Construction of confidence limits about effect measures. Stat Med
    2008;27:1693-1702.
    """
    a, b = survival_at(treated, time), survival_at(control, time)
    gap = a.estimate - b.estimate
    low = gap - np.hypot(a.estimate - a.conf_low, b.conf_high - b.estimate)
    high = gap + np.hypot(a.conf_high - a.estimate, b.estimate - b.conf_low)
    return difference(gap, error_of_both(a.std_error, b.std_error), low, high)


def survival_differences(
    treated: SurvivalCurve, control: SurvivalCurve, times: Sequence[float]
) -> pd.DataFrame:
    """Compare the shares without the event at several times.

    Parameters
    ----------
    treated, control : SurvivalCurve
        With intervals of the same level.
    times : sequence of float
        The intervals hold at one time each, not at all of them together.

    Returns
    -------
    DataFrame
        One row a time: ``time`` and the figures of `survival_difference`.
    """
    rows = [{"time": t, **survival_difference(treated, control, t).__dict__} for t in times]
    return pd.DataFrame(rows)


def _crossing(times: Floats, heights: Floats, level: float, last: float) -> float:
    """Time at which a falling step curve, drawn up to the last time, comes down to a level."""
    reached = np.flatnonzero(heights <= level + SAME)
    if len(reached) == 0:
        return np.nan
    first = reached[0]
    if abs(heights[first] - level) > SAME:
        return float(times[first])
    return float((times[first] + np.append(times, last)[first + 1]) / 2)
