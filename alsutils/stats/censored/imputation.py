"""Values below a limit filled in many times from the censored normal distribution."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from alsutils.stats.censored.likelihood import Bounds, Floats, determined
from alsutils.stats.censored.regression import CensoredFitError


@dataclass(frozen=True, eq=False)
class CensoredImputations:
    """Completed data sets.

    Attributes
    ----------
    completed : ndarray, shape (m, n) or (m, n, k)
        Every value in every imputation; those measured are the same in all.
    n_censored, n_missing : int
        Values drawn within bounds, and without any.
    """

    completed: Floats
    n_censored: int
    n_missing: int


def impute_censored(
    low: ArrayLike,
    high: ArrayLike,
    design: ArrayLike,
    rng: np.random.Generator,
    n_imputations: int = 50,
    n_sweeps: int = 100,
) -> CensoredImputations:
    """Draw values that are only known to lie in an interval, together with what is unknown of them.

    The values are normal around a linear model (with logarithms of concentrations: lognormal).
    Several columns, such as the baseline and the visits, are normal together, so that each helps to
    draw the others. Every imputation is the last state of its own Markov chain, which in turn draws
    the coefficients and the covariance given the values, and the values given these, within their
    bounds. Analyse each completed data set as if it were complete and pool by Rubin's rules
    (`alsutils.stats.imputation.rubins_rules`).

    Parameters
    ----------
    low, high : array_like, shape (n,) or (n, k)
        Bounds as in `interval_regression`; minus infinity and infinity where nothing is known.
    design : array_like, shape (n, p)
        Covariates of every column, the intercept and the arm among them.
    rng : Generator
        Source of random numbers.
    n_imputations : int
        Number m of completed data sets.
    n_sweeps : int
        Length of the chains.

    Returns
    -------
    CensoredImputations
        Values of the shape of ``low`` after the axis of imputations.

    Raises
    ------
    CensoredFitError
        If the measured values of a column do not determine its coefficients, the columns determine
        each other, or there are too few rows for the covariance.
    ValueError
        If the shapes do not fit each other or a lower bound exceeds its upper bound.

    References
    ----------
    Tanner MA, Wong WH. The calculation of posterior distributions by data augmentation. J Am Stat
    Assoc 1987;82:528-540. Schafer JL. Analysis of Incomplete Multivariate Data. Chapman & Hall
    1997, chapter 5. Lubin JH et al. Environ Health Perspect 2004;112:1691-1696.
    """
    left, right, X = np.asarray(low, float), np.asarray(high, float), np.asarray(design, float)
    single = left.ndim == 1
    if single:
        left, right = left[:, None], right[:, None] if right.ndim == 1 else right
    _check(left, right, X)
    state = np.tile(Bounds(left, right).middle(), (n_imputations, 1, 1))
    # A missing value starts at the mean of its column.
    missing = np.isinf(left) & np.isinf(right)
    for j in range(left.shape[1]):
        state[:, missing[:, j], j] = state[0, ~missing[:, j], j].mean()
    gaps = [np.flatnonzero(left[:, j] < right[:, j]) for j in range(left.shape[1])]
    if any(len(rows) for rows in gaps):
        model = _Model(X)
        try:
            for _ in range(n_sweeps):
                beta, precision = model.draw(state, rng)
                for j, rows in enumerate(gaps):
                    _redraw(state, j, rows, left, right, X, beta, precision, rng)
        except np.linalg.LinAlgError as error:
            raise CensoredFitError(
                "the columns determine each other, so that they have no covariance to draw from"
            ) from error
    completed = state[:, :, 0] if single else state
    inside = int((left < right).sum() - missing.sum())
    return CensoredImputations(completed, inside, int(missing.sum()))


class _Model:
    """Draws of coefficients and covariance given complete values, a noninformative prior before."""

    def __init__(self, X: Floats) -> None:
        self._X = X
        inverse = np.linalg.inv(X.T @ X)
        self._fit = inverse @ X.T
        self._root = np.linalg.cholesky(inverse)
        self._free = len(X) - X.shape[1]

    def draw(self, state: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Give coefficients (m, p, k) and precision matrices (m, k, k)."""
        m, _, k = state.shape
        beta = self._fit @ state
        residual = self._X @ beta
        np.subtract(state, residual, out=residual)
        scale = np.linalg.inv(np.swapaxes(residual, 1, 2) @ residual)
        # Bartlett's decomposition of a Wishart matrix.
        lower = np.tril(rng.standard_normal((m, k, k)), -1)
        free = self._free - np.arange(k)
        lower[:, range(k), range(k)] = np.sqrt(rng.chisquare(free, size=(m, k)))
        factor = np.linalg.cholesky((scale + np.swapaxes(scale, 1, 2)) / 2) @ lower
        precision = factor @ np.swapaxes(factor, 1, 2)
        # The transposed inverse of the factor is a root of the covariance.
        spread = np.linalg.inv(factor)
        beta = beta + self._root @ rng.standard_normal(beta.shape) @ spread
        return beta, precision


