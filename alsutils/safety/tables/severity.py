"""Tables of how severe the events were."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.safety.grades import SEVERITIES, UNGRADED, Severity
from alsutils.study import Study
from alsutils.study.disclosure import INSTEAD


def severity(study: Study, result: Severity | None) -> Table | Prose:
    """Lay out the patients with each event by its worst severity and arm."""
    if result is None:
        return Prose("")
    if result.terms.empty:
        return Prose("No event is common enough to be split by severity.")
    counts = result.terms
    some = (counts["patients"] > 0) | (counts[INSTEAD] != "")
    ungraded = some[counts["grade"] == UNGRADED].any()
    grades = [*([UNGRADED] if ungraded else []), *SEVERITIES]
    names = list(dict.fromkeys(counts["name"]))
    keys = ["name", "arm", "grade"]
    wide = counts.assign(cell=tables.counts(counts, "patients")).set_index(keys)["cell"]
    shown, labels, over = pd.DataFrame({"name": names}), {"name": "Event"}, {}
    for i, arm in enumerate(study.arms):
        columns = {f"arm{i}g{k}": grade for k, grade in enumerate(grades)}
        for key, grade in columns.items():
            shown[key] = [wide[name, arm, grade] for name in names]
        labels |= columns
        over[arm] = list(columns)
    hidden = [study.disclosure.why] if (counts[INSTEAD] != "").any() else []
    return tables.table(
        shown,
        "Patients with each event, by its worst severity",
        labels,
        spanners=over,
        notes=["Each patient counts once in a row, by the worst event of that name.", *hidden],
        sortable=True,
    )
