"""A small trial with biomarkers, made in code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from alsutils.study import Study, load_study

LIMIT = 1.0


def config(**changes: Any) -> dict[str, Any]:
    panel = [
        {"parameter": "AAA", "label": "Alpha", "unit": "pg/mL", "role": "trophic"},
        {"parameter": "BBB", "label": "Beta", "unit": "pg/mL", "lower_limit": LIMIT},
    ]
    whole = {
        "title": "A trial",
        "short_title": "Trial",
        "description": "Made in code.",
        "provenance": "synthetic",
        "show_subjects": True,
        "arms": [{"value": "C", "label": "Control"}, {"value": "T", "label": "Treated"}],
        "populations": {"all": {"flag": "ITTFL", "label": "All patients"}},
        "time": {"unit": "month"},
        "datasets": {"adsl": {"file": "adsl.csv"}, "adlb": {"file": "adlb.csv"}},
        "parameters": {
            "SCORE": {"dataset": "adqs", "label": "Score", "unit": "points", "better": "higher"}
        },
        "primary": {"parameter": "SCORE", "visits": [4], "population": "all"},
        "responders": {
            "parameter": "SCORE",
            "thresholds": [0],
            "visits": [4],
            "population": "all",
            "good": 0,
        },
        "biomarkers": {
            "dataset": "adlb",
            "visits": [4],
            "population": "all",
            "panel": panel,
            "association": {"x": "AAA", "y": "BBB", "visit": 4},
        },
    }
    whole["datasets"]["adqs"] = {"file": "adqs.csv"}
    return whole | changes


def tables(n: int = 40, seed: int = 4) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    ids = [f"S{i:02d}" for i in range(n)]
    arm = np.where(np.arange(n) % 2 == 0, "C", "T")
    adsl = pd.DataFrame({"USUBJID": ids, "TRT01P": arm, "ITTFL": "Y"})
    score = rng.normal(size=n).round(2)
    adqs = pd.DataFrame(
        {"USUBJID": ids, "PARAMCD": "SCORE", "AVISITN": 4, "AVAL": score, "BASE": 0, "CHG": score}
    )
    rows = []
    for code, shift in (("AAA", 0.8), ("BBB", 0.0)):
        base = np.exp(rng.normal(0.6, 0.6, n)).round(3)
        later = np.exp(0.6 * np.log(base) + shift * (arm == "T") + rng.normal(0, 0.4, n)).round(3)
        for visit, values in ((0, base), (4, later)):
            for subject, value, start in zip(ids, values, base, strict=True):
                low = code == "BBB" and value < LIMIT
                rows.append(
                    {
                        "USUBJID": subject,
                        "PARAMCD": code,
                        "AVISITN": visit,
                        "AVAL": np.nan if low else value,
                        "AVALC": f"<{LIMIT:g}" if low else str(value),
                        "BASE": np.nan if code == "BBB" and start < LIMIT else start,
                    }
                )
    return {"adsl": adsl, "adqs": adqs, "adlb": pd.DataFrame(rows)}


Make = Callable[..., Study]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a study: the tables, changed by a function of each, and the config, changed by key."""

    def built(change: Callable[[pd.DataFrame], pd.DataFrame] | None = None, **keys: Any) -> Study:
        data = tables()
        if change is not None:
            data["adlb"] = change(data["adlb"].copy())
        for name, table in data.items():
            table.to_csv(tmp_path / f"{name}.csv", index=False)
        (tmp_path / "study.yml").write_text(yaml.safe_dump(config(**keys)))
        return load_study(tmp_path)

    return built


@pytest.fixture
def study(make: Make) -> Study:
    return make()
