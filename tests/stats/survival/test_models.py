import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.competing import cumulative_incidence
from alsutils.stats.hazards import (
    HazardFitError,
    cause_specific,
    cox,
    fine_gray,
    piecewise_exponential,
    quantile_cuts,
    royston_parmar,
    time_varying,
)
from alsutils.stats.survival import (
    TimesError,
    kaplan_meier,
    restricted_mean,
    restricted_time_lost,
    restricted_time_lost_difference,
)

EXACT = 1e-8  # both fits stop by a tolerance
OPTIMISER = 1e-6  # a general optimiser stops where the value is flat
TERMS = ["arm", "age"]


@pytest.fixture(scope="module")
def reference(from_r) -> dict:
    return from_r("models")


@pytest.fixture(scope="module")
def late(two: pd.DataFrame) -> pd.DataFrame:
    return two[two["time"] > 0]


def test_a_step_agrees_with_split_data_in_r(late, reference) -> None:
    expected = reference["step"]
    fit = time_varying(late["time"], late["event"], late[TERMS], "arm", cut=15)
    np.testing.assert_allclose(fit.frame["estimate"], expected["coef"][:2], rtol=EXACT)
    np.testing.assert_allclose(fit.frame["std_error"], expected["se"][:2], rtol=EXACT)
    assert fit.change.estimate == pytest.approx(expected["change"], rel=EXACT)
    assert fit.change.std_error == pytest.approx(expected["change_se"], rel=EXACT)
    assert fit.frame["events"].sum() == late["event"].sum()
    at = fit.at([3, 15, 15.1])
    assert at["estimate"].tolist() == fit.frame["estimate"].iloc[[0, 0, 1]].tolist()


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_a_line_in_log_time_agrees_with_r(late, reference, ties) -> None:
    expected = reference[f"line_{ties}"]
    fit = time_varying(late["time"], late["event"], late[TERMS], "arm", ties=ties)
    covariance = np.array(expected["vcov"])[np.ix_([0, 2], [0, 2])]
    np.testing.assert_allclose(fit.frame["estimate"], np.take(expected["coef"], [0, 2]), rtol=EXACT)
    np.testing.assert_allclose(fit.covariance, covariance, rtol=EXACT)
    at = fit.at([1.0, np.e])
    np.testing.assert_allclose(np.diff(at["estimate"]), fit.change.estimate)


def test_what_cannot_change_over_time_is_said(late) -> None:
    with pytest.raises(HazardFitError, match="two values"):
        time_varying(late["time"], late["event"], late[TERMS], "age")
    with pytest.raises(HazardFitError, match="no event after 99"):
        time_varying(late["time"], late["event"], late[TERMS], "arm", cut=99)


def test_piecewise_hazards_agree_with_poisson_regression(late, reference) -> None:
    expected = reference["piecewise"]
    fit = piecewise_exponential(late["time"], late["event"], late[TERMS], expected["cuts"])
    np.testing.assert_allclose(fit.frame["estimate"], expected["coef"], rtol=EXACT)
    np.testing.assert_allclose(fit.frame["std_error"], expected["se"], rtol=EXACT)
    for ours, theirs in (("hazard",) * 2, ("conf_low", "lower"), ("events",) * 2, ("time",) * 2):
        np.testing.assert_allclose(fit.baseline[ours], expected[theirs], rtol=EXACT)


def test_many_pieces_come_to_the_cox_model(data) -> None:
    many = np.unique(data["time"][data["event"] == 1])[:-1]
    fit = piecewise_exponential(data["time"], data["event"], data[["a1", "a2"]], many[many > 0])
    cox_fit = cox(data["time"], data["event"], data[["a1", "a2"]], ties="breslow")
    np.testing.assert_allclose(fit.frame["estimate"], cox_fit.frame["estimate"], atol=0.05)


