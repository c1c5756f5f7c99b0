"""The places that are found are those of the sorted list of all differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.ranks import differences
from alsutils.stats.ranks.differences import ordered_differences


def listed(x, y, places):
    with np.errstate(invalid="ignore"):
        return np.sort(np.subtract.outer(x, y).ravel())[places]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 6]), st.sampled_from(["", "low", "high"]))
def test_places_are_those_of_all_differences(seed, digits, open_side):
    rng = np.random.default_rng(seed)
    x, y = np.round(rng.lognormal(size=370), digits), np.round(rng.lognormal(size=290), digits)
    if open_side:
        sign = -np.inf if open_side == "low" else np.inf
        x[rng.random(len(x)) < 0.03], y[rng.random(len(y)) < 0.02] = sign, -sign
    total = len(x) * len(y)
    places = [0, total // 2 - 1, total // 2, total // 40, total - 1]
    np.testing.assert_array_equal(ordered_differences(x, y, places), listed(x, y, places))


@pytest.mark.parametrize("limit", [0, 10**9])
def test_ties_and_undefined_differences(limit, monkeypatch):
    monkeypatch.setattr(differences, "_LISTED", limit)
    x, y = np.repeat([1.0, 2.0], 5), np.repeat([1.0, 3.0], 4)
    places = list(range(80))
    np.testing.assert_array_equal(ordered_differences(x, y, places), listed(x, y, places))
    x[0], y[0] = np.inf, np.inf
    np.testing.assert_array_equal(ordered_differences(x, y, places), listed(x, y, places))
