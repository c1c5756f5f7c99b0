import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import CoxPHFitter

from alsutils.stats.hazards import (
    HazardFitError,
    cox,
    log_rank,
    proportionality_test,
)

ITERATION = 1e-6  # both fits stop by a tolerance
EXACT = 1e-9


@pytest.fixture(scope="module")
def reference(from_r) -> dict:
    return from_r("survival")


def test_log_rank_agrees_with_survdiff(reference: dict, data: pd.DataFrame) -> None:
    expected = reference["log_rank"]
    two = data[data["arm"] < 2]
    pair, all_three = (log_rank(d["time"], d["event"], d["arm"]) for d in (two, data))
    assert pair.statistic == pytest.approx(expected["statistic"], rel=EXACT)
    assert pair.p_value == pytest.approx(expected["p_value"], rel=EXACT)
    assert all_three.df == 2
    assert all_three.statistic == pytest.approx(expected["global"], rel=EXACT)
    assert all_three.p_value == pytest.approx(expected["global_p"], rel=EXACT)


@pytest.mark.parametrize(
    ("model", "terms", "arms"),
    [
        ("cox_plain", ["arm"], 2),
        ("cox_adjusted", ["arm", "age", "limb"], 2),
        ("cox_three", ["a1", "a2", "age"], 3),
    ],
)
def test_cox_and_its_check_agree_with_r(
    reference: dict, data: pd.DataFrame, model: str, terms: list[str], arms: int
) -> None:
    group, expected = data[data["arm"] < arms], reference[model]
    fit = cox(group["time"], group["event"], group[terms])
    np.testing.assert_allclose(fit.frame["estimate"], np.ravel(expected["coef"]), rtol=ITERATION)
    np.testing.assert_allclose(fit.frame["std_error"], np.ravel(expected["se"]), rtol=ITERATION)
    np.testing.assert_allclose(fit.frame["p_value"], np.ravel(expected["p"]), rtol=1e-5)
    assert fit.log_likelihood == pytest.approx(expected["loglik"], rel=EXACT)
    check = proportionality_test(group["time"], group["event"], group[terms], fit).frame
    np.testing.assert_allclose(check["statistic"], expected["zph"], rtol=1e-5)
    np.testing.assert_allclose(check["p_value"], expected["zph_p"], rtol=1e-5)
    assert check["df"].tolist() == expected["zph_df"]


def test_cox_agrees_with_r_on_the_ovarian_trial(reference: dict) -> None:
    trial = reference["ovarian"]
    design = pd.DataFrame({"rx": trial["rx"], "age": trial["age"]})
    fit = cox(trial["time"], trial["event"], design)
    np.testing.assert_allclose(fit.frame["estimate"], trial["coef"], rtol=ITERATION)
    np.testing.assert_allclose(fit.frame["std_error"], trial["se"], rtol=ITERATION)
    check = proportionality_test(trial["time"], trial["event"], design, fit).frame
    np.testing.assert_allclose(check["statistic"], trial["zph"], rtol=1e-5)


def test_swapping_the_arms_turns_the_ratio_and_the_order_of_rows_is_nothing(
    data: pd.DataFrame,
) -> None:
    two = data[data["arm"] < 2]
    plain = cox(two["time"], two["event"], two[["arm"]]).frame.iloc[0]
    mixed = two.sample(frac=1, random_state=3).assign(arm=lambda d: 1 - d["arm"])
    swapped = cox(mixed["time"], mixed["event"], mixed[["arm"]]).frame.iloc[0]
    assert swapped["estimate"] == pytest.approx(-plain["estimate"], rel=ITERATION)
    assert swapped["conf_low"] == pytest.approx(-plain["conf_high"], rel=ITERATION)


def test_nothing_to_test_gives_missing_figures() -> None:
    assert np.isnan(log_rank([1, 2, 3], [False] * 3, ["a", "b", "b"]).p_value)
    assert np.isnan(log_rank([1, 2], [True] * 2, ["a", "a"]).p_value)


def test_cox_names_what_stands_in_its_way(data: pd.DataFrame) -> None:
    two = data[data["arm"] < 2]
    silent = two["event"].astype(bool) & (two["arm"] == 0)
    with pytest.raises(HazardFitError, match="nobody with arm = 1 had the event"):
        cox(two["time"], silent, two[["arm"]])
    with pytest.raises(HazardFitError, match="same arm"):
        cox(two["time"], two["event"], two[["arm"]] * 0)
    with pytest.raises(HazardFitError, match="say the same"):
        cox(two["time"], two["event"], two[["arm"]].assign(twice=2 * two["arm"]))
    with pytest.raises(HazardFitError, match="events for 1 covariates"):
        cox([1, 2, 3], [True, False, False], pd.DataFrame({"age": [1.0, 2.0, 4.0]}))
    with pytest.raises(HazardFitError, match="no estimate"):
        cox([1, 2, 3, 4], [True] * 4, pd.DataFrame({"age": [9.0, 7.0, 4.0, 1.0]}))


@pytest.mark.parametrize(
    "model", ["breslow", "stratified", "stratified_breslow", "late", "late_stratified"]
)
def test_ties_strata_and_entry_agree_with_r(from_r, two: pd.DataFrame, model: str) -> None:
    reference = from_r("cox")
    expected = reference["models"][model]
    group = two[two["time"] > 0] if "late" in model else two
    fit = cox(
        group["time"],
        group["event"],
        group[["arm", "age"]],
        ties="breslow" if "breslow" in model else "efron",
        strata=group["onset"] if "stratified" in model else None,
        entry=reference["entry"] if "late" in model else None,
    )
    np.testing.assert_allclose(fit.frame["estimate"], expected["coef"], rtol=EXACT * 10)
    np.testing.assert_allclose(fit.frame["std_error"], expected["se"], rtol=EXACT * 10)
    assert fit.null_log_likelihood == pytest.approx(expected["loglik"][0], rel=EXACT)
    assert fit.log_likelihood == pytest.approx(expected["loglik"][1], rel=EXACT)
    statistic = 2 * (expected["loglik"][1] - expected["loglik"][0])
    assert fit.likelihood_ratio.statistic == pytest.approx(statistic, rel=1e-7)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 9999), factor=st.sampled_from([0.1, 12.0, 365.0]))
def test_cox_agrees_with_lifelines_in_any_unit(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=60)
    time = np.ceil(rng.exponential(10 * np.exp(-0.5 * x)))
    event = rng.random(60) < 0.7
    frame = pd.DataFrame({"x": x, "z": rng.normal(size=60)})
    ours = cox(time * factor, event, frame * factor)
    peer = CoxPHFitter().fit(
        frame.assign(t=time, e=event), "t", "e", fit_options={"precision": 1e-10}
    )
    np.testing.assert_allclose(ours.frame["estimate"] * factor, peer.params_, atol=1e-5)
    np.testing.assert_allclose(ours.frame["std_error"] * factor, peer.standard_errors_, atol=1e-5)


def test_cox_intervals_cover_and_a_wald_test_keeps_its_level() -> None:
    rng = np.random.default_rng(8)
    arm = np.arange(100) % 2 * 1.0
    design, trials, inside = pd.DataFrame({"arm": arm}), 400, 0
    for _ in range(trials):
        time, stop = rng.exponential(10 * np.exp(0.5 * arm)), rng.uniform(2, 30, 100)
        row = cox(np.minimum(time, stop), time <= stop, design).frame.iloc[0]
        inside += row["conf_low"] <= -0.5 <= row["conf_high"]
    assert inside / trials == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / trials))
