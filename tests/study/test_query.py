"""Queries of study.yml say what pandas' queries say, and can do nothing else."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from alsutils.study.query import Query, QueryError, choose, parse

TABLE = pd.DataFrame(
    {
        "AVAL": [1.0, np.nan, 3.5, -2.0, 0.0, 3.5],
        "AVISITN": [0, 1, 2, 4, 8, 99],
        "DTYPE": pd.array(["LOCF", None, "", "WOCF", "LOCF", None], dtype="str"),
        "ANL01FL": pd.array(["Y", "Y", None, "N", "Y", "Y"], dtype="str"),
    }
)

SAID = [
    'ANL01FL == "Y"',
    "DTYPE != 'LOCF'",
    "AVISITN.notna() and AVISITN != 99",
    "AVAL.isna() or AVAL.isnull()",
    "not DTYPE.notnull()",
    '~(ANL01FL == "Y")',
    'ANL01FL == "Y" & AVISITN > 1',
    'ANL01FL == "Y" | AVISITN > 1',
    "0 < AVISITN <= 8",
    "AVISITN in [0, 2, 99]",
    "AVISITN not in (0, 2, 99)",
    'DTYPE in ["LOCF"]',
    'DTYPE not in ["LOCF", "WOCF"]',
    "AVISITN == [0, 4]",
    "AVISITN != [0, 4]",
    "AVAL * 2 + 1 > AVISITN / 2 - 1",
    "AVAL > -1.5",
    "-AVAL >= 2",
    'ANL01FL == "Y" and (AVISITN > 1 or DTYPE == "LOCF") and not AVAL > 3',
    'DTYPE == "and & or | not"',
    "AVAL > AVISITN",
]


@pytest.mark.parametrize("query", SAID)
def test_a_query_means_what_it_means_to_pandas(query):
    expected = TABLE.query(query, engine="python")
    pd.testing.assert_frame_equal(choose(TABLE, query), expected)


CONDITION = st.deferred(
    lambda: st.one_of(
        st.builds("{} {} {}".format, NUMBER, st.sampled_from(["==", "!=", "<", ">="]), NUMBER),
        st.builds("{} in {}".format, COLUMN, st.lists(st.integers(-3, 9), min_size=1)),
        st.builds("{}.isna()".format, COLUMN),
        st.builds("({}) {} ({})".format, CONDITION, st.sampled_from(["and", "or"]), CONDITION),
        st.builds("not ({})".format, CONDITION),
    )
)
COLUMN = st.sampled_from(["AVAL", "AVISITN"])
NUMBER = COLUMN | st.builds("({} {} {})".format, COLUMN, st.sampled_from("+-*"), st.integers(-3, 9))


@settings(max_examples=100, deadline=None)
@given(CONDITION)
def test_any_query_means_what_it_means_to_pandas(query):
    expected = TABLE.query(query, engine="python")
    pd.testing.assert_frame_equal(choose(TABLE, query), expected)


REFUSED = [
    '__import__("os").system("true")',
    "@os.system('true') == 0",
    "AVAL == @x",
    "`AVAL` > 1",
    "AVAL.__class__ == 1",
    "AVAL.map(print).isna()",
    "AVAL.isna(1)",
    "AVAL.isna",
    "AVAL.to_csv('x') == 1",
    "(AVAL > 1).isna()",
    "AVAL[0] == 1",
    "[a for a in AVAL] == 1",
    "(lambda: 1)() == 1",
    "AVAL if AVAL > 1 else 2",
    "(x := 1) == 1",
    "AVAL ** 10 ** 10 > 1",
    "AVAL // 2 == 1",
    "AVAL << 1000000 > 1",
    '"a" * 1000000000 == DTYPE',
    "DTYPE == f'{AVAL}'",
    "DTYPE == b'x'",
    "AVAL == None",
    "AVAL is AVAL",
    "AVAL == ...",
    "AVAL == 1j",
    "AVAL > 1e400",
    "AVAL > " + "9" * 400,
    "AVAL in AVISITN",
    "AVAL in [AVISITN]",
    "AVAL in {1: 2}",
    "AVAL == {1}",
    "(AVAL > 1) == (AVISITN > 1)",
    "(AVAL > 1) + 2 == 3",
    "-(AVAL > 1) == 1",
    "AVAL + [1] == 2",
    "AVAL and AVISITN",
    "not AVAL",
    "AVAL",
    "1",
    "",
    "AVAL >",
    "AVAL = 1",
    "import os",
    "AVAL > 1; import os",
    "AVAL > 1\nimport os",
    "print(1)",
    "AVAL > 1\0",
    "(" * 500 + "AVAL > 1" + ")" * 500,
    "not " * 300 + "AVAL > 1",
    "-" * 400 + "AVAL > 1",
    "AVAL > 1 or " * 200 + "AVAL > 1",
]


@pytest.mark.parametrize("query", REFUSED, ids=lambda q: q[:30])
def test_whatever_is_more_than_a_look_at_columns_is_refused(query):
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert len(str(caught.value)) < 500


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("AVLDTYPE()[]{}.,'\"=<>!&|~@`:;+-*/ 019_\n"), max_size=40))
def test_any_text_is_a_query_or_refused(query):
    try:
        found = choose(TABLE, query)
    except QueryError:
        return
    assert set(found.index) <= set(TABLE.index)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("aval > 1", "write AVAL"),
        ("BASE > 1", "no column BASE; it has AVAL"),
        ("DTYPE > 1", "does not fit"),
        ("DTYPE * 1000000000 == 1", "is no number"),
        ("-DTYPE == 1", "is no number"),
        ("AVAL < [1, 2]", "in or not in"),
        ("1 in [1]", "a column must stand"),
    ],
)
def test_what_does_not_fit_the_table_is_told(query, words):
    with pytest.raises(QueryError, match=words):
        choose(TABLE, query)


def test_the_table_is_not_changed():
    before = TABLE.copy()
    choose(TABLE, "AVAL > 1 and not DTYPE.isna()")
    pd.testing.assert_frame_equal(TABLE, before)


def test_a_field_of_study_yml_takes_queries_only():
    field = TypeAdapter(Query)
    assert field.validate_python("AVAL > 1") == "AVAL > 1"
    with pytest.raises(ValidationError, match="may be called"):
        field.validate_python("open('x')")
