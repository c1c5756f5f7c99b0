import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from alsutils.stats.censored import (
    CensoredFitError,
    censored_regression,
    interval_regression,
    many_censored_fits,
)

REFERENCE = Path(__file__).parents[2] / "reference" / "mechanism"
ITERATION = 1e-6  # survreg stops by a relative change of the log-likelihood
SEARCH = 1e-5  # an optimiser without derivatives of its own
EXACT = 1e-9  # algebraic identities in double precision


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "censored.csv")


def bounds(figures: dict) -> tuple[np.ndarray, np.ndarray]:
    low, high = (np.array(figures[side], dtype=float) for side in ("low", "high"))
    return np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)


def design(data: pd.DataFrame) -> pd.DataFrame:
    return data[["base", "arm"]].assign(intercept=1.0)[["intercept", "base", "arm"]]


def test_agrees_with_survreg_on_all_kinds_of_intervals(data: pd.DataFrame) -> None:
    expected = json.loads((REFERENCE / "limits.json").read_text())["interval"]
    low, high = bounds(expected)
    fit = interval_regression(low, high, design(data), small_sample=False)
    kinds = (fit.n_below, fit.n_between, fit.n_above)
    assert min(kinds) >= 5
    assert fit.n - sum(kinds) == (low == high).sum()
    np.testing.assert_allclose(fit.coefficients, expected["coefficients"], rtol=ITERATION)
    np.testing.assert_allclose(fit.covariance, expected["covariance"], rtol=1e-5, atol=ITERATION)
    assert fit.sigma == pytest.approx(expected["sigma"], rel=ITERATION)
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood"], rel=EXACT)


def test_is_the_maximum_of_the_likelihood_written_out(data: pd.DataFrame) -> None:
    low, high = bounds(json.loads((REFERENCE / "limits.json").read_text())["interval"])
    X = design(data).to_numpy()
    seen = low == high

    def negative(point: np.ndarray) -> float:
        mean, sd = X @ point[:3], np.exp(point[3])
        chance = stats.norm.cdf(high, mean, sd) - stats.norm.cdf(low, mean, sd)
        density = stats.norm.logpdf(np.where(seen, low, 0), mean, sd)
        return -np.where(seen, density, np.log(np.where(seen, 1, chance))).sum()

    found = optimize.minimize(negative, np.zeros(4), method="BFGS", options={"gtol": 1e-7})
    fit = interval_regression(low, high, design(data), small_sample=False)
    np.testing.assert_allclose(fit.coefficients, found.x[:3], atol=SEARCH)
    assert fit.log_likelihood == pytest.approx(-found.fun, abs=1e-8)
    # Second differences of the same function give the information.
    at = np.append(fit.coefficients, np.log(fit.sigma))
    step = 1e-4 * np.eye(4)
    hessian = [
        [
            (
                negative(at + a + b)
                - negative(at + a - b)
                - negative(at - a + b)
                + negative(at - a - b)
            )
            / 4e-8
            for b in step
        ]
        for a in step
    ]
    np.testing.assert_allclose(fit.covariance, np.linalg.inv(hessian)[:3, :3], rtol=1e-4, atol=1e-7)


def test_narrow_intervals_are_exact_values(data: pd.DataFrame) -> None:
    y = data["exact"].to_numpy()
    exact = interval_regression(y, y, design(data))
    narrow = interval_regression(y - 1e-6, y + 1e-6, design(data))
    np.testing.assert_allclose(narrow.coefficients, exact.coefficients, atol=1e-6)
    assert narrow.n_between == len(y)


def test_far_tails_keep_their_digits() -> None:
    # Every censored value lies far above the mean that the others suggest.
    rng = np.random.default_rng(3)
    y = rng.normal(size=60)
    low, high = y.copy(), y.copy()
    low[:2], high[:2] = 9.0, 9.5
    high[2:4], low[2:4] = -9.0, -np.inf
    fit = interval_regression(low, high, pd.DataFrame({"one": np.ones(60)}))
    assert np.isfinite(fit.frame.to_numpy()[:, 1:].astype(float)).all()
    assert fit.sigma > 2


def test_many_fits_are_the_fits_one_by_one() -> None:
    rng = np.random.default_rng(11)
    X = np.column_stack([np.ones(24), np.repeat([0.0, 1.0], 12)])
    y = rng.normal(size=(30, 24)) + X[:, 1]
    low, high = np.where(y < 0.2, -np.inf, y), np.maximum(y, 0.2)
    many = many_censored_fits(low, high, X)
    frame = pd.DataFrame(X, columns=["one", "arm"])
    for i in range(30):
        single = interval_regression(low[i], high[i], frame)
        np.testing.assert_allclose(many.coefficients[i], single.coefficients, rtol=EXACT)
        np.testing.assert_allclose(many.std_error[i], single.frame["std_error"], rtol=EXACT)
    own = many_censored_fits(low, high, np.broadcast_to(X, (30, 24, 2)))
    np.testing.assert_allclose(own.coefficients, many.coefficients, rtol=EXACT)
    assert many.df == 22


def test_many_fits_leave_out_samples_without_a_maximum() -> None:
    X = np.column_stack([np.ones(8), np.repeat([0.0, 1.0], 4)])
    y = np.random.default_rng(1).normal(size=(3, 8))
    low = y.copy()
    low[1, :4] = -np.inf
    high = y.copy()
    low[2] = high[2] = 1.0
    many = many_censored_fits(low, high, X)
    assert many.converged.tolist() == [True, False, False]
    assert np.isnan(many.coefficients[1:]).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9999), shift=st.floats(-5, 5), scale=st.floats(0.1, 10))
def test_turning_the_axis_turns_the_intervals(seed: int, shift: float, scale: float) -> None:
    rng = np.random.default_rng(seed)
    y = rng.normal(size=30)
    X = pd.DataFrame({"one": 1.0, "x": rng.normal(size=30)})
    low, high = np.where(y < -0.5, -np.inf, y), np.where(y > 1, np.inf, np.maximum(y, -0.5))
    low = np.where(y > 1, 1.0, low)
    plain = interval_regression(low, high, X)
    turned = interval_regression(shift - scale * high, shift - scale * low, X)
    assert turned.coefficients[1] == pytest.approx(-scale * plain.coefficients[1], abs=1e-5 * scale)
    assert turned.sigma == pytest.approx(scale * plain.sigma, rel=1e-5)
    assert (turned.n_below, turned.n_above) == (plain.n_above, plain.n_below)


def test_says_what_is_wrong(data: pd.DataFrame) -> None:
    y, X = data["exact"].to_numpy(), design(data)
    with pytest.raises(ValueError, match="lower bound that does not exceed"):
        interval_regression(y + 1, y, X)
    with pytest.raises(ValueError, match="open on both sides"):
        interval_regression(np.full(60, -np.inf), np.full(60, np.inf), X)
    with pytest.raises(ValueError, match="finite"):
        interval_regression(np.where(y < 0, np.nan, y), y, X)
    with pytest.raises(CensoredFitError, match="0 values"):
        interval_regression(np.full(60, -np.inf), y, X)
    with pytest.raises(ValueError, match="do not fit a design"):
        many_censored_fits(y[None], y[None], np.ones((5, 1)))
    few = slice(0, 3)
    with pytest.raises(CensoredFitError, match="3 values"):
        censored_regression(y[few], [False] * 3, X[few])
