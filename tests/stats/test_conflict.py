"""Prior-data conflict against exact truths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from alsutils.stats.conflict import box_p_value, normal_conflict

EXACT = 1e-12
figures = st.floats(-50, 50)
spreads = st.floats(0.1, 50)


def test_a_known_case_is_exact():
    # 3 and 4 add up to a standard deviation of 5; ten below is two of them.
    found = normal_conflict(0.0, 3.0, 10.0, 4.0)
    assert (found.expected, found.spread, found.z) == (10.0, 5.0, -2.0)
    assert found.p_value == pytest.approx(2 * stats.norm.cdf(-2), abs=EXACT)
    assert found.below == pytest.approx(stats.norm.cdf(-2), abs=EXACT)


def test_a_certain_prior_gives_the_z_test_and_no_error_gives_the_prior():
    assert normal_conflict(1.96, 1.0, 0.0, 0.0).p_value == pytest.approx(
        2 * stats.norm.sf(1.96), abs=EXACT
    )
    assert normal_conflict(2.0, 0.0, 0.0, 1.0).below == pytest.approx(
        stats.norm.cdf(2.0), abs=EXACT
    )


@given(observed=figures, error=spreads, mean=figures, sd=spreads, scale=st.floats(0.1, 10))
def test_sign_unit_and_order_do_not_matter(observed, error, mean, sd, scale):
    found = normal_conflict(observed, error, mean, sd)
    turned = normal_conflict(-observed, error, -mean, sd)
    scaled = normal_conflict(scale * observed, scale * error, scale * mean, scale * sd)
    swapped = normal_conflict(mean, sd, observed, error)
    for other in (turned, scaled, swapped):
        assert other.p_value == pytest.approx(found.p_value, abs=1e-9)
    assert turned.below == pytest.approx(1 - found.below, abs=1e-9)


def test_p_values_are_uniform_where_the_prior_is_right():
    rng = np.random.default_rng(7)
    effects = rng.normal(2.0, 1.5, 4000)
    estimates = rng.normal(effects, 0.8)
    p = [normal_conflict(x, 0.8, 2.0, 1.5).p_value for x in estimates]
    # Kolmogorov-Smirnov at 4000 draws: a wrong spread of a tenth is found.
    assert stats.kstest(p, "uniform").pvalue > 0.01
    wrong = [normal_conflict(x, 0.8, 2.0, 1.2).p_value for x in estimates]
    assert stats.kstest(wrong, "uniform").pvalue < 0.01


def test_box_from_draws_agrees_with_the_normal_law():
    rng = np.random.default_rng(8)
    law = stats.norm(2.0, 1.7)
    drawn = law.logpdf(law.rvs(200_000, random_state=rng))
    exact = normal_conflict(5.0, 0.8, 2.0, np.sqrt(1.7**2 - 0.8**2)).p_value
    monte_carlo = 4 * np.sqrt(exact * (1 - exact) / 200_000)
    assert box_p_value(drawn, law.logpdf(5.0)) == pytest.approx(exact, abs=monte_carlo)


def test_what_was_never_drawn_is_rare_and_not_impossible():
    assert box_p_value([0.0, 1.0, 2.0], -5.0) == pytest.approx(0.25)
    assert box_p_value([0.0, 1.0, 2.0], 9.0) == 1.0


@pytest.mark.parametrize(("error", "sd"), [(-1.0, 1.0), (1.0, -1.0), (0.0, 0.0)])
def test_impossible_spreads_are_refused(error, sd):
    with pytest.raises(ValueError, match="standard deviations"):
        normal_conflict(0.0, error, 0.0, sd)


def test_draws_are_needed():
    with pytest.raises(ValueError, match="needs draws"):
        box_p_value([], 0.0)
