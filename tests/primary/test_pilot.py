"""The CDISC pilot: its published analysis of covariance and mixed model through this package."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alsutils import primary
from alsutils.study import load_study

ROOT = Path(__file__).parents[2]

# Printed and recomputed figures of the pilot's tables 14-3.01 and 14-3.11, as SAS and R give them.
ANCOVA = {
    "Xanomeline Low Dose": (-0.4668, 0.8180, 220, -2.0790, 1.1454, 0.5688),
    "Xanomeline High Dose": (-1.0060, 0.8405, 220, -2.6625, 0.6505, 0.2326),
}
MMRM = {
    "Xanomeline Low Dose": (-0.593896, 1.016784, 166.1466, -2.601379, 1.413587, 0.559950),
    "Xanomeline High Dose": (-0.828198, 1.070691, 167.4490, -2.941992, 1.285595, 0.440307),
}
FIELDS = ("estimate", "std_error", "df", "conf_low", "conf_high", "p_value")
LAST_DIGIT = 0.6e-4  # four decimals in print
CONVERGENCE = 5e-5  # SAS and R stop their search for the variances at this relative distance


@pytest.fixture(scope="module")
def pilot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pilot") / "cdisc-pilot"
    shutil.copytree(
        ROOT / "data" / "cdisc-pilot", folder, ignore=shutil.ignore_patterns("*.parquet")
    )
    subprocess.run([sys.executable, folder / "fetch.py"], check=True, capture_output=True)
    return load_study(folder)


@pytest.fixture(scope="module")
def values(pilot):
    return {arm.label: arm.value for arm in pilot.config.arms}


def test_its_main_analysis_is_the_published_one(pilot, values):
    closed = primary.published_analysis(pilot).at(24)
    opened = replace(pilot, config=pilot.config.model_copy(update={"publish_subject_data": True}))
    rows = primary.published_analysis(opened).at(24)
    # three of the 84 on the low dose are not in it, which is not for a page to tell
    assert closed["n_treated"].isna().tolist() == [True, False]
    assert closed["df"].isna().all()  # one model of three arms counts them all
    # Where a number is not told, an estimate has the decimals of its error with two digits.
    atol = rows["std_error"].max() / 20
    np.testing.assert_allclose(closed["estimate"], rows["estimate"], atol=atol)
    assert rows["n_control"].tolist() == [79, 79]
    assert rows["n_treated"].tolist() == [81, 74]
    for row in rows.to_dict("records"):
        for name, expected in zip(FIELDS, ANCOVA[values[row["treated"]]], strict=True):
            assert row[name] == pytest.approx(expected, abs=LAST_DIGIT), name


def test_its_mixed_model_is_that_of_sas_and_r(pilot, values):
    rows = primary.repeated_measures(pilot).at(24)
    for row in rows.to_dict("records"):
        for name, expected in zip(FIELDS, MMRM[values[row["treated"]]], strict=True):
            assert row[name] == pytest.approx(expected, rel=CONVERGENCE), name


def test_lower_is_better(pilot):
    text = str(primary.sentences.main_result(pilot, primary.published_analysis(pilot)))
    at_24 = text[text.index("At week 24") :]
    assert "high dose did better than Placebo by 1.01 points" in at_24


def test_missing_patients_of_three_arms(pilot):
    under = primary.assumptions(pilot)
    assert set(under.frame["treated"]) == set(pilot.treated)
    assert under.notes == ()
    assert under.frame["estimate"].notna().all()
    assert set(primary.tipping(pilot).frame["treated"]) == set(pilot.treated)
    assert primary.together(pilot) is None


def test_every_visit_and_dose_is_a_hypothesis(pilot):
    family = primary.multiplicity(pilot)
    assert len(family.frame) == len(pilot.primary.visits) * len(pilot.treated)
    graph = family.test.graphs[0]
    assert graph.weights.sum() == pytest.approx(1)
    assert (graph.transitions.sum(axis=1) == 1).all()
    assert primary.charts.level_graph(pilot, family).rows == pilot.treated
