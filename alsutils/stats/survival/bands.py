"""Simultaneous bands: limits that hold for a whole stretch of a survival curve at once."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import linalg, optimize, stats

from alsutils.stats.survival.curves import IntervalKind, SurvivalCurve, limits
from alsutils.stats.survival.times import SAME, Floats

BandKind = Literal["equal precision", "Hall-Wellner"]

_WAVES = 50  # cosines in which the process between the limits is expanded
_WAVE_NODES, _NODES = 128, 64  # of Gauss-Legendre over the width of the band
_SHORTEST = 0.01  # stretch, in the time of the process, below which the cosines are too few
_REACH = 8.5  # standard deviations that are integrated over; beyond lies 1e-17
_IMAGES = 2  # reflections on each side; the third weighs below 1e-30 for any limit in use


class BandError(ValueError):
    """A curve, or a stretch of it, that has no simultaneous band."""


@dataclass(frozen=True)
class Band:
    """Limits that hold at all times of a stretch together.

    Attributes
    ----------
    frame : DataFrame
        One row a step of the curve inside the stretch, the first at its beginning: ``time``,
        ``estimate``, ``conf_low``, ``conf_high``.
    kind : {"equal precision", "Hall-Wellner"}
        Whether the band is as wide at each time as the pointwise interval, times a constant.
    transform : {"log-log", "log", "plain"}
        Scale on which it is symmetric.
    low, high : float
        The stretch, in the unit of time.
    a_low, a_high : float
        Its ends on the scale of Greenwood's sum, between 0 and 1.
    critical : float
        What takes the place of the normal quantile.
    conf_level : float
        Probability that the whole true curve lies inside.
    """

    frame: pd.DataFrame
    kind: BandKind
    transform: IntervalKind
    low: float
    high: float
    a_low: float
    a_high: float
    critical: float
    conf_level: float


def simultaneous_band(
    curve: SurvivalCurve,
    kind: BandKind = "equal precision",
    low: float | None = None,
    high: float | None = None,
    transform: IntervalKind = "log-log",
) -> Band:
    """Give a band that holds the whole true curve between two times.

    Parameters
    ----------
    curve : SurvivalCurve
        From `kaplan_meier`, with its level.
    kind : {"equal precision", "Hall-Wellner"}
        The first is narrow where the curve is well known; the second is the narrower one in the
        middle.
    low, high : float, optional
        Ends of the stretch: the first event and the last one that leaves the curve above 0 where
        not given. A narrower stretch has a narrower band.
    transform : {"log-log", "log", "plain"}
        Scale on which the band is symmetric.

    Returns
    -------
    Band

    Raises
    ------
    BandError
        If there are fewer than two times with an event inside the stretch.

    References
    ----------
    Hall WJ, Wellner JA. Confidence bands for a survival curve from censored data. Biometrika
    1980;67:133-143. Nair VN. Confidence bands for survival functions with censored data: a
    comparative study. Technometrics 1984;26:265-275. Borgan Ø, Liestøl K. A note on confidence
    intervals and bands for the survival function based on transformations. Scand J Stat
    1990;17:35-41.
    """
    frame = curve.frame
    time, share = frame["time"].to_numpy(), frame["estimate"].to_numpy()
    events = (frame["events"].to_numpy() > 0) & (share > SAME)
    start = -math.inf if low is None else low
    end = math.inf if high is None else high
    inside = time[events & (time >= start) & (time <= end)]
    if len(inside) < 2:
        raise BandError(
            "a simultaneous band needs events at two times at least inside its stretch, while the "
            f"curve is above 0; there are {len(inside)}"
        )
    start, end = (inside[0] if low is None else low), (inside[-1] if high is None else high)
    rows = np.flatnonzero((time >= start) & (time <= end) & (share > SAME))
    if time[rows[0]] > start:
        rows = np.append(rows[0] - 1, rows)
    rows = rows[share[rows] < 1 - SAME]
    growth = curve.growth[rows]
    scaled = curve.n * growth
    a = scaled / (1 + scaled)
    critical = band_critical_value(kind, float(a[0]), float(a[-1]), curve.conf_level)
    if kind == "Hall-Wellner":
        width = critical * (1 + scaled) / math.sqrt(curve.n)
    else:
        width = critical * np.sqrt(growth)
    lower, upper = limits(share[rows], width, transform)
    shown = pd.DataFrame(
        {
            "time": np.maximum(time[rows], start),
            "estimate": share[rows],
            "conf_low": lower,
            "conf_high": upper,
        }
    )
    ends = (float(shown["time"].iloc[0]), float(end), float(a[0]), float(a[-1]))
    return Band(shown, kind, transform, *ends, critical, curve.conf_level)


@lru_cache(maxsize=512)
def band_critical_value(
    kind: BandKind, a_low: float, a_high: float, conf_level: float = 0.95
) -> float:
    """Give the constant of a simultaneous band.

    Parameters
    ----------
    kind : {"equal precision", "Hall-Wellner"}
        As in `simultaneous_band`.
    a_low, a_high : float
        Ends of the stretch on the scale of Greenwood's sum, between 0 and 1: above 0 and below 1
        for equal precision.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    float
        The value that the largest size of a Brownian bridge over the stretch (for equal precision
        of the bridge over its standard deviation) exceeds with probability ``1 - conf_level``.

    Raises
    ------
    BandError
        If the ends are no such stretch, or the kind is unknown.

    Notes
    -----
    Exact up to the accuracy of the numerical integrals, about 1e-7. A bridge over its standard
    deviation is a stationary Ornstein-Uhlenbeck process in the time ``log(a / (1 - a)) / 2``; its
    probability to stay between two limits comes from the eigenfunctions of its generator there.
    Between its two ends, a bridge stays between limits with the probability that reflections give.

    References
    ----------
    Karatzas I, Shreve SE. Brownian Motion and Stochastic Calculus. 2nd ed. Springer 1991, sections
    2.8 and 5.6.

    Examples
    --------
    >>> round(band_critical_value("equal precision", 0.1, 0.9), 3)
    3.052
    """
    if kind not in get_args(BandKind):
        raise BandError(f"kind must be one of {get_args(BandKind)}, not {kind!r}")
    equal = kind == "equal precision"
    if not (0 <= a_low < a_high <= 1 and (not equal or (a_low > 0 and a_high < 1))):
        raise BandError(f"no {kind} band can be given between a = {a_low:g} and {a_high:g}")
    if not 0 < conf_level < 1:
        raise BandError(f"conf_level must lie between 0 and 1, not {conf_level}")
    stays = _stationary_stays if equal else _bridge_stays
    return float(
        optimize.brentq(lambda c: stays(c, a_low, a_high) - conf_level, 0.2, 10.0, xtol=1e-9)
    )


@lru_cache(maxsize=2)
def _legendre(nodes: int) -> tuple[Floats, Floats]:
    """Points and weights of Gauss-Legendre between -1 and 1."""
    return np.polynomial.legendre.leggauss(nodes)


def _stationary_stays(limit: float, a_low: float, a_high: float) -> float:
    """Probability that a bridge over its standard deviation stays between two limits."""
    length = 0.5 * (math.log(a_high / a_low) - math.log((1 - a_high) / (1 - a_low)))
    node, weight = _legendre(_WAVE_NODES)
    x, weight = limit * node, limit * weight
    frequency = (np.arange(_WAVES) + 0.5) * math.pi / limit
    waves = np.cos(np.outer(x, frequency)) / math.sqrt(limit)
    # The generator, weighted by the root of the normal density, is a Schroedinger operator.
    energy = waves.T @ ((weight * (x**2 / 4 - 0.5))[:, None] * waves) + np.diag(frequency**2)
    rates, vectors = linalg.eigh(energy)
    start = (weight * np.sqrt(stats.norm.pdf(x))) @ waves @ vectors
    return float((np.exp(-rates * max(length, _SHORTEST)) * start**2).sum())


def _bridge_stays(limit: float, a_low: float, a_high: float) -> float:
    """Probability that a Brownian bridge stays between two limits from one time to another."""
    x, wx = _normal_nodes(np.zeros(1), math.sqrt(a_low * (1 - a_low)), limit)
    x, wx = x[0], wx[0]
    centre = x * (1 - a_high) / (1 - a_low)
    spread = math.sqrt((a_high - a_low) * (1 - a_high) / (1 - a_low))
    y, wy = _normal_nodes(centre, spread, limit)
    length, period = a_high - a_low, 4 * limit
    gap, total = y - x[:, None], y + x[:, None] + 2 * limit
    stays = np.zeros_like(y)
    for k in range(-_IMAGES, _IMAGES + 1):
        stays += np.exp((gap**2 - (gap + k * period) ** 2) / (2 * length))
        stays -= np.exp((gap**2 - (total + k * period) ** 2) / (2 * length))
    return float(wx @ (wy * stays).sum(axis=1))


def _normal_nodes(centre: Floats, spread: float, limit: float) -> tuple[Floats, Floats]:
    """Points and weights for normal distributions between two limits, one row a distribution."""
    if spread == 0:
        return centre[:, None], (np.abs(centre) < limit)[:, None].astype(float)
    low = np.maximum((-limit - centre) / spread, -_REACH)[:, None]
    high = np.minimum((limit - centre) / spread, _REACH)[:, None]
    node, weight = _legendre(_NODES)
    z = (low + high) / 2 + (high - low) / 2 * node
    mass = np.where(high > low, (high - low) / 2 * weight * stats.norm.pdf(z), 0.0)
    return centre[:, None] + spread * z, mass
