"""The joint rank of function and survival against all pairs and R."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsutils.stats.ancova import AncovaError
from alsutils.stats.joint_rank import JointRank, joint_rank, joint_scores
from alsutils.stats.wins import LayerError, probabilistic_index

REFERENCE = Path(__file__).parents[1] / "reference" / "wins"
ROUNDING = 1e-9
VISITS = ["v1", "v2", "v3", "v4"]
RULES = ["last_observed", "at_visit", "last_common"]


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / "joint_rank.csv")
    return data.assign(arm=pd.Categorical(data["arm"], ["placebo", "active"]))


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads((REFERENCE / "joint_rank.json").read_text())


def run(data: pd.DataFrame, rule: str = "last_observed", **options: object) -> JointRank:
    return joint_rank(
        data, "arm", "time", "died", VISITS, ["base"], rule=rule, horizon=8.0, **options
    )


def change_compared(a: np.ndarray, b: np.ndarray, rule: str) -> float:
    """Difference in function of one pair, by the rule's own words."""
    if rule == "at_visit":
        return a[-1] - b[-1]
    if rule == "last_observed":
        seen = [x[~np.isnan(x)] for x in (a, b)]
        return seen[0][-1] - seen[1][-1] if len(seen[0]) and len(seen[1]) else np.nan
    both = np.flatnonzero(~np.isnan(a) & ~np.isnan(b))
    return a[both[-1]] - b[both[-1]] if len(both) else np.nan


def brute(
    time: np.ndarray, died: np.ndarray, change: np.ndarray, rule: str, margin: float
) -> list[int]:
    """Score every patient against every other, one pair at a time."""
    scores = []
    for i in range(len(time)):
        total = 0
        for j in range(len(time)):
            if died[j] and (time[i] > time[j] or (time[i] == time[j] and not died[i])):
                total += 1
            elif died[i] and (time[j] > time[i] or (time[i] == time[j] and not died[j])):
                total -= 1
            else:
                difference = change_compared(change[i], change[j], rule)
                if abs(difference) > margin:
                    total += int(np.sign(difference))
        scores.append(total)
    return scores


@st.composite
def cohorts(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n, visits = draw(st.integers(2, 12)), draw(st.integers(1, 4))
    time = draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))
    died = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    cells = st.lists(st.integers(-4, 4) | st.just(99), min_size=n * visits, max_size=n * visits)
    change = np.array(draw(cells), float).reshape(n, visits)
    change[change == 99] = np.nan
    return np.array(time, float), np.array(died), change


@given(cohorts(), st.sampled_from(RULES), st.sampled_from([0.0, 1.0, 2.5]))
@settings(max_examples=300, deadline=None)
def test_scores_are_those_of_all_pairs(case: tuple, rule: str, margin: float) -> None:
    time, died, change = case
    result = joint_scores(time, died, change, rule, tie_within=margin)
    assert result.frame["score"].tolist() == brute(time, died, change, rule, margin)
    n = len(time)
    counted = result.frame[["wins", "losses", "ties"]].sum(axis=1)
    assert (counted == n - 1).all()
    assert result.frame["score"].sum() == 0
    assert result.layers["pairs"].sum() == n * (n - 1) // 2
    turned = joint_scores(time, died, -change, rule, higher_is_better=False, tie_within=margin)
    pd.testing.assert_frame_equal(turned.frame, result.frame)


@pytest.mark.parametrize("rule", RULES)
def test_agrees_with_all_pairs_and_lm_in_r(trial: pd.DataFrame, expected: dict, rule: str) -> None:
    known, result = expected[rule], run(trial, rule)
    assert result.scores.frame["score"].tolist() == known["score"]
    assert result.arms["mean_rank"].tolist() == pytest.approx(known["mean_rank"])
    rows = result.frame.set_index("method")
    for column in ("estimate", "std_error", "statistic", "p_value"):
        value = rows.loc["ancova_on_ranks", column]
        assert value == pytest.approx(known[column], rel=ROUNDING)
    whitney = rows.loc["mann_whitney_asymptotic", "p_value"]
    assert whitney == pytest.approx(known["wilcoxon_p"], rel=ROUNDING)


def test_the_rules_are_one_where_every_survivor_is_seen_at_the_end() -> None:
    rng = np.random.default_rng(4)
    died = rng.random(40) < 0.3
    time = np.where(died, rng.uniform(1, 5, 40), 6.0)
    change = rng.normal(size=(40, 3))
    change[died, -1] = np.nan
    scores = [joint_scores(time, died, change, rule).frame["score"] for rule in RULES]
    assert scores[0].tolist() == scores[1].tolist() == scores[2].tolist()


