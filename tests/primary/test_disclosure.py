"""Of an observed study the chapter tells no single patient's value, nor a count of a few."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alsutils import primary
from alsutils.primary.scale import HIDDEN
from alsutils.study import ARM, Study, load_study
from tests.trials.runner import Run, fewer_draws, run_chapters

CODES = ["ALSFRSR", "FRSSLC", "FRSIMP", "AALS", "SF36"]
RARE = "Eaten by a crocodile"
OBSERVED: dict[str, Any] = {"provenance": "observed", "publish_subject_data": False, "world": None}


def telltale(folder: Path) -> pd.Series:
    """Give every score a value of its own and one patient a rare reason; return the values."""
    path = folder / "adqs.csv"
    data = pd.read_csv(path)
    step = 0.000311 + 0.0071 * np.arange(len(data)) / len(data)
    scored = data["PARAMCD"].isin(CODES)
    own = data["AVAL"] - (np.sign(data["AVAL"]) * step).where(scored, 0)
    keys = ["USUBJID", "PARAMCD"]
    base = own.where(data["AVISITN"] == 0).groupby([data[k] for k in keys]).transform("first")
    data = data.assign(AVAL=own, BASE=base.where(data["BASE"].notna()))
    data["CHG"] = (data["AVAL"] - data["BASE"]).where(data["CHG"].notna())
    data.to_csv(path, index=False)
    subjects = pd.read_csv(folder / "adsl.csv", dtype=str, keep_default_na=False)
    left = subjects.index[subjects["EOSSTT"] != "COMPLETED"][:1]
    subjects.loc[left, "DCSREAS"] = RARE
    subjects.to_csv(folder / "adsl.csv", index=False)
    return pd.concat([data.loc[scored, c].dropna() for c in ("AVAL", "BASE", "CHG")])


def unrounded(parameters: dict[str, Any]) -> None:
    """Let scores have decimals."""
    for about in parameters.values():
        about.pop("whole", None)
    parameters["AALS"]["range"] = [29, 164]


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory, copied: Callable[..., Path]) -> Study:
    """An observed study made of the twin."""
    return load_study(copied(tmp_path_factory.mktemp("observed"), **OBSERVED))


@pytest.fixture(scope="module")
def page(
    tmp_path_factory: pytest.TempPathFactory, copied: Callable[..., Path]
) -> tuple[Run, pd.Series]:
    """All that the chapter shows of telltale values, and the values."""
    changes = {"intercurrent_events": [], "parameters": unrounded}
    folder = copied(tmp_path_factory.mktemp("page"), **changes, **OBSERVED)
    own = telltale(folder)
    with fewer_draws():
        return run_chapters(folder, ["primary"]), own


def test_the_chapter_tells_no_value(
    page: tuple[Run, pd.Series], tells_of: Callable[..., list[float]]
) -> None:
    run, own = page
    assert not run.failures, run.failures[0]
    assert len(run.shown) > 30
    assert tells_of([shown.what for shown in run.shown], own) == []
    assert not any(RARE in shown.text for shown in run.shown)
    assert any("Other reasons" in shown.text for shown in run.shown)


def test_no_table_gives_a_few_patients_of_an_arm(page: tuple[Run, pd.Series]) -> None:
    run, _ = page
    few = re.compile(r"(?<![\d<>.,])([1-4]) \(\d+%\)|(?<![\d<>.,])([1-4]) of (?:31|33)\b")
    for shown in run.shown:
        if "print" not in shown.source:  # printed figures are public
            assert not few.search(shown.text), shown.text


def test_numbers_that_tell_who_is_missing_are_closed(observed: Study) -> None:
    frame = primary.unadjusted(observed).frame
    open_ = dataclasses.replace(
        observed, config=observed.config.model_copy(update={"publish_subject_data": True})
    )
    true = primary.unadjusted(open_).frame
    arms = observed.subjects()[ARM].value_counts()
    for side, arm in (("control", "Riluzole"), ("treated", "MSC + riluzole")):
        few = (arms[arm] - true[f"n_{side}"]).between(1, 4)
        assert few.any()
        assert frame.loc[few, f"n_{side}"].isna().all()
        # with error and standard deviation at hand the number could be computed
        assert frame.loc[few, f"sd_{side}"].isna().all()
    unsized = frame[["n_control", "n_treated"]].isna().any(axis=1)
    assert frame.loc[unsized, "df"].isna().all()
    # Where a number is not told, an estimate has the decimals of its error with two digits.
    gap = (frame["estimate"] - true["estimate"]).abs()
    assert (gap[~unsized] == 0).all()
    assert (gap <= true["std_error"] / 20).all()
    assert (
        observed.disclosure.why
        in primary.tables.comparisons(observed, primary.unadjusted(observed)).sheet.notes
    )


def test_responders_between_two_thresholds_are_five_at_least(observed: Study) -> None:
    block = observed.config.responders
    assert block is not None
    result = primary.responders(observed)
    assert result is not None
    for (visit, arm), rows in result.shares.groupby(["visit", "arm"]):
        records = observed.records(block.parameter, block.population, [visit])
        values = records.loc[records[ARM] == arm, "AVAL"].dropna()
        told = rows.loc[rows["share"].notna(), "threshold"]
        assert block.good in set(told) or (values >= block.good).sum() < 5
        counts = np.histogram(values, [-np.inf, *sorted(told), np.inf])[0]
        assert not len(told) or not ((counts > 0) & (counts < 5)).any()
    lost = result.frame["estimate"].isna()
    assert lost.any()
    assert not lost.all()
    assert result.frame.loc[lost, ["p_value", "conf_low", "chi_square_p"]].isna().all(axis=None)


def test_stages_and_patterns_add_up_without_the_few(observed: Study) -> None:
    staged = primary.stages(observed)
    assert staged is not None
    for _, rows in staged.frame.groupby(["system", "visit_number", "arm"]):
        count, n = rows["count"].dropna(), rows["n"].iloc[0]
        assert count.sum() == n  # what is hidden stands together
        assert not count.between(1, 4).any()
        assert rows["count"].isna().sum() != 1
    assert (staged.frame["stage"] == HIDDEN).any()
    seen = primary.patterns(observed)
    sizes = observed.subjects()[ARM].value_counts()
    for arm, rows in seen.frame.groupby("arm", observed=True):
        shown = rows["n"].dropna()
        assert not shown.between(1, 4).any()
        assert not 0 < sizes[arm] - shown.sum() < 5
    for _, rows in seen.visits.groupby("arm", observed=True):
        shown = rows[["n_observed", "n_gaps", "n_gone"]].dropna()
        assert not ((shown > 0) & (shown < 5)).any(axis=None)


def test_few_deaths_are_not_told_by_pairs(observed: Study) -> None:
    result = primary.together(observed)
    assert result is not None
    assert result.pairs.empty
    assert result.ranks["events"].isna().all()
    assert "<5 deaths" in " ".join(primary.tables.together(observed, result).sheet.notes)
    assert result.frame["estimate"].notna().all()
