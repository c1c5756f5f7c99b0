"""Randomisation: exact probabilities, closed forms, and minimisation beside a slow one in R."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alsutils.stats.randomisation import (
    Scheme,
    convergence_guesses,
    imbalance,
    minimisation,
    permuted_blocks,
    properties,
    rule_guesses,
    simple,
    strata,
    stratified_blocks,
)
from alsutils.stats.randomisation.sequences import Tally, biased_coin

REFERENCE = Path(__file__).parents[1] / "reference" / "randomisation"
EXACT = 1e-12
ERRORS = 4  # standard errors of the simulation; the seeds are fixed

NONE = np.zeros((20, 0))
FACTORS = np.random.default_rng(5).integers(0, [2, 3], (60, 2))
SCHEMES = (
    Scheme("simple"),
    Scheme("blocks", blocks=(4,)),
    Scheme("blocks", (1, 2), blocks=(3, 6)),
    Scheme("stratified_blocks", blocks=(2, 4)),
    Scheme("minimisation"),
    Scheme("minimisation", (1, 1, 2), measure="variance"),
)
by_scheme = pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: f"{s.method} {s.ratio}")


def rng(seed=1):
    return np.random.default_rng(seed)


def near(found, truth, std_error):
    return abs(found - truth) < ERRORS * std_error


# The coin


def test_the_imbalance_of_a_coin_is_binomial():
    n, n_trials = 20, 40_000
    found = imbalance(simple(n, n_trials, rng()))[:, 0]
    for difference in (0, 2, 4, 6, 8):
        k = (n - difference) // 2
        p = stats.binom.pmf(k, n, 0.5) * (1 if difference == 0 else 2)
        assert near(np.mean(found == difference), p, math.sqrt(p * (1 - p) / n_trials))


def test_a_die_keeps_its_shares_and_nobody_foresees_it():
    arms = simple(30, 20_000, rng(), (1, 2, 3))
    shares = [np.mean(arms == arm) for arm in range(3)]
    assert shares == pytest.approx([1 / 6, 2 / 6, 3 / 6], abs=0.003)
    guessed = convergence_guesses(arms, (1, 2, 3))
    assert near(guessed.excess.mean(), 0, guessed.excess.std() / math.sqrt(20_000))


# Blocks


def test_every_order_of_a_block_is_as_likely():
    arms = permuted_blocks(4, 60_000, rng(), blocks=(4,))
    orders = arms @ [8, 4, 2, 1]
    counts = np.unique(orders, return_counts=True)[1]
    assert len(counts) == math.comb(4, 2)
    assert stats.chisquare(counts).pvalue > 0.001


@pytest.mark.parametrize(
    ("ratio", "block"), [((1, 1), 2), ((1, 1), 6), ((1, 2), 6), ((2, 1, 1), 4)]
)
def test_full_blocks_hold_the_ratio(ratio, block):
    arms = permuted_blocks(4 * block, 500, rng(), ratio, (block,))
    for arm, share in enumerate(ratio):
        counts = (arms == arm).reshape(500, 4, block).sum(axis=2)
        assert (counts == block * share // sum(ratio)).all()


def test_blocks_of_random_size_end_where_they_should():
    blocks = (2, 4, 6)
    arms = permuted_blocks(31, 3000, rng(), blocks=blocks)
    walk = np.cumsum(2 * arms.astype(int) - 1, axis=1)
    # Never further apart than half of the largest block, and back at zero at least once in six.
    assert np.abs(walk).max() == 3
    zero = walk == 0
    assert all(zero[:, i : i + 6].any(axis=1).all() for i in range(26))
    # The first return to zero is at 2 for all blocks of two, and for other blocks by their share.
    first = (1 + 2 / 3 + 3 / 5) / 3  # pairs that start a block of 2, 4 or 6 with two arms
    share = zero[:, 1].mean()
    assert near(share, first, math.sqrt(first * (1 - first) / 3000))


def closed_form(half):
    """Right guesses in a block of two arms: Blackwell and Hodges (1957)."""
    return half + 2 ** (2 * half - 1) / math.comb(2 * half, half) - 1 / 2


def test_the_closed_form_is_that_of_every_sequence():
    reference = json.loads((REFERENCE / "randomisation.json").read_text())["guesses"]
    for half in (1, 2, 3, 6):
        assert closed_form(half) == pytest.approx(reference[f"n{2 * half}"], abs=1e-9)


@pytest.mark.parametrize("half", [1, 2, 3])
def test_right_guesses_over_every_sequence_are_the_closed_form(half):
    size = 2 * half
    every = [s for s in itertools.product((0, 1), repeat=size) if sum(s) == half]
    guessed = convergence_guesses(np.array(every, dtype=np.int8))
    assert guessed.right.mean() * size == pytest.approx(closed_form(half), abs=EXACT)
    assert guessed.excess.mean() == pytest.approx(closed_form(half) - half, abs=EXACT)


@pytest.mark.parametrize("block", [2, 4, 8])
def test_simulated_blocks_are_foreseen_as_the_closed_form_says(block):
    n_trials = 4000
    arms = permuted_blocks(5 * block, n_trials, rng(), blocks=(block,))
    guessed = convergence_guesses(arms).right * block
    assert near(
        guessed.mean(), closed_form(block // 2), guessed.std() / math.sqrt(n_trials) + EXACT
    )


def test_strata_have_blocks_of_their_own():
    cells = np.array([0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 0])
    arms = stratified_blocks(cells, 400, rng(), blocks=(4,))
    assert (imbalance(arms[:, cells == 1][:, :8])[:, 0] == 0).all()
    assert (imbalance(arms[:, cells == 0][:, :4])[:, 0] == 0).all()
    assert imbalance(arms, groups=cells).max() <= 2


def test_who_knows_the_strata_foresees_more_than_who_counts_everybody():
    scheme = Scheme("stratified_blocks", blocks=(4,))
    arms = scheme.draw(FACTORS, 400, rng())
    knowing, blind = rule_guesses(arms, scheme, FACTORS), convergence_guesses(arms)
    assert knowing.right.mean() > blind.right.mean() + 0.05
    within = [convergence_guesses(arms[:, strata(FACTORS) == s]).excess for s in range(6)]
    assert knowing.excess == pytest.approx(np.sum(within, axis=0))


# Minimisation

CASES = {
    "equal_range": ((1, 1, 1), None, "range"),
    "equal_variance": ((1, 1, 1), None, "variance"),
    "weighted_range": ((1, 1, 1), (3, 2, 0.5), "range"),
    "ratio_range": ((1, 2, 3), None, "range"),
    "ratio_variance": ((1, 2, 3), (2, 1, 1), "variance"),
}


@pytest.mark.parametrize("name", list(CASES))
def test_the_preferred_arms_are_those_of_a_slow_minimisation_in_r(name):
    expected = json.loads((REFERENCE / "randomisation.json").read_text())["minimised"][name]
    history = pd.read_csv(REFERENCE / "history.csv")
    ratio, weights, measure = CASES[name]
    tally = Tally(history[["sex", "site", "stage"]], 1, ratio, weights, measure)
    found = []
    for i, arm in enumerate(history["arm"]):
        found.append("".join(map(str, np.flatnonzero(tally.preferred(i)[:, 0]))))
        tally.add(i, np.array([arm], dtype=np.int8))
    assert found == expected


def test_without_chance_and_with_one_factor_the_arms_stay_within_one():
    factor = rng(3).integers(0, 3, (50, 1))
    arms = minimisation(factor, 200, rng(), probability=1)
    assert imbalance(arms, groups=factor[:, 0]).max() == 1
    # With nothing to tell patients apart it is a block of two: after each pair the arms are equal.
    alike = minimisation(np.zeros((50, 1)), 200, rng(), probability=1)
    assert (alike[:, ::2] + alike[:, 1::2] == 1).all()
    assert alike[:, 0].mean() == pytest.approx(0.5, abs=0.15)


def test_a_coin_without_bias_is_simple_randomisation():
    n_trials = 20_000
    arms = minimisation(np.zeros((8, 1)), n_trials, rng(), probability=0.5)
    found = imbalance(arms)[:, 0]
    p = stats.binom.pmf(4, 8, 0.5)
    assert near(np.mean(found == 0), p, math.sqrt(p * (1 - p) / n_trials))


def test_the_imbalance_of_a_biased_coin_is_that_of_its_walk():
    """Efron's biased coin as a Markov chain: the chance of each difference, step by step."""
    n, p, n_trials = 9, 2 / 3, 40_000
    chances = np.zeros(2 * n + 1)
    chances[n] = 1
    for _ in range(n):
        following = np.zeros_like(chances)
        for i in np.flatnonzero(chances):
            up = 0.5 if i == n else (p if i < n else 1 - p)
            following[i + 1] += chances[i] * up
            following[i - 1] += chances[i] * (1 - up)
        chances = following
    arms = minimisation(np.zeros((n, 1)), n_trials, rng(), probability=p)
    walk = (2 * arms.astype(int) - 1).sum(axis=1)
    for difference in (1, 3, 5):
        truth = chances[n + difference]
        assert near(np.mean(walk == difference), truth, math.sqrt(truth / n_trials))


