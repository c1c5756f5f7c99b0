"""What the adverse events come to, in words."""

import pandas as pd

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.safety.analysis import ANY, SERIOUS, Incidence
from alsutils.safety.words import nothing_reached
from alsutils.study import Study

NAMED = 4


def overview(study: Study, result: Incidence | None) -> Prose:
    """Say how many patients had any and a serious event, and how the arms differ."""
    if result is None:
        return Prose("")
    parts = []
    for name in (ANY, SERIOUS):
        rows = result.counts[result.counts["name"] == name]
        if rows.empty:
            continue
        words = "an event" if name == ANY else "a serious event"
        shares = [
            f"{_told(study, r['instead']) or fmt.count_of(r['patients'], r['total'])} of the "
            f"patients in {r['arm']}"
            for _, r in rows.iterrows()
        ]
        parts.append(f"{fmt.capitalised(words)} was reported for {fmt.listed(shares)}.")
        told = [_difference(study, r) for r in _rows(result, name)]
        if told:
            parts.append(f"{fmt.capitalised(fmt.listed(told))}.")
    return Prose(" ".join(parts))


def incidence(study: Study, result: Incidence | None) -> Prose:
    """Say which events were raised and how many intervals leave out no difference."""
    if result is None:
        return Prose("")
    rows = result.shown_differences
    kind = "event" if result.level == "term" else "organ class"
    many = f"{kind}s" if kind == "event" else "organ classes"
    if rows.empty:
        return Prose(f"{nothing_reached(result, f'No {kind}')}.")
    parts = [
        f"{fmt.plural(len(result.shown), kind, many)} reached {result.minimum_percent:g}% of an "
        f"arm, of {result.family['treated'].value_counts().max():,} seen at all."
    ]
    for arm in study.treated:
        mine = rows[rows["treated"] == arm]
        above, below = mine[mine["newcombe_low"] > 0], mine[mine["newcombe_high"] < 0]
        parts.append(
            f"For {arm} the interval of the difference from {study.control} lies wholly above zero "
            f"for {_some(above)} and wholly below zero for {_some(below)}."
        )
    return Prose(" ".join(parts))


def _told(study: Study, instead: str) -> str:
    return study.disclosure.phrase(instead) if instead else ""


def _rows(result: Incidence, name: str) -> list[pd.Series]:
    chosen = result.differences[result.differences["name"] == name]
    if result.hides:
        chosen = chosen.dropna(subset="estimate")
    return [row for _, row in chosen.iterrows()]


def _difference(study: Study, row: pd.Series) -> str:
    """Say one difference of shares in percentage points."""
    points = 100 * row["estimate"]
    limits = fmt.interval(100 * row["newcombe_low"], 100 * row["newcombe_high"], 1)
    inside = row["newcombe_low"] <= 0 <= row["newcombe_high"]
    return (
        f"the difference of {row['treated']} from {study.control} is {fmt.number(points, 1)} "
        f"percentage points (interval {limits}, which {'includes' if inside else 'excludes'} no "
        "difference)"
    )


def _some(rows: pd.DataFrame) -> str:
    """Count events and name the first of them."""
    if rows.empty:
        return "none"
    names = list(rows["name"])
    more = len(names) - NAMED
    named = [*names[:NAMED], f"{more:,} more"] if more > 0 else names
    return f"{len(names):,} ({fmt.listed(named)})"
