"""What a fit returns, and the questions one can ask it."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alsutils.stats.mmrm import MMRMFit, fit_mmrm

FORMULA = "CHG ~ BASE*AVISIT + ONSET + TRT01P*AVISIT"
COLUMNS = ["estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high"]


@pytest.fixture(scope="module")
def fit(check_data: pd.DataFrame) -> MMRMFit:
    return fit_mmrm(FORMULA, check_data, "USUBJID", "AVISIT", reference={"TRT01P": "Riluzole"})


def test_tidy_columns(fit: MMRMFit) -> None:
    assert list(fit.coefficients) == ["term", *COLUMNS]
    assert list(fit.emmeans("TRT01P", by="AVISIT")) == ["TRT01P", "AVISIT", *COLUMNS]
    assert list(fit.contrasts("TRT01P", by="AVISIT")) == ["contrast", "AVISIT", *COLUMNS]
    assert list(fit.anova()) == ["term", "num_df", "df", "statistic", "p_value"]
    assert list(fit.vcov.index) == list(fit.terms)
    assert list(fit.covariance.index) == ["Month 1", "Month 2", "Month 4", "Month 6"]


def test_factors_name_their_reference(fit: MMRMFit) -> None:
    factors = fit.factors.set_index("factor")
    assert factors["reference"].to_dict() == {
        "AVISIT": "Month 1",
        "ONSET": "Bulbar",
        "TRT01P": "Riluzole",
    }
    assert factors.loc["TRT01P", "levels"] == ("MSC", "Riluzole")


@pytest.mark.parametrize("ordered", [True, False])
def test_category_keeps_its_order(check_data: pd.DataFrame, ordered: bool) -> None:
    levels = ["Screening", "Month 6", "Month 4", "Month 2", "Month 1"]
    data = check_data.assign(
        AVISIT=pd.Categorical(check_data["AVISIT"], categories=levels, ordered=ordered)
    )
    fit = fit_mmrm(FORMULA, data, "USUBJID", "AVISIT")
    assert list(fit.covariance.index) == levels[1:]
    row = fit.factors.set_index("factor").loc["AVISIT"]
    assert row["reference"] == "Month 6"
    assert row["unused_levels"] == ("Screening",)


def test_boolean_and_called_factors(check_data: pd.DataFrame) -> None:
    data = check_data.assign(
        BULBAR=check_data["ONSET"] == "Bulbar", ARM=1 * (check_data["TRT01P"] == "MSC")
    )
    fit = fit_mmrm("CHG ~ C(ARM)*AVISIT + BULBAR", data, "USUBJID", "AVISIT")
    assert "ARM[T.1]" in fit.terms
    assert "BULBAR[T.True]" in fit.terms
    plain = fit_mmrm("CHG ~ TRT01P*AVISIT + ONSET", check_data, "USUBJID", "AVISIT")
    ours = fit.contrasts("ARM", by="AVISIT")["estimate"]
    theirs = plain.contrasts("TRT01P", by="AVISIT", reference="Riluzole")["estimate"]
    np.testing.assert_allclose(ours, theirs, rtol=1e-8)


def test_missing_rows_are_counted(check_data: pd.DataFrame) -> None:
    data = check_data.assign(BASE=check_data["BASE"].where(check_data["USUBJID"] != "S002"))
    fit = fit_mmrm(FORMULA, data, "USUBJID", "AVISIT")
    assert (fit.n_missing_outcome, fit.n_missing_covariate) == (26, 4)
    assert fit.n_observations == 256 - 26 - 4
    assert fit.n_subjects == 60


def test_transformed_and_several_column_covariates(check_data: pd.DataFrame) -> None:
    fit = fit_mmrm(
        "CHG ~ log(BASE) + bs(BASE, df=4):TRT01P + AVISIT", check_data, "USUBJID", "AVISIT"
    )
    same = fit.predict(check_data)["estimate"].to_numpy()
    assert np.isfinite(same).all()
    residual = fit.residuals()
    rows = check_data.index.get_indexer(residual.index)
    np.testing.assert_allclose(check_data["CHG"].to_numpy()[rows] - residual, same[rows])


def test_formula_without_intercept_is_the_same_model(
    fit: MMRMFit, check_data: pd.DataFrame
) -> None:
    cells = fit_mmrm(
        "CHG ~ 0 + AVISIT + BASE:AVISIT + ONSET + TRT01P:AVISIT",
        check_data,
        "USUBJID",
        "AVISIT",
        reference={"TRT01P": "Riluzole"},
    )
    assert cells.minus_2_log_likelihood != pytest.approx(0.0)
    pd.testing.assert_frame_equal(
        cells.contrasts("TRT01P", by="AVISIT"), fit.contrasts("TRT01P", by="AVISIT"), rtol=1e-6
    )


def test_visit_that_is_no_variable_of_the_formula(fit: MMRMFit, check_data: pd.DataFrame) -> None:
    by_number = fit_mmrm(
        FORMULA, check_data, "USUBJID", "AVISITN", reference={"TRT01P": "Riluzole"}
    )
    pd.testing.assert_frame_equal(by_number.coefficients, fit.coefficients, rtol=1e-7)


def test_means_and_contrasts_belong_together(fit: MMRMFit) -> None:
    means = fit.emmeans("TRT01P", by="AVISIT").set_index(["TRT01P", "AVISIT"])["estimate"]
    contrasts = fit.contrasts("TRT01P", by="AVISIT").set_index("AVISIT")["estimate"]
    for visit in fit.covariance.index:
        gap = means["MSC", visit] - means["Riluzole", visit]
        assert contrasts[visit] == pytest.approx(gap)
    turned = fit.contrasts("TRT01P", by="AVISIT", reference="MSC")
    np.testing.assert_allclose(turned["estimate"], -contrasts.to_numpy())


def test_marginal_mean_at_a_covariate_value(fit: MMRMFit, check_data: pd.DataFrame) -> None:
    new = pd.DataFrame(
        {"BASE": 30.0, "AVISIT": "Month 6", "TRT01P": "MSC", "ONSET": ["Bulbar", "Limb"]}
    )
    expected = fit.predict(new)["estimate"].mean()
    table = fit.emmeans(["TRT01P", "AVISIT"], at={"BASE": 30.0})
    row = table[(table["TRT01P"] == "MSC") & (table["AVISIT"] == "Month 6")]
    assert row["estimate"].iloc[0] == pytest.approx(expected)


def test_conf_level(fit: MMRMFit) -> None:
    wide = fit.contrasts("TRT01P", by="AVISIT", conf_level=0.99)
    half = stats.t.ppf(0.995, wide["df"]) * wide["std_error"]
    np.testing.assert_allclose(wide["conf_high"] - wide["estimate"], half)
    assert (
        fit.test(np.eye(13)[1], conf_level=0.9).frame["conf_high"].iloc[0]
        < (fit.test(np.eye(13)[1]).frame["conf_high"].iloc[0])
    )


def test_single_row_test_is_the_coefficient(fit: MMRMFit) -> None:
    result = fit.test(np.eye(13)[6])
    row = fit.coefficients.iloc[6]
    assert (result.statistic, result.df, result.p_value) == pytest.approx(
        (row["statistic"], row["df"], row["p_value"])
    )


@pytest.mark.parametrize("df", ["satterthwaite", "kenward-roger", "between-within", "residual"])
def test_many_row_test_does_not_depend_on_the_basis(df: str, check_data: pd.DataFrame) -> None:
    fit = fit_mmrm(FORMULA, check_data, "USUBJID", "AVISIT", df=df)
    rows = np.eye(13)[-3:]
    mixed = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, -1.0], [3.0, 0.0, 1.0]]) @ rows
    one, two = fit.test(rows), fit.test(mixed)
    assert two.statistic == pytest.approx(one.statistic, rel=1e-8)
    if df != "satterthwaite":  # Fai and Cornelius's average depends on the basis
        assert two.df == pytest.approx(one.df, rel=1e-8)


def three_arms(check_data: pd.DataFrame) -> MMRMFit:
    number = check_data["USUBJID"].str[1:].astype(int)
    arm = check_data["TRT01P"].where(number % 3 != 0, "Low")
    return fit_mmrm("CHG ~ ARM*AVISIT", check_data.assign(ARM=arm), "USUBJID", "AVISIT")


def test_adjustments(check_data: pd.DataFrame) -> None:
    fit = three_arms(check_data)
    tables = {
        adjust: fit.contrasts("ARM", by="AVISIT", reference="Riluzole", adjust=adjust)
        for adjust in (None, "holm", "bonferroni", "dunnett")
    }
    raw = tables[None]
    for _, rows in raw.groupby("AVISIT", observed=True):
        p = rows["p_value"].to_numpy()
        at = rows.index
        np.testing.assert_allclose(tables["bonferroni"].loc[at, "p_value"], np.minimum(1.0, 2 * p))
        order = np.argsort(p)
        stepped = np.maximum.accumulate(np.minimum(1.0, np.array([2.0, 1.0]) * p[order]))
        np.testing.assert_allclose(tables["holm"].loc[at, "p_value"].to_numpy()[order], stepped)
    dunnett = tables["dunnett"]
    assert (dunnett["p_value"] >= raw["p_value"]).all()
    assert (dunnett["p_value"] <= tables["bonferroni"]["p_value"] + 1e-9).all()
    assert (dunnett["conf_low"] < raw["conf_low"]).all()
    assert (dunnett["conf_low"] > tables["bonferroni"]["conf_low"]).all()
    for name in ("holm", "bonferroni", "dunnett"):
        pd.testing.assert_frame_equal(tables[name][COLUMNS[:4]], raw[COLUMNS[:4]])


def test_dunnett_of_one_comparison_is_the_t_test(fit: MMRMFit) -> None:
    raw, adjusted = (
        fit.contrasts("TRT01P", by="AVISIT", adjust=adjust) for adjust in (None, "dunnett")
    )
    np.testing.assert_allclose(raw["p_value"], adjusted["p_value"], atol=1e-9)
    np.testing.assert_allclose(raw["conf_low"], adjusted["conf_low"])


def test_dunnett_of_a_one_way_layout() -> None:
    """One visit and equal arms: Dunnett's own test, as scipy has it."""
    rng = np.random.default_rng(5)
    groups = [rng.normal(loc, 1.0, 12) for loc in (0.0, 0.7, 1.1, 0.2)]
    data = pd.DataFrame(
        {
            "id": np.arange(48),
            "visit": "V1",
            "arm": np.repeat(list("abcd"), 12),
            "y": np.concatenate(groups),
        }
    )
    fit = fit_mmrm("y ~ arm", data, "id", "visit", covariance="cs", df="satterthwaite")
    ours = fit.contrasts("arm", adjust="dunnett")
    theirs = stats.dunnett(*groups[1:], control=groups[0], rng=np.random.default_rng(1))
    np.testing.assert_allclose(ours["statistic"], theirs.statistic, rtol=1e-9)
    np.testing.assert_allclose(ours["p_value"], theirs.pvalue, atol=5e-4)
    interval = theirs.confidence_interval()
    np.testing.assert_allclose(ours["conf_low"], interval.low, atol=5e-3)


