"""What is taken out of a page is still there for who asks for it."""

import base64
import json
import re
from types import SimpleNamespace

import altair as alt
import pandas as pd
import pytest

from alsutils.book import weight
from alsutils.display import Figure, tables

PAGE = SimpleNamespace(name="chapters/03_primary", short_name="primary")
FRAME = pd.DataFrame({"arm": ["</script>"] * 4, "x": [1.0, 2.0, 3.0, 4.0]})


@pytest.fixture
def shown(tmp_path):
    """HTML of a chart and a table before and after, and the folder of pictures."""
    figure = Figure(alt.Chart(FRAME).mark_point().encode(x="x:Q", color="arm:N"), "Four")
    laid = tables.table(FRAME, "Four", {"arm": "Arm", "x": "x"}, {"x": str})
    before = [figure.to_html(), laid.to_html(), "words"]
    outputs = [{"data": {"text/html": text}} for text in before]
    weight.lighten(SimpleNamespace(cells=[{"outputs": outputs}]), PAGE, tmp_path)
    return before, [output["data"]["text/html"] for output in outputs], tmp_path


def test_a_picture_is_in_a_file_that_waits_to_be_shown(shown):
    (before, *_), (after, *_), folder = shown
    assert 'loading="lazy" src="../_static/pictures/primary-1.svg"' in after
    assert re.search(r'width="\d+" height="\d+"', after)
    picture = base64.b64decode(re.search(r'base64,([^"]+)', before)[1])
    assert (folder / "primary-1.svg").read_bytes() == picture
    assert [path.name for path in folder.iterdir()] == ["primary-1.svg"]


def test_a_charts_data_are_columns_and_cannot_end_their_element(shown):
    _, (after, *_), _ = shown
    (text,) = re.findall(r'<script type="application/json">(.*?)</script>', after, re.DOTALL)
    (data,) = json.loads(text)["datasets"].values()
    columns = {name: rest for name, *rest in data["columns"]}
    assert columns == {"arm": [[0] * 4, ["</script>"]], "x": [[1, 2, 3, 4]]}


def test_a_table_loses_its_style_and_none_of_its_words(shown):
    (_, before, words), (_, after, same), _ = shown
    assert "<style>" in before
    assert "<style>" not in after
    assert len(after) < len(before) / 2
    plain = [
        re.sub(r"<style>.*?</style>|<[^>]*>|\s", "", t, flags=re.DOTALL) for t in (before, after)
    ]
    assert plain[0] == plain[1]
    assert same == words


def test_a_table_with_a_style_of_its_own_keeps_it(shown, tmp_path):
    (_, before, _), _, _ = shown
    own = before.replace("border-collapse: collapse;", "border-collapse: separate;")
    outputs = [{"data": {"text/html": own}}]
    weight.lighten(SimpleNamespace(cells=[{"outputs": outputs}]), PAGE, tmp_path)
    assert "border-collapse: separate;" in outputs[0]["data"]["text/html"]


def test_the_icons_are_a_few_kilobytes_with_every_name(tmp_path):
    weight.write_styles(tmp_path)
    style = (tmp_path / weight.ICONS).read_text("utf-8")
    assert len(style) < 10_000
    assert re.findall(r"\.fa-([a-z-]+)::before", style) == list(weight._NAMED)
    assert weight.icons() == style
    assert ".als-table" in (tmp_path / weight.TABLES).read_text("utf-8")
