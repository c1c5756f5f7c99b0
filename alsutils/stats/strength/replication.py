"""What the same trial would find if it were done again."""

import math
from dataclasses import dataclass

from scipy import stats


@dataclass(frozen=True)
class Replication:
    """Chances of a further trial.

    Attributes
    ----------
    same_direction : float
        That its estimate has the same sign.
    significant : float
        That it excludes no difference on the same side.
    """

    same_direction: float
    significant: float


def replication(mean: float, sd: float, std_error: float, alpha: float = 0.05) -> Replication:
    """Predict a further trial from what is believed of the effect.

    Parameters
    ----------
    mean, sd : float
        Normal belief about the true effect. An estimate with sd 0 takes it for the truth; with its
        standard error it is the belief of who held every effect as likely before; a posterior's
        mean and standard deviation draw it in.
    std_error : float
        Of the further trial, same unit, above 0.
    alpha : float
        Two-sided level of the further trial.

    Returns
    -------
    Replication
        By normal theory; the direction is that of ``mean``.

    Raises
    ------
    ValueError
        If ``std_error`` is not positive or ``sd`` negative.

    References
    ----------
    Goodman SN. A comment on replication, p-values and evidence. Stat Med 1992;11:875-879.
    doi:10.1002/sim.4780110705. Killeen PR. An alternative to null-hypothesis significance tests.
    Psychol Sci 2005;16:345-353. doi:10.1111/j.0956-7976.2005.01538.x

    Examples
    --------
    A result with p = 0.05, taken for the truth, is found again every second time.

    >>> round(replication(1.959964, 0.0, 1.0).significant, 3)
    0.5
    """
    if not std_error > 0 or sd < 0:
        raise ValueError(f"std_error must be above 0 and sd not below: {std_error}, {sd}")
    spread = math.hypot(sd, std_error)
    critical = float(stats.norm.isf(alpha / 2)) * std_error
    size = abs(mean)
    return Replication(
        float(stats.norm.cdf(size / spread)), float(stats.norm.cdf((size - critical) / spread))
    )
