import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alsutils import survival
from alsutils.stats.survival.telling import round_step
from alsutils.study import Study
from alsutils.survival.analysis import MEAN_RATIO
from alsutils.survival.hazards import ADJUSTED, UNADJUSTED

REFERENCE = Path(__file__).parents[1] / "reference" / "survival" / "survival.json"
ITERATION = 1e-5  # both fits stop by a tolerance
SWAPPED = [{"value": "A1", "label": "Treated"}, {"value": "A0", "label": "Control"}]
THREE = [
    {"value": "A0", "label": "Control"},
    {"value": "A1", "label": "Low"},
    {"value": "A2", "label": "High"},
]


@pytest.fixture(scope="module")
def reference() -> dict:
    return json.loads(REFERENCE.read_text())


def test_reads_figures_off_the_curves_as_r_does(study: Study, reference: dict) -> None:
    frame = survival.summaries(study).frame
    watched = survival.follow_up(study).frame
    for i, arm in enumerate(study.arms):
        expected = reference["curves"][i]
        rows = frame[frame["arm"] == arm]
        median = rows[rows["measure"] == "median"].iloc[0]
        assert median["estimate"] == pytest.approx(expected["median"])
        shares = rows[rows["measure"] == "share"]
        assert shares["estimate"].tolist() == pytest.approx(expected["landmark"])
        assert shares["conf_low"].tolist() == pytest.approx(expected["landmark_low"])
        mean = rows[rows["measure"] == "restricted mean"].iloc[0]
        assert mean["time"] == 24
        assert mean["estimate"] == pytest.approx(expected["rmean"])
        assert mean["std_error"] == pytest.approx(expected["rmean_se"])
        follow = watched.loc[watched["arm"] == arm, "follow_up"].iloc[0]
        assert follow == pytest.approx(expected["follow_up"])


def test_tests_and_ratios_are_those_of_r(study: Study, reference: dict) -> None:
    test = survival.log_rank_tests(study).frame.iloc[0]
    assert test["p_value"] == pytest.approx(reference["log_rank"]["p_value"])
    ratios = survival.hazard_ratios(study).frame.set_index("analysis")
    plain, adjusted = reference["cox_plain"], reference["cox_adjusted"]
    assert np.log(ratios.at[UNADJUSTED, "estimate"]) == pytest.approx(plain["coef"], rel=ITERATION)
    assert ratios.at[UNADJUSTED, "proportional_p"] == pytest.approx(
        plain["zph_p"][0], rel=ITERATION
    )
    assert np.log(ratios.at[ADJUSTED, "estimate"]) == pytest.approx(
        adjusted["coef"][0], rel=ITERATION
    )
    assert ratios.at[ADJUSTED, "std_error"] == pytest.approx(adjusted["se"][0], rel=ITERATION)
    assert ratios.at[ADJUSTED, "proportional_p"] == pytest.approx(
        adjusted["zph_p"][0], rel=ITERATION
    )


def test_three_arms_are_tested_together(make: Callable[..., Study], reference: dict) -> None:
    study = make(arms=THREE)
    tests = survival.log_rank_tests(study).frame.set_index("contrast")
    assert tests.index.tolist() == ["Low vs Control", "High vs Control", "All arms"]
    assert tests.at["All arms", "df"] == 2
    assert tests.at["All arms", "p_value"] == pytest.approx(reference["log_rank"]["global_p"])
    assert tests.at["All arms", "n_treated"] == 60
    assert len(survival.hazard_ratios(study).frame) == 4
    assert len(survival.differences(study).frame) == 10


def test_swapping_the_arms_turns_every_comparison(make: Callable[..., Study]) -> None:
    first, second = make(), None
    plain = (survival.hazard_ratios(first).frame, survival.differences(first).frame)
    second = make(arms=SWAPPED)
    swapped = (survival.hazard_ratios(second).frame, survival.differences(second).frame)
    np.testing.assert_allclose(swapped[0]["estimate"], 1 / plain[0]["estimate"], rtol=ITERATION)
    np.testing.assert_allclose(swapped[0]["conf_low"], 1 / plain[0]["conf_high"], rtol=ITERATION)
    ratio = plain[1]["measure"] == MEAN_RATIO
    for column, mirror in (("estimate", "estimate"), ("conf_low", "conf_high")):
        turned = np.where(ratio, 1 / plain[1][mirror], -plain[1][mirror])
        np.testing.assert_allclose(swapped[1][column], turned)


def test_the_unit_of_time_changes_times_only(make: Callable[..., Study]) -> None:
    plain = survival.hazard_ratios(make()).frame
    days = survival.hazard_ratios(make(lambda d: d.assign(AVAL=30 * d["AVAL"]))).frame
    np.testing.assert_allclose(days["estimate"], plain["estimate"], rtol=ITERATION)


def test_curves_of_an_observed_study_hold_no_own_time(make: Callable[..., Study]) -> None:
    whole = survival.curves(make())
    study = make(provenance="observed", publish_subject_data=False)
    result = survival.curves(study)
    step = round_step(max(study.tables["adtte"]["AVAL"]))
    assert all(abs(t / step - round(t / step)) < 1e-9 for t in result.frame["time"])
    assert (result.frame["censored"] == 0).all()
    assert ((result.at_risk["at_risk"] - whole.at_risk["at_risk"]).abs() <= 2).all()
    # the curve still has the height that it has at those times
    at_end = result.frame.groupby("arm")["estimate"].min()
    assert (at_end >= whole.frame.groupby("arm")["estimate"].min() - 1e-12).all()


def test_at_risk_counts_those_still_watched(study: Study) -> None:
    risk = survival.curves(study).at_risk
    data = survival.times(study)[0].frame
    for r in risk.to_dict("records"):
        own = data[data["arm"] == r["arm"]]
        assert r["at_risk"] == (own["time"] >= r["time"]).sum()


def test_patients_without_a_covariate_are_counted_out(make: Callable[..., Study]) -> None:
    study = make()
    adsl = pd.read_csv(study.folder / "adsl.csv")
    adsl.loc[:2, "AGE"] = np.nan
    adsl.to_csv(study.folder / "adsl.csv", index=False)
    from alsutils.study import load_study

    result = survival.hazard_ratios(load_study(study.folder))
    assert "3 of 60 patients lack a covariate" in " ".join(result.notes)
    adjusted = result.frame[result.frame["analysis"] == ADJUSTED].iloc[0]
    assert adjusted["n_control"] + adjusted["n_treated"] == 57
