"""The appraisal: turned signs, what the print gives of itself, and sentences for any study."""

from pathlib import Path

import pytest

from alsutils import appraisal
from alsutils.display import Prose
from alsutils.study import load_study

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def twin():
    return load_study(ROOT / "data" / "oh2018")


def changed(study, **fields):
    config = study.config.model_copy(update=fields)
    return type(study)(folder=study.folder, config=config, tables=study.tables)


def test_above_zero_is_better_whichever_way_the_score_runs(twin):
    frame = appraisal.standardised(twin).frame.set_index(["endpoint", "visit"])
    # AALS falls as patients do better, ALSFRS-R rises; both favoured the cells in print.
    assert frame.loc[("AALS", "Month 4"), "estimate"] > 0
    assert frame.loc[("ALSFRS-R total", "Month 4"), "estimate"] > 0
    assert frame.loc[("FVC", "Month 4"), "estimate"] < 0


def test_the_print_is_checked_without_the_data(twin):
    frame = appraisal.forensics(twin).frame
    tests = frame.dropna(subset="misfits").set_index(["endpoint", "visit", "source"])["misfits"]
    assert tests["ALSFRS-R total", "Month 4", "t-test, pooled"] == ""
    assert tests["SF-36", "Month 4", "t-test, pooled"] == "SE"
    assert "difference" in tests["AALS", "Month 4", "t-test, pooled"]
    without_data = type(twin)(folder=twin.folder, config=twin.config, tables={})
    assert appraisal.forensics(without_data).frame.equals(frame)


def test_whole_number_solutions_are_counted(twin):
    found = appraisal.forensics(twin).solutions.set_index(["endpoint", "visit"])["solutions"]
    assert found["ALSFRS-R total", "Month 4"] == 1
    assert found["ALSFRS-R total", "Month 6"] == 1
    text = str(appraisal.sentences.forensics(appraisal.forensics(twin)))
    assert "exactly one pair" in text


def test_a_sceptic_at_the_limit_is_just_not_convinced(twin):
    result = appraisal.scepticism(twin)
    for row in result.limits.to_dict("records"):
        curve = result.frame[result.frame["visit"] == row["visit"]]
        narrower = curve[curve["prior_sd"] < row["prior_sd"]]
        wider = curve[curve["prior_sd"] > row["prior_sd"]]
        assert (narrower["conf_low"] < 0).all()
        assert (wider["conf_low"] > 0).all()


def test_exaggeration_falls_with_the_true_effect(twin):
    for _, rows in appraisal.exaggeration(twin).frame.groupby("visit"):
        assert rows["exaggeration"].is_monotonic_decreasing
        assert rows["power"].is_monotonic_increasing


def test_missing_patients_and_comparisons_are_counted(twin):
    risk = appraisal.exposure(twin)
    assert (risk.randomised, risk.missing) == (64, 8)
    assert risk.comparisons == 9


def test_a_study_without_print_or_design_says_so(twin):
    plain = changed(twin, published=None, design=None)
    assert isinstance(appraisal.tables.forensics(plain, appraisal.forensics(plain)), Prose)
    assert "does not describe" in str(appraisal.sentences.limits(plain, appraisal.exposure(plain)))


def test_an_instrument_is_not_called_a_judgement(twin):
    config = twin.config
    parameters = dict(config.parameters)
    code = config.primary.parameter
    parameters[code] = parameters[code].model_copy(update={"measured_by": "instrument"})
    other = changed(twin, parameters=parameters)
    text = str(appraisal.sentences.limits(other, appraisal.exposure(other)))
    assert "is read from an instrument" in text
    assert "is a judgement" not in text
