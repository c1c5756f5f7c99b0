"""Tests that draw the arms again: the lottery of the trial as the only source of chance."""

import itertools
import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Statistic = Literal["mean", "ancova", "rank"]

EXACT_UP_TO = 20_000  # arrangements that are listed instead of drawn
_ROUNDING = 1e-9  # share of the largest statistic within which two are called equal


@dataclass(frozen=True)
class Redraws:
    """Ways in which the arms could have been given.

    Attributes
    ----------
    treated : ndarray of bool, shape (m, n)
        Who is treated, one row a way; the first row is what was done.
    exact : bool
        Whether the rows are all ways there are, each equally likely.
    """

    treated: Flags
    exact: bool


@dataclass(frozen=True)
class RandomisationTest:
    """A randomisation test of one treated arm against the control.

    Attributes
    ----------
    statistic : {"mean", "ancova", "rank"}
        What was compared.
    estimate : float
        Effect, treated less control, in the unit of the values: the difference of means, the same
        with the covariates held equal, or the median of all differences between a treated and a
        control value.
    p_value : float
        Two-sided, twice the smaller tail.
    p_error : float
        Standard error of the p-value by the number of draws; 0 where all ways were listed.
    conf_low, conf_high : float
        Effects that the test does not reject; infinite where there are too few ways.
    n_treated, n_control : int
        Patients.
    exact : bool
        Whether all ways were listed.
    differences : ndarray, shape (m,)
        The statistic of every way if the treatment did nothing; the first is the one observed. In
        the unit of the values, or in ranks.
    """

    statistic: Statistic
    estimate: float
    p_value: float
    p_error: float
    conf_low: float
    conf_high: float
    n_treated: int
    n_control: int
    exact: bool
    differences: Floats

    @property
    def frame(self) -> pd.DataFrame:
        """One row in the columns of every estimate."""
        row = {
            "n_control": self.n_control,
            "n_treated": self.n_treated,
            "estimate": self.estimate,
            "statistic": self.differences[0],
            "p_value": self.p_value,
            "conf_low": self.conf_low,
            "conf_high": self.conf_high,
        }
        return pd.DataFrame([row])


def shuffles(
    treated: ArrayLike, n_draws: int, rng: np.random.Generator, exact_up_to: int = EXACT_UP_TO
) -> Redraws:
    """Shuffle the arms among the patients and keep the sizes of the arms.

    Parameters
    ----------
    treated : array_like of bool, shape (n,)
        Who was treated.
    n_draws : int
        Shuffles to draw where there are too many ways to list.
    rng : numpy.random.Generator
        Source of randomness.
    exact_up_to : int
        Up to so many ways, all are listed.

    Returns
    -------
    Redraws
        What was done and ``n_draws`` shuffles, or every way once.
    """
    observed = np.asarray(treated, dtype=bool)
    n, k = len(observed), int(observed.sum())
    if math.comb(n, k) > exact_up_to:
        return redraws(observed, rng.permuted(np.tile(observed, (n_draws, 1)), axis=1))
    chosen = np.array(list(itertools.combinations(range(n), k)), dtype=int).reshape(-1, k)
    every = np.zeros((len(chosen), n), dtype=bool)
    np.put_along_axis(every, chosen, True, axis=1)
    others = every[(every != observed).any(axis=1)]
    return Redraws(np.vstack([observed, others]), exact=True)


def redraws(treated: ArrayLike, drawn: ArrayLike) -> Redraws:
    """Put what was done before draws of the same lottery.

    Parameters
    ----------
    treated : array_like of bool, shape (n,)
        Who was treated.
    drawn : array_like of bool, shape (m, n)
        Draws by the procedure that was used.

    Returns
    -------
    Redraws
        m + 1 rows.
    """
    rows = np.vstack([np.asarray(treated, dtype=bool), np.asarray(drawn, dtype=bool)])
    return Redraws(rows, exact=False)


def randomisation_test(
    values: ArrayLike,
    ways: Redraws,
    statistic: Statistic = "mean",
    covariates: ArrayLike | None = None,
    conf_level: float = 0.95,
) -> RandomisationTest:
    """Compare a treated arm with the control by drawing the arms again.

    If the treatment does nothing to anybody, every patient would have had the same value in the
    other arm, so that the statistic of any other draw is known. The p-value is twice the share of
    draws, the one observed among them, whose statistic is as far out on its side as the observed
    one. The interval holds every effect, the same for all patients, that leaves a p-value above
    1 - conf_level once it is taken off the treated.

    Parameters
    ----------
    values : array_like, shape (n,)
        Without missing ones.
    ways : Redraws
        Ways in which the arms could have been given. Those that leave an arm empty are left out.
    statistic : {"mean", "ancova", "rank"}
        Difference of means, of the means of residuals from a regression on the covariates alone, or
        of mean ranks.
    covariates : array_like, shape (n, q), or None
        For "ancova", as numbers; the constant is added.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    RandomisationTest
        With the smallest p-value that m ways allow, 2/m.

    Raises
    ------
    ValueError
        If a value is missing, an arm is empty, or the statistic does not fit the input.

    References
    ----------
    Phipson B, Smyth GK. Permutation p-values should never be zero. Stat Appl Genet Mol Biol
    2010;9:39. doi:10.2202/1544-6115.1585. Rosenbaum PR. Covariance adjustment in randomized
    experiments and observational studies. Stat Sci 2002;17:286-327. doi:10.1214/ss/1042727942.
    Hodges JL, Lehmann EL. Estimates of location based on rank tests. Ann Math Stat
    1963;34:598-611.
    """
    y = np.asarray(values, dtype=float)
    treated = ways.treated
    _check(y, treated, statistic, covariates, conf_level)
    sizes = treated.sum(axis=1)
    treated = treated[(sizes > 0) & (sizes < len(y))]
    lottery = _Lottery(treated)
    if statistic == "rank":
        estimate, differences, low, high = _by_ranks(y, lottery, 1 - conf_level)
    else:
        adjust = None if statistic == "mean" else np.asarray(covariates, dtype=float)
        estimate, differences, low, high = _by_means(y, lottery, adjust, 1 - conf_level)
    tail = float(
        min(np.mean(differences >= differences[0]), np.mean(differences <= differences[0]))
    )
    n_treated = int(treated[0].sum())
    return RandomisationTest(
        statistic=statistic,
        estimate=estimate,
        p_value=min(1.0, 2 * tail),
        p_error=0.0 if ways.exact else 2 * math.sqrt(tail * (1 - tail) / len(treated)),
        conf_low=low,
        conf_high=high,
        n_treated=n_treated,
        n_control=len(y) - n_treated,
        exact=ways.exact,
        differences=differences,
    )


