"""`alsbook check`: a table of datasets, problems and warnings, for people and for machines."""

import io
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from alsutils.book.checking import CheckReport, DatasetFacts, check_study, print_datasets

TWIN = Path(__file__).parents[2] / "data" / "oh2018"
FIELDS = {"ok", "study", "title", "provenance", "facts", "datasets", "book", "problems", "warnings"}


@pytest.fixture
def study(small_book):
    return small_book / "study"


def break_a_value(study):
    path = study / "adqs.csv"
    table = pd.read_csv(path, dtype=str)
    table.loc[2, "AVAL"] = "high"
    table.to_csv(path, index=False)


def as_json(result):
    assert result.stderr == ""
    return json.loads(result.stdout)


def test_the_table_names_what_each_dataset_holds(run, study):
    lines = run("check", study).stdout.splitlines()
    assert lines[0].split() == ["Role", "File", "Rows", "Subjects", "Parameters", "Visits"]
    assert lines[2].split() == ["adqs", "adqs.csv", "12", "12", "1", "8"]


def test_rows_that_records_leaves_out_are_counted(run, study):
    path = study / "study.yml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("file: adqs.csv", "file: adqs.csv, records: AVAL > 25"), "utf-8")
    kept = as_json(run("check", study, "--json"))["datasets"][1]["rows_kept"]
    assert 0 < kept < 12
    assert f"{kept} of 12" in run("check", study).stdout


def test_json_has_all_of_a_good_study(run, study):
    result = run("check", "--json", study)
    assert result.exit_code == 0
    report = as_json(result)
    assert set(report) == FIELDS
    assert report["ok"]
    assert (report["title"], report["provenance"]) == ("A small trial", "synthetic")
    assert report["datasets"][1] == {
        "role": "adqs",
        "file": "adqs.csv",
        "rows": 12,
        "rows_kept": 12,
        "subjects": 12,
        "parameters": ["SCORE"],
        "visits": [8.0],
    }
    chapters = {section["chapter"]: section for section in report["book"]}
    assert not chapters["safety"]["complete"]
    assert "adverse_events" in chapters["safety"]["lacks"]
    assert report["problems"] == []


def test_json_has_all_of_a_bad_study(run, study):
    break_a_value(study)
    result = run("check", "--json", study)
    assert result.exit_code == 2
    report = as_json(result)
    assert set(report) == FIELDS
    assert not report["ok"]
    assert report["book"] == []
    assert [d["role"] for d in report["datasets"]] == ["adsl", "adqs"]
    [problem] = report["problems"]
    assert problem == {
        "file": "adqs.csv",
        "row": 4,
        "column": "AVAL",
        "value": "high",
        "message": "must be a number",
    }


@pytest.mark.parametrize("damage", ["no folder", "no study.yml", "broken study.yml"])
def test_json_where_nothing_can_be_read(damage, run, study):
    if damage == "no folder":
        study = study / "nowhere"
    elif damage == "no study.yml":
        (study / "study.yml").unlink()
    else:
        (study / "study.yml").write_text("arms: [", "utf-8")
    result = run("check", "--json", study)
    assert result.exit_code == 2
    report = as_json(result)
    assert set(report) == FIELDS
    assert len(report["problems"]) == 1


def test_warnings_are_told_and_fail_nothing(run, study):
    path = study / "adsl.csv"
    table = pd.read_csv(path, dtype=str)
    table["TRT01A"] = ["A", *table["TRT01P"][1:]]
    table.to_csv(path, index=False)
    result = run("check", study)
    assert result.exit_code == 0
    [warning] = as_json(run("check", "--json", study))["warnings"]
    assert warning["rule"] == "arm_as_treated"
    assert (warning["row"], warning["records"], warning["subjects"]) == (2, 1, 1)
    assert "Warning: adsl.csv, row 2, TRT01A" in result.stdout


def test_nothing_is_written(run, study):
    before = {p: p.read_bytes() for p in study.rglob("*")}
    run("check", study)
    run("check", "--json", study)
    assert {p: p.read_bytes() for p in study.rglob("*")} == before


def test_each_file_is_read_once(monkeypatch, study):
    from alsutils.study import loading

    read = []
    monkeypatch.setattr(
        loading, "read_file", lambda path, text, own=loading.read_file: (read.append(path.name),
                                                                         own(path, text))[1]
    )  # fmt: skip
    check_study(study)
    assert sorted(read) == ["adqs.csv", "adsl.csv"]


def test_a_counterpart_that_is_broken_is_told(run, tmp_path):
    for name, other in (("one", "two"), ("two", "one")):
        shutil.copytree(TWIN, tmp_path / name)
        path = tmp_path / name / "study.yml"
        text = path.read_text("utf-8")
        path.write_text(text.replace("../oh2018-no-effect", f"../{other}"), "utf-8")
    (tmp_path / "two" / "adae.csv").unlink()
    report = as_json(run("check", "--json", tmp_path / "one"))
    assert [problem["file"] for problem in report["problems"]] == ["../two/adae.csv"]
    assert not report["ok"]


def shown(width, terminal, visits=tuple(range(40))):
    facts = DatasetFacts("adqs", "[b]adqs[/b].csv", 1200, 1100, 12, ("A", "B"), visits)
    report = CheckReport("x", None, None, (facts,), None, (), ())
    out = io.StringIO()
    print_datasets(report, Console(file=out, width=width, force_terminal=terminal))
    return out.getvalue()


def test_a_narrow_terminal_gets_lines():
    text = shown(40, terminal=True)
    assert "adqs ([b]adqs[/b].csv): rows 1,100 of" in text
    assert "Role" not in text


def test_a_pipe_gets_no_colour():
    text = shown(120, terminal=False)
    assert "\x1b" not in text
    assert "[b]adqs[/b].csv" in text


def test_the_table_fits_its_terminal():
    assert max(map(len, shown(80, terminal=False).splitlines())) <= 80
