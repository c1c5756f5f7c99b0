"""Events per time observed, each event taken as its own: exact limits and tests in bulk."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from alsutils.stats.proportions.tables import Limits, solve
from alsutils.stats.ragged import by_chunks, runs

Floats = NDArray[np.float64]

TIE = 1 + 1e-7  # two outcomes count as equally likely within rounding, as in R's poisson.test

RATE_COLUMNS = (
    "rate_treated",
    "rate_control",
    "estimate",
    "score_low",
    "score_high",
    "ratio",
    "ratio_low",
    "ratio_high",
    "p_value",
)


@dataclass(frozen=True)
class PoissonRates:
    """Events per unit of time with exact limits.

    Attributes
    ----------
    events, time : ndarray, shape (m,)
        Number of events and time observed, summed over patients.
    estimate, conf_low, conf_high : ndarray, shape (m,)
        Rate and limits; missing where there is no time.
    """

    events: Floats
    time: Floats
    estimate: Floats
    conf_low: Floats
    conf_high: Floats

    @property
    def frame(self) -> pd.DataFrame:
        """One row a rate, in the order given."""
        return pd.DataFrame(self.__dict__)


def poisson_rates(events: ArrayLike, time: ArrayLike, conf_level: float = 0.95) -> PoissonRates:
    """Estimate many rates at once with exact Poisson limits.

    Parameters
    ----------
    events, time : array_like, shape (m,)
        Number of events and time observed, summed over patients; any unit of time.
    conf_level : float
        Level of the limits, between 0 and 1.

    Returns
    -------
    PoissonRates
        Events per unit of time. The limits take every event as independent of the others; where
        patients differ much in how many they have, they are too narrow.

    Raises
    ------
    ValueError
        If a number of events or a time is negative.

    References
    ----------
    Garwood, Biometrika 1936;28:437-442.
    """
    count, watched = np.broadcast_arrays(
        np.atleast_1d(events).astype(float), np.asarray(time, dtype=float)
    )
    _check(count, watched)
    known = np.where(watched > 0, watched, np.nan)
    tail = (1 - conf_level) / 2
    low = np.where(count > 0, special.gammaincinv(np.maximum(count, 1), tail), 0.0) / known
    high = special.gammainccinv(count + 1, tail) / known
    return PoissonRates(count, watched, count / known, low, high)


def compare_rates(counts: pd.DataFrame, conf_level: float = 0.95) -> pd.DataFrame:
    """Compare the rates of two arms in every row of a table.

    Parameters
    ----------
    counts : DataFrame
        Columns ``events_treated``, ``time_treated``, ``events_control``, ``time_control`` (numbers
        of events and times summed over patients), and any others, which stay.
    conf_level : float
        Level of the limits, between 0 and 1.

    Returns
    -------
    DataFrame
        The same rows and columns with RATE_COLUMNS: both rates; ``estimate``, their difference,
        with Miettinen and Nurminen's score limits; their ``ratio`` with exact conditional limits;
        ``p_value``, exact and two-sided. Without an event in one arm the ratio is 0 or infinite
        and its limits open on that side; without any it is missing and so are they. All is
        missing where an arm has no time. Every event is taken as independent of the others.

    Raises
    ------
    ValueError
        If a column is missing, or a number of events or a time is negative.

    References
    ----------
    Przyborowski and Wilenski, Biometrika 1940;31:313-323. Miettinen and Nurminen, Statistics in
    Medicine 1985;4:213-226.
    """
    names = ["events_treated", "time_treated", "events_control", "time_control"]
    lacking = [name for name in names if name not in counts]
    if lacking:
        raise ValueError(f"counts lack the columns {lacking}; expected {names}")
    x1, t1, x0, t0 = (counts[name].to_numpy(float) for name in names)
    _check(x1, t1)
    _check(x0, t0)
    columns = {name: np.full(len(counts), np.nan) for name in RATE_COLUMNS}
    rows = np.flatnonzero((t1 > 0) & (t0 > 0))
    for name, values in _compared(x1[rows], t1[rows], x0[rows], t0[rows], conf_level).items():
        columns[name][rows] = values
    return counts.assign(**columns)


def zero_event_rate_limit(time: float, alpha: float = 0.05) -> float:
    """Bound the rate of an event that was not seen.

    Parameters
    ----------
    time : float
        Time observed, summed over patients.
    alpha : float
        One-sided: were the rate at the limit, seeing no event has this probability.

    Returns
    -------
    float
        ``-log(alpha) / time``, which for alpha = 0.05 is the rule of three: 3 / time.

    Raises
    ------
    ValueError
        If ``time`` is not above 0.

    References
    ----------
    Hanley and Lippman-Hand, JAMA 1983;249:1743-1745.

    Examples
    --------
    >>> round(zero_event_rate_limit(100), 4)
    0.03
    """
    if not time > 0:
        raise ValueError(f"time {time:g}: expected more than 0")
    return -math.log(alpha) / time


def _compared(
    x1: Floats, t1: Floats, x0: Floats, t0: Floats, conf_level: float
) -> dict[str, Floats]:
    """Work out RATE_COLUMNS of arms with time."""
    ratio = _ratio_limits(x1, t1, x0, t0, conf_level)
    score = _difference_limits(x1, t1, x0, t0, conf_level)
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = (x1 / t1) / (x0 / t0)
    return {
        "rate_treated": x1 / t1,
        "rate_control": x0 / t0,
        "estimate": x1 / t1 - x0 / t0,
        "score_low": score.low,
        "score_high": score.high,
        "ratio": quotient,
        "ratio_low": ratio.low,
        "ratio_high": ratio.high,
        "p_value": _exact_p(x1, x0, t1 / (t1 + t0)),
    }


def _ratio_limits(x1: Floats, t1: Floats, x0: Floats, t0: Floats, conf_level: float) -> Limits:
    """Limits of the share of all events that fall to the treated, as a ratio of rates."""
    tail = (1 - conf_level) / 2
    some = x1 + x0 > 0
    low = np.where(x1 > 0, special.betaincinv(np.maximum(x1, 1), x0 + 1, tail), 0.0)
    high = np.where(x0 > 0, special.betaincinv(x1 + 1, np.maximum(x0, 1), 1 - tail), 1.0)
    with np.errstate(divide="ignore"):
        limits = [share / (1 - share) * t0 / t1 for share in (low, high)]
    return Limits(*(np.where(some, limit, np.nan) for limit in limits))


def _exact_p(x1: Floats, x0: Floats, share: Floats) -> Floats:
    """Probability of a split of the events between the arms no likelier than the one seen."""
    seen, total = x1.astype(np.int64), (x1 + x0).astype(np.int64)

    def some(rows: slice) -> tuple[Floats]:
        m, p = total[rows], share[rows]
        splits = runs(np.zeros_like(m), m)
        k, row = splits.numbers, splits.row
        logs = special.xlogy(k, p[row]) + special.xlog1py(m[row] - k, -p[row])
        mass = splits.softmax(logs - special.gammaln(k + 1) - special.gammaln(m[row] - k + 1))
        observed = mass[splits.starts + seen[rows]]
        small = np.where(mass <= observed[row] * TIE, mass, 0.0)
        return (np.minimum(splits.total(small), 1.0),)

    (p_value,) = by_chunks(some, total + 1, 1)
    return p_value


def _difference_limits(x1: Floats, t1: Floats, x0: Floats, t0: Floats, conf_level: float) -> Limits:
    """Differences at which the score statistic is the normal quantile."""
    quantile = float(stats.norm.isf((1 - conf_level) / 2))

    def excess(
        gap: Floats, x1: Floats, t1: Floats, x0: Floats, t0: Floats, shift: Floats
    ) -> Floats:
        # The control rate at which the likelihood is greatest, were the difference this one.
        half = (x1 + x0 - (t1 + t0) * gap) / 2
        root = np.sqrt(np.maximum(half**2 + (t1 + t0) * x0 * gap, 0.0))
        rate = np.maximum((half + root) / (t1 + t0), np.maximum(0.0, -gap))
        variance = np.maximum(rate + gap, 0.0) / t1 + rate / t0
        distance = x1 / t1 - x0 / t0 - gap
        # Without any variance nothing but the observed difference is possible.
        safe = np.where(variance > 0, variance, 1.0)
        return np.where(variance > 0, distance / np.sqrt(safe), 0.0) - shift

    middle = x1 / t1 - x0 / t0
    # Far enough out the statistic grows like the square root of the distance.
    reach = 4 * (quantile**2 + x1 + x0 + 1) * (1 / t1 + 1 / t0)
    counts = (x1, t1, x0, t0)
    shift = np.full(len(x1), quantile)
    low = solve(excess, middle - reach, middle, (*counts, shift))
    high = solve(excess, middle, middle + reach, (*counts, -shift))
    return Limits(low, high)


def _check(events: Floats, time: Floats) -> None:
    bad = ~((events >= 0) & (time >= 0))
    if bad.any():
        first = int(np.argmax(bad))
        raise ValueError(
            f"{events[first]:g} events in a time of {time[first]:g}: expected neither below 0"
        )
