"""The built book in a real browser that reaches nothing but the site."""

import functools
import getpass
import http.server
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from alsutils.book.chapters import find_book
from alsutils.study import load_study

ROOT = Path(__file__).parents[2]
STUDY = ROOT / "data" / "oh2018"
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
LEAST_CONTRAST = 4.5  # WCAG 2.2, level AA, for text
PATIENCE = 20_000  # ms; drawing takes tens of them, a busy machine many times that
SLACK = 1  # px; rounding of a page's width
PAGES = [page.name for page in find_book(ROOT).pages]
CHAPTER, SAFETY = "chapters/03_primary", "chapters/02_safety"

DRAWN = "() => [...document.querySelectorAll('.als-chart')].every(e => e.querySelector('svg'))"
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
OVERFLOWING = f"""() => [...document.querySelectorAll('.als-chart')]
  .map(e => e.querySelector('svg').getBoundingClientRect().width - e.clientWidth)
  .filter(excess => excess > {SLACK})"""
TEXTS = """() => [...document.querySelectorAll('.als-chart svg text')]
  .filter(e => e.textContent && e.closest('.role-axis, .role-legend, .role-title'))
  .map(e => getComputedStyle(e).fill)"""
GROUND = "() => getComputedStyle(document.body).backgroundColor"
CELLS = """() => [...document.querySelectorAll('.als-table td, .als-table th')]
  .filter(e => e.textContent.trim()).map(e => getComputedStyle(e).color)"""


@dataclass
class Visit:
    """A page that was opened, and what went wrong on it."""

    page: Page
    trouble: list[str] = field(default_factory=list)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the test's output free of requests."""


