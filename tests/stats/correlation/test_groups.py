import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.correlation import (
    correlation,
    correlation_network,
    repeated_correlation,
    slope_interaction,
)
from alsutils.stats.multiplicity import adjust_p_values

REFERENCE = Path(__file__).parents[2] / "reference" / "mechanism"
EXACT = 1e-9


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads((REFERENCE / "correlations.json").read_text())


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "censored.csv")


def test_interaction_agrees_with_lm(expected: dict, data: pd.DataFrame) -> None:
    group = np.arange(60) % 2 == 0
    found, figures = slope_interaction(data["base"], data["exact"], group), expected["interaction"]
    assert found.estimate == pytest.approx(figures["estimate"], rel=EXACT)
    assert found.std_error == pytest.approx(figures["std_error"], rel=EXACT)
    assert found.statistic == pytest.approx(figures["statistic"], rel=EXACT)
    assert found.p_value == pytest.approx(figures["p"], rel=EXACT)
    assert [found.conf_low, found.conf_high] == pytest.approx(figures["conf"], rel=EXACT)
    assert found.df == 56
    turned = slope_interaction(data["base"], data["exact"], ~group)
    assert turned.estimate == pytest.approx(-found.estimate)
    assert turned.slope_first == pytest.approx(found.slope_second)


def test_repeated_correlation_agrees_with_analysis_of_covariance(
    expected: dict, data: pd.DataFrame
) -> None:
    figures = expected["repeated"]
    found = repeated_correlation(data["base"], data["exact"], figures["person"])
    assert found.estimate == pytest.approx(figures["estimate"], rel=EXACT)
    assert found.slope == pytest.approx(figures["slope"], rel=EXACT)
    assert found.df == figures["df"]
    assert found.p_value == pytest.approx(figures["p"], rel=EXACT)
    assert [found.conf_low, found.conf_high] == pytest.approx(figures["conf"], rel=EXACT)
    assert (found.n_subjects, found.n) == (20, 55)


def test_between_people_and_within_them_are_two_things() -> None:
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(30), 4)
    level = 3 * rng.normal(size=30)[person]
    inside = rng.normal(size=120)
    x, y = level + inside, level - inside + 0.3 * rng.normal(size=120)
    assert correlation(x, y).estimate > 0.5
    found = repeated_correlation(x, y, person)
    assert found.estimate < -0.9
    assert found.slope == pytest.approx(-1, abs=0.15)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9999))
def test_a_persons_level_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    person = rng.integers(6, size=24).astype(str)
    x, y = rng.normal(size=(2, 24))
    plain = repeated_correlation(x, y, person)
    level = pd.Series(person).astype(int).to_numpy() * 2.0
    order = rng.permutation(24)
    moved = repeated_correlation((x + level)[order], (y - level)[order], person[order])
    assert moved.estimate == pytest.approx(plain.estimate)
    assert moved.df == plain.df


def test_repeated_correlation_keeps_its_level() -> None:
    rng, trials = np.random.default_rng(2), 400
    person = np.repeat(np.arange(12), 3)
    found = []
    for _ in range(trials):
        level = rng.normal(size=12)[person]
        x, y = level + rng.normal(size=36), level + rng.normal(size=36)
        found.append(repeated_correlation(x, y, person).p_value < 0.05)
    assert np.mean(found) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / trials))


def test_one_visit_each_says_nothing_within_people() -> None:
    found = repeated_correlation([1.0, 2, 3], [2.0, 1, 3], ["a", "b", "c"])
    assert (found.n, found.n_subjects) == (0, 0)
    assert np.isnan(found.estimate)
    gaps = repeated_correlation([1.0, np.nan, 3], [2.0, 1, 3], ["a", "a", "a"])
    assert gaps.n == 2
    assert np.isnan(gaps.p_value)
    assert np.isnan(repeated_correlation([], [], []).estimate)
    line = repeated_correlation([1.0, 2, 3, 1, 2, 3], [2.0, 4, 6, 0, 2, 4], list("aaabbb"))
    assert (line.estimate, line.p_value) == (1, 0)


def test_interaction_needs_a_slope_in_both_groups() -> None:
    x, y = np.arange(6.0), np.array([1.0, 3, 2, 5, 4, 6])
    assert np.isnan(slope_interaction(x, y, x < 1).estimate)
    assert np.isnan(slope_interaction(np.ones(6), y, x < 3).estimate)
    assert np.isnan(slope_interaction(x[:4], y[:4], x[:4] < 2).p_value)
    with pytest.raises(ValueError, match="give one each"):
        slope_interaction(x, y, [True])


def test_network_holds_every_pair_and_adjusts_over_them() -> None:
    rng = np.random.default_rng(3)
    values = pd.DataFrame(rng.normal(size=(20, 5)), columns=list("abcde"))
    values["b"] += 2 * values["a"]
    values.loc[3:7, "c"] = np.nan
    values["e"] = np.nan
    found = correlation_network(values)
    assert len(found.frame) == 10
    assert found.tests == 6
    row = found.frame.query("x == 'b' and y == 'c'").iloc[0]
    both = values[["b", "c"]].dropna()
    alone = correlation(both["b"], both["c"], "spearman")
    assert (row["n"], row["estimate"], row["p_value"]) == (15, alone.estimate, alone.p_value)
    assert found.matrix.at["c", "b"] == alone.estimate
    assert (np.diag(found.matrix) == 1).all()
    assert found.matrix["e"].isna().sum() == 4
    holm = adjust_p_values(found.frame["p_value"]).holm
    np.testing.assert_array_equal(found.frame["p_holm"], holm)
    assert found.frame.loc[0, "p_benjamini_hochberg"] < 0.05


def test_network_of_one_column_or_none_is_empty() -> None:
    for width in (0, 1):
        found = correlation_network(pd.DataFrame(np.ones((4, width))))
        assert found.frame.empty
        assert found.tests == 0
        assert found.matrix.shape == (width, width)
