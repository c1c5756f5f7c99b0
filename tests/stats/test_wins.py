"""Pairwise comparisons against all pairs, R, and what must hold whatever the data."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alsutils.stats.wins import (
    Continuous,
    LayerError,
    StratumError,
    TimeToEvent,
    bootstrap_wins,
    count_pairs,
    probabilistic_index,
    win_statistics,
)

REFERENCE = Path(__file__).parents[1] / "reference" / "wins"
ROUNDING = 1e-9
# The covariance from own shares (divisor n - 1) and that from pairs of pairs differ by terms of
# order 1 / n: here, with 33 and 37 patients, 1.7 % of a standard error.
SMALL_SAMPLE = 0.02


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads((REFERENCE / "wins.json").read_text())


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "trial.csv")


def layers_of(trial: pd.DataFrame, margin: float = 0.0) -> list:
    return [
        TimeToEvent(trial["time"].to_numpy(), trial["event"].to_numpy()),
        Continuous(trial["change"].to_numpy(), "change", tie_within=margin),
    ]


def row(frame: pd.DataFrame, measure: str) -> pd.Series:
    return frame.set_index("measure").loc[measure]


# --- the exact truth: every pair, by the definitions ---------------------------------------------


def better(layer: TimeToEvent | Continuous, i: int, j: int) -> int:
    """1 if i is better than j, -1 if worse, 0 if tied or open: one pair at a time."""
    if isinstance(layer, Continuous):
        difference = layer.value[i] - layer.value[j]
        if np.isnan(difference) or abs(difference) <= layer.tie_within:
            return 0
        return int(np.sign(difference)) * (1 if layer.higher_is_better else -1)
    time, event = layer.time, layer.event
    later = 0
    if event[j] and (time[i] > time[j] or (time[i] == time[j] and not event[i])):
        later = 1
    elif event[i] and (time[j] > time[i] or (time[i] == time[j] and not event[j])):
        later = -1
    return later if layer.later_is_better else -later


def brute(layers: list, treated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wins and losses by layer and treated patient, then by layer and control."""
    n, rows = len(treated), np.flatnonzero(treated)
    wins, losses = np.zeros((len(layers), n), int), np.zeros((len(layers), n), int)
    for i in rows:
        for j in np.flatnonzero(~treated):
            for k, layer in enumerate(layers):
                result = better(layer, i, j)
                if result:
                    wins[k, i if result > 0 else j] += 1
                    losses[k, j if result > 0 else i] += 1
                    break
    return wins, losses


@st.composite
def trials(draw: st.DrawFn) -> tuple[list, np.ndarray]:
    """Small trials on coarse scales, so that ties of every kind are common."""
    n = draw(st.integers(2, 14))

    def column(element: st.SearchStrategy) -> np.ndarray:
        return np.array(draw(st.lists(element, min_size=n, max_size=n)))

    def layer() -> TimeToEvent | Continuous:
        if draw(st.booleans()):
            coarse = draw(st.integers(1, 12))
            return TimeToEvent(
                column(st.integers(0, coarse)).astype(float),
                column(st.booleans()),
                later_is_better=draw(st.booleans()),
            )
        value = column(st.integers(-6, 6) | st.just(99)) / 4
        value[value == 99 / 4] = np.nan
        margin = draw(st.sampled_from([0.0, 0.25, 0.6, 2.0]))
        return Continuous(value, higher_is_better=draw(st.booleans()), tie_within=margin)

    layers = [layer() for _ in range(draw(st.integers(1, 3)))]
    treated = column(st.booleans()).astype(bool)
    treated[0], treated[1] = True, False
    return layers, treated


@given(trials())
@settings(max_examples=300, deadline=None)
def test_every_count_is_that_of_all_pairs(case: tuple[list, np.ndarray]) -> None:
    layers, treated = case
    counts = count_pairs(layers, treated)
    wins, losses = brute(layers, treated)
    np.testing.assert_array_equal(counts.treated.wins, wins[:, treated])
    np.testing.assert_array_equal(counts.treated.losses, losses[:, treated])
    np.testing.assert_array_equal(counts.control.wins, wins[:, ~treated])
    np.testing.assert_array_equal(counts.control.losses, losses[:, ~treated])


