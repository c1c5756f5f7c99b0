"""Time watched, periods and the days after a treatment: counted by hand, and odd data."""

import numpy as np
import pandas as pd
import pytest

from alsutils import safety
from alsutils.safety.periods import AFTER, BETWEEN, UNDER, WEEK

DAYS = 182  # whole days that each patient of `conftest.subjects` is watched
DESIGN = {"masking": "none", "sham": False, "treatment_days": [1, 27]}


def whole_days(subjects):
    return subjects.assign(EOSDY=DAYS)


def on_days(*days):
    """Move the events of the treated arm to these days, in turn; the control's stay on day 10."""

    def change(events):
        treated = events["USUBJID"].str.startswith("T")
        turn = np.resize(days, treated.sum())
        day = events["ASTDY"].astype(int).copy()
        day[treated] = turn
        return events.assign(ASTDY=day)

    return change


@pytest.mark.parametrize("column", ["EOSDT", "RFENDT", "RFENDTC"])
def test_the_end_of_participation_goes_before_the_end_of_treatment(make, column):
    def dated(subjects):
        dates = {"TRTSDT": "2020-01-01", "TRTEDT": "2020-01-31", column: "2020-03-10"}
        return subjects.drop(columns="EOSDY").assign(**dates)

    followed = safety.follow_up(make(change_subjects=dated))
    assert (followed.frame["last"] == 70).all()
    assert (followed.frame["treated_to"] == 31).all()
    assert "participation" in followed.basis


def test_without_an_end_the_time_is_that_of_treatment_and_no_event_lies_beyond(make):
    def dated(subjects):
        dates = {"TRTSDT": "2020-01-01", "TRTEDT": "2020-01-05"}
        return subjects.drop(columns="EOSDY").assign(**dates)

    followed = safety.follow_up(make(change_subjects=dated))
    last = followed.frame.set_index("USUBJID")["last"]
    assert "treatment" in followed.basis
    assert last["T9"] == 5
    assert last["T0"] == 10  # the day of the event
    assert followed.extended == 6 + 5


def test_deaths_are_known_by_date_or_by_a_fatal_event(make):
    def dated(subjects):
        died = subjects["USUBJID"].isin(["C0", "C1"])
        return subjects.assign(
            TRTSDT="2020-01-01",
            DTHDT=np.where(died, ["2020-02-01"] * len(died), ""),
            EOSDY=np.where(subjects["USUBJID"] == "C1", 20, DAYS),
            DTHFL=np.where(died | (subjects["USUBJID"] == "T1"), "Y", "N"),
        )

    def fatal(events):
        falls = (events["AEDECOD"] == "Fall") & (events["USUBJID"] == "T1")
        return events.assign(AESDTH=np.where(falls, "Y", "N"), AENDY=np.where(falls, 12, 11))

    study = make(change=fatal, change_subjects=dated)
    death = safety.follow_up(study).frame.set_index("USUBJID")["death"]
    assert death["C0"] == 32
    assert death["T1"] == 12
    assert np.isnan(death["C1"])  # after the end of participation
    frame = safety.vital_status(study).frame.set_index(["state", "arm"])["patients"]
    assert frame["Died during participation"].to_dict() == {"Control": 1, "Treated": 1}
    assert frame["Died later"].to_dict() == {"Control": 1, "Treated": 0}


def test_periods_share_out_all_days_and_events(make):
    study = make(change=on_days(1, 8, 27, 40), change_subjects=whole_days, design=DESIGN)
    result = safety.periods(study)
    frame = result.frame.set_index(["period", "arm"])
    assert (result.window, result.treatment_days) == (7, (1.0, 27.0))
    # Days 1-7 and 27-33; 8-26; 34-182.
    expected = {WEEK: 14, BETWEEN: 19, AFTER: DAYS - 33}
    for period, days in expected.items():
        assert frame.at[(period, "Control"), "days"] == 10 * days
    assert [frame.at[(p, "Treated"), "events"] for p in expected] == [4, 2, 2]
    assert [frame.at[(p, "Control"), "events"] for p in expected] == [0, 7, 0]


def test_who_leaves_early_is_watched_only_so_long(make):
    def early(subjects):
        return subjects.assign(EOSDY=np.where(subjects["USUBJID"] == "T9", 20, DAYS))

    frame = safety.periods(make(change_subjects=early, design=DESIGN)).frame
    frame = frame.set_index(["period", "arm"])
    assert frame.at[(WEEK, "Treated"), "days"] == 9 * 14 + 7
    assert frame.at[(BETWEEN, "Treated"), "days"] == 9 * 19 + 13
    assert frame.at[(AFTER, "Treated"), "watched"] == 9


def test_without_days_of_treatment_its_last_day_divides_the_time(make):
    def dated(subjects):
        return subjects.assign(TRTSDT="2020-01-01", TRTEDT="2020-01-09", EOSDY=DAYS)

    study = make(change=on_days(9, 10), change_subjects=dated)
    frame = safety.periods(study).frame.set_index(["period", "arm"])
    assert frame.at[(UNDER, "Control"), "days"] == 90
    assert frame.at[(UNDER, "Treated"), "events"] == 4
    assert frame.at[(AFTER, "Treated"), "events"] == 4
    assert safety.ascertainment(study) is None


def test_an_excess_around_the_treatment_is_seen(make):
    study = make(change=on_days(1, 2, 27, 100), change_subjects=whole_days, design=DESIGN)
    result = safety.ascertainment(study)
    row = result.frame.iloc[0]
    # 8 events of 10 treated, 7 of 10 controls; 6 and 0 around a treatment.
    assert row["excess"] == pytest.approx(0.1)
    assert row["excess_around"] == pytest.approx(0.6)
    assert np.isnan(row["share"])
    windows = result.windows.set_index("arm")
    assert windows.loc["Treated", ["events", "events_other"]].tolist() == [6, 2]
    assert windows.at["Treated", "days"] == 10 * 14
    rate = (6 / 140) / (2 / (10 * (DAYS - 14)))
    assert windows.at["Treated", "estimate"] == pytest.approx(rate)
    since = result.since.set_index(["arm", "day"])["events"]
    assert [since["Treated", day] for day in (0, 1, 2)] == [4, 2, 0]
    assert since["Control", 9] == 7
    words = str(safety.sentences.ascertainment(study, result))
    assert "so all of it arose there" in words
    assert "Control had no such procedure" in words


def test_a_part_of_an_excess_is_given_as_a_share(make):
    def mixed(events):
        moved = on_days(1, 2, 100, 101)(events)
        return moved[moved["USUBJID"].str.startswith("T") | (moved["AEDECOD"] == "Fall")]

    result = safety.ascertainment(make(mixed, change_subjects=whole_days, design=DESIGN))
    assert result.frame.at[0, "excess"] == pytest.approx(0.7)
    assert result.frame.at[0, "share"] == pytest.approx(4 / 7)


def test_no_days_no_periods(study):
    assert safety.periods(study) is None
    assert safety.ascertainment(study) is None


def test_the_order_of_rows_does_not_matter(make):
    here = safety.ascertainment(make(change_subjects=whole_days, design=DESIGN))
    there = safety.ascertainment(
        make(
            change=lambda e: e.sample(frac=1, random_state=1),
            change_subjects=lambda s: whole_days(s.sample(frac=1, random_state=2)),
            design=DESIGN,
        )
    )
    for name in ("frame", "windows", "since"):
        pd.testing.assert_frame_equal(getattr(here, name), getattr(there, name))
