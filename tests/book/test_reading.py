"""Words that explain themselves, and quick questions, as a browser shows them."""

import textwrap
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sphinx.application import Sphinx

from alsutils.book import extension
from alsutils.book.quiz import read_answers

PAGES = {
    "index": """
        # Front

        ```{toctree}
        page
        glossary
        ```
    """,
    "page": """
        # Arms and baselines

        Each arm has a `baseline`, and **power**. The arms meet at Baseline; a baseline is where an
        arm starts. ITT is no itt, a charm no arm.

        ```{question} Who is *randomised*?
        - ( ) Everybody who came.
          Some only came to be looked at: see `RANDFL`.
        - (x) Who was given an arm.
          The arm of a trial is drawn, not chosen.
        ```
    """,
    "glossary": """
        # Glossary

        ```{glossary}
        Arm
          One of the groups to which patients are "assigned" <b>by chance</b>.

        Baseline
          The last measurement before treatment begins.

        ITT
          Everybody in the arm that was drawn.

        Power
          Never shown here.
        ```
    """,
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reading")
    for name, text in PAGES.items():
        (folder / f"{name}.md").write_text(textwrap.dedent(text), "utf-8")
    settings = {
        "extensions": ["myst_parser", "alsutils.book.extension"],
        "html_static_path": [str(Path(extension.__file__).parent / "static")],
        "html_theme": "pydata_sphinx_theme",
    }
    out = folder / "html"
    Sphinx(folder, None, out, folder / "trees", "html", settings, warningiserror=True).build()
    return out


@pytest.fixture
def page(site, browser):
    opened = browser.new_page(viewport={"width": 390, "height": 800})
    opened.goto((site / "page.html").as_uri())
    yield opened
    opened.close()


def test_a_term_explains_itself_once_and_only_in_prose(page):
    terms = page.locator("a.als-term")
    assert terms.all_inner_texts() == ["arm", "Baseline", "ITT"]
    assert "assigned” <b>by chance</b>" in terms.first.get_attribute("data-definition")


def test_a_definition_stays_on_a_phone_and_goes_with_escape(page):
    shown = "e => getComputedStyle(e, '::after').display"
    width = page.evaluate("document.documentElement.scrollWidth")
    for term in page.locator("a.als-term").all():
        assert term.evaluate(shown) == "none"
        term.hover()
        assert term.evaluate(shown) == "block"
        assert page.evaluate("document.documentElement.scrollWidth") == width
        page.keyboard.press("Escape")
        assert term.evaluate(shown) == "none"
    page.mouse.move(0, 790)
    page.locator("a.als-term").first.focus()
    page.keyboard.press("Tab")  # focus by the keyboard shows it, too
    assert page.locator("a.als-term").nth(1).evaluate(shown) == "block"


def test_an_answer_tells_whether_it_is_right_and_closes_the_other(page):
    wrong, right = page.locator(".als-question details").all()
    expect(page.get_by_text("Not quite")).to_be_hidden()
    wrong.locator("summary").press("Enter")
    expect(page.get_by_text("Not quite")).to_be_visible()
    expect(page.get_by_text("Some only came")).to_be_visible()
    right.locator("summary").click()
    expect(page.get_by_text("Right.")).to_be_visible()
    expect(page.get_by_text("Not quite")).to_be_hidden()
    assert page.locator(".als-asked em").inner_text() == "randomised"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- (x) one\n  yes", "two or more"),
        ("- (x) one\n  yes\n- (x) two\n  yes", "one right"),
        ("- (x) one\n- ( ) two\n  no", "'one' has no feedback"),
        ("loose\n- (x) one\n  yes", "'loose' is neither"),
        ("- (x) one\nloose", "'loose' is neither"),
    ],
)
def test_a_question_that_cannot_be_answered_is_an_error(text, message):
    with pytest.raises(ValueError, match=message):
        read_answers(text.splitlines())
