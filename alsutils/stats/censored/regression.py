"""Regression for measurements of which some are only known to lie below a limit."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import linalg, stats

from alsutils.stats.censored.likelihood import Bools, Bounds, Floats, determined, maximise

_CELLS = 250_000  # values fitted at once


class CensoredFitError(ValueError):
    """The likelihood has no maximum, because too few values lie above the limit."""


@dataclass(frozen=True)
class CensoredFit:
    """A normal linear model fitted to values of which some are only known to lie in an interval.

    Attributes
    ----------
    terms : tuple of str, length p
        Names of the coefficients.
    coefficients : ndarray, shape (p,)
        Maximum-likelihood estimates, in the unit of the values.
    covariance : ndarray, shape (p, p)
        Inverse of the observed information, without small-sample correction.
    sigma : float
        Maximum-likelihood residual standard deviation.
    log_likelihood : float
        At the maximum.
    n, n_below : int
        All values, and those only known to lie below a limit.
    conf_level : float
        Level of the intervals in ``frame``.
    small_sample : bool
        Whether ``frame`` corrects for the number of coefficients.
    n_above, n_between : int
        Values only known to lie above a limit, and between two.
    """

    terms: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    sigma: float
    log_likelihood: float
    n: int
    n_below: int
    conf_level: float
    small_sample: bool
    n_above: int = 0
    n_between: int = 0

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a term: estimate, standard error, test of zero and interval."""
        free = self.n - len(self.terms)
        widening = self.n / free if self.small_sample else 1.0
        std_error = np.sqrt(np.diag(self.covariance) * widening)
        df = float(free) if self.small_sample else np.inf
        statistic = self.coefficients / std_error
        reach = stats.t.ppf((1 + self.conf_level) / 2, df) * std_error
        return pd.DataFrame(
            {
                "term": self.terms,
                "estimate": self.coefficients,
                "std_error": std_error,
                "df": df,
                "statistic": statistic,
                "p_value": 2 * stats.t.sf(np.abs(statistic), df),
                "conf_low": self.coefficients - reach,
                "conf_high": self.coefficients + reach,
            }
        )


def censored_regression(
    values: ArrayLike,
    below: ArrayLike,
    design: pd.DataFrame,
    conf_level: float = 0.95,
    small_sample: bool = True,
) -> CensoredFit:
    """Fit a linear model by maximum likelihood where some values lie below a limit.

    A value that was measured adds the density of the normal distribution at that value, a value
    below its limit the probability of lying below it (the Tobit model). With the logarithm of
    concentrations it is the left-censored lognormal model.

    Parameters
    ----------
    values : array_like, shape (n,)
        Measured values; for those below, their limit. Limits may differ.
    below : array_like of bool, shape (n,)
        Whether the value is below the limit.
    design : DataFrame, shape (n, p)
        Covariates, the intercept among them, one column a coefficient.
    conf_level : float
        Level of the intervals.
    small_sample : bool
        Multiply the variances by n / (n - p) and use the t distribution with n - p degrees of
        freedom. Without values below the limit the result is then exactly that of least squares;
        with ``False`` it is that of maximum likelihood, as R's ``survreg`` gives it.

    Returns
    -------
    CensoredFit
        Coefficients and their table.

    Raises
    ------
    CensoredFitError
        If the measured values cannot determine the coefficients, for instance when every value of
        one group lies below the limit.
    ValueError
        If the inputs do not have the same length or are not finite.

    Notes
    -----
    Newton's method in Olsen's parameters, in which the log-likelihood is concave, so that its
    maximum is the only one.

    References
    ----------
    Tobin J. Estimation of relationships for limited dependent variables. Econometrica
    1958;26:24-36. Olsen RJ. Note on the uniqueness of the maximum likelihood estimator for the
    Tobit model. Econometrica 1978;46:1211-1215. Lubin JH et al. Epidemiologic evaluation of
    measurement data in the presence of detection limits. Environ Health Perspect
    2004;112:1691-1696.
    """
    y, low = np.asarray(values, float), np.asarray(below, bool)
    if len(y) == len(low) == len(design) and not np.isfinite(y).all():
        raise ValueError(_NOT_FINITE)
    return _fit(np.where(low, -np.inf, y), y, design, conf_level, small_sample)


def interval_regression(
    low: ArrayLike,
    high: ArrayLike,
    design: pd.DataFrame,
    conf_level: float = 0.95,
    small_sample: bool = True,
) -> CensoredFit:
    """Fit a linear model by maximum likelihood where values are only known to lie in an interval.

    A value between two bounds adds the probability of the normal distribution between them. So one
    function takes values below a limit, above the largest that an assay reads, between the limit of
    detection and that of quantification, and rounded ones; the limits may differ from row to row.

    Parameters
    ----------
    low, high : array_like, shape (n,)
        Bounds of each value: equal where it was measured, minus infinity for ``low`` where it lies
        below a limit, infinity for ``high`` where it lies above one.
    design : DataFrame, shape (n, p)
        Covariates, the intercept among them, one column a coefficient.
    conf_level, small_sample
        As in `censored_regression`.

    Returns
    -------
    CensoredFit
        Coefficients and their table.

    Raises
    ------
    CensoredFitError
        If the values that are held on both sides cannot determine the coefficients.
    ValueError
        If the inputs do not have the same length, a bound is missing or in the wrong order, or a
        value is open on both sides.

    References
    ----------
    Pratt JW. Concavity of the log likelihood. J Am Stat Assoc 1981;76:103-106. Lubin JH et al. 2004
    and Olsen RJ 1978, as in `censored_regression`.
    """
    return _fit(np.asarray(low, float), np.asarray(high, float), design, conf_level, small_sample)


