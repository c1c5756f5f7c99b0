"""Times to an event: how many events, and how many patients for them."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from alsutils.stats.power.level import TWO_SIDED, Floats, Level, normal_power
from alsutils.stats.power.planning import Effects


@dataclass(frozen=True)
class HazardTest:
    """A log-rank test in a plan.

    Events and losses come at constant rates. Patients enter evenly over ``accrual``, and the trial
    ends ``follow_up`` after the last one entered.

    Attributes
    ----------
    hazard : float
        Events per patient and unit of time in the control arm.
    follow_up : float
        From the entry of the last patient to the end.
    accrual : float
        Over which patients enter; 0 where each is followed for ``follow_up``.
    loss : float
        Losses to follow-up per patient and unit of time, alike in all arms.
    level : Level
        Of the test.

    References
    ----------
    Schoenfeld DA. Sample-size formula for the proportional-hazards regression model. Biometrics
    1983;39:499-503. doi:10.2307/2531021. Lachin JM, Foulkes MA. Evaluation of sample size and power
    for analyses of survival with allowance for nonuniform patient entry, losses to follow-up,
    noncompliance, and stratification. Biometrics 1986;42:507-519. doi:10.2307/2531201
    """

    hazard: float
    follow_up: float
    accrual: float = 0.0
    loss: float = 0.0
    level: Level = TWO_SIDED

    def __post_init__(self) -> None:
        if not (self.hazard > 0 and self.loss >= 0):
            raise ValueError("hazard must be positive and loss not negative")
        if not (self.follow_up >= 0 and self.accrual >= 0 and self.follow_up + self.accrual > 0):
            raise ValueError("follow_up and accrual cannot be negative, nor both 0")

    @property
    def effects(self) -> Effects:
        """Hazard of the treated arm over that of the control; none is 1."""
        return Effects(0.0, 1.0, math.inf)

    @property
    def steady(self) -> bool:
        """More patients never mean less power."""
        return True

    def power(self, effect: ArrayLike, n_control: ArrayLike, n_treated: ArrayLike) -> Floats:
        """Give the probability to find a hazard ratio.

        Parameters
        ----------
        effect : array_like
            True hazard ratio, positive.
        n_control, n_treated : array_like
            Patients randomised to each arm.

        Returns
        -------
        ndarray
            The shape of the arguments together; missing where a ratio is not positive.
        """
        ratio = np.asarray(effect, float)
        n0, n1 = np.asarray(n_control, float), np.asarray(n_treated, float)
        return events_power(ratio, self.events(ratio, n0, n1), n1 / (n0 + n1), self.level)

    def events(self, ratio: ArrayLike, n_control: ArrayLike, n_treated: ArrayLike) -> Floats:
        """Give the expected number of events in both arms together.

        Parameters
        ----------
        ratio, n_control, n_treated : array_like
            As in ``power``.

        Returns
        -------
        ndarray
            The shape of the arguments together.
        """
        control = self.event_share(1.0) * np.asarray(n_control, float)
        return np.asarray(control + self.event_share(ratio) * np.asarray(n_treated, float))

    def event_share(self, ratio: ArrayLike = 1.0) -> Floats:
        """Give the share of an arm's patients with an event by the end of the trial.

        Parameters
        ----------
        ratio : array_like
            Hazard of the arm over that of the control.

        Returns
        -------
        ndarray
            The shape of ``ratio``.
        """
        hazard = self.hazard * np.asarray(ratio, float)
        leaving = hazard + self.loss
        # The share still there, averaged over the times at which patients entered.
        staying = np.exp(-leaving * self.follow_up) * special.exprel(-leaving * self.accrual)
        return np.asarray(hazard / leaving * (1 - staying))


@dataclass(frozen=True)
class EventPower:
    """What a number of events can show.

    Attributes
    ----------
    events : float
        In the two groups together.
    ratio : float
        Hazard ratio supposed to be true.
    power : float
        Chance that a two-sided log-rank test finds it.
    detectable_ratio : float
        Hazard ratio below 1 found with chance ``target``.
    target : float
        0.8 for 80%.
    events_needed : float
        Events with which ``ratio`` is found with chance ``target``.
    """

    events: float
    ratio: float
    power: float
    detectable_ratio: float
    target: float
    events_needed: float

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row with every figure."""
        return pd.DataFrame([{k: v for k, v in self.__dict__.items() if k != "frame"}])


