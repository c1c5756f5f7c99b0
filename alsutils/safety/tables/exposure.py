"""Tables of events per time."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.safety.counting import PER_MONTHS
from alsutils.safety.exposure import MODEL, RATE, RATIO, Rates
from alsutils.safety.tables.incidence import estimates
from alsutils.safety.words import NO_TIMES
from alsutils.study import Study


def rates(study: Study, result: Rates | None) -> Table | Prose:
    """Lay out events per 100 patient-months and their ratios."""
    if result is None:
        return Prose(NO_TIMES)
    frame = result.frame
    rate = frame[frame["analysis"] == RATE]
    shown = pd.DataFrame(
        {
            "name": rate["name"],
            "arm": rate["arm"],
            "patients": tables.counts(rate, "patients"),
            "events": [fmt.number(n, 0) for n in rate["events"]],
            "months": [fmt.number(m, 1) for m in rate["months"]],
            "rate": estimates(rate, "estimate", "conf", 1),
        }
    )
    keys = list(zip(rate["name"], rate["arm"], strict=True))
    for column, analysis in (("ratio", RATIO), ("model", MODEL)):
        rows = frame[frame["analysis"] == analysis].set_index(["name", "arm"])
        worded = dict(zip(rows.index, estimates(rows, "estimate", "conf"), strict=True))
        reference = ["1" if arm == study.control else fmt.MISSING for _, arm in keys]
        shown[column] = [worded.get(key, r) for key, r in zip(keys, reference, strict=True)]
    level = fmt.percent(study.conf_level)
    followed = result.followed
    notes = [f"Time {followed.basis}."]
    if followed.left_out:
        notes.append(f"{_people(study, followed.left_out)} without a time left out.")
    if followed.extended:
        notes.append(
            f"{_people(study, followed.extended)} with an event after that time: counted as "
            "watched until the event."
        )
    hidden = [study.disclosure.why] if (rate["instead"] != "").any() else []
    return tables.table(
        shown,
        f"Events per {PER_MONTHS} patient-months",
        {
            "arm": "Arm",
            "patients": "Patients",
            "events": "Events",
            "months": "Patient-months",
            "rate": f"Rate ({level} CI)",
            "ratio": "Robust",
            "model": "Negative binomial",
        },
        group="name",
        spanners={f"Ratio to {study.control} ({level} CI)": ["ratio", "model"]},
        notes=[
            " ".join(notes),
            "Both ratios allow for patients who have many events: the robust one by how much "
            "patients differ, the negative binomial by a model of that.",
            *result.notes,
            *hidden,
        ],
        results=frame,
        group_label="Kind of event",
    )


def _people(study: Study, n: int) -> str:
    """Count patients of all arms; how many of a few must not be told, nor of more in one arm."""
    return fmt.plural(n, "patient") if study.disclosure.is_open else "Some patients"
