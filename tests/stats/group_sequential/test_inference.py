"""P-values, intervals and estimates after stopping: rpact, exact truths and their promise."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from alsutils.stats.group_sequential import (
    SequentialError,
    Spending,
    estimate_at_stopping,
    repeated_intervals,
    simulate_paths,
    spending_boundaries,
    stop_trials,
    stopped_estimate,
    with_futility,
)

RPACT = 5e-7  # rpact searches limits and estimates with a tolerance of 1e-6
OBRIEN_FLEMING, POCOCK = Spending("obrien_fleming"), Spending("pocock")
KINDS = {"asOF": OBRIEN_FLEMING, "asP": POCOCK}
QUARTERS = [0.25, 0.5, 0.75, 1.0]


def test_agrees_with_rpact(reference) -> None:
    for case in reference["inference"]:
        boundaries = spending_boundaries(np.arange(1, 6) / 5, KINDS[case["type"]], 0.025, 1)
        error = 1 / math.sqrt(case["n"])
        found = stopped_estimate(boundaries, case["look"], case["z"] * error, error)
        assert found.p_value == pytest.approx(case["p"], abs=1e-8)
        assert found.conf_low == pytest.approx(case["low"], abs=RPACT)
        assert found.conf_high == pytest.approx(case["high"], abs=RPACT)
        assert found.estimate == pytest.approx(case["median"], abs=RPACT)
        errors = 1 / np.sqrt(20 * np.arange(1, case["look"] + 1))
        estimates = np.atleast_1d(case["z_all"]) * errors
        repeated = repeated_intervals(boundaries, estimates, errors)
        low, high = (np.atleast_1d(case[f"repeated_{side}"]) for side in ("low", "high"))
        assert repeated["conf_low"].to_numpy() == pytest.approx(low, abs=RPACT)
        assert repeated["conf_high"].to_numpy() == pytest.approx(high, abs=RPACT)


@pytest.mark.parametrize("z", [-1.0, 0.4, 3.1])
def test_at_the_first_look_it_is_the_usual_inference(z) -> None:
    boundaries = spending_boundaries(QUARTERS, POCOCK)
    found = stopped_estimate(boundaries, 1, 2 * z, 2.0)
    half = 2 * norm.isf(0.025)
    assert found.estimate == pytest.approx(2 * z)
    assert (found.conf_low, found.conf_high) == pytest.approx((2 * z - half, 2 * z + half))
    assert (found.naive_low, found.naive_high) == pytest.approx((2 * z - half, 2 * z + half))
    assert found.p_value == pytest.approx(2 * norm.sf(abs(z)))


@given(st.integers(1, 4), st.floats(-4, 4), st.sampled_from([OBRIEN_FLEMING, POCOCK]))
@settings(max_examples=30, deadline=None)
def test_swapping_the_arms_mirrors_estimate_and_limits(look, z, spending) -> None:
    boundaries = spending_boundaries(QUARTERS, spending)
    there, back = (stopped_estimate(boundaries, look, sign * z, 1.0) for sign in (1, -1))
    assert there.estimate == pytest.approx(-back.estimate, abs=1e-8)
    assert there.conf_low == pytest.approx(-back.conf_high, abs=1e-8)
    assert there.p_value == pytest.approx(back.p_value, abs=1e-10)


@given(st.floats(-3, 3), st.floats(0.001, 1000))
@settings(max_examples=20, deadline=None)
def test_another_unit_of_the_endpoint_scales_the_estimates(z, unit) -> None:
    boundaries = spending_boundaries([0.4, 1], POCOCK)
    one, other = (stopped_estimate(boundaries, 2, z * u, u) for u in (1.0, unit))
    for name in ("estimate", "conf_low", "conf_high"):
        assert getattr(other, name) == pytest.approx(getattr(one, name) * unit, rel=1e-6, abs=1e-9)


def test_the_interval_and_the_test_agree_at_the_boundary() -> None:
    """At the end exactly on the boundary, the p-value is alpha and a limit is 0."""
    for spending in (OBRIEN_FLEMING, POCOCK):
        boundaries = spending_boundaries(QUARTERS, spending)
        found = stopped_estimate(boundaries, 4, boundaries.upper[-1], 1.0)
        assert found.p_value == pytest.approx(0.05, abs=1e-9)
        assert found.conf_low == pytest.approx(0, abs=1e-8)
        assert found.estimate < found.naive


@pytest.mark.parametrize("drift", [0.0, 2.5])
@pytest.mark.parametrize("futility", [False, True])
def test_limits_hold_the_truth_and_the_estimate_is_its_median(drift, futility) -> None:
    boundaries = spending_boundaries([0.4, 0.7, 1], POCOCK, 0.05, 1)
    if futility:
        boundaries = with_futility(boundaries, [0.2, 0.9], binding=True)
    n = 150
    paths = simulate_paths(boundaries.fractions, drift, n, np.random.default_rng(5))
    trials = stop_trials(boundaries, paths)
    errors = 1 / np.sqrt(boundaries.fractions[trials.look - 1])
    found = [
        stopped_estimate(boundaries, *trial)
        for trial in zip(trials.look, trials.estimate, errors, strict=True)
    ]
    covered = np.mean([f.conf_low <= drift <= f.conf_high for f in found])
    above = np.mean([f.estimate > drift for f in found])
    # Four Monte Carlo errors.
    assert covered == pytest.approx(0.9, abs=4 * math.sqrt(0.09 / n))
    assert above == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / n))


@pytest.mark.parametrize("spending", [OBRIEN_FLEMING, POCOCK])
@pytest.mark.parametrize("drift", [0.0, 2.8])
def test_repeated_intervals_hold_the_truth_at_all_looks_at_once(spending, drift) -> None:
    boundaries = spending_boundaries(QUARTERS, spending)
    n = 50_000
    paths = simulate_paths(QUARTERS, drift, n, np.random.default_rng(12))
    away = np.abs(paths - drift * np.sqrt(QUARTERS))
    covered = (away <= boundaries.upper).all(axis=1).mean()
    assert covered == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / n))
    frame = repeated_intervals(boundaries, paths[0], np.ones(4))
    np.testing.assert_allclose(frame["conf_high"] - frame["estimate"], boundaries.upper)


@pytest.mark.parametrize("drift", [0.0, 1.5, 3.2])
def test_the_bias_of_the_usual_estimate_is_that_of_simulated_trials(drift) -> None:
    plain = spending_boundaries(QUARTERS, POCOCK, 0.025, 1)
    for boundaries in (
        plain,
        with_futility(plain, [-0.5, 0.3, 1]),
        spending_boundaries(QUARTERS, OBRIEN_FLEMING),
    ):
        exact = estimate_at_stopping(boundaries, drift)
        paths = simulate_paths(QUARTERS, drift, 100_000, np.random.default_rng(77))
        trials = stop_trials(boundaries, paths)
        early = trials.look < 4
        error = 4 * trials.estimate.std() / math.sqrt(len(paths))
        assert trials.estimate.mean() == pytest.approx(exact.mean, abs=error)
        assert early.mean() == pytest.approx(exact.stop_early, abs=0.007)
        upper = early & (trials.z > 0) & (trials.z >= boundaries.upper[trials.look - 1])
        assert upper.mean() == pytest.approx(exact.stop_upper, abs=0.007)
        means = ((early, exact.mean_early), (~early, exact.mean_late), (upper, exact.mean_upper))
        for chosen, mean in means:
            some = trials.estimate[chosen]
            error = 4 * some.std() / math.sqrt(len(some))
            assert some.mean() == pytest.approx(mean, abs=error)


def test_an_estimate_without_early_stops_has_no_bias() -> None:
    found = estimate_at_stopping(spending_boundaries([1.0], POCOCK), 1.7)
    assert found.mean == pytest.approx(1.7, abs=1e-12)
    assert found.stop_early == 0
    assert math.isnan(found.mean_early)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda b: stopped_estimate(b, 5, 1.0, 1.0), "look 5"),
        (lambda b: stopped_estimate(b, 1, 1.0, 0.0), "cannot be judged"),
        (lambda b: stopped_estimate(b, 1, math.nan, 1.0), "cannot be judged"),
        (lambda b: stopped_estimate(b, 1, 1.0, 1.0, 1.5), "confidence level"),
        (lambda b: repeated_intervals(b, [1.0] * 5, [1.0] * 5), "5 estimates"),
        (lambda b: repeated_intervals(b, [1.0, 2.0], [1.0]), "standard errors"),
    ],
)
def test_what_cannot_be_judged_is_refused(call, message) -> None:
    with pytest.raises(SequentialError, match=message):
        call(spending_boundaries(QUARTERS, POCOCK))
