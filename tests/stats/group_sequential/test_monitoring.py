"""Comparisons among the first patients against the t-test and the analysis of covariance."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alsutils.stats.ancova import ancova
from alsutils.stats.group_sequential import estimates_at_looks, model_matrix
from alsutils.stats.two_sample import Sample, mean_difference

ROUNDING = 1e-9


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    n = 60
    frame = pd.DataFrame(
        {
            "ARM": pd.Categorical(rng.choice(list("CTH"), n), categories=list("CTH")),
            "BASE": rng.normal(40, 5, n),
            "SITE": rng.choice(["a", "b", "c", "d"], n),
        }
    )
    effect = frame["ARM"].astype(str).map({"C": 0.0, "T": 2.0, "H": 3.0})
    return frame.assign(CHG=effect + 0.3 * frame["BASE"] + rng.normal(0, 3, n))


SIZES = (20, 40, 60)


def compared(data, orders, covariates=(), arm=1):
    matrix = model_matrix(data, "ARM", covariates)
    return estimates_at_looks(data["CHG"].to_numpy(), matrix, arm, 3, orders, SIZES)


def test_with_covariates_it_is_the_analysis_of_covariance_of_those_patients(data) -> None:
    orders = np.array([np.random.default_rng(k).permutation(60) for k in range(4)])
    found = compared(data, orders, ["BASE", "SITE"], arm=2)
    for row, order in enumerate(orders):
        for look, size in enumerate(SIZES):
            fitted = ancova(data.iloc[order[:size]], "CHG", "ARM", ["BASE", "SITE"])
            expected = fitted.frame.set_index("arm").loc["H"]
            assert found.n_treated[row, look] == expected["n_treated"]
            assert found.n_control[row, look] == expected["n_control"]
            for name in ("estimate", "std_error", "df", "statistic"):
                value = getattr(found, name)[row, look]
                assert value == pytest.approx(expected[name], rel=ROUNDING)
            p = 2 * stats.norm.sf(abs(found.z[row, look]))
            assert p == pytest.approx(expected["p_value"], rel=1e-6)


def test_quantities_are_standardised_and_a_constant_says_nothing(data) -> None:
    matrix = model_matrix(data.assign(SAME=7), "ARM", ["BASE", "SAME"])
    assert matrix[:, 3].std() == pytest.approx(1)
    assert matrix[:, 3:].mean(axis=0) == pytest.approx([0, 0], abs=1e-12)
    assert (matrix[:, 4] == 0).all()


def test_rows_of_zeros_leave_students_t_test_of_two_arms(data) -> None:
    inside = data["ARM"].isin(["C", "T"]).to_numpy()
    matrix = model_matrix(data, "ARM", [])[:, :2] * inside[:, None]
    orders = np.arange(60)[None, :]
    found = estimates_at_looks(data["CHG"].to_numpy(), matrix, 1, 2, orders, SIZES)
    for look, size in enumerate(SIZES):
        first = data.iloc[:size]
        groups = [Sample.of(first.loc[first["ARM"] == arm, "CHG"]) for arm in "TC"]
        expected = mean_difference(*groups)
        assert found.estimate[0, look] == pytest.approx(expected.estimate)
        assert found.std_error[0, look] == pytest.approx(expected.std_error)
        assert found.df[0, look] == expected.df
        assert (found.n_treated[0, look], found.n_control[0, look]) == (groups[0].n, groups[1].n)


def test_the_end_is_the_same_in_every_order(data) -> None:
    orders = np.array([np.random.default_rng(k).permutation(60) for k in range(20)])
    found = compared(data, orders, ["BASE"])
    assert np.ptp(found.z[:, -1]) < 1e-9
    assert np.ptp(found.z[:, 0]) > 0.1


def test_adding_a_number_to_all_and_another_unit_change_no_z(data) -> None:
    orders = np.arange(60)[None, :]
    other = data.assign(CHG=1000 * data["CHG"] + 7, BASE=data["BASE"] / 100 - 3)
    one, two = (compared(d, orders, ["BASE", "SITE"]) for d in (data, other))
    np.testing.assert_allclose(one.z, two.z, rtol=1e-6)
    np.testing.assert_allclose(1000 * one.estimate, two.estimate, rtol=1e-6)


def test_before_an_arm_has_come_nothing_is_known(data) -> None:
    order = np.argsort((data["ARM"] == "T").to_numpy(), kind="stable")[None, :]
    found = compared(data, order)
    assert found.n_treated[0, 0] == 0
    assert np.isnan(found.z[0, 0])
    assert np.isfinite(found.z[0, -1])


def test_no_spread_gives_no_statistic(data) -> None:
    flat = data.assign(CHG=1.0)
    found = compared(flat, np.arange(60)[None, :])
    assert np.abs(found.estimate).max() < 1e-9
    assert (found.std_error == 0).all()
    assert np.isnan(found.z).all()
