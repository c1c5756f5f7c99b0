"""Folder names reach the notebooks as values, never as code."""

import ast

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from papermill.parameterize import parameterize_notebook

from alsutils.book.execute import Task, execute_all

NAMES = (
    "it's",
    '"quoted"',
    '"""',
    "'''",
    "back\\slash\\n",
    "new\nline",
    "sep\u2028para\u2029next\x85",
    "Größe µ 治療",
    "{x} {{ y }} %s $HOME `id`",
    "#; print(1)",
    "-rf",
    " blank ",
)
ODD = 'it\'s "a" """ \\n ü {x} $HOME %s\nline\u2028#; 1'


def notebook():
    """A page that keeps the path it was given and does nothing with it."""
    cell = nbformat.v4.new_code_cell('study_path = "study"', metadata={"tags": ["parameters"]})
    shown = nbformat.v4.new_code_cell("print(ascii(study_path))", metadata={"tags": []})
    about = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    return nbformat.v4.new_notebook(cells=[cell, shown], metadata=about)


def injected(value):
    """Give the statements that papermill writes for a path."""
    page = notebook()
    page.metadata["papermill"] = {}
    written = parameterize_notebook(page, {"study_path": value}, kernel_name="python3")
    return ast.parse(written.cells[1].source).body


@pytest.mark.parametrize("name", NAMES)
def test_a_folders_name_is_one_literal(name):
    [statement] = injected(name)
    assert ast.literal_eval(statement.value) == name


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="\0/"), min_size=1))
def test_any_name_is_one_literal(name):
    [statement] = injected(name)
    assert isinstance(statement.value, ast.Constant)
    assert statement.value.value == name


def test_an_odd_name_is_executed_as_it_is(tmp_path):
    done = {}
    task = Task("page", notebook(), tmp_path, {"study_path": ODD})
    assert execute_all([task], 1, lambda _: None, done.__setitem__) == []
    [output] = done["page"].notebook.cells[-1].outputs
    assert ast.literal_eval(output.text.strip()) == ODD


def test_a_book_is_built_from_and_into_odd_folders(write_study, small_book, run, tmp_path):
    study, out = write_study(tmp_path / ODD / "study"), tmp_path / f"{ODD}-out" / "_build"
    result = run("build", study, "--book", small_book, "--out", out, "--jobs", 2)
    assert result.exit_code == 0, result.output
    assert "A small trial" in (out / "html" / "index.html").read_text("utf-8")
    assert str(tmp_path) not in (out / "notebooks" / "index.ipynb").read_text("utf-8")
