"""The cohort of a synthetic twin: patients of the model, moved onto a trial's printed figures."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from alsutils.stats.patients import (
    Patients,
    Scenario,
    baseline_scores,
    event_months,
    log_hazard_ratios,
    simulate_patients,
)
from alsutils.study.calibrate import (
    SLOPE_STEPS,
    ArmTargets,
    calibrated_change,
    calibrated_lead_in,
    score_changes,
)
from alsutils.study.cohort import (
    AALS,
    DAYS_PER_MONTH,
    DEATH,
    FVC,
    LOST,
    SF36,
    WITHDRAWAL,
    Cohort,
    Endings,
    Score,
    endings,
    model_score,
    on_scale,
    visit_days,
)
from alsutils.study.dressing.events import EventCounts
from alsutils.study.dressing.subjects import Calendar
from alsutils.study.open_label import OpenLabel, read_open_label

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MONTHS = (-3, -2, -1, 0, 1, 2, 4, 6)
_SEARCH = 4  # lead-in scores are sought this many points around the patient's line
# Correlation of each change with that of the ALSFRS-R, and spread of its lead-in slope a month.
_FOLLOWS = {"AALS": (-0.7, 3.0), "FVC": (0.45, 2.6), "SF36": (0.4, 0.0)}


@dataclass(frozen=True)
class TwinSettings:
    """What a twin is made from beside its printed results; see ``simulation.yml``.

    Attributes
    ----------
    randomised : mapping of str to int
        Patients by arm.
    deaths : mapping of str to int
        Deaths by month 6, by arm.
    change_correlation : float
        Of the ALSFRS-R changes at months 4 and 6.
    calendar : Calendar
        Enrolment and follow-up.
    counts : EventCounts
        Patients with each adverse event, arms in the order of the study.
    scenario : Scenario
        The patient model.
    open_label : OpenLabel or None
        For a world in which treatment does nothing: what knowing the arm does.
    """

    randomised: Mapping[str, int]
    deaths: Mapping[str, int]
    change_correlation: float
    calendar: Calendar
    counts: EventCounts
    scenario: Scenario
    open_label: OpenLabel | None = None


def read_settings(path: Path, arms: tuple[str, ...], study: str) -> TwinSettings:
    """Read ``simulation.yml``.

    Parameters
    ----------
    path : Path
        The file.
    arms : tuple of str
        Arm values of the study, the control first.
    study : str
        STUDYID of the tables, unless the file names another as ``study``.

    Returns
    -------
    TwinSettings
        The settings, arms in the order of the study.

    Raises
    ------
    ValueError
        If the file or one of its entries is missing.
    """
    if not path.is_file():
        raise ValueError(
            f"A twin needs {path.name} beside study.yml; there is none in {path.parent}."
        )
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        design, shape = content["design"], content["shape"]
        first, last = design["enrolled"]
        name = content.get("study", study)
        until: date = shape["follow_up_until"]
        by_arm = {
            term: tuple(int(patients[arm]) for arm in arms)
            for term, patients in shape["patients_with_event"].items()
        }
        return TwinSettings(
            randomised={arm: design["randomised"][arm] for arm in arms},
            deaths={arm: shape["deaths_by_month_6"][arm] for arm in arms},
            change_correlation=shape["change_correlation"],
            calendar=Calendar(name, first, last, until, design["screen_failures"]),
            counts=EventCounts(
                by_arm, tuple(shape["patients_with_serious_event"][arm] for arm in arms)
            ),
            scenario=_scenario(shape["scenario"], arms, design["randomised"]),
            open_label=read_open_label(content),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{path.name}: the entry {error} is missing or has the wrong shape."
        ) from error


def twin_cohort(
    targets: tuple[ArmTargets, ...], settings: TwinSettings, rng: np.random.Generator
) -> Cohort:
    """Build patients whose tables print as the targets.

    Parameters
    ----------
    targets : tuple of ArmTargets
        Printed figures of each arm.
    settings : TwinSettings
        Sizes, deaths and the patient model.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    Cohort
        Patients of all arms in random order.
    """
    model = simulate_patients(settings.scenario, rng)
    cohorts = [_arm_cohort(arm, target, settings, model, rng) for arm, target in enumerate(targets)]
    order = rng.permutation(sum(part.n for part in cohorts))
    return _joined(cohorts, order)


def _scenario(entries: dict[str, Any], arms: tuple[str, ...], sizes: dict[str, int]) -> Scenario:
    """Build the patient model, with lists made into tuples."""
    known = {item.name for item in fields(Scenario)}
    unknown = sorted(set(entries) - known)
    if unknown:
        raise ValueError(f"simulation.yml: scenario has no field {', '.join(unknown)}.")
    values: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in entries.items()
    }
    return Scenario(**values, arms=arms, n_per_arm=tuple(sizes[arm] for arm in arms), months=MONTHS)


def _arm_cohort(
    arm: int,
    targets: ArmTargets,
    settings: TwinSettings,
    model: Patients,
    rng: np.random.Generator,
) -> Cohort:
    """One arm: patients with month 6, then those without, then those without month 4."""
    n, seen, late = settings.randomised[targets.arm], targets.change_4.n, targets.change_6.n
    changes = score_changes(targets, settings.change_correlation, rng)
    member = np.flatnonzero(model.arm == arm)
    lead_in = np.concatenate(
        [changes.lead_in / SLOPE_STEPS, np.round(model.lead_in_slope[member[seen:]], 1)]
    )
    member = _same_rank(model.lead_in_slope[member], lead_in, member)
    score = _score_paths(model, member, lead_in, changes.change_4, changes.change_6, rng)
    months = np.asarray(MONTHS)
    visit_day = visit_days(months, n, rng)
    reason = _reasons(lead_in, seen, late, settings.deaths[targets.arm])
    end_day = _end_days(visit_day, np.arange(n) < seen, np.arange(n) < late, rng)
    ended = ~(np.arange(n) < late)
    complete = score.copy()
    score[ended] = np.where(visit_day[ended] < end_day[ended, None], score[ended], np.nan)
    bulbar = _with_share(n, settings.scenario.bulbar, rng)
    log_hr = log_hazard_ratios(
        settings.scenario,
        lead_in_slope=lead_in,
        age=model.age[member],
        bulbar=bulbar,
        arm=np.full(n, arm),
    )
    ends = _endings(settings.scenario, log_hr, end_day, np.array(reason) == DEATH, rng)
    carried = {"FRSIMP": (np.arange(n) >= late) & (np.arange(n) < targets.responders_n)}
    carried["FRSSLC"] = (np.arange(n) >= late) & (np.arange(n) < targets.slope_change_6.n)
    return Cohort(
        arms=settings.scenario.arms,
        arm=np.full(n, arm),
        age=model.age[member],
        onset_months=model.onset_months[member],
        male=_with_share(n, settings.scenario.male, rng),
        bulbar=bulbar,
        months=months,
        visit_day=visit_day,
        score=score,
        others={kind.code: _other_score(kind, targets, score, rng) for kind in (AALS, SF36, FVC)},
        death_day=ends.death_day,
        tracheostomy_day=ends.tracheostomy_day,
        end_day=end_day,
        reason=tuple(reason),
        carried=carried,
        complete=complete,
    )


def _same_rank(model_lead_in: Floats, lead_in: Floats, member: Ints) -> Ints:
    """Give each lead-in slope to the simulated patient whose own slope has the same rank."""
    matched = np.empty_like(member)
    matched[np.argsort(lead_in, kind="stable")] = member[np.argsort(model_lead_in, kind="stable")]
    return matched


def _with_share(n: int, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Mark as many of n patients, chosen at random, as come nearest to a share."""
    return rng.permutation(n) < round(n * share)


