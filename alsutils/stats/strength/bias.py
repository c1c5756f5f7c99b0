"""How strong a hidden bias would have to be to explain a result."""

import math
from dataclasses import dataclass

_PER_SD = 0.91  # log risk ratio that goes with one standard deviation


@dataclass(frozen=True)
class EValue:
    """The strength of a hidden bias, as a risk ratio.

    Attributes
    ----------
    ratio : float
        Risk ratio that is explained, turned to be 1 or more.
    point : float
        Least ratio that a hidden cause must have with both the arm and the outcome to explain the
        estimate entirely.
    limit : float
        The same for the limit of the interval nearer to no difference; 1 where the interval holds
        none.
    """

    ratio: float
    point: float
    limit: float


def e_value(ratio: float, conf_low: float, conf_high: float) -> EValue:
    """Give the E-value of a risk ratio.

    Parameters
    ----------
    ratio, conf_low, conf_high : float
        Risk ratio and limits of its interval, above 0; 1 is no difference.

    Returns
    -------
    EValue
        For the estimate and for the limit.

    Raises
    ------
    ValueError
        If a ratio is not positive or the estimate lies outside its interval.

    References
    ----------
    VanderWeele TJ, Ding P. Sensitivity analysis in observational research: introducing the
    E-value. Ann Intern Med 2017;167:268-274. doi:10.7326/M16-2607

    Examples
    --------
    >>> found = e_value(3.9, 1.8, 8.7)
    >>> round(found.point, 2), round(found.limit, 2)
    (7.26, 3.0)
    """
    if not 0 < conf_low <= ratio <= conf_high:
        raise ValueError(f"{ratio} is no risk ratio within {conf_low} to {conf_high}")
    turned = max(ratio, 1 / ratio)
    near = conf_low if ratio >= 1 else 1 / conf_high
    return EValue(turned, _strength(turned), _strength(max(near, 1.0)))


def e_value_of_difference(estimate: float, conf_low: float, conf_high: float) -> EValue:
    """Give the E-value of a difference in standard deviations.

    Parameters
    ----------
    estimate, conf_low, conf_high : float
        Standardised difference and limits of its interval.

    Returns
    -------
    EValue
        By the approximation that a difference of d standard deviations is a risk ratio of
        exp(0.91 d).

    References
    ----------
    VanderWeele and Ding 2017, as for ``e_value``; the approximation is their table 2.
    """
    low, middle, high = (math.exp(_PER_SD * d) for d in (conf_low, estimate, conf_high))
    return e_value(middle, low, high)


def _strength(ratio: float) -> float:
    return ratio + math.sqrt(ratio * (ratio - 1))
