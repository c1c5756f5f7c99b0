"""Every picture, table and sentence, on a study that has all and on studies that lack something."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alsutils import mechanism
from alsutils.display import Figure, Prose, Table
from alsutils.display.network import NetworkDiagram
from alsutils.study import Study

Output = Figure | Table | Prose | NetworkDiagram
Show = Callable[[Study], dict[str, Output]]


def test_a_whole_study_is_shown_with_its_results(outputs: dict[str, Output]) -> None:
    prose = {name for name, output in outputs.items() if isinstance(output, Prose)}
    # Only the batches are not there.
    shown = {name for name in outputs if not name.startswith("sentences")}
    assert prose & shown == {"charts batches", "tables batches", "tables held"}
    graph = outputs["charts graph"]
    assert isinstance(graph, NetworkDiagram)
    # The hidden cause and its two arrows.
    assert graph.to_svg().count("stroke-dasharray") == 3
    results = outputs["tables changes"].results
    assert list(results["endpoint"]) == ["Alpha", "Beta"]
    alpha = results.iloc[0]
    sentence = str(outputs["sentences changes"])
    assert "Alpha (higher, ratio" in sentence
    assert f"{alpha['estimate']:.2f}" in sentence


def test_every_picture_is_described_and_explained(outputs: dict[str, Output]) -> None:
    for name, output in outputs.items():
        if isinstance(output, Figure | NetworkDiagram):
            assert len(output.description) > 40, name
            assert len(output.caption) > 30, name
            assert "nan" not in output.description.lower().split(), name


def test_swapping_the_arms_turns_the_sentences(make: Callable[..., Study]) -> None:
    arms = [{"value": "T", "label": "Treated"}, {"value": "C", "label": "Control"}]
    study = make(arms=arms)
    change = mechanism.changes(study, mechanism.samples(study))
    sentence = str(mechanism.sentences.changes(study, change))
    assert "Control against Treated" in sentence
    assert "Alpha (lower, ratio" in sentence


def test_no_biomarkers_is_said_and_not_an_error(make: Callable[..., Study], shown: Show) -> None:
    study = make(biomarkers=None)
    assert mechanism.samples(study) is None
    outputs = shown(study)
    assert not [n for n, o in outputs.items() if not isinstance(o, Prose)]
    # Once a section, not once a cell.
    told = [n for n, o in outputs.items() if str(o) == mechanism.sentences.NO_BIOMARKERS]
    assert {"sentences taken", "charts heat", "sentences key_points"} <= set(told)
    assert len(told) <= 12
    others = {str(outputs[n]) for n in outputs if n not in told} - {"", mechanism.sentences.NO_PAIR}
    assert others == {
        "Without a pair of analytes there is nothing to compare here.",
        "This study has no two biomarkers to choose from, so this section is empty.",
    }


ONE = {
    "dataset": "adlb",
    "visits": [4],
    "population": "all",
    "panel": [{"parameter": "AAA", "label": "Alpha"}],
}


def test_one_analyte_of_no_role(make: Callable[..., Study], shown: Show) -> None:
    outputs = shown(make(biomarkers=ONE))
    assert "names no pair" in str(outputs["charts scatter"])
    assert "which way is good" in str(outputs["charts composite"])
    assert "no network" in str(outputs["charts network"])
    assert isinstance(outputs["charts forest"], Figure)
    assert "There is one visit after baseline" in str(outputs["sentences courses"])


def test_no_responders(make: Callable[..., Study], shown: Show) -> None:
    outputs = shown(make(responders=None))
    assert "does not say who is a good responder" in str(outputs["sentences association"])
    assert "does not say who is a good responder" in str(outputs["tables claim"])
    assert "as an example" in str(outputs["sentences forks"])


def lowered(data: pd.DataFrame) -> pd.DataFrame:
    low = data["PARAMCD"] == "BBB"
    return data.assign(AVAL=data["AVAL"].where(~low), AVALC=data["AVALC"].where(~low, "<1"))


def all_low(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(AVAL=np.nan, AVALC="<1", BASE=np.nan)


def one_arm(data: pd.DataFrame) -> pd.DataFrame:
    return data[data["USUBJID"].str[1:].astype(int) % 2 == 0]


def other_arm(data: pd.DataFrame) -> pd.DataFrame:
    return data[data["USUBJID"].str[1:].astype(int) % 2 == 1]


def few(data: pd.DataFrame) -> pd.DataFrame:
    return data[data["USUBJID"].isin(["S00", "S01"])]


def nothing_positive(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(AVAL=0.0, BASE=0.0, AVALC="0")


def no_baseline(data: pd.DataFrame) -> pd.DataFrame:
    return data[data["AVISITN"] > 0].assign(BASE=np.nan)


def constant(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(AVAL=2.0, BASE=2.0, AVALC="2")


def unchanged(data: pd.DataFrame) -> pd.DataFrame:
    """Give every patient the value of baseline again."""
    start = data[data["AVISITN"] == 0]
    return pd.concat([start, start.assign(AVISITN=4)], ignore_index=True)


def no_overlap(data: pd.DataFrame) -> pd.DataFrame:
    """Nobody has both analytes."""
    odd = data["USUBJID"].str[1:].astype(int) % 4 < 2
    return data[odd == (data["PARAMCD"] == "AAA")]


NOTHING = "no analyte could be compared"


@pytest.mark.parametrize(
    ("change", "said", "observed"),
    [
        (
            lowered,
            {"changes": "of 1 analyte compared", "distributions": "Beta", "connections": "Beta"},
            False,
        ),
        (
            all_low,
            {
                "detection": "Every value lies below its limit",
                "changes": NOTHING,
                "pathways": "No analyte has changes enough",
                "family": "of which 0 could be made",
            },
            True,
        ),
        (
            one_arm,
            {
                "detection": "There is no sample of patients on Treated",
                "changes": NOTHING,
                "together": "the panel could not be compared",
            },
            False,
        ),
        (other_arm, {"detection": "There is no sample of patients on Control"}, True),
        (few, {"changes": NOTHING, "association": "not known (few patients)"}, True),
        (nothing_positive, {"detection": "because they have no logarithm"}, False),
        (no_baseline, {"changes": NOTHING, "connections": "not two analytes"}, False),
        (constant, {"changes": NOTHING}, False),
        (unchanged, {"changes": NOTHING, "association": "not known"}, False),
        (
            no_overlap,
            {"association": "not known (n 0)", "claim": "difference cannot be estimated"},
            False,
        ),
    ],
)
def test_degenerate_samples_are_said_and_not_an_error(
    make: Callable[..., Study], shown: Show, change: Any, said: dict[str, str], observed: bool
) -> None:
    keys = {"provenance": "observed", "publish_subject_data": False} if observed else {}
    outputs = shown(make(change, **keys))
    for name, words in said.items():
        assert words in str(outputs[f"sentences {name}"])


def test_the_table_says_why_there_is_no_estimate(make: Callable[..., Study]) -> None:
    study = make(lowered)
    table = mechanism.tables.changes(study, mechanism.changes(study, mechanism.samples(study)))
    assert "fewer than 3 values above the limit in Control" in table.to_html()


def test_an_observed_study_writes_no_patient_into_a_page(
    make: Callable[..., Study], shown: Show
) -> None:
    outputs = shown(make(provenance="observed", publish_subject_data=False))
    assert isinstance(outputs["charts scatter"], Prose)
    assert isinstance(outputs["charts linked"], Prose)
    for name in ("levels", "network", "taken", "distributions"):
        figure = outputs[f"charts {name}"]
        assert isinstance(figure, Figure)
        assert "S07" not in json.dumps(figure.spec())


THREE = [
    {"value": "C", "label": "Control"},
    {"value": "T", "label": "Low dose"},
    {"value": "U", "label": "High dose"},
]


def test_three_arms_are_compared_with_the_control_each(
    make: Callable[..., Study], shown: Show
) -> None:
    outputs = shown(make(arms=THREE))
    results = outputs["tables changes"].results
    assert list(dict.fromkeys(results["treated"])) == ["Low dose", "High dose"]
    assert "4 tests, of which" in str(outputs["sentences family"])
    assert all(isinstance(outputs[n], Figure | Table) for n in ("charts heat", "tables family"))
    assert "High dose against Control" in str(outputs["sentences family"])


def twice(data: pd.DataFrame) -> pd.DataFrame:
    """Take a second sample of each patient after baseline."""
    again = data[data["AVISITN"] == 4].assign(AVISITN=1)
    noise = np.random.default_rng(2).lognormal(0, 0.2, len(again))
    again["AVAL"] = (again["AVAL"] * noise).round(3)
    again["AVALC"] = again["AVALC"].where(again["AVAL"].isna(), again["AVAL"].astype(str))
    return pd.concat([data, again], ignore_index=True)


def test_several_visits_are_one_family(make: Callable[..., Study], shown: Show) -> None:
    block = make().config.biomarkers.model_dump(exclude_none=True)
    block = {**block, "visits": [1, 4], "panel": list(block["panel"])}
    outputs = shown(make(twice, biomarkers=block))
    words = str(outputs["sentences family"])
    assert "at 2 visits (month 1 and month 4) with 1 contrast" in words
    assert "4 tests, of which 4 could be made" in words
    rows = outputs["tables courses"].results
    assert list(rows["visit"]) == ["Month 1", "Month 4"] * 2
    assert rows["estimate"].notna().all()


def plated(data: pd.DataFrame) -> pd.DataFrame:
    """Measure each arm on a plate of its own, but for one sample."""
    number = data["USUBJID"].str[1:].astype(int)
    return data.assign(PLATE=np.where(number == 2, 3, 1 + number % 2))


def test_batches_that_hold_one_arm_alone_are_named(make: Callable[..., Study], shown: Show) -> None:
    block = make().config.biomarkers.model_dump(exclude_none=True)
    block = {**block, "visits": [4], "panel": list(block["panel"]), "batch": "PLATE"}
    outputs = shown(make(plated, biomarkers=block))
    assert "1, 2 and 3 hold samples of one arm alone" in str(outputs["sentences batches"])
    assert isinstance(outputs["charts batches"], Figure)
    assert [row[0] for row in outputs["tables batches"].sheet.rows] == ["1", "2", "3"]
    # Plate and arm determine each other, which is said and not an error.
    assert "No estimate" in " ".join(outputs["tables held"].sheet.notes)


def test_a_batch_that_is_named_and_empty(make: Callable[..., Study], shown: Show) -> None:
    block = make().config.biomarkers.model_dump(exclude_none=True)
    block = {**block, "visits": [4], "panel": list(block["panel"]), "batch": "PLATE"}
    outputs = shown(make(lambda d: d.assign(PLATE=""), biomarkers=block))
    assert "do not say on which plate" in str(outputs["charts batches"])
