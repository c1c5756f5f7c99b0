"""What the safety chapter shows: sentences true for any data, charts and tables that never fail."""

import json
import re

import pandas as pd
import pytest

from alsutils import safety
from alsutils.display import RESULTS_MIME, Figure, Prose, Table


def _everything(study):
    """Make all that the chapter shows."""
    kinds, terms = safety.overview(study), safety.incidence(study)
    systems, grades = safety.incidence(study, "system"), safety.severity(study)
    rates, missed = safety.rates(study), safety.unseen(study)
    looks, listed = safety.multiplicity(terms), safety.serious_listing(study)
    c, t, s = safety.charts, safety.tables, safety.sentences
    return {
        "dots": c.dots(study, terms),
        "system dots": c.dots(study, systems),
        "severity": c.severity(study, grades),
        "unseen chart": c.unseen(study, missed),
        "overview table": t.incidence(study, kinds),
        "terms table": t.incidence(study, terms),
        "differences": t.differences(study, terms),
        "rates table": t.rates(study, rates),
        "unseen table": t.unseen(study, missed),
        "serious": t.serious(study, listed),
        "overview": s.overview(study, kinds),
        "incidence": s.incidence(study, terms),
        "rates": s.rates(study, rates),
        "unseen": s.unseen(study, missed),
        "looks": s.multiplicity(study, looks),
        "serious words": s.serious(study, listed),
        "key points": s.key_points(study, kinds, terms, rates, missed, looks),
    }


def _check(shown):
    for name, output in shown.items():
        assert isinstance(output, Figure | Table | Prose), name
        bundle = output._repr_mimebundle_()
        json.dumps(bundle.get(RESULTS_MIME, []), allow_nan=False)
        words = bundle["text/plain"]
        assert words, name
        assert not re.search(r"\bnan\b|None(?! stays)|significan", words), (name, words)
        if isinstance(output, Figure):
            assert output.description.endswith(".")
            assert "<svg" in output.to_svg()


def test_everything_is_shown_with_words(study):
    _check(_everything(study))


def test_three_arms_have_a_row_for_each(pilot):
    shown = _everything(pilot)
    _check(shown)
    assert "4 stay at or below 0.05" in str(shown["looks"])
    for arm in pilot.treated:
        assert f"For {arm} the interval" in str(shown["incidence"])


def test_single_patients_are_never_in_a_chart(study, pilot):
    for trial in (study, pilot):
        ids = set(trial.tables["adsl"]["USUBJID"])
        for name, output in _everything(trial).items():
            if isinstance(output, Figure):
                spec = json.dumps(output.spec())
                assert not any(f'"{i}"' in spec for i in ids), name


def test_sentences_follow_the_arms(make):
    swap = {"C": "T", "T": "C"}
    here = make()
    there = make(change_subjects=lambda s: s.assign(TRT01P=s["TRT01P"].map(swap)))
    raised, lowered = (
        str(safety.sentences.incidence(study, safety.incidence(study))) for study in (here, there)
    )
    assert "above zero for 1 (Headache) and wholly below zero for 1 (Cough)" in raised
    assert "above zero for 1 (Cough) and wholly below zero for 1 (Headache)" in lowered
    text = str(safety.sentences.overview(here, safety.overview(here)))
    assert "5 (50%) of the patients in Control and 6 (60%) of the patients in Treated" in text
    assert "is 10.0 percentage points" in text
    assert "includes no difference" in text


def test_a_trial_without_adverse_events_says_so(make):
    shown = _everything(make(adverse_events=None))
    _check(shown)
    assert not any(isinstance(output, Figure | Table) for output in shown.values())
    assert "no adverse events" in str(shown["overview"])


@pytest.mark.parametrize("kept", [0, 1])
def test_hardly_any_event_breaks_nothing(make, kept):
    # One event before treatment keeps the table from being empty.
    def few(events):
        early = events.tail(1).assign(TRTEMFL="N")
        return events.head(kept).assign(TRTEMFL="Y").pipe(lambda e: _stacked(e, early))

    block = {"population": "all", "treatment_emergent": "TRTEMFL"}
    shown = _everything(make(change=few, adverse_events=block))
    _check(shown)


def _stacked(first, second):
    return pd.concat([first, second], ignore_index=True) if len(first) else second


def test_every_patient_with_every_event_breaks_nothing(make):
    def all_patients(events):
        one = events.head(1)
        return pd.concat([one.assign(USUBJID=f"{a}{i}") for a in "CT" for i in range(10)])

    study = make(change=all_patients)
    _check(_everything(study))
    row = safety.incidence(study).differences.iloc[0]
    assert (row["estimate"], row["p_value"]) == (0, 1)


def test_one_patient_in_each_arm_breaks_nothing(make):
    study = make(
        change=lambda e: e[e["USUBJID"].isin(["C0", "T0"])],
        change_subjects=lambda s: s[s["USUBJID"].isin(["C0", "T0"])],
    )
    _check(_everything(study))


def test_a_rare_event_is_counted_though_not_shown(make):
    block = {"population": "all", "minimum_percent": 70}
    study = make(adverse_events=block)
    result = safety.incidence(study)
    assert "No event reached 70%" in str(safety.sentences.incidence(study, result))
    assert isinstance(safety.charts.dots(study, result), Prose)
    assert safety.multiplicity(result).comparisons == 3
