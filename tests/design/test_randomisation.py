"""How the arms are drawn and drawn again: other methods, arms, ratios, and next to no patients."""

import json

import numpy as np
import pandas as pd
import pytest

from alsutils import design
from alsutils.display import Figure, Prose, Table
from alsutils.stats.permutation import randomisation_test, shuffles
from alsutils.stats.randomisation import Scheme
from alsutils.stats.tidy import result_frame
from alsutils.study import StudyError

THREE = [
    {"value": "C", "label": "Control"},
    {"value": "T", "label": "Low"},
    {"value": "H", "label": "High"},
]
ARMS = [{"value": "C", "label": "Control"}, {"value": "T", "label": "Treated"}]
FEW = {"n_trials": 60}


def three_arms(make, **keys):
    def split(subjects):
        high = subjects["USUBJID"].isin(["T0", "T1", "T2", "T3"])
        return subjects.assign(TRT01P=subjects["TRT01P"].mask(high, "H"))

    return make(split, arms=THREE, **keys)


def drawn_by(**block):
    return {"masking": "none", "randomisation": block}


def shown(study):
    methods = design.randomisation_methods(study, **FEW)
    tests = design.randomisation_test(study, n_draws=199)
    c, t, s = design.charts, design.tables, design.sentences
    return {
        "methods chart": c.randomisation_methods(study, methods),
        "methods table": t.randomisation_methods(study, methods),
        "methods words": s.randomisation_methods(study, methods),
        "test chart": c.randomisation_test(study, tests),
        "test table": t.randomisation_test(study, tests),
        "redrawn": s.redrawn(study, tests),
        "test words": s.randomisation_test(study, tests),
    }


def check(outputs, draw=False):
    """Look at everything; pictures are drawn where it is asked for, which takes its time."""
    for name, output in outputs.items():
        assert isinstance(output, Figure | Table | Prose), name
        words = {Figure: "description", Table: "name", Prose: "text"}[type(output)]
        words = getattr(output, words)
        assert words, name
        for bad in ("nan", "None", "significan"):
            assert bad not in words, (name, words)
        if draw and isinstance(output, Table):
            assert "nan" not in output.to_html()
        rows = result_frame(output.results) if len(output.results) else output.results
        json.dumps(
            rows.astype(object).where(rows.notna(), None).to_dict("records"), allow_nan=False
        )
        if isinstance(output, Figure):
            assert words.endswith(".")
            json.dumps(output.spec(), allow_nan=False)
            assert not draw or "<svg" in output.to_svg()
    return outputs


def test_everything_is_shown_with_words(study):
    outputs = check(shown(study), draw=True)
    assert "With the 14 patients" in str(outputs["methods words"])
    assert "Blocks of 4" in str(outputs["methods words"])
    assert "does not say how" in str(outputs["redrawn"])
    assert "with fixed sizes" in str(outputs["redrawn"])
    # Five control and seven treated patients have a score: 12 over 5 is 792 ways.
    assert "Of all 792 ways" in str(outputs["test words"])


def test_the_test_is_that_of_the_values_analysed(study):
    tests = design.randomisation_test(study)
    records = study.records("SCORE", "seen", [4]).dropna(subset="CHG")
    treated = records["ARM"] == "Treated"
    ways = shuffles(treated, 1, np.random.default_rng(0))
    expected = randomisation_test(records["CHG"], ways)
    row = tests.frame.set_index("compared").loc["Means"]
    assert row["exact"]
    assert row["p_value"] == pytest.approx(expected.p_value)
    assert row["estimate"] == pytest.approx(
        records.loc[treated, "CHG"].mean() - records.loc[~treated, "CHG"].mean()
    )
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(
        [expected.conf_low, expected.conf_high]
    )
    beyond = tests.bars.loc[tests.bars["beyond"], "share"].sum()
    assert tests.bars["share"].sum() == pytest.approx(1)
    assert beyond == pytest.approx(row["tail"] / row["n_ways"])


def test_the_same_seed_gives_the_same_rows_whatever_the_order_of_the_tables(make):
    one = make(change_subjects=lambda s: s)
    other = make(change=lambda v: v.sample(frac=1, random_state=3))
    for result in (design.randomisation_methods, design.randomisation_test):
        pd.testing.assert_frame_equal(result(one).frame, result(other).frame)


