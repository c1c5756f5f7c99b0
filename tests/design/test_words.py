"""What the design chapter shows: sentences true for any data, pictures that never fail."""

import json
import re

import pandas as pd
import pytest

from alsutils import design
from alsutils.display import RESULTS_MIME, Figure, Prose, Table
from alsutils.display.diagram import FlowDiagram

THREE = [
    {"value": "C", "label": "Control"},
    {"value": "T", "label": "Low"},
    {"value": "H", "label": "High"},
]


def _three_arms(make, **keys):
    def split(subjects):
        high = subjects["USUBJID"].isin(["T0", "T1", "T2", "T3"])
        return subjects.assign(TRT01P=subjects["TRT01P"].mask(high, "H"))

    return make(split, arms=THREE, **keys)


def _everything(study):
    """Make all that the chapter shows."""
    known, followed, seen = design.facts(study), design.flow(study), design.attendance(study)
    enrolled, start = design.allocation(study), design.baseline(study)
    before, power = design.lead_in(study), design.detectable(study)
    plan = design.schedule(study)
    c, t, s = design.charts, design.tables, design.sentences
    return {
        "diagram": c.flow(study, followed),
        "attendance": c.attendance(study, seen),
        "allocation": c.allocation(study, enrolled),
        "love": c.love(study, start),
        "schedule": c.schedule(study, plan),
        "schedule table": t.schedule(study, plan),
        "schedule words": s.schedule(study, plan),
        "power": c.detectable(study, power),
        "facts table": t.facts(study, known),
        "flow table": t.flow(study, followed),
        "attendance table": t.attendance(study, seen),
        "baseline table": t.baseline(study, start),
        "power table": t.detectable(study, power),
        "lead-in table": t.lead_in(study, before),
        "facts": s.facts(study, known),
        "flow": s.flow(study, followed),
        "departures": s.departures(study, followed),
        "attendance words": s.attendance(study, seen),
        "allocation words": s.allocation(study, enrolled),
        "baseline": s.baseline(study, start),
        "detectable": s.detectable(study, power),
        "lead-in": s.lead_in(study, before),
        "key points": s.key_points(
            study,
            followed,
            start,
            before,
            design.randomisation_test(study, n_draws=99),
            power,
            needed=None,
            many=None,
            looks=None,
            ahead=None,
        ),
    }


def _check(shown):
    for name, output in shown.items():
        assert isinstance(output, Figure | Table | Prose | FlowDiagram), name
        bundle = output._repr_mimebundle_()
        json.dumps(bundle.get(RESULTS_MIME, []), allow_nan=False)
        words = bundle["text/plain"]
        assert words, name
        assert not re.search(r"\bnan\b|None|significan", words), (name, words)
        if isinstance(output, Figure):
            assert output.description.endswith(".")
            assert "<svg" in output.to_svg()


def test_key_points_end_with_the_next_trial(study):
    needed = design.sample_sizes(study)
    many = design.operating(study, needed, n_trials=10)
    looks = design.interim_looks(study, n_orders=5)
    ahead = design.next_trial(study)
    points = design.sentences.key_points(
        study,
        design.flow(study),
        design.baseline(study),
        design.lead_in(study),
        design.randomisation_test(study, n_draws=99),
        design.detectable(study),
        needed,
        many,
        looks,
        ahead,
    )
    lines = points.text.split("\n")
    s = design.sentences
    wanted = [s.sample_size_point(study, needed), s.operating(study, many)]
    wanted += [s.interim(study, looks), s.next_trial(study, ahead)]
    assert lines[-4:] == [f"- {point.text}" for point in wanted]


def test_everything_is_shown_with_words(study):
    shown = _everything(study)
    _check(shown)
    assert "Of 16 patients screened, 14 were randomised and 2 were not." in str(shown["flow"])
    assert "5 of 6 in Control and 7 of 8 in Treated" in str(shown["flow"])
    assert "carried forward" in str(shown["flow"])
    assert "Early leavers: 2 (33%) in Control and 1 (12%) in Treated" in str(shown["departures"])
    assert "“Death” (2 in all arms)" in str(shown["departures"])
    assert "worse course in Treated" in str(shown["lead-in"])
    assert "excludes no difference" in str(shown["lead-in"])


def test_the_pilot_is_shown(pilot):
    shown = _everything(pilot)
    _check(shown)
    steps = re.findall(r"Week \d+: Left the study early", shown["flow table"].to_html())
    assert [step.split(":")[0] for step in steps] == ["Week 8", "Week 16", "Week 24"]
    assert "All who were randomised received the treatment" in str(shown["flow"])
    assert "the data hold nobody who was screened and not randomised" in str(shown["flow"])
    ids = set(pilot.tables["adsl"]["USUBJID"])
    for name, output in shown.items():
        if isinstance(output, Figure):
            spec = json.dumps(output.spec())
            assert not any(f'"{i}"' in spec for i in ids), name


