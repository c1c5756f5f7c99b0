"""Lines of scores: each patient a level and a slope, normal around a common line."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from alsutils.stats.joint_model.data import Floats, JointData, JointModelError

Moments = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Course:
    """Parameters of the lines.

    Attributes
    ----------
    level : ndarray, shape (1 + c,)
        Common level (less the origin of the data) and coefficients of the covariates.
    slope : ndarray, shape (1 + p,)
        Common slope and coefficients of the terms.
    log_sd : float
        Logarithm of the residual standard deviation.
    root : ndarray, shape (3,)
        Of the covariance of level and slope: log of the first and of the second diagonal element
        of its Cholesky factor, and the element below the diagonal.
    """

    level: Floats
    slope: Floats
    log_sd: float
    root: Floats

    @property
    def factor(self) -> Floats:
        """Cholesky factor, shape (2, 2)."""
        first, second, below = self.root
        return np.array([[np.exp(first), 0.0], [below, np.exp(second)]])

    @property
    def packed(self) -> Floats:
        """All parameters in a row."""
        return np.concatenate([self.level, self.slope, [self.log_sd], self.root])


def unpack_course(data: JointData, theta: Floats) -> Course:
    """Read the parameters of the lines from the beginning of a row."""
    a, b = 1 + data.C.shape[1], 1 + data.X.shape[1]
    return Course(theta[:a], theta[a : a + b], float(theta[a + b]), theta[a + b + 1 : a + b + 4])


def course_size(data: JointData) -> int:
    """Count the parameters of the lines."""
    return 6 + data.C.shape[1] + data.X.shape[1]


def mean_lines(data: JointData, course: Course) -> tuple[Floats, Floats]:
    """Give the level and slope expected of each patient, shapes (n,)."""
    level = course.level[0] + data.C @ course.level[1:]
    return level, course.slope[0] + data.X @ course.slope[1:]


@dataclass(frozen=True, eq=False)
class Fitted:
    """Lines by maximum likelihood, from the scores alone.

    Attributes
    ----------
    course : Course
    covariance : ndarray
        Of the packed parameters.
    log_likelihood : float
    mean : ndarray, shape (n, 2)
        Expected deviation of each patient's level and slope, given the scores.
    spread : ndarray, shape (n, 2, 2)
        Covariance of those deviations.
    """

    course: Course
    covariance: Floats
    log_likelihood: float
    mean: Floats
    spread: Moments


def fit_lines(data: JointData) -> Fitted:
    """Fit lines with random level and slope by maximum likelihood.

    Parameters
    ----------
    data : JointData

    Returns
    -------
    Fitted

    Raises
    ------
    JointModelError
        If no maximum is found.

    References
    ----------
    Laird NM, Ware JH. Random-effects models for longitudinal data. Biometrics 1982;38:963-974.
    """
    start = _start(data)
    found = optimize.minimize(
        lambda theta: _negative(data, theta), start, jac=True, method="BFGS", options={"gtol": 1e-6}
    )
    theta = found.x
    if not np.isfinite(found.fun):
        raise JointModelError("the lines of the scores cannot be fitted")
    theta, information = polish(lambda theta: _negative(data, theta), theta)
    course = unpack_course(data, theta)
    mean, spread = _posterior(data, course)
    covariance = inverted(information)
    return Fitted(course, covariance, -_negative(data, theta)[0], mean, spread)


def polish(function, theta: Floats, steps: int = 4) -> tuple[Floats, Floats]:  # type: ignore[no-untyped-def]
    """Take Newton's last steps, with second derivatives by differences of the first.

    Parameters
    ----------
    function : callable
        From parameters to the value to make small and its gradient.
    theta : ndarray, shape (q,)
        Near the minimum.
    steps : int
        At most.

    Returns
    -------
    tuple of ndarray
        The minimum, and the matrix of second derivatives there.

    Raises
    ------
    JointModelError
        If the function bends down there.
    """
    for step in range(steps):
        value, gradient = function(theta)
        bend = _second(function, theta)
        if np.linalg.eigvalsh(bend).min() <= 0:
            raise JointModelError(
                "the likelihood has no clear maximum; the data may hold too few deaths or too "
                "little variation of slopes"
            )
        move = np.linalg.solve(bend, gradient)
        if step and float(move @ gradient) < 1e-10:
            break
        new = theta - move
        if function(new)[0] > value:
            break
        theta = new
    return theta, bend


def _second(function, theta: Floats) -> Floats:  # type: ignore[no-untyped-def]
    apart = 1e-5 * np.maximum(1.0, np.abs(theta))
    columns = []
    for j, h in enumerate(apart):
        aside = np.zeros_like(theta)
        aside[j] = h
        columns.append((function(theta + aside)[1] - function(theta - aside)[1]) / (2 * h))
    bend = np.array(columns)
    return (bend + bend.T) / 2


def _start(data: JointData) -> Floats:
    """Start from a common line and plausible spreads."""
    total = data.number.sum()
    spread = np.sqrt(data.yy.sum() / total)
    width = np.sqrt(data.tt.sum() / total)
    slope = data.ty.sum() / data.tt.sum() if data.tt.sum() > 0 else 0.0
    course = Course(
        np.zeros(1 + data.C.shape[1]),
        np.append(slope, np.zeros(data.X.shape[1])),
        float(np.log(spread / 3)),
        np.array([np.log(spread), np.log(spread / width / 3), 0.0]),
    )
    return course.packed


def _posterior(data: JointData, course: Course) -> tuple[Floats, Moments]:
    """Give mean and covariance of each patient's deviations given the scores."""
    inverse = inverted(course.factor @ course.factor.T)
    variance = np.exp(2 * course.log_sd)
    sums = np.array([[data.number, data.t], [data.t, data.tt]]).transpose(2, 0, 1)
    spread = inverted(inverse + sums / variance)
    level, slope = mean_lines(data, course)
    left = np.column_stack(
        [
            data.y - level * data.number - slope * data.t,
            data.ty - level * data.t - slope * data.tt,
        ]
    )
    return np.einsum("nij,nj->ni", spread, left) / variance, spread


