"""How strong one estimate is as evidence: errors of sign and size, and a sceptic's prior."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import integrate, stats


@dataclass(frozen=True)
class DesignErrors:
    """What a trial of this precision would have found, had the true effect been as assumed.

    Attributes
    ----------
    frame : DataFrame
        One row a true effect: ``effect`` (unit of the estimate), ``power`` (share of such trials
        whose interval excludes no difference, in either direction), ``exaggeration`` (mean absolute
        estimate among those, divided by the true effect; type M error) and ``wrong_sign`` (share of
        those whose estimate has the wrong sign; type S error).
    """

    frame: pd.DataFrame


def design_errors(
    effects: Sequence[float], std_error: float, df: float = math.inf, alpha: float = 0.05
) -> DesignErrors:
    """Compute power, type M and type S errors for assumed true effects.

    Parameters
    ----------
    effects : sequence of float
        True effects, none of them 0; only their size matters.
    std_error : float
        Standard error of the trial's estimate, same unit, above 0.
    df : float
        Degrees of freedom of the test; infinite for a z-test.
    alpha : float
        Two-sided significance level.

    Returns
    -------
    DesignErrors
        In the order given.

    Raises
    ------
    ValueError
        If an effect is 0 or ``std_error`` is not positive.

    Notes
    -----
    The estimate is t-distributed around the true effect, as in Gelman and Carlin. Power and the
    error of sign are exact; the mean size is a numerical integral of the same density.

    References
    ----------
    Gelman A, Carlin J. Beyond power calculations: assessing type S (sign) and type M (magnitude)
    errors. Perspect Psychol Sci 2014;9:641-651. doi:10.1177/1745691614551642
    """
    if not std_error > 0:
        raise ValueError(f"std_error must be above 0, not {std_error}")
    law = stats.norm() if math.isinf(df) else stats.t(df)
    critical = float(law.ppf(1 - alpha / 2))
    rows = []
    for effect in effects:
        if effect == 0:
            raise ValueError("a true effect of 0 has no size to exaggerate; leave it out")
        size = abs(effect) / std_error
        above, below = float(law.sf(critical - size)), float(law.cdf(-critical - size))
        power = above + below
        # E|T + size| over the two tails, where T follows the law
        upper = integrate.quad(lambda t: (t + size) * law.pdf(t), critical - size, np.inf)[0]  # noqa: B023
        lower = integrate.quad(lambda t: -(t + size) * law.pdf(t), -np.inf, -critical - size)[0]  # noqa: B023
        rows.append(
            {
                "effect": effect,
                "power": power,
                "exaggeration": (upper + lower) / power / size,
                "wrong_sign": below / power,
            }
        )
    return DesignErrors(pd.DataFrame(rows))


@dataclass(frozen=True)
class Posterior:
    """A normal posterior of an effect.

    Attributes
    ----------
    prior_mean, prior_sd : float
        What was believed before.
    estimate, std_error : float
        Posterior mean and standard deviation.
    conf_low, conf_high : float
        Limits of the central credible interval.
    probability_above : float
        Posterior probability of an effect above 0.
    """

    prior_mean: float
    prior_sd: float
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    probability_above: float


def normal_posterior(
    estimate: float, std_error: float, prior_mean: float, prior_sd: float, conf_level: float = 0.95
) -> Posterior:
    """Combine a normal estimate with a normal prior.

    Parameters
    ----------
    estimate, std_error : float
        The trial's estimate and its standard error, above 0.
    prior_mean, prior_sd : float
        The prior, same unit; ``math.inf`` as standard deviation for no prior opinion.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Posterior
        By the conjugate formula.

    Raises
    ------
    ValueError
        If a standard deviation is not positive.

    References
    ----------
    Spiegelhalter DJ, Abrams KR, Myles JP. Bayesian Approaches to Clinical Trials and Health-Care
    Evaluation. Wiley 2004, chapter 3.
    """
    if not (std_error > 0 and prior_sd > 0):
        raise ValueError(f"standard deviations must be above 0: {std_error}, {prior_sd}")
    weight = 1 / std_error**2
    prior_weight = 0.0 if math.isinf(prior_sd) else 1 / prior_sd**2
    prior_part = 0.0 if prior_weight == 0 else prior_weight * prior_mean
    sd = math.sqrt(1 / (weight + prior_weight))
    mean = (weight * estimate + prior_part) * sd**2
    half = float(stats.norm.ppf((1 + conf_level) / 2)) * sd
    return Posterior(
        prior_mean, prior_sd, mean, sd, mean - half, mean + half, float(stats.norm.sf(-mean / sd))
    )


def sceptical_prior_sd(estimate: float, std_error: float, conf_level: float = 0.95) -> float:
    """Find the widest sceptical prior that this estimate does not overcome.

    Parameters
    ----------
    estimate, std_error : float
        The trial's estimate and its standard error.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    float
        Standard deviation of the prior around 0 with which the posterior interval just touches 0.
        A sceptic whose prior is narrower stays unconvinced. NaN where the estimate's own interval
        holds 0, so that no prior is needed to doubt it.

    References
    ----------
    Matthews RAJ. Beyond 'significance': principles and practice of the analysis of credibility.
    R Soc Open Sci 2018;5:171047. doi:10.1098/rsos.171047
    """
    z = float(stats.norm.ppf((1 + conf_level) / 2))
    ratio = (estimate / std_error / z) ** 2
    return std_error / math.sqrt(ratio - 1) if ratio > 1 else math.nan
