"""A directive for a quick question: each answer unfolds what is to be said to it.

An answer is a ``details`` element, so the questions need no script, answer to the keyboard, and
are all there in print.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from docutils import nodes  # type: ignore[import-untyped]
from docutils.statemachine import StringList  # type: ignore[import-untyped]
from sphinx.util.docutils import SphinxDirective

_ANSWER = re.compile(r"^- \(([ x])\) (.+)$")
_RIGHT, _WRONG = "✓ Right.", "✗ Not quite."


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


class Question(SphinxDirective):
    """``{question}``: the question as its argument, the answers as its content."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Build the question."""
        try:
            answers = read_answers(list(self.content))
        except ValueError as error:
            raise self.error(f"question {self.arguments[0]!r}: {error}") from error
        # Details of one name close each other, so that one answer is open at a time.
        group = f"question-{self.env.new_serialno('question')}"
        asked = nodes.container(classes=["als-question"])
        asked += _html(f'<div role="group" aria-labelledby="{group}">')
        asked += _html(f'<p class="als-asked" id="{group}">')
        asked += self._inline(self.arguments[0])
        asked += _html("</p>")
        for answer in answers:
            kind = "right" if answer.is_right else "wrong"
            asked += _html(f'<details name="{group}" class="als-{kind}"><summary>')
            asked += self._inline(answer.text)
            asked += _html("</summary>")
            said = nodes.container(classes=["als-said"])
            said += nodes.strong(text=_RIGHT if answer.is_right else _WRONG)
            said += nodes.Text(" ")
            text = StringList([answer.feedback], source=self.get_source_info()[0])
            self.state.nested_parse(text, self.content_offset, said)
            asked += said
            asked += _html("</details>")
        asked += _html("</div>")
        return [asked]

    def _inline(self, text: str) -> nodes.Node:
        found, messages = self.state.inline_text(text, self.lineno)
        part = nodes.inline()
        part.extend([*found, *messages])
        return part


def _html(text: str) -> nodes.Node:
    return nodes.raw(text=text, format="html")
