"""Which arms a model can compare: those with values wherever the model needs them."""

from collections.abc import Sequence

import pandas as pd

from alsutils.display import format as fmt
from alsutils.study import ARM, Study
from alsutils.study.telling import why_not


def seen_arms(
    study: Study, data: pd.DataFrame, needed: Sequence[str], visit: str | None = None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Leave out the treated arms of which nobody has what a model needs.

    Parameters
    ----------
    study : Study
        The trial.
    data : DataFrame
        Records with ``ARM``.
    needed : sequence of str
        Columns without which a record is of no use.
    visit : str or None
        Column of visits at each of which an arm needs somebody; None for the data as a whole.

    Returns
    -------
    tuple
        The records of the arms that are left, their category among them, and a sentence for each
        arm that is not. All records where no treated arm would be left, for the model to refuse.
    """
    known = data.dropna(subset=list(needed))
    reasons = {}
    for arm in study.treated:
        own = known[known[ARM] == arm]
        if own.empty:
            reasons[arm] = ""
        elif visit is not None:
            there = set(own[visit])
            lost = [str(v) for v in data[visit].cat.categories if v not in there]
            if lost:
                reasons[arm] = f" at {fmt.listed([v.lower() for v in lost])}"
    if len(reasons) == len(study.treated):
        return data, ()
    left = data[~data[ARM].isin(list(reasons))]
    left = left.assign(**{ARM: left[ARM].cat.remove_categories(list(reasons))})
    notes = [
        f"nobody of {arm} has a value{where}, so that this arm is left out"
        for arm, where in reasons.items()
    ]
    return left, tuple(notes)


def not_fitted(study: Study, model: str, error: Exception) -> str:
    """Say why a model of all visits could not be fitted."""
    return f"{model}: {why_not(study, error)}."