def events_power(
    ratio: ArrayLike, events: ArrayLike, share_treated: ArrayLike, level: Level = TWO_SIDED
) -> Floats:
    """Give the power of a log-rank test from its number of events.

    Parameters
    ----------
    ratio : array_like
        True hazard ratio, positive.
    events : array_like
        In both arms together.
    share_treated : array_like
        Share of the patients who are in the treated arm.
    level : Level
        Of the test.

    Returns
    -------
    ndarray
        By Schoenfeld's formula; the shape of the arguments together.
    """
    hazard_ratio, share = np.asarray(ratio, float), np.asarray(share_treated, float)
    log_ratio = np.log(np.where(hazard_ratio > 0, hazard_ratio, np.nan))
    return normal_power(log_ratio * np.sqrt(share * (1 - share) * np.asarray(events)), level)


def events_needed(
    ratio: float, power: float = 0.8, share_treated: float = 0.5, level: Level = TWO_SIDED
) -> float:
    """Give the number of events with which a log-rank test finds a hazard ratio.

    Parameters
    ----------
    ratio : float
        True hazard ratio, positive and not 1.
    power : float
        Probability asked for.
    share_treated : float
        Share of the patients who are in the treated arm.
    level : Level
        Of the test.

    Returns
    -------
    float
        In both arms together, not rounded; the far tail of a two-sided test is left out.

    Raises
    ------
    ValueError
        If the ratio is 1 or not positive.

    Examples
    --------
    >>> round(events_needed(0.7))
    247
    """
    if ratio <= 0 or ratio == 1:
        raise ValueError(f"ratio must be positive and not 1, got {ratio:g}")
    reach = special.ndtri(power) - special.ndtri(level.tail)
    return float((reach / math.log(ratio)) ** 2 / (share_treated * (1 - share_treated)))


def power_of_events(
    events: float, share_treated: float, ratio: float, alpha: float = 0.05, target: float = 0.8
) -> EventPower:
    """Say what a number of events can show.

    Parameters
    ----------
    events : float
        In both groups together.
    share_treated : float
        Share of the people who are in the treated group, between 0 and 1.
    ratio : float
        Hazard ratio supposed to be true, positive and not 1.
    alpha : float
        Two-sided level.
    target : float
        Power for the detectable ratio and the events needed.

    Returns
    -------
    EventPower
        By Schoenfeld's formula.

    Raises
    ------
    ValueError
        If a share or level is not between 0 and 1, or the ratio is 1 or not positive.

    References
    ----------
    Schoenfeld DA. Sample-size formula for the proportional-hazards regression model. Biometrics
    1983;39:499-503.

    Examples
    --------
    >>> round(power_of_events(247, 0.5, 0.7).power, 2)
    0.8
    """
    if not (0 < share_treated < 1 and 0 < alpha < 1 and 0 < target < 1):
        raise ValueError("share_treated, alpha and target must lie between 0 and 1")
    level = Level(alpha)
    power = float(events_power(ratio, events, share_treated, level))
    reach = special.ndtri(target) - special.ndtri(level.tail)
    unit = math.sqrt(share_treated * (1 - share_treated))
    detectable = math.exp(-reach / (unit * math.sqrt(events))) if events > 0 else math.nan
    needed = events_needed(ratio, target, share_treated, level)
    return EventPower(float(events), ratio, power, detectable, target, needed)
