"""The ratio of two event rates from a regression: negative binomial, or Poisson where that will do.

In a negative binomial model each patient has a rate of his own. How much these differ (the
dispersion) is estimated by maximum likelihood together with the coefficients.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

Floats = NDArray[np.float64]

NEGATIVE_BINOMIAL = "negative binomial"
POISSON = "Poisson"
NOT_OVERDISPERSED = "the numbers of events differ between patients no more than chance lets expect"
NOT_CONVERGED = "the negative binomial model could not be fitted"
NO_EVENT = "an arm has no event, so the ratio cannot be estimated"

STEPS = 200
CLOSE = 1e-11  # of the log dispersion and of the coefficients
LARGEST, SMALLEST = 1e6, 1e-8  # dispersions beyond which the search gives up


@dataclass(frozen=True)
class RateModel:
    """Ratio of the rates of two arms.

    Attributes
    ----------
    family : str
        ``negative binomial`` or ``Poisson``.
    note : str
        Why the model is not negative binomial, or why there is no estimate; else empty.
    estimate, conf_low, conf_high : float
        Rate of the treated over that of the control arm, and limits.
    std_error, statistic, p_value : float
        Of the log ratio: standard error, Wald statistic and two-sided p-value.
    dispersion : float
        Variance of the patients' own rates relative to the square of their mean; 0 for Poisson.
    log_likelihood : float
        Of the model, with all constants.
    n : int
        Patients used.
    """

    family: str
    note: str
    estimate: float
    std_error: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float
    dispersion: float
    log_likelihood: float
    n: int

    @property
    def frame(self) -> pd.DataFrame:
        """One row."""
        return pd.DataFrame([self.__dict__])


def rate_model(
    events: ArrayLike,
    time: ArrayLike,
    treated: ArrayLike,
    strata: ArrayLike | None = None,
    conf_level: float = 0.95,
) -> RateModel:
    """Estimate a rate ratio by regression on the log of the rate, time observed as offset.

    Parameters
    ----------
    events, time : array_like, shape (n,)
        Number of events and time observed (above 0) of each patient of the two arms.
    treated : array_like of bool, shape (n,)
        Whether the patient is in the treated arm.
    strata : array_like, shape (n,), optional
        Strata with a rate of their own; one without any event tells nothing of the ratio and is
        left out.
    conf_level : float
        Level of the limits, between 0 and 1.

    Returns
    -------
    RateModel
        Negative binomial (variance: mean plus dispersion times its square), or Poisson, with a
        note why, where the events vary no more than that or the fit fails. The standard error
        comes from the expected information given the dispersion, as in R's ``MASS::glm.nb``.

    Raises
    ------
    ValueError
        If the arrays differ in length, a time is not above 0 or a number of events is negative.

    References
    ----------
    Lawless, Canadian Journal of Statistics 1987;15:209-225. Venables and Ripley, Modern Applied
    Statistics with S, 4th ed. 2002, section 7.4.
    """
    y, t = np.asarray(events, dtype=float), np.asarray(time, dtype=float)
    arm = np.asarray(treated, dtype=bool)
    stratum = pd.factorize(np.zeros(len(y)) if strata is None else np.asarray(strata))[0]
    if len({len(y), len(t), len(arm), len(stratum)}) > 1:
        raise ValueError(
            f"{len(y)} numbers of events, {len(t)} times, {len(arm)} arms and {len(stratum)} "
            "strata: expected one of each a patient"
        )
    if not ((t > 0).all() and (y >= 0).all()):
        raise ValueError("every patient's time must be above 0 and number of events at least 0")
    telling = np.isin(stratum, stratum[y > 0])
    y, t, arm, stratum = y[telling], t[telling], arm[telling], stratum[telling]
    if y[arm].sum() == 0 or y[~arm].sum() == 0:
        nan = np.nan
        return RateModel(POISSON, NO_EVENT, nan, nan, nan, nan, nan, nan, nan, nan, len(y))
    design = np.column_stack([arm, stratum[:, None] == np.unique(stratum)]).astype(float)
    fit, note = _fit(y, t, design), ""
    if fit is None:
        poisson = _coefficients(y, t, design, 0.0)
        note = NOT_CONVERGED if _excess(y, t * np.exp(design @ poisson)) > 0 else NOT_OVERDISPERSED
        fit = poisson, 0.0
    return _result(y, t, design, *fit, note, conf_level)


def _fit(y: Floats, t: Floats, design: Floats) -> tuple[Floats, float] | None:
    """Coefficients and dispersion of the negative binomial model; None where there is none."""
    beta = _coefficients(y, t, design, 0.0)
    mean = t * np.exp(design @ beta)
    excess = _excess(y, mean)
    if not excess > 0:
        return None
    dispersion = float(np.clip(2 * excess / (mean**2).sum(), 1e-3, 10.0))  # by moments
    for _ in range(STEPS):
        before = np.append(beta, np.log(dispersion))
        beta = _coefficients(y, t, design, dispersion, beta)
        dispersion = _dispersion(y, t * np.exp(design @ beta), dispersion)
        if not SMALLEST < dispersion < LARGEST or not np.isfinite(beta).all():
            return None
        if np.abs(np.append(beta, np.log(dispersion)) - before).max() < CLOSE:
            return beta, dispersion
    return None


def _coefficients(
    y: Floats, t: Floats, design: Floats, dispersion: float, start: Floats | None = None
) -> Floats:
    """Most likely coefficients given the dispersion, by Fisher scoring."""
    beta = np.full(design.shape[1], np.log(y.sum() / t.sum())) if start is None else start
    if start is None:
        beta[0] = 0.0
    for _ in range(STEPS):
        mean = t * np.exp(design @ beta)
        weight = mean / (1 + dispersion * mean)
        score = design.T @ ((y - mean) / (1 + dispersion * mean))
        step = np.linalg.solve(design.T @ (design * weight[:, None]), score)
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < CLOSE:
            break
    return beta


def _dispersion(y: Floats, mean: Floats, start: float) -> float:
    """Most likely dispersion given the means, by Newton's method on its logarithm."""
    log = np.log(start)
    for _ in range(STEPS):
        size = np.exp(-log)  # the shape of the gamma distribution of the patients' rates
        slope = (
            special.digamma(y + size)
            - special.digamma(size)
            - np.log1p(mean / size)
            + (mean - y) / (size + mean)
        ).sum()
        bend = (
            special.polygamma(1, y + size)
            - special.polygamma(1, size)
            + mean / (size * (size + mean))
            - (mean - y) / (size + mean) ** 2
        ).sum()
        gradient = -size * slope
        curvature = size**2 * bend + size * slope
        # Where the likelihood is not concave in the logarithm, go uphill by a fixed step.
        step = -gradient / curvature if curvature < 0 else 0.5 * np.sign(gradient)
        log += float(np.clip(step, -1, 1))
        if abs(step) < CLOSE or not np.log(SMALLEST) < log < np.log(LARGEST):
            break
    return float(np.exp(log))


