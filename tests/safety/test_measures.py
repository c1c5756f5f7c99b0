"""Every measure of one event, and comparisons within strata."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats.contingency import odds_ratio

from alsutils import safety
from alsutils.safety.analysis import BOSCHLOO, FISHER, MIDP, ODDS, RATIO_SCORE
from alsutils.safety.exposure import MODEL, RATIO
from alsutils.safety.measures import MANTEL_DIFFERENCE, RATE_EXACT

HEADACHE = [[6, 4], [1, 9]]
PRIMARY = {"parameter": "SCORE", "visits": [4], "population": "all", "covariates": ["SITE"]}


def with_sites(subjects):
    return subjects.assign(SITE=np.where(subjects["USUBJID"].str[1].astype(int) < 6, "A", "B"))


def test_one_event_by_every_measure(study):
    terms = safety.incidence(study)
    result = safety.measures(study, terms)
    assert result.name == "Headache"
    rows = result.frame.set_index("analysis")
    # SciPy's own exact methods are another implementation.
    assert rows.at[FISHER, "p_value"] == pytest.approx(stats.fisher_exact(HEADACHE).pvalue)
    assert 0 < rows.at[BOSCHLOO, "p_value"] <= rows.at[FISHER, "p_value"]
    assert rows.at[MIDP, "p_value"] < rows.at[FISHER, "p_value"]
    assert rows.at[ODDS, "estimate"] == pytest.approx(odds_ratio(HEADACHE).statistic, rel=1e-5)
    assert rows.at[RATIO_SCORE, "estimate"] == pytest.approx(6)
    # Seven headaches of the treated, one of the controls, in the same time.
    for analysis in (RATIO, RATE_EXACT, MODEL):
        assert rows.at[analysis, "estimate"] == pytest.approx(7, rel=1e-4)
    assert MANTEL_DIFFERENCE not in rows.index


def test_another_event_can_be_named(study):
    result = safety.measures(study, safety.incidence(study), "Cough")
    rows = result.frame.set_index("analysis")
    assert rows.at[RATIO_SCORE, "estimate"] == 0
    assert RATIO not in rows.index  # no treated patient coughed


def test_strata_come_from_the_covariates_that_hold_words(make):
    study = make(change_subjects=with_sites, primary=PRIMARY)
    terms = safety.incidence(study)
    within = safety.stratified(study, terms)
    assert (within.strata, within.levels) == ("SITE", 2)
    row = within.frame.set_index("name").loc["Headache"]
    # All seven patients with a headache are of site A: 6 of 6 against 1 of 6 there, none at B.
    weights = {"A": 6 * 6 / 12, "B": 4 * 4 / 8}
    expected = weights["A"] * (1 - 1 / 6) / sum(weights.values())
    assert row["estimate"] == pytest.approx(expected)
    rows = safety.measures(study, terms).frame.set_index("analysis")
    assert rows.at[MANTEL_DIFFERENCE, "estimate"] == pytest.approx(expected)
    assert "Within strata of SITE" in str(safety.sentences.stratified(study, terms, within))


def test_a_number_makes_no_strata(make):
    study = make(
        change_subjects=lambda s: s.assign(SITE=range(len(s))),
        primary=PRIMARY,
    )
    assert safety.stratified(study, safety.incidence(study)) is None


def test_swapped_arms_turn_the_measures_round(make):
    swap = {"C": "T", "T": "C"}
    here, there = make(), make(change_subjects=lambda s: s.assign(TRT01P=s["TRT01P"].map(swap)))
    one, other = (
        safety.measures(s, safety.incidence(s), "Headache").frame.set_index("analysis")
        for s in (here, there)
    )
    difference = one["kind"] == "Risk difference"
    np.testing.assert_allclose(one[difference]["estimate"], -other[difference]["estimate"])
    ratio = one["kind"].isin(["Risk ratio", "Odds ratio"])
    columns = {"estimate": "estimate", "conf_low": "conf_high"}
    for column, mirrored in columns.items():
        np.testing.assert_allclose(one[ratio][column], 1 / other[ratio][mirrored], rtol=1e-5)
    tests = one["kind"] == "Tests"
    np.testing.assert_allclose(one[tests]["p_value"], other[tests]["p_value"], rtol=1e-9)


def test_columns_are_those_of_results(study):
    frame = safety.measures(study, safety.incidence(study)).frame
    assert {"analysis", "endpoint", "contrast", "estimate"} <= set(frame.columns)
    assert pd.api.types.is_numeric_dtype(frame["estimate"])
