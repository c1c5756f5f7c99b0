"""What must not matter, and what must matter in a known way."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alsutils.stats.imputation import conditional_mean_imputation, multiple_imputation
from alsutils.stats.imputation.trial import first_missing_to_the_end

ROUNDING = 1e-7
SAME_DRAWS = 1e-12  # matrix products of another shape may round otherwise
NUMBERS = ["estimate", "std_error", "p_value", "conf_low", "conf_high"]
M = 60


def numbers(result):
    return result.frame[NUMBERS].to_numpy()


@pytest.fixture(scope="module", params=["conditional", "multiple"])
def impute(request):
    if request.param == "conditional":
        return conditional_mean_imputation
    return lambda *args, **options: multiple_imputation(*args, n_imputations=M, **options)


@pytest.fixture(scope="module")
def expected(impute, trial_frame, as_in_r):
    return numbers(impute(trial_frame, **as_in_r, strategy="J2R"))


def test_the_order_of_rows_does_not_matter(impute, expected, trial_frame, as_in_r):
    shuffled = trial_frame.sample(frac=1, random_state=3)
    ours = numbers(impute(shuffled, **as_in_r, strategy="J2R"))
    assert ours == pytest.approx(expected, rel=ROUNDING, abs=ROUNDING)


def test_visits_without_rows_are_missing(impute, expected, trial_frame, as_in_r):
    # three subjects have no outcome at all: one row keeps each of them in the trial
    keep = trial_frame["CHG"].notna() | ~trial_frame["USUBJID"].duplicated()
    assert keep.sum() < len(trial_frame)
    ours = numbers(impute(trial_frame[keep], **as_in_r, strategy="J2R"))
    assert ours == pytest.approx(expected, rel=ROUNDING, abs=ROUNDING)


def test_names_of_arms_do_not_matter(impute, expected, trial_frame, as_in_r):
    named = trial_frame["TRT01P"].cat.rename_categories({"Riluzole": "z (0)", "MSC": "a b"})
    result = impute(trial_frame.assign(TRT01P=named), **as_in_r, strategy="J2R")
    assert numbers(result) == pytest.approx(expected, rel=ROUNDING, abs=ROUNDING)
    assert set(result.frame["arm"]) == {"a b"}


def test_unit_and_sign_of_the_outcome(impute, expected, trial_frame, as_in_r):
    turned = trial_frame.assign(CHG=-0.01 * trial_frame["CHG"])
    frame = impute(turned, **as_in_r, strategy="J2R").frame
    if impute is conditional_mean_imputation:
        assert frame["estimate"].to_numpy() == pytest.approx(-0.01 * expected[:, 0], rel=ROUNDING)
        assert frame["std_error"].to_numpy() == pytest.approx(0.01 * expected[:, 1], rel=ROUNDING)
    else:  # the noise does not change its sign: other draws
        apart = np.abs(frame["estimate"].to_numpy() + 0.01 * expected[:, 0])
        assert (apart < 0.2 * 0.01 * expected[:, 1]).all()


def test_swapped_arms_change_the_sign_under_mar(trial_frame, as_in_r):
    first = conditional_mean_imputation(trial_frame, **as_in_r).frame
    order = pd.Categorical(trial_frame["TRT01P"], categories=["MSC", "Riluzole"])
    second = conditional_mean_imputation(trial_frame.assign(TRT01P=order), **as_in_r).frame
    assert second["estimate"].to_numpy() == pytest.approx(-first["estimate"].to_numpy())
    assert second["std_error"].to_numpy() == pytest.approx(first["std_error"].to_numpy())


def test_input_is_not_changed(impute, trial_frame, as_in_r):
    before = trial_frame.copy(deep=True)
    impute(trial_frame, **as_in_r, strategy="CIR", delta={"MSC": 1.0})
    pd.testing.assert_frame_equal(trial_frame, before)


@pytest.mark.parametrize("draw", ["bootstrap", "normal"])
def test_same_seed_same_numbers_whatever_the_workers(trial_frame, as_in_r, draw):
    options = as_in_r | {"n_imputations": 300, "draw": draw}
    one = multiple_imputation(trial_frame, **options, seed=4)
    two = multiple_imputation(trial_frame, **options, seed=4, workers=3)
    other = multiple_imputation(trial_frame, **options, seed=5)
    pd.testing.assert_frame_equal(one.draws, two.draws, rtol=SAME_DRAWS)
    assert not np.allclose(one.draws["estimate"], other.draws["estimate"])


def test_names_of_subjects_and_columns_do_not_matter(trial_frame, columns):
    first = conditional_mean_imputation(trial_frame, **columns, covariates=["BASE"])
    renamed = trial_frame.rename(
        columns={"BASE": "base line (points)", "CHG": "change, %", "TRT01P": "arm 1"}
    )
    second = conditional_mean_imputation(
        renamed.assign(USUBJID=renamed["USUBJID"].map(lambda s: f"x{99 - int(s[1:])}")),
        outcome="change, %",
        subject="USUBJID",
        visit="AVISIT",
        arm="arm 1",
        covariates=["base line (points)"],
    )
    assert numbers(second) == pytest.approx(numbers(first), rel=ROUNDING, abs=ROUNDING)


def test_gaps_are_imputed_under_mar_whatever_the_strategy(trial_frame, as_in_r):
    values = {
        strategy: conditional_mean_imputation(trial_frame, **as_in_r, strategy=strategy).imputed
        for strategy in ("MAR", "J2R", "CR", "CIR")
    }
    gaps = ~values["MAR"]["after_event"]
    assert gaps.sum() == 5
    for strategy, imputed in values.items():
        assert imputed.loc[gaps, "value"].equals(values["MAR"].loc[gaps, "value"]), strategy
        assert (imputed.loc[gaps, "strategy"] == "MAR").all()
        control = imputed["arm"] == "Riluzole"
        assert imputed.loc[control, "value"].equals(values["MAR"].loc[control, "value"])


def test_a_strategy_by_subject(trial_frame, as_in_r):
    every = dict.fromkeys(trial_frame["USUBJID"].unique(), "J2R")
    whole = conditional_mean_imputation(trial_frame, **as_in_r, strategy="J2R")
    mapped = conditional_mean_imputation(trial_frame, **as_in_r, strategy=every)
    assert (numbers(mapped) == numbers(whole)).all()
    one = conditional_mean_imputation(trial_frame, **as_in_r, strategy={"S007": "CR"})
    mar = conditional_mean_imputation(trial_frame, **as_in_r)
    moved = one.imputed["value"] != mar.imputed["value"]
    arm = trial_frame.set_index("USUBJID")["TRT01P"]["S007"].iloc[0]
    assert set(one.imputed.loc[moved, "subject"]) == ({"S007"} if arm == "MSC" else set())
    for result, strategy in ((whole, "J2R"), (one, "by subject"), (mar, "MAR")):
        for table in (result.frame, result.means):
            assert set(table["method"]) == {f"conditional mean, {strategy}"}


@pytest.fixture(scope="module")
def three_arms():
    rng = np.random.default_rng(12)
    n, visits = 90, ["w1", "w2", "w3"]
    arm = np.repeat(["placebo", "low", "high"], n // 3)
    base = rng.normal(size=n)
    steps = rng.normal(size=(n, 3)).cumsum(axis=1)
    y = steps + base[:, None] + (arm == "high")[:, None] * np.array([0.5, 1.0, 2.0])
    for i in range(0, n, 4):
        y[i, 1 + i % 2 :] = np.nan
    y[::7, 0] = np.nan
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), 3),
            "visit": np.tile(visits, n),
            "arm": pd.Categorical(np.repeat(arm, 3), categories=["placebo", "low", "high"]),
            "base": np.repeat(base, 3),
            "y": y.ravel(),
        }
    )


THREE = {"outcome": "y", "subject": "id", "visit": "visit", "arm": "arm", "covariates": ["base"]}


def test_three_arms_with_a_named_reference(three_arms):
    control = conditional_mean_imputation(three_arms, **THREE, strategy="J2R")
    assert control.frame["arm"].to_list() == ["low", "high"] * 3
    low = conditional_mean_imputation(three_arms, **THREE, strategy="J2R", reference="low")
    mixed = conditional_mean_imputation(
        three_arms, **THREE, strategy="J2R", reference={"placebo": "low", "high": "low"}
    )
    by_arm = {
        name: result.imputed.set_index(["arm"])["value"]
        for name, result in {"control": control, "low": low, "mixed": mixed}.items()
    }
    mar = conditional_mean_imputation(three_arms, **THREE).imputed.set_index("arm")["value"]
    assert np.allclose(by_arm["low"]["low"], mar["low"])
    assert np.allclose(by_arm["control"]["placebo"], mar["placebo"])
    assert not np.allclose(by_arm["low"]["placebo"], mar["placebo"])
    assert np.allclose(by_arm["mixed"]["high"], by_arm["low"]["high"])
    assert np.allclose(by_arm["mixed"]["low"], by_arm["control"]["low"])


def test_three_arms_by_multiple_imputation(three_arms):
    conditional = conditional_mean_imputation(three_arms, **THREE, strategy="CIR").frame
    multiple = multiple_imputation(three_arms, **THREE, strategy="CIR", n_imputations=500).frame
    apart = (conditional["estimate"] - multiple["estimate"]).abs() / multiple["std_error"]
    assert apart.max() < 0.1
    assert multiple[["visit", "arm"]].equals(conditional[["visit", "arm"]])


def test_delta_by_visit_moves_that_visit_only(trial_frame, as_in_r):
    none = conditional_mean_imputation(trial_frame, **as_in_r)
    some = conditional_mean_imputation(trial_frame, **as_in_r, delta={"MSC": {"Month 6": -3.0}})
    moved = (none.frame["estimate"] - some.frame["estimate"]).to_numpy()
    assert moved[:3] == pytest.approx(0.0, abs=1e-12)
    # a share of 5 of 33 is imputed there, but for the covariates
    assert moved[3] == pytest.approx(3.0 * 5 / 33, rel=0.05)


def test_completed_data_give_the_estimate_of_their_imputation(trial_frame, as_in_r):
    result = multiple_imputation(trial_frame, **as_in_r, n_imputations=4, delta={"MSC": -1.0})
    whole = result.completed(3)
    assert len(whole) == 64 * 4
    assert whole["imputed"].sum() == result.n_imputed == trial_frame["CHG"].isna().sum()
    assert whole["value"].notna().all()
    at = whole[whole["visit"] == "Month 6"].merge(
        trial_frame.drop_duplicates("USUBJID"), left_on="subject", right_on="USUBJID"
    )
    treated = (at["arm"] == "MSC").astype(float)
    design = np.column_stack([np.ones(64), treated, at["BASE"], at["ONSET"] == "Limb"])
    beta = np.linalg.lstsq(design.astype(float), at["value"], rcond=None)[0]
    row = result.draws.query("imputation == 3 and visit == 'Month 6'").iloc[0]
    assert row["estimate"] == pytest.approx(beta[1])


@given(arrays(bool, st.tuples(st.integers(1, 6), st.integers(1, 6))))
def test_event_is_the_first_of_the_final_run(missing):
    for row, event in zip(missing, first_missing_to_the_end(missing), strict=True):
        runs = [j for j in range(len(row)) if row[j:].all()]
        assert event == (runs[0] if runs else -1)
