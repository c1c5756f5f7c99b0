"""The chance that a treated patient does better: Mann-Whitney and Brunner-Munzel."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

_EXACT_BELOW = 50  # arms below this size without ties get the exact p-value, as in R


@dataclass(frozen=True)
class ProbabilisticIndex:
    """Chance that a treated patient has the better value than a control, ties counting half.

    Attributes
    ----------
    estimate, std_error : float
        Between 0 and 1; 0.5 is no difference.
    df, statistic, p_value : float
        Brunner and Munzel's test of 0.5, which does not ask for equal distributions: t with
        Satterthwaite's degrees of freedom. Missing where the arms do not overlap or do not vary.
    conf_low, conf_high : float
        Their interval, cut at 0 and 1.
    mann_whitney_u : float
        Pairs won by the treated, ties counting half.
    mann_whitney_p : float
        Two-sided p of the Wilcoxon-Mann-Whitney test of equal distributions: exact without ties
        and with fewer than 50 in each arm, otherwise normal with corrections for ties and
        continuity.
    mann_whitney_method : str
        "exact" or "asymptotic".
    n_treated, n_control : int
        Values compared.
    """

    estimate: float
    std_error: float
    df: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float
    mann_whitney_u: float
    mann_whitney_p: float
    mann_whitney_method: str
    n_treated: int
    n_control: int

    @property
    def frame(self) -> pd.DataFrame:
        """Two rows, one a test (``method``), in the columns of every estimate."""
        common = {
            "n_control": self.n_control,
            "n_treated": self.n_treated,
            "estimate": self.estimate,
        }
        interval = {
            "std_error": self.std_error,
            "df": self.df,
            "statistic": self.statistic,
            "p_value": self.p_value,
            "conf_low": self.conf_low,
            "conf_high": self.conf_high,
        }
        whitney = dict.fromkeys(interval, np.nan) | {
            "statistic": self.mann_whitney_u,
            "p_value": self.mann_whitney_p,
        }
        return pd.DataFrame(
            [
                {"method": "brunner_munzel"} | common | interval,
                {"method": f"mann_whitney_{self.mann_whitney_method}"} | common | whitney,
            ]
        )


def probabilistic_index(
    treated: ArrayLike,
    control: ArrayLike,
    higher_is_better: bool = True,
    conf_level: float = 0.95,
) -> ProbabilisticIndex:
    """Estimate the chance that a treated patient does better than a control.

    Parameters
    ----------
    treated, control : array_like, shapes (n_treated,) and (n_control,)
        Values; missing ones are left out.
    higher_is_better : bool
        Which way is good.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    ProbabilisticIndex
        The estimate with both tests.

    Raises
    ------
    ValueError
        If an arm has fewer than two values.

    References
    ----------
    Brunner E, Munzel U. The nonparametric Behrens-Fisher problem. Biom J 2000;42:17-25.
    Acion L et al. Probabilistic index. Stat Med 2006;25:591-602. doi:10.1002/sim.2256.
    """
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level must lie between 0 and 1, not {conf_level}")
    sign = 1.0 if higher_is_better else -1.0
    x, y = (sign * np.asarray(v, float) for v in (treated, control))
    x, y = x[~np.isnan(x)], y[~np.isnan(y)]
    m, n = len(x), len(y)
    if min(m, n) < 2:
        raise ValueError(f"each arm needs two values or more; there are {m} treated, {n} controls")
    joint = stats.rankdata(np.concatenate([x, y]))
    # A patient's placement: the share of the other arm that is worse, ties counting half.
    placement_x = (joint[:m] - stats.rankdata(x)) / n
    placement_y = (joint[m:] - stats.rankdata(y)) / m
    index = float(placement_x.mean())
    parts = np.array([placement_x.var(ddof=1) / m, placement_y.var(ddof=1) / n])
    error = float(np.sqrt(parts.sum()))
    df = statistic = p = low = high = np.nan
    if error > 0:
        df = float(parts.sum() ** 2 / (parts**2 / [m - 1, n - 1]).sum())
        statistic = (index - 0.5) / error
        p = float(2 * stats.t.sf(abs(statistic), df))
        half = float(stats.t.ppf((1 + conf_level) / 2, df)) * error
        low, high = max(0.0, index - half), min(1.0, index + half)
    exact = max(m, n) < _EXACT_BELOW and len(np.unique(joint)) == m + n
    method = "exact" if exact else "asymptotic"
    whitney = stats.mannwhitneyu(x, y, method=method)
    return ProbabilisticIndex(
        index, error, df, statistic, p, low, high,
        float(whitney.statistic), float(whitney.pvalue), method, m, n,
    )  # fmt: skip
