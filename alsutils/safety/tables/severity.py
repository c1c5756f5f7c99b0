"""Tables of how severe the events were."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.safety.grades import SEVERITIES, UNGRADED, Severity
from alsutils.study import Study


def severity(study: Study, result: Severity | None) -> Table | Prose:
    """Lay out the patients with each event by its worst severity and arm."""
    if result is None:
        return Prose("")
    if result.terms.empty:
        return Prose("No event is common enough to be split by severity.")
    counts = result.terms
    ungraded = counts.loc[counts["grade"] == UNGRADED, "patients"].any()
    grades = [*([UNGRADED] if ungraded else []), *SEVERITIES]
    names = list(dict.fromkeys(counts["name"]))
    wide = counts.set_index(["name", "arm", "grade"])["patients"]
    shown, labels, over = pd.DataFrame({"name": names}), {"name": "Event"}, {}
    for i, arm in enumerate(study.arms):
        keys = {f"arm{i}g{k}": grade for k, grade in enumerate(grades)}
        for key, grade in keys.items():
            shown[key] = [f"{wide[name, arm, grade]:,}" for name in names]
        labels |= keys
        over[arm] = list(keys)
    return tables.table(
        shown,
        "Patients with each event, by its worst severity",
        labels,
        spanners=over,
        notes=["Each patient counts once in a row, by the worst event of that name."],
        sortable=True,
    )
