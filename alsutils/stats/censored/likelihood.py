"""The normal likelihood of values known exactly or only to lie in an interval, for many samples.

The parameters are Olsen's, gamma = beta / sigma and theta = 1 / sigma. In them the logarithm of the
likelihood is concave, with intervals as with exact values, so that Newton's method finds the only
maximum. Every array has the sample as its first axis; in the comments b is the sample, n the value,
p the coefficient.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LARGEST_EFFECT = 1e3  # a coefficient beyond this many sigma has no maximum
_STEPS = 200
_TOLERANCE = 1e-12  # fall of the Newton decrement, in units of log-likelihood
_SMALLEST_STEP = 1e-10
_ROUNDING = 1e-10  # share of the largest eigenvalue below which a design determines nothing
_HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True)
class Bounds:
    """Between what each value lies.

    Attributes
    ----------
    low, high : ndarray, shape (b, n)
        Equal where the value is known, infinite where a side is open.
    """

    low: Floats
    high: Floats

    @property
    def exact(self) -> Bools:
        """Which values are known."""
        return np.asarray(self.low == self.high)

    @property
    def closed(self) -> Bools:
        """Which are held on both sides."""
        return np.asarray(np.isfinite(self.low) & np.isfinite(self.high))

    @property
    def missing(self) -> Bools:
        """Which are open on both sides."""
        return np.asarray(np.isinf(self.low) & np.isinf(self.high))

    def middle(self) -> Floats:
        """Give one number for each: the middle, or the side that is closed; 0 where none is."""
        low, high = np.isfinite(self.low), np.isfinite(self.high)
        left, right = np.where(low, self.low, 0), np.where(high, self.high, 0)
        return np.asarray((left + right) / np.maximum(low.astype(int) + high, 1))

    def take(self, samples: NDArray[np.intp] | Bools) -> "Bounds":
        """Keep some of the samples."""
        return Bounds(self.low[samples], self.high[samples])


@dataclass(frozen=True)
class Maxima:
    """Where the likelihoods have their maximum.

    Attributes
    ----------
    gamma : ndarray, shape (b, p)
        Coefficients over the residual standard deviation.
    theta : ndarray, shape (b,)
        One over that standard deviation.
    information : ndarray, shape (b, p + 1, p + 1)
        Observed information in (gamma, theta).
    log_likelihood : ndarray, shape (b,)
        At the maximum.
    converged : ndarray of bool, shape (b,)
        False where the likelihood rises without end.
    """

    gamma: Floats
    theta: Floats
    information: Floats
    log_likelihood: Floats
    converged: Bools

    @property
    def coefficients(self) -> Floats:
        """Coefficients in the unit of the values, shape (b, p)."""
        return self.gamma / self.theta[:, None]

    def covariance(self) -> Floats:
        """Covariance of the coefficients, shape (b, p, p); missing where there is no maximum."""
        b, p = self.gamma.shape
        jacobian = np.zeros((b, p, p + 1))
        jacobian[:, range(p), range(p)] = 1 / self.theta[:, None]
        jacobian[:, :, p] = -self.gamma / self.theta[:, None] ** 2
        found = np.full((b, p, p), np.nan)
        ok, information = self.converged, self.information[self.converged]
        inner = np.linalg.solve(information, np.swapaxes(jacobian[ok], 1, 2))
        found[ok] = jacobian[ok] @ inner
        return np.asarray((found + np.swapaxes(found, 1, 2)) / 2)


def determined(bounds: Bounds, X: Floats) -> Bools:
    """Tell which samples have enough closed values to determine coefficients and a spread.

    Parameters
    ----------
    bounds : Bounds
        Of the values.
    X : ndarray, shape (b, n, p) or (1, n, p)
        Design.

    Returns
    -------
    ndarray of bool, shape (b,)
        Whether there are more closed values than coefficients and their rows have full rank.
    """
    closed = bounds.closed
    enough = closed.sum(axis=1) > X.shape[2]
    weighted = np.swapaxes(X, 1, 2) @ (X * closed[:, :, None])
    values = np.linalg.eigvalsh(weighted)
    return np.asarray(enough & (values[:, 0] > _ROUNDING * values[:, -1]))


def maximise(bounds: Bounds, X: Floats) -> Maxima:
    """Find the maximum of every likelihood by Newton's method with step halving.

    Parameters
    ----------
    bounds : Bounds
        Of the values, all `determined`.
    X : ndarray, shape (b, n, p) or (1, n, p)
        Design.

    Returns
    -------
    Maxima
        ``theta`` is missing where the values have no spread around the model.
    """
    b, p = len(bounds.low), X.shape[2]
    point = _start(bounds, X)
    value = log_likelihood(bounds, X, point)
    largest = LARGEST_EFFECT * np.maximum(1.0, np.abs(point).max(axis=1))
    information = np.full((b, p + 1, p + 1), np.nan)
    converged = np.zeros(b, dtype=bool)
    active = np.flatnonzero(np.isfinite(value))
    for _ in range(_STEPS):
        if not len(active):
            break
        here, design = bounds.take(active), X if len(X) == 1 else X[active]
        gradient, hessian = _derivatives(here, design, point[active])
        step = np.linalg.solve(-hessian, gradient[:, :, None])[:, :, 0]
        done = (gradient * step).sum(axis=1) < _TOLERANCE
        information[active[done]], converged[active[done]] = -hessian[done], True
        going = ~done & (np.abs(point[active, :-1]).max(axis=1) <= largest[active])
        active, step = active[going], step[going]
        if len(active):
            here, design = bounds.take(active), X if len(X) == 1 else X[active]
            point[active], value[active] = _climb(here, design, point[active], value[active], step)
    return Maxima(point[:, :-1], point[:, -1], information, value, converged)


def log_likelihood(bounds: Bounds, X: Floats, point: Floats) -> Floats:
    """Give the log-likelihood of every sample at (gamma, theta).

    Parameters
    ----------
    bounds : Bounds
        Of the values.
    X : ndarray, shape (b, n, p) or (1, n, p)
        Design.
    point : ndarray, shape (b, p + 1)
        Parameters.

    Returns
    -------
    ndarray, shape (b,)
        Minus infinity where theta is not positive.
    """
    theta = point[:, -1:]
    usable = (theta > 0)[:, 0]
    low, high = _standardised(bounds, X, np.where(theta > 0, point, 1.0))
    terms = np.log(np.where(theta > 0, theta, 1.0)) - 0.5 * high**2 - _HALF_LOG_2PI
    inside = ~bounds.exact
    terms[inside] = _log_between(low[inside], high[inside])
    return np.where(usable, terms.sum(axis=1), -np.inf)


def _start(bounds: Bounds, X: Floats) -> Floats:
    """Least squares of the middles as (beta / sigma, 1 / sigma); missing without any spread."""
    y, used = bounds.middle(), ~bounds.missing
    XT = np.swapaxes(X * used[:, :, None], 1, 2)
    beta = np.linalg.solve(XT @ X, XT @ y[:, :, None])
    residual = np.where(used, y - (X @ beta)[:, :, 0], 0.0)
    spread = np.sqrt((residual**2).sum(axis=1) / used.sum(axis=1))
    flat = spread <= 1e-10 * np.maximum(1.0, np.abs(y).max(axis=1))
    inverse = 1 / np.where(flat, np.nan, spread)
    return np.column_stack([beta[:, :, 0] * inverse[:, None], inverse])


def _standardised(bounds: Bounds, X: Floats, point: Floats) -> tuple[Floats, Floats]:
    """Both bounds in residual standard deviations from the mean, (b, n) each."""
    mean = (X @ point[:, :-1, None])[:, :, 0]
    theta = point[:, -1:]
    return theta * bounds.low - mean, theta * bounds.high - mean


def _log_between(low: Floats, high: Floats) -> Floats:
    """Logarithm of the normal probability between two bounds, shape of the bounds."""
    # In the lower tail both logarithms keep their digits.
    flip = low > 0
    left, right = np.where(flip, -high, low), np.where(flip, -low, high)
    found = special.log_ndtr(right)
    closed = np.isfinite(left)
    with np.errstate(divide="ignore"):
        found[closed] += np.log(-np.expm1(special.log_ndtr(left[closed]) - found[closed]))
    return found


def _derivatives(bounds: Bounds, X: Floats, point: Floats) -> tuple[Floats, Floats]:
    """Gradient (b, p + 1) and Hessian (b, p + 1, p + 1) of the log-likelihood."""
    low, high = _standardised(bounds, X, point)
    exact, theta = bounds.exact, point[:, -1]
    # An exact value enters as its upper bound alone.
    left, right = _closed(bounds.low), _closed(bounds.high)
    slope_high, curve_high = -high, np.full_like(high, -1.0)
    slope_low, curve_low, cross = (np.zeros_like(high) for _ in range(3))
    inside = ~exact
    a, b = low[inside], high[inside]
    between = _log_between(a, b)
    # Density at a bound over the probability between the bounds; none at an open side.
    at_a, at_b = (np.exp(-0.5 * z**2 - _HALF_LOG_2PI - between) for z in (a, b))
    slope_low[inside], slope_high[inside] = -at_a, at_b
    curve_low[inside] = _closed(a) * at_a - at_a**2
    curve_high[inside] = -_closed(b) * at_b - at_b**2
    cross[inside] = at_a * at_b
    number = exact.sum(axis=1)
    XT = np.swapaxes(X, 1, 2)

    def columns(weights: Floats) -> Floats:
        return np.asarray((XT @ weights[:, :, None])[:, :, 0])

    p = X.shape[2]
    gradient = np.empty((len(low), p + 1))
    gradient[:, :p] = -columns(slope_low + slope_high)
    gradient[:, p] = (slope_low * left + slope_high * right).sum(axis=1) + number / theta
    hessian = np.empty((len(low), p + 1, p + 1))
    both = curve_low + curve_high + 2 * cross
    hessian[:, :p, :p] = XT @ (X * both[:, :, None])
    mixed = -columns((curve_low + cross) * left + (curve_high + cross) * right)
    hessian[:, :p, p] = hessian[:, p, :p] = mixed
    square = curve_low * left**2 + curve_high * right**2 + 2 * cross * left * right
    hessian[:, p, p] = square.sum(axis=1) - number / theta**2
    return gradient, hessian


def _closed(bound: Floats) -> Floats:
    """Give 0 for an infinite bound, whose weight is 0."""
    return np.where(np.isfinite(bound), bound, 0.0)


def _climb(
    bounds: Bounds, X: Floats, point: Floats, value: Floats, step: Floats
) -> tuple[Floats, Floats]:
    """Go along each step, halved until the likelihood does not fall."""
    size = np.ones(len(point))
    trial = point + step
    reached = log_likelihood(bounds, X, trial)
    while True:
        # A value that is not a number counts as a fall.
        short = ~(reached >= value) & (size > _SMALLEST_STEP)
        if not short.any():
            return trial, reached
        size[short] /= 2
        trial[short] = point[short] + size[short, None] * step[short]
        some = X if len(X) == 1 else X[short]
        reached[short] = log_likelihood(bounds.take(short), some, trial[short])
