"""The difference of two figures of different people, from the limits of each."""

import numpy as np
from scipy import stats

from alsutils.stats.survival import Estimate


def difference_of(treated: Estimate, control: Estimate) -> Estimate:
    """Subtract two independent figures, so that the asymmetry of their limits is kept.

    Parameters
    ----------
    treated, control : Estimate
        With limits of the same level.

    Returns
    -------
    Estimate
        Treated less control; p by the normal approximation, missing where neither has a standard
        error above 0.

    References
    ----------
    Zou and Donner, Statistics in Medicine 2008;27:1693-1702.
    """
    gap = treated.estimate - control.estimate
    below = (treated.estimate - treated.conf_low, control.conf_high - control.estimate)
    above = (treated.conf_high - treated.estimate, control.estimate - control.conf_low)
    error = float(np.hypot(treated.std_error, control.std_error))
    p_value = 2 * float(stats.norm.sf(abs(gap) / error)) if error > 0 else np.nan
    low, high = gap - float(np.hypot(*below)), gap + float(np.hypot(*above))
    return Estimate(gap, error, low, high, p_value)
