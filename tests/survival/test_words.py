"""Every picture, table and sentence, on a study that has all and on studies that lack something."""

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from alsutils import survival
from alsutils.display import Figure, Prose, Table
from alsutils.study import Study
from alsutils.survival.words import NO_EVENT

Output = Figure | Table | Prose


def everything(study: Study) -> dict[str, Output]:
    watched, course = survival.follow_up(study), survival.curves(study)
    read, differences = survival.summaries(study), survival.differences(study)
    tests, ratios = survival.log_rank_tests(study), survival.hazard_ratios(study)
    power = survival.power(study)
    c, t, s = survival.charts, survival.tables, survival.sentences
    curves = c.curves(study, course)
    return {
        "follow_up": s.follow_up(watched),
        "medians": s.medians(study, read),
        "log_rank": s.log_rank(tests),
        "differences": s.differences(differences),
        "hazard_ratios": s.hazard_ratios(ratios),
        "proportionality": s.proportionality(study, ratios),
        "exclusions": s.exclusions(study, ratios, power),
        "key_points": s.key_points(watched, ratios, power),
        **{f"curve {i}": figure for i, figure in enumerate(curves)},
        "forest": c.hazard_ratios(study, ratios),
        "follow_up table": t.follow_up(watched),
        "summaries table": t.summaries(study, read, differences),
        "ratios table": t.hazard_ratios(study, tests, ratios),
        "power table": t.power(study, power),
    }


def shown(study: Study) -> dict[str, Output]:
    """Show everything as a notebook does; a value that JSON lacks is an error there."""
    outputs = everything(study)
    for output in outputs.values():
        json.dumps(output._repr_mimebundle_(), allow_nan=False)
    return outputs


def test_a_whole_study_is_shown_with_its_results(study: Study) -> None:
    outputs = shown(study)
    assert isinstance(outputs["curve 0"], Figure)
    assert isinstance(outputs["forest"], Figure)
    ratio = outputs["forest"].results.iloc[0]
    assert f"{ratio['estimate']:.2f} ({ratio['conf_low']:.2f}" in str(outputs["hazard_ratios"])
    assert "excludes no difference" in str(outputs["hazard_ratios"]).splitlines()[0]
    assert {"log-rank test", "hazard ratio (Cox)"} <= set(outputs["ratios table"].results.analysis)


def test_swapping_the_arms_turns_the_sentences(make: Callable[..., Study]) -> None:
    assert "more without the event" in str(everything(make())["differences"])
    arms = [{"value": "A1", "label": "Treated"}, {"value": "A0", "label": "Control"}]
    assert "fewer without the event" in str(everything(make(arms=arms))["differences"])


def test_no_event_named_is_said(make: Callable[..., Study]) -> None:
    study = make(time_to_event=[])
    outputs = shown(study)
    assert all(str(o) == NO_EVENT for o in outputs.values())


def nobody(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(CNSR=1)


def everybody(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(CNSR=0)


def at_once(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(CNSR=0, AVAL=0)


def one_time(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(CNSR=[i % 2 for i in range(len(data))], AVAL=7)


def one_arm(data: pd.DataFrame) -> pd.DataFrame:
    return data[data["ARMCODE"] == "A0"]


def silent_arm(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(CNSR=data["CNSR"].where(data["ARMCODE"] == "A0", 1))


def one_patient(data: pd.DataFrame) -> pd.DataFrame:
    return data.head(1)


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (nobody, "follow_up", "none of 60 patients had the event"),
        (nobody, "log_rank", "no test, for want of events or patients"),
        (nobody, "medians", "a time not reached on Control"),
        (nobody, "differences", "cannot be compared, for want of patients or events"),
        (at_once, "medians", "on Control (no interval)"),
        (at_once, "proportionality", "nothing to check"),
        (one_time, "medians", "on Control (7.0 or later)"),
        (everybody, "follow_up", "Everybody had the event"),
        (at_once, "follow_up", "Everybody had the event"),
        (one_time, "follow_up", "patients had the event"),
        (one_arm, "follow_up", "There is no patient with a time on Treated"),
        (one_arm, "hazard_ratios", "no event in Treated"),
        (silent_arm, "hazard_ratios", "no event in Treated"),
        (one_patient, "hazard_ratios", "no hazard ratio can be estimated"),
    ],
)
@pytest.mark.parametrize("observed", [False, True])
def test_degenerate_times_are_said_and_not_an_error(
    make: Callable[..., Study], change: Any, place: str, words: str, observed: bool
) -> None:
    keys = {"provenance": "observed", "show_subjects": False} if observed else {}
    assert words in str(shown(make(change, **keys))[place])
