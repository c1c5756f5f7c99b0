"""Derivatives by finite differences, parameterisations, and the likelihood's derivatives."""

import numpy as np
import pandas as pd
import pytest

from alsutils.stats.mmrm import STRUCTURES, OptionError, fit_mmrm
from alsutils.stats.mmrm.crossproducts import accumulate
from alsutils.stats.mmrm.data import Columns, prepare
from alsutils.stats.mmrm.kenward_roger import adjusted_covariance
from alsutils.stats.mmrm.likelihood import differentiate, evaluate
from alsutils.stats.mmrm.structures import Structure

# Central differences with this step lose half of the digits.
STEP = 1e-5
RELATIVE = 1e-6
TIMES = np.array([[0.0, 1.0, 2.5, 4.0], [0.0, 0.5, 3.0, 7.0]])
FORMULA = "CHG ~ BASE*AVISIT + TRT01P*AVISIT"


def random_theta(structure: Structure, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.3, 0.25, structure.n_parameters)


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("m", [2, 4])
@pytest.mark.parametrize("log_cholesky", [True, False])
def test_derivatives_of_the_matrix(name: str, m: int, log_cholesky: bool) -> None:
    structure = Structure(name, m, log_cholesky)
    theta = random_theta(structure, m)
    times = TIMES[:, :m] if structure.spatial else None
    exact = structure.derivatives(theta, times)
    np.testing.assert_allclose(exact.sigma, structure.sigma(theta, times), rtol=1e-14)
    axis = 1 if structure.spatial else 0
    for i in range(theta.size):
        move = STEP * (np.arange(theta.size) == i)
        up, down = (
            structure.derivatives(theta + move, times),
            structure.derivatives(theta - move, times),
        )
        first = (up.sigma - down.sigma) / (2 * STEP)
        second = (up.first - down.first) / (2 * STEP)
        scale = np.abs(exact.sigma).max()
        np.testing.assert_allclose(np.take(exact.first, i, axis=axis), first, atol=RELATIVE * scale)
        np.testing.assert_allclose(
            np.take(exact.second, i, axis=axis), second, atol=RELATIVE * scale
        )


@pytest.mark.parametrize("name", [n for n in STRUCTURES if n != "sp_exp"])
def test_start_recovers_a_matrix_of_the_structure(name: str) -> None:
    structure = Structure(name, 4)
    theta = random_theta(structure, 7)
    sigma = structure.sigma(theta)
    np.testing.assert_allclose(structure.start(sigma), theta, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("us", 10),
        ("toep", 4),
        ("toeph", 7),
        ("ar1", 2),
        ("ar1h", 5),
        ("ad", 4),
        ("adh", 7),
        ("cs", 2),
        ("csh", 5),
        ("sp_exp", 2),
    ],
)
def test_number_of_parameters(name: str, count: int) -> None:
    assert Structure(name, 4).n_parameters == count


def test_unknown_structure_is_refused() -> None:
    with pytest.raises(OptionError, match=r"unknown covariance structure 'un'.*us, toep"):
        Structure("un", 3)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("group", [None, "TRT01P"])
def test_derivatives_of_the_likelihood(
    name: str, reml: bool, group: str | None, check_data: pd.DataFrame
) -> None:
    visit = "AVISITN" if name == "sp_exp" else "AVISIT"
    columns = Columns("USUBJID", visit, group, "WEIGHT")
    data = prepare(FORMULA, check_data, columns, None, name == "sp_exp")
    products = accumulate(data, visit, name == "sp_exp")
    structure = Structure(name, 4)
    size = len(products.groups) * structure.n_parameters
    theta = np.random.default_rng(3).normal(0.2, 0.2, size)
    value = evaluate(theta, products, structure, reml)
    assert value is not None
    exact = differentiate(theta, value, products, structure, reml)
    for i in range(size):
        move = STEP * (np.arange(size) == i)
        ends = [evaluate(theta + s * move, products, structure, reml) for s in (1, -1)]
        slopes = [
            differentiate(theta + s * move, end, products, structure, reml).gradient
            for s, end in zip((1, -1), ends, strict=True)
        ]
        slope = (ends[0].log_likelihood - ends[1].log_likelihood) / (2 * STEP)
        scale = np.abs(exact.gradient).max()
        assert exact.gradient[i] == pytest.approx(slope, abs=RELATIVE * scale)
        np.testing.assert_allclose(
            exact.hessian[i],
            (slopes[0] - slopes[1]) / (2 * STEP),
            atol=RELATIVE * np.abs(exact.hessian).max(),
        )
        information = np.stack([end.information for end in ends])
        np.testing.assert_allclose(
            exact.slopes[i],
            -(information[0] - information[1]) / (2 * STEP),
            atol=RELATIVE * np.abs(exact.slopes).max(),
        )


