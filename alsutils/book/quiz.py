"""The answers of a quick question, as its author writes them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ANSWER = re.compile(r"^- \(([ x])\) (.+)$")


@dataclass(frozen=True)
class Answer:
    """One answer to choose.

    Attributes
    ----------
    text : str
        The answer, in Markdown.
    is_right : bool
        Whether it is the right one.
    feedback : str
        What is said to whoever chooses it, in Markdown.
    """

    text: str
    is_right: bool
    feedback: str


def read_answers(lines: list[str]) -> list[Answer]:
    """Read the answers of a question.

    Parameters
    ----------
    lines : list of str
        ``- ( ) wrong answer`` or ``- (x) right answer``, each followed by its feedback, indented.

    Returns
    -------
    list of Answer
        Two or more, one of them right, each with feedback.

    Raises
    ------
    ValueError
        If that is not so.
    """
    answers: list[Answer] = []
    for start, group in _grouped(lines):
        feedback = " ".join(line.strip() for line in group if line.strip())
        if not feedback:
            raise ValueError(f"the answer {start[2]!r} has no feedback; indent it below the answer")
        answers.append(Answer(start[2].strip(), start[1] == "x", feedback))
    if len(answers) < 2 or sum(answer.is_right for answer in answers) != 1:
        raise ValueError("a question needs two or more answers, `- ( )`, and one right, `- (x)`")
    return answers


def _grouped(lines: list[str]) -> Iterator[tuple[re.Match[str], list[str]]]:
    """Yield each answer's first line with the lines below it."""
    start: re.Match[str] | None = None
    group: list[str] = []
    for line in lines:
        found = _ANSWER.match(line)
        if found is None and (start is None or (line.strip() and not line.startswith("  "))):
            if line.strip():
                raise ValueError(f"{line.strip()!r} is neither an answer nor indented below one")
        elif found is None:
            group.append(line)
        else:
            if start is not None:
                yield start, group
            start, group = found, []
    if start is not None:
        yield start, group