def test_hand_worked_cohort() -> None:
    # dead at 2; dead at 5; alive, -6; alive, -1; lost at 3 with -4
    result = joint_scores([2, 5, 6, 6, 3], [1, 1, 0, 0, 0], [np.nan, -9, -6, -1, -4])
    # lost at 3 outlived the first; against the second it is open and -4 beats -9
    assert result.frame["score"].tolist() == [-4, -2, 0, 4, 2]
    assert result.frame["rank"].tolist() == [1, 2, 3, 5, 4]
    assert result.layers["layer"].tolist() == ["survival", "function", "tied"]
    assert result.layers["pairs"].tolist() == [6, 4, 0]
    assert result.layers["share"].tolist() == [0.6, 0.4, 0]


def test_who_dies_after_the_horizon_counts_as_alive() -> None:
    late = joint_scores([9, 12], [1, 0], [-1.0, -5.0])
    assert late.frame["score"].tolist() == [-1, 1]
    cut = joint_scores([9, 12], [1, 0], [-1.0, -5.0], horizon=8)
    assert cut.frame["score"].tolist() == [1, -1]


def test_three_arms_in_their_order_and_any_row_order(trial: pd.DataFrame) -> None:
    labels = np.where(trial["base"] % 3 == 0, "high", trial["arm"].astype(str))
    three = trial.assign(arm=pd.Categorical(labels, ["placebo", "high", "active"]))
    result = run(three)
    assert result.frame["arm"].tolist() == ["high"] * 3 + ["active"] * 3
    assert result.arms["arm"].tolist() == ["placebo", "high", "active"]
    assert result.arms["n"].sum() == len(trial)
    scores = pd.Series(result.scores.frame["score"].to_numpy()).groupby(labels)
    for row in result.arms.to_dict("records"):
        assert row["median_score"] == scores.median()[row["arm"]]
        assert row["n"] == scores.size()[row["arm"]]
    shuffled = run(three.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(shuffled.frame, result.frame)
    pd.testing.assert_frame_equal(shuffled.arms, result.arms)


def test_input_is_left_alone_and_may_hold_the_name_of_the_rank(trial: pd.DataFrame) -> None:
    named = trial.rename(columns={"base": "joint_rank"})
    before = named.copy()
    result = joint_rank(named, "arm", "time", "died", VISITS, ["joint_rank"], horizon=8.0)
    pd.testing.assert_frame_equal(named, before)
    pd.testing.assert_frame_equal(result.frame, run(trial).frame)


@pytest.mark.long
def test_ranks_keep_their_level_when_treatment_does_nothing() -> None:
    # 5 % is found within three Monte Carlo standard errors.
    rng, repeats, n = np.random.default_rng(20130117), 1000, 40
    treated, rejected = np.arange(n) % 2 == 0, 0
    for _ in range(repeats):
        rate = rng.normal(-1, 0.5, n)
        death = rng.exponential(20 * np.exp(rate), n)
        change = np.round(6 * rate + rng.normal(size=n))
        rank = joint_scores(np.minimum(death, 6), death < 6, change).frame["rank"].to_numpy()
        rejected += probabilistic_index(rank[treated], rank[~treated]).mann_whitney_p < 0.05
    assert abs(rejected / repeats - 0.05) < 3 * np.sqrt(0.05 * 0.95 / repeats)


def test_many_patients_with_gaps_take_seconds_not_hours() -> None:
    rng, n = np.random.default_rng(1), 20_000
    change = rng.integers(-20, 5, (n, 4)).astype(float)
    change[np.arange(4) >= rng.integers(1, 6, n)[:, None]] = np.nan
    died = rng.random(n) < 0.3
    frame = joint_scores(rng.uniform(0, 9, n), died, change, "last_common").frame
    assert frame["score"].sum() == 0  # every win is somebody's loss
    assert frame["wins"].max() < n


def test_says_what_is_wrong(trial: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="rule must be one of"):
        joint_scores([1, 2], [0, 1], [1.0, 2.0], rule="locf")
    with pytest.raises(ValueError, match="horizon must be above 0"):
        joint_scores([1, 2], [0, 1], [1.0, 2.0], horizon=0)
    with pytest.raises(LayerError, match="row for each of 2 patients"):
        joint_scores([1, 2], [0, 1], [1.0, 2.0, 3.0])
    with pytest.raises(LayerError, match="two are needed"):
        joint_scores([1], [0], [1.0])
    with pytest.raises(LayerError, match="times are missing"):
        run(trial.assign(time=np.nan))
    with pytest.raises(AncovaError, match="category"):
        run(trial.assign(arm=trial["arm"].astype(str)))
