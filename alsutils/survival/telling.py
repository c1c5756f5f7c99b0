"""At which times the curves of an event may be told."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from alsutils.stats.survival import common_horizon
from alsutils.stats.survival.telling import round_step, rounded_up, told_times
from alsutils.study import Study
from alsutils.survival.times import Times, few_arms


@dataclass(frozen=True)
class Telling:
    """Times that are told of an event where patients' own times are not.

    Attributes
    ----------
    together : tuple of float
        Times at which the arms may be compared, in order.
    arms : Mapping of str to tuple of float
        Times at which the curve of an arm may be told; all of ``together``, and more. An arm of
        which nothing may be told is not there.
    """

    together: tuple[float, ...]
    arms: Mapping[str, tuple[float, ...]]


def horizon_of(study: Study, data: Times) -> float:
    """Give the horizon of an event's restricted means; missing where nobody was watched.

    Parameters
    ----------
    study : Study
        Says whether single patients' times may be told.
    data : Times
        One of its events.

    Returns
    -------
    float
        The last landmark that all curves reach; without one, the time to which all reach.
    """
    if not data.curves:
        return np.nan
    horizon = common_horizon(list(data.curves.values()), list(data.endpoint.landmarks))
    if study.disclosure.is_open or horizon in data.endpoint.landmarks:
        return horizon
    step = round_step(horizon) if horizon > 0 else 1.0
    return float(np.round(np.floor(horizon / step) * step, 9))


def telling(study: Study, data: Times, kind: ArrayLike | None = None) -> Telling | None:
    """Choose the times at which an event's curves are told.

    Parameters
    ----------
    study : Study
        Says whether single patients' times may be told, and of how few patients nothing.
    data : Times
        One of its events.
    kind : array_like of int or None
        For each patient the kind of event, 0 for none, where curves of kinds are told.

    Returns
    -------
    Telling or None
        The landmarks come before the times of a grid, the latest first. None where every patient's
        own time may be told.
    """
    if study.shows_subjects:
        return None
    frame = data.frame.assign(code=data.frame["event"].astype(int) if kind is None else kind)
    end = max(float(frame["time"].max()), 0.0) if len(frame) else 0.0
    step = round_step(end) if end > 0 else 1.0
    grid = [round(step * i, 9) for i in range(int(end / step + 1e-9) + 1)]
    wanted = [*reversed(data.endpoint.landmarks), *grid]
    silent = few_arms(study, frame)
    own = {
        arm: (frame.loc[frame["arm"] == arm, "time"], frame.loc[frame["arm"] == arm, "code"])
        for arm in data.curves
        if arm not in silent
    }
    least = study.disclosure.minimum
    together = told_times(list(own.values()), [t for t in wanted if t <= end], least)
    arms = {
        arm: tuple(t for t in told_times([rows], grid, least, together) if t <= rows[0].max())
        for arm, rows in own.items()
    }
    return Telling(tuple(together), arms)


def own_times(study: Study, figures: pd.DataFrame, columns: list[str], end: float) -> pd.DataFrame:
    """Round up the columns that hold a single patient's time, such as a median.

    Parameters
    ----------
    study : Study
        Says whether single patients' times may be told.
    figures : DataFrame
        With those columns.
    columns : list of str
        Columns of times.
    end : float
        Longest time of the event.

    Returns
    -------
    DataFrame
        As it was where they may be told.
    """
    if study.disclosure.is_open or not end > 0:
        return figures
    step = round_step(end)
    return figures.assign(**{c: rounded_up(figures[c], step) for c in columns})
