import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.correlation import (
    bootstrap_correlation,
    correlation,
    partial_correlation,
    permuted_correlation,
    permuted_difference,
)

REFERENCE = Path(__file__).parents[2] / "reference" / "mechanism"
EXACT = 1e-9


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads((REFERENCE / "correlations.json").read_text())


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "censored.csv")


@pytest.fixture(scope="module")
def xyz(data: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    exact = data["exact"].to_numpy()
    return data["base"].to_numpy()[:25], exact[:25], exact[25:50]


def test_kendall_agrees_with_cor_test(expected: dict, xyz) -> None:
    x, y, _ = xyz
    figures = expected["kendall"]
    found = correlation(x, y, "kendall")
    assert found.estimate == pytest.approx(figures["estimate"], rel=EXACT)
    assert found.p_value == pytest.approx(figures["p"], rel=1e-8)
    assert found.std_error == pytest.approx(np.sqrt(0.437 / 21))
    tied = correlation(x.round(1), y.round(1), "kendall")
    assert tied.estimate == pytest.approx(figures["estimate_tied"], rel=EXACT)
    assert tied.statistic == pytest.approx(figures["statistic_tied"], rel=EXACT)
    assert tied.p_value == pytest.approx(figures["p_tied"], rel=1e-8)
    assert tied.df == np.inf


def test_partial_correlations_agree_with_residuals_in_r(
    expected: dict, data: pd.DataFrame, xyz
) -> None:
    x, y, z = xyz
    arm = data["arm"].to_numpy()[15:40]
    cases = {"one": (z, "pearson"), "two": (np.column_stack([z, arm]), "pearson")}
    for name, (given_, kind) in (cases | {"ranks": (z, "spearman")}).items():
        found, figures = partial_correlation(x, y, given_, kind), expected["partial"][name]
        assert found.estimate == pytest.approx(figures["estimate"], rel=EXACT)
        assert found.statistic == pytest.approx(figures["statistic"], rel=1e-8)
        assert found.p_value == pytest.approx(figures["p"], rel=1e-8)
        if kind == "pearson":
            assert [found.conf_low, found.conf_high] == pytest.approx(figures["conf"], rel=1e-8)
    one = partial_correlation(x, y, z)
    assert one.statistic == pytest.approx(expected["partial"]["one"]["regression_t"], rel=1e-8)


def test_a_common_cause_is_taken_out() -> None:
    rng = np.random.default_rng(1)
    cause = rng.normal(size=4000)
    x, y = cause + rng.normal(size=4000), cause + rng.normal(size=4000)
    assert correlation(x, y).estimate > 0.45
    assert abs(partial_correlation(x, y, cause).estimate) < 4 / np.sqrt(4000)
    assert partial_correlation(x, y, np.ones(4000)).estimate == pytest.approx(
        correlation(x, y).estimate
    )


def test_every_order_agrees_with_r(expected: dict, xyz) -> None:
    x, y, _ = xyz
    rng = np.random.default_rng(1)
    for kind in ("pearson", "spearman", "kendall"):
        found = permuted_correlation(x[:6], y[:6], rng, kind)
        assert (found.exact, found.n_ways, found.p_error) == (True, 720, 0)
        assert found.p_value == pytest.approx(expected["exact"][kind], rel=EXACT)
    seven = permuted_correlation(x[:7], y[:7], rng, "spearman")
    assert seven.p_value == pytest.approx(expected["exact"]["spearman_cor_test"], rel=1e-6)


@pytest.mark.parametrize("kind", ["pearson", "spearman", "kendall"])
def test_drawn_orders_come_near_the_distribution(kind: str, xyz) -> None:
    x, y, _ = xyz
    mixed = 0.25 * x + y[::-1]
    found = permuted_correlation(x, mixed, np.random.default_rng(2), kind, 20_000)
    plain = correlation(x, mixed, kind)
    assert found.estimate == pytest.approx(plain.estimate)
    # A t distribution stands in for the orders of 25 pairs; the draws add 4 standard errors.
    assert found.p_value == pytest.approx(plain.p_value, abs=0.02 + 4 * found.p_error)
    again = permuted_correlation(x, mixed, np.random.default_rng(2), kind, 20_000)
    assert again == found


@pytest.mark.parametrize("name", ["pearson", "spearman", "kendall", "partial"])
def test_bca_agrees_with_boot_ci_on_the_same_samples(expected: dict, xyz, name: str) -> None:
    x, y, z = (v[:18] for v in xyz)
    figures, samples = expected["boot"][name], expected["boot_indices"]
    partial = name == "partial"
    found = bootstrap_correlation(
        x, y, kind="pearson" if partial else name, given=z if partial else None, resamples=samples
    )
    assert found.estimate == pytest.approx(figures["estimate"], rel=EXACT)
    assert found.std_error == pytest.approx(figures["std_error"], rel=1e-8)
    assert [found.conf_low, found.conf_high] == pytest.approx(figures["bca"], rel=1e-8)
    percentile = [found.percentile_low, found.percentile_high]
    assert percentile == pytest.approx(figures["percentile"], rel=1e-8)


def test_few_samples_and_a_perfect_correlation_have_limits_as_far_as_there_are_any() -> None:
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(2, 9))
    samples = rng.integers(9, size=(12, 9))
    every = np.sort([correlation(x[rows], y[rows]).estimate for rows in samples])
    found = bootstrap_correlation(x, y, resamples=samples)
    assert [found.percentile_low, found.percentile_high] == pytest.approx(every[[0, -1]])
    # None of the replicates lies below the estimate, and BCa's correction has no bounds.
    perfect = bootstrap_correlation(x, 2 * x, resamples=samples)
    assert (perfect.estimate, perfect.percentile_low) == (1, 1)
    assert np.isnan([perfect.conf_low, perfect.conf_high]).all()


