"""Simulated trials like the study's own, and what is said of them."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import yaml

from alsutils import design
from alsutils.design.operating import EFFECT, NOTHING, planned_scenario
from alsutils.display import Figure, Prose, Table
from alsutils.stats.power import MeanTest
from alsutils.stats.tidy import RESULT_COLUMNS, result_frame
from alsutils.study import load_study

PER_ARM, SLOPE, SLOPE_SD, NOISE, BASE, BASE_SD = 150, -1.0, 0.6, 0.8, 40.0, 5.0
SCORE = {"dataset": "adqs", "label": "Score", "unit": "points"}
DEATH = {
    "datasets": {
        "adsl": {"file": "adsl.csv"},
        "adqs": {"file": "adqs.csv"},
        "adtte": {"file": "adtte.csv"},
    },
    "time_to_event": [{"parameter": "OS", "label": "Death", "unit": "month", "population": "all"}],
}


def many_subjects(table):
    ids = [f"{arm}{i:03d}" for arm in "CT" for i in range(PER_ARM)]
    whole = table.iloc[np.zeros(len(ids), dtype=int)].reset_index(drop=True)
    return whole.assign(USUBJID=ids, TRT01P=[i[0] for i in ids], EFFFL="Y", EOSSTT="COMPLETED")


def course(sign=1, arm_gap=0.0):
    """Give lines of known mean, spread and noise at months 0, 2 and 4; one in ten ends early."""

    def made(_table):
        rng = np.random.default_rng(4)
        rows = []
        for arm in "CT":
            for i in range(PER_ARM):
                base, slope = rng.normal(BASE, BASE_SD), rng.normal(SLOPE, SLOPE_SD)
                for month in (0, 2, 4)[: 2 if i % 10 == 0 else 3]:
                    value = base + slope * month + arm_gap * month * (arm == "T")
                    rows.append((f"{arm}{i:03d}", month, sign * (value + rng.normal(0, NOISE))))
        table = pd.DataFrame(rows, columns=["USUBJID", "AVISITN", "AVAL"])
        base = table[table["AVISITN"] == 0].set_index("USUBJID")["AVAL"]
        table["BASE"] = table["USUBJID"].map(base)
        return table.assign(PARAMCD="SCORE", CHG=table["AVAL"] - table["BASE"], DTYPE=None)

    return made


def shown(study, result):
    c, t, s = design.charts, design.tables, design.sentences
    return [
        t.worlds(study, result),
        c.operating(study, result, "power"),
        c.operating(study, result, "type I error"),
        t.operating(study, result),
        s.operating(study, result),
    ]


def check(outputs):
    for output in outputs:
        assert isinstance(output, Figure | Table | Prose)
        words = output._repr_mimebundle_()["text/plain"]
        assert words
        assert not re.search(r"\bnan\b|None|\binf\b", words), words
        if isinstance(output, Figure):
            json.dumps(output.spec(), allow_nan=False)


@pytest.fixture(scope="module")
def twin():
    study = load_study("data/oh2018")
    return study, design.operating(study, design.sample_sizes(study), n_trials=120)


def test_a_scenario_has_the_course_of_the_trial(make):
    scenario = planned_scenario(make(many_subjects, course()), effect=2.0)
    n = 2 * PER_ARM
    assert scenario.n_per_arm == (PER_ARM, PER_ARM)
    assert scenario.months == (0.0, 2.0, 4.0)
    assert scenario.slope_effect == (0.0, 0.5)
    # Four standard errors of means and standard deviations of 150 or 300 patients.
    assert scenario.post_decline == pytest.approx(-SLOPE, abs=4 * SLOPE_SD / np.sqrt(PER_ARM))
    assert scenario.post_decline_sd == pytest.approx(SLOPE_SD, rel=4 / np.sqrt(2 * n))
    assert scenario.noise_sd == pytest.approx(NOISE, rel=4 / np.sqrt(2 * n))
    assert scenario.baseline_mean == pytest.approx(BASE, abs=4 * BASE_SD / np.sqrt(n))
    assert scenario.baseline_sd == pytest.approx(BASE_SD, rel=4 / np.sqrt(2 * n))
    assert 1 - np.exp(-4 * scenario.dropout_per_month) == pytest.approx(0.1)


def test_a_lower_score_that_is_better_makes_the_same_scenario(make):
    lower = {"parameters": {"SCORE": SCORE | {"better": "lower", "range": [-300, 100]}}}
    higher = {"parameters": {"SCORE": SCORE | {"better": "higher", "range": [-100, 300]}}}
    turned = planned_scenario(make(many_subjects, course(sign=-1), **lower), 2.0)
    plain = planned_scenario(make(many_subjects, course(), **higher), 2.0)
    for field in ("post_decline", "noise_sd", "baseline_mean", "floor", "ceiling"):
        assert getattr(turned, field) == pytest.approx(getattr(plain, field), rel=1e-4)


def test_the_difference_between_the_arms_is_not_used(make):
    alike, apart = (
        planned_scenario(make(many_subjects, course(arm_gap=gap)), 2.0) for gap in (0.0, 2.0)
    )
    assert apart.post_decline == alike.post_decline
    assert apart.post_decline_sd == pytest.approx(alike.post_decline_sd, rel=0.02)


def test_power_of_the_planned_world_is_that_of_the_formula(make):
    study = make(many_subjects, course())
    sizes = design.sample_sizes(study)
    result = design.operating(study, sizes, n_trials=150)
    found = result.frame.query("world == 'As planned' and key == 't_test' and measure == 'power'")
    plan = planned_scenario(study, sizes.effect)
    sd = np.hypot(4 * plan.post_decline_sd, np.sqrt(2) * plan.noise_sd)
    n = PER_ARM * 0.9
    wanted = float(MeanTest(sd).power(sizes.effect, n, n))
    [row] = found.to_dict("records")
    assert row["estimate"] == pytest.approx(wanted, abs=4 * max(row["std_error"], 0.005))


def test_worlds_break_what_they_are_said_to_break(twin):
    _, result = twin
    found = result.frame.set_index(["world", "key", "measure"])["estimate"]
    planned = found["As planned"]
    for key in ("t_test", "ancova", "mmrm", "joint_rank", "log_rank"):
        assert planned[key, NOTHING] == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 120))
    assert found["Raters know the arm", "mmrm", NOTHING] > planned["mmrm", NOTHING]
    assert found["Raters know the arm", "mmrm", "bias"] == pytest.approx(result.effect / 2, abs=0.4)
    assert found["The effect wanes", "mmrm", EFFECT] < planned["mmrm", EFFECT]
    unseen, seen = found["Leaving: unseen course"], found["Leaving: seen course"]
    assert unseen["t_test", "bias"] > seen["t_test", "bias"] > planned["t_test", "bias"]
    assert ("The effect wanes", "t_test", NOTHING) not in found.index


def test_everything_is_shown_and_lands_in_the_results(twin):
    study, result = twin
    check(shown(study, result))
    rows = result_frame(design.tables.operating(study, result).results)
    assert tuple(rows.columns) == RESULT_COLUMNS
    assert not rows.duplicated(["analysis", "contrast"]).any()
    assert rows["estimate"].notna().any()


def test_the_pilot_has_three_arms_and_no_deaths(pilot):
    result = design.operating(pilot, design.sample_sizes(pilot), n_trials=15)
    assert set(result.frame["treated"]) == set(pilot.treated)
    assert "log_rank" not in set(result.frame["key"])
    check(shown(pilot, result))
    words = str(design.sentences.operating(pilot, result))
    assert pilot.treated[0] in words


def test_deaths_of_the_trial_die_in_the_scenario(make, tmp_path):
    study = make(many_subjects, course())
    ids = study.subjects()["USUBJID"]
    deaths = pd.DataFrame(
        {"USUBJID": ids, "PARAMCD": "OS", "AVAL": 10.0, "CNSR": (np.arange(len(ids)) % 5 > 0) * 1}
    )
    deaths.to_csv(study.folder / "adtte.csv", index=False)
    config = yaml.safe_load((study.folder / "study.yml").read_text())
    config["primary"]["death"] = "OS"
    (study.folder / "study.yml").write_text(yaml.safe_dump(config | DEATH))
    scenario = planned_scenario(load_study(study.folder), 2.0)
    assert scenario.survival_median == pytest.approx(np.log(2) / (0.2 / 10))
    result = design.operating(
        load_study(study.folder), design.sample_sizes(load_study(study.folder)), n_trials=20
    )
    assert [w.name for w in result.worlds][-1] == "Decline brings death"


@pytest.mark.parametrize("wrong", ["no baseline", "constant"])
def test_without_a_course_there_is_a_sentence(make, wrong):
    def spoilt(table):
        if wrong == "no baseline":
            return table[table["AVISITN"] == 4].assign(BASE=np.nan, CHG=np.nan)
        return table.assign(AVAL=30.0, CHG=0.0, BASE=30.0)

    study = make(None, spoilt, lead_in=None)
    result = design.operating(study, design.sample_sizes(study))
    assert result is None
    outputs = shown(study, result)
    assert all(isinstance(output, Prose) for output in outputs)
    check(outputs)
