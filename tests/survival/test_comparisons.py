"""Tests of whole curves and the time gained, as the wing picks them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alsutils import survival
from alsutils.stats.survival import kaplan_meier, restricted_mean_difference, weighted_log_rank
from alsutils.study import Study
from alsutils.survival import comparisons
from alsutils.survival.comparisons import COMBO, LOG_RANK, SHUFFLED, STRATIFIED, WEIGHTS

SWAPPED = [{"value": "A1", "label": "Treated"}, {"value": "A0", "label": "Control"}]
NORMAL = 0.02  # Monte Carlo error of p-values by shuffling, four standard errors


def by_test(study: Study) -> pd.DataFrame:
    return survival.curve_tests(study).frame.set_index("analysis")


def test_each_weight_is_tested_between_the_two_arms(study: Study) -> None:
    data = survival.times(study)[0].frame
    found = by_test(study)
    assert found.at[LOG_RANK, "p_value"] == survival.log_rank_tests(study).frame["p_value"].iloc[0]
    for rho, gamma in WEIGHTS:
        own = weighted_log_rank(data["time"], data["event"], data["arm"] == "Treated", rho, gamma)
        name = f"Fleming-Harrington test ({rho:g}, {gamma:g})"
        assert found.at[name, "statistic"] == pytest.approx(own.z)
    largest = found.loc[found["family"].isin(["all patients", "weighted"]), "statistic"].abs().max()
    assert found.at[COMBO, "statistic"] == pytest.approx(largest)
    assert found.at[COMBO, "p_value"] > found["p_value"].min()


def test_swapping_the_arms_turns_the_statistics(make: Callable[..., Study]) -> None:
    plain, swapped = by_test(make()), by_test(make(arms=SWAPPED))
    signed = [name for name in plain.index if name != COMBO and "shuffling" not in name]
    np.testing.assert_allclose(swapped.loc[signed, "statistic"], -plain.loc[signed, "statistic"])
    np.testing.assert_allclose(swapped.at[COMBO, "p_value"], plain.at[COMBO, "p_value"], atol=1e-3)


def test_shuffling_agrees_with_the_large_sample_and_repeats(study: Study) -> None:
    found, again = by_test(study), by_test(study)
    name = SHUFFLED["log-rank"]
    assert found.at[name, "p_value"] == again.at[name, "p_value"]
    assert found.at[name, "p_value"] == pytest.approx(found.at[LOG_RANK, "p_value"], abs=NORMAL)


def test_a_large_trial_is_not_shuffled(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparisons, "MOST_SHUFFLED", 59)
    result = survival.curve_tests(study)
    assert not result.shuffled
    assert not (result.frame["family"] == "shuffled").any()


def test_strata_of_the_randomisation_are_used(make: Callable[..., Study]) -> None:
    drawn = {"method": "stratified_blocks", "strata": ["ONSET"], "blocks": [4]}
    design = {"masking": "none", "randomisation": drawn}
    found = by_test(make(design=design))
    assert np.isfinite(found.at[STRATIFIED, "p_value"])
    assert found.at[STRATIFIED, "p_value"] != found.at[LOG_RANK, "p_value"]
    assert STRATIFIED not in by_test(make()).index
    models = survival.models(make(design=design)).frame["analysis"]
    assert survival.hazards.STRATIFIED in set(models)


def test_the_time_gained_at_a_horizon_is_that_of_the_table(study: Study) -> None:
    result, table = survival.gains(study), survival.differences(study).frame
    [chosen] = result.chosen.to_dict("records")
    row = table[table["measure"] == "restricted mean"].iloc[0]
    assert chosen["estimate"] == pytest.approx(row["estimate"])
    data = survival.times(study)[0]
    curves = [data.curves[arm] for arm in ("Treated", "Control")]
    for r in result.frame.iloc[[3, 20]].to_dict("records"):
        own = restricted_mean_difference(*curves, r["time"])
        assert r["estimate"] == pytest.approx(own.estimate)
    assert result.frame["time"].max() <= min(c.last for c in curves)


def test_the_unit_of_time_changes_the_time_gained_only_by_its_factor(
    make: Callable[..., Study],
) -> None:
    def days(data: pd.DataFrame) -> pd.DataFrame:
        return data.assign(AVAL=30 * data["AVAL"])

    event: dict[str, Any] = {"parameter": "EVT", "label": "Relapse", "population": "all"}
    plain = survival.gains(make(time_to_event=[{**event, "unit": "month"}])).frame
    scaled = survival.gains(make(days, time_to_event=[{**event, "unit": "day"}])).frame
    np.testing.assert_allclose(scaled["estimate"], 30 * plain["estimate"], atol=1e-9)
    np.testing.assert_allclose(scaled["ratio"], plain["ratio"])


def test_a_curve_on_a_grid_has_the_height_of_the_curve_there(make: Callable[..., Study]) -> None:
    study = make(provenance="observed", publish_subject_data=False)
    data = survival.times(study)[0].frame
    shown = survival.curves(study).frame
    for arm, rows in shown[shown["band"] == survival.analysis.POINTWISE].groupby("arm"):
        own = data[data["arm"] == arm]
        frame = kaplan_meier(own["time"], own["event"]).frame
        at = np.searchsorted(frame["time"], rows["time"], side="right") - 1
        np.testing.assert_allclose(rows["estimate"], frame["estimate"].to_numpy()[at])
