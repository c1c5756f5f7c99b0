"""Nothing of a single patient of an observed study gets into a site: canaries in every column."""

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from alsutils import design, load_study, safety
from alsutils.book import build, cache
from alsutils.book.cli import app
from alsutils.book.output import FOLDERS
from alsutils.book.privacy import texts_of
from alsutils.study.telling import opened
from tests.trials.shapes import Shape, write

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[2]
# All of a study that a chapter reads.
SHAPE = Shape(
    name="study",
    arms=("Placebo", "Tablets"),
    sizes=(16,),
    visits=(4, 8),
    compared=(4, 8),
    lead_in=True,
    death=True,
    secondary=True,
    responders=True,
    profile=True,
    laboratory=True,
    n_biomarkers=2,
    provenance="observed",
)
# Columns that say what a row is; what else is in them is no study.
STRUCTURE = {"USUBJID", "TRT01P", "PARAMCD", "AVISITN", "CNSR", "AESER", "AVALC", "AESEV", "EOSSTT"}
DAY = "1987-06-05"
WORDS = ("canary", DAY, "5 june 1987", "june 5, 1987", "05jun1987", "5/6/1987", "549849600000")
PAGES = ("index", "01_design", "02_safety", "03_primary", "04_mechanism", "05_survival")
GUIDE = ("glossary",)
TOC = {
    "format": "jb-book",
    "root": "index",
    "chapters": [
        *({"file": f"chapters/{name}"} for name in (*PAGES[1:], "06_appraisal")),
        *({"file": f"chapters/guide/{name}"} for name in GUIDE),
    ],
}


def with_canaries(table: pd.DataFrame, role: str) -> tuple[pd.DataFrame, dict[str, float]]:
    """Put into each column of a table a value that only its first patient has.

    Gives the numbers that are such, by column; words all hold "canary", dates are DAY.
    """
    table, numbers = table.copy(), {}
    table["COMMENT"] = "as all"
    table["BRTHDT"] = "1950-01-01"
    table["WEIGHTX"] = 70.0
    one = table.index[table["USUBJID"] == table["USUBJID"].iloc[0]]
    for place, column in enumerate(table.columns.difference(STRUCTURE)):
        values = table[column]
        if column.endswith("DT"):
            table[column] = values.where(~table.index.isin(one), DAY)
        elif values.dropna().isin(["Y", "N"]).all():
            continue
        elif pd.api.types.is_numeric_dtype(values.dtype):
            # The largest of all, so that what tells extremes tells it.
            canary = float(np.ceil(values.max() * 1.1)) + 0.7317 + place / 1e4
            table[column] = values.astype(float)
            table.loc[one[-1:], column] = numbers[f"{role} {column}"] = round(canary, 4)
        else:
            table[column] = values.astype(object)
            table.loc[one[-1:], column] = f"Canary {column}"
    if {"BASE", "CHG"} <= set(table):
        table.loc[one[-1:], "AVAL"] = numbers[f"{role} BASE"] + numbers[f"{role} CHG"]
        numbers[f"{role} AVAL"] = float(table.loc[one[-1], "AVAL"])
    table["USUBJID"] = "CANARY-01-" + table["USUBJID"].str[-4:]
    return table, numbers


@pytest.fixture(scope="module")
def canaries(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, float]]:
    """An observed study with canaries in it, and the numbers among them."""
    folder = write(SHAPE, tmp_path_factory.mktemp("secret"))
    numbers: dict[str, float] = {}
    for path in folder.glob("*.csv"):
        table, found = with_canaries(pd.read_csv(path), path.stem)
        table.to_csv(path, index=False)
        numbers |= found
    return folder, numbers


@pytest.fixture(scope="module")
def site(canaries: tuple[Path, dict[str, float]]) -> Path:
    """The chapters and the guide's pages on data, built on that study with few draws."""
    study, _ = canaries
    book = study.parent / "book"
    shutil.copytree(ROOT / "chapters", book / "chapters")
    for name in ("_config.yml", "index.md", "references.bib"):
        shutil.copy(ROOT / name, book / name)
    for path in (book / "chapters").rglob("*.*"):
        name = path.relative_to(book / "chapters").as_posix()
        if "/" in name and path.stem not in GUIDE:
            # Pages that show nothing of the study are there, for others lead to them.
            path.unlink()
            path.with_suffix(".md").write_text(f"# {path.stem}\n", "utf-8")
    extra = sorted(p for p in (book / "chapters").rglob("*.md") if p.stem not in GUIDE)
    files = [{"file": p.relative_to(book).with_suffix("").as_posix()} for p in extra]
    toc = {**TOC, "chapters": [*TOC["chapters"], *files]}
    (book / "_toc.yml").write_text(yaml.safe_dump(toc), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setattr(build, "_OF_WINGS", (*build._OF_WINGS, "tests.trials.quick"))
        patch.setattr(cache, "package_fingerprint", lambda *_: "package")
        command = ["build", study, "--book", book, "--out", study.parent / "out"]
        result = CliRunner().invoke(app, [str(word) for word in command])
    assert result.exit_code == 0, result.output
    assert "canary" not in result.output.lower()
    return study.parent / "out"


@pytest.fixture(scope="module")
def texts(site: Path) -> dict[str, str]:
    """All that is published, by file: pages, scripts, the search index, downloads, results."""
    places = [path for name in FOLDERS for path in (site / name).rglob("*") if path.is_file()]
    found = {}
    for path in (*places, site / "manifest.json"):
        name = path.relative_to(site).as_posix()
        found |= {part: text.lower() for part, text in texts_of(name, path.read_bytes())}
    return found


def test_what_is_published_is_searched(texts):
    assert any(".zip/" in name for name in texts)
    endings = {Path(name).suffix for name in texts}
    assert {".html", ".js", ".csv", ".ipynb", ".json", ".rtf"} <= endings
    assert any(name.endswith("searchindex.js") for name in texts)
    results = [text for name, text in texts.items() if name.startswith("results/")]
    assert len(results) >= 6
    assert all(len(text.splitlines()) > 5 for text in results)


def test_the_canaries_are_in_every_column(canaries):
    study, numbers = canaries
    for path in study.glob("*.csv"):
        table = pd.read_csv(path, dtype=str)
        for column in table.columns.difference(STRUCTURE):
            if table[column].dropna().isin(["Y", "N"]).all():
                continue
            sung = table[column].str.contains(rf"Canary|{DAY}", na=False).any()
            assert sung or f"{path.stem} {column}" in numbers, (path.stem, column)


def test_the_canaries_would_sing(canaries):
    """Where single patients may be shown, the same study shows them."""
    study = opened(load_study(canaries[0]))
    shown = design.tables.baseline(study, design.baseline(study)).to_html()
    shown += safety.tables.nested(
        study, safety.incidence(study, "system"), safety.incidence(study)
    ).to_html()
    assert "Canary SEX" in shown
    assert "Canary AEDECOD" in shown


@pytest.mark.parametrize("word", WORDS)
def test_no_identifier_word_or_date_is_published(word, texts):
    assert [name for name, text in texts.items() if word in text] == []


def test_no_number_of_one_patient_is_published(canaries, texts):
    _, numbers = canaries
    assert len(numbers) > 15
    found = [
        (name, column)
        for column, value in numbers.items()
        for digits in [f"{value:.4f}"[:-1]]
        for name, text in texts.items()
        # To look for a text is much faster than for a pattern.
        if digits in text and re.search(rf"(?<![\d.,]){re.escape(digits)}", text)
    ]
    assert found == []


def test_the_site_says_what_it_holds_back(texts):
    assert "fewer than 5 patients" in texts["html/index.html"]
