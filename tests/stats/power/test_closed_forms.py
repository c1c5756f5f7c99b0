"""Power and sample size against R, statsmodels, published tables and simulation."""

import doctest
import importlib
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies
from scipy import stats
from statsmodels.stats.power import NormalIndPower, TTestIndPower
from statsmodels.stats.proportion import power_proportions_2indep

from alsutils.stats.power import (
    HazardTest,
    Level,
    MeanTest,
    ShareTest,
    SlopeSpread,
    ancova,
    change_score,
    compound_symmetry,
    detectable_effect,
    events_needed,
    events_power,
    given_baseline,
    mean_of_visits,
    mmrm,
    pooled_sd,
    power_of_events,
    sample_size,
    slope_spread,
    slope_test,
)
from alsutils.stats.power.repeated import patient_sd

FOLDER = Path(__file__).parents[2] / "reference" / "power"
R = json.loads((FOLDER / "closed_forms.json").read_text())

NONCENTRAL = 1e-9  # R and boost both stop at about this
INTEGRATED = 1e-7  # R's quadrature of the covariates' imbalance
EXACT = 1e-10  # the same formula on both sides
SOLVED = 1e-6  # relative; R's uniroot stops there
FITTED = 2e-4  # relative; two optimisers of one flat likelihood
MODULES = ("events", "level", "means", "planning", "proportions", "repeated", "slopes")


def rows(name):
    return [pytest.param(row, id=str(i)) for i, row in enumerate(R[name])]


def monte_carlo(power, trials):
    """Three standard errors of a simulated share."""
    return 3 * math.sqrt(power * (1 - power) / trials)


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_right(name):
    assert doctest.testmod(importlib.import_module(f"alsutils.stats.power.{name}")).failed == 0


# Two means


@pytest.mark.parametrize("case", rows("means"))
def test_power_of_a_t_test_is_that_of_pwr(case):
    level = Level(case["alpha"], case["sides"])
    found = MeanTest(1, level=level).power(case["d"], case["n0"], case["n1"])
    assert found == pytest.approx(case["power"], abs=NONCENTRAL)


@pytest.mark.parametrize("case", rows("means_needed"))
def test_sample_size_is_that_of_power_t_test(case):
    test = MeanTest(case["sd"], level=Level(sides=case["sides"]))
    found = sample_size(test, case["delta"], case["power"])
    assert (found.n_control, found.n_treated) == (math.ceil(case["n"]),) * 2
    fraction = test.power(case["delta"], case["n"], case["n"])
    assert fraction == pytest.approx(case["power"], abs=SOLVED)


@pytest.mark.parametrize("case", rows("means_found"))
def test_detectable_differences_agree_with_r(case):
    test = MeanTest(case["sd"])
    found = detectable_effect(test, case["n0"], case["n1"], case["power"])
    assert found == pytest.approx(case["difference"], rel=SOLVED)
    assert test.power(found, case["n0"], case["n1"]) == pytest.approx(case["power"])
    down = detectable_effect(test, case["n0"], case["n1"], case["power"], upward=False)
    assert down == pytest.approx(-found)


@pytest.mark.parametrize("ratio", [0.5, 1, 3])
def test_power_is_that_of_statsmodels(ratio):
    effect, n0 = np.array([0.1, 0.5, 1.2]), 24
    ours = MeanTest(2).power(2 * effect, n0, ratio * n0)
    theirs = TTestIndPower().power(effect, n0 * ratio, 0.05, ratio=1 / ratio)
    np.testing.assert_allclose(ours, theirs, atol=NONCENTRAL)
    normal = MeanTest(2, statistic="normal").power(2 * effect, n0, ratio * n0)
    expected = NormalIndPower().power(effect, n0 * ratio, 0.05, ratio=1 / ratio)
    np.testing.assert_allclose(normal, expected, atol=EXACT)


def test_unequal_spread_is_close_to_welchs_test_by_simulation():
    case = R["welch"][0]
    test = MeanTest(case["sd0"], case["sd1"], statistic="welch")
    found = test.power(case["d"], case["n0"], case["n1"])
    assert found == pytest.approx(case["power"], abs=monte_carlo(case["power"], case["trials"]))


def test_power_stays_right_far_out():
    # scipy's distribution function is missing for some of these.
    effects = np.array([0, 5, 9, 20, 39, 57.5, 1e3, -57.5])
    power = MeanTest(1).power(effects, 4, 4)
    assert power[0] == pytest.approx(0.05)
    np.testing.assert_allclose(power[1:], 1, atol=1e-4)
    assert np.isfinite(MeanTest(1).power(np.linspace(0, 80, 400), 2, 3)).all()


