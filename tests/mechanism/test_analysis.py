from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alsutils import mechanism
from alsutils.mechanism.analysis import IMPUTED, MAIN, NAIVE, RANKS
from alsutils.mechanism.family import MAX_T
from alsutils.mechanism.pathways import AROUND, TOTAL, VIA
from alsutils.stats.ancova import ancova
from alsutils.study import Study

SWAPPED = [{"value": "T", "label": "Treated"}, {"value": "C", "label": "Control"}]
EXACT = 1e-8  # the same arithmetic in another order
ITERATED = 1e-5  # a maximum found from another start


def changes(study: Study) -> mechanism.analysis.Changes:
    return mechanism.changes(study, mechanism.samples(study))


def row(study: Study, endpoint: str, analysis: str = MAIN) -> pd.Series:
    frame = changes(study).frame
    return frame[(frame["endpoint"] == endpoint) & (frame["analysis"] == analysis)].iloc[0]


def test_counts_values_below_the_limit(study: Study) -> None:
    records = study.tables["adlb"]
    frame = mechanism.detection(study, mechanism.samples(study)).frame
    for visit in (0, 4):
        expected = records[(records["PARAMCD"] == "BBB") & (records["AVISITN"] == visit)]
        found = frame[(frame["endpoint"] == "Beta") & (frame["visit"] == visit)]
        assert found["n"].sum() == 40
        assert found["n_below"].sum() == expected["AVAL"].isna().sum() > 0
    assert frame.loc[frame["endpoint"] == "Alpha", "n_below"].sum() == 0


def test_reads_the_limit_from_avalc_from_the_config_and_from_the_data(
    make: Callable[..., Study],
) -> None:
    plain = changes(make()).main

    def numbered(data: pd.DataFrame) -> pd.DataFrame:
        return data.assign(AVAL=data["AVAL"].fillna(0.4)).drop(columns="AVALC")

    pd.testing.assert_frame_equal(changes(make(numbered)).main, plain)
    # Without a limit in study.yml the column LBLLOQ tells.
    panel = make().config.biomarkers.model_dump(exclude_none=True)
    panel["panel"] = [{k: v for k, v in m.items() if k != "lower_limit"} for m in panel["panel"]]
    panel = {**panel, "visits": [4]}

    def with_column(data: pd.DataFrame) -> pd.DataFrame:
        return numbered(data).assign(LBLLOQ=np.where(data["PARAMCD"] == "BBB", 1.0, np.nan))

    pd.testing.assert_frame_equal(changes(make(with_column, biomarkers=panel)).main, plain)


def test_values_above_a_limit_stand_at_it_and_are_counted(make: Callable[..., Study]) -> None:
    def topped(data: pd.DataFrame) -> pd.DataFrame:
        high = (data["PARAMCD"] == "AAA") & (data["AVISITN"] == 4) & (data["AVAL"] > 4)
        assert high.any()
        return data.assign(AVAL=data["AVAL"].mask(high), AVALC=data["AVALC"].mask(high, ">4"))

    data = mechanism.samples(make(topped))
    top = data.frame[(data.frame["parameter"] == "AAA") & (data.frame["visit"] == 4)]["bound"]
    assert top.max() == 4
    assert data.above == (top == 4).sum()


def test_is_ancova_of_logarithms_where_nothing_is_below(study: Study) -> None:
    records = study.records("AAA", "all", [4], dataset="adlb")
    logs = records.assign(y=np.log(records["AVAL"]), x=np.log(records["BASE"]))
    expected = ancova(logs, "y", "ARM", ["x"]).frame.iloc[0]
    for analysis in (MAIN, IMPUTED, NAIVE):
        found = row(study, "Alpha", analysis)
        assert found["estimate"] == pytest.approx(np.exp(expected["estimate"]), rel=EXACT)
        assert found["std_error"] == pytest.approx(expected["std_error"], rel=EXACT)
        assert found["conf_high"] == pytest.approx(np.exp(expected["conf_high"]), rel=EXACT)
    course = mechanism.courses(study, mechanism.samples(study)).frame.iloc[0]
    # One visit: the model for repeated measures is the same.
    assert course["estimate"] == pytest.approx(np.exp(expected["estimate"]), rel=ITERATED)
    assert course["p_value"] == pytest.approx(expected["p_value"], rel=ITERATED)


