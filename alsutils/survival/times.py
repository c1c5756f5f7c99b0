"""The times of each event, as the other rooms use them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from alsutils.stats.survival import SurvivalCurve, kaplan_meier
from alsutils.study import ARM, Study
from alsutils.study.config import TimeToEvent


@dataclass(frozen=True)
class Times:
    """The times of one event.

    Attributes
    ----------
    endpoint : TimeToEvent
        What study.yml says of it.
    frame : DataFrame
        One row a patient: ``arm``, ``time``, ``event`` (bool) and the covariates.
    curves : Mapping of str to SurvivalCurve
        An arm's label to its curve; arms without patients are not there.
    """

    endpoint: TimeToEvent
    frame: pd.DataFrame
    curves: Mapping[str, SurvivalCurve]


@dataclass(frozen=True)
class Figures:
    """Estimates in the columns of every estimate.

    Attributes
    ----------
    frame : DataFrame
        One row an estimate; further columns as each analysis says. A row without an estimate has
        a ``reason``.
    notes : tuple of str
        Sentences on what could not be done.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...] = field(default=())


def times(study: Study) -> list[Times]:
    """Collect the times of every event of the study.

    Parameters
    ----------
    study : Study
        With or without ``time_to_event``.

    Returns
    -------
    list of Times
        In the order of study.yml; empty where it names no event.
    """
    found = []
    for endpoint in study.config.time_to_event:
        records = study.times(endpoint)
        frame = records[list(endpoint.covariates)].assign(
            arm=records[ARM].astype(str), time=records["AVAL"], event=records["EVENT"]
        )
        curves = {
            arm: kaplan_meier(rows["time"], rows["event"], study.conf_level)
            for arm, rows in frame.groupby("arm")
        }
        found.append(Times(endpoint, frame, {a: curves[a] for a in study.arms if a in curves}))
    return found


def names_of(study: Study, data: Times, arm: str, control: str) -> dict[str, Any]:
    """Give the columns that say what a row is about.

    Parameters
    ----------
    study : Study
        The trial.
    data : Times
        Whose patients are counted.
    arm, control : str
        Labels of the two arms.

    Returns
    -------
    dict
        ``endpoint``, ``population``, ``visit`` (empty), ``unit``, ``n_control``, ``n_treated``.
    """
    counts = data.frame["arm"].value_counts()
    return {
        "endpoint": data.endpoint.label,
        "population": study.population_label(data.endpoint.population),
        "visit": "",
        "unit": data.endpoint.unit,
        "n_control": int(counts.get(control, 0)),
        "n_treated": int(counts.get(arm, 0)),
    }
