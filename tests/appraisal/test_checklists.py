"""Checklists that fill themselves in: rules at their borders, links that lead somewhere."""

import re
from pathlib import Path

import pandas as pd
import pytest

from alsutils import appraisal
from alsutils.appraisal.checklist import CHAPTERS, ITEMS
from alsutils.display.lights import LEVEL_WORDS, Light, Lights
from alsutils.study import load_study
from alsutils.study.judgement import Judgement, RiskOfBias

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def twin():
    return load_study(ROOT / "data" / "oh2018")


def changed(study, **fields):
    config = study.config.model_copy(update=fields)
    return type(study)(folder=study.folder, config=config, tables=study.tables)


def redesigned(study, **fields):
    return changed(study, design=study.config.design.model_copy(update=fields))


def measured_by(study, kind):
    parameters = dict(study.config.parameters)
    code = study.primary.parameter
    parameters[code] = parameters[code].model_copy(update={"measured_by": kind})
    return changed(study, parameters=parameters)


def levels(study):
    return {d.name: d.level for d in appraisal.risk_of_bias(study).domains}


@pytest.mark.parametrize(
    ("masking", "kind", "level"),
    [
        ("none", "rating", "high"),
        ("none", "self_report", "high"),
        ("none", "instrument", "some"),
        ("none", "laboratory", "low"),
        ("single", "rating", "some"),
        ("double", "rating", "low"),
    ],
)
def test_measurement_goes_by_who_judged_and_who_knew(twin, masking, kind, level):
    study = redesigned(measured_by(twin, kind), masking=masking)
    assert levels(study)["How it was measured"] == level


def keep_seen(study, missing):
    """Let only so many of the first arm's patients miss the last primary visit."""
    adqs, adsl = study.tables["adqs"], study.subjects()
    code, last = study.primary.parameter, study.primary.visits[-1]
    rows = (adqs["PARAMCD"] == code) & (adqs["AVISITN"] == last)
    base = adqs[(adqs["PARAMCD"] == code) & (adqs["AVISITN"] == 0)]
    full = base.assign(AVISITN=last, CHG=0.0)
    drop = adsl.loc[adsl["ARM"] == study.control, "USUBJID"].iloc[:missing]
    full = full[~full["USUBJID"].isin(drop)]
    table = pd.concat([adqs[~rows], full], ignore_index=True)
    return type(study)(study.folder, study.config, {**study.tables, "adqs": table})


@pytest.mark.parametrize(("missing", "level"), [(0, "low"), (1, "low"), (2, "some"), (7, "high")])
def test_missing_goes_by_the_worst_arm(twin, missing, level):
    # Of 31 controls one is 3%, two are 6% and seven are 23%.
    assert levels(keep_seen(twin, missing))["Who is missing"] == level


def test_the_whole_is_as_bad_as_its_worst(twin):
    assert appraisal.risk_of_bias(twin).overall == "high"
    assert appraisal.risk_of_bias(redesigned(twin, masking="double")).overall == "some"


def test_a_reader_overrides_a_rule(twin):
    own = RiskOfBias(measurement=Judgement(judgement="low", reason="Raters were kept apart."))
    result = appraisal.risk_of_bias(changed(twin, risk_of_bias=own))
    domain = next(d for d in result.domains if d.name == "How it was measured")
    assert (domain.level, domain.reason, domain.own) == ("low", "Raters were kept apart.", True)
    assert result.overall == "some"
    text = str(appraisal.sentences.risk_of_bias(result))
    assert "1 of the five domains" in text


def test_without_a_design_nothing_is_guessed(twin):
    found = levels(changed(twin, design=None))
    assert {found[n] for n in found if n != "Who is missing"} == {"unknown"}


def test_lights_differ_in_shape_and_say_their_level(twin):
    lights = Lights(())
    shapes = {re.sub(r'stroke="[^"]*"', "", lights.icon(level)) for level in LEVEL_WORDS}
    assert len(shapes) == len(LEVEL_WORDS)
    figure = appraisal.charts.risk_of_bias(twin, appraisal.risk_of_bias(twin))
    page = figure.to_html()
    for row in figure.rows:
        assert f"{row.name}: {LEVEL_WORDS[row.level]}." in page
    assert "<b>" not in Lights((Light("<b>", "low"),)).to_html()


def test_every_item_leads_to_a_section_that_is_there():
    for item in ITEMS:
        assert item.chapter is None or item.chapter in CHAPTERS
        if item.chapter and item.heading:
            text = (ROOT / "chapters" / f"{item.chapter}.py").read_text("utf-8")
            assert f"\n## {item.heading}\n" in text, item.asks


def test_items_follow_the_study(twin):
    full = appraisal.checklist(twin)
    bare = appraisal.checklist(changed(twin, design=None, flow=None, adverse_events=None))
    assert bare.told < full.told
    told = {a.item.asks for a in full.answers if a.told} - {
        a.item.asks for a in bare.answers if a.told
    }
    assert {"Who was blinded", "Harms by arm", "Where the trial is registered"} <= told
    for answer in (*full.answers, *bare.answers):
        if not answer.told:
            assert answer.item.lacks
        else:
            assert answer.item.chapter


def test_counts_in_words_add_up(twin):
    result = appraisal.checklist(twin)
    text = str(appraisal.sentences.checklist_summary(result))
    total, told, plans, more = (int(n) for n in re.findall(r"\b\d+\b", text))
    assert total == told + plans + more == len(ITEMS)
    table = str(appraisal.sentences.checklist(result))
    assert table.count("✓") == told
    assert table.count("✗") == plans + more
