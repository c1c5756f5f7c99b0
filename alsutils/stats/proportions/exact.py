"""Exact comparisons given the number of patients with the event in both arms together."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from alsutils.stats.proportions.shares import check_counts
from alsutils.stats.proportions.tables import Floats, Ints, Limits, Tables, solve
from alsutils.stats.ragged import Runs, by_chunks, runs

Bools = NDArray[np.bool_]

TIE = 1 + 1e-7  # two outcomes count as equally likely within rounding, as in R's fisher.test
FAR = 60.0  # logarithm of an odds ratio larger than any that counts of patients can bound


@dataclass(frozen=True)
class FisherTests:
    """Fisher's exact test of many tables.

    Attributes
    ----------
    p_value : ndarray, shape (m,)
        Two-sided: the probability of all outcomes that are no likelier than the one seen.
    p_midp : ndarray, shape (m,)
        The same with the outcome seen counted by half.
    """

    p_value: Floats
    p_midp: Floats


@dataclass(frozen=True)
class OddsRatios:
    """Conditional odds ratios of many tables.

    Attributes
    ----------
    estimate : ndarray, shape (m,)
        Most likely odds ratio given the margins; 0 or infinite where the outcome is the lowest or
        the highest possible, missing where no other outcome is possible.
    exact, midp : Limits
        Exact limits, and limits with the outcome seen counted by half.
    """

    estimate: Floats
    exact: Limits
    midp: Limits


def fisher_tests(tables: Tables) -> FisherTests:
    """Test many tables after Fisher.

    Parameters
    ----------
    tables : Tables
        With patients in both arms.

    Returns
    -------
    FisherTests
        Two-sided p-values and mid-p-values.

    References
    ----------
    Fisher, Journal of the Royal Statistical Society 1935;98:39-54. Lydersen, Fagerland and
    Laake, Statistics in Medicine 2009;28:1159-1175 (mid-p).
    """
    p_value, observed = by_chunks(lambda rows: _fisher(tables.take(rows)), _widths(tables), 2)
    return FisherTests(p_value, p_value - observed / 2)


def odds_ratios(tables: Tables, alpha: float = 0.05) -> OddsRatios:
    """Estimate conditional odds ratios with exact and mid-p limits.

    Parameters
    ----------
    tables : Tables
        With patients in both arms.
    alpha : float
        Two-sided, half of it in each tail: the limits have level ``1 - alpha``.

    Returns
    -------
    OddsRatios
        Treated over control.

    References
    ----------
    Cornfield, Proceedings of the Third Berkeley Symposium 1956;4:135-148. Fagerland, Lydersen and
    Laake, Statistical Analysis of Contingency Tables, 2017, chapter 4 (mid-p).
    """
    estimate, low, high, midp_low, midp_high = by_chunks(
        lambda rows: _odds(tables.take(rows), alpha), _widths(tables), 5
    )
    return OddsRatios(estimate, Limits(low, high), Limits(midp_low, midp_high))


def attainable_levels(events: Ints, n1: Ints, n0: Ints, alpha: float) -> Floats:
    """Give the probability that Fisher's test falls at or below alpha where nothing differs.

    Parameters
    ----------
    events, n1, n0 : ndarray of int, shape (m,)
        Patients with the event in both arms together, and patients of each arm.
    alpha : float
        Two-sided level.

    Returns
    -------
    ndarray, shape (m,)
        Probabilities given the number of events, between 0 and ``alpha``.
    """
    cells = np.column_stack([events, n1, n0])
    different, place = np.unique(cells, axis=0, return_inverse=True)

    def reached(rows: slice) -> tuple[Floats]:
        found = ranked_masses(*different[rows].T)
        small = np.where(found.p_values <= alpha, found.p_values, 0.0)
        return (np.maximum.reduceat(small, found.starts),)

    (levels,) = by_chunks(reached, _width(*different.T), 1)
    return levels[place.reshape(-1)]


def fisher_attainable_level(events: int, n_treated: int, n_control: int, alpha: float) -> float:
    """Give the probability that Fisher's test falls at or below alpha where nothing differs.

    With few events most outcomes cannot be that small, so the probability is below ``alpha`` and
    often 0.

    Parameters
    ----------
    events : int
        Patients with the event in both arms together.
    n_treated, n_control : int
        Patients in each arm.
    alpha : float
        Two-sided level.

    Returns
    -------
    float
        Probability given the total number of events, between 0 and ``alpha``.

    References
    ----------
    Tarone, Biometrics 1990;46:515-522.
    """
    check_counts(events, n_treated + n_control)
    m, n1, n0 = (np.array([value]) for value in (events, n_treated, n_control))
    return float(attainable_levels(m, n1, n0, alpha)[0])


@dataclass(frozen=True)
class RankedMasses:
    """The p-values that Fisher's test can give, ascending, for each number of events.

    Attributes
    ----------
    p_values : ndarray, shape (total,)
        Each is also the probability that p is at or below it. Outcomes that are equally likely
        share the last of their places; the others of them hold 0.
    starts : ndarray, shape (rows,)
        Where each number of events begins.
    """

    p_values: Floats
    starts: Ints


def ranked_masses(events: Ints, n1: Ints, n0: Ints) -> RankedMasses:
    """List the p-values that Fisher's test can give.

    Parameters
    ----------
    events, n1, n0 : ndarray of int, shape (rows,)
        Patients with the event in both arms together, and patients of each arm.

    Returns
    -------
    RankedMasses
        For each row as many p-values as there are outcomes.
    """
    outcomes, logs = _outcomes(events, n1, n0)
    mass = outcomes.softmax(logs)
    order = np.lexsort((mass, outcomes.row))
    mass, row = mass[order], outcomes.row[order]
    # Added up row by row: a difference of sums over all rows would lose the small p-values.
    parts = [np.cumsum(part) for part in np.split(mass, outcomes.starts[1:])]
    p_values = np.minimum(np.concatenate([*parts, np.empty(0)]), 1.0)
    last = np.ones(len(mass), dtype=bool)
    last[:-1] = (row[1:] != row[:-1]) | (mass[1:] > mass[:-1] * TIE)
    return RankedMasses(np.where(last, p_values, 0.0), outcomes.starts)


def _fisher(tables: Tables) -> tuple[Floats, Floats]:
    """Two-sided p-values and the probabilities of the outcomes seen."""
    outcomes, logs = _outcomes(tables.x1 + tables.x0, tables.n1, tables.n0)
    mass = outcomes.softmax(logs)
    observed = mass[outcomes.starts + tables.x1 - outcomes.numbers[outcomes.starts]]
    unlikely = mass <= observed[outcomes.row] * TIE
    return np.minimum(outcomes.total(np.where(unlikely, mass, 0.0)), 1.0), observed


def _odds(tables: Tables, alpha: float) -> tuple[Floats, ...]:
    """Estimates, exact limits and mid-p limits of odds ratios."""
    outcomes, logs = _outcomes(tables.x1 + tables.x0, tables.n1, tables.n0)
    lengths = np.diff(np.append(outcomes.starts, len(logs)))
    first = outcomes.numbers[outcomes.starts]
    lowest, highest = tables.x1 == first, tables.x1 == first + lengths - 1

    # The limits nearly always lie within a few of the textbook's standard errors.
    cells = (tables.x1, tables.n1 - tables.x1, tables.x0, tables.n0 - tables.x0)
    a, b, c, d = (cell + 0.5 for cell in cells)
    middle, reach = np.log(a * d / (b * c)), 5 * np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)

    def at(theta: Floats, rows: Ints) -> tuple[Runs, Floats]:
        """Outcomes of some rows and their probabilities at these log odds ratios."""
        some = runs(np.zeros(len(rows), dtype=np.int64), lengths[rows] - 1)
        place = outcomes.starts[rows][some.row] + some.numbers
        some = Runs(some.numbers + first[rows][some.row], some.row, some.starts)
        return some, some.softmax(logs[place] + theta[some.row] * some.numbers)

    def mean(theta: Floats, rows: Ints) -> Floats:
        some, mass = at(theta, rows)
        return some.total(mass * some.numbers) - tables.x1[rows]

    def tail(theta: Floats, rows: Ints, upper: bool, share: float) -> Floats:
        """Probability of outcomes beyond the one seen, with a share of it, less alpha / 2."""
        some, mass = at(theta, rows)
        seen = tables.x1[rows][some.row]
        beyond = some.numbers > seen if upper else some.numbers < seen
        weight = np.where(some.numbers == seen, share, beyond)
        with np.errstate(divide="ignore"):
            return np.maximum(np.log(some.total(mass * weight)), -1e3) - np.log(alpha / 2)

    def root(function: Callable[..., Floats], wanted: Bools) -> Floats:
        rows = np.flatnonzero(wanted)
        found = solve(function, (middle - reach)[rows], (middle + reach)[rows], (rows,))
        missed = np.isnan(found)
        far = np.full(int(missed.sum()), FAR)
        found[missed] = solve(function, -far, far, (rows[missed],))
        return np.exp(found)

    def limits(share: float) -> list[Floats]:
        low, high = np.zeros(len(tables)), np.full(len(tables), np.inf)
        low[~lowest] = root(lambda t, rows: tail(t, rows, True, share), ~lowest)
        high[~highest] = root(lambda t, rows: tail(t, rows, False, share), ~highest)
        return [low, high]

    estimate = np.where(lowest & highest, np.nan, np.where(lowest, 0.0, np.inf))
    between = ~lowest & ~highest
    estimate[between] = root(mean, between)
    return (estimate, *limits(1.0), *limits(0.5))


def _outcomes(events: Ints, n1: Ints, n0: Ints) -> tuple[Runs, Floats]:
    """Every possible number of treated patients with the event, and its log probability."""
    first, last = np.maximum(0, events - n0), np.minimum(events, n1)
    found = runs(first, last)
    x, row = found.numbers, found.row
    cells = (x, n1[row] - x, events[row] - x, n0[row] - events[row] + x)
    return found, -sum(special.gammaln(cell + 1.0) for cell in cells)


def _width(events: Ints, n1: Ints, n0: Ints) -> Ints:
    return np.minimum(events, n1) - np.maximum(0, events - n0) + 1


def _widths(tables: Tables) -> Ints:
    return _width(tables.x1 + tables.x0, tables.n1, tables.n0)
