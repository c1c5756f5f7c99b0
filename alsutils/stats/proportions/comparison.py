"""Two arms compared in the share of patients with an event: one table, or thousands."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.stats.proportions.boschloo import boschloo_tests
from alsutils.stats.proportions.exact import attainable_levels, fisher_tests, odds_ratios
from alsutils.stats.proportions.score import (
    agresti_caffo_limits,
    miettinen_nurminen_interval,
    miettinen_nurminen_limits,
    newcombe_interval,
    newcombe_limits,
    ratio_score_limits,
    ratio_wald_limits,
)
from alsutils.stats.proportions.shares import Interval
from alsutils.stats.proportions.tables import Floats, Limits, Tables

COMPARISON_COLUMNS = (
    "estimate",
    "newcombe_low",
    "newcombe_high",
    "score_low",
    "score_high",
    "agresti_caffo_low",
    "agresti_caffo_high",
    "ratio",
    "ratio_low",
    "ratio_high",
    "ratio_wald_low",
    "ratio_wald_high",
    "odds_ratio",
    "odds_ratio_low",
    "odds_ratio_high",
    "odds_ratio_midp_low",
    "odds_ratio_midp_high",
    "p_value",
    "p_midp",
    "p_boschloo",
    "p_chance",
)


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
    return RiskDifference(
        *counts,
        newcombe=newcombe_interval(*counts, alpha=alpha),
        estimate=events_treated / n_treated - events_control / n_control,
        score=miettinen_nurminen_interval(*counts, alpha=alpha),
        p_value=float(fisher_tests(Tables.one(*counts)).p_value[0]),
    )


def compare_risks(
    counts: pd.DataFrame, alpha: float = 0.05, boschloo_up_to: int = 2000
) -> pd.DataFrame:
    """Compare two arms in every row of a table of counts.

    Parameters
    ----------
    counts : DataFrame
        Columns ``events_treated``, ``n_treated``, ``events_control``, ``n_control``, and any
        others, which stay.
    alpha : float
        Two-sided level at which Fisher's test is judged; the intervals have level ``1 - alpha``.
    boschloo_up_to : int
        Patients in both arms together up to which Boschloo's test is made; see
        ``boschloo_tests``.

    Returns
    -------
    DataFrame
        The same rows and columns with COMPARISON_COLUMNS: ``estimate`` (risk difference, -1 to 1)
        with limits after Newcombe, Miettinen and Nurminen (``score``) and Agresti and Caffo;
        ``ratio`` of the shares with score limits and the textbook's (``ratio_wald``);
        ``odds_ratio`` (conditional) with exact and mid-p limits; ``p_value`` (Fisher), ``p_midp``,
        ``p_boschloo``, and ``p_chance``, the probability of a p-value at or below ``alpha`` if the
        arms do not differ. Where one arm has no event the ratios are 0 or infinite, where neither
        has they are missing, and their limits stay open on the side that the data leave open; only
        the textbook's are then missing. All is missing where an arm has no patients.

    Raises
    ------
    ValueError
        If a column is missing or a count impossible.

    References
    ----------
    See the functions that this one calls, each of which takes all tables at once.
    """
    tables = Tables.read(counts)
    filled = tables.filled
    different, place = tables.take(filled).unique()
    found = pd.DataFrame(_columns(different, alpha, boschloo_up_to))
    # Rare events give the same few tables again and again; each is worked out once.
    columns = {name: np.full(len(tables), np.nan) for name in COMPARISON_COLUMNS}
    for name, values in columns.items():
        values[filled] = found[name].to_numpy()[place]
    return counts.assign(**columns)


def _columns(tables: Tables, alpha: float, boschloo_up_to: int) -> dict[str, Floats]:
    """Work out COMPARISON_COLUMNS of tables with patients in both arms."""
    p1, p0 = tables.x1 / tables.n1, tables.x0 / tables.n0
    odds, tests = odds_ratios(tables, alpha), fisher_tests(tables)
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = {"estimate": p1 - p0, "ratio": p1 / p0}
    intervals: dict[str, Limits] = {
        "newcombe": newcombe_limits(tables, alpha),
        "score": miettinen_nurminen_limits(tables, alpha),
        "agresti_caffo": agresti_caffo_limits(tables, alpha),
        "ratio": ratio_score_limits(tables, alpha),
        "ratio_wald": ratio_wald_limits(tables, alpha),
        "odds_ratio": odds.exact,
        "odds_ratio_midp": odds.midp,
    }
    for name, limits in intervals.items():
        columns |= {f"{name}_low": limits.low, f"{name}_high": limits.high}
    return columns | {
        "odds_ratio": odds.estimate,
        "p_value": tests.p_value,
        "p_midp": tests.p_midp,
        "p_boschloo": boschloo_tests(tables, boschloo_up_to),
        "p_chance": attainable_levels(tables.x1 + tables.x0, tables.n1, tables.n0, alpha),
    }
