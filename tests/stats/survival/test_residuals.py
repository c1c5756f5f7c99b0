import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.hazards import (
    cox,
    cox_residuals,
    firth_cox,
    functional_form,
    proportionality_test,
    schoenfeld,
)

EXACT = 1e-8  # the same sums; the coefficients agree to about 1e-9
TERMS = ["arm", "age"]

CASES = {
    "efron": {},
    "breslow": {"ties": "breslow"},
    "stratified": {"strata": "onset"},
    "late": {"entry": True},
}


@pytest.fixture(scope="module")
def reference(from_r) -> dict:
    return from_r("cox")


def fitted(two: pd.DataFrame, reference: dict, case: str):
    how = dict(CASES[case])
    group = two[two["time"] > 0] if how.pop("entry", False) else two
    ties = how.pop("ties", "efron")
    if "strata" in how:
        how["strata"] = group["onset"]
    if case == "late":
        how["entry"] = reference["entry"]
    fit = cox(group["time"], group["event"], group[TERMS], ties=ties, **how)
    return group, fit, how


@pytest.mark.parametrize("case", list(CASES))
def test_residuals_agree_with_r(two: pd.DataFrame, reference: dict, case: str) -> None:
    group, fit, how = fitted(two, reference, case)
    expected = reference["residuals"][case]
    found = cox_residuals(group["time"], group["event"], group[TERMS], fit, **how)
    np.testing.assert_allclose(found.frame["martingale"], expected["martingale"], atol=EXACT)
    np.testing.assert_allclose(found.frame["deviance"], expected["deviance"], atol=1e-7)
    np.testing.assert_allclose(found.dfbeta, expected["dfbeta"], atol=EXACT)


@pytest.mark.parametrize("case", ["efron", "breslow", "late"])
def test_schoenfeld_residuals_agree_with_r(two, reference, case: str) -> None:
    group, fit, how = fitted(two, reference, case)
    expected = reference["residuals"][case]
    frame = schoenfeld(group["time"], group["event"], group[TERMS], fit, **how).frame
    for j, term in enumerate(TERMS):
        ours = frame[frame["term"] == term].reset_index(drop=True)
        np.testing.assert_allclose(ours["time"], expected["times"])
        for column, name in (("residual", "schoenfeld"), ("scaled", "scaled")):
            theirs = pd.DataFrame({"time": expected["times"], name: np.array(expected[name])[:, j]})
            # Tied events have no order of their own.
            a = ours.sort_values(["time", column])[column]
            b = theirs.sort_values(["time", name])[name]
            np.testing.assert_allclose(a, b, atol=1e-7)


@pytest.mark.parametrize("transform", ["km", "rank", "identity"])
def test_proportionality_on_each_scale_agrees_with_r(two, reference, transform: str) -> None:
    group, fit, _ = fitted(two, reference, "efron")
    test = proportionality_test(
        group["time"], group["event"], group[TERMS], fit, transform=transform
    )
    np.testing.assert_allclose(test.frame["statistic"], reference["zph"][transform], rtol=1e-6)


def test_stratified_proportionality_agrees_with_r(two, reference) -> None:
    group, fit, how = fitted(two, reference, "stratified")
    test = proportionality_test(group["time"], group["event"], group[TERMS], fit, **how)
    np.testing.assert_allclose(test.frame["statistic"], reference["zph_stratified"], rtol=1e-6)


def test_smooth_hazard_ratio_is_the_natural_spline_of_r(two, reference) -> None:
    group, fit, _ = fitted(two, reference, "efron")
    curve = schoenfeld(group["time"], group["event"], group[TERMS], fit).smooth
    curve, expected = curve[curve["term"] == "arm"], reference["smooth"]
    theirs = np.interp(curve["position"], expected["position"], expected["estimate"])
    # Between two events R's curve is drawn straight here.
    np.testing.assert_allclose(curve["estimate"], theirs, atol=0.02)
    assert (curve["conf_low"] < curve["estimate"]).all()
    assert curve["time"].is_monotonic_increasing


