"""The trial that R's rbmi was given."""

from pathlib import Path

import pandas as pd
import pytest

REFERENCE = Path(__file__).parents[2] / "reference" / "imputation"


@pytest.fixture(scope="session")
def reference_folder():
    return REFERENCE


@pytest.fixture(scope="session")
def trial_frame():
    frame = pd.read_csv(REFERENCE / "mmrm_check.csv")
    return frame.assign(TRT01P=pd.Categorical(frame["TRT01P"], categories=["Riluzole", "MSC"]))


@pytest.fixture(scope="session")
def columns():
    return {"outcome": "CHG", "subject": "USUBJID", "visit": "AVISIT", "arm": "TRT01P"}


@pytest.fixture(scope="session")
def as_in_r(columns):
    formula = "CHG ~ BASE*AVISIT + ONSET + TRT01P*AVISIT"
    return columns | {"covariates": ["BASE", "ONSET"], "formula": formula}
