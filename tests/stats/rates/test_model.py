"""Rate ratios by regression, against MASS::glm.nb and glm in R, and by simulation."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alsutils.stats.rates import NEGATIVE_BINOMIAL, POISSON, rate_model
from alsutils.stats.rates.model import NO_EVENT, NOT_OVERDISPERSED

REFERENCE = Path(__file__).parents[2] / "reference" / "safety"
# glm.nb alternates between the coefficients and the dispersion; both stop within about 1e-9.
ALTERNATING = 1e-7
LIKELIHOOD = 1e-11

COUNTS = pd.read_csv(REFERENCE / "counts.csv")
MODELS = pd.read_csv(REFERENCE / "models.csv", skipinitialspace=True)
CASES = [tuple(row) for row in MODELS.itertuples(index=False)]


def fitted(name, strata):
    stratum = COUNTS["site"] if strata else None
    return rate_model(COUNTS[name], COUNTS["months"], COUNTS["arm"] == 1, stratum)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def test_agrees_with_r(case):
    name, strata, log_ratio, log_error, dispersion, log_likelihood = case
    found = fitted(name, strata)
    assert np.log(found.estimate) == pytest.approx(log_ratio, rel=ALTERNATING)
    assert found.std_error == pytest.approx(log_error, rel=ALTERNATING)
    assert found.dispersion == pytest.approx(dispersion, rel=ALTERNATING)
    assert found.log_likelihood == pytest.approx(log_likelihood, rel=LIKELIHOOD)
    half = stats.norm.isf(0.025) * log_error
    limits = np.exp([log_ratio - half, log_ratio + half])
    np.testing.assert_allclose([found.conf_low, found.conf_high], limits, rtol=ALTERNATING)
    known = 2 * stats.norm.sf(abs(log_ratio / log_error))
    assert found.p_value == pytest.approx(known, rel=10 * ALTERNATING)
    assert found.family == (NEGATIVE_BINOMIAL if dispersion > 0 else POISSON)
    assert found.note == ("" if dispersion > 0 else NOT_OVERDISPERSED)


def test_both_families_were_compared():
    assert set(MODELS["dispersion"] > 0) == {True, False}


def test_swapping_arms_shuffling_rows_and_other_units_change_nothing():
    here = fitted("varied", True)
    rows = COUNTS.sample(frac=1, random_state=3)
    there = rate_model(rows["varied"], rows["months"] * 30.4, rows["arm"] == 0, rows["site"])
    assert here.estimate == pytest.approx(1 / there.estimate)
    assert here.conf_low == pytest.approx(1 / there.conf_high)
    assert here.dispersion == pytest.approx(there.dispersion)
    assert here.frame["n"].tolist() == [len(COUNTS)]


def test_poisson_ratio_is_that_of_the_rates():
    found = rate_model([1, 2, 3, 1, 1, 2], [1, 2, 3, 2, 2, 4], [1, 1, 1, 0, 0, 0])
    assert found.family == POISSON
    assert found.estimate == pytest.approx((6 / 6) / (4 / 8))
    assert found.std_error == pytest.approx(np.sqrt(1 / 6 + 1 / 4))


def test_a_stratum_without_events_is_left_out():
    more = pd.concat([COUNTS, COUNTS.head(8).assign(site="empty", varied=0)])
    found = rate_model(more["varied"], more["months"], more["arm"] == 1, more["site"])
    assert found.estimate == pytest.approx(fitted("varied", True).estimate)
    assert found.n == len(COUNTS)


def test_an_arm_without_events_has_no_ratio():
    found = rate_model([0, 0, 3, 1], [1, 1, 2, 2], [1, 1, 0, 0])
    assert found.note == NO_EVENT
    assert np.isnan([found.estimate, found.p_value, found.conf_high]).all()


@pytest.mark.parametrize(
    ("events", "time", "treated"),
    [([1, 2], [1.0, 0.0], [1, 0]), ([1, -2], [1.0, 1.0], [1, 0]), ([1, 2], [1.0], [1, 0])],
)
def test_bad_input_is_named(events, time, treated):
    with pytest.raises(ValueError, match=r"above 0|expected one of each"):
        rate_model(events, time, treated)


def test_the_interval_covers_where_poissons_would_not():
    rng = np.random.default_rng(7)
    trials, n, ratio = 300, 160, 1.6
    treated = np.arange(n) % 2 == 0
    time = rng.uniform(1, 9, (trials, n))
    own = rng.gamma(1.25, 0.8, (trials, n))  # dispersion 0.8
    events = rng.poisson(0.7 * time * own * np.where(treated, ratio, 1))
    fits = [rate_model(y, t, treated) for y, t in zip(events, time, strict=True)]
    covered = np.mean([fit.conf_low <= ratio <= fit.conf_high for fit in fits])
    # Four simulation errors of a share of 0.95 in 300 trials.
    assert abs(covered - 0.95) < 0.05
    assert {fit.family for fit in fits} == {NEGATIVE_BINOMIAL}
    assert np.mean([fit.dispersion for fit in fits]) == pytest.approx(0.8, abs=0.05)
    narrow = np.sqrt(1 / events[:, treated].sum(1) + 1 / events[:, ~treated].sum(1))
    gap = np.log([fit.estimate for fit in fits]) - np.log(ratio)
    assert np.mean(np.abs(gap) < 1.96 * narrow) < 0.8
