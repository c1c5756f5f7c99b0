"""The parts of the pipeline by themselves: results, keys, pages, output folders, formulas."""

import json
from pathlib import Path

import nbformat.v4 as nb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alsutils.book import cache, extension
from alsutils.book.chapters import Page, find_book, read_notebook
from alsutils.book.errors import BookError, BuildError
from alsutils.book.execute import Executed
from alsutils.book.output import PRODUCTS, Output
from alsutils.book.reach import reach
from alsutils.book.results import collect_rows, write_rows
from alsutils.book.site import _entries, _for_the_page
from alsutils.display import RESULTS_MIME
from alsutils.stats.tidy import RESULT_COLUMNS


def notebook_with(*bundles):
    outputs = [nb.new_output("display_data", {RESULTS_MIME: bundle}) for bundle in bundles]
    return nb.new_notebook(cells=[nb.new_code_cell("x", outputs=outputs)])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_back_unchanged(value):
    [row] = collect_rows(notebook_with([{"analysis": "a", "estimate": value}]))
    assert float(row[RESULT_COLUMNS.index("estimate")]) == value


def test_rows_keep_their_order_and_stand_once(tmp_path):
    first, second = {"analysis": "b, with a comma"}, {"analysis": "a", "p_value": None}
    rows = collect_rows(notebook_with([first, second], [first]))
    write_rows(rows, tmp_path / "r.csv")
    lines = (tmp_path / "r.csv").read_bytes().decode().split("\n")
    assert lines[0] == ",".join(RESULT_COLUMNS)
    commas = "," * (len(RESULT_COLUMNS) - 1)
    assert lines[1:] == [f'"b, with a comma"{commas}', f"a{commas}", ""]


def test_rows_may_come_as_text():
    text = json.dumps([{"analysis": "a"}])
    assert collect_rows(notebook_with(text)) == collect_rows(notebook_with([{"analysis": "a"}]))


def test_an_unknown_column_is_named():
    with pytest.raises(BuildError, match="odd"):
        collect_rows(notebook_with([{"analysis": "a", "odd": 1}]))


