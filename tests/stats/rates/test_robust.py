"""Event rates against a Poisson regression with sandwich errors in base R."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alsutils.stats.rates import event_rate, rate_difference, rate_ratio

REFERENCE = Path(__file__).parents[2] / "reference" / "safety"
EXACT = 1e-9

patients = pd.read_csv(REFERENCE / "patients.csv")
expected = pd.read_csv(REFERENCE / "rates.csv").iloc[0]


def _rate(arm):
    group = patients[patients["arm"] == arm]
    return event_rate(group["events"], group["years"])


def test_rate_and_ratio_agree_with_r():
    control, treated = _rate(0), _rate(1)
    ratio = rate_ratio(treated, control)
    assert math.log(control.estimate) == pytest.approx(expected["log_rate_control"], rel=EXACT)
    assert control.log_error == pytest.approx(expected["log_rate_control_error"], rel=EXACT)
    assert math.log(ratio.estimate) == pytest.approx(expected["log_ratio"], rel=EXACT)
    assert ratio.log_error == pytest.approx(expected["log_ratio_error"], rel=EXACT)
    assert math.sqrt(ratio.conf_low * ratio.conf_high) == pytest.approx(ratio.estimate)
    assert (ratio.p_value < 0.05) == (ratio.conf_low > 1 or ratio.conf_high < 1)


@given(
    rows=st.lists(st.tuples(st.integers(0, 9), st.floats(0.05, 3)), min_size=1, max_size=25).filter(
        lambda rows: any(k for k, _ in rows)
    ),
    scale=st.floats(0.01, 400),
)
def test_the_unit_of_time_scales_the_rate_only(rows, scale):
    events, time = map(np.array, zip(*rows, strict=True))
    plain, scaled = event_rate(events, time), event_rate(events, time * scale)
    assert scaled.estimate * scale == pytest.approx(plain.estimate)
    assert scaled.log_error == pytest.approx(plain.log_error, abs=1e-9)


def test_no_event_gives_the_exact_poisson_limit():
    found = event_rate([0, 0], [1.0, 1.5])
    assert (found.estimate, found.conf_low) == (0, 0)
    # At the limit, seeing nothing in 2.5 years has probability 0.025.
    assert math.exp(-found.conf_high * 2.5) == pytest.approx(0.025)
    assert math.isnan(rate_ratio(found, event_rate([1, 2], [1, 1])).estimate)


def test_a_difference_of_rates_joins_their_limits():
    treated, control = _rate(1), _rate(0)
    found = rate_difference(treated, control)
    assert found.estimate == pytest.approx(treated.estimate - control.estimate)
    back = rate_difference(control, treated)
    assert (found.conf_low, found.conf_high) == pytest.approx((-back.conf_high, -back.conf_low))
    # Against an arm that is known exactly, the limits are those of the other rate, moved.
    known = event_rate([1, 2], [1.0, 2.0])
    assert known.log_error == 0
    assert rate_difference(treated, known).conf_low == pytest.approx(treated.conf_low - 1)


def test_a_difference_has_limits_without_any_event():
    nobody = event_rate([0, 0, 0], [1.0, 1.5, 2.0])
    found = rate_difference(nobody, _rate(0))
    assert found.conf_low < found.estimate < found.conf_high
    alike = rate_difference(nobody, nobody)
    assert (alike.estimate, alike.conf_high) == (0, nobody.conf_high)


@pytest.mark.parametrize(
    ("events", "time", "words"),
    [([1, 2], [1.0], "expected one of each"), ([], [], "expected one"), ([1], [0.0], "above 0")],
)
def test_bad_input_is_named(events, time, words):
    with pytest.raises(ValueError, match=words):
        event_rate(events, time)
