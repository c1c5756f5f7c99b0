"""Regression for measurements of which some are only known to lie below a limit."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, special, stats

Floats = NDArray[np.float64]

_STEPS = 200
_TOLERANCE = 1e-12  # fall of the Newton decrement, in units of log-likelihood
_LARGEST_EFFECT = 1e3  # a coefficient beyond this many sigma has no maximum


class CensoredFitError(ValueError):
    """The likelihood has no maximum, because too few values lie above the limit."""


@dataclass(frozen=True)
class CensoredFit:
    """A normal linear model fitted to left-censored values.

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
        All values, and those below the limit.
    conf_level : float
        Level of the intervals in ``frame``.
    small_sample : bool
        Whether ``frame`` corrects for the number of coefficients.
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
    X = design.to_numpy(float)
    _check(y, low, X, list(design.columns))
    top = _maximise(y, low, X, _start(y, X))
    gamma, theta = top.parameters[:-1], top.parameters[-1]
    information = -_derivatives(y, low, X, top.parameters).hessian
    p = X.shape[1]
    jacobian = np.column_stack([np.eye(p) / theta, -gamma / theta**2])
    covariance = jacobian @ np.linalg.inv(information) @ jacobian.T
    return CensoredFit(
        terms=tuple(str(c) for c in design.columns),
        coefficients=gamma / theta,
        covariance=(covariance + covariance.T) / 2,
        sigma=1 / theta,
        log_likelihood=top.log_likelihood,
        n=len(y),
        n_below=int(low.sum()),
        conf_level=conf_level,
        small_sample=small_sample,
    )


def _check(y: Floats, low: NDArray[np.bool_], X: Floats, terms: list[str]) -> None:
    """Refuse inputs that do not fit together or do not determine the coefficients."""
    if not len(y) == len(low) == len(X):
        raise ValueError(
            f"values, below and design must have one row a measurement; they have {len(y)}, "
            f"{len(low)} and {len(X)}"
        )
    if not (np.isfinite(y).all() and np.isfinite(X).all()):
        raise ValueError(
            "values and design must be finite; give a value below the limit as its limit with "
            "below=True and leave missing values out"
        )
    seen = X[~low]
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


def _start(y: Floats, X: Floats) -> Floats:
    """Least squares with the limit for each value below it, as (beta / sigma, 1 / sigma)."""
    beta, *_ = np.linalg.lstsq(X, y, rcond=None)
    residual = float(np.sqrt(np.mean((y - X @ beta) ** 2)))
    if residual <= 1e-10 * max(1.0, float(np.abs(y).max())):
        raise CensoredFitError("the values have no spread around the model, so no standard error")
    return np.append(beta, 1.0) / residual


def _log_likelihood(y: Floats, low: NDArray[np.bool_], X: Floats, parameters: Floats) -> float:
    theta = parameters[-1]
    if theta <= 0:
        return -np.inf
    z = theta * y - X @ parameters[:-1]
    seen = ~low
    density = np.log(theta) - 0.5 * z[seen] ** 2 - 0.5 * np.log(2 * np.pi)
    return float(density.sum() + special.log_ndtr(z[low]).sum())


@dataclass(frozen=True)
class _Derivatives:
    gradient: Floats
    hessian: Floats


def _derivatives(y: Floats, low: NDArray[np.bool_], X: Floats, parameters: Floats) -> _Derivatives:
    """Gradient and Hessian in (beta / sigma, 1 / sigma)."""
    theta = parameters[-1]
    z = theta * y - X @ parameters[:-1]
    seen = ~low
    # z is a linear function of the parameters with these rows.
    rows = np.column_stack([-X, y])
    mills = np.exp(-0.5 * z**2 - 0.5 * np.log(2 * np.pi) - special.log_ndtr(z))
    slope = np.where(low, mills, -z)
    curve = np.where(low, -mills * (mills + z), -1.0)
    gradient = rows.T @ slope
    hessian = (rows * curve[:, None]).T @ rows
    gradient[-1] += seen.sum() / theta
    hessian[-1, -1] -= seen.sum() / theta**2
    return _Derivatives(gradient, hessian)


@dataclass(frozen=True)
class _Maximum:
    parameters: Floats
    log_likelihood: float


def _maximise(y: Floats, low: NDArray[np.bool_], X: Floats, start: Floats) -> _Maximum:
    """Newton's method with step halving."""
    parameters, value = start, _log_likelihood(y, low, X, start)
    for _ in range(_STEPS):
        derivatives = _derivatives(y, low, X, parameters)
        step = np.linalg.solve(-derivatives.hessian, derivatives.gradient)
        decrement = float(derivatives.gradient @ step)
        if decrement < _TOLERANCE:
            return _Maximum(parameters, value)
        size = 1.0
        while size > 1e-10:
            trial = parameters + size * step
            reached = _log_likelihood(y, low, X, trial)
            if reached >= value:
                break
            size /= 2
        parameters, value = trial, reached
        if np.abs(parameters[:-1]).max() > _LARGEST_EFFECT * max(1.0, np.abs(start).max()):
            break
    raise CensoredFitError(
        "the likelihood has no maximum: a covariate separates the values below the limit from "
        "the others; leave it out"
    )
