"""A site that knows its address and its repository, its downloads, and the book in print."""

import io
import re
import shutil
import zipfile
from pathlib import Path

import nbformat
import pytest
from PIL import Image

from alsutils.book import downloads, pdf
from alsutils.book.chapters import find_book
from alsutils.book.errors import BookError
from alsutils.book.places import ALL, CARD, CARD_SIZE, DOWNLOADS, PDF
from alsutils.book.sharing import Sharing
from alsutils.study import load_study

URL, REPOSITORY = "https://example.org/trial", "https://github.com/someone/book"
FIRST = "chapters/01_first"


@pytest.fixture(scope="module")
def told(finished_book, run, tmp_path_factory, request):
    """The site of the small book, built again with an address, a repository and a print."""
    folder = Path(shutil.copytree(finished_book, tmp_path_factory.mktemp("told") / "book"))
    options = ["--url", URL, "--repository", REPOSITORY]
    options += ["--pdf"] if request.getfixturevalue("printer") else []
    result = run("build", folder / "study", "--book", folder, "--out", folder / "_build", *options)
    assert result.exit_code == 0, result.output
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def printer():
    return any(shutil.which(name) for name in pdf.BROWSERS)


def text(site, name):
    return (site / f"{name}.html").read_text("utf-8")


def tags(html):
    return dict(re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)"', html))


def test_links_to_a_page_show_its_title_words_and_picture(told):
    first = tags(text(told, FIRST))
    assert first["og:title"] == "The first chapter"
    assert first["og:description"].startswith("A mean is")
    assert first["description"] == first["og:description"]
    assert first["og:url"] == f"{URL}/{FIRST}.html"
    assert first["og:image"] == f"{URL}/_static/{CARD}"
    assert tags(text(told, "index"))["og:url"] == f"{URL}/"
    with Image.open(told / "_static" / CARD) as picture:
        assert picture.size == CARD_SIZE
        assert len(picture.convert("RGB").getcolors(maxcolors=1 << 24)) > 10


def test_the_sitemap_lists_the_pages_that_have_content(told):
    places = re.findall("<loc>(.*?)</loc>", (told / "sitemap.xml").read_text("utf-8"))
    names = ["chapters/01_first", "chapters/guide/made", "chapters/plain"]
    assert places == [*(f"{URL}/{name}.html" for name in names), f"{URL}/"]


def test_a_page_that_is_not_found_leads_on_from_any_address(told, finished_book):
    for site, root in ((told, "/trial/"), (finished_book / "_build" / "html", "/")):
        html = text(site, "404")
        assert "was not found" in html
        assert "canonical" not in html
        for address in re.findall(r' (?:href|src|action|data-content_root)="([^"#]*)"', html):
            assert address.startswith(root), address
            assert (site / address.removeprefix(root).partition("?")[0]).exists(), address


def test_without_an_address_nothing_names_one(finished_book):
    site = finished_book / "_build" / "html"
    html = text(site, FIRST)
    assert tags(html)["og:title"] == "The first chapter"
    assert not {"og:url", "og:image"} & set(tags(html))
    assert not (site / "sitemap.xml").exists()
    assert not (site / "_static" / CARD).exists()
    assert "mybinder" not in html
    assert "colab" not in html


def test_buttons_open_the_notebook_of_the_page(told):
    html = text(told, FIRST)
    lab = f"https://mybinder.org/v2/gh/someone/book/notebooks?urlpath=lab/tree/{FIRST}.ipynb"
    assert f'href="{lab}"' in html
    colab = f"https://colab.research.google.com/github/someone/book/blob/notebooks/{FIRST}.ipynb"
    assert f'href="{colab}"' in html
    assert "mybinder" not in text(told, "chapters/plain")


@pytest.mark.parametrize(
    ("given", "words"),
    [({"url": "example.org"}, "no address"), ({"repository": "https://gitlab.com/a/b"}, "GitHub")],
)
def test_an_address_that_is_none_is_refused(given, words):
    with pytest.raises(BookError, match=words):
        Sharing(**given)


def test_addresses_are_taken_as_people_write_them():
    told = Sharing("https://example.org/a/b", f"{REPOSITORY}.git")
    assert told.url == "https://example.org/a/b/"
    assert told.prefix == "/a/b/"
    assert told.repository == REPOSITORY
    assert Sharing("https://example.org").prefix == "/"


def test_a_page_offers_its_notebook_and_its_files(finished_book):
    out = finished_book / "_build"
    line = re.search(r'<p class="als-page-line">(.*?)</p>', text(out / "html", FIRST))[1]
    assert "About 5 minutes to read" in line
    offered = re.findall(r'href="([^"]+)" download>([^<]+)<', line)
    assert [words for _, words in offered] == ["notebook", "results and tables"]
    for address, _ in offered:
        assert ((out / "html" / FIRST).parent / address).is_file()
    assert "als-page-line" not in text(out / "html", "chapters/plain")
    with zipfile.ZipFile(out / "html" / "_downloads" / "first-results-and-tables.zip") as archive:
        names = ["results.csv", "tables/events-all.csv", "tables/events-all.rtf"]
        assert archive.namelist() == names
        assert archive.read("results.csv") == (out / "results" / "first.csv").read_bytes()
    with zipfile.ZipFile(out / "html" / "_downloads" / ALL) as archive:
        assert archive.namelist() == [f"first/{name}" for name in names]
    assert ALL in text(out / "html", "chapters/guide/made")


