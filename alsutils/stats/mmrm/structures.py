"""Covariance structures: a matrix and its first two derivatives in the parameters.

A structure maps an unbounded vector theta to a covariance matrix. The parameters are those of
the R package mmrm, on which the second-order term of Kenward and Roger depends: logarithms of
standard deviations; rho / sqrt(1 - rho^2) for most correlations; a logit for the correlation of
compound symmetry and of the spatial exponential; and for an unstructured matrix the factor
L = D T with D the diagonal of exp(theta) and T unit lower triangular, filled by row.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alsutils.stats.mmrm.errors import OptionError

Array = NDArray[np.float64]

STRUCTURES = {
    "us": "unstructured",
    "toep": "Toeplitz, one variance",
    "toeph": "Toeplitz, a variance for each visit",
    "ar1": "first-order autoregressive, one variance",
    "ar1h": "first-order autoregressive, a variance for each visit",
    "ad": "first-order ante-dependence, one variance",
    "adh": "first-order ante-dependence, a variance for each visit (SAS's ANTE(1))",
    "cs": "compound symmetry, one variance",
    "csh": "compound symmetry, a variance for each visit",
    "sp_exp": "spatial exponential: correlation rho to the power of the time between visits",
}
_MAX_RHO_START = 0.95


@dataclass(frozen=True)
class Covariance:
    """A covariance matrix and its derivatives at one theta.

    Attributes
    ----------
    sigma : array, shape (m, m), or (S, m, m) when each visit pattern has its own times
        The matrix.
    first : array, shape (k, m, m) or (S, k, m, m)
        Derivatives in each of the k parameters.
    second : array, shape (k, k, m, m) or (S, k, k, m, m)
        Second derivatives.
    """

    sigma: Array
    first: Array
    second: Array


@dataclass(frozen=True)
class Structure:
    """One covariance structure for a number of visits.

    Attributes
    ----------
    name : str
        A key of ``STRUCTURES``.
    n_visits : int
        Size m of the matrix.
    log_cholesky : bool
        For the unstructured matrix, take the lower triangle of L itself (with the logarithms of
        its diagonal) as parameters, which stay finite where a visit is nearly a sum of the ones
        before it: the parameters in which the likelihood is maximised.
    """

    name: str
    n_visits: int
    log_cholesky: bool = False

    def __post_init__(self) -> None:
        if self.name not in STRUCTURES:
            raise OptionError(
                f"unknown covariance structure {self.name!r}; choose one of {', '.join(STRUCTURES)}"
            )

    @property
    def spatial(self) -> bool:
        """Whether the matrix is made from visit times."""
        return self.name == "sp_exp"

    @property
    def n_sigma(self) -> int:
        """Number of standard deviations."""
        if self.name == "us":
            return self.n_visits
        return self.n_visits if self.name.endswith("h") else 1

    @property
    def n_parameters(self) -> int:
        """Number k of covariance parameters."""
        m = self.n_visits
        if self.name == "us":
            return m * (m + 1) // 2
        return self.n_sigma + self._n_correlations

    @property
    def _n_correlations(self) -> int:
        m = self.n_visits
        if m == 1 and not self.spatial:
            return 0
        return m - 1 if self.name.rstrip("h") in ("toep", "ad") else 1

    def sigma(self, theta: Array, times: Array | None = None) -> Array:
        """Return the covariance matrix alone.

        Parameters
        ----------
        theta : array, shape (k,)
            Parameters.
        times : array, shape (S, m), optional
            Visit times of each pattern, for the spatial structure.

        Returns
        -------
        array, shape (m, m) or (S, m, m)
        """
        if self.name == "us":
            factor = self._factor(theta)
            return factor @ factor.T
        if self.spatial:
            return _spatial_sigma(theta, _times(times))
        scale = np.exp(theta[: self.n_sigma]) * np.ones(self.n_visits)
        return np.outer(scale, scale) * self._correlation(theta[self.n_sigma :])[0]

    def derivatives(self, theta: Array, times: Array | None = None) -> Covariance:
        """Return the matrix with its first and second derivatives.

        Parameters
        ----------
        theta : array, shape (k,)
            Parameters.
        times : array, shape (S, m), optional
            Visit times of each pattern, for the spatial structure.
        """
        if self.name == "us":
            return self._unstructured(theta)
        if self.spatial:
            return _spatial(theta, _times(times))
        return self._scaled(theta)

    def natural_curvature(self, theta: Array) -> Array | None:
        """Return phi'' / phi' of each parameter, phi being the parameter as SAS has it.

        SAS differentiates in variances and correlations. In the structures whose matrix is
        linear in SAS's parameters (us, cs, toep) all second derivatives vanish: ``None``.
        """
        if self.name in ("us", "cs", "toep"):
            return None
        n = self.n_sigma
        _, slope, bend = self._link(theta[n:])
        return np.concatenate([np.full(n, 2.0), bend / slope])

    def start(self, moments: Array, gap: float = 1.0) -> Array:
        """Return starting parameters from a positive definite moment estimate.

        Parameters
        ----------
        moments : array, shape (m, m)
            Covariance of least-squares residuals.
        gap : float
            Typical time between neighbouring visits, for the spatial structure.
        """
        sd = np.sqrt(np.diag(moments))
        pooled = np.log(np.sqrt(np.mean(sd**2)))
        if self.name == "us":
            factor = np.linalg.cholesky(moments)
            diagonal = np.diag(factor)
            lower = np.tril_indices(self.n_visits, -1)
            unit = factor if self.log_cholesky else factor / diagonal[:, None]
            return np.concatenate([np.log(diagonal), unit[lower]])
        if self.spatial:
            rho = 0.5 ** (1.0 / gap)
            return np.array([pooled, np.log(rho) - np.log1p(-rho)])
        sigma = np.log(sd) if self.n_sigma > 1 else np.array([pooled])
        rho_start = self._start_correlations(moments / np.outer(sd, sd))
        return np.concatenate([sigma, self._unlink(rho_start)])

    def _start_correlations(self, correlation: Array) -> Array:
        m, kind = self.n_visits, self.name.rstrip("h")
        if m == 1:
            return np.zeros(0)
        lags = np.array([np.mean(np.diag(correlation, lag)) for lag in range(1, m)])
        if kind == "ad":
            rho = np.diag(correlation, 1)
        elif kind == "toep":
            rho = lags
        elif kind == "ar1":
            rho = lags[:1]
        else:
            rho = np.array([np.mean(correlation[np.triu_indices(m, 1)])])
            return np.clip(rho, -0.9 / (m - 1), _MAX_RHO_START)
        rho = np.clip(rho, -_MAX_RHO_START, _MAX_RHO_START)
        while np.linalg.eigvalsh(self._correlation(self._unlink(rho))[0])[0] < 1e-3:
            rho = 0.9 * rho
        return rho

    def _unlink(self, rho: Array) -> Array:
        if self.name.rstrip("h") == "cs":
            floor = 1.0 / (self.n_visits - 1) if self.n_visits > 1 else 1.0
            share = (rho + floor) / (1.0 + floor)
            return np.log(share) - np.log1p(-share)
        return rho / np.sqrt(1.0 - rho**2)

    def _link(self, theta: Array) -> tuple[Array, Array, Array]:
        """Correlation with its first two derivatives in theta, elementwise."""
        kind = self.name.rstrip("h")
        if kind in ("cs", "sp_exp"):
            floor = 1.0 / (self.n_visits - 1) if kind == "cs" and self.n_visits > 1 else 0.0
            share = 1.0 / (1.0 + np.exp(-theta))
            slope = share * (1.0 - share)
            return (
                share * (1.0 + floor) - floor,
                slope * (1.0 + floor),
                slope * (1.0 - 2.0 * share) * (1.0 + floor),
            )
        root = np.sqrt(1.0 + theta**2)
        return theta / root, root**-3.0, -3.0 * theta * root**-5.0

    def _correlation(self, theta: Array) -> tuple[Array, Array, Array]:
        """Correlation matrix with its derivatives in theta: (m, m), (c, m, m), (c, c, m, m)."""
        m, c = self.n_visits, self._n_correlations
        rho, slope, bend = self._link(theta)
        first, second = np.zeros((c, m, m)), np.zeros((c, c, m, m))
        lag = np.abs(np.subtract.outer(np.arange(m), np.arange(m)))
        kind = self.name.rstrip("h")
        value = np.eye(m)
        if c == 0:
            return value, first, second
        if kind == "cs":
            value, first[0] = np.where(lag > 0, rho[0], 1.0), lag > 0
        elif kind == "ar1":
            value = rho[0] ** lag
            first[0] = lag * rho[0] ** np.maximum(lag - 1, 0)
            second[0, 0] = lag * (lag - 1) * rho[0] ** np.maximum(lag - 2, 0)
        elif kind == "toep":
            value = np.concatenate([[1.0], rho])[lag]
            first = (lag == np.arange(1, m)[:, None, None]).astype(float)
        else:
            value, first, second = _antedependence(rho)
        second = second * np.multiply.outer(slope, slope)[:, :, None, None]
        second[np.arange(c), np.arange(c)] += first * bend[:, None, None]
        return value, first * slope[:, None, None], second

    def _scaled(self, theta: Array) -> Covariance:
        m, n = self.n_visits, self.n_sigma
        value, first, second = self._correlation(theta[n:])
        scale = np.exp(theta[:n]) * np.ones(m)
        scales = np.outer(scale, scale)
        sigma = scales * value
        own = np.eye(m) if n == m and n > 1 else np.ones((1, m))
        weight = own[:, :, None] + own[:, None, :]
        d_rho = scales * first
        k = self.n_parameters
        d2 = np.empty((k, k, m, m))
        d2[:n, :n] = weight[:, None] * weight[None, :] * sigma
        d2[:n, n:] = weight[:, None] * d_rho[None, :]
        d2[n:, :n] = np.swapaxes(d2[:n, n:], 0, 1)
        d2[n:, n:] = scales * second
        return Covariance(sigma, np.concatenate([weight * sigma, d_rho]), d2)

    def _factor(self, theta: Array) -> Array:
        m = self.n_visits
        lower = np.zeros((m, m))
        lower[np.tril_indices(m, -1)] = theta[m:]
        scale = np.exp(theta[:m])
        if not self.log_cholesky:
            lower *= scale[:, None]
        return lower + np.diag(scale)

    def _log_cholesky(self, theta: Array) -> Covariance:
        m, k = self.n_visits, self.n_parameters
        factor = self._factor(theta)
        lower = np.tril_indices(m, -1)
        rows = np.concatenate([np.arange(m), lower[0]])
        columns = np.concatenate([np.arange(m), lower[1]])
        speed = np.concatenate([np.exp(theta[:m]), np.ones(k - m)])
        # dL = speed e_r e_c', so d(L L') = speed e_r (column c of L)' and its transpose
        first = np.zeros((k, m, m))
        first[np.arange(k), rows] = speed[:, None] * factor[:, columns].T
        first += np.swapaxes(first, 1, 2)
        second = np.zeros((k, k, m, m))
        one, two = np.nonzero(columns[:, None] == columns[None, :])
        product = speed[one] * speed[two]
        np.add.at(second, (one, two, rows[one], rows[two]), product)
        np.add.at(second, (one, two, rows[two], rows[one]), product)
        second[np.arange(m), np.arange(m)] += first[:m]
        return Covariance(factor @ factor.T, first, second)

    def _unstructured(self, theta: Array) -> Covariance:
        if self.log_cholesky:
            return self._log_cholesky(theta)
        m, k = self.n_visits, self.n_parameters
        factor = self._factor(theta)
        sigma = factor @ factor.T
        scale = np.exp(theta[:m])
        rows, columns = np.tril_indices(m, -1)
        weight = np.eye(m)[:, :, None] + np.eye(m)[:, None, :]
        d_lower = np.zeros((k - m, m, m))
        # d(L L')/dl_rc = s_r e_r (column c of L)' and its transpose
        d_lower[np.arange(k - m), rows] = scale[rows, None] * factor[:, columns].T
        d_lower += np.swapaxes(d_lower, 1, 2)
        second = np.zeros((k, k, m, m))
        second[:m, :m] = weight[:, None] * weight[None, :] * sigma
        second[:m, m:] = weight[:, None] * d_lower[None, :]
        second[m:, :m] = np.swapaxes(second[:m, m:], 0, 1)
        one, two = np.nonzero(columns[:, None] == columns[None, :])
        product = scale[rows[one]] * scale[rows[two]]
        np.add.at(second, (m + one, m + two, rows[one], rows[two]), product)
        np.add.at(second, (m + one, m + two, rows[two], rows[one]), product)
        return Covariance(sigma, np.concatenate([weight * sigma, d_lower]), second)


def _antedependence(rho: Array) -> tuple[Array, Array, Array]:
    c = rho.size
    m = c + 1
    value, first, second = np.eye(m), np.zeros((c, m, m)), np.zeros((c, c, m, m))
    for i in range(m):
        for j in range(i + 1, m):
            span = rho[i:j]
            value[i, j] = value[j, i] = np.prod(span)
            for a in range(i, j):
                first[a, i, j] = first[a, j, i] = np.prod(np.delete(span, a - i))
                for b in range(i, j):
                    if a != b:
                        rest = np.prod(np.delete(span, [a - i, b - i]))
                        second[a, b, i, j] = second[a, b, j, i] = rest
    return value, first, second


def _times(times: Array | None) -> Array:
    if times is None:
        raise OptionError("the spatial structure needs visit times")
    return times


def _spatial_sigma(theta: Array, times: Array) -> Array:
    distance = np.abs(times[:, :, None] - times[:, None, :])
    log_rho = -np.logaddexp(0.0, -theta[1])
    return np.exp(2.0 * theta[0] + distance * log_rho)


def _spatial(theta: Array, times: Array) -> Covariance:
    distance = np.abs(times[:, :, None] - times[:, None, :])
    rho = 1.0 / (1.0 + np.exp(-theta[1]))
    sigma = _spatial_sigma(theta, times)
    # d log(rho) / d theta = 1 - rho, so d sigma = d (1 - rho) sigma
    slope = distance * (1.0 - rho)
    first = np.stack([2.0 * sigma, slope * sigma], axis=1)
    mixed = 2.0 * slope * sigma
    bend = (slope**2 - distance * rho * (1.0 - rho)) * sigma
    second = np.stack(
        [np.stack([4.0 * sigma, mixed], axis=1), np.stack([mixed, bend], axis=1)], axis=1
    )
    return Covariance(sigma, first, second)
