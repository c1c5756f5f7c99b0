"""The data dictionary says what the code says, of every field and every column."""

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from alsutils.study import StudyError, load_study
from alsutils.study.config import StudyConfig
from alsutils.study.contract import column_rules
from alsutils.study.dictionary import (
    TEMPLATE,
    empty_tables,
    specimen,
    study_fields,
    table_columns,
)

ROOT = Path(__file__).parents[2]
STUDIES = [ROOT / "data" / name / "study.yml" for name in ("oh2018", "cdisc-pilot")]


def contents(path: Path) -> dict:
    return yaml.safe_load(path.read_text("utf-8"))


def test_every_field_is_there_with_its_meaning():
    fields = study_fields()
    top = fields[fields["block"] == "top level"]
    assert list(top["field"]) == list(StudyConfig.model_fields)
    assert (fields["meaning"].str.len() > 0).all()
    assert not fields["meaning"].str.contains("\n").any()


def test_limits_of_fields_are_those_of_the_model():
    fields = study_fields().set_index(["block", "field"])["type"]
    assert fields["top level", "alpha"] == "number (above 0, below 0.5)"
    assert fields["top level", "minimum_count"] == "whole number (at least 1)"
    assert fields["design", "masking"] == "none or single or double"


def test_examples_are_values_that_the_studies_have():
    fields = study_fields(*map(contents, STUDIES)).set_index(["block", "field"])["example"]
    assert fields["primary", "parameter"] == "SCORE"
    assert fields["datasets.<name>", "file"] == "adsl.csv"
    assert fields["world", "truth"] == contents(STUDIES[0])["world"]["truth"]
    assert (fields != "").mean() > 0.5


def test_examples_name_nothing_of_the_default_study():
    fields = study_fields(contents(STUDIES[1])).set_index(["block", "field"])["example"]
    assert (fields != "").mean() > 0.6
    assert fields["published", "cite_key"] == "author2020"
    twin = contents(STUDIES[0])
    own = {twin["published"]["doi"], twin["design"]["registration"], twin["arms"][1]["label"]}
    assert not own & set(fields)
    assert not fields.str.contains("oh2018|Oh KW|ALSFRS|ALSUMMIT").any()


@pytest.mark.parametrize("config", [None, *STUDIES], ids=("template", "twin", "pilot"))
def test_every_column_of_the_contract_is_explained(config):
    study = StudyConfig.model_validate(contents(config), strict=False) if config else specimen()
    frame = table_columns(study)
    for role in study.datasets:
        rows = frame[frame["dataset"] == role].set_index("column")
        assert rows.index.is_unique
        for name, rule in column_rules(role, study).items():
            assert rows.at[name, "needed"]
            assert all(word in rows.at[name, "type"] for word in rule.allowed)
            assert rows.at[name, "holds"] not in ("", "See study.yml")
    assert (frame["when"] != "").all()


def test_columns_that_may_be_there_are_used_somewhere():
    code = "\n".join(p.read_text("utf-8") for p in (ROOT / "alsutils").rglob("*.py"))
    code = code.replace((ROOT / "alsutils/study/dictionary.py").read_text("utf-8"), "")
    frame = table_columns()
    for name in set(frame.loc[~frame["needed"], "column"]):
        assert re.search(rf'"{name}"', code), name


def test_empty_tables_wait_for_exactly_what_the_contract_needs(tmp_path):
    text = TEMPLATE.read_text("utf-8")
    files = empty_tables(text)
    for name, content in {**files, "study.yml": text}.items():
        (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path)
    config = specimen()
    problems = {p.file: p.message for p in caught.value.problems}
    assert set(problems) == {d.file for d in config.datasets.values()}
    for role, dataset in config.datasets.items():
        header = set(pd.read_csv(tmp_path / dataset.file).columns)
        assert set(column_rules(role, config)) <= header
        assert all(name in problems[dataset.file] for name in column_rules(role, config))
        assert all(f"| {name} |" in files["README.md"] for name in header)
    assert "ANL01FL" in files["adqs.csv"]  # the template's `records` asks for it
