"""O'Brien's tests: does a panel as a whole differ between two arms, in the good direction."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alsutils.stats.multiplicity import way_statistics
from alsutils.stats.permutation import Redraws, redraws
from alsutils.stats.two_sample import Sample, mean_difference

Floats = NDArray[np.float64]

ENOUGH = 10
"""Patients a column from which the t distribution serves for GLS."""
_ROUNDING = 1e-9


@dataclass(frozen=True)
class GlobalTests:
    """Tests of a whole panel.

    Attributes
    ----------
    frame : DataFrame
        One row a ``method`` ("rank sum", "ols", "gls"): ``estimate`` and ``std_error`` (for the
        rank sum: treated less control of the mean rank of a patient), ``df``, ``statistic`` (above
        0 where treatment is better), ``p_value`` (two-sided, by the t distribution),
        ``p_permutation`` (by the ways given, else missing) and ``reason`` (why a figure is missing,
        else empty).
    gls_weights : ndarray, shape (k,)
        Weight of each column's t statistic in "gls", adding up to 1; 0 for a column that does not
        count. One below 0 turns a column against its own direction.
    n_endpoints : int
        Columns that count.
    n_treated, n_control : int
        Patients with any of them.
    """

    frame: pd.DataFrame
    gls_weights: Floats
    n_endpoints: int
    n_treated: int
    n_control: int


def obrien(
    values: ArrayLike,
    treated: ArrayLike,
    signs: ArrayLike | None = None,
    ways: Redraws | None = None,
) -> GlobalTests:
    """Compare two arms on all columns at once.

    Rank sum: each column is ranked over all patients and a patient's ranks are averaged; the means
    are compared by Student's t. OLS: the columns' t statistics are added up and divided by what
    their sum varies. GLS: the same with weights that make the best of columns which go together,
    were the effect, in standard deviations, the same in all.

    Parameters
    ----------
    values : array_like, shape (n, k)
        A row a patient, a column an endpoint, such as a log change. A missing value takes the
        middle rank; for OLS and GLS it is left out of its column, and the correlations are those
        of the patients who have both.
    treated : array_like of bool, shape (n,)
        Who is in the treated arm.
    signs : array_like, shape (k,), optional
        1 where higher is better (the default), -1 where lower is, 0 for a column that does not
        count.
    ways : Redraws, optional
        Ways of giving the arms, for p-values by permutation.

    Returns
    -------
    GlobalTests
        The t distribution of OLS and GLS is an approximation with Logan and Tamhane's degrees of
        freedom. For GLS it finds too much with few patients, so that its p-value is missing with
        fewer than ten a column; the permutation, whose weights are those of all patients together,
        is exact. GLS needs more patients than columns.

    Raises
    ------
    ValueError
        If the shapes do not fit, an arm is empty, or a sign is none of -1, 0 and 1.

    References
    ----------
    O'Brien PC. Procedures for comparing samples with multiple endpoints. Biometrics
    1984;40:1079-1087. Logan BR, Tamhane AC. On O'Brien's OLS and GLS tests for multiple endpoints.
    In: Recent Developments in Multiple Comparison Procedures. IMS Lecture Notes 2004;47:76-88.
    """
    y, on = np.asarray(values, float), np.asarray(treated, bool)
    if y.ndim != 2 or on.shape != (len(y),):
        raise ValueError(f"values of {y.shape} do not fit arms of {on.shape}")
    sign = np.ones(y.shape[1]) if signs is None else np.asarray(signs, float)
    if sign.shape != (y.shape[1],) or not set(sign.tolist()) <= {-1.0, 0.0, 1.0}:
        raise ValueError(f"signs must be {y.shape[1]} of -1, 0 and 1")
    drawn = ways if ways is not None else redraws(on, np.empty((0, len(on)), dtype=bool))
    if not np.array_equal(drawn.treated[0], on):
        raise ValueError("the first of the ways must be the arms as they were given")
    found = way_statistics(y * np.where(sign == 0, 1.0, sign), drawn)
    counts = (sign != 0) & np.isfinite(found.statistic[0])
    used = y[:, counts] * sign[counts]
    some = ~np.isnan(used).all(axis=1) if counts.any() else np.zeros(len(y), dtype=bool)
    panel = _Panel(used, found.statistic[:, counts], drawn.treated, some)
    rows = [panel.rank_sum(), panel.ols(), panel.gls()]
    frame = pd.DataFrame(rows)
    if ways is None:
        frame["p_permutation"] = np.nan
    weights = np.zeros(y.shape[1])
    weights[counts] = panel.weights
    return GlobalTests(
        frame, weights, int(counts.sum()), int((some & on).sum()), int((some & ~on).sum())
    )


_NOTHING = {
    "estimate": np.nan,
    "std_error": np.nan,
    "df": np.nan,
    "statistic": np.nan,
    "p_value": np.nan,
    "p_permutation": np.nan,
}


class _Panel:
    """The columns that count, all turned so that higher is better."""

    def __init__(
        self, values: Floats, t: Floats, treated: NDArray[np.bool_], some: NDArray[np.bool_]
    ) -> None:
        self._values, self._t, self._treated, self._some = values, t, treated, some
        on, k = treated[0], values.shape[1]
        self._sizes = int((some & on).sum()), int((some & ~on).sum())
        within = np.empty_like(values)
        for side in (on, ~on):
            within[side] = _centred(values[side])
        self._correlation = _pairwise(within)
        self.weights = np.full(k, np.nan)

    def rank_sum(self) -> dict[str, object]:
        """Student's t on the patients' mean ranks."""
        if not self._values.shape[1]:
            return {"method": "rank sum", **_NOTHING, "reason": "no column counts"}
        ranks = stats.rankdata(self._values, axis=0, nan_policy="omit")
        middle = (1 + (~np.isnan(ranks)).sum(axis=0)) / 2
        scores = np.where(np.isnan(ranks), middle, ranks).mean(axis=1)
        on = self._treated[0]
        test = mean_difference(
            Sample.of(scores[self._some & on]), Sample.of(scores[self._some & ~on])
        )
        ways = way_statistics(np.where(self._some, scores, np.nan)[:, None], self._redraws())
        return self._row("rank sum", test.estimate, test.std_error, test.df, ways.statistic[:, 0])

    def ols(self) -> dict[str, object]:
        """Add up the t statistics and divide by what their sum varies."""
        k = len(self._correlation)
        if not k:
            return {"method": "ols", **_NOTHING, "reason": "no column counts"}
        spread = float(np.sqrt(self._correlation.sum()))
        return self._row("ols", np.nan, np.nan, self._freedom(), self._t.sum(axis=1) / spread)

    def gls(self) -> dict[str, object]:
        """Do the same with the weights of generalised least squares."""
        k = len(self._correlation)
        if not k:
            return {"method": "gls", **_NOTHING, "reason": "no column counts"}
        if sum(self._sizes) - 2 <= k or np.linalg.eigvalsh(self._correlation)[0] < 1e-8:
            reason = f"{sum(self._sizes)} patients do not determine the weights of {k} columns"
            return {"method": "gls", **_NOTHING, "reason": reason}
        raw = np.linalg.solve(self._correlation, np.ones(k))
        self.weights = raw / raw.sum()
        statistic = self._t[:1] @ raw / np.sqrt(raw.sum())
        row = self._row("gls", np.nan, np.nan, self._freedom(), statistic)
        # Weights that do not know the arms, so that the permutation test is exact.
        fixed = np.linalg.lstsq(_pairwise(_centred(self._values)), np.ones(k), rcond=None)[0]
        row["p_permutation"] = _share(self._t @ fixed)
        if sum(self._sizes) < ENOUGH * k:
            row |= {"p_value": np.nan, "reason": f"fewer than {ENOUGH} patients a column"}
        return row

    def _freedom(self) -> float:
        return 0.5 * (sum(self._sizes) - 2) * (1 + 1 / len(self._correlation) ** 2)

    def _redraws(self) -> Redraws:
        return Redraws(self._treated, exact=False)

    def _row(
        self, method: str, estimate: float, error: float, df: float, statistics: Floats
    ) -> dict[str, object]:
        """Give one row of the table."""
        seen = float(statistics[0])
        if not np.isfinite(seen):
            reason = "fewer than two patients in an arm, or nothing varies"
            return {"method": method, **_NOTHING, "estimate": estimate, "reason": reason}
        return {
            "method": method,
            "estimate": estimate,
            "std_error": error,
            "df": df,
            "statistic": seen,
            "p_value": float(2 * stats.t.sf(abs(seen), df)),
            "p_permutation": _share(statistics),
            "reason": "",
        }


def _share(statistics: Floats) -> float:
    """Share of ways as far from 0 as the first; one without a statistic counts as less extreme."""
    size = np.abs(np.nan_to_num(statistics, nan=0.0))
    return float((size >= size[0] - _ROUNDING).mean())


def _centred(values: Floats) -> Floats:
    """Take its mean off every column, missing values aside."""
    seen = ~np.isnan(values)
    means = np.where(seen, values, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return np.asarray(values - means)


def _pairwise(centred: Floats) -> Floats:
    """Correlation of every pair of columns over the rows that have both; 0 where there are none."""
    seen = (~np.isnan(centred)).astype(float)
    filled = np.where(np.isnan(centred), 0.0, centred)
    products = filled.T @ filled
    first = (filled**2).T @ seen
    scale = np.sqrt(first * first.T)
    matrix = np.divide(products, scale, out=np.zeros_like(products), where=scale > 0)
    np.fill_diagonal(matrix, 1.0)
    return matrix
