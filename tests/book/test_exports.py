"""Tables as files: read back as they were shown, and harmless whatever stands in them."""

import io
import json
import re

import nbformat.v4 as nb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.book.exports import ExportedTable, find_tables, slug_of, write_tables
from alsutils.display import TABLE_MIME, tables

HOSTILE = [
    "<script>alert(1)</script>",
    'She said "no", twice; {braces} and \\par \\\'e9 \\u9731?',
    '=HYPERLINK("http://x")',
    "+1-1",
    "@SUM(A1)",
    "-2+3|cmd",
    "\t=1+1",
    "אירוע לוואי",
    "発熱 α β – −",
    "🤕 and a nul \x00 and\na new line",
]
FORMULA = ("=", "+", "-", "@", "\t", "\r")
SET_IN = 3 * "\u00a0"
DESTINATIONS = {"fonttbl", "colortbl", "stylesheet", "info"}


def notebook_with(*shown):
    outputs = [nb.new_output("display_data", t._repr_mimebundle_()) for t in shown]
    return nb.new_notebook(cells=[nb.new_code_cell("x", outputs=outputs)])


def exported(table):
    [(_, found)] = find_tables(notebook_with(table))
    return found


def read_csv(table):
    return pd.read_csv(io.StringIO(table.to_csv()), keep_default_na=False, dtype=str)


def plain(words):
    """Words as a file has them: on one line, without control characters."""
    return " ".join(words.split()).replace("\x00", "")


def read_rtf(text):
    """Read RTF by its grammar: the rows of each table as lists of cells, and the paragraphs.

    Groups, control words with their number and control symbols are told apart as the specification
    does (Microsoft, RTF 1.9.1); whatever is neither is text.
    """
    assert text.isascii()
    token = re.compile(r"\\([a-z]+)(-?\d+)? ?|\\([^a-z])|([{}])|([^\\{}\r\n]+)|[\r\n]+")
    rows, cells, paragraphs, units = [], [], [], []
    hidden, depth, skip = None, 0, 0

    def taken():
        nonlocal units
        words = b"".join(u.to_bytes(2, "little") for u in units).decode("utf-16-le")
        units = []
        return words

    for found in token.finditer(text):
        word, number, symbol, brace, letters = found.groups()
        if brace:
            depth += 1 if brace == "{" else -1
            assert depth >= 0
            if hidden is not None and depth < hidden:
                hidden = None
        elif hidden is not None:
            continue
        elif word in DESTINATIONS:
            hidden = depth
        elif word == "u":
            units.append(int(number) % 65536)
            skip = 1
        elif word == "cell":
            cells.append(taken())
        elif word == "row":
            rows.append(cells)
            cells = []
        elif word in ("par", "line"):
            paragraphs.append(taken())
        elif symbol:
            assert symbol in "\\{}", f"a control symbol that nobody wrote: {symbol}"
            units.append(ord(symbol))
        elif letters:
            units += [ord(c) for c in letters[skip:]]
            skip = 0
    assert depth == 0
    return rows, paragraphs


@pytest.fixture
def hostile():
    frame = pd.DataFrame({"term": HOSTILE, "n": [str(i) for i in range(len(HOSTILE))]})
    return exported(
        tables.table(
            frame,
            "Events {all} \\b",
            {"term": "Event", "n": "Patients"},
            spanners={"Arm {A} ≥ 3": ["n"]},
            notes=["Note \\par one", "– two"],
        )
    )


def test_hostile_words_come_out_of_csv_as_text(hostile):
    read = read_csv(hostile)
    for written, words in zip(read["Event"], HOSTILE, strict=True):
        assert not written.startswith(FORMULA)
        assert written.removeprefix("'") == plain(words)
    assert list(read.columns) == ["Event", "Arm {A} ≥ 3: Patients"]


def test_hostile_words_come_out_of_rtf_as_they_were(hostile):
    rows, paragraphs = read_rtf(hostile.to_rtf())
    assert rows[0] == ["", "Arm {A} ≥ 3"]
    assert rows[1] == ["Event", "Patients"]
    assert [cells[0] for cells in rows[2:]] == [plain(words) for words in HOSTILE]
    assert [cells[1] for cells in rows[2:]] == [str(i) for i in range(len(HOSTILE))]
    assert paragraphs == ["Events {all} \\b", "Note \\par one", "– two"]


