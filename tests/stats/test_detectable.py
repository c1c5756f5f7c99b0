"""Power and detectable differences against base R and a simulation."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alsutils.stats.detectable import detectable_difference, pooled_sd, power_curve

REFERENCE = Path(__file__).parents[1] / "reference" / "design"
CASES = list(pd.read_csv(REFERENCE / "power.csv").itertuples(index=False))
SOLVED = 1e-5  # the root finder of the library stops within a few millionths


@pytest.mark.parametrize("case", CASES)
def test_differences_agree_with_r(case):
    found = detectable_difference(case.sd, int(case.n1), int(case.n0), case.power)
    assert found == pytest.approx(case.difference, rel=SOLVED)


@pytest.mark.parametrize("case", CASES)
def test_the_curve_goes_through_the_detectable_difference(case):
    curve = power_curve(case.sd, int(case.n1), int(case.n0), [0, case.difference])
    assert curve["power"].tolist() == pytest.approx([0.05, case.power], rel=SOLVED)


def test_power_is_the_share_of_trials_that_find_the_difference():
    rng = np.random.default_rng(7)
    treated = rng.normal(2.5, 4, size=(4000, 32))
    control = rng.normal(0, 4, size=(4000, 27))
    found = (stats.ttest_ind(treated, control, axis=1).pvalue < 0.05).mean()
    expected = power_curve(4, 32, 27, 2.5)["power"].item()
    assert found == pytest.approx(expected, abs=0.024)  # three standard errors of 4000 trials


def test_pooled_sd_is_that_of_the_t_test():
    a, b = [1.0, 2.0, 4.0], [3.0, 3.5, np.nan, 9.0]
    error = (np.mean(a) - np.nanmean(b)) / stats.ttest_ind(a, b, nan_policy="omit").statistic
    assert pooled_sd(a, b) == pytest.approx(error / math.sqrt(1 / 3 + 1 / 3))


@pytest.mark.parametrize(("sd", "n1", "n0"), [(0, 10, 10), (math.nan, 10, 10), (2, 1, 10)])
def test_what_cannot_be_computed_is_missing(sd, n1, n0):
    assert math.isnan(detectable_difference(sd, n1, n0))
    assert power_curve(sd, n1, n0, [1, 2]).empty
    assert math.isnan(pooled_sd([1], [2]))
