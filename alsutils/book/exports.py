"""Every table of a page as a file that a spreadsheet or a word processor opens."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alsutils.display import TABLE_MIME, Sheet
from alsutils.display import format as fmt

FOLDER = "tables"
_SLUG_LENGTH = 60
_FIGURE = re.compile(r"[-−]?\d[\d,]*(\.\d+)?")
# Any of these may part cells, by the reader's country; in quotes they do not.
_PARTING = re.compile('[,;\t"\r\n]')
# Windows keeps these names for devices, whatever the ending.
_DEVICES = re.compile("con|prn|aux|nul|(com|lpt)[0-9]")
_LANDSCAPE_FROM = 6  # columns
_WIDEST, _NARROWEST = 40, 6  # letters that decide the width of a column
_INDENT = 3 * "\\u160?"  # spaces that no line breaks at, before rows under a head


@dataclass(frozen=True)
class ExportedTable:
    """A table of a page, and what its files are called.

    Attributes
    ----------
    name : str
        Its title.
    slug : str
        Stem of the file names, each once on a page.
    sheet : Sheet
        Its cells.
    """

    name: str
    slug: str
    sheet: Sheet

    def to_csv(self) -> str:
        """Write the cells as CSV.

        The first row holds the headings, each with the one above it; groups fill a column of their
        own. Numbers are written as such. Text that a spreadsheet would take for a formula gets an
        apostrophe in front, which makes it text.
        """
        sheet = self.sheet
        pairs = zip(sheet.spanners, sheet.headings, strict=True)
        heads = [f"{over}: {head}" if over else head for over, head in pairs]
        own = [sheet.group_label] if sheet.groups else []
        lines = [_line(map(fmt.spreadsheet_text, (*own, *heads)))]
        for i, row in enumerate(sheet.rows):
            group = [sheet.groups[i]] if sheet.groups else []
            lines.append(_line([*map(fmt.spreadsheet_text, group), *map(_cell, row)]))
        return "".join(lines)

    def to_rtf(self) -> str:
        """Write the table as RTF: title, headings, rows and notes, in ASCII throughout."""
        import polars as pl
        import rtflite as rtf

        sheet = self.sheet
        lines = list(_lines(sheet))
        columns = {f"c{k}": [line[k] for line in lines] for k in range(len(sheet.headings))}
        widths = _widths(sheet)
        sides = ["r" if figure else "l" for figure in sheet.figures]
        wide = len(sheet.headings) >= _LANDSCAPE_FROM
        document = rtf.RTFDocument(
            df=pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)),
            rtf_page=rtf.RTFPage(orientation="landscape" if wide else "portrait"),
            rtf_title=rtf.RTFTitle(text=[_rtf(self.name)], text_convert=False),
            rtf_column_header=_headers(sheet, widths, sides),
            rtf_body=rtf.RTFBody(
                col_rel_width=widths,
                text_justification=sides,
                text_convert=False,
            ),
            rtf_footnote=rtf.RTFFootnote(
                text=[_rtf(note) for note in sheet.notes], as_table=False, text_convert=False
            )
            if sheet.notes
            else None,
        )
        return str(document.rtf_encode())


def find_tables(notebook: Any) -> list[tuple[Any, ExportedTable]]:
    """Find the tables that an executed notebook shows.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        An executed notebook.

    Returns
    -------
    list of (output, ExportedTable)
        In the order of the page, each with the output that shows it.
    """
    found: list[tuple[Any, ExportedTable]] = []
    taken: set[str] = set()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            content = output.get("data", {}).get(TABLE_MIME)
            if content is None:
                continue
            # A notebook read from a file gives lists for tuples.
            content = dict(json.loads(content) if isinstance(content, str) else content)
            name = content.pop("name")
            slug = _free(slug_of(name), taken)
            taken.add(slug)
            content["rows"] = [tuple(row) for row in content["rows"]]
            found.append((output, ExportedTable(name, slug, Sheet(**content))))
    return found


def write_tables(notebook: Any, folder: Path) -> list[str]:
    """Write each table of a page as CSV and as RTF.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        An executed notebook.
    folder : Path
        Where to; made if there is a table at all.

    Returns
    -------
    list of str
        The file names.
    """
    names = []
    for _, table in find_tables(notebook):
        folder.mkdir(parents=True, exist_ok=True)
        # The mark in front tells a spreadsheet that the file is in UTF-8.
        (folder / f"{table.slug}.csv").write_bytes(table.to_csv().encode("utf-8-sig"))
        (folder / f"{table.slug}.rtf").write_bytes(table.to_rtf().encode("ascii"))
        names += [f"{table.slug}.csv", f"{table.slug}.rtf"]
    return names


def slug_of(name: str) -> str:
    """Turn a title into a file name of plain letters.

    Examples
    --------
    >>> slug_of("Difference from Riluzole, percentage points")
    'difference-from-riluzole-percentage-points'
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(words) > _SLUG_LENGTH:
        words = words[:_SLUG_LENGTH].rpartition("-")[0] or words[:_SLUG_LENGTH]
    if not words or _DEVICES.fullmatch(words):
        return f"table-{words}".strip("-")
    return words