def test_who_knows_the_scores_guesses_by_the_coin():
    p = 0.85
    scheme = Scheme("minimisation", probability=p)
    arms = scheme.draw(FACTORS, 3000, rng())
    tally = Tally(FACTORS, 3000)
    tied = []
    for i in range(len(FACTORS)):
        tied.append((tally.preferred(i).sum(axis=0) == 2).mean())
        tally.add(i, arms[:, i])
    expected = np.mean(tied) * 0.5 + (1 - np.mean(tied)) * p
    assert rule_guesses(arms, scheme, FACTORS).right.mean() == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("ratio", [(1, 1), (1, 1, 1), (1, 2), (1, 2, 3)])
def test_arms_preferred_in_the_ratio_are_given_in_the_ratio(ratio):
    coin, shares = biased_coin(ratio, 0.8), np.array(ratio) / sum(ratio)
    assert coin.sum(axis=1) == pytest.approx(1, abs=EXACT)
    assert shares @ coin == pytest.approx(shares, abs=EXACT)
    assert coin[0, 0] == pytest.approx(0.8, abs=EXACT)
    assert (np.diag(coin) >= 0.8 - EXACT).all()


@pytest.mark.parametrize("measure", ["range", "variance"])
def test_minimisation_comes_near_an_unequal_ratio(measure):
    arms = minimisation(FACTORS, 1000, rng(), (1, 2), 0.9, measure=measure)
    assert np.mean(arms == 0) == pytest.approx(1 / 3, abs=0.01)
    assert (
        imbalance(arms, (1, 2)).mean() < imbalance(simple(60, 1000, rng(), (1, 2)), (1, 2)).mean()
    )


