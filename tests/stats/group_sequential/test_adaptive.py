"""Sample size raised at an interim look: the combination test keeps the level, and only it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from alsutils.stats.group_sequential import (
    PromisingZone,
    SequentialError,
    Spending,
    conditional_power,
    inverse_normal,
    reestimation_probabilities,
    simulate_reestimation,
    spending_boundaries,
    with_futility,
)

BOUNDARIES = spending_boundaries([0.5, 1], Spending("obrien_fleming"), 0.025, 1)
PROMISING = PromisingZone(BOUNDARIES)
ANY = PromisingZone(BOUNDARIES, power=0.9, least=0.0, most=4.0)
QUADRATURE = 5e-5  # the size jumps where the zone begins


@pytest.mark.parametrize("plan", [PROMISING, ANY])
@pytest.mark.parametrize("drift", [0.0, 2.8])
def test_simulated_trials_do_as_computed(plan, drift) -> None:
    found = simulate_reestimation(plan, drift, 200_000, np.random.default_rng(31))
    exact = reestimation_probabilities(plan, drift)
    off = (found["rejected"] - exact["rejected"]) / found["std_error"]
    assert off.abs().max() < 4
    assert found["mean_size"].iloc[0] == pytest.approx(exact["mean_size"].iloc[0], rel=0.01)


def test_the_size_is_raised_as_often_as_the_interim_result_is_promising() -> None:
    # Half-way the conditional power at z is that of a normal value at 2 z - c.
    final = BOUNDARIES.upper[1] / math.sqrt(0.5)
    low, high = ((final + norm.ppf(power)) / 2 for power in (PROMISING.least, PROMISING.power))
    drift, n = 2.0, 100_000
    found = simulate_reestimation(PROMISING, drift, n, np.random.default_rng(6))
    expected = np.diff(norm.cdf([low - drift * math.sqrt(0.5), high - drift * math.sqrt(0.5)]))[0]
    assert found["share_raised"].tolist() == pytest.approx([expected] * 2, abs=4 * 0.5 / n**0.5)
    assert set(found["n_trials"]) == {n}


@pytest.mark.parametrize("interim", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("most", [1.5, 6.0])
@pytest.mark.parametrize("least", [0.0, 0.3])
def test_the_combination_test_keeps_the_level_whatever_the_rule(interim, most, least) -> None:
    boundaries = spending_boundaries([interim, 1], Spending("pocock"), 0.025, 1)
    plan = PromisingZone(boundaries, 0.9, least, most)
    rows = reestimation_probabilities(plan, 0.0).set_index("test")["rejected"]
    assert rows["combination"] == pytest.approx(0.025, abs=QUADRATURE)


def test_counting_all_patients_alike_breaks_the_level_if_bad_trends_are_fed() -> None:
    """Cui, Hung and Wang's warning; in the promising zone alone it errs on the safe side."""
    fed = reestimation_probabilities(ANY, 0.0).set_index("test")["rejected"]
    assert fed["pooled"] > 0.03
    safe = reestimation_probabilities(PROMISING, 0.0).set_index("test")["rejected"]
    assert 0.02 < safe["pooled"] < 0.025


def test_raising_the_size_raises_the_power() -> None:
    raised = reestimation_probabilities(PROMISING, 2.5).iloc[1]["rejected"]
    assert raised > BOUNDARIES.crossing(2.5).upper.sum() + 0.01


def test_the_larger_trial_has_the_wanted_conditional_power() -> None:
    plan = PromisingZone(BOUNDARIES, 0.8, 0.3, 50.0)
    z = np.linspace(0.5, 3.5, 301)
    power, size = plan.conditional_power(z), plan.size(z)
    assert power == pytest.approx(conditional_power(BOUNDARIES, 1, z), abs=1e-12)
    promising = (power >= 0.3) & (power < 0.8)
    stage = size[promising] - 0.5
    trend = z[promising] / math.sqrt(0.5)
    needed = (BOUNDARIES.upper[1] - z[promising] * math.sqrt(0.5)) / math.sqrt(0.5)
    assert norm.sf(needed - trend * np.sqrt(stage)) == pytest.approx(0.8, abs=1e-10)
    assert (size[power < 0.3] == 1).all()
    assert (size[(power >= 0.8) & (z < BOUNDARIES.upper[0])] == 1).all()
    assert (size[z >= BOUNDARIES.upper[0]] == 0.5).all()


@given(st.floats(-6, 6))
@settings(max_examples=50, deadline=None)
def test_the_size_stays_within_its_limits(z) -> None:
    assert 0.5 <= ANY.size(z) <= 4
    assert 0.5 <= PROMISING.size(z) <= 2


def test_a_trial_that_stops_for_futility_ends_there() -> None:
    plan = PromisingZone(with_futility(BOUNDARIES, [0.3]))
    assert plan.size([0.2, 0.4]).tolist() == [0.5, 1.0]


def test_inverse_normal_weighs_by_the_plan() -> None:
    z = np.array([[1.0, 2.0], [0.5, -0.5]])
    assert inverse_normal(z, [1, 1]) == pytest.approx([3 / math.sqrt(2), 0])
    assert inverse_normal(z, [10, 30]) == pytest.approx(z @ [0.5, math.sqrt(0.75)])
    assert inverse_normal([1.7], [3]) == pytest.approx(1.7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PromisingZone(spending_boundaries([1.0], Spending("pocock"))), "two looks"),
        (lambda: PromisingZone(BOUNDARIES, 0.5, 0.6), "must rise"),
        (lambda: PromisingZone(BOUNDARIES, most=0.8), "below the planned"),
        (lambda: inverse_normal([1, 1], [-1, 1]), "weights"),
    ],
)
def test_what_makes_no_plan_is_refused(call, message) -> None:
    with pytest.raises(SequentialError, match=message):
        call()
