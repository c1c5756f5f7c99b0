from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alsutils import mechanism
from alsutils.mechanism.analysis import MAIN, NAIVE, RANKS
from alsutils.study import Study

SWAPPED = [{"value": "T", "label": "Treated"}, {"value": "C", "label": "Control"}]
EXACT = 1e-8  # the same arithmetic in another order


def row(study: Study, endpoint: str, analysis: str = MAIN) -> pd.Series:
    frame = mechanism.changes(study).frame
    return frame[(frame["endpoint"] == endpoint) & (frame["analysis"] == analysis)].iloc[0]


def test_counts_values_below_the_limit(study: Study) -> None:
    records = study.tables["adlb"]
    frame = mechanism.detection(study).frame
    for visit in (0, 4):
        expected = records[(records["PARAMCD"] == "BBB") & (records["AVISITN"] == visit)]
        found = frame[(frame["endpoint"] == "Beta") & (frame["visit"] == visit)]
        assert found["n"].sum() == 40
        assert found["n_below"].sum() == expected["AVAL"].isna().sum() > 0
    assert frame.loc[frame["endpoint"] == "Alpha", "n_below"].sum() == 0


def test_reads_the_limit_from_avalc_and_from_the_config(make: Callable[..., Study]) -> None:
    plain = mechanism.changes(make()).main
    # The limit from the config alone: low values are there as numbers.
    numbered = make(lambda d: d.assign(AVAL=d["AVAL"].fillna(0.4)).drop(columns="AVALC"))
    pd.testing.assert_frame_equal(mechanism.changes(numbered).main, plain)


def test_is_ancova_of_logarithms_where_nothing_is_below(study: Study) -> None:
    records = study.records("AAA", "all", [4], dataset="adlb")
    X = np.column_stack(
        [np.ones(40), records["ARM"].astype(str) == "Treated", np.log(records["BASE"])]
    ).astype(float)
    y = np.log(records["AVAL"])
    beta, rss, *_ = np.linalg.lstsq(X, y, rcond=None)
    error = np.sqrt(rss[0] / 37 * np.linalg.inv(X.T @ X)[1, 1])
    found = row(study, "Alpha")
    assert found["estimate"] == pytest.approx(np.exp(beta[1]), rel=EXACT)
    assert found["std_error"] == pytest.approx(error, rel=EXACT)
    assert found["conf_high"] == pytest.approx(
        np.exp(beta[1] + stats.t.ppf(0.975, 37) * error), rel=EXACT
    )
    assert row(study, "Alpha", NAIVE)["estimate"] == pytest.approx(found["estimate"], rel=EXACT)


def test_ranks_compare_changes(study: Study) -> None:
    records = study.records("AAA", "all", [4], dataset="adlb")
    change = np.log(records["AVAL"] / records["BASE"])
    on = records["ARM"].astype(str) == "Treated"
    test = stats.mannwhitneyu(change[on], change[~on], method="asymptotic", use_continuity=False)
    found = row(study, "Alpha", RANKS)
    assert found["p_value"] == pytest.approx(test.pvalue, rel=1e-6)
    shifts = np.median(change[on].to_numpy()[:, None] - change[~on].to_numpy())
    assert found["estimate"] == pytest.approx(np.exp(shifts))


@pytest.mark.parametrize("analysis", [MAIN, NAIVE, RANKS])
@pytest.mark.parametrize("endpoint", ["Alpha", "Beta"])
def test_swapping_the_arms_inverts_every_ratio(
    make: Callable[..., Study], analysis: str, endpoint: str
) -> None:
    plain = row(make(), endpoint, analysis)
    swapped = row(make(arms=SWAPPED), endpoint, analysis)
    assert swapped["estimate"] == pytest.approx(1 / plain["estimate"], rel=1e-5, nan_ok=True)
    if np.isfinite(plain["conf_high"]) and plain["conf_high"] > 0:
        assert swapped["conf_low"] == pytest.approx(1 / plain["conf_high"], rel=1e-5)
    assert swapped["n_control"] == plain["n_treated"]


def test_the_unit_of_an_analyte_does_not_matter(make: Callable[..., Study]) -> None:
    plain = row(make(), "Alpha")

    def thousandfold(data: pd.DataFrame) -> pd.DataFrame:
        chosen = data["PARAMCD"] == "AAA"
        data.loc[chosen, ["AVAL", "BASE"]] *= 1000
        return data

    assert row(make(thousandfold), "Alpha")["estimate"] == pytest.approx(plain["estimate"])


def test_adjusts_over_the_whole_family(study: Study) -> None:
    result = mechanism.changes(study)
    p = result.main["p_value"]
    assert (result.analytes, result.visits, result.contrasts, result.tests) == (2, 1, 1, 2)
    smallest = p.idxmin()
    assert result.main.loc[smallest, "p_holm"] == pytest.approx(2 * p[smallest])
    assert result.frame.loc[result.frame["analysis"] != MAIN, "p_holm"].isna().all()


def test_correlations_are_of_log_changes_in_each_group(study: Study) -> None:
    result = mechanism.association(study)
    pearson = result.frame[result.frame["kind"] == "Pearson"].set_index("group")
    assert pearson.at["Good responders", "n"] + pearson.at["Other patients", "n"] == 40
    gap = pearson.at["Good responders", "estimate"] - pearson.at["Other patients", "estimate"]
    assert pearson.at["Difference", "estimate"] == pytest.approx(gap)
    points = np.log(result.points[["x", "y"]])
    assert pearson.at["All patients", "estimate"] == pytest.approx(
        np.corrcoef(points["x"], points["y"])[0, 1]
    )
    assert pearson.at["All patients", "n_below"] > 0


def test_shows_no_patient_of_an_observed_study(make: Callable[..., Study]) -> None:
    observed = make(provenance="observed", show_subjects=False)
    assert mechanism.levels(observed).points.empty
    assert mechanism.association(observed).points.empty
    assert mechanism.levels(observed).frame["median"].notna().all()
    few = make(
        lambda d: d[d["USUBJID"].isin(["S00", "S01", "S02", "S03"])],
        provenance="observed",
        show_subjects=False,
    )
    assert mechanism.levels(few).frame["median"].isna().all()