def test_a_fingerprint_sees_content_and_names_but_not_the_place(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("text", "utf-8")
    same = cache.fingerprint([tmp_path / "one"])
    assert cache.fingerprint([tmp_path / "two"]) == same
    (tmp_path / "two" / "a.txt").rename(tmp_path / "two" / "b.txt")
    assert cache.fingerprint([tmp_path / "two"]) != same
    (tmp_path / "one" / "a.txt").write_text("tex", "utf-8")
    assert cache.fingerprint([tmp_path / "one"]) != same


def test_bytes_that_move_between_files_change_a_fingerprint(tmp_path):
    for name, parts in (("one", ("ab", "c")), ("two", ("a", "bc"))):
        (tmp_path / name).mkdir()
        for file, text in zip("xy", parts, strict=True):
            (tmp_path / name / file).write_text(text, "utf-8")
    assert cache.fingerprint([tmp_path / "one"]) != cache.fingerprint([tmp_path / "two"])


def key_of(*cells, folder="study", words="Words", data="data"):
    notebook = nb.new_notebook(cells=[nb.new_markdown_cell(words), *map(nb.new_code_cell, cells)])
    page = Page("a", Path("a.py"))
    given = {"study_path": folder}
    return cache.chapter_key(page, notebook, reach("\n".join(cells), Path()), given, data)


@pytest.mark.parametrize(
    ("cells", "options"),
    [(["x", "z"], {}), (["xy"], {}), (["x", "y"], {"folder": "b"}), (["x", "y"], {"data": "d"})],
)
def test_a_key_depends_on_code_parameters_and_data(cells, options):
    assert key_of(*cells, **options) != key_of("x", "y")


def test_a_key_does_not_depend_on_words():
    assert key_of("x", "y", words="Others") == key_of("x", "y")


def test_half_a_notebook_in_the_cache_is_ignored(tmp_path):
    store = cache.Cache(tmp_path)
    store.put("chapters/a", "key", Executed(nb.new_notebook(), 1.5))
    assert store.get("chapters/a", "key") == Executed(nb.new_notebook(), 1.5)
    [path] = tmp_path.iterdir()
    path.write_text(path.read_text("utf-8")[:20], "utf-8")
    assert store.get("chapters/a", "key") is None


def test_the_cache_keeps_one_notebook_a_page(tmp_path):
    store = cache.Cache(tmp_path)
    for key in ("k1", "k2"):
        store.put("a", key, Executed(nb.new_notebook(), 1.0))
    assert store.get("a", "k1") is None
    assert store.get("a", "k2") is not None


def test_pages_are_found_in_reading_order(small_book):
    book = find_book(small_book)
    assert [page.name for page in book.pages] == ["index", "chapters/01_first", "chapters/plain"]
    assert [page.short_name for page in book.pages] == ["index", "first", "plain"]
    assert [page.name for page in book.notebooks] == ["index", "chapters/01_first"]


def test_cells_have_the_same_names_each_time(small_book):
    page = Page("a", small_book / "chapters" / "01_first.py")
    assert read_notebook(page) == read_notebook(page)


def test_a_folder_of_builds_is_no_foreign_folder(tmp_path):
    pilot = Output(tmp_path / "out" / "pilot")
    pilot.prepare()
    Output(tmp_path / "out").prepare()
    (tmp_path / "out" / "look").mkdir()
    Output(tmp_path / "out")


def test_a_new_build_takes_the_place_of_the_last(tmp_path):
    output = Output(tmp_path / "out")
    output.prepare()
    for text in ("first", "second"):
        with output.staging() as work:
            for name in PRODUCTS:
                (work / name).mkdir()
                (work / name / f"{text}.txt").write_text(text, "utf-8")
            output.publish(work)
    left = sorted(p.relative_to(output.folder).as_posix() for p in output.folder.rglob("*.txt"))
    assert left == [f"{name}/second.txt" for name in sorted(PRODUCTS)]


@pytest.mark.skipif("os.getuid() == 0", reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(BookError, match="cannot be written"):
        Output(tmp_path / "out").prepare()


@pytest.mark.parametrize(
    ("tex", "character"),
    [
        (r"\boldsymbol\beta", "𝜷"),
        (r"\boldsymbol{\varepsilon}", "𝜺"),
        (r"\boldsymbol{\Sigma}", "𝚺"),
        (r"\boldsymbol{x}", "𝒙"),
    ],
)
def test_bold_symbols_are_characters(tex, character):
    assert extension._BOLD.sub(extension._bold, f"a + {tex} + c") == f"a + {character} + c"


def test_lines_are_aligned_only_where_there_are_several():
    assert extension._aligned("a = b") == "a = b"
    assert extension._aligned(r"a &= b \\ c &= d").startswith(r"\begin{aligned}")
    cases = r"\begin{cases} a \\ b \end{cases}"
    assert extension._aligned(cases) == cases


@pytest.mark.parametrize(
    ("source", "text", "kept"),
    [
        ("show(x)", "words", True),
        ("show(x)", "", False),
        ("show(x)", None, False),
        ("x = 1\nshow(x)", None, True),
        ("%matplotlib inline", None, True),
    ],
)
def test_a_cell_that_shows_nothing_is_not_on_the_page(source, text, kept):
    data = {"text/markdown": text}
    outputs = [] if text is None else [nb.new_output("display_data", data)]
    book = nb.new_notebook(cells=[nb.new_code_cell(source, outputs=outputs)])
    [cell] = _for_the_page(book, Page("chapters/01_a", Path("01_a.py"))).cells
    assert ("remove-cell" not in cell.metadata.get("tags", [])) == kept


def test_references_are_split_by_key(tmp_path):
    path = tmp_path / "a.bib"
    path.write_text("% note\n@article{one2000,\n a = {@}\n}\n\n@book{two, b = {c}}\n", "utf-8")
    assert list(_entries(path)) == ["one2000", "two"]
    assert _entries(tmp_path / "absent.bib") == {}