@settings(deadline=None)
@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_any_words_are_read_back(words):
    sheet = tables.table(pd.DataFrame({"w": words}), "T", {"w": "W"}).sheet
    table = ExportedTable("T", "t", sheet)
    text = table.to_csv().encode("utf-8", "replace").decode()
    read = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, skip_blank_lines=False)
    assert len(read) == len(words)
    assert not read["W"].str.startswith(("=", "+", "@")).any()
    # A minus may only stand before a number.
    signed = read["W"].str.startswith("-")
    assert read.loc[signed, "W"].str.fullmatch(r"-\d+(\.\d+)?").all()
    rows, _ = read_rtf(table.to_rtf())
    assert len(rows) == len(words) + 1


def test_numbers_are_numbers_in_csv():
    cells = ["−1.25", "1,234", "–", "12 (38%)", "<0.001"]
    table = exported(tables.table(pd.DataFrame({"v": cells}), "T", {"v": "V"}))
    assert read_csv(table)["V"].tolist() == ["-1.25", "1234", "", "12 (38%)", "<0.001"]


def test_groups_and_heads_keep_their_rows():
    frame = pd.DataFrame(
        {"g": ["A", "A", "B"], "head": [None, "x", None], "w": ["x", "y", "z"], "n": ["1"] * 3}
    )
    labels = {"w": "Event", "n": "n"}
    grouped = exported(tables.table(frame, "T", labels, group="g"))
    assert read_csv(grouped)["Group"].tolist() == ["A", "A", "B"]
    first = [row[0] for row in read_rtf(grouped.to_rtf())[0]]
    assert first == ["Event", "A", SET_IN + "x", SET_IN + "y", "B", SET_IN + "z"]
    nested = exported(tables.table(frame, "T", labels, parent="head", group_label="Class"))
    assert read_csv(nested)["Class"].tolist() == ["x", "x", "z"]
    assert [row[0] for row in read_rtf(nested.to_rtf())[0]] == ["Event", "x", SET_IN + "y", "z"]
    assert nested.to_rtf().count(r"\b ") == 2 * 2


def test_files_are_named_once_and_written_the_same_again(tmp_path):
    frame = pd.DataFrame({"w": ["a"]})
    pages = notebook_with(*[tables.table(frame, "The same", {"w": "W"}) for _ in range(3)])
    names = write_tables(pages, tmp_path / "one")
    assert names[::2] == ["the-same.csv", "the-same-2.csv", "the-same-3.csv"]
    assert write_tables(pages, tmp_path / "two") == names
    for name in names:
        written = [(tmp_path / folder / name).read_bytes() for folder in ("one", "two")]
        assert written[0] == written[1]
    assert pd.read_csv(tmp_path / "one" / "the-same.csv")["W"].tolist() == ["a"]


def test_a_page_without_tables_makes_no_folder(tmp_path):
    assert write_tables(nb.new_notebook(), tmp_path / "none") == []
    assert not (tmp_path / "none").exists()


def test_a_table_may_come_as_text():
    table = tables.table(pd.DataFrame({"w": ["a"]}), "T", {"w": "W"})
    bundle = table._repr_mimebundle_()
    book = notebook_with(table)
    book.cells[0].outputs[0].data[TABLE_MIME] = json.dumps(bundle[TABLE_MIME])
    assert find_tables(book)[0][1] == exported(table)


@pytest.mark.parametrize("name", ["日本", "", "***"])
def test_a_title_without_letters_still_has_a_file_name(name):
    assert slug_of(name) == "table"


def test_marks_that_turn_the_writing_round_are_taken_out():
    shown = tables.table(pd.DataFrame({"w": ["a\u202eb", "\u2066c"]}), "T", {"w": "W"})
    assert shown.sheet.rows == (("ab",), ("c",))
    assert "\u202e" not in shown.to_html()