# Covariates


@pytest.mark.parametrize("case", rows("ancova"))
def test_ancova_agrees_with_quadrature_in_r(case):
    found = ancova(1, case["rho"], case["k"]).power(case["d"], case["n0"], case["n1"])
    assert found == pytest.approx(case["power"], abs=INTEGRATED)


@pytest.mark.parametrize("case", rows("ancova_simulated"))
def test_ancova_agrees_with_simulated_trials(case):
    found = ancova(1, case["rho"]).power(case["d"], case["n0"], case["n1"])
    assert found == pytest.approx(case["power"], abs=monte_carlo(case["power"], case["trials"]))


def test_change_and_value_have_one_analysis_of_covariance():
    sd, sd_baseline, rho = 5.0, 4.0, 0.7
    change = change_score(sd, sd_baseline, rho)
    of_change = (rho * sd - sd_baseline) / change.sd  # correlation of the change with the baseline
    assert ancova(change.sd, of_change).sd == pytest.approx(ancova(sd, rho).sd)


def test_subtracting_the_baseline_helps_only_where_it_correlates_enough():
    assert change_score(4, 4, 0.4).sd > 4 > change_score(4, 4, 0.6).sd > ancova(4, 0.6).sd


# Several visits


def test_patterns_of_leaving_count_as_patient_by_patient_in_r():
    case = R["repeated"]
    n, root = case["n"], math.sqrt(case["n"])
    covariance, retention = np.array(case["covariance"]), case["retention"]
    found = mmrm(covariance, retention).sd / root
    assert found == pytest.approx(case["last_visit"], abs=EXACT)
    assert mean_of_visits(covariance, retention).sd / root == pytest.approx(case["mean"], abs=EXACT)
    assert n == 40


def test_mmrm_agrees_with_gls_on_simulated_trials():
    case, repeated = R["mmrm_simulated"], R["repeated"]
    seen = np.array([40, 34, 30, 22]) / 40
    found = mmrm(repeated["covariance"], seen).power(case["delta"], case["n"], case["n"])
    assert found == pytest.approx(case["power"], abs=monte_carlo(case["power"], case["trials"]))


# Lu, Luo and Chen 2008, table 2, with the digits that the tests of R's longpower give: inflation by
# drop-out that rises evenly to the last of J visits, by J, the share lost at the end, and the
# correlation of first and last visit.
LU_CORRELATIONS = (0, 0.1, 0.3, 0.5, 0.7, 0.9)
LU = {
    (2, 0.1): (1.111, 1.110, 1.101, 1.083, 1.057, 1.021),
    (2, 0.4): (1.667, 1.660, 1.607, 1.500, 1.340, 1.127),
    (4, 0.1): (1.111, 1.101, 1.083, 1.063, 1.040, 1.014),
    (4, 0.4): (1.667, 1.590, 1.475, 1.354, 1.222, 1.077),
}


@pytest.mark.parametrize("case", LU)
def test_inflation_by_drop_out_is_the_published_one(case):
    visits, lost = case
    lag = np.abs(np.subtract.outer(range(visits), range(visits)))
    for correlation, printed in zip(LU_CORRELATIONS, LU[case], strict=True):
        first_order = (correlation ** (1 / (visits - 1))) ** lag
        plan = mmrm(first_order, np.linspace(1, 1 - lost, visits))
        assert plan.sd**2 == pytest.approx(printed, abs=0.0005)


# Diggle, Liang and Zeger 1994, page 30: patients an arm for the mean of three visits, one-sided
# level 5 %, power 80 %, by correlation and difference in standard deviations.
DIGGLE_MEANS = {
    0.2: {0.2: 145, 0.3: 65, 0.4: 37, 0.5: 24},
    0.5: {0.2: 207, 0.3: 92, 0.4: 52, 0.5: 33},
    0.8: {0.2: 268, 0.3: 120, 0.4: 67, 0.5: 43},
}
# Page 29: for a difference of 0.5 in slopes over the times 0, 2 and 5, by correlation and variance.
DIGGLE_SLOPES = {
    0.2: {100: 313, 200: 625, 300: 938},
    0.5: {100: 196, 200: 391, 300: 586},
    0.8: {100: 79, 200: 157, 300: 235},
}
ONE_SIDED = Level(sides=1)


