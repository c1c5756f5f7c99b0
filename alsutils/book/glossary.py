"""Terms of the glossary explain themselves where a page first uses them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from docutils import nodes  # type: ignore[import-untyped]
from sphinx import addnodes
from sphinx.application import Sphinx

_NO_PROSE = (
    nodes.title,
    nodes.caption,
    nodes.literal,
    nodes.literal_block,
    nodes.reference,
    nodes.raw,
    nodes.term,
    nodes.math,
    nodes.comment,
    nodes.strong,
    nodes.citation,
    addnodes.pending_xref,
    addnodes.glossary,
    addnodes.toctree,
)


class explained_term(nodes.Inline, nodes.TextElement):  # noqa: N801
    """A word with its definition; nodes of documents have lower-case names."""


@dataclass(frozen=True)
class Term:
    """One term of the glossary.

    Attributes
    ----------
    words : str
        As the glossary writes it.
    definition : str
        As plain text.
    page, anchor : str
        Where the glossary has it.
    """

    words: str
    definition: str
    page: str
    anchor: str

    @property
    def pattern(self) -> str:
        """Match the term, singular or plural.

        Capitals count where there is one after the first letter, as in ITT.
        """
        words = re.escape(self.words)
        exact = any(letter.isupper() for letter in self.words[1:])
        return f"{words}s?" if exact else f"(?i:{words}s?)"


def setup(app: Sphinx) -> None:
    """Register the node, its script and the pass over each page."""
    app.add_node(explained_term, html=(_open, _close))
    app.connect("doctree-resolved", explain)
    app.connect("html-page-context", _load_script)


def explain(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Explain each term where the page's prose first has it.

    Parameters
    ----------
    app : Sphinx
        The builder.
    doctree : document
        The page; changed in place.
    page : str
        Its name. The glossary itself is left alone.
    """
    left = {term.words: term for term in _terms(app) if term.page != page}
    for text in list(doctree.findall(nodes.Text)):
        if left and _is_prose(text):
            parts = list(_explained(app, str(text), left, page))
            if len(parts) > 1:
                text.parent.replace(text, parts)


def _terms(app: Sphinx) -> list[Term]:
    """Read the terms off the glossaries of the book."""
    terms: list[Term] = []
    objects = app.env.get_domain("std").objects  # type: ignore[attr-defined]
    for page in sorted({page for (kind, _), (page, _) in objects.items() if kind == "term"}):
        for item in app.env.get_doctree(page).findall(nodes.definition_list_item):
            definition = item.next_node(nodes.definition)
            for term in item.findall(nodes.term):
                said = " ".join(definition.astext().split())
                terms.append(Term(term.astext(), said, page, term["ids"][0]))
    return terms


def _is_prose(text: nodes.Text) -> bool:
    parent, in_paragraph = text.parent, False
    while parent is not None:
        if isinstance(parent, _NO_PROSE):
            return False
        in_paragraph |= isinstance(parent, nodes.paragraph)
        parent = parent.parent
    return in_paragraph


def _explained(app: Sphinx, text: str, left: dict[str, Term], page: str) -> Iterator[nodes.Node]:
    """Yield the text in pieces, each term that is left as a link; it is left no more."""
    place = 0
    while left:
        terms = sorted(left.values(), key=lambda term: -len(term.words))
        choice = "|".join(f"({term.pattern})" for term in terms)
        found = re.compile(rf"(?<![\w-])(?:{choice})(?![\w-])").search(text, place)
        if found is None or found.lastindex is None:
            break
        term = terms[found.lastindex - 1]
        del left[term.words]
        if found.start() > place:
            yield nodes.Text(text[place : found.start()])
        link = f"{app.builder.get_relative_uri(page, term.page)}#{term.anchor}"
        yield explained_term("", found[0], href=link, definition=term.definition)
        place = found.end()
    yield nodes.Text(text[place:])


def _open(self: Any, node: explained_term) -> None:
    # The definition is an attribute, not text: it would be found by the search on every page.
    attributes = {"href": node["href"], "data-definition": node["definition"]}
    attributes["aria-description"] = node["definition"]
    self.body.append(self.starttag(node, "a", "", CLASS="als-term", **attributes))


def _close(self: Any, _node: explained_term) -> None:
    self.body.append("</a>")


def _load_script(
    app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: Any
) -> None:
    if 'class="als-term"' in context.get("body", ""):
        app.add_js_file("als-terms.js", loading_method="defer")