def test_pieces_without_events_and_bad_cuts() -> None:
    time, event = [1.0, 2, 3, 9, 9, 9], [True, True, True, False, True, True]
    design = pd.DataFrame({"arm": [0, 1, 0, 1, 0, 1]})
    fit = piecewise_exponential(time, event, design, [3, 6])
    assert fit.baseline["hazard"].iloc[1] == 0
    assert fit.baseline["from_time"].tolist() == [0, 3, 6]
    assert fit.baseline["to_time"].tolist() == [3, 6, 9]
    assert fit.baseline["events"].tolist() == [3, 0, 2]
    assert fit.baseline["conf_low"].isna().tolist() == [False, True, False]
    with pytest.raises(TimesError, match="rising"):
        piecewise_exponential(time, event, design, [3, 2])
    np.testing.assert_allclose(quantile_cuts(time, event, 3), [7 / 3, 7])
    assert len(quantile_cuts([1, 2], [False, False], 4)) == 0


@pytest.mark.parametrize(
    ("name", "df", "changing"), [("df1", 1, ()), ("df3", 3, ()), ("changing", 2, ("arm",))]
)
def test_splines_agree_with_a_general_optimiser(late, reference, name, df, changing) -> None:
    expected = reference["spline"][name]
    fit = royston_parmar(late["time"], late["event"], late[TERMS], df, changing=changing)
    np.testing.assert_allclose(fit.frame["estimate"], expected["coef"], atol=OPTIMISER)
    np.testing.assert_allclose(fit.frame["std_error"], expected["se"], rtol=1e-4)
    assert fit.log_likelihood == pytest.approx(expected["loglik"], rel=EXACT)