def _negative(data: JointData, theta: Floats) -> tuple[float, Floats]:
    """Give the negative log-likelihood of the scores and its gradient."""
    course = unpack_course(data, theta)
    mean, spread = _posterior(data, course)
    level, slope = mean_lines(data, course)
    second = spread + mean[:, :, None] * mean[:, None, :]
    factor = course.factor
    inverse = inverted(factor @ factor.T)
    variance = np.exp(2 * course.log_sd)
    squares = residual_squares(data, level, slope)
    # Completing the square: what is left of the squares once the deviations are at their mean.
    left = squares / variance - np.einsum("ni,nij,nj->n", mean, inverted(spread), mean)
    value = -0.5 * (
        data.number.sum() * (np.log(2 * np.pi) + 2 * course.log_sd)
        + left.sum()
        + data.n * 2 * (course.root[0] + course.root[1])
        - np.linalg.slogdet(spread)[1].sum()
    )
    a = level + mean[:, 0]
    b = slope + mean[:, 1]
    to_level = (data.y - a * data.number - b * data.t) / variance
    to_slope = (data.ty - a * data.t - b * data.tt) / variance
    expected = residual_squares(data, a, b) + (
        spread[:, 0, 0] * data.number + 2 * spread[:, 0, 1] * data.t + spread[:, 1, 1] * data.tt
    )
    gradient = np.concatenate(
        [
            [to_level.sum()],
            data.C.T @ to_level,
            [to_slope.sum()],
            data.X.T @ to_slope,
            [expected.sum() / variance - data.number.sum()],
            root_gradient(factor, inverse, second.sum(axis=0), data.n),
        ]
    )
    return -float(value), -gradient


def inverted(matrix: Floats) -> Floats:
    """Give the inverse of a matrix, or of each in a stack."""
    return np.asarray(np.linalg.inv(matrix), np.float64)


def residual_squares(data: JointData, level: Floats, slope: Floats) -> Floats:
    """Sum of squared distances of a patient's scores from a line; patients on the last axis."""
    return np.asarray(
        data.yy
        - 2 * level * data.y
        - 2 * slope * data.ty
        + level**2 * data.number
        + 2 * level * slope * data.t
        + slope**2 * data.tt
    )


def root_gradient(factor: Floats, inverse: Floats, second: Floats, n: int) -> Floats:
    """Gradient of the density of the deviations by the three numbers of their covariance."""
    slope = inverse @ second @ inverse @ factor - n * inverted(factor).T
    return np.array([slope[0, 0] * factor[0, 0], slope[1, 1] * factor[1, 1], slope[1, 0]])
