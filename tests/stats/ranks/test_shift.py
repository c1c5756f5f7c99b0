import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.ranks import (
    generalised_wilcoxon,
    hodges_lehmann,
    rank_comparison,
    van_elteren,
    wilcoxon_at_limit,
)
from alsutils.stats.ranks.shift import rank_sum_counts

REFERENCE = Path(__file__).parents[2] / "reference" / "mechanism"
EXACT = 1e-9
ROOT = 2e-4  # R finds the asymptotic limits by uniroot with a tolerance of 1e-4


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads((REFERENCE / "limits.json").read_text())


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "censored.csv")


def test_exact_shift_agrees_with_wilcox_test(expected: dict) -> None:
    figures = expected["shift"]
    found = hodges_lehmann(figures["x"], figures["y"])
    assert found.exact
    assert found.estimate == pytest.approx(figures["exact"]["estimate"], rel=EXACT)
    assert [found.conf_low, found.conf_high] == pytest.approx(figures["exact"]["conf"], rel=EXACT)
    assert found.statistic == figures["exact"]["w"]
    assert found.p_value == pytest.approx(figures["exact"]["p"], rel=EXACT)
    assert 0.95 <= found.achieved_level < 0.96


def test_asymptotic_shift_agrees_with_wilcox_test(expected: dict) -> None:
    figures = expected["shift"]
    found = hodges_lehmann(figures["x"], figures["y"], method="asymptotic")
    limits = [found.conf_low, found.conf_high]
    assert limits == pytest.approx(figures["asymptotic"]["conf"], abs=ROOT)
    assert found.p_value == pytest.approx(figures["asymptotic"]["p"], rel=EXACT)


def test_ties_agree_with_r(expected: dict) -> None:
    figures = expected["shift"]
    x, y = np.round(figures["x"], 1), np.round(figures["y"], 1)
    found = hodges_lehmann(x, y)
    assert not found.exact
    assert found.statistic == figures["ties"]["w"]
    assert [found.conf_low, found.conf_high] == pytest.approx(figures["ties"]["conf"], abs=ROOT)
    assert found.p_value == pytest.approx(figures["ties"]["p"], rel=EXACT)
    exact = hodges_lehmann(x, y, method="exact")
    assert exact.p_value == pytest.approx(figures["ties"]["p_exact"], rel=EXACT)


def test_exact_p_is_that_of_all_arrangements() -> None:
    x, y = np.array([1.0, 2, 2, 5]), np.array([0.0, 1, 2, 2, 1])
    ranks = pd.Series(np.append(x, y)).rank().to_numpy()
    sums = np.array([sum(c) for c in itertools.combinations(ranks, 4)])
    tails = (sums >= ranks[:4].sum()).mean(), (sums <= ranks[:4].sum()).mean()
    found = hodges_lehmann(x, y, method="exact")
    assert found.p_value == pytest.approx(min(1, 2 * min(tails)))
    counts = rank_sum_counts(ranks, 4)
    assert counts.sum() == len(sums)
    assert counts[int(2 * ranks[:4].sum())] == (np.abs(sums - ranks[:4].sum()) < 1e-9).sum()


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 9999),
    m=st.integers(2, 9),
    n=st.integers(2, 9),
    shift=st.floats(-3, 3),
    method=st.sampled_from(["exact", "asymptotic"]),
)
def test_moves_with_the_values_and_turns_with_the_arms(
    seed: int, m: int, n: int, shift: float, method: str
) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=m), rng.normal(size=n)
    plain = hodges_lehmann(x, y, method=method)
    moved = hodges_lehmann(2 * (x + shift), 2 * y, method=method)
    turned = hodges_lehmann(y[::-1], x, method=method)
    assert moved.estimate == pytest.approx(2 * (plain.estimate + shift), abs=1e-9)
    assert turned.estimate == pytest.approx(-plain.estimate)
    assert turned.conf_low == pytest.approx(-plain.conf_high)
    assert turned.p_value == pytest.approx(plain.p_value)
    assert plain.conf_low <= plain.estimate <= plain.conf_high


def test_exact_interval_covers_the_shift() -> None:
    rng = np.random.default_rng(3)
    covered = []
    for _ in range(1000):
        found = hodges_lehmann(rng.standard_cauchy(8) + 1, rng.standard_cauchy(9))
        covered.append(found.conf_low <= 1 <= found.conf_high)
    # Three standard errors by the number of trials around the level that it says it achieves.
    assert np.mean(covered) == pytest.approx(found.achieved_level, abs=0.021)


def test_has_no_limits_where_the_groups_are_too_small() -> None:
    found = hodges_lehmann([1.0, 2.0, np.nan], [3.0])
    assert (found.n_treated, found.n_control) == (2, 1)
    assert (found.conf_low, found.conf_high) == (-np.inf, np.inf)
    with pytest.raises(ValueError, match="both groups need a value"):
        hodges_lehmann([np.nan], [1.0])
    with pytest.raises(ValueError, match="method must be"):
        hodges_lehmann([1.0], [2.0], method="guess")  # type: ignore[arg-type]
    flat = hodges_lehmann([1.0, 1], [1.0, 1], method="asymptotic")
    assert np.isnan(flat.p_value)


