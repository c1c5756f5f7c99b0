"""Power, expected size and futility of group-sequential designs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize
from scipy.special import ndtri

from alsutils.stats.group_sequential.boundaries import (
    NO_DRIFT,
    TIGHT,
    Boundaries,
    boundary_for,
    with_futility,
)
from alsutils.stats.group_sequential.integration import (
    Floats,
    SequentialError,
    beginning,
    checked_fractions,
)
from alsutils.stats.group_sequential.spending import Spending


@dataclass(frozen=True, eq=False)
class Design:
    """Boundaries with the information that gives them a wanted power.

    Attributes
    ----------
    boundaries : Boundaries
        When the trial stops.
    power : float
        Probability of rejecting in favour of treatment under the design's effect.
    drift : float
        Expected z statistic at the maximal information under that effect: the effect times the
        root of that information.
    """

    boundaries: Boundaries
    power: float
    drift: float

    @property
    def fixed_drift(self) -> float:
        """Drift that gives a trial with a single look, at the end, the same power."""
        return float(ndtri(self.power) - ndtri(self.boundaries.side_alpha))

    @property
    def inflation(self) -> float:
        """Maximal size of the trial, in sizes of the trial with a single look."""
        return float((self.drift / self.fixed_drift) ** 2)

    def characteristics(self, effects: ArrayLike = (0.0, 0.5, 1.0)) -> pd.DataFrame:
        """Give what the design does under several true effects.

        Parameters
        ----------
        effects : array_like, shape (e,)
            True effects in multiples of the design's: 0 is the null hypothesis, 1 what the design
            is made for.

        Returns
        -------
        DataFrame
            One row an effect: those of ``operating_characteristics``, ``effect``, and
            ``expected_over_fixed``, the expected size in sizes of the trial with a single look.
        """
        multiples = np.atleast_1d(np.asarray(effects, dtype=float))
        frame = operating_characteristics(self.boundaries, multiples * self.drift)
        frame.insert(0, "effect", multiples)
        return frame.assign(expected_over_fixed=frame["expected_fraction"] * self.inflation)


def group_sequential_design(boundaries: Boundaries, power: float = 0.9) -> Design:
    """Find the information that gives boundaries a power.

    Parameters
    ----------
    boundaries : Boundaries
        With or without futility.
    power : float
        Probability of crossing the upper boundary, above the level of that side.

    Returns
    -------
    Design
        With the drift at the maximal information.

    Raises
    ------
    SequentialError
        If the power is out of range or cannot be had for the futility boundary.
    """
    _check_power(power, boundaries.side_alpha)

    def lack(drift: float) -> float:
        return float(boundaries.crossing(drift).upper.sum()) - power

    return Design(boundaries, power, _root_of_drift(lack, power, boundaries.side_alpha))


def beta_spending_design(
    fractions: ArrayLike,
    alpha_spending: Spending,
    beta_spending: Spending,
    alpha: float = 0.025,
    power: float = 0.9,
    binding: bool = False,
) -> Design:
    """Find a one-sided design that spends both errors over its looks.

    Parameters
    ----------
    fractions : array_like, shape (k,)
        Information fractions of the looks; the last is 1.
    alpha_spending, beta_spending : Spending
        How the level and the probability of missing the effect are spent.
    alpha : float
        One-sided level.
    power : float
        One minus the probability of missing the effect.
    binding : bool
        Whether the futility boundary must be heeded; then the upper boundary is a little lower.

    Returns
    -------
    Design
        Whose boundaries meet at the last look.

    Raises
    ------
    SequentialError
        If the looks end before 1, or level or power are out of range.

    References
    ----------
    Pampallona S, Tsiatis AA, Kim K. Interim monitoring of group sequential trials using spending
    functions for the type I and type II error probabilities. Drug Inf J 2001;35:1113-1121.
    doi:10.1177/009286150103500408
    """
    times = checked_fractions(fractions)
    if abs(times[-1] - 1) > TIGHT:
        raise SequentialError(f"the last look must be at fraction 1, not {times[-1]:g}")
    if not 0 < alpha < 0.5:
        raise SequentialError(f"a one-sided level lies between 0 and 0.5, not at {alpha:g}")
    _check_power(power, alpha)
    alphas = np.diff(alpha_spending.spent(times, alpha), prepend=0.0)
    betas = np.diff(beta_spending.spent(times, 1 - power), prepend=0.0)

    def lack(drift: float) -> float:
        return _spend_both(times, alphas, betas, drift, binding).spared

    drift = _root_of_drift(lack, power, alpha)
    found = _spend_both(times, alphas, betas, drift, binding)
    bare = Boundaries(times, found.upper, np.full_like(found.upper, -np.inf), alpha, 1)
    return Design(with_futility(bare, found.lower, binding), power, drift)


def operating_characteristics(boundaries: Boundaries, drifts: ArrayLike = 0.0) -> pd.DataFrame:
    """Give the power and the expected length of a trial under any drift.

    Parameters
    ----------
    boundaries : Boundaries
        When it stops.
    drifts : array_like, shape (d,)
        Expected z statistic at fraction 1.

    Returns
    -------
    DataFrame
        One row a drift: ``drift``; ``power``, the probability of the upper boundary;
        ``reject_other``, that of the lower boundary of a two-sided test; ``futility``, that of a
        one-sided test before its end; ``stop_early``, for any reason before the last look;
        ``expected_fraction`` of the maximal information used.
    """
    crossing = boundaries.crossing(drifts)
    early = crossing.stopped[:, :-1]
    times = boundaries.fractions
    expected = early @ times[:-1] + (1 - early.sum(axis=1)) * times[-1]
    lower = crossing.lower
    nothing = np.zeros(len(crossing.drifts))
    return pd.DataFrame(
        {
            "drift": crossing.drifts,
            "power": crossing.upper.sum(axis=1),
            "reject_other": lower.sum(axis=1) if boundaries.sided == 2 else nothing,
            "futility": lower[:, :-1].sum(axis=1) if boundaries.sided == 1 else nothing,
            "stop_early": early.sum(axis=1),
            "expected_fraction": expected,
        }
    )


def _root_of_drift(lack: Callable[[float], float], power: float, alpha: float) -> float:
    """Find the drift from that of a single look upwards."""
    fixed = float(ndtri(power) - ndtri(alpha))
    high = fixed * 1.5 + 1.0
    for _ in range(4):
        if lack(high) >= 0:
            return float(optimize.brentq(lack, 0.0, high, xtol=TIGHT))
        high *= 1.5
    raise SequentialError(
        f"no size gives a power of {power:g} with this futility boundary; lower it"
    )


@dataclass(frozen=True, eq=False)
class _Spent:
    """Boundaries for one drift, and how much of the last share of beta it leaves over."""

    upper: Floats
    lower: Floats
    spared: float


def _spend_both(
    times: Floats, alphas: Floats, betas: Floats, drift: float, binding: bool
) -> _Spent:
    """Spend alpha and, up to the last look, beta; the last look misses what it misses."""
    under_null, under_effect = beginning(), beginning()
    at = np.full((1, 1), drift)
    upper, lower = np.empty(len(times)), np.empty(len(times))
    for i, time in enumerate(times):
        upper[i] = boundary_for(under_null, time, alphas[i], NO_DRIFT)
        if i + 1 == len(times):
            break
        lower[i] = boundary_for(under_effect, time, betas[i], at, above=False)
        if lower[i] >= upper[i]:
            return _Spent(upper, lower, 1.0)  # so large an effect need not look on
        following = times[i + 1]
        for_level = lower[i] if binding else -np.inf
        under_null = under_null.advance(time, for_level, upper[i], following, at)
        under_effect = under_effect.advance(time, lower[i], upper[i], following, at)
    missed = float(under_effect.beyond(upper[-1], times[-1], at, above=False)[0, 0])
    lower[-1] = upper[-1]
    return _Spent(upper, lower, betas[-1] - missed)


def _check_power(power: float, alpha: float) -> None:
    if not alpha < power < 1:
        raise SequentialError(f"power must lie between the level ({alpha:g}) and 1, not at {power}")