@pytest.fixture(scope="session")
def home(site: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(site / "html"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture
def visit(browser: Browser, home: str):
    contexts = []

    def open_page(name, size=DESKTOP, scheme="light", blocked=(), address=None, **options):
        context = browser.new_context(viewport=size, color_scheme=scheme, **options)
        contexts.append(context)
        seen = Visit(context.new_page())

        def gate(route):
            url = route.request.url
            inside = url.startswith((home, "file://", "data:", "blob:"))
            if not inside:
                seen.trouble.append(f"asks for {url}")
            if inside and not url.endswith(tuple(blocked)):
                route.continue_()
            else:
                route.abort()

        def heard(message):
            if message.type == "error" and not blocked:
                seen.trouble.append(message.text)

        seen.page.route("**/*", gate)
        seen.page.on("console", heard)
        seen.page.on("pageerror", lambda error: seen.trouble.append(str(error)))
        seen.page.goto(address or f"{home}{name}.html", wait_until="load")
        return seen

    yield open_page
    for context in contexts:
        context.close()


def channels(colour: str) -> list[float]:
    return [float(part) for part in re.findall(r"[\d.]+", colour)][:3]


def contrast(one: str, other: str) -> float:
    """Contrast of two colours by WCAG 2.2."""

    def luminance(colour):
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in (channel / 255 for channel in channels(colour))
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_on_white_is_the_standards():
    assert contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole(name, visit):
    seen = visit(name)
    seen.page.wait_for_function(DRAWN, timeout=PATIENCE)
    assert seen.trouble == []
    assert seen.page.locator(".als-failed").count() == 0
    assert seen.page.evaluate(OVERFLOWING) == []
    title = yaml.safe_load((STUDY / "study.yml").read_text("utf-8"))["title"]
    assert title in seen.page.title()
    assert "Synthetic data" in seen.page.locator(".bd-header-announcement").inner_text()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_legible(name, scheme, visit):
    page = visit(name, scheme=scheme).page
    page.wait_for_function(DRAWN, timeout=PATIENCE)
    assert page.evaluate("() => document.documentElement.dataset.theme") == scheme
    ground = page.evaluate(GROUND)
    colours = {*page.evaluate(TEXTS), *page.evaluate(CELLS)}
    faint = {colour for colour in colours if contrast(colour, ground) < LEAST_CONTRAST}
    assert faint == set()


WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_no_barrier_that_a_checker_finds(name, scheme, visit):
    page = visit(name, scheme=scheme).page
    page.wait_for_function(DRAWN, timeout=PATIENCE)
    # Of what the mode changes, colours are all; the rest is checked once.
    rules = {"type": "tag", "values": WCAG} if scheme == "light" else ["color-contrast"]
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    # Drawings are hidden from screen readers, and another test looks at their colours.
    found = Axe().run(page, {"exclude": [[".als-drawing svg"]]}, options).response
    barriers = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert not barriers, [(v["id"], [n["html"][:200] for n in v["nodes"][:3]]) for v in barriers]


def test_a_solution_unfolds_and_a_question_answers(visit):
    seen = visit("chapters/exercises/primary_exercises")
    page = seen.page
    solution = page.locator(".solution.dropdown").first
    output = solution.locator("table").first
    expect(output).to_be_hidden()
    solution.locator(".toggle-button").press("Enter")
    expect(output).to_be_visible()
    page.locator(".als-question summary").first.press("Enter")
    expect(page.get_by_text("Not quite.").first).to_be_visible()
    assert not seen.trouble


def test_sliders_change_what_is_drawn(visit):
    seen = visit("chapters/guide/playground")
    page = seen.page
    page.wait_for_function(DRAWN, timeout=PATIENCE)
    figure = page.locator(".als-figure", has=page.get_by_label("True effect (standard errors)"))
    drawn = "e => [...e.querySelectorAll('.mark-rect path, .mark-rule line')].map(p => p.outerHTML)"
    before, said = figure.evaluate(drawn), figure.locator(".als-readout").inner_text()
    assert before
    figure.get_by_label("True effect (standard errors)").press("End")
    expect(figure.locator(".als-readout")).not_to_have_text(said)
    assert figure.evaluate(drawn) != before
    assert not seen.trouble


def test_a_term_explains_itself_in_a_chapter(visit):
    page = visit(CHAPTER).page
    term = page.locator("a.als-term").first
    term.hover()
    assert term.evaluate("e => getComputedStyle(e, '::after').content") == (
        f'"{term.get_attribute("data-definition")}"'
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_does_not_scroll_sideways(name, visit):
    seen = visit(name, size=PHONE)
    seen.page.wait_for_function(DRAWN, timeout=PATIENCE)
    assert seen.page.evaluate(SIDEWAYS) <= SLACK
    assert seen.page.evaluate(OVERFLOWING) == []
    assert seen.trouble == []


@pytest.mark.parametrize("name", PAGES)
def test_pictures_stand_in_where_scripts_are_off(name, visit):
    page = visit(name, java_script_enabled=False).page
    charts = page.locator(".als-chart")
    for chart in charts.all():
        picture = chart.locator("img")
        assert picture.is_visible()
        assert picture.get_attribute("alt") == chart.get_attribute("aria-label")
        assert picture.bounding_box()["width"] > 100


def test_charts_follow_the_mode_and_the_width(visit):
    page = visit(CHAPTER).page
    page.wait_for_function(DRAWN, timeout=PATIENCE)
    light = page.evaluate(TEXTS)
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark' }")
    changed = f"before => JSON.stringify(({TEXTS})()) !== before && ({DRAWN})()"
    page.wait_for_function(changed, arg=page.evaluate("JSON.stringify", light), timeout=PATIENCE)
    page.set_viewport_size(PHONE)
    page.wait_for_function(f"() => ({OVERFLOWING})().length === 0", timeout=PATIENCE)
    page.set_viewport_size(DESKTOP)
    fills = """() => [...document.querySelectorAll('.als-chart')].every(
      e => e.querySelector('svg').getBoundingClientRect().width > 0.8 * e.clientWidth)"""
    page.wait_for_function(fills, timeout=PATIENCE)


def test_the_picture_is_shown_if_drawing_fails(visit):
    page = visit(CHAPTER, blocked=("vega.js", "vega.js?")).page
    page.route("**/vega.js*", lambda route: route.abort())
    page.reload(wait_until="load")
    for chart in page.locator(".als-chart").all():
        chart.locator("img").wait_for(state="visible", timeout=PATIENCE)


def test_what_is_printed_is_the_light_picture(visit):
    page = visit(CHAPTER, scheme="dark").page
    page.wait_for_function(DRAWN, timeout=PATIENCE)
    page.emulate_media(media="print")
    for chart in page.locator(".als-chart").all():
        assert chart.locator("img").is_visible()
        assert not chart.locator("svg").is_visible()


def test_the_site_works_from_a_folder(site, visit):
    seen = visit(CHAPTER, address=(site / "html" / f"{CHAPTER}.html").as_uri())
    seen.page.wait_for_function(DRAWN, timeout=PATIENCE)
    # Browsers refuse fonts to a page opened from a folder; the theme's icons are then missing.
    others = [line for line in seen.trouble if "font" not in line and "ERR_FAILED" not in line]
    assert others == []


ROWS = """() => [...document.querySelector('.als-table[data-sortable][data-long] tbody').rows]
  .filter(row => !row.hidden).map(row => [
    row.cells[0].textContent.trim(), Number.parseInt(row.cells[1].textContent),
    row.cells[0].style.getPropertyValue('--als-level')])"""


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_long_table_is_sorted_and_filtered_from_the_keyboard(size, visit):
    seen = visit(SAFETY, size=size)
    page = seen.page
    table = page.locator(".als-table[data-sortable][data-long]").first
    written = page.evaluate(ROWS)
    heading = table.locator("th.gt_col_heading").filter(has_text="Patients").first
    assert heading.get_attribute("aria-sort") is None
    button = heading.get_by_role("button")
    orders = []
    for _ in range(3):
        button.focus()
        page.keyboard.press("Enter")
        orders.append((heading.get_attribute("aria-sort"), page.evaluate(ROWS)))
    assert [way for way, _ in orders] == ["descending", "ascending", None]
    heads = [[n for _, n, level in rows if not level] for _, rows in orders]
    assert heads[0] == sorted(heads[0], reverse=True)
    assert heads[1] == sorted(heads[1])
    assert orders[2][1] == written
    word = next(name for name, _, level in written if level)
    page.get_by_role("searchbox").first.press_sequentially(word.upper())
    kept = page.evaluate(ROWS)
    assert 2 <= len(kept) < len(written)
    assert not kept[0][2]  # the organ class stays over its event
    assert word in [name for name, *_ in kept]
    assert f"{len(kept)} rows" in page.get_by_role("status").first.inner_text()
    assert page.evaluate(SIDEWAYS) <= SLACK
    assert seen.trouble == []


def test_every_table_is_offered_as_a_file_that_is_there(site, visit):
    page = visit(SAFETY).page
    tables = page.locator(".als-table").count()
    links = page.locator(".als-downloads a")
    assert links.count() == 2 * tables
    folder = site / "tables" / "safety"
    names = {link.get_attribute("href").rsplit("/", 1)[-1] for link in links.all()}
    assert names == {path.name for path in folder.iterdir()}
    with page.expect_download() as told:
        links.first.click()
    assert (
        Path(told.value.path()).read_bytes()
        == (folder / told.value.suggested_filename).read_bytes()
    )


def test_the_search_needs_no_network(home, visit):
    seen = visit("search", address=f"{home}search.html?q=interval")
    seen.page.locator("#search-results li").first.wait_for(timeout=PATIENCE)
    assert seen.trouble == []


def test_the_banner_leads_to_the_explanation(visit):
    seen = visit(CHAPTER)
    seen.page.locator(".bd-header-announcement a").click()
    seen.page.locator("article h1").first.wait_for(timeout=PATIENCE)
    assert "Every patient in this book is invented" in seen.page.locator("article").inner_text()
    assert seen.trouble == []


@pytest.mark.parametrize("name", PAGES)
def test_formulas_are_drawn_without_a_script(name, site):
    html = (site / "html" / f"{name}.html").read_text("utf-8")
    spans = re.findall(r'<(?:span|div) class="math[^>]*>(.*?)</(?:span|div)>', html, re.DOTALL)
    assert all("<math" in span or "eqno" in span for span in spans)
    text = re.sub(r"<(script|pre|code)\b.*?</\1>", "", html, flags=re.DOTALL)
    assert r"\begin{" not in text
    assert "MathJax" not in html


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_no_other_server_and_no_machine(name, site):
    html = (site / "html" / f"{name}.html").read_text("utf-8")
    loaded = re.findall(
        r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(?:https?:)?//[^\"]*", html
    )
    assert loaded == []
    for place in (
        str(ROOT),
        str(site),
        str(Path.home()) + "/",
        sys.prefix,
        f"/{getpass.getuser()}/",
    ):
        assert place not in html


def test_the_printed_differences_come_out_in_the_results(site):
    study = load_study(STUDY)
    results = pd.read_csv(site / "results" / "primary.csv")
    for printed in study.published.comparisons:
        if printed.parameter == study.primary.parameter:
            visit = study.visit_label(printed.visit)
            rows = results[(results["analysis"] == "t-test, pooled") & (results["visit"] == visit)]
            assert f"{rows['estimate'].iloc[0]:.2f}" == f"{printed.difference:.2f}"


def test_the_build_is_quiet(site):
    for path in (site / "notebooks").rglob("*.ipynb"):
        assert '"name": "stderr"' not in path.read_text("utf-8"), path.name