def test_a_heavier_factor_is_balanced_better():
    light, heavy = (
        imbalance(minimisation(FACTORS, 2000, rng(), weights=w), groups=FACTORS[:, 1]).mean()
        for w in ((5, 1), (1, 5))
    )
    assert heavy < light - 0.1


# All methods


@by_scheme
def test_the_same_seed_gives_the_same_arms(scheme):
    arms = scheme.draw(FACTORS, 50, rng(9))
    assert arms.shape == (50, 60)
    assert arms.dtype == np.int8
    assert (arms == scheme.draw(FACTORS, 50, rng(9))).all()
    assert (arms != scheme.draw(FACTORS, 50, rng(8))).any()


# Minimisation keeps an unequal ratio in the long run only.
@pytest.mark.parametrize("scheme", SCHEMES[:-1], ids=lambda s: f"{s.method} {s.ratio}")
def test_every_patient_has_each_arm_by_its_share(scheme):
    arms = scheme.draw(FACTORS, 4000, rng(2))
    for arm, share in enumerate(scheme.ratio):
        p = share / sum(scheme.ratio)
        # 4.5 errors, for 60 patients are looked at
        assert np.abs((arms == arm).mean(axis=0) - p).max() < 4.5 * math.sqrt(p * (1 - p) / 4000)


