"""Missing patients: counts, old habits recomputed by hand, and where the result turns."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from alsutils import primary
from alsutils.display import Prose
from alsutils.primary.missing import CARRIED, COMPLETE, STRATEGIES
from alsutils.study import ARM, Study, load_study

ROUNDING = 1e-9


@pytest.fixture(scope="module")
def under(twin: Study) -> primary.missing.Assumptions:
    return primary.assumptions(twin)


def test_who_is_missing(twin: Study) -> None:
    visits = primary.patterns(twin).visits
    seen = visits.pivot(index="visit", columns="arm", values="n_observed")  # noqa: PD010
    assert seen.loc["Month 4"].tolist() == [27, 32]
    assert seen.loc["Month 6"].tolist() == [25, 31]


def test_the_table_counts_every_patient_once(twin: Study) -> None:
    result = primary.patterns(twin)
    page = primary.tables.missing_patterns(twin, result).to_html()
    assert "25 (81%)" in page
    assert "31 (94%)" in page
    assert page.count("–</td>") == 2 + 1  # month 4 and 6 in one pattern, month 6 in the other
    assert result.frame["n"].sum() == len(twin.subjects())


def old_habit(study: Study, how: str) -> tuple[float, float]:
    """Difference and standard error at month 6, by pandas and statsmodels alone."""
    changes = study.records("ALSFRSR").pivot(index="USUBJID", columns="AVISITN", values="CHG")  # noqa: PD010
    changes = changes.loc[:, [1, 2, 4, 6]]
    final = changes.ffill(axis=1)[6] if how == CARRIED else changes.dropna()[6]
    patients = study.subjects().set_index("USUBJID")
    data = pd.DataFrame({"final": final}).join(patients[[ARM, "ONSET", "FRSBL"]])
    data["treated"] = (data[ARM] != study.control).astype(float)
    fit = smf.ols("final ~ treated + FRSBL + ONSET", data).fit()
    return fit.params["treated"], fit.bse["treated"]


@pytest.mark.parametrize("how", [CARRIED, COMPLETE])
def test_old_habits_are_what_they_say(twin: Study, under, how: str) -> None:
    row = under.frame.set_index("analysis").loc[how]
    assert (row["estimate"], row["std_error"]) == pytest.approx(old_habit(twin, how), rel=ROUNDING)


def test_swapping_the_arms_turns_what_does_not_refer_to_control(under, swapped: Study) -> None:
    here = under.frame.set_index("analysis")["estimate"]
    there = primary.assumptions(swapped).frame.set_index("analysis")["estimate"]
    for words in (STRATEGIES["MAR"], CARRIED, COMPLETE):
        assert there[words] == pytest.approx(-here[words], rel=1e-5)
    assert there[STRATEGIES["J2R"]] != pytest.approx(-here[STRATEGIES["J2R"]], rel=1e-3)


def test_the_map_starts_where_nothing_is_shifted_and_falls_from_there(twin: Study, under) -> None:
    cells = primary.tipping(twin).frame
    start = cells[(cells["delta_control"] == 0) & (cells["delta_treated"] == 0)].iloc[0]
    mar = under.frame.set_index("analysis").loc[STRATEGIES["MAR"]]
    assert start["estimate"] == pytest.approx(mar["estimate"], rel=ROUNDING)
    assert start["p_value"] == pytest.approx(mar["p_value"], rel=1e-6)
    for _, line in cells.groupby("delta_control"):
        falling = line.sort_values("delta_treated", ascending=False)["estimate"]
        assert falling.is_monotonic_decreasing


def test_the_sentence_names_the_side_on_which_the_map_turns(twin: Study, swapped: Study) -> None:
    here = str(primary.sentences.tipping(twin, primary.tipping(twin)))
    assert here.startswith("MSC + riluzole: shifting the missing treated patients alone")
    cells = primary.tipping(swapped).frame
    # Now the treated arm is behind: what weakens the difference is to shift its missing upwards.
    assert (cells["delta_treated"] >= 0).all()


def test_where_nothing_is_missing_the_map_says_so(copy_of_twin) -> None:
    folder = copy_of_twin()
    table = pd.read_csv(folder / "adqs.csv", dtype=str, keep_default_na=False)
    kept = table[(table["PARAMCD"] == "ALSFRSR") & (table["AVISITN"].isin(["4", "6"]))]
    both = kept.groupby("USUBJID")["AVISITN"].nunique() == 2
    stay = set(both[both].index)
    adsl = pd.read_csv(folder / "adsl.csv", dtype=str, keep_default_na=False)
    for name in folder.glob("ad*.csv"):
        rows = pd.read_csv(name, dtype=str, keep_default_na=False)
        rows[rows["USUBJID"].isin(stay)].to_csv(name, index=False)
    assert 0 < len(stay) < len(adsl)
    study = load_study(folder)
    assert primary.tipping(study) is None
    assert isinstance(primary.charts.tipping(study, None), Prose)
    found = primary.assumptions(study).frame
    carried = found.set_index("analysis")["estimate"]
    assert np.ptp(carried[[CARRIED, COMPLETE, STRATEGIES["MAR"]]]) < 1e-6
