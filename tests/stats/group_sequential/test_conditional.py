"""Conditional and predictive power against closed forms, mvtnorm and simulated trials to come."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from alsutils.stats.group_sequential import (
    Boundaries,
    SequentialError,
    Spending,
    conditional_power,
    conditional_power_futility,
    predictive_power,
    simulate_paths,
    spending_boundaries,
    stop_trials,
)

MVTNORM = 5e-9  # the error that mvtnorm was asked for is 1e-9
OBRIEN_FLEMING, POCOCK = Spending("obrien_fleming"), Spending("pocock")
Z = np.array([-1.5, 0.0, 0.7, 2.2])


@given(st.floats(0.05, 0.95), st.floats(-4, 6))
@settings(max_examples=40, deadline=None)
def test_with_only_the_end_to_come_it_is_the_closed_form(time, drift) -> None:
    boundaries = spending_boundaries([time, 1], OBRIEN_FLEMING)
    critical, left = boundaries.upper[-1], math.sqrt(1 - time)
    score = Z * math.sqrt(time)
    expected = norm.sf((critical - score - drift * (1 - time)) / left)
    assert conditional_power(boundaries, 1, Z, drift) == pytest.approx(expected, abs=1e-12)
    trend = norm.sf((critical - score / time) / left)
    assert conditional_power(boundaries, 1, Z) == pytest.approx(trend, abs=1e-12)
    predicted = norm.sf((critical - score / time) / math.sqrt((1 - time) / time))
    assert predictive_power(boundaries, 1, Z) == pytest.approx(predicted, abs=1e-9)


@given(st.floats(0.1, 0.9), st.floats(-2, 5), st.floats(0.05, 3))
@settings(max_examples=30, deadline=None)
def test_predictive_power_with_a_prior_is_the_closed_form(time, mean, weight) -> None:
    boundaries = spending_boundaries([time, 1], POCOCK, 0.025, 1)
    score, left = Z * math.sqrt(time), 1 - time
    centre = (score + weight * mean) / (time + weight)
    spread = math.sqrt(left + left**2 / (time + weight))
    expected = norm.sf((boundaries.upper[-1] - score - centre * left) / spread)
    found = predictive_power(boundaries, 1, Z, mean, weight)
    assert found == pytest.approx(expected, abs=1e-9)


def test_several_looks_to_come_agree_with_mvtnorm(reference) -> None:
    upper = np.array([5.0, 2.669, 2.289, 2.031])
    never = np.full(4, -np.inf)
    boundaries = Boundaries(np.array([0.3, 0.6, 0.8, 1]), upper, never, 0.025, 1)
    for case in reference["conditional"]:
        drift = None if case["trend"] else case["drift"]
        found = conditional_power(boundaries, 1, case["z"], drift)
        assert found[0] == pytest.approx(case["probability"], abs=MVTNORM)


def test_it_is_the_share_of_trials_to_come() -> None:
    boundaries = spending_boundaries([0.4, 0.6, 0.8, 1], POCOCK)
    z, drift, n = 1.1, 2.4, 100_000
    steps = simulate_paths([0.2, 0.4, 0.6], drift, n, np.random.default_rng(9))
    score = z * math.sqrt(0.4) + steps * np.sqrt([0.2, 0.4, 0.6])
    later = Boundaries(
        boundaries.fractions[1:], boundaries.upper[1:], boundaries.lower[1:], 0.05, 2
    )
    trials = stop_trials(later, score / np.sqrt(later.fractions))
    won = (trials.rejected & (trials.z > 0)).mean()
    found = conditional_power(boundaries, 1, z, drift)[0]
    assert found == pytest.approx(won, abs=4 * math.sqrt(0.25 / n))


def test_it_averages_to_the_power() -> None:
    """Over the interim results of all trials that go on, conditional power is what is left."""
    boundaries = spending_boundaries([0.5, 0.75, 1], POCOCK, 0.025, 1)
    z = np.linspace(-8, boundaries.upper[0], 2001)
    weights = norm.pdf(z - 2 * math.sqrt(0.5))
    left = np.trapezoid(weights * conditional_power(boundaries, 1, z, 2.0), z)
    assert left == pytest.approx(boundaries.crossing(2.0).upper[0, 1:].sum(), abs=1e-6)


def test_it_rises_with_the_result_and_the_effect() -> None:
    boundaries = spending_boundaries([0.3, 0.6, 1], OBRIEN_FLEMING)
    z = np.linspace(-3, 3, 25)
    for found in (conditional_power(boundaries, 1, z), predictive_power(boundaries, 1, z)):
        assert (np.diff(found) > 0).all()
    drifts = np.linspace(-2, 5, 25)
    assert (np.diff(conditional_power(boundaries, 1, np.full(25, 1.0), drifts)) > 0).all()


def test_very_early_looks_are_no_trouble() -> None:
    boundaries = spending_boundaries([0.02, 0.5, 1], POCOCK, 0.025, 1)
    for found in (
        conditional_power(boundaries, 1, [-6, 0, 6]),
        predictive_power(boundaries, 1, [-6, 0, 6]),
    ):
        assert np.isfinite(found).all()
        assert found[0] < 1e-6
        assert found[2] > 0.999


@pytest.mark.parametrize("drift", [None, 3.2])
def test_the_futility_rule_stops_at_its_conditional_power(drift) -> None:
    plain = spending_boundaries([0.3, 0.6, 1], OBRIEN_FLEMING, 0.025, 1)
    stops = conditional_power_futility(plain, 0.2, drift)
    for look, time in ((1, 0.3), (2, 0.6)):
        end = Boundaries(
            np.array([time, 1]), np.array([9, plain.upper[-1]]), np.full(2, -np.inf), 0.025, 1
        )
        found = conditional_power(end, 1, stops.lower[look - 1], drift)
        assert found[0] == pytest.approx(0.2, abs=1e-10)
    assert stops.upper == pytest.approx(plain.upper)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda b: conditional_power(b, 2, 1.0), "no look after"),
        (lambda b: predictive_power(b, 0, 1.0), "no look after"),
        (lambda b: predictive_power(b, 1, 1.0, 0, -1), "less than nothing"),
        (lambda b: conditional_power_futility(b, 1.2), "between 0 and 1"),
        (lambda b: conditional_power_futility(b, 0.2), "sided=1"),
    ],
)
def test_what_cannot_be_asked_is_refused(call, message) -> None:
    with pytest.raises(SequentialError, match=message):
        call(spending_boundaries([0.5, 1], POCOCK))
