"""The times of each event, as the other rooms use them."""

import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alsutils.stats.survival import SurvivalCurve, kaplan_meier
from alsutils.study import ARM, Study
from alsutils.study.config import TimeToEvent
from alsutils.study.nested import event_group, nested_groups
from alsutils.study.telling import hides_size


@dataclass(frozen=True)
class Times:
    """The times of one event.

    Attributes
    ----------
    endpoint : TimeToEvent
        What study.yml says of it.
    frame : DataFrame
        One row a patient: ``subject``, ``arm``, ``time``, ``event`` (bool), ``kind`` (what the
        event was, where the data say so), ``stratum`` (missing where the study names no strata),
        ``silent`` (of an arm in which a few patients tell the event from one that is told) and the
        covariates.
    curves : Mapping of str to SurvivalCurve
        An arm's label to its curve; arms without patients are not there.
    """

    endpoint: TimeToEvent
    frame: pd.DataFrame
    curves: Mapping[str, SurvivalCurve]


@dataclass(frozen=True)
class Pair:
    """One treated arm and the control.

    Attributes
    ----------
    names : dict
        The columns that say what a row is about, with ``contrast`` and ``treated``.
    frame : DataFrame
        Their patients, as in `Times`.
    treated : ndarray of bool, shape (n,)
        Who is in the treated arm.
    treated_curve, control_curve : SurvivalCurve or None
        None without patients.
    few : bool
        Whether so few patients of an arm had the event that no comparison may be told.
    """

    names: dict[str, Any]
    frame: pd.DataFrame
    treated: NDArray[np.bool_]
    treated_curve: SurvivalCurve | None
    control_curve: SurvivalCurve | None
    few: bool

    @property
    def is_whole(self) -> bool:
        """Whether both arms have patients, and events enough for the comparison to be told."""
        return bool(self.treated.any() and not self.treated.all()) and not self.few


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
        In the order of study.yml; empty where it names no event. Collected once a study, since
        every section asks for them.
    """
    key = id(study)
    if key not in _KNOWN:
        _KNOWN[key] = _collected(study)
        weakref.finalize(study, _KNOWN.pop, key, None)
    return _KNOWN[key]


_KNOWN: dict[int, list[Times]] = {}  # by the identity of a study that is in use


def _collected(study: Study) -> list[Times]:
    """Collect the times of every event."""
    found: list[Times] = []
    for endpoint in study.config.time_to_event:
        records = study.times(endpoint)
        frame = records[list(endpoint.covariates)].assign(
            subject=records["USUBJID"].astype(str),
            arm=records[ARM].astype(str),
            time=records["AVAL"].astype(float),
            event=records["EVENT"],
            kind=records["EVNTDESC"].where(records["EVENT"]) if "EVNTDESC" in records else None,
            stratum=_strata(study, records),
        )
        curves = {
            arm: kaplan_meier(rows["time"], rows["event"], study.conf_level)
            for arm, rows in frame.groupby("arm")
        }
        near = _near(study, endpoint.parameter, frame, found)
        frame = frame.assign(silent=frame["arm"].isin(near))
        found.append(Times(endpoint, frame, {a: curves[a] for a in study.arms if a in curves}))
    return found


def _near(study: Study, parameter: str, frame: pd.DataFrame, earlier: list[Times]) -> set[str]:
    """Name the arms in which a few patients tell an event from one before it in study.yml.

    All that is told of both would tell of these few: how many more had one of them, and when.
    """
    if study.disclosure.is_open:
        return set()
    groups, columns = nested_groups(study), ["time", "event"]
    near = {arm for arm in study.arms if not groups.tells(event_group(parameter), arm)}
    own = frame.set_index("subject")
    for data in earlier:
        other = data.frame.set_index("subject").reindex(own.index)
        apart = (own[columns] != other[columns]).any(axis=1).groupby(own["arm"]).sum()
        near |= set(apart.index[study.disclosure.hides(apart)])
    return near


def pairs(study: Study, data: Times) -> Iterator[Pair]:
    """Yield each treated arm with the control.

    Parameters
    ----------
    study : Study
        The trial.
    data : Times
        One of its events.

    Yields
    ------
    Pair
        In the order of the arms, also where an arm has no patients.
    """
    silent = few_arms(study, data.frame)
    for arm in study.treated:
        frame = data.frame[data.frame["arm"].isin([study.control, arm])].reset_index(drop=True)
        yield Pair(
            {
                **names_of(study, data, arm, study.control),
                "contrast": f"{arm} vs {study.control}",
                "treated": arm,
            },
            frame,
            (frame["arm"] == arm).to_numpy(),
            data.curves.get(arm),
            data.curves.get(study.control),
            bool({arm, study.control} & set(silent)),
        )


def few_arms(study: Study, frame: pd.DataFrame) -> list[str]:
    """Name the arms of which nothing may be told, for so few of their patients had the event.

    Parameters
    ----------
    study : Study
        Says how few are too few.
    frame : DataFrame
        Patients with ``arm`` and ``event``, and perhaps ``silent``.

    Returns
    -------
    list of str
        Arms with a few patients, or a few with the event, or a few who tell it from another one
        that is told; an arm without any event can be told of.
    """
    counts = frame.groupby("arm")["event"].agg(["sum", "size"]).reindex(list(study.arms))
    hidden = study.disclosure.hides(counts["sum"]) | study.disclosure.hides(counts["size"])
    silent = set(frame.loc[frame["silent"], "arm"]) if "silent" in frame else set()
    return list(counts.index[hidden | counts.index.isin(silent)])


def _strata(study: Study, records: pd.DataFrame) -> pd.Series:
    """Join the columns within which patients were randomised; missing where there are none."""
    design = study.config.design
    drawn = design.randomisation if design else None
    columns = [c for c in drawn.strata if c in records] if drawn else []
    if not columns:
        return pd.Series(None, index=records.index, dtype="str")
    return records[columns].astype("str").agg(", ".join, axis=1)


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
        ``endpoint``, ``population``, ``visit`` (empty), ``unit``, ``n_control``, ``n_treated``
        (missing where they may not be told).
    """
    counts = data.frame["arm"].value_counts()
    sizes = {name: int(counts.get(name, 0)) for name in (control, arm)}
    told = {name: np.nan if hides_size(study, name, n) else n for name, n in sizes.items()}
    return {
        "endpoint": data.endpoint.label,
        "population": study.population_label(data.endpoint.population),
        "visit": "",
        "unit": data.endpoint.unit,
        "n_control": told[control],
        "n_treated": told[arm],
    }