def sas_parameters(name: str, theta: np.ndarray, m: int) -> np.ndarray:
    """Variances and correlations from R's parameters."""
    structure = Structure(name, m)
    sigma = structure.sigma(theta)
    variances = np.diag(sigma)
    correlation = sigma / np.sqrt(np.outer(variances, variances))
    lag_one = np.diag(correlation, 1)
    kind = name.rstrip("h")
    if kind == "toep":
        rho = correlation[0, 1:]
    elif kind == "ad":
        rho = lag_one
    else:
        rho = lag_one[:1]
    return np.concatenate([variances if name.endswith("h") else variances[:1], rho])


@pytest.mark.parametrize("name", ["csh", "ar1h", "toeph", "adh", "ar1", "ad"])
def test_second_order_term_in_the_parameters_of_sas(name: str, check_data: pd.DataFrame) -> None:
    """The R term by brute force: differentiate the matrix twice in variances and correlations."""
    fit = fit_mmrm(FORMULA, check_data, "USUBJID", "AVISIT", covariance=name)
    optimum, products = fit._inference.optimum, fit._inference.products
    structure, theta = fit._structure, fit._inference.optimum.theta
    k, m = theta.size, 4

    def sigma_of(phi: np.ndarray) -> np.ndarray:
        n = structure.n_sigma
        link = phi[n:] / np.sqrt(1 - phi[n:] ** 2)
        if name == "csh":
            share = (phi[n:] + 1 / 3) / (4 / 3)
            link = np.log(share / (1 - share))
        return structure.sigma(np.concatenate([0.5 * np.log(phi[:n]), link]))

    phi = sas_parameters(name, theta, m)
    jacobian = np.empty((k, k))
    for i in range(k):
        move = STEP * (np.arange(k) == i)
        jacobian[:, i] = (
            sas_parameters(name, theta + move, m) - sas_parameters(name, theta - move, m)
        ) / (2 * STEP)
    weight = jacobian @ optimum.theta_covariance @ jacobian.T
    bend, h = np.zeros((m, m)), 1e-4
    eye = h * np.eye(k)
    for i in range(k):
        for j in range(k):
            bend += (
                weight[i, j]
                * (
                    sigma_of(phi + eye[i] + eye[j])
                    - sigma_of(phi + eye[i] - eye[j])
                    - sigma_of(phi - eye[i] + eye[j])
                    + sigma_of(phi - eye[i] - eye[j])
                )
                / (4 * h * h)
            )
    linear = adjusted_covariance(optimum, products, structure, "kenward-roger-linear")
    sas = adjusted_covariance(optimum, products, structure, "kenward-roger-sas")
    patterns, inverse = products.groups[0], optimum.value.inverses[0]
    inner = np.zeros_like(linear)
    for s in range(len(patterns.counts)):
        middle = inverse[s] @ bend @ inverse[s]
        for subject in patterns.members[s]:
            X = np.einsum("jq,jqp->jp", products.cells[subject], products.loadings)[:, :-1]
            inner += X.T @ middle @ X
    phi_hat = optimum.value.phi
    np.testing.assert_allclose(
        sas - linear, -0.5 * phi_hat @ inner @ phi_hat, atol=1e-6 * np.abs(sas - linear).max()
    )


@pytest.mark.parametrize("name", ["us", "cs", "toep"])
def test_no_second_order_term_where_sas_is_linear(name: str, check_data: pd.DataFrame) -> None:
    tables = [
        fit_mmrm(FORMULA, check_data, "USUBJID", "AVISIT", covariance=name, vcov=vcov).coefficients
        for vcov in ("kenward-roger-sas", "kenward-roger-linear")
    ]
    pd.testing.assert_frame_equal(*tables)
