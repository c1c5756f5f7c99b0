"""What "no difference" excludes."""

from collections.abc import Callable

import numpy as np
import pytest

from alsutils import survival
from alsutils.study import Study
from alsutils.survival.absence import ALIKE, SUPPOSED_RATIO, TARGET_POWER

EVENT = {"parameter": "EVT", "label": "Relapse", "unit": "month", "population": "all"}
SWAPPED = [{"value": "A1", "label": "Treated"}, {"value": "A0", "label": "Control"}]


def test_power_inside_the_interval_is_that_of_the_events(study: Study) -> None:
    ratios = survival.hazard_ratios(study)
    result, power = survival.inside(study, ratios), survival.power(study).frame.iloc[0]
    plain = ratios.frame.iloc[0]
    assert result.frame["ratio"].iloc[0] == plain["conf_low"]
    assert result.frame["ratio"].iloc[-1] == plain["conf_high"]
    assert (result.frame["events"] == power["events"]).all()
    near = result.frame.set_index("ratio")
    if SUPPOSED_RATIO in near.index:
        assert near.at[SUPPOSED_RATIO, "power"] == pytest.approx(power["power"])
        assert near.at[SUPPOSED_RATIO, "events_needed"] == pytest.approx(power["events_needed"])
    enough = result.curve[result.curve["events_needed"] <= power["events"]]
    assert (enough["power"] >= TARGET_POWER - 1e-6).all()


def test_a_sceptic_stays_nearer_to_no_effect_than_an_enthusiast(study: Study) -> None:
    frame = survival.beliefs(study, survival.hazard_ratios(study)).frame.set_index("prior")
    trial = frame.at["no opinion", "estimate"]
    assert abs(np.log(frame.at["sceptical", "estimate"])) < abs(np.log(trial))
    assert frame.at["enthusiastic", "estimate"] < frame.at["sceptical", "estimate"]
    assert frame.at["sceptical", "p_better"] < frame.at["enthusiastic", "p_better"]


def test_what_is_hoped_for_turns_with_the_event(make: Callable[..., Study]) -> None:
    plain = make(time_to_event=[EVENT])
    first = survival.beliefs(plain, survival.hazard_ratios(plain)).frame
    turned = make(time_to_event=[{**EVENT, "hoped_for": True}], arms=SWAPPED)
    found = survival.beliefs(turned, survival.hazard_ratios(turned))
    np.testing.assert_allclose(found.frame["estimate"], 1 / first["estimate"], rtol=1e-5)
    np.testing.assert_allclose(found.frame["p_better"], first["p_better"], rtol=1e-5)
    np.testing.assert_allclose(found.frame["p_worthwhile"], first["p_worthwhile"], rtol=1e-5)
    assert survival.power(turned).frame["ratio"].iloc[0] == pytest.approx(1 / SUPPOSED_RATIO)
    assert "that it is 1.4 or better" in str(survival.sentences.beliefs(found))


def test_the_second_generation_p_value_reads_the_interval(study: Study) -> None:
    ratios = survival.hazard_ratios(study)
    for low, high, expected in (
        (0.2, 0.5, 0.0),
        (0.95, 1.05, 1.0),
        (ALIKE, 1 / ALIKE, 1.0),
        (0.2, 5.0, 0.5),
    ):
        frame = ratios.frame.assign(conf_low=low, conf_high=high)
        found = survival.second_generation(study, type(ratios)(frame)).frame.iloc[0]
        assert found["estimate"] == pytest.approx(expected)
