"""Two means: against R's t.test, printed figures, and properties that must hold."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alsutils.stats.two_sample import Sample, hedges_g, mean_difference, mean_interval

REFERENCE = Path(__file__).parents[1] / "reference" / "primary"
TRIAL = pd.read_csv(REFERENCE / "trial.csv")
R = json.loads((REFERENCE / "comparisons.json").read_text())
DIGITS_OF_R = 1e-10  # R's output carries 14 digits; the formulas are closed

values = st.lists(st.floats(-100, 100).map(lambda x: round(x, 3)), min_size=3, max_size=30)


@pytest.mark.parametrize("variance", ["pooled", "welch"])
@pytest.mark.parametrize("arm", ["low", "high"])
def test_agrees_with_r(variance, arm):
    groups = {a: Sample.of(TRIAL.loc[TRIAL["arm"] == a, "change"]) for a in (arm, "control")}
    found = mean_difference(groups[arm], groups["control"], variance).frame.iloc[0]
    for name, expected in R[variance][arm].items():
        assert found[name] == pytest.approx(expected, rel=DIGITS_OF_R), name


def test_interval_of_one_mean_is_that_of_a_difference_from_a_constant():
    sample = Sample.of(TRIAL["change"])
    interval = mean_interval(sample)
    se = sample.sd / math.sqrt(sample.n)
    assert interval.conf_high - sample.mean == pytest.approx(2.012896 * se, rel=1e-6)  # t(46)
    assert sample.mean - interval.conf_low == pytest.approx(2.012896 * se, rel=1e-6)


def test_interval_of_one_mean_of_few_values():
    pair = Sample.of([1.0, 2.0])
    interval = mean_interval(pair)
    assert interval.sample == pair
    assert interval.conf_low == pytest.approx(1.5 - 12.7062047364 / 2)  # t(1)
    assert interval.conf_high == pytest.approx(1.5 + 12.7062047364 / 2)
    alone = mean_interval(Sample.of([1.0]))
    assert alone.sample.n == 1
    assert math.isnan(alone.conf_low)
    assert math.isnan(alone.conf_high)


@given(values, values, st.sampled_from(["pooled", "welch"]))
def test_swapping_the_arms_turns_the_sign_and_nothing_else(first, second, variance):
    a, b = Sample.of(first), Sample.of(second)
    one, other = mean_difference(a, b, variance), mean_difference(b, a, variance)
    assert one.estimate == -other.estimate
    assert one.std_error == pytest.approx(other.std_error)
    assert one.p_value == pytest.approx(other.p_value, nan_ok=True)
    assert one.conf_low == pytest.approx(-other.conf_high, nan_ok=True)


@given(values, values, st.floats(0.01, 100))
def test_the_unit_scales_the_difference_and_not_the_test(first, second, factor):
    plain = mean_difference(Sample.of(first), Sample.of(second))
    scaled = mean_difference(
        Sample.of(np.array(first) * factor), Sample.of(np.array(second) * factor)
    )
    assert scaled.estimate == pytest.approx(plain.estimate * factor, abs=1e-9)
    if plain.std_error > 1e-6:
        assert scaled.p_value == pytest.approx(plain.p_value, rel=1e-6, abs=1e-12)


def test_too_few_values_give_no_test():
    alone = mean_difference(Sample.of([1.0]), Sample.of([2.0, 3.0]))
    assert alone.estimate == -1.5
    assert math.isnan(alone.p_value)
    assert math.isnan(mean_interval(Sample.of([1.0])).conf_low)


def test_no_spread_gives_no_test():
    same = mean_difference(Sample.of([1.0, 1.0]), Sample.of([2.0, 2.0]))
    assert (same.estimate, same.std_error) == (-1.0, 0.0)
    assert math.isnan(same.p_value)


def test_missing_values_are_left_out():
    assert Sample.of([1.0, np.nan, 3.0]) == Sample.of([1.0, 3.0])


def test_unknown_words_are_refused():
    with pytest.raises(ValueError, match="'pooled' or 'welch'"):
        mean_difference(Sample(3, 0, 1), Sample(3, 0, 1), "equal")
    with pytest.raises(ValueError, match="between 0 and 1"):
        mean_difference(Sample(3, 0, 1), Sample(3, 0, 1), conf_level=95)


@pytest.mark.parametrize("pair", json.loads((REFERENCE / "hedges.json").read_text()))
def test_hedges_g_agrees_with_metafor(pair):
    found = hedges_g(Sample.of(pair["treated"]), Sample.of(pair["control"]))
    for name in ("estimate", "std_error", "conf_low", "conf_high"):
        assert getattr(found, name) == pytest.approx(pair[name], rel=DIGITS_OF_R), name


@pytest.mark.parametrize("values", [[2.0], [2.0, 2.0]])  # one alone, none that varies
def test_hedges_g_of_what_does_not_vary_is_missing(values):
    found = hedges_g(Sample.of(values), Sample.of([1.0, 1.0]))
    assert np.isnan([found.estimate, found.std_error, found.conf_low, found.conf_high]).all()


def test_hedges_g_has_the_exact_correction():
    # gamma(5) / (sqrt(5) gamma(9/2)) for 10 degrees of freedom, both gammas in closed form
    exact = 24 / (math.sqrt(5) * 105 / 16 * math.sqrt(math.pi))
    g = hedges_g(Sample(6, 1.0, 1.0), Sample(6, 0.0, 1.0))
    assert g.estimate == pytest.approx(exact, rel=1e-12)
    assert g.std_error == pytest.approx(math.sqrt(12 / 36 + g.estimate**2 / 24))


def test_hedges_g_is_unbiased():
    rng = np.random.default_rng(3)
    found = [
        hedges_g(Sample.of(rng.normal(0.5, 1, 8)), Sample.of(rng.normal(0, 1, 8))).estimate
        for _ in range(4000)
    ]
    monte_carlo_error = np.std(found) / math.sqrt(len(found))
    assert np.mean(found) == pytest.approx(0.5, abs=3.5 * monte_carlo_error)