def _free(slug: str, taken: set[str]) -> str:
    if slug not in taken:
        return slug
    number = 2
    while f"{slug}-{number}" in taken:
        number += 1
    return f"{slug}-{number}"


def _cell(words: str) -> str:
    """Write a cell: a lone number as a number, nothing for what is missing, else text."""
    if words == fmt.MISSING:
        return ""
    if _FIGURE.fullmatch(words):
        return words.replace("−", "-").replace(",", "")
    return fmt.spreadsheet_text(words)


def _line(cells: Iterable[str]) -> str:
    """Write a row, in quotes what any country's spreadsheet might part."""
    quoted = (
        '"' + cell.replace('"', '""') + '"' if _PARTING.search(cell) else cell for cell in cells
    )
    # A row of one empty cell would else be an empty line, which is none.
    return (",".join(quoted) or '""') + "\n"


def _rtf(words: str) -> str:
    """Escape text for RTF: its control characters, and all that is not ASCII as UTF-16 units."""
    out = []
    for character in fmt.on_one_line(words):
        if character in "\\{}":
            out.append(f"\\{character}")
        elif character.isascii():
            out.append(character)
        else:
            units = character.encode("utf-16-le")
            for i in range(0, len(units), 2):
                unit = int.from_bytes(units[i : i + 2], "little", signed=True)
                out.append(f"\\u{unit}?")
    return "".join(out)


def _lines(sheet: Sheet) -> Iterator[list[str]]:
    """Yield the rows of the document in RTF: heads in bold, the rows under them set in."""
    last, nested = None, any(sheet.levels)
    for i, row in enumerate(sheet.rows):
        cells = [_rtf(cell) for cell in row]
        if nested and not sheet.levels[i]:
            yield [f"\\b {cell}\\b0 " for cell in cells]
            continue
        if sheet.groups and not nested and sheet.groups[i] != last:
            last = sheet.groups[i]
            yield [f"\\b {_rtf(last)}\\b0 ", *[""] * (len(row) - 1)]
        indent = _INDENT if sheet.groups else ""
        yield [f"{indent}{cells[0]}", *cells[1:]]


def _headers(sheet: Sheet, widths: Sequence[float], sides: Sequence[str]) -> list[Any]:
    """Give the rows of headings, that over several columns first."""
    import rtflite as rtf

    own = rtf.RTFColumnHeader(
        text=[_rtf(head) for head in sheet.headings],
        col_rel_width=list(widths),
        text_justification=list(sides),
        text_convert=False,
    )
    if not any(sheet.spanners):
        return [own]
    spans: list[tuple[str, float]] = []
    for over, width in zip(sheet.spanners, widths, strict=True):
        if spans and over and spans[-1][0] == over:
            spans[-1] = (over, spans[-1][1] + width)
        else:
            spans.append((over, width))
    above = rtf.RTFColumnHeader(
        text=[_rtf(over) for over, _ in spans],
        col_rel_width=[width for _, width in spans],
        text_convert=False,
    )
    return [above, own]


def _widths(sheet: Sheet) -> list[float]:
    """Share the page by the longest cell of each column, within bounds."""
    widths = []
    for k, head in enumerate(sheet.headings):
        longest = max([len(word) for word in head.split()] + [len(row[k]) for row in sheet.rows])
        widths.append(float(min(max(longest, _NARROWEST), _WIDEST)))
    return widths
