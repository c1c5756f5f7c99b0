"""Refits of large trials: their short ways give what the long ones do."""

import numpy as np
import pandas as pd
import pytest

from alsutils.stats.imputation import conditional_mean_imputation, reml


def test_weighted_sums_are_those_of_every_subject():
    rng = np.random.default_rng(1)
    members = np.array([0, 2, 4]), np.array([1, 3])
    outer = rng.normal(size=(3, 4 * 9)), rng.normal(size=(2, 4 * 9))
    masks, loadings = np.ones((2, 2), dtype=bool), np.zeros((6, 3))
    likelihood = reml.Likelihood(None, np.zeros(1), loadings, masks, members, outer)
    weights = rng.integers(0, 3, (5, 5)).astype(float)
    weights[0] = 1.0
    sums = reml.weighted_sums(likelihood, weights)
    for s, rows in enumerate(members):
        # the same arithmetic in another order
        assert sums.products[:, :, s].reshape(5, -1) == pytest.approx(
            weights[:, rows] @ outer[s], abs=1e-12
        )
        assert np.array_equal(sums.counts[:, s], weights[:, rows].sum(axis=1))


def test_a_search_without_the_curvature_of_the_determinant_ends_at_the_same_place(monkeypatch):
    rng = np.random.default_rng(3)
    n, visits = 300, 3
    y = rng.normal(size=(n, visits)) + rng.normal(size=(n, 1))
    y[np.arange(visits) >= rng.integers(1, 6, n)[:, None]] = np.nan
    arm = np.where(np.arange(n) % 2, "treated", "control")
    data = pd.DataFrame(
        {
            "subject": np.repeat(np.arange(n), visits),
            "visit": np.tile(np.arange(visits), n),
            "arm": pd.Categorical(np.repeat(arm, visits), ["control", "treated"]),
            "y": y.ravel(),
            "x": np.repeat(rng.normal(size=n), visits),
        }
    )
    names = ("y", "subject", "visit", "arm", ["x"])
    exact = conditional_mean_imputation(data, *names, strategy="J2R").frame
    monkeypatch.setattr(reml, "_MANY", 0)
    rough = conditional_mean_imputation(data, *names, strategy="J2R").frame
    assert rough["estimate"].to_numpy() == pytest.approx(exact["estimate"].to_numpy(), rel=1e-12)
    # Both searches stop within 1e-5 standard errors of each parameter of the same maximum.
    assert rough["std_error"].to_numpy() == pytest.approx(exact["std_error"].to_numpy(), rel=1e-6)
