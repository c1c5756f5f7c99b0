"""Of an observed study no page tells a single patient's time, nor a count of a few."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alsutils import survival
from alsutils.study import Study
from alsutils.survival.times import few_arms
from tests.survival.test_words import everything

OBSERVED = {"provenance": "observed", "publish_subject_data": False}


def telltale(data: pd.DataFrame) -> pd.DataFrame:
    """Give every patient a time of his or her own, and three of an arm a rare kind of event."""
    own = data["AVAL"] + 0.0003 + 0.000717 * np.arange(len(data)) / len(data)
    kind = pd.Series(np.where(np.arange(len(data)) % 2, "Death", "Relapse"), index=data.index)
    rare = data.index[(data["CNSR"] == 0) & (data["ARMCODE"] == "A1")][:3]
    kind[rare] = "Eaten by a crocodile"
    return data.assign(AVAL=own, EVNTDESC=kind.where(data["CNSR"] == 0, "Last seen"))


def few_events(data: pd.DataFrame, left: int = 3) -> pd.DataFrame:
    """Leave only a few events in the treated arm."""
    events = data.index[(data["CNSR"] == 0) & (data["ARMCODE"] == "A1")]
    censored = data["CNSR"].where(~data.index.isin(events[left:]), 1)
    return telltale(data.assign(CNSR=censored)).drop(columns="EVNTDESC")


def words(output: Any) -> str:
    return str(output.spec() if hasattr(output, "spec") else output._repr_mimebundle_())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alsutils.survival.comparisons.SHUFFLES", 100)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("change", [telltale, few_events])
def test_no_output_tells_a_time(
    make: Callable[..., Study], change: Callable[..., Any], tells_of: Callable[..., list[float]]
) -> None:
    study = make(change, **OBSERVED)
    outputs = everything(study)
    assert tells_of(outputs.values(), study.tables["adtte"]["AVAL"]) == []
    assert not any("crocodile" in words(output) for output in outputs.values())
    # the search does find what an open study shows
    whole = make(change)
    curves = survival.charts.curves(whole, survival.curves(whole))
    assert len(tells_of(curves, study.tables["adtte"]["AVAL"])) > 10


@pytest.mark.usefixtures("quick")
def test_nothing_is_told_of_an_arm_with_few_events(make: Callable[..., Study]) -> None:
    study = make(few_events, **OBSERVED)
    assert few_arms(study, survival.times(study)[0].frame) == ["Treated"]
    outputs = everything(study)
    watched = survival.follow_up(study)
    rows = watched.frame.set_index("arm")
    assert np.isnan(rows.at["Treated", "events"])
    assert rows.at["Treated", "events_told"] == "<5"
    assert rows.at["Treated", "censored_told"] == ">25"
    assert rows.at["Control", "events"] > 5
    assert "<5 of 30 on Treated" in str(outputs["follow_up"])
    assert study.disclosure.why in outputs["follow_up table"].sheet.notes
    results = pd.concat([o.results for o in outputs.values() if hasattr(o, "results")])
    compared = results[results["contrast"].astype(str).str.contains("Treated")]
    figures = compared[["estimate", "std_error", "statistic", "p_value", "conf_low"]]
    assert figures.isna().all(axis=None)
    assert "fewer than 5 patients with the event, or who tell it" in str(outputs["hazard_ratios"])
    assert "no curve is drawn" in str(outputs["bands"])


def test_heights_and_areas_tell_of_five_at_least(make: Callable[..., Study]) -> None:
    study = make(telltale, **OBSERVED)
    data = survival.times(study)[0]
    shown = survival.curves(study).frame
    gained = survival.gains(study)
    horizon = gained.chosen["time"].iloc[0]
    for arm, own in data.frame.groupby("arm"):
        events = own.loc[own["event"], "time"]
        told = sorted(set(shown.loc[shown["arm"] == arm, "time"]))
        together = sorted(set(gained.frame["time"]) - {horizon})
        for times in (told, together):
            counts = np.histogram(events, [0, *times, np.inf])[0]
            assert not ((counts > 0) & (counts < 5)).any()
        assert len(told) >= 3


def test_kinds_of_a_few_are_not_told_nor_what_gives_them_away(make: Callable[..., Study]) -> None:
    study = make(telltale, **OBSERVED)
    [found] = survival.events.kinds(study)
    counts = pd.crosstab(found.frame["arm"], found.frame["kind"])
    assert found.hidden.any(axis=None)
    for arm in study.arms:
        hidden = found.hidden.loc[arm].to_numpy()
        numbers = counts.loc[arm].reindex(range(1, len(found.labels) + 1), fill_value=0).to_numpy()
        small = (numbers > 0) & (numbers < 5)
        assert (hidden >= small).all()
        assert not hidden.any() or (hidden & (numbers > 0)).sum() >= 2
    kinds = survival.competing(study)
    told = (
        set() if kinds is None else set(zip(kinds.curves["arm"], kinds.curves["kind"], strict=True))
    )
    assert not any(found.hidden.at[arm, kind] for arm, kind in told)
    [states] = survival.states(study)
    assert "Treated" in states.hidden
    assert states.first.loc[states.first["arm"] == "Treated", "n"].isna().all()
    [picture] = survival.charts.states(study, [states])
    assert not re.search(r"Treated: \d+,", picture.to_html())


def test_where_one_may_publish_everything_is_told(make: Callable[..., Study]) -> None:
    study = make(few_events, provenance="observed", publish_subject_data=True)
    assert survival.follow_up(study).frame["events"].notna().all()
    assert survival.follow_up(study).notes == ()
    assert survival.hazard_ratios(study).frame["estimate"].notna().all()
