"""Cases whose answer is known in closed form, and the long way round."""

import numpy as np
import pandas as pd
import pytest

from alsutils.stats.ancova import ancova
from alsutils.stats.imputation import (
    ImputationError,
    available_cases,
    completers,
    conditional_mean,
    conditional_mean_imputation,
    last_observation_carried_forward,
    multiple_imputation,
)
from alsutils.stats.imputation.draws import _resample, bootstrap_draws
from alsutils.stats.imputation.model import fit_model
from alsutils.stats.imputation.reml import refit, weighted_sums
from alsutils.stats.imputation.trial import Columns, lay_out
from alsutils.stats.mmrm import fit_mmrm

ROUNDING = 1e-9
# Two ways to the same maximum of a likelihood.
MAXIMUM = 1e-6
# Monte Carlo error of the mean of 1500 imputations, in standard errors of the estimate.
MONTE_CARLO = 0.04
NAMES = {"outcome": "y", "subject": "id", "visit": "visit", "arm": "arm"}


def one_visit(rng, sizes=(14, 17), missing=(3, 5)):
    parts = []
    for arm, n, gone in zip("CT", sizes, missing, strict=True):
        y = rng.normal(2.0 * (arm == "T"), 1.0, n)
        y[:gone] = np.nan
        parts.append(pd.DataFrame({"arm": arm, "y": y}))
    frame = pd.concat(parts, ignore_index=True)
    frame["arm"] = pd.Categorical(frame["arm"], categories=["C", "T"])
    return frame.assign(id=np.arange(len(frame)), visit="V1")


def jump_by_hand(frame):
    """Missing outcomes at the control's mean: the observed share of the treated times."""
    treated = frame.loc[frame["arm"] == "T", "y"]
    control = frame.loc[frame["arm"] == "C", "y"]
    return treated.notna().mean() * (treated.mean() - control.mean())


def jackknife(frame, statistic):
    values = np.array([statistic(frame.drop(index)) for index in frame.index])
    n = len(values)
    return np.sqrt((n - 1) / n * ((values - values.mean()) ** 2).sum())


@pytest.mark.parametrize("strategy", ["J2R", "CR", "CIR"])
def test_one_visit_of_reference_based_imputation_in_closed_form(strategy):
    frame = one_visit(np.random.default_rng(5))
    row = conditional_mean_imputation(frame, **NAMES, strategy=strategy).frame.iloc[0]
    assert row["estimate"] == pytest.approx(jump_by_hand(frame), rel=ROUNDING)
    assert row["std_error"] == pytest.approx(jackknife(frame, jump_by_hand), rel=ROUNDING)


def test_one_visit_under_mar_is_the_difference_of_observed_means():
    frame = one_visit(np.random.default_rng(6))

    def difference(data):
        means = data.groupby("arm", observed=True)["y"].mean()
        return means["T"] - means["C"]

    row = conditional_mean_imputation(frame, **NAMES).frame.iloc[0]
    assert row["estimate"] == pytest.approx(difference(frame), rel=ROUNDING)
    assert row["std_error"] == pytest.approx(jackknife(frame, difference), rel=ROUNDING)


def test_one_visit_means_are_the_closed_form():
    frame = one_visit(np.random.default_rng(7))
    control = frame.loc[frame["arm"] == "C", "y"].mean()
    means = conditional_mean_imputation(frame, **NAMES, strategy="J2R").means
    assert means["estimate"].to_list() == pytest.approx(
        [control, control + jump_by_hand(frame)], rel=ROUNDING
    )


@pytest.fixture(scope="module")
def complete(trial_frame):
    whole = trial_frame.groupby("USUBJID")["CHG"].transform(lambda y: y.notna().all())
    return trial_frame[whole]


def test_complete_data_give_the_analysis_of_covariance(complete, as_in_r):
    multiple = multiple_imputation(complete, **as_in_r, n_imputations=3).frame
    conditional = conditional_mean_imputation(complete, **as_in_r).frame
    for j, (visit, rows) in enumerate(complete.groupby("AVISIT")):
        expected = ancova(rows, "CHG", "TRT01P", ["BASE", "ONSET"]).frame.iloc[0]
        assert multiple["visit"].iloc[j] == conditional["visit"].iloc[j] == visit
        assert conditional["estimate"].iloc[j] == pytest.approx(expected["estimate"], rel=ROUNDING)
        for field in ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high"):
            assert multiple[field].iloc[j] == pytest.approx(expected[field], rel=1e-8), field


