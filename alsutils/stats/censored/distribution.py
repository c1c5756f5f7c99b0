"""The distribution of values of which some lie below a limit, without a model for its shape."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from alsutils.stats.survival import (
    Quantile,
    SurvivalCurve,
    kaplan_meier,
    quantile,
    restricted_mean,
)


@dataclass(frozen=True)
class LowCurve:
    """The Kaplan-Meier estimate of one group's values, made from the highest value downwards.

    Attributes
    ----------
    frame : DataFrame
        One row a value or limit, lowest first: ``value``, ``estimate`` (share of values below it),
        ``std_error``, ``conf_low`` and ``conf_high`` (log-log; missing where the share is 0 or 1),
        ``measured`` (how many have that value) and ``below`` (how many lie below it as a limit).
    n, n_below : int
        Values, and those only known to lie below a limit.
    mean, mean_std_error, mean_conf_low, mean_conf_high : float
        In the unit of the values, with a normal interval; missing without one where nothing varies.
    mean_is_bound : bool
        Whether the lowest value is a limit. What lies below it then stands at it, so that the mean
        is at most ``mean``.
    """

    frame: pd.DataFrame
    n: int
    n_below: int
    mean: float
    mean_std_error: float
    mean_conf_low: float
    mean_conf_high: float
    mean_is_bound: bool
    _curve: SurvivalCurve = field(repr=False)
    _top: float = field(repr=False)

    def quantile(self, share: float = 0.5) -> Quantile:
        """Give the value below which a share of all values lies, with its interval.

        Parameters
        ----------
        share : float
            Between 0 and 1; 0.5 for the median.

        Returns
        -------
        Quantile
            Missing where it, or its limit, lies below the lowest limit.
        """
        found = quantile(self._curve, 1 - share)
        return Quantile(
            self._top - found.estimate, self._top - found.conf_high, self._top - found.conf_low
        )


def flipped_kaplan_meier(values: ArrayLike, below: ArrayLike, conf_level: float = 0.95) -> LowCurve:
    """Estimate the distribution of values of which some lie below a limit.

    Subtract every value from a number above all of them. A value below its limit then is a time
    after which the event was still to come, which is what the Kaplan-Meier estimate takes; its
    curve, turned back, is the share of values below each value. Limits may differ.

    Parameters
    ----------
    values : array_like, shape (n,)
        Measured values; for those below, their limit.
    below : array_like of bool, shape (n,)
        Whether the value is below the limit.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    LowCurve
        Share below each value, mean, and quantiles by its method ``quantile``.

    Raises
    ------
    ValueError
        If there is no value, one is missing, or the lengths differ.

    References
    ----------
    Gillespie BW et al. Estimating population distributions when some data are below a limit of
    detection by using a reverse Kaplan-Meier estimator. Epidemiology 2010;21(Suppl 4):S64-S70.
    doi:10.1097/EDE.0b013e3181ce9f08
    """
    y, low = np.asarray(values, float), np.asarray(below, bool)
    if len(y) == 0 or y.shape != low.shape or not np.isfinite(y).all():
        raise ValueError(
            f"there are {len(y)} values and {len(low)} flags; give one finite value and one flag a "
            "sample, a value below its limit as the limit, and leave out what was not measured"
        )
    # Any number above all values does; one of their size keeps their digits.
    top = float(y.max() + (np.ptp(y) or abs(y.max()) or 1.0))
    curve = kaplan_meier(top - y, ~low, conf_level)
    mean = restricted_mean(curve, float(top - y.min()))
    table = curve.frame.iloc[:0:-1]
    # Exact values in place of those flipped twice.
    known, again = np.unique(y), top - table["time"].to_numpy()
    frame = pd.DataFrame(
        {
            "value": known[np.abs(known - again[:, None]).argmin(axis=1)],
            "estimate": table["estimate"].to_numpy(),
            "std_error": table["std_error"].to_numpy(),
            "conf_low": table["conf_low"].to_numpy(),
            "conf_high": table["conf_high"].to_numpy(),
            "measured": table["events"].to_numpy(),
            "below": table["censored"].to_numpy(),
        }
    )
    return LowCurve(
        frame=frame,
        n=len(y),
        n_below=int(low.sum()),
        mean=top - mean.estimate,
        mean_std_error=mean.std_error,
        mean_conf_low=top - mean.conf_high,
        mean_conf_high=top - mean.conf_low,
        mean_is_bound=bool(low[y == y.min()].any()),
        _curve=curve,
        _top=top,
    )
