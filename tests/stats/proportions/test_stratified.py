"""Mantel-Haenszel estimates and tests, against metafor, mantelhaen.test and a printed example."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.proportions import compare_risks, stratified_risks

REFERENCE = Path(__file__).parents[2] / "reference" / "safety"
CLOSED_FORM = 1e-10
SEARCH = 1e-6  # R maximises each stratum's restricted likelihood by a search

NAMES = {
    "x1": "events_treated",
    "n1": "n_treated",
    "x0": "events_control",
    "n0": "n_control",
}
STRATA = pd.read_csv(REFERENCE / "strata.csv").rename(columns=NAMES)
EXPECTED = pd.read_csv(REFERENCE / "stratified.csv", skipinitialspace=True)
FOUND = stratified_risks(STRATA, "name")


@pytest.mark.parametrize("column", [c for c in EXPECTED.columns[1:] if not c.endswith("_r")])
def test_agrees_with_metafor(column):
    tolerance = SEARCH if column.startswith("score") else CLOSED_FORM
    np.testing.assert_allclose(FOUND[column], EXPECTED[column], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("column", ["odds_ratio", "odds_ratio_low", "odds_ratio_high"])
def test_odds_ratios_agree_with_mantelhaen_test(column):
    np.testing.assert_allclose(FOUND[column], EXPECTED[f"{column}_r"], rtol=CLOSED_FORM)


def test_the_printed_example():
    # Fagerland, Lydersen and Laake (2017), chapter 10.
    row = FOUND[FOUND["name"] == "pooled"].iloc[0]
    assert row["odds_ratio"] == pytest.approx(4.5239, abs=6e-5)
    assert (row["cmh"], row["tarone"]) == pytest.approx((24.920, 5.175), abs=6e-4)
    assert row["tarone_p"] == pytest.approx(0.02292, abs=6e-6)
    assert (row["ratio_low"], row["ratio_high"]) == pytest.approx((1.5831, 3.8698), abs=6e-5)


def test_all_rows_are_one_comparison_without_names():
    one = stratified_risks(STRATA[STRATA["name"] == "several"])
    columns = FOUND.columns.drop("name")
    expected = FOUND[FOUND["name"] == "several"].reset_index(drop=True)[columns]
    pd.testing.assert_frame_equal(one, expected)


def test_a_single_stratum_gives_the_plain_figures():
    counts = pd.DataFrame([("a", 7, 34, 1, 34)], columns=["name", *NAMES.values()])
    found, plain = stratified_risks(counts, "name").iloc[0], compare_risks(counts).iloc[0]
    for column in ("estimate", "ratio", "score_low", "score_high"):
        assert found[column] == pytest.approx(plain[column], rel=1e-9)
    assert found["tarone_df"] == 0
    assert np.isnan(found["tarone_p"])


def test_a_stratum_of_one_arm_changes_nothing():
    alone = pd.DataFrame([("several", "e", 2, 5, 0, 0)], columns=STRATA.columns)
    found = stratified_risks(pd.concat([STRATA, alone]), "name")
    pd.testing.assert_frame_equal(found, FOUND)


def test_where_nothing_is_defined_it_is_missing():
    counts = pd.DataFrame(
        [("none", 0, 9, 0, 8), ("none", 0, 4, 0, 4), ("empty", 0, 0, 2, 3), ("left", 0, 5, 2, 6)],
        columns=["name", *NAMES.values()],
    )
    none, empty, left = (row for _, row in stratified_risks(counts, "name").iterrows())
    assert none["estimate"] == 0
    assert none["score_low"] < 0 < none["score_high"]
    assert none[["std_error", "p_value", "ratio", "odds_ratio", "cmh", "tarone"]].isna().all()
    assert empty["strata"] == 0
    assert empty[["estimate", "score_low", "ratio"]].isna().all()
    assert left["ratio"] == 0
    assert np.isnan(left["ratio_high"])


@st.composite
def strata(draw):
    rows = []
    for name in range(draw(st.integers(1, 4))):
        for _ in range(draw(st.integers(1, 4))):
            n1, n0 = draw(st.integers(1, 20)), draw(st.integers(1, 20))
            rows.append((name, draw(st.integers(0, n1)), n1, draw(st.integers(0, n0)), n0))
    return pd.DataFrame(rows, columns=["name", *NAMES.values()])


@given(counts=strata())
@settings(max_examples=25, deadline=None)
def test_swapping_the_arms_and_the_rows(counts):
    x1, n1, x0, n0 = NAMES.values()
    swap = {x1: x0, n1: n0, x0: x1, n0: n1}
    here = stratified_risks(counts, "name").set_index("name")
    there = stratified_risks(counts.iloc[::-1].rename(columns=swap), "name").set_index("name")
    there = there.loc[here.index]
    close = {"rtol": 1e-9, "atol": 1e-9}
    np.testing.assert_allclose(here["estimate"], -there["estimate"], **close)
    np.testing.assert_allclose(here["score_low"], -there["score_high"], **close)
    np.testing.assert_allclose(here["std_error"], there["std_error"], **close)
    np.testing.assert_allclose(here["ratio_low"], 1 / there["ratio_high"], **close)
    np.testing.assert_allclose(here["odds_ratio_high"], 1 / there["odds_ratio_low"], **close)
    for column in ("cmh", "tarone", "tarone_df"):
        np.testing.assert_allclose(here[column], there[column], rtol=1e-6, atol=1e-9)


def test_missing_columns_are_named():
    with pytest.raises(ValueError, match="site"):
        stratified_risks(STRATA, ["name", "site"])


def test_the_difference_covers_its_truth():
    rng = np.random.default_rng(5)
    trials, base, difference = 2000, np.array([0.1, 0.3, 0.5]), 0.12
    name = np.repeat(np.arange(trials), 3)
    control = np.tile(base, trials)
    counts = pd.DataFrame(
        {
            "name": name,
            "events_treated": rng.binomial(22, control + difference),
            "n_treated": 22,
            "events_control": rng.binomial(18, control),
            "n_control": 18,
        }
    )
    found = stratified_risks(counts, "name")
    for low, high in (("conf_low", "conf_high"), ("score_low", "score_high")):
        covered = ((found[low] <= difference) & (difference <= found[high])).mean()
        # Four simulation errors of a share of 0.95 in 2,000 trials.
        assert abs(covered - 0.95) < 0.02
