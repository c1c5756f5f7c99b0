"""What may be told of the patients behind a comparison."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alsutils.stats.disclosure import tells_counts
from alsutils.stats.telling import significant
from alsutils.stats.tidy import ESTIMATE_COLUMNS
from alsutils.study import ARM, Study
from alsutils.study.telling import hides_sizes, tell_sizes

_CELLS = ("mean_control", "sd_control", "mean_treated", "sd_treated", "interaction_p")
DIGITS = 2  # decimals of a share where the number of patients behind it is not told


def told(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """Take out of comparisons what would tell of a few patients.

    Parameters
    ----------
    study : Study
        Says how few are too few.
    frame : DataFrame
        Comparisons with ``n_control``, ``n_treated`` and ``treated``, and, of values at a visit,
        ``parameter`` and ``visit_number``.

    Returns
    -------
    DataFrame
        Without figures where an arm has a few patients, or a few patients had one of two or three
        values; without a number of patients that must not be told, and without the standard
        deviation from which it could be computed.
    """
    rule = study.disclosure
    if rule.is_open or frame.empty:
        return frame
    few = rule.hides(frame["n_control"]) | rule.hides(frame["n_treated"])
    if {"parameter", "visit_number"} <= set(frame):
        visits = zip(frame["parameter"], frame["visit_number"], strict=True)
        few = few | np.array([means_tell_counts(study, code, at) for code, at in visits])
    sized = tell_sizes(study, frame)
    figures = [c for c in (*ESTIMATE_COLUMNS, *_CELLS) if c in frame]
    sized = sized.assign(**{c: sized[c].astype(float).mask(few) for c in figures})
    for side in ("control", "treated"):
        if f"sd_{side}" in frame:
            unsized = sized[f"n_{side}"].isna()
            sized[f"sd_{side}"] = sized[f"sd_{side}"].mask(unsized)
            sized = rounded(sized, [f"mean_{side}", "interaction_p"], unsized)
    return sized


def means_tell_counts(study: Study, parameter: str, visit: float) -> bool:
    """Say whether the means of a parameter tell how many few patients had some value of it.

    Parameters
    ----------
    study : Study
        Says how few are too few.
    parameter : str
        PARAMCD.
    visit : float
        AVISITN.

    Returns
    -------
    bool
        Of its value or of its change.
    """
    if study.disclosure.is_open:
        return False
    records = study.records(parameter, visits=[visit])
    return any(
        tells_counts(records[column], records[ARM], study.disclosure.minimum)
        for column in ("AVAL", "CHG")
        if column in records
    )


def lacks_sizes(frame: pd.DataFrame) -> bool:
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
    return frame[column].mask(hides_sizes(study, frame["arm"], frame[column]))


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
