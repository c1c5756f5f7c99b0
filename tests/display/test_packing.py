"""Charts' data lose what no reader could see, and nothing else."""

import altair as alt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alsutils.display import Figure
from alsutils.display.packing import lean_svg, packed
from alsutils.display.points import MOST_POINTS, drawn, thinned

VALUES = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(-9, 9), st.text())
ROWS = st.integers(1, 3).flatmap(
    lambda width: st.lists(
        st.tuples(*[VALUES] * width).map(lambda row: {f"c{i}": v for i, v in enumerate(row)})
    )
)


def unpacked(data):
    """Read columns as the site's script does."""
    if isinstance(data, list):
        return data
    columns = [
        (name, [texts[0][place] for place in values] if texts else values)
        for name, values, *texts in data["columns"]
    ]
    return [{name: values[row] for name, values in columns} for row in range(data["rows"])]


@given(ROWS)
def test_rows_come_back_from_columns(rows):
    assert unpacked(packed({"datasets": {"d": rows}})["datasets"]["d"]) == rows


def test_texts_that_repeat_themselves_stand_once():
    data = packed({"datasets": {"d": [{"arm": "A", "n": 1.0}] * 5}})["datasets"]["d"]
    assert data["columns"] == [["arm", [0] * 5, ["A"]], ["n", [1] * 5]]


def test_a_figure_carries_only_what_its_chart_uses():
    frame = pd.DataFrame({"seen": [1 / 3, 2e-9], "USUBJID": ["S-1", "S-2"], "word": ["a", "b"]})
    chart = alt.Chart(frame).mark_point().encode(x="seen:Q", tooltip=["word:N"])
    (rows,) = Figure(chart, "Two").spec()["datasets"].values()
    assert rows == [{"seen": 0.333333, "word": "a"}, {"seen": 2e-9, "word": "b"}]


def test_a_picture_keeps_its_words_and_loses_its_digits():
    svg = '<svg width="9"><path d="M1.23456,7"/><text font-family="a, b">0.0001234</text></svg>'
    lean = lean_svg(svg, "serif")
    assert 'd="M1.23,7"' in lean
    assert "<text>0.0001234</text>" in lean
    assert lean.startswith('<svg font-family="serif" width="9">')


def test_few_points_are_all_drawn_and_many_are_chosen():
    few = pd.DataFrame({"x": range(MOST_POINTS)})
    assert drawn(few).frame is few
    assert drawn(few).words == ""
    many = pd.DataFrame({"x": range(3 * MOST_POINTS)})
    outside = many["x"] >= 3 * MOST_POINTS - 100
    shown = drawn(many, of="patient", always=outside)
    assert len(shown.frame) == MOST_POINTS
    assert shown.frame["x"].is_monotonic_increasing
    assert outside[shown.frame.index].sum() == 100
    assert "4,500 patients" in shown.words
    assert shown.frame.equals(drawn(many, of="patient", always=outside).frame)


@pytest.mark.parametrize("size", [1, 2, 9, 10, 11, 19, 400])
def test_a_curve_keeps_its_ends_and_as_many_steps_as_wanted(size):
    curves = pd.concat([pd.DataFrame({"arm": arm, "time": range(size)}) for arm in "ab"])
    kept = thinned(curves, most=10)
    for _, curve in kept.groupby("arm"):
        assert len(curve) == min(size, 10)
        assert (curve["time"].iloc[0], curve["time"].iloc[-1]) == (0, size - 1)
        assert curve["time"].diff().max() <= -(-size // 9) or size == 1
