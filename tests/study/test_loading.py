"""The study contract: a good study loads, and each kind of bad input is named with its mend."""

import shutil
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
import yaml

from alsutils.study import ARM, StudyError, load_study

TWIN = Path(__file__).parents[2] / "data" / "oh2018"


@pytest.fixture
def folder(tmp_path):
    copy = tmp_path / "trial"
    shutil.copytree(TWIN, copy)
    return copy


def edit_table(folder, name, change):
    """Rewrite one CSV table by a function of its frame of texts."""
    path = folder / f"{name}.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    change(table).to_csv(path, index=False)


def edit_study(folder, change):
    """Rewrite study.yml by a function that changes its content in place."""
    path = folder / "study.yml"
    content = yaml.safe_load(path.read_text())
    change(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True))


def problems_of(folder):
    with pytest.raises(StudyError) as caught:
        load_study(folder)
    return caught.value.problems


def test_arms_are_an_ordered_category_with_the_control_first(folder):
    study = load_study(folder)
    arm = study.subjects()[ARM]
    assert arm.cat.ordered
    assert tuple(arm.cat.categories) == study.arms == ("Riluzole", "MSC + riluzole")
    assert study.subjects()[ARM].value_counts().to_dict() == {"MSC + riluzole": 33, "Riluzole": 31}


def test_reversing_the_arms_makes_the_other_one_the_control(folder):
    edit_study(folder, lambda s: s["arms"].reverse())
    assert load_study(folder).control == "MSC + riluzole"


def test_populations_go_by_their_flag(folder):
    study = load_study(folder)
    flags = pd.read_csv(folder / "adsl.csv", dtype=str, keep_default_na=False)
    expected = set(flags.loc[flags["EFFFL"] == "Y", "USUBJID"])
    assert set(study.subjects("efficacy")["USUBJID"]) == expected
    records = study.records("ALSFRSR", "efficacy", [4])
    assert set(records["USUBJID"]) <= expected
    assert (records["AVISITN"] == 4).all()


def test_parquet_and_csv_give_the_same_study(folder):
    from_csv = load_study(folder).records("ALSFRSR")
    for path in folder.glob("*.csv"):
        table = pd.read_csv(path, dtype={"SUBJID": str}, keep_default_na=False, na_values=[""])
        table.to_parquet(path.with_suffix(".parquet"))
        path.unlink()

    def to_parquet(content):
        for dataset in content["datasets"].values():
            dataset["file"] = dataset["file"].replace(".csv", ".parquet")

    edit_study(folder, to_parquet)
    pd.testing.assert_frame_equal(load_study(folder).records("ALSFRSR"), from_csv)


def test_sas_transport_files_give_the_same_study(folder):
    from_csv = load_study(folder)
    for path in folder.glob("*.csv"):
        table = pd.read_csv(path, dtype={"SUBJID": str}, keep_default_na=False, na_values=[""])
        table = table.dropna(axis="columns", how="all")
        pyreadstat.write_xport(table, path.with_suffix(".xpt"), file_format_version=8)
        path.unlink()

    def to_xpt(content):
        for dataset in content["datasets"].values():
            dataset["file"] = dataset["file"].replace(".csv", ".xpt")

    edit_study(folder, to_xpt)
    from_sas = load_study(folder)
    columns = ["USUBJID", "AVISITN", "AVAL", "BASE", "CHG", ARM]
    pd.testing.assert_frame_equal(
        from_sas.records("ALSFRSR")[columns], from_csv.records("ALSFRSR")[columns]
    )
    assert len(from_sas.events()) == len(from_csv.events())


def test_words_that_look_missing_are_words(folder):
    edit_table(folder, "adsl", lambda t: t.replace({"TRT01P": {"RIL": "NA"}}))

    def rename(content):
        content["arms"][0]["value"] = "NA"
        del content["published"]

    edit_study(folder, rename)
    shutil.rmtree(folder / "story")
    assert (load_study(folder).subjects()[ARM] == "Riluzole").sum() == 31


