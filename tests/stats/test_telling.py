"""Figures that are a single person's value, rounded or not told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alsutils.stats.telling import quantile_is_told, significant


def test_rounds_to_significant_digits():
    np.testing.assert_array_equal(
        significant([453.8, 0.0864, -12.49, 0, np.nan, np.inf]),
        [450, 0.086, -12, 0, np.nan, np.inf],
    )


@given(st.floats(1e-6, 1e6), st.integers(1, 4))
def test_is_off_by_half_a_digit_at_most(value, digits):
    size = 10.0 ** np.floor(np.log10(value))
    off = abs(significant(value, digits) - value)
    assert off <= 0.5 * size * 10.0 ** (1 - digits) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("n", "share", "told"), [(10, 0.5, True), (9, 0.5, False), (20, 0.75, True), (49, 0.1, False)]
)
def test_a_quantile_needs_people_on_either_side(n, share, told):
    assert quantile_is_told(n, share, 5) == told
