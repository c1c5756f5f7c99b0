import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from alsutils.stats.absence import (
    enthusiastic_prior,
    hazard_posteriors,
    no_opinion,
    ratios_inside,
    sceptical_prior,
    second_generation_p,
)
from alsutils.stats.power import power_of_events


def test_ratios_inside_are_those_of_schoenfelds_formula() -> None:
    found = ratios_inside(0.4, 1.6, 53, 0.5).frame
    assert found["ratio"].iloc[[0, -1]].tolist() == pytest.approx([0.4, 1.6])
    for row in found.iloc[[0, 10, 40]].itertuples():
        one = power_of_events(53, 0.5, row.ratio)
        assert row.power == pytest.approx(one.power)
        assert row.events_needed == pytest.approx(one.events_needed)
    at_one = ratios_inside(0.5, 2, 53, 0.5, ratios=[1.0]).frame.iloc[0]
    assert (at_one["power"], at_one["events_needed"]) == (pytest.approx(0.05), math.inf)
    with pytest.raises(ValueError, match="limits"):
        ratios_inside(math.nan, 1.6, 53, 0.5)
    with pytest.raises(ValueError, match="share_treated"):
        ratios_inside(0.4, 1.6, 53, 1.0)


def test_priors_leave_the_doubt_they_name() -> None:
    for ratio in (0.6, 1.7):
        doubtful, keen = sceptical_prior(ratio, 0.05), enthusiastic_prior(ratio, 0.05)
        beyond = stats.norm.cdf(-abs(math.log(ratio)) / doubtful.sd)
        against = stats.norm.cdf(0, abs(keen.mean), keen.sd)
        assert beyond == pytest.approx(0.05)
        assert against == pytest.approx(0.05)
        assert math.exp(keen.mean) == pytest.approx(ratio)
    with pytest.raises(ValueError, match="not 1"):
        sceptical_prior(1.0)
    with pytest.raises(ValueError, match="one half"):
        enthusiastic_prior(0.6, 0.7)


def test_posteriors_are_bayes_theorem_by_integration() -> None:
    priors = [sceptical_prior(0.6), enthusiastic_prior(0.6)]
    found = hazard_posteriors(math.log(0.8), 0.25, priors, worthwhile=0.7)
    for prior, row in zip(priors, found.frame.itertuples(), strict=True):

        def weight(x: float, p=prior) -> float:
            return stats.norm.pdf(x, p.mean, p.sd) * stats.norm.pdf(math.log(0.8), x, 0.25)

        total = integrate.quad(weight, -4, 4)[0]
        below = integrate.quad(weight, -4, 0)[0] / total
        beyond = integrate.quad(weight, -4, math.log(0.7))[0] / total
        inside = integrate.quad(weight, math.log(row.conf_low), math.log(row.conf_high))[0]
        assert row.p_below_one == pytest.approx(below, abs=1e-8)
        assert row.p_worthwhile == pytest.approx(beyond, abs=1e-8)
        assert inside / total == pytest.approx(0.95, abs=1e-8)


def test_without_an_opinion_the_trial_speaks_alone() -> None:
    row = hazard_posteriors(0.2, 0.3, [no_opinion()]).frame.iloc[0]
    assert row["estimate"] == pytest.approx(math.exp(0.2))
    assert row["conf_high"] == pytest.approx(math.exp(0.2 + 1.959964 * 0.3))
    assert row["p_below_one"] == pytest.approx(stats.norm.sf(0.2 / 0.3))
    assert math.isnan(row["p_worthwhile"])
    assert row["prior_events"] == 0
    harm = hazard_posteriors(0.2, 0.3, [no_opinion()], worthwhile=1.5).frame.iloc[0]
    assert harm["p_worthwhile"] == pytest.approx(stats.norm.sf((math.log(1.5) - 0.2) / 0.3))


def test_densities_are_densities() -> None:
    found = hazard_posteriors(0.1, 0.3, [sceptical_prior(0.6), no_opinion()]).density()
    for (_, which), curve in found.groupby(["prior", "which"]):
        area = np.trapezoid(curve["density"], np.log(curve["ratio"]))
        assert area == pytest.approx(1, abs=2e-3), which
    assert ("no opinion", "prior") not in set(zip(found["prior"], found["which"], strict=True))


def test_second_generation_p_values_of_the_definition() -> None:
    # Inside, apart, half in, and so wide that nothing is said.
    assert second_generation_p(-0.1, 0.1, -0.5, 0.5).p_value == 1
    apart = second_generation_p(1.0, 2.0, -0.5, 0.5)
    assert (apart.p_value, apart.gap) == (0, pytest.approx(1.0))
    half = second_generation_p(0.0, 1.0, -0.5, 0.5)
    assert half.p_value == pytest.approx(0.5)
    assert math.isnan(half.gap)
    assert second_generation_p(-10, 10, -0.5, 0.5).p_value == 0.5
    assert second_generation_p(-math.inf, math.inf, -0.5, 0.5).p_value == 0.5
    with pytest.raises(ValueError, match="rising"):
        second_generation_p(1, 0, -0.5, 0.5)


@given(
    middle=st.floats(-3, 3), half=st.floats(0.01, 5), zone=st.floats(0.05, 1), by=st.floats(0.1, 9)
)
def test_second_generation_p_knows_neither_side_nor_unit(middle, half, zone, by) -> None:
    low, high = middle - half, middle + half
    plain = second_generation_p(low, high, -zone, zone)
    other = second_generation_p(-high * by, -low * by, -zone * by, zone * by)
    assert 0 <= plain.p_value <= 1
    assert other.p_value == pytest.approx(plain.p_value, abs=1e-9)
