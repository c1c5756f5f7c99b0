"""Several visits: the mixed model for repeated measures, and the mean of visits."""

import numpy as np
from numpy.typing import ArrayLike

from alsutils.stats.power.level import TWO_SIDED, Floats, Level
from alsutils.stats.power.means import MeanTest


def compound_symmetry(sd: float, correlation: float, visits: int) -> Floats:
    """Give the covariance of visits that all correlate alike.

    Parameters
    ----------
    sd : float
        Standard deviation at each visit.
    correlation : float
        Between any two visits.
    visits : int
        How many.

    Returns
    -------
    ndarray, shape (visits, visits)
        In the square of the unit of ``sd``.
    """
    return sd**2 * np.where(np.eye(visits) > 0, 1.0, correlation)


def given_baseline(covariance: ArrayLike) -> Floats:
    """Give the covariance of the later visits once the first is held equal.

    Parameters
    ----------
    covariance : array_like, shape (v, v)
        Of all visits, the baseline first.

    Returns
    -------
    ndarray, shape (v - 1, v - 1)
        Of the values after the baseline, or of their changes from it: both have the same.
    """
    s = np.asarray(covariance, float)
    return s[1:, 1:] - np.outer(s[1:, 0], s[0, 1:]) / s[0, 0]


def mmrm(
    covariance: ArrayLike,
    retention: ArrayLike | None = None,
    retention_treated: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    covariates: int = 0,
    level: Level = TWO_SIDED,
) -> MeanTest:
    """Plan a mixed model for repeated measures with an unstructured mean at every visit.

    Parameters
    ----------
    covariance : array_like, shape (v, v)
        Of a patient's visits within the arms, or what covariates leave of it.
    retention : array_like, shape (v,)
        Share of those randomised to the control arm who are still seen at each visit; who has left
        does not come back. All are seen where None.
    retention_treated : array_like, shape (v,)
        The same in the treated arm; as in the control where None.
    weights : array_like, shape (v,)
        What is compared, as a weighted sum of the visits; the last visit where None.
    covariates : int
        Covariates that the model holds equal at each visit.
    level : Level
        Of the test.

    Returns
    -------
    MeanTest
        For the number of patients randomised. Who leaves still tells of the last visit by way of
        the earlier ones, if it depends on nothing but what was seen of them. As the paper does, the
        standard error is that of a large trial and t has two degrees of freedom less than there
        are patients; in small trials with much drop-out the true power is somewhat lower.

    Raises
    ------
    ValueError
        If the shapes differ, shares rise or leave 0 to 1, or nobody is seen at the last visit.

    References
    ----------
    Lu K, Luo X, Chen PY. Sample size estimation for repeated measures analysis in randomized
    clinical trials with missing data. Int J Biostat 2008;4(1):9. doi:10.2202/1557-4679.1098

    Examples
    --------
    >>> from alsutils.stats.power import sample_size
    >>> visits = compound_symmetry(sd=1, correlation=0.25, visits=4)
    >>> plan = mmrm(visits, retention=[1, 0.9, 0.8, 0.7])
    >>> sample_size(plan, effect=0.5, power=0.8).total
    176
    """
    s = np.asarray(covariance, float)
    last = np.eye(len(s))[-1]
    contrast = last if weights is None else np.asarray(weights, float)
    control = _sd(s, retention, np.eye(len(s)), contrast)
    if retention_treated is None:
        return MeanTest(control, covariates=covariates, level=level)
    treated = _sd(s, retention_treated, np.eye(len(s)), contrast)
    return MeanTest(control, treated, covariates, "welch", level)


def mean_of_visits(
    covariance: ArrayLike,
    retention: ArrayLike | None = None,
    covariates: int = 0,
    level: Level = TWO_SIDED,
) -> MeanTest:
    """Plan a comparison of the mean over several visits.

    Parameters
    ----------
    covariance, retention, covariates, level
        As in `mmrm`; with everybody seen throughout, the test is a t-test of each patient's mean.

    Returns
    -------
    MeanTest
        The effect is the difference of the means over the visits.

    References
    ----------
    Frison L, Pocock SJ. Repeated measures in clinical trials: analysis using mean summary
    statistics and its implications for design. Stat Med 1992;11:1685-1704.
    doi:10.1002/sim.4780111304
    """
    visits = len(np.asarray(covariance))
    equal = np.full(visits, 1 / visits)
    return mmrm(covariance, retention, weights=equal, covariates=covariates, level=level)


def patient_sd(
    covariance: ArrayLike,
    retention: ArrayLike | None,
    design: ArrayLike,
    contrast: ArrayLike,
) -> float:
    """Say how much the contribution of one patient to an estimate scatters, drop-out counted in.

    Parameters
    ----------
    covariance : array_like, shape (v, v)
        Of a patient's visits.
    retention : array_like, shape (v,), or None
        Share of those randomised who are still seen at each visit; all where None.
    design : array_like, shape (v, p)
        What the mean at each visit is made of.
    contrast : array_like, shape (p,)
        What of it is estimated.

    Returns
    -------
    float
        Root of the variance of the generalised least squares estimate in one arm, times the number
        of patients randomised to it.
    """
    return _sd(
        np.asarray(covariance, float), retention, np.asarray(design, float), np.asarray(contrast)
    )


def _sd(covariance: Floats, retention: ArrayLike | None, design: Floats, contrast: Floats) -> float:
    visits = len(covariance)
    seen = np.ones(visits) if retention is None else np.asarray(retention, float)
    if covariance.shape != (visits, visits) or seen.shape != (visits,):
        raise ValueError("covariance must be square, with as many rows as there are shares")
    if seen.min() < 0 or seen.max() > 1 or (np.diff(seen) > 1e-12).any():
        raise ValueError(f"retention must fall from at most 1 and not below 0, not {seen}")
    if seen[-1] <= 0:
        raise ValueError("nobody is seen at the last visit")
    leaving = seen - np.append(seen[1:], 0.0)
    information = 0
    for last, share in enumerate(leaving, start=1):
        x = design[:last]
        information = information + share * x.T @ np.linalg.solve(covariance[:last, :last], x)
    return float(np.sqrt(contrast @ np.linalg.solve(information, contrast)))
