import numpy as np
import pandas as pd
import pytest

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
