"""What the residuals of a Cox model say of it."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import linalg, stats
from statsmodels.nonparametric.smoothers_lowess import lowess

from alsutils.stats.hazards.cox import CoxFit, Prepared, prepare
from alsutils.stats.hazards.partial import Likelihood, likelihood, risk_sets
from alsutils.stats.hazards.splines import natural_spline
from alsutils.stats.survival.times import Floats, Ints, Times, TimesError, checked_times, counts

TimeScale = Literal["km", "rank", "identity", "log"]

_SPLINE_DF = 4  # of the curve through scaled residuals, with its level
_GRID = 60


@dataclass(frozen=True)
class ProportionalityTest:
    """Test that hazard ratios stay the same over time.

    Attributes
    ----------
    frame : DataFrame
        One row a term and one, ``GLOBAL``, for all of them: ``term``, ``statistic``, ``df``,
        ``p_value``.
    """

    frame: pd.DataFrame


@dataclass(frozen=True)
class Schoenfeld:
    """Schoenfeld residuals, and the hazard ratio over time that they draw.

    Attributes
    ----------
    frame : DataFrame
        One row an event and term: ``term``, ``time``, ``position`` (the time on the scale of the
        test), ``residual`` (covariate of the person with the event less its expectation) and
        ``scaled`` (an estimate of the log hazard ratio at that time).
    smooth : DataFrame
        A natural spline through the scaled residuals, one row a term and time of a grid: ``term``,
        ``time``, ``position``, ``estimate``, ``conf_low``, ``conf_high``. Empty with events at
        fewer than six times.
    """

    frame: pd.DataFrame
    smooth: pd.DataFrame


@dataclass(frozen=True, eq=False)
class CoxResiduals:
    """Residuals of a Cox model, one a person, and how each moves the estimates.

    Attributes
    ----------
    frame : DataFrame
        ``martingale`` (events less expected ones) and ``deviance`` (the same, made symmetric), in
        the order of the people.
    dfbeta : ndarray, shape (n, p)
        About how much each estimate would fall without the person.
    dfbetas : ndarray, shape (n, p)
        The same over the standard error.
    terms : tuple of str
    """

    frame: pd.DataFrame
    dfbeta: Floats
    dfbetas: Floats
    terms: tuple[str, ...]

    def influence(self, top: int = 5) -> pd.DataFrame:
        """List the most influential people for each term.

        Parameters
        ----------
        top : int
            Rows a term.

        Returns
        -------
        DataFrame
            ``term``, ``person`` (row number), ``dfbeta``, ``dfbetas``, the largest first.
        """
        parts = []
        for j, term in enumerate(self.terms):
            order = np.argsort(-np.abs(self.dfbetas[:, j]), kind="stable")[:top]
            columns = {"dfbeta": self.dfbeta[order, j], "dfbetas": self.dfbetas[order, j]}
            parts.append(pd.DataFrame({"term": term, "person": order, **columns}))
        return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class FunctionalForm:
    """Martingale residuals against a covariate that the model does not hold.

    Attributes
    ----------
    frame : DataFrame
        One row a person: ``value`` and ``residual``.
    smooth : DataFrame
        A local regression through them at up to 60 values: ``value``, ``estimate``. A straight
        line says that the covariate may enter as it is.
    """

    frame: pd.DataFrame
    smooth: pd.DataFrame


def proportionality_test(
    time: ArrayLike,
    event: ArrayLike,
    design: pd.DataFrame,
    fit: CoxFit,
    *,
    transform: TimeScale = "km",
    strata: ArrayLike | None = None,
    entry: ArrayLike | None = None,
) -> ProportionalityTest:
    """Test whether hazard ratios change over time.

    The model is given, for each term, a second one that grows with time; the test is the score
    test that its coefficient is zero, the exact form of the test on scaled Schoenfeld residuals.

    Parameters
    ----------
    time, event, design, strata, entry
        What `cox` was fitted to.
    fit : CoxFit
        Its result.
    transform : {"km", "rank", "identity", "log"}
        Scale on which time is looked at: one minus the share without the event, its rank among all
        times, itself or its logarithm.

    Returns
    -------
    ProportionalityTest
        Chi-square tests, as R's ``cox.zph(fit, terms = FALSE)`` gives; missing where they cannot
        be made, as with events at one time only.

    References
    ----------
    Grambsch PM, Therneau TM. Proportional hazards tests and diagnostics based on weighted
    residuals. Biometrika 1994;81:515-526. Therneau TM. Package survival 3.0, cox.zph (2020).
    """
    data, at = _at_estimate(time, event, design, fit, strata, entry)
    p = data.X.shape[1]
    growth = _positions(data, transform)
    growth = growth - growth.mean()
    score = np.concatenate([np.zeros(p), growth @ (data.X[data.sets.person] - at.means)])
    blocks = [_information(data, at, growth**power) for power in (0, 1, 2)]
    whole = np.block([[blocks[0], blocks[1]], [blocks[1], blocks[2]]])
    rows = []
    for j, term in [*enumerate(data.terms), (None, "GLOBAL")]:
        keep = [*range(p), *([p + j] if j is not None else range(p, 2 * p))]
        statistic = _quadratic(whole[np.ix_(keep, keep)], score[keep])
        df = 1.0 if j is not None else float(p)
        rows.append((str(term), statistic, df, float(stats.chi2.sf(statistic, df))))
    return ProportionalityTest(pd.DataFrame(rows, columns=["term", "statistic", "df", "p_value"]))


def schoenfeld(
    time: ArrayLike,
    event: ArrayLike,
    design: pd.DataFrame,
    fit: CoxFit,
    *,
    transform: TimeScale = "km",
    strata: ArrayLike | None = None,
    entry: ArrayLike | None = None,
    conf_level: float = 0.95,
) -> Schoenfeld:
    """Give Schoenfeld residuals and the log hazard ratio over time that they draw.

    Parameters
    ----------
    time, event, design, fit, transform, strata, entry
        As in `proportionality_test`.
    conf_level : float
        Level of the band around the smooth curve, at each time.

    Returns
    -------
    Schoenfeld

    References
    ----------
    Schoenfeld D. Partial residuals for the proportional hazards regression model. Biometrika
    1982;69:239-241. Grambsch PM, Therneau TM. Biometrika 1994;81:515-526.
    """
    data, at = _at_estimate(time, event, design, fit, strata, entry)
    raw = (data.X[data.sets.person] - data.sets.tied_mean(at.means)) * data.scale
    events = len(raw)
    scaled = events * raw @ fit.covariance + fit.frame["estimate"].to_numpy()
    position = _positions(data, transform)
    order = np.argsort(data.sets.time, kind="stable")
    frames, curves = [], []
    for j, term in enumerate(data.terms):
        columns = {"time": data.sets.time[order], "position": position[order]}
        columns |= {"residual": raw[order, j], "scaled": scaled[order, j]}
        frames.append(pd.DataFrame({"term": term, **columns}))
        spread = events * fit.covariance[j, j]
        curve = _smoothed(frames[-1], spread, conf_level)
        curves.append(curve.assign(term=term)[["term", *curve.columns]])
    return Schoenfeld(pd.concat(frames, ignore_index=True), pd.concat(curves, ignore_index=True))


def cox_residuals(
    time: ArrayLike,
    event: ArrayLike,
    design: pd.DataFrame,
    fit: CoxFit,
    *,
    strata: ArrayLike | None = None,
    entry: ArrayLike | None = None,
) -> CoxResiduals:
    """Give martingale and deviance residuals and the influence of each person.

    Parameters
    ----------
    time, event, design, strata, entry
        What `cox` was fitted to.
    fit : CoxFit
        Its result.

    Returns
    -------
    CoxResiduals

    References
    ----------
    Therneau TM, Grambsch PM, Fleming TR. Martingale-based residuals for survival models.
    Biometrika 1990;77:147-160. Cain KC, Lange NT. Approximate case influence for the proportional
    hazards regression model with censored data. Biometrics 1984;40:493-499.
    """
    data, at = _at_estimate(time, event, design, fit, strata, entry)
    died = data.given.event.astype(float)
    expected = at.risk * at.hazard
    martingale = died - expected
    inside = martingale + died * np.log(np.where(died > 0, died - martingale, 1.0))
    deviance = np.sign(martingale) * np.sqrt(np.maximum(-2 * inside, 0.0))
    passed = data.sets.cumulated(at.means / at.total[:, None])
    score = at.risk[:, None] * passed - expected[:, None] * data.X
    score[data.sets.person] += data.X[data.sets.person] - data.sets.tied_mean(at.means)
    dfbeta = (score * data.scale) @ fit.covariance
    frame = pd.DataFrame({"martingale": martingale, "deviance": deviance})
    scaled = dfbeta / np.sqrt(np.diag(fit.covariance))
    return CoxResiduals(frame, dfbeta, scaled, data.terms)


def functional_form(
    time: ArrayLike,
    event: ArrayLike,
    values: ArrayLike,
    design: pd.DataFrame | None = None,
    fit: CoxFit | None = None,
) -> FunctionalForm:
    """Draw how the hazard depends on a covariate that a model does not hold.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        As in `cox`.
    values : array_like, shape (n,)
        The covariate.
    design, fit : optional
        A model without it; one without any covariate where not given.

    Returns
    -------
    FunctionalForm

    References
    ----------
    Therneau TM, Grambsch PM, Fleming TR. Martingale-based residuals for survival models.
    Biometrika 1990;77:147-160.
    """
    x = np.asarray(values, float)
    given = checked_times(time, event)
    if x.shape != given.time.shape or not np.isfinite(x).all():
        raise TimesError("values must be one known number a person")
    if design is None or fit is None:
        sets = risk_sets(given)
        ones = np.ones(len(x))
        residual = given.event - sets.cumulated(1 / sets.sums(ones))
    else:
        found = cox_residuals(time, event, design, fit)
        residual = found.frame["martingale"].to_numpy()
    frame = pd.DataFrame({"value": x, "residual": residual})
    shown = np.unique(x)
    smooth = pd.DataFrame({"value": shown, "estimate": np.nan})
    if len(shown) > 3:
        if len(shown) > _GRID:
            shown = np.linspace(shown[0], shown[-1], _GRID)
        line = lowess(residual, x, frac=2 / 3, it=0, xvals=shown)
        smooth = pd.DataFrame({"value": shown, "estimate": line})
    return FunctionalForm(frame, smooth.dropna())


def _at_estimate(
    time: ArrayLike,
    event: ArrayLike,
    design: pd.DataFrame,
    fit: CoxFit,
    strata: ArrayLike | None,
    entry: ArrayLike | None,
) -> tuple[Prepared, Likelihood]:
    """Set the data up as the fit did, and evaluate the likelihood at its estimates."""
    data = prepare(time, event, design, fit.ties, strata, entry)
    beta = fit.frame["estimate"].to_numpy() * data.scale
    return data, likelihood(data.sets, data.X, beta)


def _information(data: Prepared, at: Likelihood, weight: Floats) -> Floats:
    """Information with a weight for every event."""
    amount = at.risk * data.sets.cumulated(weight / at.total)
    second: Floats = data.X.T @ (amount[:, None] * data.X)
    return second - at.means.T @ (weight[:, None] * at.means)


def _positions(data: Prepared, transform: TimeScale) -> Floats:
    """Give the times of the events on the scale of the test, one an event."""
    time = data.sets.time
    if transform not in get_args(TimeScale):
        raise ValueError(f"transform must be one of {get_args(TimeScale)}, not {transform!r}")
    if transform == "identity":
        return time
    if transform == "rank":
        return np.asarray(stats.rankdata(data.given.time)[data.sets.person], float)
    if transform == "log":
        if (time <= 0).any():
            raise TimesError("an event at time 0 has no logarithm; choose another scale of time")
        return np.log(time)
    # All strata together, and just before each event.
    steps = counts(Times(data.given.time, data.given.event, data.given.entry))
    before = np.append(1.0, np.cumprod(1 - steps.events / steps.at_risk)[:-1])
    place: Ints = np.searchsorted(steps.time, time)
    return np.asarray(1 - before[place], float)


def _smoothed(points: pd.DataFrame, spread: float, conf_level: float) -> pd.DataFrame:
    """Fit a natural spline to scaled residuals over the position of their times."""
    names = ["time", "position", "estimate", "conf_low", "conf_high"]
    position, time = points["position"].to_numpy(), points["time"].to_numpy()
    if len(np.unique(position)) < _SPLINE_DF + 2:
        return pd.DataFrame(columns=names, dtype=float)
    grid = np.linspace(position.min(), position.max(), _GRID)
    knots = np.quantile(position, np.linspace(0, 1, _SPLINE_DF))
    basis, shown = natural_spline(position, knots), natural_spline(grid, knots)
    solved = linalg.lstsq(basis, points["scaled"].to_numpy())[0]
    inverse = linalg.pinvh(basis.T @ basis)
    half = stats.norm.ppf((1 + conf_level) / 2) * np.sqrt(
        spread * np.einsum("ij,jk,ik->i", shown, inverse, shown)
    )
    estimate = shown @ solved
    moments = np.interp(grid, *_rising(position, time))
    return pd.DataFrame(
        dict(zip(names, (moments, grid, estimate, estimate - half, estimate + half), strict=True))
    )


def _rising(position: Floats, time: Floats) -> tuple[Floats, Floats]:
    """Distinct positions with their times."""
    unique, first = np.unique(position, return_index=True)
    return unique, time[first]


def _quadratic(information: Floats, score: Floats) -> float:
    """Score test; missing where the information is singular, as with a single event time."""
    if np.linalg.matrix_rank(information) < len(score):
        return np.nan
    return float(score @ np.linalg.solve(information, score))