@pytest.mark.parametrize("tied", [True, False])
def test_larger_samples_with_every_value_tied_or_none(tied: bool) -> None:
    rng = np.random.default_rng(5)
    n = 150
    time = np.ones(n) if tied else rng.permutation(n).astype(float)
    change = np.zeros(n) if tied else rng.permutation(n) / 7
    layers = [TimeToEvent(time, rng.random(n) < 0.4), Continuous(change)]
    treated = rng.random(n) < 0.5
    counts, (wins, losses) = count_pairs(layers, treated), brute(layers, treated)
    np.testing.assert_array_equal(counts.treated.wins, wins[:, treated])
    np.testing.assert_array_equal(counts.treated.losses, losses[:, treated])
    undecided = counts.treated.opponents * treated.sum() - wins.sum()
    assert undecided > 0 if tied else undecided == 0


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=20),
    st.floats(1e-9, 1e6),
)
def test_ones_win_is_always_the_others_loss_whatever_the_rounding(
    values: list[float], margin: float
) -> None:
    layer = Continuous(np.array(values), tie_within=margin)
    counts = count_pairs([layer], np.arange(len(values)) % 2 == 0)
    assert counts.treated.wins.sum() == counts.control.losses.sum()
    assert counts.treated.losses.sum() == counts.control.wins.sum()


def test_a_difference_equal_to_the_threshold_but_for_rounding_is_a_tie() -> None:
    layer = Continuous(np.array([0.8, 0.6, 0.3, 0.1]), tie_within=0.2)  # 0.8 - 0.6 > 0.2 in floats
    counts = count_pairs([layer], np.array([True, False, True, False]))
    assert counts.treated.wins.tolist() == [[1, 0]]
    assert counts.treated.losses.tolist() == [[0, 1]]


# --- the measures --------------------------------------------------------------------------------


def test_hand_worked_pairs() -> None:
    # Treated: dead at 5; alive, -2. Controls: dead at 3; last seen at 4 with -2; alive, -4.
    layers = [TimeToEvent([5, 12, 3, 4, 12], [1, 0, 1, 0, 0]), Continuous([-9, -2, -8, -2, -4])]
    result = win_statistics(layers, [1, 1, 0, 0, 0])
    # first: beats 3; open against 4, worse on function; loses to 12. second: beats 3 and 12; ties 4
    table = result.layers.set_index("layer")
    assert table.loc["survival", ["pairs", "wins", "losses", "ties"]].tolist() == [6, 2, 1, 3]
    assert table.loc["measurement", ["pairs", "wins", "losses", "ties"]].tolist() == [3, 1, 1, 1]
    assert table.loc["total", ["pairs", "wins", "losses", "ties"]].tolist() == [6, 3, 2, 1]
    shares = table[["win_share", "loss_share", "tie_share"]].to_numpy()  # always of all pairs
    np.testing.assert_allclose(shares * 6, table[["wins", "losses", "ties"]])
    assert row(result.frame, "win_ratio")["estimate"] == pytest.approx(3 / 2)
    assert row(result.frame, "win_odds")["estimate"] == pytest.approx(3.5 / 2.5)
    assert row(result.frame, "net_benefit")["estimate"] == pytest.approx(1 / 6)
    assert row(result.frame, "probabilistic_index")["estimate"] == pytest.approx(3.5 / 6)


@pytest.mark.parametrize("case", [0, 1])
def test_agrees_with_all_pairs_in_r(expected: dict, trial: pd.DataFrame, case: int) -> None:
    known = expected["all"][case]
    result = win_statistics(layers_of(trial, known["margin"]), trial["treated"])
    assert result.layers["wins"].tolist()[:2] == known["wins"]
    assert result.layers["losses"].tolist()[:2] == known["losses"]
    assert result.layers["ties"].iloc[-1] == known["ties"]
    assert (result.n_treated, result.n_control) == (known["n_treated"], known["n_control"])
    ratio, benefit = row(result.frame, "win_ratio"), row(result.frame, "net_benefit")
    assert ratio["estimate"] == pytest.approx(known["win_ratio"], rel=ROUNDING)
    assert benefit["estimate"] == pytest.approx(known["net_benefit"], rel=ROUNDING)
    own, pairs = known["se_own_shares"], known["se_pairs_of_pairs"]
    assert ratio["log_std_error"] == pytest.approx(own["log_win_ratio"], rel=ROUNDING)
    assert benefit["std_error"] == pytest.approx(own["net_benefit"], rel=ROUNDING)
    assert ratio["log_std_error"] == pytest.approx(pairs["log_win_ratio"], rel=SMALL_SAMPLE)
    assert benefit["std_error"] == pytest.approx(pairs["net_benefit"], rel=SMALL_SAMPLE)
    z = stats.norm.ppf(0.975)
    assert ratio["conf_high"] == pytest.approx(
        known["win_ratio"] * np.exp(z * own["log_win_ratio"]), rel=ROUNDING
    )


