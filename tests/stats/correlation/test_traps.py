import numpy as np
import pytest
from scipy import integrate, stats

from alsutils.stats.correlation import (
    correlation,
    forking_paths,
    selected_correlation,
    truncated_correlation,
)
from alsutils.stats.correlation.selection import critical_correlation


def test_closed_form_is_that_of_a_very_large_trial() -> None:
    for loads, true in (((0.5, 0.6), 0.0), ((-0.4, 0.7), 0.3), ((0.0, 0.5), 0.0)):
        found = selected_correlation(
            np.random.default_rng(1), 200_000, 0.3, *loads, true_correlation=true, n_trials=1
        )
        closed = truncated_correlation(*loads, 0.3, true)
        assert found.expected == closed
        # Four standard errors of a correlation of 60,000 pairs.
        assert found.correlations[0] == pytest.approx(closed, abs=4 / np.sqrt(60_000))


def test_closed_form_agrees_with_the_integral_of_the_picked() -> None:
    # Given the outcome, x and y have means load * outcome and no more in common.
    a, b, share = 0.5, 0.6, 0.25
    cut = stats.norm.isf(share)
    mean, square = (
        integrate.quad(lambda o, k=k: o**k * stats.norm.pdf(o) / share, cut, 12)[0] for k in (1, 2)
    )
    spread = square - mean**2
    xy = a * b * (spread - 1)  # the correlation of x and y is 0 among everybody
    expected = xy / np.sqrt((1 + a**2 * (spread - 1)) * (1 + b**2 * (spread - 1)))
    assert truncated_correlation(a, b, share) == pytest.approx(expected, rel=1e-9)


def test_nothing_is_found_where_the_outcome_has_to_do_with_neither() -> None:
    trials = 4000
    found = selected_correlation(np.random.default_rng(2), load_x=0, load_y=0, n_trials=trials)
    margin = 3 * np.sqrt(0.05 * 0.95 / trials)
    assert found.frame["found"].to_numpy() == pytest.approx([0.05] * 3, abs=margin)
    assert found.expected == 0
    assert found.claimed == pytest.approx(0.05 * 0.95, abs=margin)


def test_picking_by_the_outcome_makes_a_correlation() -> None:
    found = selected_correlation(np.random.default_rng(3), 80, 0.4, 0.6, 0.6, n_trials=3000)
    rows = found.frame.set_index("group")
    assert rows.at["everybody", "found"] < 0.07
    assert rows.at["selected", "found"] > 0.3
    assert rows.at["selected", "mean_correlation"] == pytest.approx(found.expected, abs=0.02)
    assert rows["n"].tolist() == [80, 32, 48]
    assert len(found.correlations) == found.n_trials == 3000


def test_a_treatment_that_moves_all_three_makes_one_too() -> None:
    found = selected_correlation(
        np.random.default_rng(4), 80, 0.5, 0, 0, 1.5, -1.5, 1.0, n_trials=2000
    )
    rows = found.frame.set_index("group")
    assert rows.at["everybody", "found"] > 0.9
    assert np.isnan(found.expected)


def test_same_seed_same_trials_and_turned_signs() -> None:
    one, two, turned = (
        selected_correlation(np.random.default_rng(5), load_y=s * 0.5, n_trials=500)
        for s in (1, 1, -1)
    )
    assert one.frame.equals(two.frame)
    assert turned.expected == pytest.approx(-one.expected)


def test_critical_correlation_is_where_p_is_alpha() -> None:
    x = np.arange(12.0)
    e = np.cos(np.arange(12) * 2.4)
    x, e = x - x.mean(), e - e.mean()
    e -= x * (e @ x) / (x @ x)
    r = critical_correlation(12, 0.05)
    y = r * x / np.sqrt(x @ x) + np.sqrt(1 - r**2) * e / np.sqrt(e @ e)
    assert correlation(x, y).p_value == pytest.approx(0.05, rel=1e-9)


def test_selection_refuses_small_groups_and_impossible_loads() -> None:
    rng = np.random.default_rng(1)
    with pytest.raises(ValueError, match="each group needs four"):
        selected_correlation(rng, 12, 0.2)
    with pytest.raises(ValueError, match="lower the loads"):
        selected_correlation(rng, load_x=0.9, load_y=0.9)


def test_paths_are_counted_and_multiply_what_is_found() -> None:
    found = forking_paths(
        np.random.default_rng(6), n_analytes=4, n_visits=2, shares=(0.3, 0.5), n_studies=2000
    )
    rows = found.frame
    assert rows["paths"].tolist() == [1, 6, 12, 36, 60]
    assert rows["found"].is_monotonic_increasing
    margin = 3 * np.sqrt(0.05 * 0.95 / 2000)
    assert rows["found"].iloc[0] == pytest.approx(0.05, abs=margin)
    # Correlations of different pairs of independent analytes are independent of each other.
    assert rows["found"].iloc[1] == pytest.approx(1 - 0.95**6, abs=3 * 0.5 / np.sqrt(2000))
    np.testing.assert_allclose(rows["if_independent"], 1 - 0.95 ** rows["paths"])
    # On average every path finds something in five of a hundred studies, dependent or not.
    expected = 0.05 * rows["paths"]
    np.testing.assert_allclose(rows["mean_findings"], expected, rtol=0.12)
    assert rows["found"].iloc[-1] < rows["if_independent"].iloc[-1]


def test_one_visit_and_no_definition_add_nothing() -> None:
    found = forking_paths(np.random.default_rng(7), 20, 3, 1, shares=(), n_studies=300).frame
    assert found["paths"].tolist() == [1, 3, 3, 3, 3]
    assert found["found"].nunique() <= 2
    again = forking_paths(np.random.default_rng(7), 20, 3, 1, shares=(), n_studies=300).frame
    assert again.equals(found)


def test_paths_refuse_what_is_impossible() -> None:
    rng = np.random.default_rng(1)
    with pytest.raises(ValueError, match="two analytes"):
        forking_paths(rng, n_analytes=1)
    with pytest.raises(ValueError, match="four patients"):
        forking_paths(rng, n_patients=10)
    with pytest.raises(ValueError, match="visit_correlation"):
        forking_paths(rng, visit_correlation=1.2)
