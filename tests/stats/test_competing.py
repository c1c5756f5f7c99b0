"""Cumulative incidence and Gray's test, against survival and cmprsk in R, and by simulation."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alsutils.stats.competing import (
    cumulative_incidence,
    gray_test,
    incidence_at,
    incidence_difference,
)
from alsutils.stats.survival import kaplan_meier, survival_at

REFERENCE = Path(__file__).parents[1] / "reference" / "competing"
EXACT = 1e-10  # both sides add up the same closed forms

PATIENTS = pd.read_csv(REFERENCE / "patients.csv")
CURVES = pd.read_csv(REFERENCE / "curves.csv", skipinitialspace=True)
TESTS = pd.read_csv(REFERENCE / "gray.csv", skipinitialspace=True)
GROUPS = {
    "three": ["control", "high", "low"],
    "pair": ["control", "high"],
    "small": ["all", "none"],
}


@pytest.mark.parametrize("key", CURVES.groupby(["group", "scale"]).groups)
def test_curves_agree_with_survfit(key):
    group, scale = key
    expected = CURVES[(CURVES["group"] == group) & (CURVES["scale"] == scale)]
    rows = PATIENTS[PATIENTS["group"] == group]
    curve = cumulative_incidence(rows[scale], rows["event"])
    assert curve.frame.loc[0, ["time", "estimate", "other"]].tolist() == [0, 0, 0]
    found = curve.frame.iloc[1:]
    for column in ("time", "estimate", "std_error", "conf_low", "conf_high", "other", "at_risk"):
        np.testing.assert_allclose(found[column], expected[column], rtol=EXACT, atol=EXACT)
    np.testing.assert_allclose(found["estimate"], expected["cmprsk"], rtol=EXACT, atol=EXACT)
    # cmprsk has another estimator of the variance; the two come together where many are at risk.
    many = (found["at_risk"] > 8).to_numpy()
    near = expected["cmprsk_error"].to_numpy()[many]
    np.testing.assert_allclose(found["std_error"][many], near, rtol=0.05)
    assert curve.events == (rows["event"] == 1).sum()
    assert curve.competing == found["competing"].sum() == (rows["event"] == 2).sum()


@pytest.mark.parametrize("row", list(TESTS.itertuples(index=False)), ids=str)
def test_gray_agrees_with_cmprsk(row):
    rows = PATIENTS[PATIENTS["group"].isin(GROUPS[row.name])]
    strata = rows["stratum"] if row.strata else None
    found = gray_test(rows[row.scale], rows["event"], rows["group"], row.cause, strata)
    assert found.statistic == pytest.approx(row.statistic, rel=EXACT)
    assert found.p_value == pytest.approx(row.p_value, rel=EXACT)
    assert found.df == row.df
    assert found.frame["p_value"].tolist() == [found.p_value]


@st.composite
def people(draw):
    n = draw(st.integers(2, 40))
    time = draw(st.lists(st.integers(1, 12), min_size=n, max_size=n))
    event = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    return np.array(time, dtype=float), np.array(event)


@given(given_people=people())
@settings(max_examples=60, deadline=None)
def test_without_another_event_it_is_one_less_kaplan_meier(given_people):
    time, event = given_people[0], np.minimum(given_people[1], 1)
    here, there = cumulative_incidence(time, event).frame, kaplan_meier(time, event == 1).frame
    np.testing.assert_allclose(here["estimate"], 1 - there["estimate"], atol=EXACT)
    left = there["estimate"].to_numpy() > 1e-9
    np.testing.assert_allclose(here["std_error"][left], there["std_error"][left], atol=1e-8)


@given(given_people=people())
@settings(max_examples=60, deadline=None)
def test_the_shares_add_up_and_are_those_of_patients_without_censoring(given_people):
    time, event = given_people
    curve = cumulative_incidence(time, event)
    free = kaplan_meier(time, event > 0).frame["estimate"].to_numpy()
    frame = curve.frame
    np.testing.assert_allclose(frame["estimate"] + frame["other"] + free, 1, atol=EXACT)
    swapped = cumulative_incidence(time, event, cause=2).frame
    np.testing.assert_allclose(swapped["estimate"], frame["other"], atol=EXACT)
    whole = cumulative_incidence(time, event + 1, cause=2).frame
    shares = [
        (event[time <= t] == 1).mean() * (time <= t).mean() if (time <= t).any() else 0
        for t in whole["time"]
    ]
    np.testing.assert_allclose(whole["estimate"], shares, atol=EXACT)
    # Squared, for the root of a rounding error where nobody is left is no longer small.
    variances = whole["estimate"] * (1 - whole["estimate"]) / len(time)
    np.testing.assert_allclose(whole["std_error"] ** 2, variances, atol=1e-14)


@given(given_people=people(), scale=st.floats(0.01, 100), data=st.data())
@settings(max_examples=40, deadline=None)
def test_units_of_time_order_and_names_of_groups_change_nothing(given_people, scale, data):
    time, event = given_people
    group = np.arange(len(time)) % 2
    order = np.array(data.draw(st.permutations(range(len(time)))))
    here = gray_test(time, event, group)
    there = gray_test(time[order] * scale, event[order], np.where(group[order] == 1, "a", "b"))
    np.testing.assert_allclose(there.statistic, here.statistic, rtol=1e-7, atol=1e-9)
    curve = cumulative_incidence(time[order] * scale, event[order]).frame
    plain = cumulative_incidence(time, event).frame
    np.testing.assert_allclose(curve["std_error"], plain["std_error"], atol=1e-9)


def test_the_share_at_a_time():
    curve = cumulative_incidence([1, 2, 3, 4, 5, 6], [1, 2, 0, 1, 0, 0])
    at = incidence_at(curve, 4.5)
    row = curve.frame[curve.frame["time"] == 4].iloc[0]
    assert (at.estimate, at.conf_low) == (row["estimate"], row["conf_low"])
    assert np.isnan(incidence_at(curve, 6.5).estimate)
    none = incidence_at(curve, 0.5)
    assert (none.estimate, none.conf_low) == (0, 0)
    assert none.conf_high == pytest.approx(1 - 0.025 ** (1 / 6))
    # Where everybody had one event or another, nothing can change afterwards.
    closed = cumulative_incidence([1, 2, 3], [1, 2, 1])
    assert incidence_at(closed, 9).estimate == pytest.approx(2 / 3)
    everybody = incidence_at(cumulative_incidence([1, 2], [1, 1]), 2)
    assert (everybody.estimate, everybody.conf_high) == (1, 1)
    assert everybody.conf_low > 0


def test_a_difference_without_competing_events_is_that_of_survival():
    control = PATIENTS[PATIENTS["group"] == "control"]
    treated = PATIENTS[PATIENTS["group"] == "high"]
    arms = [cumulative_incidence(d["exact"], d["event"] == 1) for d in (treated, control)]
    found = incidence_difference(*arms, time=60)
    free = [kaplan_meier(d["exact"], d["event"] == 1) for d in (treated, control)]
    one, two = (survival_at(curve, 60) for curve in free)
    assert found.estimate == pytest.approx(two.estimate - one.estimate)
    assert found.std_error == pytest.approx(np.hypot(one.std_error, two.std_error))
    assert found.conf_low < found.estimate < found.conf_high
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(found.estimate) / found.std_error))
    back = incidence_difference(*arms[::-1], time=60)
    assert (back.conf_low, back.p_value) == pytest.approx((-found.conf_high, found.p_value))


def test_what_cannot_be_tested_is_missing():
    assert np.isnan(gray_test([1, 2, 3], [2, 0, 2], ["a", "b", "a"]).statistic)
    assert np.isnan(gray_test([1, 2, 3], [1, 0, 1], ["a", "a", "a"]).p_value)


@pytest.mark.parametrize(
    ("time", "event", "words"),
    [
        ([], [], "one of each"),
        ([1, 2], [1], "one of each"),
        ([1, np.nan], [1, 0], "at least 0"),
        ([1, -1], [1, 0], "at least 0"),
        ([1, np.inf], [1, 0], "at least 0"),
        ([1, 2], [1, np.nan], "number of its kind"),
        ([1, 2], [1, -1], "number of its kind"),
    ],
)
def test_bad_input_is_named(time, event, words):
    with pytest.raises(ValueError, match=words):
        cumulative_incidence(time, event)


def test_groups_must_be_known():
    with pytest.raises(ValueError, match="2 groups"):
        gray_test([1, 2, 3], [1, 0, 1], ["a", None, "b"])


@pytest.mark.long
def test_intervals_cover_and_the_test_keeps_its_level():
    rng = np.random.default_rng(11)
    trials, n = 300, 80
    covered, p_values = [], []
    truth = 0.02 / 0.03 * (1 - np.exp(-0.03 * 30))
    for _ in range(trials):
        first = rng.exponential(1 / 0.03, n)
        last = rng.uniform(15, 90, n)
        kind = np.where(rng.random(n) < 2 / 3, 1, 2)
        event = np.where(first <= last, kind, 0)
        time = np.ceil(np.minimum(first, last) * 2) / 2
        at = incidence_at(cumulative_incidence(time, event), 30)
        covered.append(at.conf_low <= truth <= at.conf_high)
        p_values.append(gray_test(time, event, np.arange(n) % 2).p_value)
    # Four simulation errors of shares of 0.95 and 0.05 in 300 trials.
    assert abs(np.mean(covered) - 0.95) < 0.05
    assert abs(np.mean(np.array(p_values) <= 0.05) - 0.05) < 0.05


def test_the_test_finds_what_the_log_rank_test_of_deaths_hides():
    rng = np.random.default_rng(3)
    n = 400
    treated = np.arange(n) % 2 == 0
    first = rng.exponential(np.where(treated, 20, 45))
    death = rng.exponential(40, n)
    event = np.where(np.minimum(first, death) > 60, 0, np.where(first < death, 1, 2))
    time = np.minimum(np.minimum(first, death), 60)
    assert gray_test(time, event, treated).p_value < 0.001