def test_three_arms_are_shown(make):
    study = _three_arms(make)
    shown = _everything(study)
    _check(shown)
    for words in (shown["baseline"], shown["lead-in"], shown["detectable"]):
        assert "Low" in str(words)
        assert "High" in str(words)
    assert len(shown["diagram"].columns) == 3


def test_many_arms_are_shown(make):
    values = ["C", "T", "V", "W", "X", "Y", "Z"]

    def dealt(subjects):
        known = subjects["TRT01P"].notna()
        arms = [values[i % len(values)] for i in range(known.sum())]
        return subjects.assign(TRT01P=pd.Series(arms, index=subjects.index[known]), EFFFL="Y")

    arms = [{"value": v, "label": f"Arm {v}, which has a long name"} for v in values]
    study = make(dealt, arms=arms, flow={"received": "ITTFL"})
    shown = _everything(study)
    _check(shown)
    assert len(shown["diagram"].columns) == len(values)
    page = shown["diagram"].to_html()
    assert page.count("Received the treatment: 2") == 2 * len(values)  # wide and narrow
    assert all(f"Arm {v}" in str(shown["flow"]) for v in values)


def test_sentences_follow_the_direction(make):
    swap = {"C": "T", "T": "C"}
    swapped = make(lambda s: s.assign(TRT01P=s["TRT01P"].map(swap)))
    assert "a better course in Treated" in str(_everything(swapped)["lead-in"])
    parameters = {
        "SCORE": {"dataset": "adqs", "label": "Score", "unit": "points", "better": "lower"}
    }
    lower = make(parameters=parameters)
    assert "a better course in Treated" in str(_everything(lower)["lead-in"])


@pytest.mark.parametrize(
    ("masking", "measured_by", "expected"),
    [
        ("none", "rating", "Hope and expectation"),
        ("none", "laboratory", "less room there"),
        ("double", "rating", "double blind"),
        ("single", "self_report", "single blind"),
    ],
)
def test_blinding_is_set_beside_the_measurement(make, masking, measured_by, expected):
    about = {"dataset": "adqs", "label": "Score", "better": "higher", "measured_by": measured_by}
    study = make(design={"masking": masking}, parameters={"SCORE": about})
    assert expected in str(design.sentences.facts(study, design.facts(study)))


def test_the_least_important_difference_is_judged(make):
    block = {"masking": "none"}
    hard = make(design=block | {"minimal_important_difference": 0.1})
    easy = make(design=block | {"minimal_important_difference": 50.0})
    words = [str(design.sentences.detectable(s, design.detectable(s))) for s in (hard, easy)]
    assert "is below that" in words[0]
    assert "is at or above that" in words[1]


def test_a_study_with_nothing_optional_says_so(make):
    study = make(
        lambda s: s.drop(columns="RANDDT"), design=None, baseline=None, flow=None, lead_in=None
    )
    shown = _everything(study)
    _check(shown)
    assert "does not say who knew" in str(shown["facts"])
    assert "no baseline characteristics" in str(shown["baseline table"])
    assert "no lead-in" in str(shown["lead-in table"])
    assert "does not say who left" in str(shown["departures"])


@pytest.mark.parametrize("kept", [["C0", "T0"], ["C0", "C1", "T0", "T1"]])
def test_hardly_any_patient_breaks_nothing(make, kept):
    study = make(lambda s: s[s["USUBJID"].isin(kept)], change=lambda v: v[v["USUBJID"].isin(kept)])
    _check(_everything(study))


def test_values_without_scatter_break_nothing(make):
    flat = make(
        lambda s: s.assign(AGE=50, SEX="F", SITE="a"),
        change=lambda v: v.assign(AVAL=10.0, BASE=10.0, CHG=0.0),
    )
    shown = _everything(flat)
    _check(shown)
    assert "Too few values" in str(shown["detectable"])


def test_nobody_seen_in_one_arm_breaks_nothing(make):
    def unseen(visits):
        return visits[visits["USUBJID"].str.startswith("C") | (visits["AVISITN"] < 4)]

    _check(_everything(make(change=unseen)))


def test_everybody_stayed(make):
    study = make(lambda s: s.assign(EOSSTT="COMPLETED", DCSREAS=None))
    assert "Nobody left" in str(design.sentences.departures(study, design.flow(study)))
