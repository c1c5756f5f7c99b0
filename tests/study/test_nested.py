"""Sizes of groups that lie within each other, and what else would give a hidden one away."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from alsutils import design, primary, safety, survival
from alsutils.stats.disclosure import tells_counts
from alsutils.study import Study, load_study
from alsutils.study.nested import DIED, event_group, nested_groups, population_group
from alsutils.study.telling import coarse, hides_sizes, told_population, why_not
from alsutils.survival.times import few_arms, times
from tests.trials.shapes import Shape, write

N = {"Placebo": 33, "Tablets": 35}
SHAPE = Shape(
    name="nested",
    sizes=tuple(N.values()),
    visits=(8,),
    compared=(8,),
    missing="none",
    death=True,
    provenance="observed",
    n_biomarkers=0,
)


def without(adsl: pd.DataFrame, arm: str, flag: str, first: int, last: int) -> None:
    """Take patients of an arm out of a population."""
    who = adsl.index[adsl["TRT01P"] == arm][first:last]
    adsl.loc[who, flag] = "N"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A few are not treated, a few more left out of an analysis; a few relapsed and lived."""
    folder = write(SHAPE, tmp_path_factory.mktemp("nested"))
    adsl = pd.read_csv(folder / "adsl.csv", dtype=str, keep_default_na=False)
    adsl["PPROTFL"] = "Y"
    for arm, few in (("A0", 1), ("A1", 2)):
        without(adsl, arm, "SAFFL", 0, few)
        without(adsl, arm, "PPROTFL", 0, 6)
    without(adsl, "A1", "PPROTFL", 6, 8)
    adsl["FEWERFL"] = adsl["PPROTFL"]
    without(adsl, "A0", "FEWERFL", 6, 8)
    adsl["DTHFL"] = ""
    place = adsl.groupby("TRT01P").cumcount()
    died, relapsed = place < 15, place < 16
    adsl["DTHFL"] = np.where(died, "Y", "")
    adsl.to_csv(folder / "adsl.csv", index=False)
    time = 2 + place * 0.25
    parts = [
        pd.DataFrame({"USUBJID": adsl["USUBJID"], "PARAMCD": code, "AVAL": time, "CNSR": ~had})
        for code, had in (("RELAPSE", relapsed), ("DEATH", died))
    ]
    pd.concat(parts).astype({"CNSR": int}).to_csv(folder / "adtte.csv", index=False)
    settings = yaml.safe_load((folder / "study.yml").read_text("utf-8"))
    for name in ("PPROTFL", "FEWERFL"):
        settings["populations"][name.lower()] = {"flag": name, "label": name}
    settings["primary"]["population"] = "safety"
    (folder / "study.yml").write_text(yaml.safe_dump(settings, sort_keys=False), "utf-8")
    return load_study(folder)


def test_a_population_that_lacks_a_few_is_not_told(study):
    groups = nested_groups(study)
    told = {
        name: [groups.tells(population_group(name), arm) for arm in study.arms]
        for name in study.config.populations
    }
    assert told["randomised"] == [True, True]
    assert told["safety"] == [False, False]
    assert told["pprotfl"] == [True, True]
    # two fewer than the one before it in one arm, the same in the other
    assert told["fewerfl"] == [False, True]


def test_shares_are_of_a_group_that_is_told(study):
    told = told_population(study, "safety")["ARM"].value_counts()
    assert dict(told) == N
    assert set(safety.overview(study).counts["total"]) == set(N.values())
    assert len(study.subjects("safety")) == sum(N.values()) - 3


@pytest.mark.parametrize(
    ("n", "hidden"), [(33, False), (32, True), (27, False), (26, True), (4, True)]
)
def test_a_number_near_a_told_one_is_not_told(study, n, hidden):
    assert hides_sizes(study, pd.Series(["Placebo"]), pd.Series([n])).tolist() == [hidden]


def test_an_event_that_a_few_tell_from_another_is_silent(study):
    assert nested_groups(study).tells(event_group("RELAPSE"), "Placebo")
    assert not nested_groups(study).tells(event_group("DEATH"), "Placebo")
    first, second = times(study)
    assert few_arms(study, first.frame) == []
    assert few_arms(study, second.frame) == list(study.arms)
    watched = survival.follow_up(study).frame.set_index(["endpoint", "arm"])
    assert watched.loc["Relapse", "events"].tolist() == [16, 16]
    assert watched.loc["Death", ["events", "censored"]].isna().all(axis=None)
    assert set(watched.loc["Death", "events_told"]) == {"–"}
    ratios = survival.hazard_ratios(study).frame
    assert ratios.loc[ratios["endpoint"] == "Death", "estimate"].isna().all()
    assert ratios.loc[ratios["endpoint"] == "Relapse", "estimate"].notna().any()


def test_deaths_are_told_once(study):
    assert nested_groups(study).tells(DIED, "Placebo") is False
    assert safety.vital_status(study).frame["patients"].isna().all()


def test_plans_are_made_with_numbers_that_are_told(study):
    frame = design.detectable(study).frame
    assert set(frame["n_control"]) == {N["Placebo"]}
    assert set(design.next_trial(study).start["n_treated"]) == {N["Tablets"]}
    again = design.randomisation_test(study, n_draws=200).frame
    assert again[["n_control", "n_treated"]].isna().all(axis=None)
    looks = design.interim_looks(study)
    assert looks.frame[["n", "n_control", "n_treated", "df"]].isna().all(axis=None)


def test_what_rests_on_a_hidden_number_is_coarse():
    exact = pd.DataFrame(
        {
            "estimate": [1.23456, 1.23456],
            "std_error": [0.45678, 0.45678],
            "conf_low": [0.31234, 0.31234],
            "conf_high": [2.15678, 2.15678],
            "p_value": [0.0123456, 0.0123456],
            "statistic": [2.70275, 2.70275],
        }
    )
    told = coarse(exact, pd.Series([True, False]))
    assert told.iloc[0].round(10).tolist() == [1.23, 0.46, 0.31, 2.16, 0.012, 2.7]
    pd.testing.assert_series_equal(told.iloc[1], exact.iloc[1])


def test_a_mean_of_few_values_is_a_count():
    arms = ["a"] * 10 + ["b"] * 10
    rare = np.r_[np.ones(2), np.zeros(8), np.ones(5), np.zeros(5)]
    assert tells_counts(rare, arms, 5)
    assert not tells_counts(rare, arms, 1)
    assert not tells_counts(np.r_[np.ones(5), np.zeros(5)].repeat(2), arms, 5)
    assert not tells_counts(np.arange(20.0), arms, 5)
    assert not tells_counts(np.full(20, 3.0), arms, 5)
    assert tells_counts(np.append(rare, np.nan), [*arms, "b"], 5)


def test_means_of_a_binary_endpoint_hide_a_few(tmp_path):
    shape = Shape(
        name="yes", scores="binary", value="AVAL", main="t_test", sizes=(9,), provenance="observed"
    )
    study = load_study(write(shape, tmp_path))
    frame = primary.unadjusted(study).frame
    assert frame[["estimate", "std_error", "mean_control", "mean_treated"]].isna().all(axis=None)
    assert primary.trajectory(study).frame.empty


def test_characteristics_that_are_all_categories_are_described(study):
    words = {"baseline": tuple(c for c in study.config.baseline if c.column == "SEX")}
    plain = replace(study, config=study.config.model_copy(update=words))
    assert set(design.baseline(plain).descriptions["kind"]) == {"level"}


def test_an_error_tells_no_value(study):
    assert "4711" not in why_not(study, ValueError("X-0007 has two rows, 4711 and 4712"))
