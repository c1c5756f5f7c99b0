"""A hazard ratio that changes over time: one before and one after, or a line in the logarithm."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from alsutils.stats.hazards.cox import Prepared, check_estimable, cox, prepare, wald_frame
from alsutils.stats.hazards.newton import Place, climb
from alsutils.stats.hazards.partial import HazardFitError, RiskSets, Ties
from alsutils.stats.survival.times import Estimate, Floats, checked_groups, checked_times


@dataclass(frozen=True, eq=False)
class ChangingEffect:
    """A log hazard ratio that depends on time.

    Attributes
    ----------
    frame : DataFrame
        For a step, one row before and one after: ``term``, ``from_time``, ``to_time``, ``events``,
        ``estimate`` (log hazard ratio), ``std_error``, ``statistic``, ``p_value``, ``conf_low``,
        ``conf_high``. For a line, the same at time 1 (in the unit of time) and, as term with
        `` x log time``, what is added for each unit of the logarithm; no times or events.
    change : Estimate
        After less before, or what is added for each unit of the logarithm of time; its test asks
        whether the ratio changes at all.
    cut : float or None
        Time of the step; None for a line.
    conf_level : float
    covariance : ndarray, shape (2, 2)
        Of the two rows.
    """

    frame: pd.DataFrame
    change: Estimate
    cut: float | None
    conf_level: float
    covariance: Floats

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """Give the log hazard ratio at times.

        Parameters
        ----------
        times : array_like, shape (k,)
            Above 0.

        Returns
        -------
        DataFrame
            ``time``, ``estimate``, ``std_error``, ``conf_low``, ``conf_high``, at each time alone.
        """
        t = np.asarray(times, float)
        if self.cut is None:
            parts = np.column_stack([np.ones_like(t), np.log(t)])
        else:
            parts = np.column_stack([t <= self.cut, t > self.cut]).astype(float)
        estimate = parts @ self.frame["estimate"].to_numpy()
        std_error = np.sqrt(np.einsum("ij,jk,ik->i", parts, self.covariance, parts))
        half = stats.norm.ppf((1 + self.conf_level) / 2) * std_error
        limits = {"conf_low": estimate - half, "conf_high": estimate + half}
        return pd.DataFrame({"time": t, "estimate": estimate, "std_error": std_error, **limits})


def time_varying(
    time: ArrayLike,
    event: ArrayLike,
    design: pd.DataFrame,
    term: str,
    conf_level: float = 0.95,
    *,
    cut: float | None = None,
    ties: Ties = "efron",
    strata: ArrayLike | None = None,
) -> ChangingEffect:
    """Fit a Cox model in which one hazard ratio changes over time.

    Parameters
    ----------
    time, event, design, ties, strata
        As in `alsutils.stats.hazards.cox`.
    term : str
        Column of the design whose ratio changes; it has two values, as an arm has.
    conf_level : float
        Level of the intervals.
    cut : float, optional
        Time, chosen before the data were seen, up to which one ratio holds and after which
        another; a straight line in the logarithm of time where not given. An event at time 0
        counts at half the earliest positive time of an event there.

    Returns
    -------
    ChangingEffect

    Raises
    ------
    HazardFitError
        If the term does not have two values, or one of the ratios has no estimate, as where a
        group has no event before or after the cut.

    References
    ----------
    Cox DR. Regression models and life-tables. J R Stat Soc B 1972;34:187-220. Therneau TM,
    Grambsch PM. Modeling Survival Data. Springer 2000, section 6.5.
    """
    if design[term].nunique() != 2:
        raise HazardFitError(
            f"{term} must have two values for its hazard ratio to change over time"
        )
    if cut is not None:
        return _step(time, event, design, term, conf_level, cut, ties, strata)
    data = prepare(time, event, design, ties, strata)
    check_estimable(data)
    place = list(data.terms).index(str(term))
    beta, information = _line(data, place)
    # Back to the given units: the term was centred and scaled, and so was its product with time.
    scale = np.append(data.scale, data.scale[place])
    covariance = np.linalg.inv(information) / np.outer(scale, scale)
    two = np.ix_([place, len(beta) - 1], [place, len(beta) - 1])
    frame = wald_frame(
        (str(term), f"{term} x log time"), (beta / scale)[[place, -1]], covariance[two], conf_level
    )
    return ChangingEffect(frame, _estimate(frame.iloc[1]), None, conf_level, covariance[two])


def _step(
    time: ArrayLike,
    event: ArrayLike,
    design: pd.DataFrame,
    term: str,
    conf_level: float,
    cut: float,
    ties: Ties,
    strata: ArrayLike | None,
) -> ChangingEffect:
    """Fit one ratio up to a time and another after it.

    The two stretches of time become strata: nobody in the second has an event before the cut, so
    the risk sets are those of the whole.
    """
    given = checked_times(time, event)
    t, e = given.time, given.event
    old = np.zeros(len(t), np.int64) if strata is None else checked_groups(strata, len(t)).codes
    later = t > cut
    for side, found in (("up to", (e & ~later).any()), ("after", (e & later).any())):
        if not found:
            raise HazardFitError(f"there is no event {side} {cut:g}, so no hazard ratio there")
    split = np.concatenate([np.minimum(t, cut), t[later]])
    happened = np.concatenate([e & ~later, e[later]])
    both = pd.concat([design, design[later]], ignore_index=True)
    second = np.repeat([False, True], [len(t), int(later.sum())])
    x = both[term].to_numpy(float)
    others = both.drop(columns=term)
    names = [f"{term} before", f"{term} after"]
    parts = pd.DataFrame(
        {names[0]: np.where(second, x.min(), x), names[1]: np.where(second, x, x.min())}
    )
    period = np.concatenate([old, old[later]]) * 2 + second
    whole = pd.concat([parts, others], axis=1)
    try:
        fit = cox(split, happened, whole, conf_level, ties=ties, strata=period)
    except HazardFitError as error:
        message = f"too few had the event before or after {cut:.3g} to give {term} a ratio there"
        raise HazardFitError(message) from error
    frame = fit.frame.iloc[:2].assign(term=term)
    frame.insert(1, "from_time", [0.0, cut])
    frame.insert(2, "to_time", [cut, float(t.max())])
    frame.insert(3, "events", [int((e & ~later).sum()), int((e & later).sum())])
    covariance = fit.covariance[:2, :2]
    gap = float(frame["estimate"].iloc[1] - frame["estimate"].iloc[0])
    spread = np.array([[covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]]])
    change = wald_frame((term,), np.array([gap]), spread, conf_level).iloc[0]
    return ChangingEffect(frame, _estimate(change), cut, conf_level, covariance)


def _estimate(row: pd.Series) -> Estimate:
    return Estimate(
        *(float(row[c]) for c in ("estimate", "std_error", "conf_low", "conf_high", "p_value"))
    )


def _line(data: Prepared, place: int) -> tuple[Floats, Floats]:
    """Find the coefficients and one for the term times the log of time, with the information."""
    sets = data.sets
    positive = sets.time[sets.time > 0]
    if len(positive) == 0:
        raise HazardFitError("no event comes after time 0, so nothing can change over time")
    logs = np.log(np.where(sets.time > 0, sets.time, positive.min() / 2))
    top = climb(
        lambda beta: _line_likelihood(data, sets, place, logs, beta),
        np.zeros(data.X.shape[1] + 1),
        "a hazard ratio that changes with the log of time has no estimate here",
    )
    return top.theta, top.at.information


def _line_likelihood(
    data: Prepared, sets: RiskSets, place: int, logs: Floats, beta: Floats
) -> Place:
    """Evaluate the log partial likelihood.

    The term has two values, so that time multiplies the sums of each group by one factor an event.
    """
    X, p = data.X, data.X.shape[1]
    z = X[:, place]
    risk = np.exp(X @ beta[:p])
    total, first = np.zeros(len(logs)), np.zeros((len(logs), p + 1))
    second = np.zeros((len(logs), p + 1, p + 1))
    for level in (z.min(), z.max()):
        amount = risk * (z == level)
        weight = np.exp(beta[p] * level * logs)
        s0 = weight * sets.sums(amount)
        s1 = weight[:, None] * sets.sums(amount[:, None] * X)
        s2 = weight[:, None, None] * sets.sums(amount[:, None, None] * X[:, :, None] * X[:, None])
        moved = level * logs
        total += s0
        first += np.column_stack([s1, moved * s0])
        second[:, :p, :p] += s2
        second[:, p, :p] += moved[:, None] * s1
        second[:, p, p] += moved**2 * s0
    second[:, :p, p] = second[:, p, :p]
    means = first / total[:, None]
    died = np.column_stack([X[sets.person], z[sets.person] * logs])
    value = float((died @ beta - np.log(total)).sum())
    information = (second / total[:, None, None]).sum(axis=0) - means.T @ means
    return Place(value, (died - means).sum(axis=0), information)
