import json
from pathlib import Path

import numpy as np
import pytest

from alsutils.stats.multiplicity import adjust_p_values

REFERENCE = Path(__file__).parents[1] / "reference" / "mechanism" / "mechanism.json"


def test_agrees_with_p_adjust_and_leaves_missing_tests_out() -> None:
    expected = json.loads(REFERENCE.read_text())["adjusted"]
    result = adjust_p_values([*expected["p"][:3], np.nan, *expected["p"][3:]])
    assert result.size == 6
    assert result.frame["p_holm"].dropna().tolist() == pytest.approx(expected["holm"])
    assert result.frame["p_benjamini_hochberg"].dropna().tolist() == pytest.approx(expected["bh"])
    assert np.isnan(result.holm[3])


def test_no_test_is_an_empty_family() -> None:
    assert adjust_p_values([np.nan, np.nan]).size == 0


def test_refuses_what_is_no_p_value() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjust_p_values([0.2, 1.3])
