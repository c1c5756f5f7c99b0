"""Were those who left like those who stayed? Their times imputed under what they might have been.

Who was censored early gets a time of the event drawn from the curve of the own arm, with a hazard
after leaving that is a multiple of that of those who stayed. The multiple at which the conclusion
turns is the tipping point.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from alsutils.stats.hazards import HazardFitError
from alsutils.stats.hazards.many import cox_many
from alsutils.stats.hazards.newton import Place, climb
from alsutils.stats.imputation.rubin import rubins_rules
from alsutils.stats.survival.times import Bools, Floats, Times, TimesError, checked_times, counts

ImputationMethod = Literal["kaplan-meier", "weibull"]
_LARGEST = 300.0  # log cumulative hazard, beyond which a step has gone astray

DoubtedArm = Literal["treated", "control", "both"]


@dataclass(frozen=True)
class CensoringTipping:
    """The comparison of two arms had those who left fared worse, or better, than those who stayed.

    Attributes
    ----------
    frame : DataFrame
        One row a multiple: ``delta`` (hazard after leaving over that of those who stayed),
        ``estimate`` (log hazard ratio, treated over control), ``std_error``, ``df``,
        ``statistic``, ``p_value``, ``conf_low``, ``conf_high`` and ``imputed`` (events among those
        who left, mean over the imputations). Missing where an imputed arm had no event.
    tipping : float
        Multiple nearest to 1 at which p crosses ``alpha``, between two of those tried; missing
        where it does not.
    doubted : int
        People whose censoring was doubted.
    alpha : float
    """

    frame: pd.DataFrame
    tipping: float
    doubted: int
    alpha: float


def tipping_censoring(
    time: ArrayLike,
    event: ArrayLike,
    treated: ArrayLike,
    end: float | ArrayLike,
    deltas: Sequence[float],
    rng: np.random.Generator,
    *,
    early: ArrayLike | None = None,
    arm: DoubtedArm = "treated",
    method: ImputationMethod = "kaplan-meier",
    n_imputations: int = 100,
    alpha: float = 0.05,
) -> CensoringTipping:
    """Impute the times of those who left early, with a hazard that is a multiple of the others'.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        As in `alsutils.stats.survival.kaplan_meier`.
    treated : array_like of bool, shape (n,)
        Which of the two arms.
    end : float or array_like, shape (n,)
        Time at which each would have been censored had he stayed.
    deltas : sequence of float
        Multiples of the hazard, above 0; 1 for those who left being like those who stayed.
    rng : numpy.random.Generator
        Source of random numbers; the same draws serve all multiples.
    early : array_like of bool, shape (n,), optional
        Whose censoring is doubted; all who were censored before ``end`` where not given.
    arm : {"treated", "control", "both"}
        In which the multiple holds; in the other, those who left are like those who stayed.
    method : {"kaplan-meier", "weibull"}
        Curve from which times are drawn: that of the arm's own patients drawn again with
        replacement, or a Weibull one with parameters drawn from their normal approximation. The
        first knows nothing beyond the last patient seen in the arm and censors there.
    n_imputations : int
        At least 2.
    alpha : float
        Two-sided level.

    Returns
    -------
    CensoringTipping
        By Cox models of the imputed data and Rubin's rules.

    Raises
    ------
    TimesError
        If nobody was censored early, an arm is empty, or a multiple is not above 0.
    HazardFitError
        If an arm has too few events for a Weibull curve.

    References
    ----------
    Taylor JMG, Murray S, Hsu CH. Survival estimation and testing via multiple imputation. Stat
    Probab Lett 2002;58:221-232. Jackson D et al. Relaxing the independent censoring assumption in
    the Cox proportional hazards model using multiple imputation. Stat Med 2014;33:4681-4694.
    doi:10.1002/sim.6274. Lipkovich I, Ratitch B, O'Kelly M. Sensitivity to censored-at-random
    assumption in the analysis of time-to-event endpoints. Pharm Stat 2016;15:216-229.
    doi:10.1002/pst.1738
    """
    given = checked_times(time, event)
    t, e, z = given.time, given.event, np.asarray(treated, bool)
    last = np.broadcast_to(np.asarray(end, float), t.shape)
    left = ~e & (t < last) if early is None else np.asarray(early, bool) & ~e & (t < last)
    multiples = np.asarray(deltas, float)
    _check(z, left, multiples, method, arm)
    draws = rng.random((n_imputations, len(t)))
    hazard_times = np.tile(t, (len(multiples), n_imputations, 1))
    events = np.tile(e, (len(multiples), n_imputations, 1))
    for side in (True, False):
        who = np.flatnonzero(left & (z == side))
        if len(who) == 0:
            continue
        doubted = arm == "both" or (arm == "treated") == side
        factor = multiples if doubted else np.ones_like(multiples)
        own = Times(t[z == side], e[z == side])
        drawer = _by_curve if method == "kaplan-meier" else _by_weibull
        later = drawer(own, t[who], draws[:, who], factor, rng)
        happened = later <= last[who]
        # A curve without a formula says nothing of the time after the last patient seen.
        known = np.maximum(own.time.max(), t[who]) if method == "kaplan-meier" else np.inf
        hazard_times[:, :, who] = np.where(happened, later, np.minimum(known, last[who]))
        events[:, :, who] = happened
    flat = (-1, len(t))
    fits = cox_many(hazard_times.reshape(flat), events.reshape(flat), z)
    shape = (len(multiples), n_imputations)
    imputed = events[:, :, left].sum(axis=2).mean(axis=1)
    frame = _pooled(multiples, fits.estimate.reshape(shape), fits.std_error.reshape(shape), alpha)
    frame["imputed"] = imputed
    return CensoringTipping(frame, _tipping(frame, alpha), int(left.sum()), alpha)


def _check(
    z: Bools, left: Bools, multiples: Floats, method: ImputationMethod, arm: DoubtedArm
) -> None:
    """Refuse what cannot be imputed."""
    if z.shape != left.shape or z.all() or not z.any():
        raise TimesError("treated must say of each person which of two arms, both with somebody")
    if not left.any():
        raise TimesError("nobody was censored before the end, so there is no time to impute")
    if len(multiples) == 0 or not (np.isfinite(multiples).all() and (multiples > 0).all()):
        raise TimesError("multiples of the hazard must be above 0")
    if method not in get_args(ImputationMethod) or arm not in get_args(DoubtedArm):
        raise TimesError(
            f"method must be one of {get_args(ImputationMethod)}, arm one of {get_args(DoubtedArm)}"
        )


def _by_curve(
    own: Times,
    start: Floats,
    draws: Floats,
    factor: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Draw times from Kaplan-Meier curves of the arm's patients drawn again.

    Shape (multiples, imputations, people); infinite where the curve does not come down so far.
    """
    n = len(own.time)
    found = np.full((len(factor), *draws.shape), np.inf)
    for i, who in enumerate(rng.integers(0, n, (len(draws), n))):
        steps = counts(Times(own.time[who], own.event[who]))
        share = np.cumprod(1 - steps.events / steps.at_risk)
        heights = np.append(1.0, share)
        from_here = heights[np.searchsorted(steps.time, start, side="right")]
        # The share falls to the power of the multiple, so the curve itself must fall less far.
        wanted = from_here * draws[i] ** (1 / factor[:, None])
        place = np.searchsorted(-share, -wanted, side="left")
        found[:, i] = np.append(steps.time, np.inf)[place]
        found[:, i][found[:, i] <= start] = np.inf
    return found


