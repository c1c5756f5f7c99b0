"""What is said of one trial alone, from the study's own folder: templates that only read."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alsutils.study.config import StudyConfig
from alsutils.study.errors import Problem
from alsutils.study.paths import inside

FOLDER, ENDING = "story", ".md"
_MOST_BYTES = 1_000_000
_PLACE = re.compile(r"^# (.+)$", re.MULTILINE)
_REFUSED = (
    *(nodes.For, nodes.Macro, nodes.CallBlock, nodes.FilterBlock, nodes.Call, nodes.Include),
    *(nodes.Import, nodes.FromImport, nodes.Extends, nodes.Mul, nodes.Pow, nodes.Mod),
)
_FILTERS = {"abs", "capitalize", "default", "first", "int", "join", "last", "length", "lower"}
_FILTERS |= {"round", "title", "trim", "upper"}
_DIRECTIVE = re.compile(r"(?:```+|~~~+|:::+)\s*\{([^}\n]*)\}")
_ROLE = re.compile(r"\{([\w:+.-]+)\}`")
_HTML = re.compile(r"<(?!https?://)[A-Za-z!/?]")
# What loads no file and runs nothing; all else of MyST is for the book's own pages.
_DIRECTIVES = {"admonition", "attention", "caution", "danger", "dropdown", "epigraph", "hint"}
_DIRECTIVES |= {"important", "list-table", "margin", "math", "note", "seealso", "sidebar", "table"}
_DIRECTIVES |= {"tip", "topic", "warning"}
_ROLES = {"abbr", "cite", "cite:p", "cite:t", "doc", "eq", "math", "ref", "sub", "sup", "term"}


class StoryError(ValueError):
    """A story that cannot be told."""


def tell(folder: Path, config: StudyConfig, chapter: str, place: str) -> str:
    """Give what a study's story says at one place of a chapter.

    Parameters
    ----------
    folder : Path
        The study's folder; it may hold ``story/<chapter>.md``.
    config : StudyConfig
        What the story may quote: ``{{ published }}``, ``{{ design }}`` and the labels of
        ``{{ arms }}``.
    chapter, place : str
        E.g. ``"primary"`` and ``"question"``, a top-level heading of the file.

    Returns
    -------
    str
        MyST Markdown; empty where the study tells no story there.

    Raises
    ------
    StoryError
        If the file leads out of the folder or is no text, or the template asks for what study.yml
        does not have, or does more than quote it.
    """
    try:
        return _told(_places(folder, chapter).get(place, ""), config)
    except StoryError as error:
        raise StoryError(f"{FOLDER}/{chapter}{ENDING}, place {place!r}: {error}") from error


def check_stories(folder: Path, config: StudyConfig) -> Iterator[Problem]:
    """Find the places of a study's stories that cannot be told.

    Parameters
    ----------
    folder : Path
        The study's folder.
    config : StudyConfig
        What its stories may quote.

    Yields
    ------
    Problem
        One for each file or place.
    """
    for path in sorted((folder / FOLDER).glob(f"*{ENDING}")):
        name = f"{FOLDER}/{path.name}"
        try:
            places = _places(folder, path.stem)
        except StoryError as error:
            yield Problem(name, str(error))
            continue
        for place, text in places.items():
            try:
                _told(text, config)
            except StoryError as error:
                yield Problem(name, str(error), column=place)


def _places(folder: Path, chapter: str) -> dict[str, str]:
    """Read a chapter's story, place by place."""
    path = inside(folder, f"{FOLDER}/{chapter}{ENDING}")
    if path is None:
        raise StoryError("is a link that leads out of the study's folder; copy the file into it")
    if not path.is_file():
        return {}
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise StoryError(f"has more than {_MOST_BYTES:,} bytes; a story is a few paragraphs")
        parts = _PLACE.split(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise StoryError("is not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise StoryError(f"cannot be read: {error.strerror or error}") from error
    return dict(zip((part.strip() for part in parts[1::2]), parts[2::2], strict=True))


def _told(text: str, config: StudyConfig) -> str:
    environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)
    known: dict[str, Any] = {
        "published": config.published,
        "arms": tuple(arm.label for arm in config.arms),
        "design": config.design,
    }
    try:
        parsed = environment.parse(text)
        filters = {node.name for node in parsed.find_all(nodes.Filter)}
        if next(parsed.find_all(_REFUSED), None) is not None or not filters <= _FILTERS:
            raise StoryError("a story may quote study.yml and ask with if, but not repeat or load")
        told = environment.from_string(text).render(known).strip()
    except (jinja2.TemplateError, ArithmeticError, TypeError, ValueError, LookupError) as error:
        if isinstance(error, StoryError):
            raise
        raise StoryError(f"does not fit study.yml: {error}") from error
    _refuse_what_acts(told)
    return told


def _refuse_what_acts(text: str) -> None:
    """Let a story be words, formulas, notes and citations: no HTML, nothing that loads files."""
    # Code is no exception: where it begins and ends is for a parser to say.
    if found := _HTML.search(text):
        near = text[found.start() : found.start() + 20].split("\n")[0]
        raise StoryError(f"holds HTML ({near!r}); write it in Markdown, or &lt; for a sign")
    named = {name.strip() for name in _DIRECTIVE.findall(text)} - _DIRECTIVES
    named |= set(_ROLE.findall(text)) - _ROLES
    if named:
        raise StoryError(
            f"uses {{{sorted(named)[0]}}}; a story may use {', '.join(sorted(_DIRECTIVES))}, and "
            f"within a line {', '.join(sorted(_ROLES))}"
        )
