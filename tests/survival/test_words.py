"""Every picture, table and sentence, on a study that has all and on studies that lack something."""

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from alsutils import survival
from alsutils.display import Figure, Prose, Table
from alsutils.display.states import StateDiagram
from alsutils.study import Study
from alsutils.survival.words import NO_EVENT

Output = Figure | Table | Prose | StateDiagram
OBSERVED = {"provenance": "observed", "publish_subject_data": False}


@pytest.fixture(autouse=True)
def few_shuffles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alsutils.survival.comparisons.SHUFFLES", 100)


def everything(study: Study) -> dict[str, Output]:
    """All that the chapter shows of a study, in its order."""
    s, c, t, w = survival, survival.charts, survival.tables, survival.sentences
    watched, course = s.follow_up(study), s.curves(study)
    read, differences, gained = s.summaries(study), s.differences(study), s.gains(study)
    tests, choices = s.log_rank_tests(study), s.curve_tests(study)
    ratios, others, same = s.hazard_ratios(study), s.covariates(study), s.models(study)
    moving, fitted = s.changing(study), s.fitting(study)
    meanings, kinds, states = s.definitions(study), s.competing(study), s.states(study)
    power, held = s.power(study), s.inside(study, ratios)
    opinions, second = s.beliefs(study, ratios), s.second_generation(study, ratios)
    linked, printed = s.decline_and_death(study), s.read_back(study)
    return {
        "follow_up": w.follow_up(watched),
        "follow_up table": t.follow_up(watched),
        **{f"curve {i}": figure for i, figure in enumerate(c.curves(study, course))},
        "bands": w.bands(course),
        "medians": w.medians(study, read),
        "summaries table": t.summaries(study, read, differences),
        "means table": t.means(study, differences),
        "differences": w.differences(differences),
        "gains chart": c.gains(study, gained),
        "gains": w.gains(gained),
        "log_rank": w.log_rank(tests),
        "tests table": t.curve_tests(study, choices),
        "tests": w.curve_tests(study, choices),
        "forest": c.hazard_ratios(study, ratios),
        "hazard_ratios": w.hazard_ratios(ratios),
        "ratios table": t.hazard_ratios(study, tests, ratios),
        "covariates chart": c.covariates(study, others),
        "covariates table": t.covariates(study, others),
        "covariates": w.covariates(others),
        "models table": t.models(study, same),
        "models": w.models(same),
        "changing chart": c.changing(study, moving),
        "proportionality": w.proportionality(study, ratios),
        "changing table": t.changing(study, moving),
        "changing": w.changing(moving),
        "fitting chart": c.fitting(study, fitted),
        "fitting": w.fitting(fitted),
        "groups table": t.groups(fitted),
        "forms chart": c.forms(fitted),
        "definitions chart": c.definitions(study, meanings),
        "definitions table": t.definitions(study, meanings),
        "definitions": w.definitions(meanings),
        "competing chart": c.competing(study, kinds),
        "incidence table": t.incidence(study, kinds),
        "competing table": t.competing(study, kinds),
        "competing": w.competing(kinds),
        **{f"states {i}": picture for i, picture in enumerate(c.states(study, states))},
        "power table": t.power(study, power),
        "exclusions": w.exclusions(study, ratios, power),
        "inside chart": c.inside(study, held),
        "inside table": t.inside(study, held),
        "beliefs chart": c.beliefs(study, opinions),
        "beliefs table": t.beliefs(study, opinions),
        "beliefs": w.beliefs(opinions),
        "second_generation": w.second_generation(second),
        "joint chart": c.joint(study, linked),
        "joint table": t.joint(study, linked),
        "joint": w.joint(linked),
        "read_back chart": c.read_back(study, printed),
        "read_back table": t.read_back(study, printed),
        "read_back": w.read_back(printed),
        "clicks": t.clicks(printed),
        "key_points": w.key_points(watched, ratios, power),
    }


