"""The hazard ratio of two arms in many data sets at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from alsutils.stats.hazards.partial import Ties, risk_sets
from alsutils.stats.survival.times import Floats, Times, TimesError

_STEPS = 30
_CLOSE = 1e-10
_FAR = 15.0  # log hazard ratio at which a data set is taken to have none


@dataclass(frozen=True, eq=False)
class ManyRatios:
    """Log hazard ratios of many data sets.

    Attributes
    ----------
    estimate, std_error : ndarray, shape (m,)
        Treated over control; missing where an arm has no event or the likelihood no maximum.
    """

    estimate: Floats
    std_error: Floats


def cox_many(
    time: ArrayLike, event: ArrayLike, treated: ArrayLike, ties: Ties = "efron"
) -> ManyRatios:
    """Fit a Cox model with the arm alone to each of many data sets.

    Parameters
    ----------
    time : array_like, shape (m, n)
        Data sets in rows, at least 0; a person who is not there has a missing time.
    event : array_like of bool, shape (m, n)
        Whether the event happened then.
    treated : array_like of bool, shape (m, n) or (n,)
        Which of the two arms.
    ties : {"efron", "breslow"}
        As in `alsutils.stats.hazards.cox`.

    Returns
    -------
    ManyRatios
        As `cox` gives for each row.

    Raises
    ------
    TimesError
        If shapes differ or a time is negative.
    """
    t, e = np.asarray(time, float), np.asarray(event, bool)
    if t.ndim != 2 or t.shape != e.shape or (t < 0).any():
        raise TimesError("time and event need one row a data set, times at least 0")
    arm = np.broadcast_to(np.asarray(treated, bool), t.shape)
    m = len(t)
    there = np.isfinite(t).ravel()
    row = np.repeat(np.arange(m), t.shape[1])[there]
    z = arm.ravel()[there].astype(float)
    given = Times(t.ravel()[there], e.ravel()[there])
    # Each data set is a stratum with a coefficient of its own.
    sets = risk_sets(given, ties, row)
    of_event = row[sets.person]
    beta = np.zeros(m)
    died = np.bincount(of_event, weights=z[sets.person], minlength=m)
    for _ in range(_STEPS):
        risk = np.exp(z * beta[row])
        share = sets.sums(risk * z) / sets.sums(risk)
        score = died - np.bincount(of_event, weights=share, minlength=m)
        information = np.bincount(of_event, weights=share * (1 - share), minlength=m)
        step = np.divide(score, information, out=np.zeros(m), where=information > 1e-12)
        # Half a unit at a time where far from the maximum: the likelihood is flat there.
        beta += np.clip(step, -2.0, 2.0)
        lost = np.abs(beta) > _FAR
        beta[lost] = np.sign(beta[lost]) * _FAR
        if (step**2 * information)[~lost].max(initial=0.0) < _CLOSE:
            break
    known = (information > 1e-12) & ~lost
    spread = np.divide(1.0, information, out=np.full(m, np.nan), where=known)
    return ManyRatios(np.where(known, beta, np.nan), np.sqrt(spread))
