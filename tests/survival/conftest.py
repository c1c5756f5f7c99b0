"""A small trial with a time to an event, made of the reference data."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from alsutils.study import Study, load_study

REFERENCE = Path(__file__).parents[1] / "reference" / "survival"

ARMS = [{"value": "A0", "label": "Control"}, {"value": "A1", "label": "Treated"}]


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
            "adtte": {"file": "adtte.csv"},
        },
        "parameters": {
            "SCORE": {"dataset": "adqs", "label": "Score", "unit": "points", "better": "higher"}
        },
        "primary": {"parameter": "SCORE", "visits": [4], "population": "all"},
        "time_to_event": [
            {
                "parameter": "EVT",
                "label": "Relapse",
                "unit": "month",
                "population": "all",
                "covariates": ["AGE", "ONSET"],
                "landmarks": [6, 12, 24],
            }
        ],
    }
    return whole | changes


Make = Callable[..., Study]


def build(
    folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame] | None = None, **keys: Any
) -> Study:
    """Write a study of the arms named, its times changed by a function, its config by key."""
    chosen = config(**keys)
    data = pd.read_csv(REFERENCE / "survival.csv")
    data["TRT01P"] = "A" + data["arm"].astype(str)
    data["USUBJID"] = [f"S{i:02d}" for i in range(len(data))]
    data = data[data["TRT01P"].isin([a["value"] for a in chosen["arms"]])]
    adsl = data.rename(columns={"age": "AGE", "onset": "ONSET"}).assign(ITTFL="Y")
    score = pd.DataFrame(
        {"USUBJID": adsl["USUBJID"], "PARAMCD": "SCORE", "AVISITN": 4, "AVAL": 1.0}
    )
    adtte = pd.DataFrame(
        {
            "USUBJID": adsl["USUBJID"],
            "PARAMCD": "EVT",
            "AVAL": adsl["time"],
            "CNSR": 1 - adsl["event"],
            "ARMCODE": adsl["TRT01P"],
        }
    )
    if change is not None:
        adtte = change(adtte)
    adsl.to_csv(folder / "adsl.csv", index=False)
    score.assign(BASE=0, CHG=1).to_csv(folder / "adqs.csv", index=False)
    adtte.to_csv(folder / "adtte.csv", index=False)
    (folder / "study.yml").write_text(yaml.safe_dump(chosen))
    return load_study(folder)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Build a study in a folder of the test's own."""
    return partial(build, tmp_path)


@pytest.fixture
def study(make: Make) -> Study:
    return make()


@pytest.fixture(scope="session")
def module_build() -> Callable[..., Study]:
    """The builder itself, for fixtures that outlive a test."""
    return build
