"""How often a result such as this one comes from no effect at all."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats


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
    normal = math.isinf(df)
    law = stats.norm() if normal else stats.t(df)
    t = float(law.isf(p_value / 2))
    size = t if effect is None else abs(effect)
    other = stats.norm(size) if normal else stats.nct(df, size) if size > 0 else law
    ratio = float(other.pdf(t) + other.pdf(-t)) / (2 * float(law.pdf(t)))
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
