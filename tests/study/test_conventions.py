"""A trial's own ways with visits, arms and severity come out as the book counts on."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from alsutils.safety import overview
from alsutils.study import ARM, StudyError, load_study
from alsutils.study.conventions import EVENT_DETAILS

TWIN = Path(__file__).parents[2] / "data" / "oh2018"


@pytest.fixture
def study_with(tmp_path):
    """Load the default study after changes to tables and to study.yml."""

    def load(change_study=lambda _: None, **changes):
        folder = tmp_path / "trial"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(TWIN, folder)
        for name, change in changes.items():
            table = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
            change(table).to_csv(folder / f"{name}.csv", index=False)
        content = yaml.safe_load((folder / "study.yml").read_text("utf-8"))
        change_study(content)
        (folder / "study.yml").write_text(yaml.safe_dump(content), "utf-8")
        return load_study(folder)

    return load


def test_visits_that_are_only_counted_get_their_times(study_with):
    names = {}

    def count(table):
        numbers = table["AVISITN"].astype(float)
        names.update(zip(table["AVISIT"], numbers, strict=True))
        return table.assign(AVISITN=numbers.rank(method="dense").astype(int) + 100)

    plain = study_with()
    code = plain.primary.parameter
    counted = study_with(lambda s: s["time"].update(visits=names), adqs=count)
    for column in ("AVISITN", "AVAL"):
        expected = plain.records(code)[column]
        pd.testing.assert_series_equal(counted.records(code)[column], expected)


def test_a_visit_that_is_not_listed_is_unscheduled(study_with):
    def listed(content):
        content["time"]["visits"] = {"Baseline": 0, **{f"Month {m}": m for m in (1, 2, 4, 6)}}

    study = study_with(listed)
    assert set(study.records(study.primary.parameter)["AVISITN"]) == {0, 1, 2, 4, 6}


def test_records_without_a_visit_stand_where_study_yml_puts_them(study_with):
    def best(table):
        code = table.loc[0, "PARAMCD"]
        chosen = table[table["PARAMCD"] == code].drop_duplicates("USUBJID").copy()
        new = chosen.assign(PARAMCD="BEST", AVISIT="", AVISITN="")
        return pd.concat([table, new], ignore_index=True)

    def place(content):
        content["datasets"]["adqs"]["visit"] = 6
        content["parameters"]["BEST"] = {"dataset": "adqs", "label": "Best", "better": "higher"}

    study = study_with(place, adqs=best)
    # BASE gives a baseline to what has no record of one.
    assert set(study.records("BEST")["AVISITN"]) == {0.0, 6.0}


def test_words_for_nobody_s_arm_are_no_arm(study_with):
    def screened(table):
        extra = table.head(3).assign(USUBJID=["S1", "S2", "S3"], TRT01P="Screen Failure")
        return pd.concat([table, extra], ignore_index=True)

    plain = study_with().subjects()
    study = study_with(lambda s: s.update(not_randomised=["Screen Failure"]), adsl=screened)
    assert study.subjects()[ARM].value_counts().equals(plain[ARM].value_counts())
    assert {"S1", "S2", "S3"} <= set(study.tables["adsl"]["USUBJID"])


def test_each_missing_detail_of_events_is_said_in_a_sentence(study_with):
    study = study_with(adae=lambda t: t.drop(columns=list(EVENT_DETAILS)))
    kinds = overview(study)
    for words in ("seriousness", "severity", "relation"):
        assert f"The data hold no {words} of events." in kinds.notes
    assert not {"Serious", "Severe"} & set(kinds.counts["name"])


def test_toxicity_grades_stand_in_for_severity(study_with):
    grades = {"MILD": "1", "MODERATE": "2", "SEVERE": "4"}

    def graded(table):
        table = table.assign(AETOXGR=table["AESEV"].map(grades).fillna(""))
        return table.drop(columns="AESEV")

    severe = study_with().events()["AESEV"].eq("SEVERE").sum()
    study = study_with(adae=graded)
    assert study.events()["AESEV"].eq("SEVERE").sum() == severe > 0
    assert any("grade 3 and above" in words for words in overview(study).notes)


def test_a_column_in_another_spelling_is_named_and_not_made_up(study_with):
    with pytest.raises(StudyError, match="rename aesev to AESEV"):
        study_with(adae=lambda t: t.rename(columns={"AESEV": "aesev"}))
