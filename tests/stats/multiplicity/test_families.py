import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.multiplicity import adjust_p_values, storey_q, way_statistics, westfall_young
from alsutils.stats.permutation import randomisation_test, shuffles
from alsutils.stats.two_sample import Sample, mean_difference

REFERENCE = Path(__file__).parents[2] / "reference" / "mechanism"
EXACT = 1e-9
SEARCH = 1e-4  # R looks for the weight of three degrees of freedom by a search
TIGHT = 1e-5  # the same with a narrower tolerance


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads((REFERENCE / "family.json").read_text())


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "panel.csv")


def columns(panel: pd.DataFrame, full: bool = False) -> np.ndarray:
    return panel.filter(regex=r"^full" if full else r"^X").to_numpy(float)


@pytest.mark.parametrize(
    ("name", "statistic", "alternative"),
    [("t", "t", "two-sided"), ("welch", "welch", "two-sided"), ("greater", "t", "greater")],
)
def test_all_ways_agree_with_multtest_missing_values_too(
    expected: dict, panel: pd.DataFrame, name: str, statistic: str, alternative: str
) -> None:
    ways = shuffles(panel["arm"], 10, np.random.default_rng(1))
    assert ways.exact
    found = westfall_young(columns(panel), ways, statistic, alternative)
    figures = expected["westfall_young"][name]
    frame = found.frame
    np.testing.assert_allclose(frame["statistic"], figures["max_t"]["statistic"], rtol=EXACT)
    np.testing.assert_allclose(frame["p_value"], figures["max_t"]["raw"], rtol=EXACT)
    np.testing.assert_allclose(frame["p_max_t"], figures["max_t"]["adjusted"], rtol=EXACT)
    np.testing.assert_allclose(frame["p_min_p"], expected["min_p"][name], rtol=EXACT)
    assert (found.n_ways, found.size) == (1716, 6)


def test_ranks_and_min_p_agree_with_multtest(expected: dict, panel: pd.DataFrame) -> None:
    # With missing values multtest's minP tells equal statistics apart by their rounding, so that
    # the reference there is a loop in R; without them all three agree.
    ways = shuffles(panel["arm"], 10, np.random.default_rng(1))
    by_t = westfall_young(columns(panel, full=True), ways).frame
    np.testing.assert_allclose(by_t["p_min_p"], expected["min_p"]["full"], rtol=EXACT)
    np.testing.assert_allclose(by_t["p_min_p"], expected["min_p"]["multtest_full"], rtol=EXACT)
    frame = westfall_young(columns(panel, full=True), ways, "rank").frame
    figures = expected["westfall_young"]["rank"]
    for adjusted in ("max_t", "min_p"):
        np.testing.assert_allclose(frame["p_value"], figures[adjusted]["raw"], rtol=EXACT)
        np.testing.assert_allclose(
            frame[f"p_{adjusted}"], figures[adjusted]["adjusted"], rtol=EXACT
        )


def test_statistics_are_those_of_every_way_one_by_one(panel: pd.DataFrame) -> None:
    y = columns(panel)
    ways = shuffles(panel["arm"], 30, np.random.default_rng(1), exact_up_to=1)
    for statistic, variance in (("t", "pooled"), ("welch", "welch")):
        found = way_statistics(y, ways, statistic)
        for i, on in enumerate(ways.treated):
            for j in range(y.shape[1]):
                test = mean_difference(Sample.of(y[on, j]), Sample.of(y[~on, j]), variance)
                assert found.statistic[i, j] == pytest.approx(test.statistic, rel=EXACT)


def test_draws_are_near_all_ways(panel: pd.DataFrame) -> None:
    y = columns(panel)
    every = westfall_young(y, shuffles(panel["arm"], 1, np.random.default_rng(1))).frame
    ways = shuffles(panel["arm"], 20_000, np.random.default_rng(1), exact_up_to=1)
    drawn = westfall_young(y, ways).frame
    # Four standard errors of a share of 20,000 draws.
    for name in ("p_value", "p_max_t", "p_min_p"):
        np.testing.assert_allclose(drawn[name], every[name], atol=4 * 0.5 / np.sqrt(20_000))


