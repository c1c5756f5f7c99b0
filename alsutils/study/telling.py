"""How many patients an analysis had, as far as a page may tell."""

from dataclasses import replace

import numpy as np
import pandas as pd

from alsutils.study.model import ARM, Study


def opened(study: Study) -> Study:
    """Give the same study with everything told, to compute with.

    Parameters
    ----------
    study : Study
        Any.

    Returns
    -------
    Study
        What comes of it is not for a page before it is masked.
    """
    if study.disclosure.is_open:
        return study
    return replace(study, config=study.config.model_copy(update={"publish_subject_data": True}))


def tell_sizes(
    study: Study, frame: pd.DataFrame, population: str | None, df: bool = True
) -> pd.DataFrame:
    """Hide numbers of patients from which one could tell that a few of an arm are missing.

    Parameters
    ----------
    study : Study
        Says how few are too few.
    frame : DataFrame
        One row a comparison: ``n_control`` and ``n_treated``, and ``treated``, the treated arm.
    population : str or None
        Whose patients were to be compared.
    df : bool
        Degrees of freedom count patients, and are hidden with them.

    Returns
    -------
    DataFrame
        A copy in which a number is missing where it is of a few patients, or of all but a few of
        those randomised to the arm or of the population in it.
    """
    rule = study.disclosure
    if rule.is_open or frame.empty:
        return frame
    wholes = [study.subjects(name)[ARM].astype("str").value_counts() for name in (None, population)]
    arms = {"n_control": pd.Series(study.control, index=frame.index), "n_treated": frame["treated"]}
    told, hidden = {}, pd.Series(False, index=frame.index)
    for column, arm in arms.items():
        if column not in frame:
            continue
        small = np.zeros(len(frame), dtype=bool)
        for whole in wholes:
            # An arm that is none, as "all arms", has no size.
            small |= rule.hides(frame[column], arm.astype("str").map(whole.to_dict()).astype(float))
        told[column] = frame[column].astype(float).mask(small)
        hidden |= small
    if df and "df" in frame:
        # One model counts the patients of all of its arms.
        model = [frame[c] for c in ("analysis", "endpoint", "visit") if c in frame]
        together = hidden.groupby(model, dropna=False).transform("any") if model else hidden
        told["df"] = frame["df"].astype(float).mask(together)
    return frame.assign(**told)
