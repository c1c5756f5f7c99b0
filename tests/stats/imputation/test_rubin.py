"""Rubin's rules against R's mice, a published worked example, and their limits."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alsutils.stats.imputation import ImputationError, rubins_rules

DIGITS_OF_R = 1e-10  # the same closed formulas
FIELDS = (
    "estimate",
    "std_error",
    "df",
    "statistic",
    "p_value",
    "conf_low",
    "conf_high",
    "within",
    "between",
    "total",
    "relative_increase",
    "fraction_missing",
)


@pytest.fixture(scope="module")
def in_r(reference_folder):
    return json.loads((reference_folder / "pool.json").read_text())


def test_agrees_with_mice(in_r):
    variances = np.square(in_r["std_errors"])
    frame = rubins_rules(in_r["estimates"], variances, in_r["df_complete"]).frame
    for field in FIELDS:
        expected = in_r["pooled"][field]
        assert frame[field].to_numpy() == pytest.approx(expected, rel=DIGITS_OF_R), field


def test_agrees_with_mice_for_large_samples(in_r):
    estimates = np.array(in_r["estimates"])[:, 1]
    variances = np.square(in_r["std_errors"])[:, 1]
    row = rubins_rules(estimates, variances).frame.iloc[0]
    for field, expected in in_r["large_sample"].items():
        assert row[field] == pytest.approx(expected, rel=DIGITS_OF_R), field


def test_published_worked_example():
    """IBM SPSS Amos 21 User's Guide, example 31: m = 10, within 0.0233, between 0.0085."""
    steps = np.linspace(-1.0, 1.0, 10)
    estimates = 1.172 + steps * np.sqrt(0.0085 / steps.var(ddof=1))
    row = rubins_rules(estimates, np.full(10, 0.0233)).frame.iloc[0]
    assert row["total"] == pytest.approx(0.0326, abs=0.00006)
    assert row["std_error"] == pytest.approx(0.1807, abs=0.0002)
    assert row["statistic"] == pytest.approx(6.49, abs=0.005)
    assert int(row["df"]) == 109


def test_equal_estimates_lose_no_information():
    row = rubins_rules([2.0, 2.0, 2.0], [0.25, 0.25, 0.25], df_complete=40).frame.iloc[0]
    assert row["std_error"] == 0.5
    assert row["df"] == pytest.approx(40 * 41 / 43)  # Barnard and Rubin's limit


@given(
    st.lists(st.floats(-50, 50), min_size=2, max_size=8),
    st.floats(0.01, 100),
    st.floats(2, 500),
    st.floats(0.1, 10),
)
def test_more_variance_and_fewer_df_than_complete_data(estimates, variance, df, unit):
    variances = np.full(len(estimates), variance)
    row = rubins_rules(estimates, variances, df).frame.iloc[0]
    assert row["std_error"] ** 2 >= variance * (1 - 1e-12)
    assert 0 < row["df"] <= df
    scaled = rubins_rules(np.multiply(estimates, unit), variances * unit**2, df).frame.iloc[0]
    assert scaled["std_error"] == pytest.approx(unit * row["std_error"])
    assert scaled["df"] == pytest.approx(row["df"], rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1.0], [1.0]), "at least 2"),
        (([1.0, 2.0], [1.0]), "same shape"),
        (([1.0, np.nan], [1.0, 1.0]), "finite"),
        (([1.0, 2.0], [1.0, 0.0]), "positive"),
        (([1.0, 2.0], [1.0, 1.0], 0.0), "df_complete"),
        (([1.0, 2.0], [1.0, 1.0], 5.0, 95), "conf_level"),
    ],
)
def test_refuses(arguments, words):
    with pytest.raises(ImputationError, match=words):
        rubins_rules(*arguments)
