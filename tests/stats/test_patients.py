"""The model of a patient against what its parameters say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alsutils.stats.patients import (
    Scenario,
    baseline_scores,
    event_months,
    lead_in_slopes,
    log_hazard_ratios,
    simulate_patients,
    slope_improvement,
)

MANY = 20_000
# Four standard errors of a mean, a share or a correlation of MANY patients.
FOUR_SE = 4 / np.sqrt(MANY)


@pytest.fixture(scope="module")
def many():
    scenario = Scenario(n_per_arm=(MANY, MANY), slope_effect=(0.0, 0.5), dropout_per_month=0.05)
    return simulate_patients(scenario, np.random.default_rng(1))


def test_slopes_have_their_means_and_effect(many):
    post = many.post_slope
    assert many.lead_in_slope.mean() == pytest.approx(-1.5, abs=1.5 * FOUR_SE)
    assert post[many.arm == 0].mean() == pytest.approx(-1.2, abs=FOUR_SE)
    effect = post[many.arm == 1].mean() - post[many.arm == 0].mean()
    assert effect == pytest.approx(0.5, abs=2 * FOUR_SE)


def test_later_decline_follows_the_earlier(many):
    fit = stats.linregress(many.lead_in_slope[many.arm == 0], many.post_slope[many.arm == 0])
    assert fit.slope == pytest.approx(0.2, abs=4 * fit.stderr)


def test_noise_and_slopes_give_the_correlation_of_changes(many):
    """Changes at months 4 and 6 share the slope (variance v) and the noise at baseline."""
    control = many.arm == 0
    v = many.post_slope[control].var()
    # Rounding to whole points adds a twelfth to the variance of each score.
    noise = 1.0 + 1 / 12
    wanted = (24 * v + noise) / np.sqrt((16 * v + 2 * noise) * (36 * v + 2 * noise))
    score = many.complete_score[control]
    at = [many.scenario.months.index(month) for month in (0, 4, 6)]
    inside = (score[:, at] > 0).all(axis=1) & (score[:, at] < 48).all(axis=1)
    change = score[inside][:, at[1:]] - score[inside][:, at[:1]]
    # The floor and the ceiling take a little away; 0.01 allows for it.
    assert np.corrcoef(change.T)[0, 1] == pytest.approx(wanted, abs=0.01)


def test_covariates_have_their_distribution(many):
    assert many.age.mean() == pytest.approx(54, abs=10 * FOUR_SE)
    assert many.male.mean() == pytest.approx(0.60, abs=FOUR_SE)
    assert many.bulbar.mean() == pytest.approx(0.22, abs=FOUR_SE)
    # The standard error of a median is 1.25 times that of a mean.
    log_median = np.median(np.log(many.onset_months))
    assert log_median == pytest.approx(np.log(18), abs=1.25 * 0.55 * FOUR_SE)
    assert np.log(many.onset_months).std() == pytest.approx(0.55, rel=FOUR_SE)


def test_survival_of_average_patients_is_weibull():
    scenario = Scenario()
    months = event_months(
        scenario, np.zeros(MANY), alive_at=np.full(MANY, -1.0), rng=np.random.default_rng(2)
    )
    scale = 30 / np.log(2) ** (1 / 1.3)
    test = stats.kstest(months + 1, stats.weibull_min(1.3, scale=scale).cdf)
    assert test.pvalue > 0.001
    assert np.median(months) + 1 == pytest.approx(30, rel=2 * FOUR_SE)


def test_survival_given_survival_so_far_is_the_conditional_weibull():
    months = event_months(
        Scenario(), np.zeros(MANY), alive_at=np.full(MANY, 6.0), rng=np.random.default_rng(3)
    )
    assert months.min() > 6
    weibull = stats.weibull_min(1.3, scale=30 / np.log(2) ** (1 / 1.3))
    given_alive = lambda t: 1 - weibull.sf(t + 1) / weibull.sf(7)  # noqa: E731
    assert stats.kstest(months, given_alive).pvalue > 0.001


def test_hazard_ratios_add_up():
    scenario = Scenario(log_hr_arm=(0.0, -0.7))
    mean, sd = 1.5, 1.5 / np.sqrt(1.1)
    found = log_hazard_ratios(
        scenario,
        lead_in_slope=np.array([-mean, -mean - sd, -mean]),
        age=np.array([54.0, 54.0, 64.0]),
        bulbar=np.array([False, False, True]),
        arm=np.array([0, 0, 1]),
    )
    rest = -0.35 * 0.22
    assert found == pytest.approx([rest, rest + 0.45, rest + 0.35 + 0.3 - 0.7])


def test_hazard_ratio_is_seen_in_the_deaths():
    scenario = Scenario(
        n_per_arm=(MANY, MANY),
        log_hr_arm=(0.0, np.log(2)),
        log_hr_slope=0.0,
        log_hr_age=0.0,
        log_hr_bulbar=0.0,
    )
    patients = simulate_patients(scenario, np.random.default_rng(4))
    times = patients.event_month + 1
    # With a common shape, twice the hazard divides all times beyond the entry by 2 ** (1 / 1.3).
    total = [((times[patients.arm == a] ** 1.3) - 1).mean() for a in (0, 1)]
    assert total[0] / total[1] == pytest.approx(2, rel=2 * FOUR_SE)


def test_nobody_is_measured_after_death_or_leaving(many):
    months = np.asarray(many.scenario.months)
    last = np.minimum(many.event_month, many.dropout_month)
    seen = ~np.isnan(many.score)
    assert not (seen & (months > 0) & (months >= last[:, None])).any()
    assert seen[:, months <= 0].all()
    left = many.dropout_month < 6
    assert left.mean() == pytest.approx(1 - np.exp(-0.05 * 6), abs=FOUR_SE)


def test_scores_are_whole_numbers_on_the_scale(many):
    assert np.array_equal(many.complete_score, np.rint(many.complete_score))
    assert many.complete_score.min() >= 0
    assert many.complete_score.max() <= 48


def test_same_seed_same_patients_other_seed_others():
    one, same, other = (
        simulate_patients(Scenario(), np.random.default_rng(seed)).complete_score
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_more_than_two_arms_and_a_frame():
    scenario = Scenario(
        arms=("A", "B", "C"), n_per_arm=(3, 4, 5), slope_effect=(0.0, 0.1, 0.2), months=(-2, 0, 3)
    )
    frame = simulate_patients(scenario, np.random.default_rng(1)).frame
    assert frame.groupby("arm")["patient"].nunique().to_dict() == {"A": 3, "B": 4, "C": 5}
    assert sorted(frame["month"].unique()) == [-2, 0, 3]


def test_baseline_leaves_room_for_the_decline_before_it():
    decline = np.linspace(0, 9, 500)
    scores = baseline_scores(Scenario(), decline, np.random.default_rng(1))
    assert (scores >= 20).all()
    assert (scores <= 47).all()
    assert (scores + 3 * decline <= 48 + 1e-9)[decline < 9].all()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1000),
    rows=st.integers(2, 5),
    columns=st.integers(2, 5),
)
def test_lead_in_slope_is_least_squares(seed, rows, columns):
    rng = np.random.default_rng(seed)
    months = np.arange(1 - columns, 3)
    scores = rng.integers(0, 49, (rows, len(months))).astype(float)
    found = lead_in_slopes(scores, months)
    before = months <= 0
    wanted = np.polyfit(months[before], scores[:, before].T, 1)[0]
    assert found == pytest.approx(wanted, abs=1e-9)


def test_lead_in_slope_with_missed_visits():
    scores = np.array([[40.0, np.nan, 38.0, 37.0], [40.0, np.nan, np.nan, np.nan]])
    found = lead_in_slopes(scores, np.array([-3, -2, -1, 0]))
    assert found[0] == pytest.approx(np.polyfit([-3, -1, 0], [40, 38, 37], 1)[0])
    assert np.isnan(found[1])


@settings(max_examples=60, deadline=None)
@given(lead_in=st.floats(-6, -0.05), post=st.floats(-6, 3), factor=st.floats(0.1, 10))
def test_improvement_is_a_share(lead_in, post, factor):
    found = slope_improvement(np.array([lead_in]), np.array([post]))
    scaled = slope_improvement(np.array([lead_in * factor]), np.array([post * factor]))
    assert scaled == pytest.approx(found, rel=1e-6, abs=1e-6)
    assert (found[0] > 0) == (post > lead_in) or found[0] == pytest.approx(0, abs=1e-9)
    assert slope_improvement(np.array([lead_in]), np.array([0.0]))[0] == 100


def test_improvement_without_a_decline_is_none():
    found = slope_improvement(np.array([0.0, 0.5, np.nan]), np.array([0.5, -1.0, 1.0]))
    assert found[:2].tolist() == [0.0, 0.0]
    assert np.isnan(found[2])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arms": ("A",)}, "two or more different names"),
        ({"n_per_arm": (3,)}, "n_per_arm needs 2"),
        ({"slope_effect": (0.1,)}, "slope_effect needs 2"),
        ({"lead_in_decline": (1.0, 1.0, 1.0)}, "lead_in_decline needs 1 or 2"),
        ({"months": (1, 2)}, "include 0"),
        ({"months": (0, 2, 1)}, "months must rise"),
        ({"baseline_range": (40, 30)}, "inside the scale"),
        ({"bulbar": 1.2}, "bulbar must be between 0 and 1"),
        ({"noise_sd": -1.0}, "noise_sd must be 0 or more"),
        ({"survival_median": 0.0}, "survival_median must be above 0"),
        ({"onset_correlation": -2.0}, "between -1 and 1"),
        ({"randomised_month": 1.0}, "must be 0 or less"),
        ({"months": (-1, 0)}, "needs a visit after 0"),
        ({"rater_bias": (0.0, 1.0, 2.0)}, "rater_bias needs 1 or 2"),
        ({"effect_half_life": 0.0}, "effect_half_life must be above 0"),
        ({"follow_up": 3.0}, "no shorter than to the last visit"),
        ({"noise_sd": float("nan")}, "noise_sd must be a number"),
    ],
)
def test_unusable_scenarios_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Scenario(**changes)


def test_every_problem_of_a_scenario_is_named_at_once():
    with pytest.raises(ValueError, match=r"slope_effect.*noise_sd"):
        Scenario(slope_effect=(0.0,), noise_sd=-1.0)


# What may go wrong in a trial. Nobody dies, and a scale without ends or steps leaves theory exact.
OPEN = {
    "n_per_arm": (MANY, MANY),
    "months": (0, 1, 2, 4, 6),
    "baseline_range": (-900, 900),
    "floor": -1000,
    "ceiling": 1000,
    "step": 0.0,
    "survival_median": 1e9,
    "dropout_per_month": 0.0,
}


def draw(seed=6, **changes):
    return simulate_patients(Scenario(**(OPEN | changes)), np.random.default_rng(seed))


def test_what_is_switched_off_changes_no_draw():
    plain = draw()
    for switched in ({"items": 12}, {"rater_bias": (0.0, 2.0)}, {"effect_half_life": 3.0}):
        other = draw(**switched)
        assert np.array_equal(other.event_month, plain.event_month)
        assert np.array_equal(other.post_slope, plain.post_slope)
        assert np.array_equal(other.age, plain.age)


def test_a_decline_may_slow_down():
    bend = draw(curvature=0.1).complete_score - draw().complete_score
    assert bend == pytest.approx(np.broadcast_to([0, 0.1, 0.4, 1.6, 3.6], bend.shape))


def test_a_waning_effect_is_the_integral_of_its_rate():
    [straight, waning] = (draw(effect_half_life=h).complete_score for h in (np.inf, 3.0))
    treated = draw().arm == 1
    assert np.array_equal(straight[~treated], waning[~treated])
    month = np.linspace(0, 6, 60_001)
    rate = 0.5 * 0.5 ** (month / 3)
    lost = 0.5 * 6 - np.trapezoid(rate, month)
    assert (straight - waning)[treated, -1] == pytest.approx(lost, abs=1e-6)


def test_a_rater_sees_what_is_not_there_after_baseline_only():
    bias = draw(rater_bias=(0.0, 1.5)).complete_score - draw().complete_score
    treated = draw().arm == 1
    assert (bias[~treated] == 0).all()
    assert (bias[treated, 0] == 0).all()
    assert bias[treated, 1:] == pytest.approx(1.5)


@pytest.mark.parametrize("step", [0.5, 2.0])
def test_scores_have_the_steps_of_their_scale(step):
    multiples = draw(step=step).complete_score / step
    assert np.array_equal(multiples, np.rint(multiples))


def test_faster_decline_is_faster_death_by_the_hazard_ratio():
    """With the hazard tied to the slope alone, log survival times fall by ratio over shape."""
    patients = draw(
        log_hr_decline=0.8,
        log_hr_slope=0.0,
        log_hr_age=0.0,
        log_hr_bulbar=0.0,
        survival_median=30.0,
        randomised_month=0.0,
    )
    fit = stats.linregress(-patients.post_slope, np.log(patients.event_month))
    assert fit.slope == pytest.approx(-0.8 / 1.3, abs=4 * fit.stderr)


ITEMS = {
    "items": 12,
    "floor": 0,
    "ceiling": 48,
    "baseline_range": (1, 47),
    "step": 0.0,
    "noise_sd": 0.0,
}


def test_items_add_up_to_the_baseline_and_hide_what_falls_below_their_floor():
    patients = draw(**ITEMS, item_evenness=2.0)
    shown, line = patients.complete_score, patients.line
    assert shown[:, 0] == pytest.approx(line[:, 0], abs=1e-9)
    falling = line[:, -1] < line[:, 0]
    assert (shown[falling] >= line[falling] - 1e-9).all()
    hidden = (shown - line)[falling, -1]
    assert (hidden > 0.5).mean() > 0.1
    low = line[falling, 0] < 30
    assert hidden[low].mean() > hidden[~low].mean()


def test_items_that_share_alike_have_the_floor_of_the_total_alone():
    patients = draw(**ITEMS, item_evenness=1e9)
    wanted = np.clip(patients.line, 0, 48)
    assert patients.complete_score == pytest.approx(wanted, abs=1e-3)


def test_time_to_leaving_follows_its_hazard_between_visits():
    """By the hazard that the scores imply, summed by hand, times become unit exponentials."""
    patients = draw(
        n_per_arm=(4000, 4000),
        dropout_per_month=0.04,
        dropout_log_hr_arm=(0.0, 0.7),
        dropout_log_hr_seen=0.2,
        dropout_log_hr_unseen=0.1,
    )
    lost = patients.complete_score[:, :1] - patients.complete_score
    months = [0, 1, 2, 4, 6]
    spent = np.zeros(len(lost))
    for k in range(4):
        hazard = 0.04 * np.exp(0.7 * patients.arm + 0.2 * lost[:, k] + 0.1 * lost[:, k + 1])
        end = np.inf if k == 3 else months[k + 1]
        spent += hazard * (np.clip(patients.dropout_month, months[k], end) - months[k])
    assert stats.kstest(spent, "expon").pvalue > 0.001
    # Without the links the same times would not be exponential.
    assert stats.kstest(0.04 * patients.dropout_month, "expon").pvalue < 1e-6