def test_a_single_column_is_the_randomisation_test() -> None:
    rng = np.random.default_rng(7)
    y, on = rng.normal(size=11), np.arange(11) < 5
    ways = shuffles(on, 1, rng)
    frame = westfall_young(y[:, None], ways).frame
    both = randomisation_test(y, ways).differences
    assert frame.at[0, "p_value"] == pytest.approx((np.abs(both) >= abs(both[0]) - 1e-9).mean())
    assert frame.at[0, "p_max_t"] == frame.at[0, "p_min_p"] == frame.at[0, "p_value"]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9999))
def test_columns_units_and_arms_may_be_exchanged(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, on = rng.normal(size=(9, 4)), np.arange(9) < 4
    y[rng.random(y.shape) < 0.1] = np.nan
    frame = westfall_young(y, shuffles(on, 1, rng)).frame
    order = rng.permutation(4)
    mixed = westfall_young(3 * y[:, order] - 5, shuffles(on, 1, rng)).frame
    turned = westfall_young(y, shuffles(~on, 1, rng)).frame
    names = ["p_value", "p_max_t", "p_min_p"]
    np.testing.assert_allclose(mixed[names], frame[names].iloc[order])
    np.testing.assert_allclose(turned[names], frame[names])
    known = frame.dropna()
    assert (known["p_value"] <= known["p_max_t"] + 1e-12).all()
    assert (known["p_value"] <= known["p_min_p"] + 1e-12).all()


def test_identical_columns_cost_nothing_and_holm_would() -> None:
    rng = np.random.default_rng(2)
    y, on = rng.normal(size=14) + np.arange(14) // 7, np.arange(14) >= 7
    frame = westfall_young(np.repeat(y[:, None], 12, axis=1), shuffles(on, 1, rng)).frame
    np.testing.assert_allclose(frame["p_max_t"], frame["p_value"])
    assert adjust_p_values(frame["p_value"]).holm[0] > 5 * frame.at[0, "p_value"]


def test_the_chance_of_any_false_finding_holds() -> None:
    rng, on = np.random.default_rng(5), np.arange(20) < 10
    ways = shuffles(on, 400, rng, exact_up_to=1)
    false = {"p_max_t": 0, "p_min_p": 0, "p_value": 0}
    trials = 400
    for _ in range(trials):
        y = rng.standard_t(4, size=(20, 6)) + rng.normal(size=(20, 1))
        y[on, 0] += 4  # a true difference; the others have none
        frame = westfall_young(y, ways).frame
        for name in false:
            false[name] += frame[name].iloc[1:].min() <= 0.05
    limit = 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)
    assert false["p_max_t"] / trials < limit
    assert false["p_min_p"] / trials < limit
    assert false["p_value"] / trials > 0.12


def test_columns_that_cannot_be_tested_are_missing() -> None:
    rng = np.random.default_rng(1)
    y = pd.DataFrame({"a": [1.0, 2, 3, 5, 4], "b": [np.nan] * 5, "c": 1.0})
    found = westfall_young(y, shuffles([1, 1, 0, 0, 0], 1, rng))
    assert found.size == 1
    assert found.frame["column"].tolist() == ["a", "b", "c"]
    assert found.frame["p_max_t"].isna().tolist() == [False, True, True]
    three = westfall_young(np.ones((3, 2)), shuffles([1, 0, 0], 1, rng))
    assert three.size == 0
    assert three.frame["p_value"].isna().all()
    # Apart without any spread: as extreme as can be.
    apart = westfall_young(np.array([[1.0], [1], [2], [2]]), shuffles([0, 0, 1, 1], 1, rng)).frame
    assert apart.at[0, "statistic"] == np.inf
    assert apart.at[0, "p_value"] == pytest.approx(2 / 6)


def test_refuses_what_does_not_fit() -> None:
    ways = shuffles([1, 0, 0], 1, np.random.default_rng(1))
    with pytest.raises(ValueError, match="do not fit"):
        westfall_young(np.ones((4, 2)), ways)
    with pytest.raises(ValueError, match="statistic must be"):
        westfall_young(np.ones((3, 2)), ways, "median")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="alternative must be"):
        westfall_young(np.ones((3, 2)), ways, alternative="up")  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["smoother", "bootstrap", "fixed"])