def test_strata_and_categories_come_from_the_baseline(study, make):
    result = design.randomisation_methods(study, **FEW)
    assert result.factors == ("Sex", "Site")
    assert result.n_strata == 4  # women at a and b, men at b and c
    assert set(result.points["method"]) == set(design.randomisation.METHODS.values())
    bare = make(baseline=None)
    outputs = check(shown(bare))
    assert "names no category" in str(outputs["methods words"])
    alone = design.randomisation_methods(bare, **FEW)
    assert set(alone.points["method"]) == {"Simple", "Blocks"}


@pytest.mark.parametrize(
    ("block", "named"),
    [
        ({"method": "simple"}, "a coin or die"),
        ({"method": "blocks", "blocks": [2, 4]}, "blocks of 2 or 4"),
        ({"method": "stratified_blocks", "blocks": [2], "strata": ["SITE"]}, "within strata"),
        ({"method": "minimisation", "strata": ["SEX", "SITE"]}, "a coin of 0.8"),
        ({"method": "fixed_sizes"}, "shuffled at once"),
    ],
)
def test_arms_are_drawn_again_as_the_study_says(make, block, named):
    study = make(design=drawn_by(**block))
    outputs = check(shown(study))
    assert named in str(outputs["redrawn"])
    assert "does not say how" not in str(outputs["methods words"])
    tests = design.randomisation_test(study, n_draws=199)
    assert tests.known
    assert tests.frame["exact"].all() == (block["method"] == "fixed_sizes")


def test_blocks_follow_the_order_of_randomisation(make):
    """Alternating arms with a trend: within blocks of two, only 2 in 2^6 ways are as far out."""

    def alternate(subjects):
        kept = subjects["USUBJID"].isin([f"{a}{i}" for a in "CT" for i in range(6)])
        order = 2 * subjects["USUBJID"].str[1].astype(int) + (subjects["USUBJID"].str[0] == "T")
        chosen = subjects[kept].assign(ORDER=order[kept], EFFFL="Y")
        return chosen.sample(frac=1, random_state=1)

    def trend(visits):
        visits = visits[visits["USUBJID"].str[1].astype(int) < 6]
        late = pd.DataFrame({"USUBJID": ["C5"], "AVISITN": 4.0, "PARAMCD": "SCORE"})
        visits = pd.concat([visits, late], ignore_index=True)
        rank = visits["USUBJID"].str[1].astype(int)
        change = 10.0 * rank + (visits["USUBJID"].str[0] == "T")
        after = visits["AVISITN"] == 4
        visits = visits.assign(BASE=40.0, AVAL=np.where(after, 40 + change, 40.0))
        return visits.assign(CHG=visits["AVAL"] - visits["BASE"])

    block = {"method": "blocks", "blocks": [2], "order": "ORDER"}
    study = make(alternate, trend, design=drawn_by(**block))
    row = design.randomisation_test(study, n_draws=20_000).frame.set_index("compared").loc["Means"]
    assert row["estimate"] == pytest.approx(1)
    assert row["p_value"] == pytest.approx(2 / 64, abs=4 * row["p_error"])
    unknown = make(alternate, trend, design=None)
    means = design.randomisation_test(unknown).frame.set_index("compared").loc["Means"]
    assert means["p_value"] > 0.5


def test_three_arms_are_each_compared_with_the_control(make):
    study = three_arms(make)
    outputs = check(shown(study))
    for words in (str(outputs["test words"]), outputs["test chart"].description):
        assert "Low" in words
        assert "High" in words
    assert design.randomisation_methods(study, **FEW).points["setting"].iloc[1] == "3"
    gone = ["T0", "T1", "T2", "T3"]
    alone = make(
        lambda s: s[~s["USUBJID"].isin(gone)], change=lambda v: v[~v["USUBJID"].isin(gone)]
    )
    pair = design.randomisation_test(alone).frame.set_index("compared")["p_value"]
    several = design.randomisation_test(study).frame
    low = several[several["treated"] == "Low"].set_index("compared")["p_value"]
    assert low.to_dict() == pytest.approx(pair.to_dict())
    block = {"method": "minimisation", "strata": ["SEX"], "ratio": [2, 1, 1]}
    drawn = check(shown(three_arms(make, design=drawn_by(**block))))
    assert "no longer counts" in str(drawn["redrawn"])


