"""``alsbook power``: scenarios from a file, rows to another, and errors that say what to mend."""

import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from alsutils.book.cli import app
from alsutils.book.errors import BookError
from alsutils.book.power import power_table, read_scenarios, simulate_scenarios
from alsutils.stats.patients import Scenario
from alsutils.stats.power import operating_characteristics

FILE = """
n_per_arm: [16, 16]
months: [0, 2, 4]
rater_bias: 0.5
scenarios:
  as planned:
  nothing: {slope_effect: [0, 0]}
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "scenarios.yml"
    file.write_text(FILE)
    return file


def test_scenarios_share_what_stands_above_them(path):
    read = read_scenarios(path)
    assert list(read) == ["as planned", "nothing"]
    assert read["as planned"].n_per_arm == read["nothing"].n_per_arm == (16, 16)
    assert read["as planned"].rater_bias == (0.5,)
    assert read["nothing"].slope_effect == (0.0, 0.0)
    assert read_scenarios(None) == {"scenario": Scenario()}


def test_rows_are_those_of_the_package(path):
    frame = simulate_scenarios(read_scenarios(path), ["t_test"], 40, 3)
    worlds = frame[["scenario", "effect"]].drop_duplicates().to_records(index=False).tolist()
    # What has no effect is not simulated twice.
    assert worlds == [("as planned", "as given"), ("as planned", "none"), ("nothing", "none")]
    own = frame.query("scenario == 'as planned' and effect == 'as given'")
    wanted = operating_characteristics(read_scenarios(path)["as planned"], ["t_test"], 40, 3).frame
    pd.testing.assert_frame_equal(
        own.drop(columns=["scenario", "effect"]).reset_index(drop=True), wanted
    )


def test_the_table_has_power_beside_the_type_one_error(path):
    frame = simulate_scenarios(read_scenarios(path), ["t_test", "log_rank"], 40, 3)
    table = power_table(frame)
    assert list(table["Scenario"]) == ["as planned"] * 2 + ["nothing"] * 2
    assert table.loc[0, "Power"].endswith(")")
    assert table.loc[2, "Power"] == "-"
    assert not (table["Type I error"] == "-").any()
    assert table.loc[1, "Bias"] == "-"


def test_the_command_writes_every_row(path, tmp_path):
    out = tmp_path / "rows.csv"
    arguments = [
        "power",
        str(path),
        "--trials",
        "30",
        "--analyses",
        "t_test, ancova",
        "--jobs",
        "1",
    ]
    done = CliRunner().invoke(app, [*arguments, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "ANCOVA" in done.stdout
    rows = pd.read_csv(out)
    assert rows.groupby(["scenario", "effect", "analysis"]).ngroups == 6
    assert (rows["trials"] == 30).all()


def test_a_store_is_gone_on_from(path, tmp_path):
    store = tmp_path / "trials.db"
    arguments = [
        "power",
        str(path),
        "--trials",
        "20",
        "--analyses",
        "t_test",
        "--store",
        str(store),
    ]
    first, second = (CliRunner().invoke(app, arguments) for _ in range(2))
    assert first.exit_code == second.exit_code == 0
    assert first.stdout == second.stdout
    assert store.stat().st_size > 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("months: [0, 1]\nspeed: 3", "no such field: speed"),
        ("noise_sd: loud", "noise_sd: Input should be a valid number.*'loud'"),
        ("slope_effect: 0.5", "slope_effect needs 2 values"),
        ("scenarios: []", "must give each scenario a name"),
        ("scenarios: {a: 3}", "scenarios.a must be fields"),
        ("scenarios: {a: {floor: 99}, b: {bulbar: 2}}", "(?s)a: .*inside the scale.*b: .*bulbar"),
        ("- 1", "must hold fields"),
        ("a: [", "cannot be read as YAML"),
        ("months: !!python/object/apply:os.getcwd []", "cannot be read as YAML"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, content, words):
    path = tmp_path / "bad.yml"
    path.write_text(content)
    with pytest.raises(BookError, match=words):
        read_scenarios(path)


def test_the_example_of_the_guide_can_be_run(tmp_path):
    guide = (Path(__file__).parents[2] / "chapters" / "guide" / "rerun.md").read_text("utf-8")
    path = tmp_path / "worlds.yml"
    path.write_text(re.search(r"```yaml\n(arms: .*?)```", guide, re.DOTALL).group(1))
    read = read_scenarios(path)
    assert len(read) == 5
    assert simulate_scenarios(read, ["t_test"], 10, 1)["estimate"].notna().any()


def test_what_is_not_there_is_said(tmp_path):
    runner = CliRunner()
    assert runner.invoke(app, ["power", str(tmp_path / "none.yml")]).exit_code == 2
    unknown = runner.invoke(app, ["power", "--analyses", "anova"])
    assert unknown.exit_code == 2
    assert "some of t_test" in unknown.stderr
    nowhere = runner.invoke(app, ["power", "--cluster", "tcp://127.0.0.1:1", "--trials", "5"])
    assert nowhere.exit_code == 2
    assert "no Dask scheduler" in nowhere.stderr
    folder = runner.invoke(app, ["power", "--out", str(tmp_path / "no" / "x.csv")])
    assert folder.exit_code == 2
