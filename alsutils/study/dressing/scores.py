"""ADQS and ADRE: the rating scales with their items, and lung function."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alsutils.stats.patients import lead_in_slopes, slope_improvement
from alsutils.study.cohort import Cohort
from alsutils.study.dressing.subjects import Identity

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ITEMS = {
    "FRS01": "Speech",
    "FRS02": "Salivation",
    "FRS03": "Swallowing",
    "FRS04": "Handwriting",
    "FRS05": "Cutting food and handling utensils",
    "FRS06": "Dressing and hygiene",
    "FRS07": "Turning in bed",
    "FRS08": "Walking",
    "FRS09": "Climbing stairs",
    "FRS10": "Dyspnoea",
    "FRS11": "Orthopnoea",
    "FRS12": "Respiratory insufficiency",
}
DOMAINS = {
    "FRSBULB": ("ALSFRS-R bulbar domain", slice(0, 3)),
    "FRSFINE": ("ALSFRS-R fine motor domain", slice(3, 6)),
    "FRSGROS": ("ALSFRS-R gross motor domain", slice(6, 9)),
    "FRSRESP": ("ALSFRS-R respiratory domain", slice(9, 12)),
}
_TOP = 4
# How readily each item loses a point: limb onset, bulbar onset.
_LIMB = np.array([0.5, 0.5, 0.5, 1.4, 1.4, 1.3, 1.1, 1.3, 1.6, 0.5, 0.4, 0.25])
_BULBAR = np.array([1.9, 1.7, 1.7, 0.9, 0.8, 0.8, 0.7, 0.7, 0.9, 0.6, 0.4, 0.25])
_LEAD_IN_MONTHS = 3.0


def adqs(cohort: Cohort, who: Identity, rng: np.random.Generator) -> pd.DataFrame:
    """Build the questionnaire table.

    Parameters
    ----------
    cohort : Cohort
        Patients with their scores.
    who : Identity
        Their numbers.
    rng : numpy.random.Generator
        Source of random numbers, for the items.

    Returns
    -------
    DataFrame
        One row a patient, parameter and visit that took place.
    """
    items = split_into_items(cohort.score, cohort.bulbar, rng)
    parts = [
        _measured(cohort, who, code, f"ALSFRS-R {number}: {label}", items[:, :, number - 1])
        for number, (code, label) in enumerate(ITEMS.items(), start=1)
    ]
    parts += [
        _measured(cohort, who, code, label, items[:, :, part].sum(axis=2))
        for code, (label, part) in DOMAINS.items()
    ]
    parts.append(_measured(cohort, who, "ALSFRSR", "ALSFRS-R total score", cohort.score))
    lead_in = lead_in_slopes(cohort.score, cohort.months.astype(float))[:, None]
    zero = cohort.column(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        post = (cohort.score - cohort.score[:, [zero]]) / cohort.months
    label = "ALSFRS-R slope change from lead-in (points/month)"
    parts.append(_derived(cohort, who, "FRSSLC", label, post - lead_in, (4, 6)))
    improved = slope_improvement(lead_in, post)
    label = "ALSFRS-R slope improvement over lead-in (%)"
    parts.append(_derived(cohort, who, "FRSIMP", label, improved, (4, 6)))
    aals, sf36 = cohort.others["AALS"], cohort.others["SF36"]
    parts.append(_measured(cohort, who, "AALS", "Appel ALS score", aals))
    label = "Appel ALS score slope change from lead-in (points/month)"
    parts.append(_derived(cohort, who, "AALSSLC", label, _slope_change(cohort, aals), (4,)))
    parts.append(_measured(cohort, who, "SF36", "SF-36 total score", sf36))
    return _sorted(parts)


def adre(cohort: Cohort, who: Identity) -> pd.DataFrame:
    """Build the respiratory table: forced vital capacity and its slope change.

    Parameters
    ----------
    cohort : Cohort
        Patients with their scores.
    who : Identity
        Their numbers.

    Returns
    -------
    DataFrame
        One row a patient, parameter and visit that took place.
    """
    fvc = cohort.others["FVC"]
    label = "FVC slope change from lead-in (% of predicted/month)"
    return _sorted(
        [
            _measured(cohort, who, "FVC", "Forced vital capacity (% of predicted)", fvc),
            _derived(cohort, who, "FVCSLC", label, _slope_change(cohort, fvc), (4,)),
        ]
    )


def split_into_items(total: Floats, bulbar: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """Deal a total score out to twelve items that move with it from visit to visit.

    Parameters
    ----------
    total : ndarray, shape (n, visits)
        Whole numbers 0 to 48, NaN where missed.
    bulbar : ndarray of bool, shape (n,)
        Whether items of speech and swallowing are the first to go.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    ndarray, shape (n, visits, 12)
        Items 0 to 4 whose sum is the total, NaN where the visit was missed. From one visit to the
        next all items that change, change in the direction of the total.
    """
    items = np.full((*total.shape, len(ITEMS)), np.nan)
    for i, path in enumerate(total):
        weight = (_BULBAR if bulbar[i] else _LIMB) * rng.gamma(2.0, 0.5, len(ITEMS))
        now = np.full(len(ITEMS), _TOP)
        for visit in np.flatnonzero(~np.isnan(path)):
            while (gap := int(path[visit]) - now.sum()) != 0:
                room = now > 0 if gap < 0 else now < _TOP
                chance = np.where(room, weight * (now if gap < 0 else _TOP - now), 0.0)
                # As rng.choice draws, without its checks of every probability.
                steps = (chance / chance.sum()).cumsum()
                now[(steps / steps[-1]).searchsorted(rng.random(), side="right")] += np.sign(gap)
            items[i, visit] = now
    return items


def visit_name(month: int) -> str:
    """AVISIT of a month."""
    return "Baseline" if month == 0 else f"Month {month}"


def study_day(day: Ints) -> Ints:
    """ADY of a number of days from baseline: there is no day 0."""
    return np.where(day >= 0, day + 1, day)


def _slope_change(cohort: Cohort, values: Floats) -> Floats:
    """Change a month since baseline less change a month over the lead-in, for every visit."""
    zero, first = cohort.column(0), cohort.column(-3)
    lead_in = (values[:, zero] - values[:, first]) / _LEAD_IN_MONTHS
    with np.errstate(divide="ignore", invalid="ignore"):
        post = (values - values[:, [zero]]) / cohort.months
    return np.asarray(post - lead_in[:, None], dtype=float)


def _measured(cohort: Cohort, who: Identity, code: str, label: str, values: Floats) -> pd.DataFrame:
    """One row for each visit with a value; changes only after baseline."""
    base = np.broadcast_to(values[:, [cohort.column(0)]], values.shape)
    months = np.broadcast_to(cohort.months, values.shape)
    change = np.where(months > 0, np.round(values - base, 6), np.nan)
    table = _long(cohort, who, code, label, values, np.arange(len(cohort.months)))
    keep = ~np.isnan(values)
    table["BASE"] = base[keep]
    table["CHG"] = change[keep]
    table["ABLFL"] = np.where(months[keep] == 0, "Y", "")
    table["DTYPE"] = ""
    return table


def _derived(
    cohort: Cohort, who: Identity, code: str, label: str, values: Floats, months: tuple[int, ...]
) -> pd.DataFrame:
    """One row for each visit after baseline with a value, and those carried forward to the last."""
    columns = np.array([cohort.column(month) for month in months])
    values = np.round(values[:, columns], 4)
    carried = np.zeros(values.shape, dtype=bool)
    if code in cohort.carried:
        carried[:, -1] = cohort.carried[code]
        values[:, -1] = np.where(carried[:, -1], values[:, 0], values[:, -1])
    table = _long(cohort, who, code, label, values, columns)
    kept = carried[~np.isnan(values)]
    table["BASE"] = np.nan
    table["CHG"] = np.nan
    table["ABLFL"] = ""
    table["DTYPE"] = np.where(kept, "LOCF", "")
    # What is carried forward was measured on the day of the visit that it comes from.
    day = study_day(cohort.visit_day[:, columns])
    day = np.where(carried, day[:, [0]], day)
    table["ADY"] = day[~np.isnan(values)]
    return table


def _long(
    cohort: Cohort, who: Identity, code: str, label: str, values: Floats, columns: Ints
) -> pd.DataFrame:
    keep = ~np.isnan(values)
    months = np.broadcast_to(cohort.months[columns], values.shape)[keep]
    return pd.DataFrame(
        {
            "STUDYID": who.study,
            "USUBJID": np.broadcast_to(who.subject[:, None], values.shape)[keep],
            "PARAMCD": code,
            "PARAM": label,
            "AVISITN": months,
            "AVISIT": [visit_name(int(month)) for month in months],
            "ADY": study_day(cohort.visit_day[:, columns])[keep],
            "AVAL": values[keep],
        }
    )


def _sorted(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """By subject, then parameter in the order given, then visit."""
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values("USUBJID", kind="stable", ignore_index=True)
