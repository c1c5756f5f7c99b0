"""A small trial with biomarkers, made in code."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from alsutils import mechanism
from alsutils.display import Figure, Prose, Table
from alsutils.display.network import NetworkDiagram
from alsutils.study import Study, load_study

LIMIT = 1.0
Output = Figure | Table | Prose | NetworkDiagram


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
        "publish_subject_data": True,
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


def tables(n: int = 40, seed: int = 4, arms: str = "CT") -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    ids = [f"S{i:02d}" for i in range(n)]
    arm = np.array([arms[i % len(arms)] for i in range(n)])
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


def _maker(folder: Path) -> Make:
    def built(change: Callable[[pd.DataFrame], pd.DataFrame] | None = None, **keys: Any) -> Study:
        whole = config(**keys)
        data = tables(arms="".join(sorted(arm["value"] for arm in whole["arms"])))
        if change is not None:
            data["adlb"] = change(data["adlb"].copy())
        for name, table in data.items():
            table.to_csv(folder / f"{name}.csv", index=False)
        (folder / "study.yml").write_text(yaml.safe_dump(whole))
        return load_study(folder)

    return built


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a study: its laboratory table changed by a function, and the config changed by key."""
    return _maker(tmp_path)


@pytest.fixture
def study(make: Make) -> Study:
    return make()


@dataclass(frozen=True)
class Results:
    """Everything the wing computes for a study."""

    study: Study
    data: Any
    by_name: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.by_name[name]


PLAIN = (
    "taken",
    "detection",
    "levels",
    "batches",
    "distributions",
    "changes",
    "courses",
    "pathways",
    "connections",
)


def compute(study: Study) -> Results:
    """Run every analysis of the chapter, the simulations small."""
    m, data = mechanism, mechanism.samples(study)
    r: dict[str, Any] = {name: getattr(m, name)(study, data) for name in PLAIN}
    r["together"] = m.together(study, data, n_ways=100)
    r["association"] = m.association(study, data, n_draws=100)
    r["robust"] = m.robust(study, data, r["changes"])
    r["family"] = m.family(study, data, r["changes"], n_ways=100)
    r["linked"] = m.linked(study, data, r["changes"])
    r["substitution"] = m.substitution(study, data, n_trials=20)
    r["selection"] = m.selection(study, data, r["association"], n_trials=50)
    r["forks"] = m.forks(study, data, n_studies=10)
    r["pathway_power"] = m.pathway_power(study, data, n_trials=10)
    return Results(study, data, r)


# What an output is made of, where that is not the result of its own name.
MADE_OF = {
    "charts": {
        **dict.fromkeys(["methods", "heat", "forest"], ("changes",)),
        "composite": ("together",),
        "ladder": ("family",),
        **dict.fromkeys(["scatter", "correlations"], ("association",)),
        **dict.fromkeys(["graph", "sensitivity"], ("pathways",)),
        "power": ("pathway_power",),
        "network": ("connections",),
        "substitution": ("substitution", "detection"),
    },
    "tables": {
        "methods": ("changes",),
        "held": ("batches",),
        "weights": ("together",),
        "claim": ("association",),
        "courses": ("changes", "courses"),
    },
    "sentences": {
        "methods": ("changes",),
        "courses": ("changes", "courses"),
        "batches": ("batches", "changes"),
        **dict.fromkeys(["claim", "within"], ("association",)),
        "sensitivity": ("pathways",),
        "power": ("pathway_power",),
        "key_points": ("detection", "changes", "family", "association", "selection", "pathways"),
    },
}


def show(results: Results, *, whole: bool = False) -> dict[str, Output]:
    """Make every picture, table and sentence, by room and name."""
    outputs = {}
    for room, made_of in MADE_OF.items():
        module = getattr(mechanism, room)
        for name in module.__all__:
            function = getattr(module, name)
            if callable(function):
                parts = [results[part] for part in made_of.get(name, (name,))]
                outputs[f"{room} {name}"] = function(results.study, *parts)
    for output in outputs.values():
        # A value that JSON lacks is an error in a notebook. Drawing takes long and is done once.
        if whole or isinstance(output, Prose):
            json.dumps(output._repr_mimebundle_(), allow_nan=False)
    return outputs


@pytest.fixture
def shown() -> Callable[[Study], dict[str, Output]]:
    """Give the function that makes every picture, table and sentence of a study."""
    return lambda study: show(compute(study))


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Output]:
    """Show a whole study once for all tests of a module, its charts drawn."""
    return show(compute(_maker(tmp_path_factory.mktemp("study"))()), whole=True)
