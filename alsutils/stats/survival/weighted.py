"""Log-rank tests, weighted ones, and the best of several."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from alsutils.stats.survival.times import (
    Floats,
    Ints,
    Times,
    TimesError,
    checked_groups,
    checked_times,
    counts,
)

Weight = tuple[float, float]

_NODES = 120  # of Gauss-Legendre; the integrand has kinks, and so errors of about 5e-5
_REACH = 8.5  # standard deviations that are integrated over
_NOTHING = 1e-9

COMBO = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))


@dataclass(frozen=True)
class LogRank:
    """A log-rank test of equal hazards, plain or weighted.

    Attributes
    ----------
    statistic : float
        Chi-square; missing where there is no event or only one group.
    df : float
        Groups less one; fewer where a group was never at risk when an event happened.
    p_value : float
        Of the chi-square distribution.
    rho, gamma : float
        Exponents of the weight; both 0 for the plain test.
    z : float
        For two groups, the root of the statistic with the sign of observed less expected in the
        second one: below 0 where that had fewer events than expected. Missing otherwise.
    groups : DataFrame
        One row a group, in sorted order: ``group``, ``n``, ``observed`` and ``expected`` (events,
        weighted as in the test).
    """

    statistic: float
    df: float
    p_value: float
    rho: float
    gamma: float
    z: float
    groups: pd.DataFrame


@dataclass(frozen=True)
class MaxCombo:
    """The largest of several weighted log-rank tests of two groups.

    Attributes
    ----------
    frame : DataFrame
        One row a test: ``rho``, ``gamma``, ``statistic`` (normal; below 0 where the treated had
        fewer events than expected) and ``p_value`` (two-sided, of that test alone).
    correlation : ndarray, shape (k, k)
        Of the statistics, where the hazards are equal.
    statistic : float
        The largest absolute value among them; missing where no test can be made.
    p_value : float
        Two-sided, of the largest: from the multivariate normal distribution.
    p_bonferroni : float
        Smallest p-value times the number of tests, for comparison.
    """

    frame: pd.DataFrame
    correlation: Floats
    statistic: float
    p_value: float
    p_bonferroni: float


@dataclass(frozen=True)
class Comparison:
    """Observed less expected events by weight and group, and their covariances.

    Attributes
    ----------
    observed, expected : ndarray, shape (w, k)
        Weighted events of each group.
    covariance : ndarray, shape (w, w, k, k)
        Of observed less expected, between weights and groups.
    """

    observed: Floats
    expected: Floats
    covariance: Floats


def log_rank(
    time: ArrayLike, event: ArrayLike, group: ArrayLike, strata: ArrayLike | None = None
) -> LogRank:
    """Test whether groups have the same hazard at every time.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        As in `alsutils.stats.survival.kaplan_meier`.
    group : array_like, shape (n,)
        Group of each person; two or more.
    strata : array_like, shape (n,), optional
        People are compared within a stratum only.

    Returns
    -------
    LogRank
        Figures missing where there is no event or only one group.

    References
    ----------
    Peto R, Peto J. Asymptotically efficient rank invariant test procedures. J R Stat Soc A
    1972;135:185-207.
    """
    return weighted_log_rank(time, event, group, 0.0, 0.0, strata)


def weighted_log_rank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    rho: float = 0.0,
    gamma: float = 0.0,
    strata: ArrayLike | None = None,
) -> LogRank:
    """Test whether groups have the same hazard, with events weighted by when they happen.

    Parameters
    ----------
    time, event, group, strata
        As in `log_rank`.
    rho, gamma : float
        At least 0. An event weighs the share ``S`` still without one just before, in all groups
        together (of its stratum): ``S ** rho * (1 - S) ** gamma``. rho 1 looks at early
        differences, gamma 1 at late ones.

    Returns
    -------
    LogRank
        Figures missing where there is no event, or only one group.

    References
    ----------
    Fleming TR, Harrington DP. Counting Processes and Survival Analysis. Wiley 1991, section 7.5.
    """
    given = checked_times(time, event)
    groups_given = checked_groups(group, len(given.time))
    codes, names = groups_given.codes, groups_given.names
    found = compare(given, codes, len(names), [(rho, gamma)], _strata(strata, len(codes)))
    observed, expected = found.observed[0], found.expected[0]
    groups = pd.DataFrame(
        {
            "group": names,
            "n": np.bincount(codes, minlength=len(names)),
            "observed": observed,
            "expected": expected,
        }
    )
    free = np.flatnonzero(expected > 0)[1:]
    excess, spread = (observed - expected)[free], found.covariance[0, 0][np.ix_(free, free)]
    statistic = np.nan
    if len(free) and np.linalg.matrix_rank(spread) == len(free):
        statistic = float(excess @ np.linalg.solve(spread, excess))
    df = float(len(free)) if len(free) else float(len(names) - 1)
    z = np.sign(excess[0]) * np.sqrt(statistic) if len(names) == 2 and len(free) else np.nan
    p_value = float(stats.chi2.sf(statistic, df)) if df else np.nan
    return LogRank(statistic, df, p_value, rho, gamma, float(z), groups)


def max_combo(
    time: ArrayLike,
    event: ArrayLike,
    treated: ArrayLike,
    weights: Sequence[Weight] = COMBO,
    strata: ArrayLike | None = None,
) -> MaxCombo:
    """Test equal hazards by the largest of several weighted log-rank tests.

    Parameters
    ----------
    time, event, strata
        As in `log_rank`.
    treated : array_like of bool, shape (n,)
        Which of two groups.
    weights : sequence of (rho, gamma)
        As in `weighted_log_rank`.

    Returns
    -------
    MaxCombo
        Its p-value pays for the choice among the tests, but for no more than their correlation
        asks. Missing where a group is empty or there is no event.

    References
    ----------
    Lee SH. On the versatility of the combination of the weighted log-rank statistics. Comput Stat
    Data Anal 2007;51:6557-6564. Karrison TG. Versatile tests for comparing survival curves based
    on weighted log-rank statistics. Stata J 2016;16:678-690.
    """
    given = checked_times(time, event)
    codes = np.asarray(treated, bool).astype(np.int64)
    if codes.shape != given.time.shape:
        raise TimesError(f"there are {len(given.time)} times and treated of shape {codes.shape}")
    found = compare(given, codes, 2, weights, _strata(strata, len(codes)))
    covariance = found.covariance[:, :, 1, 1]
    spread = np.sqrt(np.diag(covariance))
    frame = pd.DataFrame(list(weights), columns=["rho", "gamma"], dtype=float)
    excess = found.observed[:, 1] - found.expected[:, 1]
    z = np.divide(excess, spread, out=np.full(len(spread), np.nan), where=spread > 0)
    frame = frame.assign(statistic=z, p_value=2 * stats.norm.sf(np.abs(z)))
    if np.isnan(z).any():
        nothing = np.full_like(covariance, np.nan)
        return MaxCombo(frame, nothing, np.nan, np.nan, np.nan)
    correlation = covariance / np.outer(spread, spread)
    largest = float(np.abs(z).max())
    p = max(1 - inside_probability(largest, correlation), float(frame["p_value"].min()))
    bonferroni = min(1.0, len(z) * float(frame["p_value"].min()))
    return MaxCombo(frame, correlation, largest, min(p, bonferroni), bonferroni)


def inside_probability(limit: float, correlation: Floats) -> float:
    """Probability that all of several standard normal variables are smaller than a limit in size.

    Parameters
    ----------
    limit : float
        At least 0.
    correlation : ndarray, shape (k, k)
        Of the variables, which may depend on each other: the usual four weights do.

    Returns
    -------
    float
        To about 1e-4, and the same every time: as many independent variables as there are, up to
        three, are integrated over a grid, the last of them exactly; more by quasi-random points.
    """
    roots = _independent(correlation)
    if roots.shape[1] > 3:
        return _quasi_random(limit, correlation)
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    base, mass = np.zeros((len(roots), 1)), np.ones(1)
    for c in range(roots.shape[1] - 1):
        # The first row with this variable alone says how far it may go.
        pivot = int(np.abs(roots[:, c]).argmax())
        room = np.array([-limit, limit])[:, None] - base[pivot]
        low, high = np.clip(room / roots[pivot, c], -_REACH, _REACH)
        u = ((low + high)[:, None] + (high - low)[:, None] * node) / 2
        mass = (mass[:, None] * (high - low)[:, None] / 2 * weight * stats.norm.pdf(u)).ravel()
        base = (base[:, :, None] + roots[:, c][:, None, None] * u).reshape(len(roots), -1)
    last = roots[:, -1][:, None]
    free = np.abs(last) > _NOTHING
    size, side = np.where(free, np.abs(last), 1.0), np.sign(last) * base
    open_rows = np.where(np.abs(base) <= limit, -np.inf, np.inf)
    low = np.where(free, (-limit - side) / size, open_rows).max(axis=0)
    high = np.where(free, (limit - side) / size, np.inf).min(axis=0)
    return float(mass @ np.maximum(special.ndtr(high) - special.ndtr(low), 0.0))


def _independent(correlation: Floats) -> Floats:
    """Write variables by independent ones, shape (k, rank), the largest remainder first."""
    columns, rest = [], correlation.copy()
    for _ in range(len(correlation)):
        pivot = int(np.diag(rest).argmax())
        if rest[pivot, pivot] < _NOTHING:
            break
        columns.append(rest[:, pivot] / np.sqrt(rest[pivot, pivot]))
        rest = rest - np.outer(columns[-1], columns[-1])
    return np.column_stack(columns)


def _quasi_random(limit: float, correlation: Floats) -> float:
    k = len(correlation)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an accuracy asked for and not quite reached
        inside = stats.multivariate_normal.cdf(
            np.full(k, limit),
            np.zeros(k),
            correlation,
            allow_singular=True,
            maxpts=200_000,
            lower_limit=np.full(k, -limit),
            rng=np.random.default_rng(0),
        )
    return float(inside)


def compare(
    given: Times, codes: Ints, k: int, weights: Sequence[Weight], strata: Ints
) -> Comparison:
    """Add up observed and expected events of groups, with several weights at once."""
    w = len(weights)
    total = Comparison(np.zeros((w, k)), np.zeros((w, k)), np.zeros((w, w, k, k)))
    for stratum in np.unique(strata):
        rows = strata == stratum
        _add(total, Times(given.time[rows], given.event[rows]), codes[rows], weights)
    return total


def event_weights(share: Floats, weights: Sequence[Weight]) -> Floats:
    """Weights of events from the share without one just before, shape (w, times)."""
    return np.array([share**rho * (1 - share) ** gamma for rho, gamma in weights])


def _add(total: Comparison, given: Times, codes: Ints, weights: Sequence[Weight]) -> None:
    """Add the sums of one stratum."""
    k = total.observed.shape[1]
    steps = counts(given)
    after = np.cumprod(1 - steps.events / steps.at_risk)
    kept = steps.events > 0
    share = np.append(1.0, after[:-1])[kept]
    moments, n, d = steps.time[kept], steps.at_risk[kept], steps.events[kept]
    place = np.searchsorted(moments, given.time[given.event])
    events = np.zeros((len(moments), k))
    np.add.at(events, (place, codes[given.event]), 1.0)
    at_risk = np.empty_like(events)
    for g in range(k):
        own = np.sort(given.time[codes == g])
        at_risk[:, g] = len(own) - np.searchsorted(own, moments, side="left")
    part = at_risk / n[:, None]
    weight = event_weights(share, weights)
    total.observed[:] += weight @ events
    total.expected[:] += weight @ (d[:, None] * part)
    spread = np.divide(d * (n - d), n - 1, out=np.zeros(len(n)), where=n > 1)
    for a in range(len(weights)):
        for b in range(len(weights)):
            both = weight[a] * weight[b] * spread
            total.covariance[a, b] += np.diag(both @ part) - part.T @ (both[:, None] * part)


def _strata(strata: ArrayLike | None, n: int) -> NDArray[np.int64]:
    """Strata as whole numbers; one for all where none are given."""
    return np.zeros(n, np.int64) if strata is None else checked_groups(strata, n).codes