def test_bootstrap_repeats_itself_and_turns_with_a_variable(xyz) -> None:
    x, y, z = xyz
    plain, again, turned = (
        bootstrap_correlation(x, sign * y, np.random.default_rng(3), "spearman", z, 600)
        for sign in (1, 1, -1)
    )
    assert plain == again
    assert turned.estimate == pytest.approx(-plain.estimate)
    assert turned.percentile_low == pytest.approx(-plain.percentile_high)
    assert turned.acceleration == pytest.approx(-plain.acceleration)


def test_bca_interval_covers_the_truth() -> None:
    rng, rho, trials = np.random.default_rng(4), 0.6, 300
    covered = 0
    for _ in range(trials):
        x, e = rng.normal(size=(2, 40))
        found = bootstrap_correlation(x, rho * x + np.sqrt(1 - rho**2) * e, rng, n_resamples=600)
        covered += found.conf_low <= rho <= found.conf_high
    # BCa is a little short with 40 pairs; three standard errors by the number of trials below.
    assert covered / trials > 0.93 - 3 * np.sqrt(0.07 * 0.93 / trials)
    assert covered / trials < 0.99


def test_samples_without_variation_are_left_out() -> None:
    found = bootstrap_correlation(
        [0.0, 0, 0, 0, 1], [1.0, 2, 3, 4, 5], np.random.default_rng(1), n_resamples=300
    )
    assert found.undefined > 50
    assert np.isfinite(found.std_error)


def test_difference_by_permutation_keeps_its_level_where_spreads_differ() -> None:
    rng, trials = np.random.default_rng(5), 300
    group = np.arange(50) < 18
    spread = np.where(group, 1.0, 4.0)
    found = []
    for _ in range(trials):
        x, e = rng.normal(size=(2, 50))
        y = (0.5 * x + e) * spread + 3 * group
        found.append(permuted_difference(x * spread, y, group, rng, n_draws=200).p_value <= 0.05)
    assert np.mean(found) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / trials))


def test_difference_by_permutation_finds_what_differs() -> None:
    rng = np.random.default_rng(6)
    x, e = rng.normal(size=(2, 80))
    group = np.arange(80) < 40
    y = np.where(group, x, -x) + 0.5 * e
    for kind in ("pearson", "spearman"):
        found = permuted_difference(x, y, group, rng, kind)
        first, second = (correlation(x[s], y[s], kind).estimate for s in (group, ~group))
        assert found.estimate == pytest.approx(first - second)
        assert found.p_value < 0.001
        turned = permuted_difference(x, y, ~group, rng, kind)
        assert turned.estimate == pytest.approx(-found.estimate)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9999), kind=st.sampled_from(["pearson", "spearman"]))
def test_partial_correlation_is_symmetric_and_without_units(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    x, y, z = rng.normal(size=(3, 14))
    plain = partial_correlation(x, y, z, kind)
    assert partial_correlation(y, x, z, kind).estimate == pytest.approx(plain.estimate)
    scaled = partial_correlation(2 * x + 1, -y, 5 - 3 * z, kind)
    assert scaled.estimate == pytest.approx(-plain.estimate)
    order = rng.permutation(14)
    assert partial_correlation(x[order], y[order], z[order], kind).p_value == pytest.approx(
        plain.p_value
    )


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_pairs_have_no_figures(n: int) -> None:
    rng = np.random.default_rng(1)
    x, y, g = np.arange(n, dtype=float), np.arange(n)[::-1].astype(float), np.arange(n) < 1
    assert np.isnan(correlation(x, y, "kendall").estimate)
    assert np.isnan(partial_correlation(x, y, x**2).estimate)
    assert np.isnan(bootstrap_correlation(x, y, rng).conf_low)
    assert np.isnan(permuted_difference(x, y, g, rng).p_value)
    three = permuted_correlation(x, y, rng)
    assert three.p_value == pytest.approx(1 / 3) if n == 3 else np.isnan(three.p_value)


def test_no_figures_where_nothing_varies() -> None:
    rng = np.random.default_rng(1)
    flat, x = np.ones(9), np.arange(9.0)
    assert np.isnan(permuted_correlation(flat, x, rng).p_value)
    assert np.isnan(bootstrap_correlation(x, flat, rng).estimate)
    assert np.isnan(partial_correlation(x, x**2, x).estimate)
    assert np.isnan(permuted_difference(x, flat, x < 4, rng).estimate)
    kendall = correlation(x, x, "kendall")
    assert (kendall.estimate, kendall.conf_low) == (1, 1)
    assert np.isnan(correlation(x[:4], x[:4][::-1] ** 2, "kendall").std_error)


def test_refuses_what_does_not_fit() -> None:
    x = np.arange(9.0)
    rng = np.random.default_rng(1)
    with pytest.raises(ValueError, match="not 'kendall'"):
        partial_correlation(x, x, x, "kendall")
    with pytest.raises(ValueError, match="not 'kendall'"):
        bootstrap_correlation(x, x, rng, "kendall", x)
    with pytest.raises(ValueError, match="given needs 9 rows"):
        partial_correlation(x, x, x[:3])
    with pytest.raises(ValueError, match="give rng"):
        bootstrap_correlation(x, x)
    with pytest.raises(ValueError, match="one flag a pair"):
        permuted_difference(x, x, [True], rng)
