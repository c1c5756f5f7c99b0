"""Two-stage trials whose second stage may grow after a look at the first."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from alsutils.stats.group_sequential.boundaries import Boundaries
from alsutils.stats.group_sequential.integration import Floats, SequentialError

NODES = 4000  # of the trapezoidal rule over the interim statistic
SPAN = 8.0


@dataclass(frozen=True, eq=False)
class PromisingZone:
    """A plan for raising the sample size when an interim result is promising.

    Attributes
    ----------
    boundaries : Boundaries
        Of the two looks, at the planned sizes.
    power : float
        Conditional power that more patients should bring back, under the current trend.
    least : float
        Conditional power from which a result is promising; below it the trial goes on as planned.
    most : float
        Largest size, in multiples of the planned one.

    Raises
    ------
    SequentialError
        If there are not two looks or a number is out of range.

    References
    ----------
    Mehta CR, Pocock SJ. Adaptive increase in sample size when interim results are promising: a
    practical guide with examples. Stat Med 2011;30:3267-3284. doi:10.1002/sim.4102
    """

    boundaries: Boundaries
    power: float = 0.8
    least: float = 0.3
    most: float = 2.0

    def __post_init__(self) -> None:
        if len(self.boundaries.fractions) != 2 or not math.isclose(self.boundaries.fractions[1], 1):
            raise SequentialError("a promising zone needs two looks, the last at fraction 1")
        if not 0 <= self.least < self.power < 1:
            raise SequentialError(
                f"conditional powers must rise from 0 over least ({self.least:g}) "
                f"to power ({self.power:g}) below 1"
            )
        if not self.most >= 1:
            raise SequentialError(f"the largest size ({self.most:g}) is below the planned one")

    @property
    def interim(self) -> float:
        """Information fraction of the interim look."""
        return float(self.boundaries.fractions[0])

    def conditional_power(self, z: ArrayLike) -> Floats:
        """Give the conditional power under the current trend at the planned size."""
        statistic = np.asarray(z, dtype=float)
        trend = statistic / math.sqrt(self.interim)
        power: Floats = ndtr(trend * math.sqrt(1 - self.interim) - self._needed(statistic))
        return power

    def size(self, z: ArrayLike) -> Floats:
        """Give the size of the whole trial after an interim result.

        Parameters
        ----------
        z : array_like
            z statistic of the interim look.

        Returns
        -------
        ndarray
            In multiples of the planned size: the interim fraction where the trial stops, 1 where
            it goes on as planned, and up to ``most`` in the promising zone.
        """
        statistic = np.asarray(z, dtype=float)
        power = self.conditional_power(statistic)
        trend = np.maximum(statistic / math.sqrt(self.interim), 1e-9)
        stage = ((self._needed(statistic) + ndtri(self.power)) / trend) ** 2
        larger = np.clip(self.interim + stage, 1.0, self.most)
        promising = (power >= self.least) & (power < self.power)
        ended = (statistic >= self.boundaries.upper[0]) | (statistic <= self.boundaries.lower[0])
        size: Floats = np.where(ended, self.interim, np.where(promising, larger, 1.0))
        return size

    def _needed(self, z: Floats) -> Floats:
        """Give the z statistic that the second stage must bring for the combination to succeed."""
        return _second_stage(self.boundaries.upper[1], z, self.interim)


def inverse_normal(z: ArrayLike, weights: ArrayLike) -> Floats:
    """Combine independent stages with weights that were fixed beforehand.

    Parameters
    ----------
    z : array_like, shape (..., s)
        z statistic of each stage's own patients.
    weights : array_like, shape (s,)
        Planned information of the stages, in any unit.

    Returns
    -------
    ndarray, shape (...)
        Standard normal under the null hypothesis, whatever the stages' sizes came to be.

    References
    ----------
    Lehmacher W, Wassmer G. Adaptive sample size calculations in group sequential trials.
    Biometrics 1999;55:1286-1290. doi:10.1111/j.0006-341X.1999.01286.x. Cui L, Hung HMJ, Wang SJ.
    Modification of sample size in group sequential clinical trials. Biometrics 1999;55:853-857.
    doi:10.1111/j.0006-341X.1999.00853.x
    """
    shares = np.asarray(weights, dtype=float)
    if (shares < 0).any() or not shares.sum() > 0:
        raise SequentialError(f"weights must be 0 or more, not {shares.tolist()}")
    combined: Floats = np.asarray(z, dtype=float) @ np.sqrt(shares / shares.sum())
    return combined


def simulate_reestimation(
    plan: PromisingZone, drift: float, n_trials: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Simulate trials that may raise their size, tested in two ways at the end.

    Parameters
    ----------
    plan : PromisingZone
        The rule.
    drift : float
        Expected z statistic at the planned size; 0 under the null hypothesis.
    n_trials : int
        Trials.
    rng : Generator
        Source of random numbers.

    Returns
    -------
    DataFrame
        One row a test, ``pooled`` (all patients counted alike) and ``combination`` (inverse normal
        with the planned weights): ``test``, ``drift``, ``n_trials``, ``rejected`` (share of trials
        that end in favour of treatment), ``std_error`` of that share, ``mean_size`` and
        ``share_raised``.
    """
    normal = rng.standard_normal((n_trials, 2))
    first = normal[:, 0] + drift * math.sqrt(plan.interim)
    size = plan.size(first)
    stage = np.maximum(size - plan.interim, 0)
    second = normal[:, 1] + drift * np.sqrt(stage)
    pooled = math.sqrt(plan.interim) * first + np.sqrt(stage) * second
    pooled = pooled / np.sqrt(plan.interim + stage)
    fixed = inverse_normal(np.column_stack([first, second]), [plan.interim, 1 - plan.interim])
    stopped, won = stage == 0, first >= plan.boundaries.upper[0]
    rows = []
    for name, statistic in (("pooled", pooled), ("combination", fixed)):
        rejected = np.where(stopped, won, statistic >= plan.boundaries.upper[1]).mean()
        rows.append(
            {
                "test": name,
                "drift": drift,
                "n_trials": n_trials,
                "rejected": rejected,
                "std_error": math.sqrt(rejected * (1 - rejected) / n_trials),
                "mean_size": size.mean(),
                "share_raised": (size > 1).mean(),
            }
        )
    return pd.DataFrame(rows)


