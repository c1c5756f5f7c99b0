"""A small trial with adverse events made in code, and the CDISC pilot."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from alsutils.study import Study, load_study

ROOT = Path(__file__).parents[2]
ARMS = [{"value": "C", "label": "Control"}, {"value": "T", "label": "Treated"}]
Make = Callable[..., Study]


def config(**changes: Any) -> dict[str, Any]:
    whole = {
        "title": "A trial",
        "short_title": "Trial",
        "description": "Made in code.",
        "provenance": "synthetic",
        "publish_subject_data": True,
        "arms": ARMS,
        "populations": {"all": {"flag": "ITTFL", "label": "All patients"}},
        "time": {"unit": "month"},
        "datasets": {
            "adsl": {"file": "adsl.csv"},
            "adqs": {"file": "adqs.csv"},
            "adae": {"file": "adae.csv"},
        },
        "parameters": {
            "SCORE": {"dataset": "adqs", "label": "Score", "unit": "points", "better": "higher"}
        },
        "primary": {"parameter": "SCORE", "visits": [4], "population": "all"},
        "adverse_events": {"population": "all", "related": ["RELATED"], "minimum_percent": 10},
    }
    return {key: value for key, value in (whole | changes).items() if value is not None}


def subjects() -> pd.DataFrame:
    """Ten patients of each arm, watched for half a year."""
    ids = [f"{arm}{i}" for arm in "CT" for i in range(10)]
    return pd.DataFrame(
        {"USUBJID": ids, "TRT01P": [i[0] for i in ids], "ITTFL": "Y", "EOSDY": 182.625}
    )


def events() -> pd.DataFrame:
    """Headache in 6 treated (one of them twice) and 1 control patient; a serious fall each."""
    rows = [(f"T{i}", "HEADACHE", "Nervous", "N", "MILD", "RELATED") for i in range(6)]
    rows += [("T0", "HEADACHE", "Nervous", "N", "SEVERE", "RELATED")]
    rows += [("C0", "HEADACHE", "Nervous", "N", "MILD", "NOT RELATED")]
    rows += [("T1", "Fall", "Injury", "Y", "MODERATE", "NOT RELATED")]
    rows += [("C1", "Fall", "Injury", "Y", "MODERATE", "NOT RELATED")]
    rows += [(f"C{i}", "Cough", "Chest", "N", "MILD", "NOT RELATED") for i in range(5)]
    columns = ["USUBJID", "AEDECOD", "AEBODSYS", "AESER", "AESEV", "AEREL"]
    return pd.DataFrame(rows, columns=columns).assign(ASTDY=10)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a study, its subjects and events changed by functions, its config by key.

    ``tables`` adds datasets by role.
    """

    def built(change=None, change_subjects=None, tables=None, **keys: Any) -> Study:
        folder = tmp_path / f"study{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        adsl = subjects() if change_subjects is None else change_subjects(subjects())
        adae = events() if change is None else change(events())
        adsl.to_csv(folder / "adsl.csv", index=False)
        adae.to_csv(folder / "adae.csv", index=False)
        score = pd.DataFrame({"USUBJID": adsl["USUBJID"], "PARAMCD": "SCORE", "AVISITN": 4})
        score.assign(AVAL=1, BASE=0, CHG=1).to_csv(folder / "adqs.csv", index=False)
        whole = config(**keys)
        for role, table in (tables or {}).items():
            table.to_csv(folder / f"{role}.csv", index=False)
            whole["datasets"] = whole["datasets"] | {role: {"file": f"{role}.csv"}}
        (folder / "study.yml").write_text(yaml.safe_dump(whole))
        return load_study(folder)

    return built


@pytest.fixture
def study(make: Make) -> Study:
    return make()


@pytest.fixture(scope="session")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("pilot") / "cdisc-pilot"
    source = ROOT / "data" / "cdisc-pilot"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.parquet"))
    subprocess.run([sys.executable, folder / "fetch.py"], check=True, capture_output=True)
    return load_study(folder)


@pytest.fixture(scope="session")
def open_pilot(pilot: Study) -> Study:
    """The same with every number told, to be compared with other counts of the tables."""
    return replace(pilot, config=pilot.config.model_copy(update={"publish_subject_data": True}))
