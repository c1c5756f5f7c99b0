"""Tests of survival that shuffle the arms: no law of large numbers is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from alsutils.stats.permutation import EXACT_UP_TO, shuffles
from alsutils.stats.survival.times import Floats, Times, TimesError, checked_times, counts
from alsutils.stats.survival.weighted import COMBO, Weight, event_weights

SurvivalStatistic = Literal["log-rank", "max-combo", "restricted mean"]

_ROUNDING = 1e-9  # share of the largest statistic within which two are called equal
_CHUNK = 2_000_000  # numbers held at once


@dataclass(frozen=True)
class SurvivalPermutation:
    """A permutation test of the times of two arms.

    Attributes
    ----------
    statistic : {"log-rank", "max-combo", "restricted mean"}
        What was compared.
    observed : float
        The statistic, below 0 where the treated had more time without the event in the first two
        cases' sense (fewer events than expected) and above 0 for a longer restricted mean; the
        largest of several in size for max-combo.
    p_value : float
        Two-sided: share of shuffles with a statistic at least as large in size.
    p_error : float
        Standard error of the p-value by the number of draws; 0 where all ways were listed.
    exact : bool
        Whether all ways were listed.
    draws : ndarray, shape (m,)
        The statistic of every way; the first is the one observed.
    """

    statistic: SurvivalStatistic
    observed: float
    p_value: float
    p_error: float
    exact: bool
    draws: Floats

    @property
    def frame(self) -> pd.DataFrame:
        """One row in the columns of every estimate."""
        return pd.DataFrame([{"statistic": self.observed, "p_value": self.p_value}])


def permutation_test(
    time: ArrayLike,
    event: ArrayLike,
    treated: ArrayLike,
    rng: np.random.Generator,
    statistic: SurvivalStatistic = "log-rank",
    horizon: float | None = None,
    n_draws: int = 10_000,
    exact_up_to: int = EXACT_UP_TO,
    weights: Sequence[Weight] = COMBO,
) -> SurvivalPermutation:
    """Compare two arms by shuffling who was treated.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        As in `alsutils.stats.survival.kaplan_meier`.
    treated : array_like of bool, shape (n,)
        Both arms need a person.
    rng : numpy.random.Generator
        Source of randomness, not used where all ways are listed.
    statistic : {"log-rank", "max-combo", "restricted mean"}
        Observed less expected events; the largest of weighted ones, each over its spread among the
        shuffles; or the difference of restricted means over its standard error.
    horizon : float, optional
        Of the restricted mean. Where an arm is not observed so far, its curve stays where it was.
    n_draws : int
        Shuffles drawn where there are too many ways to list.
    exact_up_to : int
        Up to so many ways, all are listed.
    weights : sequence of (rho, gamma)
        Of max-combo.

    Returns
    -------
    SurvivalPermutation

    Raises
    ------
    TimesError
        If an arm is empty, the statistic is unknown, or a restricted mean has no horizon.

    Notes
    -----
    Shuffling is exact where the arms are censored alike. Dividing the restricted means by their
    standard error keeps the level in large samples where they are not.

    References
    ----------
    Heller G, Venkatraman ES. Resampling procedures to compare two survival distributions in the
    presence of right-censored data. Biometrics 1996;52:1204-1213. Ditzhaus M, Yu M, Xu J.
    Studentized permutation method for comparing two restricted mean survival times with small
    sample from randomized trials. Stat Med 2023;42:2226-2240.
    """
    given = checked_times(time, event)
    arm = np.asarray(treated, bool)
    if arm.shape != given.time.shape or arm.all() or not arm.any():
        raise TimesError("treated must say of each person which of two arms, both with somebody")
    if statistic not in get_args(SurvivalStatistic):
        raise TimesError(f"statistic must be one of {get_args(SurvivalStatistic)}")
    ways = shuffles(arm, n_draws, rng, exact_up_to)
    if statistic == "restricted mean":
        if horizon is None or not horizon > 0:
            raise TimesError("a restricted mean needs a horizon above 0")
        draws = _mean_differences(given, ways.treated, horizon)
    else:
        plain = statistic == "log-rank"
        scores = rank_scores(given, ((0.0, 0.0),) if plain else weights)
        excess = ways.treated.astype(float) @ scores
        if plain:
            draws = excess[:, 0]
        else:
            share = arm.mean()
            spread = np.sqrt(len(arm) * share * (1 - share) * scores.var(axis=0, ddof=1))
            z = np.divide(excess, spread, out=np.zeros_like(excess), where=spread > 0)
            largest = np.abs(z).argmax(axis=1)
            draws = np.take_along_axis(z, largest[:, None], axis=1)[:, 0]
    size = np.abs(draws)
    as_large = size >= size[0] - _ROUNDING * max(size.max(), 1.0)
    p = float(as_large.mean())
    error = 0.0 if ways.exact else float(np.sqrt(p * (1 - p) / len(draws)))
    return SurvivalPermutation(statistic, float(draws[0]), p, error, ways.exact, draws)


def rank_scores(given: Times, weights: Sequence[Weight]) -> Floats:
    """Give each person's weighted events less those expected, shape (n, w); each column adds to 0.

    The sum over a group is that group's observed less expected events, as a log-rank test has it.
    """
    steps = counts(given)
    hazard = steps.events / steps.at_risk
    share = np.append(1.0, np.cumprod(1 - hazard)[:-1])
    weight = event_weights(share, weights)
    place = np.searchsorted(steps.time, given.time)
    expected = np.cumsum(weight * hazard, axis=1)[:, place]
    scores: Floats = (weight[:, place] * given.event - expected).T
    return scores


def _mean_differences(given: Times, ways: NDArray[np.bool_], horizon: float) -> Floats:
    """Difference of restricted means over its standard error, for each way to give the arms."""
    order = np.argsort(given.time, kind="stable")
    event = given.event[order] & (given.time[order] < horizon)
    sorted_times = given.time[order]
    first = np.flatnonzero(np.append(True, sorted_times[1:] > sorted_times[:-1]))
    edges = np.minimum(np.append(sorted_times[first], np.inf), horizon)
    widths = np.diff(edges)
    rows = max(1, _CHUNK // len(order))
    draws = []
    for start in range(0, len(ways), rows):
        treated = ways[start : start + rows][:, order]
        means, variances = [], []
        for arm in (treated, ~treated):
            mean, variance = _means(arm.astype(float), event, first, edges[0], widths)
            means.append(mean)
            variances.append(variance)
        gap, spread = means[0] - means[1], np.sqrt(variances[0] + variances[1])
        draws.append(np.divide(gap, spread, out=np.zeros_like(gap), where=spread > 0))
    return np.concatenate(draws)


def _means(
    arm: Floats, event: NDArray[np.bool_], first: NDArray[np.int64], start: float, widths: Floats
) -> tuple[Floats, Floats]:
    """Give restricted means and their variances for rows of people in or out of an arm."""
    at_risk = np.cumsum(arm[:, ::-1], axis=1)[:, ::-1][:, first]
    events = np.add.reduceat(arm * event, first, axis=1)
    hazard = np.divide(events, at_risk, out=np.zeros_like(events), where=at_risk > 0)
    areas = np.cumprod(1 - hazard, axis=1) * widths
    after = np.cumsum(areas[:, ::-1], axis=1)[:, ::-1]
    left = at_risk * (at_risk - events)
    growth = np.divide(events, left, out=np.zeros_like(events), where=left > 0)
    return start + areas.sum(axis=1), (after**2 * growth).sum(axis=1)
