"""The default study, as it is and with its arms exchanged."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from alsutils.study import Study, load_study

TWIN = Path(__file__).parents[2] / "data" / "oh2018"


@pytest.fixture(scope="session")
def twin() -> Study:
    return load_study(TWIN)


@pytest.fixture(scope="session")
def swapped(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Give the twin with its arms' values exchanged, patient by patient."""
    folder = tmp_path_factory.mktemp("study") / "swapped"
    shutil.copytree(TWIN, folder)
    adsl = pd.read_csv(folder / "adsl.csv", dtype=str, keep_default_na=False)
    adsl["TRT01P"] = adsl["TRT01P"].replace({"RIL": "MSC", "MSC": "RIL"})
    adsl.to_csv(folder / "adsl.csv", index=False)
    return load_study(folder)


def _copy(place: Path, **blocks: Any) -> Path:
    folder = place / "copy"
    shutil.copytree(TWIN, folder)
    settings = yaml.safe_load((folder / "study.yml").read_text("utf-8"))
    for name, block in blocks.items():
        if callable(block):
            block(settings[name])
        else:
            settings[name] = block
    (folder / "study.yml").write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")
    return folder


@pytest.fixture
def copy_of_twin(tmp_path: Path) -> Callable[..., Path]:
    """Give a copy of the twin with blocks of its study.yml replaced, or changed by a function."""
    return partial(_copy, tmp_path)


@pytest.fixture(scope="session")
def copied() -> Callable[..., Path]:
    """Copy the twin into a folder, its study.yml changed in the same way."""
    return _copy
