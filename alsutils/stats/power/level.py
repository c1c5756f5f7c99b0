"""The level of a test, and the power of t and normal tests at it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]

# Nodes of a sum over a normal variable that is an integral to 1e-9: the trapezoid rule for smooth
# functions that fall off so fast.
_Z = np.arange(-8, 8.125, 0.25)
_WEIGHT = np.exp(-(_Z**2) / 2) / np.exp(-(_Z**2) / 2).sum()


@dataclass(frozen=True)
class Level:
    """The probability with which a test may err where there is no effect.

    Attributes
    ----------
    alpha : float
        For all comparisons and sides together.
    sides : {1, 2}
        1 for a test that looks on the side of the effect only.
    comparisons : int
        Comparisons that share ``alpha`` evenly (Bonferroni), such as arms with one control.
    """

    alpha: float = 0.05
    sides: Literal[1, 2] = 2
    comparisons: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha must lie between 0 and 1, not {self.alpha:g}")
        if self.sides not in (1, 2) or self.comparisons < 1:
            raise ValueError("sides must be 1 or 2, and comparisons at least 1")

    @property
    def tail(self) -> float:
        """Probability beyond the critical value on one side."""
        return self.alpha / self.comparisons / self.sides


TWO_SIDED = Level()


def normal_power(drift: ArrayLike, level: Level = TWO_SIDED, scale: ArrayLike = 1.0) -> Floats:
    """Give the power of a test whose statistic is normal.

    Parameters
    ----------
    drift : array_like
        True effect divided by the standard error that the test uses; its sign does not matter.
    level : Level
        Of the test.
    scale : array_like
        True standard error divided by the one that the test uses.

    Returns
    -------
    ndarray
        Both tails count in a two-sided test. The shape of ``drift`` and ``scale`` together.
    """
    size, wide = np.abs(np.asarray(drift, float)), np.asarray(scale, float)
    critical = -special.ndtri(level.tail)
    power = special.ndtr((size - critical) / wide)
    if level.sides == 2:
        power = power + special.ndtr((-size - critical) / wide)
    return np.asarray(power)


def t_power(
    drift: ArrayLike, df: ArrayLike, level: Level = TWO_SIDED, covariates: int = 0
) -> Floats:
    """Give the power of a t-test from the noncentral t distribution.

    Parameters
    ----------
    drift : array_like
        True effect divided by its standard error in arms whose covariates have equal means; its
        sign does not matter.
    df : array_like
        Degrees of freedom, less those of the covariates.
    level : Level
        Of the test.
    covariates : int
        Normal covariates that are held equal. Their means differ by chance, which costs
        precision: the square of the drift is multiplied by a beta variable, over which the power
        is averaged.

    Returns
    -------
    ndarray
        The shape of ``drift`` and ``df`` together; missing where ``df`` is not positive.

    References
    ----------
    Johnson NL, Kotz S, Balakrishnan N. Continuous Univariate Distributions, volume 2, 2nd edition,
    Wiley 1995, chapter 31. Shieh G. Power analysis and sample size planning in ANCOVA designs.
    Psychometrika 2020;85:101-120. doi:10.1007/s11336-019-09692-3
    """
    size, free = np.broadcast_arrays(np.abs(np.asarray(drift, float)), np.asarray(df, float))
    free = np.where(free > 0, free, np.nan)
    if covariates == 0:
        return _noncentral(size, free, level)
    # The share of the variance of the arm's indicator that the covariates leave.
    lost = special.betaincinv(covariates / 2, (free[..., None] + 1) / 2, special.ndtr(_Z))
    spread = size[..., None] * np.sqrt(1 - lost)
    return np.asarray(_noncentral(spread, free[..., None], level) @ _WEIGHT)


def _noncentral(drift: Floats, df: Floats, level: Level) -> Floats:
    critical = special.stdtrit(df, 1 - level.tail)
    power = 1 - _below(critical, df, drift)
    if level.sides == 2:
        power = power + _below(-critical, df, drift)
    return np.asarray(power)


def _below(t: Floats, df: Floats, drift: Floats) -> Floats:
    """Give the distribution function of the noncentral t, also where scipy's gives up."""
    t, df, drift = np.broadcast_arrays(t, df, drift)
    found = np.array(special.nctdtr(df, drift, t))
    lost = np.isnan(found) & ~np.isnan(df) & ~np.isnan(drift)
    if lost.any():
        free = df[lost, None]
        chi = np.sqrt(2 * special.gammaincinv(free / 2, special.ndtr(_Z)) / free)
        found[lost] = special.ndtr(t[lost, None] * chi - drift[lost, None]) @ _WEIGHT
    return found
