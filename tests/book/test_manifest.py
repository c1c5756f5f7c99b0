"""The manifest names what a book was made of and what came out, and a page shows it."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from alsutils.book import manifest, reach
from alsutils.book.chapters import find_book
from alsutils.study import load_study

HEAVY = {"numpy", "pandas", "scipy", "altair", "statsmodels", "lifelines", "papermill", "sphinx"}


@pytest.fixture
def made(built_book):
    return json.loads((built_book / "_build" / "manifest.json").read_text("utf-8"))


def test_the_hashes_are_those_of_the_files(made, built_book):
    assert set(made["hashes"]) == {"data", "chapters", "code", "lock"}
    assert all(re.fullmatch("[0-9a-f]{64}", made["hashes"][part]) for part in ("data", "lock"))
    results = made["chapters"]["chapters/01_first"]["results"]
    file = built_book / "_build" / "results" / "first.csv"
    assert results == {"first.csv": hashlib.sha256(file.read_bytes()).hexdigest()}
    assert "results" not in made["chapters"]["index"]


def test_the_page_shows_the_manifest_and_fills_in_the_seconds(made, built_book):
    site = built_book / "_build" / "html"
    html = (site / "chapters" / "guide" / "made.html").read_text("utf-8")
    words = re.sub("<[^>]+>", "", html)
    digests = [*made["hashes"].values(), *made["chapters"]["chapters/01_first"]["results"].values()]
    for digest in digests:
        assert digest[:16] in words
    for name, version in made["versions"].items():
        assert f"{name}" in words
        assert f"{version}" in words
    script = (site / "_static" / "als-durations.js").read_text("utf-8")
    for name, seconds in made["last"]["seconds"].items():
        assert seconds > 0
        assert f'data-seconds="{name}"' in html
        assert f'"{name}": {round(seconds, 1)}' in script
    assert "How this book was made" in (site / "index.html").read_text("utf-8")


def test_no_place_of_this_machine_is_named(built_book):
    text = (built_book / "_build" / "manifest.json").read_text("utf-8")
    for place in (str(built_book), sys.prefix, str(Path.home())):
        assert place not in text


@pytest.mark.parametrize(
    ("name", "part"),
    [("study/adqs.csv", "data"), ("chapters/plain.md", "chapters"), ("requirements.txt", "lock")],
)
def test_a_change_shows_in_the_hash_of_its_part(name, part, small_book):
    def parts():
        return manifest.ingredients(find_book(small_book), load_study(small_book / "study"))

    before = parts()
    assert parts() == before
    with (small_book / name).open("a") as file:
        file.write("\n")
    changed = {key for key, digest in parts().items() if digest != before[key]}
    assert part in changed
    assert changed <= {part, "chapters"}  # the lock belongs to the source as well


def test_seeds_are_read_off_the_code(tmp_path):
    (tmp_path / "helper.py").write_text("SEED = 2_018\n_OTHER_SEED: Final = 7\nSEEDS = 3\n")
    assert manifest.seeds(reach.reach("import helper", tmp_path)) == [7, 2018]


def test_a_manifest_that_cannot_be_read_counts_as_none(tmp_path):
    for text in ("", "{", "[]"):
        (tmp_path / manifest.NAME).write_text(text, "utf-8")
        assert manifest.read(tmp_path) == {}


@pytest.mark.parametrize("module", ["alsutils", "alsutils.book.cli"])
def test_what_is_imported_first_is_light(module):
    code = f"import {module}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())
