import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

REFERENCE = Path(__file__).parents[2] / "reference" / "mmrm"


@pytest.fixture(scope="session")
def reference_folder() -> Path:
    return REFERENCE


@pytest.fixture(scope="session")
def check_data() -> pd.DataFrame:
    """A made-up two-arm trial of 61 patients and 4 visits with missing outcomes."""
    return pd.read_csv(REFERENCE / "mmrm_check.csv")


@pytest.fixture(scope="session")
def r_fits() -> dict[str, Any]:
    """What R's mmrm 0.3.18 makes of it."""
    return json.loads((REFERENCE / "mmrm_check_r.json").read_text())["fits"]
