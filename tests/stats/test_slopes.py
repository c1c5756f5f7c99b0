"""Patients' slopes against R's lm."""

from pathlib import Path

import numpy as np
import pandas as pd

from alsutils.stats.slopes import patient_slopes

REFERENCE = Path(__file__).parents[1] / "reference" / "design"

visits = pd.read_csv(REFERENCE / "visits.csv")
expected = pd.read_csv(REFERENCE / "slopes.csv").set_index("USUBJID")["slope"]


def test_slopes_agree_with_r():
    found = patient_slopes(visits).set_index("USUBJID")
    np.testing.assert_allclose(found["slope"], expected, atol=1e-12)
    assert found["n"].tolist() == [4, 3, 2, 1]


def test_row_order_and_missing_values_do_not_matter():
    empty = visits.iloc[[0]].assign(AVAL=np.nan, AVISITN=7)
    shuffled = pd.concat([empty, visits.sample(frac=1, random_state=1)])
    before = shuffled.copy()
    pd.testing.assert_frame_equal(
        patient_slopes(shuffled), patient_slopes(visits), rtol=1e-12, atol=1e-12
    )
    pd.testing.assert_frame_equal(shuffled, before)
