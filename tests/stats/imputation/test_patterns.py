"""Patterns of missing visits, counted by hand."""

import numpy as np
import pandas as pd
import pytest

from alsutils.stats.imputation import missing_patterns

COLUMNS = {"outcome": "y", "subject": "id", "visit": "visit", "arm": "arm"}


@pytest.fixture(scope="module")
def patterns():
    seen = {
        "a": ("C", "111"),
        "b": ("C", "110"),
        "c": ("C", "011"),
        "d": ("T", "111"),
        "e": ("T", "010"),
        "f": ("T", "000"),
        "g": ("T", "110"),
        "h": ("T", "110"),
    }
    rows = [
        (s, a, f"V{j}", 1.0 if cell == "1" else np.nan)
        for s, (a, cells) in seen.items()
        for j, cell in enumerate(cells, 1)
    ]
    frame = pd.DataFrame(rows, columns=["id", "arm", "visit", "y"])
    frame["arm"] = pd.Categorical(frame["arm"], categories=["C", "T"])
    return missing_patterns(frame, **COLUMNS)


def test_subjects(patterns):
    rows = patterns.subjects.set_index("subject")
    assert rows["kind"].to_dict() == {
        "a": "complete",
        "b": "dropout",
        "c": "gap",
        "d": "complete",
        "e": "gap and dropout",
        "f": "never seen",
        "g": "dropout",
        "h": "dropout",
    }
    assert rows["monotone"].to_dict() == {s: s not in "ce" for s in "abcdefgh"}
    assert rows["event"].astype(object).where(rows["event"].notna(), "-").to_list() == [
        "-",
        "V3",
        "-",
        "-",
        "V3",
        "V1",
        "V3",
        "V3",
    ]
    assert not patterns.monotone


def test_counts_by_arm(patterns):
    counts = patterns.frame.set_index(["pattern", "arm"])["n"].unstack()  # noqa: PD010
    assert counts.index.is_unique
    assert patterns.frame["pattern"].iloc[0] == "110"
    assert counts.loc["110"].to_dict() == {"C": 1, "T": 2}
    assert counts.loc["011"].to_dict() == {"C": 1, "T": 0}
    shares = patterns.frame.groupby("arm", observed=True)["share"].sum()
    assert shares.to_list() == pytest.approx([1.0, 1.0])
    assert counts.sum().to_dict() == {"C": 3, "T": 5}


def test_counts_by_visit(patterns):
    rows = patterns.visits.set_index(["visit", "arm"])
    assert rows.loc[("V1", "T"), ["n", "n_observed", "n_gaps", "n_gone"]].to_list() == [5, 3, 1, 1]
    assert rows.loc[("V1", "C"), ["n", "n_observed", "n_gaps", "n_gone"]].to_list() == [3, 2, 1, 0]
    assert rows.loc[("V3", "T"), ["n", "n_observed", "n_gaps", "n_gone"]].to_list() == [5, 1, 0, 4]
    assert (rows["n"] == rows[["n_observed", "n_gaps", "n_gone"]].sum(axis=1)).all()


def test_the_trial_given_to_r(trial_frame, columns):
    patterns = missing_patterns(trial_frame, **columns)
    assert patterns.subjects["event"].notna().sum() == 9
    assert (patterns.subjects["kind"] == "gap").sum() == 5
    dropouts_only = trial_frame[
        trial_frame["USUBJID"].isin(patterns.subjects.query("monotone")["subject"])
    ]
    assert missing_patterns(dropouts_only, **columns).monotone
