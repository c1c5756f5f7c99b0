"""The scale as it is, what a cut costs and what a past says: on the twin and on changed studies."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

from alsutils import primary
from alsutils.display import Figure, Prose, Table
from alsutils.study import StudyError, load_study

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def twin():
    return load_study(ROOT / "data" / "oh2018")


@pytest.fixture
def changed(tmp_path):
    """Give the twin with its study.yml or its scores changed by functions."""

    def made(config=None, scores=None):
        folder = tmp_path / "changed"
        shutil.copytree(ROOT / "data" / "oh2018", folder)
        if config:
            whole = yaml.safe_load((folder / "study.yml").read_text())
            config(whole)
            (folder / "study.yml").write_text(yaml.safe_dump(whole))
        if scores:
            table = pd.read_csv(folder / "adqs.csv", dtype=str, keep_default_na=False)
            scores(table).to_csv(folder / "adqs.csv", index=False)
        return load_study(folder)

    return made


def test_items_add_up_to_the_total(twin):
    items = primary.items(twin).frame
    total = primary.trajectory(twin).frame
    summed = items.groupby(["arm", "visit"], observed=True)["mean"].sum()
    expected = total.set_index(["arm", "visit"])["mean"]
    assert summed.sort_index().to_numpy() == pytest.approx(expected.sort_index().to_numpy())
    assert items["share"].between(0, 1).all()
    assert (items.loc[items["visit"] == 0, "lost"] == 0).all()


def test_the_ends_are_counted_by_hand(twin):
    raw = pd.read_csv(ROOT / "data" / "oh2018" / "adqs.csv")
    adsl = pd.read_csv(ROOT / "data" / "oh2018" / "adsl.csv")
    mine = adsl.loc[(adsl["TRT01P"] == "RIL") & (adsl["EFFFL"] == "Y"), "USUBJID"]
    values = raw[(raw["PARAMCD"] == "FRS12") & (raw["AVISITN"] == 6) & raw["USUBJID"].isin(mine)]
    frame = primary.extremes(twin).frame
    at = frame[(frame["endpoint"] == "Respiratory insufficiency") & (frame["visit_number"] == 6)]
    at = at[at["arm"] == "Riluzole"].set_index("end")
    assert at.loc["at the best score", "count"] == (values["AVAL"] == 4).sum() > 0
    assert at.loc["at the worst score", "count"] == (values["AVAL"] == 0).sum()
    assert (at["n"] == len(values)).all()


def test_the_ends_swap_if_lower_is_better(twin, changed):
    def turned(config):
        for about in config["parameters"].values():
            about["better"] = "lower" if about["better"] == "higher" else "higher"

    one, other = primary.extremes(twin).frame, primary.extremes(changed(turned)).frame
    keys = ["endpoint", "visit", "arm"]
    worst = one[one["end"] == "at the worst score"].set_index(keys)["count"]
    best = other[other["end"] == "at the best score"].set_index(keys)["count"]
    assert worst.sort_index().to_list() == best.sort_index().to_list()


def test_every_randomised_patient_has_a_stage_or_a_reason(twin):
    frame = primary.stages(twin).frame
    totals = frame.groupby(["system", "arm", "visit"])[["count", "estimate"]].sum()
    sizes = twin.subjects()["ARM"].value_counts()
    for (_, arm, _), row in totals.iterrows():
        assert row["count"] == sizes[arm]
        assert row["estimate"] == pytest.approx(1)


def test_the_dead_are_in_the_last_stage(twin):
    event = next(e for e in twin.config.time_to_event if e.parameter == "OS")
    times = twin.times(event)
    expected = (times["EVENT"] & (times["AVAL"] <= 6)).sum()
    frame = primary.stages(twin).frame
    dead = frame[(frame["stage"] == "5, death") & (frame["visit_number"] == 6)]
    assert dead.groupby("system")["count"].sum().to_list() == [expected, expected]
    assert expected > 0


def test_a_block_that_is_missing_is_said_in_a_sentence(changed):
    def bare(config):
        for name in ("items", "staging", "lead_in", "responders", "profile"):
            config.pop(name)
        config["publish_subject_data"] = False

    study = changed(bare)
    for name in ("items", "courses", "stages"):
        shown = getattr(primary.charts, name)(study, getattr(primary, name)(study))
        assert isinstance(shown, Prose)
        assert str(shown).count(".") == 1
    assert isinstance(primary.charts.thirds(study, primary.past_and_future(study)), Prose)
    assert str(primary.sentences.past_and_future(study, None)) == ""
    cost = primary.cost_of_cutting(study, primary.responders(study), n_trials=200)
    assert isinstance(primary.charts.cost_of_cutting(study, cost), Figure)


def test_of_many_patients_some_are_drawn_and_all_are_averaged(twin, monkeypatch):
    monkeypatch.setattr(primary.charts.course, "MOST_LINES", 7)
    every = primary.courses(twin)
    figure = primary.charts.courses(twin, every)
    assert f"Of {every.frame['patient'].nunique()} patients 7 are drawn" in figure.caption
    (rows,) = figure.spec()["datasets"].values()
    drawn = pd.DataFrame(rows)
    assert drawn["patient"].nunique() == 7
    means = drawn[drawn["patient"].isna()].set_index(["arm", "visit"])["value"]
    wanted = every.frame.groupby(["arm", "visit"])["value"].mean()
    assert means.to_dict() == pytest.approx(wanted.to_dict(), rel=1e-5)  # six digits are written


def test_an_observed_study_shows_no_patient(changed):
    def observed(config):
        config["provenance"], config["publish_subject_data"] = "observed", False
        del config["world"]  # only of invented data is the truth known

    study = changed(observed)
    assert primary.courses(study) is None
    past = primary.past_and_future(study)
    assert (past.thirds["n"] >= 5).all()
    spec = primary.charts.past_and_future(study, past).spec()
    (data,) = spec["datasets"].values()
    assert len(data) == 4 * len(study.arms)  # two ends of two lines an arm


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.update(items=["FRS01", "FRS99"]), "'FRS99' is not listed"),
        (lambda c: c["staging"]["items"].pop("walking"), "items lacks walking"),
        (lambda c: c["staging"]["items"].update(hearing="FRS01"), "hearing, which no system uses"),
        (lambda c: c["staging"]["items"].update(walking="FRS98"), "'FRS98' is not listed"),
        (lambda c: c["staging"].update(systems=["other"]), "'kings' or 'mitos'"),
    ],
)
def test_what_is_wrong_in_study_yml_is_named(changed, change, words):
    with pytest.raises(StudyError, match=words):
        changed(change)


def test_items_that_are_no_items_of_the_rule_are_noted(changed):
    study = changed(lambda c: c["staging"]["items"].update(walking="ALSFRSR"))
    staged = primary.stages(study)
    assert staged.frame.empty
    shown = primary.charts.stages(study, staged)
    assert "0 to 4 is expected" in str(shown)
    assert str(primary.sentences.stages(staged)) == ""


def test_a_cut_costs_power_and_the_same_seed_gives_the_same(twin):
    counted = primary.responders(twin)
    one = primary.cost_of_cutting(twin, counted, n_trials=2000)
    two = primary.cost_of_cutting(twin, counted, n_trials=2000)
    pd.testing.assert_frame_equal(one.frame, two.frame)
    assert (one.cuts["chi_square"] < 0.8 - 0.1).all()
    assert (one.cuts["fisher"] <= one.cuts["chi_square"]).all()
    at = one.curves[one.curves["analysis"] == "means, t-test"].set_index("difference")["power"]
    assert at[one.difference["MSC + riluzole"]] == pytest.approx(0.8, abs=0.03)
    assert at[0.0] == pytest.approx(0.05, abs=0.02)
    # 26 of 59 are good responders at month 6
    assert one.cuts["share"].iloc[-1] == pytest.approx(26 / 59)
    for show in (primary.charts.cost_of_cutting, primary.tables.cost_of_cutting):
        assert isinstance(show(twin, one), Figure | Table)


def test_slopes_before_treatment_are_those_of_the_baseline_table(twin):
    past = primary.past_and_future(twin)
    adsl = twin.subjects().set_index("USUBJID")["FRSSLBL"].astype(float)
    mine = past.change.patients.set_index("subject")["before"]
    assert mine.to_numpy() == pytest.approx(adsl.reindex(mine.index).to_numpy(), abs=0.006)
    assert past.thirds["n"].sum() == len(mine)
    control = past.thirds[past.thirds["arm"] == twin.control].set_index("third")
    gain = control["after"] - control["before"]
    assert gain["worst third before"] > gain["middle third"] > gain["best third before"]
    line = np.polyfit(
        *past.change.patients.query("group == 'Riluzole'")[["before", "change"]].T.to_numpy(), 1
    )
    assert past.frame["estimate"].iloc[0] == pytest.approx(line[0])


def test_row_order_does_not_matter(twin, changed):
    study = changed(scores=lambda table: table.sample(frac=1, random_state=3))
    for name in ("extremes", "stages", "past_and_future"):
        pd.testing.assert_frame_equal(
            getattr(primary, name)(study).frame, getattr(primary, name)(twin).frame
        )


def test_both_tests_of_responders_bear_their_names(twin):
    counted = primary.responders(twin)
    row = counted.frame.iloc[0]
    table = [
        [row["x_treated"], row["n_treated"] - row["x_treated"]],
        [row["x_control"], row["n_control"] - row["x_control"]],
    ]
    assert row["p_value"] == pytest.approx(stats.fisher_exact(table).pvalue)
    plain = stats.chi2_contingency(table, correction=False).pvalue
    assert row["chi_square_p"] == pytest.approx(plain)
    results = primary.tables.responders(twin, counted).results
    asymptotic = results[results["analysis"].str.contains("chi-square")]
    assert len(asymptotic) == len(counted.frame)
    assert asymptotic["p_value"].to_list() == counted.frame["chi_square_p"].to_list()