def test_survival_layer_counts_concordant_pairs_as_r_does(
    expected: dict, trial: pd.DataFrame
) -> None:
    counts = count_pairs(layers_of(trial)[:1], trial["treated"].to_numpy(bool))
    assert counts.treated.wins.sum() == expected["concordance"]["wins"]
    assert counts.treated.losses.sum() == expected["concordance"]["losses"]


def test_stratified_win_ratio_weighs_each_win_by_one_over_the_stratum(
    expected: dict, trial: pd.DataFrame
) -> None:
    result = win_statistics(layers_of(trial), trial["treated"], trial["site"])
    assert row(result.frame, "win_ratio")["estimate"] == pytest.approx(
        expected["stratified_win_ratio"], rel=ROUNDING
    )
    assert result.strata["weight"].sum() == pytest.approx(1)
    assert result.strata["pairs"].sum() == result.layers["pairs"].iloc[-1]
    for site, told in result.strata.set_index("stratum").iterrows():
        own = trial[trial["site"] == site]
        alone = win_statistics(layers_of(own), own["treated"])
        counted = ["pairs", "wins", "losses", "ties"]
        assert told[counted].tolist() == alone.layers[counted].iloc[-1].tolist()
        assert told[["n_treated", "n_control"]].tolist() == [alone.n_treated, alone.n_control]


@pytest.mark.parametrize("weights", ["mantel_haenszel", "size", "equal"])
def test_a_stratum_taken_twice_changes_nothing_but_precision(
    trial: pd.DataFrame, weights: str
) -> None:
    once = win_statistics(layers_of(trial), trial["treated"]).frame
    double = pd.concat([trial, trial])
    strata = np.repeat(["first", "second"], len(trial))
    twice = win_statistics(layers_of(double), double["treated"], strata, weights).frame
    np.testing.assert_allclose(twice["estimate"], once["estimate"])
    np.testing.assert_allclose(twice["std_error"] * np.sqrt(2), once["std_error"])


def test_win_odds_net_benefit_and_index_are_one_result_on_three_scales(
    trial: pd.DataFrame,
) -> None:
    frame = win_statistics(layers_of(trial), trial["treated"]).frame.set_index("measure")
    odds, benefit = frame.loc["win_odds"], frame.loc["net_benefit"]
    index = frame.loc["probabilistic_index"]
    for column in ("estimate", "conf_low", "conf_high"):
        assert benefit[column] == pytest.approx(2 * index[column] - 1)
        assert odds[column] == pytest.approx(index[column] / (1 - index[column]))
    assert odds["p_value"] == benefit["p_value"] == index["p_value"]


@given(trials())
@settings(max_examples=60, deadline=None)
def test_arms_exchanged_turn_the_result_round(case: tuple[list, np.ndarray]) -> None:
    layers, treated = case
    doubled = np.concatenate([np.arange(len(treated))] * 2)  # two patients in each arm at least
    layers, treated = [layer.take(doubled) for layer in layers], treated[doubled]
    forth = win_statistics(layers, treated).frame.set_index("measure")
    back = win_statistics(layers, ~treated).frame.set_index("measure")
    assert back.loc["net_benefit", "estimate"] == pytest.approx(
        -forth.loc["net_benefit", "estimate"]
    )
    np.testing.assert_allclose(
        back.loc["net_benefit", "std_error"], forth.loc["net_benefit", "std_error"], atol=1e-12
    )
    if 0 < forth.loc["win_ratio", "estimate"] < np.inf:
        low, high = forth.loc["win_ratio", ["conf_low", "conf_high"]]
        np.testing.assert_allclose(back.loc["win_ratio", "estimate"],
                                   1 / forth.loc["win_ratio", "estimate"])  # fmt: skip
        np.testing.assert_allclose(back.loc["win_ratio", ["conf_low", "conf_high"]].astype(float),
                                   [1 / high, 1 / low])  # fmt: skip


def test_order_of_patients_and_unit_of_time_do_not_matter(trial: pd.DataFrame) -> None:
    shuffled = trial.sample(frac=1, random_state=3).assign(time=lambda d: d["time"] / 30.4)
    pd.testing.assert_frame_equal(
        win_statistics(layers_of(trial), trial["treated"]).frame,
        win_statistics(layers_of(shuffled), shuffled["treated"]).frame,
    )


