"""A small trial with visits, dates and reasons made in code, and the CDISC pilot."""

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
        "arms": ARMS,
        "populations": {
            "all": {"flag": "ITTFL", "label": "All patients"},
            "seen": {"flag": "EFFFL", "label": "Patients with a score"},
        },
        "time": {"unit": "month"},
        "design": {
            "masking": "none",
            "sham": False,
            "phase": "2",
            "minimal_important_difference": 2.0,
        },
        "datasets": {"adsl": {"file": "adsl.csv"}, "adqs": {"file": "adqs.csv"}},
        "baseline": [
            {"column": "AGE", "label": "Age", "unit": "years"},
            {"column": "SEX", "label": "Sex", "levels": {"F": "Female", "M": "Male"}},
            {"column": "SITE", "label": "Site"},
        ],
        "flow": {"status": "EOSSTT", "completed": "COMPLETED", "reason": "DCSREAS"},
        "parameters": {
            "SCORE": {"dataset": "adqs", "label": "Score", "unit": "points", "better": "higher"}
        },
        "primary": {
            "parameter": "SCORE",
            "visits": [4],
            "population": "seen",
            "observed": 'DTYPE != "LOCF"',
        },
        "lead_in": [-2, -1, 0],
    }
    return {key: value for key, value in (whole | changes).items() if value is not None}


def subjects() -> pd.DataFrame:
    """Six control and eight treated patients, and two who were not randomised."""
    rows = [(f"C{i}", "C", 50 + 2 * i, "FM"[i % 2], "ab"[i % 2], "2020-01-1") for i in range(6)]
    rows += [(f"T{i}", "T", 55 + i, "FFM"[i % 3], "abc"[i % 3], "2020-03-1") for i in range(8)]
    columns = ["USUBJID", "TRT01P", "AGE", "SEX", "SITE", "RANDDT"]
    adsl = pd.DataFrame(rows, columns=columns)
    adsl["RANDDT"] += adsl["USUBJID"].str[1]
    adsl = adsl.assign(ITTFL="Y", EFFFL="Y", EOSSTT="COMPLETED", DCSREAS=None)
    gone = adsl["USUBJID"].isin(["C4", "C5", "T7"])
    adsl.loc[gone, "EOSSTT"] = "DISCONTINUED"
    adsl.loc[gone, "DCSREAS"] = ["DEATH", "DEATH", "MOVED AWAY"]
    adsl.loc[adsl["USUBJID"] == "C5", "EFFFL"] = "N"
    out = pd.DataFrame({"USUBJID": ["X0", "X1"], "AGE": [60, 61], "SEX": "F", "SITE": "a"})
    out = out.assign(EOSSTT="DISCONTINUED", DCSREAS="SCREEN FAILURE")
    return pd.concat([adsl, out], ignore_index=True)


def visits() -> pd.DataFrame:
    """Scores fall one point a month in the lead-in under control, two under treatment."""
    rows = []
    for subject in subjects()["USUBJID"]:
        if subject[0] == "X":
            continue
        number, pace = int(subject[1]), 1 if subject[0] == "C" else 2
        slope = pace + 0.1 * (number % 3)
        base = 40.0 + number
        rows += [(subject, month, base - slope * month, None) for month in (-2, -1, 0)]
        if subject not in ("C5", "T7"):
            carried = "LOCF" if subject == "C4" else None
            rows.append((subject, 4, base - number % 4, carried))
    table = pd.DataFrame(rows, columns=["USUBJID", "AVISITN", "AVAL", "DTYPE"])
    base = table[table["AVISITN"] == 0].set_index("USUBJID")["AVAL"]
    table["BASE"] = table["USUBJID"].map(base)
    return table.assign(PARAMCD="SCORE", CHG=table["AVAL"] - table["BASE"])


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a study, its subjects and visits changed by functions, its config by key."""

    def built(change_subjects=None, change=None, **keys: Any) -> Study:
        folder = tmp_path / f"study{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        adsl = subjects() if change_subjects is None else change_subjects(subjects())
        adqs = visits() if change is None else change(visits())
        adsl.to_csv(folder / "adsl.csv", index=False)
        adqs.to_csv(folder / "adqs.csv", index=False)
        (folder / "study.yml").write_text(yaml.safe_dump(config(**keys)))
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
