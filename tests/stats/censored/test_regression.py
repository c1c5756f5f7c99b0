import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alsutils.stats.censored import (
    CensoredFitError,
    censored_regression,
    many_censored_fits,
)

REFERENCE = Path(__file__).parents[2] / "reference" / "mechanism"
ITERATION = 1e-6  # survreg stops by a relative change of the log-likelihood
EXACT = 1e-9  # algebraic identities in double precision
# 1000 trials: the standard error of a coverage of 95% is 0.7 points; three of them
COVERAGE = 0.021


@pytest.fixture(scope="module")
def reference() -> dict:
    return json.loads((REFERENCE / "mechanism.json").read_text())


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "censored.csv")


def design(data: pd.DataFrame) -> pd.DataFrame:
    return data[["base", "arm"]].assign(intercept=1.0)[["intercept", "base", "arm"]]


def test_agrees_with_survreg(reference: dict, data: pd.DataFrame) -> None:
    fit = censored_regression(data["value"], data["below"], design(data), small_sample=False)
    expected = reference["tobit"]
    assert 0.1 < data["below"].mean() < 0.6
    np.testing.assert_allclose(fit.coefficients, expected["coefficients"], rtol=ITERATION)
    np.testing.assert_allclose(
        fit.covariance, expected["covariance"], rtol=ITERATION, atol=ITERATION
    )
    assert fit.sigma == pytest.approx(expected["sigma"], rel=ITERATION)
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood"], rel=EXACT)


def test_without_values_below_is_least_squares(reference: dict, data: pd.DataFrame) -> None:
    fit = censored_regression(data["exact"], np.zeros(len(data), bool), design(data)).frame
    expected = reference["least_squares"]
    for column in ("std_error", "p_value"):
        np.testing.assert_allclose(fit[column], expected[column], rtol=EXACT)
    np.testing.assert_allclose(fit["estimate"], expected["coefficients"], rtol=EXACT)
    np.testing.assert_allclose(fit[["conf_low", "conf_high"]], expected["confint"], rtol=EXACT)


@settings(max_examples=25, deadline=None)
@given(shift=st.floats(-20, 20), scale=st.floats(0.05, 20), seed=st.integers(0, 999))
def test_follows_the_unit_of_measurement_and_the_order_of_rows(
    shift: float, scale: float, seed: int
) -> None:
    data = pd.read_csv(REFERENCE / "censored.csv")
    plain = censored_regression(data["value"], data["below"], design(data)).frame
    mixed = data.sample(frac=1, random_state=seed)
    moved = censored_regression(shift + scale * mixed["value"], mixed["below"], design(mixed)).frame
    slopes = ["estimate", "std_error", "conf_low", "conf_high"]
    np.testing.assert_allclose(
        moved.loc[1:, slopes], scale * plain.loc[1:, slopes], rtol=1e-5, atol=1e-6
    )


def test_swapping_the_arms_changes_the_sign(data: pd.DataFrame) -> None:
    plain = censored_regression(data["value"], data["below"], design(data)).frame
    swapped = design(data).assign(arm=1 - data["arm"])
    other = censored_regression(data["value"], data["below"], swapped).frame
    assert other.at[2, "estimate"] == pytest.approx(-plain.at[2, "estimate"], rel=ITERATION)
    assert other.at[2, "conf_low"] == pytest.approx(-plain.at[2, "conf_high"], rel=ITERATION)


@pytest.mark.parametrize("share", [0.3, 0.55])
def test_interval_covers_the_truth_with_small_groups(share: float) -> None:
    rng = np.random.default_rng(7)
    trials, n, effect = 1000, 50, 0.4
    arm = np.repeat([0.0, 1.0], n // 2)
    base = rng.normal(size=(trials, n))
    y = base + effect * arm + rng.normal(size=(trials, n))
    limit = np.sqrt(2) * {0.3: -0.524, 0.55: 0.126}[share] + effect / 2
    X = np.stack([np.ones((trials, n)), base, np.broadcast_to(arm, (trials, n))], axis=2)
    fits = many_censored_fits(np.where(y < limit, -np.inf, y), np.maximum(y, limit), X)
    reach = stats.t.ppf(0.975, fits.df) * fits.std_error[:, 2]
    covered = np.abs(fits.coefficients[:, 2] - effect) <= reach
    assert covered.mean() == pytest.approx(0.95, abs=COVERAGE)


def test_names_the_group_that_is_wholly_below(data: pd.DataFrame) -> None:
    below = data["below"].astype(bool) | (data["arm"] == 1)
    with pytest.raises(CensoredFitError, match="arm"):
        censored_regression(data["value"], below, design(data))


def test_refuses_too_few_values_above_and_wrong_inputs(data: pd.DataFrame) -> None:
    with pytest.raises(CensoredFitError, match="0 values above the limit"):
        censored_regression(data["value"], np.ones(len(data), bool), design(data))
    with pytest.raises(CensoredFitError, match="no spread"):
        censored_regression(np.ones(9), np.zeros(9, bool), pd.DataFrame({"one": np.ones(9)}))
    with pytest.raises(ValueError, match="one row a measurement"):
        censored_regression([1.0], [False], design(data))
    with pytest.raises(ValueError, match="finite"):
        censored_regression(data["value"].where(data["below"] == 0), data["below"], design(data))
