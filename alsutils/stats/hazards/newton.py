"""Climbing to the maximum of a likelihood."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from alsutils.stats.hazards.partial import HazardFitError
from alsutils.stats.survival.times import Floats

_STEPS = 100
_CLOSE = 1e-12  # squared distance to the maximum in standard errors, after which one step is left
_FLAT = 1e14  # condition of the information beyond which directions have no maximum


class Evaluated(Protocol):
    """A log-likelihood, its slope, and the negative of its second derivative."""

    @property
    def value(self) -> float: ...  # noqa: D102
    @property
    def score(self) -> Floats: ...  # noqa: D102
    @property
    def information(self) -> Floats: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class Place:
    """A log-likelihood, its slope, and the negative of its second derivative."""

    value: float
    score: Floats
    information: Floats


At = TypeVar("At", bound=Evaluated)


@dataclass(frozen=True, eq=False)
class Top(Generic[At]):
    """The maximum of a likelihood, and the likelihood there."""

    theta: Floats
    at: At


def climb(evaluate: Callable[[Floats], At], start: Floats, failed: str) -> Top[At]:
    """Find the maximum of a likelihood by Newton's steps, halved where they go down.

    Parameters
    ----------
    evaluate : callable
        From parameters to the likelihood there; a value of minus infinity where there is none.
    start : ndarray
        Parameters to begin with.
    failed : str
        What to say where there is no maximum.

    Returns
    -------
    Top

    Raises
    ------
    HazardFitError
        If there is no maximum.
    """
    theta, at = start, evaluate(start)
    for _ in range(_STEPS):
        if not np.isfinite(at.information).all() or np.linalg.cond(at.information) > _FLAT:
            break
        step = np.linalg.solve(at.information, at.score)
        distance = float(step @ at.score)
        new = evaluate(theta + step)
        while not new.value >= at.value - 1e-10 * abs(at.value) and np.abs(step).max() > 1e-13:
            step = step / 2
            new = evaluate(theta + step)
        theta, at = theta + step, new
        if abs(distance) < _CLOSE:
            return Top(theta, at)
    raise HazardFitError(failed)
