"""What is expected of the next trial: from the data by hand, turned round, and on any study."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special

from alsutils import design
from alsutils.design.charts.next_trial import chance, limit
from alsutils.design.next_trial import BIAS, CHOSEN, FACE, RECORD, SCEPTIC
from alsutils.display import RESULTS_MIME, Figure, Prose, Table
from alsutils.stats.assurance import Belief, assurance, assurance_limit
from alsutils.stats.power import Level
from alsutils.stats.tidy import RESULT_COLUMNS, result_frame
from alsutils.stats.two_sample import Sample, mean_difference
from alsutils.study import load_study

LATER = {
    "name": "LATER",
    "n": 120,
    "arms": [{"label": "short", "share": 1}, {"label": "long", "share": 2}],
    "control_share": 2,
    "endpoint": "a score of something else",
    "outcomes": [{"arm": "long", "at": "month 9", "p": 0.2}],
    "source": "press",
    "date": "2031-02-03",
    "note": "More is to come.",
}
ROOT = Path(__file__).parents[2]
FOUR_MORE = 4.0  # points by which a strong effect moves the treated arm


def _strong(visits):
    late = visits["USUBJID"].str.startswith("T") & (visits["AVISITN"] == 4)
    noise = visits["USUBJID"].str[1].astype(float) * late
    moved = (FOUR_MORE + 0.2 * noise) * late
    return visits.assign(AVAL=visits["AVAL"] + moved, CHG=visits["CHG"] + moved)


def _scored(**about):
    return {"SCORE": {"dataset": "adqs", "label": "Score", "unit": "points"} | about}


@pytest.fixture
def strong(make):
    return make(change=_strong, later_trials=[LATER])


def _row(result, belief, less_bias=False):
    frame = result.beliefs
    [row] = frame[(frame["belief"] == belief) & (frame["less_bias"] == less_bias)].to_dict(
        "records"
    )
    return row


def _samples(study):
    records = study.records("SCORE", "seen", [4])
    return [Sample.of(records.loc[records["ARM"] == arm, "CHG"]) for arm in study.arms[::-1]]


def test_at_face_value_the_estimate_is_the_t_tests(strong):
    result = design.next_trial(strong)
    found = mean_difference(*_samples(strong))
    face = _row(result, FACE)
    assert (face["estimate"], face["std_error"]) == pytest.approx((found.estimate, found.std_error))
    belief = Belief.normal(found.estimate, found.std_error)
    sd = result.start.at[0, "sd"]
    assert face["again"] == pytest.approx(float(assurance(belief, sd, 5, 7)))
    assert _row(result, SCEPTIC)["estimate"] == pytest.approx(found.estimate / 2)
    assert _row(result, SCEPTIC)["std_error"] == pytest.approx(found.std_error / math.sqrt(2))
    assert 0 < _row(result, RECORD)["estimate"] < found.estimate


def test_the_bias_of_an_open_label_is_taken_off_in_the_endpoints_unit(strong):
    result = design.next_trial(strong)
    start = result.start.iloc[0]
    assert start["bias"] == pytest.approx(0.23 * start["sd"])
    less, face = _row(result, FACE, less_bias=True), _row(result, FACE)
    assert face["estimate"] - less["estimate"] == pytest.approx(start["bias"])
    widened = math.hypot(face["std_error"], (0.40 - 0.06) / 2 / 1.959964 * start["sd"])
    assert less["std_error"] == pytest.approx(widened)
    for belief in (FACE, CHOSEN, RECORD, SCEPTIC):
        assert _row(result, belief, less_bias=True)["again"] < _row(result, belief)["again"]


@pytest.mark.parametrize(
    ("masking", "measured_by", "size"),
    [
        ("none", "self_report", 0.56),
        ("none", "instrument", 0),
        ("single", "rating", 0),
        ("double", "rating", 0),
    ],
)
def test_only_an_open_judgement_loses_its_bias(make, masking, measured_by, size):
    about = _scored(better="higher", measured_by=measured_by)
    study = make(change=_strong, parameters=about, design={"masking": masking})
    result = design.next_trial(study)
    assert (result.bias is not None) == bool(size)
    assert result.beliefs["less_bias"].any() == bool(size)
    if size:
        assert result.bias == BIAS["self_report"]
        assert "patients who knew it found on average 0.56" in str(
            design.sentences.open_label_bias(study, result)
        )
    else:
        words = str(design.sentences.open_label_bias(study, result))
        assert words.startswith("Nothing is taken off")
    assert design.next_trial(make(design=None)).bias is None


def test_where_lower_is_better_the_effect_turns_round(make):
    higher = design.next_trial(make(change=_strong, design=None))
    lower = design.next_trial(
        make(
            change=lambda v: _strong(v).assign(
                CHG=-_strong(v)["CHG"], AVAL=-_strong(v)["AVAL"], BASE=-_strong(v)["BASE"]
            ),
            design=None,
            parameters=_scored(better="lower"),
        )
    )
    columns = ["estimate", "std_error", "again", "probability_better"]
    np.testing.assert_allclose(higher.beliefs[columns], lower.beliefs[columns], rtol=1e-9)


def test_swapped_arms_believe_the_opposite(make):
    swap = {"C": "T", "T": "C"}
    here = design.next_trial(make(change=_strong, design=None))
    there = design.next_trial(
        make(lambda s: s.assign(TRT01P=s["TRT01P"].map(swap)), change=_strong, design=None)
    )
    for belief in (FACE, RECORD, SCEPTIC):
        one, two = _row(here, belief), _row(there, belief)
        assert one["estimate"] == pytest.approx(-two["estimate"])
        assert one["probability_better"] == pytest.approx(1 - two["probability_better"])
    # Nobody carries on because a treatment did harm.
    assert CHOSEN in set(here.beliefs["belief"])
    assert CHOSEN not in set(there.beliefs["belief"])


def test_what_was_not_significant_was_not_carried_on_for_that(study):
    result = design.next_trial(study)
    assert result.start.at[0, "p_value"] > 0.05
    assert CHOSEN not in set(result.beliefs["belief"])


def test_later_trials_have_their_own_sizes_and_reports(strong):
    result = design.next_trial(strong)
    later = result.later[(result.later["belief"] == FACE) & ~result.later["less_bias"]]
    sizes = later.set_index("arm")[["n_control", "n_treated"]]
    assert sizes.loc["short"].tolist() == [48, 24]
    assert sizes.loc["long"].tolist() == [48, 48]
    start = result.start.iloc[0]
    belief = Belief.normal(start["estimate"], start["std_error"])
    rows = later.set_index("arm")
    for level, column in ((0.05, "assurance"), (0.2, "as_large")):
        found = float(assurance(belief, start["sd"], 48, 48, Level(level)))
        expected = found if column == "assurance" else 1 - found
        assert rows.at["long", column] == pytest.approx(expected)
    assert np.isnan(rows.at["short", "p"])
    together = result.together.iloc[0]
    assert together["every"] <= later["assurance"].min() + 0.02
    assert together["at_least_one"] >= later["assurance"].max() - 0.02


def test_curves_rise_to_the_limit(strong):
    result = design.next_trial(strong)
    for (_, belief, less), rows in result.curve.groupby(["treated", "belief", "less_bias"]):
        limit_ = _row(result, belief, less)["limit"]
        assert rows["assurance"].is_monotonic_increasing
        assert rows["assurance"].max() <= limit_ + 1e-9


def test_wanted_sizes_reach_what_is_wanted(strong):
    result = design.next_trial(strong)
    start = result.start.iloc[0]
    belief = Belief.normal(start["estimate"], start["std_error"])
    n = _row(result, FACE)["n_wanted"]
    assert float(assurance(belief, start["sd"], n, n)) >= 0.8


@pytest.mark.parametrize(("doubt", "leaning", "n"), [(0, 0, 30), (0.5, 0.8, 64), (0.9, 2, 400)])
def test_the_page_computes_the_closed_form(doubt, leaning, n):
    """The same expression that Vega computes, read as Python."""
    row = {"estimate": 2.5, "std_error": 0.9, "sd": 4.0}
    names = {
        "cumulativeNormal": special.ndtr,
        "sqrt": math.sqrt,
        "pow": pow,
        "doubt": doubt,
        "leaning": leaning,
        "patients": n,
    }
    belief = Belief.normal((1 - doubt) * (2.5 - leaning), 0.9 * math.sqrt(1 - doubt))
    expected = float(assurance(belief, 4, n, n, statistic="normal"))
    found = eval(chance(row, "patients", special.ndtri(0.975)), names)
    assert found == pytest.approx(expected, abs=1e-9)
    assert eval(limit(row), names) == pytest.approx(assurance_limit(belief), abs=1e-9)


def _everything(study):
    result = design.next_trial(study)
    c, t, s = design.charts, design.tables, design.sentences
    return {
        "beliefs": c.beliefs(study, result),
        "assurance": c.assurance(study, result),
        "sliders": c.assurance_sliders(study, result),
        "beliefs table": t.beliefs(study, result),
        "later table": t.later_trials(study, result),
        "words": s.next_trial(study, result),
        "bias": s.open_label_bias(study, result),
        "later": s.later_trials(study, result),
    }


def _check(shown):
    for name, output in shown.items():
        assert isinstance(output, Figure | Table | Prose), name
        bundle = output._repr_mimebundle_()
        json.dumps(bundle.get(RESULTS_MIME, []), allow_nan=False)
        assert not re.search(r"\bnan\b|None|significan", bundle["text/plain"]), name
        if isinstance(output, Table):
            assert ">nan<" not in output.to_html()
        if isinstance(output, Figure):
            assert output.description.endswith(".")
            assert "<noscript><img" in bundle["text/html"]


def _told_later(study):
    result = design.next_trial(study)
    rooms = {"table": design.tables, "later": design.sentences}
    shown = {name: room.later_trials(study, result) for name, room in rooms.items()}
    _check(shown)
    return shown


def test_everything_is_shown(strong):
    shown = _everything(strong)
    _check(shown)
    assert "assessors who knew it found on average 0.23" in str(shown["bias"])
    later = str(shown["later"])
    assert "What the press reported: p = 0.200 for long at month 9, not below 0.05" in later
    assert "not that of this trial" in later
    assert later.endswith("More is to come.")
    table = shown["later table"].to_html()
    assert "no peer-reviewed report (2031-02-03)" in table
    assert "LATER, short (24 patients, 48 controls): nothing reported" in table
    assert "sliders" in shown
    assert shown["sliders"].readout


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"outcomes": []}, "gives no outcome"),
        ({"source": "paper"}, "What it was reported"),
        ({"same_endpoint": True}, "randomised 120 patients. The probabilities assume"),
        ({"arms": [{"label": "long"}], "control_share": 1}, "a probability of success of"),
        ({"outcomes": [{"arm": "long", "at": "month 9", "p": 0.0}]}, "below 0.05 for 1 of 1"),
    ],
)
def test_later_trials_are_told_as_far_as_they_are_known(make, change, expected):
    shown = _told_later(make(change=_strong, later_trials=[LATER | change]))
    assert expected in str(shown["later"])


def test_a_study_that_nothing_followed_says_so(study):
    shown = _everything(study)
    _check(shown)
    assert "names no trial that followed" in str(shown["later"])
    assert shown["later table"].text == ""


def test_a_later_trial_of_the_control_is_no_next_trial(make):
    shown = _told_later(make(change=_strong, later_trials=[LATER | {"arm": "C"}]))
    assert "cannot be set beside" in str(shown["later"])


@pytest.mark.parametrize("kept", [["C0", "T0"], ["C0", "C1", "T0", "T1"]])
def test_hardly_any_patient_breaks_nothing(make, kept):
    keep = lambda t: t[t["USUBJID"].isin(kept)]  # noqa: E731
    study = make(keep, change=keep, later_trials=[LATER])
    _check(_everything(study))


def test_values_without_scatter_leave_nothing_to_expect(make):
    flat = make(change=lambda v: v.assign(AVAL=10.0, BASE=10.0, CHG=0.0))
    assert design.next_trial(flat) is None
    shown = _everything(flat)
    _check(shown)
    assert "nothing can be expected" in str(shown["words"])


def test_every_arm_of_several_is_expected_of(pilot):
    result = design.next_trial(pilot)
    assert result.start["treated"].tolist() == list(pilot.treated)
    shown = _everything(pilot)
    _check(shown)
    for arm in pilot.treated:
        assert arm in str(shown["words"])
        assert arm in shown["sliders"].readout
    specs = json.dumps([shown[name].spec() for name in ("beliefs", "assurance", "sliders")])
    assert not any(f'"{i}"' in specs for i in pilot.tables["adsl"]["USUBJID"])


def test_the_default_study_marks_the_press():
    study = load_study(ROOT / "data" / "oh2018")
    [trial] = study.config.later_trials
    assert trial.source == "press"
    shown = _told_later(study)
    assert "What the press reported" in str(shown["later"])
    assert "no peer-reviewed report" in shown["table"].to_html()


def test_results_come_in_the_common_columns(strong):
    rows = result_frame(design.next_trial(strong).frame)
    assert list(rows.columns) == list(RESULT_COLUMNS)
    needed = ["analysis", "endpoint", "population", "visit", "contrast", "estimate"]
    assert rows[needed].notna().all().all()
    assert rows["analysis"].str.startswith("assurance").any()
    assert not rows.duplicated(["analysis", "contrast"]).any()


def test_the_tables_of_the_study_are_left_as_they_were(strong):
    before = {role: table.copy() for role, table in strong.tables.items()}
    design.next_trial(strong)
    for role, table in before.items():
        pd.testing.assert_frame_equal(strong.tables[role], table)
