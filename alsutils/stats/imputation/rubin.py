"""Rubin's rules: one answer from the analyses of many completed data sets."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from alsutils.stats.imputation.trial import ImputationError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pooled:
    """Estimates pooled over m imputations.

    Attributes
    ----------
    frame : DataFrame
        One row an estimand: ``estimate``, ``std_error``, ``df``, ``statistic``, ``p_value`` (of
        zero), ``conf_low``, ``conf_high``; ``within`` (mean of the variances), ``between``
        (variance of the estimates), ``total`` (within + (1 + 1/m) between), ``relative_increase``
        (of the variance, by what is missing), ``fraction_missing`` (of the information).
    n_imputations : int
        Number m of imputations.
    df_complete : float
        Degrees of freedom that the analysis of complete data would have.
    """

    frame: pd.DataFrame
    n_imputations: int
    df_complete: float


def rubins_rules(
    estimates: ArrayLike,
    variances: ArrayLike,
    df_complete: float = np.inf,
    conf_level: float = 0.95,
) -> Pooled:
    """Pool estimates and variances over imputations.

    The pooled estimate is the mean; its variance adds to the mean variance what the estimates
    differ between imputations. The degrees of freedom are those of Barnard and Rubin, which never
    exceed those of complete data.

    Parameters
    ----------
    estimates : array, shape (m,) or (m, k)
        Of k estimands in m imputations; m at least 2.
    variances : array, shape of ``estimates``
        Squared standard errors, positive.
    df_complete : float
        Degrees of freedom of the analysis had nothing been missing; infinite for a normal test.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Pooled

    Raises
    ------
    ImputationError
        If the shapes differ, there are fewer than two imputations, or a number is impossible.

    References
    ----------
    Rubin DB. Multiple Imputation for Nonresponse in Surveys. Wiley 1987, section 3.3.
    Barnard J, Rubin DB. Small-sample degrees of freedom with multiple imputation. Biometrika
    1999;86:948-955. doi:10.1093/biomet/86.4.948

    Examples
    --------
    >>> pooled = rubins_rules([1.0, 2.0, 3.0], [0.5, 0.5, 0.5], df_complete=50)
    >>> float(pooled.frame["estimate"].iloc[0])
    2.0
    """
    values, squares = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    if values.shape != squares.shape or values.ndim not in (1, 2):
        raise ImputationError(
            "estimates and variances must have the same shape, (m,) or (m, k); got "
            f"{values.shape} and {squares.shape}"
        )
    m = values.shape[0]
    if m < 2:
        raise ImputationError(f"Rubin's rules need at least 2 imputations; got {m}")
    if not (np.isfinite(values).all() and np.isfinite(squares).all() and (squares > 0).all()):
        raise ImputationError("every estimate must be finite and every variance positive")
    if not df_complete > 0:
        raise ImputationError(f"df_complete must be positive; got {df_complete!r}")
    check_level(conf_level)
    values, squares = values.reshape(m, -1), squares.reshape(m, -1)
    within, between = squares.mean(axis=0), values.var(axis=0, ddof=1)
    spread = total_variance(within, between, m, df_complete)
    frame = interval_frame(values.mean(axis=0), np.sqrt(spread.total), spread.df, conf_level)
    frame = frame.assign(
        within=within,
        between=between,
        total=spread.total,
        relative_increase=spread.increase,
        fraction_missing=spread.fraction,
    )
    return Pooled(frame, m, float(df_complete))


@dataclass(frozen=True)
class Spread:
    """Total variance, degrees of freedom, relative increase and fraction of information lost."""

    total: Array
    df: Array
    increase: Array
    fraction: Array


def total_variance(within: Array, between: Array, m: int, df_complete: float) -> Spread:
    """Apply Rubin's rules to variances within and between m imputations, elementwise."""
    extra = (1.0 + 1.0 / m) * between
    total = within + extra
    share = extra / total
    with np.errstate(divide="ignore"):
        old = np.where(share > 0, (m - 1) / share**2, np.inf)
    if np.isinf(df_complete):
        df = old
    else:
        observed = (df_complete + 1.0) / (df_complete + 3.0) * df_complete * (1.0 - share)
        df = 1.0 / (1.0 / old + 1.0 / observed)
    increase = extra / within
    fraction = (increase + 2.0 / (df + 3.0)) / (increase + 1.0)
    return Spread(total, df, increase, fraction)


def check_level(conf_level: float) -> None:
    """Refuse a coverage that is no share."""
    if not 0.0 < conf_level < 1.0:
        raise ImputationError(f"conf_level must lie between 0 and 1, as in 0.95; got {conf_level}")


def two_sided_p(statistic: Array, df: Array) -> Array:
    """Return p of t statistics, normal where the degrees of freedom are infinite."""
    finite = np.isfinite(df)
    below = -np.abs(statistic)
    tail = np.where(finite, stdtr(np.where(finite, df, 1.0), below), ndtr(below))
    return np.asarray(2.0 * tail)


def interval_frame(
    estimate: Array, std_error: Array, df: Array | float, conf_level: float
) -> pd.DataFrame:
    """Test estimates against zero: t with ``df`` degrees of freedom, normal where infinite.

    Without an error there is no test.
    """
    df = np.broadcast_to(np.asarray(df, dtype=float), np.shape(estimate))
    finite = np.isfinite(df)
    statistic = np.full(np.shape(estimate), np.nan)
    np.divide(estimate, std_error, out=statistic, where=np.asarray(std_error) > 0)
    safe = np.where(finite, df, 1.0)
    at = 0.5 + conf_level / 2.0
    half = np.where(finite, stdtrit(safe, at), ndtri(at)) * std_error
    return pd.DataFrame(
        {
            "estimate": estimate,
            "std_error": std_error,
            "df": df,
            "statistic": statistic,
            "p_value": two_sided_p(statistic, df),
            "conf_low": estimate - half,
            "conf_high": estimate + half,
        }
    )
