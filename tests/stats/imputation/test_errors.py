"""Every refusal names the thing and says how to mend it."""

import numpy as np
import pandas as pd
import pytest

from alsutils.stats.imputation import (
    ImputationError,
    completers,
    conditional_mean_imputation,
    multiple_imputation,
)


def spoiled(frame, **changes):
    copy = frame.copy()
    for name, (row, value) in changes.items():
        copy.loc[copy.index[row], name] = value
    return copy


@pytest.mark.parametrize(
    ("mend", "words"),
    [
        (lambda f: f.drop(columns="BASE"), "no column 'BASE'"),
        (lambda f: f.assign(TRT01P=f["TRT01P"].astype(str)), "category with the control first"),
        (lambda f: f[f["TRT01P"] == "MSC"], "needs two"),
        (lambda f: f.assign(CHG=f["CHG"].astype(str)), "must be numeric"),
        (lambda f: spoiled(f, CHG=(5, np.inf)), "infinite"),
        (lambda f: spoiled(f, BASE=(5, np.nan)), "'BASE' is missing in row 5"),
        (lambda f: spoiled(f, BASE=(5, 99)), "'BASE' changes within subject 'S002'"),
        (lambda f: spoiled(f, TRT01P=(5, "MSC")), "'TRT01P' changes within subject 'S002'"),
        (lambda f: pd.concat([f, f.iloc[[7]]]), "'S002' has more than one row at visit 'Month 6'"),
        (lambda f: f.assign(CHG=f["CHG"].where(f["AVISIT"] != "Month 2")), "at Month 2"),
        (lambda f: f.assign(ONSET=f["BASE"] * 2), "determine each other"),
    ],
)
def test_data(trial_frame, columns, mend, words):
    with pytest.raises(ImputationError, match=words):
        conditional_mean_imputation(
            mend(trial_frame),
            **columns,
            covariates=["BASE", "ONSET"],
            formula="CHG ~ TRT01P*AVISIT",
        )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"strategy": "LMCF"}, "unknown strategy LMCF; choose one of MAR, J2R, CR, CIR"),
        ({"strategy": {"S999": "CR"}}, "'S999'"),
        ({"reference": "Placebo"}, "no arm is called 'Placebo'"),
        ({"reference": {"MSC": "Placebo"}}, "no arm is called 'Placebo'"),
        ({"delta": {"Placebo": 1.0}}, "delta names 'Placebo'"),
        ({"delta": {"MSC": {"Month 5": 1.0}}}, "delta names visit 'Month 5'"),
        ({"delta": {"MSC": np.nan}}, "finite"),
        ({"formula": "CHG ~ BASE*AVISIT"}, "does not contain the arm"),
        ({"covariance": "sp_exp"}, "sp_exp"),
        ({"conf_level": 95}, "conf_level"),
    ],
)
def test_options(trial_frame, columns, options, words):
    with pytest.raises(ImputationError, match=words):
        conditional_mean_imputation(trial_frame, **columns, **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_imputations": 1}, "at least 2"),
        ({"workers": 0}, "workers"),
        ({"draw": "gibbs"}, "gibbs"),
    ],
)
def test_options_of_multiple_imputation(trial_frame, columns, options, words):
    with pytest.raises(ImputationError, match=words):
        multiple_imputation(trial_frame, **columns, **options)


def test_a_subject_nobody_else_is_like(trial_frame, columns):
    alone = trial_frame.assign(SITE=np.where(trial_frame["USUBJID"] == "S002", "B", "A"))
    with pytest.raises(ImputationError, match="without subject 'S002' the analysis"):
        conditional_mean_imputation(
            alone, **columns, covariates=["SITE"], formula="CHG ~ TRT01P*AVISIT"
        )
    with pytest.raises(ImputationError, match="without subject 'S002' the imputation model"):
        conditional_mean_imputation(alone, **columns, covariates=["SITE"])


def test_samples_that_cannot_be_fitted(trial_frame, columns):
    some = ["S002", "S005"]
    rare = trial_frame.assign(SITE=np.where(trial_frame["USUBJID"].isin(some), "B", "A"))
    options = columns | {"covariates": ["SITE"], "n_imputations": 40}
    assert 0 < multiple_imputation(rare, **options).n_redrawn < 40
    alone = trial_frame.assign(SITE=np.where(trial_frame["USUBJID"].isin(some[:1]), "B", "A"))
    alone["HALF"] = np.where(trial_frame["USUBJID"] == "S005", "B", "A")
    with pytest.raises(ImputationError, match="bootstrap samples"):
        multiple_imputation(alone, **(options | {"covariates": ["SITE", "HALF"]}))


def test_nobody_left_in_an_arm(trial_frame, columns):
    gone = trial_frame.assign(
        CHG=trial_frame["CHG"].where(
            (trial_frame["TRT01P"] != "MSC") | (trial_frame["AVISIT"] != "Month 6")
        )
    )
    with pytest.raises(ImputationError, match="completers: nobody in arm 'MSC'"):
        completers(gone, **columns)


def test_imputations_are_numbered(trial_frame, columns):
    result = multiple_imputation(trial_frame, **columns, n_imputations=2)
    with pytest.raises(ImputationError, match="1 to 2"):
        result.completed(0)
