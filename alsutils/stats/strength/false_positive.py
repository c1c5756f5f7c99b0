"""How often a result such as this one comes from no effect at all."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import gammaln, logsumexp

_MANY = 100.0  # degrees of freedom beyond which SciPy's noncentral t overflows in places
_LARGEST = 700.0  # logarithm of a number that the computer can still write


@dataclass(frozen=True)
class FalsePositiveRisk:
    """What a p-value says of the chance that there is no effect.

    Attributes
    ----------
    prior : float
        Chance of an effect that was given before the trial.
    ratio : float
        How many times better the result fits the assumed effect than none (likelihood ratio).
    risk : float
        Chance that there is no effect, after the trial.
    prior_needed : float
        Chance of an effect that one must have given before for ``risk`` to be ``target``.
    largest_ratio : float
        Largest ratio that any reasonable spread of effects can have: -1 / (e p ln p).
    smallest_risk : float
        The risk with that ratio.
    """

    prior: float
    ratio: float
    risk: float
    prior_needed: float
    largest_ratio: float
    smallest_risk: float


def false_positive_risk(
    p_value: float,
    df: float = math.inf,
    effect: float | None = None,
    prior: float = 0.5,
    target: float = 0.05,
) -> FalsePositiveRisk:
    """Turn a p-value into the chance that there is no effect.

    Parameters
    ----------
    p_value : float
        Two-sided, of a t-test (or normal test), between 0 and 1.
    df : float
        Degrees of freedom of the test; infinite for a normal one.
    effect : float or None
        True effect if there is one, in standard errors; the one observed where None, which no
        other single effect fits better, so that the risk is the smallest of all.
    prior : float
        Chance of an effect before the trial, between 0 and 1.
    target : float
        Risk for which ``prior_needed`` is found.

    Returns
    -------
    FalsePositiveRisk
        From the density of p-values at this very p-value.

    Raises
    ------
    ValueError
        If a chance does not lie between 0 and 1.

    References
    ----------
    Colquhoun D. The reproducibility of research and the misinterpretation of p-values. R Soc Open
    Sci 2017;4:171085. doi:10.1098/rsos.171085. Sellke T, Bayarri MJ, Berger JO. Calibration of p
    values for testing precise null hypotheses. Am Stat 2001;55:62-71.
    doi:10.1198/000313001300339950. Benjamin DJ, Berger JO. Three recommendations for improving the
    use of p-values. Am Stat 2019;73(sup1):186-191. doi:10.1080/00031305.2018.1543135

    Examples
    --------
    >>> round(false_positive_risk(0.05).smallest_risk, 3)
    0.289
    """
    for name, value in (("p_value", p_value), ("prior", prior), ("target", target)):
        if not 0 < value < 1:
            raise ValueError(f"{name} must lie between 0 and 1, not {value}")
    law = stats.norm() if math.isinf(df) else stats.t(df)
    t = float(law.isf(p_value / 2))
    ratio = _density_ratio(t, t if effect is None else abs(effect), df)
    largest = -1 / (math.e * p_value * math.log(p_value)) if p_value < 1 / math.e else 1.0
    odds = prior / (1 - prior)
    needed = (1 - target) / target / ratio
    return FalsePositiveRisk(
        prior=prior,
        ratio=ratio,
        risk=1 / (1 + ratio * odds),
        prior_needed=float(np.float64(needed) / (1 + needed)),
        largest_ratio=largest,
        smallest_risk=1 / (1 + largest * odds),
    )


def _density_ratio(t: float, size: float, df: float) -> float:
    """Divide the densities of ±t at an effect of so many standard errors by those at none."""
    if size == 0:
        return 1.0
    if df <= _MANY:
        other = stats.nct(df, size)
        return float(other.pdf(t) + other.pdf(-t)) / (2 * float(stats.t.pdf(t, df)))
    if math.isinf(df):
        logarithm = np.logaddexp(t * size, -t * size) - math.log(2)
    else:
        # Kummer's series of positive terms, as logarithms, to well behind the largest.
        half, x = (df + 1) / 2, (t * size) ** 2 / (df + t**2) / 2
        largest = (x + math.sqrt(x * (x + 4 * half))) / 2
        k = np.arange(int(2 * largest) + 100)
        terms = gammaln(half + k) - gammaln(half) + k * math.log(4 * x) - gammaln(2 * k + 1)
        logarithm = logsumexp(terms)
    return float(np.exp(min(logarithm - size**2 / 2, _LARGEST)))
