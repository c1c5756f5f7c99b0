import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from alsutils.stats.survival import (
    SurvivalCurve,
    TimesError,
    at_risk,
    common_horizon,
    kaplan_meier,
    quantile,
    quantiles,
    restricted_mean,
    restricted_mean_difference,
    restricted_mean_ratio,
    reverse_kaplan_meier,
    survival_at,
    survival_difference,
)

EXACT = 1e-9  # closed forms in double precision


@pytest.fixture(scope="module")
def reference(from_r) -> dict:
    return from_r("survival")


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


@pytest.mark.parametrize("kind", ["log-log", "log", "plain"])
def test_intervals_of_each_kind_agree_with_survfit(from_r, two: pd.DataFrame, kind: str) -> None:
    expected = from_r("curves")["intervals"][kind]
    frame = kaplan_meier(two["time"], two["event"], interval=kind).frame
    inside = frame["conf_low"].notna().to_numpy()
    for ours, theirs in (("conf_low", "lower"), ("conf_high", "upper"), ("std_error", "se")):
        values = np.array([np.nan if v is None else v for v in expected[theirs]], float)
        np.testing.assert_allclose(frame[ours].to_numpy()[inside], values[inside], rtol=EXACT)


def test_delayed_entry_agrees_with_survfit(from_r, data: pd.DataFrame) -> None:
    expected, late = from_r("curves")["late"], data[data["time"] > 0]
    frame = kaplan_meier(late["time"], late["event"], entry=expected["entry"]).frame
    frame = frame[frame["time"] > 0]
    for ours, theirs in (("time", "time"), ("estimate", "surv"), ("at_risk", "n_risk")):
        np.testing.assert_allclose(frame[ours], expected[theirs], rtol=EXACT)
    values = np.array([np.nan if v is None else v for v in expected["upper"]], float)
    known = frame["conf_high"].notna().to_numpy()
    np.testing.assert_allclose(frame["conf_high"].to_numpy()[known], values[known], rtol=EXACT)


def test_quantiles_agree_with_survfit(from_r, two: pd.DataFrame) -> None:
    expected = from_r("curves")["quantiles"]
    frame = quantiles(kaplan_meier(two["time"], two["event"]), expected["share"]).frame
    for ours, theirs in (("estimate",) * 2, ("conf_low", "lower"), ("conf_high", "upper")):
        values = [np.nan if v is None else v for v in expected[theirs]]
        np.testing.assert_allclose(frame[ours], values)


def test_means_agree_with_survfit(from_r, data: pd.DataFrame) -> None:
    expected = from_r("curves")["means"]
    gap = restricted_mean_difference(*curves(data), 20)
    ratio = restricted_mean_ratio(*curves(data), 20)
    assert gap.estimate == pytest.approx(expected["difference"], rel=EXACT)
    assert gap.std_error == pytest.approx(expected["se"], rel=EXACT)
    assert gap.p_value == pytest.approx(expected["p"], rel=EXACT)
    assert ratio.estimate == pytest.approx(expected["ratio"], rel=EXACT)
    assert ratio.std_error == pytest.approx(expected["log_se"], rel=EXACT)
    assert ratio.conf_low == pytest.approx(expected["ratio_low"], rel=EXACT)
    assert ratio.conf_high == pytest.approx(expected["ratio_high"], rel=EXACT)
    assert ratio.p_value == pytest.approx(expected["ratio_p"], rel=EXACT)


def test_numbers_at_risk_are_those_watched_just_before() -> None:
    curve = kaplan_meier([0, 2, 2, 5], [False, True, False, True])
    assert at_risk(curve, [0, 1, 2, 3, 5, 6]).tolist() == [4, 3, 3, 1, 1, 0]


def test_entry_at_zero_changes_nothing_and_late_entry_is_refused(data: pd.DataFrame) -> None:
    late = data[data["time"] > 0]
    plain = kaplan_meier(late["time"], late["event"]).frame
    entered = kaplan_meier(late["time"], late["event"], entry=np.zeros(len(late))).frame
    pd.testing.assert_frame_equal(plain, entered)
    with pytest.raises(TimesError, match="1 of 2 people came under observation at or after"):
        kaplan_meier([1, 2], [True, True], entry=[1, 0])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 9999), factor=st.sampled_from([0.25, 12.0, 365.0]))
def test_curve_knows_neither_the_order_nor_the_unit(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 25))
    time, event = rng.integers(0, 9, n).astype(float), rng.random(n) < 0.6
    order = rng.permutation(n)
    plain = kaplan_meier(time, event).frame
    other = kaplan_meier(time[order] * factor, event[order]).frame
    np.testing.assert_allclose(other["time"], plain["time"] * factor)
    pd.testing.assert_frame_equal(other.drop(columns="time"), plain.drop(columns="time"))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 9999))
def test_curve_agrees_with_lifelines(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time, event = rng.integers(0, 9, 20).astype(float), rng.random(20) < 0.6
    fit = KaplanMeierFitter().fit(time, event)
    frame = kaplan_meier(time, event).frame
    np.testing.assert_allclose(frame["estimate"], fit.survival_function_.iloc[:, 0], atol=1e-12)