def shown(study: Study) -> dict[str, Output]:
    """Write everything as JSON, as a notebook does; a value that JSON lacks is an error there."""
    outputs = everything(study)
    for output in outputs.values():
        whole = output.spec() if isinstance(output, Figure) else output._repr_mimebundle_()
        json.dumps(whole, allow_nan=False)
    return outputs


def with_kinds(data: pd.DataFrame) -> pd.DataFrame:
    """Describe events in turn as one of two kinds."""
    turn = pd.Series(["Death", "Relapse"] * len(data))[: len(data)]
    return data.assign(EVNTDESC=turn.where(data["CNSR"] == 0, "Last seen"))


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, module_build: Callable[..., Study]
) -> dict[str, Output]:
    """All that is shown of a study whose event has two kinds."""
    return shown(module_build(tmp_path_factory.mktemp("whole"), with_kinds))


def test_a_whole_study_is_shown_with_its_results(whole: dict[str, Output]) -> None:
    outputs = whole
    empty = [name for name, o in outputs.items() if isinstance(o, Prose) and not o.text]
    assert set(empty) == {"joint table", "joint"}
    kinds = {name: type(o) for name, o in outputs.items() if "chart" in name or "table" in name}
    prose = [name for name, kind in kinds.items() if kind is Prose]
    assert set(prose) == {"joint chart", "joint table"}
    assert isinstance(outputs["curve 0"], Figure)
    assert isinstance(outputs["states 0"], StateDiagram)
    ratio = outputs["forest"].results.iloc[0]
    assert f"{ratio['estimate']:.2f} ({ratio['conf_low']:.2f}" in str(outputs["hazard_ratios"])
    assert "excludes no difference" in str(outputs["hazard_ratios"]).splitlines()[0]
    assert {"log-rank test", "hazard ratio (Cox)"} <= set(outputs["ratios table"].results.analysis)
    assert all(o.description and o.caption for o in outputs.values() if isinstance(o, Figure))


def test_pictures_can_be_drawn(whole: dict[str, Output]) -> None:
    for name in ("curve 0", "changing chart", "fitting chart", "forms chart", "beliefs chart"):
        assert "<svg" in whole[name].to_svg()
    assert "<rect" in whole["states 0"].to_svg(narrow=True)


def test_the_reader_chooses_the_band(study: Study) -> None:
    [figure] = survival.charts.curves(study, survival.curves(study))
    [param] = [p for p in figure.spec()["params"] if "bind" in p]
    assert param["value"] == survival.analysis.POINTWISE
    assert len(param["bind"]["options"]) == 3
    for option in param["bind"]["options"]:
        assert option in figure.readout or option == param["bind"]["options"][-1]


def test_swapping_the_arms_turns_the_sentences(make: Callable[..., Study]) -> None:
    def said(study: Study) -> str:
        return str(survival.sentences.differences(survival.differences(study)))

    assert "more without the event" in said(make())
    arms = [{"value": "A1", "label": "Treated"}, {"value": "A0", "label": "Control"}]
    assert "fewer without the event" in said(make(arms=arms))


def test_no_event_named_is_said(make: Callable[..., Study]) -> None:
    outputs = shown(make(time_to_event=[]))
    assert all(isinstance(o, Prose) for o in outputs.values())
    said = {str(o) for name, o in outputs.items() if not name.startswith("joint")}
    assert said == {"", NO_EVENT}
    for section in ("follow_up", "curve 0", "medians", "means table", "log_rank", "forest"):
        assert str(outputs[section]) == NO_EVENT


