import numpy as np
import pandas as pd
import pytest

from alsutils.stats.censoring import tipping_censoring, weibull_curve
from alsutils.stats.hazards import HazardFitError, cox
from alsutils.stats.hazards.many import cox_many
from alsutils.stats.survival import TimesError, kaplan_meier, survival_at
from alsutils.stats.survival.times import Times

EXACT = 1e-7
END = 24.0


def trial(seed: int, n: int = 200, ratio: float = 0.6):
    """Events in two arms, and leaving that has nothing to do with them."""
    rng = np.random.default_rng(seed)
    treated = np.arange(n) % 2 == 1
    death = rng.weibull(1.3, n) * 18 * np.where(treated, ratio ** (-1 / 1.3), 1)
    stop = np.minimum(rng.exponential(30, n), END)
    return np.minimum(death, stop), death <= stop, treated, death


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_many_fits_are_those_of_one_at_a_time(ties: str) -> None:
    rng = np.random.default_rng(1)
    time, event = rng.integers(0, 20, (12, 40)).astype(float), rng.random((12, 40)) < 0.6
    treated = np.arange(40) % 2 == 1
    many = cox_many(time, event, treated, ties)
    for i in range(12):
        row = cox(time[i], event[i], pd.DataFrame({"a": treated * 1.0}), ties=ties).frame.iloc[0]
        assert many.estimate[i] == pytest.approx(row["estimate"], abs=EXACT)
        assert many.std_error[i] == pytest.approx(row["std_error"], rel=EXACT)


def test_data_sets_without_an_estimate_or_with_fewer_people() -> None:
    time = np.array([[1.0, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], [3, 1, 2, 4, np.nan, np.nan]])
    event = np.array([[1, 0, 1, 0, 1, 0], [1, 1, 0, 1, 1, 1], [1, 1, 1, 1, 0, 0]], bool)
    treated = np.arange(6) % 2 == 1
    many = cox_many(time, event, treated)
    assert np.isnan(many.estimate[0])  # nobody treated had the event
    few = cox([3, 1, 2, 4], [True] * 4, pd.DataFrame({"a": treated[:4] * 1.0})).frame.iloc[0]
    assert many.estimate[2] == pytest.approx(few["estimate"], abs=EXACT)
    with pytest.raises(TimesError, match="one row a data set"):
        cox_many([1.0, 2.0], [True, True], [True, False])


@pytest.mark.parametrize("method", ["kaplan-meier", "weibull"])
def test_leaving_like_staying_gives_what_censoring_gives(method: str) -> None:
    time, event, treated, _ = trial(3, 600)
    plain = cox(time, event, pd.DataFrame({"a": treated * 1.0})).frame.iloc[0]
    rng = np.random.default_rng(0)
    found = tipping_censoring(time, event, treated, END, [1.0], rng, method=method)
    row = found.frame.iloc[0]
    assert row["estimate"] == pytest.approx(plain["estimate"], abs=0.05)
    assert row["std_error"] == pytest.approx(plain["std_error"], rel=0.12)
    assert found.doubted == int((~event & (time < END)).sum())


def test_worse_fates_of_the_treated_move_the_ratio_one_way() -> None:
    time, event, treated, _ = trial(4)
    deltas = np.geomspace(0.5, 8, 9)
    kind = {"n_imputations": 50}
    up = tipping_censoring(time, event, treated, END, deltas, np.random.default_rng(0), **kind)
    down = tipping_censoring(
        time, event, treated, END, deltas, np.random.default_rng(0), arm="control", **kind
    )
    again = tipping_censoring(time, event, treated, END, deltas, np.random.default_rng(0), **kind)
    assert (np.diff(up.frame["estimate"]) > 0).all()
    assert (np.diff(up.frame["imputed"]) > 0).all()
    assert (np.diff(down.frame["estimate"]) < 0).all()
    pd.testing.assert_frame_equal(up.frame, again.frame)
    p = up.frame["p_value"]
    assert p.iloc[0] < 0.05 < p.iloc[-1]
    place = np.searchsorted(deltas, up.tipping)
    assert p.iloc[place - 1] < 0.05 < p.iloc[place]


def test_swapping_the_arms_turns_the_ratio() -> None:
    time, event, treated, _ = trial(5)
    plain = tipping_censoring(time, event, treated, END, [2.0], np.random.default_rng(0))
    other = tipping_censoring(
        time, event, ~treated, END, [2.0], np.random.default_rng(0), arm="control"
    )
    # The arms are drawn in another order, so only the imputations' mean is the same.
    assert plain.frame["estimate"][0] == pytest.approx(-other.frame["estimate"][0], abs=0.03)


def test_imputed_events_are_as_many_as_the_hazard_asks() -> None:
    """With a constant hazard the chance to have the event by the end is known."""
    rng = np.random.default_rng(1)
    n = 4000
    treated, stop = np.arange(n) % 2 == 1, np.full(n, 8.0)
    death = rng.exponential(20, n)
    stop[rng.random(n) < 0.5] = END
    time, event = np.minimum(death, stop), death <= stop
    left = ~event & (time < END)
    for method in ("kaplan-meier", "weibull"):
        found = tipping_censoring(
            time, event, treated, END, [0.5, 1, 3], rng, arm="both", method=method, n_imputations=10
        )
        wanted = 1 - np.exp(-np.array([0.5, 1, 3]) * (END - 8) / 20)
        np.testing.assert_allclose(found.frame["imputed"] / left.sum(), wanted, atol=0.03)


def test_weibull_curve_agrees_with_survreg(two, from_r) -> None:
    expected = from_r("censoring")
    positive = two[two["time"] > 0]
    given = Times(positive["time"].to_numpy(float), positive["event"].to_numpy(bool))
    theta, covariance = weibull_curve(given)
    np.testing.assert_allclose(theta, expected["theta"], rtol=1e-6)
    np.testing.assert_allclose(covariance, expected["covariance"], rtol=1e-5)


def test_what_cannot_be_imputed_is_named() -> None:
    rng = np.random.default_rng(0)
    time, event, treated, _ = trial(6)
    with pytest.raises(TimesError, match="nobody was censored before"):
        tipping_censoring(time, np.ones_like(event), treated, END, [1.0], rng)
    with pytest.raises(TimesError, match="above 0"):
        tipping_censoring(time, event, treated, END, [0.0], rng)
    with pytest.raises(TimesError, match="both with somebody"):
        tipping_censoring(time, event, np.ones_like(treated), END, [1.0], rng)
    none = event & treated
    with pytest.raises(HazardFitError, match="Weibull"):
        tipping_censoring(time, none, treated, END, [1.0], rng, method="weibull")
    silent = tipping_censoring(time, none, treated, END, [1.0], rng)
    assert silent.frame["p_value"].isna().all()
    assert np.isnan(silent.tipping)


def test_a_curve_is_not_drawn_beyond_its_last_patient() -> None:
    time, event, treated, _ = trial(7)
    early = np.minimum(time, 12.0)
    found = tipping_censoring(
        early, event & (time <= 12), treated, 100.0, [1.0, 50.0], np.random.default_rng(0)
    )
    # Nobody gets an event after month 12, however large the hazard.
    assert found.frame["imputed"].iloc[1] <= (~event | (time > 12)).sum()
    curve = kaplan_meier(early, event & (time <= 12))
    assert np.isnan(survival_at(curve, 13).estimate)
