"""The listing of serious events."""

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.safety.grades import Listing
from alsutils.safety.words import NO_SUBJECTS
from alsutils.study import Study


def serious(_study: Study, result: Listing | None) -> Table | Prose:
    """List the serious events, where single patients may be shown."""
    if result is None:
        return Prose(NO_SUBJECTS)
    if result.frame.empty:
        return Prose("There was no serious event.")
    heads = {
        "subject": "Patient",
        "arm": "Arm",
        "term": "Event",
        "day": "Study day",
        "severity": "Severity",
        "related": "Relation",
        "outcome": "Outcome",
    }
    labels = {key: head for key, head in heads.items() if key in result.frame}
    more = result.events - len(result.frame)
    notes = [f"The first to begin; {fmt.plural(more, 'later one')} left out."] if more else []
    return tables.table(
        result.frame, "Serious events", labels, {"day": _day}, notes=notes, sortable=True
    )


def _day(value: float) -> str:
    return fmt.number(value, 0)