def known(plan):
    """The same plan as a normal test, as in the book's tables."""
    return MeanTest(plan.sd, statistic="normal", level=ONE_SIDED)


@pytest.mark.parametrize("correlation", DIGGLE_MEANS)
def test_mean_of_visits_gives_the_published_numbers(correlation):
    plan = known(mean_of_visits(compound_symmetry(1, correlation, 3)))
    found = {d: sample_size(plan, d).n_control for d in DIGGLE_MEANS[correlation]}
    assert found == DIGGLE_MEANS[correlation]


@pytest.mark.parametrize("correlation", DIGGLE_SLOPES)
def test_slopes_give_the_published_numbers(correlation):
    for variance, printed in DIGGLE_SLOPES[correlation].items():
        spread = SlopeSpread(
            slope=0,
            residual=math.sqrt(variance * (1 - correlation)),
            intercept=math.sqrt(variance * correlation),
        )
        assert sample_size(known(slope_test([0, 2, 5], spread)), 0.5).n_control == printed


def test_the_baseline_held_equal_is_a_regression():
    rng = np.random.default_rng(4)
    factor = rng.normal(size=(4, 4))
    s = factor @ factor.T + np.eye(4)
    precision = np.linalg.inv(s)
    np.testing.assert_allclose(np.linalg.inv(given_baseline(s)), precision[1:, 1:])


def test_one_visit_without_drop_out_is_the_t_test():
    plan = mmrm([[9.0]])
    assert plan == MeanTest(3.0)
    lost = mmrm([[9.0]], [0.64])
    assert lost.sd == pytest.approx(3 / 0.8)


def test_arms_may_lose_different_shares():
    s = compound_symmetry(2, 0.5, 2)
    one = mmrm(s, [1, 0.9], [1, 0.6])
    assert one.sd == pytest.approx(mmrm(s, [1, 0.9]).sd)
    assert one.sd_treated == pytest.approx(mmrm(s, [1, 0.6]).sd)


@pytest.mark.parametrize("retention", [[1, 1.1], [0.8, 0.9], [1, 0], [1, 0.5, 0.2]])
def test_impossible_shares_are_refused(retention):
    with pytest.raises(ValueError, match=r"retention|last visit|square"):
        mmrm(np.eye(2), retention)


# Slopes


def test_slopes_with_drop_out_count_as_patient_by_patient_in_r():
    case = R["repeated"]
    design = np.column_stack([np.ones(4), case["times"]])
    found = patient_sd(case["covariance"], case["retention"], design, [0, 1])
    assert found / math.sqrt(case["n"]) == pytest.approx(case["slope"], abs=EXACT)


def test_complete_slopes_have_the_textbook_variance():
    times = np.array([0, 1, 2, 4, 6])
    squares = ((times - times.mean()) ** 2).sum()
    for intercept, correlation in ((0, 0), (5, -0.4)):
        spread = SlopeSpread(0.6, 1.1, intercept, correlation)
        expected = 0.6**2 + 1.1**2 / squares
        assert slope_test(times, spread).sd ** 2 == pytest.approx(expected)


def test_who_leaves_tells_of_the_slope_what_their_own_visits_do():
    # With parallel lines at any height, a patient counts by the squares of the times seen.
    times = np.array([0.0, 1, 2, 4, 6])
    seen, three = ((t - t.mean()) @ (t - t.mean()) for t in (times, times[:3]))
    spread = SlopeSpread(slope=1e-6, residual=1.1, intercept=1e4)
    plan = slope_test(times, spread, retention=[1, 1, 1, 0.7, 0.7])
    assert plan.sd**2 == pytest.approx(1.1**2 / (0.7 * seen + 0.3 * three), rel=1e-5)


def test_spread_of_lines_agrees_with_lme4():
    data = pd.read_csv(FOLDER / "lines.csv")
    before = data.copy()
    found = slope_spread(data.sample(frac=1, random_state=2), "y", "id", "t", "arm")
    pd.testing.assert_frame_equal(data, before)
    for name in ("slope", "residual", "intercept", "correlation"):
        assert getattr(found, name) == pytest.approx(R["lines"][name], rel=FITTED)