def test_one_knot_less_is_the_weibull_model_of_survreg(late, reference) -> None:
    expected = reference["weibull"]
    fit = royston_parmar(late["time"], late["event"], late[TERMS], 1)
    np.testing.assert_allclose(fit.frame["estimate"], expected["coef"], rtol=1e-6)
    assert fit.log_likelihood == pytest.approx(expected["loglik"], rel=EXACT)
    shares = fit.survival({"arm": 1, "age": 60}, expected["times"])
    np.testing.assert_allclose(shares["estimate"], expected["survival"], rtol=1e-6)
    ratio = fit.hazard_ratio("arm", [2, 20])
    np.testing.assert_allclose(ratio["estimate"], fit.frame["estimate"][0])
    np.testing.assert_allclose(ratio["std_error"], fit.frame["std_error"][0])


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 9999), factor=st.sampled_from([0.1, 30.0]))
def test_models_know_neither_unit_nor_order(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    arm = np.arange(80) % 2 * 1.0
    time, stop = rng.weibull(1.3, 80) * np.exp(0.4 * arm) * 20 + 0.1, rng.uniform(5, 40, 80)
    event, seen = time <= stop, np.minimum(time, stop)
    order = rng.permutation(80)
    a, b = pd.DataFrame({"arm": arm}), pd.DataFrame({"arm": 1 - arm[order]})
    for fit in (
        lambda t, e, d, f: royston_parmar(t, e, d, 2).frame,
        lambda t, e, d, f: piecewise_exponential(t, e, d, np.array([5.0, 12.0]) * f).frame,
        lambda t, e, d, f: time_varying(t, e, d, "arm", cut=10 * f).frame,
        lambda t, e, d, f: fine_gray(t, e.astype(int), d).frame,
    ):
        plain, other = fit(seen, event, a, 1.0), fit(seen[order] * factor, event[order], b, factor)
        np.testing.assert_allclose(other["estimate"], -plain["estimate"], atol=1e-6)
        np.testing.assert_allclose(other["std_error"], plain["std_error"], rtol=1e-5)


def test_events_at_time_zero_are_named(two) -> None:
    zero = two.assign(event=np.where(two["time"] == 0, 1, two["event"]))
    with pytest.raises(HazardFitError, match="time 0"):
        royston_parmar(zero["time"], zero["event"], zero[TERMS])
    assert np.isfinite(
        time_varying(zero["time"], zero["event"], zero[TERMS], "arm").change.estimate
    )


@pytest.mark.parametrize(
    ("name", "terms", "cause"), [("one", TERMS, 1), ("two", [*TERMS, "limb"], 2)]
)
def test_subdistribution_hazards_agree_with_cmprsk(data, reference, name, terms, cause) -> None:
    expected = reference["fine_gray"][name]
    fit = fine_gray(data["time"], reference["kind"], data[terms], cause)
    np.testing.assert_allclose(fit.frame["estimate"], expected["coef"], rtol=EXACT)
    np.testing.assert_allclose(fit.frame["std_error"], expected["se"], rtol=EXACT)
    assert fit.null_log_likelihood == pytest.approx(expected["loglik"][0], rel=EXACT)
    assert fit.log_likelihood == pytest.approx(expected["loglik"][1], rel=EXACT)


def test_cause_specific_hazards_agree_with_r(data, reference) -> None:
    expected = reference["cause_specific"]
    fit = cause_specific(data["time"], reference["kind"], data[TERMS])
    np.testing.assert_allclose(fit.frame["estimate"], expected["coef"], rtol=EXACT)
    np.testing.assert_allclose(fit.frame["std_error"], expected["se"], rtol=EXACT)


def test_without_competing_events_the_subdistribution_is_the_cox_model(data) -> None:
    gray = fine_gray(data["time"], data["event"], data[TERMS])
    plain = cox(data["time"], data["event"], data[TERMS], ties="breslow")
    np.testing.assert_allclose(gray.frame["estimate"], plain.frame["estimate"], rtol=EXACT)


def test_subdistribution_intervals_cover() -> None:
    rng = np.random.default_rng(6)
    arm = np.arange(150) % 2 * 1.0
    design, trials, inside = pd.DataFrame({"arm": arm}), 250, 0
    for _ in range(trials):
        # Share with the event by t: 1 - (1 - 0.5 (1 - exp(-t)))^exp(0.5 arm), Fine and Gray's own.
        last = 1 - 0.5 ** np.exp(0.5 * arm)
        first = rng.random(150) < last
        u = rng.random(150) * last
        when = -np.log1p(-(1 - (1 - u) ** np.exp(-0.5 * arm)) / 0.5)
        when = np.where(first, when, rng.exponential(1, 150))
        stop = rng.uniform(0.3, 3, 150)
        kind = np.where(when > stop, 0, np.where(first, 1, 2))
        row = fine_gray(np.minimum(when, stop), kind, design).frame.iloc[0]
        inside += row["conf_low"] <= 0.5 <= row["conf_high"]
    assert inside / trials == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / trials))


def test_time_lost_agrees_with_survfit_and_adds_up(data, reference) -> None:
    expected, kind = reference["lost"], np.array(reference["kind"])
    lost = [restricted_time_lost(data["time"], kind, 24, cause) for cause in (1, 2)]
    curve = kaplan_meier(data["time"], kind > 0)
    left = restricted_mean(curve, 24)
    for i, figure in enumerate([left, *lost]):
        assert figure.estimate == pytest.approx(expected["mean"][i], rel=EXACT)
        assert figure.std_error == pytest.approx(expected["se"][i], rel=1e-6)
    assert left.estimate + sum(figure.estimate for figure in lost) == pytest.approx(24)
    incidence = cumulative_incidence(data["time"], kind).frame
    inside = incidence[incidence["time"] < 24]
    widths = np.diff(np.append(inside["time"], 24))
    assert lost[0].estimate == pytest.approx(float(inside["estimate"] @ widths))
    gap = restricted_time_lost_difference(lost[0], lost[1])
    assert gap.estimate == pytest.approx(lost[0].estimate - lost[1].estimate)
    with pytest.raises(TimesError, match="choose a shorter horizon"):
        restricted_time_lost([1, 2], [1, 0], 3)
