import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.ancova import ancova
from alsutils.stats.censored import geometric_ratio

REFERENCE = Path(__file__).parents[2] / "reference" / "mechanism"
ITERATION = 1e-6  # survreg stops by a relative change of the log-likelihood
EXACT = 1e-9
COVERAGE = 3 * np.sqrt(0.95 * 0.05)  # three standard errors of a coverage of 95%, times sqrt(n)


def trial(rng: np.random.Generator, n: int = 60, effect: float = 0.4) -> pd.DataFrame:
    arm = np.repeat(["control", "treated"], n // 2)
    base = rng.normal(size=n)
    y = 0.6 * base + effect * (arm == "treated") + 0.8 * rng.normal(size=n)
    return pd.DataFrame(
        {
            "arm": pd.Categorical(arm, ["control", "treated"]),
            "value": np.exp(np.maximum(y, -0.4)),
            "low": y < -0.4,
            "base": np.exp(np.maximum(base, -0.7)),
            "base_low": base < -0.7,
            "sex": rng.choice(["f", "m"], n),
        }
    )


def test_agrees_with_a_lognormal_survreg() -> None:
    expected = json.loads((REFERENCE / "limits.json").read_text())["lognormal"]
    data = pd.read_csv(REFERENCE / "censored.csv")
    data["arm"] = pd.Categorical(data["arm"].map({0: "c", 1: "t"}), ["c", "t"])
    data[["value", "base"]] = np.exp(data[["value", "base"]])
    found = geometric_ratio(data, "arm", "value", "below", "base").frame.iloc[0]
    assert np.log(found["estimate"]) == pytest.approx(expected["log_ratio"], rel=ITERATION)
    # Here with n / (n - p), there without.
    assert found["std_error"] == pytest.approx(
        expected["std_error"] * np.sqrt(60 / 57), rel=ITERATION
    )
    assert found["df"] == 57
    assert found["reason"] == ""


@pytest.mark.parametrize("method", ["tobit", "imputation", "substitution"])
def test_without_a_limit_it_is_analysis_of_covariance(method: str) -> None:
    data = trial(np.random.default_rng(2))
    plain = data.assign(y=np.log(data["value"]), x=np.log(data["base"]))
    expected = ancova(plain, "y", "arm", ["x", "sex"]).frame.iloc[0]
    found = geometric_ratio(
        data, "arm", "value", base="base", covariates=["sex"], method=method,
        rng=np.random.default_rng(1),
    ).frame.iloc[0]  # fmt: skip
    for name in ("std_error", "df", "statistic", "p_value"):
        assert found[name] == pytest.approx(expected[name], rel=EXACT)
    for name in ("estimate", "conf_low", "conf_high"):
        assert found[name] == pytest.approx(np.exp(expected[name]), rel=EXACT)


def test_imputation_comes_close_to_the_likelihood() -> None:
    data = trial(np.random.default_rng(4), n=400)
    tobit = geometric_ratio(data, "arm", "value", "low", "base", "base_low").frame.iloc[0]
    drawn = geometric_ratio(
        data, "arm", "value", "low", "base", "base_low", method="imputation",
        rng=np.random.default_rng(1),
    ).frame.iloc[0]  # fmt: skip
    gap = abs(np.log(drawn["estimate"] / tobit["estimate"]))
    assert gap < 0.25 * tobit["std_error"]
    assert drawn["std_error"] == pytest.approx(tobit["std_error"], rel=0.1)
    assert drawn["df"] < 397


@pytest.mark.parametrize(("method", "trials"), [("tobit", 120), ("imputation", 50)])
def test_interval_covers_the_ratio(method: str, trials: int) -> None:
    rng, covered = np.random.default_rng(9), 0
    for _ in range(trials):
        found = geometric_ratio(
            trial(rng), "arm", "value", "low", "base", "base_low", method=method, rng=rng,
            n_imputations=20,
        ).frame.iloc[0]  # fmt: skip
        covered += found["conf_low"] <= np.exp(0.4) <= found["conf_high"]
    assert covered / trials == pytest.approx(0.95, abs=COVERAGE / np.sqrt(trials))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999), unit=st.floats(1e-3, 1e3))
def test_a_ratio_has_no_unit_and_turns_with_the_arms(seed: int, unit: float) -> None:
    data = trial(np.random.default_rng(seed))
    columns = ("arm", "value", "low", "base", "base_low")
    plain = geometric_ratio(data, *columns).frame.iloc[0]
    mixed = data.assign(value=unit * data["value"], base=unit * data["base"])
    mixed = mixed.sample(frac=1, random_state=seed)
    scaled = geometric_ratio(mixed, *columns).frame.iloc[0]
    assert scaled["estimate"] == pytest.approx(plain["estimate"], rel=1e-6)
    swapped = data.assign(arm=data["arm"].cat.reorder_categories(["treated", "control"]))
    turned = geometric_ratio(swapped, *columns).frame.iloc[0]
    assert turned["estimate"] == pytest.approx(1 / plain["estimate"], rel=1e-6)
    assert turned["conf_low"] == pytest.approx(1 / plain["conf_high"], rel=1e-6)


def test_several_arms_share_a_model_and_each_has_its_reason() -> None:
    data = trial(np.random.default_rng(6), n=90)
    names = ["control", "high", "low dose", "nobody"]
    data["arm"] = pd.Categorical(np.resize(names[:3], 90), names)
    data.loc[data["arm"] == "low dose", "low"] = True
    found = geometric_ratio(data, "arm", "value", "low", "base", "base_low")
    rows = found.frame.set_index("arm")
    assert rows.at["high", "reason"] == ""
    assert rows.at["low dose", "reason"] == "fewer than 3 values above the limit in low dose"
    assert rows.at["nobody", "reason"] == "no sample in nobody"
    assert rows["estimate"].isna().tolist() == [False, True, True]
    assert rows.at["low dose", "below_treated"] == 30
    assert "log baseline" in found.model


def test_nothing_to_compare_is_a_reason_and_no_failure() -> None:
    data = trial(np.random.default_rng(6))
    for rows in (data.assign(low=True), data.iloc[[0, 1, 40]], data.head(0)):
        for method in ("tobit", "imputation", "substitution"):
            found = geometric_ratio(
                rows, "arm", "value", "low", "base", "base_low", method=method,
                rng=np.random.default_rng(1),
            ).frame  # fmt: skip
            assert found["estimate"].isna().all()
            assert (found["reason"] != "").all()
    flat = geometric_ratio(data.assign(value=1.0, low=False), "arm", "value").frame.iloc[0]
    assert "no spread" in flat["reason"]


def test_says_what_is_wrong() -> None:
    data = trial(np.random.default_rng(6))
    with pytest.raises(ValueError, match="category"):
        geometric_ratio(data.assign(arm="a"), "arm", "value")
    with pytest.raises(ValueError, match="above 0"):
        geometric_ratio(data.assign(value=0.0), "arm", "value")
    with pytest.raises(ValueError, match="give rng"):
        geometric_ratio(data, "arm", "value", method="imputation")
    with pytest.raises(ValueError, match="method must be"):
        geometric_ratio(data, "arm", "value", method="guess")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="rule must be"):
        geometric_ratio(data, "arm", "value", method="substitution", rule="zero")
