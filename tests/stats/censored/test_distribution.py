import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alsutils.stats.censored import flipped_kaplan_meier

REFERENCE = Path(__file__).parents[2] / "reference" / "mechanism"
EXACT = 1e-9


def test_agrees_with_survfit_of_the_flipped_values() -> None:
    expected = json.loads((REFERENCE / "limits.json").read_text())["flipped"]
    data = pd.read_csv(REFERENCE / "censored.csv")
    curve = flipped_kaplan_meier(data["value"], data["below"])
    # The values of the reference were flipped twice, and so rounded.
    np.testing.assert_allclose(curve.frame["value"], expected["value"], rtol=EXACT)
    np.testing.assert_allclose(curve.frame["estimate"], expected["share_below"], rtol=EXACT)
    for share, name in ((0.5, "median"), (0.75, "upper_quartile")):
        found = curve.quantile(share)
        figures = [found.estimate, found.conf_low, found.conf_high]
        assert figures == pytest.approx(expected[name], rel=EXACT)
    assert curve.mean == pytest.approx(expected["mean"], rel=EXACT)
    assert curve.mean_std_error == pytest.approx(expected["mean_std_error"], rel=EXACT)
    assert curve.mean_is_bound
    half = stats.norm.isf(0.025) * expected["mean_std_error"]
    limits = [curve.mean_conf_low, curve.mean_conf_high]
    assert limits == pytest.approx([expected["mean"] - half, expected["mean"] + half], rel=EXACT)
    assert curve.frame["below"].sum() == curve.n_below == data["below"].sum()
    assert curve.frame["measured"].sum() == curve.n - curve.n_below


def test_without_a_limit_it_is_what_was_seen() -> None:
    y = np.array([3.0, 1.0, 4.0, 1.0, 5.0])
    curve = flipped_kaplan_meier(y, np.zeros(5, bool))
    assert curve.mean == pytest.approx(y.mean())
    assert not curve.mean_is_bound
    assert curve.frame["value"].tolist() == [1, 3, 4, 5]
    assert curve.frame["estimate"].tolist() == pytest.approx([0, 0.4, 0.6, 0.8])
    assert curve.quantile(0.5).estimate == 3


def test_hides_nothing_below_the_limit() -> None:
    curve = flipped_kaplan_meier([2.0, 2.0, 2.0, 7.0, 9.0], [1, 1, 1, 0, 0])
    assert curve.frame["estimate"].iloc[0] == pytest.approx(0.6)
    assert np.isnan(curve.quantile(0.25).estimate)
    assert curve.mean == pytest.approx((3 * 2 + 7 + 9) / 5)
    assert curve.mean_is_bound
    every = flipped_kaplan_meier([1.0, 2.0, 3.0], [True] * 3)
    assert (every.n_below, every.mean_is_bound) == (3, True)
    assert np.isnan(every.quantile(0.5).estimate)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9999), scale=st.sampled_from([1e-6, 1.0, 1e6]))
def test_follows_the_unit(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    y = np.round(rng.lognormal(size=15), 2) + 0.01
    low = rng.random(15) < 0.4
    plain, scaled = flipped_kaplan_meier(y, low), flipped_kaplan_meier(scale * y, low)
    np.testing.assert_allclose(scaled.frame["value"], scale * plain.frame["value"])
    np.testing.assert_allclose(scaled.frame["estimate"], plain.frame["estimate"])
    assert scaled.mean == pytest.approx(scale * plain.mean)


def test_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="0 values"):
        flipped_kaplan_meier([], [])
    with pytest.raises(ValueError, match="finite"):
        flipped_kaplan_meier([1.0, np.nan], [False, True])
