"""Nothing of a single patient of an observed study gets onto a page: canaries in every column."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from alsutils.book.privacy import _found, secrets_of
from alsutils.display import Figure, Table
from alsutils.study import load_study
from tests.trials.runner import Run, fewer_draws, run_chapters

ROOT = Path(__file__).parents[2]
DAY = "1987-06-05"
# What only one patient has, or what names a patient; none of it may be told.
CANARIES = [
    "CANARY",
    "17.77317",
    "17,77317",
    "0.777317",
    DAY,
    "5 June 1987",
    "June 5, 1987",
    "05JUN1987",
    "5/6/1987",
]


def telling(table: pd.DataFrame, role: str) -> pd.DataFrame:
    """Put canaries into a table: identifiers throughout, and values of one patient."""
    table = table.copy()
    table["USUBJID"] = "CANARY-001-" + table["USUBJID"].str[-3:].str.zfill(4)
    if "SUBJID" in table:
        table["SUBJID"] = "CANARY-" + table["SUBJID"].astype("str").str.zfill(4)
    one = table.index[table["USUBJID"] == table["USUBJID"].iloc[0]]
    # Columns that the contract does not know, of text, numbers and dates.
    table["COMMENT"] = "Canary words of " + table["USUBJID"]
    table["INVNAM"] = "Canary investigator"
    table["WEIGHTX"] = np.where(table.index.isin(one), 17.77317, 70.0)
    table["BRTHDT"] = np.where(table.index.isin(one), DAY, "")
    words = {
        "adsl": {"ONSET": "Canary site of onset", "DCSREAS": "CANARY REASON"},
        "adae": {"AEDECOD": "Canary term", "AEBODSYS": "Canary class", "AETERM": "Canary verbatim"},
        "adlb": {"AVISIT": "Canary visit"},
    }
    for column, value in words.get(role, {}).items():
        table[column] = table[column].astype(object)
        table.loc[one[:1], column] = value
    if role == "adlb":
        table.loc[one[:1], "AVAL"] = 17.77317
        table["AVALC"] = table["AVALC"].astype(object)
        table.loc[one[:1], "AVALC"] = "17.77317"
        table["BASE"] = table["AVAL"].where(table["ABLFL"] == "Y")
        table["BASE"] = table.groupby(["USUBJID", "PARAMCD"])["BASE"].transform("first")
        table["CHG"] = (table["AVAL"] - table["BASE"]).where(table["ABLFL"] != "Y")
    return table


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default study as if it were observed, with all optional blocks."""
    source, made = ROOT / "data" / "oh2018", tmp_path_factory.mktemp("canary") / "study"
    made.mkdir()
    config = yaml.safe_load((source / "study.yml").read_text("utf-8"))
    config |= {"provenance": "observed", "publish_subject_data": False}
    config.pop("world")
    (made / "study.yml").write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
    for role, dataset in config["datasets"].items():
        table = pd.read_csv(source / dataset["file"], dtype={"SUBJID": "str"})
        telling(table, role).to_csv(made / dataset["file"], index=False)
    return made


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    with fewer_draws():
        return run_chapters(folder)


def carried(what: Any) -> str:
    """Give all that an output puts into a page, a download or a file of results."""
    parts = [str(what)]
    if isinstance(what, Figure):
        parts += [json.dumps(what.spec(), ensure_ascii=False, default=str), what.caption]
    elif isinstance(what, Table):
        parts += [json.dumps(what._repr_mimebundle_(), ensure_ascii=False, default=str)]
    else:
        bundle = what._repr_mimebundle_()
        parts += [json.dumps(bundle, ensure_ascii=False, default=str)]
    if hasattr(what, "results"):
        parts.append(what.results.to_csv())
    return "\n".join(parts)


def test_every_chapter_stands(run):
    assert [f"{f.place}: {f.error}" for f in run.failures] == []
    assert len(run.shown) > 250


def test_no_canary_is_told(run):
    found = [
        f"{shown.place}: {canary}"
        for shown in run.shown
        for text in [carried(shown.what).lower()]
        for canary in CANARIES
        if canary.lower() in text
    ]
    assert found == []


def test_no_identifier_and_no_date_of_a_patient_is_told(folder, run):
    secrets = secrets_of(load_study(folder))
    assert secrets is not None
    assert len(secrets.days) > 100
    found = [
        f"{shown.place}: {place}"
        for shown in run.shown
        for place in _found(secrets, carried(shown.what), dates=True)
    ]
    assert found == []


def test_nothing_is_said_on_standard_error(run):
    assert [line for line in run.noise if "CANARY" in line.upper()] == []
