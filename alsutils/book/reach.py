"""What a chapter's code can reach: modules of this package and files of the book."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import alsutils

PACKAGE = alsutils.__name__
ROOT = Path(alsutils.__file__).parent
_AT_RUN_TIME = re.compile(r"\b(import_module|__import__|run_path|run_module|exec|eval)\(")
_STATEMENT = re.compile(
    r"(?:^|[;:])[ \t]*((?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+(?:\([^)]*\)|(?:\\\n|[^\n;])+))",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Reach:
    """What the code of a chapter may rest on.

    Attributes
    ----------
    files : tuple of Path
        The package's files that it imports, directly or through others, wherever in a function
        the import stands, the modules beside the chapter, and the files and folders that a text
        in the code names.
    modules : tuple of str
        What its own imports from this package may mean: modules, or what stands in them.
    """

    files: tuple[Path, ...]
    modules: tuple[str, ...]


def reach(code: str, folder: Path) -> Reach:
    """Follow a chapter's imports.

    Parameters
    ----------
    code : str
        All code of a chapter.
    folder : Path
        Its working directory.

    Returns
    -------
    Reach
        Rather too much than too little: all of the package where the code is not plain Python or
        imports by names that are known when it runs only.
    """
    names, literals, is_plain = _read(code)
    if not is_plain:
        return Reach(tuple(_all_files(ROOT)), ())
    found: set[Path] = set()
    waiting = [file for name in names for file in _files(name, folder)]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _reached_from(file)
    found.update(folder / text for text in literals if _names_a_file(text, folder))
    own = tuple(name for name in names if name.partition(".")[0] == PACKAGE)
    return Reach(tuple(sorted(found)), own)


def forget() -> None:
    """Forget what files said: they may have changed since."""
    _reached_from.cache_clear()
    _files_below.cache_clear()


@cache
def _reached_from(file: Path) -> tuple[Path, ...]:
    """Give the files that a file of Python imports.

    Its statements of import alone are parsed, which takes a fiftieth of the time of all of it.
    Words of a comment that happen to read like one do no harm.
    """
    text = file.read_text("utf-8")
    if _AT_RUN_TIME.search(text):
        return tuple(_all_files(ROOT))
    names: dict[str, None] = {}
    for found in _STATEMENT.finditer(text):
        try:
            tree = ast.parse(found[1])
        except SyntaxError:  # words of a docstring
            continue
        names.update(dict.fromkeys(name for node in tree.body for name in _imported(node)))
    return tuple({path: None for name in names for path in _files(name, file.parent)})


def _read(code: str) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Give the modules that code imports, its texts, and whether that is all that it imports."""
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except SyntaxError:  # a command of IPython's own
        return (), (), False
    texts = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    names = dict.fromkeys(name for node in nodes for name in _imported(node))
    return tuple(names), tuple(sorted(texts)), not _AT_RUN_TIME.search(code)


def _imported(node: ast.AST) -> Iterator[str]:
    """Yield the dotted names that an import may mean: each may be a module or something in one."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files(name: str, folder: Path) -> tuple[Path, ...]:
    """Find the files that an import of a dotted name loads, those of the packages above it first.

    Modules of other packages have none.
    """
    inside = name.partition(".")[0] == PACKAGE
    return _files_below(name, ROOT.parent if inside else folder)


@cache
def _files_below(name: str, place: Path) -> tuple[Path, ...]:
    files = []
    for part in name.split("."):
        place = place / part
        file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if not file.is_file():
            break
        files.append(file)
    return tuple(files)


def _all_files(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.rglob("*.py")) if "book" not in path.parts[-3:-1])


def _names_a_file(text: str, folder: Path) -> bool:
    """Tell whether a text is the path of something that is not a folder around the chapter."""
    if not text.strip() or len(text) > 200 or "\0" in text or "\n" in text:
        return False
    path = (folder / text).resolve()
    try:
        return path.exists() and path != folder.resolve() and path not in folder.resolve().parents
    except OSError:
        return False
