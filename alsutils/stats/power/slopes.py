"""Slopes: a straight line for every patient, and the mean slopes of two arms compared."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from statsmodels.regression.mixed_linear_model import MixedLM

from alsutils.stats.power.level import TWO_SIDED, Floats, Level
from alsutils.stats.power.means import MeanTest
from alsutils.stats.power.repeated import patient_sd


@dataclass(frozen=True)
class SlopeSpread:
    """How patients' lines scatter.

    Attributes
    ----------
    slope : float
        Standard deviation of the true slopes, in units of the endpoint per unit of time.
    residual : float
        Standard deviation of the values about each patient's line.
    intercept : float
        Standard deviation of the lines at time 0.
    correlation : float
        Of slope and intercept; 0 where one of them does not vary.
    """

    slope: float
    residual: float
    intercept: float = 0.0
    correlation: float = 0.0

    def covariance(self, times: ArrayLike) -> Floats:
        """Give the covariance of a patient's values at times, shape (v,)."""
        t = np.asarray(times, float)
        lines = np.column_stack([np.ones(len(t)), t])
        between = self.correlation * self.slope * self.intercept
        spread = np.array([[self.intercept**2, between], [between, self.slope**2]])
        return np.asarray(lines @ spread @ lines.T + self.residual**2 * np.eye(len(t)))


def slope_test(
    times: ArrayLike,
    spread: SlopeSpread,
    retention: ArrayLike | None = None,
    level: Level = TWO_SIDED,
) -> MeanTest:
    """Plan a comparison of mean slopes in a model of random lines.

    Parameters
    ----------
    times : array_like, shape (v,)
        When patients are seen; two different times at least.
    spread : SlopeSpread
        How their lines scatter. With everybody seen throughout, the variance of a slope is that of
        the true slopes and the residual variance over the sum of squares of the times about their
        mean; the intercepts play no part.
    retention : array_like, shape (v,), or None
        Share of those randomised who are still seen at each time; all where None.
    level : Level
        Of the test.

    Returns
    -------
    MeanTest
        The effect is a difference of slopes. For the number of patients randomised.

    References
    ----------
    Diggle PJ, Heagerty P, Liang KY, Zeger SL. Analysis of Longitudinal Data, 2nd edition, Oxford
    University Press 2002, section 2.4. Laird NM, Ware JH. Random-effects models for longitudinal
    data. Biometrics 1982;38:963-974. doi:10.2307/2529876

    Examples
    --------
    >>> from alsutils.stats.power import sample_size
    >>> plan = slope_test(times=[0, 1, 2, 4, 6], spread=SlopeSpread(slope=0.6, residual=1.0))
    >>> sample_size(plan, effect=0.4).n_control
    41
    """
    t = np.asarray(times, float)
    if len(np.unique(t)) < 2:
        raise ValueError("a slope needs two different times")
    design = np.column_stack([np.ones(len(t)), t])
    sd = patient_sd(spread.covariance(t), retention, design, [0.0, 1.0])
    return MeanTest(sd, level=level)


def slope_spread(
    data: pd.DataFrame, outcome: str, subject: str, time: str, arm: str
) -> SlopeSpread:
    """Estimate how patients' lines scatter within the arms.

    Parameters
    ----------
    data : DataFrame
        One row a subject and time; rows with a missing value are left out.
    outcome, subject, time, arm : str
        Columns. ``time`` is a number.

    Returns
    -------
    SlopeSpread
        By restricted maximum likelihood; each arm has a mean line of its own.

    Raises
    ------
    ValueError
        If the likelihood has no maximum that can be found, as with hardly any patient.
    """
    used = data.dropna(subset=[outcome, time])
    unit = float(used[time].abs().max()) or 1.0  # a time of about 1 keeps the variances alike
    scale = float(used[outcome].std()) or 1.0
    t = used[time].to_numpy(float) / unit
    arms = pd.get_dummies(used[arm].astype(str)).to_numpy(float)
    fixed = np.column_stack([arms, arms * t[:, None]])
    lines = np.column_stack([np.ones(len(t)), t])
    y = used[outcome].to_numpy(float) / scale
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a fit that did not converge is not used
            model = MixedLM(y, fixed, groups=used[subject].to_numpy(), exog_re=lines)
            fit = model.fit(reml=True, method=["lbfgs", "bfgs", "powell"])
    except (np.linalg.LinAlgError, ValueError, ZeroDivisionError) as error:
        raise ValueError(f"the lines of these patients cannot be fitted ({error})") from error
    between = np.asarray(fit.cov_re, float)
    if not fit.converged or not np.isfinite(between).all():
        raise ValueError("the lines of these patients cannot be fitted")
    intercept, slope = np.sqrt(np.maximum(np.diag(between), 0.0))
    both = intercept * slope
    return SlopeSpread(
        slope=float(slope) * scale / unit,
        residual=float(np.sqrt(fit.scale)) * scale,
        intercept=float(intercept) * scale,
        correlation=float(between[0, 1] / both) if both > 0 else 0.0,
    )
