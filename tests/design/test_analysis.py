"""The patients' way, their balance and the trial's power: by hand, swapped, and on the pilot."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alsutils import design
from alsutils.stats.tidy import RESULT_COLUMNS, result_frame

SWAP = {"C": "T", "T": "C"}


def _swapped(make):
    return make(change_subjects=lambda s: s.assign(TRT01P=s["TRT01P"].map(SWAP)))


def test_everybody_screened_is_followed(study):
    result = design.flow(study)
    assert (result.screened, result.randomised) == (16, 14)
    assert result.not_randomised[["reason", "n"]].to_numpy().tolist() == [["Screen failure", 2]]
    counts = {
        (kind, arm): result.count(kind, arm)
        for kind in ("randomised", "completed", "left", "primary", "carried_forward")
        for arm in study.arms
    }
    assert counts == {
        ("randomised", "Control"): 6,
        ("randomised", "Treated"): 8,
        ("completed", "Control"): 4,
        ("completed", "Treated"): 7,
        ("left", "Control"): 2,
        ("left", "Treated"): 1,
        ("primary", "Control"): 5,
        ("primary", "Treated"): 7,
        ("carried_forward", "Control"): 1,
        ("carried_forward", "Treated"): 0,
    }
    assert result.count("population", "Control", "Patients with a score") == 5
    assert result.count("reason", "Control", "Death") == 2
    assert result.count("reason", "Treated", "Moved away") == 1


def test_nobody_is_counted_twice_or_lost(study):
    result = design.flow(study)
    for arm in study.arms:
        stayed, left = result.count("completed", arm), result.count("left", arm)
        assert stayed + left == result.count("randomised", arm)
        assert result.count("reason", arm) == left


def test_reasons_add_up_to_what_they_explain(study):
    result = design.flow(study)
    for arm in study.arms:
        analysed = result.count("primary", arm, "Month 4")
        absent = result.count("excluded", arm, "Month 4")
        assert analysed + absent == result.count("randomised", arm)
        assert result.count("excluded_reason", arm) == absent
    assert result.count("excluded_reason", "Control", "Left the study early") == 1
    assert result.count("excluded_reason", "Treated", "Left the study early") == 1


def test_who_stayed_and_has_no_value_is_told_from_who_left(make):
    def stayed(subjects):
        return subjects.assign(EOSSTT="COMPLETED", DCSREAS=None)

    result = design.flow(make(stayed))
    assert result.count("excluded_reason", "Control", "Not in “Patients with a score”") == 1
    assert result.count("excluded_reason", "Treated", "In the study, but no value") == 1


def test_treatment_received_and_stopped_are_counted_where_study_yml_says_so(make):
    def told(subjects):
        subjects["GOT"] = "Y"
        subjects.loc[subjects["USUBJID"].isin(["C5", "C4", "T7"]), "GOT"] = "N"
        subjects["DCTREAS"] = None
        subjects.loc[subjects["USUBJID"].isin(["T0", "T1"]), "DCTREAS"] = "ADVERSE EVENT"
        return subjects

    block = {"status": "EOSSTT", "received": "GOT", "stopped": "DCTREAS"}
    study = make(told, flow=block)
    result = design.flow(study)
    for arm, without in zip(study.arms, (2, 1), strict=True):
        assert result.count("not_received", arm) == without
        assert result.count("received", arm) + without == result.count("randomised", arm)
    assert result.count("not_received_reason", "Control", "Death") == 2
    assert [result.count("stopped", arm) for arm in study.arms] == [0, 2]
    assert result.count("stopped_reason", "Treated", "Adverse event") == 2
    column = design.charts.flow(study, result).columns[0]
    assert column[0].lines[1:] == (
        "Received the treatment: 4",
        "Did not receive it: 2",
        "• Death: 2",
    )
    assert "not received by 2 in Control and 1 in Treated" in str(
        design.sentences.flow(study, result)
    )


@pytest.mark.parametrize("reason", ["LOST TO FOLLOW-UP", "Lost to Follow Up"])
def test_the_lost_are_told_from_others_who_left(make, reason):
    result = design.flow(make(lambda s: s.replace({"DCSREAS": {"MOVED AWAY": reason}})))
    assert [result.lost(arm) for arm in result.arms] == [0, 1]


def test_carried_values_are_no_attendance(study):
    frame = design.attendance(study).frame.set_index(["arm", "visit"])["n"]
    assert frame["Control"].to_dict() == {-2: 6, -1: 6, 0: 6, 4: 4}
    assert frame["Treated"].to_dict() == {-2: 8, -1: 8, 0: 8, 4: 7}


def test_allocation_counts_every_month(study):
    frame = design.allocation(study).frame
    totals = frame.set_index(["arm", "month"])["total"]
    assert totals["Control"].tolist() == [6, 6, 6]
    assert totals["Treated"].tolist() == [0, 0, 8]


def test_allocation_needs_dates(make):
    assert design.allocation(make(lambda s: s.drop(columns="RANDDT"))) is None
    assert design.allocation(make(lambda s: s.assign(RANDDT="unknown"))) is None


def test_baseline_describes_each_arm(study):
    result = design.baseline(study)
    told = result.descriptions.set_index(["characteristic", "row", "arm"])
    ages = [50, 52, 54, 56, 58, 60]
    mean = told.loc[("Age (years)", "Mean (SD)", "Control")]
    assert (mean["estimate"], mean["n"]) == (55, 6)
    assert mean["spread"] == pytest.approx(np.std(ages, ddof=1))
    assert told.loc[("Sex", "Female", "Treated"), "n"] == 6
    assert told.loc[("Site", "c", "Control"), "n"] == 0
    balance = result.balance.set_index("characteristic")
    expected = (58.5 - 55) / np.sqrt((np.var(ages, ddof=1) + np.var(range(8), ddof=1)) / 2)
    assert balance.at["Age (years)", "estimate"] == pytest.approx(expected)
    assert balance["signed"].to_dict() == {"Age (years)": True, "Sex": True, "Site": False}
    assert balance.at["Sex", "endpoint"] == "Sex: Female"


def test_all_arms_together_are_described_last(study):
    told = design.baseline(study).descriptions
    for _, rows in told.groupby(["characteristic", "row"], sort=False):
        assert rows["arm"].tolist() == [*study.arms, "Overall"]
        assert rows["n"].iloc[-1] == rows["n"].iloc[:-1].sum()
        assert rows["of"].iloc[-1] == rows["of"].iloc[:-1].sum()
    whole = told.set_index(["characteristic", "row", "arm"])
    mean = whole.loc[("Age (years)", "Mean (SD)", "Overall")]
    ages = study.subjects()["AGE"]
    assert (mean["estimate"], mean["spread"]) == pytest.approx((ages.mean(), ages.std()))
    assert "Overall" not in set(result_frame(design.baseline(study).frame)["contrast"])


def test_codes_are_worded_and_missing_values_counted(make):
    def holes(subjects):
        subjects.loc[0, "AGE"] = None
        subjects.loc[1, "SEX"] = None
        return subjects

    told = design.baseline(make(holes)).descriptions.set_index(["characteristic", "row", "arm"])
    assert told.loc[("Age (years)", "Missing", "Control"), "n"] == 1
    assert told.loc[("Age (years)", "Missing", "Treated"), "n"] == 0
    assert told.loc[("Sex", "Male", "Control"), ["n", "of"]].tolist() == [2, 5]


def test_differences_without_end_are_missing_in_the_results(make):
    apart = design.baseline(make(lambda s: s.assign(SITE=s["TRT01P"].fillna("x"))))
    rows = apart.balance.set_index("characteristic")
    assert np.isinf(rows.at["Site", "estimate"])
    assert not np.isinf(result_frame(apart.frame)["estimate"]).any()


def test_swapping_the_arms_turns_balance_and_slopes_round(make):
    here, there = make(), _swapped(make)
    one, two = (design.baseline(s).balance for s in (here, there))
    signed = one["signed"]
    np.testing.assert_allclose(one["estimate"][signed], -two["estimate"][signed])
    np.testing.assert_allclose(one["estimate"][~signed], two["estimate"][~signed])
    np.testing.assert_allclose(
        design.lead_in(here).frame["estimate"], -design.lead_in(there).frame["estimate"]
    )
    np.testing.assert_allclose(
        design.detectable(here).frame["estimate"], design.detectable(there).frame["estimate"]
    )


def test_lead_in_compares_the_patients_slopes(study):
    row = design.lead_in(study).frame.iloc[0]
    control = -(1 + 0.1 * (np.arange(6) % 3))
    treated = -(2 + 0.1 * (np.arange(8) % 3))
    test = stats.ttest_ind(treated, control, equal_var=False)
    limits = test.confidence_interval()
    assert row["mean_control"] == pytest.approx(control.mean())
    assert row["estimate"] == pytest.approx(treated.mean() - control.mean())
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((limits.low, limits.high))


def test_no_lead_in_without_visits(make):
    assert design.lead_in(make(lead_in=None)) is None


def test_power_rests_on_the_patients_analysed_and_their_scatter(study):
    row = design.detectable(study).frame.iloc[0]
    records = study.records("SCORE", "seen", [4])
    groups = [records.loc[records["ARM"] == arm, "CHG"] for arm in study.arms]
    pooled = np.sqrt(sum(((g - g.mean()) ** 2).sum() for g in groups) / (sum(map(len, groups)) - 2))
    assert (row["n_control"], row["n_treated"]) == (5, 7)
    assert row["sd"] == pytest.approx(pooled)


def test_a_shift_of_one_arm_leaves_the_power_alone(make):
    def shifted(visits):
        late = visits["USUBJID"].str.startswith("T") & (visits["AVISITN"] == 4)
        return visits.assign(AVAL=visits["AVAL"] + 10 * late, CHG=visits["CHG"] + 10 * late)

    plain, moved = design.detectable(make()), design.detectable(make(change=shifted))
    np.testing.assert_allclose(plain.frame["estimate"], moved.frame["estimate"])


@pytest.mark.parametrize("analysis", ["baseline", "detectable", "lead_in"])
def test_results_come_in_the_common_columns(study, analysis):
    frame = getattr(design, analysis)(study).frame
    rows = result_frame(frame)
    assert list(rows.columns) == list(RESULT_COLUMNS)
    assert rows[["analysis", "endpoint", "population", "contrast"]].notna().all().all()
    assert rows[["n_control", "n_treated"]].notna().any(axis=1).all()


def test_tables_of_the_study_are_left_as_they_were(study):
    before = {role: table.copy() for role, table in study.tables.items()}
    for analysis in ("flow", "attendance", "allocation", "baseline", "detectable", "lead_in"):
        getattr(design, analysis)(study)
    for role, table in before.items():
        pd.testing.assert_frame_equal(study.tables[role], table)


# Counted by the trial's own tables (14-1.01, 14-1.02 and 14-3.01).


def test_pilot_flow(open_pilot):
    pilot = open_pilot
    result = design.flow(pilot)
    assert [result.count("randomised", arm) for arm in pilot.arms] == [86, 84, 84]
    assert [result.count("completed", arm) for arm in pilot.arms] == [58, 25, 27]
    assert [result.count("primary", arm, "Week 24") for arm in pilot.arms] == [79, 81, 74]
    observed = pilot.tables["adadas"]
    observed = observed[(observed["PARAMCD"] == "ACTOT") & (observed["AVISITN"] == 24)]
    observed = observed[observed["USUBJID"].isin(pilot.subjects("efficacy")["USUBJID"])]
    carried = (observed["DTYPE"] == "LOCF").sum()
    assert sum(result.count("carried_forward", arm, "Week 24") for arm in pilot.arms) == carried


def test_pilot_compares_each_dose_with_placebo(pilot):
    balance = design.baseline(pilot).balance
    assert balance.groupby("treated").size().to_dict() == dict.fromkeys(pilot.treated, 8)
    age = balance[balance["characteristic"] == "Age (years)"].set_index("treated")["estimate"]
    subjects = pilot.subjects()
    groups = {arm: subjects.loc[subjects["ARM"] == arm, "AGE"] for arm in pilot.arms}
    for arm in pilot.treated:
        spread = np.sqrt((groups[arm].var() + groups["Placebo"].var()) / 2)
        assert age[arm] == pytest.approx((groups[arm].mean() - groups["Placebo"].mean()) / spread)
