import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.statistics import logrank_test

from alsutils.stats.survival import (
    TimesError,
    log_rank,
    max_combo,
    permutation_test,
    weighted_log_rank,
)

EXACT = 1e-9
INTEGRATION = 1e-4  # of the normal distribution over a region with edges


def test_weighted_tests_agree_with_r(from_r, two: pd.DataFrame) -> None:
    expected = from_r("curves")["combo"]
    plain = max_combo(two["time"], two["event"], two["arm"] == 1)
    strata = max_combo(two["time"], two["event"], two["arm"] == 1, strata=two["onset"])
    np.testing.assert_allclose(plain.frame["statistic"], expected["z"], rtol=EXACT)
    np.testing.assert_allclose(strata.frame["statistic"], expected["z_stratified"], rtol=EXACT)
    np.testing.assert_allclose(plain.correlation, expected["correlation"], rtol=EXACT)
    assert plain.p_value == pytest.approx(expected["p"], abs=INTEGRATION)
    one = weighted_log_rank(two["time"], two["event"], two["arm"], 1.0, 1.0)
    assert one.z == pytest.approx(expected["z"][3], rel=EXACT)


def test_weighted_and_stratified_tests_agree_with_survdiff(from_r, data, two) -> None:
    expected = from_r("curves")["survdiff"]
    found = {
        "rho": weighted_log_rank(two["time"], two["event"], two["arm"], rho=1),
        "stratified": log_rank(two["time"], two["event"], two["arm"], two["onset"]),
        "three_stratified": weighted_log_rank(
            data["time"], data["event"], data["arm"], rho=1, strata=data["onset"]
        ),
    }
    for name, test in found.items():
        assert test.statistic == pytest.approx(expected[name]["chisq"], rel=EXACT)
        assert test.p_value == pytest.approx(expected[name]["p"], rel=EXACT)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9999))
def test_log_rank_agrees_with_lifelines_and_knows_no_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 24
    time, event = rng.integers(0, 9, n).astype(float), rng.random(n) < 0.6
    arm = np.arange(n) % 2
    test, order = log_rank(time, event, arm), rng.permutation(n)
    shuffled = log_rank(time[order] * 30, event[order], arm[order])
    swapped = log_rank(time, event, 1 - arm)
    peer = logrank_test(time[arm == 0], time[arm == 1], event[arm == 0], event[arm == 1])
    assert test.statistic == pytest.approx(peer.test_statistic, nan_ok=True)
    assert test.statistic == pytest.approx(shuffled.statistic, nan_ok=True)
    assert test.z == pytest.approx(-swapped.z, nan_ok=True)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9999))
def test_max_combo_lies_between_its_best_test_and_bonferroni(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time, event = rng.integers(1, 30, 40).astype(float), rng.random(40) < 0.7
    test = max_combo(time, event, np.arange(40) % 2 == 1)
    assert test.frame["p_value"].min() <= test.p_value <= test.p_bonferroni
    alone = max_combo(time, event, np.arange(40) % 2 == 1, weights=((0, 0),))
    plain = log_rank(time, event, np.arange(40) % 2)
    assert alone.p_value == pytest.approx(plain.p_value)


def test_max_combo_keeps_its_level_where_bonferroni_falls_short() -> None:
    rng = np.random.default_rng(2)
    trials, found = 200, []
    for _ in range(trials):
        time, stop = rng.exponential(10, 120), rng.uniform(2, 30, 120)
        test = max_combo(np.minimum(time, stop), time <= stop, np.arange(120) < 60)
        found.append((test.p_value < 0.05, test.p_bonferroni < 0.05))
    combo, bonferroni = np.mean(found, axis=0)
    assert combo == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / trials))
    assert bonferroni < combo


def test_groups_without_events_or_people_give_missing_figures() -> None:
    assert np.isnan(log_rank([1, 2, 3], [False] * 3, ["a", "b", "b"]).p_value)
    assert np.isnan(log_rank([1, 2], [True] * 2, ["a", "a"]).p_value)
    assert np.isnan(max_combo([1, 2], [True] * 2, [True, True]).p_value)
    # Only one group was at risk at the only event.
    assert np.isnan(log_rank([1, 1, 5], [False, False, True], [0, 0, 1]).statistic)


def test_small_permutation_test_agrees_with_coin(from_r, two: pd.DataFrame) -> None:
    expected = from_r("curves")["permutation"]
    few = two.iloc[np.array(expected["rows"]) - 1]
    test = permutation_test(few["time"], few["event"], few["arm"] == 1, np.random.default_rng(0))
    assert test.exact
    assert len(test.draws) == math.comb(14, 7)
    assert test.p_value == pytest.approx(expected["p"], rel=EXACT)


def test_permutation_statistics_are_those_of_the_asymptotic_tests(two: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    arm = two["arm"] == 1
    shuffled = permutation_test(two["time"], two["event"], arm, rng, n_draws=4000)
    plain = log_rank(two["time"], two["event"], two["arm"])
    row = plain.groups.iloc[1]
    assert shuffled.observed == pytest.approx(row["observed"] - row["expected"])
    assert shuffled.draws.mean() == pytest.approx(0, abs=0.2)
    assert shuffled.p_value == pytest.approx(plain.p_value, abs=0.03)
    combo = permutation_test(two["time"], two["event"], arm, rng, "max-combo", n_draws=4000)
    assert combo.p_value == pytest.approx(
        max_combo(two["time"], two["event"], arm).p_value, abs=0.04
    )


def test_studentised_means_are_those_of_the_curves(two: pd.DataFrame) -> None:
    from alsutils.stats.survival import kaplan_meier, restricted_mean_difference

    rng = np.random.default_rng(0)
    arm = two["arm"] == 1
    test = permutation_test(
        two["time"], two["event"], arm, rng, "restricted mean", horizon=20, n_draws=4000
    )
    groups = (two[arm], two[~arm])
    gap = restricted_mean_difference(*(kaplan_meier(g["time"], g["event"]) for g in groups), 20)
    assert test.observed == pytest.approx(gap.estimate / gap.std_error, rel=EXACT)
    assert test.p_value == pytest.approx(gap.p_value, abs=0.04)
    moved = permutation_test(
        two["time"] * 30, two["event"], ~arm, rng, "restricted mean", horizon=600, n_draws=10
    )
    assert moved.observed == pytest.approx(-test.observed, rel=EXACT)


def test_the_exact_test_keeps_its_level_with_eight_patients() -> None:
    """Every split of eight patients is as likely as any other: p is at most alpha in alpha."""
    rng = np.random.default_rng(3)
    time, event = rng.exponential(5, 8), rng.random(8) < 0.8
    for name in ("log-rank", "max-combo", "restricted mean"):
        test = permutation_test(time, event, np.arange(8) < 4, rng, name, horizon=4)
        size = np.abs(test.draws)
        p_values = (size[None, :] >= size[:, None] - 1e-9).mean(axis=1)
        for alpha in (0.05, 0.1, 0.25):
            assert (p_values <= alpha).mean() <= alpha + 1e-12


def test_what_cannot_be_shuffled_is_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(TimesError, match="both with somebody"):
        permutation_test([1, 2], [True, True], [True, True], rng)
    with pytest.raises(TimesError, match="horizon"):
        permutation_test([1, 2], [True, True], [True, False], rng, "restricted mean")
    none = permutation_test([1, 2, 3], [False] * 3, [True, False, False], rng)
    assert none.p_value == 1
