"""What is hidden of a table so that no small count can be told from it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from alsutils.stats.disclosure import close, is_small

TABLES = arrays(
    np.int64, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.integers(0, 40)
)


def test_a_few_are_hidden_and_nobody_is_not():
    assert is_small([0, 1, 4, 5], 5).tolist() == [False, True, True, False]
    assert not is_small([0, 1, 4, 5], 1).any()


def test_all_but_a_few_are_hidden_where_the_total_is_shown():
    assert is_small([32, 31, 28, 27], 5, of=32).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("cells", "hidden"),
    [
        ([3, 20, 9], [True, False, True]),  # 3 alone would follow from the total of 32
        ([1, 2, 20], [True, True, True]),  # 1 and 2 together would be known to be 3
        ([3, 2, 20, 0], [True, True, False, False]),
        ([10, 20], [False, False]),
        ([3, 0, 0], [True, False, False]),  # nothing else to hide
        ([3, 20, np.nan], [True, True, False]),
    ],
)
def test_a_second_cell_goes_with_a_hidden_one(cells, hidden):
    assert close(cells, 5).tolist() == hidden


@given(TABLES)
def test_no_line_gives_a_hidden_cell_away(table):
    hidden = close(table, 5)
    assert (hidden >= is_small(table, 5)).all()
    for cells, mask in [*zip(table.T, hidden.T, strict=True), *zip(table, hidden, strict=True)]:
        if len(cells) == 1 or not mask.any():
            continue
        everybody = mask[cells > 0].all()
        assert everybody or (mask.sum() >= 2 and cells[mask].sum() >= 5)


@given(TABLES)
def test_a_table_of_large_counts_is_shown_whole(table):
    assert not close(table + 5, 5).any()


def possible(cells: list[int], hidden: list[bool], minimum: int = 5) -> list[set[int]]:
    """Solve, as an attacker would, for each hidden cell of a line with a known total.

    He knows which hidden cells are shown as few, and that the others are not few; he tries every
    sum that the other cells can make up.
    """
    total = sum(n for n, gone in zip(cells, hidden, strict=True) if gone)
    ranges = [
        range(1, minimum) if 0 < n < minimum else range(minimum, total + 1)
        for n, gone in zip(cells, hidden, strict=True)
        if gone
    ]
    solved = []
    for i, own in enumerate(ranges):
        sums = {0}
        for other in ranges[:i] + ranges[i + 1 :]:
            sums = {s + n for s in sums for n in other if s + n <= total}
        solved.append({n for n in own if total - n in sums})
    return solved


@given(st.lists(st.integers(0, 25), min_size=2, max_size=7))
def test_an_attacker_learns_no_more_of_a_few_than_that_they_are_few(cells):
    hidden = close(cells, 5).tolist()
    shown = [n for n, gone in zip(cells, hidden, strict=True) if gone]
    if sum(hidden) == sum(n > 0 for n in cells):
        return  # all of it is hidden, and its total must be hidden as well
    for n, values in zip(shown, possible(cells, hidden), strict=True):
        assert n in values
        if n < 5:
            assert values == {1, 2, 3, 4}


@pytest.mark.parametrize("cells", [[4, 4, 30, 40], [1, 5, 30, 40], [3, 4, 9, 40]])
def test_an_attacker_solves_a_line_that_is_closed_too_little(cells):
    """Two or more are hidden, of at least five people, and yet a few are told."""
    assert min(len(values) for values in possible(cells, [n < 6 for n in cells])) < 4
    assert possible(cells, close(cells, 5).tolist())[0] == {1, 2, 3, 4}
