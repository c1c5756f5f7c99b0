"""What colour tells apart, shape, dash or shade tells apart, too."""

import altair as alt
import pandas as pd
import pytest
import vl_convert

from alsutils.display import Figure, theme
from alsutils.display.marks import told_apart

ARMS = ["Placebo", "Low", "Middle", "High", "Other", "Both"]
ROWS = pd.DataFrame({"arm": ARMS, "x": range(6), "y": range(6)})
COLOUR = alt.Color("arm:N", scale=theme.arm_scale(ARMS), title=None)


def spec(chart):
    return Figure(chart, "A chart.").spec()


def base(frame=ROWS, colour=COLOUR):
    return alt.Chart(frame).encode(x="x:Q", y="y:Q", color=colour)


@pytest.mark.parametrize(("kind", "channel"), [("point", "shape"), ("line", "strokeDash")])
def test_six_arms_have_six_marks_and_one_legend(kind, channel):
    encoding = spec(getattr(base(), f"mark_{kind}")())["encoding"]
    scale, colour = encoding[channel]["scale"], encoding["color"]
    assert len({str(mark) for mark in scale["range"]}) == len(ARMS)
    assert scale["domain"] == colour["scale"]["domain"] == ARMS
    assert encoding[channel]["legend"] == colour["legend"]
    assert encoding[channel]["title"] is None


def test_an_arm_has_the_same_marks_whichever_arms_stand_beside_it():
    colours = theme.arm_scale(ARMS).to_dict()["range"]
    for kinds in (theme.SHAPES, theme.DASHES, theme.SHADES, theme.WIDTHS):
        all_arms = theme.companions(colours, kinds)
        assert theme.companions(colours[:2], kinds) == all_arms[:2]
        assert theme.companions(colours[1:], kinds) == all_arms[1:]


def test_colours_that_come_again_get_marks_that_are_free():
    given = theme.companions([theme.CONTROL, *theme.TREATED[:3], theme.TREATED[0]], theme.SHAPES)
    assert len(set(given)) == 5
    many = theme.companions([theme.CONTROL, *theme.TREATED, *theme.TREATED], theme.SHAPES)
    assert len(many) == 13
    assert set(many) == set(theme.SHAPES.values())


def test_a_layer_takes_its_colour_from_the_chart_above():
    below = alt.layer(alt.Chart(ROWS).mark_line(), alt.Chart(ROWS).mark_point(filled=True))
    line, point = spec(below.encode(color=COLOUR, x="x:Q", y="y:Q"))["layer"]
    assert line["encoding"]["strokeDash"]["field"] == "arm"
    assert point["encoding"]["shape"]["field"] == "arm"


def test_what_a_chart_tells_itself_stays():
    marked = base().mark_point().encode(shape=alt.Shape("arm:N", scale=alt.Scale(range=["cross"])))
    assert spec(marked)["encoding"]["shape"]["scale"]["range"] == ["cross"]
    plain = {"mark": "point", "encoding": {"color": {"value": "red"}, "x": {"field": "x"}}}
    assert told_apart(plain) == plain
    numbers = spec(base(colour=alt.Color("x:Q")).mark_point())
    assert "shape" not in numbers["encoding"]


def test_bars_that_no_axis_names_are_shaded_with_edges_in_full_colour():
    stacked = spec(base().mark_bar())["encoding"]
    assert "color" not in stacked
    assert stacked["stroke"]["scale"]["range"] == theme.arm_scale(ARMS).to_dict()["range"]
    assert len(set(stacked["fill"]["scale"]["range"])) == len(ARMS)
    assert stacked["fill"]["scale"]["range"][1] == theme.ACCENT
    named = spec(alt.Chart(ROWS).mark_bar().encode(x="x:Q", y="arm:N", color=COLOUR))["encoding"]
    assert named["color"]["scale"]["range"] == theme.arm_scale(ARMS).to_dict()["range"]


def test_bars_in_panels_of_their_own_are_not_shaded():
    chart = spec(base().mark_bar().facet(row="arm:N"))
    assert "color" in chart["spec"]["encoding"]


def test_where_dashes_have_another_meaning_lines_differ_in_width():
    chart = spec(base().mark_line(strokeWidth=2).encode(strokeDash="kind:N"))
    assert chart["encoding"]["strokeWidth"]["field"] == "arm"
    assert "strokeWidth" not in chart["mark"]


def test_where_shapes_have_another_meaning_points_differ_in_shade():
    chart = spec(base().mark_point(filled=True).encode(shape="kind:N"))["encoding"]
    assert chart["fill"]["field"] == chart["stroke"]["field"] == "arm"


def test_intervals_of_points_are_not_dashed_but_links_are():
    with_points = alt.layer(base().mark_rule(), base().mark_point(filled=True))
    assert "strokeDash" not in spec(with_points)["layer"][0]["encoding"]
    assert spec(base().mark_rule())["encoding"]["strokeDash"]["field"] == "arm"


def test_a_category_without_a_scale_gets_one_from_the_data():
    chart = spec(base(colour=alt.Color("arm:N")).mark_line())["encoding"]
    assert chart["color"]["scale"]["domain"] == sorted(ARMS)
    assert chart["strokeDash"]["scale"]["domain"] == sorted(ARMS)
    numbered = spec(base(ROWS.assign(arm=range(6)), alt.Color("arm:N")).mark_line())["encoding"]
    assert numbered["color"]["scale"]["domain"] == list(range(6))
    mixed = spec(base(ROWS.assign(arm=["a", 1, 0, "b", None, 1]), alt.Color("arm:N")).mark_line())
    assert mixed["encoding"]["strokeDash"]["scale"]["domain"] == [0, 1, "a", "b"]
    ordered = spec(base(colour=alt.Color("arm:N", sort=ARMS)).mark_line())["encoding"]
    assert ordered["color"]["scale"]["domain"] == ARMS


@pytest.mark.parametrize("kinds", [["line"], ["point"], ["line", "point"], ["bar"]])
def test_a_picture_has_each_arm_once_in_its_legend(kinds):
    parts = [getattr(base(), f"mark_{kind}")(filled=True) for kind in kinds]
    svg = vl_convert.vegalite_to_svg({**spec(alt.layer(*parts)), "width": 300})
    assert [svg.count(f">{arm}<") for arm in ARMS] == [1] * len(ARMS)


def test_the_input_stays_as_it_was():
    given = base().mark_line().to_dict()
    before = repr(given)
    told_apart(given)
    assert repr(given) == before
