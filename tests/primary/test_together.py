"""Death and function together: every pair counted one by one."""

import numpy as np
import pytest

from alsutils import primary
from alsutils.display import Prose
from alsutils.study import ARM, Study, load_study

HORIZON = 6


def pairs_one_by_one(study: Study) -> dict[str, int]:
    """Count pairs won by survival, by function, lost by either, and tied."""
    changes = study.records("ALSFRSR").pivot(index="USUBJID", columns="AVISITN", values="CHG")
    last = changes.loc[:, [1, 2, 4, 6]].ffill(axis=1)[6].fillna(0)
    event = next(e for e in study.config.time_to_event if e.parameter == "OS")
    times = study.times(event).set_index("USUBJID")
    patients = [
        (
            row[ARM],
            min(row["AVAL"], HORIZON),
            bool(row["EVENT"]) and row["AVAL"] <= HORIZON,
            last[k],
        )
        for k, row in times.iterrows()
    ]
    counts = dict.fromkeys(
        ["survival won", "survival lost", "function won", "function lost", "tied"], 0
    )
    for arm, time, died, change in patients:
        for other, its_time, its_died, its_change in patients:
            if arm == study.control or other != study.control:
                continue
            if its_died and (time > its_time or (time == its_time and not died)):
                counts["survival won"] += 1
            elif died and (its_time > time or (its_time == time and not its_died)):
                counts["survival lost"] += 1
            elif change != its_change:
                counts["function won" if change > its_change else "function lost"] += 1
            else:
                counts["tied"] += 1
    return counts


def test_pairs_are_counted_right(twin: Study) -> None:
    counts = pairs_one_by_one(twin)
    result = primary.together(twin)
    layers = result.pairs.set_index("layer")
    for layer in ("survival", "function"):
        assert layers.loc[layer, "wins"] == counts[f"{layer} won"]
        assert layers.loc[layer, "losses"] == counts[f"{layer} lost"]
    assert layers.loc["tied", "wins"] == counts["tied"]
    won = counts["survival won"] + counts["function won"]
    lost = counts["survival lost"] + counts["function lost"]
    measures = result.frame.set_index("analysis")["estimate"]
    assert measures["win ratio"] == pytest.approx(won / lost)
    assert measures["net benefit"] == pytest.approx((won - lost) / (won + lost + counts["tied"]))


def test_swapping_the_arms_turns_every_measure(twin: Study, swapped: Study) -> None:
    here = primary.together(twin).frame.set_index("analysis")["estimate"]
    there = primary.together(swapped).frame.set_index("analysis")["estimate"]
    assert there["win ratio"] == pytest.approx(1 / here["win ratio"])
    assert there["probabilistic index"] == pytest.approx(1 - here["probabilistic index"])
    assert there["joint rank, ANCOVA on ranks"] == pytest.approx(
        -here["joint rank, ANCOVA on ranks"]
    )
    before = str(primary.sentences.together(twin, primary.together(twin)))
    after = str(primary.sentences.together(swapped, primary.together(swapped)))
    assert before != after
    assert np.isfinite(there).all()


def test_without_a_death_nothing_is_ranked(copy_of_twin) -> None:
    study = load_study(copy_of_twin(primary=lambda block: block.pop("death")))
    assert primary.together(study) is None
    assert isinstance(primary.charts.pairs(study, None), Prose)
    assert str(primary.tables.together(study, None)) == ""
    assert str(primary.sentences.together(study, None)) == ""
