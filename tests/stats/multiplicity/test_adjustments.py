import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alsutils.stats.multiplicity import adjust_p_values, double_fdr

REFERENCE = Path(__file__).parents[2] / "reference" / "mechanism" / "mechanism.json"
DOUBLE = pd.read_csv(
    Path(__file__).parents[2] / "reference" / "safety" / "double_fdr.csv", skipinitialspace=True
)
EXACT = 1e-12


def test_agrees_with_p_adjust_and_leaves_missing_tests_out() -> None:
    expected = json.loads(REFERENCE.read_text())["adjusted"]
    result = adjust_p_values([*expected["p"][:3], np.nan, *expected["p"][3:]])
    assert result.size == 6
    assert result.frame["p_holm"].dropna().tolist() == pytest.approx(expected["holm"])
    assert result.frame["p_benjamini_hochberg"].dropna().tolist() == pytest.approx(expected["bh"])
    assert np.isnan(result.holm[3])


def test_no_test_is_an_empty_family() -> None:
    assert adjust_p_values([np.nan, np.nan]).size == 0


def test_refuses_what_is_no_p_value() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjust_p_values([0.2, 1.3])


def test_double_fdr_agrees_with_r() -> None:
    found = double_fdr(DOUBLE["p"], DOUBLE["system"])
    np.testing.assert_allclose(found.p_within, DOUBLE["within"], rtol=EXACT)
    np.testing.assert_allclose(found.p_system, DOUBLE["of_system"], rtol=EXACT)
    np.testing.assert_allclose(found.p_family, DOUBLE["family"], rtol=EXACT)
    np.testing.assert_array_equal(found.p_double, np.maximum(found.p_within, found.p_system))
    assert found.systems["tests"].tolist() == [1, 4, 7, 5]
    assert found.systems["p_smallest"].tolist() == pytest.approx(
        [0.135005, 0.004, 0.00805, 0.814705]
    )


def test_double_fdr_flags_the_ten_terms_that_c212_prints() -> None:
    found = double_fdr(DOUBLE["p"], DOUBLE["system"])
    printed = [0.0010, 0.0013, 0.0023, 0.0050, 0.0100, 0.0109, 0.0110, 0.0160, 0.0200, 0.0230]
    assert sorted(DOUBLE["p"][found.p_family <= 0.05]) == printed


def test_a_lone_small_p_must_carry_its_group() -> None:
    p = [0.02, *np.linspace(0.3, 0.99, 9), *np.linspace(0.3, 0.99, 5)]
    system = ["a"] * 10 + ["b"] * 5
    found = double_fdr(p, system)
    assert found.p_double[0] > 0.05
    assert np.isnan(found.p_family).all()


def test_double_fdr_keeps_rows_and_leaves_missing_tests_out() -> None:
    rng = np.random.default_rng(4)
    p, system = rng.beta(0.5, 2, 60), rng.integers(0, 7, 60).astype(str)
    p[[3, 20]] = np.nan
    whole, order = double_fdr(p, system), rng.permutation(60)
    shuffled = double_fdr(p[order], system[order])
    pd.testing.assert_frame_equal(
        shuffled.frame, whole.frame.iloc[order].reset_index(drop=True), check_exact=False
    )
    kept = ~np.isnan(p)
    np.testing.assert_allclose(double_fdr(p[kept], system[kept]).p_family, whole.p_family[kept])
    assert np.isnan(whole.p_double[[3, 20]]).all()
    assert double_fdr([], []).systems.empty
    assert double_fdr([np.nan], ["a"]).systems.empty


def test_a_test_without_a_group_has_a_group_of_its_own() -> None:
    found = double_fdr([0.01, 0.2, 0.03], ["a", None, "a"])
    assert found.p_within.tolist() == pytest.approx([0.02, 0.2, 0.03])


def test_double_fdr_needs_a_group_for_each() -> None:
    with pytest.raises(ValueError, match="expected one of each"):
        double_fdr([0.1, 0.2], ["a"])


def test_few_of_the_flagged_are_false() -> None:
    # Half of the systems hold effects. Neither rule is proved to hold the level, so they may come
    # to a little above it; plain p-values flag many more false ones.
    rng = np.random.default_rng(12)
    system = np.repeat(np.arange(8), 12)
    effect = (system < 4) & (np.arange(96) % 3 == 0)
    false: dict[str, list[float]] = {"p_value": [], "p_double": [], "p_family": []}
    for _ in range(300):
        p = np.where(effect, rng.beta(0.08, 4, 96), rng.random(96))
        found = double_fdr(p, system).frame
        for name, shares in false.items():
            flagged = found[name].to_numpy() <= 0.05
            shares.append((flagged & ~effect).sum() / max(flagged.sum(), 1))
    assert np.mean(false["p_value"]) > 0.15
    assert np.mean(false["p_double"]) < 0.065
    assert np.mean(false["p_family"]) < 0.065


def test_without_any_effect_a_flag_is_rare() -> None:
    rng, system = np.random.default_rng(13), np.repeat(np.arange(8), 12)
    flagged = [np.min(double_fdr(rng.random(96), system).p_double) <= 0.05 for _ in range(400)]
    # The level and three simulation errors.
    assert np.mean(flagged) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