@by_scheme
def test_properties_hold_together(scheme):
    found = properties(scheme, FACTORS, 500, rng())
    frame = found.frame.set_index("quantity")
    assert len(frame) == 7
    assert frame.notna().all().all()
    assert (found.overall >= 0).all()
    assert found.by_rule.right.mean() >= found.by_totals.right.mean() - 0.01
    assert (frame["high"] >= frame["estimate"]).all()


def test_the_methods_rank_as_they_are_known_to():
    kinds = (
        Scheme("simple"),
        Scheme("blocks", blocks=(4,)),
        Scheme("stratified_blocks", blocks=(4,)),
        Scheme("minimisation"),
    )
    simple_, blocks, stratified, minimised = (properties(s, FACTORS, 1000, rng()) for s in kinds)
    assert blocks.overall.mean() < minimised.overall.mean() < simple_.overall.mean()
    assert stratified.within_strata.mean() < minimised.within_strata.mean()
    assert minimised.within_strata.mean() < simple_.within_strata.mean()
    assert minimised.within_categories.mean() < blocks.within_categories.mean()
    assert simple_.by_rule.right.mean() == pytest.approx(0.5, abs=0.01)
    assert min(blocks.by_rule.right.mean(), minimised.by_rule.right.mean()) > 0.65


@settings(max_examples=25, deadline=None)
@given(arms=st.lists(st.integers(0, 1), min_size=2, max_size=30), times=st.integers(1, 3))
def test_names_of_arms_do_not_matter(arms, times):
    one = np.array([arms] * times, dtype=np.int8)
    groups = np.arange(len(arms)) % 2
    assert imbalance(one, groups=groups) == pytest.approx(imbalance(1 - one, groups=groups))
    here, there = convergence_guesses(one), convergence_guesses(1 - one)
    assert here.right == pytest.approx(there.right)
    assert here.excess == pytest.approx(there.excess)


def test_unequal_arms_are_brought_to_one_size():
    arms = np.array([[0] * 10 + [1] * 20], dtype=np.int8)
    assert imbalance(arms, (1, 2))[0, 0] == pytest.approx(0)
    assert imbalance(arms)[0, 0] == pytest.approx(10)
    # five patients too few of the smaller share, ten of fifteen if both were equal
    assert imbalance(np.array([[0] * 5 + [1] * 25], dtype=np.int8), (1, 2))[0, 0] == pytest.approx(
        1.5 * (12.5 - 5)
    )


def test_a_pair_of_arms_is_drawn_in_its_part_of_each_block():
    scheme = Scheme("blocks", (1, 1, 2), blocks=(8,))
    pair = scheme.between([0, 2])
    assert (pair.ratio, pair.blocks) == ((1, 2), (6,))
    whole = scheme.draw(np.zeros((32, 0)), 1, rng())[0]
    parts = whole[whole != 1].reshape(-1, 6)
    assert ((parts == 0).sum(axis=1) == 2).all()


def test_strata_are_the_combinations_that_occur():
    table = np.array([["F", "limb"], ["M", "limb"], ["F", "limb"], ["F", "bulbar"]], dtype=object)
    assert strata(table).tolist() == [1, 2, 1, 0]
    assert strata(NONE).tolist() == [0] * 20


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Scheme("blocks", blocks=(3,)), "2 patients or a multiple"),
        (lambda: Scheme("blocks"), "not none"),
        (lambda: Scheme("stratified_blocks", (1, 2), blocks=(6, 4)), "not 4"),
        (lambda: Scheme("minimisation", probability=1.2), "between 0 and 1"),
        (lambda: Scheme("simple", (1,)), "two or more"),
        (lambda: Scheme("simple", (0, 1)), "two or more"),
        (lambda: Scheme("alternation"), "no method"),
        (
            lambda: Scheme("minimisation", weights=(1, 1)).draw(FACTORS[:, :1], 1, rng()),
            "1 factors",
        ),
        (lambda: minimisation(FACTORS[:, 0], 1, rng()), "one row a patient"),
        (lambda: minimisation(FACTORS, 1, rng(), measure="sum"), "'range' or 'variance'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