def test_codes_keep_their_leading_zeros(folder):
    for path in folder.glob("*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        table["USUBJID"] = "00" + table["USUBJID"].str.extract(r"(\d+)$", expand=False)
        table.to_csv(path, index=False)
    assert load_study(folder).subjects()["USUBJID"].str.startswith("00").all()


def test_returned_frames_are_copies(folder):
    study = load_study(folder)
    records = study.records("ALSFRSR")
    records.loc[:, "AVAL"] = 0
    assert study.records("ALSFRSR")["AVAL"].mean() > 1


def test_no_such_folder():
    (problem,) = problems_of("no/such/folder")
    assert "no such folder" in problem.message


def test_no_study_file(tmp_path):
    (problem,) = problems_of(tmp_path)
    assert problem.file == "study.yml"
    assert "alsbook new" in problem.message


def test_a_missing_column_names_what_is_there(folder):
    edit_table(folder, "adqs", lambda t: t.rename(columns={"AVAL": "aval"}))
    (problem,) = problems_of(folder)
    assert (problem.file, problem.column) == ("adqs.csv", "AVAL")
    assert "rename aval to AVAL" in problem.message


def test_an_unknown_arm_names_row_and_value(folder):
    def change(table):
        table.loc[table.index[table["TRT01P"] == "MSC"][0], "TRT01P"] = "CELLS"
        return table

    edit_table(folder, "adsl", change)
    (problem,) = problems_of(folder)
    lines = (folder / "adsl.csv").read_text().splitlines()
    assert "CELLS" in lines[problem.row - 1]
    assert (problem.column, problem.value) == ("TRT01P", "CELLS")
    assert "'RIL', 'MSC'" in problem.message


def test_a_duplicate_visit_names_the_second_row(folder):
    def change(table):
        row = table[(table["PARAMCD"] == "ALSFRSR") & (table["AVISITN"] == "4")].head(1)
        return pd.concat([table, row])

    edit_table(folder, "adqs", change)
    (problem,) = problems_of(folder)
    assert problem.row == len((folder / "adqs.csv").read_text().splitlines())
    assert "second record of ALSFRSR at AVISITN 4" in problem.message


def test_a_score_out_of_range(folder):
    def change(table):
        where = table.index[(table["PARAMCD"] == "ALSFRSR") & (table["AVISITN"] == "4")][0]
        table.loc[where, "CHG"] = f"{49 - float(table.loc[where, 'BASE']):g}"
        table.loc[where, "AVAL"] = "49"
        return table

    edit_table(folder, "adqs", change)
    (problem,) = problems_of(folder)
    assert (problem.column, problem.value) == ("AVAL", "49")
    assert "between 0 and 48" in problem.message


def test_a_change_that_is_no_difference(folder):
    def change(table):
        where = table.index[(table["PARAMCD"] == "ALSFRSR") & (table["AVISITN"] == "4")][0]
        table.loc[where, "CHG"] = "20"
        return table

    edit_table(folder, "adqs", change)
    (problem,) = problems_of(folder)
    assert problem.column == "CHG"
    assert "AVAL less BASE" in problem.message


def test_a_fraction_of_a_whole_score(folder):
    def change(table):
        where = table.index[(table["PARAMCD"] == "FRS01") & (table["AVISITN"] == "4")][0]
        table.loc[where, ["AVAL", "BASE", "CHG"]] = ["2.5", "3", "-0.5"]
        return table

    edit_table(folder, "adqs", change)
    assert [p.value for p in problems_of(folder)] == ["2.5"]


def test_an_empty_table(folder):
    edit_table(folder, "adae", lambda t: t.head(0))
    (problem,) = problems_of(folder)
    assert problem.file == "adae.csv"
    assert "no rows" in problem.message


def test_text_where_a_number_belongs(folder):
    def change(table):
        table.loc[7, "AVAL"] = "about 30"
        return table

    edit_table(folder, "adqs", change)
    (problem,) = problems_of(folder)
    assert (problem.row, problem.column, problem.value) == (9, "AVAL", "about 30")


def test_a_subject_that_adsl_does_not_know(folder):
    def change(table):
        table.loc[0, "USUBJID"] = "NOBODY"
        return table

    edit_table(folder, "adae", change)
    (problem,) = problems_of(folder)
    assert (problem.row, problem.value) == (2, "NOBODY")


def test_a_negative_time(folder):
    def change(table):
        table.loc[0, "AVAL"] = "-1"
        return table

    edit_table(folder, "adtte", change)
    (problem,) = problems_of(folder)
    assert "negative" in problem.message


def test_a_missing_file(folder):
    (folder / "adlb.csv").unlink()
    (problem,) = problems_of(folder)
    assert problem.file == "adlb.csv"
    assert "no such file" in problem.message


def test_a_file_that_is_no_table(folder):
    (folder / "adtte.csv").write_bytes(b"\xff\xfe\x00rubbish")
    (problem,) = problems_of(folder)
    assert problem.file == "adtte.csv"


def test_every_problem_is_listed_at_once(folder):
    edit_table(folder, "adae", lambda t: t.drop(columns="AEDECOD"))
    edit_table(folder, "adlb", lambda t: t.head(0))
    edit_table(folder, "adtte", lambda t: t.assign(CNSR="perhaps"))
    files = {problem.file for problem in problems_of(folder)}
    assert files == {"adae.csv", "adlb.csv", "adtte.csv"}


def test_many_broken_rows_are_counted(folder):
    edit_table(folder, "adtte", lambda t: t.assign(CNSR="0.5"))
    found = problems_of(folder)
    assert len(found) == 21
    assert "more rows like this" in found[-1].message


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        (lambda s: s.update(alpha="five percent"), "alpha", "number"),
        (lambda s: s.update(alpha=5), "alpha", "less than 0.5"),
        (lambda s: s.update(arms=s["arms"][:1]), "arms", "at least 2"),
        (lambda s: s.update(colour="red"), "colour", "no such field"),
        (lambda s: s.pop("primary"), "primary", "missing"),
        (lambda s: s["primary"].update(visits=[]), "primary.visits", "at least 1"),
        (lambda s: s["parameters"]["FVC"].update(better="up"), "parameters.FVC.better", "higher"),
    ],
)
def test_a_wrong_study_file_names_the_field(folder, change, column, words):
    edit_study(folder, change)
    (problem,) = problems_of(folder)
    assert (problem.file, problem.column) == ("study.yml", column)
    assert words in problem.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s["primary"].update(population="everybody"), "population 'everybody'"),
        (lambda s: s["primary"].update(parameter="ALSFRS"), "'ALSFRS' is not listed"),
        (lambda s: s["biomarkers"]["association"].update(x="GDNF"), "'GDNF'"),
        (lambda s: s["published"]["comparisons"][0]["groups"].update(X=s["published"][
            "comparisons"][0]["groups"].pop("MSC")), "arm value 'X'"),
        (lambda s: s["arms"][1].update(label="Riluzole"), "stands twice"),
        (lambda s: s.update(provenance="observed"), "truth known"),
        (lambda s: s["later_trials"][0].update(arm="X"), "arm 'X' is not one of"),
        (lambda s: s["later_trials"][0]["outcomes"][0].update(arm="X"), "its arms are"),
    ],
)  # fmt: skip
def test_names_that_nothing_defines(folder, change, words):
    edit_study(folder, change)
    (problem,) = problems_of(folder)
    assert words in problem.message


