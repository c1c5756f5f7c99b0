import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.ranks import comparison, rank_comparison

REFERENCE = Path(__file__).parents[2] / "reference" / "mechanism"
EXACT = 1e-9


@pytest.fixture(scope="module")
def reference() -> dict:
    return json.loads((REFERENCE / "mechanism.json").read_text())


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "censored.csv")


def test_is_wilcoxon_and_hodges_lehmann_with_exact_values(
    reference: dict, data: pd.DataFrame
) -> None:
    t = data.loc[data["arm"] == 1, "exact"]
    c = data.loc[data["arm"] == 0, "exact"].head(22)
    result = rank_comparison(t, t, c, c)
    expected = reference["ranks"]
    assert result.estimate == pytest.approx(expected["estimate"], rel=EXACT)
    assert [result.conf_low, result.conf_high] == pytest.approx(expected["confint"], rel=EXACT)
    assert result.p_value == pytest.approx(expected["p_value"], rel=EXACT)


def test_one_limit_is_wilcoxon_with_ties_at_the_bottom(reference: dict, data: pd.DataFrame) -> None:
    t = data.loc[data["arm"] == 1, "exact"].to_numpy()
    c = data.loc[data["arm"] == 0, "exact"].head(22).to_numpy()
    bounds = [np.where(v < 0.7, b, v) for v in (t, c) for b in (-np.inf, np.nextafter(0.7, 0))]
    result = rank_comparison(*bounds)
    assert (t < 0.7).any()
    assert (c < 0.7).any()
    assert result.p_value == pytest.approx(reference["ranks"]["tied_p_value"], rel=EXACT)


def test_two_limits_agree_with_gehan_pair_by_pair(reference: dict, data: pd.DataFrame) -> None:
    low = np.where(data["below"] == 1, -np.inf, data["value"])
    high = np.where(data["below"] == 1, np.nextafter(data["value"], -9), data["value"])
    t, c = data["arm"] == 1, data["arm"] == 0
    result = rank_comparison(low[t], high[t], low[c], high[c])
    assert result.statistic == pytest.approx(reference["gehan"]["statistic"], rel=EXACT)


@pytest.mark.parametrize("conf_level", [0.8, 0.95])
def test_large_groups_have_the_limits_of_the_exact_distribution_to_a_pair_or_so(
    conf_level: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(4)
    t, c = rng.normal(size=55) + 0.4, rng.normal(size=60)
    normal = rank_comparison(t, t, c, c, conf_level)
    monkeypatch.setattr(comparison, "_EXACT_BELOW", 100)
    exact = rank_comparison(t, t, c, c, conf_level)
    differences = np.sort(np.subtract.outer(t, c).ravel())
    for end in ("conf_low", "conf_high"):
        one, other = (np.searchsorted(differences, getattr(r, end)) for r in (normal, exact))
        assert abs(one - other) <= 2  # of 3,300


def test_says_nothing_of_a_shift_that_the_limits_leave_open() -> None:
    below, above = [-np.inf] * 6, [1.0] * 6
    result = rank_comparison(below, above, below, above)
    assert np.isnan(result.estimate)
    assert result.conf_low == -np.inf
    assert result.conf_high == np.inf
    assert np.isnan(result.p_value)


def test_smallest_groups_have_no_limits() -> None:
    result = rank_comparison([1.0, 2.0], [1.0, 2.0], [4.0], [4.0])
    assert result.estimate == -2.5
    assert result.conf_low == -np.inf
    assert result.conf_high == np.inf


VALUES = st.lists(st.integers(-20, 20), min_size=5, max_size=9)


@settings(max_examples=40, deadline=None)
@given(t=VALUES, c=VALUES, shift=st.integers(-5, 5))
def test_swapping_the_arms_changes_the_sign_and_a_shift_moves_the_estimate(
    t: list[int], c: list[int], shift: int
) -> None:
    plain, swapped = rank_comparison(t, t, c, c), rank_comparison(c, c, t, t)
    assert swapped.estimate == pytest.approx(-plain.estimate)
    assert swapped.conf_low == pytest.approx(-plain.conf_high)
    assert swapped.statistic == pytest.approx(-plain.statistic, nan_ok=True)
    moved = rank_comparison(np.array(t) + shift, np.array(t) + shift, c, c)
    assert moved.estimate == pytest.approx(plain.estimate + shift)
    assert plain.conf_low <= plain.estimate <= plain.conf_high


def test_refuses_an_empty_group_and_crossed_bounds() -> None:
    with pytest.raises(ValueError, match="both groups need a value"):
        rank_comparison([], [], [1.0], [1.0])
    with pytest.raises(ValueError, match="lower bound exceeds"):
        rank_comparison([2.0], [1.0], [1.0], [1.0])
