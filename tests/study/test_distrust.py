"""A study folder may come from anybody: nothing in it runs, leaves the folder or hangs."""

import contextlib
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.study import StudyError, load_study
from alsutils.study.document import DEEPEST, MOST_BYTES, DocumentError, read_document
from alsutils.study.paths import inside

TWIN = Path(__file__).parents[2] / "data" / "oh2018"


STUDY = """\
title: A trial of a few
short_title: A trial
description: Two arms, one score.
provenance: synthetic
arms: [{value: RIL, label: Control}, {value: MSC, label: Active}]
populations: {all: {flag: ITTFL, label: All patients}}
time: {unit: month, baseline: 0}
datasets: {adsl: {file: adsl.csv}, adqs: {file: adqs.csv}, adae: {file: adae.csv}}
parameters: {SCORE: {dataset: adqs, label: Score, better: higher, range: [0, 48]}}
primary: {parameter: SCORE, visits: [4], population: all}
adverse_events: {population: all}
world: {label: nothing helps, truth: truth.csv}
"""
ADSL = "USUBJID,TRT01P,ITTFL\nS1,RIL,Y\nS2,RIL,Y\nS3,MSC,Y\nS4,MSC,Y\n"
ADQS = "USUBJID,PARAMCD,AVISITN,AVAL,BASE,CHG,DTYPE\n" + "".join(
    f"S{i},SCORE,4,{30 + i},32,{i - 2},\n" for i in (1, 2, 3, 4)
)
ADAE = "USUBJID,AEDECOD,AEBODSYS,AESER,AESEV,AEREL,ASTDY\n" + "".join(
    f"S{i},Headache,Nervous system,N,MILD,NONE,{i}\n" for i in (1, 2, 3, 4)
)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "trial"
    (folder / "story").mkdir(parents=True)
    (folder / "story" / "primary.md").write_text("# question\n\n{{ arms[0] }}?\n")
    (folder / "truth.csv").write_text("USUBJID,AVISITN,BLINDED,SHAM\nS1,4,30,31\n")
    (folder / "study.yml").write_text(STUDY)
    for name, text in (("adsl", ADSL), ("adqs", ADQS), ("adae", ADAE)):
        (folder / f"{name}.csv").write_text(text)
    return folder


def edit_study(folder, change):
    path = folder / "study.yml"
    content = yaml.safe_load(path.read_text())
    change(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True))


def replace_in_study(folder, old, new):
    path = folder / "study.yml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def problems_of(folder):
    with pytest.raises(StudyError) as caught:
        load_study(folder)
    return caught.value.problems