def test_null_residuals_agree_with_r_and_show_a_bend(two, reference) -> None:
    found = functional_form(two["time"], two["event"], two["age"])
    np.testing.assert_allclose(found.frame["residual"], reference["null"], atol=EXACT)
    rng = np.random.default_rng(1)
    x = rng.uniform(-2, 2, 2000)
    time = rng.exponential(1 / np.exp(x**2))
    curve = functional_form(time, np.ones(2000, bool), x).smooth.set_index("value")["estimate"]
    ends, middle = curve.iloc[[0, -1]].mean(), curve[abs(curve.index) < 0.2].mean()
    assert ends > middle + 0.5


def test_residuals_add_to_nothing_and_influence_is_that_of_leaving_out(two) -> None:
    fit = cox(two["time"], two["event"], two[TERMS])
    found = cox_residuals(two["time"], two["event"], two[TERMS], fit)
    assert found.frame["martingale"].sum() == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(found.dfbeta.sum(axis=0), 0, atol=1e-8)
    error = fit.frame["std_error"].to_numpy()
    np.testing.assert_allclose(found.dfbetas * error, found.dfbeta)
    assert len(found.influence(3)) == 3 * len(TERMS)
    worst = found.influence(1).set_index("term").loc["arm"]
    kept = np.arange(len(two)) != worst["person"]
    left = two[kept]
    without = cox(left["time"], left["event"], left[TERMS])
    moved = fit.frame["estimate"][0] - without.frame["estimate"][0]
    assert moved == pytest.approx(worst["dfbeta"], rel=0.25)  # a first-order approximation


@pytest.mark.parametrize(
    ("name", "terms", "ties"),
    [
        ("plain", ["arm"], "breslow"),
        ("efron", ["arm", "limb"], "efron"),
        ("adjusted", ["arm", "limb"], "breslow"),
        ("silent", ["arm"], "breslow"),
    ],
)
def test_firth_agrees_with_a_general_optimiser(two, reference, name, terms, ties) -> None:
    expected = reference["firth"][name]
    event = two["event"].astype(bool)
    if name == "silent":
        event = event & (two["arm"] == 1)
    fit = firth_cox(two["time"], event, two[terms], ties=ties)
    # The optimiser stops by the value, which is flat to second order at the maximum.
    for ours, theirs in (("estimate", "coef"), ("conf_low", "lower"), ("conf_high", "upper")):
        np.testing.assert_allclose(fit.frame[ours], np.ravel(expected[theirs]), atol=2e-6)
    np.testing.assert_allclose(fit.frame["std_error"], np.ravel(expected["se"]), rtol=1e-5)
    np.testing.assert_allclose(fit.frame["statistic"], np.ravel(expected["statistic"]), atol=1e-7)
    assert fit.log_likelihood == pytest.approx(expected["loglik"], rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 9999))
def test_firth_is_finite_whoever_has_the_events(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time = rng.integers(1, 20, 24).astype(float)
    event = np.zeros(24, bool)
    event[np.argsort(time)[: rng.integers(1, 4)]] = True
    design = pd.DataFrame({"arm": np.arange(24) % 2 * 1.0})
    fit, swapped = (firth_cox(time, event, d).frame.iloc[0] for d in (design, 1 - design))
    assert np.isfinite(fit["estimate"])
    assert fit["estimate"] == pytest.approx(-swapped["estimate"], abs=1e-6)
    assert fit["conf_low"] < fit["estimate"] < fit["conf_high"]
    # Either both exclude 0 or neither: the interval is that of the test.
    assert (fit["p_value"] < 0.05) == (not fit["conf_low"] <= 0 <= fit["conf_high"])


def test_firth_is_less_biased_than_the_maximum() -> None:
    rng = np.random.default_rng(4)
    arm = np.arange(40) % 2 * 1.0
    design = pd.DataFrame({"arm": arm})
    plain, penalised = [], []
    for _ in range(150):
        time, stop = rng.exponential(np.exp(1.2 * arm) * 10), rng.uniform(2, 12, 40)
        event = time <= stop
        if len(np.unique(arm[event])) < 2:
            continue
        seen = np.minimum(time, stop)
        plain.append(cox(seen, event, design).frame["estimate"][0])
        penalised.append(firth_cox(seen, event, design).frame["estimate"][0])
    assert abs(np.mean(penalised) + 1.2) < abs(np.mean(plain) + 1.2)
