"""How many patients an analysis had, as far as a page may tell."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alsutils.stats.disclosure import is_small
from alsutils.stats.telling import significant
from alsutils.study.model import ARM, Study
from alsutils.study.nested import nested_groups, population_group

UNTOLD = "it cannot be computed from these data"


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


def why_not(study: Study, error: Exception | str) -> str:
    """Say why something could not be computed, without the values that an error may name.

    Parameters
    ----------
    study : Study
        Whose data it was to be computed from.
    error : Exception or str
        What was raised, or its message.

    Returns
    -------
    str
        Its message without the last full stop and in words, where single patients may be told.
    """
    if not study.disclosure.is_open:
        return UNTOLD
    # The messages of some errors tell of columns and steps, which no reader knows.
    return getattr(error, "in_words", None) or str(error).rstrip(".")


def tell_sizes(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """Hide numbers of patients from which one could tell that a few of an arm are missing.

    Parameters
    ----------
    study : Study
        Says how few are too few.
    frame : DataFrame
        One row a comparison: ``n_control`` and ``n_treated``, and ``treated``, the treated arm.

    Returns
    -------
    DataFrame
        A copy in which a number is missing where it must not be told (`hides_sizes`), with the
        degrees of freedom, which count patients; the rest is as coarse as `coarse` makes it.
    """
    if study.disclosure.is_open or frame.empty:
        return frame
    arms = {"n_control": pd.Series(study.control, index=frame.index), "n_treated": frame["treated"]}
    told, hidden = {}, pd.Series(False, index=frame.index)
    for column, arm in arms.items():
        if column not in frame:
            continue
        small = hides_sizes(study, arm, frame[column])
        told[column] = frame[column].astype(float).mask(small)
        hidden |= small
    # One model counts the patients of all of its arms.
    model = [frame[c] for c in ("analysis", "endpoint", "visit") if c in frame]
    hidden = hidden.groupby(model, dropna=False).transform("any") if model else hidden
    if "df" in frame:
        told["df"] = frame["df"].astype(float).mask(hidden)
    return coarse(frame.assign(**told), hidden)


def hides_sizes(
    study: Study, arms: pd.Series, sizes: pd.Series, *, of_events: bool = False
) -> NDArray[np.bool_]:
    """Tell which numbers of patients must not be told.

    Parameters
    ----------
    study : Study
        Says how few are too few.
    arms : Series of str
        The arm of each; one that is none, as "all arms", has no groups.
    sizes : Series of float
        Numbers of patients, on the same index.
    of_events : bool
        Whether they had an event, such as death until some visit.

    Returns
    -------
    ndarray of bool
        True for a few patients, and for all but a few of a group of that arm whose size is told,
        such as a population or those seen at another visit, or a few more than it; of events, of
        a group who had one.
    """
    rule, counts = study.disclosure, sizes.to_numpy(dtype=float)
    hidden = rule.hides(counts)
    if rule.is_open:
        return hidden
    groups, named = nested_groups(study), arms.astype("str").to_numpy()
    for arm in study.arms:
        gaps = np.abs(
            np.subtract.outer(counts, np.array(groups.sizes(arm, of_events=of_events), float))
        )
        hidden |= (named == arm) & is_small(gaps, rule.minimum).any(axis=1)
    return hidden


def hides_size(study: Study, arm: str, size: int) -> bool:
    """Tell whether one number of patients of an arm must not be told; see `hides_sizes`."""
    return bool(hides_sizes(study, pd.Series([arm]), pd.Series([size]))[0])


def coarse(frame: pd.DataFrame, where: pd.Series) -> pd.DataFrame:
    """Round estimates so far that no number of patients can be computed from them.

    Parameters
    ----------
    frame : DataFrame
        Estimates in the columns of every estimate; those that it lacks are passed over.
    where : Series of bool
        Rows in which a number of patients is not told.

    Returns
    -------
    DataFrame
        A copy: standard errors and p-values with two digits, estimates and limits to the decimals
        of their standard error (without one, of the width of the interval), and statistics to two
        decimals.
    """
    if not where.any():
        return frame
    rows = frame[where]
    width = pd.Series(np.nan, rows.index)
    if "std_error" in rows:
        width = rows["std_error"].astype(float)
    if {"conf_low", "conf_high"} <= set(rows):
        width = width.fillna((rows["conf_high"] - rows["conf_low"]).astype(float) / 4)
    size = 10.0 ** np.floor(np.log10(width.where(width > 0))) / 10
    found = {}
    for name in (c for c in ("estimate", "conf_low", "conf_high") if c in rows):
        plain = rows[name].astype(float)
        found[name] = ((plain / size).round() * size).where(size.notna(), significant(plain, 3))
    for name in (c for c in ("std_error", "p_value") if c in rows):
        found[name] = pd.Series(significant(rows[name]), rows.index)
    if "statistic" in rows:
        found["statistic"] = rows["statistic"].astype(float).round(2)
    return frame.assign(**{c: frame[c].astype(float).where(~where, v) for c, v in found.items()})


def told_population(study: Study, population: str | None) -> pd.DataFrame:
    """Give the patients of a population, as far as their number may be told.

    Parameters
    ----------
    study : Study
        Says how few are too few.
    population : str or None
        Its name; all randomised where None.

    Returns
    -------
    DataFrame
        As of ``Study.subjects``. Where an arm's patients are all but a few of a larger group, all
        of that group, so that shares of them do not tell how many are missing.
    """
    members = study.subjects(population)
    if study.disclosure.is_open:
        return members
    groups, name = nested_groups(study), population_group(population)
    everybody = study.subjects()
    kept = {arm: groups.around(name, arm) for arm in study.arms}
    pairs = zip(everybody["USUBJID"].astype("str"), everybody[ARM].astype("str"), strict=True)
    return everybody[[who in kept[arm] for who, arm in pairs]].reset_index(drop=True)
