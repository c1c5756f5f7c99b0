"""Time to an event that another event, such as death, may forestall."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alsutils.stats.mover import difference_of
from alsutils.stats.survival import Estimate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SAME = 1e-12  # shares that differ by less are one height of the curve


@dataclass(frozen=True)
class CumulativeIncidence:
    """The share of one group who had the event by each time.

    Attributes
    ----------
    frame : DataFrame
        One row a time at which somebody had an event or left, after a first row at time 0:
        ``time``, ``estimate`` (share with the event up to and at that time), ``std_error`` (of the
        share), ``conf_low`` and ``conf_high`` (log-log; missing where the share is 0 or 1),
        ``other`` (share who had another event first), ``at_risk`` (just before that time),
        ``events``, ``competing`` (other events) and ``censored`` (at that time).
    n, events, competing : int
        People, those with the event and those with another first.
    conf_level : float
        Level of the intervals.
    """

    frame: pd.DataFrame
    n: int
    events: int
    competing: int
    conf_level: float

    @property
    def last(self) -> float:
        """Longest time observed."""
        return float(self.frame["time"].iloc[-1])


@dataclass(frozen=True)
class GrayTest:
    """Gray's test that groups have the same cumulative incidence.

    Attributes
    ----------
    statistic, df, p_value : float
        Chi-squared statistic, its degrees of freedom (groups less one) and its p-value; missing
        where the event never happened or there is one group only.
    groups : tuple of str
        The groups compared.
    """

    statistic: float
    df: float
    p_value: float
    groups: tuple[str, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """One row."""
        columns = {"statistic": self.statistic, "df": self.df, "p_value": self.p_value}
        return pd.DataFrame([columns])


def cumulative_incidence(
    time: ArrayLike, event: ArrayLike, cause: int = 1, conf_level: float = 0.95
) -> CumulativeIncidence:
    """Estimate the share who have had the event by each time, after Aalen and Johansen.

    One less the Kaplan-Meier curve would answer another question: how many would have had the
    event, could nobody die first. Here who dies first never has the event.

    Parameters
    ----------
    time : array_like, shape (n,)
        Time to the first event of any kind or to the end of observation, at least 0.
    event : array_like of int, shape (n,)
        0 where observation ended without an event, else the kind of event.
    cause : int
        The kind that is counted; all others compete with it.
    conf_level : float
        Level of the pointwise intervals.

    Returns
    -------
    CumulativeIncidence
        The steps. Who leaves at the time of an event counts as at risk then. The standard error
        is that of Gaynor and others, which is also the infinitesimal jackknife of R's ``survfit``.

    Raises
    ------
    ValueError
        If there is nobody, a time is missing or negative, or ``cause`` or an event is no kind.

    References
    ----------
    Aalen and Johansen, Scandinavian Journal of Statistics 1978;5:141-150. Gaynor and others,
    Journal of the American Statistical Association 1993;88:400-409. Choudhury, Statistics in
    Medicine 2002;21:1129-1144 (log-log interval).
    """
    t, kind = _checked(time, event, cause)
    times, place = np.unique(t, return_inverse=True)
    events = np.bincount(place[kind == cause], minlength=len(times))
    others = np.bincount(place[(kind != cause) & (kind != 0)], minlength=len(times))
    leaving = np.bincount(place, minlength=len(times))
    at_risk = len(t) - np.cumsum(leaving) + leaving
    free = np.cumprod(1 - (events + others) / at_risk)
    before = np.concatenate([[1.0], free[:-1]])
    share = np.cumsum(before * events / at_risk)
    error = np.sqrt(_variance(share, before, events, others, at_risk))
    low, high = _log_log(share, error, conf_level)
    frame = pd.DataFrame(
        {
            "time": times,
            "estimate": share,
            "std_error": error,
            "conf_low": low,
            "conf_high": high,
            "other": np.cumsum(before * others / at_risk),
            "at_risk": at_risk,
            "events": events,
            "competing": others,
            "censored": leaving - events - others,
        }
    )
    if times[0] > 0:
        start = {"estimate": 0.0, "std_error": 0.0, "other": 0.0, "at_risk": len(t)}
        counts = {"time": 0.0, "events": 0, "competing": 0, "censored": 0}
        first = pd.DataFrame([{**counts, **start, "conf_low": np.nan, "conf_high": np.nan}])
        frame = pd.concat([first[frame.columns], frame], ignore_index=True)
    return CumulativeIncidence(frame, len(t), int(events.sum()), int(others.sum()), conf_level)


def incidence_at(curve: CumulativeIncidence, time: float) -> Estimate:
    """Give the share who have had the event by one time.

    Parameters
    ----------
    curve : CumulativeIncidence
        From `cumulative_incidence`.
    time : float
        At least 0, in the unit of the curve.

    Returns
    -------
    Estimate
        Share with its log-log interval; where nobody or everybody has had the event, where that
        interval does not exist, the exact binomial one with those then at risk. Missing beyond the
        last time observed, unless by then everybody has had one event or another.
    """
    frame = curve.frame
    row = frame[frame["time"] <= time].iloc[-1]
    share, tail = float(row["estimate"]), (1 - curve.conf_level) / 2
    if time > curve.last and share + row["other"] < 1 - _SAME:
        return Estimate(*[np.nan] * 4)
    low, high = float(row["conf_low"]), float(row["conf_high"])
    bound = tail ** (1 / row["at_risk"])
    if share <= _SAME:
        low, high = 0.0, 1 - bound
    elif share >= 1 - _SAME:
        low, high = bound, 1.0
    return Estimate(share, float(row["std_error"]), low, high)


def incidence_difference(
    treated: CumulativeIncidence, control: CumulativeIncidence, time: float
) -> Estimate:
    """Subtract the shares of two groups who have had the event by one time.

    Parameters
    ----------
    treated, control : CumulativeIncidence
        From `cumulative_incidence`, with the same level.
    time : float
        At least 0, in the unit of the curves.

    Returns
    -------
    Estimate
        Treated less control; interval by combining those of the two shares, p by the normal
        approximation. Missing where either share is.
    """
    return difference_of(incidence_at(treated, time), incidence_at(control, time))


def gray_test(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    cause: int = 1,
    strata: ArrayLike | None = None,
) -> GrayTest:
    """Compare the cumulative incidences of groups.

    The log-rank test compares how fast events come among those who are still free of any. This
    test compares how fast the shares themselves grow.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        As in `cumulative_incidence`.
    group : array_like, shape (n,)
        Two or more groups.
    cause : int
        The kind of event that is counted.
    strata : array_like, shape (n,), optional
        Strata within which the groups are compared.

    Returns
    -------
    GrayTest
        As R's ``cmprsk::cuminc`` with rho 0, ties included.

    Raises
    ------
    ValueError
        As `cumulative_incidence`, or if the arrays differ in length.

    References
    ----------
    Gray, Annals of Statistics 1988;16:1141-1154.
    """
    t, kind = _checked(time, event, cause)
    code, names = pd.factorize(np.asarray(group), sort=True)
    stratum = np.zeros(len(t), dtype=int)
    if strata is not None:
        stratum = pd.factorize(np.asarray(strata))[0]
    if not len(t) == len(code) == len(stratum) or (code < 0).any():
        raise ValueError(
            f"{len(t)} times, {int((code >= 0).sum())} groups and {len(stratum)} strata: expected "
            "one of each a person"
        )
    groups = tuple(str(name) for name in names)
    score, variance = np.zeros(len(names)), np.zeros((len(names), len(names)))
    for one in np.unique(stratum):
        rows = stratum == one
        part = _gray(t[rows], kind[rows] == cause, kind[rows] != 0, code[rows], len(names))
        score, variance = score + part.score, variance + part.variance
    df = len(names) - 1
    used = variance[:df, :df]
    if df == 0 or np.linalg.matrix_rank(used, hermitian=True) < df:
        return GrayTest(np.nan, np.nan, np.nan, groups)
    statistic = float(score[:df] @ np.linalg.solve(used, score[:df]))
    return GrayTest(statistic, float(df), float(stats.chi2.sf(statistic, df)), groups)


@dataclass(frozen=True)
class _Scores:
    """Events less those expected in each group, and their covariance."""

    score: Floats
    variance: Floats


def _gray(
    t: Floats, of_cause: NDArray[np.bool_], any_event: NDArray[np.bool_], code: Ints, groups: int
) -> _Scores:
    """Sum Gray's scores and their covariances over the times of events, groups in columns."""
    times, place = np.unique(t, return_inverse=True)
    shape = (len(times), groups)

    def count(rows: NDArray[np.bool_]) -> Floats:
        cells = place[rows] * groups + code[rows]
        return np.bincount(cells, minlength=shape[0] * groups).reshape(shape).astype(float)

    leaving = count(np.ones(len(t), dtype=bool))
    at_risk = leaving[::-1].cumsum(axis=0)[::-1]
    happened = np.zeros(len(times), dtype=bool)
    happened[place[any_event]] = True
    events, others = count(of_cause)[happened], count(any_event & ~of_cause)[happened]
    at_risk = at_risk[happened]
    there = at_risk > 0
    whole = np.where(there, at_risk, 1.0)
    free = np.cumprod(1 - (events + others) / whole, axis=0)
    before = np.vstack([np.ones(groups), free[:-1]])
    share = np.cumsum(before * events / whole, axis=0)
    share_before = np.vstack([np.zeros(groups), share[:-1]])
    # People at risk, were those with a competing event still among them as far as censoring lets.
    still = np.where(there, at_risk / np.where(before > 0, before, 1.0), 0.0)
    total, all_events = still.sum(axis=1), events.sum(axis=1)
    pooled = np.cumsum(all_events / total)
    pooled_before = np.concatenate([[0.0], pooled[:-1]])
    weight = still * (1 - share_before)
    expected = all_events[:, None] * weight / weight.sum(axis=1, keepdims=True)
    score = (events - expected).sum(axis=0)

    # a[t, i, k]: how an event in group k at t moves the score of group i.
    a = -still[:, :, None] * still[:, None, :] / total[:, None, None]
    a[:, range(groups), range(groups)] += still
    growth = all_events / (total * (1 - pooled_before))
    c = np.cumsum(a * growth[:, None, None], axis=0)
    later = c[-1:] - c
    remaining = np.where(free > 0, (1 - pooled)[:, None] / np.where(free > 0, free, 1.0), 0.0)
    ties = _tie_factor(np.broadcast_to(all_events[:, None], still.shape), total[:, None] * before)
    own = there * ties * before * (all_events / total)[:, None] / whole
    rest = (free > 0) * _tie_factor(others, at_risk) * before**2 * others / whole**2
    moved = a + (1 - remaining)[:, None, :] * later
    fell = remaining[:, None, :] * later
    variance = np.einsum("tik,tjk,tk->ij", moved, moved, own)
    variance += np.einsum("tik,tjk,tk->ij", fell, fell, rest)
    return _Scores(score, variance)


