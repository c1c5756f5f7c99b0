"""Of an observed study the chapter tells no single patient's value, nor a count of a few."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from alsutils import appraisal
from alsutils.study import Study, load_study
from tests.trials.runner import Run, fewer_draws, run_chapters

TWIN = Path(__file__).parents[2] / "data" / "oh2018"
CODES = ["ALSFRSR", "FRSSLC", "FRSIMP", "AALS", "SF36", "FVCSLC"]


def observed_copy(folder: Path) -> pd.Series:
    """Make an observed study of the twin, with scores of which each is one patient's own."""
    shutil.copytree(TWIN, folder)
    settings = yaml.safe_load((folder / "study.yml").read_text("utf-8"))
    settings |= {"provenance": "observed", "publish_subject_data": False, "world": None}
    for about in settings["parameters"].values():
        about.pop("whole", None)
    settings["parameters"]["AALS"]["range"] = [29, 164]
    (folder / "study.yml").write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")
    data = pd.read_csv(folder / "adqs.csv")
    step = 0.000311 + 0.0071 * np.arange(len(data)) / len(data)
    scored = data["PARAMCD"].isin(CODES)
    own = data["AVAL"] - (np.sign(data["AVAL"]) * step).where(scored, 0)
    keys = [data["USUBJID"], data["PARAMCD"]]
    base = own.where(data["AVISITN"] == 0).groupby(keys).transform("first")
    data = data.assign(AVAL=own, BASE=base.where(data["BASE"].notna()))
    data["CHG"] = (data["AVAL"] - data["BASE"]).where(data["CHG"].notna())
    data.to_csv(folder / "adqs.csv", index=False)
    return pd.concat([data.loc[scored, c].dropna() for c in ("AVAL", "BASE", "CHG")])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.Series]:
    """Folder of the study, and its patients' values."""
    folder = tmp_path_factory.mktemp("observed") / "study"
    return folder, observed_copy(folder)


@pytest.fixture(scope="module")
def study(place: tuple[Path, pd.Series]) -> Study:
    return load_study(place[0])


@pytest.fixture(scope="module")
def page(place: tuple[Path, pd.Series]) -> Run:
    """All that the chapter shows."""
    with fewer_draws():
        return run_chapters(place[0], ["appraisal"])


def test_the_chapter_tells_no_value(
    page: Run, place: tuple[Path, pd.Series], tells_of: Callable[..., list[float]]
) -> None:
    assert not page.failures, page.failures[0]
    assert len(page.shown) > 20
    assert tells_of([shown.what for shown in page.shown], place[1]) == []


def test_nowhere_a_few_of_an_arm(page: Run) -> None:
    few = re.compile(r"(?<![\d<>.,])[1-4] of (?:31|33|64)\b")
    own = [shown for shown in page.shown if "printed" not in shown.source]
    assert not [shown.text for shown in own if few.search(shown.text)]


def test_no_specification_counts_patients(page: Run) -> None:
    curve = page.of("charts.specifications")[0].what.results
    assert len(curve) > 100
    assert curve[["n_control", "n_treated", "df"]].isna().all(axis=None)
    # the error of a difference in standard deviations is made of the numbers of patients
    error = curve["std_error"].dropna()
    np.testing.assert_array_equal(error, error.round(2))


def test_standardised_differences_count_no_patients(study: Study) -> None:
    frame = appraisal.standardised(study).frame
    hidden = frame[["n_control", "n_treated"]].isna().any(axis=1)
    assert hidden.any()
    np.testing.assert_array_equal(frame["std_error"], frame["std_error"].round(2))
    assert frame["estimate"].notna().all()


def test_degrees_of_freedom_are_used_and_not_told(study: Study) -> None:
    assert all(np.isfinite(row["df"]) for row in appraisal.analysis.main_rows(study))
    doubt = appraisal.scepticism(study)
    results = appraisal.tables.scepticism(study, doubt).results
    assert "df" not in results or results["df"].isna().all()


def test_those_who_are_missing_or_harmed_are_told_as_few(study: Study) -> None:
    facts = appraisal.plain_facts(study)
    assert facts.serious is not None
    assert any(0 < hit < 5 for hit, _ in facts.serious.values())
    text = str(appraisal.sentences.plain_summary(study, facts).to_html())
    assert "fewer than 5 of 33" in text
    assert " 3 of 33" not in text


def test_responders_on_whom_a_few_hang_are_left_out(study: Study) -> None:
    strong = appraisal.strength(study)
    told = set(zip(strong.responders["visit"], strong.responders["threshold_label"], strict=True))
    assert 0 < len(told) < 6
    assert strong.responders["of"].isna().all()
    assert strong.evidence["fragile"].notna().all()
