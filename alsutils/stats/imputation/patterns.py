"""Who misses which visits."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.stats.imputation.trial import NO_EVENT, Columns, lay_out

KINDS = ("complete", "dropout", "gap", "gap and dropout", "never seen")


@dataclass(frozen=True)
class MissingPatterns:
    """Visits that subjects have and miss.

    Attributes
    ----------
    frame : DataFrame
        One row a pattern and arm: ``pattern`` (a 1 for each visit with an outcome, a 0 without),
        ``kind`` (one of KINDS), ``monotone`` (whether nothing follows what is missing), ``arm``,
        ``n``, ``share`` (of the arm). Patterns with the most subjects come first.
    visits : DataFrame
        One row a visit and arm: ``visit``, ``arm``, ``n`` (of the arm), ``n_observed``,
        ``n_gaps`` (an outcome follows), ``n_gone`` (none follows), ``share_observed``.
    subjects : DataFrame
        One row a subject: ``subject``, ``arm``, ``pattern``, ``kind``, ``monotone``,
        ``n_observed``, ``event`` (first visit of the final run of missing outcomes; missing
        without one).
    monotone : bool
        Whether every pattern is.
    """

    frame: pd.DataFrame
    visits: pd.DataFrame
    subjects: pd.DataFrame
    monotone: bool


def missing_patterns(
    data: pd.DataFrame, outcome: str, subject: str, visit: str, arm: str
) -> MissingPatterns:
    """Count the patterns of missing visits by arm.

    Parameters
    ----------
    data : DataFrame
        One row a subject and visit; a visit without a row counts as missing. Never changed.
    outcome, subject, visit, arm : str
        Columns; the arm is a category with the control first.

    Returns
    -------
    MissingPatterns

    Raises
    ------
    ImputationError
        Naming what is wrong with the data.

    References
    ----------
    Little RJA, Rubin DB. Statistical Analysis with Missing Data. Wiley 2002, section 1.2.
    """
    trial = lay_out(data, Columns(subject, visit, arm, outcome))
    seen, arms = ~trial.missing, list(trial.arms)
    label = pd.Categorical.from_codes(trial.arm, arms)
    n_observed = seen.sum(axis=1)
    dropped = trial.event != NO_EVENT
    gap = (trial.missing & ~trial.after_event).any(axis=1)
    kind = np.select(
        [n_observed == 0, gap & dropped, gap, dropped],
        [KINDS[4], KINDS[3], KINDS[2], KINDS[1]],
        KINDS[0],
    )
    event = pd.Categorical.from_codes(trial.event, list(trial.visits), ordered=True)
    subjects = pd.DataFrame(
        {
            "subject": trial.subjects.to_numpy(),
            "arm": label,
            "pattern": ["".join("1" if cell else "0" for cell in row) for row in seen],
            "kind": pd.Categorical(kind, categories=list(KINDS)),
            "monotone": ~gap,
            "n_observed": n_observed,
            "event": event,
        }
    )
    size = np.bincount(trial.arm, minlength=len(arms))
    rows = []
    for j, name in enumerate(trial.visits):
        for k, each in enumerate(arms):
            mine = trial.arm == k
            gone = trial.after_event[mine, j].sum()
            there = seen[mine, j].sum()
            rows.append((name, each, size[k], there, size[k] - there - gone, gone, there / size[k]))
    names = ["visit", "arm", "n", "n_observed", "n_gaps", "n_gone", "share_observed"]
    visits = pd.DataFrame(rows, columns=names)
    visits["visit"] = pd.Categorical(visits["visit"], list(trial.visits), ordered=True)
    visits["arm"] = pd.Categorical(visits["arm"], arms)
    return MissingPatterns(_by_arm(subjects, arms, size), visits, subjects, bool((~gap).all()))


def _by_arm(subjects: pd.DataFrame, arms: list[object], size: np.ndarray) -> pd.DataFrame:
    """Count each pattern in each arm, zeros included."""
    first = subjects.drop_duplicates("pattern").set_index("pattern")
    counts = pd.crosstab(subjects["pattern"], subjects["arm"]).reindex(columns=arms, fill_value=0)
    total = counts.sum(axis=1)
    # many subjects first; the pattern itself decides between equal numbers
    order = sorted(counts.index, key=lambda pattern: (-total[pattern], pattern))
    rows = [
        (p, first.at[p, "kind"], bool(first.at[p, "monotone"]), a, int(counts.at[p, a]), k)
        for p in order
        for k, a in enumerate(arms)
    ]
    frame = pd.DataFrame(rows, columns=["pattern", "kind", "monotone", "arm", "n", "share"])
    frame["share"] = frame["n"] / size[frame["share"].to_numpy()]
    frame["kind"] = pd.Categorical(frame["kind"], list(KINDS))
    frame["arm"] = pd.Categorical(frame["arm"], arms)
    return frame
