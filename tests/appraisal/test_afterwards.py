"""Outcomes of later trials against what this one let expect."""

import math
from pathlib import Path

import pytest
from scipy import stats

from alsutils import appraisal
from alsutils.study import load_study

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def twin():
    return load_study(ROOT / "data" / "oh2018")


def changed(study, **fields):
    config = study.config.model_copy(update=fields)
    return type(study)(folder=study.folder, config=config, tables=study.tables)


def test_conflict_is_that_of_two_normal_estimates(twin):
    frame = appraisal.afterwards(twin).frame
    row = frame[(frame["arm"] == "two injections") & (frame["side"] == "in favour")].iloc[0]
    # At face value: d and its error from the cells, 23 patients against 46 controls.
    t = twin.primary
    records = twin.records(t.parameter, t.population, [t.visits[-1]])
    values = [records.loc[records["ARM"] == arm, "CHG"].dropna() for arm in twin.arms]
    n = [len(v) for v in values]
    squares = sum((len(v) - 1) * v.var() for v in values)
    sd = math.sqrt(squares / (sum(n) - 2))
    d, d_error = (values[1].mean() - values[0].mean()) / sd, math.sqrt(1 / n[0] + 1 / n[1])
    unit = math.sqrt(1 / 23 + 1 / 46)
    z = (stats.norm.isf(0.339 / 2) - d / unit) / math.hypot(1, d_error / unit)
    assert row["p_value"] == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-9)


def test_an_outcome_against_conflicts_more(twin):
    frame = appraisal.afterwards(twin).frame
    sides = {side: rows["p_value"].to_numpy() for side, rows in frame.groupby("side")}
    assert (sides["against"] < sides["in favour"]).all()


def test_words_name_the_press_and_every_outcome(twin):
    result = appraisal.afterwards(twin)
    notes = " ".join(appraisal.tables.afterwards(twin, result).sheet.notes)
    assert "press" in notes
    text = str(appraisal.sentences.afterwards(twin, result))
    assert "two injections" in text
    assert "five injections" in text


def test_without_later_trials_there_is_a_sentence(twin):
    plain = changed(twin, later_trials=())
    assert appraisal.afterwards(plain) is None
    assert "No outcome" in str(appraisal.tables.afterwards(plain, None))
    assert str(appraisal.sentences.afterwards(plain, None)) == ""
    silent = twin.config.later_trials[0].model_copy(update={"outcomes": ()})
    assert appraisal.afterwards(changed(twin, later_trials=(silent,))) is None