def _by_weibull(
    own: Times,
    start: Floats,
    draws: Floats,
    factor: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Draw times from Weibull curves with parameters drawn from their normal approximation."""
    mean, covariance = weibull_curve(own)
    scales, shapes = rng.multivariate_normal(mean, covariance, len(draws)).T
    shape = np.exp(shapes)[:, None]
    passed = start**shape
    ahead = -np.log(draws) / np.exp(scales)[:, None] / factor[:, None, None]
    return np.asarray((passed + ahead) ** (1 / shape))


def weibull_curve(given: Times) -> tuple[Floats, Floats]:
    """Fit a Weibull curve: log cumulative hazard at time 1 and log shape, with their covariance."""
    positive = given.time > 0
    t, e = given.time[positive], given.event[positive]
    if e.sum() < 2 or len(np.unique(t[e])) < 2:
        raise HazardFitError("a Weibull curve needs events at two times at least in each arm")
    logs = np.log(t)

    def evaluate(theta: Floats) -> Place:
        shape = np.exp(theta[1])
        hazard = np.exp(np.minimum(theta[0] + shape * logs, _LARGEST))
        value = e.sum() * theta.sum() + (shape - 1) * logs[e].sum() - hazard.sum()
        by_shape = e.sum() + shape * (logs[e].sum() - (hazard * logs).sum())
        cross = shape * (hazard * logs).sum()
        # Where the likelihood bends up, as far from its top, the sum of squares does instead.
        curve = shape**2 * (hazard * logs**2).sum()
        full = curve + cross - shape * logs[e].sum()
        if full * hazard.sum() > cross**2:
            curve = full
        information = np.array([[hazard.sum(), cross], [cross, curve]])
        return Place(float(value), np.array([e.sum() - hazard.sum(), by_shape]), information)

    start = np.array([np.log(e.sum() / t.sum()), 0.0])
    top = climb(evaluate, start, "no Weibull curve fits the times of an arm")
    return top.theta, np.asarray(np.linalg.inv(top.at.information), np.float64)


def _pooled(multiples: Floats, estimates: Floats, std_errors: Floats, alpha: float) -> pd.DataFrame:
    """Pool the log hazard ratios of the imputations of each multiple."""
    names = ["estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high"]
    frame = pd.DataFrame({"delta": multiples} | dict.fromkeys(names, np.nan))
    known = np.isfinite(estimates).all(axis=1) & np.isfinite(std_errors).all(axis=1)
    if known.any():
        pooled = rubins_rules(estimates[known].T, std_errors[known].T ** 2, np.inf, 1 - alpha)
        frame.loc[known, names] = pooled.frame[names].to_numpy()
    return frame


def _tipping(frame: pd.DataFrame, alpha: float) -> float:
    """Find where p crosses alpha, nearest to a multiple of 1 on the scale of logarithms."""
    known = frame.dropna(subset=["p_value"]).sort_values("delta")
    logs = np.log(known["delta"].to_numpy())
    p_values = np.clip(known["p_value"].to_numpy(), 1e-300, 1 - 1e-12)
    off = special.ndtri(p_values) - special.ndtri(alpha)
    turns: NDArray[np.int64] = np.flatnonzero(off[:-1] * off[1:] <= 0)
    if len(turns) == 0:
        return float("nan")
    part = off[turns] / np.where(off[turns] == off[turns + 1], 1.0, off[turns] - off[turns + 1])
    crossings = logs[turns] + part * (logs[turns + 1] - logs[turns])
    return float(np.exp(crossings[np.abs(crossings).argmin()]))
