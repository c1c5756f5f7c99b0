"""Randomisation tests: every p-value beside R's coin, limits beside wilcox.test and inversion."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alsutils.stats.permutation import randomisation_test, redraws, shuffles
from alsutils.stats.randomisation import Scheme

REFERENCE = Path(__file__).parents[1] / "reference" / "randomisation"
EXACT = 1e-9  # R's figures are written with 12 decimals
INVERTED = 1e-5  # R found its limits by bisection, with a tolerance for ties of its own
ERRORS = 4  # standard errors by which a drawn p-value may miss the listed one; the seeds are fixed


@pytest.fixture(scope="module")
def reference() -> dict:
    return json.loads((REFERENCE / "randomisation.json").read_text())


@pytest.fixture(scope="module")
def trials() -> dict[str, pd.DataFrame]:
    data = pd.read_csv(REFERENCE / "trials.csv")
    return dict(iter(data.groupby("trial")))


def tails(result):
    first, every = result.differences[0], result.differences
    return {"greater": np.mean(every >= first), "less": np.mean(every <= first)}


def ways(trial, seed=1, n_draws=10_000):
    return shuffles(trial["arm"] == 1, n_draws, np.random.default_rng(seed))


@pytest.mark.parametrize("name", ["fine", "whole"])
@pytest.mark.parametrize("statistic", ["mean", "rank", "ancova"])
def test_both_tails_are_coins(reference, trials, name, statistic):
    trial = trials[name]
    covariates = trial[["x"]] if statistic == "ancova" else None
    result = randomisation_test(trial["y"], ways(trial), statistic, covariates)
    assert result.exact
    assert result.p_error == 0
    assert tails(result) == pytest.approx(reference[name][statistic], abs=EXACT)
    assert result.p_value == pytest.approx(min(1, 2 * min(tails(result).values())))


@pytest.mark.parametrize("name", ["fine", "whole"])
def test_estimates_are_the_mean_difference_and_the_coefficient(reference, trials, name):
    trial = trials[name]
    plain = randomisation_test(trial["y"], ways(trial))
    held = randomisation_test(trial["y"], ways(trial), "ancova", trial[["x"]])
    assert plain.estimate == pytest.approx(reference[name]["difference"], abs=EXACT)
    assert held.estimate == pytest.approx(reference[name]["adjusted"], abs=EXACT)


def test_limits_of_the_mean_are_the_shifts_that_coin_does_not_reject(reference, trials):
    result = randomisation_test(trials["fine"]["y"], ways(trials["fine"]))
    found = [result.conf_low, result.conf_high]
    assert found == pytest.approx(reference["mean_limits"], abs=INVERTED)


def test_limits_by_ranks_are_wilcoxons(reference, trials):
    result = randomisation_test(trials["fine"]["y"], ways(trials["fine"]), "rank")
    expected = reference["wilcoxon"]
    assert result.estimate == pytest.approx(expected["estimate"], abs=EXACT)
    found = [result.conf_low, result.conf_high]
    assert found == pytest.approx(expected["limits"], abs=EXACT)


def test_whole_numbers_agree_with_exact_rank_tests(reference, trials):
    result = randomisation_test(trials["whole"]["y"], ways(trials["whole"]))
    sides = {side: reference["perm_test"][side] for side in ("greater", "less")}
    assert tails(result) == pytest.approx(sides, abs=EXACT)


def test_the_two_sided_p_value_is_scipys(trials):
    trial = trials["whole"]
    groups = [trial.loc[trial["arm"] == arm, "y"] for arm in (1, 0)]
    scipys = stats.permutation_test(
        groups, lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis), n_resamples=np.inf
    )
    result = randomisation_test(trial["y"], ways(trial))
    assert result.p_value == pytest.approx(scipys.pvalue, abs=EXACT)


@pytest.mark.parametrize("statistic", ["mean", "rank"])
def test_draws_come_near_the_exact_p_value(reference, trials, statistic):
    trial = trials["large"]
    result = randomisation_test(trial["y"], ways(trial), statistic)
    exact = 2 * min(reference["large"][statistic].values())
    assert not result.exact
    assert len(result.differences) == 10_001
    assert 0 < result.p_error < 0.01
    assert abs(result.p_value - exact) < ERRORS * result.p_error


def test_the_normal_approximation_is_near(reference, trials):
    result = randomisation_test(trials["large"]["y"], ways(trials["large"]))
    # 59 patients: the approximation itself is off by some thousandths
    assert result.p_value == pytest.approx(reference["large"]["asymptotic"], abs=0.025)


def test_blocks_are_drawn_again_as_blocks(reference, trials):
    trial = trials["blocks"]
    scheme, rng = Scheme("blocks", blocks=(4,)), np.random.default_rng(3)
    drawn = scheme.draw(np.zeros((12, 0)), 20_000, rng) == 1
    result = randomisation_test(trial["y"], redraws(trial["arm"] == 1, drawn))
    exact = reference["blocks"]
    assert exact["coin"] == pytest.approx(exact["greater"], abs=0.001)  # 200,000 draws in R
    assert abs(result.p_value - 2 * exact["greater"]) < ERRORS * result.p_error
    # Shuffled over all, the differences between the blocks hide the effect.
    assert randomisation_test(trial["y"], ways(trial)).p_value > 0.1


def test_no_draw_as_far_out_gives_the_least_p_value():
    y, treated = np.r_[np.zeros(20), np.full(20, 5.0)], np.arange(40) >= 20
    result = randomisation_test(y, shuffles(treated, 999, np.random.default_rng(1)))
    assert result.p_value == pytest.approx(2 * (0 + 1) / (999 + 1))


@pytest.mark.parametrize("statistic", ["mean", "rank", "ancova"])
def test_an_effect_is_in_the_interval_if_and_only_if_it_is_not_rejected(trials, statistic):
    trial = trials["large"]
    x = trial[["x"]] if statistic == "ancova" else None
    drawn = ways(trial, n_draws=999)
    result = randomisation_test(trial["y"], drawn, statistic, x, conf_level=0.9)
    for limit, inside in ((result.conf_low, 1e-6), (result.conf_high, -1e-6)):
        for step, kept in ((inside, True), (-inside, False)):
            values = trial["y"] - (limit + step) * trial["arm"]
            p = randomisation_test(values, drawn, statistic, x).p_value
            assert (p > 0.1) == kept


def test_too_few_ways_leave_the_interval_open():
    result = randomisation_test(
        [1, 2, 3, 5.0], shuffles([0, 0, 1, 1], 10, np.random.default_rng(1))
    )
    assert len(result.differences) == 6
    assert result.p_value == pytest.approx(2 / 6)
    assert [result.conf_low, result.conf_high] == [-math.inf, math.inf]
    half = randomisation_test(
        [1, 2, 3, 5.0], shuffles([0, 0, 1, 1], 10, np.random.default_rng(1)), conf_level=0.6
    )
    assert math.isfinite(half.conf_low)
    assert math.isfinite(half.conf_high)


VALUES = st.lists(st.integers(-30, 30), min_size=8, max_size=12)


@settings(max_examples=30, deadline=None)
@given(values=VALUES, size=st.integers(2, 6), statistic=st.sampled_from(["mean", "rank", "ancova"]))
def test_arms_order_and_unit_change_what_they_should(values, size, statistic):
    y, treated = np.array(values, dtype=float), np.arange(len(values)) < size
    x = np.sin(np.arange(len(y)))[:, None]
    covariates = x if statistic == "ancova" else None
    rng = np.random.default_rng(0)
    plain = randomisation_test(y, shuffles(treated, 1, rng), statistic, covariates)
    swapped = randomisation_test(y, shuffles(~treated, 1, rng), statistic, covariates)
    assert swapped.p_value == pytest.approx(plain.p_value)
    assert swapped.estimate == pytest.approx(-plain.estimate)
    assert swapped.conf_low == pytest.approx(-plain.conf_high)
    order = rng.permutation(len(y))
    moved = randomisation_test(
        1000 + 10 * y[order],
        shuffles(treated[order], 1, rng),
        statistic,
        None if covariates is None else covariates[order] * 3 - 7,
    )
    assert moved.p_value == pytest.approx(plain.p_value)
    assert moved.estimate == pytest.approx(10 * plain.estimate, abs=1e-8)
    assert moved.conf_low == pytest.approx(10 * plain.conf_low, abs=1e-8)


def test_values_all_alike_show_nothing():
    result = randomisation_test(
        np.full(9, 3.3), shuffles(np.arange(9) < 4, 1, np.random.default_rng(1))
    )
    assert (result.estimate, result.p_value) == (0, 1)


def test_covariates_that_tell_the_arm_leave_no_estimate():
    treated = np.arange(10) < 5
    covariates = treated[:, None].astype(float)
    drawn = shuffles(treated, 1, np.random.default_rng(1))
    result = randomisation_test(np.arange(10.0), drawn, "ancova", covariates)
    assert math.isnan(result.estimate)
    assert math.isnan(result.conf_low)


def test_ways_that_leave_an_arm_empty_do_not_count():
    treated = np.array([True, False, True])
    drawn = redraws(treated, [[1, 1, 1], [0, 0, 0], [1, 0, 0]])
    found = randomisation_test([1.0, 2, 4], drawn)
    assert len(found.differences) == 2
    assert (found.n_treated, found.n_control) == (2, 1)


@pytest.mark.parametrize("scheme", [Scheme("simple"), Scheme("minimisation", probability=0.9)])
def test_the_level_and_the_coverage_are_kept(scheme):
    """Trials with a trend over time and a factor, redrawn as they were drawn."""
    rng = np.random.default_rng(11)
    n, n_trials, effect = 24, 300, 2.0
    factors = rng.integers(0, 2, (n, 2))
    outcome = 3 * factors[:, 0] + np.linspace(0, 4, n) + rng.normal(0, 1, n)
    drawn = scheme.draw(factors, 400 + n_trials, rng) == 1
    again, trials = drawn[:399], drawn[400:]
    p, kept = [], []
    for treated in trials:
        result = randomisation_test(outcome + effect * treated, redraws(treated, again))
        kept.append(result.conf_low <= effect <= result.conf_high)
        p.append(randomisation_test(outcome, redraws(treated, again)).p_value)
    # one set of draws serves all, so that their chance adds to that of 300 trials
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.035)
    assert np.mean(kept) == pytest.approx(0.95, abs=0.035)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"statistic": "median"}, "must be one of"),
        ({"conf_level": 95}, "between 0 and 1"),
        ({"values": [1.0, 2.0]}, "do not fit"),
        ({"values": [1.0, np.nan, 2.0, 3.0]}, "must not be missing"),
        ({"covariates": np.ones((4, 1))}, "only with it"),
        ({"statistic": "ancova"}, "only with it"),
        ({"statistic": "ancova", "covariates": np.ones((3, 1))}, "4 rows"),
    ],
)
def test_what_cannot_be_tested_is_refused(change, message):
    drawn = shuffles([1, 0, 1, 0], 1, np.random.default_rng(1))
    with pytest.raises(ValueError, match=message):
        randomisation_test(**({"values": [1.0, 2, 3, 4], "ways": drawn} | change))


def test_an_empty_arm_is_refused():
    with pytest.raises(ValueError, match="both arms"):
        randomisation_test([1.0, 2.0], shuffles([1, 1], 1, np.random.default_rng(1)))
