import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.correlation import Kind, correlation, correlation_difference

REFERENCE = Path(__file__).parents[2] / "reference" / "mechanism"
EXACT = 1e-9


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads((REFERENCE / "mechanism.json").read_text())["correlation"]


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "censored.csv")


def test_pearson_agrees_with_cor_test(expected: dict, data: pd.DataFrame) -> None:
    result = correlation(data["base"].head(25), data["exact"].head(25))
    assert result.estimate == pytest.approx(expected["pearson"], rel=EXACT)
    assert [result.conf_low, result.conf_high] == pytest.approx(expected["confint"], rel=EXACT)
    assert result.statistic == pytest.approx(expected["statistic"], rel=EXACT)
    assert result.p_value == pytest.approx(expected["p_value"], rel=1e-7)


def test_spearman_agrees_with_cor_test(expected: dict, data: pd.DataFrame) -> None:
    result = correlation(data["base"].head(25), data["exact"].head(25), "spearman")
    assert result.estimate == pytest.approx(expected["spearman"], rel=EXACT)
    assert result.p_value == pytest.approx(expected["spearman_p"], rel=1e-7)
    # Bonett and Wright: wider than Pearson's with the same coefficient
    assert result.std_error == pytest.approx(np.sqrt((1 + result.estimate**2 / 2) / 22))


def test_difference_of_two_groups(expected: dict, data: pd.DataFrame) -> None:
    first = correlation(data["base"].head(25), data["exact"].head(25))
    second = correlation(data["base"].tail(35), data["exact"].tail(35))
    result = correlation_difference(first, second)
    figures = expected["difference"]
    assert result.estimate == pytest.approx(figures["estimate"], rel=EXACT)
    assert result.statistic == pytest.approx(figures["statistic"], rel=EXACT)
    assert result.p_value == pytest.approx(figures["p_value"], rel=1e-7)
    assert [result.conf_low, result.conf_high] == pytest.approx(figures["confint"], rel=EXACT)
    back = correlation_difference(second, first)
    assert back.estimate == -result.estimate
    assert back.conf_low == pytest.approx(-result.conf_high)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), kind=st.sampled_from(["pearson", "spearman"]))
def test_is_symmetric_and_turns_with_a_variable(seed: int, kind: Kind) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 12))
    plain = correlation(x, y, kind)
    assert correlation(y, x, kind).estimate == pytest.approx(plain.estimate)
    turned = correlation(x, -3 * y + 1, kind)
    assert turned.estimate == pytest.approx(-plain.estimate)
    assert turned.conf_low == pytest.approx(-plain.conf_high)
    assert -1 <= plain.conf_low <= plain.estimate <= plain.conf_high <= 1


def test_has_no_figures_where_nothing_can_be_said() -> None:
    short = correlation([1, 2, 3], [3, 1, 2])
    flat = correlation([1, 1, 1, 1, 1], [3, 1, 2, 5, 4])
    figures = ["estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high"]
    assert np.isnan([getattr(r, name) for r in (short, flat) for name in figures]).all()
    assert short.n == 3
    perfect = correlation([1, 2, 3, 4], [2, 4, 6, 8])
    assert perfect.estimate == 1
    assert np.isnan(correlation_difference(perfect, short).p_value)


def test_refuses_missing_values_and_unknown_kinds() -> None:
    with pytest.raises(ValueError, match="finite"):
        correlation([1, np.nan, 2, 3], [1, 2, 3, 4])
    with pytest.raises(ValueError, match="one length"):
        correlation([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="one of"):
        correlation([1, 2, 3, 4], [1, 2, 3, 5], "somers")  # type: ignore[arg-type]