def nobody(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(CNSR=1)


def everybody(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(CNSR=0)


def at_once(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(CNSR=0, AVAL=0)


def one_time(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(CNSR=[i % 2 for i in range(len(data))], AVAL=7)


def one_arm(data: pd.DataFrame) -> pd.DataFrame:
    return data[data["ARMCODE"] == "A0"]


def silent_arm(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(CNSR=data["CNSR"].where(data["ARMCODE"] == "A0", 1))


def one_patient(data: pd.DataFrame) -> pd.DataFrame:
    return data.head(1)


def late_event(data: pd.DataFrame) -> pd.DataFrame:
    """One event in all, at the end."""
    return data.assign(CNSR=[1] * (len(data) - 1) + [0])


CHANGES = (
    nobody,
    at_once,
    one_time,
    one_arm,
    silent_arm,
    one_patient,
    late_event,
)
SAID = [
    (nobody, "follow_up", "none of 60 patients had the event"),
    (nobody, "log_rank", "no test, for want of events or patients"),
    (nobody, "medians", "not reached on Control"),
    (nobody, "differences", "cannot be compared, for want of patients or events"),
    (at_once, "medians", "on Control (no interval)"),
    (one_time, "medians", "on Control (7.0 or later)"),
    (at_once, "follow_up", "Everybody had the event"),
    (one_time, "follow_up", "patients had the event"),
    (one_arm, "follow_up", "There is no patient with a time on Treated"),
    (one_arm, "hazard_ratios", "no event in Treated"),
    (silent_arm, "hazard_ratios", "no event in Treated"),
    (silent_arm, "hazard_ratios", "unadjusted, Firth: hazard ratio 0.0"),
    (one_patient, "hazard_ratios", "no hazard ratio can be estimated"),
    (late_event, "hazard_ratios", "no event in Control"),
]


@pytest.mark.parametrize("observed", [False, True])
def test_degenerate_times_are_said_and_not_an_error(
    make: Callable[..., Study], observed: bool
) -> None:
    """All of them as events of one trial; of an observed one those that change what is shown."""
    changes = (nobody, one_time, silent_arm) if observed else CHANGES
    names = {change: change.__name__.upper().replace("_", "") for change in changes}

    def all_of_them(data: pd.DataFrame) -> pd.DataFrame:
        return pd.concat([change(data).assign(PARAMCD=name) for change, name in names.items()])

    events = [
        {
            "parameter": name,
            "label": name,
            "unit": "month",
            "population": "all",
            "covariates": ["AGE", "ONSET"],
            "landmarks": [6, 12],
        }
        for name in names.values()
    ]
    outputs = shown(make(all_of_them, time_to_event=events, **(OBSERVED if observed else {})))
    for change, place, words in [row for row in SAID if row[0] in names]:
        lines = [
            line for line in str(outputs[place]).splitlines() if f"**{names[change]}**" in line
        ]
        lines += [line for line in str(outputs[place]).splitlines() if names[change] + "," in line]
        assert any(words in line for line in lines), (names[change], place, lines)


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (nobody, "read_back chart", "No curve of this study falls"),
        (at_once, "proportionality", "nothing to check"),
        (everybody, "follow_up", "Everybody had the event"),
        (one_arm, "gains chart", "There is nothing to compare"),
    ],
)
def test_a_trial_of_one_degenerate_event_is_said(
    make: Callable[..., Study], change: Any, place: str, words: str
) -> None:
    assert words in str(shown(make(change))[place])


def test_no_patient_of_an_observed_study_is_drawn(make: Callable[..., Study]) -> None:
    def own_times(data: pd.DataFrame) -> pd.DataFrame:
        shifts = [0.00137 * (i + 1) for i in range(len(data))]
        return with_kinds(data.assign(AVAL=data["AVAL"] + shifts))

    study = make(own_times, **OBSERVED)
    times = study.tables["adtte"]["AVAL"]
    own = set(times.round(9)) - {round(times.max(), 9)}  # a grid ends with the longest time
    for name, output in shown(study).items():
        for rows in output.spec().get("datasets", {}).values() if _drawn(output) else ():
            frame = pd.DataFrame(rows)
            assert not {"deviance", "residual", "scaled"} & set(frame.columns), name
            if "time" in frame:
                assert not frame["time"].round(9).isin(own).any(), name


def _drawn(output: Output) -> bool:
    return isinstance(output, Figure)
