"""Analysis of covariance against R's lm with HC3, and its named errors."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alsutils.stats.ancova import AncovaError, ancova
from alsutils.stats.two_sample import Sample, mean_difference

REFERENCE = Path(__file__).parents[1] / "reference" / "primary"
R = json.loads((REFERENCE / "comparisons.json").read_text())
DIGITS_OF_R = 1e-8  # least squares by two different decompositions


@pytest.fixture
def trial():
    frame = pd.read_csv(REFERENCE / "trial.csv")
    order = pd.CategoricalDtype(["control", "low", "high"], ordered=True)
    return frame.assign(arm=frame["arm"].astype(order))


def test_agrees_with_r(trial):
    fit = ancova(trial, "change", "arm", ["base", "onset"])
    for row in fit.frame.to_dict("records"):
        for name, expected in R["ancova"][row["arm"]].items():
            assert row[name] == pytest.approx(expected, rel=DIGITS_OF_R), (row["arm"], name)
    assert fit.residual_sd == pytest.approx(R["residual_sd"], rel=DIGITS_OF_R)
    assert fit.interaction_p == pytest.approx(R["interaction_p"], rel=1e-6)


def test_arm_by_the_only_covariate_is_the_square_of_its_t(trial):
    two = trial[trial["arm"] != "low"].dropna(subset=["change", "base"])
    two = two.assign(arm=two["arm"].cat.remove_unused_categories())
    treated = (two["arm"] == "high").to_numpy(float)
    base, change = two["base"].to_numpy(), two["change"].to_numpy()
    design = np.column_stack([np.ones(len(two)), treated, base, treated * base])
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ change
    df = len(two) - 4
    variance = ((change - design @ coefficients) ** 2).sum() / df
    t = coefficients[3] / np.sqrt(variance * inverse[3, 3])
    found = ancova(two, "change", "arm", ["base"]).interaction_p
    assert found == pytest.approx(2 * stats.t.sf(abs(t), df), rel=1e-6)


def test_arm_by_covariate_needs_values_to_spare():
    arm = pd.Categorical(["control", "high"] * 3, categories=["control", "high"], ordered=True)
    six = pd.DataFrame({"arm": arm, "base": [1.0, 2, 4, 3, 7, 5], "change": [0.0, 1, 1, 3, 2, 2]})
    assert 0 < ancova(six, "change", "arm", ["base"]).interaction_p < 1
    assert np.isnan(ancova(six.head(4), "change", "arm", ["base"]).interaction_p)
    same = six.assign(base=[1.0, 2, 1, 3, 1, 5])  # no slope among the controls
    assert np.isnan(ancova(same, "change", "arm", ["base"]).interaction_p)


def test_without_covariates_two_arms_are_the_pooled_t_test(trial):
    two = trial[trial["arm"] != "low"]
    two = two.assign(arm=two["arm"].cat.remove_unused_categories())
    row = ancova(two, "change", "arm").frame.iloc[0]
    groups = [Sample.of(two.loc[two["arm"] == a, "change"]) for a in ("high", "control")]
    test = mean_difference(*groups)
    assert row["estimate"] == pytest.approx(test.estimate)
    assert row["p_value"] == pytest.approx(test.p_value)
    assert row["conf_low"] == pytest.approx(test.conf_low)


def test_the_order_of_rows_does_not_matter(trial):
    shuffled = trial.sample(frac=1, random_state=1)
    first = ancova(trial, "change", "arm", ["base", "onset"]).frame
    second = ancova(shuffled, "change", "arm", ["base", "onset"]).frame
    pd.testing.assert_frame_equal(first, second, rtol=1e-9)


def test_input_is_not_changed(trial):
    before = trial.copy(deep=True)
    ancova(trial, "change", "arm", ["base"])
    pd.testing.assert_frame_equal(trial, before)


def test_rows_with_missing_values_are_counted(trial):
    trial.loc[[0, 5], "base"] = np.nan
    fit = ancova(trial, "change", "arm", ["base"])
    assert (fit.n_used, fit.n_dropped) == (len(trial) - 2, 2)
    assert fit.frame["n_treated"].sum() + fit.frame["n_control"].iloc[0] == fit.n_used


def test_a_factor_with_one_level_is_no_covariate(trial):
    single = ancova(trial.assign(site="one"), "change", "arm", ["base", "site"])
    plain = ancova(trial, "change", "arm", ["base"])
    pd.testing.assert_frame_equal(single.frame, plain.frame)


def test_named_errors(trial):
    with pytest.raises(AncovaError, match="category"):
        ancova(trial.assign(arm=trial["arm"].astype("str")), "change", "arm")
    with pytest.raises(AncovaError, match="nobody in arm 'low'"):
        ancova(trial[trial["arm"] != "low"], "change", "arm")
    with pytest.raises(AncovaError, match="determine each other"):
        ancova(trial.assign(twice=2 * trial["base"]), "change", "arm", ["base", "twice"])
    few = trial.groupby("arm", observed=True).head(1)
    with pytest.raises(AncovaError, match="too few"):
        ancova(few, "change", "arm")
