"""Adverse events: counts by hand, the CDISC pilot counted another way, swapped arms, odd data."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alsutils import safety
from alsutils.safety.analysis import ADJUSTED, ANY, FISHER, NEWCOMBE, SCORE
from alsutils.safety.exposure import MODEL, RATE, RATIO
from alsutils.safety.grades import MOST_LISTED
from alsutils.stats.proportions import miettinen_nurminen_interval
from alsutils.stats.tidy import RESULT_COLUMNS, result_frame

EXACT = 1e-12


def _patients(result, name):
    rows = result.counts[result.counts["name"] == name]
    return dict(zip(rows["arm"], rows["patients"], strict=True))


def test_overview_counts_patients_and_events(study):
    result = safety.overview(study)
    assert _patients(result, ANY) == {"Control": 5, "Treated": 6}
    assert _patients(result, "Serious") == {"Control": 1, "Treated": 1}
    assert _patients(result, "Severe") == {"Control": 0, "Treated": 1}
    assert _patients(result, "Related to treatment") == {"Control": 0, "Treated": 6}
    assert _patients(result, "Serious and related") == {"Control": 0, "Treated": 0}
    any_event = result.counts[result.counts["name"] == ANY]
    assert any_event["events"].tolist() == [7, 8]


def test_a_patient_with_an_event_twice_counts_once(study):
    rows = safety.incidence(study).counts.set_index(["name", "arm"])
    assert rows.loc[("Headache", "Treated"), ["patients", "events", "total"]].tolist() == [6, 7, 10]


def test_results_hold_both_intervals_and_both_tests(study):
    frame = safety.incidence(study).frame
    rows = frame[frame["endpoint"] == "Headache"].set_index("analysis")
    limits = miettinen_nurminen_interval(6, 10, 1, 10)
    assert rows.loc[SCORE, ["conf_low", "conf_high"]].tolist() == [limits.low, limits.high]
    assert rows.loc[[NEWCOMBE, SCORE], "estimate"].tolist() == [0.5, 0.5]
    p = stats.fisher_exact([[6, 4], [1, 9]]).pvalue
    assert rows.loc[FISHER, "p_value"] == pytest.approx(p, rel=EXACT)
    assert rows.loc[ADJUSTED, "p_value"] >= p
    assert list(result_frame(frame).columns) == list(RESULT_COLUMNS)


def test_only_common_terms_are_shown_and_all_are_compared(make):
    result = safety.incidence(make(adverse_events={"population": "all", "minimum_percent": 40}))
    assert result.shown == ("Headache", "Cough")
    assert set(result.counts["name"]) == {"Headache", "Cough", "Fall"}
    assert set(result.frame["endpoint"]) == {"Headache", "Cough"}


def test_organ_classes_gather_their_terms(study):
    found = safety.incidence(study, "system")
    assert _patients(found, "Nervous") == {"Control": 1, "Treated": 6}


def test_the_worst_event_of_each_patient(study):
    frame = safety.severity(study).frame.set_index(["arm", "grade"])["patients"]
    assert frame["Treated"].to_dict() == {"No event": 4, "Mild": 4, "Moderate": 1, "Severe": 1}
    assert frame["Control"].to_dict() == {"No event": 5, "Mild": 4, "Moderate": 1, "Severe": 0}


def test_swapping_the_arms_turns_every_difference_round(make):
    swap = {"C": "T", "T": "C"}
    here = safety.incidence(make()).differences.set_index("name")
    there = safety.incidence(
        make(change_subjects=lambda s: s.assign(TRT01P=s["TRT01P"].map(swap)))
    ).differences.set_index("name")
    there = there.loc[here.index]
    np.testing.assert_allclose(here["estimate"], -there["estimate"], atol=EXACT)
    np.testing.assert_allclose(here["newcombe_low"], -there["newcombe_high"], atol=1e-9)
    np.testing.assert_allclose(here["score_low"], -there["score_high"], atol=1e-7)
    np.testing.assert_allclose(here["p_value"], there["p_value"])


def test_the_order_of_rows_does_not_matter(make):
    here = safety.incidence(make()).frame
    there = safety.incidence(make(change=lambda e: e.sample(frac=1, random_state=3))).frame
    pd.testing.assert_frame_equal(here, there)


def test_rates_count_events_over_months(study):
    frame = safety.rates(study).frame.set_index(["analysis", "endpoint", "arm"])
    # Ten patients of each arm, each watched for six months.
    assert frame.loc[(RATE, ANY, "Treated"), "estimate"] == pytest.approx(100 * 8 / 60)
    assert frame.loc[(RATE, ANY, "Control"), "months"] == pytest.approx(60)
    assert frame.loc[(RATIO, ANY, "Treated"), "estimate"] == pytest.approx(8 / 7)
    assert frame.loc[(MODEL, ANY, "Treated"), "estimate"] == pytest.approx(8 / 7, rel=1e-6)


def test_no_rates_without_times(make):
    assert safety.rates(make(change_subjects=lambda s: s.drop(columns="EOSDY"))) is None


def test_patients_without_a_time_are_left_out_and_counted(make):
    def one_missing(subjects):
        return subjects.assign(EOSDY=subjects["EOSDY"].mask(subjects["USUBJID"] == "T9"))

    result = safety.rates(make(change_subjects=one_missing))
    assert result.followed.left_out == 1
    rows = result.frame[result.frame["analysis"] == RATE].set_index(["endpoint", "arm"])
    assert rows.at[(ANY, "Treated"), "n_treated"] == 9


def test_unseen_events_have_the_limit_of_their_arm(study):
    frame = safety.unseen(study).frame.set_index("arm")
    assert (1 - frame.at["Control", "conf_high"]) ** 10 == pytest.approx(0.05)
    assert frame.at["Control", "kinds"] == (
        "Related to treatment",
        "Serious and related",
        "Severe",
    )
    assert frame.at["Treated", "terms"] == 1  # cough


def test_expected_small_p_values_are_what_shuffled_arms_give(make):
    result = safety.incidence(make())
    looks = safety.multiplicity(result)
    assert (looks.comparisons, looks.terms, looks.below) == (3, 3, 1)
    assert looks.nominal == pytest.approx(0.15)
    # Every way of choosing the ten treated patients, for each term by its number of patients.
    chance = 0.0
    for total in (7, 2, 5):
        for x in range(total + 1):
            p = stats.fisher_exact([[x, 10 - x], [total - x, 10 - total + x]]).pvalue
            ways = math.comb(total, x) * math.comb(20 - total, 10 - x) / math.comb(20, 10)
            chance += ways * (p <= 0.05)
    assert looks.expected == pytest.approx(chance, rel=1e-9)
    assert looks.powerless == 1  # the fall, with two patients


def test_serious_events_are_listed_only_where_patients_may_be_shown(make):
    listing = safety.serious_listing(make())
    assert listing.frame[["subject", "term", "related"]].to_numpy().tolist() == [
        ["C1", "Fall", "Not related"],
        ["T1", "Fall", "Not related"],
    ]
    assert safety.serious_listing(make(provenance="observed", publish_subject_data=False)) is None


def test_a_listing_ends_where_nobody_reads_on(make):
    def many(events):
        fall = events[events["AEDECOD"] == "Fall"].head(1)
        return pd.concat([fall.assign(ASTDY=day) for day in range(1, 301)], ignore_index=True)

    study = make(change=many)
    listing = safety.serious_listing(study)
    assert (len(listing.frame), listing.events, listing.patients) == (MOST_LISTED, 300, 1)
    assert listing.frame["day"].max() == MOST_LISTED
    assert "100 later ones left out" in safety.tables.serious(study, listing).sheet.notes[0]


def test_gaps_of_the_data_are_named(make):
    def broken(events):
        events.loc[0, "AESEV"] = None
        return events.assign(AESDTH=["Y"] + ["N"] * (len(events) - 1), AEREL=None)

    result = safety.overview(make(change=broken))
    assert "Related to treatment" not in set(result.counts["name"])
    assert any("no severity" in note for note in result.notes)
    assert any("The data hold no relation" in note for note in result.notes)
    assert any("1 fatal event is not marked as serious" in note for note in result.notes)


def test_only_treatment_emergent_events_count(make):
    block = {"population": "all", "treatment_emergent": "TRTEMFL"}
    flagged = make(
        change=lambda e: e.assign(TRTEMFL=np.where(e["AEDECOD"] == "Cough", "N", "Y")),
        adverse_events=block,
    )
    assert _patients(safety.overview(flagged), ANY) == {"Control": 2, "Treated": 6}
