"""The notebook that a student works in."""

import json
from typing import Any

from alsutils.classroom.questions import Question
from alsutils.classroom.roster import Student
from alsutils.study import Study

ANSWERS_FILE = "answers.csv"
NOTEBOOK_FILE = "handout.ipynb"
_SET_UP = """import pandas as pd

from alsutils import load_study

study = load_study(".")
answers = {}
study.subjects().head()"""
_HAND_IN = f"""handed_in = pd.Series(answers, name="answer").rename_axis("question")
handed_in.to_csv("{ANSWERS_FILE}")
handed_in.to_frame()"""


def handout(student: Student, study: Study, asked: tuple[Question, ...]) -> str:
    """Write a student's notebook.

    Parameters
    ----------
    student : Student
        Whose it is.
    study : Study
        The student's trial.
    asked : tuple of Question
        The questions; their answers are not in the notebook.

    Returns
    -------
    str
        An .ipynb file, the same for the same input.
    """
    cells = [("markdown", _opening(student, study)), ("code", _SET_UP)]
    chapter = None
    for question in asked:
        if question.chapter != chapter:
            chapter = question.chapter
            cells.append(("markdown", f"## {chapter.capitalize()}"))
        cells.append(("markdown", f"**{question.id}.** {question.text} {_form(question)}".strip()))
        cells.append(("code", f'answers["{question.id}"] = None'))
    cells.append(("markdown", f"## Hand in\n\nThis writes `{ANSWERS_FILE}`. Hand in that file."))
    cells.append(("code", _HAND_IN))
    notebook = {
        "cells": [_cell(i, *cell) for i, cell in enumerate(cells, start=1)],
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _opening(student: Student, study: Study) -> str:
    tables = ", ".join(f"`{name}`" for name in study.tables)
    return f"""# A trial of your own

For {_plain(student.name)}. Nobody else has these patients. They were invented: whether the
treatment works in this trial is known to your teacher alone, and you can only tell from the data.

{study.arms[1]} is compared with {study.control}. The tables are {tables}; `study.tables["adsl"]`
is one row a patient. `study.subjects()`, `study.records("{study.primary.parameter}")`,
`study.events()` and `study.times(study.config.time_to_event[0])` select from them and bring the arm
along. Use whatever software you like: the files lie beside this notebook.

Put each answer in its place, run the last cell, and hand in `{ANSWERS_FILE}`."""


def _form(question: Question) -> str:
    """Say what the answer must look like."""
    if question.choices:
        return f"(Answer {' or '.join(f'`{c}`' for c in question.choices)}.)"
    if question.decimals:
        return f"({question.decimals} {'decimal' if question.decimals == 1 else 'decimals'}.)"
    return "(A whole number.)"


def _plain(name: str) -> str:
    """Write a name so that it comes out as text, whatever is in it."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]<>()#+-.!|~$&" else c for c in name)


def _cell(number: int, kind: str, text: str) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": f"cell-{number}",
        "metadata": {},
        "source": text.splitlines(keepends=True),
    }
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