def document(tmp_path, text):
    path = tmp_path / "study.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return read_document(path)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("a: [", "not readable YAML", None),
        ("a: 1\nb: 2\na: 3\n", "'a' stands twice (line 1 too)", 3),
        ("b:\n  - {x: 1, y: 2, x: 3}\n", "'x' stands twice", 2),
        ("? [1, 2]\n: 3\n", "must be a word", 1),
        ("a: !!python/object/apply:os.system ['true']\n", "could not determine a constructor", 1),
        ("a: !!python/name:os.system\n", "could not determine a constructor", 1),
        (BOMB, "aliases repeat", None),
        ("a: &a [*a]\n", "stands within itself", 1),
        ("[" * 5000, f"more than {DEEPEST} levels", 1),
        ("a: " + "{b: " * 100 + "1" + "}" * 100, f"more than {DEEPEST} levels", 1),
        ("- 1\n" * 60_000, "more than a description", None),
        ("a: 1\n#" + " " * MOST_BYTES, "at most 1,000,000", None),
        (b"a: \xff\xfe\n", "not UTF-8", 1),
        ("a: \x00\n", "not readable YAML", None),
        ("a: 2020-13-45\n", "not readable YAML", None),
        ("a: 1\n--- \nb: 2\n", "single document", 2),
        ("a: *nowhere\n", "undefined alias", 1),
        ("a: " + "9" * 5000, "not readable YAML", None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_document_that_is_not_to_be_read(tmp_path, text, words, line):
    with pytest.raises(DocumentError) as caught:
        document(tmp_path, text)
    assert words in str(caught.value)
    if line is not None:
        assert caught.value.line == line


def test_keys_are_texts_as_they_are_written(tmp_path):
    content = document(tmp_path, "levels: {NO: No, yes: Yes, 01: One, 1.50: x, ~: y}\n").content
    assert list(content["levels"]) == ["NO", "yes", "01", "1.50", "~"]


def test_anchors_and_merges_may_be_used(tmp_path):
    content = document(tmp_path, "a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: *a\n").content
    assert content == {"a": {"x": 1}, "b": {"x": 1, "y": 2}, "c": {"x": 1}}


def test_values_are_found_in_the_file(tmp_path):
    found = document(tmp_path, 'a:\n  - b: NO\n    c: "NO"\n')
    assert found.line(("a", 0, "b")) == 2
    assert found.line(("a", 0, "missing")) == 2
    assert found.written(("a", 0, "b")) == "NO"
    assert found.written(("a", 0, "c")) is None
    assert found.written(("a", 0, "missing")) is None


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab:-[]{},&*!|>'\"#?%@ \n\t0~<"), max_size=60))
def test_any_text_is_a_document_or_refused(tmp_path_factory, text):
    with contextlib.suppress(DocumentError):
        document(tmp_path_factory.mktemp("yaml"), text)


def test_the_twin_reads_as_yaml_does(tmp_path):
    path = TWIN / "study.yml"
    assert read_document(path).content == yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("old", "new", "words", "written"),
    [
        ("{value: RIL,", "{value: NO,", 'put it in quotes: "NO"', "NO"),
        ("{value: RIL,", "{value: 007,", 'put it in quotes: "007"', "007"),
        ("{value: RIL,", "{value: 12:30,", 'put it in quotes: "12:30"', "12:30"),
        ("short_title: A trial", "short_title: true", "put it in quotes", "true"),
    ],
)
def test_words_that_yaml_takes_for_others_are_told(folder, old, new, words, written):
    replace_in_study(folder, old, new)
    (problem,) = problems_of(folder)
    assert words in problem.message
    assert problem.value == written
    lines = (folder / "study.yml").read_text("utf-8").splitlines()
    assert new.split(",", maxsplit=1)[0] in lines[problem.row - 1]


def test_a_problem_of_study_yml_has_its_line(folder):
    replace_in_study(folder, "better: higher, range: [0, 48]", "better: up, range: [0, 48]")
    (problem,) = problems_of(folder)
    lines = (folder / "study.yml").read_text("utf-8").splitlines()
    assert "better: up" in lines[problem.row - 1]


@pytest.mark.parametrize("text", ["", "[]", "just words", "3", "# nothing"])
def test_a_document_without_fields_is_told(folder, text):
    (folder / "study.yml").write_text(text)
    (problem,) = problems_of(folder)
    assert "must hold fields" in problem.message


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf"])
def test_numbers_that_are_none_are_refused(folder, number):
    replace_in_study(folder, "time: {unit: month, baseline: 0}",
                     f"time: {{unit: month, baseline: {number}}}")  # fmt: skip
    (problem,) = problems_of(folder)
    assert problem.column == "time.baseline"
    assert "finite" in problem.message


OUTSIDE = ["../secret.csv", "/etc/passwd", "a/../../secret.csv", "..", ".", "a\\..\\b.csv"]


@pytest.mark.parametrize("name", [*OUTSIDE, "x\0y", ""])
def test_what_is_no_name_of_a_file_within_is_none(tmp_path, name):
    assert inside(tmp_path, name) is None


@pytest.mark.parametrize("name", OUTSIDE)
def test_names_that_leave_the_folder_are_refused(folder, name):
    edit_study(folder, lambda s: s["datasets"]["adae"].update(file=name))
    (problem,) = problems_of(folder)
    assert problem.column == "datasets.adae.file"
    assert "within the study's folder" in problem.message


def test_links_that_leave_the_folder_are_refused(folder, tmp_path):
    shutil.move(folder / "adae.csv", tmp_path / "adae.csv")
    (folder / "adae.csv").symlink_to(tmp_path / "adae.csv")
    (problem,) = problems_of(folder)
    assert problem.column == "datasets.adae.file"
    (folder / "adae.csv").unlink()
    (folder / "adae.csv").symlink_to("adae.csv")  # to itself
    assert problems_of(folder)


def test_a_link_found_by_its_stem_may_not_leave_either(folder, tmp_path):
    shutil.move(folder / "adae.csv", tmp_path / "adae.csv")
    (folder / "adae.csv").symlink_to(tmp_path / "adae.csv")
    edit_study(folder, lambda s: s["datasets"]["adae"].update(file="adae"))
    (problem,) = problems_of(folder)
    assert "leads out" in problem.message


def test_links_and_folders_within_are_fine(folder):
    (folder / "tables").mkdir()
    shutil.move(folder / "adae.csv", folder / "tables" / "adae.csv")
    (folder / "adqs2.csv").symlink_to("adqs.csv")

    def change(content):
        content["datasets"]["adae"]["file"] = "tables/adae.csv"
        content["datasets"]["adqs"]["file"] = "adqs2.csv"

    edit_study(folder, change)
    assert len(load_study(folder).events())


def test_a_linked_study_yml_is_refused(folder, tmp_path):
    shutil.move(folder / "study.yml", tmp_path / "study.yml")
    (folder / "study.yml").symlink_to(tmp_path / "study.yml")
    (problem,) = problems_of(folder)
    assert "leads out" in problem.message


def test_a_name_that_is_too_long_is_no_file(folder):
    edit_study(folder, lambda s: s["datasets"]["adae"].update(file="x" * 5000 + ".csv"))
    (problem,) = problems_of(folder)
    assert len(str(problem)) < 1000 or problem.file.startswith("xxx")


@pytest.mark.parametrize("name", ["adae.csv", "adae"])
def test_a_table_in_two_formats_is_an_error_that_names_both(folder, name):
    pd.read_csv(folder / "adae.csv").to_parquet(folder / "ADAE.parquet")
    edit_study(folder, lambda s: s["datasets"]["adae"].update(file=name))
    (problem,) = problems_of(folder)
    assert "ADAE.parquet and adae.csv" in problem.message


def test_the_ending_may_be_left_out(folder):
    edit_study(folder, lambda s: s["datasets"]["adae"].update(file="adae"))
    assert len(load_study(folder).events())


def test_a_name_in_another_case_is_hinted_at(folder):
    shutil.move(folder / "adae.csv", folder / "ADAE.CSV")
    (problem,) = problems_of(folder)
    assert "it has ADAE.CSV" in problem.message


@pytest.mark.parametrize(
    ("block", "query", "words"),
    [
        ("records", "__import__('os').system('touch owned')", "may be called"),
        ("records", "@open('owned', 'w')", "not a query"),
        ("records", "BASELINE > 1", "no column BASELINE"),
        ("observed", "DTYPE.map(print).isna()", "may be called"),
        ("observed", "BASELINE > 1", "no column BASELINE"),
        ("observed", "AVAL > 1000", "leaves no row of SCORE"),
    ],
)
def test_queries_are_checked_with_the_study(folder, monkeypatch, block, query, words):
    monkeypatch.chdir(folder)

    def change(content):
        place = content["datasets"]["adqs"] if block == "records" else content["primary"]
        place[block] = query

    edit_study(folder, change)
    problem = problems_of(folder)[0]
    assert problem.file == "study.yml"
    assert problem.column.endswith(block)
    assert words in problem.message
    assert not (folder / "owned").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ published.nonsense }}", "no attribute 'nonsense'"),
        ("{{ arms.__class__.__mro__ }}", "unsafe"),
        ("{{ published.__init__.__globals__ }}", "unsafe"),
        ("{% for i in range(9) %}x{% endfor %}", "not repeat"),
        ("{{ 'x' * 1000000000 }}", "not repeat"),
        ("{{ 9 ** 999999999 }}", "not repeat"),
        ("{% include 'x' %}", "not repeat"),
        ("{{ unclosed", "does not fit"),
        ("{{ 1 / 0 }}", "does not fit"),
        ("{{ 'x'.ljust(1000000000) }}", "not repeat"),
        ("{{ 'x'|center(1000000000) }}", "not repeat"),
        ("{{ '%1000000000d' % 1 }}", "not repeat"),
        ("<script>alert(1)</script>", "holds HTML"),
        ("{{ '<' }}img src=x onerror=alert(1)>", "holds HTML"),
        ("`\n` <iframe src=x> `", "holds HTML"),
        ("```{include} /etc/passwd\n```", "{include}"),
        ("> ````{note}\n> ```{literalinclude} /etc/passwd\n> ```", "{literalinclude}"),
        ("::: {eval-rst}\n.. include:: /etc/passwd\n:::", "{eval-rst}"),
        ("See {download}`/etc/passwd`.", "{download}"),
    ],
)
def test_a_story_only_reads(folder, text, words):
    (folder / "story" / "primary.md").write_text(f"# question\n\n{text}\n")
    (problem,) = problems_of(folder)
    assert (problem.file, problem.column) == ("story/primary.md", "question")
    assert words in problem.message


