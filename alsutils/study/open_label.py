"""A world in which treatment does nothing and knowing the arm moves what is seen.

The same patients as the twin's, up to the first treatment and on every instrument. Their ratings
after it are dealt out anew so that the same figures are printed, and under the ratings lies a truth
in which both arms decline alike. What lies between the two is the open label: patients try harder
or less hard, raters see more or less, and controls who leave are not those who do worst.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alsutils.stats.patients import lead_in_slopes
from alsutils.study.calibrate import SLOPE_STEPS, ArmTargets, ScoreChanges, dealt_again
from alsutils.study.cohort import DEATH, Cohort
from alsutils.study.dressing.scores import visit_name
from alsutils.study.dressing.subjects import Identity
from alsutils.study.world import BLINDED, SHAM

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FOLLOWERS = ("FVC", "AALS", "SF36")  # measured once, so that both worlds share them
_SLACK = 0.1  # in the correlation of a change with the followers' changes
_NOISE = 0.7  # share of the model's noise in scores between those that are printed
_MOST = 48


@dataclass(frozen=True)
class OpenLabel:
    """What knowing the arm does; every figure is a setting.

    Attributes
    ----------
    decline : float
        What all patients truly lose after baseline, points a month.
    leavers_decline : float
        What controls who leave alive truly lose, points a month.
    effort : float
        Share of the shift that is the patient's effort; a blinded rater sees it, a sham removes it.
    spread : float
        Standard deviation of the shift between patients, points.
    """

    decline: float
    leavers_decline: float
    effort: float
    spread: float


@dataclass(frozen=True)
class Truth:
    """The ALSFRS-R as it would have been seen otherwise, shape (n, visits), NaN after death.

    Attributes
    ----------
    blinded : ndarray
        By a rater who does not know the arm, of patients who do.
    sham : ndarray
        Had neither known it.
    """

    blinded: Floats
    sham: Floats

    def table(self, cohort: Cohort, who: Identity) -> pd.DataFrame:
        """Give one row a patient and visit: USUBJID, AVISITN, AVISIT, BLINDED and SHAM."""
        patient, visit = np.nonzero(~np.isnan(self.sham))
        months = cohort.months[visit]
        table = pd.DataFrame(
            {
                "USUBJID": who.subject[patient],
                "AVISITN": months,
                "AVISIT": [visit_name(int(month)) for month in months],
                BLINDED: self.blinded[patient, visit],
                SHAM: self.sham[patient, visit],
            }
        )
        return table.sort_values(["USUBJID", "AVISITN"], kind="stable", ignore_index=True)


def read_open_label(content: Mapping[str, Any]) -> OpenLabel | None:
    """Read the block ``open_label`` of ``simulation.yml``; None where there is none.

    Raises
    ------
    ValueError
        If an entry is missing or unknown.
    """
    block = content.get("open_label")
    if block is None:
        return None
    try:
        return OpenLabel(**{key: float(value) for key, value in block.items()})
    except (TypeError, AttributeError) as error:
        raise ValueError(
            "simulation.yml: open_label needs decline, leavers_decline, effort and spread, and "
            "nothing else."
        ) from error


def plain_truth(cohort: Cohort) -> Truth:
    """Give the truth of a world in which knowing the arm changes nothing."""
    alive = _while_alive(cohort, _complete(cohort))
    return Truth(alive, alive.copy())


def without_effect(
    cohort: Cohort,
    targets: tuple[ArmTargets, ...],
    correlation: float,
    setting: OpenLabel,
    rng: np.random.Generator,
) -> tuple[Cohort, Truth]:
    """Move a twin into the world in which treatment does nothing.

    Parameters
    ----------
    cohort : Cohort
        The twin's patients.
    targets : tuple of ArmTargets
        Printed figures of each arm.
    correlation : float
        Of the ALSFRS-R changes at months 4 and 6.
    setting : OpenLabel
        What knowing the arm does.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    Cohort
        Other ALSFRS-R ratings after baseline; all else is the twin's.
    Truth
        In which the arms' mean changes are alike at every visit.
    """
    score = cohort.score.copy()
    for arm, target in enumerate(targets):
        _rate_again(cohort, score, arm, target, correlation, rng)
    moved = replace(cohort, score=score, complete=None)
    sham = _complete(cohort).copy()
    effort = np.zeros_like(sham)
    for arm in range(len(targets)):
        _lay_truth(moved, sham, effort, arm, setting, rng)
    sham, effort = _while_alive(cohort, sham), np.clip(effort, -sham, _MOST - sham)
    return moved, Truth(sham + effort, sham)


def _complete(cohort: Cohort) -> Floats:
    if cohort.complete is None:
        raise ValueError("Only a twin's cohort holds what would have been rated.")
    return cohort.complete


def _while_alive(cohort: Cohort, values: Floats) -> Floats:
    """Leave out visits on or after the day of death."""
    return np.where(cohort.visit_day < cohort.death_day[:, None], values, np.nan)


def _rate_again(
    cohort: Cohort,
    score: Floats,
    arm: int,
    target: ArmTargets,
    correlation: float,
    rng: np.random.Generator,
) -> None:
    """Deal new ratings after baseline to one arm, in place."""
    zero, four, six = (cohort.column(month) for month in (0, 4, 6))
    seen_4, seen_6 = (~np.isnan(cohort.score[:, column]) for column in (four, six))
    who = np.flatnonzero((cohort.arm == arm) & seen_4)
    who = who[np.argsort(~seen_6[who], kind="stable")]  # those without month 6 come last
    base = score[who, zero]
    lead_in = lead_in_slopes(cohort.score[who], cohort.months.astype(float))
    start = ScoreChanges(
        score[who, four] - base,
        score[who, six] - base,
        np.rint(lead_in * SLOPE_STEPS).astype(np.int64),
    )
    penalty = _penalty(cohort, who, start, base)
    found = dealt_again(target, correlation, start, penalty, rng)
    score[who, four], score[who, six] = base + found.change_4, base + found.change_6
    for month in (1, 2):
        line = base + found.change_4 * month / 4
        score[who, cohort.column(month)] = np.clip(
            np.rint(line + rng.normal(0.0, _NOISE, len(who))), 0, _MOST
        )


def _penalty(
    cohort: Cohort, who: Ints, start: ScoreChanges, base: Floats
) -> Callable[[Ints], float]:
    """Keep who responds well to treatment, the scale's ends, and how far other scores follow."""
    zero, four = cohort.column(0), cohort.column(4)
    # With lead-in slopes in tenths, a slope improved by half at month 4 is 5 x change >= lead-in.
    good = 5 * start.change_4 >= start.lead_in
    weight = 0.5 if cohort.arm[who[0]] > 0 else 0.0  # cytokines go with it in treated arms
    followers = []
    for code in _FOLLOWERS:
        change = cohort.others[code][who, four] - cohort.others[code][who, zero]
        kept = np.flatnonzero(~np.isnan(change))
        centred = change[kept] - change[kept].mean()
        unit = centred / np.sqrt(centred @ centred)
        followers.append((kept, unit, _along(start.change_4[kept], unit)))

    def penalty(state: Ints) -> float:
        total = weight * np.count_nonzero((5 * state[0] >= state[2]) != good)
        total += float(np.maximum(-(base + state[:2].min(axis=0)), 0).sum())
        total += float(np.maximum(base + state[:2].max(axis=0) - _MOST, 0).sum())
        for kept, unit, wanted in followers:
            total += 20 * max(abs(_along(state[0, kept], unit) - wanted) - _SLACK, 0.0)
        return total

    return penalty


