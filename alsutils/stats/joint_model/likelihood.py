"""The likelihood of scores and times together, deviations integrated out."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.special import logsumexp

from alsutils.stats.joint_model.data import Floats, JointData
from alsutils.stats.joint_model.hazard import Baseline
from alsutils.stats.joint_model.lines import (
    Moments,
    course_size,
    inverted,
    mean_lines,
    residual_squares,
    root_gradient,
    unpack_course,
)

Association = Literal["slope", "level and slope", "value"]

LINKS: dict[str, tuple[str, ...]] = {
    "slope": ("slope",),
    "level and slope": ("level", "slope"),
    "value": ("value",),
}


@dataclass(frozen=True, eq=False)
class JointLikelihood:
    """Data, baseline, association and the points at which deviations are integrated.

    Attributes
    ----------
    data : JointData
    baseline : Baseline
    association : {"slope", "level and slope", "value"}
    points : ndarray, shape (m, n, 2)
        Deviations of level and slope, m for each patient.
    log_weights : ndarray, shape (m, n)
        With which they are added.
    """

    data: JointData
    baseline: Baseline
    association: Association
    points: Floats
    log_weights: Floats

    @property
    def size(self) -> int:
        """Number of parameters."""
        hazard = self.data.X.shape[1] + self.data.C.shape[1]
        links = len(LINKS[self.association])
        return course_size(self.data) + len(self.baseline.start) + hazard + links

    def around(self, mean: Floats, spread: Moments, nodes: int) -> "JointLikelihood":
        """Put the points around each patient's deviations.

        Parameters
        ----------
        mean : ndarray, shape (n, 2)
        spread : ndarray, shape (n, 2, 2)
        nodes : int
            In each direction.

        Returns
        -------
        JointLikelihood
            With Gauss-Hermite points, turned and stretched for each patient.
        """
        x, w = np.polynomial.hermite.hermgauss(nodes)
        grid = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1).reshape(-1, 2)
        logs = np.log(w)[:, None] + np.log(w)[None, :] + (x**2)[:, None] + (x**2)[None, :]
        factor = np.linalg.cholesky(spread)
        points = mean + np.sqrt(2) * np.einsum("nij,mj->mni", factor, grid)
        size = np.log(2) + np.log(factor[:, 0, 0] * factor[:, 1, 1])
        return replace(self, points=points, log_weights=logs.ravel()[:, None] + size)

    def negative(self, theta: Floats) -> tuple[float, Floats]:
        """Give the negative log-likelihood and its gradient, exact for these points.

        Where a hazard is too large for a number, the value is infinite and the gradient zero.
        """
        value, gradient = self._negative(theta)
        if np.isfinite(value) and np.isfinite(gradient).all():
            return value, gradient
        return np.inf, np.zeros_like(gradient)

    @np.errstate(over="ignore", invalid="ignore")
    def _negative(self, theta: Floats) -> tuple[float, Floats]:
        parts = self._parts(theta)
        total = logsumexp(parts.logs, axis=0)
        share = np.exp(parts.logs - total)
        data = self.data
        course = unpack_course(data, theta)
        variance = np.exp(2 * course.log_sd)
        a, b = parts.level, parts.slope
        to_level = (data.y - a * data.number - b * data.t) / variance + parts.by_level
        to_slope = (data.ty - a * data.t - b * data.tt) / variance + parts.by_slope
        by_level, by_slope = (share * to_level).sum(axis=0), (share * to_slope).sum(axis=0)
        squares = (share * residual_squares(data, a, b)).sum()
        second = np.einsum("mn,mni,mnj->ij", share, self.points, self.points, optimize=True)
        factor = course.factor
        inverse = inverted(factor @ factor.T)
        line = (share * parts.by_line).sum(axis=0)
        gradient = np.concatenate(
            [
                [by_level.sum()],
                data.C.T @ by_level,
                [by_slope.sum()],
                data.X.T @ by_slope,
                [squares / variance - data.number.sum()],
                root_gradient(factor, inverse, second, data.n),
                np.einsum("mn,mnk->k", share, parts.by_baseline, optimize=True),
                data.X.T @ line,
                data.C.T @ line,
                np.einsum("mn,mnk->k", share, parts.by_link, optimize=True),
            ]
        )
        return -float(total.sum()), -gradient

    def posterior(self, theta: Floats) -> tuple[Floats, Moments]:
        """Give mean and covariance of each patient's deviations, scores and time known."""
        logs = self._parts(theta).logs
        share = np.exp(logs - logsumexp(logs, axis=0))
        mean = np.einsum("mn,mni->ni", share, self.points)
        apart = self.points - mean
        return mean, np.einsum("mn,mni,mnj->nij", share, apart, apart, optimize=True)

    @np.errstate(over="ignore")
    def _parts(self, theta: Floats) -> "_Parts":
        """Evaluate at every point the log density and what its gradient is made of."""
        data, points = self.data, self.points
        course = unpack_course(data, theta)
        at = course_size(data)
        k, p, c = len(self.baseline.start), data.X.shape[1], data.C.shape[1]
        hazard = theta[at : at + k]
        line = data.X @ theta[at + k : at + k + p] + data.C @ theta[at + k + p : at + k + p + c]
        link = theta[at + k + p + c :]
        level, slope = mean_lines(data, course)
        a, b = level + points[:, :, 0], slope + points[:, :, 1]
        times = self._times(hazard, line, link, a, b)
        scaled = np.linalg.solve(course.factor, points.reshape(-1, 2).T)
        spread = -0.5 * (scaled**2).sum(axis=0).reshape(points.shape[:2])
        logs = (
            self.log_weights
            - 0.5 * residual_squares(data, a, b) / np.exp(2 * course.log_sd)
            - data.number * (course.log_sd + 0.5 * np.log(2 * np.pi))
            + spread
            - np.log(2 * np.pi)
            - course.root[0]
            - course.root[1]
        )
        return replace(times, logs=logs + times.logs)

    def _times(self, hazard: Floats, line: Floats, link: Floats, a: Floats, b: Floats) -> "_Parts":
        """Evaluate the log density of the times and its gradient at every point."""
        data, base, died = self.data, self.baseline, self.data.event.astype(float)
        at_end = base.logs(hazard, data.time) + line
        end_slopes = base.slopes(hazard, data.time)
        inner = base.weights * np.exp(base.logs(hazard, base.nodes) + line[:, None])
        inner_slopes = base.slopes(hazard, base.nodes)
        zero = np.zeros_like(a)
        if self.association != "value":
            own = self.points[:, :, -len(link) :]
            linked = own @ link
            factor = np.exp(linked)
            passed = factor * inner.sum(axis=1)
            by_baseline = died[:, None] * end_slopes - factor[:, :, None] * np.einsum(
                "ng,ngk->nk", inner, inner_slopes
            )
            logs = died * (at_end + linked) - passed
            excess = died - passed
            by_link = own * excess[:, :, None]
            return _Parts(logs, a, b, zero, zero, excess, by_baseline, by_link)
        [by] = link
        current = a + b * data.time
        moved = np.exp(by * (a[:, :, None] + b[:, :, None] * base.nodes)) * inner
        passed = moved.sum(axis=2)
        passed_time = (moved * base.nodes).sum(axis=2)
        logs = died * (at_end + by * current) - passed
        excess, excess_time = died - passed, died * data.time - passed_time
        by_baseline = died[:, None] * end_slopes - np.einsum("mng,ngk->mnk", moved, inner_slopes)
        by_link = (died * current - a * passed - b * passed_time)[:, :, None]
        return _Parts(logs, a, b, by * excess, by * excess_time, excess, by_baseline, by_link)


@dataclass(frozen=True, eq=False)
class _Parts:
    """At every point: log density, lines, and derivatives of the log density of the times."""

    logs: Floats
    level: Floats
    slope: Floats
    by_level: Floats
    by_slope: Floats
    by_line: Floats
    by_baseline: Floats
    by_link: Floats
