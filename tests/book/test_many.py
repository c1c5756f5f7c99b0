"""Books of several studies at once, on this machine and on a cluster."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.book import killing

EXECUTABLE = Path(sys.executable).with_name("dask")


@pytest.fixture
def studies(tmp_path):
    """Two good studies with a bad one between them, and the folder of a book."""
    book = killing.write_book(tmp_path / "book")
    folders = [tmp_path / name for name in ("first", "broken", "second")]
    for folder in folders:
        shutil.copytree(book / "study", folder)
        text = killing.STUDY.replace("A tiny trial", f"The trial & <{folder.name}>")
        (folder / "study.yml").write_text(text, "utf-8")
    (folders[1] / "adqs.csv").unlink()
    return book, folders


def assert_two_of_three(result, out):
    assert result.exit_code == 1, result.output
    for name, fate in (("first", "built"), ("broken", "failed"), ("second", "built")):
        assert f"{name}: {fate}" in result.stdout
        assert (out / name / "html" / "index.html").exists() == (fate == "built")
    assert "broken has no new book" in result.stderr
    assert "adqs.csv" in result.stderr
    index = (out / "index.html").read_text("utf-8")
    link = '<a href="first/html/index.html">The trial &amp; &lt;first&gt;</a>'
    assert link in index
    assert "broken (could not be built)" in index
    assert 'href="broken' not in index


def test_a_study_that_fails_does_not_stop_the_others(run, studies, tmp_path):
    book, folders = studies
    out = tmp_path / "out"
    result = run("build", *folders, "--book", book, "--out", out, "--jobs", 2)
    assert_two_of_three(result, out)


@pytest.mark.skipif(not shutil.which(str(EXECUTABLE)), reason="distributed is an optional extra")
@pytest.mark.long
def test_books_are_built_on_a_cluster(run, studies, tmp_path):
    book, folders = studies
    contact, started = tmp_path / "scheduler.json", []

    def start(*arguments: str) -> None:
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        with (tmp_path / "dask.log").open("a") as log:
            command = [EXECUTABLE, *arguments, "--scheduler-file", str(contact), "--no-dashboard"]
            started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))

    try:
        start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-jupyter")
        while not contact.exists():
            time.sleep(0.05)
        start("worker", "--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path))
        address = json.loads(contact.read_text())["address"]
        out = tmp_path / "out"
        result = run("build", *folders, "--book", book, "--out", out, "--cluster", address)
        assert_two_of_three(result, out)
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


def test_studies_of_one_name_are_refused(run, studies, tmp_path):
    book, folders = studies
    other = tmp_path / "elsewhere" / "first"
    shutil.copytree(folders[0], other)
    result = run("build", folders[0], other, "--book", book, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "first" in result.stderr


def test_a_cluster_that_does_not_answer_is_told(run, studies, tmp_path):
    book, folders = studies
    options = ("--book", book, "--out", tmp_path / "out", "--cluster", "tcp://127.0.0.1:1")
    result = run("build", *folders, *options)
    assert result.exit_code == 2
    assert "no Dask scheduler answers" in result.stderr
