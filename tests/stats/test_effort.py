"""Small trials keep every repetition; large ones pay no more than a trial of 500."""

from hypothesis import given
from hypothesis import strategies as st

from alsutils.stats.effort import FEWEST, FULL_UP_TO, repetitions

WANTED = st.integers(1, 100_000)


@given(WANTED, st.integers(0, FULL_UP_TO))
def test_a_small_trial_keeps_all(wanted, patients):
    assert repetitions(wanted, patients) == wanted


@given(WANTED, st.integers(FULL_UP_TO + 1, 10**6))
def test_a_large_trial_costs_no_more_or_has_the_fewest(wanted, patients):
    found = repetitions(wanted, patients)
    assert min(wanted, FEWEST) <= found <= wanted
    assert found <= FEWEST or found * patients <= wanted * FULL_UP_TO
    assert found >= repetitions(wanted, patients + 1)