def test_no_losses_and_no_decided_pair_are_told_apart() -> None:
    best = win_statistics([Continuous(np.array([5.0, 6, 1, 2]))], [1, 1, 0, 0]).frame
    assert row(best, "win_ratio")["estimate"] == np.inf
    assert row(best, "net_benefit")["estimate"] == 1
    assert np.isnan(row(best, "win_ratio")["p_value"])
    tied = win_statistics([Continuous(np.zeros(4))], [1, 1, 0, 0]).frame
    assert np.isnan(row(tied, "win_ratio")["estimate"])
    assert row(tied, "win_odds")["estimate"] == 1
    assert np.isnan(row(tied, "win_odds")["conf_low"])


@pytest.mark.long
def test_intervals_cover_and_the_test_keeps_its_level() -> None:
    # Exponential survival to 2, then a normal change. A coverage of 95 % is found
    # within three Monte Carlo standard errors.
    trials_, n = 250, 60
    rng = np.random.default_rng(20210615)

    def trial(size: int, shift: float) -> tuple[list, np.ndarray]:
        treated = np.arange(2 * size) % 2 == 0
        death = rng.exponential(1.5 * np.where(treated, 1 + shift, 1.0))
        value = rng.normal(size=2 * size) + shift * treated
        time = np.minimum(death, 2.0)
        return [TimeToEvent(time, death < 2), Continuous(value.round(1))], treated

    for shift in (0.0, 0.5):
        layers, treated = trial(20_000, shift)
        truth = win_statistics(layers, treated).frame["estimate"].to_numpy()
        covered = np.zeros(4)
        for _ in range(trials_):
            layers, treated = trial(n, shift)
            frame = win_statistics(layers, treated).frame
            covered += (frame["conf_low"] <= truth) & (truth <= frame["conf_high"])
        tolerance = 3 * np.sqrt(0.05 * 0.95 / trials_)
        assert np.abs(covered / trials_ - 0.95).max() < tolerance


# --- bootstrap -----------------------------------------------------------------------------------


def test_bootstrap_agrees_with_the_closed_form(trial: pd.DataFrame) -> None:
    layers = layers_of(trial)
    closed = win_statistics(layers, trial["treated"]).frame.set_index("measure")
    boot = bootstrap_wins(layers, trial["treated"], np.random.default_rng(1)).frame
    boot = boot.set_index("measure")
    np.testing.assert_allclose(boot["estimate"], closed["estimate"])
    # 2,000 replicates give a standard deviation to 1.6 %; arms of 33 differ by another 3 %
    assert boot.loc["net_benefit", "std_error"] == pytest.approx(
        closed.loc["net_benefit", "std_error"], rel=0.08
    )
    for limit in ("conf_low", "conf_high"):
        assert boot.loc["win_odds", limit] == pytest.approx(closed.loc["win_odds", limit], rel=0.1)


