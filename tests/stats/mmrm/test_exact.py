"""Cases where the answer is known without a computer program to compare with."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alsutils.stats.mmrm import fit_mmrm

EXACT = 1e-9
# Central differences of the log-likelihood.
DIFFERENCE = 2e-6


def two_arm(n: int, visits: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    arm = np.repeat(["A", "B"], n)
    y = rng.normal(size=(2 * n, visits)).cumsum(axis=1) + 3.0
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(2 * n), visits),
            "arm": np.repeat(arm, visits),
            "visit": np.tile([f"V{j}" for j in range(visits)], 2 * n),
            "y": y.ravel(),
            "x": np.repeat(rng.normal(50, 9, 2 * n), visits),
        }
    )


@pytest.mark.parametrize("df", ["satterthwaite", "kenward-roger"])
def test_two_sample_t_test_at_every_visit(df: str) -> None:
    data = two_arm(9, 4, 1)
    vcov = "kenward-roger-linear" if df == "kenward-roger" else None
    fit = fit_mmrm("y ~ arm*visit", data, "id", "visit", df=df, vcov=vcov)
    table = fit.contrasts("arm", by="visit").set_index("visit")
    for visit, rows in data.groupby("visit"):
        a, b = (rows.loc[rows["arm"] == arm, "y"] for arm in "AB")
        expected = stats.ttest_ind(b, a)
        row = table.loc[visit]
        assert row["statistic"] == pytest.approx(expected.statistic, rel=EXACT)
        assert row["df"] == pytest.approx(16, rel=EXACT)
        assert row["p_value"] == pytest.approx(expected.pvalue, rel=1e-7)
        low, high = expected.confidence_interval()
        assert (row["conf_low"], row["conf_high"]) == pytest.approx((low, high), rel=1e-7)


@pytest.mark.parametrize("df", ["satterthwaite", "kenward-roger"])
def test_paired_t_test(df: str) -> None:
    data = two_arm(6, 2, 2)
    vcov = "kenward-roger-linear" if df == "kenward-roger" else None
    fit = fit_mmrm("y ~ visit", data, "id", "visit", df=df, vcov=vcov)
    wide = data.pivot_table(index="id", columns="visit", values="y")
    expected = stats.ttest_rel(wide["V1"], wide["V0"])
    row = fit.coefficients.iloc[1]
    assert row["statistic"] == pytest.approx(expected.statistic, rel=EXACT)
    assert row["df"] == pytest.approx(11, rel=EXACT)
    assert row["p_value"] == pytest.approx(expected.pvalue, rel=1e-7)


def test_unstructured_covariance_of_complete_data_is_the_pooled_one() -> None:
    data = two_arm(9, 3, 3)
    fit = fit_mmrm("y ~ arm*visit", data, "id", "visit")
    wide = data.pivot_table(index=["arm", "id"], columns="visit", values="y")
    centred = wide - wide.groupby("arm").transform("mean")
    np.testing.assert_allclose(fit.covariance, centred.T @ centred / 16, rtol=EXACT)
    ml = fit_mmrm("y ~ arm*visit", data, "id", "visit", reml=False, df="satterthwaite")
    np.testing.assert_allclose(ml.covariance, centred.T @ centred / 18, rtol=EXACT)


def test_hotelling_as_the_many_row_test() -> None:
    """For complete data the scaled F of Kenward and Roger is Hotelling's exact test."""
    data = two_arm(8, 3, 4)
    fit = fit_mmrm("y ~ arm*visit", data, "id", "visit", vcov="kenward-roger-linear")
    wide = data.pivot_table(index=["arm", "id"], columns="visit", values="y")
    groups = [wide.loc[arm].to_numpy() for arm in "AB"]
    gap = groups[1].mean(axis=0) - groups[0].mean(axis=0)
    pooled = sum(((g - g.mean(axis=0)).T @ (g - g.mean(axis=0))) for g in groups) / 14
    t2 = gap @ np.linalg.solve(pooled * 2 / 8, gap)
    statistic = (16 - 3 - 1) / (14 * 3) * t2
    rows = np.zeros((3, 6))
    for j in range(3):
        rows[j] = [0, 1, 0, 0, j == 1, j == 2]
    result = fit.test(rows)
    assert list(fit.terms)[1] == "arm[T.B]"
    assert list(fit.terms)[4:] == ["arm[T.B]:visit[T.V1]", "arm[T.B]:visit[T.V2]"]
    assert result.df == pytest.approx(12, rel=1e-8)
    assert result.statistic == pytest.approx(statistic, rel=1e-8)
    assert result.p_value == pytest.approx(stats.f.sf(statistic, 3, 12), rel=1e-7)


