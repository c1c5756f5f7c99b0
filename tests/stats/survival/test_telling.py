"""Between two times that are told, nobody or enough people have an event."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alsutils.stats.survival.telling import round_step, rounded_up, told_times

PEOPLE = st.lists(
    st.tuples(st.floats(0.1, 40, allow_nan=False), st.integers(0, 2)), min_size=1, max_size=40
)


@pytest.mark.parametrize(("end", "step"), [(45.6, 1), (50, 1), (50.1, 2), (3.8, 0.1), (400, 10)])
def test_steps_are_round(end, step):
    assert round_step(end) == pytest.approx(step)


def test_times_are_rounded_up():
    np.testing.assert_array_equal(rounded_up([20.57, 21.0, np.nan, 0.3], 1), [21, 21, np.nan, 1])
    assert rounded_up(0.3, 0.1) == 0.3


def test_what_is_wanted_most_is_told_first():
    time, event = np.arange(1, 21.0), np.ones(20)
    assert told_times([(time, event)], [12, *range(21)], 5) == [0, 5, 12, 20]
    assert told_times([(time, event)], range(21), 1) == list(range(21))


@given(st.lists(PEOPLE, min_size=1, max_size=3), st.integers(1, 8))
def test_no_two_told_times_give_a_few_away(groups, minimum):
    arrays = [tuple(np.array(side) for side in zip(*people, strict=True)) for people in groups]
    first = told_times(arrays, [24, 12], minimum)
    told = told_times(arrays, range(0, 45, 2), minimum, told=first)
    assert set(first) <= set(told)
    for time, kind in arrays:
        for k in (1, 2):
            steps = np.histogram(time[kind == k], [-1, *np.nextafter(told, np.inf), 99])[0]
            assert not told or not ((steps > 0) & (steps < minimum)).any()
        left = np.array([(time > t).sum() for t in told])
        assert not ((left > 0) & (left < minimum)).any()