def test_weighing_pairs_is_comparing_the_patients_drawn(
    trial: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run() -> pd.DataFrame:
        rng = np.random.default_rng(8)
        return bootstrap_wins(
            layers_of(trial, 1), trial["treated"], rng, trial["site"], n_resamples=20
        ).replicates

    weighed = run()
    monkeypatch.setattr("alsutils.stats.wins.bootstrap._PAIRS_HELD", 0)
    pd.testing.assert_frame_equal(weighed, run())


def test_replicates_without_a_decided_pair_are_counted() -> None:
    layers = [Continuous(np.array([1.0, 0, 0, 0]))]
    frame = bootstrap_wins(layers, [1, 1, 0, 0], np.random.default_rng(0), n_resamples=400).frame
    ratio = row(frame, "win_ratio")
    assert 60 < ratio["undefined"] < 140  # a quarter of 400 draws leave the one winner out
    assert ratio["conf_high"] == np.inf
    assert row(frame, "net_benefit")["undefined"] == 0


# --- one measurement -----------------------------------------------------------------------------


def test_index_agrees_with_r_and_scipy(expected: dict, trial: pd.DataFrame) -> None:
    known = expected["change"]
    arms = [trial.loc[trial["treated"] == a, "change"] for a in (1, 0)]
    result = probabilistic_index(*arms)
    assert result.estimate == pytest.approx(known["auc"], rel=ROUNDING)
    assert result.std_error == pytest.approx(known["se"], rel=ROUNDING)
    assert result.mann_whitney_u == known["u"]
    assert result.mann_whitney_p == pytest.approx(known["p"], rel=ROUNDING)
    assert result.mann_whitney_method == "asymptotic"
    scipy = stats.brunnermunzel(*(a.dropna() for a in arms[::-1]))
    assert result.p_value == pytest.approx(scipy.pvalue, rel=ROUNDING)
    assert abs(result.statistic) == pytest.approx(abs(scipy.statistic), rel=ROUNDING)
    x, y = (a.dropna().to_numpy() for a in arms)
    x, y = x + np.arange(1, len(x) + 1) / 1000, y + 0.0005 + np.arange(1, len(y) + 1) / 1000
    exact = probabilistic_index(x, y)
    assert exact.mann_whitney_method == "exact"
    assert exact.mann_whitney_p == pytest.approx(known["exact_p"], rel=ROUNDING)


def test_published_day_15_table_of_actt_1(expected: dict) -> None:
    known = expected["actt1"]
    state = np.concatenate(
        [np.repeat(np.arange(1, 9), known[a]) for a in ("remdesivir", "placebo")]
    )
    treated = np.arange(len(state)) < 541
    layer = Continuous(state.astype(float), "state", higher_is_better=False)
    frame = win_statistics([layer], treated).frame
    index = row(frame, "probabilistic_index")
    assert index["estimate"] == pytest.approx(known["auc"], rel=ROUNDING)
    assert index["std_error"] == pytest.approx(known["se"], rel=ROUNDING)
    whitney = probabilistic_index(state[treated], state[~treated], higher_is_better=False)
    assert whitney.mann_whitney_p == pytest.approx(known["p"], rel=ROUNDING)
    assert whitney.estimate == pytest.approx(known["auc"], rel=ROUNDING)
    assert whitney.frame["method"].tolist() == ["brunner_munzel", "mann_whitney_asymptotic"]


def test_arms_that_do_not_overlap_have_no_standard_error() -> None:
    result = probabilistic_index([5, 6, 7], [1, 2, np.nan])
    assert result.estimate == 1
    assert (result.std_error, result.n_control) == (0, 2)
    assert np.isnan(result.p_value)
    assert result.mann_whitney_p == pytest.approx(0.2)  # 2 of the 10 orders are as extreme


# --- refusals ------------------------------------------------------------------------------------


def test_says_what_is_wrong_with_an_outcome() -> None:
    with pytest.raises(LayerError, match="1 times are missing"):
        TimeToEvent(np.array([1.0, np.nan]), np.array([True, False]))
    with pytest.raises(LayerError, match="true or false"):
        TimeToEvent(np.array([1.0, 2.0]), np.array([1, 2]))
    with pytest.raises(LayerError, match="two columns of one length"):
        TimeToEvent(np.array([1.0, 2.0]), np.array([True]))
    with pytest.raises(LayerError, match="infinite"):
        Continuous(np.array([1.0, np.inf]))
    with pytest.raises(LayerError, match="tie_within"):
        Continuous(np.array([1.0]), tie_within=-1)
    with pytest.raises(LayerError, match="one column"):
        Continuous(np.zeros((2, 2)))
    with pytest.raises(LayerError, match="at least one outcome"):
        count_pairs([], np.array([True, False]))
    with pytest.raises(LayerError, match="4 values for 5 patients"):
        win_statistics([Continuous(np.zeros(4))], [1, 1, 0, 0, 0])


def test_says_which_stratum_is_too_small() -> None:
    layer = Continuous(np.arange(7.0))
    with pytest.raises(StratumError, match="'B': 1 treated, 2 controls"):
        win_statistics([layer], [1, 1, 0, 0, 1, 0, 0], list("AAAABBB"))
    with pytest.raises(StratumError, match="1 patients have no stratum"):
        win_statistics([layer], [1, 1, 0, 0, 1, 0, 0], [*"AAAABB", None])
    with pytest.raises(StratumError, match="6 strata for 7"):
        win_statistics([layer], [1, 1, 0, 0, 1, 0, 0], list("AAAABB"))
    with pytest.raises(StratumError, match="true and false"):
        win_statistics([layer], list("TTCCTCC"))
    with pytest.raises(ValueError, match="weights must be one of"):
        win_statistics([layer], [1, 1, 0, 0, 1, 0, 0], weights="pairs")
    with pytest.raises(ValueError, match="conf_level"):
        win_statistics([layer], [1, 1, 0, 0, 1, 0, 0], conf_level=95)
    with pytest.raises(ValueError, match="n_resamples"):
        bootstrap_wins([layer], [1, 1, 0, 0, 1, 0, 0], np.random.default_rng(1), n_resamples=1)
    with pytest.raises(ValueError, match="two values or more"):
        probabilistic_index([1.0], [2.0, 3.0])
    with pytest.raises(ValueError, match="conf_level"):
        probabilistic_index([1.0, 2.0], [2.0, 3.0], conf_level=0)
