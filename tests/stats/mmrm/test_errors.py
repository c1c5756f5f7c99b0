"""Each thing that can be wrong has an error of its own that says what and where."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alsutils.stats.mmrm import (
    ConstantOutcomeError,
    ConvergenceError,
    DuplicateVisitError,
    FormulaError,
    GroupError,
    InfiniteValueError,
    MissingValueError,
    MMRMError,
    OptionError,
    RankDeficientError,
    TooFewSubjectsError,
    UnknownLevelError,
    UnknownVisitError,
    WeightError,
    fit_mmrm,
)

FORMULA = "CHG ~ BASE*AVISIT + TRT01P*AVISIT"


def fit(data: pd.DataFrame, formula: str = FORMULA, **options: Any) -> Any:
    return fit_mmrm(formula, data, subject="USUBJID", visit="AVISIT", **options)


def test_every_error_is_a_value_error() -> None:
    assert issubclass(MMRMError, ValueError)


def test_duplicated_visit(check_data: pd.DataFrame) -> None:
    data = pd.concat([check_data, check_data.iloc[[5]]])
    with pytest.raises(
        DuplicateVisitError, match="'S002' has more than one row at visit 'Month 2'"
    ):
        fit(data)


def test_duplicated_time(check_data: pd.DataFrame) -> None:
    data = pd.concat([check_data, check_data.iloc[[5]]])
    with pytest.raises(DuplicateVisitError, match="'S002' has more than one row at visit 2"):
        fit_mmrm(FORMULA, data, "USUBJID", "AVISITN", covariance="sp_exp")


def test_missing_visit(check_data: pd.DataFrame) -> None:
    data = check_data.copy()
    data.loc[5, "AVISIT"] = None
    with pytest.raises(UnknownVisitError, match="'AVISIT' is missing in row 5"):
        fit(data)


def test_missing_subject(check_data: pd.DataFrame) -> None:
    data = check_data.copy()
    data.loc[5, "USUBJID"] = None
    with pytest.raises(MissingValueError, match="'USUBJID' is missing in row 5"):
        fit(data)


def test_missing_group(check_data: pd.DataFrame) -> None:
    data = check_data.copy()
    data.loc[5, "SEX"] = None
    with pytest.raises(MissingValueError, match="'SEX' is missing in row 5"):
        fit(data, group="SEX")


def test_no_outcome_at_all(check_data: pd.DataFrame) -> None:
    with pytest.raises(MissingValueError, match="no row has both the outcome 'CHG'"):
        fit(check_data.assign(CHG=np.nan))


def test_unknown_visit_in_new_data(check_data: pd.DataFrame) -> None:
    new = check_data.head(2).assign(AVISIT="Month 9")
    with pytest.raises(UnknownVisitError, match=r"'Month 9'.*Month 1, Month 2, Month 4, Month 6"):
        fit(check_data).predict(new)
    flat = fit(check_data, "CHG ~ TRT01P")
    with pytest.raises(UnknownVisitError, match="visit 'Month 9' is none of the model's visits"):
        flat.predict(new, interval="prediction")


def test_unknown_level_in_new_data(check_data: pd.DataFrame) -> None:
    with pytest.raises(UnknownLevelError, match="'TRT01P' has 'Sham'"):
        fit(check_data).predict(check_data.head(2).assign(TRT01P="Sham"))


def test_too_few_subjects_for_unstructured(check_data: pd.DataFrame) -> None:
    few = check_data[check_data["USUBJID"].isin(["S002", "S003", "S004", "S040", "S041", "S042"])]
    with pytest.raises(
        TooFewSubjectsError, match=r"4 visits has 10 parameters and needs at least 7 subjects"
    ):
        fit(few)


def test_fewer_subjects_than_coefficients_at_a_visit(check_data: pd.DataFrame) -> None:
    few = check_data[check_data["USUBJID"].isin(["S002", "S005"])]
    with pytest.raises(TooFewSubjectsError, match="2 subjects cannot estimate the 2 coefficients"):
        fit(few, "CHG ~ BASE + AVISIT", covariance="cs")


def test_fewer_rows_than_coefficients(check_data: pd.DataFrame) -> None:
    with pytest.raises(TooFewSubjectsError, match="4 rows cannot estimate 4 coefficients"):
        fit(check_data[check_data["USUBJID"] == "S002"], "CHG ~ AVISIT", covariance="cs")


def test_visits_never_seen_together(check_data: pd.DataFrame) -> None:
    number = check_data["USUBJID"].str[1:].astype(int)
    early = check_data["AVISIT"].isin(["Month 1", "Month 2"])
    data = check_data[early == (number % 2 == 0)]
    with pytest.raises(TooFewSubjectsError, match="seen at both Month 1 and Month 4"):
        fit(data)


def test_group_without_a_visit(check_data: pd.DataFrame) -> None:
    gone = (check_data["TRT01P"] == "MSC") & (check_data["AVISIT"] == "Month 6")
    with pytest.raises(TooFewSubjectsError, match="group 'MSC' has a row at Month 6"):
        fit(check_data[~gone], "CHG ~ AVISIT + TRT01P", group="TRT01P")


def test_rank_deficient_design_names_the_aliased_columns(check_data: pd.DataFrame) -> None:
    data = check_data.assign(
        TWICE=2.0 * check_data["BASE"] + 1.0,
        SITE=np.where(check_data["TRT01P"] == "MSC", "east", "west"),
    )
    with pytest.raises(RankDeficientError, match="TWICE") as caught:
        fit(data, FORMULA + " + TWICE")
    assert caught.value.aliased == ("TWICE",)
    with pytest.raises(RankDeficientError) as caught:
        fit(data, "CHG ~ TRT01P*AVISIT + SITE")
    assert caught.value.aliased == ("SITE[T.west]",)


def test_empty_combination_of_levels(check_data: pd.DataFrame) -> None:
    gone = (check_data["TRT01P"] == "Riluzole") & (check_data["AVISIT"] == "Month 6")
    with pytest.raises(RankDeficientError) as caught:
        fit(check_data[~gone], "CHG ~ TRT01P*AVISIT")
    assert caught.value.aliased == ("TRT01P[T.Riluzole]:AVISIT[T.Month 6]",)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rounding_gives_a_level_without_rows_no_effect(seed: int) -> None:
    # One patient of arm c, seen at the first two of four visits.
    rng = np.random.default_rng(seed)
    n, visits = 37, ["v1", "v2", "v3", "v4"]
    base, site = rng.normal(50, 8, n).round(), rng.choice(["x", "z"], n)
    data = pd.DataFrame(
        {
            "USUBJID": np.repeat([f"s{k}" for k in range(n)], 4),
            "ARM": np.repeat([*"ab" * 18, "c"], 4),
            "BASE": np.repeat(base, 4),
            "SITE": np.repeat(site, 4),
            "AVISIT": np.tile(visits, n),
            "CHG": rng.normal(size=4 * n),
        }
    )
    single = data["ARM"] == "c"
    missed = rng.random(len(data)) > 0.93
    data = data[~(single & data["AVISIT"].isin(["v3", "v4"])) & (single | ~missed)]
    with pytest.raises(RankDeficientError) as caught:
        fit(data, "CHG ~ ARM*AVISIT + BASE*AVISIT + SITE")
    assert caught.value.aliased == ("ARM[T.c]:AVISIT[T.v3]", "ARM[T.c]:AVISIT[T.v4]")


def test_constant_outcome(check_data: pd.DataFrame) -> None:
    with pytest.raises(ConstantOutcomeError, match="'CHG' is 3 in every one of the 256 used rows"):
        fit(check_data.assign(CHG=3.0))


def test_outcome_that_the_design_explains(check_data: pd.DataFrame) -> None:
    data = check_data.assign(CHG=2.0 * check_data["BASE"] + check_data["AVISITN"])
    with pytest.raises(ConstantOutcomeError, match="explains the outcome 'CHG' exactly"):
        fit(data)


def test_outcome_constant_at_one_visit(check_data: pd.DataFrame) -> None:
    data = check_data.copy()
    data.loc[data["AVISIT"] == "Month 1", "CHG"] = 0.0
    with pytest.raises(ConstantOutcomeError, match="visit Month 1"):
        fit(data)


@pytest.mark.parametrize("column", ["CHG", "BASE"])
def test_infinite_value(check_data: pd.DataFrame, column: str) -> None:
    data = check_data.astype({column: float})
    data.loc[5, column] = np.inf
    with pytest.raises(InfiniteValueError, match=f"'{column}' is infinite in row 5"):
        fit(data)


def test_group_that_changes_within_a_subject(check_data: pd.DataFrame) -> None:
    data = check_data.copy()
    data.loc[5, "SEX"] = {"M": "F", "F": "M"}[data.loc[5, "SEX"]]
    with pytest.raises(GroupError, match="'SEX' changes within a subject"):
        fit(data, group="SEX")


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_weights_must_be_positive(check_data: pd.DataFrame, bad: float) -> None:
    data = check_data.copy()
    data.loc[5, "WEIGHT"] = bad
    with pytest.raises(WeightError, match="row 5 has"):
        fit(data, weights="WEIGHT")


def test_weights_of_the_wrong_length(check_data: pd.DataFrame) -> None:
    with pytest.raises(WeightError, match=r"one value a row \(256\)"):
        fit(check_data, weights=[1.0, 2.0])


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("BASE*AVISIT", "must read 'outcome ~ terms'"),
        ("CHG ~ BASE + + *", "cannot be read"),
        ("CHG ~ BASE*VISIT", "no column 'VISIT'"),
        ("log(CHG) ~ BASE", "one column of the data"),
        ("CHG + BASE ~ AVISIT", "one column of the data"),
        ("SEX ~ BASE", "'SEX' must be numeric"),
        ("CHG ~ C(AVISIT, contr.sum)", "makes a factor inside the formula"),
        ("CHG ~ nosuch(BASE)", "no column 'nosuch'"),
        ("CHG ~ bs(BASE, df=-1)", "cannot compute bs"),
    ],
)
def test_formula(check_data: pd.DataFrame, formula: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message):
        fit(check_data, formula)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"df": "kr"}, "unknown df 'kr'"),
        ({"vcov": "robust"}, "unknown vcov 'robust'"),
        ({"covariance": "un"}, "unknown covariance structure 'un'"),
        ({"covariance": []}, "a structure or a list"),
        ({"covariance": ["us", "sp_exp"]}, "cannot share a list"),
        ({"covariance": "sp_exp"}, "needs numeric visit times"),
        ({"df": "kenward-roger", "reml": False}, "needs reml=True"),
        ({"df": "kenward-roger", "vcov": "empirical"}, "not to vcov='empirical'"),
        ({"df": "kenward-roger", "vcov": "asymptotic"}, "not to vcov='asymptotic'"),
        ({"df": "satterthwaite", "vcov": "kenward-roger"}, "belongs to df='kenward-roger'"),
        ({"df": "residual", "vcov": "kenward-roger-linear"}, "belongs to df='kenward-roger'"),
        ({"reference": {"ARM": "MSC"}}, "'ARM', which is no factor"),
        ({"reference": {"TRT01P": "Placebo"}}, "'Placebo' is not a level.*MSC, Riluzole"),
        ({"conf_level": 95}, "between 0 and 1"),
    ],
)
def test_options(check_data: pd.DataFrame, options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        fit(check_data, **options)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda f: f.emmeans("BASE"), "'BASE' is no factor"),
        (lambda f: f.emmeans("AVISIT", by="AVISIT"), "none of them twice"),
        (lambda f: f.emmeans("AVISIT", at={"AGE": 3}), "'AGE', which is no numeric"),
        (lambda f: f.emmeans("AVISIT", conf_level=0), "between 0 and 1"),
        (lambda f: f.contrasts("TRT01P", reference="Sham"), "'Sham' is not a level"),
        (lambda f: f.contrasts("TRT01P", adjust="tukey"), "unknown adjust 'tukey'"),
        (lambda f: f.anova(type=2), "type 3 tests only"),
        (lambda f: f.residuals("raw"), "unknown kind 'raw'"),
        (lambda f: f.test([1.0, 2.0]), "needs 12 finite numbers"),
        (lambda f: f.test(np.ones((2, 12))), "sums of others"),
    ],
)
def test_questions_to_a_fit(
    check_data: pd.DataFrame, ask: Callable[[Any], Any], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        ask(fit(check_data))


def test_contrast_of_zeros(check_data: pd.DataFrame) -> None:
    with pytest.raises(MMRMError, match="all zeros"):
        fit(check_data).test(np.zeros(12))


def test_prediction_needs_its_columns(check_data: pd.DataFrame) -> None:
    model = fit(check_data)
    with pytest.raises(FormulaError, match="lacks the column 'BASE'"):
        model.predict(check_data[["AVISIT", "TRT01P"]])
    with pytest.raises(MissingValueError, match="missing 'BASE' in row 3"):
        model.predict(check_data.assign(BASE=check_data["BASE"].where(check_data.index != 3)))
    with pytest.raises(OptionError, match="interval must be"):
        model.predict(check_data, interval="both")


def singular(seed: int = 1) -> pd.DataFrame:
    """Two visits that measure the same thing, but for the drop-outs."""
    rng = np.random.default_rng(seed)
    y = np.repeat(rng.normal(size=20), 3).reshape(20, 3)
    y[:, 2] += rng.normal(size=20)
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(20), 3),
            "visit": np.tile(["a", "b", "c"], 20),
            "y": y.ravel(),
        }
    )


def test_singular_covariance_does_not_converge() -> None:
    with pytest.raises(ConvergenceError, match="'us'"):
        fit_mmrm("y ~ visit", singular(), "id", "visit")


def test_baseline_visit_may_stay_where_the_variance_is_common(check_data: pd.DataFrame) -> None:
    data = check_data.copy()
    data.loc[data["AVISIT"] == "Month 1", "CHG"] = 0.0
    assert fit(data, covariance="cs").structure == "cs"


def test_fallback_chain_says_what_was_used_and_why() -> None:
    model = fit_mmrm("y ~ visit", singular(), "id", "visit", covariance=["us", "toep", "cs"])
    assert model.structure in ("toep", "cs")
    assert model.fallback[0].covariance == "us"
    assert "singular" in model.fallback[0].reason
    plain = fit_mmrm("y ~ visit", singular(), "id", "visit", covariance=model.structure)
    pd.testing.assert_frame_equal(model.coefficients, plain.coefficients)
    assert plain.fallback == ()


def test_fallback_chain_for_too_few_subjects(check_data: pd.DataFrame) -> None:
    few = check_data[check_data["USUBJID"].isin(["S002", "S003", "S004", "S040", "S041", "S042"])]
    model = fit(few, "CHG ~ AVISIT + TRT01P", covariance=["us", "cs"])
    assert model.structure in ("us", "cs")
    model = fit(few, covariance=["us", "cs"])
    assert (model.structure, model.fallback[0].covariance) == ("cs", "us")
    assert "needs at least 7 subjects" in model.fallback[0].reason


def test_fallback_chain_that_fails_names_every_reason() -> None:
    with pytest.raises(ConvergenceError, match=r"none of us, adh could be fitted\. us: .*adh: "):
        fit_mmrm("y ~ visit", singular(), "id", "visit", covariance=["us", "adh"])
