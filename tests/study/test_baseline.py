"""A baseline that only BASE tells is a record like the others."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from alsutils import primary
from alsutils.study import load_study
from alsutils.study.baseline import with_baseline_records
from tests.trials.shapes import Shape, bare, write

SHAPE = Shape(name="told", missing="none", odd=("unscheduled",))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a study of many visits with its baseline rows."""
    return write(SHAPE, tmp_path_factory.mktemp("told"))


def without_rows(told: Path, folder: Path, **more: object) -> Path:
    """Copy a study, its scores without the rows of the baseline."""
    folder.mkdir()
    for path in told.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    table = pd.read_csv(told / "adqs.csv")
    table[table["AVISITN"] != 0].assign(**more).to_csv(folder / "adqs.csv", index=False)
    return folder


def test_base_stands_in_for_the_rows(told, tmp_path):
    study = load_study(without_rows(told, tmp_path / "new", AVISIT="Week", DTYPE="", VISITNUM=3))
    start = study.records("PAIN", visits=[0]).set_index("USUBJID")
    full = load_study(told).records("PAIN", visits=[0]).set_index("USUBJID")
    assert start["AVAL"].to_dict() == full["AVAL"].to_dict()
    assert start[["CHG", "ADY", "AVISIT", "VISITNUM"]].isna().all(axis=None)
    assert start["BASE"].equals(start["AVAL"])
    assert study.tables["adlb"].equals(load_study(told).tables["adlb"])


def test_every_parameter_is_looked_at_by_itself():
    """One that is derived, one with its rows and one without any BASE come before it."""
    frame = pd.DataFrame(
        {
            "PARAMCD": ["ROWS", "ROWS", "NONE", "TOLD", "TOLD", "TOLD"],
            "USUBJID": ["a", "a", "a", "a", "a", "b"],
            "AVISITN": [0.0, 4, 4, 4, 8, 8],
            "AVAL": [1.0, 2, 3, 4, 5, 6],
            "BASE": ["1", "1", None, "7", "7", "9"],
        }
    )
    own = {"SUM": True, "ROWS": False, "NONE": False, "TOLD": False}
    config = SimpleNamespace(
        time=SimpleNamespace(baseline=0),
        parameters={k: SimpleNamespace(dataset="adqs", derived=d) for k, d in own.items()},
    )
    found = with_baseline_records({"adqs": frame}, config)["adqs"]
    added = found.iloc[len(frame) :]
    assert added["PARAMCD"].tolist() == ["TOLD", "TOLD"]
    assert added.set_index("USUBJID")["AVAL"].to_dict() == {"a": 7.0, "b": 9.0}
    assert set(added["AVISITN"]) == {0}


def test_a_table_with_rows_of_the_baseline_stays_as_it_is(told):
    study = load_study(told)
    assert len(study.tables["adqs"]) == len(pd.read_csv(told / "adqs.csv"))


def test_the_arms_share_the_baseline_and_no_visit_after_it(told, tmp_path):
    # In a model in which the first visit after baseline passes for it, that visit has no row, and
    # what the arms differ by there is taken off the others.
    new = load_study(without_rows(told, tmp_path / "new"))
    old = load_study(told)
    got, wanted = (primary.constrained(study).frame for study in (new, old))
    assert list(got["visit_number"]) == [2, 4, 8, 12]
    assert got["estimate"].to_numpy() == pytest.approx(wanted["estimate"].to_numpy(), abs=1e-6)


def test_without_any_baseline_there_is_no_such_model(tmp_path):
    folder = write(bare(value="AVAL"), tmp_path)
    table = pd.read_csv(folder / "adqs.csv").drop(columns=["BASE", "CHG"])
    table.to_csv(folder / "adqs.csv", index=False)
    found = primary.constrained(load_study(folder))
    assert found.frame.empty
    assert found.notes == ("cLDA, Kenward-Roger: no value at baseline is known.",)
