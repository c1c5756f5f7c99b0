"""Shares of many rare events, each drawn towards those of its group as far as the data support it.

Model: in one arm the shares of a system's terms come from a beta distribution. Its mean and its
strength are not known; the data of all its terms tell (empirical Bayes). To put only the likeliest
values in would not do: where a system has few terms the likeliest strength is often infinite, and
every term would get the same share with no doubt left. So the marginal likelihood is averaged over.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from alsutils.stats.proportions.shares import check_counts
from alsutils.stats.proportions.tables import solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STRENGTHS, MEANS = 28, 16  # points of the average over the beta distribution's strength and mean
WIDE, NARROW = 10.0, 5.5  # standard errors to either side over which these are averaged
LEAST, MOST = -14.0, 12.0  # log of the strength over the patients of the arm; beyond is nothing
POINTS = 64  # of the quadrature over one of two shares that are compared
CLOSE = 1e-7  # of the limits of a difference
_NEVER = 1e-12  # keeps means off 0 and 1, where the beta distribution ends


@dataclass(frozen=True)
class ShrunkenShares:
    """Shares of one arm, drawn towards their systems.

    Attributes
    ----------
    raw : ndarray, shape (terms,)
        Shares as counted.
    estimate, conf_low, conf_high : ndarray, shape (terms,)
        Posterior means and limits of the central credible interval.
    alpha, beta : ndarray, shape (terms,)
        Of the beta distribution that has the posterior's mean and variance.
    system_mean : ndarray, shape (terms,)
        Posterior mean of the system's mean share (of the mean of all terms, for the only term of
        a system).
    weight : ndarray, shape (terms,)
        How far the share is drawn to the system's: 0 not at all, 1 all the way.
    """

    raw: Floats
    estimate: Floats
    conf_low: Floats
    conf_high: Floats
    alpha: Floats
    beta: Floats
    system_mean: Floats
    weight: Floats

    @property
    def frame(self) -> pd.DataFrame:
        """One row a term, in the order given."""
        return pd.DataFrame(self.__dict__)


@dataclass(frozen=True)
class ShrunkenDifferences:
    """Differences of the shrunken shares of two arms.

    Attributes
    ----------
    estimate, conf_low, conf_high : ndarray, shape (terms,)
        Posterior means of treated less control and limits of the central credible interval.
    p_exceeds : ndarray, shape (terms,)
        Posterior probability that the treated share is the higher one.
    """

    estimate: Floats
    conf_low: Floats
    conf_high: Floats
    p_exceeds: Floats

    @property
    def frame(self) -> pd.DataFrame:
        """One row a term, in the order given."""
        return pd.DataFrame(self.__dict__)


def shrink_risks(
    events: ArrayLike, n: ArrayLike, systems: ArrayLike, conf_level: float = 0.95
) -> ShrunkenShares:
    """Estimate the shares of one arm's terms with the strength of their systems.

    Parameters
    ----------
    events : array_like, shape (terms,)
        Patients with each term.
    n : array_like, shape (terms,) or one number
        Patients of the arm, at least 1.
    systems : array_like, shape (terms,)
        System of each term. The only term of a system is drawn towards all terms together.
    conf_level : float
        Level of the credible intervals.

    Returns
    -------
    ShrunkenShares
        Beta-binomial. Before the data every mean share of a system is as likely as any other, and
        so is every weight of the system against a term's own patients between 0 and 1. Limits
        are those of the beta distribution with the posterior's mean and variance.

    Raises
    ------
    ValueError
        If a count is impossible or the arrays differ in length.

    References
    ----------
    Deely and Lindley, Journal of the American Statistical Association 1981;76:833-841.
    Christiansen and Morris, Journal of the American Statistical Association 1997;92:618-632 (the
    uniform prior of the weight).
    """
    x = np.atleast_1d(np.asarray(events, dtype=float))
    code = pd.factorize(np.asarray(systems), use_na_sentinel=False)[0]
    if len(x) != len(code):
        raise ValueError(f"{len(x)} terms and {len(code)} systems: expected one of each")
    total = np.broadcast_to(np.asarray(n, dtype=float), x.shape)
    check_counts(x, total)
    if len(x) == 0:
        return ShrunkenShares(*[np.empty(0)] * 8)
    group, members, owner = _groups(code)
    grid = _posterior(x[members], total[members], owner)
    # Each point of the grid gives a beta distribution; the posterior is their mixture.
    strength, mean, chance = (values[group] for values in (grid.strength, grid.mean, grid.chance))
    a, whole = x[:, None] + strength * mean, total[:, None] + strength
    first = (chance * a / whole).sum(axis=1)
    second = (chance * a * (a + 1) / (whole * (whole + 1))).sum(axis=1)
    size = (first - second) / (second - first**2)
    alpha, beta = first * size, (1 - first) * size
    tail = (1 - conf_level) / 2
    return ShrunkenShares(
        raw=x / total,
        estimate=first,
        conf_low=special.betaincinv(alpha, beta, tail),
        conf_high=special.betaincinv(alpha, beta, 1 - tail),
        alpha=alpha,
        beta=beta,
        system_mean=(chance * mean).sum(axis=1),
        weight=(chance * strength / whole).sum(axis=1),
    )


def shrunken_differences(
    treated: ShrunkenShares, control: ShrunkenShares, conf_level: float = 0.95
) -> ShrunkenDifferences:
    """Compare the shrunken shares of two arms, term by term.

    Parameters
    ----------
    treated, control : ShrunkenShares
        Of the same terms in the same order, the arms apart from each other.
    conf_level : float
        Level of the credible intervals.

    Returns
    -------
    ShrunkenDifferences
        From the two posterior beta distributions by quadrature: probabilities to about 0.0001,
        limits to a few hundredths of the interval at worst, where shares are next to nothing.

    Raises
    ------
    ValueError
        If the arms differ in the number of terms.
    """
    if len(treated.raw) != len(control.raw):
        raise ValueError(f"{len(treated.raw)} and {len(control.raw)} terms: expected the same")
    # Rare terms of a system share their counts, and so their posteriors; each is worked out once.
    cells = np.column_stack([treated.alpha, treated.beta, control.alpha, control.beta])
    different, place = np.unique(cells, axis=0, return_inverse=True)
    low, high, exceeds = (found[place.reshape(-1)] for found in _compared(different, conf_level))
    return ShrunkenDifferences(treated.estimate - control.estimate, low, high, exceeds)


def _compared(cells: Floats, conf_level: float) -> tuple[Floats, Floats, Floats]:
    """Limits of the difference of two beta variables, and the probability that it is above 0."""
    a1, b1, a0, b0 = cells.T
    # The share that lies closer to 0 or 1 gives the points: the distribution of the other is then
    # smooth in them.
    closer = np.minimum(a1, b1) < np.minimum(a0, b0)
    inner = np.where(closer, a1, a0), np.where(closer, b1, b0)
    outer = np.where(closer, a0, a1), np.where(closer, b0, b1)
    nodes, weights = np.polynomial.legendre.leggauss(POINTS)
    points = special.betaincinv(inner[0][:, None], inner[1][:, None], (nodes + 1) / 2)

    def below(difference: Floats, rows: Ints) -> Floats:
        """Probability of a difference, treated less control, at or below this one."""
        sign = np.where(closer[rows], -1.0, 1.0)[:, None]
        at = np.clip(points[rows] + sign * difference[:, None], 0.0, 1.0)
        found = special.betainc(outer[0][rows, None], outer[1][rows, None], at) @ weights / 2
        return np.where(closer[rows], 1 - found, found)

    rows, gap = np.arange(len(a1)), a1 / (a1 + b1) - a0 / (a0 + b0)
    tail = (1 - conf_level) / 2
    # No more than the tail can lie further out than this, whatever the distribution (Cantelli).
    reach = 1.2 * np.sqrt((_variance(a1, b1) + _variance(a0, b0)) * (1 - tail) / tail)
    ends = gap - reach, gap + reach
    low, high = (
        solve(lambda d, some, level=level: below(d, some) - level, *ends, (rows,), CLOSE)
        for level in (tail, 1 - tail)
    )
    return low, high, 1 - below(np.zeros(len(a1)), rows)


@dataclass(frozen=True)
class _Grid:
    """Points of the average for each group and the posterior chance of each, shape (groups, g)."""

    strength: Floats
    mean: Floats
    chance: Floats


def _groups(code: Ints) -> tuple[Ints, Ints, Ints]:
    """Give the group of each term, and the terms of each group (term, group; sorted by group).

    Groups are the systems with several terms and, if there are others, all terms together.
    """
    sizes = np.bincount(code)
    several = np.flatnonzero(sizes > 1)
    number = np.full(len(sizes), len(several))
    number[several] = np.arange(len(several))
    group = number[code]
    alone = group == len(several)
    members, owner = np.flatnonzero(~alone), group[~alone]
    if alone.any():
        members = np.append(members, np.arange(len(code)))
        owner = np.append(owner, np.full(len(code), len(several)))
    order = np.argsort(owner, kind="stable")
    return group, members[order], owner[order]


def _posterior(x: Floats, n: Floats, owner: Ints) -> _Grid:
    """Average over strengths and means, around where the likelihood of each group lies."""
    same, times = np.unique(np.column_stack([owner, x, n]), axis=0, return_counts=True)
    owner, x, n = same[:, 0].astype(np.int64), same[:, 1], same[:, 2]
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    patients = (np.add.reduceat(times * n, starts) / np.add.reduceat(times, starts))[:, None]
    centre = np.full_like(patients, (LEAST + MOST) / 2)
    reach = np.full_like(patients, (MOST - LEAST) / 2)
    nodes, weights = np.polynomial.legendre.leggauss(STRENGTHS)
    for _ in range(3):  # first everywhere, then ever closer around what there is
        low, high = np.maximum(centre - reach, LEAST), np.minimum(centre + reach, MOST)
        log = low + (high - low) * (nodes + 1) / 2
        strength = (patients * np.exp(log))[:, :, None]
        mean, logs = _over_means(x, n, times, owner, starts, strength)
        # Even odds before the data for every weight of the system, strength / (strength + n).
        logs += (log - 2 * np.log1p(np.exp(log)) + np.log(weights * (high - low)))[:, :, None]
        chance = np.exp(logs - logs.max(axis=(1, 2), keepdims=True))
        chance /= chance.sum(axis=(1, 2), keepdims=True)
        of_log = chance.sum(axis=2)
        centre = (of_log * log).sum(axis=1, keepdims=True)
        spread = np.sqrt((of_log * (log - centre) ** 2).sum(axis=1, keepdims=True))
        reach = np.maximum(WIDE * spread, 3 * (high - low) / STRENGTHS)
    shape = (len(starts), -1)
    strength = np.broadcast_to(strength, chance.shape)
    return _Grid(strength.reshape(shape), mean.reshape(shape), chance.reshape(shape))


def _over_means(
    x: Floats, n: Floats, times: Ints, owner: Ints, starts: Ints, strength: Floats
) -> tuple[Floats, Floats]:
    """Means (groups, strengths, means) around where the likelihood lies, and its logarithm there.

    Every mean is as likely as any other before the data.
    """
    events, whole, terms = (
        np.add.reduceat(values, starts)[:, None, None] for values in (times * x, times * n, times)
    )
    # On the scale of the angle a mean has about the same error wherever it lies.
    centre = np.arcsin(np.sqrt((events + 0.5) / (whole + 1)))
    reach = NARROW / 2 * np.sqrt(1 / (strength + 1) / terms + 1 / whole)
    steps, sizes = np.polynomial.legendre.leggauss(MEANS)
    for _ in range(2):  # once to find where the likelihood lies, once to average over it
        low, high = np.maximum(centre - reach, 0.0), np.minimum(centre + reach, np.pi / 2)
        angle = low + (high - low) * (steps + 1) / 2
        mean = np.clip(np.sin(angle) ** 2, _NEVER, 1 - _NEVER)
        logs = _log_likelihood(x, n, times, owner, starts, strength, mean)
        logs += np.log(sizes * (high - low) * np.sin(2 * angle))
        chance = np.exp(logs - logs.max(axis=2, keepdims=True))
        chance /= chance.sum(axis=2, keepdims=True)
        centre = (chance * angle).sum(axis=2, keepdims=True)
        reach = NARROW * np.sqrt((chance * (angle - centre) ** 2).sum(axis=2, keepdims=True))
    return mean, logs


def _log_likelihood(
    x: Floats,
    n: Floats,
    times: Ints,
    owner: Ints,
    starts: Ints,
    strength: Floats,
    mean: Floats,
) -> Floats:
    """Beta-binomial log likelihood of each group at each strength and mean, without constants."""
    a, b = strength * mean, strength * (1 - mean)
    fixed = special.gammaln(strength) - special.gammaln(a) - special.gammaln(b)
    count, total = x[:, None, None], n[:, None, None]
    logs = (
        special.gammaln(count + a[owner])
        + special.gammaln(total - count + b[owner])
        - special.gammaln(total + strength[owner])
        + fixed[owner]
    )
    return np.add.reduceat(times[:, None, None] * logs, starts, axis=0)


def _variance(a: Floats, b: Floats) -> Floats:
    return a * b / ((a + b) ** 2 * (a + b + 1))
