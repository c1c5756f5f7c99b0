"""Boundaries of group-sequential tests: classical shapes and alpha spending."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize
from scipy.special import ndtr, ndtri

from alsutils.stats.group_sequential.integration import (
    Continuing,
    Crossing,
    Floats,
    SequentialError,
    beginning,
    checked_fractions,
    crossing_probabilities,
)
from alsutils.stats.group_sequential.spending import Spending

Sides = Literal[1, 2]

HIGHEST = 37.0  # z statistic; beyond it the normal tail is 0 in double precision
TIGHT = 1e-13
_SHAPES = {"pocock": 0.5, "obrien_fleming": 0.0}
NO_DRIFT = np.zeros((1, 1))


@dataclass(frozen=True, eq=False)
class Boundaries:
    """When a trial stops: at or beyond a boundary of its z statistic.

    Attributes
    ----------
    fractions : ndarray, shape (k,)
        Information fractions of the looks, increasing; 1 is the planned end.
    upper, lower : ndarray, shape (k,)
        Boundaries of the z statistic. Above the upper the null hypothesis is rejected in favour of
        treatment. At or below the lower a two-sided test rejects it in favour of control, and a
        one-sided test stops for futility; minus infinity where it never does.
    alpha : float
        Level, in all.
    sided : {1, 2}
        Sides of the test.
    binding : bool
        Whether a one-sided trial must stop at its lower boundary. If not, the upper boundary keeps
        the level though nobody heeds the lower one.
    """

    fractions: Floats
    upper: Floats
    lower: Floats
    alpha: float
    sided: Sides = 2
    binding: bool = False

    @property
    def side_alpha(self) -> float:
        """Level of the upper side alone."""
        return self.alpha / self.sided

    @property
    def error_lower(self) -> Floats:
        """Lower boundaries that count for the level: none where they do not bind."""
        keeps = self.sided == 2 or self.binding
        return self.lower if keeps else np.full_like(self.lower, -np.inf)

    def crossing(self, drifts: ArrayLike = 0.0) -> Crossing:
        """Give the probability of stopping at each look and boundary; see Crossing."""
        return crossing_probabilities(self.fractions, self.upper, self.lower, drifts)

    @property
    def frame(self) -> pd.DataFrame:
        """One row a look: ``look``, ``fraction``, ``upper``, ``lower``, ``nominal_p``, ``spent``.

        ``nominal_p`` is the p-value at the upper boundary and ``spent`` the level used up by then,
        both for as many sides as the test has.
        """
        crossing = crossing_probabilities(self.fractions, self.upper, self.error_lower)
        used = crossing.upper[0] + (crossing.lower[0] if self.sided == 2 else 0.0)
        return pd.DataFrame(
            {
                "look": np.arange(1, len(self.fractions) + 1),
                "fraction": self.fractions,
                "upper": self.upper,
                "lower": self.lower,
                "nominal_p": self.sided * ndtr(-self.upper),
                "spent": np.cumsum(used),
            }
        )


def unadjusted_boundaries(
    fractions: ArrayLike, alpha: float = 0.05, sided: Sides = 2
) -> Boundaries:
    """Test at every look as if it were the only one; the level is not kept.

    Parameters
    ----------
    fractions : array_like, shape (k,)
        Information fractions of the looks.
    alpha : float
        Level of each single test.
    sided : {1, 2}
        Sides.

    Returns
    -------
    Boundaries
        The same critical value throughout.
    """
    times = checked_fractions(fractions)
    _check_level(alpha, sided)
    upper = np.full(len(times), -ndtri(alpha / sided))
    return Boundaries(times, upper, _mirrored(upper, sided), alpha, sided)


def classical_boundaries(
    looks: int | ArrayLike,
    shape: float | Literal["pocock", "obrien_fleming"],
    alpha: float = 0.05,
    sided: Sides = 2,
) -> Boundaries:
    """Find the constant of a boundary of given shape: Pocock's, O'Brien and Fleming's or between.

    Parameters
    ----------
    looks : int or array_like, shape (k,)
        Number of equally spaced looks, or their information fractions.
    shape : float or {"pocock", "obrien_fleming"}
        Wang and Tsiatis' exponent: the boundary is C t ** (shape - 1/2). Pocock's is 0.5,
        O'Brien and Fleming's 0.
    alpha : float
        Level, in all.
    sided : {1, 2}
        Sides.

    Returns
    -------
    Boundaries
        Without futility.

    Raises
    ------
    SequentialError
        If looks or level make no test.

    References
    ----------
    Pocock SJ. Group sequential methods in the design and analysis of clinical trials. Biometrika
    1977;64:191-199. doi:10.1093/biomet/64.2.191. O'Brien PC, Fleming TR. A multiple testing
    procedure for clinical trials. Biometrics 1979;35:549-556. doi:10.2307/2530245. Wang SK,
    Tsiatis AA. Approximately optimal one-parameter boundaries for group sequential trials.
    Biometrics 1987;43:193-199. doi:10.2307/2531959
    """
    if isinstance(looks, int | np.integer):
        if looks < 1:
            raise SequentialError(f"a trial needs one look or more, not {looks}")
        looks = np.arange(1, looks + 1) / looks
    times = checked_fractions(looks)
    _check_level(alpha, sided)
    exponent = _SHAPES.get(shape) if isinstance(shape, str) else float(shape)
    if exponent is None or not math.isfinite(exponent):
        raise SequentialError(f"shape must be pocock, obrien_fleming or a number, not {shape!r}")
    form = (times / times[-1]) ** (exponent - 0.5)

    def excess(constant: float) -> float:
        upper = constant * form
        stops = crossing_probabilities(times, upper, _mirrored(upper, sided))
        return float(stops.upper.sum()) * sided - alpha

    # The last look alone, and every look paying its own share, hold the constant between them.
    low = -ndtri(alpha / sided)
    high = max(-ndtri(alpha / sided / len(times)) / form.min(), low + 1.0)
    constant = optimize.brentq(excess, min(low, 0.0), high, xtol=TIGHT)
    upper = constant * form
    return Boundaries(times, upper, _mirrored(upper, sided), alpha, sided)


def spending_boundaries(
    fractions: ArrayLike, spending: Spending, alpha: float = 0.05, sided: Sides = 2
) -> Boundaries:
    """Find the boundaries that use up the level as a spending function says.

    Parameters
    ----------
    fractions : array_like, shape (k,)
        Information fractions of the looks so far; the boundary of a look depends on no later one.
        If the last one is below 1, some of the level is still to be spent.
    spending : Spending
        How the level of each side is spent.
    alpha : float
        Level, in all.
    sided : {1, 2}
        Sides; a two-sided test is symmetric.

    Returns
    -------
    Boundaries
        Without futility; an infinite boundary where nothing that a computer can tell from 0 is
        spent.

    Raises
    ------
    SequentialError
        If looks or level make no test.

    References
    ----------
    Lan KKG, DeMets DL. Discrete sequential boundaries for clinical trials. Biometrika
    1983;70:659-663. doi:10.1093/biomet/70.3.659
    """
    times = checked_fractions(fractions)
    _check_level(alpha, sided)
    shares = np.diff(spending.spent(times, alpha / sided), prepend=0.0)
    state, upper = beginning(), np.empty(len(times))
    for i, time in enumerate(times):
        upper[i] = boundary_for(state, time, shares[i], NO_DRIFT)
        if i + 1 < len(times):
            lower = -upper[i] if sided == 2 else -np.inf
            state = state.advance(time, lower, upper[i], times[i + 1], NO_DRIFT)
    return Boundaries(times, upper, _mirrored(upper, sided), alpha, sided)


def with_futility(boundaries: Boundaries, lower: ArrayLike, binding: bool = False) -> Boundaries:
    """Give a one-sided test lower boundaries at which it stops for futility.

    Parameters
    ----------
    boundaries : Boundaries
        One-sided. The upper boundary stays, so that the level is kept whether or not the lower one
        is heeded.
    lower : array_like, shape (k - 1,) or (k,)
        Boundaries of the interim looks; minus infinity for none. The last look decides by its
        upper boundary alone.
    binding : bool
        Count on the lower boundary in p-values and intervals.

    Returns
    -------
    Boundaries
        The same looks.

    Raises
    ------
    SequentialError
        If the test is two-sided or a lower boundary is not below the upper.
    """
    if boundaries.sided == 2:
        raise SequentialError(
            "futility needs a direction: make the boundaries with sided=1 and half the level"
        )
    interim = np.asarray(lower, dtype=float)[: len(boundaries.upper) - 1]
    bottoms = np.append(interim, boundaries.upper[-1])
    if bottoms.shape != boundaries.upper.shape:
        raise SequentialError(f"{len(boundaries.upper) - 1} interim looks need a boundary each")
    if (bottoms[:-1] >= boundaries.upper[:-1]).any():
        raise SequentialError("a futility boundary must lie below the boundary of success")
    return replace(boundaries, lower=bottoms, binding=binding)


def boundary_for(
    state: Continuing, time: float, share: float, drifts: Floats, above: bool = True
) -> float:
    """Find the boundary that the next look crosses with a given probability.

    Parameters
    ----------
    state : Continuing
        The trial before that look.
    time : float
        Information fraction of the look.
    share : float
        Probability of going on until the look and crossing there.
    drifts : ndarray, shape (1, 1)
        Drift.
    above : bool
        Crossing upwards or downwards.

    Returns
    -------
    float
        z statistic; infinite if the share is 0.
    """
    end = math.inf if above else -math.inf

    def excess(z: float) -> float:
        return float(state.beyond(z, time, drifts, above)[0, 0]) - share

    if share <= 0 or excess(math.copysign(HIGHEST, end)) >= 0:
        return end
    if excess(-math.copysign(HIGHEST, end)) <= 0:
        return -end  # fewer get that far than should stop there
    return float(optimize.brentq(excess, -HIGHEST, HIGHEST, xtol=TIGHT))


def _mirrored(upper: Floats, sided: Sides) -> Floats:
    return -upper if sided == 2 else np.full_like(upper, -np.inf)


def _check_level(alpha: float, sided: Sides) -> None:
    """Refuse what is no level or no number of sides."""
    if sided not in (1, 2):
        raise SequentialError(f"a test has 1 or 2 sides, not {sided}")
    if not 0 < alpha < (1 if sided == 2 else 0.5):
        raise SequentialError(f"a level of {alpha:g} makes no test with {sided} side(s)")