def _score_paths(
    model: Patients,
    member: Ints,
    lead_in: Floats,
    change_4: Floats,
    change_6: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Whole-number scores at every visit that have the given slopes and changes."""
    scenario = model.scenario
    n, seen = len(member), len(change_4)
    expected = np.rint(model.post_slope[member][:, None] * np.array([4.0, 6.0]))
    expected[:seen, 0] = change_4
    expected[:seen, 1] = np.where(np.isnan(change_6), expected[:seen, 1], change_6)
    base = np.rint(baseline_scores(scenario, -lead_in, rng))
    lowest, highest = np.minimum(expected.min(axis=1), 0), np.maximum(expected.max(axis=1), 0)
    room = scenario.ceiling - np.maximum(highest, np.ceil(-3 * lead_in) + 1)
    base = np.clip(base, scenario.floor + 3 - lowest, room)
    score = np.empty((n, len(MONTHS)))
    for i in range(n):
        tenths = round(float(lead_in[i]) * SLOPE_STEPS)
        score[i, :3] = _lead_in_scores(int(base[i]), tenths, scenario, rng)
    score[:, 3] = base
    between = np.array([1.0, 2.0])
    line = base[:, None] + expected[:, [0]] * between / 4
    score[:, 4:6] = np.rint(line + rng.normal(0.0, 0.7 * scenario.noise_sd, line.shape))
    score[:, 6:] = base[:, None] + expected
    return np.clip(score, scenario.floor, scenario.ceiling)


def _lead_in_scores(base: int, tenths: int, scenario: Scenario, rng: np.random.Generator) -> Ints:
    """Scores at months -3, -2 and -1 whose least-squares slope with the baseline is exact.

    Over four monthly scores the slope is (-3a - b + c + 3 base) / 10, so two of the three are free.
    """
    line = base - tenths / SLOPE_STEPS * np.array([3.0, 2.0, 1.0])
    step = np.arange(-_SEARCH, _SEARCH + 1)
    a, b = (grid.ravel() for grid in np.meshgrid(round(line[0]) + step, round(line[1]) + step))
    c = tenths + 3 * a + b - 3 * base
    found = np.column_stack([a, b, c])
    inside = ((found >= scenario.floor) & (found <= scenario.ceiling)).all(axis=1)
    found = found[inside]
    weight = np.exp(-(((found - line) / scenario.noise_sd) ** 2).sum(axis=1) / 2)
    return np.asarray(found[rng.choice(len(found), p=weight / weight.sum())], dtype=np.int64)


def _reasons(lead_in: Floats, seen: int, late: int, deaths: int) -> list[str]:
    """Why each patient ended early: who declined fastest dies, the others leave alive.

    Half of the deaths, rounded down, fall after month 4.
    """
    n = len(lead_in)
    after = min(deaths // 2, seen - late)
    if deaths - after > n - seen:
        raise ValueError(
            f"{deaths} deaths by month 6 do not fit: only {n - late} patients have no month-6 "
            "score. Lower deaths_by_month_6 in simulation.yml."
        )
    reasons = [""] * n
    for first, last, dead in ((late, seen, after), (seen, n, deaths - after)):
        for rank, i in enumerate(first + np.argsort(lead_in[first:last], kind="stable")):
            alive = WITHDRAWAL if rank % 2 == 0 else LOST
            reasons[i] = DEATH if rank < dead else alive
    return reasons


def _end_days(
    visit_day: Ints, has_4: NDArray[np.bool_], has_6: NDArray[np.bool_], rng: np.random.Generator
) -> Floats:
    """Last visit of those who complete; for the rest a day between two visits."""
    month_1, month_4, month_6 = (visit_day[:, MONTHS.index(month)] for month in (1, 4, 6))
    share = rng.random(len(visit_day))
    after_4 = month_4 + 5 + np.rint(share * (month_6 - month_4 - 10))
    before_4 = month_1 + 5 + np.rint(share * (month_4 - month_1 - 10))
    return np.where(has_6, month_6, np.where(has_4, after_4, before_4)).astype(float)


def _endings(
    scenario: Scenario,
    log_hr: Floats,
    end_day: Floats,
    died: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Endings:
    """Deaths during the trial on the last day, later ones from the model."""
    alive_at = end_day / DAYS_PER_MONTH
    month = event_months(scenario, log_hr, alive_at=alive_at, rng=rng)
    # Nobody still in the study at its end dies in the month after it.
    event_day = np.maximum(np.rint(month * DAYS_PER_MONTH), end_day + 30)
    later = endings(event_day, np.full(len(end_day), 190.0), rng)
    return Endings(
        tracheostomy_day=np.where(died, np.inf, later.tracheostomy_day),
        death_day=np.where(died, end_day, later.death_day),
    )


def _other_score(
    kind: Score, targets: ArmTargets, score: Floats, rng: np.random.Generator
) -> Floats:
    """Another score of one arm whose month-4 change and slope change print as its cells."""
    months = np.asarray(MONTHS)
    first, zero, four, six = (MONTHS.index(month) for month in (-3, 0, 4, 6))
    values = model_score(kind, score, months, rng)
    cell, slope = targets.others[kind.code], targets.others.get(f"{kind.code}SLC")
    correlation, spread = _FOLLOWS[kind.code]
    driver = score[: cell.n, four] - score[: cell.n, zero]
    change = calibrated_change(cell, driver, correlation, kind.unit, rng)
    before = values[:, zero] - values[:, first] if slope else np.zeros(len(values))
    if slope:
        lead_in = (score[: slope.n, zero] - score[: slope.n, first]) / 3
        before[: slope.n] = calibrated_lead_in(
            slope,
            change[: slope.n],
            lead_in,
            correlation=correlation,
            spread=spread,
            unit=kind.unit,
            rng=rng,
        )
    after = np.zeros(len(values))
    after[: cell.n] = change
    low = kind.low + np.maximum(np.maximum(before, -after), 0)
    high = kind.high + np.minimum(np.minimum(before, -after), 0)
    base = on_scale(kind, np.clip(values[:, zero], low, high))
    values[:, zero] = base
    values[:, four] = np.nan
    values[: cell.n, four] = np.round(base[: cell.n] + change, 6)
    if slope:
        values[:, first] = on_scale(kind, base - before)
        values[slope.n : cell.n, first] = np.nan
    if six in [MONTHS.index(month) for month in kind.months]:
        path = base + 1.4 * after + rng.normal(0.0, kind.noise / 2, len(base))
        values[:, six] = np.where(np.isnan(values[:, six]), np.nan, on_scale(kind, path))
        values[cell.n :, six] = np.nan
    return values


def _joined(parts: list[Cohort], order: Ints) -> Cohort:
    """Put the arms together and the patients in the given order."""

    def stack(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])[order]

    def stack_each(name: str) -> dict[str, NDArray[Any]]:
        keys = getattr(parts[0], name)
        return {
            key: np.concatenate([getattr(part, name)[key] for part in parts])[order] for key in keys
        }

    return Cohort(
        arms=parts[0].arms,
        arm=stack("arm"),
        age=stack("age"),
        onset_months=stack("onset_months"),
        male=stack("male"),
        bulbar=stack("bulbar"),
        months=parts[0].months,
        visit_day=stack("visit_day"),
        score=stack("score"),
        others=stack_each("others"),
        death_day=stack("death_day"),
        tracheostomy_day=stack("tracheostomy_day"),
        end_day=stack("end_day"),
        reason=tuple(str(word) for word in stack("reason")),
        carried=stack_each("carried"),
        complete=stack("complete"),
    )
