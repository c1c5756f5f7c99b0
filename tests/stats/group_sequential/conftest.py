"""Designs by R's rpact and probabilities by its mvtnorm, made by designs.R."""

import json
from pathlib import Path
from typing import Any

import pytest

REFERENCE = Path(__file__).parents[2] / "reference" / "group_sequential" / "designs.json"


@pytest.fixture(scope="session")
def reference() -> dict[str, Any]:
    return json.loads(REFERENCE.read_text())
