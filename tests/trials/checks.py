"""What must not be on the pages of any trial but the one that it is true of."""

import re
from collections.abc import Iterator

from alsutils.display import Figure, Prose, Table
from tests.trials.runner import Run, Shown, titles
from tests.trials.shapes import Shape

# Words that belong to the default study and to its disease.
FOREIGN = re.compile(
    r"\b(ALS|A?ALSFRS\S*|AALS|FVC|SF-36|Oh et al|Oh KW|oh2018|stem cells?|lenzumestrocel|MSC|"
    r"riluzole|inject\w*|intrathecal|spinal|bulbar|tracheostomy|Ann Neurol|ALSUMMIT|NCT\d+|"
    r"King's|MiToS|TGF\S*|MCP-1|motor neuron\w*)\b",
    re.IGNORECASE,
)
_CASED = re.compile(r"\bALS\b")
NOT_WORDS = re.compile(r"\b(nan|NaN|NaT|None(?! [a-z])|inf|Infinity|NA|undefined|null)\b|<NA>")
SLIPS = re.compile(r"(?<=\S)  +(?=\S)|(?<!\.)\.\.(?!\.)|\s[,;.](?:\s|$)|\(\)|,,|;;|\b(\w+) \1\b")
MINUS_ZERO = re.compile(r"[-−]0(?:\.0+)?(?![\d.,])")
CODE = re.compile(r"^[A-Z][A-Z0-9]{3,}$|_|^[a-z]{2,}$")  # of a column, where a title is missing
NO_VALUE = re.compile(  # a sentence that was made around a number that is not there
    r"\b(?:was|is|are|by|of|to|at|than|from|and) –|\(–|– (?:points|percentage|times|patients|to)\b"
)
PARTS = re.compile(r"\w\[T?\.|\[T\.|\bC\(|\w+Error\b")  # of a formula or a program
TWO_ARMS = re.compile(r"\b(both arms|the two arms|either arm|the other arm)\b", re.IGNORECASE)
# Dates have months, and rates are counted per patient-month, whatever the unit of visits.
MONTHS = re.compile(r"(?<!calendar )(?<!That )(?<!End of )(?<!atient-)\bmonths?\b")
_TWICE = {"that", "had"}


def complaints(shape: Shape, run: Run) -> list[str]:
    """Find what no page of a trial may show.

    Parameters
    ----------
    shape : Shape
        What the trial is like.
    run : Run
        Its chapters.

    Returns
    -------
    list of str
        One a finding, with its place.
    """
    found = [f"FAILS {f.place}\n  {f.error}\n  {f.trace}" for f in run.failures]
    found += [f"WARNS {line}" for line in run.noise]
    for shown in run.shown:
        found += [f"{words} | {shown.place}" for words in _of_one(shape, shown)]
    told = {f"{s.chapter}, {s.section}" for s in run.shown if s.text.strip()}
    if not run.failures:
        found += [f"EMPTY section {name}" for name in run.sections if name not in told]
    return list(dict.fromkeys(found))


def _of_one(shape: Shape, shown: Shown) -> Iterator[str]:
    """Find what is wrong in one figure, table or text."""
    for found in FOREIGN.finditer(shown.text):
        if found.group().upper() != "ALS" or _CASED.match(found.group()):
            yield f"FOREIGN {_around(found)}"
    for line in _sentences(shown):
        for found in NO_VALUE.finditer(line):
            yield f"NO VALUE {_around(found)}"
    for line in _lines(shown):
        for pattern, name in ((NOT_WORDS, "NO WORD"), (MINUS_ZERO, "MINUS ZERO")):
            for found in pattern.finditer(line):
                yield f"{name} {_around(found)}"
        for found in SLIPS.finditer(line):
            word = found.group(1)
            if word is None or (word.isalpha() and word not in _TWICE):
                yield f"SLIP {_around(found)}"
        for found in PARTS.finditer(line):
            yield f"CODE {_around(found)}"
        if shape.unit != "month" and not _of_simulation(shown):
            for found in MONTHS.finditer(line):
                yield f"UNIT {_around(found)}"
        if len(shape.arms) > 2:
            for found in TWO_ARMS.finditer(line):
                yield f"ARMS {_around(found)}"
    for title in dict.fromkeys(titles(shown.spec)):
        if CODE.search(title):
            yield f"TITLE {title!r}"


def _of_simulation(shown: Shown) -> bool:
    """Tell whether something is about the book's own invented example, which counts in months."""
    return "trap" in shown.source or "invented" in shown.source or "leaving" in shown.source


def _lines(shown: Shown) -> Iterator[str]:
    """Yield the texts that stand by themselves: sentences, cells, titles."""
    if isinstance(shown.what, Figure):
        yield shown.what.description
        yield shown.what.caption
        yield from titles(shown.spec)
        yield from shown.text.splitlines()[2:]
    elif isinstance(shown.what, Prose):
        yield from shown.text.splitlines()
    elif isinstance(shown.what, Table):
        sheet = shown.what.sheet
        yield shown.what.name
        for row in (sheet.headings, sheet.spanners, *sheet.rows, sheet.groups, sheet.notes):
            yield from row
    else:
        yield from (line.strip() for line in shown.text.splitlines())


def _sentences(shown: Shown) -> Iterator[str]:
    """Yield what is written as sentences: of a figure its description and caption."""
    if isinstance(shown.what, Figure):
        yield shown.what.description
        yield shown.what.caption
    elif isinstance(shown.what, Prose):
        yield from shown.text.splitlines()


def _around(found: re.Match[str], width: int = 50) -> str:
    """Quote a finding with what stands about it."""
    start, end = max(found.start() - width, 0), found.end() + width
    return repr(found.string[start:end])
