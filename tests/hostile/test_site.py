"""A site full of hostile words in a real browser: they are read, and none of them acts."""

import functools
import http.server
import threading

import pytest
import yaml
from typer.testing import CliRunner

from alsutils.book import cache
from alsutils.book.cli import app
from tests.hostile.texts import LONG, PAYLOADS, ROOT, write_hostile
from tests.trials.shapes import Shape, write

PATIENCE = 60_000  # ms
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
TOC = "format: jb-book\nroot: index\nchapters:\n  - file: chapters/01_words\n"
INDEX = "# A book\n\nWords.\n"
PAGE = '''\
# %% [markdown]
r"""
# Words
"""

# %% tags=["parameters"]
study_path = "../study"

# %%
from alsutils import load_study, primary, safety
from alsutils.display import Figure, Prose, charts, front, tables

study = load_study(study_path)
front.introduction(study)

# %%
front.provenance(study)

# %%
front.contents(study)

# %%
Prose("\\n".join(f"- **{word}**: {word}" for word in study.arms))

# %%
words = safety.incidence(study)
safety.charts.dots(study, words)

# %%
safety.tables.incidence(study, words)

# %%
primary.charts.courses(study, primary.courses(study))
'''
ACTING = """() => [...document.querySelectorAll('article *')].filter(e =>
  ['IFRAME', 'OBJECT', 'EMBED', 'BASE'].includes(e.tagName)
  || (e.tagName === 'IMG' && !/^(data:image.svg.xml|http:..[^/]+.(_static|_images)[/])/.test(e.src))
  || (e.tagName === 'SCRIPT' && e.type !== 'application/json')
  || (e.tagName === 'A' && !/^(https?:|data:text|file:)/.test(e.href))
  || [...e.attributes].some(a => a.name.startsWith('on'))).map(e => e.outerHTML.slice(0, 200))"""
DRAWN = "() => [...document.querySelectorAll('.als-chart')].every(e => e.querySelector('svg'))"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A book of two pages on a small study of hostile words, and with a title of them all."""
    folder = tmp_path_factory.mktemp("site")
    shape = Shape(name="plain", sizes=(14,), secondary=True)
    study = write_hostile(write(shape, folder), folder / "book" / "study")
    settings = yaml.safe_load((study / "study.yml").read_text("utf-8"))
    settings["title"] = " ".join(payload for payload in PAYLOADS if payload != LONG)
    (study / "study.yml").write_text(yaml.safe_dump(settings), "utf-8")
    book = folder / "book"
    (book / "chapters").mkdir()
    (book / "_config.yml").write_text(yaml.safe_dump(CONFIG), "utf-8")
    (book / "_toc.yml").write_text(TOC, "utf-8")
    (book / "index.md").write_text(INDEX, "utf-8")
    (book / "chapters" / "01_words.py").write_text(PAGE, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "package_fingerprint", lambda *_: "package")
        command = ["build", study, "--book", book, "--out", folder / "out"]
        result = CliRunner().invoke(app, [str(word) for word in command])
    assert result.exit_code == 0, result.output
    return folder / "out" / "html"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Keep the test's output free of requests."""


@pytest.fixture(scope="module")
def home(site):
    handler = functools.partial(_Quiet, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.mark.parametrize("name", ["index", "chapters/01_words", "search"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_word_acts(name, width, home, browser):
    page = browser.new_page(viewport={"width": width, "height": 900})
    trouble = []
    page.on("dialog", lambda dialog: (trouble.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda m: trouble.append(m.text) if m.type == "error" else None)
    page.on("request", lambda r: r.url.startswith((home, "data:")) or trouble.append(r.url))
    query = "?q=script" if name == "search" else ""
    page.goto(f"{home}{name}.html{query}", wait_until="load")
    page.wait_for_function(DRAWN, timeout=PATIENCE)
    if name == "search":
        page.wait_for_selector("ul.search li", timeout=PATIENCE)
    assert page.evaluate(ACTING) == []
    sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(sideways) <= 1
    assert trouble == []
    if name.endswith("words"):
        read = page.inner_text("article")
        for word in ("<script>alert(1)</script>", "```{include} /etc/passwd Tablets"):
            assert word in read  # of the title, and of an arm
    page.close()
