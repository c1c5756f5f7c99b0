"""Sandwich covariances of the coefficients, and their degrees of freedom.

The empirical estimator of Liang and Zeger sums squared subject scores; the other two first
inflate each subject's residuals for the part that the fit has absorbed, by (I - H)^-1 (jackknife,
Mancl and DeRouen 2001, CR3) or by its symmetric square root (bias-reduced, CR2). Degrees of
freedom follow Bell and McCaffrey (Survey Methodology 28, 2002, 169-181) with an identity working
model for the whitened residuals, as in R's mmrm.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alsutils.stats.mmrm.crossproducts import CrossProducts
from alsutils.stats.mmrm.optimise import Optimum

Array = NDArray[np.float64]
_CHUNK = 1000


@dataclass(frozen=True)
class Sandwich:
    """A sandwich estimator of one fit, in the rotated coordinates.

    Attributes
    ----------
    products : CrossProducts
        The data.
    optimum : Optimum
        The fit.
    kind : {"empirical", "empirical-jackknife", "empirical-bias-reduced"}
        Which estimator.
    """

    products: CrossProducts
    optimum: Optimum
    kind: str

    def covariance(self) -> Array:
        """Return the covariance of the rotated coefficients, shape (p, p)."""
        meat = np.zeros_like(self.optimum.value.phi)
        for design, residual, inflate in self._blocks():
            whitened = (inflate @ residual[:, :, None])[:, :, 0]
            scores = np.einsum("ijp,ij->ip", design, whitened)
            meat += scores.T @ scores
        phi = self.optimum.value.phi
        return phi @ meat @ phi

    def degrees_of_freedom(self, contrasts: Array) -> Array:
        """Return the degrees of freedom of single contrasts.

        Parameters
        ----------
        contrasts : array, shape (r, p)
            Rows in the rotated coordinates.

        Returns
        -------
        array, shape (r,)
        """
        phi = self.optimum.value.phi
        r, p = contrasts.shape
        trace, squares, own_own = np.zeros(r), np.zeros(r), np.zeros(r)
        outer = np.zeros((r, p, p))
        for design, _, inflate in self._blocks():
            residual_part = inflate @ design @ (phi @ contrasts.T)
            pulled = np.einsum("ijp,ijr->irp", design, residual_part)
            size = np.einsum("ijr,ijr->ir", residual_part, residual_part)
            absorbed = np.einsum("irp,pq,irq->ir", pulled, phi, pulled)
            trace += (size - absorbed).sum(axis=0)
            squares += ((size - absorbed) ** 2).sum(axis=0)
            own_own += (absorbed**2).sum(axis=0)
            outer += np.einsum("irp,irq->rpq", pulled, pulled)
        # off-diagonal entries of G are -u_i' Phi u_j
        joined = np.einsum("rpq,qs->rps", outer, phi)
        off = np.einsum("rps,rsp->r", joined, joined) - own_own
        return trace**2 / (squares + off)

    def _blocks(self) -> Iterator[tuple[Array, Array, Array]]:
        """Whitened design (b, m, p), residuals (b, m) and inflation (b, m, m) of subjects."""
        products, value = self.products, self.optimum.value
        m = products.loadings.shape[0]
        error = np.append(-value.beta, 1.0)
        for patterns, inverses in zip(products.groups, value.inverses, strict=True):
            for s, members in enumerate(patterns.members):
                seen = np.flatnonzero(patterns.mask[s])
                root = np.linalg.cholesky(inverses[s][np.ix_(seen, seen)]).T
                whiten = np.zeros((m, m))
                whiten[np.ix_(seen, seen)] = root
                for at in range(0, members.size, _CHUNK):
                    cells = products.cells[members[at : at + _CHUNK]]
                    rows = np.einsum("ijq,jqp->ijp", cells, products.loadings)
                    white = whiten @ rows
                    yield white[:, :, :-1], white @ error, self._inflation(white[:, :, :-1])

    def _inflation(self, design: Array) -> Array:
        m = design.shape[1]
        if self.kind == "empirical":
            return np.broadcast_to(np.eye(m), (design.shape[0], m, m))
        hat = design @ self.optimum.value.phi @ np.swapaxes(design, 1, 2)
        left = np.eye(m) - 0.5 * (hat + np.swapaxes(hat, 1, 2))
        values, vectors = np.linalg.eigh(left)
        power = -1.0 if self.kind == "empirical-jackknife" else -0.5
        # a subject that alone carries a coefficient has an eigenvalue of zero: pseudo-inverse
        safe = np.where(values > 1e-10, values, np.inf)
        return (vectors * safe[:, None, :] ** power) @ np.swapaxes(vectors, 1, 2)
