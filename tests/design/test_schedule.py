"""The schedule that the data tell: counted by hand, at true times, with holes, on any study."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml

from alsutils import design, load_study
from alsutils.display import Figure, Prose, Table

SCORE = {"dataset": "adqs", "label": "Score", "unit": "points", "better": "higher"}
OVERALL = "Overall"


def _with_more(visits):
    """Add a second endpoint at two visits, two items and a derived score."""
    late = visits[visits["AVISITN"].isin([0, 4])]
    one, two = (visits.assign(PARAMCD=code) for code in ("Q1", "Q2"))
    two = two[(two["USUBJID"] != "C0") | (two["AVISITN"] != 0)]
    parts = [visits, late.assign(PARAMCD="OTHER"), one, two, late.assign(PARAMCD="SLOPE")]
    return pd.concat(parts, ignore_index=True).assign(ADY=lambda t: 30 * t["AVISITN"] + 1)


@pytest.fixture
def full(make):
    return make(
        change=_with_more,
        parameters={code: SCORE | {"label": code} for code in ("SCORE", "OTHER", "Q1", "Q2")}
        | {"SLOPE": SCORE | {"label": "Slope", "derived": True}},
        secondary=[{"parameter": "OTHER", "visits": [4], "population": "seen"}],
        items=["Q1", "Q2"],
        design={"masking": "none", "treatment_days": [1, 31]},
    )


def _counts(result, row):
    frame = result.frame[(result.frame["row"] == row) & (result.frame["arm"] == OVERALL)]
    return dict(zip(frame["visit"], frame["n"], strict=True))


def test_every_measurement_is_counted_at_its_visits(full):
    result = design.schedule(full)
    assert _counts(result, "SCORE") == {-2: 14, -1: 14, 0: 14, 4: 11}  # C4's is carried forward
    assert _counts(result, "OTHER") == {0: 14, 4: 12}
    assert _counts(result, "Its items (2)") == {-2: 14, -1: 14, 0: 13, 4: 11}
    assert set(result.frame["row"]) == {"SCORE", "OTHER", "Its items (2)"}
    assert set(result.frame["group"]) == {"Primary endpoint", "Secondary endpoints"}
    arms = result.frame[result.frame["row"] == "SCORE"].set_index(["arm", "visit"])
    assert (arms.at[("Control", 4), "n"], arms.at[("Control", 4), "of"]) == (4, 6)
    assert arms.at[("Treated", 4), "share"] == 7 / 8


def test_items_that_are_measured_with_the_endpoint_have_no_row(make):
    study = make(
        change=lambda v: pd.concat([v, v.assign(PARAMCD="Q1")], ignore_index=True),
        parameters={"SCORE": SCORE, "Q1": SCORE | {"label": "Q1"}},
        items=["Q1"],
    )
    assert set(design.schedule(study).frame["row"]) == {"Score"}


def test_visits_have_the_days_on_which_patients_came(full):
    visits = design.schedule(full).visits.set_index("visit")
    assert visits.at[4, "day"] == 121
    assert visits.at[4, "visit_label"] == "Month 4"
    assert visits["day_low"].le(visits["day_high"]).all()


def test_treatment_days_count_from_the_baseline_visit(full):
    # Day 1 is month 0, and day 31 is 30 days later.
    assert design.schedule(full).treatment == pytest.approx((0, 30 / 30.4375))


@pytest.fixture
def watched(make):
    """A study with times to death in weeks, counted from randomisation, and dates of treatment."""

    def dated(subjects):
        subjects["TRTSDT"] = pd.to_datetime(subjects["RANDDT"]) + pd.Timedelta(days=14)
        subjects["TRTEDT"] = subjects["TRTSDT"] + pd.to_timedelta(
            np.where(subjects["USUBJID"].str[0] == "C", 28, 56), unit="D"
        )
        return subjects

    study = make(dated, time={"unit": "week"}, lead_in=None)
    folder = study.folder
    starts = study.tables["adsl"].dropna(subset="TRT01P")
    times = pd.DataFrame({"USUBJID": starts["USUBJID"], "PARAMCD": "OS", "CNSR": 1})
    times["STARTDT"] = starts["RANDDT"].to_numpy()
    times["AVAL"] = [14.0] * 7 + [70.0] * 7
    times.to_csv(folder / "adtte.csv", index=False)
    events = pd.DataFrame({"USUBJID": ["C0", "T0", "T0"], "AEDECOD": "Pain", "AEBODSYS": "Body"})
    events = events.assign(AESER="N", AESEV="MILD", AEREL="N", ASTDY=[-7, 8, 22])
    events.to_csv(folder / "adae.csv", index=False)
    content = yaml.safe_load((folder / "study.yml").read_text())
    content["datasets"] |= {"adtte": {"file": "adtte.csv"}, "adae": {"file": "adae.csv"}}
    content["time_to_event"] = [
        {"parameter": "OS", "label": "Death", "unit": "day", "population": "all"}
    ]
    content["adverse_events"] = {"population": "all"}
    (folder / "study.yml").write_text(yaml.safe_dump(content))
    return load_study(folder)


def test_what_is_watched_all_the_time_starts_and_ends_at_its_true_time(watched):
    spans = design.schedule(watched).spans.set_index("row")
    # Randomised 14 days before treatment: two weeks; 70 days from there: eight weeks after it.
    assert (spans.at["Death", "start"], spans.at["Death", "end"]) == (-2, 8)
    assert (spans.at["Treatment", "start"], spans.at["Treatment", "end"]) == (0, 8)
    # There is no day 0, so that day -7 is a week before day 1.
    assert tuple(spans.loc["Adverse events", ["start", "end", "n"]]) == (-1, 3, 2)


def test_bands_are_as_thick_as_the_share_still_watched(watched):
    course = design.schedule(watched).course
    death = course[course["row"] == "Death"]
    # Seven of fourteen are followed for two weeks, to the time 0; the others beyond week 4.
    assert death.loc[death["time"] < 0, "share"].eq(1).all()
    assert death.loc[death["time"] > 0, "share"].eq(0.5).all()
    assert death["time"].max() == 4  # the last visit
    treated = course[course["row"] == "Treatment"].set_index("time")["share"]
    assert treated[treated.index <= 4].eq(1).all()


def test_a_value_below_the_limit_was_measured(make):
    study = make()
    lab = pd.DataFrame({"USUBJID": ["C0", "C1", "T0"], "PARAMCD": "X", "AVISITN": 0, "BASE": 1.0})
    lab = lab.assign(AVAL=[1.0, None, None], AVALC=["1", "<1", None])
    lab.to_csv(study.folder / "adlb.csv", index=False)
    content = yaml.safe_load((study.folder / "study.yml").read_text())
    content["datasets"]["adlb"] = {"file": "adlb.csv"}
    content["biomarkers"] = {
        "dataset": "adlb",
        "visits": [0],
        "population": "all",
        "panel": [{"parameter": "X", "label": "X"}],
    }
    (study.folder / "study.yml").write_text(yaml.safe_dump(content))
    assert _counts(design.schedule(load_study(study.folder)), "Biomarkers (1)") == {0: 2}


def test_the_order_of_rows_does_not_matter(make):
    plain = design.schedule(make())
    mixed = design.schedule(
        make(lambda s: s.sample(frac=1, random_state=1), lambda v: v.sample(frac=1, random_state=2))
    )
    pd.testing.assert_frame_equal(plain.frame, mixed.frame)
    pd.testing.assert_frame_equal(plain.visits, mixed.visits)


def _shown(study):
    result = design.schedule(study)
    rooms = (design.charts, design.tables, design.sentences)
    figure, table, words = (room.schedule(study, result) for room in rooms)
    assert isinstance(figure, Figure)
    assert isinstance(table, Table)
    assert isinstance(words, Prose)
    assert "<svg" in figure.to_svg()
    assert "nan" not in figure.description + str(words)
    return figure, table, words


def test_the_schedule_is_shown(full, watched):
    figure, table, words = _shown(full)
    assert "Score: baseline 100%" not in figure.description
    assert (
        "SCORE: month −2 100%, month −1 100%, baseline 100% and month 4 79%" in figure.description
    )
    assert "Median study day" in table.to_html()
    assert "11 (79%) of 14 patients" in str(words)
    assert "The widest hole is SCORE at month 4: 11 (79%)" in str(words)
    assert "Adverse events" in _shown(watched)[0].description


def test_a_study_without_holes_says_so(make):
    whole = make(
        lambda s: s.assign(EFFFL="Y"),
        lambda v: v[v["AVISITN"] <= 0].assign(CHG=1.0, AVAL=2.0, BASE=1.0),
        primary={"parameter": "SCORE", "visits": [0], "population": "seen"},
        lead_in=None,
    )
    assert "No measurement lacks" in str(_shown(whole)[2])


@pytest.mark.parametrize("kept", [["C0", "T0"], ["C0", "C1", "T0"]])
def test_few_patients_and_a_single_visit_break_nothing(make, kept):
    keep = lambda t: t[t["USUBJID"].isin(kept)]  # noqa: E731
    _shown(make(keep, lambda v: keep(v)[keep(v)["AVISITN"] == 4], lead_in=None))


def test_the_pilot_is_shown_without_its_patients(pilot):
    figure, _, words = _shown(pilot)
    spec = json.dumps(figure.spec())
    assert not any(f'"{i}"' in spec for i in pilot.tables["adsl"]["USUBJID"])
    assert "Treatment" in figure.description  # from the dates of ADSL
    assert "ADAS-Cog (11) total was measured at 4 visits" in str(words)
