import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alsutils.stats.mediation import (
    EFFECTS,
    MediationError,
    mediation,
    mediation_sensitivity,
    mediation_simulation,
)

REFERENCE = Path(__file__).parents[2] / "reference" / "mechanism"
EXACT = 1e-8
DERIVATIVE = 1e-6  # R's derivatives of the delta method are differences
SEARCH = 1e-5  # R maximises the likelihood without derivatives


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads((REFERENCE / "mediation.json").read_text())


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "mediation.csv")


def columns(data: pd.DataFrame) -> tuple[pd.Series, ...]:
    return data["y"], data["m"], data["t"], data["x"]


@pytest.mark.parametrize("interaction", [True, False])
def test_effects_and_delta_errors_agree_with_r(
    expected: dict, data: pd.DataFrame, interaction: bool
) -> None:
    found = mediation(*columns(data), interaction)
    figures = expected["interaction" if interaction else "plain"]
    np.testing.assert_allclose(found.frame["estimate"], figures["estimate"], rtol=EXACT)
    np.testing.assert_allclose(found.frame["std_error"], figures["std_error"], rtol=DERIVATIVE)
    assert found.frame["effect"].tolist() == list(EFFECTS)
    assert (found.n, found.n_dropped) == (64, 0)


def test_without_interaction_the_total_is_that_of_a_regression(
    expected: dict, data: pd.DataFrame
) -> None:
    rows = mediation(*columns(data), interaction=False).frame.set_index("effect")["estimate"]
    assert rows["total"] == pytest.approx(expected["total_by_regression"], rel=EXACT)
    assert rows["indirect"] + rows["direct"] == pytest.approx(rows["total"])
    assert rows["indirect_control"] == pytest.approx(rows["indirect_treated"])


def test_bootstrap_errors_agree_with_r_on_the_same_samples(
    expected: dict, data: pd.DataFrame
) -> None:
    found = mediation(
        *columns(data), interval="bootstrap", resamples=expected["bootstrap"]["indices"]
    )
    np.testing.assert_allclose(
        found.frame["std_error"], expected["bootstrap"]["std_error"], rtol=EXACT
    )
    assert found.undefined == 0


def test_bootstrap_and_delta_tell_the_same(data: pd.DataFrame) -> None:
    delta = mediation(*columns(data)).frame.set_index("effect")
    drawn = mediation(*columns(data), interval="bootstrap", rng=np.random.default_rng(1)).frame
    again = mediation(*columns(data), interval="bootstrap", rng=np.random.default_rng(1)).frame
    assert drawn.equals(again)
    drawn = drawn.set_index("effect")
    for effect in ("total", "indirect", "direct"):
        assert drawn.at[effect, "std_error"] == pytest.approx(
            delta.at[effect, "std_error"], rel=0.2
        )
        assert drawn.at[effect, "conf_low"] < drawn.at[effect, "estimate"]
        assert (drawn.at[effect, "p_value"] < 0.05) == (delta.at[effect, "p_value"] < 0.05)


def test_sensitivity_is_the_maximum_of_the_likelihood(expected: dict, data: pd.DataFrame) -> None:
    y, m, t, x = columns(data)
    figures = expected["sensitivity"]
    found = mediation_sensitivity(
        y, m, t, np.random.default_rng(1), x, rhos=figures["rho"], n_resamples=200
    )
    for column, effect in enumerate(("indirect_control", "indirect_treated")):
        rows = found.frame[found.frame["effect"] == effect]
        reference = np.array(figures["indirect"])[:, column]
        np.testing.assert_allclose(rows["estimate"], reference, rtol=SEARCH)
        assert (rows["conf_low"] < rows["estimate"]).all()
        assert (rows["estimate"] < rows["conf_high"]).all()


def test_sensitivity_at_zero_is_the_analysis_and_ends_at_nothing(data: pd.DataFrame) -> None:
    y, m, t, x = columns(data)
    rows = mediation(y, m, t, x).frame.set_index("effect")["estimate"]
    first = mediation_sensitivity(y, m, t, np.random.default_rng(1), x, n_resamples=50)
    at_zero = first.frame[first.frame["rho"] == 0].set_index("effect")["estimate"]
    for effect in at_zero.index:
        assert at_zero[effect] == pytest.approx(rows[effect])
    zero = first.zero.set_index("effect")
    again = mediation_sensitivity(
        y, m, t, np.random.default_rng(1), x, rhos=zero["rho"].tolist(), n_resamples=50
    ).frame
    for i, effect in enumerate(zero.index):
        part = again[again["effect"] == effect]["estimate"].to_numpy()
        assert part[i] == pytest.approx(0, abs=1e-12)
    assert (zero["r2_residual"] == zero["rho"] ** 2).all()
    assert (zero["r2_total"] < zero["r2_residual"]).all()


