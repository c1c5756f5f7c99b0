"""The words of a study: one line, one direction, nothing that acts."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.study.text import MOST_ACCENTS, plain, plain_content, plain_table


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("TGF-β1 (pg/mL) *", "TGF-β1 (pg/mL) *"),
        ("line\nbreak\ttab\u2028end", "line break tab end"),
        ("a\x00b\x1bc\x7f", "a␀b␛c␡"),
        ("\u202eabc\u202c \ufeffd", "abc d"),
        ("שלום \u200fx", "שלום \u200fx"),
        ("c1\x85next\x9b", "c1 next\ufffd"),
        ("half \ud800 pair", "half \ufffd pair"),
        ("👩\u200d🔬", "👩\u200d🔬"),
    ],
)
def test_text_is_shown_on_one_line_and_in_one_direction(typed, shown):
    assert plain(typed) == shown


def test_accents_do_not_pile_up():
    assert plain("z" + "\u0301" * 50) == "z" + "\u0301" * MOST_ACCENTS


@pytest.mark.parametrize("typed", ["**b**", "***", "- item", "{cite:p}`x`"])
def test_marks_of_the_books_sentences_are_parted_without_a_trace(typed):
    assert plain(typed).replace("\u2060", "") == typed
    assert plain(typed) != typed


@settings(deadline=None)
@given(st.text())
def test_plain_text_stays_as_it_is(text):
    once = plain(text)
    assert plain(once) == once
    once.encode()  # no half of a pair is left


def test_a_table_keeps_its_numbers_gaps_and_types():
    table = pd.DataFrame({"n": [1.5, None], "word": ["a\nb", None], "same": ["x", "y"]})
    before = table.copy()
    written = plain_table(table)
    assert written["word"].tolist()[0] == "a b"
    assert written["word"].isna().tolist() == [False, True]
    assert written.dtypes.equals(table.dtypes)
    pd.testing.assert_frame_equal(table, before)


def test_queries_of_study_yml_are_code_and_stay():
    content = {"label": " a\tb ", "records": 'A == "x\ty"', "visits": [1, 2.5], "k\n": None}
    written = {"label": "a b", "records": 'A == "x\ty"', "visits": [1, 2.5], "k": None}
    assert plain_content(content) == written
