"""Every picture, table and sentence, on a study that has all and on studies that lack something."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alsutils import mechanism
from alsutils.display import Figure, Prose, Table
from alsutils.study import Study

Output = Figure | Table | Prose


def everything(study: Study) -> dict[str, Output]:
    found, spread = mechanism.detection(study), mechanism.levels(study)
    change, pair = mechanism.changes(study), mechanism.association(study)
    c, t, s = mechanism.charts, mechanism.tables, mechanism.sentences
    return {
        "detection": s.detection(study, found),
        "changes": s.changes(study, change),
        "family": s.family(study, change),
        "methods": s.methods(change),
        "association": s.association(study, pair),
        "key_points": s.key_points(study, found, change, pair),
        "detection chart": c.detection(study, found),
        "levels chart": c.levels(study, spread),
        "forest": c.forest(study, change),
        "scatter": c.scatter(study, pair),
        "correlations": c.correlations(study, pair),
        "detection table": t.detection(study, found),
        "changes table": t.changes(study, change),
        "methods table": t.methods(study, change),
        "association table": t.association(study, pair),
    }


def shown(study: Study) -> dict[str, Output]:
    """Show everything as a notebook does; a value that JSON lacks is an error there."""
    outputs = everything(study)
    for output in outputs.values():
        json.dumps(output._repr_mimebundle_(), allow_nan=False)
    return outputs


def test_a_whole_study_is_shown_with_its_results(study: Study) -> None:
    outputs = shown(study)
    assert all(isinstance(outputs[n], Figure) for n in ("levels chart", "forest", "scatter"))
    results = outputs["changes table"].results
    assert list(results["endpoint"]) == ["Alpha", "Beta"]
    alpha = results.iloc[0]
    sentence = str(outputs["changes"])
    assert "Alpha (higher, ratio" in sentence
    assert f"{alpha['estimate']:.2f}" in sentence


def test_swapping_the_arms_turns_the_sentences(make: Callable[..., Study]) -> None:
    arms = [{"value": "T", "label": "Treated"}, {"value": "C", "label": "Control"}]
    sentence = str(everything(make(arms=arms))["changes"])
    assert "Control against Treated" in sentence
    assert "Alpha (lower, ratio" in sentence


def test_no_biomarkers_is_said_and_not_an_error(make: Callable[..., Study]) -> None:
    study = make(biomarkers=None)
    assert mechanism.samples(study) is None
    outputs = shown(study)
    assert str(outputs["forest"]) == mechanism.sentences.NO_BIOMARKERS
    assert str(outputs["key_points"]) == mechanism.sentences.NO_BIOMARKERS


def test_no_pair_and_no_responders(make: Callable[..., Study]) -> None:
    block = {
        "dataset": "adlb",
        "visits": [4],
        "population": "all",
        "panel": [{"parameter": "AAA", "label": "Alpha"}],
    }
    assert "names no pair" in str(shown(make(biomarkers=block))["association"])
    words = str(shown(make(responders=None))["association"])
    assert "does not say who is a good responder" in words


def lowered(data: pd.DataFrame) -> pd.DataFrame:
    low = data["PARAMCD"] == "BBB"
    return data.assign(AVAL=data["AVAL"].where(~low), AVALC=data["AVALC"].where(~low, "<1"))


def one_arm(data: pd.DataFrame) -> pd.DataFrame:
    return data[data["USUBJID"].str[1:].astype(int) % 2 == 0]


def few(data: pd.DataFrame) -> pd.DataFrame:
    return data[data["USUBJID"].isin(["S00", "S01"])]


def nothing_positive(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(AVAL=0.0, BASE=0.0, AVALC="0")


def no_baseline(data: pd.DataFrame) -> pd.DataFrame:
    return data[data["AVISITN"] > 0].assign(BASE=np.nan)


def constant(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(AVAL=2.0, BASE=2.0, AVALC="2")


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (lowered, "changes", "of 1 analyte compared"),
        (one_arm, "detection", "There is no sample of patients on Treated"),
        (one_arm, "changes", "no analyte could be compared"),
        (few, "changes", "no analyte could be compared"),
        (nothing_positive, "detection", "were left out, because they have no logarithm"),
        (no_baseline, "changes", "no analyte could be compared"),
        (constant, "changes", "no analyte could be compared"),
    ],
)
@pytest.mark.parametrize("observed", [False, True])
def test_degenerate_samples_are_said_and_not_an_error(
    make: Callable[..., Study], change: Any, place: str, words: str, observed: bool
) -> None:
    keys = {"provenance": "observed", "show_subjects": False} if observed else {}
    assert words in str(shown(make(change, **keys))[place])


def test_the_table_says_why_there_is_no_estimate(make: Callable[..., Study]) -> None:
    table = shown(make(lowered))["changes table"]
    assert "fewer than 3 values above the limit in Control and Treated" in table.to_html()