def test_the_right_rho_takes_confounding_out() -> None:
    rng, n, rho = np.random.default_rng(2), 200_000, 0.5
    t = np.arange(n) % 2
    cause, e1, e2 = rng.normal(size=(3, n))
    m = 0.6 * t + np.sqrt(rho) * cause + np.sqrt(1 - rho) * e1
    y = 0.3 * t + 0.0 * m + np.sqrt(rho) * cause + np.sqrt(1 - rho) * e2
    naive = mediation(y, m, t, interaction=False).frame.set_index("effect")
    assert naive.at["indirect", "estimate"] > 0.25
    found = mediation_sensitivity(y, m, t, rng, interaction=False, rhos=[rho], n_resamples=2)
    # The truth is 0; four standard errors of a product of two estimates.
    assert found.frame["estimate"].iloc[0] == pytest.approx(0, abs=0.01)
    assert found.zero["rho"].iloc[0] == pytest.approx(rho, abs=0.01)


def test_effects_are_those_of_the_model_that_made_the_data() -> None:
    rng, n = np.random.default_rng(3), 100_000
    t = np.arange(n) % 2
    m = 2 + 0.5 * t + rng.normal(size=n)
    y = 0.2 * t + 0.4 * m + 0.3 * t * m + rng.normal(size=n)
    rows = mediation(y, m, t).frame.set_index("effect")
    truth = {
        "indirect_control": 0.2, "indirect_treated": 0.35, "indirect": 0.275,
        "direct_control": 0.8, "direct_treated": 0.95, "direct": 0.875, "total": 1.15,
        "proportion": 0.275 / 1.15,
    }  # fmt: skip
    for effect, value in truth.items():
        gap = abs(rows.at[effect, "estimate"] - value)
        assert gap < 4 * rows.at[effect, "std_error"], effect
        assert rows.at[effect, "std_error"] < 0.02


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9999), unit=st.floats(0.01, 100), shift=st.floats(-50, 50))
def test_units_rows_and_arms(seed: int, unit: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    t = np.arange(24) % 2
    m = 0.5 * t + rng.normal(size=24)
    y = 0.4 * m + 0.2 * t * m + rng.normal(size=24)
    plain = mediation(y, m, t).frame.set_index("effect")
    order = rng.permutation(24)
    scaled = mediation((3 * y)[order], (unit * m + shift)[order], t[order]).frame
    scaled = scaled.set_index("effect")
    kept = [e for e in EFFECTS if e != "proportion"]
    np.testing.assert_allclose(
        scaled.loc[kept, "estimate"], 3 * plain.loc[kept, "estimate"], rtol=1e-6, atol=1e-7
    )
    np.testing.assert_allclose(
        scaled.loc[kept, "std_error"], 3 * plain.loc[kept, "std_error"], rtol=1e-6
    )
    swapped = mediation(y, m, 1 - t).frame.set_index("effect")
    assert swapped.at["total", "estimate"] == pytest.approx(-plain.at["total", "estimate"])
    assert swapped.at["indirect_control", "estimate"] == pytest.approx(
        -plain.at["indirect_treated", "estimate"]
    )


def test_paths_are_the_coefficients(data: pd.DataFrame) -> None:
    found = mediation(*columns(data))
    rows = found.paths.set_index("path")
    a, b, ab = (
        rows.at[name, "estimate"]
        for name in ("treatment on mediator", "mediator on outcome", "treatment by mediator")
    )
    effects = found.frame.set_index("effect")["estimate"]
    assert a * b == pytest.approx(effects["indirect_control"])
    assert a * (b + ab) == pytest.approx(effects["indirect_treated"])
    plain = mediation(*columns(data), interaction=False).paths
    assert plain["estimate"].isna().sum() == 1


def test_simulated_trials_find_what_is_there_and_what_is_not() -> None:
    found = mediation_simulation(
        np.random.default_rng(4), n_per_arm=(25, 100), n_trials=1200
    ).frame.set_index(["scenario", "n_per_arm"])
    margin = 3 * np.sqrt(0.05 * 0.95 / 1200)
    assert found.at[("mediated", 100), "mean_estimate"] == pytest.approx(0.15, abs=0.01)
    assert found.at[("mediated", 25), "found"] < 0.4 < found.at[("mediated", 100), "found"]
    assert found.at[("mediated", 100), "covered"] > 0.95 - margin - 0.02
    # With a large effect on the mediator the test is that of the slope alone.
    assert found.at[("not mediated", 100), "found"] < 0.05 + margin
    assert found.at[("not mediated", 100), "truth"] == 0
    # The total effect is found by a t-test, with what passes by way of the mediator and without.
    for scenario, effect, variance in (("mediated", 0.45, 1.09), ("not mediated", 0.3, 1.0)):
        away = effect / np.sqrt(variance * 2 / 100)
        power = stats.nct.sf(stats.t.isf(0.025, 198), 198, away)
        assert found.at[(scenario, 100), "total_found"] == pytest.approx(power, abs=2 * margin)
    # A slope of rho without any mediation: the estimate is as large as the true one.
    assert found.at[("confounded", 100), "mean_estimate"] == pytest.approx(0.15, abs=0.01)
    assert found.at[("confounded", 100), "found"] > 0.8


def test_simulated_figures_are_those_of_the_analysis() -> None:
    from alsutils.stats.mediation.simulation import _trials

    rng = np.random.default_rng(5)
    state = rng.bit_generator.state
    a, a_error, b, b_error, total, total_error = _trials(rng, 15, (0.5, 0.3, 0.2), 0.0, 1)[:, 0]
    rng.bit_generator.state = state
    m = rng.standard_normal((2, 1, 15))
    e = rng.standard_normal((2, 1, 15))
    m[1] += 0.5
    y = 0.3 * m + e
    y[1] += 0.2
    found = mediation(y.ravel(), m.ravel(), np.repeat([0, 1], 15), interaction=False)
    rows = found.paths.set_index("path")
    assert rows.at["treatment on mediator", "estimate"] == pytest.approx(a)
    assert rows.at["treatment on mediator", "std_error"] == pytest.approx(a_error)
    assert rows.at["mediator on outcome", "estimate"] == pytest.approx(b)
    assert rows.at["mediator on outcome", "std_error"] == pytest.approx(b_error)
    assert found.frame.at[0, "estimate"] == pytest.approx(total)
    assert total_error > 0


def test_too_few_patients_are_named() -> None:
    y, m, t = np.arange(8.0), np.arange(8.0)[::-1] ** 2, np.arange(8) % 2
    with pytest.raises(MediationError, match="control arm"):
        mediation(y, m, np.ones(8))
    with pytest.raises(MediationError, match="too few different values"):
        mediation(y[:3], m[:3], t[:3])
    with pytest.raises(MediationError, match="0 complete patients"):
        mediation(np.full(8, np.nan), m, t)
    with pytest.raises(MediationError, match="outcome is the same"):
        mediation(np.full(8, 5.0), m, t)
    with pytest.raises(MediationError, match="too few for"):
        mediation(y, m, t, np.random.default_rng(1).normal(size=(8, 4)))
    with pytest.raises(MediationError, match="determine each other"):
        mediation(np.arange(20.0), np.arange(20.0) ** 2, np.arange(20) % 2, np.arange(20) ** 2)
    with pytest.raises(ValueError, match="one of each"):
        mediation(y, m[:3], t)
    with pytest.raises(ValueError, match="give rng"):
        mediation(y, m, t, interval="bootstrap")
    with pytest.raises(ValueError, match="interval must be"):
        mediation(y, m, t, interval="exact")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="rho must lie"):
        mediation_sensitivity(y, m, t, np.random.default_rng(1), rhos=[1.0])
    with pytest.raises(ValueError, match="four patients"):
        mediation_simulation(np.random.default_rng(1), n_per_arm=(2,))


def test_missing_values_are_left_out(data: pd.DataFrame) -> None:
    gaps = data.copy()
    gaps.loc[[2, 5], "y"] = np.nan
    gaps.loc[9, "x"] = np.nan
    found = mediation(*columns(gaps))
    assert (found.n, found.n_dropped) == (61, 3)
    whole = mediation(*columns(data.drop(index=[2, 5, 9])))
    np.testing.assert_allclose(found.frame["estimate"], whole.frame["estimate"])