def test_van_elteren_agrees_with_coin(expected: dict, data: pd.DataFrame) -> None:
    figures = expected["van_elteren"]
    found = van_elteren(data["exact"].round(1), data["arm"], figures["stratum"])
    assert found.statistic == pytest.approx(figures["statistic"], rel=EXACT)
    assert found.p_value == pytest.approx(figures["p"], rel=EXACT)
    assert found.strata["n_treated"].sum() == 30


def test_one_stratum_is_the_wilcoxon_test(data: pd.DataFrame) -> None:
    y, on = data["exact"].to_numpy(), data["arm"].to_numpy(bool)
    found = van_elteren(y, on, np.zeros(60))
    plain = rank_comparison(y[on], y[on], y[~on], y[~on])
    assert found.statistic == pytest.approx(plain.statistic)
    assert van_elteren(y, ~on, np.zeros(60)).statistic == pytest.approx(-plain.statistic)


def test_strata_with_one_arm_do_not_count(data: pd.DataFrame) -> None:
    y, on = data["exact"].to_numpy(), data["arm"].to_numpy(bool)
    plain = van_elteren(y[:50], on[:50], np.zeros(50))
    more = van_elteren(
        np.append(y[:50], [9.0, 8.0, np.nan]), [*on[:50], 1, 1, 0], [0] * 50 + [1] * 3
    )
    assert more.statistic == pytest.approx(plain.statistic)
    assert more.n == 50
    assert more.strata["weight"].iloc[1] == 0
    nothing = van_elteren([1.0, 2.0], [True, False], ["a", "b"])
    assert np.isnan(nothing.p_value)
    assert np.isnan(van_elteren([], [], []).statistic)
    with pytest.raises(ValueError, match="strata"):
        van_elteren([1.0], [True], [])


def test_van_elteren_keeps_its_level() -> None:
    rng = np.random.default_rng(4)
    strata = np.repeat([0, 1, 2], [12, 20, 8])
    arm = np.arange(40) % 2 == 0
    found = [
        van_elteren(rng.exponential(size=40) + 3 * strata, arm, strata).p_value < 0.05
        for _ in range(400)
    ]
    assert np.mean(found) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 400))


def test_tests_below_a_limit_agree_with_survival_and_wilcox_test(
    expected: dict, data: pd.DataFrame
) -> None:
    given_ = (data["value"], data["below"], data["arm"])
    for weight, figure in expected["generalised"].items():
        found = generalised_wilcoxon(*given_, weight=weight)
        assert found.statistic == pytest.approx(figure, rel=EXACT)
    tied = wilcoxon_at_limit(*given_)
    assert tied.p_value == pytest.approx(expected["at_limit"]["p_value"], rel=EXACT)


def test_with_one_limit_ties_and_gehan_are_one(data: pd.DataFrame) -> None:
    y, on = np.maximum(data["exact"].to_numpy(), 0.4), data["arm"].to_numpy(bool)
    low = data["exact"].to_numpy() < 0.4
    tied = wilcoxon_at_limit(y, low, on)
    bottom = np.where(low, -np.inf, y)
    top = np.where(low, np.nextafter(0.4, 0), y)
    gehan = rank_comparison(bottom[on], top[on], bottom[~on], top[~on])
    assert tied.statistic == pytest.approx(gehan.statistic)
    assert tied.estimate == pytest.approx(gehan.estimate)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9999))
def test_rank_tests_know_only_the_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, low, on = rng.normal(size=20), rng.random(20) < 0.3, np.arange(20) % 2 == 0
    plain = generalised_wilcoxon(y, low, on)
    assert generalised_wilcoxon(np.exp(y), low, on).statistic == pytest.approx(plain.statistic)
    assert generalised_wilcoxon(y, low, ~on).statistic == pytest.approx(-plain.statistic)
    assert plain.frame.at[0, "p_value"] == plain.p_value


@pytest.mark.parametrize("weight", ["peto", "logrank"])
def test_of_two_values_one_is_a_standard_deviation_above_the_other(weight):
    # At the higher value half a patient is expected, with variance a quarter; at the lower none.
    assert generalised_wilcoxon([2.0, 1.0], [0, 0], [1, 0], weight).statistic == pytest.approx(1)


def test_nothing_measured_is_no_test() -> None:
    found = generalised_wilcoxon([1.0, 1, 1], [True] * 3, [1, 0, 0])
    assert np.isnan([found.statistic, found.p_value]).all()
    assert np.isnan(wilcoxon_at_limit([1.0, 1, 1], [True] * 3, [1, 0, 0]).p_value)
    with pytest.raises(ValueError, match="both groups"):
        generalised_wilcoxon([1.0], [False], [True])
    with pytest.raises(ValueError, match="finite"):
        generalised_wilcoxon([np.nan, 1.0], [False, False], [True, False])
    with pytest.raises(ValueError, match="flags"):
        generalised_wilcoxon([1.0], [False, True], [True])
    with pytest.raises(ValueError, match="weight"):
        generalised_wilcoxon([1.0, 2], [0, 0], [1, 0], "gehan")  # type: ignore[arg-type]