@pytest.mark.parametrize("covariance", ["us", "toeph", "csh", "ar1"])
@pytest.mark.parametrize("strategy", ["MAR", "CIR"])
def test_jackknife_replicates_are_the_analysis_without_a_subject(
    trial_frame, as_in_r, covariance, strategy
):
    options = as_in_r | {"covariance": covariance, "strategy": strategy}
    result = conditional_mean_imputation(trial_frame, **options)
    subjects = list(result._trial.subjects)
    for subject in ("S001", "S018", "S023", "S040"):
        without = trial_frame[trial_frame["USUBJID"] != subject]
        again = conditional_mean_imputation(without, **options)
        ours = result._shift.replicate[subjects.index(subject)]
        expected = np.column_stack([again._shift.estimate])
        assert ours == pytest.approx(expected, abs=MAXIMUM), subject


@pytest.mark.parametrize("covariance", ["us", "toeph"])
def test_bootstrap_fits_are_fits_to_the_repeated_subjects(trial_frame, as_in_r, covariance):
    columns = Columns("USUBJID", "AVISIT", "TRT01P", "CHG")
    trial = lay_out(trial_frame, columns, ["BASE", "ONSET"], as_in_r["formula"])
    model = fit_model(trial, as_in_r["formula"], covariance)
    weights = _resample(trial, 3, np.random.default_rng(11))
    fits = refit(model.likelihood, weighted_sums(model.likelihood, weights[:, model.fitted]))
    assert fits.converged.all()
    for b, row in enumerate(weights):
        copies = [
            trial_frame[trial_frame["USUBJID"] == subject].assign(USUBJID=f"{subject}-{copy}")
            for subject, times in zip(trial.subjects, row, strict=True)
            for copy in range(int(times))
        ]
        fit = fit_mmrm(
            as_in_r["formula"], pd.concat(copies), "USUBJID", "AVISIT", covariance, df="residual"
        )
        ours = fits.sigma[b] * model.scale**2
        assert ours == pytest.approx(fit.covariance.to_numpy(), rel=MAXIMUM, abs=MAXIMUM)
        products = model.fit._inference.products
        beta = products.start + model.scale * np.linalg.solve(products.rotation, fits.beta[b])
        assert beta == pytest.approx(fit.coefficients["estimate"].to_numpy(), rel=1e-5, abs=1e-5)


def test_bootstrap_draws_keep_the_size_of_each_arm(trial_frame, as_in_r):
    trial = lay_out(trial_frame, Columns("USUBJID", "AVISIT", "TRT01P", "CHG"))
    weights = _resample(trial, 50, np.random.default_rng(1))
    for arm in (0, 1):
        size = int((trial.arm == arm).sum())
        assert (weights[:, trial.arm == arm].sum(axis=1) == size).all()
    model = fit_model(trial, None, "us")
    draws = bootstrap_draws(trial, model, 40, np.random.default_rng(1))
    assert (np.linalg.eigvalsh(draws.sigma) > 0).all()
    assert len(np.unique(draws.beta[:, 0])) == 40


@pytest.mark.parametrize("draw", ["bootstrap", "normal"])
@pytest.mark.parametrize("strategy", ["MAR", "J2R", "CR", "CIR"])
def test_multiple_imputation_centres_on_the_conditional_mean(trial_frame, as_in_r, draw, strategy):
    options = as_in_r | {"strategy": strategy}
    conditional = conditional_mean_imputation(trial_frame, **options)
    multiple = multiple_imputation(trial_frame, **options, n_imputations=1500, draw=draw)
    apart = (multiple.frame["estimate"] - conditional.frame["estimate"]).abs()
    assert (apart / multiple.frame["std_error"]).max() < MONTE_CARLO


def test_normal_draws_have_the_spread_of_the_fit(trial_frame, as_in_r):
    """With one visit and no covariate all is known: MAR by Rubin's large-sample variance."""
    frame = one_visit(np.random.default_rng(8), sizes=(220, 240), missing=(60, 90))
    result = multiple_imputation(frame, **NAMES, n_imputations=6000, draw="normal")
    variance = frame["y"].sub(frame.groupby("arm", observed=True)["y"].transform("mean")).var()
    seen = frame.groupby("arm", observed=True)["y"].count()
    expected = np.sqrt(variance * (1 / seen["C"] + 1 / seen["T"]))
    assert result.frame["std_error"].iloc[0] == pytest.approx(expected, rel=0.02)


