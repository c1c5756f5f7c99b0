"""What the safety chapter shows: sentences true for any data, charts and tables that never fail."""

import json
import re

import pandas as pd
import pytest

from alsutils import safety
from alsutils.display import RESULTS_MIME, Figure, Prose, Table
from alsutils.stats.tidy import result_frame


def _everything(study):
    """Make all that the chapter shows."""
    kinds, terms = safety.overview(study), safety.incidence(study)
    systems, grades = safety.incidence(study, "system"), safety.severity(study, terms)
    per_time, missed = safety.rates(study), safety.unseen(study, kinds, terms)
    looks, listed = safety.multiplicity(terms), safety.serious_listing(study)
    every_way, within = safety.measures(study, terms), safety.stratified(study, terms)
    over_time, by_period = safety.course(study), safety.periods(study)
    first, around = safety.first_events(study), safety.ascertainment(study)
    alive, liver = safety.vital_status(study), safety.hys_law(study)
    blood, signs = safety.laboratory(study), safety.vital_signs(study)
    discovered, shrunk = safety.false_discovery(terms), safety.shrinkage(study, terms)
    c, t, s = safety.charts, safety.tables, safety.sentences
    return {
        "dots": c.dots(study, terms),
        "system dots": c.dots(study, systems),
        "volcano": c.volcano(study, terms),
        "severity": c.severity(study, grades),
        "course": c.course(study, over_time),
        "first": c.first_events(study, first),
        "timelines": c.timelines(study, safety.timelines(study)),
        "since": c.since(study, around),
        "hys chart": c.hys_law(study, liver),
        "unseen chart": c.unseen(study, missed),
        "shrinkage": c.shrinkage(study, shrunk),
        "overview table": t.incidence(study, kinds),
        "terms table": t.incidence(study, terms),
        "nested": t.nested(study, systems, terms),
        "measures": t.measures(study, every_way),
        "differences": t.differences(study, terms),
        "ratios": t.ratios(study, terms),
        "strata": t.stratified(study, within),
        "severity table": t.severity(study, grades),
        "rates table": t.rates(study, per_time),
        "periods": t.periods(study, by_period),
        "windows": t.windows(study, around),
        "first table": t.first_events(study, first),
        "unseen table": t.unseen(study, missed),
        "discovered": t.false_discovery(study, discovered),
        "shrinkage table": t.shrinkage(study, shrunk),
        "serious": t.serious(study, listed),
        "vital": t.vital_status(study, alive),
        "laboratory": t.laboratory(study, blood),
        "laboratory shifts": t.laboratory_shifts(study, blood),
        "vital signs": t.vital_signs(study, signs),
        "vital sign shifts": t.vital_sign_shifts(study, signs),
        "hys": t.hys_law(study, liver),
        "overview": s.overview(study, kinds),
        "incidence": s.incidence(study, terms),
        "measures words": s.measures(study, terms, every_way),
        "strata words": s.stratified(study, terms, within),
        "rates": s.rates(study, per_time),
        "course words": s.course(study, over_time),
        "periods words": s.periods(study, by_period),
        "first words": s.first_events(study, first),
        "ascertainment": s.ascertainment(study, around),
        "unseen": s.unseen(study, missed),
        "looks": s.multiplicity(study, looks),
        "discovered words": s.false_discovery(study, discovered),
        "shrinkage words": s.shrinkage(study, shrunk),
        "serious words": s.serious(study, listed),
        "laboratory words": s.laboratory(study, blood),
        "vital signs words": s.vital_signs(study, signs),
        "hys words": s.hys_law(study, liver),
        "key points": s.key_points(study, kinds, terms, per_time, around, missed, looks),
    }


SILENT = {
    "measures words", "strata words", "rates", "course words", "periods words", "first table",
    "first words", "windows", "ascertainment", "laboratory shifts", "laboratory words",
    "vital sign shifts", "vital signs words", "hys", "hys words", "discovered words",
    "shrinkage table", "shrinkage words", "overview", "incidence", "differences", "ratios",
    "nested", "severity table", "unseen table", "unseen", "volcano", "serious words",
}  # fmt: skip


