"""Events in windows after a procedure, against counting day by day."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.rates import compare_rates, poisson_rates
from alsutils.stats.windows import OTHER, events_since

WINDOWS = [(0, 0), (1, 3), (7, 9)]


def frame(rows, columns):
    return pd.DataFrame(rows, columns=columns)


def day_by_day(patients, procedures, events, windows):
    """Days and events of each window and of the other days, one patient and day at a time."""
    days, found = np.zeros(len(windows) + 1), np.zeros(len(windows) + 1)
    given_on = procedures.groupby("subject")["day"].apply(list).to_dict()
    happened = list(events.itertuples(index=False, name=None))
    for name, first, last in patients.itertuples(index=False):
        for day in range(first, last + 1):
            since = min((day - d for d in given_on.get(name, []) if d <= day), default=-1)
            inside = [i for i, (low, high) in enumerate(windows) if low <= since <= high]
            place = inside[0] if inside else len(windows)
            days[place] += 1
            found[place] += happened.count((name, day))
    return days, found


@st.composite
def studies(draw):
    n = draw(st.integers(1, 5))
    first = [draw(st.integers(-3, 4)) for _ in range(n)]
    patients = frame(
        [(f"P{i}", first[i], first[i] + draw(st.integers(0, 25))) for i in range(n)],
        ["subject", "first", "last"],
    )
    one = st.tuples(st.sampled_from([f"P{i}" for i in range(n + 1)]), st.integers(-5, 32))
    procedures = frame(draw(st.lists(one, max_size=10)), ["subject", "day"])
    events = frame(draw(st.lists(one, max_size=15)), ["subject", "day"])
    return patients, procedures, events


@given(study=studies())
@settings(max_examples=50, deadline=None)
def test_days_and_events_are_those_counted_day_by_day(study):
    found = events_since(*study, WINDOWS)
    days, events = day_by_day(*study, WINDOWS)
    assert found.frame["days"].tolist() == days.tolist()
    assert found.frame["events"].tolist() == events.tolist()
    assert found.frame["events"].sum() + found.left_out == len(study[2])


def test_rates_and_ratios_are_exact():
    patients = frame([("a", 1, 60), ("b", 1, 40), ("c", 1, 30)], ["subject", "first", "last"])
    procedures = frame([("a", 1), ("a", 31), ("b", 1), ("b", 1)], ["subject", "day"])
    events = frame(
        [("a", 1), ("a", 2), ("a", 20), ("a", 33), ("b", 2), ("c", 9)], ["subject", "day"]
    )
    found = events_since(patients, procedures, events, [(0, 6)], conf_level=0.9)
    window, other = (row for _, row in found.frame.iterrows())
    assert (window["window"], other["window"]) == ("0-6", OTHER)
    assert (window["events"], window["days"], other["days"]) == (4, 21, 109)
    assert found.procedures == 3
    assert (window["day_from"], window["day_to"]) == (0, 6)
    assert other[["day_from", "day_to"]].isna().all()
    rates = poisson_rates([4, 2], [21, 109], 0.9)
    assert found.frame["conf_high"].tolist() == rates.conf_high.tolist()
    counts = {"events_treated": 4, "time_treated": 21, "events_control": 2, "time_control": 109}
    expected = compare_rates(pd.DataFrame([counts]), 0.9).iloc[0]
    for name in ("ratio", "ratio_low", "ratio_high", "p_value"):
        assert window[name] == expected[name]
        assert np.isnan(other[name])


def test_without_procedures_all_days_are_other_days():
    patients = frame([("a", 1, 10)], ["subject", "first", "last"])
    nothing = frame([], ["subject", "day"])
    found = events_since(patients, nothing, nothing, WINDOWS).frame
    assert found["days"].tolist() == [0, 0, 0, 10]
    assert found["estimate"].isna().tolist() == [True, True, True, False]
    assert found["ratio"].isna().all()


def test_events_without_a_day_are_left_out():
    patients = frame([("a", 1, 10)], ["subject", "first", "last"])
    events = frame([("a", np.nan), ("a", 11), ("z", 2), ("a", 3)], ["subject", "day"])
    found = events_since(patients, events, events, WINDOWS)
    assert found.left_out == 3
    assert found.frame["events"].tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize("windows", [[(0, 3), (3, 5)], [(4, 2)], [(-1, 2)]])
def test_windows_that_make_no_sense_are_named(windows):
    patients = frame([("a", 1, 10)], ["subject", "first", "last"])
    with pytest.raises(ValueError, match="without overlap"):
        events_since(patients, patients.assign(day=1), patients.assign(day=1), windows)


def test_a_patient_is_there_once():
    patients = frame([("a", 1, 10), ("a", 1, 12)], ["subject", "first", "last"])
    with pytest.raises(ValueError, match="more than once"):
        events_since(patients, patients.assign(day=1), patients.assign(day=1), WINDOWS)
