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
from urllib.parse import unquote

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
KINDS = {  # one page of each kind
    *("index", CHAPTER, "chapters/exercises/primary_exercises"),
    *("chapters/guide/playground", "chapters/guide/glossary", "chapters/guide/data_dictionary"),
}

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


WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
IN_MODE = """mode => [...document.querySelectorAll('.als-drawing')]
  .every(e => e.dataset.mode === mode)"""


def faint_colours(page: Page) -> set[str]:
    """Colours of text in charts and tables that the ground nearly swallows."""
    ground = page.evaluate(GROUND)
    colours = {*page.evaluate(TEXTS), *page.evaluate(CELLS)}
    return {colour for colour in colours if contrast(colour, ground) < LEAST_CONTRAST}


# Drawings are hidden from screen readers, and `faint_colours` looks at their words and at cells.
BARE = ".als-drawing svg, .als-table tbody"
# Code is coloured alike on every page, so that one page is enough for its many words.
BARER = f"{BARE}, .highlight"
COLOURED = {
    "index",
    CHAPTER,
    "chapters/exercises/primary_exercises",
    "chapters/guide/playground",
    "chapters/guide/rerun",
}
TAKE_OUT = """places => {
  const found = [...document.querySelectorAll(places)];
  window.alsTaken = found.map((e) => [e, document.createComment("")]);
  for (const [e, mark] of window.alsTaken) e.replaceWith(mark);
}"""
PUT_BACK = "() => { for (const [e, mark] of window.alsTaken.reverse()) mark.replaceWith(e); }"


def barriers(page: Page, rules: dict[str, object]) -> list[object]:
    """What an accessibility checker finds that is serious or worse."""
    options = {**rules, "resultTypes": ["violations"], "preload": False}
    found = Axe().run(page, {"exclude": [[".als-drawing svg"]]}, options).response["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    return [(v["id"], [node["html"][:200] for node in v["nodes"][:3]]) for v in serious]


def faint_words(page: Page, left_out: str) -> list[object]:
    """Words that the checker finds too pale, but for those that it would take long over."""
    page.evaluate(TAKE_OUT, left_out)
    found = barriers(page, {"runOnly": ["color-contrast"]})
    page.evaluate(PUT_BACK)
    return found


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in KINDS else pytest.mark.long) for name in PAGES],
)
def test_a_page_is_whole_in_both_modes_and_on_a_phone(name, visit):
    seen = visit(name)
    page = seen.page
    page.wait_for_function(DRAWN, timeout=PATIENCE)
    assert page.locator(".als-failed").count() == 0
    assert page.evaluate(OVERFLOWING) == []
    title = yaml.safe_load((STUDY / "study.yml").read_text("utf-8"))["title"]
    assert title in page.title()
    assert "Synthetic data" in page.locator(".bd-header-announcement").inner_text()
    assert faint_colours(page) == set()
    rules = {"runOnly": {"type": "tag", "values": WCAG}}
    without = {"rules": {"color-contrast": {"enabled": False}}}
    assert barriers(page, {**rules, **without}) == []
    left_out = BARE if name == CHAPTER else BARER
    assert faint_words(page, left_out) == []

    # A colour on its way from one mode to the other is that of neither.
    page.add_style_tag(content="* { transition: none !important }")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("() => document.documentElement.dataset.theme === 'dark'")
    page.wait_for_function(IN_MODE, arg="dark", timeout=PATIENCE)
    assert faint_colours(page) == set()
    # Of what the mode changes, colours are all; these pages have everything that is coloured.
    if name in COLOURED:
        assert faint_words(page, left_out) == []

    page.set_viewport_size(PHONE)
    page.wait_for_function(f"() => ({OVERFLOWING})().length === 0", timeout=PATIENCE)
    assert page.evaluate(SIDEWAYS) <= SLACK
    assert seen.trouble == []


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


def test_a_page_opened_on_a_phone_does_not_scroll_sideways(visit):
    seen = visit(CHAPTER, size=PHONE)
    seen.page.wait_for_function(DRAWN, timeout=PATIENCE)
    assert seen.page.evaluate(SIDEWAYS) <= SLACK
    assert seen.page.evaluate(OVERFLOWING) == []
    assert seen.trouble == []


def test_pictures_stand_in_where_scripts_are_off(visit):
    page = visit(CHAPTER, java_script_enabled=False).page
    charts = page.locator(".als-chart")
    for chart in charts.all():
        picture = chart.locator("img")
        assert picture.is_visible()
        assert picture.get_attribute("alt") == chart.get_attribute("aria-label")
        assert picture.bounding_box()["width"] > 100