class _Lottery:
    """Means of the treated less those of the control for every way at once."""

    def __init__(self, treated: Flags) -> None:
        self.observed = treated[0]
        self._members = treated.astype(float)
        self._sizes = self._members.sum(axis=1)

    def contrast(self, values: Floats) -> Floats:
        """Give the difference of means of every way, shape (m,); ties exact with the first."""
        sums = self._members @ values
        others = len(values) - self._sizes
        found = sums / self._sizes - (values.sum() - sums) / others
        close = np.abs(found - found[0]) <= _ROUNDING * np.abs(values).max(initial=0)
        return np.asarray(np.where(close, found[0], found))


def _by_means(
    y: Floats, lottery: _Lottery, covariates: Floats | None, alpha: float
) -> tuple[float, Floats, float, float]:
    """Give estimate, statistics and limits; the statistic is linear in the effect taken off.

    With an effect d taken off the treated, a way's statistic is a - d b. It is at least the
    observed one, a0 - d b0, from d = (a0 - a) / (b0 - b) on, so that the limits are among these.
    """
    given = lottery.observed.astype(float)
    # Centred, so that rounding is relative to the spread and not to the level of the values.
    centred = [y - y.mean(), given]
    if covariates is not None:
        constant = np.ones((len(y), 1))
        columns = np.hstack([constant, covariates - covariates.mean(axis=0)])
        fits = [np.linalg.lstsq(columns, v, rcond=None)[0] for v in centred]
        centred = [v - columns @ fit for v, fit in zip(centred, fits, strict=True)]
    a, b = (lottery.contrast(v) for v in centred)
    if not b[0] > _ROUNDING:  # the covariates tell who was treated
        return math.nan, a, math.nan, math.nan
    ahead = b < b[0]
    turn = np.full(len(a), math.inf)
    turn[ahead] = (a[0] - a[ahead]) / (b[0] - b[ahead])
    # A way that is never behind counts in both tails, whatever the effect.
    last = math.floor(alpha * len(a) / 2 + _ROUNDING)
    low = float(np.sort(np.where(ahead, turn, -math.inf))[last])
    high = float(np.sort(turn)[-1 - last])
    return float(a[0] / b[0]), a, low, high


def _by_ranks(y: Floats, lottery: _Lottery, alpha: float) -> tuple[float, Floats, float, float]:
    """Give estimate, statistics and limits; ranks change only where two values meet."""
    treated = lottery.observed
    every = np.subtract.outer(y[treated], y[~treated]).ravel()
    meetings = np.unique(every)
    between = np.concatenate(
        [[meetings[0] - 1], (meetings[1:] + meetings[:-1]) / 2, [meetings[-1] + 1]]
    )

    def tail(i: int, sign: int) -> float:
        ranks = sign * rankdata(y - between[i] * treated)
        found = lottery.contrast(ranks)
        return 2 * float(np.mean(found >= found[0]))

    def first(sign: int) -> int:
        """Find by halving the outermost gap between meetings that is not rejected."""
        order = range(len(between))[::sign]
        out, kept = -1, len(between) - 1
        while kept - out > 1:
            middle = (out + kept) // 2
            if tail(order[middle], sign) > alpha + _ROUNDING:
                kept = middle
            else:
                out = middle
        return kept

    lowest, highest = first(1), first(-1)
    low = float(meetings[lowest - 1]) if lowest else -math.inf
    high = float(meetings[-highest]) if highest else math.inf
    return float(np.median(every)), lottery.contrast(rankdata(y)), low, high


def _check(
    y: Floats,
    treated: Flags,
    statistic: str,
    covariates: ArrayLike | None,
    conf_level: float,
) -> None:
    """Refuse what cannot be tested."""
    if statistic not in get_args(Statistic):
        raise ValueError(f"statistic must be one of {get_args(Statistic)}, not {statistic!r}")
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level must lie between 0 and 1, not {conf_level}")
    if treated.ndim != 2 or treated.shape[1] != len(y):
        raise ValueError(f"{len(y)} values do not fit ways of the shape {treated.shape}")
    if not np.isfinite(y).all():
        raise ValueError("values must not be missing; leave those patients out of the ways as well")
    if treated[0].all() or not treated[0].any():
        raise ValueError("both arms need a patient")
    if (statistic == "ancova") != (covariates is not None):
        raise ValueError("covariates go with the statistic 'ancova', and only with it")
    if covariates is not None:
        table = np.asarray(covariates, dtype=float)
        if table.ndim != 2 or len(table) != len(y) or not np.isfinite(table).all():
            raise ValueError(f"covariates need {len(y)} rows of numbers, none missing")