def test_lines_scale_with_the_units():
    data = pd.read_csv(FOLDER / "lines.csv")
    one = slope_spread(data, "y", "id", "t", "arm")
    moved = data.assign(y=1000 * data["y"], t=30 * data["t"])
    other = slope_spread(moved, "y", "id", "t", "arm")
    assert other.slope == pytest.approx(1000 / 30 * one.slope, rel=FITTED)
    assert other.residual == pytest.approx(1000 * one.residual, rel=FITTED)


def test_hardly_any_patient_has_no_lines():
    data = pd.read_csv(FOLDER / "lines.csv").query("id <= 2")
    with pytest.raises(ValueError, match="cannot be fitted"):
        slope_spread(data.groupby("id").head(1), "y", "id", "t", "arm")


# Shares


@pytest.mark.parametrize("case", rows("shares"))
def test_shares_agree_with_power_prop_test(case):
    difference = case["p1"] - case["p0"]
    two, one = ShareTest(case["p0"]), ShareTest(case["p0"], level=ONE_SIDED)
    n = case["n"]
    assert two.power(difference, n, n) == pytest.approx(case["two"], abs=EXACT)
    assert one.power(difference, n, n) == pytest.approx(case["one"], abs=EXACT)
    needed = sample_size(two, difference, power=0.9)
    assert needed.n_control == math.ceil(case["needed"])


@pytest.mark.parametrize("case", rows("shares_unequal"))
def test_unequal_arms_agree_with_rpact(case):
    test = ShareTest(case["p0"], level=Level(0.025, 1))
    control = case["total"] / (1 + case["ratio"])
    found = test.power(case["p1"] - case["p0"], control, case["ratio"] * control)
    assert found == pytest.approx(0.8, abs=SOLVED)


@pytest.mark.parametrize("difference", [-0.2, 0.05, 0.4])
def test_shares_agree_with_statsmodels(difference):
    theirs = power_proportions_2indep(difference, 0.3, 40, ratio=1.5).power
    assert ShareTest(0.3).power(difference, 60, 40) == pytest.approx(theirs, abs=EXACT)


def test_walds_test_supposes_no_equal_shares():
    error = math.sqrt(0.3 * 0.7 / 40 + 0.5 * 0.5 / 60)
    z = stats.norm.isf(0.025)
    expected = stats.norm.sf(z - 0.2 / error) + stats.norm.cdf(-z - 0.2 / error)
    assert ShareTest(0.3, "unpooled").power(0.2, 40, 60) == pytest.approx(expected)


@pytest.mark.parametrize("case", rows("fisher"))
def test_fishers_power_is_that_of_every_table(case):
    test = ShareTest(case["p0"], "fisher", Level(sides=case["sides"]))
    found = test.power(case["p1"] - case["p0"], case["n0"], case["n1"])
    assert found == pytest.approx(case["power"], abs=EXACT)


@pytest.mark.parametrize("case", rows("fisher_needed"))
def test_fishers_sample_size_is_the_first_that_does(case):
    test = ShareTest(case["p0"], "fisher")
    found = sample_size(test, case["p1"] - case["p0"], case["power"])
    assert found.n_control == case["n"]


def test_fishers_level_is_kept():
    test = ShareTest(0.3, "fisher")
    assert (test.power(0.0, np.arange(5, 60), 40) <= 0.05).all()


# Times to an event


@pytest.mark.parametrize("case", rows("survival"))
def test_events_and_patients_agree_with_rpact(case):
    level = Level(0.025, 1)
    share = case["allocation"] / (1 + case["allocation"])
    events = events_needed(case["ratio"], 0.9, share, level)
    assert events == pytest.approx(case["events"], rel=SOLVED)
    plan = HazardTest(0.04, follow_up=12, accrual=18, loss=case["loss"], level=level)
    control = case["patients"] / (1 + case["allocation"])
    treated = case["allocation"] * control
    assert plan.events(case["ratio"], control, treated) == pytest.approx(events, rel=SOLVED)
    power = plan.power(case["ratio"], control, treated)
    assert power == pytest.approx(0.9, abs=SOLVED)
    found = sample_size(plan, case["ratio"], 0.9, ratio=case["allocation"])
    assert found.n_control == math.ceil(control - 1e-6)


@pytest.mark.parametrize("case", rows("event_share"))
def test_share_with_an_event_is_the_integral(case):
    plan = HazardTest(case["hazard"], case["follow"], case["accrual"], case["loss"])
    assert plan.event_share() == pytest.approx(case["share"], abs=EXACT)


def test_without_accrual_the_share_is_exponential():
    assert HazardTest(0.03, 24).event_share() == pytest.approx(1 - math.exp(-0.72))