def _tie_factor(events: Floats, size: Floats) -> Floats:
    """Correct a variance for several events at one time, as drawing without replacement does."""
    return np.where(events > 1, 1 - (events - 1) / np.where(events > 1, size - 1, 1.0), 1.0)


def _variance(share: Floats, before: Floats, events: Ints, others: Ints, at_risk: Ints) -> Floats:
    """Variance of the share at each time; sums over earlier times, opened up to run in one pass."""
    both = events + others
    left = at_risk - both
    spread = np.where(left > 0, both / (at_risk * np.where(left > 0, left, 1)), 0.0)
    cross = before * events / at_risk.astype(float) ** 2
    own = np.cumsum(before**2 * events * (at_risk - events) / at_risk.astype(float) ** 3)
    squares = (
        share**2 * np.cumsum(spread)
        - 2 * share * np.cumsum(spread * share)
        + np.cumsum(spread * share**2)
    )
    products = share * np.cumsum(cross) - np.cumsum(cross * share)
    return np.maximum(squares + own - 2 * products, 0.0)


def _log_log(share: Floats, error: Floats, conf_level: float) -> tuple[Floats, Floats]:
    """Limits that are symmetric on the scale of log(-log(share))."""
    inside = (share > _SAME) & (share < 1 - _SAME)
    safe = np.where(inside, share, 0.5)
    z = float(stats.norm.isf((1 - conf_level) / 2))
    factor = np.exp(z * error / np.abs(safe * np.log(safe)))
    limits = (safe**factor, safe ** (1 / factor))
    return tuple(np.where(inside, limit, np.nan) for limit in limits)  # type: ignore[return-value]


def _checked(time: ArrayLike, event: ArrayLike, cause: int) -> tuple[Floats, Ints]:
    t, kind = np.asarray(time, dtype=float), np.asarray(event)
    if t.ndim != 1 or t.shape != kind.shape or len(t) == 0:
        raise ValueError(f"times {t.shape} and events {kind.shape}: expected one of each a person")
    if not (np.isfinite(t) & (t >= 0)).all():
        raise ValueError("every time must be a number of at least 0")
    if pd.isna(kind).any() or not (np.asarray(kind, dtype=float) >= 0).all():
        raise ValueError("every event must be 0 (none) or the number of its kind")
    if cause <= 0:
        raise ValueError(f"cause {cause}: expected the number of a kind of event, above 0")
    return t, kind.astype(np.int64)
