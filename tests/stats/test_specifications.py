"""The specification curve: R, the package's own single analyses, properties, and error rates."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from alsutils.stats.ancova import ancova
from alsutils.stats.mmrm import fit_mmrm
from alsutils.stats.mmrm.many import fit_many, unstructured_basis
from alsutils.stats.permutation import redraws, shuffles
from alsutils.stats.specifications import (
    Specification,
    carried_forward,
    distinct,
    filled_with,
    influential_left_out,
    pairwise,
    pooled,
    repeated,
    specification_curve,
    spread_within,
    trimmed,
    welch,
    winsorised,
)
from alsutils.stats.specifications.models import ranked
from alsutils.stats.two_sample import Sample, mean_difference
from alsutils.stats.wins import Continuous, win_statistics

REFERENCE = Path(__file__).parents[1] / "reference" / "appraisal"
R = json.loads((REFERENCE / "specifications.json").read_text())
TRIAL = pd.read_csv(REFERENCE / "trial.csv")
ON = (TRIAL["arm"] == "treated").to_numpy()
GRID = TRIAL[["y1", "y2", "y3"]].to_numpy(float)
LAST, BASE = GRID[:, 2], TRIAL[["base"]].to_numpy(float)
SITE = pd.get_dummies(TRIAL["site"], drop_first=True, dtype=float).to_numpy()
NONE = np.empty((len(TRIAL), 0))
SAME = 1e-9  # relative: the same arithmetic in another order
COLUMNS = ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high")


def ways(n_draws=40, seed=1):
    drawn = np.random.default_rng(seed).permuted(np.tile(ON, (n_draws, 1)), axis=1)
    return redraws(ON, drawn)


def curve(specifications, redrawn=None, **options):
    return specification_curve(specifications, redrawn or ways(), **options)


HANDFUL = {
    "winsorised_pooled": ("pooled", winsorised(LAST), NONE, LAST),
    "trimmed_welch": ("welch", trimmed(LAST), NONE, LAST),
    "carried_ancova": ("pooled", carried_forward(GRID), np.hstack([BASE, SITE]), LAST),
    "unchanged_ancova": ("pooled", filled_with(LAST, 0.0), BASE, LAST),
    "uninfluenced_ancova": ("pooled", influential_left_out(LAST, BASE), BASE, LAST),
    "ranks_ancova": ("pooled", ranked(LAST), BASE, ranked(LAST)),
}
SPECIFICATIONS = [Specification({"name": name}, *parts) for name, parts in HANDFUL.items()]


@pytest.mark.parametrize("name", HANDFUL)
def test_agrees_with_r(name):
    found = Specification({}, *HANDFUL[name]).fit(ways().treated)
    for column in COLUMNS:
        assert getattr(found, column)[0] == pytest.approx(R[name][column], rel=1e-8)


def test_every_way_is_the_analysis_of_that_way():
    redrawn = ways(6).treated
    student, unequal = pooled(LAST, NONE, redrawn), welch(LAST, redrawn)
    held = pooled(LAST, np.hstack([BASE, SITE]), redrawn)
    won = pairwise(LAST, redrawn)
    for k, on in enumerate(redrawn):
        one, two = Sample.of(LAST[on]), Sample.of(LAST[~on])
        seen = ~np.isnan(LAST)
        wins = win_statistics([Continuous(LAST[seen])], on[seen]).frame.set_index("measure")
        arms = pd.Categorical(np.where(on, "b", "a"), categories=["a", "b"])
        rows = TRIAL.assign(arm=arms)
        expected = {
            "pooled": (student, mean_difference(one, two)),
            "welch": (unequal, mean_difference(one, two, "welch")),
            "held": (held, ancova(rows, "y3", "arm", ["base", "site"]).frame.iloc[0]),
        }
        for fits, single in expected.values():
            for column in COLUMNS:
                assert getattr(fits, column)[k] == pytest.approx(getattr(single, column), rel=SAME)
        assert won.p_value[k] == pytest.approx(wins.loc["win_odds", "p_value"], rel=SAME)
        for column in ("estimate", "conf_low", "conf_high"):
            index = ndtr(getattr(won, column)[k] / np.sqrt(2))
            assert index == pytest.approx(wins.loc["probabilistic_index", column], rel=SAME)


def test_a_mixed_model_whose_covariance_is_known_is_least_squares_with_weights():
    redrawn = ways(3).treated
    [found] = repeated(GRID, BASE, SITE, redrawn, [2], once=True)
    null = fit_many(
        GRID[None],
        np.hstack([np.ones_like(BASE), BASE - BASE.mean(), SITE - SITE.mean(axis=0)])[None],
        np.hstack([np.repeat(np.eye(3), 2, axis=1), np.ones((3, SITE.shape[1]))]),
        unstructured_basis(3),
        [0],
        pieces=[0, 1, 0, 1, 0, 1, *range(2, 2 + SITE.shape[1])],
    ).covariance[0]
    for k, on in enumerate(redrawn):
        crossed, right = 0.0, 0.0
        for i in np.flatnonzero(~np.isnan(GRID).all(axis=1)):
            each = np.kron(np.eye(3), [[1.0, BASE[i, 0], on[i]]])
            seen = ~np.isnan(GRID[i])
            x = np.hstack([each, np.tile(SITE[i], (3, 1))])[seen]
            weighted = x.T @ np.linalg.inv(null[np.ix_(seen, seen)])
            crossed, right = crossed + weighted @ x, right + weighted @ GRID[i, seen]
        covariance = np.linalg.inv(crossed)
        assert found.estimate[k] == pytest.approx((covariance @ right)[8], rel=SAME)
        assert found.std_error[k] == pytest.approx(np.sqrt(covariance[8, 8]), rel=SAME)


def test_a_covariance_known_from_both_arms_changes_the_test_a_little_and_the_curve_not_at_all():
    mixed = Specification({"name": "mixed"}, "repeated", GRID, BASE, LAST, 2, 1)
    exact, once = (curve([mixed, *SPECIFICATIONS], once=known) for known in (False, True))
    pd.testing.assert_frame_equal(exact.frame, once.frame, rtol=1e-9)
    # Half a dozen of the specifications are the same, and the mixed model's nearly so.
    assert once.test.draws == pytest.approx(exact.test.draws, abs=0.15)
    assert (once.test.draws != exact.test.draws).any()


def test_the_mixed_model_is_that_of_one_data_set():
    redrawn = ways(1).treated
    found = repeated(GRID, BASE, SITE, redrawn, [1, 2])
    rows = TRIAL.assign(id=TRIAL.index.astype(str)).melt(
        ["id", "arm", "base", "site"], ["y1", "y2", "y3"], "visit", "y"
    )
    fit = fit_mmrm(
        "y ~ arm * visit + base * visit + site",
        rows,
        subject="id",
        visit="visit",
        df="kenward-roger",
        vcov="kenward-roger-linear",
    )
    table = fit.contrasts("arm", by="visit", reference="control").set_index("visit")
    for fits, visit in zip(found, ("y2", "y3"), strict=True):
        for column in COLUMNS:
            # both stop where a further step is worth less than 1e-10 of the likelihood
            single = table.loc[visit, column]
            assert getattr(fits, column)[0] == pytest.approx(single, rel=2e-5)


def test_one_mixed_model_serves_all_its_visits():
    asked = [Specification({"v": str(v)}, "repeated", GRID, BASE, GRID[:, v], v, 1) for v in (1, 2)]
    together = curve(asked, ways(3))
    alone = [s.fit(ways(3).treated).estimate[0] for s in asked]
    assert sorted(alone) == together.frame["estimate"].tolist()


def test_unit_is_the_spread_within_the_arms():
    expected = np.sqrt(
        sum(np.nanvar(LAST[s], ddof=1) * ((~np.isnan(LAST[s])).sum() - 1) for s in (ON, ~ON))
        / ((~np.isnan(LAST)).sum() - 2)
    )
    assert spread_within(LAST, ON[None])[0] == pytest.approx(expected, rel=SAME)


def test_rules_by_hand():
    grid = np.array([[1.0, np.nan], [2.0, 3.0], [np.nan, np.nan]])
    np.testing.assert_array_equal(carried_forward(grid), [1.0, 3.0, np.nan])
    np.testing.assert_array_equal(filled_with(grid[:, 1], 0.0), [0.0, 3.0, 0.0])
    line = np.arange(21.0)
    np.testing.assert_array_equal(winsorised(line)[[0, 1, 20]], [1.0, 1.0, 19.0])
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(trimmed(line))), [0, 20])
    with pytest.raises(ValueError, match=r"between 0 and 0\.5"):
        winsorised(line, 0.5)
    far = np.array([0.0, 1, -1, 1, -1, 0, 1, -1, 30])
    assert np.flatnonzero(np.isnan(influential_left_out(far))).tolist() == [8]


def test_the_same_analysis_counts_once():
    first = SPECIFICATIONS[0]
    twin = Specification({"name": "twin"}, "pooled", winsorised(LAST), NONE, LAST)
    # who lacks the covariate is not analysed, whatever the outcome
    gap = BASE.copy()
    gap[0] = np.nan
    with_one, without = LAST.copy(), LAST.copy()
    without[0] = np.nan
    a, b = (Specification({}, "pooled", y, gap, LAST) for y in (with_one, without))
    assert distinct([first, twin, a, b]) == [first, a]
    with pytest.raises(ValueError, match="at least one"):
        specification_curve([], ways())


def test_summaries_are_those_of_the_rows():
    extra = pd.DataFrame({"name": ["made"], "estimate": [9.0], "p_value": [0.5]})
    found = curve(SPECIFICATIONS, further=extra)
    frame = found.frame
    assert frame["estimate"].is_monotonic_increasing
    assert found.n == len(SPECIFICATIONS) + 1
    assert found.test.n_specifications == len(SPECIFICATIONS)
    assert frame["redrawn"].tolist() == [True] * len(SPECIFICATIONS) + [False]
    assert found.median == frame["estimate"].median()
    assert found.share_significant == (frame["p_value"] < 0.05).mean()
    assert found.share_above == (frame["estimate"] > 0).mean()
    own = frame[frame["redrawn"]]
    assert found.test.frame["observed"][0] == pytest.approx(own["estimate"].median())


def test_a_specification_the_data_do_not_allow_is_counted():
    empty = Specification({"name": "nobody"}, "pooled", np.full(len(LAST), np.nan), NONE, LAST)
    found = curve([*SPECIFICATIONS, empty])
    assert (found.n, found.n_failed) == (len(SPECIFICATIONS), 1)
    assert found.test.n_specifications == len(SPECIFICATIONS)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 100), st.floats(-50, 50))
def test_swapping_arms_turns_the_curve_and_units_do_not_matter(seed, factor, shift):
    redrawn = ways(20, seed)
    found = curve(SPECIFICATIONS[:3], redrawn)
    other = curve(SPECIFICATIONS[:3], type(redrawn)(~redrawn.treated, False))
    assert other.median == pytest.approx(-found.median)
    np.testing.assert_allclose(other.test.frame["p_value"], found.test.frame["p_value"])
    scaled = [
        Specification(s.choices, s.model, factor * s.outcome + shift, s.covariates,
                      factor * s.scale + shift)
        for s in SPECIFICATIONS[:3]
    ]  # fmt: skip
    np.testing.assert_allclose(curve(scaled, redrawn).frame["estimate"], found.frame["estimate"])


def test_order_of_patients_does_not_matter():
    order = np.random.default_rng(5).permutation(len(LAST))
    redrawn = ways()
    moved = [
        Specification(s.choices, s.model, s.outcome[order], s.covariates[order], s.scale[order])
        for s in SPECIFICATIONS
    ]
    found = curve(moved, type(redrawn)(redrawn.treated[:, order], False))
    np.testing.assert_allclose(found.frame["estimate"], curve(SPECIFICATIONS).frame["estimate"])


def test_one_specification_listed_exactly_is_the_permutation_test():
    values = np.array([1.0, 2, 3, 4, 10, 11, 12, 13])
    on = np.arange(8) > 3
    every = shuffles(on, 10, np.random.default_rng(1))
    only = Specification({}, "pooled", values, np.empty((8, 0)), values)
    found = specification_curve([only], every)
    assert found.test.exact
    # of 70 ways only the observed one and its mirror image are as far out
    assert found.test.frame["p_value"].tolist()[2] == pytest.approx(2 / 70)


def test_error_rate_where_nothing_differs():
    rng, trials, level = np.random.default_rng(11), 200, 0.1
    rejected = np.zeros(3)
    for _ in range(trials):
        y = rng.standard_t(3, 24)
        x = (y + rng.normal(size=24))[:, None]
        none = np.empty((24, 0))
        on = rng.permutation(np.arange(24) % 2 == 0)
        asked = [
            Specification({}, "pooled", y, none, y),
            Specification({}, "pooled", winsorised(y), x, y),
            Specification({}, "welch", trimmed(y), none, y),
            Specification({}, "pooled", ranked(y), x, ranked(y)),
            Specification({}, "pairwise", y, none, y),
        ]
        drawn = rng.permuted(np.tile(on, (59, 1)), axis=1)
        found = specification_curve(asked, redraws(on, drawn))
        rejected += found.test.frame["p_value"] <= level
    # 6 of 60 ways: the level is exact for the continuous statistics; 3.3 simulation errors
    bound = 3.3 * np.sqrt(level * (1 - level) / trials)
    assert (rejected / trials < level + bound).all()
    assert (rejected[[0, 2]] / trials > level - bound).all()


def test_a_true_effect_is_found():
    rng = np.random.default_rng(3)
    on = np.arange(60) % 2 == 0
    y = rng.normal(size=60) + 1.2 * on
    drawn = rng.permuted(np.tile(on, (199, 1)), axis=1)
    asked = [Specification({}, "pooled", f(y), np.empty((60, 0)), y) for f in (winsorised, trimmed)]
    found = specification_curve(asked, redraws(on, drawn))
    # the share of two specifications has few values, of which the largest comes up by chance, too
    assert (found.test.frame["p_value"].iloc[[0, 2]] <= 0.01).all()
    assert found.share_significant == 1