def reestimation_probabilities(plan: PromisingZone, drift: float) -> pd.DataFrame:
    """Give what ``simulate_reestimation`` estimates, by integration over the interim statistic.

    Parameters
    ----------
    plan : PromisingZone
        The rule.
    drift : float
        Expected z statistic at the planned size.

    Returns
    -------
    DataFrame
        One row a test: ``test``, ``drift``, ``rejected``, ``mean_size``; to about 1e-5, for the
        size jumps where the zone begins.
    """
    around = drift * math.sqrt(plan.interim)
    z = np.linspace(around - SPAN, around + SPAN, NODES + 1)
    density = np.exp(-((z - around) ** 2) / 2)
    density /= density.sum()
    size = plan.size(z)
    stage = np.maximum(size - plan.interim, 1e-12)
    critical = plan.boundaries.upper[1]
    needed = {
        "pooled": (critical * np.sqrt(plan.interim + stage) - z * math.sqrt(plan.interim))
        / np.sqrt(stage),
        "combination": _second_stage(critical, z, plan.interim),
    }
    stopped, won = size <= plan.interim, z >= plan.boundaries.upper[0]
    rows = []
    for name, least in needed.items():
        rejected = np.where(stopped, won, ndtr(drift * np.sqrt(stage) - least))
        rows.append(
            {
                "test": name,
                "drift": drift,
                "rejected": float(rejected @ density),
                "mean_size": float(size @ density),
            }
        )
    return pd.DataFrame(rows)


def _second_stage(critical: float, z: Floats, interim: float) -> Floats:
    """Give the second stage's z statistic at which the planned weights reach a critical value."""
    needed: Floats = (critical - z * math.sqrt(interim)) / math.sqrt(1 - interim)
    return needed