def test_one_visit_is_linear_regression() -> None:
    data = two_arm(10, 1, 5)
    fit = fit_mmrm("y ~ arm + x", data, "id", "visit", covariance="cs", df="satterthwaite")
    X = np.column_stack([np.ones(20), data["arm"] == "B", data["x"]])
    beta, rss, *_ = np.linalg.lstsq(X, data["y"], rcond=None)
    error = np.sqrt(np.diag(np.linalg.inv(X.T @ X)) * rss[0] / 17)
    np.testing.assert_allclose(fit.coefficients["estimate"], beta, rtol=EXACT)
    np.testing.assert_allclose(fit.coefficients["std_error"], error, rtol=EXACT)
    np.testing.assert_allclose(fit.coefficients["df"], 17, rtol=EXACT)
    new = pd.DataFrame({"arm": ["B"], "x": [47.0], "visit": ["V0"]})
    band = fit.predict(new, interval="prediction")
    row = np.array([1.0, 1.0, 47.0])
    spread = np.sqrt(rss[0] / 17 * (1 + row @ np.linalg.solve(X.T @ X, row)))
    assert band["df"][0] == pytest.approx(17, rel=EXACT)
    assert band["std_error"][0] == pytest.approx(spread, rel=EXACT)
    assert band["conf_high"][0] == pytest.approx(row @ beta + stats.t.ppf(0.975, 17) * spread)


def test_equal_gaps_make_the_spatial_exponential_autoregressive(
    check_data: pd.DataFrame,
) -> None:
    """Same model in other parameters: only the second-order term of R's parameters differs."""
    data = check_data.assign(time=check_data["AVISIT"].astype("category").cat.codes * 1.0)
    formula = "CHG ~ BASE*AVISIT + TRT01P*AVISIT"
    for vcov in ["kenward-roger-linear", "kenward-roger-sas"]:
        near = fit_mmrm(formula, data, "USUBJID", "time", covariance="sp_exp", vcov=vcov)
        lag = fit_mmrm(formula, data, "USUBJID", "AVISIT", covariance="ar1", vcov=vcov)
        assert near.minus_2_log_likelihood == pytest.approx(lag.minus_2_log_likelihood, rel=1e-12)
        np.testing.assert_allclose(
            near.coefficients.iloc[:, 1:], lag.coefficients.iloc[:, 1:], 1e-6
        )


@pytest.mark.parametrize("name", ["toeph", "ar1h", "adh", "csh"])
def test_two_visits_make_the_heterogeneous_structures_unstructured(
    name: str, check_data: pd.DataFrame
) -> None:
    data = check_data[check_data["AVISIT"].isin(["Month 1", "Month 6"])]
    formula = "CHG ~ BASE*AVISIT + TRT01P*AVISIT"
    one = fit_mmrm(formula, data, "USUBJID", "AVISIT", covariance=name, vcov="kenward-roger-linear")
    two = fit_mmrm(formula, data, "USUBJID", "AVISIT", vcov="kenward-roger-linear")
    assert one.minus_2_log_likelihood == pytest.approx(two.minus_2_log_likelihood, rel=1e-12)
    np.testing.assert_allclose(one.coefficients.iloc[:, 1:], two.coefficients.iloc[:, 1:], 1e-6)


def test_groups_that_share_nothing_are_fitted_apart(check_data: pd.DataFrame) -> None:
    """With every coefficient nested in the arm, two covariance groups are two models."""
    both = fit_mmrm(
        "CHG ~ TRT01P*AVISIT",
        check_data,
        "USUBJID",
        "AVISIT",
        group="TRT01P",
        df="satterthwaite",
    )
    apart = 0.0
    means = both.emmeans("TRT01P", by="AVISIT")
    for arm, rows in check_data.groupby("TRT01P"):
        alone = fit_mmrm("CHG ~ AVISIT", rows, "USUBJID", "AVISIT", df="satterthwaite")
        apart += alone.minus_2_log_likelihood
        np.testing.assert_allclose(both.covariance.loc[arm], alone.covariance, rtol=1e-8)
        ours = means[means["TRT01P"] == arm].iloc[:, 2:]
        np.testing.assert_allclose(ours, alone.emmeans("AVISIT").iloc[:, 1:], rtol=1e-7)
    assert both.minus_2_log_likelihood == pytest.approx(apart, rel=1e-12)