def test_events_and_power_turn_each_other_round():
    events = events_needed(0.7, 0.8, 0.4)
    assert events_power(0.7, events, 0.4) == pytest.approx(0.8, abs=1e-6)
    assert events_power(1 / 0.7, events, 0.4) == pytest.approx(0.8, abs=1e-6)
    detectable = detectable_effect(HazardTest(0.03, 24, 12), 100, 140, upward=False)
    assert HazardTest(0.03, 24, 12).power(detectable, 100, 140) == pytest.approx(0.8)


def test_power_of_events_is_schoenfelds():
    # equal groups, hazard ratio 0.7, 80%: 247 events is the textbook figure
    result = power_of_events(247, 0.5, 0.7)
    assert math.ceil(result.events_needed) == 247
    assert result.power == pytest.approx(0.8, abs=0.001)
    assert result.detectable_ratio == pytest.approx(0.7, abs=0.001)
    assert power_of_events(0, 0.5, 0.7).power == pytest.approx(0.05)
    swapped = power_of_events(50, 0.7, 1 / 0.7).power
    assert power_of_events(50, 0.3, 0.7).power == pytest.approx(swapped, abs=EXACT)
    with pytest.raises(ValueError, match="not 1"):
        power_of_events(10, 0.5, 1)
    with pytest.raises(ValueError, match="between 0 and 1"):
        power_of_events(10, 1, 0.7)


# What holds for every test

PLANS = [
    (MeanTest(3), 2.0),
    (MeanTest(2, 5, statistic="welch"), -2.0),
    (ancova(3, 0.5, covariates=2), 1.5),
    (ShareTest(0.3), 0.2),
    (ShareTest(0.3, "unpooled"), -0.2),
    (HazardTest(0.03, 12, 6), 0.6),
]
by_plan = pytest.mark.parametrize(("plan", "effect"), PLANS)


@by_plan
def test_one_patient_less_would_not_do(plan, effect):
    found = sample_size(plan, effect, 0.85, ratio=1.5, dropout=0.2, arms=3)
    assert found.power >= 0.85
    assert found.n_treated == math.ceil(1.5 * found.n_control)
    fewer = found.n_control - 1
    assert plan.power(effect, fewer, math.ceil(1.5 * fewer)) < 0.85
    assert found.enrolled_control * 0.8 >= found.n_control
    assert (found.enrolled_control - 1) * 0.8 < found.n_control
    assert found.total == found.enrolled_control + 2 * found.enrolled_treated
    assert found.frame["total"].item() == found.total


@by_plan
def test_the_detectable_effect_turns_power_round(plan, effect):
    upward = effect > plan.effects.none
    found = detectable_effect(plan, 70, 90, 0.8, upward)
    assert (found > plan.effects.none) == upward
    assert plan.power(found, 70, 90) == pytest.approx(0.8)


@by_plan
def test_without_an_effect_power_is_the_level(plan, effect):
    assert plan.power(effect, 40, 60) > 0.05
    assert plan.power(plan.effects.none, 40, 60) == pytest.approx(0.05)
    assert math.isnan(detectable_effect(plan, 40, 60, power=0.04))


@pytest.mark.parametrize(
    "plan", [MeanTest(3), ancova(3, 0.4), ShareTest(0.3), HazardTest(0.03, 12)]
)
def test_comparisons_share_the_level(plan):
    shared = type(plan)(**{**plan.__dict__, "level": Level(comparisons=3)})
    alone = type(plan)(**{**plan.__dict__, "level": Level(0.05 / 3)})
    effect = 0.2 if isinstance(plan, ShareTest) else 0.7
    assert shared.power(effect, 30, 30) == alone.power(effect, 30, 30)
    assert shared.power(effect, 30, 30) < plan.power(effect, 30, 30)


@pytest.mark.parametrize("plan", [MeanTest(3), ancova(3, 0.4), HazardTest(0.03, 12)])
def test_power_rises_with_effect_and_patients(plan):
    effects = np.linspace(0, 3, 40) if plan.effects.none == 0 else np.exp(np.linspace(0, 2, 40))
    assert (np.diff(plan.power(effects, 20, 30)) >= -1e-12).all()
    n = np.arange(4, 300)
    assert (np.diff(plan.power(1.7, n, n)) >= -1e-12).all()


sizes = strategies.integers(4, 400)
shares = strategies.floats(0.02, 0.98)


