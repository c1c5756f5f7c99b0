"""Assurance against R's integrals, exact truths and simulated programmes of two trials."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from alsutils.stats.assurance import (
    Belief,
    arms_assurance,
    assurance,
    assurance_limit,
    conditional_estimate,
    given_significance,
    posterior,
    record_of_trials,
    size_for_assurance,
)
from alsutils.stats.power import Level, MeanTest
from alsutils.stats.strength import normal_posterior

REFERENCE = Path(__file__).parents[1] / "reference" / "assurance"
QUADRATURE = 1e-8  # R's integrals are asked for 1e-11, ours are trapezoid sums good to 1e-9
GRID = 1e-4  # a share above a threshold, by the midpoint rule with 20 points to a standard error
GENZ = 1e-6  # R's integral of a multivariate normal is drawn at random to 1e-8 or so

cases = pd.read_csv(REFERENCE / "assurance.csv")
beliefs = pd.read_csv(REFERENCE / "beliefs.csv")
sure = Belief.normal(2.0, 0.0)

means = st.floats(-3, 5)
spreads = st.floats(0, 3)
arms = st.integers(2, 400)
parts = st.lists(st.tuples(st.floats(0.05, 1), means, spreads), min_size=1, max_size=4)
mixtures = parts.map(lambda rows: Belief(*(np.array(column) for column in zip(*rows, strict=True))))


@pytest.mark.parametrize("statistic", ["t", "normal"])
def test_assurance_agrees_with_integrals_in_r(statistic):
    found = [
        float(
            assurance(
                Belief.normal(row.mean, row.spread),
                row.sd,
                row.n0,
                row.n1,
                Level(row.alpha),
                "either" if row.either else "better",
                statistic,
            )
        )
        for row in cases.itertuples()
    ]
    np.testing.assert_allclose(found, cases[statistic], rtol=0, atol=QUADRATURE)


@pytest.mark.parametrize(
    "row", beliefs.to_dict("records"), ids=lambda r: f"{r['kind']}-{r['estimate']}"
)
def test_beliefs_agree_with_integrals_in_r(row):
    x, se = row["estimate"], row["std_error"]
    if row["kind"] == "record":
        found = posterior(record_of_trials(se), x, se)
    else:
        found = given_significance(x, se)
        assert conditional_estimate(x, se) == pytest.approx(row["best"], abs=1e-6)
    assert (found.mean, found.sd) == pytest.approx((row["mean"], row["sd"]), abs=QUADRATURE)
    assert float(found.probability_above()) == pytest.approx(row["above"], abs=GRID)
    assert float(assurance(found, 4, 46, 46)) == pytest.approx(row["assurance"], abs=QUADRATURE)


@pytest.mark.parametrize("row", pd.read_csv(REFERENCE / "arms.csv").to_dict("records"))
def test_several_arms_agree_with_the_multivariate_normal_in_r(row):
    treated = [int(n) for n in row["n1"].split()]
    belief = Belief.normal(row["mean"], row["spread"])
    found = arms_assurance(belief, row["sd"], row["n0"], treated, alike=row["alike"])
    expected = (row["at_least_one"], row["every"])
    assert (found.at_least_one, found.every) == pytest.approx(expected, abs=GENZ)
    alone = [assurance(belief, row["sd"], row["n0"], n, statistic="normal") for n in treated]
    np.testing.assert_allclose(found.each, alone, atol=QUADRATURE)


@pytest.mark.parametrize("row", pd.read_csv(REFERENCE / "sizes.csv").to_dict("records"))
def test_the_smallest_trial_is_what_r_counts_up_to(row):
    found = size_for_assurance(Belief.normal(row["mean"], row["spread"]), row["sd"], row["wanted"])
    assert (found.n_control, found.n_treated) == (row["n"], row["n"])
    assert found.assurance >= row["wanted"]


@given(mean=means, n0=arms, n1=arms, either=st.booleans())
@settings(max_examples=40)
def test_where_the_effect_is_known_assurance_is_power(mean, n0, n1, either):
    found = assurance(Belief.normal(mean, 0), 4, n0, n1, success="either" if either else "better")
    two = MeanTest(4).power(mean, n0, n1)
    one = MeanTest(4, level=Level(0.025, sides=1)).power(mean, n0, n1)
    expected = two if either else one if mean >= 0 else two - one
    assert float(found) == pytest.approx(float(expected), abs=1e-6)


@given(belief=mixtures, n0=arms, n1=arms)
@settings(max_examples=40)
def test_with_a_known_spread_it_is_the_predicted_share_beyond_the_critical_value(belief, n0, n1):
    error = 4 * math.sqrt(1 / n0 + 1 / n1)
    predicted = belief.plus(0, error)
    expected = predicted.probability_above(-special.ndtri(0.025) * error)
    found = assurance(belief, 4, n0, n1, statistic="normal")
    assert float(found) == pytest.approx(float(expected), abs=1e-12)


@given(belief=mixtures, scale=st.floats(0.01, 100), n0=arms, n1=arms)
@settings(max_examples=40)
def test_the_unit_does_not_matter_and_the_sides_add_up(belief, scale, n0, n1):
    scaled = Belief(belief.weights, belief.means * scale, belief.sds * scale)
    turned = Belief(belief.weights, -belief.means, belief.sds)
    here = float(assurance(belief, 4, n0, n1))
    assert float(assurance(scaled, 4 * scale, n0, n1)) == pytest.approx(here, rel=1e-9)
    both = float(assurance(belief, 4, n0, n1, success="either"))
    assert both == pytest.approx(here + float(assurance(turned, 4, n0, n1)), rel=1e-9)
    assert float(assurance(belief, 4, n1, n0)) == pytest.approx(here, rel=1e-9)


@given(mean=st.floats(0, 5), sd=st.floats(0.5, 3), n=arms)
@settings(max_examples=40)
def test_more_patients_promise_more_but_never_more_than_a_good_effect(mean, sd, n):
    belief = Belief.normal(mean, sd)
    one, two, endless = assurance(belief, 4, [n, n + 1, 10**9], [n, n + 1, 10**9])
    assert one <= two + 1e-12
    assert two <= assurance_limit(belief) + 1e-9
    assert float(endless) == pytest.approx(assurance_limit(belief), abs=1e-3)


def test_without_an_effect_half_the_level_is_left():
    idle = Belief.normal(0, 0)
    assert float(assurance(idle, 4, 30, 30)) == pytest.approx(0.025, abs=QUADRATURE)
    assert float(assurance(idle, 4, 30, 30, success="either")) == pytest.approx(0.05, abs=1e-8)
    assert assurance_limit(idle) == 0.025
    half = Belief([0.5, 0.5], [0, 3], [0, 0])
    assert assurance_limit(half) == 0.5125


def test_no_trial_promises_more_than_the_limit():
    doubtful = Belief.normal(1.0, 2.0)
    limit = stats.norm.cdf(0.5)
    found = size_for_assurance(doubtful, 4, 0.8)
    assert math.isnan(found.n_control)
    assert found.limit == pytest.approx(limit)
    assert size_for_assurance(doubtful, 4, limit - 0.05).n_control > 2


def test_sizes_follow_the_ratio():
    found = size_for_assurance(Belief.normal(3, 1), 4, 0.8, ratio=2)
    assert found.n_treated == 2 * found.n_control
    less = assurance(Belief.normal(3, 1), 4, found.n_control - 1, 2 * (found.n_control - 1))
    assert float(less) < 0.8 <= found.assurance


@given(x=means, se=st.floats(0.1, 3), prior_mean=means, prior_sd=st.floats(0.1, 5))
@settings(max_examples=40)
def test_one_normal_prior_is_the_conjugate_formula(x, se, prior_mean, prior_sd):
    found = posterior(Belief.normal(prior_mean, prior_sd), x, se)
    expected = normal_posterior(x, se, prior_mean, prior_sd)
    assert (found.mean, found.sd) == pytest.approx((expected.estimate, expected.std_error))
    assert found.interval() == pytest.approx((expected.conf_low, expected.conf_high), abs=1e-6)
    assert float(found.probability_above()) == pytest.approx(expected.probability_above)


@pytest.mark.parametrize("standing", [9.5, 10.5, 40.0])
def test_what_is_far_from_nothing_needs_no_allowance_for_the_choice(standing):
    found = given_significance(standing, 1.0)
    assert (found.mean, found.sd) == pytest.approx((standing, 1.0), abs=1e-6)


def test_a_share_of_idle_treatments_is_weighed_by_bayes_rule():
    found = posterior(Belief([0.7, 0.3], [0, 0], [0, 2]), 2.5, 1.0)
    idle = 0.7 * stats.norm.pdf(2.5)
    other = 0.3 * stats.norm.pdf(2.5, scale=math.sqrt(5))
    assert found.weights[0] == pytest.approx(idle / (idle + other))
    assert found.means.tolist() == pytest.approx([0, 2.0])


def test_a_bias_of_unknown_size_shifts_and_widens():
    found = Belief.normal(3, 1).plus(-0.5, 0.75)
    assert (found.mean, found.sd) == pytest.approx((2.5, 1.25))


@given(x=st.floats(2, 8), se=st.floats(0.1, 1))
@settings(max_examples=40)
def test_the_conditional_estimate_lies_between_nothing_and_the_estimate(x, se):
    estimate = x * se
    found = conditional_estimate(estimate, se)
    assert 0 <= found <= estimate + 1e-9
    assert conditional_estimate(-estimate, se) == pytest.approx(-found, abs=1e-5)
    assert conditional_estimate(estimate * 3, se * 3) == pytest.approx(3 * found, abs=1e-4)


@pytest.mark.parametrize("x", [1.9, -1.0, 0.0])
def test_what_was_not_significant_was_not_chosen(x):
    with pytest.raises(ValueError, match="not significant"):
        given_significance(x, 1.0)
    with pytest.raises(ValueError, match="not significant"):
        conditional_estimate(-2.5, 1.0, Level(0.05, sides=1))


@pytest.mark.parametrize("sd", [0.0, -1.0, math.nan])
def test_a_trial_needs_spread_and_patients(sd):
    with pytest.raises(ValueError, match="sd must be above 0"):
        assurance(sure, sd, 20, 20)
    with pytest.raises(ValueError, match="at least 2 patients"):
        assurance(sure, 4, 20, 1)
    with pytest.raises(ValueError, match="std_error"):
        posterior(sure, 1, sd)


@pytest.mark.parametrize(
    "broken", [([1], [1, 2], [1]), ([], [], []), ([-1], [0], [1]), ([1], [0], [-1])]
)
def test_a_belief_has_parts_with_weight_and_spread(broken):
    with pytest.raises(ValueError, match=r"weights"):
        Belief(*map(np.array, broken))


def _programme(rng, trials=200_000, n=46, sd=4.0, se=1.0):
    """Draw true effects as past trials have them, and run a first and a next trial of each."""
    part = rng.choice(4, trials, p=[0.32, 0.31, 0.30, 0.07])
    effects = rng.normal(0, np.array([0.61, 1.42, 2.16, 5.64])[part] * se)
    first = rng.normal(effects, se)
    error = sd * math.sqrt(2 / n)
    succeeded = rng.normal(effects, error) > -special.ndtri(0.025) * error
    return effects, first, succeeded


def test_assurance_is_the_share_of_chosen_treatments_that_succeed():
    effects, first, succeeded = _programme(np.random.default_rng(81))
    # Those whose first trial was significant go on; the estimates are grouped so that the
    # posterior of the middle of a group serves all of it.
    for low, high in ((1.96, 2.3), (2.8, 3.2), (4.0, 4.6)):
        chosen = (first > low) & (first < high)
        middle = float(first[chosen].mean())
        belief = posterior(record_of_trials(1.0), middle, 1.0)
        foretold = float(assurance(belief, 4, 46, 46, statistic="normal"))
        # Three standard errors of a share of more than 3,000, and the width of a group.
        assert succeeded[chosen].mean() == pytest.approx(foretold, abs=0.03)
        assert effects[chosen].mean() == pytest.approx(belief.mean, abs=0.07)
        at_face_value = float(assurance(Belief.normal(middle, 1), 4, 46, 46, statistic="normal"))
        assert at_face_value > succeeded[chosen].mean() + 0.03


def test_intervals_after_a_choice_hold_as_many_effects_as_they_say():
    effects, first, _ = _programme(np.random.default_rng(82), trials=100_000)
    chosen = np.flatnonzero(np.abs(first) > 1.96)[:1000]
    held = np.mean(
        [
            low <= effects[i] <= high
            for i in chosen
            for low, high in [posterior(record_of_trials(1.0), first[i], 1.0).interval(0.9)]
        ]
    )
    # Three standard errors of a share of 0.9 in 1,000 are 0.028.
    assert held == pytest.approx(0.9, abs=0.028)


@pytest.mark.parametrize("effect", [1.0, 2.0])
def test_the_conditional_estimate_takes_off_most_of_the_exaggeration(effect):
    rng = np.random.default_rng(83)
    first = rng.normal(effect, 1, 8000)
    significant = first[first > 1.96][:800]
    corrected = np.mean([conditional_estimate(x, 1.0) for x in significant])
    assert significant.mean() - effect > 0.3
    assert abs(corrected - effect) < 0.6 * (significant.mean() - effect)


def test_several_arms_succeed_as_often_as_foretold():
    rng = np.random.default_rng(84)
    trials, sd, n0, n1 = 100_000, 4.0, 46, np.array([23, 46])
    effect = rng.normal(2, 1, (trials, 1))
    control = rng.normal(0, sd / math.sqrt(n0), (trials, 1))
    found = effect + rng.normal(0, sd / np.sqrt(n1), (trials, 2)) - control
    wins = found > -special.ndtri(0.025) * sd * np.sqrt(1 / n0 + 1 / n1)
    told = arms_assurance(Belief.normal(2, 1), sd, n0, n1.tolist())
    # Three standard errors of a share of 100,000 are 0.005 at most.
    assert wins.any(axis=1).mean() == pytest.approx(told.at_least_one, abs=0.005)
    assert wins.all(axis=1).mean() == pytest.approx(told.every, abs=0.005)
    with pytest.raises(ValueError, match="alike"):
        arms_assurance(sure, 4, 20, [20], alike=1.1)
