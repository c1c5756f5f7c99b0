"""Two groups compared by ranks within strata."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats


@dataclass(frozen=True)
class VanElteren:
    """Van Elteren's stratified Wilcoxon test.

    Attributes
    ----------
    statistic : float
        Standard normal deviate, above 0 where the treated values are higher.
    p_value : float
        Two-sided; missing where no stratum has both groups and values that differ.
    strata : DataFrame
        One row a stratum: ``stratum``, ``n_treated``, ``n_control``, ``weight`` (of its rank sum;
        0 where one group is missing), ``rank_sum`` of the treated, ``expected`` and ``variance``.
    n : int
        Values in strata with both groups.
    """

    statistic: float
    p_value: float
    strata: pd.DataFrame
    n: int

    @property
    def frame(self) -> pd.DataFrame:
        """One row in the columns of every estimate."""
        return pd.DataFrame([{"statistic": self.statistic, "p_value": self.p_value}])


def van_elteren(values: ArrayLike, treated: ArrayLike, strata: ArrayLike) -> VanElteren:
    """Compare two groups by ranks within strata.

    Each stratum is ranked on its own; its rank sum counts by one over its size plus one, which is
    best where the shift is the same in all.

    Parameters
    ----------
    values : array_like, shape (n,)
        Values; missing ones are left out. Values below one limit can all be given as the same
        number under it.
    treated : array_like of bool, shape (n,)
        Who is in the treated group.
    strata : array_like, shape (n,)
        Stratum of each.

    Returns
    -------
    VanElteren
        With midranks, and the variance given the ties.

    Raises
    ------
    ValueError
        If the lengths differ.

    References
    ----------
    van Elteren PH. On the combination of independent two-sample tests of Wilcoxon. Bull Int Stat
    Inst 1960;37:351-361. Lehmann EL. Nonparametrics: Statistical Methods Based on Ranks.
    Holden-Day 1975, section 3.3.
    """
    y, on = np.asarray(values, float), np.asarray(treated, bool)
    stratum = np.asarray(strata, dtype=object)
    if not len(y) == len(on) == len(stratum):
        raise ValueError(
            f"there are {len(y)} values, {len(on)} groups and {len(stratum)} strata; give one of "
            "each a patient"
        )
    kept = ~np.isnan(y)
    y, on = y[kept], on[kept]
    code, names = pd.factorize(stratum[kept], use_na_sentinel=False)
    size = np.bincount(code, minlength=len(names)).astype(float)
    n_treated = np.bincount(code, on, minlength=len(names))
    n_control = size - n_treated
    ranks = np.empty(len(y))
    for one in range(len(names)):
        ranks[code == one] = stats.rankdata(y[code == one])
    rank_sum = np.bincount(code, ranks * on, minlength=len(names))
    expected = n_treated * (size + 1) / 2
    # Drawing without replacement from ranks that vary so much around their mean.
    squares = np.bincount(code, (ranks - (size[code] + 1) / 2) ** 2, minlength=len(names))
    variance = n_treated * n_control / size * squares / np.maximum(size - 1, 1)
    weight = np.where((n_treated > 0) & (n_control > 0), 1 / (size + 1), 0.0)
    total = float((weight**2 * variance).sum())
    gap = float((weight * (rank_sum - expected)).sum())
    z = gap / np.sqrt(total) if total > 0 else np.nan
    table = pd.DataFrame(
        {
            "stratum": names,
            "n_treated": n_treated.astype(int),
            "n_control": n_control.astype(int),
            "weight": weight,
            "rank_sum": rank_sum,
            "expected": expected,
            "variance": variance,
        }
    )
    p = float(2 * stats.norm.sf(abs(z)))
    return VanElteren(float(z), p, table, int(size[weight > 0].sum()))
