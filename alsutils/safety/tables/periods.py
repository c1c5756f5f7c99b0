"""Tables of events by period, and around treatment."""

import numpy as np
import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.safety.counting import PER_MONTHS
from alsutils.safety.followup import DAYS_PER_MONTH
from alsutils.safety.periods import Ascertainment, Periods
from alsutils.safety.tables.incidence import estimates
from alsutils.safety.words import NO_PERIODS
from alsutils.study import Study


def periods(study: Study, result: Periods | None) -> Table | Prose:
    """Lay out patients, events, time and rate of each period and arm."""
    if result is None:
        return Prose(NO_PERIODS)
    frame = result.frame
    shown = frame.assign(
        patients=tables.counts(frame, "patients", "watched"),
        months=frame["days"] / DAYS_PER_MONTH,
        events=[fmt.number(n, 0) for n in frame["events"]],
    )
    hidden = (frame["instead"] != "").any() or frame[["watched", "events"]].isna().any(axis=None)
    return tables.table(
        shown,
        "Events by the period in which they began",
        {
            "arm": "Arm",
            "patients": "Patients",
            "events": "Events",
            "months": "Patient-months",
            "rate": f"Events per {PER_MONTHS} patient-months",
        },
        {"months": _one, "rate": _one},
        group="period",
        notes=[
            result.meaning,
            "Patients: with an event that began then, of those watched then.",
            *([study.disclosure.why] if hidden else []),
        ],
        results=result.results,
        group_label="Period",
    )


def windows(study: Study, result: Ascertainment | None) -> Table | Prose:
    """Lay out each arm's events around a treatment beside those at other times."""
    if result is None:
        return Prose("")
    rows = result.windows
    hidden = not study.disclosure.is_open and rows["events"].isna().any()
    shown = rows.assign(
        near=_per_days(rows["events"], rows["days"]),
        other=_per_days(rows["events_other"], rows["days_other"]),
        ratio=estimates(rows, "estimate", "conf"),
    )
    return tables.table(
        shown,
        "Events around a treatment and at other times",
        {
            "arm": "Arm",
            "near": "Around a treatment",
            "other": "Other days",
            "ratio": "Ratio of rates",
            "p_value": "p",
        },
        {"p_value": fmt.p_value},
        spanners={"Events (per 100 patient-days)": ["near", "other"]},
        notes=[
            f"{result.periods.meaning} Exact intervals, which take events of one patient as if "
            "each were its own.",
            *([study.disclosure.why] if hidden else []),
        ],
        results=rows,
    )


def _per_days(events: pd.Series, days: pd.Series) -> list[str]:
    per_day = 100 * events / days.replace(0, np.nan)
    return [
        fmt.MISSING if pd.isna(n) else f"{n:,.0f} ({fmt.number(rate)})"
        for n, rate in zip(events, per_day, strict=True)
    ]


def _one(value: float) -> str:
    return fmt.number(value, 1)
