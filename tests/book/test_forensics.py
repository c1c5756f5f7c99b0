"""``alsbook forensics``: a printed table in YAML, what it says, and its errors."""

import pytest
from typer.testing import CliRunner

from alsutils.book.cli import app
from alsutils.book.errors import BookError
from alsutils.book.forensics import check_file, report

TABLE = """
title: A table
means:
  - row: Score at week 8
    whole: true
    treated: {n: 28, mean: 5.18, sd: 2}
    control: {n: 28, mean: 5.19, sd: 2.1}
    difference: -0.01
    p: "0.98"
counts:
  - row: Responders
    treated: {count: 11, of: 28, percent: 39.3}
    control: {count: 9, of: 28, percent: 32.1}
    p: "0.58"
    digits: 1
totals:
  - {row: Left, parts: [3, 2], total: 5}
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.yml"
    path.write_text(TABLE)
    return path


def test_a_table_is_checked_and_leaves_with_0(table):
    checks = check_file(table)
    wrong = checks.frame[~checks.frame["agrees"]]
    assert wrong["check"].tolist() == ["mean of whole numbers, control"]
    result = CliRunner().invoke(app, ["forensics", str(table)], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert f"{len(checks.frame) - 1} of {len(checks.frame)} checks add up" in result.output
    assert "harmless reason" in result.output
    assert report(checks)["Verdict"].value_counts()["does not add up"] == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("means: [{row: a}]", "means.0.treated"),
        ("colour: red", "colour"),
        ("[1, 2]", "expected fields"),
        ("a: [", "cannot be read"),
        (
            "counts: [{row: a, treated: {count: 5, of: 4}, control: {count: 1, of: 3}}]",
            "impossible",
        ),
        ('means: [{row: a, treated: {n: 3, mean: 1}, control: {n: 3, mean: 1}, p: "n.s."}]', "p:"),
    ],
)
def test_errors_name_the_place(tmp_path, text, words):
    path = tmp_path / "bad.yml"
    path.write_text(text)
    with pytest.raises(BookError, match=words):
        check_file(path)
    assert CliRunner().invoke(app, ["forensics", str(path)]).exit_code == 2


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BookError, match=r"none\.yml"):
        check_file(tmp_path / "none.yml")
