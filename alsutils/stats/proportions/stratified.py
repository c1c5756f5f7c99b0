"""Two arms compared within strata and summed up: Mantel and Haenszel's estimates and tests."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from alsutils.stats.proportions.score import EDGE, difference_variance, standardised
from alsutils.stats.proportions.tables import COUNT_COLUMNS, Floats, Ints, Limits, Tables, solve
from alsutils.stats.ragged import runs

STRATIFIED_COLUMNS = (
    "strata",
    "estimate",
    "std_error",
    "statistic",
    "p_value",
    "conf_low",
    "conf_high",
    "score_low",
    "score_high",
    "ratio",
    "ratio_low",
    "ratio_high",
    "odds_ratio",
    "odds_ratio_low",
    "odds_ratio_high",
    "cmh",
    "cmh_p",
    "tarone",
    "tarone_df",
    "tarone_p",
)


@dataclass(frozen=True)
class _Strata:
    """Strata sorted by group: treated with and without the event, controls likewise, and sums."""

    a: Floats
    b: Floats
    c: Floats
    d: Floats
    n1: Floats
    n0: Floats
    m: Floats
    n: Floats
    group: Ints
    groups: int

    @classmethod
    def of(cls, tables: Tables, group: Ints, groups: int) -> "_Strata":
        """Take the cells from tables with patients in both arms."""
        x1, n1, x0, n0 = (
            cells.astype(float) for cells in (tables.x1, tables.n1, tables.x0, tables.n0)
        )
        return cls(x1, n1 - x1, x0, n0 - x0, n1, n0, x1 + x0, n1 + n0, group, groups)

    def sum(self, values: Floats) -> Floats:
        """Add up over the strata of each group."""
        return np.bincount(self.group, values, self.groups).astype(float)


def stratified_risks(
    counts: pd.DataFrame, by: str | Sequence[str] | None = None, alpha: float = 0.05
) -> pd.DataFrame:
    """Compare two arms within strata, for one event or for many at once.

    Parameters
    ----------
    counts : DataFrame
        One row a stratum of what is compared: ``events_treated``, ``n_treated``,
        ``events_control``, ``n_control`` and the columns ``by``. A stratum without patients of
        both arms tells nothing of their difference and is left out.
    by : str, sequence of str or None
        Columns that name what is compared, e.g. a term and the treated arm. None: all rows are
        strata of one comparison.
    alpha : float
        Two-sided: the limits have level ``1 - alpha``.

    Returns
    -------
    DataFrame
        One row a comparison, in the order of its first stratum: ``by``, the counts summed over the
        strata used, ``strata`` (their number); the Mantel-Haenszel risk difference (``estimate``)
        with Sato's standard error, its Wald test and limits, and Miettinen and Nurminen's score
        limits for it; ``ratio`` of risks (limits after Greenland and Robins); ``odds_ratio``
        (limits after Robins, Breslow and Greenland); ``cmh``, the Cochran-Mantel-Haenszel statistic
        without continuity correction, one degree of freedom; ``tarone``, Breslow and Day's test
        that the odds ratios of the strata are equal, with Tarone's correction. Missing where the
        data do not define them: ratios and their limits without events on a side, a Wald test whose
        standard error is 0.

    Raises
    ------
    ValueError
        If a column is missing or a count impossible.

    References
    ----------
    Mantel and Haenszel, Journal of the National Cancer Institute 1959;22:719-748. Greenland and
    Robins, Biometrics 1985;41:55-68. Sato, Biometrics 1989;45:1323-1324. Robins, Breslow and
    Greenland, Biometrics 1986;42:311-323. Tarone, Biometrika 1985;72:91-95. Miettinen and
    Nurminen, Statistics in Medicine 1985;4:213-226.
    """
    keys = [] if by is None else [by] if isinstance(by, str) else list(by)
    lacking = [name for name in keys if name not in counts]
    if lacking:
        raise ValueError(f"counts lack the columns {lacking}, which name what is compared")
    tables = Tables.read(counts)
    if keys:
        grouped = counts.groupby(keys, sort=False, observed=True, dropna=False)
        group = grouped.ngroup().to_numpy()
        named = counts.drop_duplicates(keys)[keys].reset_index(drop=True)
    else:
        group, named = np.zeros(len(counts), dtype=np.int64), pd.DataFrame(index=[0])
    kept = np.flatnonzero(tables.filled)
    order = kept[np.argsort(group[kept], kind="stable")]
    strata = _Strata.of(tables.take(order), group[order], len(named))
    quantile = float(stats.norm.isf(alpha / 2))
    sums = (strata.a, strata.n1, strata.c, strata.n0)
    columns = {
        **{
            name: strata.sum(cells).astype(int)
            for name, cells in zip(COUNT_COLUMNS, sums, strict=True)
        },
        "strata": strata.sum(np.ones(len(order))).astype(int),
        **_difference(strata, quantile),
        **_ratios(strata, quantile),
        **_tests(strata),
    }
    order_of_columns = [*COUNT_COLUMNS, *STRATIFIED_COLUMNS]
    return pd.concat([named, pd.DataFrame(columns)[order_of_columns]], axis=1)


def _difference(s: _Strata, quantile: float) -> dict[str, Floats]:
    """Risk differences with Sato's variance and with score limits."""
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = s.sum(s.n1 * s.n0 / s.n)
        estimate = s.sum((s.a * s.n0 - s.c * s.n1) / s.n) / weight
        p = s.n1**2 * s.c - s.n0**2 * s.a + s.n1 * s.n0 * (s.n0 - s.n1) / 2
        q = (s.a * s.d + s.b * s.c) / (2 * s.n)
        variance = (estimate * s.sum(p / s.n**2) + s.sum(q)) / weight**2
        error = np.sqrt(np.where(variance > 0, variance, np.nan))
        statistic = estimate / error
    score = _score_limits(s, estimate, quantile)
    return {
        "estimate": estimate,
        "std_error": error,
        "statistic": statistic,
        "p_value": 2 * stats.norm.sf(np.abs(statistic)),
        "conf_low": np.maximum(estimate - quantile * error, -1),
        "conf_high": np.minimum(estimate + quantile * error, 1),
        "score_low": score.low,
        "score_high": score.high,
    }


