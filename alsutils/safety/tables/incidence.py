"""Tables of adverse events."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.safety.analysis import Incidence
from alsutils.safety.words import NOTHING
from alsutils.study import Study

_NAMES = {
    "category": "Patients with adverse events",
    "term": "Patients with each event",
    "system": "Patients with an event of each organ class",
}
_HEADS = {"category": "Patients with", "term": "Event", "system": "Organ class"}


def incidence(study: Study, result: Incidence | None) -> Table | Prose:
    """Lay out patients and events by arm, a row a kind of event."""
    if result is None:
        return Prose(NOTHING)
    if not result.shown:
        return Prose(f"Nothing reached {result.minimum_percent:g}% of an arm.")
    counts = result.shown_counts
    cells = counts.assign(
        cell=[
            f"{fmt.count_of(r['patients'], r['total'])}, {r['events']:,}"
            for _, r in counts.iterrows()
        ]
    )
    wide = cells.pivot_table(index="name", columns="arm", values="cell", aggfunc="first")
    wide = wide.loc[list(result.shown)]
    shown = pd.DataFrame({"name": wide.index})
    labels = {"name": _HEADS[result.level]}
    sizes = counts.groupby("arm")["total"].first()
    for i, arm in enumerate(study.arms):
        shown[f"arm{i}"] = wide[arm].to_numpy()
        labels[f"arm{i}"] = f"{arm} (n = {sizes[arm]})"
    return tables.table(
        shown,
        f"{_NAMES[result.level]}, by arm",
        labels,
        notes=[
            "Patients (share of the arm), number of events. A patient with an event twice counts "
            "once among the patients.",
            *_threshold(result),
            *result.notes,
        ],
        results=result.frame,
    )


def differences(study: Study, result: Incidence | None) -> Table | Prose:
    """Lay out the differences from the control with both intervals and both p-values."""
    if result is None:
        return Prose(NOTHING)
    if not result.shown:
        return Prose(f"Nothing reached {result.minimum_percent:g}% of an arm.")
    rows = result.shown_differences
    several = len(study.treated) > 1
    shown = rows.assign(
        difference=[_points(v) for v in rows["estimate"]],
        newcombe=_limits(rows, "newcombe"),
        score=_limits(rows, "score"),
    )
    labels = {
        **({"treated": "Arm"} if several else {"name": _HEADS[result.level]}),
        "difference": "Difference",
        "newcombe": "Newcombe",
        "score": "Miettinen-Nurminen",
        "p_value": "Fisher's p",
        "p_adjusted": "p, adjusted",
    }
    level = fmt.percent(1 - result.alpha)
    return tables.table(
        shown,
        f"Difference from {study.control}, percentage points of patients",
        labels,
        {"p_value": fmt.p_value, "p_adjusted": fmt.p_value},
        group="name" if several else None,
        spanners={f"{level} interval": ["newcombe", "score"], "Test": ["p_value", "p_adjusted"]},
        notes=[
            f"Share of patients in the treated arm less that in {study.control}. Adjusted after "
            f"Benjamini and Hochberg over the {result.differences['p_adjusted'].notna().sum()} "
            f"comparisons, shown or not, with enough events for p to come to {result.alpha:g}.",
            *_threshold(result),
        ],
        results=result.frame,
    )


def _threshold(result: Incidence) -> list[str]:
    if not result.minimum_percent:
        return []
    hidden = result.counts["name"].nunique() - len(result.shown)
    if not hidden:
        return []
    return [f"Shown from {result.minimum_percent:g}% of an arm; {hidden:,} rarer ones are not."]


def _points(share: float) -> str:
    return fmt.number(100 * share, 1)


def _limits(rows: pd.DataFrame, method: str) -> list[str]:
    pairs = zip(rows[f"{method}_low"], rows[f"{method}_high"], strict=True)
    return [fmt.interval(100 * low, 100 * high, 1) for low, high in pairs]