def _along(values: NDArray[Any], unit: Floats) -> float:
    """Correlation with a centred variable of length one."""
    n, total = len(values), values.sum()
    return float(values @ unit) / sqrt(float(values @ values) - float(total) ** 2 / n)


def _lay_truth(
    cohort: Cohort,
    sham: Floats,
    effort: Floats,
    arm: int,
    setting: OpenLabel,
    rng: np.random.Generator,
) -> None:
    """Lay one arm's truth under its ratings, in place: alike in the mean, with a shift between."""
    zero = cohort.column(0)
    members = cohort.arm == arm
    reason = np.array(cohort.reason)
    left = (reason != "") & (reason != DEATH) & members
    own = rng.normal(0.0, setting.spread, cohort.n)  # a patient's own shift, the same at each visit
    decline = setting.leavers_decline if arm == 0 else setting.decline
    for month in (1, 2, 4, 6):
        column = cohort.column(month)
        rated = ~np.isnan(cohort.score[:, column]) & members
        # Who left alive goes on by a line; who died, as the twin did.
        gone = left & ~rated
        sham[gone, column] = np.rint(sham[gone, zero] - decline * month)
        alive = members & (cohort.visit_day[:, column] < cohort.death_day)
        rest = alive & ~rated
        wanted = -setting.decline * month * alive.sum()
        total = np.rint(wanted - (sham[rest, column] - sham[rest, zero]).sum())
        shift = _whole_shift(cohort.score[rated, column], sham[rated, zero], total, own[rated])
        sham[rated, column] = cohort.score[rated, column] - shift
        effort[rated, column] = np.rint(setting.effort * shift)


def _whole_shift(rated: Floats, base: Floats, total: float, own: Floats) -> Floats:
    """Give whole shifts so that the true changes add up to ``total`` and stay on the scale."""
    needed = (rated - base).sum() - total
    low, high = rated - _MOST, rated
    shift = np.clip(np.rint(needed / len(rated) + own), low, high)
    aim = needed / len(rated) + own
    while gap := needed - shift.sum():
        step = np.sign(gap)
        room = (shift + step >= low) & (shift + step <= high)
        shift[np.argmin(np.where(room, np.abs(shift + step - aim), np.inf))] += step
    return np.asarray(shift)
