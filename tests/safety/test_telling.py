"""What is hidden of the events of observed data cannot be worked out from what is told."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils import safety
from alsutils.safety.telling import hidden_kinds, hide_events, next_told, told_days
from alsutils.stats.multiplicity import adjust_p_values
from alsutils.study.disclosure import INSTEAD, Disclosure

RULE = Disclosure(5)
COUNTS = st.lists(st.integers(0, 20), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def told(pilot):
    return safety.incidence(pilot), safety.incidence(pilot, "system")


def test_no_small_count_is_told(pilot, told):
    for result in (*told, safety.overview(pilot)):
        counts = result.counts
        assert not counts["patients"].between(1, 4).any()
        assert not (counts["total"] - counts["patients"]).between(1, 4).any()
        few = counts[INSTEAD] == "<5"
        assert few.any()
        assert counts.loc[few, ["patients", "events", "share", "rate"]].isna().all(axis=None)
        assert (result.frame["estimate"].notna() | result.frame["p_value"].notna()).all()


def test_rare_events_are_counted_together_and_not_named(pilot, told):
    terms, systems = told
    events = pilot.events()
    people = events.groupby([events["AEDECOD"].str.capitalize(), "ARM"], observed=True)["USUBJID"]
    most = people.nunique().groupby(level=0).max()
    rare = set(most.index[most < 5])
    assert len(rare) > 100
    outputs = [
        safety.tables.nested(pilot, systems, terms),
        safety.charts.volcano(pilot, terms),
        safety.tables.false_discovery(pilot, safety.false_discovery(terms)),
    ]
    for output in outputs:
        text = str(output._repr_mimebundle_())
        assert not [name for name in rare if f"'{name}'" in text or f">{name}<" in text]
    assert sum(int(words.split()[0]) for words in terms.others.values()) == len(rare)


def test_events_of_a_class_do_not_add_up_to_a_hidden_number(told):
    terms, systems = told
    counts = terms.counts.assign(system=terms.counts["name"].map(terms.systems))
    whole = systems.counts.set_index(["name", "arm"])["events"]
    for key, cells in counts.groupby(["system", "arm"]):
        if pd.isna(whole[key]):
            continue
        left = whole[key] - cells["events"].sum()
        assert cells["events"].isna().sum() != 1 or left == 0
        assert left == 0 or left >= 2


def test_patients_of_a_class_do_not_give_an_event_away(told):
    terms, systems = told
    counts = terms.counts.assign(system=terms.counts["name"].map(terms.systems))
    whole = systems.counts.set_index(["name", "arm"])["patients"]
    for key, cells in counts.groupby(["system", "arm"]):
        most = cells["patients"].fillna(4)
        for i in cells.index[cells[INSTEAD] == "<5"]:
            assert pd.isna(whole[key]) or whole[key] - (most.sum() - most[i]) <= 1


def test_adjusted_p_values_tell_nothing_of_hidden_ones_and_are_no_smaller(pilot, open_pilot, told):
    mine, whole = (
        safety.incidence(study).differences.set_index(["name", "treated"])["p_adjusted"]
        for study in (pilot, open_pilot)
    )
    both = pd.concat({"mine": mine, "whole": whole}, axis=1).dropna()
    assert len(both) > 5
    assert (both["mine"] >= both["whole"] - 1e-12).all()
    assert len(told[0].family) == len(whole)


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=12), st.data())
def test_the_next_p_value_told_keeps_adjustment_cautious(values, data):
    p = pd.Series(values)
    known = np.array(data.draw(st.lists(st.booleans(), min_size=len(p), max_size=len(p))))
    moved = next_told(p, known)
    assert (moved[known] == p[known]).all()
    assert (moved >= p).all()
    assert moved[~known].isin([*p[known], 1.0]).all()
    before, after = (adjust_p_values(x).benjamini_hochberg for x in (p, moved))
    assert (np.asarray(after) >= np.asarray(before) - 1e-12).all()


@given(COUNTS, st.data())
def test_one_hidden_number_of_events_never_stays_alone(counts, data):
    few = data.draw(st.lists(st.booleans(), min_size=len(counts), max_size=len(counts)))
    events = pd.Series(counts, dtype=float)
    hidden = hide_events(events, np.array(few), [pd.Series("x", index=events.index)])
    assert (hidden >= np.array(few)).all()
    people = events[hidden] > 0
    assert people.sum() != 1 or (events > 0).sum() == 1


def test_all_but_a_few_of_a_kind_around_it_are_hidden():
    rows = [("Any", 20), ("Serious", 17), ("Severe", 12)]
    counts = pd.DataFrame(rows, columns=["name", "patients"]).assign(arm="A", total=60)
    within = {"Serious": ("Any",), "Severe": ("Any",)}
    assert hidden_kinds(RULE, counts, within).tolist() == [False, True, False]


@settings(deadline=None, max_examples=40)  # a frame is grouped for each day
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 60)), max_size=60))
def test_between_days_told_lie_the_events_of_nobody_or_of_enough(events):
    frame = pd.DataFrame(events, columns=["subject", "day"])
    days = told_days({"A": frame}, range(1, 61), 5)
    for after, until in zip([-np.inf, *days], [*days, np.inf], strict=True):
        inside = frame[(frame["day"] > after) & (frame["day"] <= until)]
        # Without a day told nothing is.
        assert not days or inside["subject"].nunique() not in range(1, 5)
