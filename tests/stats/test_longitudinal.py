"""Models of a whole course against nlme::gls and lme4::lmer."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alsutils.stats.longitudinal import constrained_analysis, random_slopes

REFERENCE = Path(__file__).parents[1] / "reference" / "longitudinal"
R = json.loads((REFERENCE / "courses.json").read_text())
GLS_SEARCH = 2e-4  # gls maximises over correlations and ratios of variances, less tightly
LMER_SEARCH = 2e-4  # in standard errors; two optimisers of one flat likelihood


@pytest.fixture(scope="module")
def trial():
    frame = pd.read_csv(REFERENCE / "courses.csv")
    order = pd.CategoricalDtype(["control", "low", "high"], ordered=True)
    return frame.assign(arm=frame["arm"].astype(order))


@pytest.fixture(scope="module")
def after(trial):
    rows = trial[trial["month"] >= 0]
    visits = pd.CategoricalDtype(sorted(rows["month"].unique()), ordered=True)
    return rows.assign(visit=rows["month"].astype(visits))


def test_constrained_analysis_agrees_with_gls(after):
    result = constrained_analysis(after, "score", "subject", "visit", "arm", ["sex"], 0.9)
    assert result.n_subjects == after["subject"].nunique()
    assert result.n_observations == after["score"].notna().sum()
    found = result.frame
    assert len(found) == 6
    half = stats.t.isf(0.05, found["df"]) * found["std_error"]
    np.testing.assert_allclose(found["conf_high"] - found["estimate"], half)
    for row in found.to_dict("records"):
        expected = R["clda"][f"{row['arm']}{row['visit']}"]["estimate"]
        assert abs(row["estimate"] - expected) / row["std_error"] < GLS_SEARCH


def test_slopes_agree_with_lmer(after):
    found = random_slopes(after, "score", "subject", "month", "arm").frame
    for row in found.to_dict("records"):
        expected = R["line"][f"month:arm{row['arm']}"]
        assert abs(row["estimate"] - expected["estimate"]) / row["std_error"] < LMER_SEARCH
        assert row["std_error"] == pytest.approx(expected["std_error"], rel=1e-3)


def test_slopes_are_judged_by_the_normal_distribution(after):
    found = random_slopes(after, "score", "subject", "month", "arm", conf_level=0.9)
    assert found.n_subjects == after["subject"].nunique()
    assert found.n_observations == after["score"].notna().sum()
    for row in found.frame.to_dict("records"):
        expected = R["line"][f"month:arm{row['arm']}"]
        z = expected["estimate"] / expected["std_error"]
        assert row["statistic"] == pytest.approx(z, abs=2e-3)
        assert row["p_value"] == pytest.approx(2 * stats.norm.sf(abs(z)), abs=1e-3)
        half = (row["conf_high"] - row["conf_low"]) / 2
        assert half == pytest.approx(stats.norm.isf(0.05) * expected["std_error"], rel=1e-3)
        assert row["conf_low"] + half == pytest.approx(row["estimate"])
        assert (row["effect"], row["df"]) == ("slope", np.inf)


def test_bends_agree_with_lmer(trial):
    found = random_slopes(trial, "score", "subject", "month", "arm", break_at=0).frame
    assert set(found["effect"]) == {"change of slope"}
    for row in found.to_dict("records"):
        expected = R["bend"][f"after:arm{row['arm']}"]
        # lmer and statsmodels stop at slightly different covariances of three random effects
        assert abs(row["estimate"] - expected["estimate"]) / row["std_error"] < 0.01
        assert row["std_error"] == pytest.approx(expected["std_error"], rel=0.01)


def test_two_visits_with_complete_data_are_ancova_but_for_the_baseline_mean():
    # Liu 2009: with one visit after baseline and nothing missing, cLDA and ANCOVA share their
    # estimate, up to the use of the baseline's own mean
    rng = np.random.default_rng(5)
    n = 40
    base = rng.normal(30, 5, n)
    arm = pd.Categorical(np.repeat(["c", "t"], n // 2), categories=["c", "t"])
    post = 0.8 * base + 1.5 * (arm == "t") + rng.normal(0, 2, n)
    wide = pd.DataFrame({"id": range(n), "arm": arm, "base": base, "post": post})
    long = wide.melt(["id", "arm"], ["base", "post"], var_name="visit", value_name="y")
    long["visit"] = pd.Categorical(long["visit"], ["base", "post"], ordered=True)
    found = constrained_analysis(long, "y", "id", "visit", "arm").frame.iloc[0]
    # the slope of the regression within all patients of the pooled covariance, in closed form
    within = wide.assign(
        b=wide["base"] - wide["base"].mean(),
        p=wide["post"] - wide.groupby("arm", observed=True)["post"].transform("mean"),
    )
    assert abs(found["estimate"] - 1.5) < 4 * found["std_error"]
    means = wide.groupby("arm", observed=True)[["base", "post"]].mean()
    raw = means.loc["t", "post"] - means.loc["c", "post"]
    imbalance = means.loc["t", "base"] - means.loc["c", "base"]
    slope = (raw - found["estimate"]) / imbalance
    ols = (within["b"] * wide["post"]).sum() / (within["b"] ** 2).sum()
    assert slope == pytest.approx(ols, abs=0.15)


def test_the_unit_of_time_scales_the_slope(after):
    monthly = random_slopes(after, "score", "subject", "month", "arm").frame
    weekly = random_slopes(
        after.assign(month=after["month"] * 4), "score", "subject", "month", "arm"
    ).frame
    np.testing.assert_allclose(weekly["estimate"] * 4, monthly["estimate"], rtol=1e-3)


def test_an_arm_that_is_no_category_is_refused(after):
    plain = after.assign(arm=after["arm"].astype("str"))
    with pytest.raises(ValueError, match="category"):
        random_slopes(plain, "score", "subject", "month", "arm")
    with pytest.raises(ValueError, match="category"):
        constrained_analysis(plain, "score", "subject", "visit", "arm")