def _score_limits(s: _Strata, estimate: Floats, quantile: float) -> Limits:
    """Differences, the same in all strata, at which the summed score statistic is the quantile."""
    sizes = np.bincount(s.group, minlength=s.groups)
    starts = np.cumsum(sizes) - sizes

    def statistic(difference: Floats, rows: Ints) -> Floats:
        some = runs(starts[rows], starts[rows] + sizes[rows] - 1)
        k, each = some.numbers, difference[some.row]
        weight = s.n1[k] * s.n0[k] / s.n[k]
        gap = weight * (s.a[k] / s.n1[k] - s.c[k] / s.n0[k] - each)
        variance = difference_variance(each, s.a[k], s.n1[k], s.c[k], s.n0[k])
        return standardised(some.total(gap), some.total(weight**2 * variance))

    limits = []
    known = np.flatnonzero(sizes > 0)
    for shift, end in ((quantile, -1 + EDGE), (-quantile, 1 - EDGE)):
        edge = np.full(s.groups, end)
        found = np.where(sizes > 0, np.sign(end), np.nan)
        reached = known[np.abs(statistic(edge[known], known)) > quantile] if len(known) else known
        found[reached] = solve(
            lambda d, rows, shift=shift: statistic(d, rows) - shift,
            np.minimum(edge, estimate)[reached],
            np.maximum(edge, estimate)[reached],
            (reached,),
        )
        limits.append(found)
    return Limits(*limits)


def _ratios(s: _Strata, quantile: float) -> dict[str, Floats]:
    """Risk ratios and odds ratios with the limits on the log scale."""
    with np.errstate(divide="ignore", invalid="ignore"):
        above, below = s.sum(s.a * s.n0 / s.n), s.sum(s.c * s.n1 / s.n)
        risk_spread = s.sum((s.m * s.n1 * s.n0 - s.a * s.c * s.n) / s.n**2) / (above * below)
        r, t = s.a * s.d / s.n, s.b * s.c / s.n
        p, q = (s.a + s.d) / s.n, (s.b + s.c) / s.n
        more, less = s.sum(r), s.sum(t)
        odds_spread = (
            s.sum(p * r) / more**2 + s.sum(p * t + q * r) / (more * less) + s.sum(q * t) / less**2
        ) / 2
        found: dict[str, Floats] = {}
        for name, ratio, spread in (
            ("ratio", above / below, risk_spread),
            ("odds_ratio", more / less, odds_spread),
        ):
            usable = np.isfinite(ratio) & (ratio > 0) & (spread > 0)
            factor = np.exp(quantile * np.sqrt(np.where(usable, spread, np.nan)))
            found |= {name: ratio, f"{name}_low": ratio / factor, f"{name}_high": ratio * factor}
    return found


def _tests(s: _Strata) -> dict[str, Floats]:
    """Test that the odds ratio is one, and that it is the same in all strata."""
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = s.n1 * s.n0 * s.m * (s.n - s.m) / (s.n**2 * (s.n - 1))
        cmh = s.sum(s.a - s.n1 * s.m / s.n) ** 2 / s.sum(spread)
        odds = (s.sum(s.a * s.d / s.n) / s.sum(s.b * s.c / s.n))[s.group]
        odds = np.where(odds > 0, odds, np.nan)
        # Treated patients with the event that the common odds ratio lets expect: the root of a
        # quadratic, in the form that also serves for an odds ratio of one.
        b = s.n0 - s.m + odds * (s.n1 + s.m)
        expected = 2 * odds * s.n1 * s.m / (b + np.sqrt(b**2 + 4 * (1 - odds) * odds * s.n1 * s.m))
        cells = (expected, s.n1 - expected, s.m - expected, s.n0 - s.m + expected)
        variance = 1 / sum(1 / cell for cell in cells)
        # A stratum in which nobody or everybody had the event says nothing of its odds ratio.
        telling = (s.m > 0) & (s.m < s.n)
        gap = np.where(telling, s.a - expected, 0.0)
        variance = np.where(telling, variance, 0.0)
        apart = s.sum(np.where(telling, gap**2 / variance, 0.0))
        tarone = apart - s.sum(gap) ** 2 / s.sum(variance)
    degrees = np.maximum(s.sum(telling.astype(float)) - 1, 0)
    tarone = np.where((degrees > 0) & np.isfinite(tarone), tarone, np.nan)
    return {
        "cmh": cmh,
        "cmh_p": stats.chi2.sf(cmh, 1),
        "tarone": tarone,
        "tarone_df": degrees,
        "tarone_p": stats.chi2.sf(tarone, np.maximum(degrees, 1)),
    }
