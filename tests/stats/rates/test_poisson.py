"""Exact rates and their comparison in bulk, against poisson.test and a search in R."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alsutils.stats.rates import compare_rates, poisson_rates, zero_event_rate_limit

REFERENCE = Path(__file__).parents[2] / "reference" / "safety"
NAMES = ["events_treated", "time_treated", "events_control", "time_control"]
CLOSED_FORM = 1e-11
SUMS = 1e-10  # probabilities of up to 4,700 events from logarithms of factorials
SEARCH = 1e-6  # R maximises the restricted likelihood by a search

EXPECTED = pd.read_csv(REFERENCE / "poisson.csv", skipinitialspace=True)
COUNTS = EXPECTED[["x1", "t1", "x0", "t0"]].set_axis(NAMES, axis=1)
FOUND = compare_rates(COUNTS)


def table(*rows):
    return pd.DataFrame(rows, columns=NAMES)


@pytest.mark.parametrize(
    ("column", "tolerance"),
    [
        ("ratio_low", CLOSED_FORM),
        ("ratio_high", CLOSED_FORM),
        ("p_value", SUMS),
        ("score_low", SEARCH),
        ("score_high", SEARCH),
    ],
)
def test_comparisons_agree_with_r(column, tolerance):
    np.testing.assert_allclose(FOUND[column], EXPECTED[column], rtol=tolerance, atol=1e-12)


def test_rates_agree_with_poisson_test():
    found = poisson_rates(EXPECTED["x1"], EXPECTED["t1"])
    counts = found.frame[["events", "time"]]
    np.testing.assert_array_equal(counts, EXPECTED[["x1", "t1"]])
    np.testing.assert_allclose(found.conf_low, EXPECTED["low"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(found.conf_high, EXPECTED["high"], rtol=CLOSED_FORM)
    assert found.frame["estimate"].tolist() == (EXPECTED["x1"] / EXPECTED["t1"]).tolist()


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 60), st.floats(0.1, 90), st.integers(0, 60), st.floats(0.1, 90)),
        min_size=1,
        max_size=8,
    ),
    scale=st.floats(0.01, 400),
)
@settings(max_examples=30, deadline=None)
def test_swapping_arms_and_changing_the_unit_of_time(rows, scale):
    here = compare_rates(table(*rows))
    there = compare_rates(here[NAMES].set_axis([*NAMES[2:], *NAMES[:2]], axis=1))
    slow = compare_rates(
        here[NAMES].assign(
            time_treated=lambda f: f["time_treated"] * scale,
            time_control=lambda f: f["time_control"] * scale,
        )
    )
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(here["ratio_low"], 1 / there["ratio_high"], rtol=1e-9)
    np.testing.assert_allclose(here["score_low"], -there["score_high"], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(here["p_value"], there["p_value"], rtol=1e-7)
    np.testing.assert_allclose(here["ratio_high"], slow["ratio_high"], rtol=1e-9)
    np.testing.assert_allclose(here["score_low"], slow["score_low"] * scale, rtol=1e-6, atol=1e-9)
    assert (here["score_low"] <= here["estimate"]).all()
    assert (here["estimate"] <= here["score_high"]).all()


def test_zero_events_and_no_time():
    found = compare_rates(table((0, 5, 0, 4), (3, 5, 0, 4), (0, 5, 3, 4), (1, 0, 1, 4)))
    assert found["ratio"].isna().tolist() == [True, False, False, True]
    assert found["ratio_high"][1] == found["ratio"][1] == np.inf
    assert found["ratio_low"][2] == found["ratio"][2] == 0
    assert found["p_value"][0] == 1
    assert (found["score_low"][:3] < found["score_high"][:3]).all()
    assert found.loc[3, ["estimate", "score_low", "p_value"]].isna().all()
    assert np.isnan(poisson_rates(0, 0.0).conf_high[0])


def test_the_rule_of_three_for_rates():
    limit = zero_event_rate_limit(100)
    assert limit == pytest.approx(0.03, abs=5e-5)
    assert stats.poisson.pmf(0, limit * 100) == pytest.approx(0.05)
    with pytest.raises(ValueError, match="more than 0"):
        zero_event_rate_limit(0)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (table((-1, 4, 0, 3)), "-1 events"),
        (table((1, 4, 0, 3)).drop(columns="time_control"), "time_control"),
    ],
)
def test_bad_input_is_named(counts, words):
    with pytest.raises(ValueError, match=words):
        compare_rates(counts)


@pytest.mark.parametrize(("mean1", "mean0"), [(1.5, 3.0), (4.0, 9.0), (12.0, 12.0)])
def test_intervals_cover(mean1, mean0):
    # Every outcome with its probability, not simulated; the time of the arms is 1 and 2.
    x1, x0 = (grid.ravel() for grid in np.mgrid[0:45, 0:45])
    mass = stats.poisson.pmf(x1, mean1) * stats.poisson.pmf(x0, mean0)
    counts = pd.DataFrame(dict(zip(NAMES, (x1, 1.0, x0, 2.0), strict=True)))
    found = compare_rates(counts)
    rates = poisson_rates(x1, 1.0)

    def covered(low, high, truth):
        return mass[~((truth < low) | (truth > high))].sum()

    assert covered(rates.conf_low, rates.conf_high, mean1) >= 0.95
    ratio = mean1 / (mean0 / 2)
    assert covered(found["ratio_low"], found["ratio_high"], ratio) >= 0.95
    difference = covered(found["score_low"], found["score_high"], mean1 - mean0 / 2)
    assert 0.93 < difference < 0.975
    if ratio == 1:
        assert mass[found["p_value"] <= 0.05].sum() <= 0.05
