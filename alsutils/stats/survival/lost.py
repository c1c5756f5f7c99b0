"""Time lost to one of several competing events within a horizon."""

import numpy as np
from numpy.typing import ArrayLike

from alsutils.stats.survival.times import (
    Estimate,
    TimesError,
    checked_times,
    counts,
    difference,
    reach,
)


def restricted_time_lost(
    time: ArrayLike, event: ArrayLike, horizon: float, cause: int = 1, conf_level: float = 0.95
) -> Estimate:
    """Give the mean time lost to one cause within a horizon.

    Parameters
    ----------
    time : array_like, shape (n,)
        As in `alsutils.stats.survival.kaplan_meier`.
    event : array_like of int, shape (n,)
        0 for nobody's event, 1, 2, ... for causes.
    horizon : float
        In the unit of time; no longer than the longest observation unless everybody had an event.
    cause : int
        The cause of interest.
    conf_level : float
        Level of the interval.

    Returns
    -------
    Estimate
        The area under the cumulative incidence of that cause, with the infinitesimal jackknife's
        standard error. The areas of all causes and the restricted mean add up to the horizon.

    Raises
    ------
    TimesError
        If the incidence is not known up to the horizon.

    References
    ----------
    Andersen PK. Decomposition of number of life years lost according to causes of death. Stat Med
    2013;32:5278-5285. doi:10.1002/sim.5903
    """
    kinds = np.asarray(event)
    given = checked_times(time, kinds != 0)
    t = given.time
    steps = counts(given)
    hazard = steps.events / steps.at_risk
    after = np.cumprod(1 - hazard)
    if not horizon >= 0:
        raise TimesError(f"a horizon must be at least 0, not {horizon:g}")
    if horizon > steps.time[-1] and after[-1] > 0:
        raise TimesError(
            f"the incidence is known up to {steps.time[-1]:g}, not up to {horizon:g}; "
            "choose a shorter horizon"
        )
    place = np.searchsorted(steps.time, t)
    own = np.bincount(place[kinds == cause], minlength=len(hazard)) / steps.at_risk
    left = np.maximum(horizon - steps.time, 0.0)
    before = np.append(1.0, after[:-1])
    area = before * own * left
    # How the area moves with one more person: by that person's own event of this cause, and by the
    # share left for all later ones.
    direct = before * left / steps.at_risk
    later = np.append(np.cumsum(area[::-1])[::-1][1:], 0.0)
    rest = steps.at_risk - steps.events
    lasting = np.divide(later, rest, out=np.zeros_like(later), where=rest > 0)
    passed = np.cumsum(lasting * hazard - direct * own)[place]
    moved = passed + np.where(kinds == cause, direct[place], 0.0)
    moved -= np.where(kinds != 0, lasting[place], 0.0)
    mean, std_error = float(area.sum()), float(np.sqrt((moved**2).sum()))
    half = reach(std_error, conf_level)
    return Estimate(mean, std_error, mean - half, mean + half)


def restricted_time_lost_difference(
    treated: Estimate, control: Estimate, conf_level: float = 0.95
) -> Estimate:
    """Compare the mean time lost to a cause, treated minus control.

    Parameters
    ----------
    treated, control : Estimate
        From `restricted_time_lost`, with the same horizon and cause.
    conf_level : float
        Level of the interval.

    Returns
    -------
    Estimate
        With a normal interval and test.
    """
    gap = treated.estimate - control.estimate
    std_error = float(np.hypot(treated.std_error, control.std_error))
    half = reach(std_error, conf_level)
    return difference(gap, std_error, gap - half, gap + half)
