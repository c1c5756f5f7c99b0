"""Estimates, intervals and p-values that know of the looks before them."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize
from scipy.special import ndtr, ndtri

from alsutils.stats.group_sequential.boundaries import Boundaries
from alsutils.stats.group_sequential.integration import (
    Continuing,
    Floats,
    SequentialError,
    beginning,
)

WIDENINGS = 8  # of the bracket around an estimate


@dataclass(frozen=True)
class StoppedEstimate:
    """What a trial that stopped at a look says about the effect, in the unit of its estimate.

    Attributes
    ----------
    look : int
        The look at which it stopped, from 1.
    naive, naive_low, naive_high : float
        Its estimate and the interval that would hold without any earlier look.
    estimate : float
        Median-unbiased: too high as often as too low.
    conf_low, conf_high : float
        Exact limits by stage-wise ordering.
    p_value : float
        By stage-wise ordering; two-sided for a two-sided test.
    """

    look: int
    naive: float
    naive_low: float
    naive_high: float
    estimate: float
    conf_low: float
    conf_high: float
    p_value: float


@dataclass(frozen=True)
class EstimateAtStopping:
    """Mean of the estimate at the end of trials that may stop early, in drifts.

    Attributes
    ----------
    drift : float
        The truth.
    mean : float
        Mean of the usual estimate over all trials, whenever they stop.
    mean_early, mean_late : float
        Mean among the trials that stopped before, and at, the last look; missing where none does.
    mean_upper : float
        Mean among those that stopped before the last look at the upper boundary.
    stop_early, stop_upper : float
        Share of trials that stopped before the last look, and at the upper boundary there.
    """

    drift: float
    mean: float
    mean_early: float
    mean_late: float
    mean_upper: float
    stop_early: float
    stop_upper: float


def stopped_estimate(
    boundaries: Boundaries,
    look: int,
    estimate: float,
    std_error: float,
    conf_level: float | None = None,
) -> StoppedEstimate:
    """Estimate the effect after a sequential trial, by stage-wise ordering.

    A result is the more extreme the earlier the upper boundary was crossed, and at one look the
    higher its z statistic. Under every effect that order gives a probability of a result at least
    as extreme: at effect 0 it is the p-value, and the effects at which it is 1/2, alpha/2 and
    1 - alpha/2 are the estimate and the limits.

    Parameters
    ----------
    boundaries : Boundaries
        Those of the looks so far count; a futility boundary counts where it is binding.
    look : int
        At which the trial stopped, from 1; the z statistic need not be beyond a boundary there.
    estimate, std_error : float
        Effect and its standard error at that look.
    conf_level : float or None
        1 - alpha for a two-sided and 1 - 2 alpha for a one-sided test where None.

    Returns
    -------
    StoppedEstimate
        In the unit of ``estimate``.

    Raises
    ------
    SequentialError
        If there is no such look or the standard error is not above 0.

    References
    ----------
    Tsiatis AA, Rosner GL, Mehta CR. Exact confidence intervals following a group sequential test.
    Biometrics 1984;40:797-803. doi:10.2307/2530924. Jennison C, Turnbull BW. Group Sequential
    Methods with Applications to Clinical Trials. Chapman & Hall/CRC 2000, chapter 8.
    """
    if not 1 <= look <= len(boundaries.fractions):
        raise SequentialError(f"look {look} is not one of 1 to {len(boundaries.fractions)}")
    if not (std_error > 0 and math.isfinite(estimate)):
        raise SequentialError(f"an estimate of {estimate} (SE {std_error}) cannot be judged")
    level = 1 - 2 * boundaries.side_alpha if conf_level is None else conf_level
    if not 0 < level < 1:
        raise SequentialError(f"the confidence level must lie between 0 and 1, not at {level}")
    z, time = estimate / std_error, float(boundaries.fractions[look - 1])
    ordering = _Ordering.of(boundaries, look, z)
    tail = (1 - level) / 2
    to_unit = std_error * math.sqrt(time)
    above = min(1.0, ordering.probability(0.0))
    half = -float(ndtri(tail)) * std_error
    return StoppedEstimate(
        look=look,
        naive=estimate,
        naive_low=estimate - half,
        naive_high=estimate + half,
        estimate=ordering.drift_at(0.5) * to_unit,
        conf_low=ordering.drift_at(tail) * to_unit,
        conf_high=ordering.drift_at(1 - tail) * to_unit,
        p_value=2 * min(above, 1 - above) if boundaries.sided == 2 else above,
    )


def repeated_intervals(
    boundaries: Boundaries, estimates: ArrayLike, std_errors: ArrayLike
) -> pd.DataFrame:
    """Give intervals that hold the effect at all looks at once, whenever and why one stops.

    Parameters
    ----------
    boundaries : Boundaries
        The upper boundary at a look is the number of standard errors to each side.
    estimates, std_errors : array_like, shape (j,)
        Effect and its standard error at the first j looks.

    Returns
    -------
    DataFrame
        One row a look: ``look``, ``fraction``, ``estimate``, ``std_error``, ``conf_low``,
        ``conf_high``; joint level 1 - alpha, or 1 - 2 alpha for a one-sided test.

    References
    ----------
    Jennison C, Turnbull BW. Interim analyses: the repeated confidence interval approach. J R Stat
    Soc B 1989;51:305-361. doi:10.1111/j.2517-6161.1989.tb01433.x
    """
    values, errors = (np.atleast_1d(np.asarray(v, dtype=float)) for v in (estimates, std_errors))
    seen = len(values)
    if len(errors) != seen or not 1 <= seen <= len(boundaries.fractions):
        raise SequentialError(
            f"{len(boundaries.fractions)} looks cannot have {seen} estimates "
            f"with {len(errors)} standard errors"
        )
    half = boundaries.upper[:seen] * errors
    return pd.DataFrame(
        {
            "look": np.arange(1, seen + 1),
            "fraction": boundaries.fractions[:seen],
            "estimate": values,
            "std_error": errors,
            "conf_low": values - half,
            "conf_high": values + half,
        }
    )


def estimate_at_stopping(boundaries: Boundaries, drift: float) -> EstimateAtStopping:
    """Give the exact mean of the usual estimate when a trial may stop early.

    Parameters
    ----------
    boundaries : Boundaries
        When it stops; all boundaries are taken to be heeded.
    drift : float
        The truth, as the expected z statistic at fraction 1.

    Returns
    -------
    EstimateAtStopping
        The estimate is the z statistic over the root of the information fraction.

    References
    ----------
    Whitehead J. On the bias of maximum likelihood estimation following a sequential test.
    Biometrika 1986;73:573-581. doi:10.1093/biomet/73.3.573
    """
    at, times = np.full((1, 1), drift), boundaries.fractions
    stopped, summed = np.zeros((2, len(times))), np.zeros((2, len(times)))
    states = _states(boundaries.lower, boundaries, len(times), at)
    for i, state in enumerate(states):
        final = i + 1 == len(times)
        ends = (0.0, 0.0) if final else (boundaries.lower[i], boundaries.upper[i])
        for side, end in enumerate(ends):
            stopped[side, i] = state.beyond(end, times[i], at, side == 1)[0, 0]
            summed[side, i] = _first_moment(state, end, times[i], drift, side == 1)
    means = summed / np.sqrt(times)
    early, late, upper = stopped[:, :-1].sum(), stopped[:, -1].sum(), stopped[1, :-1].sum()

    def mean(total: float, share: float) -> float:
        return float(total / share) if share > 0 else math.nan

    return EstimateAtStopping(
        drift=drift,
        mean=float(means.sum()),
        mean_early=mean(means[:, :-1].sum(), early),
        mean_late=mean(means[:, -1].sum(), late),
        mean_upper=mean(means[1, :-1].sum(), upper),
        stop_early=float(early),
        stop_upper=float(upper),
    )


@dataclass(frozen=True, eq=False)
class _Ordering:
    """Probability of a result at least as extreme as one at a look, under any drift."""

    states: tuple[Continuing, ...]
    times: Floats
    upper: Floats
    z: float

    @classmethod
    def of(cls, boundaries: Boundaries, look: int, z: float) -> "_Ordering":
        """Go along the boundaries to a look."""
        # Paths are needed for drifts around the estimate; its limits lie within a few errors.
        time = boundaries.fractions[look - 1]
        around = (z + np.array([-6.0, 6.0])) / math.sqrt(time)
        states = _states(boundaries.error_lower, boundaries, look, around)
        return cls(tuple(states), boundaries.fractions[:look], boundaries.upper[:look], z)

    def probability(self, drift: float) -> float:
        at = np.full((1, 1), drift)
        ends = [*self.upper[:-1], self.z]
        parts = [
            state.beyond(end, time, at)[0, 0]
            for state, end, time in zip(self.states, ends, self.times, strict=True)
        ]
        return float(np.sum(parts))

    def drift_at(self, probability: float) -> float:
        """Find the drift under which a result at least as extreme has a given probability."""
        middle = self.z / math.sqrt(self.times[-1])
        width = 5.0 / math.sqrt(self.times[-1])
        low, high = middle - width, middle + width
        for _ in range(WIDENINGS):
            low -= width * (self.probability(low) > probability)
            high += width * (self.probability(high) < probability)
        if not self.probability(low) <= probability <= self.probability(high):
            raise SequentialError(f"no effect fits a z statistic of {self.z:g} at this look")

        def excess(drift: float) -> float:
            return self.probability(drift) - probability

        return float(optimize.brentq(excess, low, high, xtol=1e-12))


def _states(lower: Floats, boundaries: Boundaries, looks: int, drifts: Floats) -> list[Continuing]:
    """Give the state of the trial before each of its first looks."""
    states, times = [beginning()], boundaries.fractions
    for i in range(looks - 1):
        gone = states[-1].advance(times[i], lower[i], boundaries.upper[i], times[i + 1], drifts)
        states.append(gone)
    return states


def _first_moment(state: Continuing, end: float, time: float, drift: float, above: bool) -> float:
    """Integrate the z statistic over its density beyond a value.

    Each node spreads to a normal distribution at the look, whose mean beyond a value is known.
    """
    if not math.isfinite(end):
        return 0.0
    step, root = time - state.time, math.sqrt(time)
    spread = math.sqrt(step)
    mean = state.nodes + drift * step
    distance = (end * root - mean) / spread
    density = np.exp(-(distance**2) / 2) / math.sqrt(2 * math.pi)
    tail = mean * ndtr(-distance if above else distance)
    moment = tail + (spread if above else -spread) * density
    mass = state.weighted(np.full((1, 1), drift))[0, 0]
    return float(moment @ mass) / root