def hand():
    rows = {
        "a": ("C", [1.0, 2.0, np.nan]),
        "b": ("C", [3.0, np.nan, 7.0]),
        "c": ("C", [0.0, 1.0, 2.0]),
        "d": ("T", [np.nan, 4.0, np.nan]),
        "e": ("T", [5.0, 6.0, 7.5]),
        "f": ("T", [2.0, 2.0, 3.5]),
    }
    frame = pd.DataFrame(
        [(s, a, f"V{j}", y) for s, (a, ys) in rows.items() for j, y in enumerate(ys, 1)],
        columns=["id", "arm", "visit", "y"],
    )
    return frame.assign(arm=pd.Categorical(frame["arm"], categories=["C", "T"]))


def test_last_observation_carried_forward_by_hand():
    result = last_observation_carried_forward(hand(), **NAMES)
    estimates = result.frame["estimate"].to_list()
    assert estimates == pytest.approx(
        [3.5 - 4 / 3, 4.0 - 2.0, 5.0 - 11 / 3]  # (4 + 7.5 + 3.5) / 3, (2 + 7 + 2) / 3
    )
    assert result.frame["n_treated"].to_list() == [2, 3, 3]
    assert result.n_filled == 3
    from_zero = last_observation_carried_forward(hand(), **NAMES, start=0.0)
    assert from_zero.frame["estimate"].iloc[0] == pytest.approx(7 / 3 - 4 / 3)
    assert from_zero.n_filled == 4


def test_completers_and_available_cases_by_hand():
    frame = hand()
    frame.loc[len(frame)] = ["g", "C", "V1", 1.0]  # no rows at V2 and V3
    more = pd.concat([frame, hand().assign(id=lambda x: x["id"] + "2")])
    whole = completers(more, **NAMES)
    assert whole.n_used == 6
    assert whole.frame["estimate"].to_list() == pytest.approx([3.5, 3.0, 3.5])
    there = available_cases(more, **NAMES)
    assert there.frame["n_control"].to_list() == [7, 4, 4]
    assert list(there.frame["visit"].cat.categories) == ["V1", "V2", "V3"]
    assert there.frame["visit"].cat.ordered
    assert list(there.frame["arm"].cat.categories) == ["C", "T"]
    assert there.frame["estimate"].iloc[2] == pytest.approx(5.5 - 4.5)


def test_simple_analyses_are_the_analysis_of_covariance(trial_frame, columns):
    ours = available_cases(trial_frame, **columns, covariates=["BASE", "ONSET"]).frame
    for row in ours.itertuples():
        rows = trial_frame[trial_frame["AVISIT"] == row.visit]
        expected = ancova(rows, "CHG", "TRT01P", ["BASE", "ONSET"]).frame.iloc[0]
        for field in ("estimate", "std_error", "df", "p_value", "conf_low"):
            assert getattr(row, field) == pytest.approx(expected[field], rel=1e-8)


def longer(rng, n):
    """Two arms, two visits, a fifth missing at the second; rows in no order of the arms."""
    arm = rng.permutation(np.arange(n) % 2)
    y = rng.normal(size=(n, 2)) + rng.normal(size=(n, 1)) + arm[:, None]
    y[rng.random(n) < 0.2, 1] = np.nan
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), 2),
            "visit": np.tile(["V1", "V2"], n),
            "arm": pd.Categorical.from_codes(np.repeat(arm, 2), categories=["C", "T"]),
            "y": y.ravel(),
        }
    )


def test_groups_left_out_give_the_error_of_single_subjects_left_out(monkeypatch):
    frame = longer(np.random.default_rng(9), 600)
    single = conditional_mean_imputation(frame, **NAMES, strategy="J2R").frame
    monkeypatch.setattr(conditional_mean, "MOST_LEFT_OUT_ALONE", 500)
    grouped = conditional_mean_imputation(frame, **NAMES, strategy="J2R").frame
    assert grouped["estimate"].to_numpy() == pytest.approx(single["estimate"], rel=MAXIMUM)
    # A variance from 250 groups has a relative standard error of the root of 2 / 249, its root
    # half of that: 4.5%. Three of them.
    assert grouped["std_error"].to_numpy() == pytest.approx(single["std_error"], rel=0.14)


def test_fits_serve_another_strategy_and_no_other_data():
    frame = longer(np.random.default_rng(9), 60)
    first = conditional_mean_imputation(frame, **NAMES)
    again = conditional_mean_imputation(frame, **NAMES, strategy="CR", like=first)
    alone = conditional_mean_imputation(frame, **NAMES, strategy="CR")
    pd.testing.assert_frame_equal(again.frame, alone.frame)
    with pytest.raises(ImputationError, match="other data"):
        conditional_mean_imputation(frame.assign(y=frame["y"] + 1), **NAMES, like=first)
