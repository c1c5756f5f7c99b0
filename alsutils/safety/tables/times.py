"""Tables of when events happened."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.safety.tables.incidence import estimates
from alsutils.safety.times import GRAY, INCIDENCE, INCIDENCE_DIFFERENCE, FirstEvents
from alsutils.study import Study


def first_events(study: Study, result: FirstEvents | None) -> Table | Prose:
    """Lay out who had an event and who died first, and the incidences at one day."""
    if result is None:
        return Prose("")
    frame = result.frame.set_index(["kind", "arm"])
    shares = frame[frame["analysis"] == INCIDENCE]
    apart = frame[frame["analysis"] == INCIDENCE_DIFFERENCE]
    tests = frame.loc[frame["analysis"] == GRAY, "p_value"]
    shown = result.counts.copy()
    shown["patients"] = [fmt.number(n, 0) for n in result.counts["patients"]]
    shown["events"] = tables.counts(result.counts, "events")
    shown["deaths"] = tables.counts(result.counts, "deaths", instead="deaths_instead")
    hidden = (result.counts[["instead", "deaths_instead"]] != "").any(axis=None)
    keys = list(zip(shown["kind"], shown["arm"], strict=True))
    shown["share"] = _percents(shares.loc[keys])
    worded = dict(zip(apart.index, _percents(apart), strict=True))
    shown["apart"] = [
        "0 (reference)" if arm == study.control else worded[kind, arm] for kind, arm in keys
    ]
    shown["p"] = [
        fmt.MISSING if arm == study.control else fmt.p_value(tests[kind, arm]) for kind, arm in keys
    ]
    level = fmt.percent(study.conf_level)
    return tables.table(
        shown,
        "Patients with a first event, with death competing",
        {
            "arm": "Arm",
            "patients": "Patients",
            "events": "With event",
            "deaths": "Died first",
            "share": f"% with event ({level} CI)",
            "apart": f"Difference from {study.control}",
            "p": "Gray's p",
        },
        group="kind",
        spanners={f"By day {result.horizon:g}": ["share", "apart"]},
        notes=[
            "Shares by Aalen and Johansen's estimate, in percent; a dash where nobody was watched "
            "so long. Gray's test compares the whole curves.",
            *([study.disclosure.why] if hidden else []),
        ],
        results=result.frame,
        group_label="Event",
    )


def _percents(rows: pd.DataFrame) -> list[str]:
    scaled = 100 * rows[["estimate", "conf_low", "conf_high"]].astype(float)
    return estimates(scaled, "estimate", "conf", 1)
