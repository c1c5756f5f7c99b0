"""The scale as it is: its items, its ends, each patient's course, and stages computed from it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alsutils.primary.analysis import ALL_RANDOMISED, trajectory
from alsutils.primary.telling import rounded, told_numbers
from alsutils.stats.proportions import exact_interval
from alsutils.stats.staging import DEATH, SYSTEMS
from alsutils.study import ARM, Study
from alsutils.study.telling import why_not

WORST, BEST = "at the worst score", "at the best score"
UNSEEN = "not seen"
HIDDEN = "few patients each"


@dataclass(frozen=True)
class ItemMeans:
    """Mean of each item at each visit by arm.

    Attributes
    ----------
    frame : DataFrame
        One row an item, arm and visit: the columns of Trajectory.frame, ``lost`` (mean less the
        arm's mean at baseline, turned so that a loss is below 0) and ``share`` (mean as a share of
        the way from the item's worst score to its best; missing without a ``range``).
    """

    frame: pd.DataFrame


@dataclass(frozen=True)
class Courses:
    """Every patient's course of the primary endpoint.

    Attributes
    ----------
    frame : DataFrame
        One row a patient and visit: ``patient`` (a number of no meaning), ``arm``, ``visit``,
        ``value``.
    """

    frame: pd.DataFrame


@dataclass(frozen=True)
class Extremes:
    """Patients at the ends of a scale, who can move one way only.

    Attributes
    ----------
    frame : DataFrame
        The result columns, one row a parameter, visit, arm and end: ``estimate`` is the share of
        the patients seen, with the exact (Clopper-Pearson) interval; and ``parameter`` (label),
        ``arm``, ``end``, ``count``, ``n`` and ``visit_number``. Baseline and the primary visits.
        What tells of a few patients is missing; where only ``n`` does, shares have two decimals.
    anybody : bool
        Whether any patient was at any end.
    """

    frame: pd.DataFrame
    anybody: bool


@dataclass(frozen=True)
class Stages:
    """Stages of the disease by visit and arm.

    Attributes
    ----------
    frame : DataFrame
        The result columns, one row a system, visit, arm and stage: ``estimate`` is the share of
        all randomised patients; and ``system``, ``arm``, ``stage`` (``0``, ``1``, ..., ``death``
        or ``not seen``), ``count``, ``n`` and ``visit_number``. From baseline on. Stages of a few
        patients, and what gives them away, are taken together as HIDDEN.
    means : DataFrame
        One row a system, visit and arm: ``mean`` stage and ``n`` of those seen alive, missing where
        they tell of a few patients.
    notes : tuple of str
        What could not be staged and why.
    """

    frame: pd.DataFrame
    means: pd.DataFrame
    notes: tuple[str, ...] = ()


def items(study: Study) -> ItemMeans | None:
    """Summarise the study's ``items`` at every visit; None without any."""
    if not study.config.items:
        return None
    start, parts = study.config.time.baseline, []
    for code in study.config.items:
        about = study.parameter(code)
        frame = trajectory(study, code).frame
        first = frame[frame["visit"] == start].set_index("arm")["mean"]
        sign = 1 if about.better == "higher" else -1
        worst, best = _ends(study, code)
        base = frame["arm"].map(first).astype(float)
        parts.append(
            frame.assign(
                lost=sign * (frame["mean"] - base), share=(frame["mean"] - worst) / (best - worst)
            )
        )
    return ItemMeans(pd.concat(parts, ignore_index=True))


def courses(study: Study) -> Courses | None:
    """Give each patient's values of the primary endpoint; None where patients may not be shown."""
    if not study.shows_subjects:
        return None
    records = study.records(study.primary.parameter, study.primary.population)
    records = records.dropna(subset="AVAL")
    return Courses(
        pd.DataFrame(
            {
                "patient": pd.factorize(records["USUBJID"])[0],
                "arm": records[ARM].astype("str"),
                "visit": records["AVISITN"],
                "value": records["AVAL"],
            }
        )
    )


def extremes(study: Study) -> Extremes | None:
    """Count the patients at the worst and the best score that a scale has.

    Parameters
    ----------
    study : Study
        The primary endpoint, its parts (``profile``) and its ``items``, as far as they have a
        ``range``.

    Returns
    -------
    Extremes or None
        Of the patients of the primary population seen at baseline and at each primary visit; None
        where no parameter has a range.
    """
    codes = dict.fromkeys((study.primary.parameter, *study.config.profile, *study.config.items))
    visits = (study.config.time.baseline, *study.primary.visits)
    rows = []
    for code in (c for c in codes if study.parameter(c).range is not None):
        worst, best = _ends(study, code)
        about = study.parameter(code)
        records = study.records(code, study.primary.population, visits).dropna(subset="AVAL")
        for (visit, arm), group in records.groupby(["AVISITN", ARM], observed=True):
            for end, score in ((WORST, worst), (BEST, best)):
                count, n = int((group["AVAL"] == score).sum()), len(group)
                around = exact_interval(count, n, study.alpha)
                rows.append(
                    {
                        "analysis": f"share {end}",
                        "endpoint": about.label,
                        "population": study.population_label(study.primary.population),
                        "visit": study.visit_label(visit),
                        "contrast": arm,
                        "estimate": count / n,
                        "conf_low": around.low,
                        "conf_high": around.high,
                        "parameter": about.label,
                        "arm": arm,
                        "end": end,
                        "count": count,
                        "n": n,
                        "visit_number": visit,
                    }
                )
    if not rows:
        return None
    frame = pd.DataFrame(rows)
    return Extremes(_told_ends(study, frame), bool(frame["count"].any()))


def _told_ends(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out ends at which a few patients are, or all but a few."""
    rule = study.disclosure
    if rule.is_open:
        return frame
    hidden = pd.Series(False, index=frame.index)
    for _, own in frame.groupby(["parameter", "visit_number", "arm"], sort=False):
        rest = own["n"].iloc[0] - own["count"].sum()
        hidden.loc[own.index] = rule.closes([*own["count"], rest])[: len(own)]
    n = told_numbers(study, frame)
    shares = ["estimate", "conf_low", "conf_high"]
    frame = rounded(frame, shares, n.isna())
    return frame.assign(
        n=n,
        count=frame["count"].where(n.notna() | (frame["count"] == 0)).mask(hidden),
        **{c: frame[c].mask(hidden) for c in shares},
    )


def stages(study: Study) -> Stages | None:
    """Stage every randomised patient at each visit from baseline on; None without ``staging``.

    Parameters
    ----------
    study : Study
        Its ``staging`` names the rules and the items that they need. Where the primary endpoint
        names a ``death``, patients who had died by the day of a visit are in the stage of death.

    Returns
    -------
    Stages or None
        Patients who were not seen, or not asked every item, are counted as such.
    """
    block = study.config.staging
    if block is None:
        return None
    subjects = study.subjects().set_index("USUBJID")[ARM]
    answers = _answers(study)
    died = _deaths(study)
    rows, means, notes = [], [], []
    for name in block.systems:
        system = SYSTEMS[name]
        try:
            staged = answers.assign(stage=system.rule(answers))
        except ValueError as error:
            notes.append(f"{system.label}: {why_not(study, error)}.")
            continue
        for visit in sorted(answers["AVISITN"].unique()):
            at = staged[staged["AVISITN"] == visit].set_index("USUBJID")["stage"]
            found = at.reindex(subjects.index)
            for arm in study.arms:
                mine = found[subjects == arm]
                dead = mine.index.map(died).to_numpy(dtype=float) <= visit
                alive = mine[~dead]
                label = {
                    "visit": study.visit_label(visit),
                    "visit_number": visit,
                    "system": system.label,
                    "arm": arm,
                }
                means.append(label | {"mean": alive.mean(), "n": int(alive.notna().sum())})
                counts = {f"{s}": int((alive == s).sum()) for s in system.stages}
                counts |= {f"{DEATH}, death": int(dead.sum()), UNSEEN: int(alive.isna().sum())}
                for stage, count in counts.items():
                    rows.append(
                        label
                        | {
                            "analysis": f"{system.label} stage {stage}"
                            if stage != UNSEEN
                            else f"{system.label} stage, {UNSEEN}",
                            "endpoint": f"{system.label} stage",
                            "population": ALL_RANDOMISED,
                            "contrast": arm,
                            "stage": stage,
                            "count": count,
                            "n": len(mine),
                            "estimate": count / len(mine) if len(mine) else np.nan,
                        }
                    )
    frame, shown = pd.DataFrame(rows), pd.DataFrame(means)
    if study.disclosure.is_open or frame.empty:
        return Stages(frame, shown, tuple(notes))
    parts = [
        _told_stages(study, own)
        for _, own in frame.groupby(["system", "visit_number", "arm"], sort=False)
    ]
    few = study.disclosure.hides(shown["n"])
    shown = shown.assign(mean=shown["mean"].mask(few).round(1), n=told_numbers(study, shown))
    return Stages(pd.concat(parts, ignore_index=True), shown, tuple(notes))


def _told_stages(study: Study, own: pd.DataFrame) -> pd.DataFrame:
    """Take stages of a few patients of one arm and visit, and what gives them away, together."""
    hidden = study.disclosure.closes(own["count"])
    shown = own.assign(
        count=own["count"].mask(hidden).astype(float), estimate=own["estimate"].mask(hidden)
    )
    if not hidden.any() or own["n"].iloc[0] == 0:
        return shown
    count = float(own.loc[hidden, "count"].sum())
    last = own.iloc[[-1]].assign(stage=HIDDEN, count=count, estimate=count / own["n"].iloc[0])
    name = own["analysis"].iloc[0].split(" stage")[0]
    return pd.concat([shown, last.assign(analysis=f"{name} stage, {HIDDEN}")])


def _ends(study: Study, code: str) -> tuple[float, float]:
    """Give the worst and the best score of a parameter; missing without a range."""
    about = study.parameter(code)
    low, high = about.range or (np.nan, np.nan)
    return (low, high) if about.better == "higher" else (high, low)


def _answers(study: Study) -> pd.DataFrame:
    """Give one row a patient and visit from baseline on, a column for each item of ``staging``."""
    block, parts = study.config.staging, []
    assert block is not None
    for item, code in block.items.items():
        records = study.records(code).drop_duplicates(["USUBJID", "AVISITN"])
        parts.append(records.set_index(["USUBJID", "AVISITN"])["AVAL"].rename(item))
    wide = pd.concat(parts, axis=1).reset_index()
    return wide[wide["AVISITN"] >= study.config.time.baseline].reset_index(drop=True)


def _deaths(study: Study) -> dict[str, float]:
    """Give the time of each death, where the primary endpoint names one."""
    if study.primary.death is None:
        return {}
    event = next(e for e in study.config.time_to_event if e.parameter == study.primary.death)
    times = study.times(event)
    return dict(times.loc[times["EVENT"], ["USUBJID", "AVAL"]].itertuples(index=False))
