"""Hostile words come out as words: in sentences, tables, charts and the files beside them."""

import csv
import io
import json
import re

import altair as alt
import nbformat
import pandas as pd
import pytest

from alsutils.book.exports import ExportedTable, slug_of
from alsutils.book.results import collect_rows
from alsutils.display import Figure, Prose, tables
from alsutils.display import format as fmt
from alsutils.study.text import plain
from tests.hostile.pages import acting_html, acting_markdown, read_html, read_markdown
from tests.hostile.texts import LONG, PAYLOADS, ROOT, write_hostile
from tests.trials.runner import run_chapters

by_payload = pytest.mark.parametrize("payload", PAYLOADS, ids=lambda p: ascii(p)[:20])
WORDS = [plain(payload).strip() for payload in PAYLOADS]  # as a study's labels come in
by_word = pytest.mark.parametrize("word", WORDS, ids=lambda w: ascii(w)[:20])
CHAPTERS = ("index", "safety")  # those that show most of a study's own words
STUDY = ROOT / "data" / "oh2018"


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What two chapters show of a study of which every word is hostile."""
    folder = write_hostile(STUDY, tmp_path_factory.mktemp("hostile") / "study")
    run = run_chapters(folder, CHAPTERS)
    assert run.failures == ()
    return run.shown


def without_marks(text: str) -> str:
    """Take a sentence's own marks and its spaces out."""
    text = re.sub(r"^- |\*\*|\{cite:p\}`[\w-]+`", "", text, flags=re.MULTILINE)
    return "".join(text.split())


def test_sentences_say_the_words_and_nothing_acts(shown):
    prose = [s for s in shown if s.kind == "Prose" and not s.what.myst]
    assert len(prose) > 20
    for place in prose:
        text = place.what._repr_mimebundle_()["text/markdown"]
        assert acting_markdown(text) == [], place.place
        assert read_markdown(text) == without_marks(place.what.text), place.place


def test_tables_and_diagrams_hold_the_words_and_nothing_acts(shown):
    pages = [s for s in shown if s.html]
    assert len(pages) > 10
    for place in pages:
        assert acting_html(place.html) == [], place.place
    assert any("alert(" in place.html for place in pages)


def test_the_study_reached_the_page_with_every_payload(shown):
    text = "\n".join(place.text for place in shown)
    assert [p for p in PAYLOADS if p != LONG and plain(p) not in text] == []


@by_word
def test_a_sentence_shows_what_was_typed(word):
    texts = [word, f"- **{word}**: and {word}.", f"{word}\n- {word}", f"**{word}.** {word}"]
    for text in texts:
        written = Prose(text)._repr_mimebundle_()["text/markdown"]
        assert acting_markdown(written) == []
        assert read_markdown(written) == without_marks(text)


def test_what_acts_is_seen():
    assert acting_markdown("a <b>c</b>")
    assert acting_markdown("[a](b)")
    assert acting_markdown("{{ a }}")
    assert acting_markdown("```{include} a\n```")
    assert acting_markdown("{cite:t}`a`")
    assert acting_markdown("$a$")
    assert acting_html('<img src="x">')
    assert acting_html("<script>a</script>")
    assert acting_html('<p onclick="a">')
    assert acting_html('<a href="javascript:a">')
    assert acting_html("<iframe></iframe>")


@pytest.fixture(scope="module")
def laid():
    frame = pd.DataFrame({"group": WORDS, "word": WORDS, "n": "1", "other": "2"})
    labels = {"word": " ".join(WORDS[:4]), "n": WORDS[8], "other": WORDS[9]}
    spans = {WORDS[8] + WORDS[0]: ["n", "other"]}
    return tables.table(frame, WORDS[1], labels, group="group", spanners=spans, notes=WORDS)


def test_a_table_shows_what_was_typed(laid):
    text = laid.to_html()
    assert acting_html(text) == []
    assert "\n\n" not in text
    read = read_html(text)
    for word in WORDS:
        assert word in read  # as a note
        assert read.count(fmt.shortened(word, tables.LONGEST)) >= 2


def test_a_chart_carries_what_was_typed():
    words = WORDS[:-1]  # drawing the long one takes long
    frame = pd.DataFrame({"word": words, "n": range(len(words))})
    x = alt.X("n:Q", title=words[0])
    y = alt.Y("word:N", title=words[3], sort=words)
    chart = alt.Chart(frame, title=words[8]).mark_bar().encode(x, y, tooltip=["word:N"])
    text = Figure(chart, words[1], words[2]).to_html()
    assert acting_html(text) == []
    # The element must end at its own end: nothing within may open or close a script.
    [spec] = re.findall(r'<script type="application/json">(.*?)</script>', text, re.S)
    assert "<" not in spec
    (data,) = json.loads(spec)["datasets"].values()
    assert [row["word"] for row in data] == words


def test_spreadsheets_see_text_and_numbers(laid):
    table = ExportedTable(laid.name, slug_of(laid.name), laid.sheet)
    header, *rows = csv.reader(io.StringIO(table.to_csv()))
    assert len(rows) == len(PAYLOADS)
    for row in (header, *rows):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row)
    assert rows[0][2:] == ["1", "2"]
    assert [row[1].lstrip("'") for row in rows] == [" ".join(word.split()) for word in WORDS]
    document = table.to_rtf()
    assert document.isascii()
    assert document.count("{") - document.count("\\{") == document.count("}") - document.count(
        "\\}"
    )


@by_payload
def test_file_names_are_plain(payload):
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", slug_of(payload))


@pytest.mark.parametrize("name", ["CON", "nul", "Lpt1", "com9!", "治療", ""])
def test_file_names_are_no_devices(name):
    assert slug_of(name).startswith("table")


def test_results_are_text_and_numbers():
    output = Prose(
        "a", pd.DataFrame({"analysis": ["t"], "endpoint": [WORDS[12]], "estimate": [-1.5]})
    )
    data = output._repr_mimebundle_()
    cell = nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", data=data)])
    [row] = collect_rows(nbformat.v4.new_notebook(cells=[cell]))
    assert f"'{WORDS[12]}" in row
    assert "-1.5" in row


def test_a_line_begins_with_words():
    for start in ("+ a", "1. a", "2) a", "= a", ": a", "% a", "(a)=", "# a", "> a", "    a"):
        text = fmt.markdown(start)
        assert acting_markdown(text) == []
        assert read_markdown(text) == "".join(start.split())