def test_q_values_agree_with_qvalue(expected: dict, method: str) -> None:
    p = expected["storey"]["p"]
    found = storey_q([*p[:3], np.nan, *p[3:]], method)
    figures = expected["storey"][method]
    assert found.pi0 == pytest.approx(figures["pi0"], rel=SEARCH)
    np.testing.assert_allclose(np.delete(found.q_value, 3), figures["q"], rtol=SEARCH)
    assert np.isnan(found.q_value[3])
    assert found.size == 60
    assert found.method == method
    assert list(found.frame) == ["p_value", "q_value"]
    at, shares = found.pi0_curve["at"].to_numpy(), found.pi0_curve["pi0"].to_numpy()
    counted = [sum(value >= threshold for value in p) for threshold in at]
    np.testing.assert_allclose(shares, np.array(counted) / (60 * (1 - at)), rtol=EXACT)
    if method == "smoother":
        np.testing.assert_allclose(
            found.pi0_curve["smooth"], expected["storey"]["smooth"], rtol=TIGHT
        )


def test_benjamini_and_yekutieli_agree_with_p_adjust(expected: dict) -> None:
    found = adjust_p_values(expected["storey"]["p"])
    assert found.p_value.tolist() == expected["storey"]["p"]
    np.testing.assert_allclose(found.benjamini_yekutieli, expected["by"], rtol=EXACT)
    np.testing.assert_allclose(
        found.frame["p_benjamini_yekutieli"], found.benjamini_yekutieli, rtol=0
    )


def test_with_every_test_null_q_values_are_benjamini_and_hochbergs(expected: dict) -> None:
    p = expected["storey"]["p"]
    found = storey_q(p, "fixed", at=0.0)
    assert found.pi0 == 1
    np.testing.assert_allclose(found.q_value, adjust_p_values(p).benjamini_hochberg)


def test_a_p_value_at_the_threshold_counts_as_above_it() -> None:
    found = storey_q([0.01, 0.02, 0.5, 0.8], "fixed", at=0.5)
    assert found.pi0 == 1.0  # two of four, where two of four are expected of none but nulls
    assert storey_q([0.01, 0.02, 0.3, 0.8], "fixed", at=0.5).pi0 == 0.5


def test_the_threshold_of_smallest_error_is_that_of_resampled_p_values() -> None:
    rng = np.random.default_rng(5)
    for nulls in (20, 60, 90):
        p = np.append(rng.beta(0.2, 8, 100 - nulls), rng.random(nulls))
        found = storey_q(p, "bootstrap")
        at, shares = found.pi0_curve["at"].to_numpy(), found.pi0_curve["pi0"].to_numpy()
        counts = rng.binomial(100, shares * (1 - at), (200_000, len(at)))
        errors = ((counts / (100 * (1 - at)) - np.quantile(shares, 0.1)) ** 2).mean(axis=0)
        chosen = np.flatnonzero(shares == found.pi0)[0]
        # Resampling 200,000 times leaves an error of 0.3 % of a mean squared error.
        assert errors[chosen] <= errors.min() * 1.02


def test_q_values_of_families_without_a_share() -> None:
    low = storey_q([0.001, 0.002, 0.003])
    assert low.pi0 == 1
    assert low.q_value.tolist() == pytest.approx([0.003, 0.003, 0.003])
    assert storey_q([0.9]).q_value.tolist() == pytest.approx([0.9])
    empty = storey_q([np.nan, np.nan])
    assert empty.size == 0
    assert np.isnan(empty.pi0)
    assert list(empty.pi0_curve) == ["at", "pi0", "smooth"]
    assert storey_q([]).frame.empty
    with pytest.raises(ValueError, match="at must lie"):
        storey_q([0.5], "fixed", at=1.0)
    with pytest.raises(ValueError, match="method must be"):
        storey_q([0.5], "best")  # type: ignore[arg-type]


def test_pi0_finds_the_share_of_true_nulls() -> None:
    rng = np.random.default_rng(3)
    p = np.append(rng.beta(0.2, 8, 600), rng.random(1400))
    for method in ("smoother", "bootstrap", "fixed"):
        assert storey_q(p, method).pi0 == pytest.approx(0.7, abs=0.08)
