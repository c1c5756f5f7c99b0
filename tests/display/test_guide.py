"""The guide's pages say what their tables hold."""

from pathlib import Path

from alsutils.display import guide
from alsutils.stats.validation import (
    lifelines_agreement,
    mmrm_agreement,
    mmrm_coverage,
    mmrm_speed,
    type_one_error,
)

REFERENCE = Path(__file__).parents[1] / "reference" / "mmrm"


def test_every_fit_of_the_reference_is_made_again():
    result = mmrm_agreement(REFERENCE)
    assert len(result.frame) == 36
    # R stops a little short of the maximum, never beyond it
    assert result.frame["likelihood"].max() < 1e-6
    assert result.frame["estimate"].max() < 1e-3
    assert "All 36 fits" in str(guide.agreement_sentence(result))
    assert "mmrm 0.3.18" in guide.agreement_table(result).to_html()


def test_the_intervals_that_the_book_uses_keep_their_promise():
    frame = mmrm_coverage(REFERENCE).frame
    used = frame[frame["method"] == "kenward-roger-linear"]
    assert used["coverage"].between(0.94, 0.96).all()
    short = frame[frame["method"] == "asymptotic"]
    assert (short["coverage"].to_numpy() < used["coverage"].to_numpy()).all()
    assert "as in SAS" in guide.coverage_figure(mmrm_coverage(REFERENCE)).description


def test_speed_is_told_beside_r():
    assert "s in R" in guide.speed_figure(mmrm_speed(REFERENCE)).description


def test_the_dictionary_is_laid_out():
    for table, word in ((guide.columns_table(), "CNSR"), (guide.fields_table(), "main_analysis")):
        assert word in table.to_html()
        assert "`" not in table.to_html()


def test_a_test_keeps_its_promise_where_nobody_leaves():
    frame = type_one_error(REFERENCE.parent / "primary").frame
    seen = frame[frame["world"] == "all seen"]
    # Fisher's exact test may stay below its level: with counts it cannot reach it exactly.
    promised = seen[~seen["analysis"].str.contains("exact")]
    assert (promised["low"] <= 0.05).all()
    assert (promised["high"] >= 0.05).all()
    left = frame[frame["world"] == "patients leave"].set_index("analysis")
    assert left.loc["Last value carried forward", "low"] > 0.05
    assert left.loc["Jump to control, drawn", "high"] < 0.05
    words = guide.error_figure(type_one_error(REFERENCE.parent / "primary")).description
    assert "Last value carried forward" in words


def test_survival_beside_lifelines_is_the_same():
    result = lifelines_agreement()
    assert len(result.frame) == 10
    # lifelines stops its search for the Cox model at 1e-7.
    assert result.frame["difference"].max() < 1e-6
    assert result.frame["ours"].notna().all()
    assert "lifelines" in guide.peer_table(result).to_html()
