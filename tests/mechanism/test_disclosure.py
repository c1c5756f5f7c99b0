"""Of an observed study no page tells a single patient's value, nor a count of a few."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from alsutils import mechanism
from alsutils.mechanism.responders import GOOD, OTHERS
from alsutils.study import Study
from tests.mechanism.conftest import compute, show

OBSERVED = {"provenance": "observed", "publish_subject_data": False}


def telltale(data: pd.DataFrame) -> pd.DataFrame:
    """Give every sample a value of its own, few of them below the limit and a few never taken."""
    own = 1.1 + data["AVAL"].fillna(0.4) + 0.000317 + 0.00071 * np.arange(len(data)) / len(data)
    low = (data["PARAMCD"] == "BBB") & data["USUBJID"].isin(["S00", "S02", "S05"])
    base = (
        own.where(data["AVISITN"] == 0)
        .groupby([data["USUBJID"], data["PARAMCD"]])
        .transform("first")
    )
    data = data.assign(
        AVAL=own.where(~low), AVALC=own.astype(str).where(~low, "<1"), BASE=base.where(~low)
    )
    return data[~((data["AVISITN"] == 4) & data["USUBJID"].isin(["S01", "S03"]))]


def test_no_output_tells_a_value(
    make: Callable[..., Study], tells_of: Callable[..., list[float]]
) -> None:
    study = make(telltale, **OBSERVED)
    own = study.tables["adlb"]["AVAL"].dropna()
    outputs = show(compute(study))
    assert tells_of(outputs.values(), own) == []
    # the search does find what an open study shows
    whole = make(telltale)
    data = mechanism.samples(whole)
    spread = mechanism.charts.levels(whole, mechanism.levels(whole, data))
    assert len(tells_of([spread], own)) > 10


def test_samples_of_all_but_a_few_are_not_counted(make: Callable[..., Study]) -> None:
    study = make(telltale, **OBSERVED)
    data = mechanism.samples(study)
    walls = mechanism.taken(study, data)
    later = walls.frame[walls.frame["visit"] == 4].set_index("arm")
    # two of the twenty treated have no sample
    assert later.at["Treated", "told"] == ">15"
    assert np.isnan(later.at["Treated", "samples"])
    assert later.at["Control", "told"] == "20"
    assert set(walls.patterns["arm"]) == {"Control"}
    change = mechanism.changes(study, data)
    treated, control = change.main["n_treated"], change.main["n_control"]
    assert treated.isna().all()
    assert (control == 20).all()
    assert change.main["df"].isna().all()  # less three they are the patients
    assert change.main["estimate"].notna().any()
    table = mechanism.tables.changes(study, change)
    assert study.disclosure.why in table.sheet.notes


def test_few_values_below_a_limit_are_not_counted(make: Callable[..., Study]) -> None:
    study = make(telltale, **OBSERVED)
    data = mechanism.samples(study)
    found = mechanism.detection(study, data)
    beta = found.frame[found.frame["endpoint"] == "Beta"]
    true = [
        int(cell.rows["below"].sum())
        for cell in mechanism.panel.cells_of(study, data)
        if cell.names["endpoint"] == "Beta"
    ]
    told = beta["n_below"].to_numpy()
    assert np.isnan(told[[0 < n < 5 for n in true]]).all()
    assert ((told == true) | np.isnan(told)).all()
    # sums over the visits are told, so that one hidden number alone would follow from them
    for arm, rows in beta.groupby("arm"):
        sums = found.arms.set_index(["endpoint", "arm"])
        assert rows["n_below"].isna().sum() != 1 or sums.at[("Beta", arm), "told"][0] in "<>"
    change = mechanism.changes(study, data).main.set_index("endpoint")
    assert np.isnan(change.at["Beta", "n_below"])
    assert change.at["Beta", "touched"]
    assert change.at["Alpha", "n_below"] == 0


def test_groups_of_a_few_responders_are_closed(make: Callable[..., Study]) -> None:
    block: dict[str, Any] = {
        "parameter": "SCORE",
        "thresholds": [1.4],
        "visits": [4],
        "population": "all",
        "good": 1.4,
    }
    study = make(responders=block, **OBSERVED)
    data = mechanism.samples(study)
    good = (study.records("SCORE")["AVAL"] >= 1.4).sum()
    assert 0 < good < 5
    pair = mechanism.association(study, data, n_draws=50)
    for group in (GOOD, OTHERS):
        assert np.isnan(pair.row(group)["n"])
        assert np.isnan(pair.row(group)["n_treated"])
    assert np.isnan(pair.row(GOOD)["estimate"])
    assert pair.claim["estimate"].isna().all()
    assert not mechanism.selection(study, data, pair, n_trials=20).own
    assert "n 4" not in str(mechanism.sentences.association(study, pair))
    whole = make(responders=block)
    open_ = mechanism.association(whole, mechanism.samples(whole), n_draws=50)
    assert open_.row(GOOD)["n"] == good


def test_quantiles_have_enough_patients_on_either_side(make: Callable[..., Study]) -> None:
    frame = mechanism.levels(study := make(**OBSERVED), mechanism.samples(study)).frame
    # of twenty patients five lie below a quartile and two below a tenth
    assert frame[["q25", "median", "q75"]].notna().all(axis=None)
    assert frame[["p10", "p90"]].isna().all(axis=None)
