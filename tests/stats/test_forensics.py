"""Printed figures: the published whole-number solutions, and brute force over small data sets."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from alsutils.stats.forensics import check_p, check_printed, grim, grimmer

PUBLISHED = yaml.safe_load(
    (Path(__file__).parents[1] / "reference" / "oh2018_published.yml").read_text()
)
SOLUTIONS = PUBLISHED["derived"]["integer_solutions"]


@pytest.mark.parametrize("cell", SOLUTIONS)
def test_finds_the_only_whole_numbers_behind_the_primary_cells(cell):
    arm, visit = cell.rsplit("_", 1)
    n, mean, sd = PUBLISHED["table_3"][f"alsfrs_r_change_{visit}"][arm]
    (found,) = grimmer(n, mean, sd)
    expected = SOLUTIONS[cell]
    assert (found.n, found.total, found.sum_of_squares) == tuple(expected.values())


def test_a_published_impossible_mean():
    # Brown and Heathers 2017: a mean of 5.19 of 28 whole numbers cannot be
    assert grim(28, 5.19) == ()
    assert grim(28, 5.18) == (145,)


@given(st.lists(st.integers(-10, 10), min_size=2, max_size=40))
def test_true_data_are_always_among_the_solutions(scores):
    n, total = len(scores), sum(scores)
    mean, sd = round(total / n, 2), round(float(np.std(scores, ddof=1)), 2)
    squares = sum(x * x for x in scores)
    assert (total, squares) in {(s.total, s.sum_of_squares) for s in grimmer(n, mean, sd)}


def test_every_solution_of_three_small_scores_can_be_reached():
    for mean, sd in itertools.product([0.33, 1.0, 1.67, -0.67], [0.58, 1.0, 1.53]):
        reached = {
            (sum(x), sum(v * v for v in x))
            for x in itertools.product(range(-6, 7), repeat=3)
            if abs(sum(x) / 3 - mean) <= 0.005 + 1e-9
            and abs(np.std(x, ddof=1) - sd) <= 0.005 + 1e-9
        }
        found = {(s.total, s.sum_of_squares) for s in grimmer(3, mean, sd)}
        assert reached <= found


def test_refuses_impossible_input():
    with pytest.raises(ValueError, match="n must be 1 or more"):
        grim(0, 1.0)
    with pytest.raises(ValueError, match="n must be 2 or more"):
        grimmer(1, 1.0, 0.0)
    with pytest.raises(ValueError, match="sd must not be negative"):
        grimmer(5, 1.0, -1.0)


def test_counts_units_of_the_last_digit():
    assert check_printed(4.47, 4.4799).units == 1
    assert check_printed(4.47, 4.4799).agrees
    assert not check_printed(4.47, 4.4951).agrees


@pytest.mark.parametrize(
    ("printed", "p", "agrees"),
    [
        ("<0.001", 0.00099, True),
        ("<0.001", 0.0011, False),
        ("0.018", 0.0172, True),
        ("0.018", 0.0163, False),
        ("0.05", 0.0449, True),
    ],
)
def test_compares_p_at_its_printed_precision(printed, p, agrees):
    assert check_p(printed, p) is agrees
