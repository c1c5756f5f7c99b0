"""A broken study ends with its problems or with a whole book, never with a traceback."""

import contextlib
import shutil
import zlib
from dataclasses import replace

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from alsutils import design, primary
from alsutils.book.cli import app
from alsutils.display import Prose
from tests.hostile.corpus import broken, chapters_for, load, malformed, run, write_bases
from tests.hostile.mutations import mutations

EACH = 30  # one of so many is tried here; `python -m tests.hostile.sweep` tries them all
EACH_BOOK = 80  # and of those that still load, one of so many is run through its chapters


def chosen(name: str, each: int) -> bool:
    """Choose one of so many by its name, so that new ones do not change which."""
    return zlib.crc32(name.encode()) % each == 0


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    return write_bases(tmp_path_factory.mktemp("bases"))


@pytest.fixture(scope="module")
def outcomes(bases, tmp_path_factory):
    """Each chosen broken study's name and what loading it came to."""
    folder = tmp_path_factory.mktemp("broken")
    return [
        (f"{base.name}, {mutation.name}", load(place))
        for base in bases
        for mutation, place in broken(base, folder, lambda m: chosen(m.name, EACH))
    ]


def test_the_good_studies_are_good(bases):
    assert all(load(base).study is not None for base in bases)


def test_a_broken_study_is_loaded_or_its_problems_are_told(outcomes):
    assert len(outcomes) >= 200
    refused = [(name, outcome.error) for name, outcome in outcomes if outcome.error]
    assert 0.3 < len(refused) / len(outcomes) < 0.9
    for name, error in refused:
        assert malformed(error) == [], name


@pytest.mark.long
def test_what_still_loads_makes_a_whole_book(bases, tmp_path):
    count = 0
    for mutation, place in broken(bases[0], tmp_path, lambda m: chosen(m.name, EACH_BOOK)):
        if load(place).study is not None:
            assert run(place, chapters_for(mutation)) == [], mutation.name
            count += 1
    assert count >= 2


def test_a_study_without_any_value_says_so(bases):
    study = load(bases[1]).study
    empty = study.tables["adqs"].assign(AVAL=np.nan, CHG=np.nan, BASE=np.nan)
    study = replace(study, tables={**study.tables, "adqs": empty})
    seen = design.attendance(study)
    assert "No patient has" in str(design.charts.attendance(study, seen))
    assert isinstance(design.tables.attendance(study, seen), Prose)
    assert "No patient has" in str(design.sentences.schedule(study, design.schedule(study)))
    assert isinstance(primary.tables.responders(study, primary.responders(study)), Prose)


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[*HealthCheck])
def test_faults_that_come_together_are_told(bases, tmp_path_factory, data):
    base = bases[0]
    known = list(mutations(base))
    folder = tmp_path_factory.mktemp("several")
    shutil.copytree(base, folder, dirs_exist_ok=True)
    for mutation in data.draw(st.lists(st.sampled_from(known), min_size=2, max_size=4)):
        # What an earlier one has left may not be there to be broken further.
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
            mutation.change(folder)
    outcome = load(folder)
    assert outcome.study is not None or malformed(outcome.error) == []
    shutil.rmtree(folder)


BROKEN = (
    "study.yml: title gone",
    "study.yml: cut in half",
    "adsl: cut in half",
    "adqs: no file",
    "adqs: a row of an unknown subject",
    "adsl: CSV called .parquet",
)


@pytest.mark.parametrize("name", BROKEN)
def test_the_commands_refuse_without_a_traceback_and_write_nothing(name, bases, tmp_path):
    mutation = next(m for m in mutations(bases[0]) if m.name == name)
    study = tmp_path / "study"
    shutil.copytree(bases[0], study)
    mutation.change(study)
    out = tmp_path / "out"
    (out / "html").mkdir(parents=True)
    (out / "html" / "index.html").write_text("the last good site", "utf-8")
    (out / ".alsbook").write_text("{}\n", "utf-8")
    before = sorted((p, p.stat().st_mtime_ns) for p in out.rglob("*"))
    for command in (["check", study], ["build", study, "--out", out]):
        result = CliRunner().invoke(app, [str(word) for word in command])
        assert result.exit_code == 2, result.output
        assert "Traceback" not in result.output
        assert result.stderr.strip()
    assert sorted((p, p.stat().st_mtime_ns) for p in out.rglob("*")) == before
