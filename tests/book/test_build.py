"""What a build makes, what it uses again, and that a failed one leaves the last good one alone."""

import csv
import getpass
import re
import sys
from pathlib import Path

import nbformat
import pytest

FAILED = 1
PRODUCTS = ("html", "notebooks", "results", "tables")
FIRST = "chapters/01_first"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for name in PRODUCTS
        for path in (folder / name).rglob("*")
        if path.is_file() and path.name != "als-durations.js"
    }


@pytest.fixture
def build(run, built_book):
    def call(*options):
        out = built_book / "_build"
        return run("build", built_book / "study", "--book", built_book, "--out", out, *options)

    return call


@pytest.fixture
def chapter(built_book):
    """Text of the first chapter, to be replaced."""
    path = built_book / f"{FIRST}.py"

    def replace(old: str, new: str) -> None:
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    return replace


def test_results_are_collected_with_all_digits(built_book):
    with (built_book / "_build" / "results" / "first.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    # Two outputs carry the same row; it stands once.
    assert len(rows) == 1
    assert rows[0]["analysis"] == "t test"
    assert rows[0]["n_control"] == "3"
    assert float(rows[0]["estimate"]) == 0.1 + 0.2
    assert rows[0]["std_error"] == ""


def test_a_page_without_results_has_no_file(built_book):
    names = [path.name for path in (built_book / "_build" / "results").iterdir()]
    assert names == ["first.csv"]


def test_a_page_links_to_its_tables_as_files(built_book):
    out = built_book / "_build"
    html = (out / "html" / f"{FIRST}.html").read_text("utf-8")
    links = re.findall(r'href="([^"]*/tables/[^"]*)"', html)
    assert [Path(link).name for link in links] == ["events-all.csv", "events-all.rtf"]
    for link in links:
        offered = (out / "html" / FIRST).parent / link
        assert offered.read_bytes() == (out / "tables" / "first" / offered.name).read_bytes()
    assert "als-tables.js" in html
    assert "als-tables.js" not in (out / "html" / "chapters" / "plain.html").read_text("utf-8")


def test_pages_hide_parameters_and_the_machine(built_book):
    html = (built_book / "_build" / "html" / f"{FIRST}.html").read_text("utf-8")
    assert "study_path = " not in html
    assert "load_study(study_path)" in re.sub("<[^>]+>", "", html)
    for path in (built_book / "_build" / "notebooks").rglob("*.ipynb"):
        for place in (str(built_book), sys.prefix, str(Path.home()), getpass.getuser() + "@"):
            assert place not in path.read_text("utf-8")


def test_banner_and_title_come_from_the_study(built_book):
    html = (built_book / "_build" / "html" / f"{FIRST}.html").read_text("utf-8")
    assert "Synthetic data" in html
    assert re.search(r"<title>[^<]*A small trial", html)


def test_observed_data_have_no_banner(build, built_book):
    study = built_book / "study" / "study.yml"
    study.write_text(study.read_text("utf-8").replace("synthetic", "observed"), "utf-8")
    assert build().exit_code == 0
    for page in (built_book / "_build" / "html").rglob("*.html"):
        assert "announcement__content" not in page.read_text("utf-8")


def test_an_unchanged_book_is_not_executed_again(build):
    result = build()
    assert result.exit_code == 0
    assert "0 chapters executed, 2 reused" in result.stdout


def test_a_changed_chapter_alone_is_executed(build, chapter):
    chapter("A line goes up.", "A line goes up and down.")
    assert "1 chapters executed, 1 reused" in build().stdout


def test_changed_data_execute_every_chapter_that_takes_a_study(build, built_book):
    table = built_book / "study" / "adqs.csv"
    lines = table.read_text("utf-8").splitlines()
    table.write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n", "utf-8")
    assert "2 chapters executed, 0 reused" in build().stdout


def test_force_executes_all_and_gives_the_same_bytes(build, built_book):
    before = contents(built_book / "_build")
    assert "2 chapters executed, 0 reused" in build("--force").stdout
    after = contents(built_book / "_build")
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == []


def with_identifiers(built_book: Path) -> None:
    """Make the study an observed one whose identifiers could not be anything else."""
    for name in ("adsl.csv", "adqs.csv"):
        table = built_book / "study" / name
        table.write_text(table.read_text("utf-8").replace("S0", "TRIAL-0-S0"), "utf-8")
    study = built_book / "study" / "study.yml"
    study.write_text(study.read_text("utf-8").replace("synthetic", "observed"), "utf-8")


def test_a_chart_that_carries_patients_is_a_failure(build, built_book, chapter):
    with_identifiers(built_book)
    chapter('"x": [1, 2, 3]', '"id": study.tables["adsl"]["USUBJID"][:3], "x": [1, 2, 3]')
    told = assert_failed_and_kept(build, built_book, FIRST, "3 of USUBJID (adsl)")
    assert "TRIAL-0" not in told


def test_a_message_about_patients_is_not_repeated(build, built_book, chapter):
    with_identifiers(built_book)
    telling = "raise ValueError(study.tables['adsl'].to_string())"
    chapter("frame = pd.DataFrame(", f"{telling}\nframe = pd.DataFrame(")
    told = assert_failed_and_kept(build, built_book, FIRST, "code cell 2", "ValueError")
    assert "TRIAL-0" not in told


def test_a_warning_about_patients_is_neither_told_nor_kept(build, built_book, chapter):
    with_identifiers(built_book)
    chapter(
        "study = load_study(study_path)\nframe",
        "study = load_study(study_path)\n"
        'import warnings; warnings.warn(study.tables["adsl"]["USUBJID"][0])\nframe',
    )
    result = build()
    assert result.exit_code == 0, result.output
    assert f"{FIRST}: wrote to standard error" in result.stderr
    for told in [result.stderr, *contents(built_book / "_build").values()]:
        assert "TRIAL-0" not in str(told)


def assert_failed_and_kept(build, built_book, *words):
    before = contents(built_book / "_build")
    result = build()
    assert result.exit_code == FAILED, result.output
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr
    assert contents(built_book / "_build") == before
    assert not list((built_book / "_build").glob(".work-*"))
    return result.output + result.stderr


def test_a_failing_cell_is_named_and_the_last_site_kept(build, built_book, chapter):
    chapter('frame = pd.DataFrame({"x"', 'frame = pd.DataFrame({"z"')
    words = (FIRST, "code cell 3", "row = {", "ValueError")
    assert_failed_and_kept(build, built_book, *words)


def test_a_process_that_dies_is_a_failure(build, built_book, chapter):
    chapter("import altair as alt", "import os, altair as alt; os._exit(3)")
    assert_failed_and_kept(build, built_book, FIRST, "the Python process failed")


def test_a_broken_link_is_a_failure(build, built_book):
    (built_book / "chapters" / "plain.md").write_text("# A page\n\n{doc}`nowhere`\n", "utf-8")
    assert_failed_and_kept(build, built_book, "chapters/plain.md:3", "nowhere")


def test_a_formula_that_is_not_understood_is_a_failure(build, built_book):
    (built_book / "chapters" / "plain.md").write_text("# A page\n\n$\\nosuch{x}$\n", "utf-8")
    assert_failed_and_kept(build, built_book, "formula not understood", "nosuch")


def test_an_unknown_column_of_results_is_a_failure(build, built_book, chapter):
    chapter("from alsutils.display import Figure", "from alsutils.display import Figure, output")
    chapter("\n# %%\nFigure(", "\n# %%\noutput.result_frame = lambda f: f.assign(odd=1)\nFigure(")
    assert_failed_and_kept(build, built_book, FIRST, "odd")


def test_a_failure_keeps_what_was_executed(build, built_book, chapter):
    index = built_book / "index.md"
    index.write_text(index.read_text("utf-8").replace("study.config.title", "study.arms"), "utf-8")
    chapter("row = {", "rows = {")
    assert build().exit_code == FAILED
    chapter("rows = {", "row = {")
    assert "0 chapters executed, 2 reused" in build().stdout


def test_warnings_of_a_cell_are_told_and_not_shown(build, built_book, chapter):
    chapter("study = load_study", 'import warnings; warnings.warn("beware")\nstudy = load_study')
    result = build()
    assert result.exit_code == 0
    assert "UserWarning: beware" in result.stderr
    html = (built_book / "_build" / "html" / f"{FIRST}.html").read_text("utf-8")
    assert "UserWarning" not in html


def test_a_second_build_at_the_same_time_is_told_to_wait(build, built_book):
    fcntl = pytest.importorskip("fcntl")
    with (built_book / "_build" / ".alsbook").open("r+b") as marker:
        fcntl.flock(marker, fcntl.LOCK_EX)
        result = build()
    assert result.exit_code == 2
    assert "another build" in result.stderr


def test_the_kernel_is_this_python(build, built_book, chapter):
    chapter("import altair as alt\n", "import altair as alt\nimport sys; print(sys.prefix)\n")
    assert build().exit_code == 0
    notebook = nbformat.read(built_book / "_build" / "notebooks" / f"{FIRST}.ipynb", as_version=4)
    printed = "".join(o.get("text", "") for c in notebook.cells for o in c.get("outputs", []))
    assert printed.strip() == sys.prefix
