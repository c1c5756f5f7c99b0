"""Sliders in a real browser: they move the sentence under them and survive a new drawing."""

import json
from pathlib import Path

import altair as alt
import pandas as pd
import pytest
import vl_convert

from alsutils.book.site import _EXPORTS, STATIC
from alsutils.display import Figure
from alsutils.display.sliders import slider
from alsutils.display.theme import vega_config

PATIENCE = 20_000  # ms
SENTENCE = "() => document.querySelector('.als-readout')?.textContent"


@pytest.fixture(scope="module")
def page(tmp_path_factory, browser):
    """A page with one chart and two sliders, opened on a phone."""
    frame = pd.DataFrame({"x": [1, 2, 3]})
    chart = alt.Chart(frame).transform_calculate(y="height * datum.x").mark_bar()
    chart = chart.encode(x="x:O", y="y:Q").add_params(
        slider("height", "Height (cm)", 2, 0, 10, 1), slider("other", "Other", 1, 0, 5, 1)
    )
    figure = Figure(chart, "Three bars.", "Move it.", readout="'The first is ' + height + ' cm.'")
    folder = tmp_path_factory.mktemp("page")
    themes = {mode: vega_config(mode) for mode in ("light", "dark")}
    scripts = [
        f"(() => {{ {vl_convert.javascript_bundle(_EXPORTS)} }})();",
        f"window.alsThemes = {json.dumps(themes)};",
        (STATIC / "als-charts.js").read_text("utf-8"),
    ]
    for i, script in enumerate(scripts):
        (folder / f"{i}.js").write_text(script, "utf-8")
    loaded = "".join(f'<script src="{i}.js"></script>' for i in range(len(scripts)))
    style = (STATIC / "als.css").read_text("utf-8")
    head = f'<meta charset="utf-8"><style>{style}</style>{loaded}'
    html = f'<html data-theme="light"><head>{head}</head><body>{figure.to_html()}</body></html>'
    (folder / "page.html").write_text(f"<!doctype html>{html}", "utf-8")
    opened = browser.new_page(viewport={"width": 390, "height": 844})
    opened.goto(Path(folder / "page.html").as_uri())
    opened.wait_for_selector(".als-readout", timeout=PATIENCE)
    yield opened
    opened.close()


def test_sliders_are_named_and_follow_the_keyboard(page):
    height = page.get_by_label("Height (cm)")
    assert page.locator("[role=group] input[type=range]").count() == 2
    assert page.evaluate(SENTENCE) == "The first is 2 cm."
    height.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"() => ({SENTENCE})() === 'The first is 3 cm.'", timeout=PATIENCE)
    assert page.locator(".als-readout").get_attribute("role") == "status"


def test_sliders_stay_where_they_are_when_the_mode_changes(page):
    page.get_by_label("Height (cm)").fill("7")
    page.evaluate("() => { document.querySelector('.als-drawing').dataset.old = 'yes' }")
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark' }")
    drawn = "() => document.querySelectorAll('.als-drawing:not([data-old])').length === 1"
    page.wait_for_function(drawn, timeout=PATIENCE)
    page.wait_for_function(
        "() => document.querySelectorAll('.als-drawing').length === 1", timeout=PATIENCE
    )
    assert page.get_by_label("Height (cm)").input_value() == "7"
    assert page.evaluate(SENTENCE) == "The first is 7 cm."
    page.get_by_label("Height (cm)").fill("4")
    page.wait_for_function(f"() => ({SENTENCE})() === 'The first is 4 cm.'", timeout=PATIENCE)


def test_sliders_fit_a_phone(page):
    sideways = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(sideways) <= 0
    for row in page.locator(".vega-bind").all():
        name = row.locator(".vega-bind-name").bounding_box()
        thumb = row.locator("input").bounding_box()
        assert name["y"] + name["height"] <= thumb["y"] + 1
        assert thumb["width"] > 200