@pytest.mark.parametrize("name", PAGES)
def test_every_chart_has_a_picture_with_its_words(name, site):
    file = site / "html" / f"{name}.html"
    text = file.read_text("utf-8")
    charts = re.findall(r'class="als-chart[^>]*aria-label="([^"]*)"', text)
    pictures = re.findall(r'<noscript><img alt="([^"]*)"[^>]* src="([^"]*)"', text)
    assert [words for words, _ in pictures] == charts
    assert all((file.parent / source).is_file() for _, source in pictures)


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


PICTURES_ALONE = """() => [...document.querySelectorAll('.als-chart')].every(
  e => e.querySelector('img').checkVisibility() && !e.querySelector('svg').checkVisibility())"""


def test_what_is_printed_is_the_light_picture_on_white(visit):
    page = visit(CHAPTER, scheme="dark").page
    page.wait_for_function(DRAWN, timeout=PATIENCE)
    page.emulate_media(media="print")
    assert page.evaluate(PICTURES_ALONE)
    mode = "() => document.documentElement.dataset.theme"
    assert page.evaluate(mode) == "dark"
    page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(mode) == "light"
    assert channels(page.evaluate(GROUND)) == [255, 255, 255]
    page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(mode) == "dark"


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


def test_the_search_finds_without_a_network(home, visit):
    seen = visit("search", address=f"{home}search.html?q=minimisation")
    found = seen.page.locator("#search-results li a").first
    found.wait_for(timeout=PATIENCE)
    found.click()
    seen.page.locator("article h1").wait_for(timeout=PATIENCE)
    assert "inimisation" in seen.page.locator("article").inner_text()
    assert seen.trouble == []


LINK = re.compile(
    r'<(?:a|link|script|img)\b[^>]* (?:href|src)="([^"#?]*)(?:\?[^"#]*)?(?:#([^"]*))?"'
)
CODE = re.compile(r'<script type="application/json">.*?</script>', re.DOTALL)


def test_every_link_within_the_site_leads_somewhere(site):
    html = site / "html"
    pages = {path: CODE.sub("", path.read_text("utf-8")) for path in html.glob("**/*.html")}
    pages = {path: text for path, text in pages.items() if "_static" not in path.parts}
    anchors = {path: set(re.findall(r' (?:id|name)="([^"]+)"', t)) for path, t in pages.items()}
    dead = []
    for path, text in pages.items():
        for address, place in LINK.findall(text):
            if re.match(r"[a-z]+:", address):
                continue
            root = html if address.startswith("/") else path.parent
            target = (root / unquote(address.lstrip("/"))).resolve() if address else path
            known = anchors.get(target)
            if not target.exists() or (place and known is not None and place not in known):
                dead.append((path.relative_to(html).as_posix(), address, place))
    assert dead == []


FOCUSABLE = "a[href], button, input, select, summary, [tabindex='0']"
NUMBERED = f"""() => {{
  const all = [...document.querySelectorAll("{FOCUSABLE}")].filter(
    e => e.checkVisibility({{ visibilityProperty: true }}) && !e.closest("dialog:not([open])"));
  all.forEach((e, i) => e.dataset.test = i);
  return all.map(e => e.outerHTML.slice(0, 90));
}}"""
FOCUSED = "() => Number(document.activeElement.dataset.test ?? -1)"


@pytest.mark.parametrize("name", ["index", "chapters/guide/playground"])
def test_the_keyboard_alone_reaches_everything(name, visit):
    page = visit(name).page
    page.wait_for_function(DRAWN, timeout=PATIENCE)
    names = page.evaluate(NUMBERED)
    reached = set()
    for _ in range(len(names) + 20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(FOCUSED))
    assert [words for i, words in enumerate(names) if i not in reached] == []


def test_charts_are_drawn_as_they_come_near_even_if_the_browser_is_never_idle(visit):
    page = visit("index").page
    page.add_init_script("window.requestIdleCallback = () => 0")
    page.goto(page.url.replace("index", CHAPTER))
    charts = page.locator(".als-chart")
    page.evaluate("() => document.querySelector('.als-chart').scrollIntoView()")
    charts.first.locator("svg").wait_for(timeout=PATIENCE)
    assert charts.last.locator("svg").count() == 0
    assert charts.last.evaluate("e => e.style.minHeight") != ""
    charts.last.evaluate("e => e.scrollIntoView()")
    charts.last.locator("svg").wait_for(timeout=PATIENCE)
    # The room that was kept for it is given back.
    expect(charts.last).to_have_attribute("style", "")


def test_a_chapter_offers_its_notebook_and_its_results(site, visit):
    page = visit(CHAPTER).page
    line = page.locator(".als-page-line")
    assert re.match(r"About \d+ minutes to read", line.inner_text())
    for words, name in (
        ("notebook", "primary.ipynb"),
        ("results", "primary-results-and-tables.zip"),
    ):
        with page.expect_download() as told:
            line.get_by_role("link", name=words).click()
        assert told.value.suggested_filename == name
        kept = site / "html" / "_downloads" / name
        assert Path(told.value.path()).read_bytes() == kept.read_bytes()


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