def test_unequal_shares_are_read_off_the_sizes(make):
    def copies(table):
        kept = table[~table["USUBJID"].isin(["C1", "C2", "C3", "C4"])]
        return pd.concat([kept.assign(USUBJID=kept["USUBJID"] + c) for c in "abcdefgh"])

    study = make(copies, copies)
    result = design.randomisation_methods(study, **FEW)
    assert result.ratio == (1, 3)  # 16 and 64 patients
    assert "1:3 were read off" in str(design.sentences.randomisation_methods(study, result))
    assert design.randomisation_methods(make(), **FEW).ratio == (1, 1)


def test_the_pilot_is_shown_without_its_patients(pilot):
    outputs = check(shown(pilot), draw=True)
    assert "254 patients" in str(outputs["methods words"])
    values = {str(i) for i in pilot.tables["adsl"]["USUBJID"]}
    for output in outputs.values():
        if isinstance(output, Figure):
            spec = json.dumps(output.spec())
            assert not any(f'"{value}"' in spec for value in values)
            # bars and means of simulations, far fewer than patients
            assert len(output.chart.to_dict()["datasets"].popitem()[1]) < 120
    frame = design.randomisation_test(pilot, n_draws=199).frame
    assert len(frame) == 3 * 2 * 3


@pytest.mark.parametrize("kept", [["C0", "T0"], ["C0", "C1", "T0", "T1"]])
def test_hardly_any_patient_breaks_nothing(make, kept):
    for block in (None, drawn_by(method="simple"), drawn_by(method="blocks", blocks=[4])):
        study = make(
            lambda s: s[s["USUBJID"].isin(kept)],
            change=lambda v: v[v["USUBJID"].isin(kept)],
            design=block,
        )
        outputs = check(shown(study))
        assert "too few ways" in str(outputs["test words"])


def test_values_without_scatter_and_missing_strata_break_nothing(make):
    flat = make(
        lambda s: s.assign(SITE=s["SITE"].where(s["USUBJID"] != "C2")),
        change=lambda v: v.assign(AVAL=10.0, BASE=10.0, CHG=0.0),
        primary={
            "parameter": "SCORE",
            "visits": [4],
            "population": "seen",
            "covariates": ["BASE", "SITE"],
        },
    )
    outputs = check(shown(flat))
    assert "p > 0.999" in str(outputs["test words"])


def test_covariates_are_held_equal(make):
    primary = {
        "parameter": "SCORE",
        "visits": [4],
        "population": "seen",
        "covariates": ["BASE", "SEX"],
    }
    study = make(primary=primary)
    frame = design.randomisation_test(study).frame
    assert list(frame["compared"]) == ["Means", "Means, adjusted", "Ranks"]
    check(shown(study))


def test_nobody_seen_in_one_arm_breaks_nothing(make):
    def unseen(visits):
        return visits[visits["USUBJID"].str.startswith("C") | (visits["AVISITN"] < 4)]

    outputs = check(shown(make(change=unseen)))
    assert "Too few values" in str(outputs["test words"])
    assert "Too few values" in str(outputs["test chart"])


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"method": "blocks", "blocks": [3]}, "2 patients or a multiple"),
        ({"method": "simple", "ratio": [1, 1, 1]}, "ratio needs 2 shares"),
        ({"method": "minimisation"}, "minimisation needs strata"),
        ({"method": "minimisation", "strata": ["SEX"], "weights": [1, 2]}, "as many weights"),
        ({"method": "stratified_blocks", "blocks": [4], "strata": ["WARD"]}, "WARD"),
        ({"method": "lottery"}, "simple"),
    ],
)
def test_settings_that_do_not_fit_are_problems_of_study_yml(make, block, message):
    with pytest.raises(StudyError, match=message):
        make(design=drawn_by(**block))


def test_the_settings_of_study_yml_are_those_drawn(make):
    block = {
        "method": "minimisation",
        "ratio": [1, 2],
        "strata": ["SEX", "SITE"],
        "weights": [2.0, 1.0],
        "probability": 0.9,
        "measure": "variance",
    }
    result = design.randomisation_methods(make(design=drawn_by(**block)), **FEW)
    assert result.scheme == Scheme("minimisation", (1, 2), (), 0.9, (2.0, 1.0), "variance")
    assert result.factors == ("Sex", "Site")
    assert result.ratio_given
