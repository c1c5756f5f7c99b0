"""A chapter is executed again only for what it rests on; what is used again is as if built anew."""

import shutil
from pathlib import Path

import pytest

from alsutils.book import cache, kernels, reach, site
from alsutils.book.build import _plan
from alsutils.book.chapters import find_book
from alsutils.study import load_study

ROOT = Path(__file__).parents[2]
FOLDERS = ("html", "notebooks", "results", "tables")
DURATIONS = "html/_static/als-durations.js"


def contents(out: Path) -> dict[str, bytes]:
    """Everything in a build's products but how long it took."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for name in FOLDERS
        for path in (out / name).rglob("*")
        if path.is_file() and path.relative_to(out).as_posix() != DURATIONS
    }


@pytest.fixture
def build(run, built_book):
    def call(*options):
        out = built_book / "_build"
        result = run("build", built_book / "study", "--book", built_book, "--out", out, *options)
        assert result.exit_code == 0, result.output
        return result

    return call


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_nothing_is_done_where_nothing_changed(build, built_book, monkeypatch):
    def fail(*_, **__):
        raise AssertionError("the site was built again")

    before = contents(built_book / "_build")
    monkeypatch.setattr(site, "_run", fail)
    assert "0 chapters executed, 2 reused" in build().stdout
    assert contents(built_book / "_build") == before


def test_other_words_need_no_execution_and_end_in_the_same_book(build, built_book):
    replace(built_book / "chapters" / "01_first.py", "A mean is", "The mean is")
    replace(built_book / "chapters" / "01_first.py", "# The first chapter", "# The first of all")
    assert "0 chapters executed, 2 reused" in build().stdout
    after = contents(built_book / "_build")
    assert b"The mean is" in after["html/chapters/01_first.html"]
    # The title stands in the contents on every page.
    assert b"The first of all" in after["html/chapters/plain.html"]
    build("--force")
    assert contents(built_book / "_build") == after


def test_a_page_of_words_is_read_alone_and_ends_in_the_same_book(build, built_book):
    page = built_book / "_build" / ".cache" / "site" / "_build" / "html" / "chapters"
    replace(built_book / "chapters" / "plain.md", "Words.", "Some words.")
    build()  # all of it: the book has been copied here since it was built
    untouched = (page / "01_first.html").stat().st_mtime_ns
    replace(built_book / "chapters" / "plain.md", "Some words.", "Other words.")
    build()
    assert (page / "01_first.html").stat().st_mtime_ns == untouched
    after = contents(built_book / "_build")
    assert b"Other words." in after["html/chapters/plain.html"]
    build("--force")
    assert contents(built_book / "_build") == after


def test_a_machine_that_cannot_fork_makes_the_same_book(build, built_book, monkeypatch):
    before = contents(built_book / "_build")
    monkeypatch.setattr(kernels, "can_fork", lambda: False)
    assert "2 chapters executed" in build("--force").stdout
    assert contents(built_book / "_build") == before


def test_a_site_that_somebody_changed_is_mended(build, built_book):
    before = contents(built_book / "_build")
    (built_book / "_build" / "html" / "index.html").write_text("gone", "utf-8")
    assert "0 chapters executed, 2 reused" in build().stdout
    assert contents(built_book / "_build") == before


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A copy of the package, read in its place when keys are computed."""
    copy = tmp_path_factory.mktemp("copy") / "alsutils"
    shutil.copytree(ROOT / "alsutils", copy, ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reach, "ROOT", copy)
        patch.setattr(cache, "ROOT", copy)
        reach.forget()
        yield copy
    reach.forget()


@pytest.fixture(scope="module")
def keys(package, finished_book):
    """The keys of the real book's executions, by page, as they now are."""
    study = load_study(finished_book / "study")

    def now():
        reach.forget()
        plan = _plan(find_book(ROOT), study)
        return {page.short_name: key for page, key in plan.keys.items()}

    return now


@pytest.fixture(scope="module")
def before(keys):
    return keys()


@pytest.fixture
def executed(keys, before):
    """Which pages of the real book are executed again after a change."""
    return lambda: {name for name, key in keys().items() if key != before[name]}


@pytest.fixture
def add(package):
    """Write further lines into a file of the package, for one test."""
    texts = {}

    def write(file, lines):
        texts[file] = file.read_text("utf-8")
        file.write_text(texts[file] + lines, "utf-8")

    yield write
    for file, text in texts.items():
        file.write_text(text, "utf-8")


WINGS = {"design", "safety", "primary", "mechanism", "survival", "appraisal"}


@pytest.mark.parametrize(
    ("module", "wings"),
    [
        ("safety/charts", {"safety"}),
        ("survival/sentences", {"survival"}),
        ("mechanism/analysis.py", {"mechanism"}),
        ("study/loading.py", WINGS),
        ("book/execute.py", WINGS),
        ("book/site.py", set()),
    ],
)
def test_a_module_counts_for_the_chapters_that_import_it(module, wings, package, add, executed):
    path = package / module
    if not path.exists():
        path = path.with_suffix(".py")
    add(next(path.rglob("*.py")) if path.is_dir() else path, "# another line\n")
    found = executed()
    assert found & WINGS == wings
    if wings == WINGS:
        assert "index" in found


def test_a_module_counts_where_it_is_reached_through_others(package, add, executed):
    add(package / "stats" / "mmrm" / "fit.py", "# another line\n")
    found = executed()
    assert found >= {"primary", "appraisal"}
    assert not found & {"index", "safety"}


def test_a_module_that_comes_in_a_function_counts(package, add):
    late = "\n\ndef late():\n    from alsutils.stats import brand_new\n"
    add(package / "safety" / "analysis.py", late)
    (package / "stats" / "brand_new.py").write_text("x = 1\n")
    code = "from alsutils import safety"
    reach.forget()
    assert package / "stats" / "brand_new.py" in reach.reach(code, ROOT).files
    (package / "stats" / "brand_new.py").unlink()


@pytest.mark.parametrize("code", ["%run x.py", "import importlib\nimportlib.import_module(name)"])
def test_code_whose_imports_cannot_be_told_rests_on_all(code):
    assert set(reach.reach(code, ROOT).files) >= set((reach.ROOT / "stats").rglob("*.py"))


def test_files_beside_a_chapter_count(tmp_path):
    (tmp_path / "helper.py").write_text("import other\n")
    (tmp_path / "other.py").write_text("x = 1\n")
    (tmp_path / "mine.csv").write_text("a\n")
    files = reach.reach('import helper\nopen("mine.csv")\nprint("..", ".")', tmp_path).files
    assert {file.name for file in files} == {"helper.py", "other.py", "mine.csv"}


def test_every_statement_of_import_in_the_package_is_seen():
    import ast

    for file in sorted((ROOT / "alsutils").rglob("*.py")):
        nodes = ast.walk(ast.parse(file.read_text("utf-8")))
        names = {name for node in nodes for name in reach._imported(node)}
        files = {path for name in names for path in reach._files(name, file.parent)}
        assert files <= set(reach._reached_from(file)), file
