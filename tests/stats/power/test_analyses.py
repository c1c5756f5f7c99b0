"""Each analysis of many trials against its twin for one, lifelines and R."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.statistics import logrank_test
from scipy import stats

from alsutils.stats.ancova import ancova
from alsutils.stats.joint_rank import joint_rank
from alsutils.stats.mmrm import fit_mmrm
from alsutils.stats.patients import Scenario
from alsutils.stats.power import analyses
from alsutils.stats.power.analyses import ANALYSES
from alsutils.stats.power.trials import Trials, simulate_trials
from alsutils.stats.two_sample import Sample, mean_difference

REFERENCE = Path(__file__).parents[2] / "reference" / "operating"
ARMS = ("Control", "Low", "High")
# Deaths and drop-out are common, so that every pattern of visits and every kind of tie turns up.
SCENARIO = Scenario(
    arms=ARMS,
    n_per_arm=(14, 12, 16),
    months=(0, 1, 3, 6),
    slope_effect=(0.0, 0.3, 0.6),
    survival_median=12.0,
    dropout_per_month=0.08,
    follow_up=9.0,
)
TRIALS = 6
EXACT = 1e-9  # the same arithmetic in another order
SEARCHED = 1e-6  # both searches stop within 1e-6 standard errors of the maximum


@pytest.fixture(scope="module")
def trials() -> Trials:
    return simulate_trials(SCENARIO, TRIALS, np.random.default_rng(20180301))


def wide(trials: Trials, i: int) -> pd.DataFrame:
    """Give one trial with a row a patient."""
    frame = pd.DataFrame(trials.change[i], columns=[f"V{k}" for k in range(len(trials.months))])
    return frame.assign(
        patient=np.arange(len(frame)),
        arm=pd.Categorical.from_codes(trials.arm, categories=list(ARMS)),
        base=trials.baseline[i],
        time=trials.time[i],
        died=trials.died[i],
    )


def long(trials: Trials, i: int) -> pd.DataFrame:
    rows = wide(trials, i)
    visits = [f"V{k}" for k in range(len(trials.months))]
    return rows.melt(["patient", "arm", "base"], visits, "visit", "change")


def compare(found, i: int, wanted: pd.DataFrame, tolerance: float) -> None:
    for column in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
        own = getattr(found, column)[i]
        scale = np.abs(wanted["std_error"].to_numpy()) if column != "p_value" else 1.0
        assert np.max(np.abs(own - wanted[column].to_numpy()) / scale) < tolerance, column


@pytest.mark.parametrize("i", range(TRIALS))
def test_t_test(trials, i):
    last = wide(trials, i)
    groups = [Sample.of(last.loc[last["arm"] == arm, "V2"]) for arm in ARMS]
    wanted = pd.concat([mean_difference(g, groups[0]).frame for g in groups[1:]])
    found = ANALYSES["t_test"].estimate(trials, 0.95)
    compare(found, i, wanted, EXACT)
    assert found.n[i] == sum(g.n for g in groups)


@pytest.mark.parametrize("i", range(TRIALS))
def test_ancova(trials, i):
    wanted = ancova(wide(trials, i), "V2", "arm", ["base"], conf_level=0.9)
    found = ANALYSES["ancova"].estimate(trials, 0.9)
    compare(found, i, wanted.frame, EXACT)
    assert found.n[i] == wanted.n_used


@pytest.mark.parametrize("i", range(TRIALS))
def test_mmrm(trials, i):
    fit = fit_mmrm(
        "change ~ base*visit + arm*visit",
        long(trials, i).dropna(),
        "patient",
        "visit",
        vcov="kenward-roger-linear",
        reference={"arm": "Control"},
    )
    table = fit.contrasts("arm", by="visit", reference="Control")
    found = ANALYSES["mmrm"].estimate(trials, 0.95)
    compare(found, i, table[table["visit"] == "V2"], SEARCHED)
    assert found.n[i] == fit.n_subjects


def test_random_slopes_against_lme4():
    """Estimates by R lme4, Kenward and Roger's inference written out in R and held to pbkrtest."""
    scores = pd.read_csv(REFERENCE / "scores.csv")
    wanted = pd.read_csv(REFERENCE / "random_slopes.csv")
    table = scores.pivot_table(index=["trial", "patient"], columns="t", values="y", sort=False)
    n, visits = scores["patient"].nunique(), table.shape[1] - 1
    stacked = table.to_numpy().reshape(-1, n, visits + 1)
    arm = scores.query("trial == 0 and t == 0")["arm"].map(ARMS.index).to_numpy()
    nobody = np.zeros(stacked.shape[:2])
    trials = Trials(
        arm,
        np.array(table.columns[1:], dtype=float),
        stacked[:, :, 0],
        stacked[:, :, 1:],
        nobody,
        nobody > 0,
    )
    found = ANALYSES["slope"].estimate(trials, 0.95)
    half = stats.t.ppf(0.975, wanted["df"]) * wanted["std_error"]
    estimate, error = (wanted[c].to_numpy().reshape(-1, 2) for c in ("estimate", "std_error"))
    assert found.estimate == pytest.approx(estimate, abs=SEARCHED * error.max())
    assert found.std_error == pytest.approx(error, rel=SEARCHED)
    assert (found.conf_high - found.estimate).ravel() == pytest.approx(
        half.to_numpy(), rel=SEARCHED
    )