def _check(shown, drawn=False):
    for name, output in shown.items():
        assert isinstance(output, Figure | Table | Prose), name
        words = str(output) if isinstance(output, Prose) else getattr(output, "description", "")
        if isinstance(output, Figure):
            assert words.endswith(".")
            assert not re.search(r"NaN|Infinity", json.dumps(output.spec())), name
        if isinstance(output, Table):
            words = " ".join([output.name, *sum(output.sheet.rows, ()), *output.sheet.notes])
        plain = words.replace("None stays", "")
        # What is missing is said once in a section, by what stands first in it.
        assert plain or name in SILENT, name
        assert not re.search(r"\bnan\b|\bNone\b|\binf\b|significan", plain), (name, words)
        json.dumps(result_frame(output.results).to_dict("records") if len(output.results) else [])
        if drawn:
            bundle = output._repr_mimebundle_()
            json.dumps(bundle.get(RESULTS_MIME, []), allow_nan=False)
            assert not isinstance(output, Figure) or "<noscript>" in bundle["text/html"]


@pytest.fixture(scope="module")
def shown_pilot(pilot):
    return _everything(pilot)


def test_everything_is_shown_with_words(study):
    _check(_everything(study), drawn=True)


def test_three_arms_have_a_row_for_each(pilot, shown_pilot):
    shown = shown_pilot
    _check(shown)
    # One more does with every p-value told: those of few patients count as the next larger.
    assert "3 stay at or below 0.05" in str(shown["looks"])
    for arm in pilot.treated:
        assert f"For {arm} the interval" in str(shown["incidence"])


def test_single_patients_of_observed_data_are_nowhere(pilot, shown_pilot):
    ids = set(pilot.tables["adsl"]["USUBJID"])
    for name, output in shown_pilot.items():
        if isinstance(output, Figure):
            shown = json.dumps(output.spec())
        else:
            shown = json.dumps(output._repr_mimebundle_())
        assert not any(i in shown for i in ids), name


def test_single_patients_are_only_in_the_charts_made_of_them(study):
    ids = set(study.tables["adsl"]["USUBJID"])
    for name, output in _everything(study).items():
        if isinstance(output, Figure) and name not in ("timelines", "hys chart"):
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
    assert "no adverse events" in str(shown["overview table"])


def test_a_trial_with_days_of_treatment_deaths_and_values_shows_all(make):
    def dated(subjects):
        died = subjects["USUBJID"].isin(["C9", "T9"])
        dates = {"TRTSDT": "2020-01-01", "EOSDY": 182, "DTHFL": died.map({True: "Y", False: "N"})}
        site = subjects["USUBJID"].str[1].map(lambda digit: "A" if int(digit) < 5 else "B")
        return subjects.assign(**dates, DTHDT=died.map({True: "2020-03-01"}), SITE=site)

    rows = [(f"{a}{i}", c, v, 10 + 9 * v * i) for a in "CT" for i in range(9) for v in (0, 4)
            for c in ("ALT", "AST", "BILI")]  # fmt: skip
    values = pd.DataFrame(rows, columns=["USUBJID", "PARAMCD", "AVISITN", "AVAL"])
    values = values.assign(A1LO=5, A1HI=40)
    block = {"datasets": ["adlb"], "population": "all"}
    study = make(
        change=lambda e: e.assign(ASTDY=range(1, len(e) + 1), AEACN="DRUG WITHDRAWN"),
        change_subjects=dated,
        tables={"adlb": values},
        laboratory={**block, "liver": {}},
        vital_signs=block,
        design={"masking": "none", "sham": False, "treatment_days": [1, 8]},
        primary={
            "parameter": "SCORE", "visits": [4], "population": "all", "covariates": ["SITE"]
        },
    )  # fmt: skip
    shown = _everything(study)
    _check(shown)
    words = [name for name in shown if isinstance(shown[name], Prose)]
    # Whatever is laid out or drawn is there, none replaced by a sentence.
    assert set(words) <= {"key points", "overview", "incidence", "rates", "unseen",
                          "looks", "serious words", "ascertainment",
                          *(n for n in shown if n.endswith(" words"))}  # fmt: skip


def test_hostile_names_of_events_are_words_everywhere(make):
    name = "<script>alert(1)</script> *bold* [link](http://x) $x$ `code` {brace} \\par =1+1"

    def renamed(events):
        return events.assign(AEDECOD=events["AEDECOD"].replace("HEADACHE", name))

    shown = _everything(make(renamed))
    _check(shown)
    for key, output in shown.items():
        bundle = output._repr_mimebundle_()
        if isinstance(output, Table):
            assert "<script>alert" not in bundle["text/html"], key
        if isinstance(output, Prose):
            assert "<script>" not in bundle["text/markdown"].replace("\\<", ""), key
    assert "\\<script\\>" in shown["incidence"]._repr_mimebundle_()["text/markdown"]


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
