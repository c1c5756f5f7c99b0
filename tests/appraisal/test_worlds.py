"""Two worlds with one table: no test of the endpoint parts them, blinded ratings do."""

from pathlib import Path

import pytest

from alsutils import appraisal
from alsutils.appraisal.worlds import BLIND_WORDS, RATED
from alsutils.study import load_study
from alsutils.study.world import SHAM

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def twin():
    return load_study(ROOT / "data" / "oh2018")


@pytest.fixture(scope="module")
def result(twin):
    return appraisal.worlds(twin)


def changed(study, **fields):
    config = study.config.model_copy(update=fields)
    return type(study)(folder=study.folder, config=config, tables=study.tables)


def test_no_test_of_the_endpoint_tells_the_worlds_apart(result):
    pairs = result.pairs
    assert len(pairs) >= 20
    assert pairs["same_side"].all()
    assert pairs["within"].all()
    tests = pairs.loc[pairs["test"].str.startswith("t-test"), ["estimate_here", "estimate_there"]]
    assert tests["estimate_here"].to_list() == pytest.approx(tests["estimate_there"].to_list())
    # Beyond the printed moments the patients are others, so other tests differ a little.
    assert (pairs["estimate_here"] != pairs["estimate_there"]).any()


def test_seen_from_the_other_world_the_table_is_turned_round(twin, result):
    other = appraisal.worlds(load_study(ROOT / "data" / "oh2018-no-effect"))
    assert (other.here, other.there) == (result.there, result.here)
    swapped = other.pairs.set_index(["test", "endpoint", "visit"])["estimate_there"]
    own = result.pairs.set_index(["test", "endpoint", "visit"])["estimate_here"]
    assert swapped.to_list() == own.reindex(swapped.index).to_list()


def test_blinded_ratings_part_the_worlds_and_instruments_do_not(result):
    rows = result.telling.set_index(["world", "measure"])
    sham = BLIND_WORDS[SHAM]
    assert rows.loc[(result.here, sham), "conf_low"] > 0
    nothing = rows.loc[(result.there, sham)]
    assert nothing["conf_low"] < 0 < nothing["conf_high"]
    as_rated = rows.xs(RATED, level="measure")["estimate"]
    assert as_rated[result.here] == pytest.approx(as_rated[result.there])
    objective = result.telling[result.telling["objective"]].set_index(["measure", "world"])
    for measure in objective.index.unique("measure"):
        assert objective.loc[measure, "estimate"].nunique() == 1
    assert set(result.alike) == {"adsl", "adre", "adae", "adlb", "adtte"}


def test_growth_is_read_from_the_print(twin):
    row = appraisal.divergence(twin).frame.iloc[0]
    assert row["source"] == "printed"
    assert row["growth"] == pytest.approx(3.38 - 2.98)
    assert row["expected"] == pytest.approx(2.98 * 2 / 4)
    plain = changed(twin, published=None)
    from_data = appraisal.divergence(plain).frame.iloc[0]
    assert from_data["source"] == "data"
    assert from_data["growth"] == pytest.approx(
        row["growth"], abs=0.01
    )  # printed cells are rounded


def test_another_trial_gets_a_sentence(twin):
    plain = changed(twin, world=None)
    assert appraisal.worlds(plain) is None
    assert "no counterpart" in str(appraisal.tables.worlds(plain, None))
    assert str(appraisal.sentences.worlds(plain, None)) == ""
    assert "blinded rating" in str(appraisal.sentences.telling(plain, None))
    one_visit = changed(twin, primary=twin.primary.model_copy(update={"visits": (6.0,)}))
    assert appraisal.divergence(one_visit) is None
    assert "one visit" in str(appraisal.sentences.divergence(one_visit, None))


def test_words_and_figures_come_from_the_results(twin, result):
    growth = appraisal.divergence(twin)
    assert "All" in str(appraisal.sentences.worlds(twin, result))
    text = str(appraisal.sentences.divergence(twin, growth))
    assert f"{growth.frame['growth'].iloc[0]:.2f}" in text
    assert "hrobjartsson2013" in str(appraisal.sentences.bias_needed(twin, result, growth))
    figure = appraisal.charts.telling(twin, result)
    assert result.there.lower() in figure.description.lower()
    assert len(figure.results)


def test_no_way_to_analyse_it_tells_the_worlds_apart(twin):
    curve = appraisal.specifications(twin, n_ways=1)
    both = appraisal.world_curves(twin, curve)
    assert len(both.pairs) > 500
    assert both.pairs["within"].all()
    assert both.pairs["same_side"].mean() > 0.95
    # The scores are dealt anew, so the agreement is not that of a table with itself.
    assert (both.pairs["estimate_here"] != both.pairs["estimate_there"]).mean() > 0.5
    words = str(appraisal.sentences.world_curves(twin, both))
    assert f"of {len(both.pairs):,} specifications" in words
    assert "does not find out" in words
    apart = type(both)(both.here, both.there, both.pairs.assign(within=False))
    assert "does not find out" not in str(appraisal.sentences.world_curves(twin, apart))
    plain = changed(twin, world=None)
    assert appraisal.world_curves(plain, curve) is None
    assert str(appraisal.sentences.world_curves(plain, None)) == ""
