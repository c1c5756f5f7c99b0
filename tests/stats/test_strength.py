"""Strength of evidence: published examples, simulation, and what defines a sceptic's prior."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from alsutils.stats.strength import (
    continuous_fragility,
    design_errors,
    e_value,
    e_value_of_difference,
    false_positive_risk,
    fragility_index,
    intrinsic_p,
    normal_posterior,
    replication,
    sceptical_prior_sd,
)

REFERENCE = Path(__file__).parents[1] / "reference" / "appraisal" / "strength.json"
R = json.loads(REFERENCE.read_text())
PROBABILITY = st.floats(0.0005, 0.35)


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


def test_intrinsic_credibility_as_published():
    # Held 2019: intrinsic credibility at 5 % asks for p below 0.0056
    assert intrinsic_p(0.0056) == pytest.approx(0.05, abs=0.0005)


@given(st.floats(0.0001, 0.04))
def test_intrinsic_credibility_is_that_of_the_widest_sceptical_prior(p):
    z = float(stats.norm.isf(p / 2))
    # The prior and the data together predict the estimate: it lies beyond the prior's own interval
    # for the alpha at which the sceptic is just overcome.
    alpha = intrinsic_p(p)
    prior_sd = sceptical_prior_sd(z, 1.0, 1 - alpha)
    assert prior_sd == pytest.approx(1.0)  # the data's own standard error: Held's definition


@pytest.mark.parametrize(
    ("p", "smallest"), [(0.1, 0.385), (0.05, 0.289), (0.01, 0.111), (0.001, 0.0184)]
)
def test_calibration_as_published(p, smallest):
    # Sellke, Bayarri and Berger 2001, table 1
    assert false_positive_risk(p).smallest_risk == pytest.approx(smallest, abs=0.0006)


def test_colquhouns_example():
    # Colquhoun 2017: 16 in each group, an effect of one standard deviation, p = 0.05: a likelihood
    # ratio of 2.76, a risk of 26 %, and a prior of 0.87 for a risk of 5 %
    found = false_positive_risk(0.05, 30, math.sqrt(8))
    assert found.ratio == pytest.approx(2.76, abs=0.01)
    assert found.risk == pytest.approx(0.266, abs=0.001)
    assert found.prior_needed == pytest.approx(0.87, abs=0.005)


@pytest.mark.parametrize("case", R["risks"])
def test_false_positive_risk_agrees_with_r(case):
    found = false_positive_risk(case["p"], case["df"], case["effect"], case["prior"])
    # R's noncentral t keeps about 10 digits
    assert found.ratio == pytest.approx(case["ratio"], rel=1e-7)
    assert found.risk == pytest.approx(case["risk"], rel=1e-7)


@given(PROBABILITY, st.floats(0.05, 0.95))
def test_no_effect_fits_better_than_the_one_seen(p, prior):
    found = false_positive_risk(p, prior=prior)
    z = float(stats.norm.isf(p / 2))
    if z > 1.5:  # nearer to 0 both tails of the alternative count, and the best moves a little
        for other in (0.5 * z, 0.9 * z, 1.1 * z, 2 * z):
            assert false_positive_risk(p, effect=other, prior=prior).risk >= found.risk - 1e-3
    assert false_positive_risk(p, effect=0.0, prior=prior).risk == pytest.approx(1 - prior)
    needed = false_positive_risk(p, prior=found.prior_needed)
    assert needed.risk == pytest.approx(0.05)
    assert found.largest_ratio >= 1


@pytest.mark.parametrize("p", [0.2, 0.01, 1e-6])
@pytest.mark.parametrize("effect", [None, 0.3, 6.0])
def test_false_positive_risk_of_many_degrees_of_freedom(p, effect):
    def odds(df):
        return false_positive_risk(p, df, effect).ratio

    t = float(stats.t.isf(p / 2, 150))
    size = t if effect is None else effect
    other = stats.nct(150, size)
    wanted = (other.pdf(t) + other.pdf(-t)) / (2 * stats.t.pdf(t, 150))
    assert odds(150) == pytest.approx(wanted, rel=1e-8)  # SciPy's digits
    # The law of t goes over into the normal one as one over the degrees of freedom.
    assert odds(1e6) == pytest.approx(odds(np.inf), rel=1e-3)


def test_false_positive_risk_of_a_large_trial_with_a_tiny_p_value():
    found = false_positive_risk(1e-15, 3_000.0)
    assert found.ratio > 1e10
    assert found.risk < 1e-10


def test_false_positive_risk_by_simulation():
    rng, trials = np.random.default_rng(4), 2_000_000
    real = rng.random(trials) < 0.3
    z = rng.standard_normal(trials) + np.where(real, 2.5, 0.0)
    p = 2 * stats.norm.sf(np.abs(z))
    near = (p > 0.018) & (p < 0.022)
    expected = false_positive_risk(0.02, effect=2.5, prior=0.3).risk
    # 0.02 +- 0.002 holds about 12,000 trials: an error of 0.005
    assert np.mean(~real[near]) == pytest.approx(expected, abs=0.015)


@pytest.mark.parametrize(("p", "known"), [(0.05, 0.5), (0.01, 0.73)])
def test_replication_as_goodman_has_it(p, known):
    # Goodman 1992: were the estimate the truth, p = 0.01 would be significant again 73 % of times
    z = float(stats.norm.isf(p / 2))
    assert replication(z, 0.0, 1.0).significant == pytest.approx(known, abs=0.005)


def test_replication_as_killeen_has_it():
    # Killeen 2005: p = 0.05 goes with p_rep = 0.917
    z = float(stats.norm.isf(0.025))
    assert replication(z, 1.0, 1.0).same_direction == pytest.approx(0.917, abs=0.0005)
    assert replication(-z, 1.0, 1.0) == replication(z, 1.0, 1.0)
    # Held 2019: half the intrinsic p is the chance of the other direction
    assert intrinsic_p(0.05) / 2 == pytest.approx(1 - replication(z, 1.0, 1.0).same_direction)


def test_replication_by_simulation():
    rng, n = np.random.default_rng(8), 400_000
    estimate = rng.normal(1.0, 0.6, n) + rng.normal(0, 0.7, n)
    found = replication(1.0, 0.6, 0.7)
    # 3.3 simulation errors
    assert found.same_direction == pytest.approx((estimate > 0).mean(), abs=0.003)
    assert found.significant == pytest.approx((estimate > 1.959964 * 0.7).mean(), abs=0.003)


@pytest.mark.parametrize("case", R["fragility"], ids=lambda c: "-".join(map(str, c["table"])))
def test_fragility_agrees_with_r(case):
    found = fragility_index(*case["table"])
    changes = None if case["changes"] == "NA" else case["changes"]
    assert (found.significant, found.changes) == (case["significant"], changes)
    assert found.p_value == pytest.approx(case["p"], rel=1e-8)
    if changes is not None:
        assert found.p_after == pytest.approx(case["p_after"], rel=1e-8)


@given(st.integers(1, 30), st.integers(1, 30), st.data())
def test_fragility_does_not_care_which_arm_is_which(n1, n0, data):
    x1 = data.draw(st.integers(0, n1))
    x0 = data.draw(st.integers(0, n0))
    one, two = fragility_index(x1, n1, x0, n0), fragility_index(x0, n0, x1, n1)
    if x1 != x0:
        assert (one.changes, one.significant) == (two.changes, two.significant)
        assert one.in_treated != two.in_treated
    if one.changes is not None:
        assert (one.p_after < 0.05) != one.significant


def test_continuous_fragility_agrees_with_r():
    case = R["continuous"]
    found = continuous_fragility(case["treated"], case["control"])
    assert (found.changes, found.n) == (case["changes"], len(case["treated"]))
    assert found.p_value == pytest.approx(case["p"], rel=1e-9)
    assert found.p_after == pytest.approx(case["p_after"], rel=1e-9)
    swapped = continuous_fragility(case["control"], case["treated"])
    assert swapped == found
    scaled = continuous_fragility(-10 * np.array(case["treated"]), -10 * np.array(case["control"]))
    assert scaled.p_value == pytest.approx(found.p_value)
    assert continuous_fragility([1.0, 2.0, 3.0], [1.5, 2.5]).changes == 0


def test_e_value_as_published():
    # VanderWeele and Ding 2017: 3.9 (1.8 to 8.7) has E-values of 7.26 and 3.0
    found = e_value(3.9, 1.8, 8.7)
    assert (round(found.point, 2), round(found.limit, 1)) == (7.26, 3.0)
    turned = e_value(1 / 3.9, 1 / 8.7, 1 / 1.8)
    assert turned.point == pytest.approx(found.point)
    assert turned.limit == pytest.approx(found.limit)
    assert e_value(1.2, 0.9, 1.6).limit == 1


def test_e_value_of_a_difference_agrees_with_r():
    case = R["difference"]
    found = e_value_of_difference(case["d"], case["low"], case["high"])
    assert found.point == pytest.approx(case["point"])
    assert found.limit == pytest.approx(case["limit"])
    assert e_value_of_difference(-0.6, -1.1, -0.1).point == pytest.approx(case["point"])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: false_positive_risk(0.0), "p_value must lie"),
        (lambda: replication(1.0, 1.0, 0.0), "above 0"),
        (lambda: fragility_index(5, 4, 1, 4), "impossible"),
        (lambda: continuous_fragility([1.0], [1.0, 2.0]), "two values"),
        (lambda: e_value(2.0, 2.5, 3.0), "no risk ratio"),
    ],
)
def test_refuses_what_cannot_be(call, words):
    with pytest.raises(ValueError, match=words):
        call()
