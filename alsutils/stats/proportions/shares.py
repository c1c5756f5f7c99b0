"""The share of one arm's patients who had an event, and what not seeing one leaves open."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

Floats = NDArray[np.float64]
Numbers = NDArray[np.float64] | NDArray[np.int64]


@dataclass(frozen=True)
class Interval:
    """Two limits.

    Attributes
    ----------
    low, high : float
        The limits, in the unit of what was estimated.
    """

    low: float
    high: float


@dataclass(frozen=True)
class ZeroEventLimit:
    """How common an event may still be that nobody of ``n`` patients had.

    Attributes
    ----------
    n : int
        Patients observed, none with the event.
    exact : float
        One-sided upper limit of the share (0 to 1): ``1 - alpha ** (1 / n)``.
    rule_of_three : float
        ``min(1, -log(alpha) / n)``: 3 / n for alpha = 0.05, hence the name.
    """

    n: int
    exact: float
    rule_of_three: float


@dataclass(frozen=True)
class Shares:
    """Shares of patients with their limits.

    Attributes
    ----------
    events, n : ndarray, shape (m,)
        Patients with the event and all patients.
    estimate : ndarray, shape (m,)
        Shares from 0 to 1; missing where ``n`` is 0, as are the limits.
    exact_low, exact_high : ndarray, shape (m,)
        Limits after Clopper and Pearson.
    wilson_low, wilson_high : ndarray, shape (m,)
        Limits after Wilson.
    """

    events: Floats
    n: Floats
    estimate: Floats
    exact_low: Floats
    exact_high: Floats
    wilson_low: Floats
    wilson_high: Floats

    @property
    def frame(self) -> pd.DataFrame:
        """One row a share, in the order given."""
        return pd.DataFrame(self.__dict__)


def share_limits(events: ArrayLike, n: ArrayLike, alpha: float = 0.05) -> Shares:
    """Estimate many shares at once, with exact and with Wilson's limits.

    Parameters
    ----------
    events, n : array_like, shape (m,)
        Patients with the event and all patients; one number serves for all rows.
    alpha : float
        Two-sided: the limits have level ``1 - alpha``.

    Returns
    -------
    Shares
        Exactly 0 below where nobody, exactly 1 above where everybody had the event.

    Raises
    ------
    ValueError
        If not ``0 <= events <= n``.

    References
    ----------
    Clopper and Pearson, Biometrika 1934;26:404-413. Wilson, Journal of the American Statistical
    Association 1927;22:209-212.
    """
    x, total = np.broadcast_arrays(np.atleast_1d(events).astype(float), np.asarray(n, dtype=float))
    check_counts(x, total, least=0)
    known = np.where(total > 0, total, np.nan)
    with np.errstate(invalid="ignore"):
        low = special.betaincinv(np.maximum(x, 0.5), known - x + 1, alpha / 2)
        high = special.betaincinv(x + 1, np.maximum(known - x, 0.5), 1 - alpha / 2)
    nobody, everybody = (x == 0) & (total > 0), (x == total) & (total > 0)
    low, high = np.where(nobody, 0.0, low), np.where(everybody, 1.0, high)
    return Shares(x, total, x / known, low, high, *wilson(x, known, alpha))


def wilson(x: Numbers, n: Numbers, alpha: float) -> tuple[Floats, Floats]:
    """Give Wilson's limits of shares; missing where ``n`` is."""
    z2 = float(stats.norm.isf(alpha / 2)) ** 2
    middle = (x + z2 / 2) / (n + z2)
    half = np.sqrt(z2 * (x * (n - x) / n + z2 / 4)) / (n + z2)
    low = np.where((x == 0) & (n > 0), 0.0, middle - half)
    return low, np.where((x == n) & (n > 0), 1.0, middle + half)


def exact_interval(events: int, n: int, alpha: float = 0.05) -> Interval:
    """Give the Clopper-Pearson limits of a share.

    Parameters
    ----------
    events, n : int
        Patients with the event and all patients.
    alpha : float
        Two-sided: the limits have level ``1 - alpha``.

    Returns
    -------
    Interval
        Shares between 0 and 1; exactly 0 below where nobody, exactly 1 above where everybody had
        the event.

    Raises
    ------
    ValueError
        If the counts are not ``0 <= events <= n`` with ``n > 0``.

    References
    ----------
    Clopper and Pearson, Biometrika 1934;26:404-413.
    """
    check_counts(events, n)
    found = share_limits(events, n, alpha)
    return Interval(float(found.exact_low[0]), float(found.exact_high[0]))


def zero_event_limit(n: int, alpha: float = 0.05) -> ZeroEventLimit:
    """Bound the share of an event that was not seen.

    Parameters
    ----------
    n : int
        Patients observed.
    alpha : float
        One-sided: were the share at the limit, seeing no event has this probability.

    Returns
    -------
    ZeroEventLimit
        The exact limit and its rule of thumb.

    Raises
    ------
    ValueError
        If ``n`` is not positive.

    References
    ----------
    Hanley and Lippman-Hand, JAMA 1983;249:1743-1745.

    Examples
    --------
    >>> round(zero_event_limit(30).exact, 4), round(zero_event_limit(30).rule_of_three, 4)
    (0.095, 0.0999)
    """
    check_counts(0, n)
    return ZeroEventLimit(n, 1 - alpha ** (1 / n), min(1.0, -math.log(alpha) / n))


def check_counts(events: ArrayLike, n: ArrayLike, least: int = 1) -> None:
    """Refuse counts of patients that cannot be.

    Parameters
    ----------
    events, n : array_like
        Patients with the event and all patients.
    least : int
        Fewest patients that an arm may have.

    Raises
    ------
    ValueError
        Naming the first impossible pair.
    """
    x, total = np.broadcast_arrays(np.atleast_1d(events), np.atleast_1d(n))
    bad = ~((total >= least) & (x >= 0) & (x <= total))
    if bad.any():
        first = int(np.argmax(bad))
        raise ValueError(
            f"{x[first]:g} patients with an event of {total[first]:g}: "
            "expected at least one patient and no more events than patients"
        )
