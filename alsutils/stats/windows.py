"""Events per day in the days after a procedure, beside all other days."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alsutils.stats.rates import compare_rates, poisson_rates

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OTHER = "other"
_FAR = 10**7  # days; further than any patient is watched


@dataclass(frozen=True)
class RiskWindows:
    """Events and days by the time since the last procedure.

    Attributes
    ----------
    frame : DataFrame
        One row a window and last that of all other days: ``window`` (such as ``1-7``; ``other``),
        ``day_from`` and ``day_to`` (days since the procedure; missing for the other days),
        ``events``, ``days`` (days watched, summed over patients), ``estimate`` (events per day),
        ``conf_low``, ``conf_high`` (exact), ``ratio`` to the rate on other days with ``ratio_low``,
        ``ratio_high`` and ``p_value`` (exact, conditional).
    procedures : int
        Procedures of known patients, each day of a patient once.
    left_out : int
        Events of unknown patients, without a day, or outside the days watched.
    """

    frame: pd.DataFrame
    procedures: int
    left_out: int


def events_since(
    patients: pd.DataFrame,
    procedures: pd.DataFrame,
    events: pd.DataFrame,
    windows: Sequence[tuple[int, int]],
    conf_level: float = 0.95,
) -> RiskWindows:
    """Count events and days watched in windows after each patient's last procedure.

    A day belongs to the window of the last procedure before or on it; a new procedure ends the
    windows of the one before. Days before the first procedure, after the last window and of
    patients without a procedure are the other days. So every patient is compared with himself at
    another time as well as with others; what differs between the two kinds of days, such as how
    often somebody asks, differs in the rates.

    Parameters
    ----------
    patients : DataFrame
        Each patient once: ``subject``, ``first`` and ``last`` day watched, both included.
    procedures : DataFrame
        ``subject`` and ``day``.
    events : DataFrame
        ``subject`` and ``day``.
    windows : sequence of (int, int)
        First and last day of each window since the procedure, both included: (0, 0) is its day.
        They must not overlap.
    conf_level : float
        Level of the limits.

    Returns
    -------
    RiskWindows
        Days must be numbered without a gap: the study days of ADaM know no day 0, so those before
        day 1 want to be raised by one.

    Raises
    ------
    ValueError
        If windows overlap or end before they begin, or a patient is there twice.
    """
    spans = _checked(windows)
    subject = pd.Index(patients["subject"])
    if subject.has_duplicates:
        raise ValueError(f"patient {subject[subject.duplicated()][0]} is there more than once")
    first, last = (patients[name].to_numpy(dtype=float) for name in ("first", "last"))
    whose, day = _located(procedures, subject)
    keys = np.unique(whose * _FAR + day)
    whose, given = keys // _FAR, (keys % _FAR - _FAR // 2).astype(float)
    following = np.full(len(keys), np.inf)
    same = whose[1:] == whose[:-1]
    following[:-1][same] = given[1:][same]
    from_day, to_day = first[whose], last[whose]
    watched = [
        float(
            _overlap(given + low, np.minimum(given + high, following - 1), from_day, to_day).sum()
        )
        for low, high in spans
    ]
    who, when = _located(events, subject)
    at = when - _FAR // 2
    inside = (at >= first[who]) & (at <= last[who])
    since = _days_since(who[inside] * _FAR + when[inside], keys)
    counted = [int(((since >= low) & (since <= high)).sum()) for low, high in spans]
    days = np.array([*watched, np.maximum(last - first + 1, 0).sum() - sum(watched)])
    number = np.array([*counted, int(inside.sum()) - sum(counted)])
    frame = _frame(spans, number, days, conf_level)
    return RiskWindows(frame, len(keys), len(events) - int(inside.sum()))


def _checked(windows: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    spans = [(int(low), int(high)) for low, high in windows]
    reached = -1
    for low, high in sorted(spans):
        if low <= reached or high < low:
            raise ValueError(
                f"windows {spans}: expected first and last day of each, from 0 on, without overlap"
            )
        reached = high
    return spans


def _located(frame: pd.DataFrame, subject: pd.Index) -> tuple[Ints, Ints]:
    """Rows of the patients and days (shifted so that none is negative) of what is known of both."""
    row = subject.get_indexer(pd.Index(frame["subject"])) if len(frame) else np.empty(0)
    day = frame["day"].to_numpy(dtype=float)
    known = (row >= 0) & np.isfinite(day)
    shifted = np.floor(day[known]) + _FAR // 2
    return row[known].astype(np.int64), shifted.astype(np.int64)


def _overlap(low: Floats, high: Floats, first: Floats, last: Floats) -> Floats:
    """Days of low to high that lie within first to last."""
    return np.maximum(np.minimum(high, last) - np.maximum(low, first) + 1, 0)


def _days_since(when: Ints, procedures: Ints) -> Floats:
    """Days since the last procedure of the same patient; missing where there was none."""
    place = np.searchsorted(procedures, when, side="right") - 1
    before = procedures[np.maximum(place, 0)] if len(procedures) else np.full(len(when), -1)
    same = (place >= 0) & (before // _FAR == when // _FAR)
    return np.where(same, when - before, np.nan)


def _frame(
    spans: list[tuple[int, int]], events: Ints, days: Floats, conf_level: float
) -> pd.DataFrame:
    names = [f"{low}" if low == high else f"{low}-{high}" for low, high in spans]
    rates = poisson_rates(events, days, conf_level)
    against = compare_rates(
        pd.DataFrame(
            {
                "events_treated": events[:-1],
                "time_treated": days[:-1],
                "events_control": events[-1],
                "time_control": days[-1],
            }
        ),
        conf_level,
    )[["ratio", "ratio_low", "ratio_high", "p_value"]]
    frame = pd.DataFrame(
        {
            "window": [*names, OTHER],
            "day_from": [*(float(low) for low, _ in spans), np.nan],
            "day_to": [*(float(high) for _, high in spans), np.nan],
            "events": events,
            "days": days,
            "estimate": rates.estimate,
            "conf_low": rates.conf_low,
            "conf_high": rates.conf_high,
        }
    )
    return frame.join(against)
