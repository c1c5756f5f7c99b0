"""Every fit of R's mmrm 0.3.18 in tests/reference/mmrm/mmrm_check_r.json, reproduced.

R stops where its optimiser thinks it is done. For the unstructured matrix that is a little short
of the maximum: its -2 log-likelihood is up to 7e-6 above ours, and nlme's tightly converged fit
(see test_against_nlme) sides with ours. So each fit is compared twice: at the maximum, with
tolerances that leave room for R's stopping rule, and at R's own covariance matrix, where only the
formulas are compared and agreement is to the digits that R printed.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alsutils.stats.mmrm import MMRMFit, fit_mmrm
from alsutils.stats.mmrm.inference import Inference
from alsutils.stats.mmrm.likelihood import differentiate, evaluate

FORMULA = "CHG ~ BASE*AVISIT + ONSET + TRT01P*AVISIT"
NAMES = list(
    json.loads(
        (Path(__file__).parents[2] / "reference" / "mmrm" / "mmrm_check_r.json").read_text()
    )["fits"]
)

LIKELIHOOD_RELATIVE = 1e-6
# In standard errors, since a coefficient may be near zero; R's stopping rule leaves 4.4e-4 (us).
ESTIMATE_IN_SE = 5e-4
STD_ERROR_RELATIVE = 1.5e-4
# R's weighted fit stops furthest from its maximum.
DF_RELATIVE = 4e-4
COVARIANCE_RELATIVE = 1e-3
# Effects far from zero, in their own size.
CONTRAST_RELATIVE = 1e-5
MEAN_RELATIVE = 1e-4
# The end of an interval may lie near zero, so in standard errors.
END_IN_SE = 5e-4
# The structures whose likelihood R maximises well.
TIGHT = ("csh", "ar1h", "ad")
TIGHT_RELATIVE = 5e-6
# R prints covariances to ten decimals.
SAME_COVARIANCE_RELATIVE = 2e-7


def options(name: str, expected: dict[str, Any]) -> dict[str, Any]:
    return {
        "covariance": name.split("_")[0],
        "group": "TRT01P" if "by_arm" in name else None,
        "weights": "WEIGHT" if expected["weights"] else None,
        "reml": expected["reml"],
        "df": expected["method"].lower(),
        "vcov": None if expected["vcov"] == "default" else expected["vcov"].lower(),
    }


@pytest.fixture(scope="module", params=NAMES)
def pair(
    request: pytest.FixtureRequest, check_data: pd.DataFrame, r_fits: dict[str, Any]
) -> tuple[str, MMRMFit, dict[str, Any]]:
    expected = r_fits[request.param]
    fit = fit_mmrm(
        FORMULA,
        check_data,
        subject="USUBJID",
        visit="AVISIT",
        reference={"TRT01P": "Riluzole"},
        **options(request.param, expected),
    )
    return request.param, fit, expected


def at_covariance_of_r(fit: MMRMFit, expected: dict[str, Any]) -> MMRMFit:
    """Move a fit from its maximum to the covariance matrix that R reports."""
    inference, structure = fit._inference, fit._structure
    matrices = expected["covariance"]
    ordered = (
        [matrices[label] for label in fit._data.groups]
        if isinstance(matrices, dict)
        else [matrices]
    )
    products = inference.products
    theta = np.concatenate(
        [structure.start(np.array(matrix) / products.scale**2) for matrix in ordered]
    )
    value = evaluate(theta, products, structure, fit.reml)
    assert value is not None
    derivatives = differentiate(theta, value, products, structure, fit.reml)
    optimum = replace(
        inference.optimum,
        theta=theta,
        value=value,
        derivatives=derivatives,
        theta_covariance=np.linalg.inv(-derivatives.hessian),
    )
    moved = Inference(
        products,
        optimum,
        structure,
        inference.df,
        inference.kind,
        inference.coefficient_df,
        inference.residual_df,
    )
    return replace(
        fit, _inference=moved, minus_2_log_likelihood=-2.0 * optimum.value.log_likelihood
    )


def aligned(frame: pd.DataFrame, expected: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return expected[keys].merge(frame, on=keys, how="left", validate="one_to_one")


def test_counts_and_information_criteria(pair: tuple[str, MMRMFit, dict[str, Any]]) -> None:
    _, fit, expected = pair
    assert (fit.n_observations, fit.n_subjects) == (expected["n_obs"], expected["n_subjects"])
    assert fit.n_missing_outcome == 256 - 230
    for ours, theirs in [
        (fit.minus_2_log_likelihood, expected["minus_2_log_likelihood"]),
        (fit.aic, expected["aic"]),
        (fit.bic, expected["bic"]),
    ]:
        assert ours == pytest.approx(theirs, rel=LIKELIHOOD_RELATIVE)
    # a maximum can only be higher than the place where another optimiser stopped
    assert fit.minus_2_log_likelihood < expected["minus_2_log_likelihood"] + 1e-9


def test_coefficients(pair: tuple[str, MMRMFit, dict[str, Any]]) -> None:
    name, fit, expected = pair
    theirs = pd.DataFrame(expected["coefficients"])
    ours = fit.coefficients
    assert [t.replace("[T.", "").replace("]", "") for t in ours["term"]][1:] == [
        # R writes the factors of an interaction in the order in which they first appear
        ":".join(reversed(t.split(":"))) if t.endswith("TRT01PMSC") and ":" in t else t
        for t in theirs["term"]
    ][1:]
    error = theirs["std_error"].to_numpy()
    assert np.abs((ours["estimate"] - theirs["estimate"]) / error).max() < ESTIMATE_IN_SE
    np.testing.assert_allclose(ours["std_error"], error, rtol=STD_ERROR_RELATIVE)
    np.testing.assert_allclose(ours["df"], theirs["df"], rtol=DF_RELATIVE)
    np.testing.assert_allclose(ours["p_value"], theirs["p_value"], atol=ESTIMATE_IN_SE)
    if name.split("_")[0] in TIGHT:
        np.testing.assert_allclose(ours["estimate"], theirs["estimate"], rtol=TIGHT_RELATIVE)
        np.testing.assert_allclose(ours["std_error"], error, rtol=TIGHT_RELATIVE)
        np.testing.assert_allclose(ours["df"], theirs["df"], rtol=TIGHT_RELATIVE)


def test_covariance(pair: tuple[str, MMRMFit, dict[str, Any]]) -> None:
    _, fit, expected = pair
    theirs = expected["covariance"]
    if isinstance(theirs, dict):
        for arm, matrix in theirs.items():
            np.testing.assert_allclose(
                fit.covariance.loc[arm], np.array(matrix), rtol=COVARIANCE_RELATIVE
            )
    else:
        np.testing.assert_allclose(fit.covariance, np.array(theirs), rtol=COVARIANCE_RELATIVE)


def test_marginal_means(pair: tuple[str, MMRMFit, dict[str, Any]]) -> None:
    _, fit, expected = pair
    theirs = pd.DataFrame(expected["emmeans"])
    ours = aligned(fit.emmeans("TRT01P", by="AVISIT"), theirs, ["TRT01P", "AVISIT"])
    np.testing.assert_allclose(ours["estimate"], theirs["emmean"], rtol=MEAN_RELATIVE)
    np.testing.assert_allclose(ours["std_error"], theirs["SE"], rtol=STD_ERROR_RELATIVE)
    np.testing.assert_allclose(ours["df"], theirs["df"], rtol=DF_RELATIVE)
    for ours_end, theirs_end in [("conf_low", "lower.CL"), ("conf_high", "upper.CL")]:
        gap = np.abs(ours[ours_end] - theirs[theirs_end]) / theirs["SE"]
        assert gap.max() < END_IN_SE, ours_end


def test_contrasts(pair: tuple[str, MMRMFit, dict[str, Any]]) -> None:
    _, fit, expected = pair
    theirs = pd.DataFrame(expected["contrasts_vs_control"])
    ours = aligned(fit.contrasts("TRT01P", by="AVISIT"), theirs, ["contrast", "AVISIT"])
    np.testing.assert_allclose(ours["estimate"], theirs["estimate"], rtol=CONTRAST_RELATIVE)
    np.testing.assert_allclose(ours["std_error"], theirs["SE"], rtol=STD_ERROR_RELATIVE)
    np.testing.assert_allclose(ours["df"], theirs["df"], rtol=DF_RELATIVE)
    np.testing.assert_allclose(ours["statistic"], theirs["t.ratio"], rtol=STD_ERROR_RELATIVE)
    np.testing.assert_allclose(ours["p_value"], theirs["p.value"], rtol=2e-3, atol=1e-6)
    for ours_end, theirs_end in [("conf_low", "lower.CL"), ("conf_high", "upper.CL")]:
        gap = np.abs(ours[ours_end] - theirs[theirs_end]) / theirs["SE"]
        assert gap.max() < END_IN_SE, ours_end


def test_same_formulas_at_the_covariance_of_r(
    pair: tuple[str, MMRMFit, dict[str, Any]],
) -> None:
    _, fit, expected = pair
    moved = at_covariance_of_r(fit, expected)
    assert moved.minus_2_log_likelihood == pytest.approx(
        expected["minus_2_log_likelihood"], abs=1e-8
    )
    theirs = pd.DataFrame(expected["coefficients"])
    ours = moved.coefficients
    for column in ("estimate", "std_error", "df"):
        np.testing.assert_allclose(
            ours[column], theirs[column], rtol=SAME_COVARIANCE_RELATIVE, err_msg=column
        )
