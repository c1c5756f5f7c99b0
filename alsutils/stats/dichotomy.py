"""What is lost when a measurement is cut at a threshold and only who reached it is counted."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.special import gammaln, logsumexp

from alsutils.stats.effort import FULL_UP_TO

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Random = np.random.Generator
TESTS = ("t_test", "fisher", "chi_square")
_CHUNK = 2_000_000  # simulated values held at a time
_TIES = 1 + 1e-7  # tables as likely as the observed one count, whatever rounding did to them


@dataclass(frozen=True)
class CutPower:
    """Power of a comparison of means and of shares in simulated trials.

    Attributes
    ----------
    difference, sd, threshold : float
        True difference (better is above 0), SD within arms and threshold, in the endpoint's unit;
        the control mean is 0.
    n_treated, n_control : int
        Patients in each simulated trial.
    n_trials : int
        Simulated trials.
    t_test, fisher, chi_square : float
        Share of trials with a two-sided p-value below ``alpha``: Student's t-test on the values,
        Fisher's exact test and the uncorrected chi-square test on who reached the threshold.
    alpha : float
        Two-sided level.
    """

    difference: float
    sd: float
    threshold: float
    n_treated: int
    n_control: int
    n_trials: int
    t_test: float
    fisher: float
    chi_square: float
    alpha: float

    @property
    def frame(self) -> pd.DataFrame:
        """One row a test: ``test``, ``estimate`` (power) and ``std_error`` of the simulation."""
        power = [self.t_test, self.fisher, self.chi_square]
        error = [math.sqrt(p * (1 - p) / self.n_trials) for p in power]
        return pd.DataFrame({"test": TESTS, "estimate": power, "std_error": error})


def relative_efficiency(share: float) -> float:
    """Give how much of a sample a cut leaves, for a normal endpoint and a small shift.

    A test of shares needs 1 / efficiency times as many patients as a test of means. With z the
    normal quantile of the share, the efficiency is ``phi(z)**2 / (share * (1 - share))``.

    Parameters
    ----------
    share : float
        Share of patients beyond the threshold, above 0 and below 1.

    Returns
    -------
    float
        Pitman's asymptotic relative efficiency, above 0 and at most 2/pi (a cut at the median).

    Raises
    ------
    ValueError
        If ``share`` is not between 0 and 1.

    References
    ----------
    Cohen J. The cost of dichotomization. Appl Psychol Meas 1983;7:249-253.
    doi:10.1177/014662168300700301
    Fedorov V, Mannino F, Zhang R. Consequences of dichotomization. Pharm Stat 2009;8:50-61.
    doi:10.1002/pst.331

    Examples
    --------
    >>> round(relative_efficiency(0.5), 4)
    0.6366
    """
    if not 0 < share < 1:
        raise ValueError(f"share is {share}; a number between 0 and 1 is expected")
    density = float(stats.norm.pdf(stats.norm.ppf(share)))
    return density**2 / (share * (1 - share))


def patients_for_equal_power(effect: float, threshold: float) -> float:
    """Give how many times the patients a test of shares needs, at any true difference.

    Parameters
    ----------
    effect : float
        True difference in standard deviations, not 0; equal arms.
    threshold : float
        Distance of the threshold from the control mean, in standard deviations.

    Returns
    -------
    float
        Ratio of patients (shares over means) at which the two normal tests, each with its own
        unpooled variance, have the same power: ``(p1 q1 + p0 q0) effect**2 / (2 (p1 - p0)**2)``.
        It tends to ``1 / relative_efficiency`` as the effect shrinks.

    Raises
    ------
    ValueError
        If ``effect`` is 0.

    References
    ----------
    Fedorov V, Mannino F, Zhang R. Consequences of dichotomization. Pharm Stat 2009;8:50-61.
    doi:10.1002/pst.331
    """
    if effect == 0:
        raise ValueError("effect is 0; without a difference no number of patients finds it")
    p0, p1 = stats.norm.sf(threshold), stats.norm.sf(threshold - effect)
    return float((p1 * (1 - p1) + p0 * (1 - p0)) * effect**2 / (2 * (p1 - p0) ** 2))


def simulate_cut(
    difference: float,
    sd: float,
    threshold: float,
    n_treated: int,
    n_control: int,
    rng: np.random.Generator,
    n_trials: int = 10_000,
    alpha: float = 0.05,
) -> CutPower:
    """Simulate trials with a normal endpoint and test each by its means and by its responders.

    Parameters
    ----------
    difference : float
        True mean of the treated, where above is better; controls have mean 0.
    sd : float
        Standard deviation within each arm, in the unit of ``difference``.
    threshold : float
        Who is at or above it is a responder.
    n_treated, n_control : int
        Patients in each trial, at least 2 an arm.
    rng : numpy.random.Generator
        Source of chance.
    n_trials : int
        Trials to simulate.
    alpha : float
        Two-sided level.

    Returns
    -------
    CutPower
        Power of each test. Of more than ``FULL_UP_TO`` patients only means, variances and numbers
        of responders are drawn, which have the same distributions.

    Raises
    ------
    ValueError
        If an arm has fewer than 2 patients or ``sd`` is not above 0.
    """
    if min(n_treated, n_control) < 2:
        raise ValueError(f"arms of {n_treated} and {n_control}; at least 2 patients are expected")
    if not sd > 0:
        raise ValueError(f"sd is {sd}; a number above 0 is expected")
    given = (difference, sd, threshold, n_treated, n_control, rng, n_trials)
    many = n_treated + n_control > FULL_UP_TO
    p_value, x1, x0 = _sufficient(*given) if many else _patients(*given)
    t_test = float((p_value < alpha).mean())
    exact = float((fisher_p(x1, n_treated, x0, n_control) < alpha).mean())
    asymptotic = float((_chi_square(x1, n_treated, x0, n_control) < alpha).mean())
    return CutPower(
        difference, sd, threshold, n_treated, n_control, n_trials, t_test, exact, asymptotic, alpha
    )


def _patients(
    difference: float, sd: float, threshold: float, n1: int, n0: int, rng: Random, trials: int
) -> tuple[Floats, Counts, Counts]:
    """Draw every patient: the p-values of the t-tests and the responders of both groups."""
    size = max(1, _CHUNK // (n1 + n0))
    p_value, x1, x0 = np.empty(trials), np.empty(trials, np.int64), np.empty(trials, np.int64)
    for start in range(0, trials, size):
        rows = slice(start, min(start + size, trials))
        treated = rng.normal(difference, sd, (rows.stop - start, n1))
        control = rng.normal(0, sd, (rows.stop - start, n0))
        p_value[rows] = stats.ttest_ind(treated, control, axis=1).pvalue
        x1[rows], x0[rows] = ((y >= threshold).sum(axis=1) for y in (treated, control))
    return p_value, x1, x0


def _sufficient(
    difference: float, sd: float, threshold: float, n1: int, n0: int, rng: Random, trials: int
) -> tuple[Floats, Counts, Counts]:
    """Draw what the tests need of large groups: means, a variance and, apart, responders.

    Each has its own distribution, and no power depends on how they go together.
    """
    df = n1 + n0 - 2
    error = sd * np.sqrt(1 / n1 + 1 / n0)
    t = rng.normal(difference, error, trials) / (error * np.sqrt(rng.chisquare(df, trials) / df))
    x1 = rng.binomial(n1, stats.norm.sf(threshold, difference, sd), trials)
    x0 = rng.binomial(n0, stats.norm.sf(threshold, 0, sd), trials)
    return 2 * stats.t.sf(np.abs(t), df), x1, x0


def fisher_p(x1: ArrayLike, n1: int, x0: ArrayLike, n0: int) -> Floats:
    """Give Fisher's exact two-sided p-value of tables with the same two group sizes.

    Parameters
    ----------
    x1, x0 : array_like of int, shape (tables,)
        Of n1 and of n0 patients.
    n1, n0 : int
        Patients in the two groups.

    Returns
    -------
    ndarray, shape (tables,)
        The sum over all tables with the same margins that are at most as likely.

    Examples
    --------
    >>> round(float(fisher_p([8], 10, [2], 10)[0]), 4)
    0.023
    """
    one, two = np.asarray(x1, dtype=np.int64), np.asarray(x0, dtype=np.int64)
    margins, place = np.unique(one + two, return_inverse=True)
    lowest = np.maximum(0, margins - n0)
    found = [_fisher_line(n1, n0, int(events)) for events in margins]
    return np.array([found[k][x - lowest[k]] for k, x in zip(place, one, strict=True)])


def _fisher_line(n1: int, n0: int, events: int) -> Floats:
    """Give the p-values of all tables with so many events, from the fewest of n1 on."""
    x = np.arange(max(0, events - n0), min(events, n1) + 1)
    ways = -gammaln(x + 1) - gammaln(n1 - x + 1) - gammaln(events - x + 1)
    ways -= gammaln(n0 - events + x + 1)
    likely = np.exp(ways - logsumexp(ways))
    order = np.argsort(likely)
    summed = np.cumsum(likely[order])
    upto = np.searchsorted(likely[order], likely * _TIES, side="right") - 1
    return np.minimum(summed[upto], 1.0)


def fisher_table(n1: int, n0: int) -> Floats:
    """Give Fisher's exact two-sided p-value of every table with these two group sizes.

    Parameters
    ----------
    n1, n0 : int
        Patients in the two groups.

    Returns
    -------
    ndarray, shape (n1 + 1, n0 + 1)
        At [x1, x0] the p-value for x1 of n1 against x0 of n0: the sum over all tables with the same
        margins that are at most as likely.

    Examples
    --------
    >>> round(float(fisher_table(10, 10)[8, 2]), 4)
    0.023
    """
    table = np.empty((n1 + 1, n0 + 1))
    for events in range(n1 + n0 + 1):
        x1 = np.arange(max(0, events - n0), min(events, n1) + 1)
        table[x1, events - x1] = _fisher_line(n1, n0, events)
    return table


def chi_square_table(n1: int, n0: int) -> Floats:
    """Give the p-value of the uncorrected chi-square test of every table, as ``fisher_table``."""
    x1, x0 = np.arange(n1 + 1)[:, None], np.arange(n0 + 1)[None, :]
    return _chi_square(x1, n1, x0, n0)


def chi_square_p(x1: int, n1: int, x0: int, n0: int) -> float:
    """Give the asymptotic p-value of the uncorrected chi-square test of two shares.

    Parameters
    ----------
    x1, n1, x0, n0 : int
        Responders and patients of the two groups.

    Returns
    -------
    float
        Two-sided p-value; 1 where all or none respond.

    Examples
    --------
    >>> round(chi_square_p(8, 10, 2, 10), 4)
    0.0073
    """
    return float(_chi_square(np.array(x1), n1, np.array(x0), n0))


def _chi_square(x1: NDArray[np.int64], n1: int, x0: NDArray[np.int64], n0: int) -> Floats:
    pooled = (x1 + x0) / (n1 + n0)
    variance = pooled * (1 - pooled) * (1 / n1 + 1 / n0)
    some = variance > 0
    squared = (x1 / n1 - x0 / n0) ** 2 / np.where(some, variance, 1)
    return np.where(some, stats.chi2.sf(squared, 1), 1.0)
