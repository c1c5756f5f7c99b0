"""What a comparison of two means could have seen, given its size and the spread of the values."""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from statsmodels.stats.power import TTestIndPower


def detectable_difference(
    sd: float, n_treated: int, n_control: int, power: float = 0.8, alpha: float = 0.05
) -> float:
    """Give the smallest true difference that a two-sided t-test finds with a given power.

    Parameters
    ----------
    sd : float
        Standard deviation within the arms, in the unit of the endpoint.
    n_treated, n_control : int
        Patients analysed in each arm.
    power : float
        Probability of a p-value below ``alpha``.
    alpha : float
        Two-sided level.

    Returns
    -------
    float
        Difference in the unit of ``sd``, above 0; missing where the arms are too small (one
        patient) or there is no spread.

    References
    ----------
    Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd edition, 1988, chapter 2.
    """
    if not sd > 0 or min(n_treated, n_control) < 2:
        return math.nan
    effect = TTestIndPower().solve_power(
        nobs1=n_treated, ratio=n_control / n_treated, alpha=alpha, power=power
    )
    return float(np.squeeze(effect)) * sd


def power_curve(
    sd: float, n_treated: int, n_control: int, differences: ArrayLike, alpha: float = 0.05
) -> pd.DataFrame:
    """Give the power of a two-sided t-test over true differences.

    Parameters
    ----------
    sd : float
        Standard deviation within the arms.
    n_treated, n_control : int
        Patients analysed in each arm.
    differences : array_like, shape (k,)
        True differences, in the unit of ``sd``.
    alpha : float
        Two-sided level.

    Returns
    -------
    DataFrame
        Columns ``difference`` and ``power``, k rows; no row where the arms are too small or there
        is no spread.
    """
    values = np.atleast_1d(np.asarray(differences, dtype=float))
    if not sd > 0 or min(n_treated, n_control) < 2:
        values = values[:0]
    test = TTestIndPower()
    power = [
        float(test.power(value / sd, n_treated, alpha, ratio=n_control / n_treated))
        for value in values
    ]
    return pd.DataFrame({"difference": values, "power": np.array(power, dtype=float)})


def pooled_sd(treated: ArrayLike, control: ArrayLike) -> float:
    """Pool the standard deviation of two arms; missing where both have one value or none."""
    groups = [np.asarray(g, dtype=float) for g in (treated, control)]
    groups = [g[~np.isnan(g)] for g in groups]
    freedom = sum(max(len(g) - 1, 0) for g in groups)
    if freedom == 0:
        return math.nan
    squares = sum(float(((g - g.mean()) ** 2).sum()) for g in groups if len(g))
    return math.sqrt(squares / freedom)
