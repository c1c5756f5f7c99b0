"""Shares and their differences, against base R, Newcombe's printed table and exact truths."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from alsutils.stats.proportions import (
    compare_risks,
    exact_interval,
    fisher_attainable_level,
    miettinen_nurminen_interval,
    risk_difference,
    zero_event_limit,
)

REFERENCE = Path(__file__).parents[2] / "reference" / "safety"
# R maximises the restricted likelihood by a search, which stops within about 1e-8 of the maximum.
SEARCH = 1e-6
CLOSED_FORM = 1e-9
PRINTED = 5e-5  # four printed decimals

RISKS = pd.read_csv(REFERENCE / "risks.csv")
CASES = [tuple(row) for row in RISKS.itertuples(index=False)]


@st.composite
def two_arms(draw: st.DrawFn) -> tuple[int, int, int, int]:
    n1, n0 = (draw(st.integers(1, 60)) for _ in range(2))
    return draw(st.integers(0, n1)), n1, draw(st.integers(0, n0)), n0


@pytest.mark.parametrize("case", CASES)
def test_differences_agree_with_r(case):
    x1, n1, x0, n0, score_low, score_high, newcombe_low, newcombe_high, p_value = case
    found = risk_difference(int(x1), int(n1), int(x0), int(n0))
    assert found.estimate == pytest.approx(x1 / n1 - x0 / n0)
    assert found.score.low == pytest.approx(score_low, abs=SEARCH)
    assert found.score.high == pytest.approx(score_high, abs=SEARCH)
    assert found.newcombe.low == pytest.approx(newcombe_low, abs=CLOSED_FORM)
    assert found.newcombe.high == pytest.approx(newcombe_high, abs=CLOSED_FORM)
    assert found.p_value == pytest.approx(p_value, rel=CLOSED_FORM)


def test_the_printed_interval_of_56_of_70_against_48_of_80():
    limits = miettinen_nurminen_interval(56, 70, 48, 80)
    assert (limits.low, limits.high) == pytest.approx((0.0528, 0.3382), abs=PRINTED)


@given(counts=two_arms(), alpha=st.sampled_from([0.01, 0.05, 0.2]))
@settings(max_examples=60, deadline=None)
def test_score_limits_are_where_the_restricted_statistic_meets_the_quantile(counts, alpha):
    x1, n1, x0, n0 = counts
    limits = miettinen_nurminen_interval(*counts, alpha=alpha)
    assert -1 <= limits.low <= x1 / n1 - x0 / n0 <= limits.high <= 1
    for limit, sign in ((limits.low, 1), (limits.high, -1)):
        if abs(limit) < 0.999:
            statistic = sign * _statistic_by_grid(limit, *counts)
            assert statistic == pytest.approx(stats.norm.isf(alpha / 2), rel=1e-2)


def _statistic_by_grid(difference, x1, n1, x0, n0):
    """The score statistic with the restricted share found by trying many."""
    p0 = np.linspace(max(0, -difference), min(1, 1 - difference), 20001)
    p1 = np.clip(p0 + difference, 0, 1)
    logs = stats.binom.logpmf(x1, n1, p1) + stats.binom.logpmf(x0, n0, p0)
    best0, best1 = p0[logs.argmax()], p1[logs.argmax()]
    variance = (best1 * (1 - best1) / n1 + best0 * (1 - best0) / n0) * (n1 + n0) / (n1 + n0 - 1)
    return (x1 / n1 - x0 / n0 - difference) / math.sqrt(variance)


@given(counts=two_arms())
@settings(max_examples=40, deadline=None)
def test_swapping_the_arms_turns_every_figure_round(counts):
    x1, n1, x0, n0 = counts
    here, there = risk_difference(x1, n1, x0, n0), risk_difference(x0, n0, x1, n1)
    assert here.estimate == pytest.approx(-there.estimate)
    assert here.newcombe.low == pytest.approx(-there.newcombe.high, abs=CLOSED_FORM)
    assert here.score.low == pytest.approx(-there.score.high, abs=1e-7)
    assert here.p_value == pytest.approx(there.p_value)


@given(counts=two_arms())
@settings(max_examples=30, deadline=None)
def test_counting_those_without_the_event_turns_the_difference_round(counts):
    x1, n1, x0, n0 = counts
    here, there = risk_difference(*counts), risk_difference(n1 - x1, n1, n0 - x0, n0)
    assert here.score.high == pytest.approx(-there.score.low, abs=1e-7)
    assert here.newcombe.high == pytest.approx(-there.newcombe.low, abs=CLOSED_FORM)


def test_exact_limits_agree_with_r():
    for row in pd.read_csv(REFERENCE / "limits.csv").itertuples():
        found = exact_interval(int(row.x), int(row.n))
        assert (found.low, found.high) == pytest.approx((row.low, row.high), abs=CLOSED_FORM)


@given(n=st.integers(1, 5000), alpha=st.floats(0.001, 0.4))
def test_at_the_limit_seeing_nothing_has_probability_alpha(n, alpha):
    limit = zero_event_limit(n, alpha)
    assert (1 - limit.exact) ** n == pytest.approx(alpha, rel=1e-6)
    assert limit.rule_of_three >= limit.exact
    assert limit.rule_of_three <= 1


def test_the_rule_of_three():
    assert zero_event_limit(300).rule_of_three == pytest.approx(0.01, abs=2e-5)
    assert zero_event_limit(299).exact < 0.01 < zero_event_limit(298).exact


@pytest.mark.parametrize(("events", "n1", "n0"), [(3, 30, 30), (20, 30, 30), (7, 5, 40), (0, 9, 9)])
def test_attainable_level_is_how_often_fisher_falls_below_alpha(events, n1, n0):
    alpha = 0.05
    expected = 0.0
    for x in range(max(0, events - n0), min(events, n1) + 1):
        p = stats.fisher_exact([[x, n1 - x], [events - x, n0 - events + x]]).pvalue
        if p <= alpha:
            expected += stats.hypergeom.pmf(x, n1 + n0, events, n1)
    assert fisher_attainable_level(events, n1, n0, alpha) == pytest.approx(expected, abs=1e-12)


def test_rows_of_counts_are_compared_one_by_one():
    counts = RISKS.rename(
        columns={
            "x1": "events_treated",
            "n1": "n_treated",
            "x0": "events_control",
            "n0": "n_control",
        }
    )[["events_treated", "n_treated", "events_control", "n_control"]]
    before = counts.copy()
    found = compare_risks(counts)
    pd.testing.assert_frame_equal(counts, before)
    np.testing.assert_allclose(found["score_low"], RISKS["score_low"], atol=SEARCH)
    np.testing.assert_allclose(found["p_value"], RISKS["p_value"])
    assert (found["p_chance"] <= 0.05 + 1e-12).all()


@pytest.mark.parametrize("counts", [(3, 2, 0, 5), (-1, 4, 0, 5), (0, 4, 6, 5)])
def test_impossible_counts_are_named(counts):
    with pytest.raises(ValueError, match="no more events than patients"):
        risk_difference(*counts)


def test_an_arm_without_patients_gives_missing_figures():
    found = risk_difference(0, 0, 2, 5)
    assert all(map(math.isnan, (found.estimate, found.p_value, found.score.low)))


@given(counts=two_arms())
@settings(max_examples=40, deadline=None)
def test_a_higher_level_gives_a_wider_interval(counts):
    assume(counts[0] + counts[2] > 0)
    wide, narrow = (miettinen_nurminen_interval(*counts, alpha=a) for a in (0.01, 0.2))
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high