@given(sd=strategies.floats(0.1, 50), effect=strategies.floats(-5, 5), n0=sizes, n1=sizes)
def test_swapped_arms_have_the_same_power_for_means(sd, effect, n0, n1):
    for plan in (MeanTest(sd), ancova(sd, 0.6)):
        here, there = plan.power(effect, n0, n1), plan.power(-effect, n1, n0)
        assert here == pytest.approx(there, abs=EXACT)


@given(p0=shares, p1=shares, n0=strategies.integers(4, 40), n1=strategies.integers(4, 40))
def test_swapped_arms_have_the_same_power_for_shares(p0, p1, n0, n1):
    for method in ("pooled", "unpooled", "fisher"):
        here = ShareTest(p0, method).power(p1 - p0, n0, n1)
        there = ShareTest(p1, method).power(p0 - p1, n1, n0)
        turned = ShareTest(1 - p0, method).power(p0 - p1, n0, n1)
        assert here == pytest.approx(there, abs=1e-9)
        assert here == pytest.approx(turned, abs=1e-9)


@given(hazard=strategies.floats(0.01, 1), ratio=strategies.floats(0.2, 5), n0=sizes, n1=sizes)
def test_swapped_arms_have_the_same_power_for_events(hazard, ratio, n0, n1):
    here = HazardTest(hazard, 6, 12, 0.02).power(ratio, n0, n1)
    there = HazardTest(hazard * ratio, 6, 12, 0.02).power(1 / ratio, n1, n0)
    assert here == pytest.approx(there, abs=EXACT)


@given(hazard=strategies.floats(0.01, 1), unit=strategies.floats(0.01, 400))
def test_the_unit_of_time_does_not_matter(hazard, unit):
    one = HazardTest(hazard, 6, 12, 0.02).power(0.7, 80, 90)
    other = HazardTest(hazard / unit, 6 * unit, 12 * unit, 0.02 / unit).power(0.7, 80, 90)
    assert one == pytest.approx(other, abs=1e-9)


def test_units_do_not_matter():
    power = MeanTest(3.0).power(2.0, 25, 31)
    assert MeanTest(3e6).power(2e6, 25, 31) == pytest.approx(power)
    assert detectable_effect(MeanTest(3e-6), 25, 31, power) == pytest.approx(2e-6)


@pytest.mark.parametrize("plan", [MeanTest(0), MeanTest(2)])
@pytest.mark.parametrize("sizes", [(1, 10), (10, 1)])
def test_what_cannot_be_computed_is_missing(plan, sizes):
    assert np.isnan(plan.power(1.0, *sizes))
    assert math.isnan(detectable_effect(plan, *sizes))
    assert math.isnan(detectable_effect(MeanTest(0), 10, 10))


def test_arms_too_small_for_any_difference_of_shares_find_none():
    assert math.isnan(detectable_effect(ShareTest(0.9, "fisher"), 8, 8))


@pytest.mark.parametrize(
    "wrong",
    [
        {"effect": 0},
        {"power": 1},
        {"ratio": 0},
        {"dropout": 1},
        {"arms": 1},
        {"effect": 1e-9},
    ],
)
def test_what_cannot_be_asked_is_refused(wrong):
    asked = {"effect": 1.0} | wrong
    with pytest.raises(ValueError, match=r"must|needed"):
        sample_size(MeanTest(2), **asked)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Level(alpha=0),
        lambda: Level(sides=3),
        lambda: MeanTest(-1),
        lambda: MeanTest(1, 2),
        lambda: ancova(1, 1.2),
        lambda: ShareTest(1.2),
        lambda: HazardTest(0, 12),
        lambda: HazardTest(0.1, 0),
        lambda: events_needed(1),
        lambda: slope_test([2, 2], SlopeSpread(1, 1)),
    ],
)
def test_impossible_plans_are_refused(make):
    with pytest.raises(ValueError, match=r"must|cannot|needs|pooled"):
        make()


def test_pooled_sd_is_that_of_the_t_test():
    a, b = [1.0, 2.0, 4.0], [3.0, 3.5, np.nan, 9.0]
    error = (np.mean(a) - np.nanmean(b)) / stats.ttest_ind(a, b, nan_policy="omit").statistic
    assert pooled_sd(a, b) == pytest.approx(error / math.sqrt(1 / 3 + 1 / 3))
    assert math.isnan(pooled_sd([1], [2]))
