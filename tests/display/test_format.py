"""Numbers in words."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alsutils.display import format as fmt


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(-1.694, 2, "−1.69"), (-0.001, 2, "0.00"), (1234.5, 0, "1,234"), (math.nan, 2, "–")],
)
def test_numbers(value, digits, text):
    assert fmt.number(value, digits) == text


@given(st.floats(0, 1))
def test_a_p_value_is_never_written_as_zero_or_one(p):
    assert fmt.p_value(p) not in ("0.000", "1.000")


def test_p_values_in_sentences():
    assert fmt.p_phrase(0.0002) == "p < 0.001"
    assert fmt.p_phrase(0.0026) == "p = 0.003"


def test_an_interval_has_no_dash_that_could_be_a_minus():
    assert fmt.estimate(-7.52, -13.1, -1.95) == "−7.52 (−13.10 to −1.95)"


def test_lists_and_counts():
    assert fmt.listed(["a"]) == "a"
    assert fmt.listed(["a", "b", "c"]) == "a, b and c"
    assert fmt.plural(1, "patient") == "1 patient"
    assert fmt.plural(3, "analysis", "analyses") == "3 analyses"
    assert fmt.count_of(12, 32) == "12 (38%)"
    assert fmt.count_of(0, 0) == "0 (–)"
