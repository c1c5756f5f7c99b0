"""All analyses at once, the strength of the evidence, and the print recomputed, for any study."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alsutils import appraisal, primary
from alsutils.appraisal.specifications import (
    AS_SEEN,
    CHOICES,
    IMPUTED,
    KEPT,
    MMRM,
    NOTHING,
    STUDENT,
    WELCH,
)
from alsutils.display import Figure, Prose, Table
from alsutils.study import load_study

ROOT = Path(__file__).parents[2]
SAME = 1e-9  # relative: the same arithmetic in another order


@pytest.fixture(scope="module")
def twin():
    return load_study(ROOT / "data" / "oh2018")


def changed(study, **fields):
    config = study.config.model_copy(update=fields)
    return type(study)(folder=study.folder, config=config, tables=study.tables)


@pytest.fixture(scope="module")
def curve(twin):
    few = changed(twin, secondary=twin.config.secondary[3:4])  # an instrument's
    return appraisal.specifications(few, n_ways=20, jobs=1)


@pytest.fixture(scope="module")
def strong(twin):
    return appraisal.strength(twin)


def chosen(curve, study, visit, model, **others):
    frame = curve.frame
    wanted = {
        "endpoint": study.parameter(study.primary.parameter).label,
        "visit": study.visit_label(visit),
        "model": model,
        "missing": AS_SEEN,
        "outliers": KEPT,
    } | others
    rows = frame[np.logical_and.reduce([frame[name] == value for name, value in wanted.items()])]
    return rows.iloc[0]


def test_the_trials_own_analyses_are_among_the_specifications(twin, curve):
    for variance, model in (("pooled", STUDENT), ("welch", WELCH)):
        table = primary.unadjusted(twin, variance).frame
        for visit in twin.primary.visits:
            own = table[
                (table["parameter"] == twin.primary.parameter) & (table["visit_number"] == visit)
            ].iloc[0]
            row = chosen(curve, twin, visit, model)
            for name in ("p_value", "n_control", "n_treated"):
                assert row[name] == pytest.approx(own[name], rel=SAME)
            unit = own["estimate"] / row["estimate"]
            assert row["conf_low"] * unit == pytest.approx(own["conf_low"], rel=SAME)


def test_the_model_of_all_visits_is_the_books(twin, curve):
    own = primary.repeated_measures(twin).at(twin.primary.visits[-1]).iloc[0]
    where = twin.population_label(twin.primary.population)
    row = chosen(
        curve, twin, twin.primary.visits[-1], MMRM, covariates="As planned", population=where
    )
    # two optimisers of one likelihood
    assert row["p_value"] == pytest.approx(own["p_value"], rel=1e-3)
    assert row["df"] == pytest.approx(own["df"], rel=1e-4)


def test_imputed_analyses_are_shown_and_stay_out_of_the_test(curve):
    [one] = curve.curves.values()
    imputed = one.frame["missing"].isin(IMPUTED.values())
    assert imputed.any()
    assert (one.frame["redrawn"] == ~imputed).all()
    assert one.test.n_specifications == (~imputed).sum()


def test_no_specification_is_listed_twice(curve):
    frame = curve.frame
    assert not frame.duplicated([*CHOICES, "treated"]).any()
    assert {"analysis", "contrast", "estimate", "p_value"} <= set(frame)


def test_a_score_that_falls_is_turned(twin, curve):
    parameters = dict(twin.config.parameters)
    code = twin.primary.parameter
    parameters[code] = parameters[code].model_copy(update={"better": "lower"})
    alone = changed(twin, secondary=(), parameters=parameters)
    other = appraisal.specifications(alone, n_ways=5, jobs=1)
    row = chosen(other, alone, twin.primary.visits[0], STUDENT)
    same = chosen(curve, twin, twin.primary.visits[0], STUDENT)
    assert row["estimate"] == pytest.approx(-same["estimate"], rel=SAME)


def test_one_visit_no_covariates_no_baseline_block(twin):
    bare = twin.primary.model_copy(
        update={"visits": twin.primary.visits[:1], "covariates": (), "death": None}
    )
    small = changed(twin, primary=bare, secondary=(), baseline=(), design=None, published=None)
    result = appraisal.specifications(small, n_ways=5, jobs=1)
    assert set(result.frame["visit"]) == {"Month 4"}
    assert NOTHING in set(result.frame["covariates"])
    assert isinstance(appraisal.charts.specifications(small, result), Figure)
    assert isinstance(appraisal.tables.choices(small, result), Table)
    assert isinstance(appraisal.tables.beliefs(small, appraisal.strength(small)), Table)


def test_three_arms_have_a_curve_each(twin):
    adsl = twin.tables["adsl"].copy()
    third = adsl["TRT01P"].dropna().index[::3]
    adsl["TRT01P"] = adsl["TRT01P"].cat.add_categories("Third")
    adsl.loc[third, "TRT01P"] = "Third"
    arm = twin.config.arms[1].model_copy(update={"value": "Third", "label": "Third"})
    config = twin.config.model_copy(
        update={"arms": (*twin.config.arms, arm), "secondary": (), "published": None}
    )
    trial = type(twin)(folder=twin.folder, config=config, tables={**twin.tables, "adsl": adsl})
    result = appraisal.specifications(trial, n_ways=5, jobs=1)
    assert list(result.curves) == list(trial.treated)
    text = str(appraisal.sentences.specifications(result))
    assert all(arm in text for arm in trial.treated)
    assert isinstance(appraisal.tables.curve_test(trial, result), Table)
    assert appraisal.arithmetic(trial) is None


def test_the_page_of_the_curve_stays_small(twin, curve):
    figure = appraisal.charts.specifications(twin, curve)
    assert len(json.dumps(figure.spec())) < 200_000
    assert len(figure.to_svg()) < 400_000  # for pages without scripts
    assert figure.results is not None
    assert "median" in figure.description


def test_words_follow_the_test(curve):
    [arm] = curve.curves
    text = str(appraisal.sentences.curve_test(curve))
    low = curve.curves[arm].test.frame["p_value"].min()
    assert ("by chance alone can well bring" in text) == (low >= curve.alpha)
    assert "moves the median most" in str(appraisal.sentences.weightiest_choice(curve))


def test_priors_lie_where_they_should(twin, strong):
    beliefs = strong.beliefs
    for row in beliefs.to_dict("records"):
        z = (strong.worthwhile - row["prior_mean"]) / row["prior_sd"]
        if row["prior"] == "Sceptical":
            assert stats.norm.sf(z) == pytest.approx(0.05)
        elif row["prior"] == "Enthusiastic":
            assert z == pytest.approx(0)
            assert stats.norm.cdf(-row["prior_mean"] / row["prior_sd"]) == pytest.approx(0.05)
    by = beliefs.pivot_table(index="visit", columns="prior", values="probability_better")
    assert (by["Sceptical"] <= by["Enthusiastic"]).all()
    assert not strong.is_given


def test_evidence_is_that_of_the_main_analysis(twin, strong):
    main = primary.published_analysis(twin).frame
    assert strong.evidence["p_value"].tolist() == main["p_value"].tolist()
    assert (strong.evidence["intrinsic_p"] > strong.evidence["p_value"]).all()
    assert (strong.evidence["e_limit"] <= strong.evidence["e_point"]).all()
    assert (strong.evidence["replicates_flat"] <= strong.evidence["same_direction"]).all()
    assert len(strong.responders) == 6


def test_a_study_without_responders_or_print_says_so(twin):
    bare = changed(twin, responders=None, published=None)
    result = appraisal.strength(bare)
    assert isinstance(appraisal.tables.fragility(bare, result), Prose)
    assert isinstance(appraisal.tables.arithmetic(bare, appraisal.arithmetic(bare)), Prose)
    assert str(appraisal.sentences.arithmetic(None)) == ""


def test_no_positive_is_not_called_false(twin, strong):
    dull = type(strong)(
        strong.beliefs, strong.evidence.assign(p_value=0.4), strong.responders, 1.0, True
    )
    assert "no positive" in str(appraisal.sentences.evidence(twin, dull))


def test_every_printed_row_is_recomputed(twin):
    checks = appraisal.arithmetic(twin)
    wrong = checks.frame[~checks.frame["agrees"]]
    rows = set(wrong["row"])
    assert {"AALS, month 4", "SF-36, month 4"} <= rows
    assert not any(row.startswith(("ALSFRS-R total", "FVC", "Responders")) for row in rows)
    without_data = type(twin)(folder=twin.folder, config=twin.config, tables={})
    pd.testing.assert_frame_equal(appraisal.arithmetic(without_data).frame, checks.frame)
    assert "AALS, month 4: difference" in str(appraisal.sentences.arithmetic(checks))
