"""One permutation test for a whole panel."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from alsutils.stats.multiplicity.ways import Statistic, way_statistics
from alsutils.stats.permutation import Redraws

Floats = NDArray[np.float64]

_ROUNDING = 1e-9


@dataclass(frozen=True)
class PanelPermutation:
    """Tests that nothing in a panel differs between two arms.

    Attributes
    ----------
    frame : DataFrame
        One row a ``method``: "largest" (the largest statistic of any column, in size), "sum of
        squares" (many small differences in any direction) and "sum" (of the statistics, each in
        the direction that is good; above 0 where treatment is better). ``statistic``, ``p_value``
        (two-sided), ``p_error`` (its standard error by the number of draws) and ``median`` (of the
        statistic over the ways).
    largest_column : int
        Position of the column with the largest statistic; -1 where there is none.
    n_columns, n_ways : int
        Columns with a statistic, and ways of giving the arms, the one that was done among them.
    exact : bool
        Whether these are all ways there are.
    """

    frame: pd.DataFrame
    largest_column: int
    n_columns: int
    n_ways: int
    exact: bool


def panel_permutation(
    values: ArrayLike,
    ways: Redraws,
    signs: ArrayLike | None = None,
    statistic: Statistic = "t",
) -> PanelPermutation:
    """Test a whole panel by drawing the arms again, patients keeping all their values.

    Parameters
    ----------
    values : array_like, shape (n, k)
        A row a patient, a column a test; missing values are left out of their column.
    ways : Redraws
        From `alsutils.stats.permutation.shuffles` or ``redraws``.
    signs : array_like, shape (k,), optional
        For "sum": 1 where higher is better (the default), -1 where lower is, 0 for a column that
        does not count.
    statistic : {"t", "welch", "rank"}
        As in `westfall_young`.

    Returns
    -------
    PanelPermutation
        Missing figures where no column has a statistic.

    Raises
    ------
    ValueError
        If the shapes do not fit, an arm is empty, or an argument is unknown.

    References
    ----------
    Pesarin F, Salmaso L. Permutation Tests for Complex Data. Wiley 2010, chapter 4.
    """
    y = np.asarray(values, float)
    found = way_statistics(y, ways, statistic).statistic
    sign = np.ones(y.shape[1]) if signs is None else np.asarray(signs, float)
    if sign.shape != (y.shape[1],) or not set(sign.tolist()) <= {-1.0, 0.0, 1.0}:
        raise ValueError(f"signs must be {y.shape[1]} of -1, 0 and 1")
    tested = ~np.isnan(found[0])
    # A way that leaves a column without a statistic says nothing of it.
    t = np.nan_to_num(found[:, tested], nan=0.0, posinf=np.inf, neginf=-np.inf)
    direction = sign[tested]
    counted = t[:, direction != 0] * direction[direction != 0]
    by_method = {
        "largest": np.abs(t).max(axis=1, initial=0.0),
        "sum of squares": (t**2).sum(axis=1),
        "sum": counted.sum(axis=1),
    }
    able = {"sum": counted.shape[1] > 0}
    rows = [
        {"method": name, **_tested(each, able.get(name, bool(tested.any())), ways.exact)}
        for name, each in by_method.items()
    ]
    largest = int(np.flatnonzero(tested)[np.abs(t[0]).argmax()]) if tested.any() else -1
    return PanelPermutation(
        pd.DataFrame(rows), largest, int(tested.sum()), len(ways.treated), ways.exact
    )


def _tested(statistics: Floats, able: bool, exact: bool) -> dict[str, float]:
    if not able:
        return dict.fromkeys(("statistic", "p_value", "p_error", "median"), np.nan)
    size = np.abs(statistics)
    p = float((size >= size[0] - _ROUNDING * max(1.0, size[0])).mean())
    return {
        "statistic": float(statistics[0]),
        "p_value": p,
        "p_error": 0.0 if exact else float(np.sqrt(p * (1 - p) / len(size))),
        "median": float(np.median(statistics)),
    }
