"""The table of who lived."""

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.safety.vital import VitalStatus
from alsutils.safety.words import NO_DEATHS
from alsutils.study import Study


def vital_status(study: Study, result: VitalStatus | None) -> Table | Prose:
    """Lay out the patients of each arm by whether they live."""
    if result is None:
        return Prose(NO_DEATHS)
    frame = result.frame
    cells = frame.assign(cell=tables.counts(frame, "patients", "total"))
    keys = {arm: f"arm{i}" for i, arm in enumerate(study.arms)}
    wide = cells.assign(key=cells["arm"].map(keys)).pivot_table(
        index="state", columns="key", values="cell", aggfunc="first", sort=False
    )
    sizes = frame.groupby("arm")["total"].first()
    labels = {"state": "Vital status"}
    labels |= {keys[arm]: f"{arm} (n = {sizes[arm]:,})" for arm in study.arms}
    notes = []
    if result.undated and not study.disclosure.is_open:
        notes.append("Deaths without a day are counted as later ones.")
    elif result.undated:
        notes.append(f"{fmt.plural(result.undated, 'death')} without a day, counted as later ones.")
    if (frame["instead"] != "").any():
        notes.append(study.disclosure.why)
    return tables.table(
        wide.reset_index(), "Vital status", labels, notes=notes, results=result.results
    )
