"""What the house rules ask of the chapters and of the package's imports."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from alsutils.book.chapters import PARAMETERS_TAG, Page, find_book, read_notebook

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "alsutils"
LONGEST_CELL, SHORT_CELL = 20, 4
TAKES_A_STUDY = ("index", "chapters/0")
SOLUTIONS = "chapters/exercises/"  # programs that a reader writes, so longer than calls

WINGS = ("design", "safety", "primary", "mechanism", "survival", "appraisal")
MAY_IMPORT = {
    "stats": {"stats"},
    "study": {"study", "stats"},
    "display": {"display", "study", "stats"},
    **{wing: {wing, "display", "study", "stats"} for wing in WINGS},
    "appraisal": {*WINGS, "display", "study", "stats"},
    "playground": {"playground", "display", "stats"},
    "classroom": {"classroom", "display", "study", "stats"},
    "book": {"book", "classroom", "display", "study", "stats"},
}
ROOMS = ("analysis", "charts", "tables", "sentences")


SOURCES = [ROOT / "index.md", *sorted((ROOT / "chapters").rglob("*.py"))]
PAGES = [Page(path.relative_to(ROOT).with_suffix("").as_posix(), path) for path in SOURCES]
NOTEBOOKS = {page.name: page for page in PAGES}
by_page = pytest.mark.parametrize("name", list(NOTEBOOKS))


def code_cells(name):
    return [c for c in read_notebook(NOTEBOOKS[name]).cells if c.cell_type == "code"]


def test_every_page_of_the_contents_exists():
    assert len(find_book(ROOT).pages) == 1 + 2 * 6 + 6


@by_page
def test_a_page_on_a_study_has_one_parameters_cell(name):
    tagged = [c for c in code_cells(name) if PARAMETERS_TAG in c.metadata.get("tags", [])]
    assert len(tagged) <= 1
    if name.startswith(TAKES_A_STUDY):
        [cell] = tagged
        [statement] = ast.parse(cell.source).body
        assert isinstance(statement, ast.Assign)
        assert statement.targets[0].id == "study_path"
        assert (NOTEBOOKS[name].source.parent / ast.literal_eval(statement.value)).is_dir()


@by_page
def test_cells_are_short(name):
    lengths = [len(c.source.strip().splitlines()) for c in code_cells(name)]
    assert max(lengths) <= LONGEST_CELL
    if not name.startswith(SOLUTIONS):
        assert sum(length <= SHORT_CELL for length in lengths) * 2 >= len(lengths)


@by_page
def test_cells_hold_no_logic(name):
    logic = (ast.For, ast.While, ast.If, ast.FunctionDef, ast.ClassDef, ast.Try, ast.With)
    for cell in code_cells(name):
        found = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, logic)]
        assert not found, cell.source


@by_page
def test_cells_end_in_something_to_look_at(name):
    for cell in code_cells(name):
        if PARAMETERS_TAG not in cell.metadata.get("tags", []):
            last = ast.parse(cell.source).body[-1]
            assert isinstance(last, ast.Expr), cell.source


PROSE_BLOCK = re.compile(
    r"^```\{(?:admonition|dropdown|note|tip|question)\}(.*?)^```\s*$", re.DOTALL | re.MULTILINE
)
NOT_PROSE = (
    r"^(?P<fence>```|~~~).*?^(?P=fence)\s*$",  # code
    r"^ {4}[^\n]*$",  # code, too
    r"`[^`]*`",
    r"\$\$.*?\$\$",
    r"\$[^$]*\$",
    r"\]\([^)]*\)",
    r"https?://\S+",
    r"\b0\.05\b",  # the usual level, a convention and no result
)
RESULT = re.compile(r"\d+\.\d+|\bp\s*[<=>≤≥]\s*0?\.?\d|\d+(\.\d+)?\s*%\s*CI", re.IGNORECASE)


def prose(text):
    text = PROSE_BLOCK.sub(r"\1", text)
    for pattern in NOT_PROSE:
        text = re.sub(pattern, " ", text, flags=re.DOTALL | re.MULTILINE)
    return text


@pytest.mark.parametrize("text", ["3.38 points", "p < 0.001", "P = .03", "95% CI"])
def test_a_typed_result_is_seen(text):
    assert RESULT.search(prose(f"The difference was {text}."))
    assert RESULT.search(prose(f"```{{question}} What of it?\n- (x) It was {text}.\n```\n"))


@pytest.mark.parametrize("text", ["`0.05`", "$p < 0.05$", "[a](b-1.5)", "~~~python\nx = 1.5\n~~~"])
def test_code_formulas_and_links_are_no_results(text):
    assert not RESULT.search(prose(f"\n{text}\n"))


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if name.startswith(TAKES_A_STUDY)])
def test_no_result_is_typed_in_prose(name):
    for cell in read_notebook(NOTEBOOKS[name]).cells:
        if cell.cell_type == "markdown":
            assert [m.group() for m in RESULT.finditer(prose(cell.source))] == []


def imports(path):
    """Yield the modules of this package that a file imports, as dotted paths below it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "alsutils" and name != "alsutils":
                yield name.removeprefix("alsutils.")


MODULES = [p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_go_one_way(path):
    room = path.relative_to(PACKAGE).parts[0]
    for name in imports(path):
        assert name.split(".")[0] in MAY_IMPORT[room], f"{path} imports {name}"


@pytest.mark.parametrize("wing", WINGS)
def test_an_analysis_knows_nothing_of_what_is_shown(wing):
    shown = {f"{wing}.{room}" for room in ROOMS[1:]}
    for path in (PACKAGE / wing).glob("*.py"):
        if path.stem in (*ROOMS[1:], "__init__"):
            continue
        used = {".".join(name.split(".")[:2]) for name in imports(path)}
        assert not used & shown


@pytest.mark.parametrize("wing", WINGS)
def test_every_wing_has_the_same_rooms(wing):
    assert {p.stem for p in (PACKAGE / wing).iterdir()} >= set(ROOMS)


def test_no_executed_notebook_is_kept():
    assert [p for p in (ROOT / "chapters").rglob("*.ipynb") if ".ipynb_" not in str(p)] == []


def test_every_citation_has_a_reference():
    text = "".join(p.read_text("utf-8") for p in ROOT.glob("**/*.bib") if ".venv" not in p.parts)
    keys = set(re.findall(r"^@\w+\{([^,\s]+)", text, flags=re.MULTILINE))
    sources = [*(ROOT / "chapters").rglob("*.py"), *(ROOT / "chapters").rglob("*.md")]
    sources += [ROOT / "index.md", *(ROOT / "data").glob("*/story/*.md")]
    for path in sources:
        for found in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", path.read_text("utf-8")):
            assert {key.strip() for key in found.split(",")} <= keys, path


def test_every_reference_is_there_once():
    for path in (ROOT / "references.bib", *(ROOT / "data").glob("*/story/references.bib")):
        keys = re.findall(r"^@\w+\{([^,\s]+)", path.read_text("utf-8"), flags=re.MULTILINE)
        assert len(keys) == len(set(keys)), path


def test_the_contents_name_each_page_once():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    files = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    assert len(files) == len(set(files))
