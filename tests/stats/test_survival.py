import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.survival import (
    SurvivalCurve,
    common_horizon,
    kaplan_meier,
    quantile,
    restricted_mean,
    restricted_mean_difference,
    reverse_kaplan_meier,
    survival_at,
    survival_difference,
)

REFERENCE = Path(__file__).parents[1] / "reference" / "survival"
EXACT = 1e-9  # closed forms in double precision


@pytest.fixture(scope="module")
def reference() -> dict:
    return json.loads((REFERENCE / "survival.json").read_text())


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "survival.csv")


def arm(data: pd.DataFrame, number: int) -> pd.DataFrame:
    return data[data["arm"] == number]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_curve_agrees_with_survfit(reference: dict, data: pd.DataFrame, number: int) -> None:
    group, expected = arm(data, number), reference["curves"][number]
    frame = kaplan_meier(group["time"], group["event"]).frame
    frame = frame[frame["time"].isin(expected["time"])]
    np.testing.assert_allclose(frame["time"], expected["time"])
    pairs = {
        "estimate": "surv",
        "std_error": "std_err",
        "conf_low": "lower",
        "conf_high": "upper",
        "at_risk": "n_risk",
        "censored": "n_censor",
    }
    for ours, theirs in pairs.items():
        values = np.array([np.nan if v is None else v for v in expected[theirs]], float)
        known = ~np.isnan(values)
        np.testing.assert_allclose(frame[ours][known], values[known], rtol=EXACT)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_figures_agree_with_survfit(reference: dict, data: pd.DataFrame, number: int) -> None:
    group, expected = arm(data, number), reference["curves"][number]
    curve = kaplan_meier(group["time"], group["event"])
    median = quantile(curve)
    for ours, theirs in (
        (median.estimate, "median"),
        (median.conf_low, "median_low"),
        (median.conf_high, "median_high"),
        (quantile(reverse_kaplan_meier(group["time"], group["event"])).estimate, "follow_up"),
    ):
        value = np.nan if expected[theirs] is None else expected[theirs]
        assert ours == pytest.approx(value, nan_ok=True)
    for i, time in enumerate((6, 12, 24)):
        at = survival_at(curve, time)
        assert at.estimate == pytest.approx(expected["landmark"][i], rel=EXACT)
        assert at.std_error == pytest.approx(expected["landmark_se"][i], rel=EXACT)
        assert at.conf_low == pytest.approx(expected["landmark_low"][i], rel=EXACT)
        assert at.conf_high == pytest.approx(expected["landmark_high"][i], rel=EXACT)
    mean = restricted_mean(curve, 24)
    assert mean.estimate == pytest.approx(expected["rmean"], rel=EXACT)
    assert mean.std_error == pytest.approx(expected["rmean_se"], rel=EXACT)


def test_median_of_a_flat_stretch_is_its_middle(reference: dict) -> None:
    for flat in reference["flat"]:
        assert quantile(kaplan_meier(flat["time"], flat["event"])).estimate == flat["median"]


def test_curve_that_stays_above_one_half_has_no_median() -> None:
    median = quantile(kaplan_meier([1, 2, 3, 4], [True, False, False, False]))
    assert np.isnan([median.estimate, median.conf_high]).all()


def test_nobody_with_the_event_and_everybody_with_it() -> None:
    none = kaplan_meier([3, 4, 5, 6], [False] * 4)
    everybody = kaplan_meier([1, 1, 1], [True] * 3)
    assert none.events == 0
    assert np.isnan(quantile(none).estimate)
    at = survival_at(none, 5)
    # exact binomial with two at risk: 0.025 = p squared
    assert (at.estimate, at.conf_high) == (1, 1)
    assert at.conf_low == pytest.approx(np.sqrt(0.025))
    assert np.isnan(survival_at(none, 7).estimate)
    assert survival_at(everybody, 9).estimate == 0
    assert restricted_mean(everybody, 9).estimate == 1
    assert restricted_mean(everybody, 9).std_error == 0
    # no spread is no certainty
    assert np.isnan(restricted_mean_difference(none, none, 3).conf_low)


def test_time_zero_counts() -> None:
    curve = kaplan_meier([0, 0, 2, 3], [True, False, True, False])
    assert curve.frame["time"].tolist() == [0, 2, 3]
    assert survival_at(curve, 0).estimate == pytest.approx(0.75)
    assert quantile(curve).estimate == 2


def curves(data: pd.DataFrame) -> tuple[SurvivalCurve, SurvivalCurve]:
    c, t = arm(data, 0), arm(data, 1)
    return kaplan_meier(t["time"], t["event"]), kaplan_meier(c["time"], c["event"])


def test_differences_turn_with_the_arms(data: pd.DataFrame) -> None:
    treated, control = curves(data)
    for compare in (survival_difference, restricted_mean_difference):
        plain, swapped = compare(treated, control, 12), compare(control, treated, 12)
        assert swapped.estimate == pytest.approx(-plain.estimate)
        assert swapped.conf_low == pytest.approx(-plain.conf_high)
        assert swapped.p_value == pytest.approx(plain.p_value)
        assert plain.conf_low < plain.estimate < plain.conf_high
        assert compare(treated, treated, 12).estimate == 0


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9999), horizon=st.floats(1, 20))
def test_restricted_mean_without_censoring_is_a_plain_mean(seed: int, horizon: float) -> None:
    time = np.random.default_rng(seed).integers(0, 25, 15).astype(float)
    mean = restricted_mean(kaplan_meier(time, np.ones(15, bool)), horizon)
    shortened = np.minimum(time, horizon)
    assert mean.estimate == pytest.approx(shortened.mean())
    assert mean.std_error == pytest.approx(shortened.std() / np.sqrt(15))


def test_horizon_is_the_latest_wanted_time_that_all_reach(data: pd.DataFrame) -> None:
    pair = list(curves(data))
    reached = min(c.last for c in pair)
    assert common_horizon(pair, [12, 24, reached + 1]) == 24
    assert common_horizon(pair, []) == reached
    with pytest.raises(ValueError, match="choose a shorter horizon"):
        restricted_mean(kaplan_meier([1, 2], [True, False]), 3)


def test_refuses_nobody_and_impossible_times() -> None:
    with pytest.raises(ValueError, match="0 times"):
        kaplan_meier([], [])
    with pytest.raises(ValueError, match="at least 0"):
        kaplan_meier([-1, 2], [True, True])
    with pytest.raises(ValueError, match="at least 0"):
        kaplan_meier([np.nan, 2], [True, True])
