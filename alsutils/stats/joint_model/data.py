"""Scores over time and a time to death of the same patients, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alsutils.stats.survival import TimesError, checked_times

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class JointModelError(ValueError):
    """Scores and times that no model of both can be fitted to."""


@dataclass(frozen=True, eq=False)
class JointData:
    """What the likelihood needs of each patient.

    Scores enter by sums alone, so that their number does not matter.

    Attributes
    ----------
    subjects : ndarray, shape (n,)
    number, t, tt, y, ty, yy : ndarray, shape (n,)
        Number of scores, and the sums over them of time, time squared, score, time times score
        and score squared; scores less ``origin``.
    origin : float
        Mean of the scores.
    terms, covariates : tuple of str
        What changes slope and hazard, and level and hazard.
    X, C : ndarray, shapes (n, p), (n, c)
        Their values, less ``middle`` for the covariates.
    middle : ndarray, shape (c,)
        Means of the covariates.
    time : ndarray, shape (n,)
        To death or the end of observation.
    event : ndarray of bool, shape (n,)
    """

    subjects: NDArray[np.object_]
    number: Floats
    t: Floats
    tt: Floats
    y: Floats
    ty: Floats
    yy: Floats
    origin: float
    terms: tuple[str, ...]
    covariates: tuple[str, ...]
    X: Floats
    C: Floats
    middle: Floats
    time: Floats
    event: Bools

    @property
    def n(self) -> int:
        """Patients."""
        return len(self.time)


def joint_data(
    scores: pd.DataFrame,
    patients: pd.DataFrame,
    terms: Sequence[str] = (),
    covariates: Sequence[str] = (),
) -> JointData:
    """Bring scores and times together.

    Parameters
    ----------
    scores : DataFrame
        One row a score: ``subject``, ``time`` (at least 0) and ``value``, none missing.
    patients : DataFrame
        One row a patient: ``subject``, ``time`` (above 0) to the event or the end of observation,
        ``event``, and the columns named below. Patients without a score are left out.
    terms : sequence of str
        Columns, such as indicators of treated arms, that change the slope and the hazard.
    covariates : sequence of str
        Columns that change the level and the hazard.

    Returns
    -------
    JointData

    Raises
    ------
    JointModelError
        If a patient is unknown or comes twice, a number is missing, a score comes after the
        patient's time, or there are too few scores for slopes.
    TimesError
        If a time is missing or negative.
    """
    if patients["subject"].duplicated().any():
        raise JointModelError("each patient needs one row with a time")
    unknown = set(scores["subject"]) - set(patients["subject"])
    if unknown:
        raise JointModelError(f"{len(unknown)} patients have scores but no time to an event")
    kept = patients[patients["subject"].isin(scores["subject"])].reset_index(drop=True)
    given = checked_times(kept["time"], kept["event"])
    if (given.time <= 0).any():
        raise TimesError("times must be above 0 for scores to come before them")
    place = pd.Index(kept["subject"]).get_indexer(scores["subject"])
    t, y = scores["time"].to_numpy(float), scores["value"].to_numpy(float)
    if not (np.isfinite(t).all() and np.isfinite(y).all()) or (t < 0).any():
        raise JointModelError("scores need known times of at least 0 and known values")
    late = int((t > given.time[place] + 1e-9).sum())
    if late:
        raise JointModelError(f"{late} scores come after the time of their patient")
    columns = kept[[*terms, *covariates]].to_numpy(float)
    if not np.isfinite(columns).all():
        raise JointModelError("terms and covariates must be known for every patient")
    n = len(kept)
    origin = float(y.mean())
    y = y - origin

    def total(values: Floats) -> Floats:
        return np.asarray(np.bincount(place, weights=values, minlength=n), np.float64)

    number = total(np.ones_like(t))
    if int((number > 1).sum()) < 3 or len(t) <= n:
        raise JointModelError("slopes need at least three patients with two scores or more")
    C = columns[:, len(terms) :]
    middle = C.mean(axis=0)
    return JointData(
        kept["subject"].to_numpy(object),
        number,
        total(t),
        total(t * t),
        total(y),
        total(t * y),
        total(y * y),
        origin,
        tuple(str(term) for term in terms),
        tuple(str(name) for name in covariates),
        columns[:, : len(terms)],
        C - middle,
        middle,
        given.time,
        given.event,
    )
