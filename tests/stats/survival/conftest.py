"""Reference figures from R and the patients they were made from."""

import json
from pathlib import Path

import pandas as pd
import pytest

REFERENCE = Path(__file__).parents[2] / "reference" / "survival"


@pytest.fixture(scope="session")
def from_r():
    """A function from the name of a reference to its figures."""
    return lambda name: json.loads((REFERENCE / f"{name}.json").read_text())


@pytest.fixture(scope="session")
def data() -> pd.DataFrame:
    """Ninety patients in three arms, in whole months, one of them at month 0."""
    data = pd.read_csv(REFERENCE / "survival.csv")
    return data.assign(
        limb=(data["onset"] == "limb").astype(float),
        a1=(data["arm"] == 1).astype(float),
        a2=(data["arm"] == 2).astype(float),
    )


@pytest.fixture(scope="session")
def two(data: pd.DataFrame) -> pd.DataFrame:
    """The first two arms."""
    return data[data["arm"] < 2]
