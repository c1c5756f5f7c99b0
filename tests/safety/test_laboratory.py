"""Values against their limits: by indicator, by the data's limits and by the study's, by hand."""

import pandas as pd
import pytest

from alsutils import safety
from alsutils.display import Figure, Prose, Table
from alsutils.safety.laboratory import ABOVE, BELOW, BOTH, CHOSEN, HIGH, INDICATOR, LIMITS, NORMAL

LABORATORY = {"datasets": ["adlb"], "population": "all"}


def values(**columns):
    """Two patients an arm, ALT before and twice after; C0 rises, C1 falls, T0 does both."""
    rows = [
        ("C0", 0, 20), ("C0", 4, 20), ("C0", 8, 50),
        ("C1", 0, 20), ("C1", 4, 5), ("C1", 8, 20),
        ("T0", 0, 20), ("T0", 4, 5), ("T0", 8, 50),
        ("T1", 0, 50), ("T1", 4, 20), ("T1", 8, 50),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["USUBJID", "AVISITN", "AVAL"])
    return table.assign(PARAMCD="ALT", PARAM="ALT (U/L)", **columns)


def with_limits(**columns):
    return values(A1LO=10, A1HI=40, **columns)


def new(result, direction):
    rows = result.new[result.new["direction"] == direction].set_index("arm")
    return {arm: (rows.at[arm, "patients"], rows.at[arm, "total"]) for arm in rows.index}


def check(result):
    shifts = result.frame.set_index(["arm", "baseline", "worst"])["patients"]
    assert shifts["Control", NORMAL, HIGH] == 1
    assert shifts["Treated", NORMAL, BOTH] == 1
    assert shifts["Treated", HIGH, HIGH] == 1
    assert new(result, ABOVE) == {"Control": (1, 2), "Treated": (1, 1)}
    assert new(result, BELOW) == {"Control": (1, 2), "Treated": (1, 2)}


def test_values_are_held_against_the_limits_of_the_data(make):
    result = safety.laboratory(make(tables={"adlb": with_limits()}, laboratory=LABORATORY))
    assert result.ranges == (LIMITS,)
    check(result)


def test_the_mark_of_the_data_goes_before_its_limits(make):
    side = values()["AVAL"].map({5: "LOW", 20: "NORMAL", 50: "HIGH"})
    table = values(A1LO=0, A1HI=1000, ANRIND=side)
    result = safety.laboratory(make(tables={"adlb": table}, laboratory=LABORATORY))
    assert result.ranges == (INDICATOR,)
    check(result)


def test_the_limits_of_the_study_go_before_both(make):
    block = {**LABORATORY, "limits": {"ALT": [10, 40]}}
    table = values(A1LO=0, A1HI=1000, ANRIND="N")
    result = safety.laboratory(make(tables={"adlb": table}, laboratory=block))
    assert result.ranges == (CHOSEN,)
    check(result)


def test_unscheduled_visits_and_flagged_baselines_count(make):
    table = with_limits()
    # The high value after baseline has no visit number, only a day.
    table["AVISITN"] = table["AVISITN"].astype(float).mask(table["AVISITN"] == 8)
    table["ADY"] = [1, 20, 40] * 4
    table["ABLFL"] = ["Y", "", ""] * 4
    check(safety.laboratory(make(tables={"adlb": table}, laboratory=LABORATORY)))


def test_pairs_without_a_value_before_are_left_out_and_counted(make):
    table = with_limits()
    table = table[~((table["USUBJID"] == "C0") & (table["AVISITN"] == 0))]
    result = safety.laboratory(make(tables={"adlb": table}, laboratory=LABORATORY))
    assert result.left_out == 1
    assert new(result, ABOVE)["Control"] == (0, 1)


def test_a_given_baseline_stands_in_for_a_missing_one(make):
    table = with_limits(BNRIND="N")
    table = table[table["AVISITN"] > 0]
    result = safety.laboratory(make(tables={"adlb": table}, laboratory=LABORATORY))
    assert new(result, ABOVE) == {"Control": (1, 2), "Treated": (2, 2)}


def test_values_without_limits_are_said_to_have_none(make):
    study = make(tables={"adlb": values()}, laboratory=LABORATORY)
    assert safety.laboratory(study) is None
    assert isinstance(safety.tables.laboratory(study, None), Prose)


def liver_table():
    """T0 has both peaks above the limits, C0 neither; others have no bilirubin."""
    rows = [
        ("T0", "ALT", 0, 20), ("T0", "ALT", 4, 200), ("T0", "BILI", 4, 50),
        ("C0", "AST", 4, 30), ("C0", "BILI", 4, 10), ("T1", "ALT", 4, 500),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["USUBJID", "PARAMCD", "AVISITN", "AVAL"])
    return table.assign(A1HI=table["PARAMCD"].map({"ALT": 40, "AST": 40, "BILI": 20}))


def test_hys_law_takes_both_peaks_of_a_patient(make):
    block = {**LABORATORY, "liver": {}}
    study = make(tables={"adlb": liver_table()}, laboratory=block)
    result = safety.hys_law(study)
    assert result.quadrants.set_index("arm")["both"].to_dict() == {"Control": 0, "Treated": 1}
    points = result.points.set_index("subject")
    assert points.loc["T0", ["liver", "bilirubin"]].tolist() == [5, 2.5]
    assert set(points.index) == {"T0", "C0"}
    assert "1 of 1 in Treated" in str(safety.sentences.hys_law(study, result))


def test_hys_law_of_observed_data_is_counted_in_cells(make):
    keys = {"laboratory": {**LABORATORY, "liver": {}}, "publish_subject_data": False}
    study = make(tables={"adlb": liver_table()}, provenance="observed", minimum_count=1, **keys)
    result = safety.hys_law(study)
    assert result.points is None
    cell = result.binned.set_index("arm").loc["Treated"]
    assert (cell["liver_from"], cell["liver_to"], cell["patients"]) == (3, 5, 1)
    chart = safety.charts.hys_law(study, result)
    assert isinstance(chart, Figure)
    assert "T0" not in str(chart.spec())
    assert "<svg" in chart.to_svg()


@pytest.mark.parametrize("name", ["laboratory", "laboratory_shifts"])
def test_tables_hold_every_arm_and_side(make, name):
    study = make(tables={"adlb": with_limits()}, laboratory=LABORATORY)
    table = getattr(safety.tables, name)(study, safety.laboratory(study))
    assert isinstance(table, Table)
    assert "Control" in table.to_html()


def test_vital_signs_are_read_as_laboratory_values(make):
    block = {"datasets": ["advs"], "population": "all", "limits": {"ALT": [10, 40]}}
    study = make(tables={"advs": values()}, vital_signs=block)
    check(safety.vital_signs(study))
    assert "ALT (U/L)" in str(safety.sentences.vital_signs(study, safety.vital_signs(study)))
