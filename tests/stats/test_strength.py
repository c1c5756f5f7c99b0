"""Strength of evidence: published examples, simulation, and what defines a sceptic's prior."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alsutils.stats.strength import design_errors, normal_posterior, sceptical_prior_sd


def test_gelman_and_carlins_example():
    # Gelman and Carlin 2014, p. 644: effect 0.1, standard error 3.28: power 0.05, type S 0.46 and
    # an exaggeration ratio of 77, which they simulated
    row = design_errors([0.1], 3.28).frame.iloc[0]
    assert row["power"] == pytest.approx(0.05, abs=0.005)
    assert row["wrong_sign"] == pytest.approx(0.46, abs=0.005)
    assert row["exaggeration"] == pytest.approx(77, abs=1)


@pytest.mark.parametrize("df", [10, math.inf])
def test_agrees_with_simulation(df):
    rng, draws = np.random.default_rng(1), 400_000
    noise = rng.standard_normal(draws) if math.isinf(df) else rng.standard_t(df, draws)
    estimate = 1.5 + noise
    critical = 1.959964 if math.isinf(df) else 2.228139
    seen = estimate[np.abs(estimate) > critical]
    row = design_errors([1.5], 1.0, df).frame.iloc[0]
    assert row["power"] == pytest.approx(len(seen) / draws, abs=0.003)
    assert row["wrong_sign"] == pytest.approx((seen < 0).mean(), abs=0.002)
    assert row["exaggeration"] == pytest.approx(np.abs(seen).mean() / 1.5, abs=0.01)


def test_large_effects_are_not_exaggerated():
    row = design_errors([12.0], 1.0).frame.iloc[0]
    assert row["power"] == pytest.approx(1)
    assert row["exaggeration"] == pytest.approx(1, abs=1e-6)


def test_refuses_what_has_no_meaning():
    with pytest.raises(ValueError, match="no size"):
        design_errors([0.0], 1.0)
    with pytest.raises(ValueError, match="above 0"):
        design_errors([1.0], 0.0)
    with pytest.raises(ValueError, match="above 0"):
        normal_posterior(1.0, 1.0, 0.0, 0.0)


def test_without_prior_opinion_the_posterior_is_the_estimate():
    found = normal_posterior(2.0, 0.5, 0.0, math.inf)
    assert (found.estimate, found.std_error) == (2.0, 0.5)
    assert found.conf_low == pytest.approx(2 - 1.959964 * 0.5)


def test_equal_weights_meet_in_the_middle():
    found = normal_posterior(2.0, 1.0, 0.0, 1.0)
    assert found.estimate == pytest.approx(1.0)
    assert found.std_error == pytest.approx(math.sqrt(0.5))


@given(st.floats(0.5, 20), st.floats(0.05, 0.2))
def test_the_sceptics_prior_just_reaches_no_effect(estimate, std_error):
    prior_sd = sceptical_prior_sd(estimate, std_error)
    touching = normal_posterior(estimate, std_error, 0.0, prior_sd)
    assert touching.conf_low == pytest.approx(0, abs=1e-9 * estimate)
    assert sceptical_prior_sd(-estimate, std_error) == pytest.approx(prior_sd)


def test_an_interval_with_no_effect_needs_no_sceptic():
    assert math.isnan(sceptical_prior_sd(1.0, 1.0))
