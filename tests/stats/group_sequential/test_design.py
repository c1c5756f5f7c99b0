"""Power, expected size and futility against rpact, printed tables, simulation and exact truths."""

import numpy as np
import pytest
from scipy.stats import norm

from alsutils.stats.group_sequential import (
    SequentialError,
    Spending,
    beta_spending_design,
    classical_boundaries,
    group_sequential_design,
    operating_characteristics,
    simulate_paths,
    spending_boundaries,
    stop_trials,
)

# rpact spends 1e-8 less than the level, which moves boundaries and sizes by ten times as much.
RPACT = 2e-7
CLASSICAL = {"classic_obrien_fleming": 0.0, "classic_pocock": 0.5, "wang_tsiatis": 0.25}
OBRIEN_FLEMING, POCOCK = Spending("obrien_fleming"), Spending("pocock")
QUARTERS = [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(
    ("shape", "power", "printed"),
    [
        ("pocock", 0.8, [1.110, 1.166, 1.202, 1.229]),
        ("pocock", 0.9, [1.100, 1.151, 1.183, 1.207]),
        ("obrien_fleming", 0.8, [1.008, 1.017, 1.024, 1.028]),
        ("obrien_fleming", 0.9, [1.007, 1.016, 1.022, 1.026]),
    ],
)
def test_inflation_of_jennison_and_turnbull(shape, power, printed) -> None:
    """Tables 2.2 and 2.4 of their book: maximal over fixed size, two-sided 0.05, 2 to 5 looks."""
    designs = [group_sequential_design(classical_boundaries(k, shape), power) for k in range(2, 6)]
    # Half a unit of the last printed digit.
    assert [design.inflation for design in designs] == pytest.approx(printed, abs=5.1e-4)


def test_designs_agree_with_rpact(reference) -> None:
    for case in reference["spending"]:
        arguments = (case["alpha"], case["sided"])
        if case["family"] in CLASSICAL:
            shape = CLASSICAL[case["family"]]
            boundaries = classical_boundaries(case["fractions"], shape, *arguments)
        else:
            spending = Spending(case["family"], case["parameter"])
            boundaries = spending_boundaries(case["fractions"], spending, *arguments)
        _check(group_sequential_design(boundaries, 0.9), case)


def test_beta_spending_agrees_with_rpact(reference) -> None:
    for case in reference["futility"]:
        beta = Spending(case["family"], case["parameter"])
        design = beta_spending_design(
            case["fractions"], OBRIEN_FLEMING, beta, 0.025, 0.8, case["binding"]
        )
        assert design.boundaries.upper == pytest.approx(case["upper"], abs=RPACT)
        assert design.boundaries.lower[:-1] == pytest.approx(case["lower"], abs=RPACT)
        _check(design, case)
        stopped = design.boundaries.crossing(design.drift).lower[0, :-1]
        assert stopped == pytest.approx(case["futility"], abs=RPACT)


def _check(design, case) -> None:
    frame = design.characteristics([1, 0.5, 0])
    expected = [case[f"expected_{name}"] for name in ("h1", "h01", "h0")]
    assert design.drift**2 == pytest.approx(case["shift"], rel=RPACT)
    assert design.inflation == pytest.approx(case["inflation"], rel=RPACT)
    assert frame["expected_over_fixed"].tolist() == pytest.approx(expected, rel=RPACT)
    assert frame["power"].iloc[0] == pytest.approx(design.power, abs=1e-10)
    crossed = design.boundaries.crossing(design.drift).upper[0]
    assert np.cumsum(crossed) == pytest.approx(case["power"], abs=RPACT)


def test_one_look_is_the_fixed_design() -> None:
    design = group_sequential_design(spending_boundaries([1.0], POCOCK, 0.05, 1), 0.85)
    assert design.drift == pytest.approx(norm.isf(0.05) + norm.ppf(0.85), abs=1e-10)
    assert design.inflation == pytest.approx(1)


@pytest.mark.parametrize("binding", [True, False])
def test_both_errors_are_spent_as_planned(binding) -> None:
    design = beta_spending_design(QUARTERS, OBRIEN_FLEMING, POCOCK, 0.025, 0.9, binding)
    boundaries = design.boundaries
    missed = np.cumsum(boundaries.crossing(design.drift).lower[0])
    assert missed == pytest.approx(POCOCK.spent(QUARTERS, 0.1), abs=1e-9)
    level = boundaries.frame["spent"].to_numpy()
    assert level == pytest.approx(OBRIEN_FLEMING.spent(QUARTERS, 0.025), abs=1e-10)


def test_heeding_a_binding_boundary_buys_a_lower_hurdle_and_a_smaller_trial() -> None:
    bound, free = (
        beta_spending_design(QUARTERS, OBRIEN_FLEMING, OBRIEN_FLEMING, 0.025, 0.9, binding)
        for binding in (True, False)
    )
    assert bound.boundaries.upper[-1] < free.boundaries.upper[-1]
    assert 1 < bound.inflation < free.inflation


@pytest.mark.parametrize("sided", [1, 2])
@pytest.mark.parametrize("drift", [0.0, 2.0, 3.3])
def test_simulated_trials_do_as_computed(sided, drift) -> None:
    boundaries = spending_boundaries([0.3, 0.7, 1], POCOCK, 0.05, sided)
    expected = operating_characteristics(boundaries, drift).iloc[0]
    n = 100_000
    trials = stop_trials(
        boundaries, simulate_paths(boundaries.fractions, drift, n, np.random.default_rng(61))
    )
    error = 4 * np.sqrt(0.25 / n)  # four Monte Carlo errors at the most
    assert trials.rejected.mean() == pytest.approx(
        expected["power"] + expected["reject_other"], abs=error
    )
    assert (trials.look < 3).mean() == pytest.approx(expected["stop_early"], abs=error)
    used = boundaries.fractions[trials.look - 1].mean()
    assert used == pytest.approx(expected["expected_fraction"], abs=error)


def test_power_rises_and_length_falls_with_the_effect() -> None:
    frame = operating_characteristics(
        spending_boundaries(QUARTERS, OBRIEN_FLEMING, 0.025, 1), np.linspace(0, 6, 13)
    )
    assert (np.diff(frame["power"]) > 0).all()
    assert (np.diff(frame["expected_fraction"]) < 0).all()
    assert frame["power"].iloc[0] == pytest.approx(0.025)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: group_sequential_design(spending_boundaries([1], POCOCK), 0.01), "power"),
        (lambda: group_sequential_design(spending_boundaries([1], POCOCK), 1.0), "power must lie"),
        (lambda: beta_spending_design([0.5, 0.9], POCOCK, POCOCK), "fraction 1"),
        (lambda: beta_spending_design([0.5, 1], POCOCK, POCOCK, 0.7), "level"),
        (lambda: beta_spending_design([0.5, 1], POCOCK, POCOCK, 0.025, 1.0), "power"),
    ],
)
def test_what_makes_no_design_is_refused(call, message) -> None:
    with pytest.raises(SequentialError, match=message):
        call()
