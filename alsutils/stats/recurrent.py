"""Events that come again and again: how many a patient has had on average by each time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alsutils.stats.mover import difference_of
from alsutils.stats.survival import Estimate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class MeanCumulative:
    """The mean number of events of a patient by each time.

    Attributes
    ----------
    frame : DataFrame
        One row a time, the first at time 0: ``time``, ``estimate`` (events per patient up
        to and at that time), ``std_error`` (from the variation between patients), ``conf_low`` and
        ``conf_high`` (on the log scale; missing before the first event), ``at_risk`` (patients
        watched until then).
    n, events : int
        Patients, and their events.
    left_out : int
        Events of unknown patients, without a time, before time 0 or after a patient's observation
        had ended.
    last : float
        Longest time observed.
    all_died : bool
        Whether observation ended by death for all who were watched longest, so that the curve
        stays level for good.
    conf_level : float
        Level of the intervals.
    """

    frame: pd.DataFrame
    n: int
    events: int
    left_out: int
    last: float
    all_died: bool
    conf_level: float


def mean_cumulative_events(
    event_subject: ArrayLike,
    event_time: ArrayLike,
    subject: ArrayLike,
    end: ArrayLike,
    died: ArrayLike | None = None,
    times: ArrayLike | None = None,
    conf_level: float = 0.95,
) -> MeanCumulative:
    """Estimate the mean number of events of a patient by each time.

    Who dies has no more events, and counts on among those over whom the mean is taken; who leaves
    otherwise counts as long as watched. Nothing is assumed of how the events of one patient hang
    together.

    Parameters
    ----------
    event_subject, event_time : array_like, shape (events,)
        Whose event it was, and when.
    subject, end : array_like, shape (n,)
        Each patient once, and the time until which he was watched, at least 0.
    died : array_like of bool, shape (n,), optional
        Whether observation ended by death. Nobody where None.
    times : array_like, shape (m,), optional
        Times at which to give the mean; where None all times of events. Work grows with the number
        of patients times the number of these.
    conf_level : float
        Level of the pointwise intervals.

    Returns
    -------
    MeanCumulative
        Without deaths Nelson's mean cumulative function. Events come before deaths of the same
        time.

    Raises
    ------
    ValueError
        If the arrays differ in length, a patient is there twice or an end is missing or negative.

    References
    ----------
    Nelson, Recurrent Events Data Analysis, 2003. Lawless and Nadeau, Technometrics
    1995;37:158-168. Ghosh and Lin, Biometrics 2000;56:554-562.
    """
    given = _given(event_subject, event_time, subject, end, died)
    grid, place = np.unique(given.ends_and_events, return_inverse=True)
    n = len(given.end)
    ending, happening = place[:n], place[n:]
    events = np.bincount(happening, minlength=len(grid)).astype(float)
    deaths = np.bincount(ending[given.died], minlength=len(grid)).astype(float)
    leaving = np.bincount(ending, minlength=len(grid)).astype(float)
    at_risk = n - np.cumsum(leaving) + leaving
    alive_after = np.cumprod(1 - deaths / at_risk)
    alive = np.concatenate([[1.0], alive_after[:-1]])
    mean = np.cumsum(alive * events / at_risk)
    wanted = grid[events > 0] if times is None else np.asarray(times, dtype=float)
    wanted = np.unique(np.append(0.0, wanted[(wanted > 0) & (wanted <= grid[-1])]))
    at = np.searchsorted(grid, wanted, side="right") - 1
    begun = at >= 0
    reached, error = np.zeros(len(at)), np.zeros(len(at))
    reached[begun] = mean[at[begun]]
    error[begun] = _errors(
        at[begun], mean, alive, events, deaths, at_risk, ending, happening, given
    )
    frame = _frame(wanted, reached, error, conf_level)
    frame["at_risk"] = n - np.searchsorted(np.sort(given.end), wanted, side="left")
    return MeanCumulative(
        frame,
        n,
        len(given.who),
        given.left_out,
        float(given.end.max()),
        bool(alive_after[-1] <= 0),
        conf_level,
    )


def mean_at(curve: MeanCumulative, time: float) -> Estimate:
    """Give the mean number of events by one time.

    Parameters
    ----------
    curve : MeanCumulative
        From `mean_cumulative_events`, with all times of events or with this one.
    time : float
        At least 0.

    Returns
    -------
    Estimate
        Without an event the upper limit is that of a Poisson number in those then at risk. Missing
        beyond the longest observation, unless by then everybody has died.
    """
    if time > curve.last and not curve.all_died:
        return Estimate(*[np.nan] * 4)
    row = curve.frame[curve.frame["time"] <= time].iloc[-1]
    low, high = float(row["conf_low"]), float(row["conf_high"])
    if row["estimate"] == 0:
        low, high = 0.0, float(-np.log((1 - curve.conf_level) / 2) / row["at_risk"])
    return Estimate(float(row["estimate"]), float(row["std_error"]), low, high)


def mean_difference(treated: MeanCumulative, control: MeanCumulative, time: float) -> Estimate:
    """Subtract the mean numbers of events of two arms by one time.

    Parameters
    ----------
    treated, control : MeanCumulative
        From `mean_cumulative_events`, with intervals of the same level.
    time : float
        At least 0.

    Returns
    -------
    Estimate
        Treated less control; interval by combining those of the two means, p by the normal
        approximation. Missing where either mean is.
    """
    return difference_of(mean_at(treated, time), mean_at(control, time))


@dataclass(frozen=True)
class _Given:
    """Events (``who`` is a row of the patients) and patients, checked."""

    who: Ints
    when: Floats
    end: Floats
    died: NDArray[np.bool_]
    left_out: int

    @property
    def ends_and_events(self) -> Floats:
        return np.concatenate([self.end, self.when])


def _given(
    event_subject: ArrayLike,
    event_time: ArrayLike,
    subject: ArrayLike,
    end: ArrayLike,
    died: ArrayLike | None,
) -> _Given:
    patients, last = pd.Index(np.asarray(subject)), np.asarray(end, dtype=float)
    dead = np.zeros(len(last), dtype=bool) if died is None else np.asarray(died, dtype=bool)
    who, when = np.asarray(event_subject), np.asarray(event_time, dtype=float)
    if not len(patients) == len(last) == len(dead) > 0 or len(who) != len(when):
        raise ValueError(
            f"{len(patients)} patients, {len(last)} ends, {len(dead)} marks of death: expected one "
            f"of each a patient; {len(who)} patients of events, {len(when)} times: one of each an "
            "event"
        )
    if patients.has_duplicates:
        twice = patients[patients.duplicated()][0]
        raise ValueError(f"patient {twice} is there more than once")
    if not (np.isfinite(last) & (last >= 0)).all():
        raise ValueError("every patient's end must be a number of at least 0")
    row = patients.get_indexer(pd.Index(who)) if len(who) else np.empty(0, dtype=np.int64)
    kept = (row >= 0) & (when >= 0) & (when <= last[row])
    return _Given(row[kept].astype(np.int64), when[kept], last, dead, int((~kept).sum()))


def _frame(time: Floats, mean: Floats, error: Floats, conf_level: float) -> pd.DataFrame:
    """Put limits to the means, symmetric on the log scale."""
    some = mean > 0
    z = float(stats.norm.isf((1 - conf_level) / 2))
    half = z * error / np.where(some, mean, 1.0)
    return pd.DataFrame(
        {
            "time": time,
            "estimate": mean,
            "std_error": error,
            "conf_low": np.where(some, mean * np.exp(-half), np.nan),
            "conf_high": np.where(some, mean * np.exp(half), np.nan),
        }
    )


def _errors(
    at: Ints,
    mean: Floats,
    alive: Floats,
    events: Floats,
    deaths: Floats,
    at_risk: Floats,
    ending: Ints,
    happening: Ints,
    given: _Given,
) -> Floats:
    """Root of the sum over patients of the squared influence on the mean, at each place of time.

    The influence of a patient is the derivative of the mean in his weight. It has a part from his
    own events, less what those at risk shared; and a part from deaths, which take events away from
    all times after.
    """
    left = at_risk - deaths
    per_death = np.where(left > 0, 1 / np.where(left > 0, left, 1.0), 0.0)
    own_events = (alive / at_risk)[happening]
    shared_events = np.cumsum(alive * events / at_risk**2)
    hazard = deaths / at_risk * per_death
    shared_deaths, shared_products = np.cumsum(hazard), np.cumsum(hazard * mean)
    own_death = np.where(given.died, per_death[ending], 0.0)
    order = np.argsort(happening, kind="stable")
    stops = np.searchsorted(happening[order], at, side="right")
    own, start = np.zeros(len(ending)), 0
    errors = np.zeros(len(at))
    for i, (k, stop) in enumerate(zip(at, stops, strict=True)):
        some = order[start:stop]
        own += np.bincount(given.who[some], own_events[some], len(ending))
        start = stop
        seen = np.minimum(ending, k)
        after_death = np.where(ending <= k, own_death * (mean[k] - mean[ending]), 0.0)
        removed = mean[k] * shared_deaths[seen] - shared_products[seen]
        errors[i] = np.sqrt(((own - shared_events[seen] - after_death + removed) ** 2).sum())
    return errors
