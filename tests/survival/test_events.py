"""What counts as the event, and kinds of event that forestall each other."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from alsutils import survival
from alsutils.display.states import StateDiagram
from alsutils.stats.survival import kaplan_meier, survival_at
from alsutils.study import Study
from alsutils.study.errors import StudyError
from alsutils.survival.events import (
    CAUSE,
    GRAY,
    INCIDENCE,
    MOST_KINDS,
    NAIVE,
    OTHERS,
    SUBDISTRIBUTION,
    kinds,
)

EVENT = {"unit": "month", "population": "all", "landmarks": [6, 12, 24]}
RELAPSE = {"parameter": "EVT", "label": "Relapse", **EVENT}
DEATH = {"parameter": "OS", "label": "Death", **EVENT}


def described(data: pd.DataFrame) -> pd.DataFrame:
    turn = pd.Series(["Death", "Relapse", "Relapse"] * len(data))[: len(data)]
    return data.assign(EVNTDESC=turn.where(data["CNSR"] == 0))


def two_events(data: pd.DataFrame) -> pd.DataFrame:
    """S00 relapses at 5 and dies at 9; S01 dies at 4 without one; S02 dies at 30, unwatched."""
    chosen = data.head(12).assign(AVAL=20.0, CNSR=1)
    death = chosen.assign(PARAMCD="OS", AVAL=25.0)
    chosen.loc[chosen.index[:2], "AVAL"] = [5.0, 4.0]
    chosen.loc[chosen.index[0], "CNSR"] = 0
    death.loc[death.index[:3], ["AVAL", "CNSR"]] = [[9.0, 0], [4.0, 0], [30.0, 0]]
    return pd.concat([chosen, death])


def forestalled(make: Callable[..., Study]) -> Study:
    events = [{**RELAPSE, "competing": ["OS"]}, DEATH]
    return make(two_events, time_to_event=events)


def test_kinds_are_told_apart_by_their_description(make: Callable[..., Study]) -> None:
    [found] = kinds(make(described))
    assert found.labels == ("Relapse", "Death")  # the commoner first
    data = found.data.frame
    assert ((found.frame["kind"] > 0) == data["event"]).all()
    assert (found.frame["time"] == data["time"]).all()


def test_one_description_is_no_composite(make: Callable[..., Study]) -> None:
    assert kinds(make(lambda d: d.assign(EVNTDESC="Relapse"))) == []
    assert kinds(make()) == []
    assert survival.competing(make()) is None


def test_rare_kinds_are_taken_together(make: Callable[..., Study]) -> None:
    def many(data: pd.DataFrame) -> pd.DataFrame:
        return data.assign(EVNTDESC=[f"Kind {int(i**0.5)}" for i in range(len(data))])

    [found] = kinds(make(many))
    assert len(found.labels) == MOST_KINDS
    assert found.labels[-1] == OTHERS


def test_another_event_forestalls_until_watching_ends(make: Callable[..., Study]) -> None:
    [found] = kinds(forestalled(make))
    frame = found.frame.set_index("subject")
    assert frame.loc[["S00", "S01", "S02"], "kind"].tolist() == [1, 2, 0]
    assert frame.loc[["S00", "S01", "S02"], "time"].tolist() == [5, 4, 20]


def test_states_count_who_went_on(make: Callable[..., Study]) -> None:
    study = forestalled(make)
    [result] = survival.states(study)
    first = result.first.set_index(["kind", "arm"])["n"]
    assert result.start["n"].sum() == 12
    assert result.start["still"].sum() == 10
    assert first["Relapse"].sum() == first["Death"].sum() == 1
    assert result.onward["n"].sum() == 1
    assert set(result.onward["kind"]) == {"Relapse"}
    [picture] = survival.charts.states(study, [result])
    assert isinstance(picture, StateDiagram)
    assert [box.title for box in picture.middle] == ["Relapse"]
    assert [box.title for box in picture.ends] == ["Death"]
    assert "after relapse" in picture.to_svg()


def test_incidences_add_up_and_one_less_kaplan_meier_lies_above(
    make: Callable[..., Study],
) -> None:
    study = make(described)
    frame = survival.competing(study).frame
    at = frame[frame["analysis"] == INCIDENCE].set_index(["kind", "arm"])
    naive = frame[frame["analysis"] == NAIVE].set_index(["kind", "arm"])["estimate"]
    assert (naive >= at["estimate"] - 1e-12).all()
    data = survival.times(study)[0].frame
    for arm in study.arms:
        own = data[data["arm"] == arm]
        share = survival_at(kaplan_meier(own["time"], own["event"]), at["time"].iloc[0]).estimate
        assert at["estimate"].xs(arm, level="arm").sum() == pytest.approx(1 - share)


def test_comparisons_of_kinds_turn_with_the_arms(make: Callable[..., Study]) -> None:
    swapped = [{"value": "A1", "label": "Treated"}, {"value": "A0", "label": "Control"}]
    plain, turned = (
        survival.competing(make(described, **k)).frame.set_index(["analysis", "kind"])
        for k in ({}, {"arms": swapped})
    )
    for analysis in (CAUSE, SUBDISTRIBUTION):
        own, other = (f.loc[analysis]["estimate"] for f in (plain, turned))
        np.testing.assert_allclose(other, 1 / own, rtol=1e-5)
    gray = [f.loc[GRAY]["p_value"] for f in (plain, turned)]
    np.testing.assert_allclose(gray[0], gray[1])


def test_every_definition_stands_in_one_forest(make: Callable[..., Study]) -> None:
    study = make(described)
    frame = survival.definitions(study).frame.set_index("definition")
    assert list(frame.index) == ["Relapse", "Relapse first", "Death first"]
    assert (
        frame.at["Relapse first", "events"] + frame.at["Death first", "events"]
        == (frame.at["Relapse", "events"])
    )
    whole = survival.hazard_ratios(study).frame.iloc[0]
    assert frame.at["Relapse", "estimate"] == pytest.approx(whole["estimate"], rel=1e-5)


@pytest.mark.parametrize(
    ("codes", "unit", "words"),
    [
        (["XX"], "month", "competing 'XX' is not another one of time_to_event"),
        (["EVT"], "month", "competing 'EVT' is not another one of time_to_event"),
        (["OS"], "day", "competing 'OS' is in days, not in months"),
    ],
)
def test_a_wrong_name_is_a_problem_of_the_study(
    make: Callable[..., Study], codes: list[str], unit: str, words: str
) -> None:
    events = [{**RELAPSE, "competing": codes}, {**DEATH, "unit": unit}]
    with pytest.raises(StudyError, match=words):
        make(two_events, time_to_event=events)
