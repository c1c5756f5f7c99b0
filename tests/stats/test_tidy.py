"""The one shape of every table of results."""

import pandas as pd
import pytest

from alsutils.stats.tidy import RESULT_COLUMNS, result_frame


def test_orders_and_completes_the_columns():
    given = pd.DataFrame({"estimate": [1], "analysis": ["t"], "other": ["x"]})
    found = result_frame(given)
    assert tuple(found.columns) == RESULT_COLUMNS
    assert found.loc[0, "estimate"] == 1.0
    assert found.loc[0, ["visit", "p_value"]].isna().all()
    assert list(given.columns) == ["estimate", "analysis", "other"]


def test_a_result_must_say_what_was_done():
    with pytest.raises(ValueError, match="analysis"):
        result_frame(pd.DataFrame({"estimate": [1.0]}))
