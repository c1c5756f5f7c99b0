"""The tipping point against imputing anew with each delta."""

import numpy as np
import pandas as pd
import pytest

from alsutils.stats.imputation import (
    ImputationError,
    conditional_mean_imputation,
    multiple_imputation,
    tipping_point,
)

ROUNDING = 1e-9
NUMBERS = ["estimate", "std_error", "df", "p_value", "conf_low", "conf_high"]
GRID = {"control": [-4.0, 0.0, 5.0], "treated": np.linspace(-25.0, 0.0, 6)}


@pytest.fixture(scope="module", params=["conditional", "multiple"])
def impute(request):
    if request.param == "conditional":
        return conditional_mean_imputation
    return lambda *args, **options: multiple_imputation(*args, n_imputations=50, **options)


@pytest.fixture(scope="module")
def result(impute, trial_frame, as_in_r):
    return impute(trial_frame, **as_in_r)


@pytest.mark.parametrize("visit", ["Month 1", "Month 6"])
def test_each_cell_is_a_new_imputation_with_these_deltas(
    impute, result, trial_frame, as_in_r, visit
):
    cells = tipping_point(result, **GRID, visit=visit).frame
    assert len(cells) == 18
    for row in cells.iloc[[0, 7, 17]].itertuples():
        delta = {"Riluzole": row.delta_control, "MSC": row.delta_treated}
        again = impute(trial_frame, **as_in_r, delta=delta).frame
        expected = again[again["visit"] == visit].iloc[0]
        for field in NUMBERS:
            assert getattr(row, field) == pytest.approx(expected[field], rel=ROUNDING), field


def test_deltas_add_to_those_of_the_result(impute, trial_frame, as_in_r, result):
    shifted = impute(trial_frame, **as_in_r, delta={"MSC": -2.0})
    ours = tipping_point(shifted, [1.0], [-3.0]).frame[NUMBERS].to_numpy()
    expected = tipping_point(result, [1.0], [-5.0]).frame[NUMBERS].to_numpy()
    assert ours == pytest.approx(expected, rel=ROUNDING)


def test_no_delta_is_the_result(result):
    cell = tipping_point(result, [0.0], [0.0]).frame.iloc[0]
    expected = result.frame.iloc[-1]
    for field in NUMBERS:
        assert cell[field] == pytest.approx(expected[field], rel=ROUNDING)


def test_significance_is_lost_on_the_contour(result):
    tipped = tipping_point(result, **GRID)
    assert len(tipped.contour) == 3
    for row in tipped.contour.itertuples():
        near = tipping_point(
            result, [row.delta_control], [row.delta_treated - 1e-3, row.delta_treated + 1e-3]
        ).frame
        assert near["significant"].to_list() == [False, True]
        assert row.estimate == pytest.approx(near["estimate"].mean())
    # the better the control's missing outcomes, the sooner
    assert tipped.contour["delta_treated"].is_monotonic_increasing


def test_no_contour_where_nothing_tips(result):
    assert tipping_point(result, [0.0], [-1.0, 0.0]).contour.empty


def test_other_arms_stay(impute):
    rng = np.random.default_rng(3)
    n = 60
    frame = pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), 2),
            "visit": np.tile([1, 2], n),
            "arm": pd.Categorical(np.repeat(["a", "b", "c"], 2 * n // 3)),
            "y": rng.normal(size=2 * n),
        }
    )
    frame.loc[(frame["visit"] == 2) & (frame["id"] % 5 == 0), "y"] = np.nan
    columns = {"outcome": "y", "subject": "id", "visit": "visit", "arm": "arm"}
    cells = tipping_point(impute(frame, **columns), [0.0], [10.0]).frame.set_index("arm")
    for arm in "bc":
        again = impute(frame, **columns, delta={arm: 10.0}).frame
        expected = again[(again["visit"] == 2) & (again["arm"] == arm)].iloc[0]
        assert cells.loc[arm, "estimate"] == pytest.approx(expected["estimate"])
        assert cells.loc[arm, "std_error"] == pytest.approx(expected["std_error"])
    only = tipping_point(impute(frame, **columns), [0.0], [10.0], visit=1, arms=["c"]).frame
    assert only[["visit", "arm"]].to_numpy().tolist() == [[1, "c"]]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"control": []}, "control"),
        ({"treated": [np.nan]}, "treated"),
        ({"visit": "Month 5"}, "Month 5"),
        ({"arms": ["Riluzole"]}, "no treated arm"),
        ({"alpha": 5}, "alpha"),
    ],
)
def test_refuses(result, options, words):
    with pytest.raises(ImputationError, match=words):
        tipping_point(result, **({"control": [0.0], "treated": [0.0]} | options))
