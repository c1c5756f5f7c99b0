"""Patients read back out of a printed Kaplan-Meier curve."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from alsutils.stats.survival.curves import SurvivalCurve, kaplan_meier
from alsutils.stats.survival.times import Floats, Ints

_ROUNDS = 200  # of fitting the number censored in an interval


class ReconstructionError(ValueError):
    """A printed curve from which no patients can be read."""


@dataclass(frozen=True)
class Reconstruction:
    """Patients whose curve is a printed one.

    Attributes
    ----------
    frame : DataFrame
        One row a patient: ``time`` and ``event``.
    intervals : DataFrame
        One row a number at risk: ``from_time``, ``to_time``, ``at_risk`` (printed), ``events`` and
        ``censored`` (reconstructed, from that time on until the next).
    curve : SurvivalCurve
        Of the patients.
    gap : float
        Largest difference between the shares given and the curve.
    """

    frame: pd.DataFrame
    intervals: pd.DataFrame
    curve: SurvivalCurve
    gap: float


def reconstruct(
    times: ArrayLike,
    shares: ArrayLike,
    risk_times: ArrayLike,
    at_risk: ArrayLike,
    events: int | None = None,
    conf_level: float = 0.95,
) -> Reconstruction:
    """Reconstruct patients from the points of a printed curve and the numbers at risk below it.

    Parameters
    ----------
    times, shares : array_like, shape (m,)
        Points clicked on the curve, in the order of time: best one after each step down. Shares
        without the event lie between 0 and 1; one that rises a little is taken as flat.
    risk_times, at_risk : array_like, shape (k,)
        Times at which the numbers at risk are printed, from 0 on, and the numbers.
    events : int, optional
        Events in all, where the paper says how many.
    conf_level : float
        Level of the curve's intervals.

    Returns
    -------
    Reconstruction
        Within an interval between two numbers at risk people are taken to be censored evenly.
        After the last number it is supposed that censoring goes on at the rate seen before, or
        that there are as many events as were said.

    Raises
    ------
    ReconstructionError
        If there are no points, lengths differ, shares are no shares, or numbers at risk rise.

    References
    ----------
    Guyot P, Ades AE, Ouwens MJNM, Welton NJ. Enhanced secondary analysis of survival data:
    reconstructing the data from published Kaplan-Meier survival curves. BMC Med Res Methodol
    2012;12:9. doi:10.1186/1471-2288-12-9
    """
    points = _points(times, shares)
    moments, numbers = _numbers(risk_times, at_risk, points)
    clicked = _with_moments(points, moments)
    t, s = clicked["time"].to_numpy(), clicked["share"].to_numpy()
    starts = np.searchsorted(t, moments, side="left")
    stops = np.append(starts[1:], len(t))
    state = _State(t, s, np.zeros(len(t), np.int64), [], 1.0)
    for i in range(len(moments) - 1):
        _fit_interval(state, int(starts[i]), int(stops[i]), int(numbers[i]), int(numbers[i + 1]))
    _last_interval(state, int(starts[-1]), moments, numbers, events)
    frame = _patients(state, int(numbers[0]))
    curve = kaplan_meier(frame["time"], frame["event"], conf_level)
    height = curve.frame["estimate"].to_numpy()
    place = np.searchsorted(curve.frame["time"].to_numpy(), points["time"], side="right") - 1
    gap = float(np.abs(height[place] - points["share"]).max())
    return Reconstruction(frame, _intervals(frame, moments, numbers), curve, gap)


def click_curve(
    curve: SurvivalCurve, points: int | None = None, resolution: float = 0.001
) -> pd.DataFrame:
    """Read points off a curve as somebody does who clicks on a picture of it.

    Parameters
    ----------
    curve : SurvivalCurve
        From `kaplan_meier`.
    points : int, optional
        Clicks, evenly spaced in time; one after each step where not given.
    resolution : float
        Shares are read to multiples of it.

    Returns
    -------
    DataFrame
        ``time`` and ``share``.
    """
    frame = curve.frame
    time, share = frame["time"].to_numpy(), frame["estimate"].to_numpy()
    if points is None:
        kept = np.append(True, frame["events"].to_numpy()[1:] > 0)
        kept[-1] = True
        shown = pd.DataFrame({"time": time[kept], "share": share[kept]})
    else:
        grid = np.linspace(0, curve.last, points)
        place = np.searchsorted(time, grid, side="right") - 1
        shown = pd.DataFrame({"time": grid, "share": share[place]})
    shown["share"] = np.clip(np.rint(shown["share"] / resolution) * resolution, 0, 1)
    return shown


@dataclass
class _State:
    """What has been reconstructed so far: events at each click, times censored, the curve."""

    time: Floats
    share: Floats
    events: Ints
    censored: list[Floats]
    height: float


def _points(times: ArrayLike, shares: ArrayLike) -> pd.DataFrame:
    """Check the clicks and put them in order."""
    t, s = np.asarray(times, float), np.asarray(shares, float)
    if len(t) == 0 or t.shape != s.shape:
        raise ReconstructionError(f"there are {len(t)} times and {len(s)} shares on the curve")
    if not (np.isfinite(t).all() and np.isfinite(s).all()) or (t < 0).any():
        raise ReconstructionError("times on the curve must be known and at least 0")
    if (s < 0).any() or (s > 1).any():
        raise ReconstructionError("shares must lie between 0 and 1; divide per cent by 100")
    order = np.lexsort((-s, t))
    return pd.DataFrame({"time": t[order], "share": np.minimum.accumulate(s[order])})


def _numbers(
    risk_times: ArrayLike, at_risk: ArrayLike, points: pd.DataFrame
) -> tuple[Floats, Ints]:
    """Check the numbers at risk, and leave out those beyond the curve."""
    moments, given = np.asarray(risk_times, float), np.asarray(at_risk, float)
    if len(moments) == 0 or moments.shape != given.shape:
        raise ReconstructionError("give as many numbers at risk as times, one at least")
    if moments[0] != 0 or (np.diff(moments) <= 0).any():
        raise ReconstructionError("the times of the numbers at risk must rise from 0")
    if (given < 0).any() or (np.diff(given) > 0).any() or (given != np.rint(given)).any():
        raise ReconstructionError("numbers at risk must be whole and cannot rise")
    if given[0] < 1:
        raise ReconstructionError("nobody is at risk at the beginning")
    kept = moments <= points["time"].iloc[-1]
    kept[0] = True
    return moments[kept], given[kept].astype(np.int64)


def _with_moments(points: pd.DataFrame, moments: Floats) -> pd.DataFrame:
    """Add a point to the curve at each time of a number at risk, before any step there."""
    t, s = points["time"].to_numpy(), points["share"].to_numpy()
    before = np.append(1.0, s)[np.searchsorted(t, moments, side="left")]
    extra = pd.DataFrame({"time": moments, "share": before})
    both = pd.concat([extra, points]).sort_values("time", kind="stable")
    return both.reset_index(drop=True)


def _fit_interval(state: _State, start: int, stop: int, here: int, after: int) -> None:
    """Find how many were censored so that as many are left at the end as was printed."""
    low, end = state.time[start], state.time[stop]
    tried: set[int] = set()
    censored = max(0, round(here * state.share[stop - 1] / max(state.height, 1e-12)) - after)
    for _ in range(_ROUNDS):
        times = _evenly(low, end, censored)
        found = _walk(state, start, stop, here, times)
        off = found.left - after
        tried.add(censored)
        better = max(0, censored + off)
        if off == 0 or better in tried:
            break
        censored = better
    state.events[start:stop], state.height = found.events, found.height
    state.censored.append(times)


def _last_interval(
    state: _State, start: int, moments: Floats, numbers: Ints, events: int | None
) -> None:
    """Reconstruct what comes after the last number at risk."""
    stop, here = len(state.time), int(numbers[-1])
    low, end = float(state.time[start]), float(state.time[-1])
    before = sum(len(times) for times in state.censored)
    rate = before / (moments[-1] - moments[0]) if len(moments) > 1 else 0.0
    best = min(here, round(rate * (end - low)))
    if events is not None:
        wanted = events - int(state.events[:start].sum())
        counts = [
            abs(int(_walk(state, start, stop, here, _evenly(low, end, c)).events.sum()) - wanted)
            for c in range(here + 1)
        ]
        best = int(np.argmin(counts))
    times = _evenly(low, end, best)
    found = _walk(state, start, stop, here, times)
    # Nobody is censored who had the event: the latest times of censoring have nobody left.
    state.events[start:stop], state.height = found.events, found.height
    state.censored.append(times[: here - int(found.events.sum())])


@dataclass(frozen=True)
class _Walked:
    events: Ints
    left: int
    height: float


def _walk(state: _State, start: int, stop: int, here: int, censored: Floats) -> _Walked:
    """Go along the clicks of an interval and see how many had the event at each."""
    events = np.zeros(stop - start, np.int64)
    left, height, gone = here, state.height, 0
    passed = np.searchsorted(censored, state.time[start:stop], side="left")
    for k in range(stop - start):
        # Who is censored before this click is no longer at risk.
        left = max(0, left - int(passed[k]) + gone)
        gone = int(passed[k])
        if left == 0 or height <= 0:
            continue
        events[k] = min(left, max(0, round(left * (1 - state.share[start + k] / height))))
        height *= 1 - events[k] / left
        left -= int(events[k])
    return _Walked(events, max(0, left - (len(censored) - gone)), height)


def _evenly(low: float, high: float, number: int) -> Floats:
    """Give times spread evenly inside a stretch."""
    return low + (high - low) * (np.arange(number) + 0.5) / max(number, 1)


def _patients(state: _State, n: int) -> pd.DataFrame:
    """One row a patient; who is left over was watched to the end of the curve."""
    died = np.repeat(state.time, state.events)[:n]
    censored = np.concatenate(state.censored)[: n - len(died)]
    rest = np.full(n - len(died) - len(censored), state.time[-1])
    time = np.concatenate([died, censored, rest])
    event = np.arange(n) < len(died)
    frame = pd.DataFrame({"time": time, "event": event})
    return frame.sort_values(["time", "event"], kind="stable").reset_index(drop=True)


def _intervals(frame: pd.DataFrame, moments: Floats, numbers: Ints) -> pd.DataFrame:
    """Count what was reconstructed between the numbers at risk."""
    ends = np.append(moments[1:], frame["time"].max())
    place = np.searchsorted(moments, frame["time"], side="right") - 1
    event = frame["event"].to_numpy()
    return pd.DataFrame(
        {
            "from_time": moments,
            "to_time": ends,
            "at_risk": numbers,
            "events": np.bincount(place[event], minlength=len(moments)),
            "censored": np.bincount(place[~event], minlength=len(moments)),
        }
    )
