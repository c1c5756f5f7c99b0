"""First events, all events over time, and single patients: by hand and against the raw counts."""

import numpy as np
import pandas as pd
import pytest

from alsutils import safety
from alsutils.safety.times import GRAY, INCIDENCE, INCIDENCE_DIFFERENCE, MEAN

HORIZON = 121  # month 4, the last primary visit of `conftest.config`, in whole days


def spread(events):
    """Give each event a day of its own, so that times differ."""
    return events.assign(ASTDY=np.arange(5, 5 + 10 * len(events), 10)[: len(events)])


def test_without_a_death_the_incidence_is_the_share(make):
    study = make(change=spread)
    result = safety.first_events(study)
    assert result.kinds == ("Any event", "Serious")
    assert result.horizon == HORIZON
    events = spread(study.tables["adae"].drop(columns="ASTDY"))
    frame = result.frame.set_index(["analysis", "kind", "arm"])
    for arm in study.arms:
        early = events[(events["ASTDY"] <= HORIZON) & events["USUBJID"].str.startswith(arm[0])]
        share = early["USUBJID"].nunique() / 10
        assert frame.at[(INCIDENCE, "Any event", arm), "estimate"] == pytest.approx(share)
    apart = frame.at[(INCIDENCE_DIFFERENCE, "Any event", "Treated"), "estimate"]
    shares = [frame.at[(INCIDENCE, "Any event", arm), "estimate"] for arm in study.arms]
    assert apart == pytest.approx(shares[1] - shares[0])
    assert 0 < frame.at[(GRAY, "Any event", "Treated"), "p_value"] <= 1


def test_a_death_before_the_event_competes_with_it(make):
    def died(subjects):
        dead = subjects["USUBJID"].isin(["C8", "C9"])
        return subjects.assign(
            TRTSDT="2020-01-01",
            DTHDT=np.where(dead, "2020-01-03", ""),
            EOSDY=np.where(dead, 3, 182),
        )

    result = safety.first_events(make(change_subjects=died))
    counts = result.counts.set_index(["kind", "arm"])
    assert counts.at[("Any event", "Control"), "deaths"] == 2
    assert counts.at[("Any event", "Control"), "events"] == 5
    frame = result.frame.set_index(["analysis", "kind", "arm"])
    # Five of ten had an event; were the dead censored, it would be five of the eight left.
    assert frame.at[(INCIDENCE, "Any event", "Control"), "estimate"] == pytest.approx(0.5)


def test_events_of_interest_take_the_place_of_any_and_serious(make):
    interest = [{"label": "Pain", "values": ["HEADACHE"]}]
    result = safety.first_events(make(adverse_events={"population": "all", "interest": interest}))
    assert result.kinds == ("Pain",)
    assert result.counts.set_index("arm")["events"].to_dict() == {"Control": 1, "Treated": 6}


def test_the_mean_of_events_ends_at_their_number(make):
    study = make(change=spread)
    result = safety.course(study)
    last = result.curves.groupby("arm")["estimate"].last()
    events = study.events()
    for arm in study.arms:
        assert last[arm] == pytest.approx((events["ARM"] == arm).sum() / 10)
    at = result.frame[result.frame["analysis"] == MEAN].set_index("arm")["estimate"]
    by_then = events[events["ASTDY"] <= HORIZON]
    assert at["Treated"] == pytest.approx((by_then["ARM"] == "Treated").sum() / 10)


def test_a_horizon_that_nobody_reached_is_said(make):
    study = make(change_subjects=lambda s: s.assign(EOSDY=30))
    assert "nobody was watched" in str(
        safety.sentences.first_events(study, safety.first_events(study))
    )
    assert "Nobody was watched" in str(safety.sentences.course(study, safety.course(study)))


def test_single_patients_are_drawn_only_where_they_may_be(make):
    result = safety.timelines(make())
    assert len(result.patients) == 20
    assert len(result.events) == 15
    assert result.events["serious"].sum() == 2
    assert safety.timelines(make(provenance="observed", publish_subject_data=False)) is None


def test_too_many_patients_leave_the_quiet_ones_out(make):
    def many(subjects):
        more = pd.DataFrame({"USUBJID": [f"C{i}" for i in range(100, 300)], "TRT01P": "C"})
        return pd.concat([subjects, more.assign(ITTFL="Y", EOSDY=100)], ignore_index=True)

    result = safety.timelines(make(change_subjects=many))
    assert len(result.patients) + result.left_out == 220
    assert {"T1", "C1"} <= set(result.patients["subject"])
    with_events = {f"T{i}" for i in range(6)} | {f"C{i}" for i in range(5)}
    assert with_events <= set(result.patients["subject"])


def test_many_events_leave_room_for_fewer_patients(make, monkeypatch):
    monkeypatch.setattr("alsutils.safety.times.MOST_EVENTS", 4)
    result = safety.timelines(make())
    assert 1 <= len(result.events) <= 4
    assert 1 <= len(result.patients) < 20
    assert len(result.patients) + result.left_out == 20


def test_many_terms_are_not_all_drawn(make, monkeypatch):
    study = make()
    terms = safety.incidence(study)
    assert len(terms.shown) > 1
    monkeypatch.setattr("alsutils.safety.charts.incidence.MOST_ROWS", 1)
    monkeypatch.setattr("alsutils.display.points.MOST_ROWS", 1)
    figure = safety.charts.dots(study, terms)
    drawn = [row for rows in figure.spec()["datasets"].values() for row in rows]
    assert {row["name"] for row in drawn if "name" in row} == {terms.shown[0]}
    assert f"Of {len(terms.shown)} rows the first 1 are drawn." in figure.caption
    assert figure.results.equals(terms.frame)
