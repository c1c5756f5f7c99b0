"""Slides of the chapters: what is on them, and that they work with no network."""

from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe

from alsutils.book.chapters import Book, Page
from alsutils.book.slides import write_slides

ROOT = Path(__file__).parents[2]
DECKS = [p.stem.partition("_")[2] for p in sorted((ROOT / "chapters").glob("0*.py"))]
WALKED = ("safety", "appraisal")  # to the end; drawing all charts of all decks takes long
FEW = 4
PATIENCE = 20_000  # ms
DRAWN = """() => {
  const box = document.querySelector("section.present .als-chart");
  return !box || box.querySelector("svg[aria-hidden]");
}"""
HEIGHTS = """() => Math.min(...[...document.querySelectorAll("{of}")].map(e => e.offsetHeight))"""
FIGURE = '<figure class="als-figure"><figcaption>How to read it.</figcaption></figure>'
TEXTS = [
    "# A *small* chapter\n\nWhat it is about.",
    "## The question\n\nDoes it work {cite:p}`somebody`?\n\n## Data used\n\nNot on a slide.",
    "## Means\n\nProse. See {doc}`another <other>`.\n\n### By visit",
    "```{question} Is {term}`this` right?\n- ( ) No.\n  Look.\n- (x) Yes, <b>it</b> is.\n"
    "  Right & so.\n```\n\n## Medians\n\n```python\n## no heading\n```",
    "## Key points\n",
]


def code(kind, text):
    output = nbformat.v4.new_output("display_data", data={kind: text})
    return nbformat.v4.new_code_cell("x", outputs=[output])


@pytest.fixture
def deck(tmp_path):
    cells = [nbformat.v4.new_markdown_cell(text) for text in TEXTS]
    cells.insert(1, nbformat.v4.new_code_cell("path = 1", metadata={"tags": ["parameters"]}))
    cells.insert(3, code("text/html", FIGURE.replace("How", "Early: how")))
    cells.insert(5, code("text/html", FIGURE))
    cells.append(code("text/markdown", "- It is **so**."))
    source, html = tmp_path / "source", tmp_path / "html"
    (source / "chapters").mkdir(parents=True)
    html.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), source / "chapters" / "01_small.ipynb")
    for name in ("index", "plain"):
        nbformat.write(nbformat.v4.new_notebook(cells=cells[:1]), source / f"{name}.ipynb")
    names = ("index", "chapters/01_small", "plain")
    book = Book(ROOT, tuple(Page(name, Path(f"{name}.py")) for name in names))
    study = SimpleNamespace(is_synthetic=True, config=SimpleNamespace(title="A < B"))
    write_slides(book, study, source, html)
    assert [path.name for path in (html / "slides").iterdir()] == ["small.html"]
    text = (html / "slides" / "small.html").read_text("utf-8")
    return text.split("<section")[1:], text


def test_a_deck_has_title_question_figures_quick_questions_and_key_points(deck):
    slides, text = deck
    heads = ["<h1>A <em>small</em> chapter</h1>", "<h2>The question</h2>", "<h2>Data used</h2>"]
    heads += ["<h2>By visit</h2>", "<h2>Means</h2>", "<h2>Key points</h2>"]
    assert len(slides) == len(heads)
    for head, slide in zip(heads, slides, strict=True):
        assert head in slide
    assert "What it is about." in slides[0]
    assert "A &lt; B" in slides[0]
    assert FIGURE in slides[3]
    assert "<strong>so</strong>" in slides[-1]
    assert "every patient is invented" in text
    assert 'href="../chapters/01_small.html"' in text


def test_what_markdown_does_not_know_and_html_are_gone(deck):
    slides, text = deck
    assert "Does it work?" in slides[1]
    assert "{cite" not in text
    assert "{term}" not in text
    assert "<b>" not in text
    assert "Not on a slide" not in text
    assert "no heading" not in text


def test_the_answer_of_a_quick_question_comes_at_the_next_key(deck):
    quiz = deck[0][4]
    assert "<li>Yes, &lt;b&gt;it&lt;/b&gt; is.</li>" in quiz
    assert '<p class="fragment"><strong>B.</strong> Right &amp; so.</p>' in quiz


@pytest.fixture(scope="module")
def opened(browser, site):
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    trouble = []

    def at(name):
        page = context.new_page()
        page.on("console", lambda m: trouble.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.goto((site / "html" / "slides" / f"{name}.html").as_uri())
        page.wait_for_selector(".reveal.ready", timeout=PATIENCE)
        return page, trouble

    yield at
    context.close()


@pytest.mark.parametrize("name", DECKS)
def test_a_deck_goes_on_by_keys_and_draws_its_charts(name, opened, site):
    page, trouble = opened(name)
    slides = page.locator(".slides > section")
    count = slides.count()
    [chapter] = (site / "html" / "chapters").glob(f"*_{name}.html")
    charts = chapter.read_text("utf-8").count('class="als-chart')
    assert page.locator(".als-chart").count() == charts >= 5
    for _ in range(2 * count if name in WALKED else FEW):
        page.wait_for_function(DRAWN, timeout=PATIENCE)
        if "present" in slides.last.get_attribute("class"):
            break
        page.keyboard.press("ArrowRight")
    assert name not in WALKED or "present" in slides.last.get_attribute("class")
    assert page.locator(".als-failed").count() == 0
    assert trouble == []
    page.close()


def test_a_key_turns_the_slides_dark_and_an_answer_waits(opened):
    page, trouble = opened("design")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.keyboard.press("d")
    assert page.evaluate(ground) != light
    quiz = page.locator(".slides > section:has(.fragment)").first
    while "present" not in quiz.get_attribute("class"):
        page.keyboard.press("ArrowRight")
    assert quiz.locator(".fragment.visible").count() == 0
    page.keyboard.press("ArrowRight")
    assert quiz.locator(".fragment.visible").count() == 1
    assert trouble == []
    page.close()


def test_a_slide_has_no_barriers(opened):
    page, _ = opened("primary")
    for _ in range(FEW):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(DRAWN, timeout=PATIENCE)
    rules = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
    found = Axe().run(page, options={"runOnly": rules})
    assert [v["id"] for v in found.response["violations"]] == []
    page.close()


def test_every_slide_is_printed(opened):
    page, _ = opened("appraisal")
    page.emulate_media(media="print")
    assert page.evaluate(HEIGHTS.format(of=".slides > section")) > 0
    assert page.evaluate(HEIGHTS.format(of=".als-figure")) > 0
    page.close()


def test_each_chapter_leads_to_its_slides(site):
    for name in DECKS:
        [chapter] = (site / "html" / "chapters").glob(f"*_{name}.html")
        assert f'href="../slides/{name}.html"' in chapter.read_text("utf-8")