def test_a_story_stays_in_the_folder_and_is_text(folder, tmp_path):
    (tmp_path / "secret.md").write_text("# question\n\nsecret\n")
    (folder / "story" / "primary.md").unlink()
    (folder / "story" / "primary.md").symlink_to(tmp_path / "secret.md")
    (folder / "story" / "design.md").write_bytes(b"# question\n\n\xff\n")
    link, text = sorted(problems_of(folder), key=lambda p: p.file, reverse=True)
    assert "leads out" in link.message
    assert "not UTF-8" in text.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("USUBJID,AVISITN,BLINDED\nA,1,2\n", "SHAM"),
        ("USUBJID,AVISITN,BLINDED,SHAM\nA,1,2,many\n", "numbers only"),
        ("USUBJID,AVISITN,BLINDED,SHAM\nA,1\n", "fields"),
    ],
)
def test_a_truth_that_cannot_be_read_is_told(folder, text, words):
    (folder / "truth.csv").write_text(text)
    (problem,) = problems_of(folder)
    assert problem.file == "truth.csv"
    assert words in problem.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_table_without_permission_is_told(folder):
    (folder / "adae.csv").chmod(0)
    (problem,) = problems_of(folder)
    assert "permissions" in problem.message


def test_a_visit_that_stands_twice_is_told(folder):
    edit_study(folder, lambda content: content["primary"].update(visits=[4, 6, 4]))
    assert any("4 stands twice" in problem.message for problem in problems_of(folder))


def test_a_table_that_is_a_pipe_is_told(folder):
    (folder / "adsl.csv").unlink()
    os.mkfifo(folder / "adsl.csv")
    assert any("is a pipe" in problem.message for problem in problems_of(folder))


def test_a_broken_row_of_a_table_is_named(folder):
    path = folder / "adae.csv"
    lines = path.read_text("utf-8").splitlines()
    lines[3] += ",one more"
    path.write_text("\n".join(lines), "utf-8")
    (problem,) = problems_of(folder)
    assert (problem.file, problem.row) == ("adae.csv", 4)
    assert "8 fields where the header has 7" in problem.message


def test_long_values_are_cut_in_messages(folder):
    path = folder / "adsl.csv"
    path.write_text(path.read_text("utf-8").replace(",RIL,", f",{'x' * 10_000},", 1), "utf-8")
    (problem,) = problems_of(folder)
    assert "10,000 characters" in problem.value
    assert len(str(problem)) < 400
