"""Shares drawn towards their systems, against nested integration in R and simulated truths."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alsutils.stats.shrinkage import ShrunkenShares, shrink_risks, shrunken_differences

REFERENCE = Path(__file__).parents[1] / "reference" / "safety"
# Averages over 28 strengths and 16 means; R integrates adaptively to 1e-7.
MEAN, SPREAD = 1e-3, 3e-3
QUADRATURE = 1e-4  # of a probability, by 64 points

EXPECTED = pd.read_csv(REFERENCE / "shrunken.csv", skipinitialspace=True)
PAIRS = pd.read_csv(REFERENCE / "exceeds.csv", skipinitialspace=True)
REPEATED = {
    "a": [0, 1, 2],
    "b": [0, 0, 0, 0],
    "c": [5, 5, 5, 6],
    "d": [30, 1, 0, 0, 2],
    "e": [3, 0],
    "f": [250, 3, 10, 0, 1, 900],
    "g": [31, 31],
    "h": [4, 9, 1, 0, 2, 6, 3],
}
TERMS = pd.DataFrame(
    [(system, x) for system, counts in REPEATED.items() for x in counts], columns=["system", "x"]
).merge(EXPECTED, on=["system", "x"])


def from_beta(alpha, beta):
    alpha, beta = np.atleast_1d(alpha).astype(float), np.atleast_1d(beta).astype(float)
    mean = alpha / (alpha + beta)
    return ShrunkenShares(mean, mean, mean, mean, alpha, beta, mean, mean)


def test_agrees_with_integration_in_r():
    found = shrink_risks(TERMS["x"], TERMS["n"], TERMS["system"])
    np.testing.assert_allclose(found.estimate, TERMS["mean"], rtol=MEAN)
    sd = stats.beta.std(found.alpha, found.beta)
    np.testing.assert_allclose(sd, TERMS["sd"], rtol=SPREAD)
    np.testing.assert_allclose(stats.beta.mean(found.alpha, found.beta), found.estimate)
    np.testing.assert_allclose(found.weight, TERMS["weight"], rtol=SPREAD)
    low, high = stats.beta.ppf([[0.025], [0.975]], found.alpha, found.beta)
    np.testing.assert_allclose(found.conf_low, low, rtol=1e-9)
    np.testing.assert_allclose(found.conf_high, high, rtol=1e-9)


def test_one_share_exceeding_another_agrees_with_r():
    arms = from_beta(PAIRS["a1"], PAIRS["b1"]), from_beta(PAIRS["a0"], PAIRS["b0"])
    found = shrunken_differences(*arms)
    np.testing.assert_allclose(found.p_exceeds, PAIRS["p_exceeds"], atol=QUADRATURE)


def test_limits_of_a_difference_are_quantiles_of_draws():
    rng = np.random.default_rng(6)
    a1, b1, a0, b0 = (np.array(v) for v in ([2, 30, 0.4], [30, 60, 40], [1, 20, 5], [40, 55, 60]))
    found = shrunken_differences(from_beta(a1, b1), from_beta(a0, b0), conf_level=0.9)
    draws = rng.beta(a1, b1, (200_000, 3)) - rng.beta(a0, b0, (200_000, 3))
    # Simulation error of a quantile of 200,000 draws.
    np.testing.assert_allclose(found.conf_low, np.quantile(draws, 0.05, axis=0), atol=1e-3)
    np.testing.assert_allclose(found.conf_high, np.quantile(draws, 0.95, axis=0), atol=2e-3)
    np.testing.assert_allclose(found.estimate, draws.mean(axis=0), atol=1e-3)


def test_limits_exist_however_skewed_the_shares():
    found = shrunken_differences(from_beta([0.002, 300], [5, 2]), from_beta([0.004, 0.01], [1, 9]))
    assert (found.conf_low < found.conf_high).all()
    assert found.conf_low[0] < 0 < found.conf_high[0]


@st.composite
def terms(draw):
    n = draw(st.integers(2, 300))
    events = draw(st.lists(st.integers(0, n), min_size=1, max_size=25))
    systems = draw(st.lists(st.integers(0, 4), min_size=len(events), max_size=len(events)))
    return np.array(events), n, np.array(systems)


@given(arm=terms(), data=st.data())
@settings(max_examples=30, deadline=None)
def test_the_order_of_terms_and_names_of_systems_change_nothing(arm, data):
    events, n, systems = arm
    order = np.array(data.draw(st.permutations(range(len(events)))))
    here, there = (
        shrink_risks(events, n, systems),
        shrink_risks(events[order], n, systems[order] + 7),
    )
    np.testing.assert_allclose(there.estimate, here.estimate[order], rtol=1e-9)
    np.testing.assert_allclose(there.conf_high, here.conf_high[order], rtol=1e-7)


@given(arm=terms())
@settings(max_examples=30, deadline=None)
def test_shares_move_towards_their_system_and_keep_their_order(arm):
    events, n, systems = arm
    frame = shrink_risks(events, n, systems).frame
    assert (frame["conf_low"] < frame["estimate"]).all()
    assert (frame["estimate"] < frame["conf_high"]).all()
    assert frame["weight"].between(0, 1).all()
    for _, rows in frame.groupby(systems):
        if len(rows) > 1:
            assert rows["weight"].max() == pytest.approx(rows["weight"].min())
            by_raw = rows.sort_values("raw", kind="stable")["estimate"]
            assert (by_raw.diff().dropna() > -1e-12).all()
            # They are drawn towards each other. (All may move a little the same way: the mean of
            # a system with hardly any patients is uncertain too.)
            assert np.ptp(rows["estimate"]) <= np.ptp(rows["raw"]) + 1e-9


@given(arm=terms(), other=st.integers(0, 10))
@settings(max_examples=20, deadline=None)
def test_swapping_the_arms_turns_the_difference_round(arm, other):
    events, n, systems = arm
    one, two = shrink_risks(events, n, systems), shrink_risks(np.minimum(other, events), n, systems)
    here, there = shrunken_differences(one, two), shrunken_differences(two, one)
    np.testing.assert_allclose(here.estimate, -there.estimate, atol=1e-12)
    # Of two posteriors alike, the one that gives the points changes with the order of the arms.
    width = here.conf_high - here.conf_low
    assert (np.abs(here.conf_low + there.conf_high) < 0.03 * width).all()
    np.testing.assert_allclose(here.p_exceeds, 1 - there.p_exceeds, atol=QUADRATURE)


def test_a_lone_term_is_drawn_towards_all():
    events, systems = [9, 1, 2, 0, 3, 2], ["x", "a", "a", "b", "b", "b"]
    found = shrink_risks(events, 30, systems)
    alone = shrink_risks(events, 30, ["all"] * 6)
    assert found.estimate[0] == pytest.approx(alone.estimate[0])
    assert found.system_mean[0] == pytest.approx(alone.system_mean[0])
    assert found.estimate[1] != pytest.approx(alone.estimate[1])


def test_like_terms_are_pooled_and_unlike_ones_hardly():
    alike = shrink_risks([60, 62, 58, 61, 59, 60], 200, ["a"] * 6)
    unlike = shrink_risks([2, 190, 40, 130, 8, 75], 200, ["a"] * 6)
    assert alike.weight[0] > 0.7
    assert unlike.weight[0] < 0.05
    # Even where all terms agree doubt remains: a system of few terms is not known for certain.
    assert (alike.conf_high - alike.conf_low).min() > 0.02


def test_no_term_and_bad_counts():
    assert shrink_risks([], 5, []).frame.empty
    with pytest.raises(ValueError, match="6 patients with an event of 5"):
        shrink_risks([1, 6], 5, ["a", "a"])
    with pytest.raises(ValueError, match="expected one of each"):
        shrink_risks([1, 2], 5, ["a"])
    with pytest.raises(ValueError, match="expected the same"):
        shrunken_differences(shrink_risks([1, 2], 5, [1, 1]), shrink_risks([1], 5, [1]))


def test_shrunken_shares_are_nearer_the_truth_and_their_intervals_cover():
    rng = np.random.default_rng(9)
    n, systems, size = 40, 120, 8
    mean = rng.uniform(0.02, 0.3, systems)
    strength = 15.0
    truth = rng.beta((strength * mean)[:, None], (strength * (1 - mean))[:, None], (systems, size))
    events = rng.binomial(n, truth).ravel()
    found = shrink_risks(events, n, np.repeat(np.arange(systems), size))
    flat = truth.ravel()
    assert np.mean((found.estimate - flat) ** 2) < 0.85 * np.mean((found.raw - flat) ** 2)
    covered = np.mean((found.conf_low <= flat) & (flat <= found.conf_high))
    # Four simulation errors of a share of 0.95 in 960 terms.
    assert abs(covered - 0.95) < 0.03


def test_the_probability_of_an_excess_is_calibrated():
    rng = np.random.default_rng(10)
    n, systems, size = 40, 150, 8
    mean = rng.uniform(0.05, 0.3, systems)
    truths = [
        rng.beta((12 * mean)[:, None], (12 * (1 - mean))[:, None], (systems, size)).ravel()
        for _ in range(2)
    ]
    group = np.repeat(np.arange(systems), size)
    arms = [shrink_risks(rng.binomial(n, truth), n, group) for truth in truths]
    found = shrunken_differences(*arms).p_exceeds
    higher = truths[0] > truths[1]
    for low, high in ((0.05, 0.35), (0.35, 0.65), (0.65, 0.95)):
        rows = (found > low) & (found <= high)
        assert abs(higher[rows].mean() - found[rows].mean()) < 4 * np.sqrt(0.25 / rows.sum())
