"""Baseline hazards of the joint model."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from alsutils.stats.hazards import quantile_cuts
from alsutils.stats.joint_model.data import Floats, JointData

BaselineKind = Literal["weibull", "piecewise"]

_POINTS = 15  # of Gauss-Legendre from 0 to each patient's time
_PIECE_POINTS = 7  # within a piece of constant hazard


@dataclass(frozen=True, eq=False)
class Baseline:
    """A baseline hazard with its parameters still open.

    Attributes
    ----------
    names : tuple of str
        Of the parameters.
    start : ndarray, shape (k,)
        One constant hazard.
    logs : callable
        From parameters and times to log hazards, shape of the times.
    slopes : callable
        From parameters and times to their derivatives, shape of the times and (k,) after it.
    nodes, weights : ndarray, shape (n, g)
        Points between 0 and each patient's time, and weights that integrate over that stretch.
    """

    names: tuple[str, ...]
    start: Floats
    kind: BaselineKind
    cuts: Floats
    nodes: Floats
    weights: Floats

    def logs(self, parameters: Floats, t: Floats) -> Floats:
        """Give log hazards at times."""
        if self.kind == "weibull":
            scale, log_shape = parameters
            return scale + log_shape + np.expm1(log_shape) * np.log(t)
        return np.asarray(parameters[np.searchsorted(self.cuts, t, side="left")])

    def slopes(self, parameters: Floats, t: Floats) -> Floats:
        """Give the derivatives of log hazards by the parameters."""
        if self.kind == "weibull":
            by_shape = 1 + np.exp(parameters[1]) * np.log(t)
            return np.stack([np.ones_like(t), by_shape], axis=-1)
        piece = np.searchsorted(self.cuts, t, side="left")
        return np.asarray(piece[..., None] == np.arange(len(parameters)), float)


def baseline_hazard(data: JointData, kind: BaselineKind, pieces: int) -> Baseline:
    """Set up a baseline hazard.

    Parameters
    ----------
    data : JointData
    kind : {"weibull", "piecewise"}
        The second is constant between times that hold as many events each.
    pieces : int
        At most.

    Returns
    -------
    Baseline
    """
    rate = float(np.log(max(data.event.sum(), 0.5) / data.time.sum()))
    if kind == "weibull":
        # Points squeezed towards 0, where the hazard has no finite slope.
        v, w = _unit(_POINTS)
        nodes, weights = np.outer(data.time, v**2), np.outer(data.time, 2 * v * w)
        start = np.array([rate, 0.0])
        return Baseline(("scale", "log shape"), start, kind, np.zeros(0), nodes, weights)
    cuts = quantile_cuts(data.time, data.event, pieces)
    edges = np.concatenate([[0.0], cuts, [np.inf]])
    low = np.minimum(edges[:-1], data.time[:, None])
    width = np.minimum(edges[1:], data.time[:, None]) - low
    v, w = _unit(_PIECE_POINTS)
    nodes = (low[:, :, None] + width[:, :, None] * v).reshape(data.n, -1)
    weights = (width[:, :, None] * w).reshape(data.n, -1)
    names = tuple(f"log hazard {k + 1}" for k in range(len(cuts) + 1))
    return Baseline(names, np.full(len(names), rate), kind, cuts, nodes, weights)


def _unit(points: int) -> tuple[Floats, Floats]:
    """Points and weights of Gauss-Legendre between 0 and 1."""
    x, w = np.polynomial.legendre.leggauss(points)
    return (x + 1) / 2, w / 2
