"""Tables of adverse events."""

import pandas as pd

from alsutils.display import Prose, Table, tables
from alsutils.display import format as fmt
from alsutils.safety.analysis import Incidence, Listing
from alsutils.safety.chance import Unseen
from alsutils.safety.exposure import RATE, RATIO, Rates
from alsutils.study import Study

NOTHING = "This study has no adverse events, so this section is empty."
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


def rates(study: Study, result: Rates | None) -> Table | Prose:
    """Lay out events per patient-year and their ratios."""
    if result is None:
        return Prose(
            "The data do not say how long each patient was watched, so rates per time are left out."
        )
    frame = result.frame
    rate = frame[frame["analysis"] == RATE]
    ratio = frame[frame["analysis"] == RATIO].set_index(["name", "arm"])
    shown = pd.DataFrame(
        {
            "name": rate["name"],
            "arm": rate["arm"],
            "events": [f"{n:,.0f}" for n in rate["events"]],
            "years": [fmt.number(y, 1) for y in rate["years"]],
            "rate": _estimates(rate),
        }
    )
    worded = pd.Series(_estimates(ratio), index=ratio.index)
    keys = zip(rate["name"], rate["arm"], strict=True)
    shown["ratio"] = [worded.get(key, "1 (reference)") for key in keys]
    level = fmt.percent(study.conf_level)
    left_out = (
        [f"{fmt.plural(result.left_out, 'patient')} without a time left out."]
        if result.left_out
        else []
    )
    return tables.table(
        shown,
        "Events per patient-year",
        {
            "arm": "Arm",
            "events": "Events",
            "years": "Patient-years",
            "rate": f"Rate ({level} CI)",
            "ratio": f"Ratio to {study.control} ({level} CI)",
        },
        group="name",
        notes=[
            f"Time {result.basis}. Intervals allow for patients who have many events.",
            *left_out,
        ],
        results=frame,
    )


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


def serious(_study: Study, result: Listing | None) -> Table | Prose:
    """List the serious events, where single patients may be shown."""
    if result is None:
        return Prose("Single patients are not shown for this study.")
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
    return tables.table(result.frame, "Serious events", labels, {"day": _day})


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


def _estimates(rows: pd.DataFrame) -> list[str]:
    values = rows[["estimate", "conf_low", "conf_high"]].itertuples(index=False)
    return [fmt.MISSING if pd.isna(row[0]) else fmt.estimate(*row) for row in values]


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _share(value: float) -> str:
    return fmt.percent(value, 1)


def _day(value: float) -> str:
    return fmt.number(value, 0)