@dataclass(frozen=True)
class ManyCensoredFits:
    """The same censored regression in many samples.

    Attributes
    ----------
    coefficients, std_error : ndarray, shape (b, p)
        Missing in samples whose measured values do not determine the coefficients.
    sigma : ndarray, shape (b,)
        Residual standard deviation by maximum likelihood.
    converged : ndarray of bool, shape (b,)
        Which samples have a fit.
    df : float
        Degrees of freedom for the standard errors; infinite without the small-sample correction.
    """

    coefficients: Floats
    std_error: Floats
    sigma: Floats
    converged: Bools
    df: float


def many_censored_fits(
    low: ArrayLike, high: ArrayLike, design: ArrayLike, small_sample: bool = True
) -> ManyCensoredFits:
    """Fit one censored regression to many samples at once.

    Parameters
    ----------
    low, high : array_like, shape (b, n)
        Bounds as in `interval_regression`, a row a sample.
    design : array_like, shape (n, p) or (b, n, p)
        Covariates, the intercept among them, shared by the samples or one for each.
    small_sample : bool
        As in `censored_regression`.

    Returns
    -------
    ManyCensoredFits
        Row by row what `interval_regression` gives.

    Raises
    ------
    ValueError
        If the shapes do not fit each other.
    """
    floor, ceiling = np.atleast_2d(np.asarray(low, float)), np.atleast_2d(np.asarray(high, float))
    X = np.asarray(design, float)
    X = X[None] if X.ndim == 2 else X
    b, n = floor.shape
    if ceiling.shape != (b, n) or X.shape[:2] not in ((1, n), (b, n)):
        raise ValueError(
            f"bounds of the shapes {floor.shape} and {ceiling.shape} do not fit a design "
            f"of the shape {X.shape}"
        )
    p = X.shape[2]
    coefficients, std_error = np.full((b, p), np.nan), np.full((b, p), np.nan)
    sigma, converged = np.full(b, np.nan), np.zeros(b, dtype=bool)
    step = max(1, _CELLS // max(1, n))
    for start in range(0, b, step):
        block = slice(start, start + step)
        bounds, own = Bounds(floor[block], ceiling[block]), X if len(X) == 1 else X[block]
        some = determined(bounds, own)
        top = maximise(bounds.take(some), own if len(own) == 1 else own[some])
        chosen = start + np.flatnonzero(some)[top.converged]
        coefficients[chosen] = top.coefficients[top.converged]
        variances = np.diagonal(top.covariance()[top.converged], axis1=1, axis2=2)
        std_error[chosen] = np.sqrt(variances * (n / (n - p) if small_sample else 1.0))
        sigma[chosen], converged[chosen] = 1 / top.theta[top.converged], True
    return ManyCensoredFits(
        coefficients, std_error, sigma, converged, float(n - p) if small_sample else np.inf
    )


def _fit(
    low: Floats, high: Floats, design: pd.DataFrame, conf_level: float, small_sample: bool
) -> CensoredFit:
    """Fit one model."""
    X = design.to_numpy(float)
    _check(low, high, X, list(design.columns))
    bounds = Bounds(low[None], high[None])
    top = maximise(bounds, X[None])
    if np.isnan(top.theta[0]):
        raise CensoredFitError("the values have no spread around the model, so no standard error")
    if not top.converged[0]:
        raise CensoredFitError(
            "the likelihood has no maximum: a covariate separates the values below the limit from "
            "the others; leave it out"
        )
    below, above = np.isinf(low), np.isinf(high)
    return CensoredFit(
        terms=tuple(str(c) for c in design.columns),
        coefficients=top.coefficients[0],
        covariance=top.covariance()[0],
        sigma=float(1 / top.theta[0]),
        log_likelihood=float(top.log_likelihood[0]),
        n=len(low),
        n_below=int(below.sum()),
        conf_level=conf_level,
        small_sample=small_sample,
        n_above=int(above.sum()),
        n_between=int((~below & ~above & (low < high)).sum()),
    )


_NOT_FINITE = (
    "values and design must be finite; give a value below the limit as its limit with below=True "
    "and leave missing values out"
)


def _check(low: Floats, high: Floats, X: Floats, terms: list[str]) -> None:
    """Refuse inputs that do not fit together or do not determine the coefficients."""
    if not len(low) == len(high) == len(X):
        raise ValueError(
            f"values, below and design must have one row a measurement; they have {len(high)}, "
            f"{len(low)} and {len(X)}"
        )
    if np.isnan(low).any() or np.isnan(high).any() or not np.isfinite(X).all():
        raise ValueError(_NOT_FINITE)
    if (low > high).any() or (np.isinf(low) & np.isinf(high)).any():
        raise ValueError(
            "every value needs a lower bound that does not exceed its upper bound, and one of them "
            "finite; leave out what is open on both sides"
        )
    seen = X[np.isfinite(low) & np.isfinite(high)]
    p = X.shape[1]
    if len(seen) <= p:
        raise CensoredFitError(
            f"{len(seen)} values above the limit do not determine {p} coefficients and a spread; "
            "at least one more than coefficients is needed"
        )
    if np.linalg.matrix_rank(seen) < p:
        # Pivoting names a column that the measured values leave open.
        _, _, order = linalg.qr(seen, mode="economic", pivoting=True)
        open_terms = [terms[i] for i in order[np.linalg.matrix_rank(seen) :]]
        raise CensoredFitError(
            f"the values above the limit do not determine {', '.join(map(str, open_terms))}; "
            "leave the term out, or the group in which every value is below the limit"
        )
