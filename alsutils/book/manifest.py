"""What a book was made of and what came out, hashed, in ``manifest.json`` and on a page."""

import hashlib
import json
import platform
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import alsutils
from alsutils.book import cache as caching
from alsutils.book.chapters import Book, Page
from alsutils.book.reach import Reach
from alsutils.study import Study
from alsutils.study.world import counterpart_folder

NAME = "manifest.json"
PAGE = "chapters/guide/made"
_SHOWN = 16  # digits of a hash on the page
_PACKAGES = (
    "numpy", "pandas", "scipy", "statsmodels", "lifelines", "formulaic", "altair",
    "vl-convert-python", "great-tables", "papermill", "jupyter-book",
)  # fmt: skip
_SEED = re.compile(r"^_?[A-Z_]*SEED\s*(?::\s*[^=]+)?=\s*(\d[\d_]*)", re.MULTILINE)


def ingredients(book: Book, study: Study) -> dict[str, str]:
    """Hash what a book is made of.

    Parameters
    ----------
    book : Book
        The book's source.
    study : Study
        The study.

    Returns
    -------
    dict of str to str
        ``data`` (the study's folder and its counterpart's), ``chapters`` (the book's source),
        ``code`` (the package and the version of Python) and ``lock``.
    """
    other = counterpart_folder(study)
    return {
        "data": caching.fingerprint([study.folder, *([other] if other else [])]),
        "chapters": caching.book_fingerprint(book),
        "code": caching.package_fingerprint(),
        "lock": caching.fingerprint([book.folder / caching.LOCK]),
    }


def combined(parts: dict[str, str], others: Sequence[Path]) -> str:
    """Combine the hashes of a book's ingredients, and of other files that chapters name, to one."""
    text = json.dumps([parts, caching.fingerprint(others)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def seeds(reached: Reach) -> list[int]:
    """Find the seeds of random numbers that the code within a chapter's reach names."""
    texts = (file.read_text("utf-8") for file in reached.files if file.suffix == ".py")
    return sorted({int(found) for text in texts for found in _SEED.findall(text)})


def describe(
    study: Study,
    parts: dict[str, str],
    results: Path,
    chapters: dict[Page, tuple[str, Reach]],
) -> dict[str, Any]:
    """Describe a book by what is the same wherever it is made of the same.

    Parameters
    ----------
    study : Study
        The study.
    parts : dict of str to str
        Hashes of the ingredients.
    results : Path
        Folder of the files of results.
    chapters : dict of Page to (str, Reach)
        The executed pages, each with the key of its execution and the reach of its code.

    Returns
    -------
    dict
        Ready to be written as JSON.
    """
    described = {}
    for page, (key, reached) in chapters.items():
        file = results / f"{page.short_name}.csv"
        entry: dict[str, Any] = {"execution": key, "seeds": seeds(reached)}
        if file.is_file():
            entry["results"] = {file.name: hashlib.sha256(file.read_bytes()).hexdigest()}
        described[page.name] = entry
    return {
        "study": {"title": study.config.title, "provenance": study.config.provenance},
        "hashes": parts,
        "versions": {"python": platform.python_version(), **_versions()},
        "chapters": described,
    }


def _versions() -> dict[str, str]:
    found = {alsutils.__name__: ""}
    for name in (alsutils.__name__, *_PACKAGES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found.pop(name, None)
    return found


def page_text(manifest: dict[str, Any]) -> str:
    """Write the page on how the book was made, in MyST Markdown."""
    hashes, versions = manifest["hashes"], manifest["versions"]
    names = {"data": "Data", "chapters": "Chapters", "code": "Code", "lock": "Lock of versions"}
    parts = [(words, f"`{hashes[key][:_SHOWN]}`") for key, words in names.items()]
    used = [(name, text) for name, text in versions.items()]
    rows = []
    for name, entry in manifest["chapters"].items():
        [(file, digest)] = entry.get("results", {"": ""}).items()
        seed = ", ".join(str(number) for number in entry["seeds"])
        seconds = f'<span data-seconds="{name}"></span>'
        shown = f"`{digest[:_SHOWN]}`" if file else ""
        rows.append((f"{{doc}}`/{name}`", seed, shown, seconds))
    return _PAGE.format(
        shown=_SHOWN,
        file=NAME,
        parts=_table(("Part", "SHA-256 begins"), parts),
        chapters=_table(("Page", "Seeds", "Results, SHA-256 begins", "Seconds"), rows),
        versions=_table(("Package", "Version"), used),
        script=f"{'../' * PAGE.count('/')}_static/{DURATIONS}",
    )


_PAGE = """\
# How this book was made

Every number in this book was computed when the book was built, from the data of the study, by the
code that the chapters show. Nothing was copied in by hand. Whoever has the same data and the same
code can make the book again and compare.

## The parts

A **hash** is a fingerprint of a file: the same content has the same hash, and the smallest change
gives another. If two books agree in the hashes below, they were made of the same. The first {shown}
digits are shown; `{file}` beside the site has all of them.

{parts}

## The pages

Where chance is needed, as in a simulation, it comes from random numbers that start at a fixed
**seed**. So the same numbers come again with each build, on any machine and in any number of
processes. The seeds are those in the code that a page can reach. The results of a page are all
estimates that it shows, with all their digits, in one file; the same data, code and versions give
the same file to the last byte. The seconds are those of the page's last execution on the machine
that made this book.

{chapters}

```{{downloads}}
```

<script defer src="{script}"></script>

## The versions

{versions}
"""

DURATIONS = "als-durations.js"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def durations_script(seconds: dict[str, float]) -> str:
    """Write the script that fills in the durations, which differ from build to build."""
    rounded = json.dumps({name: round(value, 1) for name, value in seconds.items()})
    return (
        f"const seconds = {rounded};\n"
        'for (const cell of document.querySelectorAll("[data-seconds]")) {\n'
        '  cell.textContent = seconds[cell.dataset.seconds] ?? "";\n'
        "}\n"
    )


def read(folder: Path) -> dict[str, Any]:
    """Read the manifest of the last build; an empty one where there is none that can be read."""
    try:
        content = json.loads((folder / NAME).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write(manifest: dict[str, Any], folder: Path) -> None:
    """Write the manifest."""
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / NAME).write_text(f"{text}\n", "utf-8")
