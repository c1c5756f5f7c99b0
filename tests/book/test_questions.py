"""The quick questions at the end of each section of the chapters."""

import re
from pathlib import Path

import pytest

from alsutils.book.chapters import Page, read_notebook
from alsutils.book.quiz import read_answers

CHAPTERS = sorted((Path(__file__).parents[2] / "chapters").glob("0*.py"))
# Sections that teach no method of their own.
FRAME = {
    "The question",
    "What you will be able to do",
    "Data used",
    "What this does not show",
    "Key points",
    "Exercises",
    "References",
}
QUESTION = re.compile(r"^```\{question\} (.+?)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def text(path):
    cells = read_notebook(Page(path.stem, path)).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_section_that_teaches_ends_in_a_question(path):
    _, *sections = re.split(r"^## ", text(path), flags=re.MULTILINE)
    taught = {s.partition("\n")[0]: s for s in sections if s.partition("\n")[0] not in FRAME}
    assert len(taught) >= 7
    assert [
        title for title, section in taught.items() if not section.rstrip().endswith("```")
    ] == []
    assert [title for title, section in taught.items() if len(QUESTION.findall(section)) != 1] == []


def test_each_answer_is_told_something_and_the_right_one_has_no_place_of_its_own():
    places, asked = [], []
    for path in CHAPTERS:
        for question, content in QUESTION.findall(text(path)):
            answers = read_answers(content.splitlines())
            assert len(answers) == 3, question
            places.append(next(i for i, answer in enumerate(answers) if answer.is_right))
            asked.append(question)
    assert len(asked) == len(set(asked))
    assert all(places.count(place) > len(places) / 6 for place in range(3)), places
