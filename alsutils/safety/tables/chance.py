"""Tables of what may have gone unseen."""

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.safety.chance import Unseen
from alsutils.safety.words import NOTHING
from alsutils.study import Study


def unseen(_study: Study, result: Unseen | None) -> Table | Prose:
    """Lay out the upper limits of events that nobody of an arm had."""
    if result is None:
        return Prose(NOTHING)
    shown = result.frame.assign(
        kinds=[fmt.listed([k.lower() for k in kinds]) or "none" for kinds in result.frame["kinds"]]
    )
    return tables.table(
        shown,
        "What may have gone unseen",
        {
            "arm": "Arm",
            "total": "Patients",
            "terms": "Events seen only in other arms",
            "kinds": "Kinds that nobody had",
            "conf_high": "Exact limit",
            "rule_of_three": "Rule of three",
        },
        {"total": _whole, "terms": _whole, "conf_high": _share, "rule_of_three": _share},
        spanners={f"Upper {fmt.percent(result.confidence)} limit": ["conf_high", "rule_of_three"]},
        notes=["One-sided limits of the share of patients with an event that nobody had."],
        results=result.frame,
    )


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _share(value: float) -> str:
    return fmt.percent(value, 1)
