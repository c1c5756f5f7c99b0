"""Traps, decline with death, and patients read back out of a curve."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import yaml

from alsutils import survival
from alsutils.study import Study, load_study
from alsutils.survival.joint import DIFFERENCE, LINK, RATIO, SLOPE
from alsutils.survival.published import OWN, READ
from alsutils.survival.traps import TrapName

OBSERVED = {"provenance": "observed", "publish_subject_data": False}
DIGITISED = 0.06  # of the share: two patients of an arm of thirty
SPARSE = 0.15  # where a curve is told at few times only


@pytest.mark.parametrize("name", get_args(TrapName))
def test_a_trap_misleads_and_its_cure_does_not(name: TrapName) -> None:
    example = survival.trap(name)
    for r in example.trap.results.to_dict("records"):
        inside = r["conf_low"] <= r["truth"] <= r["conf_high"]
        assert inside == r["right"], r["analysis"]
    again = survival.trap(name)
    pd.testing.assert_frame_equal(example.trap.results, again.trap.results)
    figure = survival.charts.trap(example)
    assert figure.description.startswith("Simulated")
    assert figure.caption.startswith("Simulated")
    assert figure.results["endpoint"].str.startswith("simulated").all()
    assert str(survival.sentences.trap(example)).startswith("**Simulated")


def test_thinned_curves_keep_their_height() -> None:
    example = survival.trap("left truncation")
    [data] = survival.charts.trap(example).spec()["datasets"].values()
    shown = pd.DataFrame(data)
    own = example.trap.curves
    assert shown["estimate"].isin(own["estimate"].round(6)).all()
    assert len(shown) < 400


def test_the_tipping_point_lies_where_the_finding_is_lost() -> None:
    result = survival.doubted_censoring(survival.trap("informative censoring"))
    p = result.frame.set_index("delta")["p_value"]
    assert p.iloc[0] < 0.05
    assert p[p.index > result.tipping].iloc[0] > 0.05
    assert f"{result.tipping:.1f} times that hazard" in str(survival.sentences.tipping(result))
    assert "datasets" in survival.charts.tipping(result).spec()


def declining(folder: Path, slope: Callable[[int], float], deaths: bool = True) -> Study:
    """Write a trial of forty patients with scores at four visits and a time to death."""
    rng = np.random.default_rng(5)
    rows, times = [], []
    for i in range(40):
        steep, level = slope(i) + 0.5 * rng.standard_normal(), 40 + 4 * rng.standard_normal()
        end = min(12.0, 1.0 + rng.exponential(14 * np.exp(0.8 * steep)))
        times.append({"USUBJID": f"S{i}", "PARAMCD": "OS", "AVAL": end, "CNSR": int(end == 12)})
        rows += [
            {"USUBJID": f"S{i}", "PARAMCD": "SCORE", "AVISITN": m, "AVAL": level + steep * m + e}
            for m, e in zip((0, 1, 3, 6), rng.standard_normal(4), strict=True)
        ]
    scores = pd.DataFrame(rows).assign(BASE=40.0, CHG=0.0)
    scores["CHG"] = scores["AVAL"] - scores["BASE"]
    pd.DataFrame(
        {"USUBJID": [f"S{i}" for i in range(40)], "TRT01P": ["A0", "A1"] * 20, "ITTFL": "Y"}
    ).to_csv(folder / "adsl.csv", index=False)
    scores.to_csv(folder / "adqs.csv", index=False)
    pd.DataFrame(times).to_csv(folder / "adtte.csv", index=False)
    primary = {"parameter": "SCORE", "visits": [6], "population": "all"}
    config = {
        "title": "A trial",
        "short_title": "Trial",
        "description": "Made in code.",
        "provenance": "synthetic",
        "arms": [{"value": "A0", "label": "Control"}, {"value": "A1", "label": "Treated"}],
        "populations": {"all": {"flag": "ITTFL", "label": "All patients"}},
        "time": {"unit": "month"},
        "datasets": {n: {"file": f"{n}.csv"} for n in ("adsl", "adqs", "adtte")},
        "parameters": {
            "SCORE": {"dataset": "adqs", "label": "Score", "unit": "points", "better": "higher"}
        },
        "primary": primary | ({"death": "OS"} if deaths else {}),
        "time_to_event": [
            {"parameter": "OS", "label": "Death", "unit": "month", "population": "all"}
        ],
    }
    (folder / "study.yml").write_text(yaml.safe_dump(config))
    return load_study(folder)


def test_decline_and_death_are_linked_where_they_are(tmp_path: Path) -> None:
    study = declining(tmp_path, lambda i: -1.0 + 0.4 * (i % 2))
    result = survival.decline_and_death(study)
    assert result.reason == ""
    assert result.unit == "points per month"
    joint = result.frame[result.frame["method"] == "Joint model"].set_index("quantity")
    assert set(joint.index) == {SLOPE, DIFFERENCE, RATIO, LINK}
    assert joint.at[LINK, "estimate"] > 1  # worse, and so more deaths
    assert joint.at[LINK, "conf_low"] < joint.at[LINK, "estimate"] < joint.at[LINK, "conf_high"]
    assert joint.at[SLOPE, "estimate"] < 0 < joint.at[DIFFERENCE, "estimate"]
    table = survival.tables.joint(study, result)
    assert len(table.sheet.rows) == 4
    assert "points per month" in str(survival.sentences.joint(result))


def test_without_a_death_it_is_said(tmp_path: Path) -> None:
    study = declining(tmp_path, lambda i: -1.0, deaths=False)
    result = survival.decline_and_death(study)
    assert "names no death" in str(survival.charts.joint(study, result))
    assert str(survival.tables.joint(study, result)) == ""


def test_simulated_decline_knows_the_truth(study: Study) -> None:
    result = survival.simulated_decline()
    by = result.frame[result.frame["quantity"] == SLOPE].set_index("method")
    truth = by["truth"].iloc[0]
    off = (by["estimate"] - truth).abs()
    assert off["Joint model"] < off["Each alone"]
    figure = survival.charts.joint(study, result)
    assert figure.caption.startswith("Simulated")


def test_patients_read_back_say_what_the_patients_say(study: Study) -> None:
    result = survival.read_back(study)
    assert (result.frame["gap"] < DIGITISED).all()
    assert (result.frame["events"] == result.frame["events_read"]).all()
    [ratio] = result.ratios.to_dict("records")
    width = np.log(ratio["own_high"] / ratio["own_low"])
    assert abs(np.log(ratio["read"] / ratio["own"])) < 0.1 * width
    assert set(result.curves["source"]) == {OWN, READ}


def test_clicks_of_an_observed_study_lie_on_a_grid(make: Callable[..., Study]) -> None:
    study = make(**OBSERVED)
    result = survival.read_back(study)
    np.testing.assert_allclose(result.clicks["time"] % 2, 0)
    assert (result.frame["gap"] < SPARSE).all()
