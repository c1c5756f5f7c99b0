"""What a cell ends in: its HTML, its words and its results."""

import json
import re

import altair as alt
import pandas as pd
import pytest

from alsutils.display import RESULTS_MIME, Figure, Prose, story, tables, theme
from alsutils.display import format as fmt
from alsutils.stats.tidy import RESULT_COLUMNS
from alsutils.study import load_study

FRAME = pd.DataFrame({"x": [1, 2], "y": ["</script>", "b"]})
RESULTS = pd.DataFrame({"analysis": ["t"], "estimate": [2.5]})


@pytest.fixture
def figure():
    chart = alt.Chart(FRAME).mark_bar().encode(x="x:Q", y="y:N")
    return Figure(chart, 'Two "bars"', "How to read", RESULTS)


def test_a_figure_carries_its_spec_description_and_picture(figure):
    text = figure.to_html()
    spec = json.loads(re.search(r'type="application/json">(.*?)</script>', text, re.S).group(1))
    assert spec["description"] == 'Two "bars"'
    assert spec["width"] == "container"
    assert 'aria-label="Two &quot;bars&quot;"' in text
    assert "<noscript><img" in text
    assert figure.to_svg().startswith("<svg")


def test_a_figure_draws_the_same_bytes_again(figure):
    assert figure.to_html() == figure.to_html()


def test_results_travel_beside_the_page(figure):
    (row,) = figure._repr_mimebundle_()[RESULTS_MIME]
    assert tuple(row) == RESULT_COLUMNS
    assert (row["analysis"], row["estimate"], row["p_value"]) == ("t", 2.5, None)
    assert RESULTS_MIME not in Prose("words")._repr_mimebundle_()


def test_a_table_writes_its_values_and_keeps_them():
    frame = pd.DataFrame({"name": ["a", None], "value": [-1.25, 3.0], "analysis": "t"})
    laid = tables.table(frame, "Name", {"name": "N", "value": "V"}, {"value": fmt.number})
    text = laid.to_html()
    assert "−1.25" in text
    assert fmt.MISSING in text
    assert 'role="region" aria-label="Name"' in text
    assert frame["value"].tolist() == [-1.25, 3.0]


@pytest.mark.parametrize("count", [2, 3, 9])
def test_the_control_is_grey_and_every_arm_has_a_colour(count):
    arms = [f"arm {i}" for i in range(count)]
    scale = theme.arm_scale(arms).to_dict()
    assert scale["domain"] == arms
    assert scale["range"][0] == theme.CONTROL
    assert theme.CONTROL not in scale["range"][1:]


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("page", ["#ffffff", "#121212"])
@pytest.mark.parametrize("colour", theme.SERIES)
def test_marks_stand_out_on_light_and_dark_pages(colour, page):
    light, dark = sorted([luminance(colour), luminance(page)], reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3  # WCAG 2.1, 1.4.11


def test_a_story_is_told_at_its_place_and_fills_in_printed_figures():
    study = load_study("data/oh2018")
    printed = study.published.comparisons[0].difference
    assert f"{printed}" in str(story(study, "primary", "question"))
    assert str(story(study, "primary", "nowhere")) == ""
    assert str(story(study, "no such chapter", "question")) == ""


def test_a_story_cannot_use_a_figure_that_is_not_there(tmp_path):
    study = load_study("data/oh2018")
    (tmp_path / "story").mkdir()
    (tmp_path / "story" / "primary.md").write_text("# here\n\n{{ published.nonsense }}\n")
    broken = type(study)(folder=tmp_path, config=study.config, tables=study.tables)
    with pytest.raises(ValueError, match=r"primary\.md, place 'here'"):
        story(broken, "primary", "here")
