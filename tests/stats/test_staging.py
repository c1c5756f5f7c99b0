"""The staging rules at each of their boundaries, written by hand from the published tables."""

import numpy as np
import pandas as pd
import pytest

from alsutils.stats.staging import KINGS_ITEMS, MITOS_ITEMS, SYSTEMS, kings_stage, mitos_stage

ALL = tuple(dict.fromkeys((*KINGS_ITEMS, *MITOS_ITEMS)))


def visit(**changed):
    return pd.DataFrame([dict.fromkeys(ALL, 4) | changed])


@pytest.mark.parametrize(
    ("changed", "stage"),
    [
        ({}, 0),
        ({"speech": 3}, 1),
        ({"salivation": 3}, 1),
        ({"swallowing": 3}, 1),
        ({"speech": 1, "salivation": 0, "swallowing": 1}, 1),  # three losses of one region
        ({"handwriting": 3}, 1),
        ({"cutting": 3}, 1),
        ({"walking": 3}, 1),
        ({"dressing": 0}, 0),  # not in the rule
        ({"speech": 3, "cutting": 3}, 2),
        ({"handwriting": 0, "walking": 0}, 2),
        ({"speech": 3, "cutting": 3, "walking": 3}, 3),
        ({"dyspnoea": 1}, 0),
        ({"dyspnoea": 0}, 4),
        ({"respiratory": 3}, 4),
        ({"swallowing": 1}, 1),
        ({"swallowing": 0}, 4),
        ({"swallowing": 0, "gastrostomy": False}, 1),
        ({"gastrostomy": True}, 4),
    ],
)
def test_kings(changed, stage):
    assert kings_stage(visit(**changed)).tolist() == [stage]


@pytest.mark.parametrize(
    ("changed", "stage"),
    [
        ({}, 0),
        ({"walking": 2, "dressing": 2, "swallowing": 2, "dyspnoea": 2, "respiratory": 3}, 0),
        ({"walking": 1}, 1),
        ({"dressing": 1}, 1),
        ({"walking": 0, "dressing": 0}, 1),  # one domain
        ({"swallowing": 1}, 1),
        ({"speech": 0}, 0),  # can still write
        ({"handwriting": 0}, 0),  # can still speak
        ({"speech": 1, "handwriting": 2}, 0),
        ({"speech": 1, "handwriting": 1}, 1),
        ({"dyspnoea": 1}, 1),
        ({"respiratory": 2}, 1),
        ({"salivation": 0, "cutting": 0}, 0),  # not in the rule
        ({"walking": 1, "swallowing": 1}, 2),
        ({"walking": 1, "swallowing": 1, "dyspnoea": 1}, 3),
        ({"walking": 1, "swallowing": 1, "dyspnoea": 1, "speech": 0, "handwriting": 1}, 4),
    ],
)
def test_mitos(changed, stage):
    assert mitos_stage(visit(**changed)).tolist() == [stage]


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_worse_item_never_lowers_the_stage(name):
    rng = np.random.default_rng(5)
    items = pd.DataFrame(rng.integers(0, 5, (2000, len(ALL))), columns=list(ALL))
    rule = SYSTEMS[name].rule
    before = rule(items)
    assert set(before) <= set(SYSTEMS[name].stages)
    for item in ALL:
        worse = items.assign(**{item: np.maximum(items[item] - 1, 0)})
        assert (rule(worse) >= before).all()


@pytest.mark.parametrize("name", SYSTEMS)
def test_row_order_does_not_matter(name):
    items = pd.DataFrame(np.random.default_rng(6).integers(0, 5, (50, len(ALL))), columns=list(ALL))
    rule = SYSTEMS[name].rule
    assert (rule(items[::-1])[::-1] == rule(items)).all()


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_missing_item_leaves_the_stage_missing(name):
    for item in SYSTEMS[name].items:
        assert np.isnan(SYSTEMS[name].rule(visit(**{item: np.nan}))).all()


def test_what_is_off_the_scale_is_named():
    with pytest.raises(ValueError, match="speech in row 0 is 5"):
        mitos_stage(visit(speech=5))
    with pytest.raises(ValueError, match=r"walking in row 0 is 2\.5"):
        kings_stage(visit(walking=2.5))
    with pytest.raises(ValueError, match="columns cutting"):
        kings_stage(visit().drop(columns="cutting"))
