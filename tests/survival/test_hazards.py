"""Hazard ratios by several models, and checks of the Cox model."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from alsutils import survival
from alsutils.stats.hazards import cox
from alsutils.study import Study
from alsutils.survival.checks import AFTER, BEFORE, CHANGE, SPLINE
from alsutils.survival.hazards import (
    ADJUSTED,
    ALONE,
    BRESLOW,
    FIRTH,
    FIRTH_ADJUSTED,
    FLEXIBLE,
    PIECEWISE,
    TOGETHER,
    UNADJUSTED,
    coded,
)

ITERATION = 1e-5  # fits stop by a tolerance
INFLUENCE = 0.1  # of the change that one patient makes; leaving out is approximated by one step
OBSERVED = {"provenance": "observed", "publish_subject_data": False}


def later(data: pd.DataFrame) -> pd.DataFrame:
    """Nobody at time 0, whose logarithm a spline needs."""
    return data.assign(AVAL=data["AVAL"] + 0.5)


def silent(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(CNSR=data["CNSR"].where(data["ARMCODE"] == "A0", 1))


def test_firth_stands_beside_where_an_arm_has_no_event(make: Callable[..., Study]) -> None:
    frame = survival.hazard_ratios(make(silent)).frame.set_index("analysis")
    assert np.isnan(frame.at[UNADJUSTED, "estimate"])
    assert 0 < frame.at[FIRTH, "estimate"] < 0.2
    assert frame.at[FIRTH, "conf_high"] < 1
    assert FIRTH_ADJUSTED in frame.index


def test_firth_stands_beside_where_events_are_few_only(
    make: Callable[..., Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make()
    events = int(survival.times(study)[0].frame["event"].sum())
    monkeypatch.setattr(survival.hazards, "ENOUGH", (events - 1) / 3)
    assert FIRTH not in set(survival.hazard_ratios(study).frame["analysis"])
    monkeypatch.setattr(survival.hazards, "ENOUGH", events + 1)
    assert FIRTH in set(survival.hazard_ratios(study).frame["analysis"])


def test_other_models_give_nearly_the_same_ratio(make: Callable[..., Study]) -> None:
    study = make(later)
    frame = survival.models(study).frame.set_index("analysis")
    assert {UNADJUSTED, BRESLOW, FIRTH, PIECEWISE, FLEXIBLE} <= set(frame.index)
    width = np.log(frame.at[UNADJUSTED, "conf_high"] / frame.at[UNADJUSTED, "conf_low"])
    assert np.ptp(np.log(frame["estimate"])) < width / 3
    data = survival.times(study)[0].frame
    design = pd.DataFrame({"treated": (data["arm"] == "Treated").astype(float)})
    own = cox(data["time"], data["event"], design, ties="breslow").frame.iloc[0]
    assert frame.at[BRESLOW, "estimate"] == pytest.approx(np.exp(own["estimate"]))


def test_covariates_count_by_their_spread_alone_and_together(study: Study) -> None:
    frame = survival.covariates(study).frame
    adjusted = survival.hazard_ratios(study).frame.set_index("analysis")
    data = survival.times(study)[0].frame
    design = coded(data[["AGE"]]).assign(AGE=lambda f: f["AGE"] / float(f"{f['AGE'].std():.2g}"))
    own = cox(data["time"], data["event"], design).frame.iloc[0]
    alone = frame[(frame["analysis"] == ALONE) & frame["term"].str.startswith("AGE, per")]
    assert alone["estimate"].iloc[0] == pytest.approx(np.exp(own["estimate"]), rel=ITERATION)
    assert alone["p_value"].iloc[0] == pytest.approx(own["p_value"], rel=ITERATION)
    together = frame[frame["analysis"] == TOGETHER]
    assert len(together) == 2
    assert together["n_treated"].isna().all()
    assert np.isfinite(adjusted.at[ADJUSTED, "estimate"])


def test_the_ratio_before_and_after_a_time_and_their_change(study: Study) -> None:
    frame = survival.changing(study).frame.set_index("analysis")
    assert frame["cut"].eq(12).all()  # the middle landmark
    change = frame.at[AFTER, "estimate"] / frame.at[BEFORE, "estimate"]
    assert frame.at[CHANGE, "estimate"] == pytest.approx(change)
    data = survival.times(study)[0].frame
    first = data["event"] & (data["time"] <= 12)
    design = pd.DataFrame({"treated": (data["arm"] == "Treated").astype(float)})
    own = cox(np.minimum(data["time"], 12), first, design).frame.iloc[0]
    assert frame.at[BEFORE, "estimate"] == pytest.approx(np.exp(own["estimate"]), rel=ITERATION)
    assert frame.at[BEFORE, "events"] + frame.at[AFTER, "events"] == data["event"].sum()


def test_swapping_the_arms_turns_the_ratio_over_time(make: Callable[..., Study]) -> None:
    swapped = [{"value": "A1", "label": "Treated"}, {"value": "A0", "label": "Control"}]
    plain, turned = (survival.changing(make(later, **k)).lines for k in ({}, {"arms": swapped}))
    for column, mirror in (("estimate", "estimate"), ("conf_low", "conf_high")):
        np.testing.assert_allclose(turned[column], 1 / plain[mirror], rtol=1e-4)
    assert SPLINE in set(plain["method"])


def test_observed_and_expected_events_add_up(study: Study) -> None:
    result = survival.fitting(study)
    data = survival.times(study)[0].frame
    assert result.groups["n"].sum() == len(data)
    assert result.groups["observed"].sum() == data["event"].sum()
    assert result.groups["expected"].sum() == pytest.approx(data["event"].sum())
    assert result.counts["n"].sum() == len(data)


def test_the_ratio_without_a_patient_is_near_that_of_a_new_fit(make: Callable[..., Study]) -> None:
    plain = {"parameter": "EVT", "label": "Relapse", "unit": "month", "population": "all"}
    study = make(time_to_event=[plain])
    result = survival.fitting(study)
    data = survival.times(study)[0].frame
    whole = np.log(result.influence["estimate"].iloc[0])
    for side, column in (
        (result.patients["without"].idxmin(), "lowest"),
        (result.patients["without"].idxmax(), "highest"),
    ):
        rest = data.drop(index=side)
        design = pd.DataFrame({"treated": (rest["arm"] == "Treated").astype(float)})
        own = cox(rest["time"], rest["event"], design).frame["estimate"].iloc[0]
        told = np.log(result.influence[column].iloc[0])
        assert told - whole == pytest.approx(own - whole, rel=3 * INFLUENCE)


def test_an_observed_study_gives_groups_and_curves_only(make: Callable[..., Study]) -> None:
    study = make(**OBSERVED)
    fitted, moving = survival.fitting(study), survival.changing(study)
    assert fitted.patients.empty
    assert fitted.form_points.empty
    assert moving.points.empty
    assert len(fitted.counts)
    assert len(fitted.form_lines)
    assert len(moving.lines)
