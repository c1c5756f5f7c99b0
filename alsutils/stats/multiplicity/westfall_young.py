"""Westfall and Young's step-down adjustments, which draw the arms of a whole family again."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from alsutils.stats.multiplicity.ways import Statistic, way_statistics
from alsutils.stats.permutation import Redraws

Floats = NDArray[np.float64]
Alternative = Literal["two-sided", "greater", "less"]

_ROUNDING = 1e-9  # share of a statistic within which two are called equal


@dataclass(frozen=True)
class WestfallYoung:
    """A family of comparisons of two arms, adjusted by permutation.

    Attributes
    ----------
    frame : DataFrame
        One row a column of values, in their order: ``column``, ``n_control``, ``n_treated``,
        ``estimate`` (difference of means, or of mean ranks), ``statistic``, ``p_value`` (by
        permutation, not adjusted), ``p_max_t`` and ``p_min_p`` (adjusted for the family).
    n_ways : int
        Ways of giving the arms, the one that was done among them.
    exact : bool
        Whether these are all ways there are.
    size : int
        Columns with a statistic.
    """

    frame: pd.DataFrame
    n_ways: int
    exact: bool
    size: int


def westfall_young(
    values: ArrayLike | pd.DataFrame,
    ways: Redraws,
    statistic: Statistic = "t",
    alternative: Alternative = "two-sided",
) -> WestfallYoung:
    """Adjust the comparisons of many columns for their number, as strongly as they depend.

    If the treatment does nothing, every patient would have had the same values in the other arm. So
    the largest statistic of the family, in every way of giving the arms, tells how large the
    largest one comes out by chance: that is maxT, which steps down to the second largest among the
    others, and so on. minP does the same with each column's own p-value, so that columns with
    different distributions weigh alike. Both hold the chance of any false finding; columns that go
    together cost less than by Holm.

    Parameters
    ----------
    values : array_like or DataFrame, shape (n, k)
        A row a patient, a column a test, such as the log change of an analyte at a visit. Missing
        values are left out of their column, and stay with the patient when arms are drawn.
    ways : Redraws
        From `alsutils.stats.permutation.shuffles` (it lists all ways where there are few), or
        ``redraws`` with a trial's own lottery.
    statistic : {"t", "welch", "rank"}
        Student's t, Welch's t, or the standardised rank sum.
    alternative : {"two-sided", "greater", "less"}
        "greater" looks for higher values in the treated arm.

    Returns
    -------
    WestfallYoung
        Missing figures for a column in which an arm has fewer than two values (one for "rank"), or
        nothing varies. A way that leaves a column so counts as less extreme than what was seen.

    Raises
    ------
    ValueError
        If the shapes do not fit, an arm is empty or an argument is unknown.

    Notes
    -----
    Two arms. With several treated arms adjust each contrast among its own patients and multiply by
    the number of contrasts: drawing all arms anew at once would test that no arm differs from any.

    References
    ----------
    Westfall PH, Young SS. Resampling-Based Multiple Testing. Wiley 1993, chapter 2. Ge Y, Dudoit S,
    Speed TP. Resampling-based multiple testing for microarray data analysis. Test 2003;12:1-77.
    doi:10.1007/BF02595811. Phipson B, Smyth GK. Stat Appl Genet Mol Biol 2010;9:39 (p is never 0).
    """
    if alternative not in get_args(Alternative):
        raise ValueError(f"alternative must be one of {get_args(Alternative)}, not {alternative!r}")
    names = list(values.columns) if isinstance(values, pd.DataFrame) else None
    y = np.asarray(values, float)
    found = way_statistics(y, ways, statistic)
    tested = ~np.isnan(found.statistic[0])
    extreme = found.statistic[:, tested]
    if alternative == "two-sided":
        extreme = np.abs(extreme)
    elif alternative == "less":
        extreme = -extreme
    extreme = np.where(np.isnan(extreme), -np.inf, extreme)
    chances = _chances(extreme)
    columns = {"p_value": chances[0], "p_max_t": _max_t(extreme), "p_min_p": _min_p(chances)}
    frame = pd.DataFrame(
        {
            "column": names if names is not None else np.arange(y.shape[1]),
            "n_control": found.n_control,
            "n_treated": found.n_treated,
            "estimate": found.estimate,
            "statistic": found.statistic[0],
        }
    )
    for name, figures in columns.items():
        frame[name] = np.nan
        frame.loc[tested, name] = figures
    return WestfallYoung(frame, len(extreme), ways.exact, int(tested.sum()))


def _chances(extreme: Floats) -> Floats:
    """Share of ways at least as extreme as each, column by column, shape (m, k)."""
    m, k = extreme.shape
    order = np.argsort(-extreme, axis=0)
    falling = np.take_along_axis(extreme, order, axis=0)
    # Ways closer than rounding share the last place of their run.
    last = np.ones((m, k), dtype=bool)
    with np.errstate(invalid="ignore"):
        gap = falling[:-1] - falling[1:]
        last[:-1] = gap > _margin(falling[1:])
    place = np.where(last, np.arange(1, m + 1)[:, None], m + 1)
    place = np.minimum.accumulate(place[::-1], axis=0)[::-1]
    chances = np.empty((m, k))
    np.put_along_axis(chances, order, place / m, axis=0)
    return chances


def _max_t(extreme: Floats) -> Floats:
    """Step down from the largest statistic."""
    order = np.argsort(-extreme[0], kind="stable")
    largest = np.maximum.accumulate(extreme[:, order[::-1]], axis=1)[:, ::-1]
    seen = extreme[0, order]
    with np.errstate(invalid="ignore"):
        reached = (largest >= seen - _margin(seen)) | (largest == seen)
    return _stepped(reached.mean(axis=0), order)


def _min_p(chances: Floats) -> Floats:
    """Step down from the smallest p-value."""
    order = np.argsort(chances[0], kind="stable")
    smallest = np.minimum.accumulate(chances[:, order[::-1]], axis=1)[:, ::-1]
    return _stepped((smallest <= chances[0, order]).mean(axis=0), order)


def _margin(extreme: Floats) -> Floats:
    """How much two statistics may differ by rounding."""
    return _ROUNDING * np.maximum(1.0, np.abs(np.where(np.isfinite(extreme), extreme, 0.0)))


def _stepped(p: Floats, order: NDArray[np.intp]) -> Floats:
    """Let no adjusted p-value fall below an earlier one, and put them in the columns' order."""
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(p) if len(p) else p
    return adjusted
