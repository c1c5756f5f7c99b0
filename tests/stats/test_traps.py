import numpy as np
import pytest

from alsutils.stats.censoring import tipping_censoring
from alsutils.stats.survival import kaplan_meier, survival_at
from alsutils.stats.traps import (
    external_controls,
    immortal_time,
    informative_censoring,
    landmark,
    left_truncation,
    repeat_trap,
)

TRAPS = [immortal_time, external_controls, informative_censoring, left_truncation]
TRIALS = 30


@pytest.mark.parametrize("trap", TRAPS)
def test_the_trap_catches_and_the_way_out_leads_out(trap) -> None:
    table = repeat_trap(trap, TRIALS, seed=3)
    right, wrong = table[table["right"]], table[~table["right"]]
    assert len(right)
    assert len(wrong)
    assert (wrong["estimate"] < 0.85).all()
    spread = np.log(right["high"] / right["low"]) / 4 / np.sqrt(TRIALS)
    # Within four standard errors of nothing, and false alarms as rare as they should be.
    assert (np.log(right["estimate"]).abs() < 4 * spread + 0.01).all()
    assert (right["found"] <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / TRIALS)).all()
    assert (table["truth"] == 1).all()


@pytest.mark.parametrize("trap", TRAPS)
def test_the_same_seed_gives_the_same_patients(trap) -> None:
    one, two = (trap(np.random.default_rng(5)) for _ in range(2))
    assert one.patients.equals(two.patients)
    assert one.results.equals(two.results)
    assert set(one.curves["analysis"]) == set(one.results["analysis"])
    starts = one.curves.groupby(["analysis", "group"]).first()
    assert (starts["estimate"] == 1).all()
    assert one.curves["estimate"].between(0, 1).all()


@pytest.mark.long
def test_the_number_of_jobs_changes_nothing() -> None:
    one, two = (repeat_trap(left_truncation, 6, 1, jobs) for jobs in (1, 2))
    assert one.equals(two)


def test_few_patients_give_missing_figures_and_no_error() -> None:
    for trap in TRAPS:
        for seed in range(4):
            found = trap(np.random.default_rng(seed), n=6).results
            assert found["estimate"].isna().sum() + found["estimate"].gt(0).sum() == len(found)


def test_delayed_entry_gives_back_the_curve_of_everybody() -> None:
    trap = left_truncation(np.random.default_rng(2), n=4000)
    everybody = trap.patients
    seen = everybody[everybody["enrolled"]]
    true = float((everybody["death"] > 30).mean())
    late = survival_at(kaplan_meier(seen["time"], seen["event"], entry=seen["entry"]), 30)
    naive = survival_at(kaplan_meier(seen["time"], seen["event"]), 30)
    assert late.estimate == pytest.approx(true, abs=0.03)
    assert naive.estimate > true + 0.05


def test_a_landmark_keeps_those_still_at_risk() -> None:
    found = landmark([1, 2, 3, 4], [True, True, False, True], 2)
    assert found["person"].tolist() == [2, 3]
    assert found["time"].tolist() == [1, 2]
    assert found["event"].tolist() == [False, True]
    assert len(landmark([1, 2], [True, True], 9)) == 0


def test_a_multiple_goes_against_what_leaving_did() -> None:
    """Leaving made the treated look better; a larger hazard after it moves the ratio back."""
    trap = informative_censoring(np.random.default_rng(8), n=400)
    patients = trap.patients
    found = tipping_censoring(
        patients["time"],
        patients["event"],
        patients["arm"] == 1,
        24.0,
        [1.0, 2.0],
        np.random.default_rng(0),
        n_imputations=20,
    )
    censored, full = np.log(trap.results["estimate"])
    like, worse = found.frame["estimate"]
    assert like < full
    assert censored < full
    assert worse > like + 0.1
