"""Two shares of patients: the normal test and Fisher's exact test."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from alsutils.stats.power.level import TWO_SIDED, Floats, Level, normal_power
from alsutils.stats.power.planning import Effects
from alsutils.stats.proportions.exact import TIE

Ints = NDArray[np.int_]

_RARE = 1e-13  # counts less probable than this are left out on either side


@dataclass(frozen=True)
class ShareTest:
    """A comparison of two shares in a plan.

    Attributes
    ----------
    control : float
        Share of the control arm, between 0 and 1.
    method : {"pooled", "unpooled", "fisher"}
        Normal test whose error supposes equal shares (the chi-square test) or does not (Wald's),
        each with its normal approximation; or Fisher's exact test with its exact power.
    level : Level
        Of the test.

    References
    ----------
    Fleiss JL, Levin B, Paik MC. Statistical Methods for Rates and Proportions, 3rd edition, Wiley
    2003, chapter 4.
    """

    control: float
    method: Literal["pooled", "unpooled", "fisher"] = "pooled"
    level: Level = TWO_SIDED

    def __post_init__(self) -> None:
        if not 0 <= self.control <= 1:
            raise ValueError(f"control must be a share from 0 to 1, not {self.control:g}")

    @property
    def effects(self) -> Effects:
        """Treated share less that of the control; none is 0."""
        return Effects(-self.control, 0.0, 1 - self.control)

    @property
    def steady(self) -> bool:
        """More patients never mean less power, except for Fisher's test: counts are whole."""
        return self.method != "fisher"

    def power(self, effect: ArrayLike, n_control: ArrayLike, n_treated: ArrayLike) -> Floats:
        """Give the probability to find a difference of shares.

        Parameters
        ----------
        effect : array_like
            True share of the treated arm less that of the control.
        n_control, n_treated : array_like
            Patients in each arm; whole numbers for Fisher's test.

        Returns
        -------
        ndarray
            The shape of the arguments together; missing where a share would leave 0 to 1.
        """
        p0 = self.control
        # Rounding of a sum may leave the range of a share by a hair.
        p1 = np.round(np.asarray(effect, float) + p0, 12)
        p1 = np.where((p1 >= 0) & (p1 <= 1), p1, np.nan)
        n0, n1 = np.asarray(n_control, float), np.asarray(n_treated, float)
        if self.method == "fisher":
            each = np.vectorize(_fisher_power, otypes=[float], excluded=["level"])
            return np.asarray(each(p0, p1, n0, n1, level=self.level))
        with np.errstate(divide="ignore", invalid="ignore"):
            true = np.sqrt(p0 * (1 - p0) / n0 + p1 * (1 - p1) / n1)
            if self.method == "unpooled":
                used = true
            else:
                both = (n0 * p0 + n1 * p1) / (n0 + n1)
                used = np.sqrt(both * (1 - both) * (1 / n0 + 1 / n1))
            power = normal_power((p1 - p0) / used, self.level, true / used)
        # Where nobody or everybody responds in both arms there is nothing to test.
        return np.where((used > 0) & np.isfinite(power), power, np.nan)


def _fisher_power(p0: float, p1: float, n0: float, n1: float, level: Level) -> float:
    """Add up the probabilities of all tables that Fisher's test calls significant."""
    if math.isnan(p1):
        return math.nan
    size0, size1 = int(n0), int(n1)
    chances = [stats.binom.pmf(np.arange(n + 1), n, p) for n, p in ((size0, p0), (size1, p1))]
    x0, x1 = (np.flatnonzero(chance > _RARE) for chance in chances)
    tables = chances[1][x1][:, None] * chances[0][x0]
    total = np.arange(x0[0] + x1[0], x0[-1] + x1[-1] + 1)
    every = _responders(total, size0, size1, x1)
    p_value = _p_values(total, size0, size1, every, upper=p1 >= p0, level=level)
    column = x1[:, None] - every[0]
    # A p-value that is exactly the level counts, whichever way it was rounded.
    found = p_value[x1[:, None] + x0 - total[0], column] <= level.alpha / level.comparisons * TIE
    return float((tables * found).sum())


def _responders(total: Ints, n0: int, n1: int, x1: Ints) -> Ints:
    """Give the numbers of responders in the treated arm that are at all likely if nothing differs.

    ``total`` is the number in both arms. Those in ``x1`` are among them.
    """
    middle, spread = total[[0, -1]] * n1 / (n0 + n1), math.sqrt(n0 * n1 / (n0 + n1)) / 2
    low = max(0, min(x1[0], math.floor(middle[0] - 10 * spread)))
    high = min(n1, max(x1[-1], math.ceil(middle[1] + 10 * spread)))
    return np.arange(low, high + 1)


def _p_values(total: Ints, n0: int, n1: int, x1: Ints, upper: bool, level: Level) -> Floats:
    """Give Fisher's p for each number of responders in both arms (rows) and in the treated one."""
    chance = _hypergeometric(total[:, None], n0, n1, x1)
    if level.sides == 1:
        beyond = chance[:, ::-1].cumsum(axis=1)[:, ::-1] if upper else chance.cumsum(axis=1)
        return np.asarray(beyond)
    order = np.argsort(chance, axis=1)
    rising = np.take_along_axis(chance, order, axis=1)
    p_value = rising.cumsum(axis=1)
    # Tables that are equally likely, two at most, count together.
    tied = rising[:, 1:] <= rising[:, :-1] * TIE
    p_value[:, :-1] = np.where(tied, p_value[:, 1:], p_value[:, :-1])
    back = np.empty_like(p_value)
    np.put_along_axis(back, order, p_value, axis=1)
    return back


def _hypergeometric(total: Ints, n0: int, n1: int, x1: Ints) -> Floats:
    """Give the chance of ``x1`` of ``total`` responders in the treated arm if nothing differs."""
    ways = [-special.gammaln(np.arange(n + 1) + 1.0) for n in (n0, n1)]
    ways = [w + w[::-1] for w in ways]  # of choosing responders in each arm, but for a constant
    x0 = total - x1
    possible = (x0 >= 0) & (x0 <= n0)
    logs = ways[1][x1] + np.where(possible, ways[0][np.clip(x0, 0, n0)], -np.inf)
    logs = logs - logs.max(axis=1, keepdims=True)
    mass = np.exp(logs)
    return np.asarray(mass / mass.sum(axis=1, keepdims=True))
