"""nlme::gls, lme4 with pbkrtest, mvtnorm: tests/reference/mmrm/*.R and their output."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alsutils.stats.mmrm import MMRMFit, fit_mmrm
from alsutils.stats.mmrm.adjust import equicoordinate

FORMULA = "CHG ~ BASE*AVISIT + ONSET + TRT01P*AVISIT"
FITS = ["us", "us_ml", "ar1", "ar1h", "cs", "csh", "sp_exp", "weighted"]
# gls gives up when the likelihood no longer changes in the eighth digit
LIKELIHOOD_ABSOLUTE = 1e-7
ESTIMATE_IN_SE = 3e-5
VCOV_RELATIVE = 3e-5
RESIDUAL_ABSOLUTE = 5e-5
# emmeans prints F ratios to three decimals
F_ABSOLUTE = 6e-4
# lme4's optimiser
KENWARD_ROGER_RELATIVE = 1e-6
EXACT_PROBABILITY = 1e-10
LATTICE_PROBABILITY = 5e-5


@pytest.fixture(scope="module")
def nlme(reference_folder: Path) -> dict[str, Any]:
    return json.loads((reference_folder / "nlme_gls.json").read_text())


def same_model(data: pd.DataFrame, name: str) -> MMRMFit:
    return fit_mmrm(
        FORMULA,
        data,
        subject="USUBJID",
        visit="AVISITN" if name == "sp_exp" else "AVISIT",
        covariance={"us_ml": "us", "weighted": "ar1"}.get(name, name),
        weights="WEIGHT" if name == "weighted" else None,
        reml=name != "us_ml",
        df="satterthwaite",
        reference={"TRT01P": "Riluzole"},
    )


@pytest.mark.parametrize("name", FITS)
def test_generalised_least_squares(
    name: str, check_data: pd.DataFrame, nlme: dict[str, Any]
) -> None:
    fit, expected = same_model(check_data, name), nlme[name]
    vcov = np.array(expected["vcov"])
    if name == "us_ml":
        # gls inflates the covariance of a maximum likelihood fit by N / (N - p)
        vcov = vcov * (fit.n_observations - len(fit.terms)) / fit.n_observations
    error = np.sqrt(np.diag(vcov))
    assert fit.minus_2_log_likelihood == pytest.approx(
        -2 * expected["log_likelihood"], abs=LIKELIHOOD_ABSOLUTE
    )
    gap = (fit.coefficients["estimate"] - expected["coefficients"]) / error
    assert np.abs(gap).max() < ESTIMATE_IN_SE
    np.testing.assert_allclose(
        fit.vcov / np.outer(error, error), vcov / np.outer(error, error), atol=VCOV_RELATIVE
    )


@pytest.mark.parametrize("name", FITS)
def test_residuals(name: str, check_data: pd.DataFrame, nlme: dict[str, Any]) -> None:
    fit, expected = same_model(check_data, name), nlme[name]
    pearson = fit.residuals("pearson")
    assert list(pearson.index + 1) == nlme["rows"]
    np.testing.assert_allclose(pearson, expected["pearson"], atol=RESIDUAL_ABSOLUTE)
    normalized = fit.residuals("normalized")
    if name in ("cs", "csh"):
        # nlme whitens compound symmetry by another root; a patient's sum of squares is the same
        subject = check_data.loc[normalized.index, "USUBJID"].to_numpy()
        ours = (normalized**2).groupby(subject).sum()
        theirs = pd.Series(np.square(expected["normalized"])).groupby(subject).sum()
        np.testing.assert_allclose(ours, theirs, rtol=5e-4)
    else:
        np.testing.assert_allclose(normalized, expected["normalized"], atol=RESIDUAL_ABSOLUTE)


@pytest.mark.parametrize("name", ["us", "ar1", "csh"])
def test_type_3_tests_of_treatment_and_covariates(
    name: str, check_data: pd.DataFrame, nlme: dict[str, Any]
) -> None:
    # emmeans tests the visits at the mean of BASE, type 3 at zero; the other terms agree
    ours = same_model(check_data, name).anova().set_index("term")
    theirs = pd.DataFrame(nlme[name]["joint_tests"]).set_index("model term")
    for term in ["BASE", "ONSET", "TRT01P", "BASE:AVISIT"]:
        assert ours.loc[term, "num_df"] == theirs.loc[term, "df1"]
        assert ours.loc[term, "statistic"] == pytest.approx(
            theirs.loc[term, "F.ratio"], abs=F_ABSOLUTE
        )
    assert ours.loc["TRT01P:AVISIT", "statistic"] == pytest.approx(
        theirs.loc["AVISIT:TRT01P", "F.ratio"], abs=F_ABSOLUTE
    )


def test_kenward_roger_of_a_random_intercept(
    check_data: pd.DataFrame, reference_folder: Path
) -> None:
    expected = json.loads((reference_folder / "pbkrtest.json").read_text())
    balanced = check_data[check_data["USUBJID"].isin(expected["subjects"])]
    fit = fit_mmrm(
        "CHG ~ TRT01P*AVISIT",
        balanced,
        subject="USUBJID",
        visit="AVISIT",
        covariance="cs",
        vcov="kenward-roger-linear",
        reference={"TRT01P": "Riluzole"},
    )
    np.testing.assert_allclose(fit.vcov, expected["vcov"], rtol=KENWARD_ROGER_RELATIVE)
    for name, test in expected["tests"].items():
        result = fit.test(np.array(test["L"]))
        statistic = result.statistic ** (2 if len(test["L"]) == 1 else 1)
        assert statistic == pytest.approx(test["statistic"], rel=KENWARD_ROGER_RELATIVE), name
        assert result.df == pytest.approx(test["df"], rel=KENWARD_ROGER_RELATIVE), name
        assert result.p_value == pytest.approx(test["p_value"], rel=1e-5), name


def test_dunnett_probabilities(reference_folder: Path) -> None:
    cases = json.loads((reference_folder / "dunnett.json").read_text())["cases"]
    for case in cases:
        correlation = np.array(case["correlation"])
        ours = equicoordinate(case["bound"], case["df"], correlation)
        tolerance = EXACT_PROBABILITY if len(correlation) == 2 else LATTICE_PROBABILITY
        assert ours == pytest.approx(case["probability"], abs=tolerance)


def test_satterthwaite_of_a_random_intercept(
    check_data: pd.DataFrame, reference_folder: Path
) -> None:
    expected = json.loads((reference_folder / "lmertest.json").read_text())
    fit = fit_mmrm(
        "CHG ~ BASE + TRT01P*AVISIT",
        check_data,
        subject="USUBJID",
        visit="AVISIT",
        covariance="cs",
        df="satterthwaite",
        reference={"TRT01P": "Riluzole"},
    )
    for column in ("estimate", "std_error", "df"):
        np.testing.assert_allclose(
            fit.coefficients[column], expected[column], rtol=KENWARD_ROGER_RELATIVE
        )
    for name, test in expected["joint"].items():
        result = fit.test(np.array(test["L"]))
        assert result.statistic == pytest.approx(test["statistic"], rel=1e-6), name
        assert result.df == pytest.approx(test["df"], rel=1e-6), name
    ours, theirs = fit.anova().set_index("term"), expected["anova"]
    for row, term in enumerate(theirs["term"]):
        for column in ("num_df", "df", "statistic"):
            assert ours.loc[term, column] == pytest.approx(theirs[column][row], rel=1e-6), term
