"""Invariances, and random designs that either fit or are refused by name."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alsutils.stats.mmrm import MMRMError, fit_mmrm
from alsutils.stats.mmrm.errors import TooFewSubjectsError

FORMULA = "CHG ~ BASE*AVISIT + TRT01P*AVISIT"
# The maximum is found to about ten digits whatever the order or unit of the numbers.
INVARIANT = 1e-7
NUMBERS = ["estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high"]
STRUCTURES = ["us", "toep", "toeph", "ar1", "ar1h", "ad", "adh", "cs", "csh"]


def answers(data: pd.DataFrame, **options: Any) -> pd.DataFrame:
    fit = fit_mmrm(FORMULA, data, "USUBJID", "AVISIT", **options)
    return fit.contrasts("TRT01P", by="AVISIT", reference="Riluzole")


@pytest.mark.parametrize("covariance", STRUCTURES)
def test_row_order(check_data: pd.DataFrame, covariance: str) -> None:
    shuffled = check_data.sample(frac=1.0, random_state=1)
    one = answers(check_data, covariance=covariance)
    two = answers(shuffled, covariance=covariance)
    np.testing.assert_allclose(one[NUMBERS], two[NUMBERS], rtol=INVARIANT)


@pytest.mark.parametrize("covariance", STRUCTURES)
@pytest.mark.parametrize("vcov", ["kenward-roger", "kenward-roger-sas"])
def test_unit_of_outcome_and_covariate(
    check_data: pd.DataFrame, covariance: str, vcov: str
) -> None:
    scaled = check_data.assign(CHG=1e4 * check_data["CHG"], BASE=1e4 + 0.1 * check_data["BASE"])
    one = answers(check_data, covariance=covariance, vcov=vcov)
    two = answers(scaled, covariance=covariance, vcov=vcov)
    for column in ["estimate", "std_error", "conf_low", "conf_high"]:
        two[column] /= 1e4
    np.testing.assert_allclose(one[NUMBERS], two[NUMBERS], rtol=1e-5)


def test_origin_of_the_outcome(check_data: pd.DataFrame) -> None:
    moved = check_data.assign(CHG=check_data["CHG"] + 1e7)
    one, two = answers(check_data), answers(moved)
    np.testing.assert_allclose(one[NUMBERS], two[NUMBERS], rtol=1e-6)


def test_arm_swap(check_data: pd.DataFrame) -> None:
    swapped = check_data.assign(
        TRT01P=check_data["TRT01P"].map({"MSC": "Riluzole", "Riluzole": "MSC"})
    )
    one, two = answers(check_data), answers(swapped)
    np.testing.assert_allclose(one["estimate"], -two["estimate"], rtol=INVARIANT)
    for column in ["std_error", "df", "p_value"]:
        np.testing.assert_allclose(one[column], two[column], rtol=INVARIANT)


def test_reference_level_changes_the_coding_alone(check_data: pd.DataFrame) -> None:
    one = answers(check_data)
    two = answers(check_data, reference={"TRT01P": "Riluzole", "AVISIT": "Month 6"})
    pd.testing.assert_frame_equal(one, two, rtol=INVARIANT)


@pytest.mark.parametrize("covariance", ["us", "cs", "csh"])
def test_relabelled_visits_where_their_order_has_no_meaning(
    check_data: pd.DataFrame, covariance: str
) -> None:
    names = {"Month 1": "d", "Month 2": "a", "Month 4": "c", "Month 6": "b"}
    renamed = check_data.assign(AVISIT=check_data["AVISIT"].map(names))
    options = {"covariance": covariance, "vcov": "kenward-roger-linear"}
    one = answers(check_data, **options)
    two = answers(renamed, **options)
    one["AVISIT"] = one["AVISIT"].astype(str).map(names)
    two["AVISIT"] = two["AVISIT"].astype(str)
    joined = one.merge(two, on="AVISIT", suffixes=("_one", "_two"))
    for column in NUMBERS:
        np.testing.assert_allclose(joined[f"{column}_one"], joined[f"{column}_two"], rtol=INVARIANT)


def test_weights_in_another_unit(check_data: pd.DataFrame) -> None:
    one = answers(check_data, weights="WEIGHT")
    two = answers(check_data, weights=7.0 * check_data["WEIGHT"].to_numpy())
    np.testing.assert_allclose(one[NUMBERS], two[NUMBERS], rtol=INVARIANT)


def test_input_is_not_changed(check_data: pd.DataFrame) -> None:
    before = check_data.copy(deep=True)
    fit = fit_mmrm(FORMULA, check_data, "USUBJID", "AVISIT", weights="WEIGHT")
    fit.predict(check_data, interval="prediction")
    fit.residuals("normalized")
    pd.testing.assert_frame_equal(check_data, before)


@st.composite
def trials(draw: st.DrawFn) -> tuple[pd.DataFrame, dict[str, Any]]:
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    n, m = draw(st.integers(2, 25)), draw(st.integers(1, 5))
    arms = draw(st.integers(1, 3))
    digits = draw(st.sampled_from([0, 1, 12]))
    y = np.round(rng.normal(size=(n, m)).cumsum(axis=1) * 10.0 ** draw(st.integers(-3, 3)), digits)
    y[rng.random((n, m)) < draw(st.sampled_from([0.0, 0.2, 0.6]))] = np.nan
    data = pd.DataFrame(
        {
            "USUBJID": np.repeat(np.arange(n), m),
            "AVISIT": np.tile([f"V{j}" for j in range(m)], n),
            "time": np.tile(np.sort(rng.random(m) * 10), n),
            "TRT01P": np.repeat(np.array(list("ABC"))[rng.integers(0, arms, n)], m),
            "BASE": np.repeat(np.round(rng.normal(size=n), digits), m),
            "CHG": y.ravel(),
        }
    )
    structure = draw(st.sampled_from([*STRUCTURES, "sp_exp"]))
    df = draw(st.sampled_from(["kenward-roger", "satterthwaite", "between-within", "residual"]))
    options: dict[str, Any] = {
        "covariance": structure,
        "df": df,
        "visit": "time" if structure == "sp_exp" else "AVISIT",
        "group": draw(st.sampled_from([None, "TRT01P"])),
        "reml": True if df == "kenward-roger" else draw(st.booleans()),
    }
    if df == "kenward-roger":
        options["vcov"] = draw(
            st.sampled_from(["kenward-roger", "kenward-roger-linear", "kenward-roger-sas"])
        )
    elif df == "satterthwaite":
        options["vcov"] = draw(
            st.sampled_from(
                ["asymptotic", "empirical", "empirical-jackknife", "empirical-bias-reduced"]
            )
        )
    options["formula"] = draw(
        st.sampled_from(
            ["CHG ~ AVISIT", "CHG ~ TRT01P*AVISIT", FORMULA, "CHG ~ 0 + AVISIT + BASE", "CHG ~ 1"]
        )
    )
    return data, options


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trials())
def test_a_random_trial_is_fitted_or_refused_by_name(
    trial: tuple[pd.DataFrame, dict[str, Any]],
) -> None:
    data, options = trial
    try:
        fit = fit_mmrm(data=data, subject="USUBJID", **options)
        tables = [fit.coefficients, fit.anova(), fit.predict(data.dropna(), "confidence")]
        if "TRT01P" in options["formula"]:
            tables.append(fit.emmeans("TRT01P", by="AVISIT"))
    except MMRMError:
        return
    for table in tables:
        numbers = table.select_dtypes("number")
        assert np.isfinite(numbers.to_numpy()).all(), (options, table)
        if "std_error" in table:
            assert (table["std_error"] > 0).all()
            assert (table["df"] > 0).all()
    values = np.linalg.eigvalsh(fit.vcov)
    assert values[0] > -1e-9 * values[-1]


@pytest.mark.parametrize(
    ("base", "change"),
    [
        ([-1, 0, 0, -1], [0, 0, 1, 0, 0, 0, 1, 2, 2, -1, -2, -2]),
        ([1, -1, 0], [0, 0, 1, 0, 0, 0, 1, 2, 2]),
    ],
)
def test_an_empirical_covariance_of_few_subjects_is_refused_where_it_is_singular(
    base: list[float], change: list[float]
) -> None:
    visits = ["V0", "V1", "V2"]
    data = pd.DataFrame(
        {
            "USUBJID": np.repeat(range(len(base)), len(visits)),
            "AVISIT": visits * len(base),
            "BASE": np.repeat(np.array(base, float), len(visits)),
            "CHG": np.array(change, float),
        }
    )
    fit = fit_mmrm(
        "CHG ~ BASE*AVISIT", data, subject="USUBJID", visit="AVISIT", covariance="toep",
        df="residual", vcov="empirical", reml=False,
    )  # fmt: skip
    with pytest.raises(TooFewSubjectsError, match="singular"):
        fit.anova()