def test_ranks_compare_changes(study: Study) -> None:
    records = study.records("AAA", "all", [4], dataset="adlb")
    change = np.log(records["AVAL"] / records["BASE"])
    on = records["ARM"].astype(str) == "Treated"
    test = stats.mannwhitneyu(change[on], change[~on], method="asymptotic", use_continuity=False)
    found = row(study, "Alpha", RANKS)
    assert found["p_value"] == pytest.approx(test.pvalue, rel=1e-6)
    shifts = np.median(change[on].to_numpy()[:, None] - change[~on].to_numpy())
    assert found["estimate"] == pytest.approx(np.exp(shifts))


def test_further_rank_tests_take_low_values_as_low(make: Callable[..., Study]) -> None:
    """Whatever the number written below the limit: only that it is low may count."""

    def tests(study: Study) -> pd.DataFrame:
        data = mechanism.samples(study)
        return mechanism.robust(study, data, mechanism.changes(study, data)).frame

    plain = tests(make())
    written = tests(make(lambda d: d.assign(AVAL=d["AVAL"].fillna(0.001))))
    columns = ["p_stratified", "p_peto"]
    pd.testing.assert_frame_equal(written[columns], plain[columns])
    assert plain[columns].notna().all().all()


@pytest.mark.parametrize("analysis", [MAIN, NAIVE, RANKS])
@pytest.mark.parametrize("endpoint", ["Alpha", "Beta"])
def test_swapping_the_arms_inverts_every_ratio(
    make: Callable[..., Study], analysis: str, endpoint: str
) -> None:
    plain = row(make(), endpoint, analysis)
    swapped = row(make(arms=SWAPPED), endpoint, analysis)
    assert swapped["estimate"] == pytest.approx(1 / plain["estimate"], rel=ITERATED, nan_ok=True)
    if np.isfinite(plain["conf_high"]) and plain["conf_high"] > 0:
        assert swapped["conf_low"] == pytest.approx(1 / plain["conf_high"], rel=ITERATED)
    assert swapped["n_control"] == plain["n_treated"]


def test_the_unit_of_an_analyte_and_the_order_of_rows_do_not_matter(
    make: Callable[..., Study],
) -> None:
    def thousandfold(data: pd.DataFrame) -> pd.DataFrame:
        chosen = data["PARAMCD"] == "AAA"
        data.loc[chosen, ["AVAL", "BASE"]] *= 1000
        return data.sample(frac=1, random_state=3)

    plain, scaled = row(make(), "Alpha"), row(make(thousandfold), "Alpha")
    assert scaled["estimate"] == pytest.approx(plain["estimate"], rel=EXACT)
    assert scaled["p_value"] == pytest.approx(plain["p_value"], rel=EXACT)


def test_adjusts_over_the_whole_family(study: Study) -> None:
    data = mechanism.samples(study)
    result = mechanism.family(study, data, mechanism.changes(study, data), n_ways=500)
    p = result.frame["p_value"]
    assert (len(result.analytes), len(result.visits), len(result.contrasts)) == (2, 1, 1)
    assert result.size == result.tests == 2
    smallest = p.idxmin()
    assert result.frame.loc[smallest, "p_holm"] == pytest.approx(2 * p[smallest])
    assert (result.frame["p_max_t"] >= result.frame["p_permuted"]).all()
    assert set(result.results["analysis"]) == {MAX_T}


def test_the_permutations_keep_their_p_whatever_number_stands_for_low(
    make: Callable[..., Study],
) -> None:
    """Alpha's p-value is its own: it does not move with the other analyte's limit."""
    alpha = []
    for limit in ("<1", "<0.5"):
        study = make(lambda d, limit=limit: d.assign(AVALC=d["AVALC"].replace("<1", limit)))
        data = mechanism.samples(study)
        found = mechanism.family(study, data, mechanism.changes(study, data), n_ways=300)
        alpha.append(found.frame.set_index("endpoint").at["Alpha", "p_permuted"])
    assert alpha[0] == alpha[1]


def test_correlations_are_of_log_changes_in_each_group(study: Study) -> None:
    result = mechanism.association(study, mechanism.samples(study))
    pearson = result.frame[result.frame["kind"] == "Pearson"].set_index("group")
    assert pearson.at["Good responders", "n"] + pearson.at["Other patients", "n"] == 40
    gap = pearson.at["Good responders", "estimate"] - pearson.at["Other patients", "estimate"]
    assert np.allclose(result.claim["estimate"].iloc[:2], gap)
    points = np.log(result.points[["x", "y"]])
    assert pearson.at["All patients", "estimate"] == pytest.approx(
        np.corrcoef(points["x"], points["y"])[0, 1]
    )
    assert pearson.at["All patients", "n_below"] > 0
    assert (pearson["boot_low"] < pearson["boot_high"]).all()