@pytest.mark.parametrize("i", range(TRIALS))
def test_joint_rank(trials, i):
    data = wide(trials, i)
    visits = ["V0", "V1", "V2"]
    wanted = joint_rank(data, "arm", "time", "died", visits, ["base"], horizon=6.0).frame
    wanted = wanted[wanted["method"] == "ancova_on_ranks"]
    compare(ANALYSES["joint_rank"].estimate(trials, 0.95), i, wanted, EXACT)


@pytest.mark.parametrize("i", range(TRIALS))
def test_log_rank(trials, i):
    found = ANALYSES["log_rank"].estimate(trials, 0.95)
    for k, arm in enumerate(trials.treated):
        own, control = trials.arm == arm, trials.arm == 0
        test = logrank_test(
            trials.time[i, own],
            trials.time[i, control],
            trials.died[i, own],
            trials.died[i, control],
        )
        assert found.p_value[i, k] == pytest.approx(test.p_value, abs=EXACT)
    assert trials.died[i].any()


@pytest.mark.parametrize("name", list(ANALYSES))
def test_a_trial_does_not_depend_on_those_beside_it(trials, name):
    whole = ANALYSES[name].estimate(trials, 0.95)
    alone = Trials(
        trials.arm,
        trials.months,
        trials.baseline[2:3],
        trials.score[2:3],
        trials.time[2:3],
        trials.died[2:3],
    )
    assert ANALYSES[name].estimate(alone, 0.95).estimate[0] == pytest.approx(
        whole.estimate[2], rel=1e-9
    )


@settings(max_examples=25, deadline=None)
@given(shift=st.floats(-50, 50), factor=st.floats(0.05, 20), seed=st.integers(0, 100))
@pytest.mark.parametrize("name", ["t_test", "ancova", "mmrm", "slope"])
def test_points_of_another_size_change_nothing_else(name, shift, factor, seed):
    one = simulate_trials(SCENARIO, 3, np.random.default_rng(seed))
    other = Trials(
        one.arm,
        one.months,
        factor * one.baseline + shift,
        factor * one.score + shift,
        one.time,
        one.died,
    )
    found, scaled = (ANALYSES[name].estimate(t, 0.95) for t in (one, other))
    wanted = pytest.approx(factor * found.estimate, rel=1e-6, abs=1e-6 * factor, nan_ok=True)
    assert scaled.estimate == wanted
    assert scaled.p_value == pytest.approx(found.p_value, abs=1e-6, nan_ok=True)


def without(trials: Trials, seen: np.ndarray) -> Trials:
    score = np.where(seen, trials.score, np.nan)
    return Trials(
        trials.arm, trials.months, trials.baseline, score, trials.time, np.zeros_like(trials.died)
    )


@pytest.mark.parametrize("name", ["t_test", "ancova", "mmrm"])
def test_an_arm_that_nobody_finished_gives_nothing(trials, name):
    seen = np.ones(trials.score.shape, dtype=bool)
    seen[0, trials.arm == 1, -1] = False
    found = ANALYSES[name].estimate(without(trials, seen), 0.95)
    assert np.isnan(found.p_value[0, 0])
    assert np.isfinite(found.p_value[1:]).all()


def test_without_deaths_there_is_no_log_rank_test(trials):
    found = ANALYSES["log_rank"].estimate(without(trials, np.isfinite(trials.score)), 0.95)
    assert np.isnan(found.p_value).all()
    assert np.isnan(found.estimate).all()


def test_scores_without_any_spread_give_nothing(trials):
    flat = Trials(
        trials.arm,
        trials.months,
        np.full_like(trials.baseline, 30.0),
        np.full_like(trials.score, 30.0),
        trials.time,
        trials.died,
    )
    for name in ("t_test", "ancova", "mmrm", "slope"):
        assert np.isnan(ANALYSES[name].estimate(flat, 0.95).p_value).all()


def test_joint_scores_of_many_deaths_are_those_of_every_pair(monkeypatch):
    rng = np.random.default_rng(12)
    shape = (4, 90)
    time = np.minimum(np.ceil(rng.exponential(10.0, shape)), 12.0)
    died = (rng.random(shape) < 0.6) & (time < 12.0)
    change = np.where(rng.random(shape) < 0.1, np.nan, np.round(rng.normal(0.0, 3.0, shape)))
    by_pairs = analyses._joint_scores(time, died, change)
    monkeypatch.setattr(analyses, "_MANY_DEATHS", 1)
    np.testing.assert_array_equal(analyses._joint_scores(time, died, change), by_pairs)
