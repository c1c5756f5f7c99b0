"""Standardised differences against base R and exact truths."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.baseline import (
    chance_of_imbalance,
    decimals,
    standardised_category_difference,
    standardised_mean_difference,
    standardised_share_difference,
    summarise,
)

REFERENCE = Path(__file__).parents[1] / "reference" / "design"
EXACT = 1e-10

patients = pd.read_csv(REFERENCE / "patients.csv")
expected = pd.read_csv(REFERENCE / "differences.csv").set_index("what")
one, zero = patients[patients["arm"] == 1], patients[patients["arm"] == 0]

numbers = st.lists(st.floats(-100, 100), min_size=3, max_size=20).filter(
    lambda v: float(np.std(v)) > 1e-3
)


def test_a_quantity_agrees_with_r():
    found = standardised_mean_difference(one["age"], zero["age"])
    assert found.estimate == pytest.approx(expected.at["age", "estimate"], rel=EXACT)
    assert found.std_error == pytest.approx(expected.at["age", "std_error"], rel=EXACT)
    assert (found.n_treated, found.n_control) == (47, 41)


def test_a_yes_or_no_agrees_with_r():
    found = standardised_share_difference(one["sex"] == "F", zero["sex"] == "F")
    assert found.estimate == pytest.approx(expected.at["sex", "estimate"], rel=1e-8)


def test_categories_agree_with_r_whichever_is_left_out():
    found = standardised_category_difference(one["site"], zero["site"]).estimate
    assert found == pytest.approx(expected.at["site", "estimate"], rel=1e-8)
    assert found == pytest.approx(expected.at["site_other_level_left_out", "estimate"], rel=1e-8)


def test_two_categories_are_a_yes_or_no_without_its_sign():
    by_category = standardised_category_difference(one["sex"], zero["sex"])
    by_share = standardised_share_difference(one["sex"] == "M", zero["sex"] == "M")
    assert by_category.estimate == pytest.approx(abs(by_share.estimate), rel=1e-8)


@pytest.mark.parametrize("group", ["control", "overall"])
def test_summary_agrees_with_r(group):
    row = pd.read_csv(REFERENCE / "summary.csv").set_index("group").loc[group]
    found = summarise((zero if group == "control" else patients)["age"])
    assert (found.n, found.missing) == (row["n"], row["missing"])
    for name in ("mean", "sd", "q1", "median", "q3"):
        assert getattr(found, name) == pytest.approx(row[name], rel=EXACT)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([61, 47, 55, 70], 1),  # whole numbers: one decimal
        ([61.4, 47.2, 55.0, 70.1], 1),  # not 61.43 where patients differ by ten
        ([1.2, 0.8, 2.9, 0.1], 2),
        ([0.41, 0.52, 0.38], 3),
        ([0.1234, 0.6234, 0.3734], 2),  # a standard deviation of a quarter
        ([3100, 4200, 2900], 0),  # a standard deviation of hundreds needs no decimal
        ([5.0, 5.0], 1),
        ([np.nan, 7.25], 3),
        ([np.nan], 1),
    ],
)
def test_decimals_suit_the_record_and_the_spread(values, expected):
    assert decimals(values) == expected


def test_one_patient_has_a_share():
    assert standardised_share_difference([1], [0, 1]).estimate == pytest.approx(math.sqrt(2))
    assert np.isnan(standardised_share_difference([np.nan], [0, 1]).estimate)


@given(a=numbers, b=numbers, scale=st.floats(0.01, 100), shift=st.floats(-50, 50))
def test_the_unit_does_not_matter_and_the_arms_swap(a, b, scale, shift):
    plain = standardised_mean_difference(a, b).estimate
    moved = standardised_mean_difference(np.array(a) * scale + shift, np.array(b) * scale + shift)
    assert moved.estimate == pytest.approx(plain, rel=1e-6, abs=1e-6)
    assert standardised_mean_difference(b, a).estimate == pytest.approx(-plain, rel=1e-9, abs=1e-12)


@given(
    a=st.lists(st.sampled_from("xyz"), min_size=1, max_size=30),
    b=st.lists(st.sampled_from("xyz"), min_size=1, max_size=30),
)
def test_a_category_distance_is_symmetric_and_zero_only_for_equal_shares(a, b):
    found = standardised_category_difference(pd.Series(a), pd.Series(b)).estimate
    back = standardised_category_difference(pd.Series(b), pd.Series(a)).estimate
    assert found >= 0
    assert back == found or back == pytest.approx(found, rel=1e-6, abs=1e-6)
    equal = all(a.count(x) * len(b) == b.count(x) * len(a) for x in "xyz")
    assert (found < 1e-6) == equal


def test_arms_that_never_overlap_are_infinitely_far_apart():
    assert math.isinf(standardised_share_difference([1, 1], [0, 0]).estimate)
    assert math.isinf(standardised_mean_difference([2, 2], [1, 1]).estimate)
    assert math.isinf(
        standardised_category_difference(pd.Series(list("aab")), pd.Series(list("ccd"))).estimate
    )


def test_too_few_values_give_a_missing_difference():
    assert math.isnan(standardised_mean_difference([1.0], [1.0, 2.0]).estimate)
    assert math.isnan(standardised_share_difference([], [1.0]).estimate)
    assert math.isnan(
        standardised_category_difference(pd.Series([None], dtype=object), pd.Series(["a"])).estimate
    )
    assert math.isnan(summarise([np.nan]).mean)


def test_chance_of_imbalance_is_what_shuffling_gives():
    rng = np.random.default_rng(20)
    values = rng.normal(size=64)
    draws = [rng.permutation(values) for _ in range(3000)]
    beyond = np.mean(
        [abs(standardised_mean_difference(v[:33], v[33:]).estimate) > 0.25 for v in draws]
    )
    # Three standard errors of a share near 0.3 from 3000 shuffles are 0.025.
    assert chance_of_imbalance(33, 31, 0.25) == pytest.approx(beyond, abs=0.025)


def test_chance_of_imbalance_needs_patients():
    with pytest.raises(ValueError, match="both arms need patients"):
        chance_of_imbalance(0, 10, 0.1)


@given(n=st.integers(2, 500))
@settings(max_examples=30)
def test_larger_arms_are_less_often_unequal(n):
    assert chance_of_imbalance(n + 1, n + 1, 0.1) < chance_of_imbalance(n, n, 0.1)
