"""Builds that are killed, stopped, hung, refused room or run in an odd place."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.book import killing

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
HANGS = 'from pathlib import Path\nPath("started").touch()\nimport time; time.sleep(1e6)'


@pytest.fixture
def book(tmp_path):
    return killing.write_book(tmp_path / "book")


def wait_for(path: Path, build) -> None:
    for _ in range(1200):
        if path.exists():
            return
        assert build.process.poll() is None, build.finish()
        time.sleep(0.1)
    raise AssertionError(f"{path} never came")


@pytest.mark.long
def test_killed_builds_leave_a_whole_site_and_no_process(book):
    killing.kill_builds(book, 2, seed=int.from_bytes(os.urandom(4)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_build_leaves_no_process(number, book):
    killing.write_chapter(book, HANGS)
    build = killing.Build(book)
    wait_for(book / "chapters" / "started", build)
    build.process.send_signal(number)
    said = build.finish()
    assert build.left() == []
    if number != signal.SIGKILL:
        assert build.process.returncode == 130
        assert "the last good site is untouched" in said
        assert "Traceback" not in said
        assert not list((book / "out").glob(".work-*"))


def test_a_chapter_that_hangs_is_stopped_and_named(book):
    killing.write_chapter(book, f"1 + 1\n\n# %%\n{HANGS}")
    build = killing.Build(book, "--timeout", "10")  # enough for the first cell on a busy machine
    said = build.finish()
    assert build.process.returncode == 1, said
    assert "chapters/01_first, code cell 2 (from pathlib import Path)" in said
    assert "may take 10 seconds" in said
    assert build.left() == []


def test_a_disk_without_room_is_a_failure_that_says_so(book, run, monkeypatch):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    monkeypatch.chdir(book)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        result = run("build", "study", "--out", "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert result.exit_code == 1, result.output
    assert "File too large" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (book / "out" / "html").exists()
    assert not list((book / "out").glob(".work-*"))


def test_a_site_without_room_says_so_once(book, run, monkeypatch):
    def full(*_, **__):
        said = "WARNING: Failed to copy: OSError(28, 'No space left on device')\n"
        return subprocess.CompletedProcess([], 1, "", said * 300)

    monkeypatch.chdir(book)
    monkeypatch.setattr("alsutils.book.site.subprocess.run", full)
    result = run("build", "study", "--out", "out")
    assert result.exit_code == 1
    assert result.stderr.count("No space left on device") == 1


@pytest.mark.long
def test_the_same_book_comes_out_everywhere(tmp_path):
    """Other place, home, zone, locale, hash seed and number of jobs: the same bytes."""
    environments = {
        "here": {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"},
        "Übers Meer": {"TZ": "Pacific/Auckland", "LC_ALL": "C", "PYTHONHASHSEED": "2"},
    }
    code = "import time, os\nprint({'a', 'b', 'c'}, time.strftime('%H:%M %Z', time.gmtime(0)))"
    code += "\nprint(time.strftime('%H', time.localtime(0)), os.environ['LC_ALL'])"
    found = []
    for jobs, (name, changes) in enumerate(environments.items(), start=1):
        folder = killing.write_book(tmp_path / name)
        killing.write_chapter(folder, code)
        env = {**os.environ, **changes}
        if jobs == 2:
            env.pop("HOME", None)
        build = killing.Build(folder, "--jobs", str(jobs), env=env)
        said = build.finish()
        assert build.process.returncode == 0, said
        found.append(killing.products(folder / "out"))
    assert found[0] == found[1]
