"""What to believe after an estimate, given what was believed before."""

import math
from dataclasses import dataclass

from scipy import stats


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


def intrinsic_p(p_value: float) -> float:
    """Ask whether a result convinces the very sceptic whom it makes necessary.

    Parameters
    ----------
    p_value : float
        Two-sided, of a normal test.

    Returns
    -------
    float
        Held's p-value for intrinsic credibility. At most alpha where the widest sceptical prior
        that the result just overcomes (``sceptical_prior_sd``) does not itself hold the estimate
        to be improbable.

    References
    ----------
    Held L. The assessment of intrinsic credibility and a new argument for p < 0.005. R Soc Open Sci
    2019;6:181534. doi:10.1098/rsos.181534
    """
    z = float(stats.norm.isf(p_value / 2))
    return 2 * float(stats.norm.sf(z / math.sqrt(2)))