@pytest.mark.parametrize(
    ("change", "file", "words"),
    [
        (lambda s: s["primary"].update(visits=[5]), "adqs.csv", "visit 5"),
        (lambda s: s["biomarkers"].update(visits=[9]), "adlb.csv", "visit 9"),
        (lambda s: s["arms"].append({"value": "X", "label": "X"}), "adsl.csv", "arm 'X'"),
        (lambda s: s["datasets"]["adqs"].update(records="AVAL >"), "study.yml", "not a query"),
        (lambda s: s["datasets"]["adqs"].update(records="AVAL == 0.1234"), "study.yml", "no row"),
    ],
)
def test_what_the_tables_do_not_hold(folder, change, file, words):
    edit_study(folder, change)
    found = problems_of(folder)
    assert any(p.file == file and words in p.message for p in found), found


def test_yaml_that_does_not_parse(folder):
    (folder / "study.yml").write_text("title: [unclosed")
    (problem,) = problems_of(folder)
    assert "not readable YAML" in problem.message


def test_records_choose_among_rows(folder):
    def twice(table):
        copies = table[table["PARAMCD"] == "ALSFRSR"].assign(DTYPE="LOCF")
        return pd.concat([table.assign(DTYPE=""), copies])

    before = load_study(folder).records("ALSFRSR")["AVAL"].sum()
    edit_table(folder, "adqs", twice)
    edit_study(folder, lambda s: s["datasets"]["adqs"].update(records="DTYPE != 'LOCF'"))
    assert load_study(folder).records("ALSFRSR")["AVAL"].sum() == before
