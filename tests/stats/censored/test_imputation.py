import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alsutils.stats.censored import CensoredFitError, censored_regression, impute_censored
from alsutils.stats.imputation import rubins_rules

# Standard errors of the Monte Carlo mean within which it must come to the truth.
ERRORS = 4.0


def test_draws_come_from_the_posterior_predictive_distribution() -> None:
    # Nine values above 0 and four below it, one mean and one spread: the posterior on a grid.
    y = np.array([0.1, 0.3, 0.4, 0.7, 0.9, 1.1, 1.4, 1.9, 2.6])
    n_below = 4
    mean, log_sd = np.meshgrid(np.linspace(-6, 5, 700), np.linspace(-2, 2.5, 500), indexing="ij")
    sd = np.exp(log_sd)
    # A prior of 1 / variance is flat in the logarithm of the standard deviation.
    log_post = n_below * stats.norm.logcdf(-mean / sd)
    log_post += stats.norm.logpdf(y[:, None, None], mean, sd).sum(axis=0)
    weight = np.exp(log_post - log_post.max())
    z = -mean / sd
    # Mean of a normal value known to be below 0, and the same squared.
    hazard = np.exp(stats.norm.logpdf(z) - stats.norm.logcdf(z))
    first = mean - sd * hazard
    second = mean**2 + sd**2 - sd * hazard * mean
    expected = (weight * first).sum() / weight.sum()
    spread = np.sqrt((weight * second).sum() / weight.sum() - expected**2)

    low = np.append(y, [-np.inf] * n_below)
    drawn = impute_censored(
        low, np.append(y, [0.0] * n_below), np.ones((13, 1)), np.random.default_rng(1), 4000, 60
    ).completed[:, 9:]
    by_chain = drawn.mean(axis=1)
    assert by_chain.mean() == pytest.approx(expected, abs=ERRORS * by_chain.std() / np.sqrt(4000))
    assert drawn.std() == pytest.approx(spread, rel=0.06)
    assert (drawn <= 0).all()


def test_several_columns_help_each_other() -> None:
    rng = np.random.default_rng(5)
    n = 200
    y = rng.multivariate_normal([0, 0, 0], 0.2 * np.eye(3) + 0.8, size=n)
    low, high = y.copy(), y.copy()
    hidden = np.zeros((n, 3), bool)
    hidden[:60, 1] = True
    low[hidden], high[hidden] = -np.inf, np.inf
    under = (y[:, 2] < -0.6) & ~hidden[:, 2]
    low[under, 2], high[under, 2] = -np.inf, -0.6
    drawn = impute_censored(low, high, np.ones((n, 1)), rng, 200, 60)
    assert (drawn.n_missing, drawn.n_censored) == (60, int(under.sum()))
    assert drawn.completed.shape == (200, n, 3)
    guess = drawn.completed.mean(axis=0)[hidden]
    # The regression on the other two columns leaves a standard deviation of about 0.47.
    assert np.sqrt(np.mean((guess - y[hidden]) ** 2)) < 0.62
    assert (drawn.completed[:, under, 2] <= -0.6).all()
    seen = low == high
    assert (drawn.completed[:, seen] == y[seen]).all()


def test_pooled_estimates_come_close_to_the_likelihood() -> None:
    rng = np.random.default_rng(8)
    n = 400
    arm = np.repeat([0.0, 1.0], n // 2)
    y = 0.5 * arm + rng.normal(size=n)
    low = y < -0.2
    X = np.column_stack([np.ones(n), arm])
    drawn = impute_censored(
        np.where(low, -np.inf, y), np.maximum(y, -0.2), X, rng, 200, 60
    ).completed
    groups = drawn[:, arm == 1], drawn[:, arm == 0]
    gap = groups[0].mean(axis=1) - groups[1].mean(axis=1)
    variance = sum(g.var(axis=1, ddof=1) / g.shape[1] for g in groups)
    pooled = rubins_rules(gap, variance, n - 2).frame.iloc[0]
    fit = censored_regression(
        np.maximum(y, -0.2), low, pd.DataFrame(X, columns=["one", "arm"])
    ).frame.iloc[1]
    # Different estimators of one thing: far closer to each other than their standard error.
    assert pooled["estimate"] == pytest.approx(fit["estimate"], abs=0.15 * fit["std_error"])
    assert pooled["std_error"] == pytest.approx(fit["std_error"], rel=0.05)


def test_same_seed_same_values_and_nothing_to_draw() -> None:
    low = np.array([-np.inf, 1.0, 2.0, 2.5, 4.0])
    high = np.array([0.5, 1.0, 2.0, 2.5, 4.0])
    one, two = (
        impute_censored(low, high, np.ones((5, 1)), np.random.default_rng(3), 6, 20).completed
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, two)
    whole = impute_censored(high, high, np.ones((5, 1)), np.random.default_rng(3), 2)
    assert (whole.completed == high).all()
    assert whole.n_censored == 0


def test_says_what_is_wrong() -> None:
    rng = np.random.default_rng(1)
    X = np.column_stack([np.ones(6), np.repeat([0.0, 1.0], 3)])
    y = rng.normal(size=6)
    with pytest.raises(CensoredFitError, match="column 1 do not determine"):
        impute_censored(np.where(X[:, 1] == 1, -np.inf, y), y, X, rng)
    with pytest.raises(CensoredFitError, match="3 subjects are too few"):
        impute_censored(np.ones((3, 2)), np.ones((3, 2)), X[1:4], rng)
    two = np.column_stack([np.arange(6.0), 2 * np.arange(6.0)])
    low = np.where(two < 0.5, -np.inf, two)
    with pytest.raises(CensoredFitError, match="columns determine each other"):
        impute_censored(low, np.maximum(two, 0.5), X, rng)
    with pytest.raises(ValueError, match="do not fit a design"):
        impute_censored(y, y, X[:5], rng)
    with pytest.raises(ValueError, match="exceeds"):
        impute_censored(y + 1, y, X, rng)
