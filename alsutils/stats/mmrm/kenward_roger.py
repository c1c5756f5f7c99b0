"""The small-sample covariance of the coefficients after Kenward and Roger.

The asymptotic covariance Phi = (X'V^-1 X)^-1 takes V as known. Kenward and Roger (Biometrics
53, 1997, 983-997) add what estimating it costs,

    Phi_A = Phi + 2 Phi [sum_ij W_ij (Q_ij - P_i Phi P_j - R_ij / 4)] Phi,

with P_i = -X'V^-1 V_i V^-1 X, Q_ij = X'V^-1 V_i V^-1 V_j V^-1 X, R_ij = X'V^-1 V_ij V^-1 X and W
the inverse of the observed information on the covariance parameters. Only R depends on how the
covariance is parameterised: ``kenward-roger`` has it in the parameters of R's mmrm,
``kenward-roger-sas`` in variances and correlations as SAS has them, and
``kenward-roger-linear`` leaves it out (SAS's ``DDFM=KR(FIRSTORDER)``). For an unstructured
matrix SAS's parameters enter linearly, so there the last two agree.
"""

import numpy as np
from numpy.typing import NDArray

from alsutils.stats.mmrm.crossproducts import CrossProducts
from alsutils.stats.mmrm.likelihood import _contract, split
from alsutils.stats.mmrm.optimise import Optimum
from alsutils.stats.mmrm.structures import Covariance, Structure

Array = NDArray[np.float64]


def adjusted_covariance(
    optimum: Optimum, products: CrossProducts, structure: Structure, kind: str
) -> Array:
    """Return Kenward and Roger's covariance in the rotated coordinates, shape (p, p).

    Parameters
    ----------
    optimum : Optimum
        The fit.
    products : CrossProducts
        The data.
    structure : Structure
        The covariance structure.
    kind : {"kenward-roger", "kenward-roger-linear", "kenward-roger-sas"}
        Which second-order term.
    """
    phi, weight = optimum.value.phi, optimum.theta_covariance
    slopes = optimum.derivatives.slopes
    p = products.n_columns
    tilted = np.tensordot(weight, slopes, axes=1)
    inner = -np.einsum("iab,ibc->ac", slopes @ phi, tilted)
    n_groups = len(products.groups)
    for index, (theta, patterns) in enumerate(
        zip(split(optimum.theta, n_groups), products.groups, strict=True)
    ):
        k = theta.size
        own = weight[index * k : (index + 1) * k, index * k : (index + 1) * k]
        covariance = structure.derivatives(theta, patterns.times)
        middle = _second_moments(optimum.value.inverses[index], covariance, own, structure)
        bend = _bend(theta, covariance, own, structure, kind)
        if bend is not None:
            inverse = optimum.value.inverses[index]
            middle = middle - 0.25 * inverse @ bend @ inverse
        inner += _contract(middle[None], patterns, products.loadings)[0, :p, :p]
    adjusted = phi + 2.0 * phi @ inner @ phi
    return 0.5 * (adjusted + adjusted.T)


def _second_moments(
    inverse: Array, covariance: Covariance, weight: Array, structure: Structure
) -> Array:
    """Sum over i and j of W_ij G V_i G V_j G for each pattern: (S, m, m)."""
    first = covariance.first
    if structure.spatial:
        moved = inverse[:, None] @ first
        tilted = np.einsum("ij,sjab->siab", weight, moved)
        return np.einsum("siab,sibc->sac", moved, tilted) @ inverse
    n, m, _ = inverse.shape
    flat = first.reshape(first.shape[0], m * m)
    # kernel[a, c, d, b] = sum_ij W_ij V_i[a, c] V_j[d, b], to be met by G[c, d]
    kernel = (flat.T @ weight @ flat).reshape(m, m, m, m)
    arranged = kernel.transpose(1, 2, 0, 3).reshape(m * m, m * m)
    middle = (inverse.reshape(n, m * m) @ arranged).reshape(n, m, m)
    return inverse @ middle @ inverse


def _bend(
    theta: Array, covariance: Covariance, weight: Array, structure: Structure, kind: str
) -> Array | None:
    """Sum of W_ij times the second derivative of the covariance, (m, m) or (S, m, m)."""
    if kind == "kenward-roger-linear":
        return None
    if kind == "kenward-roger":
        return np.einsum("ij,...ijab->...ab", weight, covariance.second)
    curvature = structure.natural_curvature(theta)
    if curvature is None:
        return None
    # in phi = phi(theta): sum W V_phi,phi = sum W_ij V_ij - sum_i W_ii V_i phi''_i / phi'_i
    whole = np.einsum("ij,...ijab->...ab", weight, covariance.second)
    return whole - np.einsum("i,...iab->...ab", np.diag(weight) * curvature, covariance.first)
