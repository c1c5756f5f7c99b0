"""What may be told of the patients behind a comparison."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alsutils.stats.telling import significant
from alsutils.stats.tidy import ESTIMATE_COLUMNS
from alsutils.study import ARM, Study
from alsutils.study.telling import tell_sizes

_CELLS = ("mean_control", "sd_control", "mean_treated", "sd_treated", "interaction_p")
DIGITS = 2  # decimals of a share where the number of patients behind it is not told


def told(
    study: Study, frame: pd.DataFrame, population: str | None, df: bool = True
) -> pd.DataFrame:
    """Take out of comparisons what would tell of a few patients.

    Parameters
    ----------
    study : Study
        Says how few are too few.
    frame : DataFrame
        Comparisons with ``n_control``, ``n_treated`` and ``treated``.
    population : str or None
        Whose patients were to be compared; all randomised where None.
    df : bool
        Degrees of freedom count patients.

    Returns
    -------
    DataFrame
        Without figures where an arm has a few patients; without a number of patients that is all
        but a few of an arm, and without the standard deviation from which it could be computed.
    """
    rule = study.disclosure
    if rule.is_open or frame.empty:
        return frame
    few = rule.hides(frame["n_control"]) | rule.hides(frame["n_treated"])
    sized = tell_sizes(study, frame, population, df)
    figures = [c for c in (*ESTIMATE_COLUMNS, *_CELLS) if c in frame]
    sized = sized.assign(**{c: sized[c].astype(float).mask(few) for c in figures})
    for side in ("control", "treated"):
        if f"sd_{side}" in frame:
            unsized = sized[f"n_{side}"].isna()
            sized[f"sd_{side}"] = sized[f"sd_{side}"].mask(unsized)
            sized = rounded(sized, [f"mean_{side}"], unsized)
    return sized


def hides_sizes(frame: pd.DataFrame) -> bool:
    """Say whether a comparison's number of patients is not told."""
    there = [c for c in ("n_control", "n_treated") if c in frame]
    return bool(frame[there].isna().any(axis=None))


def told_numbers(study: Study, frame: pd.DataFrame, column: str = "n") -> pd.Series:
    """Give numbers of patients by arm, missing where they are few, or all but a few of the arm.

    Parameters
    ----------
    study : Study
        Says how few are too few.
    frame : DataFrame
        With ``arm`` and the numbers.
    column : str
        Of the numbers.

    Returns
    -------
    Series
        The numbers.
    """
    rule, hidden = study.disclosure, np.zeros(len(frame), dtype=bool)
    for name in (None, study.primary.population):
        sizes = study.subjects(name)[ARM].astype("str").value_counts()
        whole = frame["arm"].astype("str").map(sizes.to_dict()).astype(float)
        hidden |= rule.hides(frame[column], whole)
    return frame[column].mask(hidden)


def rounded(frame: pd.DataFrame, columns: Sequence[str], where: pd.Series) -> pd.DataFrame:
    """Round columns in some rows, so that no number of patients can be computed from them.

    Parameters
    ----------
    frame : DataFrame
        Figures.
    columns : sequence of str
        Those to round, to two decimals, a p-value to its first digit; others are passed over.
    where : Series of bool
        Rows.

    Returns
    -------
    DataFrame
        A copy.
    """
    found = {}
    for name in (c for c in columns if c in frame):
        plain = frame[name].astype(float)
        short = significant(plain, 1) if name.endswith("p_value") or name.endswith("_p") else None
        found[name] = plain.mask(where, plain.round(DIGITS) if short is None else short)
    return frame.assign(**found)