def test_an_archive_depends_on_its_files_alone(tmp_path):
    made = []
    for name in ("a", "b"):
        file = tmp_path / name
        file.write_text("x,y\n")
        downloads.write_archive(tmp_path / f"{name}.zip", {"x.csv": file})
        made.append((tmp_path / f"{name}.zip").read_bytes())
    assert made[0] == made[1]
    assert zipfile.ZipFile(io.BytesIO(made[0])).read("x.csv") == b"x,y\n"


def test_a_downloaded_notebook_is_plain_and_runs(finished_book, tmp_path):
    book = finished_book
    path = book / "_build" / "html" / "_downloads" / "first.ipynb"
    content = path.read_text("utf-8")
    assert "alsutils.results" not in content
    assert 'type=\\"application/json\\"' not in content
    assert "data:image/svg+xml" in content
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    sources = [cell.source for cell in notebook.cells]
    assert sum("study_path =" in source for source in sources) == 1
    assert "study_path = '../study'" in sources
    assert "install the" in sources[1]
    away = tmp_path / "chapters"
    away.mkdir()
    shutil.copytree(book / "study", tmp_path / "study")
    assert executed(notebook, away) == []


def test_a_study_elsewhere_is_named_and_its_place_is_not(finished_book):
    path = finished_book / "_build" / "notebooks" / f"{FIRST}.ipynb"
    made = downloads.portable(nbformat.read(path, as_version=4), "secret-trial")
    assert "study_path = 'secret-trial'" in [cell.source for cell in made.cells]


def executed(notebook, folder):
    """Execute a notebook in a kernel of its own; give its errors."""
    from nbclient import NotebookClient

    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    outputs = [o for c in notebook.cells for o in c.get("outputs", [])]
    return [o for o in outputs if o["output_type"] == "error"]


def test_the_notebooks_to_launch_run_as_they_are(small_book, run):
    result = run("notebooks", small_book, "--repository", REPOSITORY, "--book", small_book)
    assert result.exit_code == 0, result.output
    paths = [small_book / "index.ipynb", small_book / f"{FIRST}.ipynb"]
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        setup = notebook.cells[0].source
        assert f"git clone --quiet --depth 1 --branch notebooks {REPOSITORY}" in setup
        assert "pip install --quiet /content/book" in setup
        assert all(not cell.get("outputs") for cell in notebook.cells)
    assert "%cd -q /content/book/chapters" in notebook.cells[0].source
    assert executed(notebook, paths[1].parent) == []


def test_a_print_needs_a_browser_and_says_so_first(small_book, run, monkeypatch):
    monkeypatch.setattr(pdf.shutil, "which", lambda _: None)
    out = small_book / "_build"
    result = run("build", small_book / "study", "--book", small_book, "--out", out, "--pdf")
    assert result.exit_code == 2
    assert "Chromium" in result.output
    assert not out.exists()


def test_the_book_in_print_has_everything(told, printer):
    if not printer:
        pytest.skip("no Chromium")
    path = told / DOWNLOADS / PDF
    content = path.read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"D:20000101000000" in content  # the same book is the same file
    for title in (b"Contents", b"A small book", b"The first chapter", b"A plain page"):
        assert b"/Title (" + title + b")\n/Dest" in content
    numbers = pdf.page_numbers(content)
    assert numbers["chapters.01_first"] < numbers["chapters.plain"]
    assert PDF in text(told, "chapters/guide/made")
    assert not list(told.glob("als-book*"))


def test_the_whole_book_is_one_page_with_links_within(told):
    pages = [page.name for page in find_book(told.parents[1]).pages]
    whole = pdf.whole_book(told, pages, {"chapters.plain": 7})
    assert whole.count('<article class="bd-article als-part') == len(pages)
    assert "<noscript" not in whole
    assert 'type="application/json"' not in whole
    for place in re.findall(r' src="([^"]+)"', whole):
        assert (told / place).is_file(), place
    known = set(re.findall(r' id="([^"]+)"', whole))
    assert set(re.findall(r' href="#([^"]+)"', whole)) <= known
    assert "<b>7</b>" in whole
    assert '<p class="als-cover-title">A small trial</p>' in whole


def test_the_title_of_a_study_cannot_break_out_of_the_print():
    assert pdf._css_text('a"} </style>\\') == '"a\\"} \\3c /style>\\\\"'


def test_the_card_copes_with_any_title(built_book):
    from alsutils.book.sharing import card
    from alsutils.book.site import STATIC

    study = load_study(built_book / "study")
    title = "<script>&amp; " + "A very long title of a trial " * 12
    study.config.__dict__["title"] = title
    assert card(study, STATIC / "logo.svg").startswith(b"\x89PNG")