def test_the_parts_of_an_effect_add_up_to_the_whole(study: Study) -> None:
    frame = mechanism.pathways(study, mechanism.samples(study)).frame
    alpha = frame[frame["analyte"] == "Alpha"].set_index("effect")["estimate"]
    assert alpha[VIA] + alpha[AROUND] == pytest.approx(alpha[TOTAL], rel=EXACT)


def test_the_network_takes_each_arm_alone(study: Study) -> None:
    result = mechanism.connections(study, mechanism.samples(study))
    points = mechanism.association(study, mechanism.samples(study)).points
    for arm in study.arms:
        own = points[points["arm"] == arm]
        expected = stats.spearmanr(own["x"], own["y"]).statistic
        found = result.frame[result.frame["arm"] == arm].iloc[0]
        assert found["estimate"] == pytest.approx(expected, rel=EXACT)


def test_counts_who_gave_which_samples(make: Callable[..., Study]) -> None:
    def holes(data: pd.DataFrame) -> pd.DataFrame:
        gone = (data["USUBJID"] == "S00") & (data["AVISITN"] == 4)
        return data[~gone & (data["USUBJID"] != "S01")]

    study = make(holes)
    result = mechanism.taken(study, mechanism.samples(study))
    assert (result.patients, result.whole, result.never) == (40, 38, 1)
    at = result.frame.set_index(["arm", "visit"])["samples"]
    assert at.to_dict() == {
        ("Control", 0.0): 20,
        ("Control", 4.0): 19,
        ("Treated", 0.0): 19,
        ("Treated", 4.0): 19,
    }
    walls = result.patterns.drop_duplicates(["arm", "first"]).groupby("arm")["n"].sum()
    assert walls.to_dict() == {"Control": 20, "Treated": 20}


def test_holding_the_batch_equal_takes_its_shift_out(make: Callable[..., Study]) -> None:
    """A plate that reads ten times as high, with more treated samples on it, is no effect."""
    on_high = {f"S{i:02d}" for i in range(40) if (i % 2 and i % 8) or i % 8 == 0}

    def plates(data: pd.DataFrame) -> pd.DataFrame:
        high = data["USUBJID"].isin(on_high) & (data["AVISITN"] == 4) & (data["PARAMCD"] == "AAA")
        values = data["AVAL"].where(~high, 10 * data["AVAL"])
        return data.assign(PLATE=np.where(high, "B", "A"), AVAL=values, AVALC=values.astype(str))

    block = make().config.biomarkers.model_dump(exclude_none=True)
    block = {**block, "visits": [4], "panel": list(block["panel"]), "batch": "PLATE"}
    study = make(plates, biomarkers=block)
    data = mechanism.samples(study)
    result = mechanism.batches(study, data)
    plain = row(make(), "Alpha")["estimate"]
    mixed = mechanism.changes(study, data).main.set_index("endpoint").at["Alpha", "estimate"]
    held = result.held.set_index("endpoint").at["Alpha", "estimate"]
    assert abs(np.log(held / plain)) < 0.4 < abs(np.log(mixed / plain))
    assert result.counts.set_index(["batch", "arm"]).loc["B", "n"].sum() == len(on_high)


def test_shows_no_patient_of_an_observed_study(make: Callable[..., Study]) -> None:
    observed = make(provenance="observed", publish_subject_data=False)
    data = mechanism.samples(observed)
    assert mechanism.levels(observed, data).points.empty
    assert mechanism.association(observed, data).points.empty
    assert mechanism.linked(observed, data, mechanism.changes(observed, data)).frame.empty
    assert mechanism.levels(observed, data).frame["median"].notna().all()
    few = make(
        lambda d: d[d["USUBJID"].isin(["S00", "S01", "S02", "S03"])],
        provenance="observed",
        publish_subject_data=False,
    )
    assert mechanism.levels(few, mechanism.samples(few)).frame["median"].isna().all()


def test_the_same_seed_gives_the_same_figures(study: Study) -> None:
    data = mechanism.samples(study)
    for name in ("changes", "courses", "association", "pathways", "together"):
        first, second = (getattr(mechanism, name)(study, data) for _ in range(2))
        frame = "tests" if name == "together" else "frame"
        pd.testing.assert_frame_equal(getattr(first, frame), getattr(second, frame))
