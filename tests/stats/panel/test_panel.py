import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.multiplicity import westfall_young
from alsutils.stats.panel import obrien, panel_permutation, residuals, signed_composite
from alsutils.stats.permutation import shuffles

REFERENCE = Path(__file__).parents[2] / "reference" / "mechanism"
EXACT = 1e-9


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads((REFERENCE / "family.json").read_text())


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "panel.csv")


def test_obrien_agrees_with_r(expected: dict, panel: pd.DataFrame) -> None:
    found = obrien(panel.filter(regex="^full"), panel["arm"])
    rows, figures = found.frame.set_index("method"), expected["obrien"]
    for name in ("estimate", "statistic"):
        assert rows.at["rank sum", name] == pytest.approx(figures["rank_sum"][name], rel=EXACT)
    assert rows.at["rank sum", "p_value"] == pytest.approx(figures["rank_sum"]["p"], rel=EXACT)
    assert rows.at["ols", "statistic"] == pytest.approx(figures["ols"], rel=EXACT)
    assert rows.at["gls", "statistic"] == pytest.approx(figures["gls"], rel=EXACT)
    np.testing.assert_allclose(found.gls_weights, figures["weights"], rtol=1e-8)
    assert (found.n_endpoints, found.n_treated, found.n_control) == (6, 6, 7)
    assert rows["p_permutation"].isna().all()


def test_panel_permutation_agrees_with_every_way_in_r(expected: dict, panel: pd.DataFrame) -> None:
    ways = shuffles(panel["arm"], 1, np.random.default_rng(1))
    found = panel_permutation(panel.filter(regex="^X"), ways)
    rows, figures = found.frame.set_index("method"), expected["panel"]
    names = {"largest": "largest", "sum of squares": "squares", "sum": "sum"}
    for method, name in names.items():
        assert rows.at[method, "p_value"] == pytest.approx(figures[name], rel=EXACT)
    assert (found.exact, found.n_ways) == (True, figures["n_ways"])
    # The largest statistic is the first step of maxT.
    adjusted = westfall_young(panel.filter(regex="^X"), ways).frame
    assert rows.at["largest", "p_value"] == pytest.approx(adjusted["p_max_t"].min())
    assert found.largest_column == adjusted["p_max_t"].argmin()


def test_one_endpoint_is_the_t_test(panel: pd.DataFrame) -> None:
    y = panel[["full.1"]]
    rows = obrien(y, panel["arm"]).frame.set_index("method")
    t = westfall_young(y, shuffles(panel["arm"], 1, np.random.default_rng(1))).frame
    for method in ("ols", "gls"):
        assert rows.at[method, "statistic"] == pytest.approx(t.at[0, "statistic"])
        assert rows.at[method, "df"] == 11


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9999))
def test_arms_signs_and_columns_turn_the_statistic(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, on = rng.normal(size=(16, 4)), np.arange(16) < 7
    y[rng.random(y.shape) < 0.1] = np.nan
    plain = obrien(y, on).frame["statistic"]
    np.testing.assert_allclose(obrien(y, ~on).frame["statistic"], -plain)
    np.testing.assert_allclose(obrien(y, on, [-1] * 4).frame["statistic"], -plain)
    mixed = obrien(np.column_stack([y[:, ::-1] * 3 + 1, rng.normal(size=16)]), on, [1, 1, 1, 1, 0])
    np.testing.assert_allclose(mixed.frame["statistic"], plain)
    assert mixed.gls_weights[-1] == 0
    turned = obrien(y * [1, -1, 1, -1], on, [1, -1, 1, -1]).frame["statistic"]
    np.testing.assert_allclose(turned, plain)


def test_levels_hold_and_an_effect_spread_thinly_is_found() -> None:
    rng = np.random.default_rng(2)
    on = np.arange(40) < 20
    ways = shuffles(on, 200, rng, exact_up_to=1)
    root = np.linalg.cholesky(0.7 * np.eye(8) + 0.3)
    trials = 250
    false = np.zeros((trials, 3))
    global_, single = np.zeros(trials, bool), np.zeros(trials, bool)
    for i in range(trials):
        y = rng.normal(size=(40, 8)) @ root.T
        false[i] = obrien(y, on, ways=ways).frame["p_permutation"]
        shifted = y + 0.55 * on[:, None]
        global_[i] = obrien(shifted, on).frame["p_value"].iloc[0] < 0.05
        single[i] = westfall_young(shifted, ways).frame["p_max_t"].min() < 0.05
    margin = 3 * np.sqrt(0.05 * 0.95 / trials)
    assert ((false <= 0.05).mean(axis=0) < 0.05 + margin).all()
    assert ((false <= 0.05).mean(axis=0) > 0).all()
    assert global_.mean() > single.mean()


def test_the_t_distribution_suits_gls_with_enough_patients() -> None:
    rng = np.random.default_rng(8)
    on = np.arange(80) < 40
    root = np.linalg.cholesky(0.7 * np.eye(4) + 0.3)
    p = [obrien(rng.normal(size=(80, 4)) @ root.T, on).frame["p_value"][2] for _ in range(400)]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=3 * np.sqrt(0.0475 / 400))


def test_the_t_distribution_suits_ranks_and_ols() -> None:
    rng = np.random.default_rng(3)
    on = np.arange(40) < 20
    root = np.linalg.cholesky(0.7 * np.eye(8) + 0.3)
    trials = 600
    found = np.array(
        [obrien(rng.normal(size=(40, 8)) @ root.T, on).frame["p_value"] for _ in range(trials)]
    )
    rates = (found < 0.05).mean(axis=0)
    assert rates[:2] == pytest.approx([0.05, 0.05], abs=3 * np.sqrt(0.05 * 0.95 / trials))
    # With five patients a column GLS has no p-value but that of the permutation.
    assert np.isnan(found[:, 2]).all()


