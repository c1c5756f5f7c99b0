"""What a trial of some precision finds: errors of sign and of size."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats


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
    The estimate is t-distributed around the true effect, as in Gelman and Carlin; all three are
    exact. With one degree of freedom or less the mean size is infinite.

    References
    ----------
    Gelman A, Carlin J. Beyond power calculations: assessing type S (sign) and type M (magnitude)
    errors. Perspect Psychol Sci 2014;9:641-651. doi:10.1177/1745691614551642
    """
    if not std_error > 0:
        raise ValueError(f"std_error must be above 0, not {std_error}")
    true = np.asarray(effects, dtype=float)
    if (true == 0).any():
        raise ValueError("a true effect of 0 has no size to exaggerate; leave it out")
    law = stats.norm() if math.isinf(df) else stats.t(df)
    critical = float(law.ppf(1 - alpha / 2))
    size = np.abs(true) / std_error
    high, low = critical - size, -critical - size
    above, below = law.sf(high), law.cdf(low)
    power = above + below
    # E|T + size| over the two tails, where T follows the law
    tails = _beyond(law, high, df) + size * above + _beyond(law, low, df) - size * below
    frame = pd.DataFrame(
        {
            "effect": true,
            "power": power,
            "exaggeration": tails / power / size,
            "wrong_sign": below / power,
        }
    )
    return DesignErrors(frame)


def _beyond(law: Any, limit: NDArray[np.float64], df: float) -> NDArray[np.float64]:
    """Integrate t times the density from the limit upwards, or from minus infinity, sign turned."""
    if math.isinf(df):
        return np.asarray(law.pdf(limit))
    if df <= 1:  # such a t has no mean
        return np.full_like(limit, math.inf)
    return np.asarray((df + limit**2) / (df - 1) * law.pdf(limit))
