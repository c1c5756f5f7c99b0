"""Conditional-mean imputation against R's rbmi 1.5.2: estimates, jackknife errors, p-values."""

import json

import pytest

from alsutils.stats.imputation import conditional_mean_imputation

# rbmi stops its optimiser early: its jackknife refits are this far from the maximum.
OPTIMISER_OF_R = 1e-4
OPTIONS = {
    "MAR": {},
    "JR": {"strategy": "J2R"},
    "CR": {"strategy": "CR"},
    "CIR": {"strategy": "CIR"},
    "MAR_delta_treated_-1": {"delta": {"MSC": -1.0}},
    "MAR_delta_treated_-2": {"delta": {"MSC": -2.0}},
}


@pytest.fixture(scope="module")
def in_r(reference_folder):
    return json.loads((reference_folder / "imputation_check_r.json").read_text())


@pytest.mark.parametrize("name", OPTIONS)
def test_agrees_with_rbmi(name, in_r, trial_frame, as_in_r):
    result = conditional_mean_imputation(trial_frame, **as_in_r, **OPTIONS[name])
    ours = {f"trt_{row.visit}": row for row in result.frame.itertuples()}
    for row in result.means.itertuples():
        ours[f"lsm_{'ref' if row.arm == 'Riluzole' else 'alt'}_{row.visit}"] = row
    assert len(ours) == len(in_r[name]) == 12
    for theirs in in_r[name]:
        row = ours[theirs["parameter"]]
        for field, value in {
            "estimate": theirs["est"],
            "std_error": theirs["se"],
            "conf_low": theirs["lci"],
            "conf_high": theirs["uci"],
            "p_value": theirs["pval"],
        }.items():
            assert getattr(row, field) == pytest.approx(value, abs=OPTIMISER_OF_R), field


def test_finds_the_same_events(in_r, trial_frame, as_in_r):
    imputed = conditional_mean_imputation(trial_frame, **as_in_r).imputed
    first = imputed[imputed["after_event"]].groupby("subject")["visit"].first()
    assert first.to_dict() == {item["USUBJID"]: item["AVISIT"] for item in in_r["ice"]}
