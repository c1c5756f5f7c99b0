"""study.yml as a document: read without trust, with the line of every value."""

from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path

import yaml

MOST_BYTES, MOST_NODES, DEEPEST = 1_000_000, 50_000, 60
# Its events come one by one, whatever the depth; what builds nodes would go down with it.
_EVENTS = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class DocumentError(ValueError):
    """A study.yml that is not to be read.

    Parameters
    ----------
    message : str
        What is wrong and how to mend it.
    line : int or None
        Where.
    field : str or None
        The key that is to blame.
    """

    def __init__(self, message: str, line: int | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.line, self.field = line, field


class Document:
    """A YAML file's content, and where in the file it stands.

    Attributes
    ----------
    content : object
        Dictionaries, lists and plain values; keys are texts, as they are written.
    """

    def __init__(self, content: object, root: yaml.Node | None) -> None:
        self.content = content
        self._root = root

    def line(self, place: Sequence[object]) -> int | None:
        """Give the line of a value, or of the nearest thing around it.

        Parameters
        ----------
        place : sequence of str or int
            Keys and positions that lead to it.

        Returns
        -------
        int or None
            The line, the first being 1; None in an empty file.
        """
        node = self._nearest(place)[0]
        return None if node is None else int(node.start_mark.line) + 1

    def written(self, place: Sequence[object]) -> str | None:
        """Give a plain value as it is written in the file; None where it stands in quotes.

        Parameters
        ----------
        place : sequence of str or int
            Keys and positions that lead to it.

        Returns
        -------
        str or None
            Such as ``NO`` where YAML reads ``False``.
        """
        node, found = self._nearest(place)
        if not found or not isinstance(node, yaml.ScalarNode) or node.style is not None:
            return None
        return str(node.value)

    def _nearest(self, place: Sequence[object]) -> tuple[yaml.Node | None, bool]:
        node = self._root
        for step in place:
            below = _child(node, step)
            if below is None:
                return node, False
            node = below
        return node, True


def read_document(path: Path) -> Document:
    """Read a YAML file that may come from anybody.

    Parameters
    ----------
    path : Path
        The file: UTF-8, at most 1 MB, no deeper than 60 levels, with no key twice.

    Returns
    -------
    Document
        Its content.

    Raises
    ------
    DocumentError
        If it is not YAML or is more than a description of a study can need. Tags that would build
        other objects are refused.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise DocumentError(
                f"has {size:,} bytes, a description of a study at most {MOST_BYTES:,}; "
                "tables belong in files of their own"
            )
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = error.object.count(b"\n", 0, error.start) + 1
        raise DocumentError("is not UTF-8 text; save it as UTF-8", row) from error
    except OSError as error:
        raise DocumentError(f"cannot be read: {error.strerror or error}") from error
    try:
        _look_through(text)
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            if root is not None:
                _count(root, {}, ())
            content = None if root is None else loader.construct_document(root)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        parts = [getattr(error, name, None) for name in ("context", "problem")]
        said = ", ".join(part for part in parts if part) or " ".join(str(error).split())
        line = None if mark is None else mark.line + 1
        raise DocumentError(f"is not readable YAML: {said}", line) from error
    except (ValueError, OverflowError) as error:
        if isinstance(error, DocumentError):
            raise
        raise DocumentError(f"is not readable YAML: {error}") from error
    return Document(content, root)


class _Loader(yaml.SafeLoader):
    """A safe loader whose keys are texts, each once in its block."""

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, object]:
        own = [key for key, _ in node.value]
        _check_keys(own)
        self.flatten_mapping(node)
        return {
            str(key.value): self.construct_object(value, deep=deep) for key, value in node.value
        }


def _look_through(text: str) -> None:
    """Refuse a document that is too deep or too large, before anything is built of it."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_EVENTS)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            message = f"is nested more than {DEEPEST} levels deep; flatten it"
            raise DocumentError(message, _line(event))
        if count > MOST_NODES:
            message = "holds more than a description of a study can need"
            raise DocumentError(message, _line(event))


def _line(event: yaml.Event) -> int | None:
    return None if event.start_mark is None else event.start_mark.line + 1


def _count(node: yaml.Node, known: dict[int, int], around: tuple[int, ...]) -> int:
    """Count what a document holds once its aliases are written out."""
    if id(node) in around:
        raise DocumentError("an alias stands within itself", node.start_mark.line + 1)
    if id(node) not in known:
        inner = (*around, id(node))
        known[id(node)] = 1 + sum(_count(below, known, inner) for below in _below(node))
    if known[id(node)] > MOST_NODES:
        message = "its aliases repeat more than a description of a study can need"
        raise DocumentError(message, node.start_mark.line + 1)
    return known[id(node)]


def _below(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _check_keys(keys: Sequence[yaml.Node]) -> None:
    seen: dict[str, int] = {}
    for key in keys:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise DocumentError("a key must be a word, not a list or a block", line)
        if key.value in seen:
            message = f"key {key.value!r} stands twice (line {seen[key.value]} too); keep one"
            raise DocumentError(message, line, key.value)
        seen[key.value] = line


def _child(node: yaml.Node | None, step: object) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found: yaml.Node = node.value[step]
        return found
    return None
