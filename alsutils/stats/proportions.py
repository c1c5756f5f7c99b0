"""Shares of patients: exact limits, differences between two arms, and what chance alone brings."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

EDGE = 1e-10  # the score statistic is not defined at a difference of exactly -1 or 1
TIE = 1 + 1e-7  # two outcomes count as equally likely within rounding, as in R's fisher.test

COMPARISON_COLUMNS = (
    "estimate",
    "newcombe_low",
    "newcombe_high",
    "score_low",
    "score_high",
    "p_value",
)


@dataclass(frozen=True)
class Interval:
    """Two limits.

    Attributes
    ----------
    low, high : float
        The limits, in the unit of what was estimated.
    """

    low: float
    high: float


@dataclass(frozen=True)
class ZeroEventLimit:
    """How common an event may still be that nobody of ``n`` patients had.

    Attributes
    ----------
    n : int
        Patients observed, none with the event.
    exact : float
        One-sided upper limit of the share (0 to 1): ``1 - alpha ** (1 / n)``.
    rule_of_three : float
        ``min(1, -log(alpha) / n)``: 3 / n for alpha = 0.05, hence the name.
    """

    n: int
    exact: float
    rule_of_three: float


@dataclass(frozen=True)
class RiskDifference:
    """Share of patients in the treated arm less that in the control arm.

    Attributes
    ----------
    events_treated, n_treated, events_control, n_control : int
        Patients counted and patients in the arm.
    estimate : float
        Difference of the shares, between -1 and 1.
    newcombe, score : Interval
        Limits after Newcombe (method 10) and after Miettinen and Nurminen.
    p_value : float
        Fisher's exact test, two-sided.
    """

    events_treated: int
    n_treated: int
    events_control: int
    n_control: int
    estimate: float
    newcombe: Interval
    score: Interval
    p_value: float


def exact_interval(events: int, n: int, alpha: float = 0.05) -> Interval:
    """Give the Clopper-Pearson limits of a share.

    Parameters
    ----------
    events, n : int
        Patients with the event and all patients.
    alpha : float
        Two-sided: the limits have level ``1 - alpha``.

    Returns
    -------
    Interval
        Shares between 0 and 1; exactly 0 below where nobody, exactly 1 above where everybody had
        the event.

    Raises
    ------
    ValueError
        If the counts are not ``0 <= events <= n`` with ``n > 0``.

    References
    ----------
    Clopper and Pearson, Biometrika 1934;26:404-413.
    """
    _check_counts(events, n)
    low, high = proportion_confint(events, n, alpha=alpha, method="beta")
    return Interval(0.0 if events == 0 else float(low), 1.0 if events == n else float(high))


def zero_event_limit(n: int, alpha: float = 0.05) -> ZeroEventLimit:
    """Bound the share of an event that was not seen.

    Parameters
    ----------
    n : int
        Patients observed.
    alpha : float
        One-sided: were the share at the limit, seeing no event has this probability.

    Returns
    -------
    ZeroEventLimit
        The exact limit and its rule of thumb.

    Raises
    ------
    ValueError
        If ``n`` is not positive.

    References
    ----------
    Hanley and Lippman-Hand, JAMA 1983;249:1743-1745.

    Examples
    --------
    >>> round(zero_event_limit(30).exact, 4), round(zero_event_limit(30).rule_of_three, 4)
    (0.095, 0.0999)
    """
    _check_counts(0, n)
    return ZeroEventLimit(n, 1 - alpha ** (1 / n), min(1.0, -math.log(alpha) / n))


def newcombe_interval(
    events_treated: int, n_treated: int, events_control: int, n_control: int, alpha: float = 0.05
) -> Interval:
    """Give Newcombe's hybrid score limits of a risk difference (his method 10).

    Parameters
    ----------
    events_treated, n_treated, events_control, n_control : int
        Patients counted and patients in each arm.
    alpha : float
        Two-sided: the limits have level ``1 - alpha``.

    Returns
    -------
    Interval
        Limits of treated less control, within -1 and 1.

    Raises
    ------
    ValueError
        If the counts are impossible.

    References
    ----------
    Newcombe, Statistics in Medicine 1998;17:873-890.
    """
    _check_counts(events_treated, n_treated)
    _check_counts(events_control, n_control)
    low, high = confint_proportions_2indep(
        events_treated,
        n_treated,
        events_control,
        n_control,
        method="newcomb",
        compare="diff",
        alpha=alpha,
        correction=False,
    )
    return Interval(max(-1.0, float(low)), min(1.0, float(high)))


def miettinen_nurminen_interval(
    events_treated: int, n_treated: int, events_control: int, n_control: int, alpha: float = 0.05
) -> Interval:
    """Give Miettinen and Nurminen's score limits of a risk difference.

    The limits are the differences at which the score statistic, with the variance at the maximum
    likelihood shares under that difference and the factor N / (N - 1), reaches the normal quantile.

    Parameters
    ----------
    events_treated, n_treated, events_control, n_control : int
        Patients counted and patients in each arm.
    alpha : float
        Two-sided: the limits have level ``1 - alpha``.

    Returns
    -------
    Interval
        Limits of treated less control, within -1 and 1.

    Raises
    ------
    ValueError
        If the counts are impossible.

    References
    ----------
    Miettinen and Nurminen, Statistics in Medicine 1985;4:213-226.

    Examples
    --------
    >>> limits = miettinen_nurminen_interval(56, 70, 48, 80)
    >>> round(limits.low, 4), round(limits.high, 4)
    (0.0528, 0.3382)
    """
    counts = (events_treated, n_treated, events_control, n_control)
    _check_counts(events_treated, n_treated)
    _check_counts(events_control, n_control)
    quantile = float(stats.norm.isf(alpha / 2))

    def excess(difference: float, shift: float) -> float:
        return _score_statistic(difference, *counts) - shift

    # The statistic falls as the difference grows; where it never reaches the quantile, the limit
    # is the end of the scale.
    start, end = -1 + EDGE, 1 - EDGE
    low = -1.0 if excess(start, quantile) <= 0 else _root(excess, start, end, quantile)
    high = 1.0 if excess(end, -quantile) >= 0 else _root(excess, start, end, -quantile)
    return Interval(low, high)


def risk_difference(
    events_treated: int, n_treated: int, events_control: int, n_control: int, alpha: float = 0.05
) -> RiskDifference:
    """Compare the shares of patients in two arms.

    Parameters
    ----------
    events_treated, n_treated, events_control, n_control : int
        Patients counted and patients in each arm.
    alpha : float
        Two-sided: both intervals have level ``1 - alpha``.

    Returns
    -------
    RiskDifference
        Treated less control, two intervals and Fisher's exact p; all missing where an arm has
        nobody.

    Raises
    ------
    ValueError
        If more patients are counted than there are, or fewer than none.
    """
    counts = (events_treated, n_treated, events_control, n_control)
    if (0, 0) in ((events_treated, n_treated), (events_control, n_control)):
        nothing = Interval(math.nan, math.nan)
        return RiskDifference(*counts, math.nan, nothing, nothing, math.nan)
    newcombe = newcombe_interval(*counts, alpha=alpha)
    table = [
        [events_treated, n_treated - events_treated],
        [events_control, n_control - events_control],
    ]
    return RiskDifference(
        *counts,
        estimate=events_treated / n_treated - events_control / n_control,
        newcombe=newcombe,
        score=miettinen_nurminen_interval(*counts, alpha=alpha),
        p_value=float(stats.fisher_exact(table).pvalue),
    )


def compare_risks(counts: pd.DataFrame, alpha: float = 0.05) -> pd.DataFrame:
    """Compare two arms in every row of a table of counts.

    Parameters
    ----------
    counts : DataFrame
        Columns ``events_treated``, ``n_treated``, ``events_control``, ``n_control``.
    alpha : float
        Two-sided level at which Fisher's test is judged; the intervals have level ``1 - alpha``.

    Returns
    -------
    DataFrame
        The same rows and columns with COMPARISON_COLUMNS (shares from -1 to 1 and Fisher's p) and
        ``p_chance``, the probability of a p-value at or below ``alpha`` if the arms do
        not differ.
    """
    names = ["events_treated", "n_treated", "events_control", "n_control"]
    rows = []
    for x1, n1, x0, n0 in counts[names].astype(int).itertuples(index=False):
        found = risk_difference(x1, n1, x0, n0, alpha)
        limits = (found.newcombe.low, found.newcombe.high, found.score.low, found.score.high)
        chance = fisher_attainable_level(x1 + x0, n1, n0, alpha)
        rows.append((found.estimate, *limits, found.p_value, chance))
    columns = [*COMPARISON_COLUMNS, "p_chance"]
    compared = pd.DataFrame(rows, columns=columns, index=counts.index, dtype=float)
    return counts.join(compared)


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
    _check_counts(events, n_treated + n_control)
    possible = np.arange(max(0, events - n_control), min(events, n_treated) + 1)
    mass = stats.hypergeom.pmf(possible, n_treated + n_control, events, n_treated)
    p_values = np.array([mass[mass <= one * TIE].sum() for one in mass])
    return float(mass[p_values <= alpha].sum())


def _root(
    function: Callable[[float, float], float], start: float, end: float, shift: float
) -> float:
    return float(optimize.brentq(function, start, end, args=(shift,), xtol=1e-12))


def _score_statistic(difference: float, x1: int, n1: int, x0: int, n0: int) -> float:
    """Distance of the observed from a supposed difference, in standard errors under the latter."""
    total = n1 + n0
    p0 = _restricted_control_share(difference, x1, n1, x0, n0)
    p1 = min(max(p0 + difference, 0.0), 1.0)
    # One patient in each of two arms is the least that is possible, so total - 1 is never 0.
    variance = (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * total / (total - 1)
    gap = x1 / n1 - x0 / n0 - difference
    if variance <= 0:
        return 0.0 if gap == 0 else math.copysign(math.inf, gap)
    return gap / math.sqrt(variance)


def _restricted_control_share(difference: float, x1: int, n1: int, x0: int, n0: int) -> float:
    """Maximum likelihood share of the control arm, given the difference (closed form)."""
    total, events = n1 + n0, x1 + x0
    a3 = total
    a2 = (n1 + 2 * n0) * difference - total - events
    a1 = (n0 * difference - total - 2 * x0) * difference + events
    a0 = x0 * difference * (1 - difference)
    q = (a2 / (3 * a3)) ** 3 - a1 * a2 / (6 * a3**2) + a0 / (2 * a3)
    p = math.copysign(math.sqrt(max((a2 / (3 * a3)) ** 2 - a1 / (3 * a3), 0.0)), q)
    cosine = 0.0 if p == 0 else min(max(q / p**3, -1.0), 1.0)
    share = 2 * p * math.cos((math.pi + math.acos(cosine)) / 3) - a2 / (3 * a3)
    return min(max(share, max(0.0, -difference)), min(1.0, 1 - difference))


def _check_counts(events: int, n: int) -> None:
    if n <= 0 or not 0 <= events <= n:
        raise ValueError(
            f"{events} patients with an event of {n}: "
            "expected at least one patient and no more events than patients"
        )
