"""Sentences that odd trials once made untrue, each at the trial that did."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from alsutils import appraisal, design, primary, safety, survival
from alsutils.display import front
from alsutils.mechanism.sentences.change import family_left
from alsutils.stats.survival import kaplan_meier, survival_difference
from alsutils.study import Study, load_study
from tests.trials.checks import CODE, NO_VALUE, PARTS
from tests.trials.shapes import DOSES, Shape, bare, write

Make = Callable[[Shape], Study]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Load the study of a shape."""
    return lambda shape: load_study(write(shape, tmp_path))


def test_no_event_is_called_raised_where_treated_patients_had_fewer(make: Make) -> None:
    study = make(Shape(name="quiet", odd=("no_event_in_arm",), sizes=(12,)))
    told = safety.charts.dots(study, safety.incidence(study)).description
    assert "No event was raised under treatment." in told
    assert "Most raised" not in told


def test_events_that_may_not_be_told_are_not_denied(make: Make) -> None:
    study = make(Shape(name="few", provenance="observed", sizes=(6,)))
    terms = safety.incidence(study)
    assert terms.hides
    assert str(safety.sentences.incidence(study, terms)).startswith("No event that may be told ")
    assert "There was no event that may be told" in str(safety.charts.volcano(study, terms))


def test_an_arm_without_an_event_has_no_certain_mean(make: Make) -> None:
    study = make(Shape(name="one", sizes=(20, 1), times="one_arm"))
    rows = survival.differences(study).frame.query("measure == 'restricted mean'")
    assert rows["estimate"].notna().all()
    assert rows[["std_error", "conf_low", "conf_high", "p_value"]].isna().all(axis=None)
    assert "cannot be compared" in str(survival.sentences.differences(survival.differences(study)))


def test_nobody_is_called_screened_where_all_were_randomised(make: Make) -> None:
    study = make(bare(sizes=(6,)))
    followed = design.flow(study)
    assert "screened" not in design.charts.flow(study, followed).description
    assert "6 patients" in str(front.introduction(study))
    assert "0 biomarkers" not in str(front.contents(study).sheet.rows)
    notes = design.tables.flow(study, followed).sheet.notes
    assert notes[0].startswith("12 patients randomised.")


def test_a_difference_that_is_not_known_does_not_grow(make: Make) -> None:
    study = make(Shape(name="unseen", missing="last", arms=DOSES, sizes=(9,)))
    told = str(appraisal.sentences.divergence(study, appraisal.divergence(study)))
    assert "The difference (High dose) is not known at both visits." in told
    assert not NO_VALUE.search(told)


def test_columns_of_a_design_are_in_no_note(make: Make) -> None:
    study = make(Shape(name="gone", missing="last", arms=DOSES, sizes=(9,), main="mmrm"))
    notes = [*primary.assumptions(study).notes, *design.sample_sizes(study).notes]
    assert any("determine each other" in note for note in notes)
    assert not any(PARTS.search(note) for note in notes)


def test_the_way_the_arms_are_listed_reads(make: Make) -> None:
    study = make(Shape(name="tiny", sizes=(3,), missing="none"))
    told = str(design.sentences.randomisation_test(study, design.randomisation_test(study)))
    assert "Of all 20 ways of giving the arms, that one included" in told


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("The difference was – points at week 8", NO_VALUE),
        ("it changed by –.", NO_VALUE),
        ("cannot be estimated: arm[T.Tablets]:visit[T.8.0]", PARTS),
        ("kind", CODE),
    ],
)
def test_the_checks_see_it(text: str, pattern: object) -> None:
    assert pattern.search(text)  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["Präparat – täglich was better", "−1 to 2", "Not read – so far"])
def test_the_checks_leave_words_alone(text: str) -> None:
    assert not NO_VALUE.search(text)
    assert not PARTS.search(text)


def test_limits_are_missing_with_their_test() -> None:
    nobody = kaplan_meier(np.full(3, 15.0), np.zeros(3, bool))
    some = kaplan_meier(np.arange(1.0, 13), np.ones(12, bool))
    found = survival_difference(nobody, some, 8.0)
    assert np.isnan(found.p_value)
    assert found.conf_low < found.estimate < found.conf_high


def test_who_risks_no_false_finding_keeps_no_more_than_who_risks_a_share() -> None:
    columns = ("p_value", "p_holm", "p_max_t", "p_benjamini_hochberg")
    rows = pd.DataFrame([dict.fromkeys(columns, 0.01) | {"p_benjamini_hochberg": 0.06}])
    rows = rows.assign(
        endpoint="Marker", visit="Week 8", p_benjamini_yekutieli=0.2, q_value=0.2, treated="A"
    )
    result = SimpleNamespace(frame=rows, tests=1, contrasts=("A vs B",))
    told = str(family_left(SimpleNamespace(alpha=0.05), result))  # type: ignore[arg-type]
    assert told.endswith("there remains Marker at week 8; if a share of them is, 1.")
