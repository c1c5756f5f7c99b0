"""What the adverse events come to, in words."""

import pandas as pd

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.safety.analysis import ANY, Incidence, Listing
from alsutils.safety.chance import Multiplicity, Unseen
from alsutils.safety.exposure import RATE, RATIO, Rates
from alsutils.study import Study

NOTHING = "This study has no adverse events, so this section is empty."
NAMED = 4


def overview(study: Study, result: Incidence | None) -> Prose:
    """Say how many patients had any and a serious event, and how the arms differ."""
    if result is None:
        return Prose(NOTHING)
    parts = []
    for name in (ANY, "Serious"):
        rows = result.counts[result.counts["name"] == name]
        if rows.empty:
            continue
        words = "an event" if name == ANY else "a serious event"
        shares = [
            f"{fmt.count_of(r['patients'], r['total'])} of the patients in {r['arm']}"
            for _, r in rows.iterrows()
        ]
        parts.append(f"{fmt.capitalised(words)} was reported for {fmt.listed(shares)}.")
        told = [_difference(study, r) for r in _rows(result, name)]
        parts.append(f"{fmt.capitalised(fmt.listed(told))}.")
    return Prose(" ".join(parts))


def incidence(study: Study, result: Incidence | None) -> Prose:
    """Say which events were raised and how many intervals leave out no difference."""
    if result is None:
        return Prose(NOTHING)
    rows = result.shown_differences
    kind = "event" if result.level == "term" else "organ class"
    many = f"{kind}s" if kind == "event" else "organ classes"
    if rows.empty:
        return Prose(f"No {kind} reached {result.minimum_percent:g}% of an arm.")
    parts = [
        f"{fmt.plural(len(result.shown), kind, many)} reached {result.minimum_percent:g}% of an "
        f"arm, of {result.counts['name'].nunique():,} seen at all."
    ]
    for arm in study.treated:
        mine = rows[rows["treated"] == arm]
        above, below = mine[mine["newcombe_low"] > 0], mine[mine["newcombe_high"] < 0]
        parts.append(
            f"For {arm} the interval of the difference from {study.control} lies wholly above zero "
            f"for {_some(above)} and wholly below zero for {_some(below)}."
        )
    return Prose(" ".join(parts))


def rates(study: Study, result: Rates | None) -> Prose:
    """Say how many events there were per patient-year and the ratio between arms."""
    if result is None:
        return Prose("Nothing can be said of events per time.")
    frame = result.frame[result.frame["endpoint"] == ANY]
    rate, ratio = frame[frame["analysis"] == RATE], frame[frame["analysis"] == RATIO]
    told = [f"{fmt.number(r['estimate'])} in {r['arm']}" for _, r in rate.iterrows()]
    parts = [f"Events per patient-year: {fmt.listed(told)}."]
    for _, row in ratio.iterrows():
        if pd.isna(row["estimate"]):
            parts.append(f"The rates of {row['arm']} and {study.control} cannot be compared.")
            continue
        limits = fmt.interval(row["conf_low"], row["conf_high"])
        inside = row["conf_low"] <= 1 <= row["conf_high"]
        parts.append(
            f"The rate in {row['arm']} is {fmt.number(row['estimate'])} times that in "
            f"{study.control} (interval {limits}, which {'includes' if inside else 'excludes'} 1)."
        )
    return Prose(" ".join(parts))


def unseen(_study: Study, result: Unseen | None) -> Prose:
    """Say how common an event may still be that nobody had."""
    if result is None:
        return Prose(NOTHING)
    level = fmt.percent(result.confidence)
    told = [
        f"{fmt.percent(r['conf_high'], 1)} of patients in {r['arm']} (n = {r['total']})"
        for _, r in result.frame.iterrows()
    ]
    text = (
        f"An event that nobody had may still be as common as {fmt.listed(told, 'or')}, with "
        f"{level} confidence."
    )
    nobody = [
        f"{fmt.listed([f'“{k}”' for k in r['kinds']])} in {r['arm']}"
        for _, r in result.frame.iterrows()
        if r["kinds"]
    ]
    if nobody:
        text += f" That holds for the kinds that nobody had: {'; '.join(nobody)}."
    return Prose(text)


def multiplicity(_study: Study, result: Multiplicity | None) -> Prose:
    """Set the small p-values found beside those that chance alone would bring."""
    if result is None:
        return Prose("No event was compared, so there is nothing to adjust.")
    level = f"{result.alpha:g}"
    found = f"{result.below:,} were" if result.below > 1 else f"{result.below or 'none'} was"
    rest = (
        "None stays"
        if result.below_adjusted == 0
        else f"{result.below_adjusted:,} {'stays' if result.below_adjusted == 1 else 'stay'}"
    )
    able = result.comparisons - result.powerless
    verb = "has" if able == 1 else "have"
    return Prose(
        f"{fmt.plural(result.comparisons, 'comparison')} of {fmt.plural(result.terms, 'event')} "
        f"{'was' if result.comparisons == 1 else 'were'} made, and {found} at or "
        f"below p = {level}. If no event differed between the arms, the level alone would let "
        f"{fmt.number(result.nominal, 1)} be expected; with events as rare as these it is "
        f"{fmt.number(result.expected, 1)}, for only {able:,} of the comparisons {verb} enough "
        f"events for p to come to {level} at all. {rest} at or below {level} after adjustment for "
        "these."
    )


def serious(_study: Study, result: Listing | None) -> Prose:
    """Say how many serious events are listed."""
    if result is None:
        return Prose("Single patients are not shown for this study.")
    if result.frame.empty:
        return Prose("There was no serious event.")
    frame = result.frame
    people = frame["subject"].nunique()
    return Prose(
        f"{fmt.plural(len(frame), 'serious event')} in {fmt.plural(people, 'patient')}: what each "
        "one was says more than their number."
    )


def key_points(
    study: Study,
    kinds: Incidence | None,
    terms: Incidence | None,
    per_time: Rates | None,
    missed: Unseen | None,
    looks: Multiplicity | None,
) -> Prose:
    """Give the chapter's results as a list."""
    if kinds is None:
        return Prose(NOTHING)
    points = [overview(study, kinds), incidence(study, terms)]
    if per_time is not None:
        points.append(rates(study, per_time))
    points += [multiplicity(study, looks), unseen(study, missed)]
    return Prose("\n".join(f"- {point.text}" for point in points))


def _rows(result: Incidence, name: str) -> list[pd.Series]:
    chosen = result.differences[result.differences["name"] == name]
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
    names = rows["name"].tolist()
    more = len(names) - NAMED
    named = [*names[:NAMED], f"{more:,} more"] if more > 0 else names
    return f"{len(names):,} ({fmt.listed(named)})"
