"""The cost of a cut: closed forms against simulation, tables against SciPy, known limits."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower

from alsutils.stats.dichotomy import (
    chi_square_table,
    fisher_p,
    fisher_table,
    patients_for_equal_power,
    relative_efficiency,
    simulate_cut,
)
from alsutils.stats.regression_to_mean import slope_change


def test_a_cut_at_the_median_leaves_two_over_pi():
    assert relative_efficiency(0.5) == pytest.approx(2 / math.pi, rel=1e-12)
    assert max(relative_efficiency(p) for p in np.linspace(0.01, 0.99, 99)) == pytest.approx(
        2 / math.pi
    )


def test_both_sides_of_a_cut_cost_the_same():
    assert relative_efficiency(0.1) == pytest.approx(relative_efficiency(0.9), rel=1e-12)
    assert relative_efficiency(0.1) < relative_efficiency(0.25) < relative_efficiency(0.5)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.8])
def test_the_exact_ratio_tends_to_the_limit(share):
    cut = stats.norm.isf(share)
    ratio = patients_for_equal_power(1e-4, cut)
    assert ratio == pytest.approx(1 / relative_efficiency(share), rel=1e-3)


@pytest.mark.parametrize(("n1", "n0"), [(5, 7), (12, 9), (3, 3)])
def test_every_table_is_scipys(n1, n0):
    fisher, chi_square = fisher_table(n1, n0), chi_square_table(n1, n0)
    for x1 in range(n1 + 1):
        for x0 in range(n0 + 1):
            table = [[x1, n1 - x1], [x0, n0 - x0]]
            assert fisher[x1, x0] == pytest.approx(stats.fisher_exact(table).pvalue, abs=1e-12)
            if 0 < x1 + x0 < n1 + n0:
                plain = stats.chi2_contingency(table, correction=False).pvalue
                assert chi_square[x1, x0] == pytest.approx(plain, abs=1e-12)
            else:
                assert chi_square[x1, x0] == 1


@pytest.mark.parametrize(("n1", "n0", "effect"), [(30, 26, 0.8), (280, 240, 0.25)])
def test_the_simulation_meets_the_power_of_both_tests(n1, n0, effect):
    cut = 0.3
    found = simulate_cut(effect, 1, cut, n1, n0, np.random.default_rng(1), 40_000)
    exact = TTestIndPower().power(effect, n1, 0.05, ratio=n0 / n1)
    assert found.t_test == pytest.approx(exact, abs=0.01)
    assert (found.n_treated, found.n_control) == (n1, n0)
    # every table weighted by its probability
    p1, p0 = stats.norm.sf(cut - effect), stats.norm.sf(cut)
    chance = np.outer(
        stats.binom.pmf(range(n1 + 1), n1, p1), stats.binom.pmf(range(n0 + 1), n0, p0)
    )
    assert found.fisher == pytest.approx(chance[fisher_table(n1, n0) < 0.05].sum(), abs=0.01)
    assert found.chi_square == pytest.approx(
        chance[chi_square_table(n1, n0) < 0.05].sum(), abs=0.01
    )


def test_tables_picked_out_are_those_of_the_whole():
    x1, x0 = np.array([3, 0, 12, 7, 3]), np.array([5, 9, 0, 7, 5])
    assert np.array_equal(fisher_p(x1, 12, x0, 9), fisher_table(12, 9)[x1, x0])


def test_so_many_more_patients_restore_the_power():
    effect, cut, n = 0.35, 0.175, 128
    more = round(n * patients_for_equal_power(effect, cut))
    means = simulate_cut(effect, 1, cut, n, n, np.random.default_rng(2), 8_000)
    shares = simulate_cut(effect, 1, cut, more, more, np.random.default_rng(3), 8_000)
    assert means.chi_square < means.t_test - 0.1
    assert shares.chi_square == pytest.approx(means.t_test, abs=0.03)


def test_without_an_effect_no_test_exceeds_its_level():
    found = simulate_cut(0, 2, 1, 32, 27, np.random.default_rng(4), 20_000)
    assert found.t_test == pytest.approx(0.05, abs=0.006)
    assert found.fisher < 0.05
    assert found.fisher <= found.chi_square


def test_the_unit_does_not_matter():
    one = simulate_cut(1, 2, 0.5, 20, 20, np.random.default_rng(5), 2_000)
    ten = simulate_cut(10, 20, 5, 20, 20, np.random.default_rng(5), 2_000)
    assert one.frame.equals(ten.frame)


def test_impossible_input_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        relative_efficiency(1)
    with pytest.raises(ValueError, match="effect is 0"):
        patients_for_equal_power(0, 1)
    with pytest.raises(ValueError, match="at least 2 patients"):
        simulate_cut(1, 1, 0, 1, 5, np.random.default_rng(0))


BEFORE, AFTER = (-3.0, -2.0, -1.0, 0.0), (0.0, 1.0, 2.0, 4.0)


def patients(n=4000, tau=0.5, sd=1.0, seed=7, bend=0.0):
    """Give straight lines with noise: every patient keeps one true slope, plus a common bend."""
    rng = np.random.default_rng(seed)
    times = np.array(sorted({*BEFORE, *AFTER}))
    slope = rng.normal(-1, tau, n)
    values = 40 + slope[:, None] * times + bend * np.maximum(times, 0)
    values = values + rng.normal(0, sd, values.shape)
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), len(times)),
            "time": np.tile(times, n),
            "value": values.ravel(),
            "arm": np.repeat(np.where(np.arange(n) % 2, "T", "C"), len(times)),
        }
    )


def found(data, after=AFTER):
    return slope_change(data, BEFORE, after, "id", "time", "value", "arm")


@pytest.mark.parametrize("after", [AFTER, AFTER[1:]])
def test_noise_alone_gives_the_closed_form(after):
    result = found(patients(), after)
    # sum of squared weights of four even times is 1/5
    assert result.reliability == pytest.approx(0.25 / (0.25 + 0.2), abs=0.03)
    assert result.residual_sd == pytest.approx(1, abs=0.02)
    for row in result.frame.to_dict("records"):
        assert row["estimate"] == pytest.approx(result.by_noise, abs=0.07)
    if 0.0 not in after:
        assert result.by_noise == pytest.approx(result.reliability - 1, abs=1e-12)
    else:
        assert result.by_noise < result.reliability - 1 - 0.1


def test_without_noise_there_is_no_regression():
    result = found(patients(200, sd=1e-9))
    assert result.reliability == pytest.approx(1, abs=1e-9)
    assert result.by_noise == pytest.approx(0, abs=1e-9)


def test_a_bend_of_all_moves_the_mean_and_not_the_slope():
    plain, bent = found(patients(300)).frame, found(patients(300, bend=0.4)).frame
    assert bent["estimate"].to_numpy() == pytest.approx(plain["estimate"].to_numpy())
    assert (bent["mean_change"] - plain["mean_change"]).to_numpy() == pytest.approx(0.4)


def test_row_order_and_unit_do_not_matter():
    data = patients(60)
    shuffled = data.sample(frac=1, random_state=1)
    tenfold = found(shuffled.sort_values("time").assign(value=shuffled["value"] * 10))
    assert tenfold.by_noise == pytest.approx(found(data).by_noise)
    assert tenfold.frame.set_index("group")["estimate"].to_dict() == pytest.approx(
        found(data).frame.set_index("group")["estimate"].to_dict()
    )


def test_nobody_with_two_slopes_is_refused():
    with pytest.raises(ValueError, match="too few patients"):
        found(patients(10).query("time <= 0 or id < 0"), after=(4.0,))
