"""Traps of survival analysis, each fallen into with simulated patients."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from alsutils.stats.censoring import CensoringTipping, tipping_censoring
from alsutils.stats.traps import (
    Trap,
    external_controls,
    immortal_time,
    informative_censoring,
    left_truncation,
)

TrapName = Literal["immortal time", "external controls", "informative censoring", "left truncation"]
SEED = 2018
_MANY = 500  # patients of a group, so that the trap is no chance finding
_TRAPS: dict[TrapName, Callable[[np.random.Generator, int], Trap]] = {
    "immortal time": immortal_time,
    "external controls": external_controls,
    "informative censoring": informative_censoring,
    "left truncation": left_truncation,
}
_MULTIPLES = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)
_IMPUTATIONS = 50


@dataclass(frozen=True)
class Example:
    """A trap with simulated patients in it.

    Attributes
    ----------
    name : str
        Of the trap.
    trap : Trap
        The patients and their analyses, wrong and right.
    """

    name: TrapName
    trap: Trap


def trap(name: TrapName) -> Example:
    """Fall into a trap with simulated patients, the same ones each time.

    Parameters
    ----------
    name : {"immortal time", "external controls", "informative censoring", "left truncation"}
        Which one.

    Returns
    -------
    Example
        About no study: the patients are simulated and the true hazard ratio is known.
    """
    return Example(name, _TRAPS[name](np.random.default_rng(SEED), _MANY))


def doubted_censoring(example: Example) -> CensoringTipping:
    """Ask how much worse those who left would have had to fare to change the conclusion.

    Parameters
    ----------
    example : Example
        That of informative censoring.

    Returns
    -------
    CensoringTipping
        By multiple imputation of the times of treated patients who left: the hazard after leaving
        is a multiple of that of those who stayed.
    """
    patients = example.trap.patients
    return tipping_censoring(
        patients["time"],
        patients["event"],
        patients["group"] == "treated",
        float(patients["full_time"].max()),
        _MULTIPLES,
        np.random.default_rng(SEED),
        early=patients["left"].to_numpy(),
        n_imputations=_IMPUTATIONS,
    )
