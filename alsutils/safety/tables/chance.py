"""Tables of what chance brings and what may have gone unseen."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.safety.chance import FalseDiscovery, Unseen
from alsutils.safety.shrinkage import Shrinkage
from alsutils.safety.tables.incidence import estimates
from alsutils.safety.words import NO_COMPARISON
from alsutils.study import Study

MOST_ROWS = 15


def unseen(_study: Study, result: Unseen | None) -> Table | Prose:
    """Lay out the upper limits of events that nobody of an arm had."""
    if result is None:
        return Prose("")
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


def false_discovery(study: Study, result: FalseDiscovery | None) -> Table | Prose:
    """Lay out the smallest p-values, plain and adjusted in two ways."""
    if result is None:
        return Prose(NO_COMPARISON)
    rows = result.frame.sort_values(["p_value", "name"], kind="stable").head(MOST_ROWS)
    several = len(study.treated) > 1
    return tables.table(
        rows,
        "The smallest p-values, and what adjustment leaves of them",
        {
            "name": "Event",
            "system": "Organ class",
            **({"treated": "Arm"} if several else {}),
            "p_value": "Fisher",
            "p_adjusted": "One family",
            "p_double": "Double",
        },
        dict.fromkeys(["p_value", "p_adjusted", "p_double"], fmt.p_value),
        spanners={"False discovery rate": ["p_adjusted", "p_double"]},
        notes=[
            "One family: Benjamini and Hochberg over all events at once. Double: an event counts "
            "where its organ class stands out among the classes and the event within its class; "
            "given is the smallest level at which both hold."
        ],
        results=result.results,
    )


def shrinkage(study: Study, result: Shrinkage | None) -> Table | Prose:
    """Lay out the raw and the shrunk differences."""
    if result is None or not result.shown:
        return Prose("")
    rows = result.shown_differences
    if rows.empty:
        return Prose("")
    taken = f" A count of a few patients was taken as {result.taken}." if result.taken else ""
    several = len(study.treated) > 1
    shown = rows.assign(
        raw_words=[fmt.number(100 * v, 1) for v in rows["raw"]],
        words=estimates(100 * rows[["estimate", "conf_low", "conf_high"]], "estimate", "conf", 1),
    )
    level = fmt.percent(study.conf_level)
    return tables.table(
        shown,
        f"Differences from {study.control}, raw and shrunk, percentage points",
        {
            "name": "Event",
            **({"treated": "Arm"} if several else {}),
            "raw_words": "Raw",
            "words": f"Shrunk ({level} interval)",
            "p_exceeds": "Probability of more",
        },
        {"p_exceeds": _probability},
        notes=[
            "Probability of more: that the event is truly commoner in the treated arm, given the "
            f"data and what the other events of its organ class suggest.{taken}"
        ],
        results=result.frame,
        sortable=True,
    )


def _probability(value: float) -> str:
    if pd.isna(value):
        return fmt.MISSING
    return "<0.01" if value < 0.01 else ">0.99" if value > 0.99 else fmt.number(value)


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _share(value: float) -> str:
    return fmt.percent(value, 1)