def test_nothing_to_test_is_a_reason() -> None:
    on = np.array([True, False, False])
    for y in (np.ones((3, 2)), np.full((3, 2), np.nan), np.arange(6.0).reshape(3, 2)):
        found = obrien(y, on)
        assert found.frame["p_value"].isna().all()
        assert (found.frame["reason"] != "").all()
        panel = panel_permutation(y, shuffles(on, 1, np.random.default_rng(1)))
        assert panel.frame["p_value"].isna().all()
        assert panel.largest_column == -1
    wide = obrien(np.random.default_rng(1).normal(size=(6, 5)), [1, 1, 1, 0, 0, 0]).frame
    assert wide["p_value"].isna().tolist() == [False, False, True]
    assert "do not determine the weights" in wide["reason"].iloc[2]


def test_missing_values_take_the_middle_rank() -> None:
    rng = np.random.default_rng(4)
    y, on = rng.normal(size=(12, 2)), np.arange(12) < 6
    gap = y.copy()
    gap[:, 1] = np.nan
    gap[[0, 11], 1] = 1.0, 2.0
    gap[5] = np.nan
    found = obrien(gap, on)
    assert (found.n_treated, found.n_control) == (5, 6)
    assert np.isfinite(found.frame["statistic"].iloc[0])


def test_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        obrien(np.ones((3, 2)), [True])
    with pytest.raises(ValueError, match="signs must be 2"):
        obrien(np.ones((3, 2)), [1, 0, 0], [1, 2])
    with pytest.raises(ValueError, match="signs must be 2"):
        panel_permutation(np.ones((3, 2)), shuffles([1, 0, 0], 1, np.random.default_rng(1)), [1])
    with pytest.raises(ValueError, match="first of the ways"):
        obrien(np.ones((3, 2)), [1, 0, 0], ways=shuffles([0, 1, 0], 1, np.random.default_rng(1)))


def test_composite_is_the_mean_of_signed_standardised_changes() -> None:
    changes = pd.DataFrame(
        {"il6": [1.0, 2, 3, 4], "il10": [2.0, 1, 0, np.nan], "other": 5.0, "flat": 1.0}
    )
    found = signed_composite(changes, {"il6": -1, "il10": 1, "flat": 1})
    sd = changes[["il6", "il10"]].std()
    by_hand = (-changes["il6"] / sd["il6"] + changes["il10"] / sd["il10"]) / 2
    np.testing.assert_allclose(found.score[:3], by_hand[:3])
    assert found.score[3] == pytest.approx(-4 / sd["il6"])
    assert found.weights["weight"].tolist() == [0.5, 0.5]
    assert found.weights["n"].tolist() == [4, 3]
    assert found.left_out == ("flat",)
    strict = signed_composite(changes, {"il6": -1, "il10": 1}, smallest_share=0.8)
    assert np.isnan(strict.score[3])
    assert strict.n == 3
    weighed = signed_composite(changes, {"il6": -1, "il10": 1}, {"il6": 3.0})
    assert weighed.weights["weight"].tolist() == [0.75, 0.25]
    nothing = signed_composite(changes, {})
    assert nothing.n == 0
    assert nothing.weights.empty


def test_composite_has_no_unit_and_turns_with_the_signs() -> None:
    rng = np.random.default_rng(5)
    changes = pd.DataFrame(rng.normal(size=(20, 3)), columns=list("abc"))
    signs = {"a": 1, "b": -1, "c": 1}
    plain = signed_composite(changes, signs).score
    np.testing.assert_allclose(signed_composite(changes * [2, 7, 0.1], signs).score, plain)
    turned = signed_composite(changes, {k: -v for k, v in signs.items()}).score
    np.testing.assert_allclose(turned, -plain)


def test_composite_refuses_impossible_weights() -> None:
    changes = pd.DataFrame({"a": [1.0, 2.0]})
    with pytest.raises(ValueError, match="signs must be"):
        signed_composite(changes, {"a": 2})
    with pytest.raises(ValueError, match="weights must be"):
        signed_composite(changes, {"a": 1}, {"a": 0.0})
    with pytest.raises(ValueError, match="smallest_share"):
        signed_composite(changes, {"a": 1}, smallest_share=2)


def test_residuals_are_those_of_a_regression_on_each_column() -> None:
    rng = np.random.default_rng(6)
    y, x = rng.normal(size=(15, 3)), rng.normal(size=(15, 3))
    y[2, 0], x[4, 1] = np.nan, np.nan
    x[:, 2] = 1.0
    found = residuals(y, x)
    for j in range(2):
        seen = ~np.isnan(y[:, j]) & ~np.isnan(x[:, j])
        fit = np.polyfit(x[seen, j], y[seen, j], 1)
        np.testing.assert_allclose(found[seen, j], y[seen, j] - np.polyval(fit, x[seen, j]))
        assert np.isnan(found[~seen, j]).all()
    np.testing.assert_allclose(found[:, 2], y[:, 2] - y[:, 2].mean())
    np.testing.assert_allclose(residuals(y, x[:, 0])[:, 0], found[:, 0])
    assert residuals(np.full((2, 2), np.nan), np.ones(2)).shape == (2, 2)
    with pytest.raises(ValueError, match="do not fit"):
        residuals(y, x[:4])