def test_response_residuals_and_predictions_add_up(fit: MMRMFit, check_data: pd.DataFrame) -> None:
    residual = fit.residuals()
    rows = check_data.loc[residual.index]
    np.testing.assert_allclose(fit.predict(rows)["estimate"] + residual, rows["CHG"], atol=1e-9)


def test_intervals_of_predictions(fit: MMRMFit, check_data: pd.DataFrame) -> None:
    rows = check_data.head(8)
    mean = fit.predict(rows, interval="confidence")
    single = fit.predict(rows, interval="prediction")
    assert list(mean) == ["estimate", "std_error", "df", "conf_low", "conf_high"]
    variance = np.diag(fit.covariance)[[0, 1, 2, 3, 0, 1, 2, 3]]
    np.testing.assert_allclose(single["std_error"] ** 2, mean["std_error"] ** 2 + variance)
    pd.testing.assert_index_equal(single.index, rows.index)
    assert (single["conf_low"] < mean["conf_low"]).all()


def test_prediction_with_groups_uses_the_variance_of_the_group(
    check_data: pd.DataFrame,
) -> None:
    fit = fit_mmrm(FORMULA, check_data, "USUBJID", "AVISIT", group="TRT01P")
    rows = check_data.groupby("TRT01P").head(1)
    mean = fit.predict(rows, interval="confidence")["std_error"] ** 2
    single = fit.predict(rows, interval="prediction")["std_error"] ** 2
    for arm, gap in zip(rows["TRT01P"], single - mean, strict=True):
        visit = rows.loc[rows["TRT01P"] == arm, "AVISIT"].iloc[0]
        assert gap == pytest.approx(fit.covariance.loc[(arm, visit), visit])


