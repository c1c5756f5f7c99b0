"""The whole course of the primary endpoint: a shared baseline, and a slope for every patient."""

import numpy as np
import pytest
import statsmodels.formula.api as smf

from alsutils import primary
from alsutils.study import ARM, Study, load_study

FLAT = 1e-3  # two optimisers of one flat likelihood, in standard errors


def test_the_shared_baseline_counts_everyone_and_turns_with_the_arms(
    twin: Study, swapped: Study
) -> None:
    here, there = primary.constrained(twin).frame, primary.constrained(swapped).frame
    assert here["n_treated"].max() == 33
    np.testing.assert_allclose(here["estimate"], -there["estimate"], rtol=1e-5)
    np.testing.assert_allclose(here["p_value"], there["p_value"], rtol=1e-3)


def test_slopes_after_baseline_are_those_of_statsmodels(twin: Study) -> None:
    rows = twin.records("ALSFRSR")
    rows = rows[(rows["AVISITN"] >= 0) & rows["AVAL"].notna()].assign(
        treated=lambda d: (d[ARM] != twin.control).astype(float)
    )
    model = smf.mixedlm(
        "AVAL ~ AVISITN * treated", rows, groups="USUBJID", re_formula="~AVISITN"
    ).fit(reml=True)
    (ours,) = primary.slopes(twin).frame.iloc[:1].to_dict("records")
    error = model.bse["AVISITN:treated"]
    assert ours["std_error"] == pytest.approx(error, rel=FLAT)
    assert ours["estimate"] == pytest.approx(model.params["AVISITN:treated"], abs=FLAT * error)


def test_without_a_lead_in_no_line_bends(twin: Study, copy_of_twin) -> None:
    study = load_study(copy_of_twin(lead_in=[]))
    assert len(primary.slopes(study).frame) == 1
    assert len(primary.slopes(twin).frame) == 2


def test_the_arm_by_baseline_check_is_that_of_two_nested_models(twin: Study) -> None:
    rows = twin.records("ALSFRSR", "efficacy", [6]).dropna(subset=["CHG"])
    data = rows.assign(treated=(rows[ARM] != twin.control).astype(float))
    narrow = smf.ols("CHG ~ treated + BASE + ONSET", data).fit()
    wide = smf.ols("CHG ~ treated * BASE + ONSET", data).fit()
    expected = wide.compare_f_test(narrow)[1]
    said = primary.sentences.interaction(twin, primary.all_analyses(twin))
    assert said.results["p_value"].iloc[-1] == pytest.approx(expected)
    assert f"{expected:.3f} at month 6" in str(said)
