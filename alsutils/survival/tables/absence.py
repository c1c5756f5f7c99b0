"""Tables of what "no difference" excludes."""

import numpy as np

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.study import Study
from alsutils.survival.absence import DOUBT, TARGET_POWER, Beliefs, Inside
from alsutils.survival.times import Figures
from alsutils.survival.words import NO_EVENT, SAID, chance, ratio_cell, whole

_PEOPLE = {"no opinion": "Nobody's opinion", "sceptical": "Sceptic", "enthusiastic": "Enthusiast"}


def power(study: Study, result: Figures | None) -> Table | Prose:
    """Lay out what the number of events could show."""
    if result is None:
        return Prose(NO_EVENT)
    frame = result.frame.copy()
    for column in ("ratio", "power", "detectable_ratio", "events_needed"):
        if column not in frame:
            frame[column] = float("nan")
    several = len(study.treated) > 1
    return tables.table(
        frame,
        "What the number of events could show",
        {
            "endpoint": "Event",
            **({"treated": "Arm"} if several else {}),
            "events": "Events",
            "ratio": "Ratio",
            "power": "Power for it",
            "events_needed": f"Events for {fmt.percent(TARGET_POWER)} power",
            "detectable_ratio": f"Ratio found with {fmt.percent(TARGET_POWER)} power",
        },
        {
            "events": whole,
            "ratio": fmt.number,
            "power": fmt.percent,
            "events_needed": whole,
            "detectable_ratio": fmt.number,
        },
        notes=[
            "Schoenfeld's formula for the log-rank test, with the arms' shares of the patients."
        ],
        results=frame,
    )


def inside(study: Study, result: Inside | None) -> Table | Prose:
    """Lay out ratios inside the interval with their power and the events that would find them."""
    if result is None:
        return Prose(SAID)
    several = len(study.treated) > 1
    rows = result.frame.to_dict("records")
    frame = result.frame.assign(
        heading=[
            f"{r['endpoint']}{', ' + r['contrast'] if several else ''} "
            f"({fmt.plural(r['events'], 'event')})"
            for r in rows
        ],
        needed=result.frame["events_needed"].where(np.isfinite(result.frame["events_needed"])),
    )
    return tables.table(
        frame,
        "Hazard ratios that the interval holds",
        {
            "ratio": "Hazard ratio",
            "power": "Power of this trial",
            "needed": f"Events for {fmt.percent(TARGET_POWER)} power",
        },
        {"ratio": fmt.number, "power": fmt.percent, "needed": whole},
        group="heading",
        notes=[
            "The first and the last row are the limits of the unadjusted interval. Schoenfeld's "
            "formula. At a ratio of 1 there is nothing to find."
        ],
    )


def beliefs(study: Study, result: Beliefs | None) -> Table | Prose:
    """Lay out what each should believe after the trial."""
    if result is None:
        return Prose(SAID)
    several = len(study.treated) > 1
    rows = result.frame.to_dict("records")
    frame = result.frame.assign(
        heading=[f"{r['endpoint']}, {r['contrast']}" if several else r["endpoint"] for r in rows],
        who=result.frame["prior"].map(_PEOPLE),
        ratio=[ratio_cell(r) for r in rows],
        worth=[fmt.MISSING if not r["prior_events"] else whole(r["prior_events"]) for r in rows],
    )
    hoped = sorted({fmt.number(r["worthwhile"], 2) for r in rows})
    return tables.table(
        frame,
        "What to believe of the hazard ratio after the trial",
        {
            "who": "Who",
            "worth": "Prior is worth events",
            "ratio": f"Ratio ({fmt.percent(study.conf_level)} credible)",
            "p_better": "P(better than 1)",
            "p_worthwhile": f"P({fmt.listed(hoped, 'or')} or better)",
        },
        {"p_better": chance, "p_worthwhile": chance},
        group="heading",
        notes=[
            f"The sceptic gives a ratio of {fmt.listed(hoped, 'or')} or better a chance of "
            f"{fmt.percent(DOUBT)} beforehand, the enthusiast expects it and gives none or harm "
            f"{fmt.percent(DOUBT)}."
        ],
        results=result.frame,
    )