def _redraw(
    state: Floats,
    j: int,
    rows: np.ndarray,
    left: Floats,
    right: Floats,
    X: Floats,
    beta: Floats,
    precision: Floats,
    rng: np.random.Generator,
) -> None:
    """Draw the open values of one column given the other columns, in place."""
    if not len(rows):
        return
    own, along = precision[:, j, j][:, None], precision[:, :, j, None]
    # Where many rows are open it is cheaper to multiply all than to gather them.
    few = 4 * len(rows) < len(X)
    pull = state[:, rows] @ along if few else (state @ along)[:, rows]
    pull = (pull - X[rows] @ (beta @ along))[:, :, 0]
    # What the column itself adds to the pull drops out of it.
    centre, spread = state[:, rows, j] - pull / own, 1 / np.sqrt(own)
    left, right = left[rows, j], right[rows, j]
    # 1 less a number from [0, 1) is never 0.
    chance = 1 - rng.random(centre.shape)
    drawn = np.empty_like(centre)
    # Without any bound, which is most of what is open, the quantile is at hand.
    free = np.isinf(left) & np.isinf(right)
    drawn[:, free] = special.ndtri(chance[:, free])
    held, at = ~free, centre[:, ~free]
    a, b = (left[held] - at) / spread, (right[held] - at) / spread
    drawn[:, held] = _between(a, b, chance[:, held])
    state[:, rows, j] = centre + spread * drawn


def _between(a: Floats, b: Floats, chance: Floats) -> Floats:
    """Give quantiles, above 0 to 1, of the standard normal distribution between bounds."""
    # In the lower tail the logarithms keep their digits.
    flip = a > 0
    low, high = np.where(flip, -b, a), np.where(flip, -a, b)
    upper = special.log_ndtr(high)
    with np.errstate(divide="ignore"):
        share = np.exp(special.log_ndtr(low) - upper)
    drawn = special.ndtri_exp(upper + np.log(share + chance * (1 - share)))
    drawn = np.clip(drawn, low, high)
    return np.asarray(np.where(flip, -drawn, drawn))


def _check(low: Floats, high: Floats, X: Floats) -> None:
    """Refuse what cannot be imputed."""
    if low.shape != high.shape or low.ndim != 2 or X.ndim != 2 or len(X) != len(low):
        raise ValueError(
            f"bounds of the shapes {low.shape} and {high.shape} do not fit a design of the shape "
            f"{X.shape}; expected one row a subject in each"
        )
    if np.isnan(low).any() or np.isnan(high).any() or not np.isfinite(X).all():
        raise ValueError("bounds must not be missing; give -inf and inf where nothing is known")
    if (low > high).any():
        raise ValueError("a lower bound exceeds its upper bound; exchange them")
    n, p = X.shape
    if n - p < low.shape[1]:
        raise CensoredFitError(
            f"{n} subjects are too few to draw {low.shape[1]} columns with {p} coefficients each"
        )
    enough = determined(Bounds(low.T, high.T), X[None])
    if not enough.all():
        raise CensoredFitError(
            f"the measured values of column {int(np.flatnonzero(~enough)[0]) + 1} do not determine "
            "its coefficients; leave out the group in which every value is below the limit"
        )
