"""From the power of a test to the patients it needs and the effect it can find."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize

from alsutils.stats.power.level import Floats

LARGEST = 10_000_000  # patients in an arm; a search ends here
_NEAR = 1e-9  # a limit of the effect itself, such as a share of 0, is never tried


@dataclass(frozen=True)
class Effects:
    """On what scale a test measures an effect.

    Attributes
    ----------
    low, none, high : float
        Smallest value, the value of no effect, and largest value; the outer two may be infinite.
    """

    low: float
    none: float
    high: float


class Plan(Protocol):
    """A test of one treated arm against the control, planned but not yet done."""

    @property
    def effects(self) -> Effects:
        """Scale of the effect."""
        ...

    @property
    def steady(self) -> bool:
        """Whether more patients never mean less power."""
        ...

    def power(self, effect: ArrayLike, n_control: ArrayLike, n_treated: ArrayLike) -> Floats:
        """Give the probability to find an effect."""
        ...


@dataclass(frozen=True)
class SampleSize:
    """How many patients a comparison needs.

    Attributes
    ----------
    n_control, n_treated : int
        Patients analysed in the control arm and in each treated arm.
    enrolled_control, enrolled_treated : int
        Patients to randomise, so that as many are left after drop-out.
    arms : int
        Arms, the control among them.
    effect : float
        True effect, on the scale of the test.
    power : float
        Probability to find it with these whole numbers of patients.
    target : float
        Power asked for.
    """

    n_control: int
    n_treated: int
    enrolled_control: int
    enrolled_treated: int
    arms: int
    effect: float
    power: float
    target: float

    @property
    def total(self) -> int:
        """Patients to randomise in all arms."""
        return self.enrolled_control + (self.arms - 1) * self.enrolled_treated

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row with every figure and the total."""
        fields = {k: v for k, v in self.__dict__.items() if k != "frame"}
        return pd.DataFrame([fields | {"total": self.total}])


def sample_size(
    plan: Plan,
    effect: float,
    power: float = 0.8,
    ratio: float = 1.0,
    dropout: float = 0.0,
    arms: int = 2,
) -> SampleSize:
    """Find the smallest arms with which a test finds an effect.

    Parameters
    ----------
    plan : Plan
        Such as `MeanTest`, `ShareTest` or `HazardTest`.
    effect : float
        True effect, on the scale of the test.
    power : float
        Probability asked for.
    ratio : float
        Patients in a treated arm for each in the control arm; part of a patient counts as one.
    dropout : float
        Share of those randomised who will not be analysed, from 0 to below 1. Leave it at 0 where
        the test knows of drop-out itself.
    arms : int
        Arms, each treated one compared with the control.

    Returns
    -------
    SampleSize
        Whole patients.

    Raises
    ------
    ValueError
        If there is no effect to find, a share is out of range, or more than ``LARGEST`` patients
        would be needed.

    Examples
    --------
    >>> from alsutils.stats.power import MeanTest
    >>> found = sample_size(MeanTest(sd=4), effect=2, power=0.8, dropout=0.1)
    >>> found.n_control, found.enrolled_control, found.total
    (64, 72, 144)
    """
    _check(plan, effect, power, ratio, dropout, arms)

    def enough(n: int) -> bool:
        return bool(plan.power(effect, n, _treated(n, ratio)) >= power)

    low, high = 1, 2
    while not enough(high):
        if high > LARGEST:
            raise ValueError(f"more than {LARGEST:,} patients in an arm would be needed")
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    if not plan.steady:
        # Power goes up and down by a little: arms smaller by a few patients may do as well.
        first = max(2, math.floor(high - 3 * math.sqrt(high) - 10))
        high = next(n for n in range(first, high + 1) if enough(n))
    treated = _treated(high, ratio)
    return SampleSize(
        n_control=high,
        n_treated=treated,
        enrolled_control=enrolled(high, dropout),
        enrolled_treated=enrolled(treated, dropout),
        arms=arms,
        effect=effect,
        power=float(plan.power(effect, high, treated)),
        target=power,
    )


def enrolled(n: int, dropout: float) -> int:
    """Give the patients to randomise so that ``n`` are left when a share drops out."""
    return math.ceil(round(n / (1 - dropout), 9))


def detectable_effect(
    plan: Plan, n_control: float, n_treated: float, power: float = 0.8, upward: bool = True
) -> float:
    """Find the smallest effect that a test finds with a given power.

    Parameters
    ----------
    plan : Plan
        Such as `MeanTest`, `ShareTest` or `HazardTest`.
    n_control, n_treated : float
        Patients analysed in the two arms.
    power : float
        Probability asked for.
    upward : bool
        Whether the effect lies above no effect or below it.

    Returns
    -------
    float
        On the scale of the test; missing where the arms are too small for any effect.

    Examples
    --------
    >>> from alsutils.stats.power import HazardTest, MeanTest
    >>> round(detectable_effect(MeanTest(sd=4), 30, 30), 2)
    2.94
    >>> round(detectable_effect(HazardTest(hazard=0.03, follow_up=24), 150, 150, upward=False), 2)
    0.61
    """
    none = plan.effects.none
    limit = plan.effects.high if upward else plan.effects.low

    def lacking(effect: float) -> float:
        return float(plan.power(effect, n_control, n_treated)) - power

    if not lacking(none) < 0:
        return math.nan
    if math.isinf(limit):
        step = 1.0 if upward else -1.0
        while lacking(none + step) < 0 and abs(step) < 1e300:
            step *= 4
        limit = none + step
    else:
        limit = none + (1 - _NEAR) * (limit - none)
    if not lacking(limit) >= 0:
        return math.nan
    # Relative to a limit that may be far off, so that the unit of the effect does not matter.
    share = optimize.brentq(
        lambda s: lacking(none + s * (limit - none)), 0, 1, xtol=1e-14, rtol=1e-12
    )
    return none + share * (limit - none)


def _treated(n_control: int, ratio: float) -> int:
    return math.ceil(round(ratio * n_control, 9))


def _check(
    plan: Plan, effect: float, power: float, ratio: float, dropout: float, arms: int
) -> None:
    scale = plan.effects
    if effect == scale.none or not scale.low <= effect <= scale.high:
        raise ValueError(
            f"effect must lie between {scale.low:g} and {scale.high:g} and not be {scale.none:g}, "
            f"which is no effect; it is {effect:g}"
        )
    if not 0 < power < 1:
        raise ValueError(f"power must lie between 0 and 1, not {power:g}")
    if ratio <= 0 or arms < 2:
        raise ValueError("ratio must be positive and there must be two arms or more")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be a share from 0 to below 1, not {dropout:g}")
