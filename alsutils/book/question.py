"""A directive for a quick question: each answer unfolds what is to be said to it.

An answer is a ``details`` element, so the questions need no script, answer to the keyboard, and
are all there in print.
"""

from docutils import nodes  # type: ignore[import-untyped]
from docutils.statemachine import StringList  # type: ignore[import-untyped]
from sphinx.util.docutils import SphinxDirective

from alsutils.book.quiz import read_answers

_RIGHT, _WRONG = "✓ Right.", "✗ Not quite."


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