def test_jackknife_is_leaving_one_subject_out_to_first_order(check_data: pd.DataFrame) -> None:
    """With the covariance held fixed, CR3 is exactly the spread of leave-one-out estimates."""
    fit = fit_mmrm(
        FORMULA, check_data, "USUBJID", "AVISIT", df="satterthwaite", vcov="empirical-jackknife"
    )
    design = fit._data.design.matrix(check_data.loc[fit.residuals().index])
    used = check_data.loc[fit.residuals().index]
    visits = list(fit.covariance.index)
    information, score, blocks = np.zeros((13, 13)), np.zeros(13), []
    for _, rows in used.groupby("USUBJID"):
        at = [visits.index(v) for v in rows["AVISIT"]]
        inverse = np.linalg.inv(fit.covariance.to_numpy()[np.ix_(at, at)])
        X = design[used.index.get_indexer(rows.index)]
        blocks.append((X.T @ inverse @ X, X.T @ inverse @ rows["CHG"].to_numpy()))
        information += blocks[-1][0]
        score += blocks[-1][1]
    beta = np.linalg.solve(information, score)
    spread = np.zeros((13, 13))
    for part, own in blocks:
        gap = np.linalg.solve(information - part, score - own) - beta
        spread += np.outer(gap, gap)
    np.testing.assert_allclose(fit.vcov, spread, rtol=1e-6)


def test_same_data_same_answer(fit: MMRMFit, check_data: pd.DataFrame) -> None:
    again = fit_mmrm(FORMULA, check_data, "USUBJID", "AVISIT", reference={"TRT01P": "Riluzole"})
    pd.testing.assert_frame_equal(again.coefficients, fit.coefficients, check_exact=True)