def _excess(y: Floats, mean: Floats) -> float:
    """Slope of the likelihood in the dispersion at 0: above 0 if events vary more than Poisson."""
    return float((((y - mean) ** 2 - y) / 2).sum())


def _result(
    y: Floats,
    t: Floats,
    design: Floats,
    beta: Floats,
    dispersion: float,
    note: str,
    conf_level: float,
) -> RateModel:
    mean = t * np.exp(design @ beta)
    weight = mean / (1 + dispersion * mean)
    error = float(np.sqrt(np.linalg.inv(design.T @ (design * weight[:, None]))[0, 0]))
    if dispersion > 0:
        size = 1 / dispersion
        logs = stats.nbinom.logpmf(y, size, size / (size + mean))
    else:
        logs = stats.poisson.logpmf(y, mean)
    half = float(stats.norm.isf((1 - conf_level) / 2)) * error
    statistic = float(beta[0]) / error
    return RateModel(
        family=NEGATIVE_BINOMIAL if dispersion > 0 else POISSON,
        note=note,
        estimate=float(np.exp(beta[0])),
        std_error=error,
        statistic=statistic,
        p_value=2 * float(stats.norm.sf(abs(statistic))),
        conf_low=float(np.exp(beta[0] - half)),
        conf_high=float(np.exp(beta[0] + half)),
        dispersion=dispersion,
        log_likelihood=float(logs.sum()),
        n=len(y),
    )
